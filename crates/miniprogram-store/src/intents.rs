//! The durable journal of effects.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::clock::Clock;
use miniprogram_core::journal::Journal;
use miniprogram_core::{
    Command, EarlierEffect, Intent, PlatformId, Result, Settled, SubjectId, Timestamp, Vendor,
};
use serde::Serialize;

use crate::tokens::PlatformKey;

/// The open intents of a platform.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct OpenIntents {
    /// Oldest first.
    pub intents: Vec<Intent>,
    /// Intents that cannot be read; they are open nevertheless.
    pub unreadable: Vec<UnreadableIntent>,
}

impl OpenIntents {
    /// Creates a list of readable intents.
    #[must_use]
    pub const fn new(intents: Vec<Intent>) -> Self {
        Self { intents, unreadable: Vec::new() }
    }
}

/// An open intent that cannot be read: an effect whose outcome is unknown, and whose arguments may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableIntent {
    /// The app as stored, or the platform if the effect acts on the platform itself.
    pub app: Option<String>,
    /// The operation as stored.
    pub operation: Option<String>,
    /// The number of the attempt.
    pub attempt: Option<i64>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}

impl UnreadableIntent {
    /// Creates an intent of which nothing else is known.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            app: None,
            operation: None,
            attempt: None,
            started_at: None,
            reason: reason.into(),
            lacks_key: false,
        }
    }
}

/// Stores intents. When opening an intent returns `Ok`, it is durable.
#[async_trait]
pub trait IntentStore: Debug + Send + Sync + 'static {
    /// Stores an intent. A later attempt of the open effect replaces it.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if another effect of the subject is open, and for a
    /// later attempt of an effect that another process has settled in the meantime; nothing is written then.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn open_intent(&self, platform: &PlatformId, intent: &Intent) -> Result<()>;

    /// Stores the outcome of an intent. Does nothing if it is already closed.
    ///
    /// The outcome is visible to all readers at once, but may become durable only with the next write. If the
    /// machine crashes before that, the intent is open again and is settled once more.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn close_intent(
        &self,
        platform: &PlatformId,
        intent: &Intent,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<()>;

    /// Stores the outcome of a subject's open intent that cannot be read. Returns whether there is one.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if it can be read, or could be read with a key that
    /// was not provided; [`Store`](miniprogram_core::ErrorKind::Store).
    async fn close_unreadable_intent(
        &self,
        platform: &PlatformKey,
        subject: &SubjectId,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<bool>;

    /// Returns the open intent of an app, or of the platform itself.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), also for an unreadable intent: it is open.
    async fn pending_intent(
        &self,
        platform: &PlatformId,
        vendor: Vendor,
        subject: &SubjectId,
    ) -> Result<Option<Intent>>;

    /// Returns the latest effect of a subject that was this very command and was closed at `since` or later.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), also if a later one cannot be read.
    async fn closed_intent(
        &self,
        platform: &PlatformId,
        vendor: Vendor,
        subject: &SubjectId,
        command: &Command,
        since: Timestamp,
    ) -> Result<Option<EarlierEffect>>;

    /// Returns every open intent of a platform, oldest first: unknown outcomes, to be settled at startup. An
    /// unreadable intent is reported and does not block the others.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn pending_intents(&self, platform: &PlatformKey) -> Result<OpenIntents>;

    /// Deletes intents that were closed before the given time. Returns the number of deleted intents. The
    /// deletion is done in parts, between which other writes proceed.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn prune_intents(&self, closed_before: Timestamp) -> Result<u64>;
}

/// The journal of one platform over a store, to be passed to `ClientConfig::with_journal` of `miniprogram-core`.
#[derive(Debug, Clone)]
pub struct StoreJournal {
    store: Arc<dyn IntentStore>,
    platform: PlatformId,
    clock: Arc<dyn Clock>,
}

impl StoreJournal {
    /// Creates the journal of a platform.
    #[must_use]
    pub fn new(store: Arc<dyn IntentStore>, platform: impl Into<PlatformId>, clock: Arc<dyn Clock>) -> Self {
        Self { store, platform: platform.into(), clock }
    }
}

#[async_trait]
impl Journal for StoreJournal {
    async fn open(&self, intent: &Intent) -> Result<()> {
        self.store.open_intent(&self.platform, intent).await
    }

    async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()> {
        self.store.close_intent(&self.platform, intent, settled, self.clock.now()).await
    }

    async fn pending(&self, vendor: Vendor, subject: &SubjectId) -> Result<Option<Intent>> {
        self.store.pending_intent(&self.platform, vendor, subject).await
    }

    async fn settled(
        &self,
        vendor: Vendor,
        subject: &SubjectId,
        command: &Command,
        since: Timestamp,
    ) -> Result<Option<EarlierEffect>> {
        self.store.closed_intent(&self.platform, vendor, subject, command, since).await
    }
}
