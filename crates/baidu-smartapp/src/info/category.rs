//! Categories: the available tree, and the app's choice.

use std::collections::BTreeSet;

use miniprogram_core::vendor_api::json::repaired;
use miniprogram_core::vendor_api::pipeline::{Call, EffectPlan, Fields};
use miniprogram_core::vendor_api::{MethodName, StatusTable, wire};
use miniprogram_core::{Effect, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::change::{self, Wanted};
use super::examination::Examination;
use crate::BAIDU;
use crate::client::BaiduApp;
use crate::endpoints;
use crate::values::{
    CATEGORY_TYPE, CategoryScope, CategoryType, Coded, NEED_QUALIFICATION, Necessity, QUALIFICATION_MUST,
};
use crate::{REFUSE, form, reply};

pub(crate) const UPDATE_CATEGORIES: MethodName = MethodName::new("update_categories");
/// Maximum number of categories per app.
const MAX_CATEGORIES: usize = 5;

/// A category with its subcategories.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CategoryNode {
    /// Its id; [`CategoryChoice`] takes the id of a category without subcategories.
    pub id: i64,
    /// Its name; empty if Baidu does not report it.
    pub name: String,
    /// The kind of subject that may choose it.
    pub kind: Option<Coded<CategoryType>>,
    /// Whether it requires a qualification.
    pub needs_qualification: Option<Coded<Necessity>>,
    /// The qualifications that it requires.
    pub qualifications: Option<QualificationRules>,
    /// The subcategories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// The qualifications that a category requires.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QualificationRules {
    /// A textual description.
    pub description: Option<String>,
    /// The qualifications, in groups: those of one group are alternatives, of which one suffices.
    pub groups: Vec<Vec<QualificationItem>>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A qualification that a category requires.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QualificationItem {
    /// Its id, which [`CategoryChoice::with_qualification`] takes.
    pub id: i64,
    /// Its name.
    pub name: Option<String>,
    /// A textual description.
    pub description: Option<String>,
    /// Whether it is mandatory.
    pub must: Option<Coded<Necessity>>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A category to be assigned to an app.
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
    /// Images of the qualifications that it requires.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub qualifications: Vec<QualificationImage>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// An image of a qualification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct QualificationImage {
    /// The qualification's id, as in [`QualificationItem::id`].
    pub id: i64,
    /// A URL returned by [`upload_image`](crate::BaiduPlatform::upload_image).
    pub image_url: String,
}

impl CategoryChoice {
    /// Creates a choice without qualifications.
    #[must_use]
    pub fn new(sub_category_id: i64) -> Self {
        Self { sub_category_id, qualifications: Vec::new(), extra: Map::new() }
    }

    /// Adds another image of a qualification.
    #[must_use]
    pub fn with_qualification(mut self, id: i64, image_url: impl Into<String>) -> Self {
        self.qualifications.push(QualificationImage { id, image_url: image_url.into() });
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// Converts the choice to the form used in `categorys`.
    fn into_json(self) -> Result<Value> {
        const OPERATION: &str = UPDATE_CATEGORIES.as_str();
        form::extra(OPERATION, &self.extra, &["sub_category_id", "qualis"])?;
        let mut fields = Map::from_iter([("sub_category_id".to_owned(), self.sub_category_id.into())]);
        for qualification in &self.qualifications {
            REFUSE.required(OPERATION, "categorys.qualis.addr", &qualification.image_url)?;
        }
        if !self.qualifications.is_empty() {
            let images = self.qualifications.into_iter();
            let images = images.map(|image| json!({ "id": image.id, "addr": image.image_url }));
            fields.insert("qualis".to_owned(), images.collect());
        }
        fields.extend(self.extra);
        Ok(Value::Object(fields))
    }
}

inherent_commands! { BAIDU;
    /// [`BaiduApp::update_categories`](crate::BaiduApp::update_categories).
    update_categories(choices: &[CategoryChoice]) = UPDATE_CATEGORIES, &choices;
}

impl BaiduApp {
    /// Returns the available categories, nested as in Baidu's response, with the qualifications that they require.
    /// [`categories`](miniprogram_core::CodeManager::categories) returns them as a flat list.
    ///
    /// Source: document 003, "获取小程序全类目列表".
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn category_tree(&self, scope: CategoryScope) -> Result<Vec<CategoryNode>> {
        const OPERATION: &str = "category_tree";
        let mut op = self.pipeline.begin(&self.app, OPERATION);
        let call = Call::to(&endpoints::CATEGORIES).with_query("category_type", scope.as_wire());
        let reply = op.read(&call).await?;
        reply::each(&reply, |category| node(category, 1))
    }

    /// Replaces the app's categories, 1 to 5 of them. New categories are reviewed, and so are qualifications that
    /// have not been approved for the subject; the verdict is pushed. Uses up one of the changes that
    /// [`app_info`](Self::app_info) counts.
    ///
    /// Source: document 003, "修改小程序类目".
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) when no change is left,
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an unknown category or a qualification
    /// that does not fit, and those of any effect.
    pub async fn update_categories(&self, choices: &[CategoryChoice]) -> Result<Effect<Examination>> {
        self.perform(update_categories(choices)?).await?.into_inherent(UPDATE_CATEGORIES.as_str())
    }
}

/// `app/category/update`. The document's table calls the field `categories`; its samples and the vendor's message for
/// code 50062 call it `categorys`.
pub(crate) fn update_categories_plan(choices: Vec<CategoryChoice>) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = UPDATE_CATEGORIES.as_str();
    if !(1..=MAX_CATEGORIES).contains(&choices.len()) {
        let why = format!("must contain 1 to {MAX_CATEGORIES} categories, has {}", choices.len());
        return Err(REFUSE.invalid(OPERATION, "categorys", why));
    }
    let ids: BTreeSet<_> = choices.iter().map(|choice| choice.sub_category_id).collect();
    let list = choices.into_iter().map(CategoryChoice::into_json).collect::<Result<Vec<_>>>()?;
    let fields = vec![("categorys".into(), Value::Array(list).to_string())];
    change::plan(Call::to(&endpoints::UPDATE_CATEGORIES).with_form(fields), Wanted::Categories(ids))
}

/// Maximum nesting depth of categories. The documents show two levels.
const MAX_LEVELS: usize = 8;

/// Reads a category of a reply, with its subcategories.
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

/// Reads the id of a category at a level, 1 for the top.
pub(crate) fn id(category: &mut Fields<'_>, level: usize) -> Result<i64> {
    if level > MAX_LEVELS {
        return Err(category.wrong("id", &format!("is deeper than {MAX_LEVELS} levels")));
    }
    category.required("id", Fields::number)
}

/// Reads the subcategories of a category: `sub_items`, or `subItems` in another spelling. They are in a map by their
/// ids, or in a list, which is also how an empty map arrives; an entry without an id takes that of its key.
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

/// Reads a number of a table, which may also be a flag.
fn necessity(
    fields: &mut Fields<'_>,
    name: &str,
    table: &StatusTable<Necessity>,
) -> Option<Coded<Necessity>> {
    let code = fields.number(name).or_else(|| fields.flag(name).map(i64::from))?;
    Some(Coded::new(table, code))
}

/// Takes out the qualifications: JSON text in JSON, an object, or nothing. Anything else is left in place.
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
    // A list of lists contains groups; any other list is a single group.
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
