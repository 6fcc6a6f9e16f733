//! Categories: the tree to choose from, and the choice.

use std::collections::BTreeSet;

use miniprogram_core::pipeline::{Call, Reply};
use miniprogram_core::{Effect, Error, MethodName, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::change::{InfoChange, Wanted};
use super::examination::Examination;
use crate::client::BaiduApp;
use crate::values::{
    CATEGORY_TYPE, CategoryScope, CategoryType, Coded, NEED_QUALIFICATION, Necessity, QUALIFICATION_MUST,
};
use crate::wire::MAX_LEVELS;
use crate::{BAIDU, form, refuse, reply, wire};

pub(crate) const UPDATE_CATEGORIES: MethodName = MethodName::new("update_categories");
/// How many categories an app may have.
const MAX_CATEGORIES: usize = 5;

/// A category, with those below it.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CategoryNode {
    /// Its id; that of a category without others below it is what [`CategoryChoice`] takes.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Who may choose it.
    pub kind: Option<Coded<CategoryType>>,
    /// Whether it needs a qualification.
    pub needs_qualification: Option<Coded<Necessity>>,
    /// Which qualifications it asks for.
    pub qualifications: Option<QualificationRules>,
    /// The categories below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
    /// The members that have no field here, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// The qualifications that a category asks for.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QualificationRules {
    /// What they are, in words.
    pub description: Option<String>,
    /// The qualifications: those of one group are alternatives, of which one suffices.
    pub groups: Vec<Vec<QualificationItem>>,
    /// The members that have no field here, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A qualification that a category asks for.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QualificationItem {
    /// Its id, which [`CategoryChoice::with_qualification`] takes.
    pub id: i64,
    /// Its name.
    pub name: Option<String>,
    /// What it is, in words.
    pub description: Option<String>,
    /// Whether it must be there.
    pub must: Option<Coded<Necessity>>,
    /// The members that have no field here, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A category that an app shall have.
///
/// ```
/// use baidu_smartapp::CategoryChoice;
///
/// let choices = [
///     CategoryChoice::new(197).with_qualification(1, "https://b.bdstatic.com/searchbox/mappconsole/image/1.jpg"),
///     CategoryChoice::new(6),
/// ];
/// assert_eq!(choices[0].qualifications.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CategoryChoice {
    /// The id of the sub-category.
    pub sub_category_id: i64,
    /// Pictures of the qualifications that it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub qualifications: Vec<QualificationImage>,
    /// Members that nobody has modelled, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A picture of a qualification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct QualificationImage {
    /// The qualification's id, as [`QualificationItem::id`].
    pub id: i64,
    /// An address that [`upload_image`](crate::BaiduPlatform::upload_image) has answered.
    pub image_url: String,
}

impl CategoryChoice {
    /// A category without qualifications.
    #[must_use]
    pub fn new(sub_category_id: i64) -> Self {
        Self { sub_category_id, qualifications: Vec::new(), extra: Map::new() }
    }

    /// With one more picture of a qualification.
    #[must_use]
    pub fn with_qualification(mut self, id: i64, image_url: impl Into<String>) -> Self {
        self.qualifications.push(QualificationImage { id, image_url: image_url.into() });
        self
    }

    /// With a member that nobody has modelled.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// As `categorys` has it.
    fn into_json(self) -> Result<Value> {
        const OPERATION: &str = UPDATE_CATEGORIES.as_str();
        form::extra(OPERATION, &self.extra, &["sub_category_id", "qualis"])?;
        let mut members = Map::from_iter([("sub_category_id".to_owned(), self.sub_category_id.into())]);
        for qualification in &self.qualifications {
            refuse::required(OPERATION, "categorys.qualis.addr", &qualification.image_url)?;
        }
        if !self.qualifications.is_empty() {
            let images = self.qualifications.into_iter();
            let images = images.map(|image| json!({ "id": image.id, "addr": image.image_url }));
            members.insert("qualis".to_owned(), images.collect());
        }
        members.extend(self.extra);
        Ok(Value::Object(members))
    }
}

impl BaiduApp {
    /// The categories to choose from, as Baidu nests them, with the qualifications that they ask for.
    /// [`categories`](miniprogram_core::CodeManager::categories) has them flat.
    ///
    /// Source: document 003, "获取小程序全类目列表".
    ///
    /// # Errors
    /// Those of any read.
    pub async fn category_tree(&self, scope: CategoryScope) -> Result<Vec<CategoryNode>> {
        const OPERATION: &str = "category_tree";
        let mut op = self.pipeline.begin(&self.app, OPERATION);
        let call = Call::get(OPERATION, "/rest/2.0/smartapp/app/category/list")
            .with_query("category_type", scope.as_wire());
        let reply = op.read(&call).await?;
        let top: Vec<wire::Category> = reply::data(&reply)?;
        top.into_iter().map(|category| node(&reply, category, None, 1)).collect()
    }

