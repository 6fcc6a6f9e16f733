//! The durable journal of effects.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::{AppId, Clock, Intent, Journal, PlatformId, Result, Settled, Timestamp, Vendor};

use crate::tokens::PlatformKey;

/// Keeps intents. What was opened is on the disk when this returns `Ok`.
#[async_trait]
pub trait IntentStore: Debug + Send + Sync + 'static {
    /// Writes an intent down. A later attempt of the open effect replaces it.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if another effect of the app is open, and for a later
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

    /// The open intent of an app.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn pending_intent(
        &self,
        platform: &PlatformId,
        vendor: Vendor,
        app: &AppId,
    ) -> Result<Option<Intent>>;

    /// Every open intent of a platform, oldest first: unknown outcomes, to be settled at start.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn pending_intents(&self, platform: &PlatformKey) -> Result<Vec<Intent>>;
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

    async fn pending(&self, vendor: Vendor, app: &AppId) -> Result<Option<Intent>> {
        self.store.pending_intent(&self.platform, vendor, app).await
    }
}
