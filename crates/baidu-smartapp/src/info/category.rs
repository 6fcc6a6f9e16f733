//! Categories: the tree to choose from, and the choice.

use std::collections::BTreeSet;

use miniprogram_core::Subject;
use miniprogram_core::json::repaired;
use miniprogram_core::pipeline::{Call, Fields};
use miniprogram_core::{Effect, Error, MethodName, Result, StatusTable, wire};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::change::{InfoChange, Wanted};
use super::examination::Examination;
use crate::client::BaiduApp;
use crate::commands;
use crate::values::{
    CATEGORY_TYPE, CategoryScope, CategoryType, Coded, NEED_QUALIFICATION, Necessity, QUALIFICATION_MUST,
};
use crate::{BAIDU, form, refuse, reply};

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
    /// Its name; empty if Baidu does not tell.
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
        reply::each(&reply, |category| node(category, 1))
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
        self.perform(commands::update_categories(choices)?).await?.into_inherent(UPDATE_CATEGORIES.as_str())
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

/// How deep categories may nest. The documents show two levels.
const MAX_LEVELS: usize = 8;

/// A category out of a reply, with those below it.
fn node(category: &mut Fields<'_>, level: usize) -> Result<CategoryNode> {
    let id = id(category, level)?;
    let children = below(category, |child| node(child, level + 1))?;
    Ok(CategoryNode {
        id,
        name: category.text("category_name").unwrap_or_default(),
        children,
        kind: category.coded("category_type", &CATEGORY_TYPE),
        needs_qualification: necessity(category, "need_quali", &NEED_QUALIFICATION),
        qualifications: rules(category)?,
        extra: category.rest(),
    })
}

/// The id of a category at a level, 1 for the top.
pub(crate) fn id(category: &mut Fields<'_>, level: usize) -> Result<i64> {
    if level > MAX_LEVELS {
        return Err(category.wrong("id", &format!("is deeper than {MAX_LEVELS} levels")));
    }
    category.required("id", Fields::number)
}

/// Reads the categories below one: `sub_items`, or `subItems` in another spelling. They stand in a map by their ids or,
/// as an empty map does, in a list; one that has no id has that of its key.
pub(crate) fn below<'a, T>(
    category: &mut Fields<'a>,
    read: impl FnMut(&mut Fields<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    const NAME: &str = "sub_items";
    match category.value(NAME).or_else(|| category.value("subItems")) {
        Some(Value::Object(by_id)) if by_id.values().all(Value::is_object) => {
            let with_id = |(id, mut child): (String, Value)| {
                if wire::is_empty(&child["id"]) {
                    child["id"] = Value::from(id);
                }
                child
            };
            category.keep(NAME, by_id.into_iter().map(with_id).collect());
        }
        Some(other) => category.keep(NAME, other),
        None => {}
    }
    category.each(NAME, read)
}

/// A number of a table, also as a flag.
fn necessity(
    fields: &mut Fields<'_>,
    name: &str,
    table: &StatusTable<Necessity>,
) -> Option<Coded<Necessity>> {
    let code = fields.number(name).or_else(|| fields.flag(name).map(i64::from))?;
    Some(Coded::new(table, code))
}

/// Takes out the qualifications: JSON text in JSON, an object, or nothing. Anything else stays where it is.
fn rules(category: &mut Fields<'_>) -> Result<Option<QualificationRules>> {
    const NAME: &str = "category_quali";
    let Some(value) = category.value(NAME) else { return Ok(None) };
    let parsed = match &value {
        Value::String(text) => serde_json::from_str(&repaired(text)).unwrap_or_default(),
        other => other.clone(),
    };
    let Value::Object(rules) = parsed else {
        category.keep(NAME, value);
        return Ok(None);
    };
    let mut rules = category.below(NAME, rules);
    let mut list = rules.value("list").and_then(|list| wire::entries(&list)).unwrap_or_default();
    list.retain(|entry| !wire::is_empty(entry));
    // A list of lists holds groups; any other list is one group.
    let groups = match list.iter().all(Value::is_array) {
        true => list,
        false => vec![Value::Array(list)],
    };
    let mut read = Vec::new();
    for group in groups {
        rules.keep("list", group);
        let group = rules.each("list", item)?;
        if !group.is_empty() {
            read.push(group);
        }
    }
    Ok(Some(QualificationRules { description: rules.text("desc"), groups: read, extra: rules.rest() }))
}

fn item(item: &mut Fields<'_>) -> Result<QualificationItem> {
    Ok(QualificationItem {
        id: item.required("id", Fields::number)?,
        name: item.text("name"),
        description: item.text("desc"),
        must: necessity(item, "must", &QUALIFICATION_MUST),
        extra: item.rest(),
    })
}
