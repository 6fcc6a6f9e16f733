//! Reading the `data` of a reply.

use miniprogram_core::pipeline::{Fields, Reply};
use miniprogram_core::{EffectValue, Error, ErrorKind, Outcome, Result, wire};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::BAIDU;

/// Returns the fields of a reply's `data`, which must be an object; an empty list counts as an empty object.
pub(crate) fn fields(reply: &Reply) -> Result<Fields<'_>> {
    let fields = match reply.json.get("data") {
        Some(Value::Object(fields)) => fields.clone(),
        Some(Value::Array(entries)) if entries.is_empty() => Map::new(),
        other => {
            let told = other.is_some_and(|value| !wire::is_empty(value));
            return Err(wrong(reply, "data", if told { "is no object" } else { "is missing" }));
        }
    };
    Ok(Fields::new(reply, BAIDU, "data", fields))
}

/// Returns the fields of a `data` that contains only lists: for a caller, an absent `data` contains none.
pub(crate) fn lists(reply: &Reply) -> Result<Fields<'_>> {
    let untold = reply.json.get("data").is_none_or(wire::is_empty);
    if untold && !reply.is_compared() {
        return Ok(Fields::new(reply, BAIDU, "data", Map::new()));
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
        Some(_) => return Err(wrong(reply, "data", "is no list")),
    }
    Fields::new(reply, BAIDU, "", envelope).each_of("data", read)
}

/// Converts the result of a Baidu-only effect to this crate's own form.
pub(crate) fn brought(operation: &'static str, value: &impl Serialize) -> Result<EffectValue> {
    let value = serde_json::to_value(value).map_err(|problem| {
        Error::new(ErrorKind::Protocol, operation).for_vendor(BAIDU).with_detail(problem.to_string())
    })?;
    Ok(EffectValue::Inherent(value))
}

/// Reports a field of a read's reply that cannot be interpreted.
pub(crate) fn odd(reply: &Reply, field: &'static str, why: impl Into<String>) -> Error {
    wrong(reply, field, why).with_outcome(Outcome::NotDone)
}

/// Reports a field of a reply that cannot be interpreted: if the reply is an effect's, the effect may have taken
/// place all the same.
fn wrong(reply: &Reply, field: &'static str, why: impl Into<String>) -> Error {
    reply.protocol(why).for_vendor(BAIDU).with_field(field)
}
