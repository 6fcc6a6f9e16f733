//! Call allowances, and the vendor's records of requests.

use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields};
use miniprogram_core::vendor_api::{InherentCommand, MethodName, redact};
use miniprogram_core::{AppId, Authorizer, Effect, Result, Subject, Timestamp, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::WECHAT;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use miniprogram_core::vendor_api::kit::{Inherent, OneCall};

pub(crate) const CLEAR: MethodName = MethodName::new("clear_quota");

pub(crate) const EFFECTS: &[Inherent] = &[Inherent::new(CLEAR, clear)];

/// The allowance of one endpoint.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApiQuota {
    /// `daily_limit`: calls per day.
    pub daily_limit: Option<i64>,
    /// `used`: calls today.
    pub used: Option<i64>,
    /// `remain`: calls left today.
    pub remain: Option<i64>,
    /// `rate_limit`: the app's rate limit.
    pub rate_limit: Option<RateLimit>,
    /// `component_rate_limit`: the platform's rate limit.
    pub component_rate_limit: Option<RateLimit>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A number of calls in a number of seconds.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RateLimit {
    /// `call_count`.
    pub call_count: Option<i64>,
    /// `refresh_second`.
    pub refresh_seconds: Option<i64>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl RateLimit {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            call_count: fields.number("call_count"),
            refresh_seconds: fields.number("refresh_second"),
            extra: fields.rest(),
        }
    }
}

/// The vendor's record of a request, kept for seven days. Tokens and secrets in it are masked.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestInfo {
    /// `invoke_time`.
    pub invoked_at: Option<Timestamp>,
    /// `cost_in_ms`.
    pub cost_in_ms: Option<i64>,
    /// `request_url`, its tokens masked.
    pub request_url: Option<String>,
    /// `request_body`, its secrets masked.
    pub request_body: Option<String>,
    /// `response_body`: usually JSON as text, its secrets masked.
    pub response_body: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::clear_quota`](crate::WeChatApp::clear_quota).
    clear_quota(app: &AppId) = CLEAR, &ClearQuota { app_id: app.to_string() };
}

impl WeChatApp {
    /// Returns the app's allowance for an endpoint: `openapi/quota/get`. The path begins with `/` and does not
    /// contain a host.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for a path of another
    /// form; and those of any read.
    pub async fn api_quota(&self, path: &str) -> Result<ApiQuota> {
        const OPERATION: &str = "api_quota";
        if !path.starts_with('/') || path.starts_with("//") {
            let rule = "must begin with one `/` and name no host, such as /wxa/commit";
            return Err(REFUSE.invalid(OPERATION, "path", rule));
        }
        let call = Call::to(&endpoints::API_QUOTA).with_json(&json!({ "cgi_path": path }));
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        let mut quota = fields.required("quota", Fields::object)?;
        let mut rate = |name: &str| fields.object(name).as_mut().map(RateLimit::read);
        Ok(ApiQuota {
            daily_limit: quota.number("daily_limit"),
            used: quota.number("used"),
            remain: quota.number("remain"),
            rate_limit: rate("rate_limit"),
            component_rate_limit: rate("component_rate_limit"),
            extra: quota.rest().into_iter().chain(fields.rest()).collect(),
        })
    }

    /// Resets the daily counts of all the app's calls to 0: `clear_quota`. Ten times a month; no query shows it, so
    /// after a lost response the outcome stays unknown.
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) (48006), and those of any effect.
    pub async fn clear_quota(&self) -> Result<Effect> {
        Ok(self.perform(clear_quota(self.app_id())?).await?.into_unit())
    }

    /// Returns the vendor's record of a request: `openapi/rid/get`, by the id at the end of the response's message
    /// ([`Error::request_id`](miniprogram_core::Error::request_id)).
    ///
    /// # Errors
    /// [`NotFound`](miniprogram_core::ErrorKind::NotFound) for an unknown id or one older than seven days, and those
    /// of any read.
    pub async fn request_info(&self, request_id: &str) -> Result<RequestInfo> {
        const OPERATION: &str = "request_info";
        REFUSE.required(OPERATION, "request_id", request_id)?;
        let call = Call::to(&endpoints::REQUEST_INFO).with_json(&json!({ "rid": request_id }));
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut request = fields::of(&reply).required("request", Fields::object)?;
        Ok(RequestInfo {
            invoked_at: request.time("invoke_time"),
            cost_in_ms: request.number("cost_in_ms"),
            request_url: request.text("request_url").map(|url| redact::masked_url(&url)),
            request_body: request.text("request_body").map(redact::masked_text),
            response_body: request.text("response_body").map(redact::masked_text),
            extra: redact::masked_fields(request.rest()),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ClearQuota {
    pub(crate) app_id: String,
}

/// The call names its app in the body: that has to be the app whose token and allowance it takes.
pub(crate) fn expect_app(command: &InherentCommand, app: &AppId) -> Result<()> {
    if command.method != CLEAR {
        return Ok(());
    }
    let ClearQuota { app_id } = command.arguments()?;
    if app_id == app.as_str() {
        return Ok(());
    }
    Err(REFUSE.invalid(CLEAR.as_str(), "app_id", format!("must be the app itself, {app}, is {app_id:?}")))
}

fn clear(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let ClearQuota { app_id } = command.arguments()?;
    REFUSE.required(CLEAR.as_str(), "app_id", &app_id)?;
    let call = Call::to(&endpoints::CLEAR_QUOTA).with_json(&json!({ "appid": app_id }));
    OneCall::new(EffectClass::OneShot, call).boxed()
}
