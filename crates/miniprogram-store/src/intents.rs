//! The durable journal of effects.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::{Clock, Intent, Journal, PlatformId, Result, Settled, SubjectId, Timestamp, Vendor};
use serde::Serialize;

use crate::tokens::PlatformKey;

/// The open intents of a platform.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct OpenIntents {
    /// Oldest first.
    pub intents: Vec<Intent>,
    /// Those that cannot be read: they are open all the same.
    pub unreadable: Vec<UnreadableIntent>,
}

impl OpenIntents {
    /// Intents that can be read.
    #[must_use]
    pub const fn new(intents: Vec<Intent>) -> Self {
        Self { intents, unreadable: Vec::new() }
    }
}

/// An open intent that cannot be read: an effect whose outcome is unknown, and whose arguments may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableIntent {
    /// The app, or the platform where the effect is its own, as it is written down.
    pub app: Option<String>,
    /// The operation, as it is written down.
    pub operation: Option<String>,
    /// Which attempt it was.
    pub attempt: Option<i64>,
    /// When it was begun.
    pub started_at: Option<Timestamp>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}

impl UnreadableIntent {
    /// An intent of which nothing else is known.
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

/// Keeps intents. What was opened is on the disk when this returns `Ok`.
#[async_trait]
pub trait IntentStore: Debug + Send + Sync + 'static {
    /// Writes an intent down. A later attempt of the open effect replaces it.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if another effect of the subject is open, and for a later
    /// attempt of an effect that somebody else has settled meanwhile; nothing is written then.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn open_intent(&self, platform: &PlatformId, intent: &Intent) -> Result<()>;

    /// Writes down what came of an intent. Nothing happens if it is closed already.
    ///
    /// Everybody sees it at once, but it may reach the disk with the next write only: if the machine goes down before
    /// that, the intent is open again, and is settled once more.
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

    /// Writes down what came of a subject's open intent that cannot be read. Answers whether there is one.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if it can be read, or could be with a key that is not given;
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn close_unreadable_intent(
        &self,
        platform: &PlatformKey,
        subject: &SubjectId,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<bool>;

    /// The open intent of an app, or of the platform itself.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), also for one that cannot be read: it is open.
    async fn pending_intent(
        &self,
        platform: &PlatformId,
        vendor: Vendor,
        subject: &SubjectId,
    ) -> Result<Option<Intent>>;

    /// Every open intent of a platform, oldest first: unknown outcomes, to be settled at start. One that cannot be read is
    /// named, and holds no other back.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn pending_intents(&self, platform: &PlatformKey) -> Result<OpenIntents>;

    /// Forgets intents that were closed before that time. Answers how many there were. Other writes go on between the
    /// parts of it.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn prune_intents(&self, closed_before: Timestamp) -> Result<u64>;
}

/// The journal of one platform over a store: what `ClientConfig::with_journal` of `miniprogram-core` takes.
#[derive(Debug, Clone)]
pub struct StoreJournal {
    store: Arc<dyn IntentStore>,
    platform: PlatformId,
    clock: Arc<dyn Clock>,
}

impl StoreJournal {
    /// The journal of a platform.
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
}
