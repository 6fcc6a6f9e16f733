//! The pushes of WeChat's acceptance test, and their immediate replies.

use miniprogram_core::callback::{Answer, Seal, random_prefix};
use miniprogram_core::{Event, Result, Secret, Timestamp};
use serde_json::{Map, Value, json};

use super::{WeChatEvent, WeChatEventEncoder};
use crate::WECHAT;

/// The accounts that WeChat uses to test platforms; no other account is treated specially. Five official accounts,
/// five mini programs.
///
/// Source: WeChat's page on the acceptance test before publication.
pub const ACCEPTANCE_ACCOUNTS: [&str; 10] = [
    "wx570bc396a51b8ff8",
    "wx9252c5e0bb1836fc",
    "wx8e1097c5bc82cde9",
    "wx14550af28c71a144",
    "wxa35b9c23cfe664eb",
    "wxd101a85aa106f53e",
    "wxc39235c15087f6f3",
    "wx7720d01d4b2a4500",
    "wx05d483572dcd5d8b",
    "wx5910277cae6fd970",
];

const TEXT: &str = "TESTCOMPONENT_MSG_TYPE_TEXT";
const QUERY: &str = "QUERY_AUTH_CODE:";

/// What the test requests.
pub(crate) enum Asked {
    /// The text message.
    Text,
    /// An event.
    Event,
    /// To exchange this code.
    Query(Secret),
}

impl Asked {
    pub(crate) fn of(event: &Event<'_>) -> Option<Self> {
        let tests = event.app_id.as_ref().is_some_and(|app| ACCEPTANCE_ACCOUNTS.contains(&app.as_str()));
        if event.vendor != WECHAT || !tests {
            return None;
        }
        match event.payload.get("MsgType")?.as_str()? {
            "event" => Some(Self::Event),
            _ => match WeChatEvent::from_event(event) {
                Ok(WeChatEvent::CustomerMessage(message)) => Self::of_text(message.content?.expose()),
                _ => None,
            },
        }
    }

    fn of_text(content: &str) -> Option<Self> {
        match content.strip_prefix(QUERY) {
            Some(code) if !code.is_empty() => Some(Self::Query(Secret::new(code))),
            _ => (content == TEXT).then_some(Self::Text),
        }
    }
}

/// Returns the immediate reply to a push; `None` if the push does not belong to the test, or if a reply cannot be
/// sealed because there is no encoder.
pub(super) fn reply(
    encoder: Option<&WeChatEventEncoder>,
    content_type: &'static str,
    event: &Event<'_>,
    now: Timestamp,
) -> Option<Result<Answer>> {
    let content = match Asked::of(event)? {
        Asked::Text => format!("{TEXT}_callback"),
        Asked::Event => format!("{}from_callback", event.raw_event),
        Asked::Query(_) => return Some(Ok(Answer::new("text/plain", ""))),
    };
    let field = |name| event.payload.get(name).and_then(Value::as_str);
    let fields = json!({
        "ToUserName": field("FromUserName")?,
        "FromUserName": field("ToUserName")?,
        "CreateTime": now.as_unix(),
        "MsgType": "text",
        "Content": content,
    });
    let sealed = sealed(encoder?, fields.as_object()?, now);
    Some(sealed.map(|body| Answer::new(content_type, body)))
}

fn sealed(encoder: &WeChatEventEncoder, fields: &Map<String, Value>, now: Timestamp) -> Result<String> {
    let [a, b, c, d, e, f, g, h, ..] = random_prefix();
    let nonce = u64::from_be_bytes([a, b, c, d, e, f, g, h]).to_string();
    encoder.seal_reply(&encoder.message(fields)?, &Seal::new(now, &nonce))
}
