//! The notifications of the open-source alliance's Kafka topic: something has changed and should be read again.
//!
//! Source: vendor document 004, change notifications; its printed sample has bare keys and a full-width colon.

use std::borrow::Cow;

use miniprogram_core::vendor_api::{digits, parse_message_json};
use miniprogram_core::{AppId, Event, EventKind, Result};
use serde_json::{Map, Value};

use super::message::{binding_id, package_id};
use super::refused;
use crate::BAIDU;

/// Reads one record of the Kafka topic. It is neither signed nor encrypted: controlling who may write to the topic is
/// up to the broker. Besides JSON it accepts the form that the vendor prints, with bare keys and a full-width colon.
///
/// Code 100 is [`AppChanged`](EventKind::AppChanged), 101 is [`PackageChanged`](EventKind::PackageChanged), any other
/// is [`Unknown`](EventKind::Unknown); the code is the event's raw name.
///
/// # Errors
/// [`Callback`](miniprogram_core::ErrorKind::Callback) with [`CallbackCheck::Message`] if the record is not such a
/// notification.
///
/// [`CallbackCheck::Message`]: miniprogram_core::push::CallbackCheck::Message
///
/// ```
/// use baidu_smartapp::event::decode_notification;
/// use miniprogram_core::EventKind;
///
/// let event = decode_notification("{ code：101, data:{app_id:1111, package_id:22} }")?;
/// assert_eq!(event.kind, EventKind::PackageChanged);
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
pub fn decode_notification(record: &str) -> Result<Event<'static>> {
    parse(record)
        .filter(is_one)
        .ok_or_else(|| refused("the record is not a notification"))
        .and_then(into_event)
}

pub(super) fn parse(text: &str) -> Option<Map<String, Value>> {
    parse_message_json(text).or_else(|_| parse_message_json(&with_quoted_keys(text))).ok()
}

pub(super) fn is_one(fields: &Map<String, Value>) -> bool {
    fields.get("code").and_then(digits).is_some() && fields.get("data").is_some_and(Value::is_object)
}

pub(super) fn into_event(fields: Map<String, Value>) -> Result<Event<'static>> {
    let code = fields.get("code").and_then(digits).unwrap_or_default();
    let kind = match &*code {
        "100" => EventKind::AppChanged,
        "101" => EventKind::PackageChanged,
        _ => EventKind::Unknown,
    };
    let mut event = Event::new(BAIDU, kind, Cow::Owned(code.into_owned()), Value::Null);
    if let Some(data) = fields.get("data").and_then(Value::as_object) {
        event.app_id = binding_id(data, "app_id")?.map(|id| AppId::new(id.into_owned()));
        event.package_id = package_id(data, "package_id");
    }
    event.payload = Value::Object(fields);
    Ok(event)
}

/// Quotes bare words before a colon, and treats the full-width colon as an ordinary one, outside strings.
fn with_quoted_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = if first == '"' {
            string_length(rest)
        } else if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, behind) = rest.split_at(length);
        match first {
            '：' => out.push(':'),
            _ if word(first) && behind.trim_start().starts_with([':', '：']) => {
                out.extend(["\"", piece, "\""])
            }
            _ => out.push_str(piece),
        }
        rest = behind;
    }
    out
}

/// Returns the length of the string at the beginning of the text, including its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}
