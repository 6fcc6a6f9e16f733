use miniprogram_core::callback::{
    Answer, BodyFormat, CallbackConfig, CallbackMode, CallbackProtocol, Route, UrlCheck, misconfigured,
};
use miniprogram_core::push::Push;
use miniprogram_core::{AppId, Event, EventDecoder, PlatformId, Result, Timestamp, Vendor};
use serde_json::Value;

use super::{WeChatEventDecoder, WeChatEventEncoder, acceptance_test, message};
use crate::WECHAT;

/// WeChat's callbacks of one platform, for a receiver.
///
/// The platform's id is checked inside every push: after the message inside the frame (unless the configuration names
/// another receiver) and in the event itself if the event names a platform. Pushes are XML unless the configuration
/// sets [`BodyFormat::Json`]; replies use the same format.
///
/// ```
/// use miniprogram_core::Secret;
/// use miniprogram_core::callback::CallbackConfig;
/// use wechat_wxa::WeChatCallback;
///
/// let key = Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG");
/// let config = CallbackConfig::encrypted("token", &key)?.with_platform_id("wx1a2b3c4d5e6f7081");
/// let callback = WeChatCallback::new(config)?;
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WeChatCallback {
    platform: PlatformId,
    decoder: WeChatEventDecoder,
    /// `None` if plain pushes are configured: there is no key to seal a reply with.
    encoder: Option<WeChatEventEncoder>,
    content_type: &'static str,
    acceptance_test: bool,
}

impl WeChatCallback {
    /// Creates the callbacks of the platform that the configuration names.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `platform_id`, if the configuration has neither a
    /// platform id nor a receiver id.
    pub fn new(config: CallbackConfig) -> Result<Self> {
        let platform = config.platform_id().cloned();
        let platform = platform.or_else(|| config.receiver_id().map(PlatformId::from)).ok_or_else(|| {
            let remedy = "give the platform's app id (`wx…`) with `with_platform_id`";
            misconfigured("platform_id", "is missing", remedy).for_vendor(WECHAT)
        })?;
        let encoder = match config.mode() {
            CallbackMode::Encrypted => Some(WeChatEventEncoder::new(config.clone())?),
            CallbackMode::Plain => None,
        };
        let content_type = match config.body_format() {
            BodyFormat::Xml => "text/xml; charset=utf-8",
            BodyFormat::Json => "application/json",
        };
        let decoder = WeChatEventDecoder::new(config)?;
        Ok(Self { platform, decoder, encoder, content_type, acceptance_test: false })
    }

    /// Also replies to the test that WeChat runs before a platform is published. Give the receiver an
    /// [`AcceptanceResponder`](crate::AcceptanceResponder) as a handler as well.
    ///
    /// Replies are sealed with the platform's current key: do not publish during a key change.
    #[must_use]
    pub const fn with_acceptance_test(mut self) -> Self {
        self.acceptance_test = true;
        self
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventDecoder for WeChatCallback {
    fn vendor(&self) -> Vendor {
        WECHAT
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        self.decoder.decode(push)
    }
}

#[deny(clippy::missing_trait_methods)]
impl CallbackProtocol for WeChatCallback {
    fn platform_id(&self) -> Option<&PlatformId> {
        Some(&self.platform)
    }

    fn checks_by_get(&self) -> bool {
        true
    }

    fn url_check(&self, request: &UrlCheck<'_>, now: Timestamp) -> Option<Result<Answer>> {
        match request {
            UrlCheck::Get { query } => Some(self.decoder.verify_url(query, now).map(Answer::text)),
            UrlCheck::Post { .. } => None,
        }
    }

    /// Events with `InfoType` go to the authorization URL, those with `MsgType` or `Event` to the message URL. The
    /// route of an event without a name cannot be determined.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool {
        let info_type = event.payload.get("InfoType").and_then(Value::as_str);
        let of_platform = info_type.is_some_and(|name| !name.trim().is_empty());
        event.raw_event.is_empty() || of_platform == (route == Route::Authorization)
    }

    fn is_test_app(&self, app: &AppId) -> bool {
        self.acceptance_test && acceptance_test::ACCEPTANCE_ACCOUNTS.contains(&app.as_str())
    }

    fn acknowledgement(&self) -> Answer {
        Answer::text("success")
    }

    fn failure(&self) -> Option<Answer> {
        None
    }

    fn reply(&self, event: &Event<'_>, now: Timestamp) -> Option<Result<Answer>> {
        if !self.acceptance_test {
            return None;
        }
        acceptance_test::reply(self.encoder.as_ref(), self.content_type, event, now)
    }

    fn take_credential(&self, event: &mut Event<'static>) {
        message::take_credential(event);
    }
}
