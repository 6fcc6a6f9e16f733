//! The inbox of callbacks: each event is received once and delivered until it is done.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::vendor_api::redact::MASK;
use miniprogram_core::{AppId, Event, EventKind, Result, Timestamp, Vendor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tokens::PlatformKey;

/// The longest time for which an event may be claimed or postponed: 1 hour. An event that is held back for longer
/// was written by a clock that ran ahead, and is due.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The minimum time for which to keep a done event: 7 days. A vendor repeats a push within this time, and may
/// resend pushes that it could not deliver.
pub const SHORTEST_MEMORY: Duration = Duration::from_secs(7 * 86_400);

/// The identity that makes two deliveries the same event. It depends on the event itself, not on how it was
/// sealed.
///
/// A vendor's retries come with another nonce, signature and ciphertext, and timestamp and nonce can be exchanged
/// under the same signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventIdentity(String);

impl EventIdentity {
    /// Returns the identity of an event received by a platform: a digest of platform, app, name and every field.
    /// It does not depend on the order of the fields or on whether numbers were sent as strings. The credential
    /// is included in the place it was taken from, as if it were still there.
    ///
    /// If the message names its app by an alias, that id is among the fields and the app is left out: the
    /// receiver has then determined the app by the route or by a lookup, which must not split one message into
    /// several.
    #[must_use]
    pub fn of(platform: &PlatformKey, event: &Event<'_>) -> Self {
        let mut digest = Sha256::new();
        let named = event.app_id.as_ref().filter(|_| event.alias.is_none());
        let app = named.map_or("", AppId::as_str);
        for part in [platform.vendor.as_str(), platform.platform.as_str(), app, &event.raw_event] {
            feed(&mut digest, 's', part);
        }
        let credential = event.credential.as_ref().map(|credential| credential.secret().expose());
        feed_value(&mut digest, &event.payload, credential);
        Self(hex(&digest.finalize()))
    }

    /// Returns the identity as it is stored: hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Creates an identity from its stored form.
    #[must_use]
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for EventIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Returns bytes as lower-case hex digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn feed(digest: &mut Sha256, kind: char, text: &str) {
    digest.update(format!("{kind}{}:", text.len()));
    digest.update(text);
}

/// Adds a value to the digest; a masked string in it is the credential that was taken from there, if one was.
fn feed_value(digest: &mut Sha256, value: &Value, credential: Option<&str>) {
    match value {
        Value::Null => feed(digest, 'n', ""),
        Value::Bool(value) => feed(digest, 's', if *value { "true" } else { "false" }),
        Value::Number(number) => feed(digest, 's', &number.to_string()),
        Value::String(text) if text == MASK => feed(digest, 's', credential.unwrap_or(text)),
        Value::String(text) => feed(digest, 's', text),
        Value::Array(values) => {
            feed(digest, 'a', &values.len().to_string());
            values.iter().for_each(|value| feed_value(digest, value, credential));
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            feed(digest, 'o', &fields.len().to_string());
            for (name, value) in fields {
                feed(digest, 's', name);
                feed_value(digest, value, credential);
            }
        }
    }
}

/// A verified event to be stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewEvent {
    /// The platform that received it.
    pub platform: PlatformKey,
    /// The event itself.
    pub event: Event<'static>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether the app of the route is known to be the one that the message names. If not, this has to be
    /// determined before a handler sees the event.
    pub bound: bool,
}

impl NewEvent {
    /// Creates an event whose app is certain.
    #[must_use]
    pub const fn new(platform: PlatformKey, event: Event<'static>, received_at: Timestamp) -> Self {
        Self { platform, event, received_at, bound: true }
    }

    /// Sets whether the app is certain.
    #[must_use]
    pub const fn with_bound(mut self, bound: bool) -> Self {
        self.bound = bound;
        self
    }

    /// Returns its identity.
    #[must_use]
    pub fn identity(&self) -> EventIdentity {
        EventIdentity::of(&self.platform, &self.event)
    }
}

/// The result of receiving an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// It is new, and stored under this id.
    New(i64),
    /// It was received before, under this id.
    Duplicate(i64),
}

/// The result of receiving an event and claiming it with the same write.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrived {
    /// It is new, and claimed: its lane has no other unfinished event.
    Claimed(Box<Claim>),
    /// It is new, stored under this id, and waits for an earlier event of its lane.
    /// [`complete_and_claim`](Inbox::complete_and_claim) of that event claims it.
    Waiting(i64),
    /// It is new, stored under this id, and left to [`claim`](Inbox::claim).
    Unclaimed(i64),
    /// It was received before, under this id.
    Duplicate(i64),
}

/// The processing state of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InboxState {
    /// It is waiting for its handlers, or being handled.
    Pending,
    /// Its handlers have finished.
    Done,
    /// Its handlers failed too often: it is a dead letter and needs manual attention.
    Dead,
}

