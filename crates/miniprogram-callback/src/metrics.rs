//! Metrics: their names, and the page that shows them.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use miniprogram_core::Vendor;
use miniprogram_core::callback::Route;
use miniprogram_store::InboxCounts;

use crate::refusal::Refusal;

const REQUESTS: &str = "miniprogram_callback_requests_total";
const REFUSALS: &str = "miniprogram_callback_refusals_total";
pub(crate) const ACKNOWLEDGE: &str = "miniprogram_callback_acknowledge_seconds";
const CONNECTIONS: &str = "miniprogram_callback_connections";
const DISPLACED: &str = "miniprogram_callback_connections_displaced_total";
const LOOKUPS: &str = "miniprogram_alias_lookups_total";
const STALLED: &str = "miniprogram_hand_over_stalled_seconds";
const EVENTS: &str = "miniprogram_inbox_events";
const ATTEMPTS: &str = "miniprogram_handler_attempts_total";
pub(crate) const HANDLING: &str = "miniprogram_handler_seconds";
const TICKETS: &str = "miniprogram_tickets_total";

/// The page of a recorder.
pub(crate) trait Page: Debug + Send + Sync {
    /// Returns the page.
    fn render(&self) -> String;

    /// Frees memory. Has to be called periodically, also while the page is not read.
    fn run_upkeep(&self);
}

pub(crate) fn describe() {
    describe_counter!(REQUESTS, "Requests to callback URLs, by vendor, route and outcome");
    describe_counter!(REFUSALS, "Refused requests, by vendor and check");
    describe_histogram!(ACKNOWLEDGE, "Seconds from a push's head to its acknowledgement, by vendor");
    describe_gauge!(CONNECTIONS, "Open connections");
    describe_counter!(DISPLACED, "Waiting connections that were closed in favour of new ones");
    describe_counter!(LOOKUPS, "Aliases that were to be looked up, by vendor and outcome");
    describe_gauge!(STALLED, "For how long events wait and none was done");
    describe_gauge!(EVENTS, "Events in the inbox, by state");
    describe_counter!(ATTEMPTS, "Events given to the handlers, by vendor and outcome");
    describe_counter!(TICKETS, "Tickets that arrived, by vendor and whether it is the newest one");
    describe_histogram!(HANDLING, "Seconds that the handlers took for one event, by vendor");
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A new event was stored.
    Received,
    /// The event was already stored.
    Duplicate,
    /// The check of a URL was answered.
    Verified,
    /// Rejected.
    Refused,
    /// The store failed, or took too long.
    Unavailable,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Duplicate => "duplicate",
            Self::Verified => "verified",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

fn name(vendor: Option<Vendor>) -> String {
    vendor.map_or_else(|| "none".to_owned(), |vendor| vendor.to_string())
}

pub(crate) fn request(vendor: Option<Vendor>, route: Route, outcome: Outcome, started: Instant) {
    let vendor = name(vendor);
    counter!(REQUESTS, "vendor" => vendor.clone(), "route" => route.as_str(), "outcome" => outcome.as_str())
        .increment(1);
    if matches!(outcome, Outcome::Received | Outcome::Duplicate) {
        histogram!(ACKNOWLEDGE, "vendor" => vendor).record(started.elapsed());
    }
}

pub(crate) fn refusal(vendor: Option<Vendor>, refusal: Refusal) {
    counter!(REFUSALS, "vendor" => name(vendor), "check" => refusal.as_str()).increment(1);
}

pub(crate) fn connected() {
    gauge!(CONNECTIONS).increment(1.0);
}

pub(crate) fn disconnected() {
    gauge!(CONNECTIONS).decrement(1.0);
}

pub(crate) fn displaced() {
    counter!(DISPLACED).increment(1);
}

pub(crate) fn events(counts: &InboxCounts) {
    let states = [
        ("pending", counts.pending),
        ("done", counts.done),
        ("dead", counts.dead),
        ("unreadable", counts.unreadable),
    ];
    for (state, count) in states {
        gauge!(EVENTS, "state" => state).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    }
}

pub(crate) fn lookup(vendor: Vendor, outcome: &'static str) {
    counter!(LOOKUPS, "vendor" => vendor.to_string(), "outcome" => outcome).increment(1);
}

pub(crate) fn ticket(vendor: Vendor, newest: bool) {
    counter!(TICKETS, "vendor" => vendor.to_string(), "newest" => newest.to_string()).increment(1);
}

pub(crate) fn stalled(span: Duration) {
    gauge!(STALLED).set(span.as_secs_f64());
}

pub(crate) fn attempt(vendor: Vendor, outcome: &'static str, took: Duration) {
    counter!(ATTEMPTS, "vendor" => vendor.to_string(), "outcome" => outcome).increment(1);
    histogram!(HANDLING, "vendor" => vendor.to_string()).record(took);
}
