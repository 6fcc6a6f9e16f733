//! Work in progress and its mark on the clock.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use miniprogram_core::authorization::{AuthorizationApi, PlatformAuth, PlatformProof};
use miniprogram_core::clock::Busy;
use miniprogram_core::token::{TokenProvider, TokenScope};
use miniprogram_core::{Error, Outcome, Result, Retry, Timestamp};

use crate::manager::TokenManager;

const MIN_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Work in progress: holds one mark of the clock, and lends it to the calls it makes.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) manager: TokenManager,
    busy: Option<Busy>,
}

impl Work {
    pub(crate) fn new(manager: &TokenManager) -> Self {
        Self { manager: manager.clone(), busy: Some(manager.0.clock.enter()) }
    }

    /// Returns the mark, for the code that continues.
    pub(crate) fn into_busy(self) -> Busy {
        self.busy.unwrap_or_default()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.manager.0.clock.now()
    }

    pub(crate) async fn pause(&self, duration: Duration) {
        self.manager.0.clock.sleep(duration).await;
    }

    /// Waits for a future that marks the clock itself, without a gap between its mark and this one.
    pub(crate) async fn lend<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut held = self.busy.take();
        let clock = &self.manager.0.clock;
        let (output, busy) = poll_fn(|context| {
            let mark = held.take().unwrap_or_else(|| clock.enter());
            future.as_mut().poll(context).map(|output| (output, mark))
        })
        .await;
        self.busy = Some(busy);
        output
    }

    /// Performs a call with the proof of the platform's identity that the vendor demands. A refused token is
    /// replaced once, and the call is sent once more, since a refused call did nothing.
    pub(crate) async fn with_platform<T, F: Future<Output = Result<T>>>(
        &mut self,
        api: &dyn AuthorizationApi,
        send: impl Fn(PlatformAuth) -> F,
    ) -> Result<T> {
        if api.platform_proof() == PlatformProof::Signature {
            return self.lend(send(PlatformAuth::Signed)).await;
        }
        let scope = TokenScope::platform(api.vendor(), api.platform_id().clone());
        // Whatever error fetching a token returns: the call itself was not sent, or was refused.
        let token = self.manager.token(&scope).await.map_err(|error| error.with_outcome(Outcome::NotSent))?;
        let error = match self.lend(send(token.clone().into())).await {
            Err(error) if error.retry() == Retry::AfterRefresh && error.outcome() == Outcome::NotDone => {
                error
            }
            result => return result,
        };
        let refused = |error: Error| error.with_outcome(Outcome::NotDone);
        self.manager.reject(&scope, &token).await.map_err(refused)?;
        let fresh = self.manager.token(&scope).await.map_err(refused)?;
        if fresh == token { Err(error) } else { self.lend(send(fresh.into())).await }
    }

    /// Makes a short, jittered pause before something is sent again.
    pub(crate) async fn pause_briefly(&self) {
        let span = (MAX_PAUSE - MIN_PAUSE).mul_f64(self.manager.0.random());
        self.pause(MIN_PAUSE + span).await;
    }
}
