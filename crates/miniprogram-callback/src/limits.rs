//! Resource limits of requests, and the retry policy for handlers.

use std::time::Duration;

use miniprogram_core::callback::DEFAULT_MAX_BODY;
use miniprogram_core::clock::backoff;
use miniprogram_core::{Error, ErrorKind, Result};
use miniprogram_store::inbox::LONGEST_PAUSE;

/// The unit in which the memory of bodies is allocated, in bytes.
pub(crate) const MEMORY_UNIT: usize = 1 << 10;

/// The resource limits of requests.
///
/// The memory used by bodies is bounded by `max_body_memory` plus 16 KiB for each of `max_connections`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The maximum size of a body in bytes: 1 MiB. A platform's configuration may set less.
    pub max_body: usize,
    /// How long a request's head may take, and how long a connection may wait for the next request: 5 s.
    pub header_timeout: Duration,
    /// How long a body may take: 3 s.
    pub body_timeout: Duration,
    /// How long a request may take in total, from its head to its response: 4 s. WeChat closes the connection
    /// after 5 s, Baidu after 2 s when it delivers a customer's message. A request that takes longer gets a 503
    /// response, and the vendor delivers again.
    pub answer_timeout: Duration,
    /// How long the lookup of an unknown alias may delay the response: 1 s.
    pub lookup_timeout: Duration,
    /// How many aliases may be looked up per platform and minute: 60. Apps without a record in the store
    /// share an additional tenth of that. Arriving pushes and waiting events each have this budget.
    pub max_lookups: u32,
    /// The maximum number of connections to the callbacks: 512. A further connection displaces the one that has
    /// been waiting for a request the longest; it does so too if the process cannot open any more files.
    pub max_connections: usize,
    /// For how long an idle connection is protected from displacement: 100 ms. A client sends its request shortly
    /// after it connects; without this protection, peers that connect repeatedly would leave other clients no
    /// time.
    pub connection_grace: Duration,
    /// The maximum number of connections to the address of health, readiness and metrics, if these have their own
    /// address: 16.
    pub max_status_connections: usize,
    /// The maximum memory of all bodies together, not counting the first 16 KiB of each: 64 MiB. A body without
    /// room gets a 503 response, and the vendor delivers again.
    pub max_body_memory: usize,
    /// How long shutdown waits for responses and handlers in progress: 20 s.
    pub shutdown_timeout: Duration,
    /// The number of pending events at which the service counts as not ready; none by default. A service that is
    /// not ready receives no pushes at all.
    pub max_backlog: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: DEFAULT_MAX_BODY,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(3),
            answer_timeout: Duration::from_secs(4),
            lookup_timeout: Duration::from_secs(1),
            max_lookups: 60,
            max_connections: 512,
            connection_grace: Duration::from_millis(100),
            max_status_connections: 16,
            max_body_memory: 64 << 20,
            shutdown_timeout: Duration::from_secs(20),
            max_backlog: None,
        }
    }
}

impl Limits {
    /// Sets the maximum size of a body in bytes.
    #[must_use]
    pub const fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sets how long a request's head may take.
    #[must_use]
    pub const fn with_header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets how long a body may take.
    #[must_use]
    pub const fn with_body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// Sets how long a request may take in total.
    #[must_use]
    pub const fn with_answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = timeout;
        self
    }

    /// Sets how long the lookup of an unknown alias may delay the response.
    #[must_use]
    pub const fn with_lookup_timeout(mut self, timeout: Duration) -> Self {
        self.lookup_timeout = timeout;
        self
    }

    /// Sets how many aliases may be looked up per platform and minute.
    #[must_use]
    pub const fn with_max_lookups(mut self, lookups: u32) -> Self {
        self.max_lookups = lookups;
        self
    }

    /// Sets the maximum number of connections.
    #[must_use]
    pub const fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets for how long an idle connection is protected from displacement.
    #[must_use]
    pub const fn with_connection_grace(mut self, grace: Duration) -> Self {
        self.connection_grace = grace;
        self
    }

    /// Sets the maximum number of connections to the address of health, readiness and metrics.
    #[must_use]
    pub const fn with_max_status_connections(mut self, connections: usize) -> Self {
        self.max_status_connections = connections;
        self
    }

    /// Sets the maximum memory of all bodies together.
    #[must_use]
    pub const fn with_max_body_memory(mut self, bytes: usize) -> Self {
        self.max_body_memory = bytes;
        self
    }

    /// Sets how long shutdown waits.
    #[must_use]
    pub const fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Sets the number of pending events at which the service counts as not ready.
    #[must_use]
    pub const fn with_max_backlog(mut self, events: Option<u64>) -> Self {
        self.max_backlog = events;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        at_least_one("max_body", self.max_body)?;
        at_least_one("max_connections", self.max_connections)?;
        at_least_one("max_status_connections", self.max_status_connections)?;
        at_least_one("max_lookups", self.max_lookups as usize)?;
        if self.max_body_memory < self.max_body {
            return Err(misconfigured(
                "max_body_memory",
                "is less than max_body: the largest body never fits",
            ));
        }
        for (field, timeout) in [
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
            ("answer_timeout", self.answer_timeout),
        ] {
            more_than_none(field, timeout)?;
        }
        Ok(())
    }
}

