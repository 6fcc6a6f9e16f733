//! Reading the `data` of a reply.

use miniprogram_core::Result;
use miniprogram_core::vendor_api::pipeline::{Fields, Reply};
use miniprogram_core::vendor_api::wire;
use serde_json::{Map, Value};

/// Returns the fields of a reply's `data`, which must be an object; an empty list counts as an empty object.
pub(crate) fn fields(reply: &Reply) -> Result<Fields<'_>> {
    let fields = match reply.json.get("data") {
        Some(Value::Object(fields)) => fields.clone(),
        Some(Value::Array(entries)) if entries.is_empty() => Map::new(),
        other => {
            let told = other.is_some_and(|value| !wire::is_empty(value));
            let why = if told { "is not an object" } else { "is missing" };
            return Err(reply.protocol(why).with_field("data"));
        }
    };
    Ok(Fields::new(reply, "data", fields))
}

/// Returns the fields of a `data` that contains only lists: for a caller, an absent `data` contains none.
pub(crate) fn lists(reply: &Reply) -> Result<Fields<'_>> {
    let untold = reply.json.get("data").is_none_or(wire::is_empty);
    if untold && !reply.is_compared() {
        return Ok(Fields::new(reply, "data", Map::new()));
    }
    fields(reply)
}

/// Reads each object of a reply whose `data` is a list. An absent or null list is empty for a caller and an error for
/// an effect.
pub(crate) fn each<'a, T>(
    reply: &'a Reply,
    read: impl FnMut(&mut Fields<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut envelope = Map::new();
    match reply.json.get("data") {
        None | Some(Value::Null) => {}
        Some(data) if data.is_array() || data.is_object() || wire::is_empty(data) => {
            envelope.insert("data".to_owned(), data.clone());
        }
        Some(_) => return Err(reply.protocol("is not a list").with_field("data")),
    }
    Fields::new(reply, "", envelope).each_of("data", read)
}