    /// Replaces the app's categories, 1 to 5 of them. What is new is reviewed, and so are qualifications that the
    /// subject has not had approved; the verdict comes as a push. Spends one of the changes that
    /// [`app_info`](Self::app_info) counts.
    ///
    /// Source: document 003, "修改小程序类目".
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) when no change is left,
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an unknown category or a qualification
    /// that does not fit, and those of any effect.
    pub async fn update_categories(&self, choices: &[CategoryChoice]) -> Result<Effect<Examination>> {
        self.carry_out(UPDATE_CATEGORIES, &choices).await?.into_inherent(UPDATE_CATEGORIES.as_str())
    }
}

/// `app/category/update`. The document's table calls the field `categories`; its samples and the vendor's words for
/// code 50062 `categorys`.
pub(crate) fn update_categories(choices: Vec<CategoryChoice>) -> Result<InfoChange> {
    const OPERATION: &str = UPDATE_CATEGORIES.as_str();
    if !(1..=MAX_CATEGORIES).contains(&choices.len()) {
        let why = format!("must hold 1 to {MAX_CATEGORIES} categories, has {}", choices.len());
        return Err(Error::invalid(OPERATION, "categorys", why).for_vendor(BAIDU));
    }
    let ids: BTreeSet<_> = choices.iter().map(|choice| choice.sub_category_id).collect();
    let list = choices.into_iter().map(CategoryChoice::into_json).collect::<Result<Vec<_>>>()?;
    let fields = vec![("categorys".into(), Value::Array(list).to_string())];
    let path = "/rest/2.0/smartapp/app/category/update";
    Ok(InfoChange::new(OPERATION, path, fields, Wanted::Categories(ids)))
}

/// A category out of a reply, with those below it.
fn node(
    reply: &Reply,
    mut category: wire::Category,
    key: Option<&str>,
    level: usize,
) -> Result<CategoryNode> {
    let odd = |why: String| reply::odd(reply, "data.sub_items", why);
    if level > MAX_LEVELS {
        return Err(odd(format!("categories nest deeper than {MAX_LEVELS} levels")));
    }
    let id = category.id(key).map_err(|problem| odd(problem.to_string()))?;
    let below = category.take_below().map_err(|problem| odd(problem.to_string()))?;
    let children = below.into_iter().map(|(key, child)| node(reply, child, key.as_deref(), level + 1));
    let mut extra = category.rest;
    Ok(CategoryNode {
        id,
        name: category.category_name,
        children: children.collect::<Result<_>>()?,
        kind: number(&mut extra, "category_type").map(|code| Coded::new(&CATEGORY_TYPE, code)),
        needs_qualification: number(&mut extra, "need_quali")
            .map(|code| Coded::new(&NEED_QUALIFICATION, code)),
        qualifications: rules(&mut extra),
        extra,
    })
}

/// Takes out a number that may be a text or a truth value; anything else stays where it is.
fn number(members: &mut Map<String, Value>, name: &str) -> Option<i64> {
    let number = wire::lenient_integer(members.get(name)?)?;
    members.shift_remove(name);
    Some(number)
}

/// Takes out the qualifications: JSON text in JSON, an object, or nothing. A text that is no such JSON stays where
/// it is.
fn rules(members: &mut Map<String, Value>) -> Option<QualificationRules> {
    let wire: wire::QualificationRules = match members.get("category_quali")? {
        Value::Null => return none(members),
        Value::String(text) if text.trim().is_empty() => return none(members),
        Value::Array(entries) if entries.is_empty() => return none(members),
        Value::String(text) => serde_json::from_str(text).ok()?,
        value => serde_json::from_value(value.clone()).ok()?,
    };
    members.shift_remove("category_quali");
    let groups = if wire.list.iter().all(|entry| matches!(entry, wire::Qualifications::Group(_))) {
        wire.list.into_iter().map(wire::Qualifications::into_vec).collect()
    } else {
        vec![wire.list.into_iter().flat_map(wire::Qualifications::into_vec).collect()]
    };
    let item = |item: wire::Qualification| QualificationItem {
        id: item.id,
        name: item.name.filter(|name| !name.is_empty()),
        description: item.desc.filter(|text| !text.is_empty()),
        must: wire::lenient_integer(&item.must).map(|code| Coded::new(&QUALIFICATION_MUST, code)),
        extra: item.extra,
    };
    let group = |group: Vec<wire::Qualification>| group.into_iter().map(item).collect();
    Some(QualificationRules {
        description: wire.desc.filter(|text| !text.is_empty()),
        groups: groups.into_iter().map(group).collect(),
        extra: wire.extra,
    })
}

/// An empty member says nothing.
fn none(members: &mut Map<String, Value>) -> Option<QualificationRules> {
    members.shift_remove("category_quali");
    None
}
