//! Acme's pushes: forms whose field `sign` signs the others.

use std::borrow::Cow;

use miniprogram_core::callback::{Answer, CallbackConfig, CallbackProtocol, Route};
use miniprogram_core::push::{CallbackCheck, EventCredential, Push};
use miniprogram_core::{AppId, Event, EventDecoder, EventKind, PlatformId, Result, Timestamp, Vendor};
use serde_json::{Map, Value};

use super::{ACME, Key};

/// Verifies and reads the pushes to one platform.
#[derive(Debug)]
pub struct AcmeCallback {
    platform: PlatformId,
    key: Key,
    limits: CallbackConfig,
}

impl AcmeCallback {
    /// Creates a decoder from the platform's id and its key.
    pub fn new(platform: impl Into<PlatformId>, key: Key) -> Self {
        Self { platform: platform.into(), key, limits: CallbackConfig::plain() }
    }
}

// guide: decode
impl EventDecoder for AcmeCallback {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        let refuse = |check: CallbackCheck| check.refuse(ACME);
        self.limits.check_size(ACME, push.body)?;
        let (fields, sign) = signed_fields(push.body).ok_or_else(|| refuse(CallbackCheck::Envelope))?;
        if !self.key.verifies_form(&fields, &sign) {
            return Err(refuse(CallbackCheck::Signature));
        }
        let payload: Map<_, _> = fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = text("time").and_then(|time| time.parse().ok());
        let time = time.ok_or_else(|| refuse(CallbackCheck::Message))?;
        self.limits.check_freshness(ACME, time, push.received_at)?;
        if text("platform").as_deref() != Some(self.platform.as_str()) {
            return Err(refuse(CallbackCheck::Receiver));
        }
        let name = text("event").unwrap_or_default();
        let app = text("app").map(AppId::from);
        let reason = text("reason").filter(|reason| !reason.is_empty());
        let mut event = Event::new(ACME, kind_of(&name), Cow::Owned(name), Value::Object(payload));
        event.app_id = app;
        event.reason = reason.map(Cow::Owned);
        event.occurred_at = Some(Timestamp::from_unix(time));
        event.take_credential("code", EventCredential::AuthorizationCode);
        Ok(event)
    }
}
// end

fn kind_of(event: &str) -> EventKind {
    match event {
        "GRANTED" => EventKind::Authorized,
        "REVOKED" => EventKind::AuthorizationRevoked,
        "AUDIT_PASSED" => EventKind::AuditApproved,
        "AUDIT_FAILED" => EventKind::AuditRejected,
        _ => EventKind::Unknown,
    }
}

/// Returns the fields of a form and its signature; none if the signature is missing or a name is repeated.
fn signed_fields(body: &[u8]) -> Option<(Vec<(String, String)>, String)> {
    let mut fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    fields.sort();
    if fields.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    let at = fields.iter().position(|(name, _)| name == "sign")?;
    let (_, sign) = fields.remove(at);
    Some((fields, sign))
}

// guide: protocol
impl CallbackProtocol for AcmeCallback {
    fn platform_id(&self) -> Option<&PlatformId> {
        Some(&self.platform)
    }

    fn fits(&self, event: &Event<'_>, route: Route) -> bool {
        let about_grants = matches!(event.kind, EventKind::Authorized | EventKind::AuthorizationRevoked);
        about_grants == (route == Route::Authorization)
    }

    fn acknowledgement(&self) -> Answer {
        Answer::text("success")
    }

    fn failure(&self) -> Option<Answer> {
        Some(Answer::text("fail"))
    }
}
// end
