//! The state read before an effect, in the form that the intent stores.

use miniprogram_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::BAIDU;

/// Returns the package that the effect acts on.
pub(crate) fn package_id<'a>(operation: &'static str, before: &'a Value) -> Result<&'a str> {
    let id = before.get("package_id").and_then(Value::as_str);
    id.ok_or_else(|| unreadable(operation, "names no package"))
}

/// Encodes the state for the intent to store.
pub(crate) fn keep(operation: &'static str, seen: &impl Serialize) -> Result<Value> {
    serde_json::to_value(seen).map_err(|problem| unreadable(operation, problem.to_string()))
}

/// Decodes the state that the intent stored.
pub(crate) fn kept<T: DeserializeOwned>(operation: &'static str, before: &Value) -> Result<T> {
    T::deserialize(before).map_err(|problem| unreadable(operation, problem.to_string()))
}

/// The intent was not written by this crate.
fn unreadable(operation: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, operation).for_vendor(BAIDU).with_field("before").with_detail(why)
}
