//! Categories: the catalogue, and an app's own.

use serde::Deserialize;
use serde_json::{Value, json};

use super::profile::{Change, Profile};
use super::{BdScene, BdView, Step, Verdict, reviews};
use crate::call::{Call, Content, Refusal};
use crate::endpoint::{self, View};
use crate::verdict::ReviewItem;

/// Maximum categories per app.
pub(super) const LIMIT: usize = 5;
const PERSONAL: u64 = 1;
const ENTERPRISE: u64 = 2;

struct Category {
    id: u64,
    name: &'static str,
    kind: u64,
    items: &'static [SubCategory],
}

struct SubCategory {
    id: u64,
    name: &'static str,
    /// The required qualification.
    licence: Option<Licence>,
}

struct Licence {
    id: u64,
    name: &'static str,
}

const fn free(id: u64, name: &'static str) -> SubCategory {
    SubCategory { id, name, licence: None }
}

static CATALOGUE: &[Category] = &[
    Category {
        id: 1,
        name: "快递业与邮政",
        kind: ENTERPRISE,
        items: &[
            SubCategory {
                id: 2, name: "快递", licence: Some(Licence { id: 1, name: "快递业务经营许可证" })
            },
            free(3, "邮政"),
        ],
    },
    Category {
        id: 5,
        name: "工具",
        kind: PERSONAL,
        items: &[free(6, "备忘录"), free(7, "日历"), free(8, "天气"), free(9, "计算类"), free(10, "办公")],
    },
    Category {
        id: 190,
        name: "教育",
        kind: ENTERPRISE,
        items: &[
            SubCategory {
                id: 197,
                name: "学历教育（学校）",
                licence: Some(Licence { id: 1, name: "办学许可证" }),
            },
            free(198, "教育信息服务"),
        ],
    },
];

impl SubCategory {
    fn to_json(&self, kind: u64) -> Value {
        let quali = |licence: &Licence| {
            let list = json!([[{ "id": licence.id, "must": 1, "name": licence.name, "desc": "" }]]);
            json!({ "desc": format!("请上传《{}》", licence.name), "list": list }).to_string()
        };
        json!({
            "id": self.id.to_string(),
            "category_name": self.name,
            "category_type": kind,
            "need_quali": if self.licence.is_some() { json!(1) } else { json!("0") },
            "category_quali": self.licence.as_ref().map(quali).unwrap_or_default(),
        })
    }
}

fn find(id: u64) -> Option<(&'static Category, &'static SubCategory)> {
    CATALOGUE
        .iter()
        .find_map(|category| category.items.iter().find(|item| item.id == id).map(|item| (category, item)))
}

/// With the documents' oddities: ids as number and as string, JSON inside JSON. The platform may call it as well.
pub(super) fn list<S>(view: &View<'_, S>) -> endpoint::Verdict<S> {
    let personal = match view.call.param("category_type") {
        Some("1") => true,
        Some("2") => false,
        _ => return Err(Refusal::code(40001)),
    };
    let shown = CATALOGUE.iter().filter(|category| !personal || category.kind == PERSONAL);
    let categories = shown.map(|category| {
        let items = category.items.iter().map(|item| (item.id.to_string(), item.to_json(category.kind)));
        json!({
            "id": category.id,
            "category_name": category.name,
            "category_type": category.kind,
            "sub_items": items.collect::<serde_json::Map<_, _>>(),
        })
    });
    endpoint::Step::answer(Content::Data(categories.collect()))
}

/// The app's categories.
pub(super) fn in_force(profile: &Profile) -> Vec<Value> {
    profile.categories.iter().filter_map(|id| to_json(*id)).collect()
}

/// The app's categories as in `app/info`: in force, under review, refused.
pub(super) fn with_reviews(profile: &Profile) -> Vec<Value> {
    let mut shown: Vec<(u64, i64, &str)> = profile.categories.iter().map(|id| (*id, 2, "")).collect();
    if let Some(Change::Categories(ids)) = profile.review(ReviewItem::Categories).map(|review| &review.change)
    {
        shown.extend(ids.iter().map(|id| (*id, 1, "")));
    }
    if let Some((Change::Categories(ids), reason)) = profile.refused.get(&ReviewItem::Categories) {
        shown.extend(ids.iter().map(|id| (*id, 3, reason.as_str())));
    }
    let to_json = |(id, status, reason)| {
        let mut category = to_json(id)?;
        category["reason"] = json!(reason);
        category["audit_status"] = json!(status);
        Some(category)
    };
    shown.into_iter().filter_map(to_json).collect()
}

fn to_json(id: u64) -> Option<Value> {
    let (parent, item) = find(id)?;
    Some(json!({
        "category_id": item.id,
        "category_name": item.name,
        "category_desc": "",
        "parent": { "category_id": parent.id, "category_name": parent.name, "category_desc": "" },
    }))
}

#[derive(Deserialize)]
struct Wanted {
    sub_category_id: u64,
    #[serde(default)]
    qualis: Vec<Quali>,
}

#[derive(Deserialize)]
struct Quali {
    id: u64,
    addr: String,
}

fn wanted(call: &Call) -> Result<Vec<Wanted>, Refusal> {
    // Document 003 names the parameter `categories` in its table, and `categorys` in its sample and text.
    let given = |name: &str| call.param(name).filter(|text| !text.is_empty());
    let text = given("categorys").or_else(|| given("categories")).ok_or(Refusal::code(40001))?;
    let wanted: Vec<Wanted> = serde_json::from_str(text).map_err(|_| Refusal::code(50062))?;
    if wanted.is_empty() { Err(Refusal::code(50062)) } else { Ok(wanted) }
}

/// Replaces all categories once approved.
pub(super) fn update(view: &BdView<'_>) -> Verdict {
    let wanted = wanted(view.call)?;
    if wanted.len() > LIMIT {
        return Err(Refusal::code(50060));
    }
    for wanted in &wanted {
        let (_, category) = find(wanted.sub_category_id).ok_or(Refusal::code(50061))?;
        let licence = category.licence.as_ref().map(|licence| licence.id);
        let known = wanted.qualis.iter().all(|quali| Some(quali.id) == licence && !quali.addr.is_empty());
        if !known || (licence.is_some() && wanted.qualis.is_empty()) {
            return Err(Refusal::code(50063));
        }
        if wanted.qualis.iter().any(|quali| !view.platform.baidu.images.contains(&quali.addr)) {
            return Err(Refusal::code(47008));
        }
    }
    reviews::check(view, ReviewItem::Categories, 47007)?;
    let ids = wanted.iter().map(|wanted| wanted.sub_category_id).collect();
    Step::effect(|scene: &mut BdScene<'_>| {
        reviews::submit(scene, Change::Categories(ids));
        Content::Done
    })
}
