//! Where intents are kept around every effect: in a store, in memory, or nowhere.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Intent, Settled};
use crate::error::{Error, ErrorKind, Result};
use crate::id::AppId;
use crate::vendor::Vendor;

/// Where intents are written down around every effect.
#[async_trait]
pub trait Journal: Debug + Send + Sync + 'static {
    /// Called before every attempt; the effect is sent only when this has returned `Ok`. A later attempt of the same
    /// effect replaces the earlier one.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store); nothing is sent then.
    async fn open(&self, intent: &Intent) -> Result<()>;

    /// Called when the outcome is known. An intent that is never closed has to be settled.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store); the caller is told the outcome all the same, through the log.
    async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()>;

    /// The intent of an app that is open still, such as one that a killed process left behind: the next effect on the
    /// app settles it first.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store); nothing is sent then.
    async fn pending(&self, vendor: Vendor, app: &AppId) -> Result<Option<Intent>>;
}

/// Writes nothing down: effects are settled within the process, and an unknown outcome is the caller's to settle.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn open(&self, _intent: &Intent) -> Result<()> {
        Ok(())
    }

    async fn close(&self, _intent: &Intent, _settled: &Settled) -> Result<()> {
        Ok(())
    }

    async fn pending(&self, _vendor: Vendor, _app: &AppId) -> Result<Option<Intent>> {
        Ok(None)
    }
}

/// Keeps intents in memory: a caller without a store can list what is open and settle it, until the process ends. Share
/// one between several platform values to have each of them settle what another left open.
///
/// What came of the last 4,096 closed intents is kept too.
///
/// ```
/// use std::sync::Arc;
///
/// use miniprogram_core::{AppId, MemoryJournal};
///
/// let journal = Arc::new(MemoryJournal::new());
/// // ClientConfig::new(platform_id, tokens).with_journal(journal.clone())
/// assert!(journal.open_intents(&AppId::from("wx1")).is_empty());
/// ```
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    open: Vec<Intent>,
    closed: VecDeque<(Intent, Settled)>,
}

/// How many closed intents are kept.
const CLOSED: usize = 4096;

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The open intents of an app: at most one per vendor.
    #[must_use]
    pub fn open_intents(&self, app: &AppId) -> Vec<Intent> {
        self.with(|entries| entries.open.iter().filter(|intent| intent.app == *app).cloned().collect())
    }

    /// The open intents of all apps, the one that was opened first in front.
    #[must_use]
    pub fn all_open_intents(&self) -> Vec<Intent> {
        self.with(|entries| entries.open.clone())
    }

    /// What came of the closed intents of an app, oldest first.
    #[must_use]
    pub fn closed_intents(&self, app: &AppId) -> Vec<(Intent, Settled)> {
        let of_app = |(intent, _): &&(Intent, Settled)| intent.app == *app;
        self.with(|entries| entries.closed.iter().filter(of_app).cloned().collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn open(&self, intent: &Intent) -> Result<()> {
        self.with(|entries| {
            let of_app = |open: &&mut Intent| (open.vendor, &open.app) == (intent.vendor, &intent.app);
            match entries.open.iter_mut().find(of_app) {
                Some(open) if (&open.target, &open.before) == (&intent.target, &intent.before) => {
                    *open = intent.clone();
                }
                Some(_) => {
                    return Err(Error::new(ErrorKind::Conflict, intent.operation.as_str())
                        .for_vendor(intent.vendor)
                        .with_detail(format!("another effect of app {} is open", intent.app))
                        .with_advice("settle the open intent, then decide"));
                }
                None => entries.open.push(intent.clone()),
            }
            Ok(())
        })
    }

    async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()> {
        self.with(|entries| {
            entries.open.retain(|open| open != intent);
            if entries.closed.len() == CLOSED {
                entries.closed.pop_front();
            }
            entries.closed.push_back((intent.clone(), settled.clone()));
        });
        Ok(())
    }

    async fn pending(&self, vendor: Vendor, app: &AppId) -> Result<Option<Intent>> {
        let ours = |intent: &&Intent| intent.vendor == vendor && intent.app == *app;
        Ok(self.with(|entries| entries.open.iter().find(ours).cloned()))
    }
}
