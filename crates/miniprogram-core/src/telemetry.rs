//! What an operator sees of the calls: spans, events and metrics.
//!
//! Every operation has a span, and so has every request of it. Fields whose value is not known are absent.
//!
//! | span | level | fields |
//! |---|---|---|
//! | `operation` | info | `vendor`, `platform`, `app` (absent if it acts on the platform itself), `operation`; of an effect, once it has ended: `outcome`, `evidence`, `attempts`, `request_id`, `ms` |
//! | `attempt` | debug, in the span of its operation | `endpoint`, `path`, `attempt`, `status` (of HTTP), `request_id`, `result` (`ok` or the error's kind), `outcome`, `ms` |
//!
//! | event | level | when |
//! |---|---|---|
//! | `the effect is done`, `the effect did not take place` | info | an effect has ended, with the fields of its span and the error |
//! | `the outcome of the effect is unknown` | warn | the same, and the vendor could not be asked |
//! | `settled an earlier effect` | info | an effect that an earlier call left open is settled |
//! | `answered`, `failed` | debug | a request has ended, with the fields of its span |
//!
//! | metric | labels |
//! |---|---|
//! | `miniprogram_calls_total` | `vendor`, `operation`, `result`: `ok` or the error's kind |
//! | `miniprogram_calls_seconds` | `vendor`, `operation`: a histogram of the time from sending a request to its answer |
//! | `miniprogram_effects_total` | `vendor`, `operation`, `outcome` |
//!
//! Metrics go to the recorder of the crate `metrics` that the process has installed, if any. No token, key, argument or
//! answer is in any of them. An app's id is in spans and events only, since metrics with a label per app would grow with
//! the fleet.

use std::time::{Duration, Instant};

use metrics::{counter, describe_counter, describe_histogram, histogram};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::effect::Effect;
use crate::error::Error;
use crate::id::{PlatformId, SubjectRef};
use crate::outcome::Outcome;
use crate::vendor::Vendor;

const CALLS: &str = "miniprogram_calls_total";
/// The name of the histogram, for a recorder that wants to know its buckets.
pub const CALL_SECONDS: &str = "miniprogram_calls_seconds";
const EFFECTS: &str = "miniprogram_effects_total";

/// Describes the metrics to the recorder that is installed.
pub fn describe() {
    describe_counter!(CALLS, "Requests to vendors, by vendor, operation and result");
    describe_histogram!(
        CALL_SECONDS,
        "Seconds from a request to a vendor to its answer, by vendor and operation"
    );
    describe_counter!(EFFECTS, "Effects that ended, by vendor, operation and outcome");
}

/// What is seen of one operation.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) span: Span,
    vendor: Vendor,
    operation: &'static str,
    begun: Instant,
}

/// What is seen of one request.
#[derive(Debug)]
pub(crate) struct WatchedAttempt {
    pub(crate) span: Span,
    vendor: Vendor,
    operation: &'static str,
    begun: Instant,
}

impl Watched {
    pub(crate) fn begin(
        vendor: Vendor,
        platform: &PlatformId,
        subject: SubjectRef<'_>,
        operation: &'static str,
    ) -> Self {
        let span = tracing::info_span!(
            "operation",
            %vendor,
            %platform,
            app = Empty,
            operation,
            outcome = Empty,
            evidence = Empty,
            attempts = Empty,
            request_id = Empty,
            ms = Empty,
        );
        if let SubjectRef::App(app) = subject {
            span.record("app", display(app));
        }
        Self { span, vendor, operation, begun: Instant::now() }
    }

    /// Begins to watch a request of the operation.
    pub(crate) fn attempt(&self, endpoint: &str, path: &str, attempt: u32) -> WatchedAttempt {
        let span = tracing::debug_span!(
            parent: &self.span,
            "attempt",
            endpoint,
            path,
            attempt,
            status = Empty,
            request_id = Empty,
            result = Empty,
            outcome = Empty,
            ms = Empty,
        );
        WatchedAttempt { span, vendor: self.vendor, operation: self.operation, begun: Instant::now() }
    }

    /// Records how an effect ended.
    pub(crate) fn effect_ended<T>(&self, subject: SubjectRef<'_>, result: &Result<Effect<T>, Error>) {
        let (span, ms) = (&self.span, millis(self.begun.elapsed()));
        let outcome = result.as_ref().map_or_else(Error::outcome, |_| Outcome::Done);
        span.record("outcome", display(outcome)).record("ms", ms);
        let labels = [
            ("vendor", self.vendor.to_string()),
            ("operation", self.operation.to_owned()),
            ("outcome", outcome.to_string()),
        ];
        counter!(EFFECTS, &labels).increment(1);
        match result {
            Ok(effect) => {
                span.record("evidence", display(effect.evidence)).record("attempts", effect.attempts);
                if let Some(request_id) = &effect.request_id {
                    span.record("request_id", request_id);
                }
                tracing::info!(parent: span, "the effect is done");
            }
            Err(error) => {
                span.record("attempts", error.attempts());
                if let Some(request_id) = error.request_id() {
                    span.record("request_id", request_id);
                }
                match outcome {
                    Outcome::Unknown => {
                        // With a log of warnings only, the span and its fields are off.
                        tracing::warn!(parent: span, vendor = %self.vendor, %subject, operation = self.operation, %error, "the outcome of the effect is unknown");
                    }
                    Outcome::Done => tracing::info!(parent: span, %error, "the effect is done"),
                    _ => tracing::info!(parent: span, %error, "the effect did not take place"),
                }
            }
        }
    }
}

impl WatchedAttempt {
    /// Records the status of the response.
    pub(crate) fn answered_with(&self, status: u16) {
        self.span.record("status", status);
    }

    /// Records how the request ended: the vendor's id of it, or the error.
    pub(crate) fn ended(&self, result: Result<Option<&str>, &Error>) {
        let (span, took) = (&self.span, self.begun.elapsed());
        let (name, request_id) = match result {
            Ok(request_id) => ("ok", request_id),
            Err(error) => (error.kind().as_str(), error.request_id()),
        };
        span.record("result", name).record("ms", millis(took));
        if let Some(request_id) = request_id {
            span.record("request_id", request_id);
        }
        let of = [("vendor", self.vendor.to_string()), ("operation", self.operation.to_owned())];
        histogram!(CALL_SECONDS, &of).record(took.as_secs_f64());
        let [vendor, operation] = of;
        counter!(CALLS, &[vendor, operation, ("result", name.to_owned())]).increment(1);
        match result {
            Ok(_) => tracing::debug!(parent: span, "answered"),
            Err(error) => {
                span.record("outcome", display(error.outcome()));
                tracing::debug!(parent: span, %error, "failed");
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
