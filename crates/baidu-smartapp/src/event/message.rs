//! The decrypted message of a push, and its meaning.

use std::borrow::Cow;

use miniprogram_core::push::{CallbackCheck, EventCredential};
use miniprogram_core::vendor_api::{message_time, parse_message_json, positive_id};
use miniprogram_core::{AppId, Event, EventKind, PackageId, PlatformId, Result, Timestamp};
use serde_json::{Map, Value};

use super::{EVENTS, PHONE_PERMISSION_GRANTED, refused};
use crate::BAIDU;

pub(super) fn parse(text: &str) -> Result<Map<String, Value>> {
    parse_message_json(text).map_err(|_| refused("the message is not one JSON object without repeated keys"))
}

pub(super) fn into_event(
    fields: Map<String, Value>,
    platform: Option<&PlatformId>,
) -> Result<Event<'static>> {
    let named = binding_id(&fields, "tpAppId")?;
    let is_ours = |named: &str| platform.is_none_or(|ours| ours.as_str() == named);
    let mut event = match (deciding(&fields, "event")?, deciding(&fields, "MsgType")?) {
        (Some(name), _) => {
            if platform.is_some() && named.is_none() {
                return Err(CallbackCheck::Receiver.because(BAIDU, "tpAppId is missing"));
            }
            system_event(&fields, name)
        }
        (None, Some(msg_type)) => message_event(&fields, msg_type)?,
        (None, None) => untyped_event(&fields),
    };
    if named.as_deref().is_some_and(|named| !is_ours(named)) {
        return Err(CallbackCheck::Receiver.because(BAIDU, "tpAppId is not the configured platform's"));
    }
    event.platform_id = named.map(|id| PlatformId::new(id.into_owned()));
    event.app_id = binding_id(&fields, "appId")?.map(|id| AppId::new(id.into_owned()));
    event.reason = reason(&fields).map(Cow::Owned);
    if event.raw_event == PHONE_PERMISSION_GRANTED && event.reason.is_some() {
        event.approved = None;
    }
    event.package_id = package_id(&fields, "packageId");
    event.version = text(&fields, "packageVersion").map(Cow::Owned);
    event.payload = Value::Object(fields);
    take_credential(&mut event);
    Ok(event)
}

/// Moves the ticket or the authorization code out of the payload.
pub(super) fn take_credential(event: &mut Event<'static>) {
    match event.kind {
        EventKind::Ticket => event.take_credential("Ticket", EventCredential::Ticket),
        EventKind::Authorized | EventKind::AuthorizationUpdated => {
            event.take_credential("authorizationCode", EventCredential::AuthorizationCode);
        }
        _ => {}
    }
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
    event.occurred_at = event_time(fields);
    event
}

/// Reads a message without a name that says what it is: neither `event` nor `MsgType`.
fn untyped_event(fields: &Map<String, Value>) -> Event<'static> {
    let mut event = Event::new(BAIDU, EventKind::Unknown, Cow::Borrowed(""), Value::Null);
    let created_at = message_time(fields.get("CreateTime")).ok().flatten();
    event.occurred_at = event_time(fields).or(created_at);
    event
}

/// Reads `eventTime`, in Beijing time.
fn event_time(fields: &Map<String, Value>) -> Option<Timestamp> {
    Timestamp::from_civil(fields.get("eventTime")?.as_str()?, 8)
}

/// Reads the ticket, or a customer's message; the latter has no kind of its own.
fn message_event(fields: &Map<String, Value>, msg_type: &str) -> Result<Event<'static>> {
    let mut event = if msg_type == "ticket" {
        if text(fields, "Ticket").is_none() {
            return Err(refused("the ticket is empty"));
        }
        Event::new(BAIDU, EventKind::Ticket, Cow::Borrowed("ticket"), Value::Null)
    } else {
        Event::new(BAIDU, EventKind::Unknown, Cow::Owned(msg_type.to_owned()), Value::Null)
    };
    event.occurred_at =
        message_time(fields.get("CreateTime")).map_err(|_| refused("CreateTime is not digits only"))?;
    Ok(event)
}

/// Returns the name without surrounding whitespace and without the backslashes that some pushes contain.
fn event_name(name: &str) -> String {
    name.trim().replace('\\', "")
}

/// Reads a text that determines what the message is: any other type is refused, an empty text counts as absent.
fn deciding<'m>(fields: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(refused("a field that decides what the message is does not hold a string")),
    }
}

/// Returns a non-empty text; anything else counts as absent.
fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Reads the vendor's message: documented as `reason`, spelled `reson` in some pushes.
fn reason(fields: &Map<String, Value>) -> Option<String> {
    let told = |name| text(fields, name).filter(|text| !text.trim().is_empty());
    told("reason").or_else(|| told("reson"))
}

/// Reads an id that binds the push to its app or platform, as a number or text: an invalid id is refused, not
/// ignored.
pub(super) fn binding_id<'m>(fields: &'m Map<String, Value>, name: &str) -> Result<Option<Cow<'m, str>>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => positive_id(value)
            .map(Some)
            .ok_or_else(|| refused("an id of app or platform is not a number from 1 to 2^63 - 1")),
    }
}

/// Reads the package id, unless it is invalid; the payload contains it in any case.
pub(super) fn package_id(fields: &Map<String, Value>, name: &str) -> Option<PackageId> {
    fields.get(name).and_then(positive_id).map(|id| PackageId::new(id.into_owned()))
}
