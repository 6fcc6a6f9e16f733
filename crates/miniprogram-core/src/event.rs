//! Pushes: what arrived, who decodes it, what it says.

mod credential;
mod fields;
mod numbers;
mod strict_json;

use std::borrow::Cow;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use credential::EventCredential;
pub use fields::Fields;
pub use numbers::{MessageTimeError, digits, message_time, positive_id};
pub use strict_json::{parse_message_json, parse_strict_json};

use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::id::{AppId, PackageId, PlatformId};
use crate::redact::MASK;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// Turns a push into an event. Verification is part of it; it does no I/O.
pub trait EventDecoder: Debug + Send + Sync + 'static {
    /// The vendor.
    fn vendor(&self) -> Vendor;

    /// Verifies, decrypts and reads one push.
    ///
    /// The body is untouched until the signature holds, then decoded in place; afterwards its content is unspecified.
    ///
    /// # Errors
    /// [`Callback`](ErrorKind::Callback), whose [`CallbackCheck`] names the check that refused it. Answer every
    /// refusal alike: 4xx and no reason.
    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>>;
}

/// Acts on events that were received.
///
/// An event is handed over at least once and in the order of arrival per app: whoever was killed before it could say
/// that it was done, sees it again. Make what it does repeatable, or keep [`Delivery::id`] beside it.
#[async_trait]
pub trait EventHandler: Debug + Send + Sync + 'static {
    /// Acts on one event. Also called with events that are none of the handler's business: answer `Ok`.
    ///
    /// # Errors
    /// Anything: the event is handed over again later, and ends in the list of the dead after too many attempts.
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()>;
}

/// Which handing over of an event it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The event's id in the inbox: the same at every attempt.
    pub id: i64,
    /// The platform that received it.
    pub platform: PlatformId,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// When it was received.
    pub received_at: Timestamp,
}

impl Delivery {
    /// A first attempt.
    #[must_use]
    pub const fn new(id: i64, platform: PlatformId, received_at: Timestamp) -> Self {
        Self { id, platform, attempt: 1, received_at }
    }

    /// A later attempt.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

/// What arrived.
#[non_exhaustive]
pub struct Push<'a> {
    /// The raw query string, without `?`.
    pub query: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// Names and values of the headers, as far as the values are visible ASCII.
    pub headers: Vec<(&'a str, &'a str)>,
    /// When it arrived; signed timestamps must be near.
    pub received_at: Timestamp,
    /// The body.
    pub body: &'a mut [u8],
}

impl<'a> Push<'a> {
    /// A body that arrived at a time.
    #[must_use]
    pub const fn new(received_at: Timestamp, body: &'a mut [u8]) -> Self {
        Self { query: "", content_type: None, headers: Vec::new(), received_at, body }
    }

    /// With that query.
    #[must_use]
    pub const fn with_query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    /// With that content type.
    #[must_use]
    pub const fn with_content_type(mut self, content_type: Option<&'a str>) -> Self {
        self.content_type = content_type;
        self
    }

    /// With those headers.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.headers = headers.into_iter().collect();
        self
    }

    /// The value of a header, whatever the case of its name. `None` if it is absent, and if it is repeated: it is
    /// ambiguous then which value applies.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| *value);
        value.filter(|_| values.next().is_none())
    }
}

/// Prints neither query, headers nor body.
impl Debug for Push<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("content_type", &self.content_type)
            .field("received_at", &self.received_at)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A push that is kept: for tests and for handing over between threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OwnedPush {
    /// The raw query string.
    pub query: String,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// Names and values of the headers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub headers: Vec<(String, String)>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The body.
    pub body: Vec<u8>,
}

impl OwnedPush {
    /// A body that arrived at a time.
    #[must_use]
    pub const fn new(received_at: Timestamp, body: Vec<u8>) -> Self {
        Self { query: String::new(), content_type: None, headers: Vec::new(), received_at, body }
    }

    /// With that query and content type.
    #[must_use]
    pub fn with_head(mut self, query: impl Into<String>, content_type: Option<String>) -> Self {
        self.query = query.into();
        self.content_type = content_type;
        self
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The push, ready to be decoded once.
    #[must_use]
    pub fn as_push(&mut self) -> Push<'_> {
        Push {
            query: &self.query,
            content_type: self.content_type.as_deref(),
            headers: self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            received_at: self.received_at,
            body: &mut self.body,
        }
    }
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What an event says. Open: later versions may add kinds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])* $variant,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The machine name, as in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for EventKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

