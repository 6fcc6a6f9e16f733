use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value, from_value};
use serde_with::serde_as;

use super::{List, Number, Text};

/// How deep categories may nest. The documents show two levels.
pub(crate) const MAX_LEVELS: usize = 8;

/// A category of `app/category/list`. Source: document 003, and its samples for the spellings.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Category {
    #[serde_as(as = "Option<Number>")]
    pub(crate) id: Option<i64>,
    #[serde_as(as = "Text")]
    pub(crate) category_name: String,
    #[serde(default)]
    sub_items: Value,
    /// The same in another spelling.
    #[serde(default, rename = "subItems")]
    sub_items_camel: Value,
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

impl Category {
    /// Takes out the categories below, each with its key where they have some.
    pub(crate) fn take_below(&mut self) -> serde_json::Result<Vec<(Option<String>, Self)>> {
        let below = match (self.sub_items.take(), self.sub_items_camel.take()) {
            (Value::Null, camel) => camel,
            (below, _) => below,
        };
        match below {
            // An empty map arrives as an empty list, and some day a full one may arrive as a list.
            Value::Array(items) => items.into_iter().map(|item| Ok((None, from_value(item)?))).collect(),
            Value::Object(items) => {
                items.into_iter().map(|(key, item)| Ok((Some(key), from_value(item)?))).collect()
            }
            Value::Null => Ok(Vec::new()),
            _ => Err(serde_json::Error::custom("`sub_items` is neither an object nor a list")),
        }
    }

    /// The category's id; one that has none is known by the key it stands under.
    pub(crate) fn id(&self, key: Option<&str>) -> serde_json::Result<i64> {
        let id = self.id.or_else(|| key?.parse().ok());
        id.ok_or_else(|| serde_json::Error::custom("a category has no id"))
    }
}

/// `category_quali`, which is mostly JSON text in the JSON.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct QualificationRules {
    #[serde_as(as = "Option<Text>")]
    pub(crate) desc: Option<String>,
    #[serde_as(as = "List")]
    #[serde(default)]
    pub(crate) list: Vec<Qualifications>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// An entry of its list: a group of alternatives, or one of them where the whole list is the group.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Qualifications {
    Group(Vec<Qualification>),
    One(Qualification),
}

impl Qualifications {
    pub(crate) fn into_vec(self) -> Vec<Qualification> {
        match self {
            Self::Group(group) => group,
            Self::One(one) => vec![one],
        }
    }
}

/// One qualification.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Qualification {
    #[serde_as(as = "Number")]
    pub(crate) id: i64,
    #[serde_as(as = "Option<Text>")]
    pub(crate) name: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) desc: Option<String>,
    #[serde(default)]
    pub(crate) must: Value,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}
