//! A clock for interactive use: real time that can be advanced.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::clock::{Busy, Clock, SystemClock, VirtualClock, Wait};
use tokio::sync::watch;

/// Real time plus an offset that [`advance`](Self::advance) increases.
///
/// Clones share the offset. Advancing wakes every [`sleep`](Clock::sleep) that is due. A [`deadline`](Clock::deadline)
/// races real I/O, so it runs on real time and is unaffected.
#[derive(Debug, Clone)]
pub struct SimClock {
    offset: Arc<watch::Sender<Duration>>,
}

impl SimClock {
    /// A clock that shows real time until it is advanced.
    #[must_use]
    pub fn new() -> Self {
        Self { offset: Arc::new(watch::Sender::new(Duration::ZERO)) }
    }

    /// Moves the clock ahead.
    pub fn advance(&self, duration: Duration) {
        self.offset.send_modify(|offset| *offset = offset.saturating_add(duration));
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(*self.offset.borrow())
    }

    fn sleep(&self, duration: Duration) -> Wait {
        let clock = self.clone();
        let due = self.now().after(duration);
        Box::pin(async move {
            let mut moved = clock.offset.subscribe();
            loop {
                let left = due.since(clock.now());
                if left.is_zero() {
                    return;
                }
                tokio::select! {
                    () = SystemClock.sleep(left) => {}
                    _ = moved.changed() => {}
                }
            }
        })
    }

    fn deadline(&self, duration: Duration) -> Wait {
        SystemClock.deadline(duration)
    }

    fn enter(&self) -> Busy {
        Busy::unmarked()
    }
}

/// The simulator's clock, with the handle that advances it.
#[derive(Debug, Clone)]
pub(crate) enum Time {
    Own(SimClock),
    Virtual(VirtualClock),
    Other(Arc<dyn Clock>),
}

impl Time {
    pub(crate) fn shared(&self) -> Arc<dyn Clock> {
        match self {
            Self::Own(clock) => Arc::new(clock.clone()),
            Self::Virtual(clock) => Arc::new(clock.clone()),
            Self::Other(clock) => Arc::clone(clock),
        }
    }

    /// Advances the clock; returns `false` if it cannot be advanced.
    pub(crate) fn advance(&self, duration: Duration) -> bool {
        match self {
            Self::Own(clock) => clock.advance(duration),
            Self::Virtual(clock) => clock.advance(duration),
            Self::Other(_) => return false,
        }
        true
    }
}
