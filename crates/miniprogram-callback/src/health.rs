//! The recorded health of the delivery and the store, and of components beside them.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_store::InboxCounts;

/// A component besides the receiver whose state `/readyz` shows, such as the renewal of tokens.
pub trait HealthCheck: Debug + Send + Sync + 'static {
    /// Returns its name among the problems of `/readyz`: lower case, such as `renewals`.
    fn name(&self) -> &'static str;

    /// Returns what is wrong, without any secret; `None` if nothing is. Called at most once a second, on the
    /// runtime, so it must not block.
    fn problem(&self) -> Option<String>;
}

/// The last reading of the store; absent if there was none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<T> {
    pub(crate) at: Timestamp,
    pub(crate) lasts: Duration,
    pub(crate) value: Option<T>,
}

/// Locked while the store is queried, so that concurrent requests share one reading.
pub(crate) type Kept<T> = tokio::sync::Mutex<Option<Reading<T>>>;

/// The recorded state of the delivery and the store.
#[derive(Debug, Default)]
pub(crate) struct Health {
    pub(crate) counts: Kept<InboxCounts>,
    /// Whether the store is the one that was opened.
    pub(crate) in_place: Kept<bool>,
    /// Why the store refuses every write, if its key was replaced.
    pub(crate) replaced_key: Kept<Option<String>>,
    pub(crate) page: tokio::sync::Mutex<Option<(Timestamp, String)>>,
    /// The time since which attempts or claims failed and no event was completed.
    pub(crate) failing_since: Mutex<Option<Timestamp>>,
    /// When the dispatcher last completed an iteration; absent if none runs here.
    pub(crate) turned: Mutex<Option<Timestamp>>,
}

impl Health {
    /// Records that an attempt, or claiming events, failed at that time.
    pub(crate) fn failed(&self, now: Timestamp) {
        self.failing_since.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
    }

    /// Records that an event was completed, or that none is left.
    pub(crate) fn advanced(&self) {
        *self.failing_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Records an iteration of the dispatcher; `None` on its graceful shutdown.
    pub(crate) fn turned(&self, now: Option<Timestamp>) {
        *self.turned.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
