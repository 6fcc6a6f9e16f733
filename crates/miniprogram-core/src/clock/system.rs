use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Busy, Clock, Wait};
use crate::time::Timestamp;

/// The clock of the operating system, with the timers of tokio.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's time")]
    fn now(&self) -> Timestamp {
        let now = SystemTime::now();
        let millis = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Timestamp::from_unix_millis(millis)
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
