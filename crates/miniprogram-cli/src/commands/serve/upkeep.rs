//! What the daemon does at intervals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use miniprogram::Timestamp;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram_store::{PlatformKey, Store};

/// How often the open effects are counted.
const COUNT_EVERY: Duration = Duration::from_secs(60);

/// How often old records are deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// Counts the open effects that cannot be read.
pub(super) async fn count_unreadable_effects(
    store: Arc<dyn Store>,
    platforms: Vec<PlatformKey>,
    unreadable: Arc<AtomicUsize>,
) {
    loop {
        let mut found = 0;
        for platform in &platforms {
            match store.pending_intents(platform).await {
                Ok(open) => found += open.unreadable.len(),
                Err(error) => tracing::warn!(%error, "the open effects could not be listed"),
            }
        }
        unreadable.store(found, Ordering::Relaxed);
        SystemClock.deadline(COUNT_EVERY).await;
    }
}

/// Deletes events and effects that have been done for longer than `keep`.
pub(super) async fn prune(store: Arc<dyn Store>, keep: Duration) {
    let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let clock = SystemClock;
    loop {
        let before = clock.now().as_unix_millis().saturating_sub(keep);
        match store.prune(Timestamp::from_unix_millis(before)).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "events that were done for long are forgotten"),
            Err(error) => tracing::warn!(%error, "events that are done for long could not be forgotten"),
        }
        match store.prune_intents(Timestamp::from_unix_millis(before)).await {
            Ok(0) => {}
            Ok(effects) => tracing::info!(effects, "effects that were closed for long are forgotten"),
            Err(error) => tracing::warn!(%error, "effects that are closed for long could not be forgotten"),
        }
        clock.deadline(PRUNE_EVERY).await;
    }
}
