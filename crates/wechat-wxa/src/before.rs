//! The state read before an effect, in the form that the intent stores.

use miniprogram_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::WECHAT;

/// Decodes the state into the effect's own form.
pub(crate) fn seen<T: DeserializeOwned>(operation: &'static str, before: &Value) -> Result<T> {
    T::deserialize(before).map_err(|problem| {
        Error::new(ErrorKind::Config, operation)
            .for_vendor(WECHAT)
            .with_field("before")
            .with_detail(format!("was not written by this crate: {problem}"))
    })
}
