//! `app/category/list`: categories as Baidu nests them, flattened into their levels.

use miniprogram_core::pipeline::{Call, Reply};
use miniprogram_core::{Category, CategoryLevel, Result};
use serde::de::Error as _;
use serde_json::{Map, Value, from_value};

use crate::{reply, wire};

/// How deep categories may nest. The documents show two levels.
const MAX_LEVELS: usize = 8;

/// `app/category/list` with `category_type` 2: those of enterprises, which are all. Source: document 003.
pub(super) fn list() -> Call {
    Call::get("categories", "/rest/2.0/smartapp/app/category/list").with_query("category_type", "2")
}

pub(super) fn decode(reply: &Reply) -> Result<Vec<Category>> {
    let top: Vec<wire::Category> = reply::data(reply)?;
    let mut categories = Vec::new();
    for category in top {
        flatten(category, None, &[], &mut categories)
            .map_err(|problem| reply::odd(reply, "data.sub_items", problem.to_string()))?;
    }
    Ok(categories)
}

/// Adds the narrowest categories below one, each with all its levels.
fn flatten(
    category: wire::Category,
    key: Option<String>,
    above: &[CategoryLevel],
    into: &mut Vec<Category>,
) -> serde_json::Result<()> {
    let problem = |why: String| serde_json::Error::custom(why);
    let id = category
        .id
        .or_else(|| key?.parse().ok())
        .ok_or_else(|| problem("a category has no id".to_owned()))?;
    let mut levels = above.to_vec();
    levels.push(CategoryLevel::new(id, category.category_name));
    if levels.len() > MAX_LEVELS {
        return Err(problem(format!("categories nest deeper than {MAX_LEVELS} levels")));
    }
    let sub_items = if category.sub_items.is_null() { category.sub_items_camel } else { category.sub_items };
    let below = match sub_items {
        // An empty map arrives as an empty list, and some day a full one may arrive as a list.
        Value::Array(items) => items.into_iter().map(|item| (None, item)).collect(),
        Value::Object(items) => items.into_iter().map(|(key, item)| (Some(key), item)).collect(),
        Value::Null => Vec::new(),
        _ => return Err(problem("`sub_items` is neither an object nor a list".to_owned())),
    };
    if below.is_empty() {
        into.push(Category::new(levels).with_extra(readable(category.rest)));
        return Ok(());
    }
    for (key, item) in below {
        flatten(from_value(item)?, key, &levels, into)?;
    }
    Ok(())
}

/// The members beside the levels: numbers as numbers, and the qualifications out of the JSON text that holds them.
fn readable(mut rest: Map<String, Value>) -> Map<String, Value> {
    for name in ["category_type", "need_quali"] {
        let Some(value) = rest.get_mut(name) else { continue };
        let number = match &*value {
            Value::Bool(flag) => Some(i64::from(*flag)),
            other => wire::integer(other),
        };
        if let Some(number) = number {
            *value = Value::from(number);
        }
    }
    if let Some(Value::String(text)) = rest.get("category_quali") {
        match serde_json::from_str::<Value>(text) {
            Ok(parsed) => drop(rest.insert("category_quali".to_owned(), parsed)),
            Err(_) if text.is_empty() => drop(rest.shift_remove("category_quali")),
            Err(_) => {}
        }
    }
    rest
}
