//! The room for events between their claim and the end of their handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many events may be claimed when they are received and wait to be started, per event that may be handled
/// concurrently.
const WAITING: usize = 4;

/// The room of a running dispatcher.
#[derive(Debug)]
pub(crate) struct Room {
    /// A permit for every event that may be handled concurrently. Whoever waits gets one in the order of asking.
    slots: Arc<Semaphore>,
    /// A permit for every event that may be claimed when it is received, held until the event has a slot.
    waiting: Arc<Semaphore>,
    /// The number of permits of each of the two.
    sizes: [u32; 2],
    /// Whether events may be due that nobody has claimed. New events then line up behind them in the store instead of
    /// overtaking them.
    pub(crate) behind: AtomicBool,
    /// Becomes `true` when no event is to be started any more.
    pub(crate) stopped: watch::Receiver<bool>,
    /// Becomes `true` when running handlers are to be cut off, and their events given back.
    pub(crate) handed_back: watch::Receiver<bool>,
}

impl Room {
    pub(crate) fn new(
        concurrency: u32,
        stopped: watch::Receiver<bool>,
        handed_back: watch::Receiver<bool>,
    ) -> Self {
        let permits = |number: usize| u32::try_from(number.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let concurrency = concurrency as usize;
        let sizes = [permits(concurrency), permits(concurrency.saturating_mul(WAITING))];
        let [slots, waiting] = sizes.map(|size| Arc::new(Semaphore::new(size as usize)));
        // Nobody has looked for what is due already.
        Self { slots, waiting, sizes, behind: AtomicBool::new(true), stopped, handed_back }
    }

    /// Returns the right to claim an event when it is received. If there is none, the event is left to the
    /// dispatcher, which has to be woken once it is stored.
    pub(crate) fn reserve(&self) -> Option<OwnedSemaphorePermit> {
        if self.behind.load(Ordering::Acquire) {
            return None;
        }
        let place = Arc::clone(&self.waiting).try_acquire_owned().ok();
        if place.is_none() {
            self.behind.store(true, Ordering::Release);
        }
        place
    }

    /// Returns all slots that are free now; `None` if there is none.
    pub(crate) fn free(&self) -> Option<OwnedSemaphorePermit> {
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        if free == 0 {
            return None;
        }
        Arc::clone(&self.slots).try_acquire_many_owned(free).ok()
    }

    /// Waits for a slot.
    pub(crate) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    /// Returns whether the dispatcher was dropped before it was stopped, as if the process had been killed.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.handed_back.has_changed().is_err()
    }

    /// Waits until no event is left in it. Those that wait have to be gone first, since they go on to the slots.
    pub(crate) async fn emptied(&self) {
        let [slots, waiting] = self.sizes;
        let _waiting = self.waiting.acquire_many(waiting).await;
        let _slots = self.slots.acquire_many(slots).await;
    }
}
