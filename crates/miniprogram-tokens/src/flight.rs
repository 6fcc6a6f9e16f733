//! Runs one task per scope at a time, which continues whatever happens to its waiters.

use std::pin::Pin;
use std::sync::Arc;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::Shared;
use miniprogram_core::Result;
use miniprogram_core::authorization::Permission;
use miniprogram_core::clock::{Busy, idle};
use miniprogram_core::token::TokenScope;
use miniprogram_store::TokenRecord;
use tokio::runtime::Handle;
use tracing::Instrument;

use crate::errors;
use crate::manager::{Inner, TokenManager};
use crate::task::Task;
use crate::trip::Trip;

/// A task in progress.
#[derive(Clone)]
pub(crate) struct Flight {
    /// Whether it renews the token, so that its result is shared.
    renews: bool,
    landing: Shared<Pin<Box<dyn Future<Output = Landing> + Send>>>,
}

/// The result of a task, for everyone who waits for it.
#[derive(Clone)]
struct Landing {
    result: Result<Arc<Landed>>,
    /// Keeps the clock busy until one of them continues.
    _busy: Arc<Busy>,
}

/// The result of a completed task.
#[derive(Debug)]
pub(crate) struct Landed {
    /// The current record; none if there is none.
    pub(crate) record: Option<TokenRecord>,
    /// What an authorization granted, as far as its response reported it.
    pub(crate) permissions: Vec<Permission>,
}

impl Landed {
    pub(crate) const fn new(record: TokenRecord) -> Self {
        Self { record: Some(record), permissions: Vec::new() }
    }
}

impl TokenManager {
    /// Runs a task as the only one of the scope. A renewal joins a renewal in progress and shares its result; any
    /// other task waits for its turn. The caller holds a mark of the clock.
    pub(crate) async fn fly(&self, scope: &TokenScope, task: Task) -> Result<Arc<Landed>> {
        let runtime = Handle::try_current().map_err(|_| errors::no_runtime(scope))?;
        let renews = task.renews();
        loop {
            match self.join_or_board(scope, renews) {
                Seat::Joined(flight) => {
                    let shared = renews && flight.renews;
                    let landing = wait(&self.0, flight).await;
                    if shared {
                        return landing.result;
                    }
                }
                Seat::Pilot(flight, start) => {
                    let span = tracing::debug_span!("token", vendor = %scope.vendor, platform = %scope.platform, token = %scope);
                    runtime.spawn(start.fly(task).instrument(span));
                    return wait(&self.0, flight).await.result;
                }
            }
        }
    }

    fn join_or_board(&self, scope: &TokenScope, renews: bool) -> Seat {
        let mut slots = self.0.slots();
        let slot = slots.entry(scope.clone()).or_default();
        if let Some(flight) = &slot.flight {
            return Seat::Joined(flight.clone());
        }
        let (landed, landing) = oneshot::channel();
        let busy = Arc::new(Busy::unmarked());
        let lost = errors::lost(scope);
        let landing = landing.map(|landing| landing.unwrap_or(Landing { result: Err(lost), _busy: busy }));
        let flight = Flight { renews, landing: landing.boxed().shared() };
        slot.flight = Some(flight.clone());
        let place = Place { inner: Arc::clone(&self.0), scope: scope.clone() };
        Seat::Pilot(flight, Start { trip: Trip::new(self), place, landed })
    }
}

/// A caller's role in the task of a scope.
enum Seat {
    /// Waits for the task of another caller.
    Joined(Flight),
    /// Starts its own task.
    Pilot(Flight, Start),
}

/// A task that has its slot and has not begun.
struct Start {
    trip: Trip,
    place: Place,
    landed: oneshot::Sender<Landing>,
}

impl Start {
    async fn fly(self, task: Task) {
        let Self { mut trip, place, landed } = self;
        let result = place.hold(task, &mut trip).await;
        let result = result.map(Arc::new);
        drop(landed.send(Landing { result, _busy: Arc::new(trip.into_busy()) }));
    }
}

/// A scope's slot for one task.
struct Place {
    inner: Arc<Inner>,
    scope: TokenScope,
}

impl Place {
    /// Performs the task. The slot is free before anyone is notified of the end, even if the task panicked.
    async fn hold(self, task: Task, trip: &mut Trip) -> Result<Landed> {
        task.run(trip, &self.scope).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.inner.clear(&self.scope);
    }
}

/// Waits for a task. The task is what is busy; its waiters are not.
async fn wait(inner: &Inner, flight: Flight) -> Landing {
    idle(&*inner.clock, flight.landing).await
}
