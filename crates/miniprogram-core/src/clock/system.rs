use std::time::Duration;

use super::{Busy, Clock, Wait};
use crate::time::Timestamp;

/// The clock of the operating system, with the timers of tokio.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the real clock waits for real")]
    fn sleep(&self, duration: Duration) -> Wait {
        Box::pin(tokio::time::sleep(duration))
    }

    fn deadline(&self, duration: Duration) -> Wait {
        self.sleep(duration)
    }

    fn enter(&self) -> Busy {
        Busy::unmarked()
    }
}
