//! The injected clock: tests wait and hit deadlines without real waiting.

#[cfg(any(test, feature = "test-util"))]
mod manual;
#[cfg(feature = "client")]
mod system;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "client")]
use std::pin::pin;
use std::time::Duration;

#[cfg(feature = "client")]
use futures::future::{Either, select};

#[cfg(any(test, feature = "test-util"))]
pub use manual::VirtualClock;
#[cfg(feature = "client")]
pub use system::SystemClock;

use crate::time::Timestamp;

/// A future that completes when a clock says so.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The source of time.
///
/// `SystemClock` (feature `client`) is the real clock. `VirtualClock` (feature `test-util`) jumps ahead whenever
/// nothing is busy. A settle time of 15 seconds costs a test nothing, although requests travel over real sockets.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Pauses the caller, which must hold a [`Busy`] mark from [`enter`](Self::enter): the mark does not count
    /// during the pause.
    fn sleep(&self, duration: Duration) -> Wait;

    /// Completes after the duration; meant to race I/O. The caller stays busy.
    fn deadline(&self, duration: Duration) -> Wait;

    /// Marks the caller as busy until the mark is dropped. Hold exactly one mark per running operation.
    fn enter(&self) -> Busy;

    /// Holds back a response that another party is waiting for, for a time or (with `None`) forever. The waiting
    /// party does not count as busy. For servers that simulate a vendor.
    fn stall(&self, duration: Option<Duration>) -> Wait {
        match duration {
            Some(duration) => self.sleep(duration),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// Awaits a future for at most a time; `None` if it takes longer. The caller stays busy.
#[cfg(feature = "client")]
pub async fn within<F: Future>(clock: &dyn Clock, limit: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), clock.deadline(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// Awaits a future that marks itself as busy, such as a task whose result several callers share. The caller, which must
/// hold a mark of its own, does not count as busy in the meantime.
#[cfg(feature = "client")]
pub async fn idle<F: Future>(clock: &dyn Clock, future: F) -> F::Output {
    // Polled after the future, which begins before the waiting does.
    let waiting = async {
        clock.sleep(Duration::MAX).await;
        std::future::pending::<std::convert::Infallible>().await
    };
    match select(pin!(future), pin!(waiting)).await {
        Either::Left((output, _)) => output,
        Either::Right((never, _)) => match never {},
    }
}

/// Returns the span before an attempt is repeated, the first attempt being 1: it doubles from `first` up to `longest`.
#[must_use]
pub fn backoff(attempt: u32, first: Duration, longest: Duration) -> Duration {
    let doublings = attempt.saturating_sub(1);
    1_u32.checked_shl(doublings).map_or(longest, |factor| first.saturating_mul(factor)).min(longest)
}

/// Guard that marks work in progress; see [`Clock::enter`].
#[derive(Debug, Default)]
#[must_use = "dropping the mark ends the work it stands for"]
pub struct Busy {
    /// Notified when the work ends.
    #[cfg(any(test, feature = "test-util"))]
    _mark: Option<manual::BusyMark>,
}

impl Busy {
    /// Returns the mark of a clock that does not count marks.
    pub const fn unmarked() -> Self {
        Self {
            #[cfg(any(test, feature = "test-util"))]
            _mark: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_doubles_up_to_the_longest() {
        let span =
            |attempt| backoff(attempt, Duration::from_millis(800), Duration::from_secs(10)).as_millis();
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(span), [800, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!([32, 33, u32::MAX].map(span), [10_000; 3]);
        assert_eq!(backoff(1, Duration::from_secs(20), Duration::from_secs(10)), Duration::from_secs(10));
    }
}
