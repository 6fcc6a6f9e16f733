//! The open connections of a listener, and which of them makes room for another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::clock::Clock;
use tokio::sync::Notify;

use crate::metrics;
use crate::state::Shared;

/// The open connections of one listener.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Waiting>>>,
    /// Counts state changes: the connection with the lowest number has been waiting the longest.
    happened: AtomicU64,
    /// Notified when a connection has ended, or waits for its peer again.
    pub(crate) freed: Notify,
}

impl Connections {
    /// Takes a slot among the open connections, if necessary that of the one that has been waiting for a request
    /// the longest.
    pub(crate) async fn enter(self: &Arc<Self>, shared: &Shared, max: usize) -> Place {
        loop {
            match self.try_enter(max, shared) {
                Ok(place) => return place,
                Err(Some(left)) => drop(shared.within(left, self.freed.notified()).await),
                Err(None) => self.freed.notified().await,
            }
        }
    }

    fn try_enter(self: &Arc<Self>, max: usize, shared: &Shared) -> Result<Place, Option<Duration>> {
        let mut open = self.lock();
        if open.len() >= max {
            displace(&mut open, shared)?;
        }
        let number = self.next();
        let waiting = Arc::new(Waiting {
            connections: Arc::downgrade(self),
            answering: AtomicBool::new(false),
            since: Mutex::new((number, shared.clock.now())),
            clock: Arc::clone(&shared.clock),
            must_end: Notify::new(),
        });
        open.insert(number, Arc::clone(&waiting));
        metrics::connected();
        drop(open);
        Ok(Place { connections: Arc::clone(self), number, waiting })
    }

    /// Ends the connection that has been waiting for a request the longest. If it has not waited long enough,
    /// fails with the remaining time; also fails if there is none.
    pub(crate) fn displace(&self, shared: &Shared) -> Result<(), Option<Duration>> {
        displace(&mut self.lock(), shared)
    }

    fn next(&self) -> u64 {
        self.happened.fetch_add(1, Ordering::AcqRel)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Waiting>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn displace(open: &mut BTreeMap<u64, Arc<Waiting>>, shared: &Shared) -> Result<(), Option<Duration>> {
    let (now, grace) = (shared.clock.now(), shared.limits.connection_grace);
    let waiting = open.iter().filter(|(_, place)| !place.answering.load(Ordering::Acquire));
    let longest = waiting.map(|(&number, place)| (place.since(), number)).min();
    let ((_, since), number) = longest.ok_or(None)?;
    // A clock that was set back gives no information.
    let waited = if since > now { grace } else { now.since(since) };
    if waited < grace {
        return Err(Some(grace - waited));
    }
    if let Some(displaced) = open.remove(&number) {
        displaced.must_end.notify_one();
        metrics::displaced();
    }
    Ok(())
}

/// A connection's slot among the open ones.
pub(crate) struct Place {
    connections: Arc<Connections>,
    number: u64,
    pub(crate) waiting: Arc<Waiting>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.number);
        metrics::disconnected();
        self.connections.freed.notify_one();
    }
}

/// Whether and since when a connection waits for its peer, and how it is notified to end.
#[derive(Debug)]
pub(crate) struct Waiting {
    connections: Weak<Connections>,
    answering: AtomicBool,
    /// By the number of the state change, and by the clock.
    since: Mutex<(u64, Timestamp)>,
    clock: Arc<dyn Clock>,
    pub(crate) must_end: Notify,
}

impl Waiting {
    /// Marks that a whole request has arrived: the connection stays until the mark is dropped.
    pub(crate) fn answering(self: &Arc<Self>) -> Answering {
        self.answering.store(true, Ordering::Release);
        Answering(Arc::clone(self))
    }

    fn since(&self) -> (u64, Timestamp) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The guard of [`Waiting::answering`].
#[derive(Debug)]
pub(crate) struct Answering(Arc<Waiting>);

impl Drop for Answering {
    fn drop(&mut self) {
        let connections = self.0.connections.upgrade();
        if let Some(connections) = &connections {
            let since = (connections.next(), self.0.clock.now());
            *self.0.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
        }
        self.0.answering.store(false, Ordering::Release);
        if let Some(connections) = connections {
            connections.freed.notify_one();
        }
    }
}
