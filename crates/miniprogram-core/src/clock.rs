//! The clock that is passed in: waits and deadlines without real waiting in tests.

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

/// A future that ends when a clock says so.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from.
///
/// `SystemClock` (feature `client`) is the real one. `VirtualClock` (feature `test-util`) jumps ahead whenever nothing
/// is busy, so a settle time of 15 seconds costs a test nothing, while requests travel over real sockets.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> Timestamp;

    /// Pauses the caller, who must hold a [`Busy`] mark from [`enter`](Self::enter): while the pause lasts, the mark
    /// does not count.
    fn sleep(&self, duration: Duration) -> Wait;

    /// Ends after the duration; meant to race I/O. The caller stays busy.
    fn deadline(&self, duration: Duration) -> Wait;

    /// Marks the caller as busy until the mark is dropped. Hold exactly one mark per running operation.
    fn enter(&self) -> Busy;

    /// Holds back an answer that somebody else waits for, for a time or (with `None`) for good: that waiting does
    /// not count as busy. For servers that play a vendor.
    fn stall(&self, duration: Option<Duration>) -> Wait {
        match duration {
            Some(duration) => self.sleep(duration),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// A mark that something is at work; see [`Clock::enter`].
#[derive(Debug, Default)]
#[must_use = "dropping the mark ends the work it stands for"]
pub struct Busy {
    /// What the end of the work is told to.
    #[cfg(any(test, feature = "test-util"))]
    _mark: Option<manual::BusyMark>,
}

impl Busy {
    /// The mark of a clock that does not count.
    pub const fn unmarked() -> Self {
        Self {
            #[cfg(any(test, feature = "test-util"))]
            _mark: None,
        }
    }
}
