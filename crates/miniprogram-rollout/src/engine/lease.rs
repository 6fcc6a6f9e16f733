//! How long this process may still change something.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::clock::Clock;

/// The lease of a driver, shared with the actions that it has begun.
///
/// A process that was paused goes on in the middle of what it was doing. An effect is therefore sent only while the lease
/// has a margin left by the clock, whatever the driver will find out next. Reads end there too, except those of an effect
/// that has begun.
///
/// What remains possible: the process is paused between that look at the clock and the request itself, the request travels
/// for longer than the margin, or the clock is wrong by more than that. The intent of the effect is open then, and the next
/// driver settles it before it sends anything for that app. The paused process cannot store its own steps, since another
/// one has a greater fencing number.
#[derive(Debug)]
pub(super) struct Lease {
    clock: Arc<dyn Clock>,
    /// Until when, in milliseconds since 1970, less the margin.
    until: AtomicI64,
    margin: Duration,
}

impl Lease {
    pub(super) fn new(clock: Arc<dyn Clock>, length: Duration, until: Timestamp) -> Self {
        let lease = Self { clock, until: AtomicI64::new(0), margin: length / 6 };
        lease.renewed(until);
        lease
    }

    pub(super) fn renewed(&self, until: Timestamp) {
        let margin = i64::try_from(self.margin.as_millis()).unwrap_or(i64::MAX);
        self.until.store(until.as_unix_millis().saturating_sub(margin), Ordering::Relaxed);
    }

    /// Returns whether an effect may be sent.
    pub(super) fn is_held(&self) -> bool {
        self.clock.now().as_unix_millis() < self.until.load(Ordering::Relaxed)
    }

    /// Reads something for as long as an effect may be sent: what is read later helps nobody. An effect is not given up
    /// like this: what has been sent is worth settling, whoever drives by then.
    pub(super) async fn reading<T>(&self, reads: impl Future<Output = T>) -> Option<T> {
        let mut reads = pin!(reads);
        poll_fn(|context| match self.is_held() {
            true => reads.as_mut().poll(context).map(Some),
            false => Poll::Ready(None),
        })
        .await
    }
}
