//! How much the daemon does at a time, and for how long.

use miniprogram_callback::{Limits, RetryPolicy};
use miniprogram_store::inbox::LONGEST_PAUSE;

use crate::cli::Serve;
use crate::config::Settings;
use crate::limits;

/// How many times its handlers' time an event is claimed for.
const LEASE_FACTOR: u32 = 5;

/// How many events are with their commands at a time unless configured otherwise.
const CONCURRENCY: u32 = 16;
/// How many files are reserved for the store, the calls of the vendors and the status.
const KEPT_FILES: u64 = 96;
/// How many files one command takes: its standard input, and what starts it.
const FILES_OF_A_COMMAND: u64 = 4;
/// The minimum number of connections, whatever files are left.
const MIN_CONNECTIONS: u64 = 16;

/// Returns how an event is retried.
pub(super) fn retry_policy(args: &Serve) -> RetryPolicy {
    let mut retry = RetryPolicy::default();
    if let Some(attempts) = args.attempts {
        retry = retry.with_max_attempts(attempts);
    }
    if let Some(timeout) = args.handler_timeout {
        retry = retry
            .with_handler_timeout(timeout)
            .with_lease(timeout.saturating_mul(LEASE_FACTOR).min(LONGEST_PAUSE));
    }
    retry
}

/// Returns how many events are handled at a time; `None` for the service's default.
pub(super) fn concurrency(args: &Serve) -> Option<u32> {
    // Each command is a process.
    args.concurrency.or(args.exec.is_some().then_some(CONCURRENCY))
}

/// Returns the limits of the service. Raises the limit of open files as far as they need.
pub(super) fn limits(args: &Serve, settings: &Settings) -> Limits {
    let mut bounds = Limits::default();
    if let Some(timeout) = args.shutdown_timeout {
        bounds = bounds.with_shutdown_timeout(timeout);
    }
    if let Some(bytes) = args.max_body_memory.or(settings.max_body_memory) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let max_body = bounds.max_body.min(bytes);
        bounds = bounds.with_max_body_memory(bytes).with_max_body(max_body);
    }
    if let Some(connections) = args.max_connections.or(settings.max_connections) {
        bounds = bounds.with_max_connections(usize::try_from(connections).unwrap_or(usize::MAX));
    }
    let commands = concurrency(args).filter(|_| args.exec.is_some()).unwrap_or_default();
    within_open_files(bounds, u64::from(commands))
}

/// Allows as many connections as wanted, or as many as there can be files for.
fn within_open_files(bounds: Limits, commands: u64) -> Limits {
    let wanted = bounds.max_connections as u64;
    let used = limits::open_files().unwrap_or_default();
    let kept = used.saturating_add(KEPT_FILES).saturating_add(commands.saturating_mul(FILES_OF_A_COMMAND));
    let Some(may) = limits::raise_open_files(kept.saturating_add(wanted)) else { return bounds };
    let left = may.saturating_sub(kept).max(MIN_CONNECTIONS);
    if left >= wanted {
        return bounds;
    }
    tracing::warn!(
        open_files = may,
        wanted,
        connections = left,
        "too few files may be open: fewer connections are served"
    );
    bounds.with_max_connections(usize::try_from(left).unwrap_or(usize::MAX))
}
