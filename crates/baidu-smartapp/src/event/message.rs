//! The message inside a push, and what it says.

use std::borrow::Cow;

use miniprogram_core::callback::{digits, positive_id, without_bom};
use miniprogram_core::event::parse_strict_json;
use miniprogram_core::{AppId, CallbackCheck, Event, EventKind, PackageId, PlatformId, Result, Timestamp};
use serde_json::{Map, Value};

use super::{EVENTS, refused};
use crate::BAIDU;

/// Reads one JSON object. Where that fails, once more with `\_` taken for `_`, the one invalid escape that the
/// vendor is known to write (documents 000 and 001 print it in event names).
pub(super) fn parse(text: &str) -> Result<Map<String, Value>> {
    let text = without_bom(text);
    parse_strict_json(text)
        .or_else(|_| parse_strict_json(&without_escaped_underscores(text)))
        .map_err(|_| refused("the message is not one JSON object without repeated keys"))
}

/// Drops the backslash of `\_`, but not of an escaped backslash that an underscore follows.
fn without_escaped_underscores(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('_') => out.push('_'),
            Some(escaped) => out.extend(['\\', escaped]),
            None => out.push('\\'),
        }
    }
    out
}

pub(super) fn into_event(
    fields: Map<String, Value>,
    route: Option<AppId>,
    platform: Option<&PlatformId>,
) -> Result<Event<'static>> {
    let named = id(&fields, "tpAppId")?;
    let is_ours = |named: &str| platform.is_none_or(|ours| ours.as_str() == named);
    let mut event = match (deciding(&fields, "event")?, deciding(&fields, "MsgType")?) {
        (Some(name), _) => {
            if platform.is_some() && named.is_none() {
                return Err(CallbackCheck::Receiver.because(BAIDU, "tpAppId is missing"));
            }
            system_event(&fields, name)
        }
        (None, Some(msg_type)) => message_event(&fields, msg_type)?,
        (None, None) => return Err(refused("the message has neither event nor MsgType")),
    };
    if named.as_deref().is_some_and(|named| !is_ours(named)) {
        return Err(CallbackCheck::Receiver.because(BAIDU, "tpAppId is not the configured platform's"));
    }
    event.platform_id = named.map(|id| PlatformId::new(id.into_owned()));
    // A ticket belongs to the platform, whatever route it came by.
    let route = route.filter(|_| event.kind != EventKind::Ticket);
    event.app_id = id(&fields, "appId")?.map(|id| AppId::new(id.into_owned())).or(route);
    event.reason = text(&fields, "reason").or_else(|| text(&fields, "reson")).map(Cow::Owned);
    event.package_id = id(&fields, "packageId")?.map(|id| PackageId::new(id.into_owned()));
    event.version = text(&fields, "packageVersion").map(Cow::Owned);
    event.payload = Value::Object(fields);
    Ok(event)
}

fn system_event(fields: &Map<String, Value>, name: &str) -> Event<'static> {
    let name = event_name(name);
    let mut event = match EVENTS.iter().find(|(listed, ..)| *listed == name) {
        Some((listed, kind, approved)) => {
            let mut event = Event::new(BAIDU, *kind, Cow::Borrowed(*listed), Value::Null);
            event.approved = *approved;
            event
        }
        None => Event::new(BAIDU, EventKind::Unknown, Cow::Owned(name), Value::Null),
    };
    event.occurred_at =
        fields.get("eventTime").and_then(Value::as_str).and_then(|text| Timestamp::from_civil(text, 8));
    event
}

/// The ticket, or a customer's message; the latter has no kind of its own.
fn message_event(fields: &Map<String, Value>, msg_type: &str) -> Result<Event<'static>> {
    let mut event = if msg_type == "ticket" {
        if text(fields, "Ticket").is_none() {
            return Err(refused("the ticket is empty"));
        }
        Event::new(BAIDU, EventKind::Ticket, Cow::Borrowed("ticket"), Value::Null)
    } else {
        Event::new(BAIDU, EventKind::Unknown, Cow::Owned(msg_type.to_owned()), Value::Null)
    };
    event.occurred_at = match fields.get("CreateTime") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let seconds = digits(value).and_then(|text| text.parse().ok());
            Some(Timestamp::from_unix(seconds.ok_or_else(|| refused("CreateTime is not digits only"))?))
        }
    };
    Ok(event)
}

/// The name without the blanks around it and the backslashes inside it that some pushes carry.
fn event_name(name: &str) -> String {
    name.trim().replace('\\', "")
}

/// A text that decides what the message is: another type is refused, an empty one counts as absent.
fn deciding<'m>(fields: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(refused("a field that decides what the message is holds no text")),
    }
}

/// A text that is not empty; anything else counts as absent.
fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An id that may be a number or text.
pub(super) fn id<'m>(fields: &'m Map<String, Value>, name: &str) -> Result<Option<Cow<'m, str>>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            positive_id(value).map(Some).ok_or_else(|| refused("an id is no number from 1 to 2^63 - 1"))
        }
    }
}
