//! `app/category/list`: categories as Baidu nests them, flattened into their levels.

use miniprogram_core::pipeline::{Call, Reply};
use miniprogram_core::{Category, CategoryLevel, Result};
use serde::de::Error as _;
use serde_json::{Map, Value};

use crate::wire::MAX_LEVELS;
use crate::{reply, wire};

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
    mut category: wire::Category,
    key: Option<&str>,
    above: &[CategoryLevel],
    into: &mut Vec<Category>,
) -> serde_json::Result<()> {
    let id = category.id(key)?;
    let below = category.take_below()?;
    let mut levels = above.to_vec();
    levels.push(CategoryLevel::new(id, category.category_name));
    if levels.len() > MAX_LEVELS {
        let why = format!("categories nest deeper than {MAX_LEVELS} levels");
        return Err(serde_json::Error::custom(why));
    }
    if below.is_empty() {
        into.push(Category::new(levels).with_extra(readable(category.rest)));
        return Ok(());
    }
    for (key, category) in below {
        flatten(category, key.as_deref(), &levels, into)?;
    }
    Ok(())
}

/// The members beside the levels: numbers as numbers, and the qualifications out of the JSON text that holds them.
fn readable(mut rest: Map<String, Value>) -> Map<String, Value> {
    for name in ["category_type", "need_quali"] {
        let Some(value) = rest.get_mut(name) else { continue };
        if let Some(number) = wire::lenient_integer(value) {
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
