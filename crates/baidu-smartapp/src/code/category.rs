//! `app/category/list`: Baidu's nested categories, flattened into their levels.

use miniprogram_core::Result;
use miniprogram_core::model::{Category, CategoryLevel};
use miniprogram_core::vendor_api::json::repaired;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Reply};
use miniprogram_core::vendor_api::wire;
use serde_json::{Map, Value};

use crate::endpoints;
use crate::info::category;
use crate::reply;

/// `app/category/list` with `category_type` 2: the categories for enterprises, which are all of them. Source:
/// document 003.
pub(super) fn list() -> Call {
    Call::to(&endpoints::CATEGORIES).with_query("category_type", "2")
}

pub(super) fn decode(reply: &Reply) -> Result<Vec<Category>> {
    Ok(reply::each(reply, |category| flatten(category, &[]))?.concat())
}

/// Returns the narrowest categories below one, each with all its levels.
fn flatten(category: &mut Fields<'_>, above: &[CategoryLevel]) -> Result<Vec<Category>> {
    let id = category::id(category, above.len() + 1)?;
    let mut levels = above.to_vec();
    levels.push(CategoryLevel::new(id, category.text("category_name").unwrap_or_default()));
    let below = category::below(category, |child| flatten(child, &levels))?;
    if below.is_empty() {
        return Ok(vec![Category::new(levels).with_extra(readable(category.rest()))]);
    }
    Ok(below.concat())
}

/// Decodes the fields other than the levels: numbers as numbers, and the qualifications from the JSON text that
/// contains them.
fn readable(mut rest: Map<String, Value>) -> Map<String, Value> {
    for name in ["category_type", "need_quali"] {
        let Some(value) = rest.get_mut(name) else { continue };
        if let Some(number) = wire::number(value).or_else(|| wire::flag(value).map(i64::from)) {
            *value = Value::from(number);
        }
    }
    if let Some(Value::String(text)) = rest.get("category_quali") {
        match serde_json::from_str::<Value>(&repaired(text)) {
            Ok(parsed) => drop(rest.insert("category_quali".to_owned(), parsed)),
            Err(_) if text.is_empty() => drop(rest.shift_remove("category_quali")),
            Err(_) => {}
        }
    }
    rest
}
