//! The decrypted message of a push, and its meaning.

use std::borrow::Cow;

use miniprogram_core::callback::BodyFormat;
use miniprogram_core::push::{CallbackCheck, EventCredential};
use miniprogram_core::vendor_api::{message_time, parse_message_json};
use miniprogram_core::{AppId, Event, EventKind, PlatformId, Result, Timestamp};
use serde_json::{Map, Value};

use super::envelope::append;
use super::xml::{Malformed, Step, Xml, is_blank};
use super::{EVENTS, INFO_TYPES, refused};
use crate::WECHAT;

/// Elements that the reference (WeChat's pages on message and authorization pushes) shows once inside their parent:
/// of two, it would be ambiguous which one applies. `material`, `list` and `proof_material_id`, which it shows
/// repeated, are not among them.
#[rustfmt::skip]
const SINGLE: &[&str] = &[
    "ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "MsgId", "Content", "Encrypt",
    "SuccTime", "FailTime", "DelayTime", "Reason", "ScreenShot",
    "ret", "nickname", "reason", "first", "second",
    "result_info", "api_name", "apply_time", "audit_id", "audit_time", "status",
    "appeal_record_id", "appid", "appeal_time", "appeal_count", "appeal_from", "appeal_status",
    "punish_description", "audit_reason", "illegal_material", "content", "content_url", "appeal_material",
    "ApplyAuthorizationInfoNoitfy", "mp_appid", "msg", "operation_time", "ticket", "debug_str",
    "AppId", "InfoType", "ComponentVerifyTicket",
    "AuthorizerAppid", "AuthorizationCode", "AuthorizationCodeExpiredTime", "PreAuthCode",
    "auth_code", "info", "name", "code", "code_type", "legal_persona_wechat", "legal_persona_name",
    "component_phone", "wxuser", "idname", "unique_id",
    "task_status", "message", "taskid", "apply_status", "dispatch_info", "provider", "contact", "dispatch_time",
    "expired", "task_id", "verify_appid", "result", "along_with_auth_result",
    "authorizer_appid", "beian_status", "procedure_id", "procedure_status", "ret_code",
];

