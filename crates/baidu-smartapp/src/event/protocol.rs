use miniprogram_core::callback::{
    Answer, CallbackConfig, CallbackProtocol, Route, UrlCheck, misconfigured, query_parameters,
};
use miniprogram_core::push::{CallbackCheck, Push};
use miniprogram_core::{AppId, Event, EventDecoder, EventKind, PlatformId, Result, Timestamp, Vendor};
use serde_json::Value;

use super::{BaiduEventDecoder, message};
use crate::BAIDU;

/// Baidu's callbacks of one platform, for a receiver.
///
/// Every system event must name the platform as `tpAppId`. Pushes are JSON; the configured body format is not used.
///
/// ```
/// use baidu_smartapp::BaiduCallback;
/// use miniprogram_core::Secret;
/// use miniprogram_core::callback::CallbackConfig;
///
/// let key = Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA");
/// let config = CallbackConfig::encrypted("token", &key)?.with_platform_id("17328232");
/// let callback = BaiduCallback::new(config)?;
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BaiduCallback {
    platform: PlatformId,
    decoder: BaiduEventDecoder,
}

impl BaiduCallback {
    /// Creates the callbacks of the platform that the configuration names.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `platform_id`, if the configuration does not contain
    /// it.
    pub fn new(config: CallbackConfig) -> Result<Self> {
        let platform = config.platform_id().cloned().ok_or_else(|| {
            let remedy = "give the platform's app id (digits) with `with_platform_id`";
            misconfigured("platform_id", "is missing", remedy).for_vendor(BAIDU)
        })?;
        Ok(Self { platform, decoder: BaiduEventDecoder::new(config) })
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventDecoder for BaiduCallback {
    fn vendor(&self) -> Vendor {
        BAIDU
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        self.decoder.decode(push)
    }
}

#[deny(clippy::missing_trait_methods)]
impl CallbackProtocol for BaiduCallback {
    fn platform_id(&self) -> Option<&PlatformId> {
        Some(&self.platform)
    }

    fn checks_by_get(&self) -> bool {
        false
    }

    /// The parameters are in the query or in a form; the documents do not specify where.
    fn url_check(&self, request: &UrlCheck<'_>, now: Timestamp) -> Option<Result<Answer>> {
        let UrlCheck::Post { query, content_type, body } = *request else { return None };
        let is_form = content_type.is_some_and(|content_type| {
            let media_type = content_type.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        // A sender that sets no content type of its own may label a push as a form.
        let content = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
        let parameters = if is_form && !content.is_empty() && !content.starts_with(b"{") {
            match std::str::from_utf8(body) {
                Ok(form) => form,
                Err(_) => return Some(Err(CallbackCheck::Query.refuse(BAIDU))),
            }
        } else {
            query
        };
        asks(parameters).then(|| self.decoder.verify_url(parameters, now).map(Answer::text))
    }

    /// System events name their app, so either URL accepts them. The ticket is the platform's and belongs to no app;
    /// customers' messages name no app and go to the message URL. The route of an event without a name cannot be
    /// determined.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool {
        let name = event.payload.get("event").and_then(Value::as_str);
        match route {
            _ if name.is_some_and(|name| !name.trim().is_empty()) || event.raw_event.is_empty() => true,
            Route::Authorization => event.kind == EventKind::Ticket,
            Route::Messages => true,
            Route::App => event.kind != EventKind::Ticket,
        }
    }

    fn is_test_app(&self, _app: &AppId) -> bool {
        false
    }

    fn acknowledgement(&self) -> Answer {
        Answer::text("success")
    }

    fn failure(&self) -> Option<Answer> {
        None
    }

    fn reply(&self, _event: &Event<'_>, _now: Timestamp) -> Option<Result<Answer>> {
        None
    }

    fn take_credential(&self, event: &mut Event<'static>) {
        message::take_credential(event);
    }
}

fn asks(parameters: &str) -> bool {
    // A malformed query is not a push either; the check of the URL reports what is wrong with it.
    query_parameters(parameters, ["echoStr"]).map_or(true, |[echo]| echo.is_some())
}
