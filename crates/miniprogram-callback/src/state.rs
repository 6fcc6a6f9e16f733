//! The state shared by requests and handlers.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use miniprogram_core::clock::{Clock, within};
use miniprogram_core::{EventHandler, Timestamp};
use miniprogram_store::{Aliases, PlatformKey, ReceiverStore};
use tokio::sync::{Notify, Semaphore};

use crate::health::{Health, HealthCheck};
use crate::limits::{Limits, RetryPolicy};
use crate::lookups::Lookups;
use crate::metrics::Page;
use crate::platform::CallbackPlatform;
use crate::room::Room;

/// For how long a failure of the store is remembered.
const FAILURE_LASTS: Duration = Duration::from_secs(10);

/// State shared by requests and handlers.
pub(crate) struct Shared {
    /// The owner name under which events are claimed.
    pub(crate) owner: String,
    pub(crate) store: Arc<dyn ReceiverStore>,
    pub(crate) platforms: HashMap<PlatformKey, CallbackPlatform>,
    pub(crate) handlers: Vec<Arc<dyn EventHandler>>,
    pub(crate) aliases: Option<Arc<dyn Aliases>>,
    pub(crate) lookups: Lookups,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    /// The memory left for bodies, in units.
    pub(crate) body_memory: Arc<Semaphore>,
    pub(crate) retry: RetryPolicy,
    pub(crate) concurrency: u32,
    pub(crate) metrics: Option<Arc<dyn Page>>,
    pub(crate) public_status: bool,
    pub(crate) checks: Vec<Arc<dyn HealthCheck>>,
    pub(crate) health: Health,
    /// Where requests hand events to the dispatcher; none if none runs here.
    pub(crate) room: Mutex<Option<Arc<Room>>>,
    /// Wakes the dispatcher.
    pub(crate) arrived: Notify,
    pub(crate) stopping: AtomicBool,
    /// When a write to the store last failed.
    pub(crate) failed: Mutex<Option<Timestamp>>,
    /// When each check was last warned about.
    pub(crate) warned: Mutex<HashMap<&'static str, Timestamp>>,
}

impl Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("platforms", &self.platforms.keys())
            .field("handlers", &self.handlers)
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Runs some work unless it exceeds the limit.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, work: F) -> Option<F::Output> {
        within(&*self.clock, limit, work).await
    }

    /// Waits; the caller is not busy in the meantime.
    pub(crate) async fn pause(&self, duration: Duration) {
        self.clock.deadline(duration).await;
    }

    /// Returns whether to warn about a check now: at most once a minute each, so that a flood of rejections is
    /// not a flood of log lines.
    pub(crate) fn is_worth_a_warning(&self, check: &'static str) -> bool {
        let now = self.clock.now();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        match warned.get(check) {
            Some(at) if now.since(*at) < Duration::from_secs(60) => false,
            _ => {
                warned.insert(check, now);
                true
            }
        }
    }

    /// Returns whether the store accepts nothing, as far as that is known. This expires, as otherwise nothing
    /// would be tried again.
    pub(crate) fn store_fails(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| self.clock.now().since(at) < FAILURE_LASTS)
    }

    /// Records whether the store accepted a write.
    pub(crate) fn store_worked(&self, worked: bool) {
        let failed = if worked { None } else { Some(self.clock.now()) };
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// Lets requests hand events to a room until it is dropped.
pub(crate) struct Open<'s>(&'s Shared);

impl<'s> Open<'s> {
    pub(crate) fn new(shared: &'s Shared, room: &Arc<Room>) -> Self {
        shared.set_room(Some(Arc::clone(room)));
        Self(shared)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.set_room(None);
    }
}

impl Shared {
    /// Returns the room of the running dispatcher; none if no events are started here.
    pub(crate) fn room(&self) -> Option<Arc<Room>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_room(&self, room: Option<Arc<Room>>) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = room;
    }
}
