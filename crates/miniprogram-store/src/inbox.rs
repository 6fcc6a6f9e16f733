//! The inbox of callbacks: received once, handed over until done.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::redact::MASK;
use miniprogram_core::{AppId, Event, EventKind, Result, Timestamp, Vendor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tokens::PlatformKey;

/// The longest time for which an event may be claimed or postponed: 1 hour. What a store holds back for longer was
/// written down by a clock that ran ahead since, and is due.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// For how long a done event is to be kept at least: 7 days. A vendor repeats a push within that time, and may replay what
/// it could not deliver.
pub const SHORTEST_MEMORY: Duration = Duration::from_secs(7 * 86_400);

/// What makes two deliveries the same event: the event itself, and not how it was sealed. A vendor's retries come
/// with another nonce, signature and ciphertext, and timestamp and nonce can be exchanged under the same signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventIdentity(String);

impl EventIdentity {
    /// The identity of an event that a platform received: a digest of platform, app, name and every field, whatever
    /// order the fields came in and whether numbers came as text. The credential counts in the place that it was taken
    /// from, as if it were still there.
    ///
    /// Where the message names its app by an original id, that id is among the fields and the app is left out: the app
    /// is then the receiver's finding, by the route or by a lookup, and one message must not become several by it.
    #[must_use]
    pub fn of(platform: &PlatformKey, event: &Event<'_>) -> Self {
        let mut digest = Sha256::new();
        let named = event.app_id.as_ref().filter(|_| event.original_id.is_none());
        let app = named.map_or("", AppId::as_str);
        for part in [platform.vendor.as_str(), platform.platform.as_str(), app, &event.raw_event] {
            feed(&mut digest, 's', part);
        }
        let credential = event.credential.as_ref().map(|credential| credential.secret().expose());
        feed_value(&mut digest, &event.payload, credential);
        Self(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The identity as it is kept: hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One that was kept.
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

fn feed(digest: &mut Sha256, kind: char, text: &str) {
    digest.update(format!("{kind}{}:", text.len()));
    digest.update(text);
}

/// Feeds a value; a masked text in it is the credential that was taken from there, if one was.
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
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            feed(digest, 'o', &members.len().to_string());
            for (name, value) in members {
                feed(digest, 's', name);
                feed_value(digest, value, credential);
            }
        }
    }
}

/// An event that was verified and is to be kept.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewEvent {
    /// Which platform received it.
    pub platform: PlatformKey,
    /// What it says.
    pub event: Event<'static>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether the app of the route is known to be the one that the message names. Where it is not, that has to be
    /// found out before a handler sees the event.
    pub bound: bool,
}

impl NewEvent {
    /// An event whose app is certain.
    #[must_use]
    pub const fn new(platform: PlatformKey, event: Event<'static>, received_at: Timestamp) -> Self {
        Self { platform, event, received_at, bound: true }
    }

    /// Whether the app is certain.
    #[must_use]
    pub const fn with_bound(mut self, bound: bool) -> Self {
        self.bound = bound;
        self
    }

    /// Its identity.
    #[must_use]
    pub fn identity(&self) -> EventIdentity {
        EventIdentity::of(&self.platform, &self.event)
    }
}

/// What receiving an event brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// It is new, and kept under this id.
    New(i64),
    /// It was received before, under this id.
    Duplicate(i64),
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InboxState {
    /// It waits for its handlers, or is with them.
    Pending,
    /// Its handlers are done with it.
    Done,
    /// Its handlers failed too often: a person has to look.
    Dead,
}

impl InboxState {
    /// The machine name, as in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// An event in the inbox. `Debug` leaves the payload out, as [`Event`]'s does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InboxEntry {
    /// Its id: grows with the order of arrival.
    pub id: i64,
    /// Which platform received it.
    pub platform: PlatformKey,
    /// Its identity.
    pub identity: EventIdentity,
    /// What it says.
    pub event: Event<'static>,
    /// When it arrived first.
    pub received_at: Timestamp,
    /// How often it arrived.
    pub deliveries: u32,
    /// How far it has come.
    pub state: InboxState,
    /// Whether its app is certain.
    pub bound: bool,
    /// How often handlers were given it.
    pub attempts: u32,
    /// When handlers are given it next, while it is pending.
    pub due_at: Timestamp,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When its handlers were done, or gave up.
    pub finished_at: Option<Timestamp>,
}

