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
use crate::work::Work;

/// A task in progress.
#[derive(Clone)]
pub(crate) struct Flight {
    /// Whether it renews the token, so that its result is shared.
    renews: bool,
    result: Shared<Pin<Box<dyn Future<Output = SharedResult> + Send>>>,
}

/// The result of a task, for everyone who waits for it.
#[derive(Clone)]
struct SharedResult {
    result: Result<Arc<Completed>>,
    /// Keeps the clock busy until one of them continues.
    _busy: Arc<Busy>,
}

/// The result of a completed task.
#[derive(Debug)]
pub(crate) struct Completed {
    /// The current record; none if there is none.
    pub(crate) record: Option<TokenRecord>,
    /// What an authorization granted, as far as its response reported it.
    pub(crate) permissions: Vec<Permission>,
}

impl Completed {
    pub(crate) const fn new(record: TokenRecord) -> Self {
        Self { record: Some(record), permissions: Vec::new() }
    }
}

impl TokenManager {
    /// Runs a task as the only one of the scope. A renewal joins a renewal in progress and shares its result; any
    /// other task waits for its turn. The caller holds a mark of the clock.
    pub(crate) async fn run_alone(&self, scope: &TokenScope, task: Task) -> Result<Arc<Completed>> {
        let runtime = Handle::try_current().map_err(|_| errors::no_runtime(scope))?;
        let renews = task.renews();
        loop {
            match self.join_or_lead(scope, renews) {
                Role::Follower(flight) => {
                    let shared = renews && flight.renews;
                    let result = wait(&self.0, flight).await;
                    if shared {
                        return result.result;
                    }
                }
                Role::Leader(flight, start) => {
                    let span = tracing::debug_span!("token", vendor = %scope.vendor, platform = %scope.platform, token = %scope);
                    runtime.spawn(start.run(task).instrument(span));
                    return wait(&self.0, flight).await.result;
                }
            }
        }
    }

    fn join_or_lead(&self, scope: &TokenScope, renews: bool) -> Role {
        let mut scopes = self.0.scopes();
        let state = scopes.entry(scope.clone()).or_default();
        if let Some(flight) = &state.flight {
            return Role::Follower(flight.clone());
        }
        let (sender, result) = oneshot::channel();
        let busy = Arc::new(Busy::unmarked());
        let lost = errors::lost(scope);
        let result = result.map(|result| result.unwrap_or(SharedResult { result: Err(lost), _busy: busy }));
        let flight = Flight { renews, result: result.boxed().shared() };
        state.flight = Some(flight.clone());
        let guard = FlightGuard { inner: Arc::clone(&self.0), scope: scope.clone() };
        Role::Leader(flight, Start { work: Work::new(self), guard, sender })
    }
}

/// A caller's role in the task of a scope.
enum Role {
    /// Waits for the task of another caller.
    Follower(Flight),
    /// Starts its own task.
    Leader(Flight, Start),
}

/// A task that is registered as the one in progress and has not begun.
struct Start {
    work: Work,
    guard: FlightGuard,
    sender: oneshot::Sender<SharedResult>,
}

impl Start {
    async fn run(self, task: Task) {
        let Self { mut work, guard, sender } = self;
        let result = guard.hold(task, &mut work).await;
        let result = result.map(Arc::new);
        drop(sender.send(SharedResult { result, _busy: Arc::new(work.into_busy()) }));
    }
}

/// Ends a scope's task when it is dropped, so that the next one may begin.
struct FlightGuard {
    inner: Arc<Inner>,
    scope: TokenScope,
}

impl FlightGuard {
    /// Performs the task. The next one may begin before anyone is notified of the end, even if the task panicked.
    async fn hold(self, task: Task, work: &mut Work) -> Result<Completed> {
        task.run(work, &self.scope).await
    }
}

impl Drop for FlightGuard {
    fn drop(&mut self) {
        self.inner.clear(&self.scope);
    }
}

/// Waits for a task. The task is what is busy; its waiters are not.
async fn wait(inner: &Inner, flight: Flight) -> SharedResult {
    idle(&*inner.clock, flight.result).await
}