event_kinds! {
    /// A version passed its audit.
    AuditApproved = "audit_approved",
    /// A version failed its audit.
    AuditRejected = "audit_rejected",
    /// The vendor needs more time for an audit.
    AuditDelayed = "audit_delayed",
    /// Verdict on a name.
    NameAudited = "name_audited",
    /// Verdict on an icon.
    IconAudited = "icon_audited",
    /// Verdict on a description.
    DescriptionAudited = "description_audited",
    /// Verdict on categories.
    CategoryAudited = "category_audited",
    /// Verdict on a privacy interface.
    PrivacyAudited = "privacy_audited",
    /// Verdict on the permission to read phone numbers.
    PhonePermissionAudited = "phone_permission_audited",
    /// The permission to read phone numbers was withdrawn.
    PhonePermissionCancelled = "phone_permission_cancelled",
    /// The app's service was paused.
    ServicePaused = "service_paused",
    /// The app's service was resumed.
    ServiceResumed = "service_resumed",
    /// The vendor took the app offline.
    ForcedOffline = "forced_offline",
    /// The app has to be put in order within a time.
    RectificationRequired = "rectification_required",
    /// The vendor closed the app's traffic.
    TrafficClosed = "traffic_closed",
    /// Verdict on reopening the app's traffic.
    TrafficRecoveryAudited = "traffic_recovery_audited",
    /// Verdict on changed information of an app taken offline.
    OfflineUpdateAudited = "offline_update_audited",
    /// A ticket for the platform's token.
    Ticket = "ticket",
    /// A merchant authorized the platform.
    Authorized = "authorized",
    /// A merchant changed what the platform may do.
    AuthorizationUpdated = "authorization_updated",
    /// A merchant revoked the authorization.
    AuthorizationRevoked = "authorization_revoked",
    /// Basic information of an app changed.
    AppChanged = "app_changed",
    /// A package changed.
    PackageChanged = "package_changed",
    /// Anything else: name and payload are kept.
    Unknown = "unknown",
}

/// A verified push.
///
/// Its texts borrow from the caller's buffer where they can; [`into_owned`](Self::into_owned) frees it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event<'a> {
    /// Who pushed it.
    pub vendor: Vendor,
    /// The app that the message names. Where it names none, the receiver sets the app of the route, once that is known
    /// to be the right one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app_id: Option<AppId>,
    /// The platform that the message names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub platform_id: Option<PlatformId>,
    /// The app's original id, where the message names the app by that alone. Bind it to the route's app: a genuine
    /// push replayed to another app's route differs in nothing else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub original_id: Option<Cow<'a, str>>,
    /// What it says.
    pub kind: EventKind,
    /// When it happened, by the vendor's word.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub occurred_at: Option<Timestamp>,
    /// The vendor's name of the event; empty where the message names none.
    pub raw_event: Cow<'a, str>,
    /// The verdict, for the kinds ending in `_audited`; absent where the push does not tell it beyond doubt: query then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approved: Option<bool>,
    /// The vendor's words as received: whoever typed them may have typed control characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Cow<'a, str>>,
    /// The package it is about; absent where what the vendor sent cannot be an id. `payload` holds it in any case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package_id: Option<PackageId>,
    /// The version it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<Cow<'a, str>>,
    /// Every field as received, control characters in texts included; the field of the [`credential`](Self::credential)
    /// shows [`MASK`]. Other one-time codes of a vendor may be in here, and what people wrote: mind where you print it,
    /// and print texts through [`Printable`](crate::Printable).
    pub payload: Value,
    /// The ticket or authorization code that the push delivers. Neither `Debug` nor `Serialize` shows it, so that an event
    /// that was read back from JSON has none; a store keeps it sealed beside the event.
    #[serde(skip)]
    pub credential: Option<EventCredential>,
}

impl<'a> Event<'a> {
    /// An event of which only this is known.
    #[must_use]
    pub const fn new(vendor: Vendor, kind: EventKind, raw_event: Cow<'a, str>, payload: Value) -> Self {
        Self {
            vendor,
            app_id: None,
            platform_id: None,
            original_id: None,
            kind,
            occurred_at: None,
            raw_event,
            approved: None,
            reason: None,
            package_id: None,
            version: None,
            payload,
            credential: None,
        }
    }

    /// Moves a secret out of a top-level field of the payload into [`credential`](Self::credential); the field shows
    /// [`MASK`] from then on. A number counts as its digits. Does nothing if the event has a credential, and if the field
    /// is absent, empty, masked, or holds neither text nor number.
    pub fn take_credential(&mut self, field: &str, wrap: impl FnOnce(Secret) -> EventCredential) {
        if self.credential.is_some() {
            return;
        }
        let Some(value) = self.payload.get_mut(field) else { return };
        let secret = match value {
            Value::String(text) if !text.is_empty() && text != MASK => std::mem::take(text),
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        *value = Value::from(MASK);
        self.credential = Some(wrap(Secret::new(secret)));
    }

    /// The same event, independent of the buffer.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Event {
            vendor: self.vendor,
            app_id: self.app_id,
            platform_id: self.platform_id,
            original_id: self.original_id.map(owned),
            kind: self.kind,
            occurred_at: self.occurred_at,
            raw_event: Cow::Owned(self.raw_event.into_owned()),
            approved: self.approved,
            reason: self.reason.map(owned),
            package_id: self.package_id,
            version: self.version.map(owned),
            payload: self.payload,
            credential: self.credential,
        }
    }
}

