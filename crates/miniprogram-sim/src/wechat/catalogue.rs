//! The catalogue of categories.

use serde_json::{Value, json};

/// Kinds of owners, by their number in `verify_type`.
pub(super) const PERSON: u64 = 0;
pub(super) const ENTERPRISE: u64 = 1;
const GOVERNMENT: u64 = 2;

pub(super) struct Class {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) level: u64,
    pub(super) father: u64,
    /// The certificates required.
    certificates: &'static [&'static str],
    /// Owners whose apps may have it.
    owners: &'static [u64],
}

const ALL: &[u64] = &[PERSON, ENTERPRISE, GOVERNMENT];

const fn class(id: u64, name: &'static str, level: u64, father: u64) -> Class {
    Class { id, name, level, father, certificates: &[], owners: ALL }
}

static CATALOGUE: [Class; 32] = [
    class(1, "工具", 1, 0),
    class(2, "备忘录", 2, 1),
    class(14, "计算类", 2, 1),
    class(15, "日历", 2, 1),
    class(16, "天气", 2, 1),
    class(17, "字典", 2, 1),
    class(18, "图片", 2, 1),
    class(3, "教育", 1, 0),
    class(4, "学历教育", 2, 3),
    class(5, "高等", 3, 4),
    class(6, "文娱", 1, 0),
    class(7, "资讯", 2, 6),
    class(8, "社交", 1, 0),
    class(9, "红包", 2, 8),
    class(10, "医疗服务", 1, 0),
    Class {
        certificates: &["《医疗机构执业许可证》"],
        owners: &[ENTERPRISE, GOVERNMENT],
        ..class(11, "公立医疗机构", 2, 10)
    },
    Class {
        certificates: &["《互联网药品信息服务资格证书》"], ..class(19, "药品信息展示", 2, 10)
    },
    class(12, "政务民生", 1, 0),
    Class { owners: &[GOVERNMENT], ..class(13, "政务", 2, 12) },
    class(20, "商家自营", 1, 0),
    Class { certificates: &["《食品经营许可证》"], ..class(21, "食品", 2, 20) },
    class(22, "服装/鞋/箱包", 2, 20),
    class(23, "家居/家饰/家纺", 2, 20),
    class(24, "数码/家电", 2, 20),
    class(25, "玩具/母婴用品", 2, 20),
    class(26, "图书/报纸/杂志", 2, 20),
    class(27, "运动户外", 2, 20),
    class(28, "宠物", 2, 20),
    class(29, "珠宝玉石", 2, 20),
    class(30, "鲜花/园艺", 2, 20),
    class(31, "美妆", 2, 20),
    class(32, "办公", 2, 20),
];

/// The category that cannot be deleted: social red packets.
pub(super) const RED_PACKET: (u64, u64) = (8, 9);

pub(super) fn class_of(id: u64) -> Option<&'static Class> {
    CATALOGUE.iter().find(|class| class.id == id)
}

/// Returns a second-level category of a first-level one.
pub(super) fn second(first: u64, second: u64) -> Option<&'static Class> {
    CATALOGUE.iter().find(|class| class.id == second && class.level == 2 && class.father == first)
}

pub(super) fn children(father: u64) -> impl Iterator<Item = &'static Class> {
    CATALOGUE.iter().filter(move |class| class.father == father)
}

impl Class {
    pub(super) fn needs_certificates(&self) -> bool {
        !self.certificates.is_empty()
    }

    pub(super) fn may_belong_to(&self, owner: u64) -> bool {
        self.owners.contains(&owner)
    }

    fn to_json(&self) -> Value {
        let outer: Vec<Value> = self
            .certificates
            .iter()
            .map(|name| json!({ "inner_list": [{ "name": name, "url": "" }] }))
            .collect();
        json!({
            "id": self.id,
            "name": self.name,
            "level": self.level,
            "father": self.father,
            "children": children(self.id).map(|child| child.id).collect::<Vec<_>>(),
            "sensitive_type": u64::from(self.needs_certificates()),
            "qualify": { "exter_list": outer, "remark": "" },
            "is_hidden": false,
            "type": "",
            "type_list": self.owners,
            "available_api_list": [],
            "apis": [],
            "available_for_plugin": true,
        })
    }
}

/// Catalogue rows for one owner or for all; the first row has no name.
pub(super) fn rows(owner: Option<u64>) -> Value {
    let root = json!({
        "id": 0,
        "level": 0,
        "father": 0,
        "children": children(0).map(|class| class.id).collect::<Vec<_>>(),
        "sensitive_type": 0,
        "qualify": { "exter_list": [], "remark": "" },
        "is_hidden": false,
    });
    let classes = CATALOGUE.iter().filter(|class| owner.is_none_or(|owner| class.may_belong_to(owner)));
    let rows: Vec<Value> = std::iter::once(root).chain(classes.map(Class::to_json)).collect();
    json!({ "categories_list": { "categories": rows } })
}
