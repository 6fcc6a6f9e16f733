//! The injected clock: tests wait and hit deadlines without real waiting.

#[cfg(any(test, feature = "test-util"))]
mod manual;
#[cfg(feature = "client")]
mod system;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

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
