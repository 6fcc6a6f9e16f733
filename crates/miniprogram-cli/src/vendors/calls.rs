//! Low-level calls of any endpoint, for `call`.

use std::fmt::Debug;

use async_trait::async_trait;
use http::Method;
use miniprogram::vendor_api::pipeline::Reply;
use miniprogram::{AppId, PlannedRequest, Result};
use serde_json::Value;

use super::setup::PlatformConfig;

/// A vendor whose endpoints can be called by path.
#[async_trait]
pub trait RawCalls: Debug + Send + Sync + 'static {
    /// Sends a request with an app's token, or with the platform's own if no app is given.
    ///
    /// # Errors
    /// Those of the call.
    async fn call(&self, config: PlatformConfig, app: Option<AppId>, call: &RawCall) -> Result<Reply>;

    /// Returns the request that would be sent, secrets masked.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram::ErrorKind::InvalidArgument) if the request cannot be built.
    fn plan(&self, call: &RawCall) -> Result<PlannedRequest>;
}

/// A request to an endpoint, before it has a token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawCall {
    /// The method.
    pub method: Method,
    /// The path, from `/`.
    pub path: String,
    /// The query, without a token.
    pub query: Vec<(String, String)>,
    /// The body; `None` lets the vendor choose an empty one, `null` sends none.
    pub body: Option<Value>,
}

impl RawCall {
    pub(crate) const fn new(
        method: Method,
        path: String,
        query: Vec<(String, String)>,
        body: Option<Value>,
    ) -> Self {
        Self { method, path, query, body }
    }

    /// Returns the query as the clients take it.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }
}
