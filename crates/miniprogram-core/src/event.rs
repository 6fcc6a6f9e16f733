//! Pushes: their data, decoders and handlers.

mod credential;
mod fields;
mod lenient_numbers;

use std::borrow::Cow;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use credential::EventCredential;
pub use fields::Fields;
pub use lenient_numbers::{MessageTimeError, digits, message_time, positive_id};

use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::{AppId, PackageId, PlatformId};
use crate::outcome::Outcome;
use crate::redact::MASK;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// Turns a push into an event. This includes verification; it performs no I/O.
pub trait EventDecoder: Debug + Send + Sync + 'static {
    /// Returns the vendor.
    fn vendor(&self) -> Vendor;

    /// Verifies, decrypts and reads one push.
    ///
    /// The body is untouched until the signature is verified, then decoded in place; afterwards its content is
    /// unspecified.
    ///
    /// # Errors
    /// [`Callback`](ErrorKind::Callback), whose [`CallbackCheck`] names the failed check. Respond to every
    /// rejected push in the same way: 4xx without a reason.
    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>>;
}

/// Acts on received events.
///
/// An event is delivered at least once, and in the order of arrival per app. If the process is killed before it
/// could report that an event was handled, the event is delivered again. Make the handler idempotent, or store
/// [`Delivery::id`] along with its effects.
///
/// Implement it with the attribute [`async_trait`](macro@crate::async_trait), which this crate exports.
#[async_trait]
pub trait EventHandler: Debug + Send + Sync + 'static {
    /// Acts on one event. Also called for events that the handler does not handle; return `Ok(())`.
    ///
    /// # Errors
    /// Any error: the event is delivered again later, and is dead-lettered after too many attempts.
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()>;
}

/// Metadata of one delivery of an event.
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
    /// Creates the metadata of a first attempt.
    #[must_use]
    pub const fn new(id: i64, platform: PlatformId, received_at: Timestamp) -> Self {
        Self { id, platform, attempt: 1, received_at }
    }

    /// Sets the number of a later attempt.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

/// A push as it arrived.
#[non_exhaustive]
pub struct Push<'a> {
    /// The raw query string, without `?`.
    pub query: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// Names and values of the headers whose values are visible ASCII.
    pub headers: Vec<(&'a str, &'a str)>,
    /// When it arrived; signed timestamps must be close to this time.
    pub received_at: Timestamp,
    /// The body.
    pub body: &'a mut [u8],
}

impl<'a> Push<'a> {
    /// Creates a push from a body and its time of arrival.
    #[must_use]
    pub const fn new(received_at: Timestamp, body: &'a mut [u8]) -> Self {
        Self { query: "", content_type: None, headers: Vec::new(), received_at, body }
    }

    /// Sets the query.
    #[must_use]
    pub const fn with_query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    /// Sets the content type.
    #[must_use]
    pub const fn with_content_type(mut self, content_type: Option<&'a str>) -> Self {
        self.content_type = content_type;
        self
    }

    /// Sets the headers.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.headers = headers.into_iter().collect();
        self
    }

    /// Returns the value of a header; the name is case-insensitive. `None` if the header is absent, or if it is
    /// repeated, since it is then ambiguous which value applies.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| *value);
        value.filter(|_| values.next().is_none())
    }
}

/// Prints neither the query, the headers nor the body.
impl Debug for Push<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("content_type", &self.content_type)
            .field("received_at", &self.received_at)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An owned push, for tests and for passing between threads.
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
    /// Creates a push from a body and its time of arrival.
    #[must_use]
    pub const fn new(received_at: Timestamp, body: Vec<u8>) -> Self {
        Self { query: String::new(), content_type: None, headers: Vec::new(), received_at, body }
    }

    /// Sets the query and the content type.
    #[must_use]
    pub fn with_head(mut self, query: impl Into<String>, content_type: Option<String>) -> Self {
        self.query = query.into();
        self.content_type = content_type;
        self
    }

    /// Adds one more header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Returns the push, ready to be decoded once.
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
        /// The kind of an event. Later versions may add kinds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])* $variant,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the machine name, as used in JSON.
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
    /// Verdict on the app's name.
    NameAudited = "name_audited",
    /// Verdict on the app's icon.
    IconAudited = "icon_audited",
    /// Verdict on the app's description.
    DescriptionAudited = "description_audited",
    /// Verdict on the app's categories.
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
    /// The app has to be rectified within a deadline.
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
    /// A merchant changed the permissions of the platform.
    AuthorizationUpdated = "authorization_updated",
    /// A merchant revoked the authorization.
    AuthorizationRevoked = "authorization_revoked",
    /// Basic information of an app changed.
    AppChanged = "app_changed",
    /// A package changed.
    PackageChanged = "package_changed",
    /// Anything else; name and payload are kept.
    Unknown = "unknown",
}