impl InboxEntry {
    /// An entry as it stands when it has just arrived.
    #[must_use]
    pub fn new(id: i64, new: NewEvent) -> Self {
        Self {
            id,
            identity: new.identity(),
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

/// An event that is kept and cannot be read. What can be read of its row is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableEntry {
    /// Its id.
    pub id: i64,
    /// The vendor that pushed it.
    pub vendor: Option<String>,
    /// Which platform received it.
    pub platform: Option<String>,
    /// Its app; none for an event of the platform itself.
    pub app: Option<String>,
    /// What it says, by its name.
    pub kind: Option<String>,
    /// When it arrived first.
    pub received_at: Option<Timestamp>,
    /// How far it has come.
    pub state: Option<InboxState>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}

impl UnreadableEntry {
    /// An event of which nothing but its id is known.
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

/// An event as it is listed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Listed {
    /// It can be read.
    Entry(Box<InboxEntry>),
    /// It cannot.
    Unreadable(UnreadableEntry),
}

impl Listed {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> i64 {
        match self {
            Self::Entry(entry) => entry.id,
            Self::Unreadable(entry) => entry.id,
        }
    }

    /// How far it has come, if that can be read.
    #[must_use]
    pub fn state(&self) -> Option<InboxState> {
        match self {
            Self::Entry(entry) => Some(entry.state),
            Self::Unreadable(entry) => entry.state,
        }
    }

    /// The entry, if it can be read.
    #[must_use]
    pub fn readable(self) -> Option<InboxEntry> {
        match self {
            Self::Entry(entry) => Some(*entry),
            Self::Unreadable(_) => None,
        }
    }
}

/// The right to hand one event to its handlers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Claim {
    /// The event; its `attempts` counts this one.
    pub entry: InboxEntry,
    /// The claim's number: every later one of the event is greater.
    pub fence: i64,
}

impl Claim {
    /// A claim.
    #[must_use]
    pub const fn new(entry: InboxEntry, fence: i64) -> Self {
        Self { entry, fence }
    }
}

/// Which entries to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxFilter {
    /// In one state only.
    pub state: Option<InboxState>,
    /// Of one vendor only.
    pub vendor: Option<Vendor>,
    /// Of one app only.
    pub app: Option<AppId>,
    /// Of one kind only.
    pub kind: Option<EventKind>,
    /// Older than this id: the last one of the page before.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

impl InboxFilter {
    /// The newest ones of everything.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { state: None, vendor: None, app: None, kind: None, before: None, limit }
    }

    /// In one state.
    #[must_use]
    pub const fn in_state(mut self, state: Option<InboxState>) -> Self {
        self.state = state;
        self
    }

    /// Of one vendor.
    #[must_use]
    pub const fn of_vendor(mut self, vendor: Option<Vendor>) -> Self {
        self.vendor = vendor;
        self
    }

    /// Of one app.
    #[must_use]
    pub fn of_app(mut self, app: Option<AppId>) -> Self {
        self.app = app;
        self
    }

    /// Of one kind.
    #[must_use]
    pub const fn of_kind(mut self, kind: Option<EventKind>) -> Self {
        self.kind = kind;
        self
    }

    /// Older than an id.
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
    /// Waiting, or with their handlers.
    pub pending: u64,
    /// Done.
    pub done: u64,
    /// Given up.
    pub dead: u64,
    /// Of the pending events and the dead letters, those that could not be read when they were to be claimed.
    pub unreadable: u64,
}

impl InboxCounts {
    /// Counts; none is unreadable.
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

/// Keeps the events that were received. Whatever returns `Ok` is on the disk.
#[async_trait]
pub trait Inbox: Debug + Send + Sync + 'static {
    /// Keeps an event, unless it was received before. Acknowledge it to the vendor only after this.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store): do not acknowledge.
    async fn receive(&self, event: &NewEvent) -> Result<Received>;

    /// Takes events that are due, for a time. Per lane (platform and app) only the oldest one that is not finished,
    /// so that handlers see the events of an app in order; different apps side by side. A store may hand over fewer than
    /// `limit`, never more.
    ///
    /// What cannot be read is left out and counted by [`counts`](Self::counts). What is damaged becomes a dead letter, and
    /// holds nothing back. What lacks its key stays pending, holds its lane back, and is tried again after the lease.
    /// The lease is [`LONGEST_PAUSE`] at most.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn claim(&self, owner: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>>;

    /// The handlers are done.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if somebody else claimed it meanwhile; nothing is written.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<()>;

    /// The handlers are done, and the app's next event is claimed with the same write, if it has one that is due: as
    /// [`complete`](Self::complete) and [`claim`](Self::claim) of that app alone. A store that cannot do both at once
    /// completes only, as this method does unless it is implemented.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    async fn complete_and_claim(
        &self,
        claim: &Claim,
        _owner: &str,
        now: Timestamp,
        _lease: Duration,
    ) -> Result<Option<Claim>> {
        self.complete(claim, now).await.map(|()| None)
    }

    /// The handlers failed: again at that time, before any later event of the app.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    async fn postpone(&self, claim: &Claim, error: &str, due_at: Timestamp) -> Result<()>;

    /// The handlers did not get to it, for no fault of the event's: again at that time, and the attempt does not count.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    async fn hand_back(&self, claim: &Claim, why: &str, due_at: Timestamp) -> Result<()>;

    /// The handlers failed too often: the event goes to the dead, and the app's next one is free.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    async fn bury(&self, claim: &Claim, error: &str, now: Timestamp) -> Result<()>;

    /// The app of a claimed event is certain now.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    async fn mark_bound(&self, claim: &Claim) -> Result<()>;

    /// Puts a finished event back, to be handed over again. Answers whether there is such an event.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if it is pending.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn replay(&self, id: i64, now: Timestamp) -> Result<bool>;

    /// One entry.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn entry(&self, id: i64) -> Result<Option<Listed>>;

    /// The entries of a filter, newest first. One that cannot be read is listed as such.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn entries(&self, filter: &InboxFilter) -> Result<Vec<Listed>>;

    /// When the next pending event is due or the next claim runs out; `None` if nothing is pending.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn next_due(&self) -> Result<Option<Timestamp>>;

    /// How many events are in each state.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn counts(&self) -> Result<InboxCounts>;

    /// Forgets done events that were finished before that time; a duplicate of one would count as new, so keep them for
    /// [`SHORTEST_MEMORY`] at least. Answers how many there were. Other writes go on between the parts of it.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn prune(&self, finished_before: Timestamp) -> Result<u64>;

    /// The same for dead events.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn prune_dead(&self, finished_before: Timestamp) -> Result<u64>;
}
