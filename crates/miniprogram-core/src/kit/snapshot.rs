//! The state read before an effect, in the form that its intent stores.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;

/// Encodes a state for the intent to store.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the state has no JSON form.
pub fn keep(operation: &'static str, state: &impl Serialize) -> Result<Value> {
    serde_json::to_value(state).map_err(|problem| unreadable(operation, problem.to_string()))
}

/// Decodes the state that an intent stored.
///
/// # Errors
/// [`Config`](ErrorKind::Config) for an intent that was not written by the same crate.
pub fn kept<S: DeserializeOwned>(operation: &'static str, before: &Value) -> Result<S> {
    S::deserialize(before)
        .map_err(|problem| unreadable(operation, format!("was not written by this crate: {problem}")))
}

/// Creates the error for a stored state that cannot be used.
#[must_use]
pub fn unreadable(operation: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, operation).with_field("before").with_detail(why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was_kept_and_any_other_is_named() {
        let kept_state = keep("release", &("1.0", 7)).unwrap();
        assert_eq!(kept::<(String, i64)>("release", &kept_state).unwrap(), ("1.0".to_owned(), 7));
        let error = kept::<(String, i64)>("release", &json!({ "version": 1 })).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("before")));
    }
}