impl InboxState {
    /// Returns the machine name, as used in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// An event in the inbox. Like that of [`Event`], `Debug` omits the payload.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InboxEntry {
    /// Its id, which grows in the order of arrival.
    pub id: i64,
    /// The platform that received it.
    pub platform: PlatformKey,
    /// Its identity.
    pub identity: EventIdentity,
    /// The event itself.
    pub event: Event<'static>,
    /// When it first arrived.
    pub received_at: Timestamp,
    /// How often it arrived.
    pub deliveries: u32,
    /// Its processing state.
    pub state: InboxState,
    /// Whether its app is certain.
    pub bound: bool,
    /// How often it was delivered to handlers.
    pub attempts: u32,
    /// When it is next delivered to handlers, while it is pending.
    pub due_at: Timestamp,
    /// The last error.
    pub last_error: Option<String>,
    /// When its handlers finished or gave up.
    pub finished_at: Option<Timestamp>,
}

impl InboxEntry {
    /// Creates the entry of an event that has just arrived.
    #[must_use]
    pub fn new(id: i64, new: NewEvent) -> Self {
        let identity = new.identity();
        Self::identified(id, new, identity)
    }

    /// Creates the entry of an event whose identity is known.
    pub(crate) fn identified(id: i64, new: NewEvent, identity: EventIdentity) -> Self {
        Self {
            id,
            identity,
            platform: new.platform,
            event: new.event,
            received_at: new.received_at,
            deliveries: 1,
            state: InboxState::Pending,
            bound: new.bound,
            attempts: 0,
            due_at: new.received_at,
            last_error: None,
            finished_at: None,
        }
    }
}

/// A stored event that cannot be read, with the readable parts of its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableEntry {
    /// Its id.
    pub id: i64,
    /// The vendor that pushed it.
    pub vendor: Option<String>,
    /// The platform that received it.
    pub platform: Option<String>,
    /// Its app; none for an event of the platform itself.
    pub app: Option<String>,
    /// The name of its kind.
    pub kind: Option<String>,
    /// When it first arrived.
    pub received_at: Option<Timestamp>,
    /// Its processing state.
    pub state: Option<InboxState>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}

impl UnreadableEntry {
    /// Creates the entry of an event of which only the id is known.
    #[must_use]
    pub fn new(id: i64, reason: impl Into<String>) -> Self {
        Self {
            id,
            vendor: None,
            platform: None,
            app: None,
            kind: None,
            received_at: None,
            state: None,
            reason: reason.into(),
            lacks_key: false,
        }
    }
}

/// An event in a listing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Listed {
    /// It can be read.
    Entry(Box<InboxEntry>),
    /// It cannot.
    Unreadable(UnreadableEntry),
}

impl Listed {
    /// Returns its id.
    #[must_use]
    pub fn id(&self) -> i64 {
        match self {
            Self::Entry(entry) => entry.id,
            Self::Unreadable(entry) => entry.id,
        }
    }

    /// Returns its processing state, if that can be read.
    #[must_use]
    pub fn state(&self) -> Option<InboxState> {
        match self {
            Self::Entry(entry) => Some(entry.state),
            Self::Unreadable(entry) => entry.state,
        }
    }

    /// Returns the entry, if it can be read.
    #[must_use]
    pub fn readable(self) -> Option<InboxEntry> {
        match self {
            Self::Entry(entry) => Some(*entry),
            Self::Unreadable(_) => None,
        }
    }
}

/// The right to deliver one event to its handlers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Claim {
    /// The event; its `attempts` includes this one.
    pub entry: InboxEntry,
    /// The fencing number of the claim: every later claim on the event has a greater one.
    pub fence: i64,
}

impl Claim {
    /// Creates a claim.
    #[must_use]
    pub const fn new(entry: InboxEntry, fence: i64) -> Self {
        Self { entry, fence }
    }
}

/// A filter of the entries to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxFilter {
    /// Only entries in this state.
    pub state: Option<InboxState>,
    /// Only entries of this vendor.
    pub vendor: Option<Vendor>,
    /// Only entries of this app.
    pub app: Option<AppId>,
    /// Only entries of this kind.
    pub kind: Option<EventKind>,
    /// Only entries older than this id: the last one of the previous page.
    pub before: Option<i64>,
    /// The maximum number of entries.
    pub limit: u32,
}

impl InboxFilter {
    /// Creates a filter for the newest entries of all events.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { state: None, vendor: None, app: None, kind: None, before: None, limit }
    }

    /// Restricts the filter to one state.
    #[must_use]
    pub const fn in_state(mut self, state: Option<InboxState>) -> Self {
        self.state = state;
        self
    }

    /// Restricts the filter to one vendor.
    #[must_use]
    pub const fn of_vendor(mut self, vendor: Option<Vendor>) -> Self {
        self.vendor = vendor;
        self
    }

    /// Restricts the filter to one app.
    #[must_use]
    pub fn of_app(mut self, app: Option<AppId>) -> Self {
        self.app = app;
        self
    }

    /// Restricts the filter to one kind.
    #[must_use]
    pub const fn of_kind(mut self, kind: Option<EventKind>) -> Self {
        self.kind = kind;
        self
    }

    /// Restricts the filter to entries older than an id.
    #[must_use]
    pub const fn before(mut self, id: Option<i64>) -> Self {
        self.before = id;
        self
    }
}