/// Prints neither the payload, which may hold one-time codes and what people wrote, nor the credential.
impl Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("vendor", &self.vendor)
            .field("app_id", &self.app_id)
            .field("kind", &self.kind)
            .field("raw_event", &self.raw_event)
            .field("occurred_at", &self.occurred_at)
            .field("approved", &self.approved)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Which check refused a push. For the log of the receiver; the sender learns nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackCheck {
    /// A parameter of the query is missing, repeated or malformed.
    #[error("the query is malformed")]
    Query,
    /// The signed time is too far from now.
    #[error("the timestamp is too far from now")]
    Freshness,
    /// The envelope is malformed.
    #[error("the envelope is malformed")]
    Envelope,
    /// A plain push where only encrypted ones are accepted, or the other way round.
    #[error("the push is not in the configured mode")]
    Mode,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature,
    /// The frame cannot be opened, or is addressed to somebody else.
    #[error("the frame cannot be opened")]
    Frame,
    /// The message inside is malformed.
    #[error("the message is malformed")]
    Message,
    /// The message is about another platform.
    #[error("the message is for another receiver")]
    Receiver,
    /// The body is too large.
    #[error("the body is too large")]
    Size,
}

impl CallbackCheck {
    /// The refusal as an error.
    #[must_use]
    pub fn refuse(self, vendor: Vendor) -> Error {
        Error::new(ErrorKind::Callback, "decode")
            .for_vendor(vendor)
            .with_outcome(Outcome::NotDone)
            .with_source(self)
    }

    /// The refusal with a word on what is wrong. Never quote the push.
    #[must_use]
    pub fn because(self, vendor: Vendor, detail: impl Into<String>) -> Error {
        self.refuse(vendor).with_detail(detail)
    }

    /// The check that an error of a decoder names.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<Self>()).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ACME: Vendor = Vendor::new("acme");

    fn event(payload: Value) -> Event<'static> {
        let mut event = Event::new(ACME, EventKind::Ticket, "ticket".into(), payload);
        event.take_credential("ticket", EventCredential::Ticket);
        event
    }

    #[test]
    fn a_credential_is_neither_in_the_payload_nor_printed_nor_serialized() {
        for payload in [json!({ "ticket": "7345", "id": 1 }), json!({ "ticket": 7345, "id": 1 })] {
            let event = event(payload);
            assert_eq!(event.credential, Some(EventCredential::Ticket(Secret::new("7345"))));
            assert_eq!(event.payload, json!({ "ticket": MASK, "id": 1 }));
            let shown = serde_json::to_string(&event).unwrap();
            for text in [&shown, &format!("{event:?}"), &format!("{:?}", event.credential)] {
                assert!(!text.contains("7345"), "{text}");
            }
            let read: Event<'static> = serde_json::from_str(&shown).unwrap();
            assert_eq!((&read.payload, &read.credential), (&event.payload, &None));
            assert_eq!(event.clone().into_owned(), event);
        }
    }

    #[test]
    fn what_holds_no_secret_is_left_as_it_is() {
        for payload in [json!({}), json!([]), json!({ "ticket": "" }), json!({ "ticket": null })] {
            let event = event(payload.clone());
            assert_eq!((event.payload, event.credential), (payload, None));
        }
        for odd in [json!({ "ticket": MASK }), json!({ "ticket": { "a": "b" } }), json!({ "ticket": true })] {
            assert_eq!(event(odd.clone()).credential, None, "{odd}");
        }
    }

    #[test]
    fn an_event_has_one_credential() {
        let mut event = event(json!({ "ticket": "first", "code": "second" }));
        event.take_credential("code", EventCredential::AuthorizationCode);
        assert_eq!(event.credential, Some(EventCredential::Ticket(Secret::new("first"))));
        assert_eq!(event.payload["code"], "second");
    }

    #[test]
    fn a_header_that_is_repeated_has_no_value() {
        let mut push = OwnedPush::new(Timestamp::from_unix(0), b"canary".to_vec())
            .with_header("X-Sign", "canary")
            .with_header("x-twice", "1")
            .with_header("X-Twice", "1");
        let push = push.as_push();
        assert_eq!(push.header("x-sign"), Some("canary"));
        assert_eq!((push.header("x-twice"), push.header("absent")), (None, None));
        assert!(!format!("{push:?}").contains("canary"));
    }
}