/// A message's fields.
pub(super) struct Fields<'a> {
    all: Map<String, Value>,
    /// The texts directly under the root that are contiguous in the message and can therefore be borrowed.
    lent: Vec<(&'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    pub(super) fn read(text: &'a str, format: BodyFormat) -> Result<Self> {
        match format {
            BodyFormat::Xml => read_xml(text).map_err(|Malformed(detail)| refused(detail)),
            BodyFormat::Json => parse_message_json(text)
                .map(|all| Self { all, lent: Vec::new() })
                .map_err(|_| refused("the message is not one JSON object without repeated keys")),
        }
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    /// Returns a non-empty text; anything else counts as absent.
    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let text = self.all.get(name)?.as_str().filter(|text| !text.is_empty())?;
        let lent = self.lent.iter().find(|(lent, _)| *lent == name);
        Some(lent.map_or_else(|| Cow::Owned(text.to_owned()), |(_, text)| Cow::Borrowed(*text)))
    }

    /// Returns a text that determines what the message is: any other type is refused.
    fn deciding(&self, name: &str) -> Result<Option<Cow<'a, str>>> {
        match self.all.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(_)) => Ok(self.text(name)),
            Some(_) => Err(refused("a field that decides what the message is does not hold a string")),
        }
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        number(self.all.get(name)?).map(Timestamp::from_unix)
    }

    pub(super) fn into_event(self, platform: Option<&PlatformId>) -> Result<Event<'a>> {
        let mut event = match (self.deciding("InfoType")?, self.deciding("MsgType")?) {
            (Some(info_type), None) => self.authorization_event(info_type, platform)?,
            (None, Some(msg_type)) if msg_type == "event" => {
                let name = self.deciding("Event")?.ok_or_else(|| refused("the message has no Event"))?;
                self.message_event(look_up(EVENTS, name))
            }
            (None, Some(msg_type)) => self.message_event((EventKind::Unknown, msg_type)),
            (None, None) => match self.deciding("Event")? {
                Some(name) => self.message_event(look_up(EVENTS, name)),
                None => self.untyped_event(platform)?,
            },
            (Some(_), Some(_)) => return Err(refused("the message has both InfoType and MsgType")),
        };
        let created_at = match message_time(self.all.get("CreateTime")) {
            Ok(time) => time,
            // The meaning of the field is unknown in a message of an unknown kind.
            Err(_) if event.raw_event.is_empty() => None,
            Err(_) => return Err(refused("CreateTime is not digits only")),
        };
        event.occurred_at = event.occurred_at.or(created_at);
        event.payload = Value::Object(self.all);
        take_credential(&mut event);
        Ok(event)
    }

    /// Reads an event of the platform. If it is about an app, it names the app.
    fn authorization_event(
        &self,
        info_type: Cow<'a, str>,
        platform: Option<&PlatformId>,
    ) -> Result<Event<'a>> {
        let named = self.deciding("AppId")?;
        if platform.is_some_and(|ours| named.as_deref() != Some(ours.as_str())) {
            let detail = "AppId is not the configured platform's";
            return Err(CallbackCheck::Receiver.because(WECHAT, detail));
        }
        let (kind, name) = look_up(INFO_TYPES, info_type);
        if kind == EventKind::Ticket && self.text("ComponentVerifyTicket").is_none() {
            return Err(refused("the ticket is empty"));
        }
        let mut event = Event::new(WECHAT, kind, name, Value::Null);
        event.platform_id = named.map(|id| PlatformId::new(id.into_owned()));
        event.app_id = ["AuthorizerAppid", "appid", "authorizer_appid", "verify_appid"]
            .into_iter()
            .find_map(|name| self.text(name))
            .map(|id| AppId::new(id.into_owned()));
        event.reason = self.reason();
        Ok(event)
    }

    /// Reads an event or message of an app. Most name the app by its original id alone, so the receiver has to look
    /// up the app.
    fn message_event(&self, (kind, name): (EventKind, Cow<'a, str>)) -> Event<'a> {
        let mut event = Event::new(WECHAT, self.undisputed(kind), name, Value::Null);
        event.alias = self.text("ToUserName");
        event.app_id = self.text("appid").map(|id| AppId::new(id.into_owned()));
        event.reason = self.reason();
        match event.kind {
            EventKind::AuditApproved => event.occurred_at = self.time("SuccTime"),
            EventKind::AuditRejected => event.occurred_at = self.time("FailTime"),
            EventKind::AuditDelayed => event.occurred_at = self.time("DelayTime"),
            // WeChat's rename and category pages: 2 rejected, 3 approved.
            EventKind::NameAudited | EventKind::CategoryAudited => {
                event.approved = verdict(self.all.get("ret"), &[3], &[2]);
            }
            // WeChat's privacy interface pages: 5 granted, 4 refused; the sample of a refusal shows 2.
            EventKind::PrivacyAudited => {
                let result = self.all.get("result_info").and_then(Value::as_object);
                event.approved = verdict(result.and_then(|result| result.get("status")), &[5], &[2, 4]);
                let reason = result.and_then(|result| result.get("reason")).and_then(Value::as_str);
                event.reason = reason.filter(|text| !text.is_empty()).map(|text| Cow::Owned(text.to_owned()));
            }
            _ => {}
        }
        event
    }

    /// Reads a message without a name that says what it is: neither `InfoType` nor `MsgType` nor `Event`.
    fn untyped_event(&self, platform: Option<&PlatformId>) -> Result<Event<'a>> {
        let named = self.text("AppId");
        if named.as_deref().zip(platform).is_some_and(|(named, ours)| named != ours.as_str()) {
            let detail = "AppId is not the configured platform's";
            return Err(CallbackCheck::Receiver.because(WECHAT, detail));
        }
        let mut event = self.message_event((EventKind::Unknown, Cow::Borrowed("")));
        event.platform_id = named.map(|id| PlatformId::new(id.into_owned()));
        Ok(event)
    }

    /// Returns the kind, unless the fields contradict it. The table of the failure push in document 002 section 6
    /// prints the name of the success event: with a failure time and no success time, that name proves nothing.
    fn undisputed(&self, kind: EventKind) -> EventKind {
        let told = |name| self.all.get(name).is_some_and(|value| !value.is_null());
        match kind {
            EventKind::AuditApproved if told("FailTime") && !told("SuccTime") => EventKind::Unknown,
            kind => kind,
        }
    }

    fn reason(&self) -> Option<Cow<'a, str>> {
        self.text("Reason").or_else(|| self.text("reason"))
    }
}