/// How often and for how long handlers are called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// After how many failed attempts an event is dead-lettered: 10.
    pub max_attempts: u32,
    /// The pause after the first failed attempt: 1 s. Each further pause is about twice as long.
    pub min_pause: Duration,
    /// The longest pause: 10 minutes. 1 hour at most.
    pub max_pause: Duration,
    /// How long all handlers together may take for one event: 1 minute. Exceeding it is a failed attempt.
    pub handler_timeout: Duration,
    /// For how long an event is claimed: 5 minutes, longer than `handler_timeout`, 1 hour at most. Afterwards the
    /// claims of a killed process are delivered again.
    pub lease: Duration,
    /// How often the inbox is checked although nothing arrived here: 1 s. This finds events that another process
    /// on the same store has put back or left behind.
    pub poll: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 10,
            min_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(600),
            handler_timeout: Duration::from_secs(60),
            lease: Duration::from_secs(300),
            poll: Duration::from_secs(1),
        }
    }
}

impl RetryPolicy {
    /// Sets after how many failed attempts an event is dead-lettered.
    #[must_use]
    pub const fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the shortest and the longest pause between attempts.
    #[must_use]
    pub const fn with_pauses(mut self, min: Duration, max: Duration) -> Self {
        self.min_pause = min;
        self.max_pause = max;
        self
    }

    /// Sets how long all handlers together may take for one event.
    #[must_use]
    pub const fn with_handler_timeout(mut self, timeout: Duration) -> Self {
        self.handler_timeout = timeout;
        self
    }

    /// Sets for how long an event is claimed.
    #[must_use]
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how often the inbox is checked although nothing arrived here.
    #[must_use]
    pub const fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Returns the pause after an attempt, the first being 1: between half and all of a span that doubles.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let span = backoff(attempt, self.min_pause, self.max_pause);
        span.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    pub(crate) fn check(&self) -> Result<()> {
        at_least_one("max_attempts", self.max_attempts as usize)?;
        more_than_none("min_pause", self.min_pause)?;
        more_than_none("handler_timeout", self.handler_timeout)?;
        more_than_none("poll", self.poll)?;
        if self.max_pause < self.min_pause {
            return Err(misconfigured("max_pause", "is shorter than min_pause"));
        }
        if self.lease <= self.handler_timeout {
            let detail = "must be longer than handler_timeout, or two processes handle one event at a time";
            return Err(misconfigured("lease", detail));
        }
        for (field, pause) in [("max_pause", self.max_pause), ("lease", self.lease)] {
            if pause > LONGEST_PAUSE {
                let detail = "must be 1 hour at most: a store takes what is held back for longer as due";
                return Err(misconfigured(field, detail));
            }
        }
        Ok(())
    }
}

fn at_least_one(field: &'static str, value: usize) -> Result<()> {
    if value == 0 { Err(misconfigured(field, "must be at least 1")) } else { Ok(()) }
}

fn more_than_none(field: &'static str, value: Duration) -> Result<()> {
    if value.is_zero() { Err(misconfigured(field, "must be longer than nothing")) } else { Ok(()) }
}

pub(crate) fn misconfigured(field: &'static str, detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, "callback_service").with_field(field).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_are_jittered() {
        let policy = RetryPolicy::default();
        for (attempt, longest) in [(1, 1), (2, 2), (5, 16), (10, 512), (11, 600), (u32::MAX, 600)] {
            let longest = Duration::from_secs(longest);
            for _ in 0..20 {
                let pause = policy.pause(attempt);
                assert!(pause >= longest / 2 && pause <= longest, "attempt {attempt}: {pause:?}");
            }
        }
    }

    #[test]
    fn a_policy_that_cannot_work_names_its_field() {
        let second = Duration::from_secs(1);
        for (policy, field) in [
            (RetryPolicy::default().with_max_attempts(0), "max_attempts"),
            (RetryPolicy::default().with_pauses(second * 2, second), "max_pause"),
            (RetryPolicy::default().with_pauses(Duration::ZERO, second), "min_pause"),
            (RetryPolicy::default().with_lease(second * 60), "lease"),
            (RetryPolicy::default().with_lease(second * 3601), "lease"),
            (RetryPolicy::default().with_pauses(second, second * 3601), "max_pause"),
            (RetryPolicy::default().with_poll(Duration::ZERO), "poll"),
        ] {
            let error = policy.check().unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
        }
        let small = Limits::default().with_max_body_memory(DEFAULT_MAX_BODY - 1);
        assert_eq!(small.check().unwrap_err().field(), Some("max_body_memory"));
        assert_eq!(Limits::default().with_max_body(0).check().unwrap_err().field(), Some("max_body"));
        RetryPolicy::default().check().and_then(|()| Limits::default().check()).unwrap();
    }
}
