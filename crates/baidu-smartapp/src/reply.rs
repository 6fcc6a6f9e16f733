//! Reading the `data` of a reply.

use miniprogram_core::pipeline::Reply;
use miniprogram_core::{EffectValue, Error, ErrorKind, Outcome, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BAIDU;

/// The `data` of a read's reply; an absent one reads as null.
pub(crate) fn data<T: DeserializeOwned>(reply: &Reply) -> Result<T> {
    effect_data(reply).map_err(of_read)
}

/// The `data` of an effect's reply: if it cannot be understood, the effect may have taken place all the same.
pub(crate) fn effect_data<T: DeserializeOwned>(reply: &Reply) -> Result<T> {
    reply.decode_member("data").map_err(|error| {
        let field = match error.field() {
            Some(field) if field != "data" => format!("data.{field}"),
            _ => "data".to_owned(),
        };
        error.for_vendor(BAIDU).with_field(field)
    })
}

/// What an effect that only Baidu has brings, in this crate's own form.
pub(crate) fn brought(operation: &'static str, value: &impl Serialize) -> Result<EffectValue> {
    let value = serde_json::to_value(value).map_err(|problem| {
        Error::new(ErrorKind::Protocol, operation).for_vendor(BAIDU).with_detail(problem.to_string())
    })?;
    Ok(EffectValue::Inherent(value))
}

/// A member of a reply that cannot be understood.
pub(crate) fn odd(reply: &Reply, field: &'static str, why: impl Into<String>) -> Error {
    of_read(reply.protocol(why)).with_field(field)
}

fn of_read(error: Error) -> Error {
    error.for_vendor(BAIDU).with_outcome(Outcome::NotDone)
}