/// Moves the ticket or the authorization code out of the payload.
pub(super) fn take_credential(event: &mut Event<'_>) {
    match event.kind {
        EventKind::Ticket => event.take_credential("ComponentVerifyTicket", EventCredential::Ticket),
        EventKind::Authorized | EventKind::AuthorizationUpdated => {
            event.take_credential("AuthorizationCode", EventCredential::AuthorizationCode);
        }
        _ => {}
    }
}

/// Looks up the meaning of an event, with the table's own spelling of its name if it is listed.
fn look_up<'a>(table: &[(&'static str, EventKind)], name: Cow<'a, str>) -> (EventKind, Cow<'a, str>) {
    match table.iter().find(|(listed, _)| *listed == name) {
        Some((listed, kind)) => (*kind, Cow::Borrowed(*listed)),
        None => (EventKind::Unknown, name),
    }
}

fn verdict(value: Option<&Value>, approved: &[i64], rejected: &[i64]) -> Option<bool> {
    let code = number(value?)?;
    if approved.contains(&code) {
        Some(true)
    } else if rejected.contains(&code) {
        Some(false)
    } else {
        None
    }
}

/// Reads a number, or its text with the whitespace that XML may have around it.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// An open element.
#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    text: Cow<'a, str>,
    children: Option<Map<String, Value>>,
}

impl<'a> Element<'a> {
    fn add_text(&mut self, piece: Cow<'a, str>) -> Result<(), Malformed> {
        if self.children.is_none() {
            append(&mut self.text, piece);
            Ok(())
        } else if is_blank(&piece) {
            Ok(())
        } else {
            Err(Malformed("text is mixed with elements"))
        }
    }

    /// Whitespace before the first child is layout, not text.
    fn expect_child(&self) -> Result<(), Malformed> {
        if is_blank(&self.text) { Ok(()) } else { Err(Malformed("text is mixed with elements")) }
    }

    fn add_child(&mut self, name: &str, value: Value) -> Result<(), Malformed> {
        let children = self.children.get_or_insert_default();
        let Some(present) = children.get_mut(name) else {
            children.insert(name.to_owned(), value);
            return Ok(());
        };
        if let Value::Array(items) = present {
            items.push(value);
        } else if SINGLE.contains(&name) {
            return Err(Malformed("an element is repeated"));
        } else {
            let first = present.take();
            *present = Value::Array(vec![first, value]);
        }
        Ok(())
    }
}

fn read_xml(text: &str) -> Result<Fields<'_>, Malformed> {
    let mut xml = Xml::message(text)?;
    let mut outer: Vec<Element<'_>> = Vec::new();
    let mut element = Element::default();
    let mut lent = Vec::new();
    while let Some(step) = xml.next()? {
        match step {
            Step::Open(name) => {
                element.expect_child()?;
                outer.push(std::mem::replace(&mut element, Element { name, ..Element::default() }));
            }
            Step::Text(piece) => element.add_text(piece)?,
            Step::Close => {
                let Some(parent) = outer.pop() else { return Err(Malformed("an end without a start")) };
                let Element { name, text, children } = std::mem::replace(&mut element, parent);
                if let (Cow::Borrowed(text), None, true) = (&text, &children, outer.is_empty()) {
                    lent.push((name, *text));
                }
                let value = children.map_or_else(|| Value::String(text.into_owned()), Value::Object);
                element.add_child(name, value)?;
            }
        }
    }
    Ok(Fields { all: element.children.unwrap_or_default(), lent })
}
