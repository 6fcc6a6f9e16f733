//! Requests that would be sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request that would be sent, as printed by `--dry-run`. Values that an earlier request would yield are shown
/// as `{"from":"<that request>"}`; secrets are masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query parameters, by name.
    pub query: serde_json::Map<String, Value>,
    /// The headers that a vendor requires, by name; absent if there are none.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty", default)]
    pub headers: serde_json::Map<String, Value>,
    /// The body: a JSON value, or the fields of a form by name; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Value>,
}

impl PlannedRequest {
    /// Creates a request without query and body.
    #[must_use]
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        let (query, headers) = <(serde_json::Map<_, _>, serde_json::Map<_, _>)>::default();
        Self { method: method.into(), path: path.into(), query, headers, body: None }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.query.insert(name.into(), value.into());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }
}
