use serde::Serialize;
use serde_json::{Map, Value};

use crate::error_kind::ErrorKind;
use crate::intent::EarlierEffect;
use crate::outcome::Outcome;
use crate::vendor::Vendor;
use crate::vendor_error::Code;

/// The JSON form of an [`Error`](super::Error); fields without a value are omitted.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct ErrorReport<'a> {
    /// The kind's machine name.
    pub kind: ErrorKind,
    /// What is known about the effect.
    pub outcome: Outcome,
    /// The vendor concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// The method that failed.
    pub operation: &'a str,
    /// The vendor's code, a number or a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a Code>,
    /// The vendor's message, or this library's if the vendor returned none.
    pub message: String,
    /// The invalid field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    /// The vendor's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// The other fields of the vendor's response, with secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_fields: Option<&'a Map<String, Value>>,
    /// What to do next.
    pub advice: &'a str,
    /// The outcome of an earlier effect of the app that was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<&'a EarlierEffect>,
}