/// How many events are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InboxCounts {
    /// Waiting for their handlers, or being handled.
    pub pending: u64,
    /// Done.
    pub done: u64,
    /// Dead letters.
    pub dead: u64,
    /// Of the pending events and the dead letters, those that could not be read when they were about to be
    /// claimed.
    pub unreadable: u64,
}

impl InboxCounts {
    /// Creates counts without unreadable events.
    #[must_use]
    pub const fn new(pending: u64, done: u64, dead: u64) -> Self {
        Self { pending, done, dead, unreadable: 0 }
    }

    /// Sets how many of the pending events and the dead letters could not be read.
    #[must_use]
    pub const fn with_unreadable(mut self, events: u64) -> Self {
        self.unreadable = events;
        self
    }
}

/// Stores received events. When a method returns `Ok`, its changes are durable.
#[async_trait]
pub trait Inbox: Debug + Send + Sync + 'static {
    /// Stores an event, unless it was received before. Acknowledge it to the vendor only after this.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store): do not acknowledge.
    async fn receive(&self, event: &NewEvent) -> Result<Received>;

    /// Stores an event as [`receive`](Self::receive) does. If it is new and its lane has no other unfinished event,
    /// claims it with the same write, as [`claim`](Self::claim) would.
    ///
    /// The claim is lost with the returned future: drive it to its end, or the event waits for the end of the lease.
    /// A store that cannot do both at once only stores the event, as the default implementation does.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    async fn receive_and_claim(
        &self,
        event: NewEvent,
        _owner: &str,
        _now: Timestamp,
        _lease: Duration,
    ) -> Result<Arrived> {
        Ok(match self.receive(&event).await? {
            Received::New(id) => Arrived::Unclaimed(id),
            Received::Duplicate(id) => Arrived::Duplicate(id),
        })
    }

    /// Claims events that are due, for a limited time. Per lane (platform and app) only the oldest unfinished
    /// event is claimed, so that handlers see the events of an app in order; different apps are handled
    /// concurrently. A store may return fewer than `limit` events, never more.
    ///
    /// Unreadable events are left out and counted by [`counts`](Self::counts). A damaged event becomes a dead
    /// letter and blocks nothing. An event whose key is missing stays pending, blocks its lane, and is tried
    /// again after the lease. The lease is [`LONGEST_PAUSE`] at most.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn claim(&self, owner: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>>;

    /// Records that the handlers are done.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if another process has claimed it in the meantime;
    /// nothing is written. [`Store`](miniprogram_core::ErrorKind::Store).
    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<()>;

    /// Records that the handlers are done, and claims the app's next event with the same write, if one is due:
    /// like [`complete`](Self::complete) followed by [`claim`](Self::claim) for that app only.
    ///
    /// A store that cannot do both at once only completes the event, as the default implementation does.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    async fn complete_and_claim(
        &self,
        claim: &Claim,
        _owner: &str,
        now: Timestamp,
        _lease: Duration,
    ) -> Result<Option<Claim>> {
        self.complete(claim, now).await.map(|()| None)
    }

    /// Records that the handlers failed: the event is delivered again at the given time, before any later event
    /// of the app.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    async fn postpone(&self, claim: &Claim, error: &str, due_at: Timestamp) -> Result<()>;

    /// Records that the event was not delivered, for reasons unrelated to it: it is delivered again at the given
    /// time, and the attempt does not count.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    async fn hand_back(&self, claim: &Claim, why: &str, due_at: Timestamp) -> Result<()>;

    /// Records that the handlers failed too often: the event is dead-lettered, and the app's next event is free.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    async fn bury(&self, claim: &Claim, error: &str, now: Timestamp) -> Result<()>;

    /// Records that the app of a claimed event is now certain.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    async fn mark_bound(&self, claim: &Claim) -> Result<()>;

    /// Puts a finished event back so that it is delivered again. Returns whether there is such an event.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if it is pending.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn replay(&self, id: i64, now: Timestamp) -> Result<bool>;

    /// Returns one entry.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn entry(&self, id: i64) -> Result<Option<Listed>>;

    /// Returns the entries of a filter, newest first. An unreadable entry is listed as such.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn entries(&self, filter: &InboxFilter) -> Result<Vec<Listed>>;

    /// Returns when the next pending event is due or the next claim expires; `None` if nothing is pending.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn next_due(&self) -> Result<Option<Timestamp>>;

    /// Returns how many events are in each state.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn counts(&self) -> Result<InboxCounts>;

    /// Deletes done events that were finished before the given time. A duplicate of a deleted event would count
    /// as new, so keep them for [`SHORTEST_MEMORY`] at least. Returns the number of deleted events. The deletion
    /// is done in parts, between which other writes proceed.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn prune(&self, finished_before: Timestamp) -> Result<u64>;

    /// Deletes dead letters in the same way.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn prune_dead(&self, finished_before: Timestamp) -> Result<u64>;
}
