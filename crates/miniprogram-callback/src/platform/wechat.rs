use http::Method;
use http::request::Parts;
use miniprogram_core::callback::{BodyFormat, CallbackConfig, CallbackMode, Seal};
use miniprogram_core::{Event, EventDecoder, Push, Result, Timestamp};
use serde_json::{Map, Value};
use wechat_wxa::event::{WeChatEventDecoder, WeChatEventEncoder};

use super::{Dialect, Route, names};
use crate::acceptance::Reply;

#[derive(Debug)]
pub(super) struct WeChat {
    decoder: WeChatEventDecoder,
    /// None where plain pushes are configured: there is nothing to seal a reply with.
    encoder: Option<WeChatEventEncoder>,
    content_type: &'static str,
}

impl WeChat {
    pub(super) fn new(config: CallbackConfig) -> Result<Self> {
        let encoder = match config.mode() {
            CallbackMode::Encrypted => Some(WeChatEventEncoder::new(config.clone())?),
            CallbackMode::Plain => None,
        };
        let content_type = match config.body_format() {
            BodyFormat::Xml => "text/xml; charset=utf-8",
            BodyFormat::Json => "application/json",
        };
        Ok(Self { decoder: WeChatEventDecoder::new(config)?, encoder, content_type })
    }
}

impl Dialect for WeChat {
    fn checks_by_get(&self) -> bool {
        true
    }

    fn verify_url(&self, head: &Parts, _body: &[u8], now: Timestamp) -> Option<Result<String>> {
        let query = head.uri.query().unwrap_or_default();
        (head.method == Method::GET).then(|| self.decoder.verify_url(query, now))
    }

    fn decode(&self, push: Push<'_>) -> Result<Event<'static>> {
        self.decoder.decode(push).map(Event::into_owned)
    }

    /// Events with `InfoType` go to the authorization URL, those with `MsgType` or `Event` to the message URL. Of what
    /// has no name nobody knows where it belongs.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool {
        event.raw_event.is_empty() || names(event, "InfoType") == (route == Route::Authorization)
    }

    fn ticket_member(&self) -> &'static str {
        "ComponentVerifyTicket"
    }

    fn seal_reply(&self, fields: &Map<String, Value>, now: Timestamp) -> Option<Result<Reply>> {
        let encoder = self.encoder.as_ref()?;
        let nonce = fastrand::u64(..).to_string();
        let sealed = encoder
            .message(fields)
            .and_then(|message| encoder.seal_reply(&message, &Seal::new(now, &nonce)))
            .map(|body| Reply { content_type: self.content_type, body });
        Some(sealed)
    }
}
