//! A vendor's codes, and its refusals.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::printable::Printable;
use crate::vendor::Vendor;

/// A vendor's code: usually a number; OAuth errors are text. Serialized unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Code {
    /// A number.
    Number(i64),
    /// A word, such as `invalid_grant`.
    Text(Cow<'static, str>),
}

impl Code {
    /// Returns the number, if it is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

impl PartialEq<i64> for Code {
    fn eq(&self, number: &i64) -> bool {
        self.as_number() == Some(*number)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, text: &str) -> bool {
        matches!(self, Self::Text(own) if own == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<i64> for Code {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Code {
    fn from(text: &str) -> Self {
        Self::Text(Cow::Owned(text.to_owned()))
    }
}

impl From<String> for Code {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl std::str::FromStr for Code {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::Text(Cow::Owned(text.to_owned())), Self::Number))
    }
}

/// The vendor's response, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VendorError {
    /// The vendor that responded.
    pub vendor: Vendor,
    /// The vendor's code.
    pub code: Code,
    /// The vendor's message, exactly as received.
    pub message: String,
    /// The id by which the vendor can find the request.
    pub request_id: Option<String>,
    /// The other fields of the response, such as the list of invalid items. Secrets in them are masked.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

impl VendorError {
    /// Creates a response with a code and a message.
    #[must_use]
    pub fn new(vendor: Vendor, code: impl Into<Code>, message: impl Into<String>) -> Self {
        Self { vendor, code: code.into(), message: message.into(), request_id: None, fields: Map::new() }
    }

    /// Sets the id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Sets the other fields of the response. They must contain no secret.
    #[must_use]
    pub fn with_fields(mut self, fields: Map<String, Value>) -> Self {
        self.fields = fields;
        self
    }
}

impl fmt::Display for VendorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Code::Number(number) => write!(f, "{} code {number}", self.vendor)?,
            Code::Text(word) => write!(f, "{} code {}", self.vendor, Printable(word))?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", Printable(&self.message)) }
    }
}