/// A verified push.
///
/// Its strings borrow from the caller's buffer where possible; [`into_owned`](Self::into_owned) makes the event
/// independent of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The vendor that pushed it.
    pub vendor: Vendor,
    /// The app named in the message. If the message names none, the receiver sets the app of the route, once that
    /// is known to be the right one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app_id: Option<AppId>,
    /// The platform named in the message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub platform_id: Option<PlatformId>,
    /// Another name of the app by which pushes may call it, such as WeChat's original id, if the message names the app
    /// only by that. Check it against the route's app: a genuine push replayed to another app's route differs in
    /// nothing else.
    ///
    /// Earlier versions wrote it as `original_id`, which is read as well.
    #[serde(skip_serializing_if = "Option::is_none", default, alias = "original_id")]
    pub alias: Option<Cow<'a, str>>,
    /// The kind of the event.
    pub kind: EventKind,
    /// When it happened, according to the vendor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub occurred_at: Option<Timestamp>,
    /// The vendor's name for the event; empty if the message names none.
    pub raw_event: Cow<'a, str>,
    /// The verdict, for the kinds ending in `_audited`. Absent if the push does not report it unambiguously;
    /// query it then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approved: Option<bool>,
    /// The vendor's message as received. It may contain control characters, since people type it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Cow<'a, str>>,
    /// The package concerned; absent if the value that the vendor sent cannot be an id. `payload` holds it in any
    /// case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package_id: Option<PackageId>,
    /// The version concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<Cow<'a, str>>,
    /// Every field as received, including control characters in strings; the field of the
    /// [`credential`](Self::credential) shows [`MASK`].
    ///
    /// The payload may contain other one-time codes of a vendor, and text written by people. Take care where you
    /// print it, and print strings through [`Printable`](crate::vendor_api::Printable).
    pub payload: Value,
    /// The ticket or authorization code that the push delivers.
    ///
    /// Neither `Debug` nor `Serialize` shows it, so an event read back from JSON has none. A store keeps it
    /// sealed along with the event.
    #[serde(skip)]
    pub credential: Option<EventCredential>,
}

impl<'a> Event<'a> {
    /// Creates an event with only these fields set.
    #[must_use]
    pub const fn new(vendor: Vendor, kind: EventKind, raw_event: Cow<'a, str>, payload: Value) -> Self {
        Self {
            vendor,
            app_id: None,
            platform_id: None,
            alias: None,
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

    /// Moves a secret out of a top-level field of the payload into [`credential`](Self::credential); afterwards
    /// the field shows [`MASK`]. A number is converted to its digits. Does nothing if the event already has a
    /// credential, or if the field is absent, empty, masked, or neither a string nor a number.
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

    /// Returns the same event, independent of the buffer.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Event {
            vendor: self.vendor,
            app_id: self.app_id,
            platform_id: self.platform_id,
            alias: self.alias.map(owned),
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

/// Prints neither the credential nor the payload, which may contain one-time codes and text written by people.
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

/// The check that rejected a push. For the receiver's log; the sender is not informed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackCheck {
    /// A parameter of the query is missing, repeated or malformed.
    #[error("the query is malformed")]
    Query,
    /// The signed time is too far from the current time.
    #[error("the timestamp is too far from now")]
    Freshness,
    /// The envelope is malformed.
    #[error("the envelope is malformed")]
    Envelope,
    /// A plain push where only encrypted ones are accepted, or vice versa.
    #[error("the push is not in the configured mode")]
    Mode,
    /// The signature is not valid.
    #[error("the signature does not hold")]
    Signature,
    /// The frame cannot be opened, or is addressed to another receiver.
    #[error("the frame cannot be opened")]
    Frame,
    /// The message inside is malformed.
    #[error("the message is malformed")]
    Message,
    /// The message concerns another platform.
    #[error("the message is for another receiver")]
    Receiver,
    /// The body is too large.
    #[error("the body is too large")]
    Size,
}

impl CallbackCheck {
    /// Returns the rejection as an error.
    #[must_use]
    pub fn refuse(self, vendor: Vendor) -> Error {
        Error::new(ErrorKind::Callback, "decode")
            .for_vendor(vendor)
            .with_outcome(Outcome::NotDone)
            .with_source(self)
    }

    /// Returns the rejection as an error with a detail on what is wrong. Never quote the push.
    #[must_use]
    pub fn because(self, vendor: Vendor, detail: impl Into<String>) -> Error {
        self.refuse(vendor).with_detail(detail)
    }

    /// Returns the check named by an error of a decoder.
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
    fn an_alias_is_read_by_its_earlier_name() {
        let mut event = event(json!({ "id": 1 }));
        event.alias = Some("gh_1".into());
        assert_eq!(serde_json::to_value(&event).unwrap()["alias"], "gh_1");
        let stored = r#"{"vendor":"acme","original_id":"gh_1","kind":"ticket","raw_event":"ticket","payload":{"id":1}}"#;
        assert_eq!(serde_json::from_str::<Event<'static>>(stored).unwrap(), event);
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
