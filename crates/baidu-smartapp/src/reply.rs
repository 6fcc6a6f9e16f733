//! Reading the `data` of a reply. Effects answer none, so whatever is wrong here concerns a read.

use miniprogram_core::pipeline::Reply;
use miniprogram_core::{Error, Outcome, Result};
use serde::de::DeserializeOwned;

use crate::BAIDU;

/// The `data` of a reply; an absent one reads as null.
pub(crate) fn data<T: DeserializeOwned>(reply: &Reply) -> Result<T> {
    reply.decode_member("data").map_err(|error| {
        let field = match error.field() {
            Some(field) if field != "data" => format!("data.{field}"),
            _ => "data".to_owned(),
        };
        of_read(error).with_field(field)
    })
}

/// A member of a reply that cannot be understood.
pub(crate) fn odd(reply: &Reply, field: &'static str, why: impl Into<String>) -> Error {
    of_read(reply.protocol(why)).with_field(field)
}

fn of_read(error: Error) -> Error {
    error.for_vendor(BAIDU).with_outcome(Outcome::NotDone)
}
