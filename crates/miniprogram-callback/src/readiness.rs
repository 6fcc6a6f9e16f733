//! The contents of `/healthz` and `/readyz`: whether to restart the process, whether to send it pushes, what to
//! check.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use miniprogram_core::Result;
use miniprogram_store::InboxCounts;
use serde_json::{Value, json};

use crate::health::{Kept, Reading};
use crate::metrics;
use crate::state::Shared;

/// How long the store may take to respond.
const READABLE_WITHIN: Duration = Duration::from_secs(2);
/// How long the store may take to respond if the prober would restart the process when there is no response.
const PROBED_WITHIN: Duration = Duration::from_millis(500);
/// For how long a reading counts as current: at least this, and at least a multiple of the time it took.
const READING_LASTS: Duration = Duration::from_secs(1);
const READING_SHARE: u32 = 20;
/// How long events may wait without any event being completed before the delivery counts as stalled.
const STALLED_AFTER: Duration = Duration::from_secs(300);

impl Shared {
    /// Returns a current reading of the store, or a recent one.
    async fn read<T: Clone>(&self, kept: &Kept<T>, ask: impl Future<Output = Result<T>>) -> Option<T> {
        let mut kept = kept.lock().await;
        let now = self.clock.now();
        if let Some(reading) = kept.as_ref().filter(|reading| now.since(reading.at) < reading.lasts) {
            return reading.value.clone();
        }
        let value = self.within(READABLE_WITHIN, ask).await.and_then(Result::ok);
        let at = self.clock.now();
        let lasts = at.since(now).saturating_mul(READING_SHARE).max(READING_LASTS);
        *kept = Some(Reading { at, lasts, value: value.clone() });
        value
    }

    async fn counts(&self) -> Option<InboxCounts> {
        let counts = self.read(&self.health.counts, self.store.counts()).await;
        if let Some(counts) = &counts {
            metrics::events(counts);
            if counts.pending == 0 {
                self.health.advanced();
            }
        }
        metrics::stalled(self.failing_for());
        counts
    }

    /// Returns whether the store is the one that was opened, as far as that can be determined.
    async fn in_place(&self) -> Option<bool> {
        self.read(&self.health.in_place, self.store.verify()).await
    }

    /// Returns why the store refuses every write, as far as that can be determined.
    async fn replaced_key(&self) -> Option<String> {
        self.read(&self.health.replaced_key, self.store.replaced_key()).await.flatten()
    }

    /// Returns for how long no event was completed although one was attempted.
    fn failing_for(&self) -> Duration {
        let since = *self.health.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| self.clock.now().since(since))
    }

    /// Returns whether the dispatcher is making progress, if one runs here.
    fn turns(&self) -> bool {
        let turned = *self.health.turned.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = (self.retry.poll + self.retry.handler_timeout) * 2;
        turned.is_none_or(|at| self.clock.now().since(at) <= longest)
    }

    /// Returns a problem that only a restart fixes; `None` if there is none.
    pub(crate) async fn mortal(&self) -> Option<&'static str> {
        if self.within(PROBED_WITHIN, self.in_place()).await.flatten() == Some(false) {
            return Some("the store is not the one that was opened");
        }
        (!self.turns()).then_some("events are no longer delivered")
    }

    /// Returns whether pushes should be sent here, and everything that needs attention.
    pub(crate) async fn readiness(&self) -> (bool, Value) {
        let (counts, place) = (self.counts().await, self.in_place().await);
        let stopping = self.stopping.load(Ordering::Acquire);
        let writable = !self.store_fails();
        let in_place = place != Some(false);
        let pending = counts.map(|counts| counts.pending);
        let unreadable = counts.map(|counts| counts.unreadable);
        let over = |max: u64| pending.is_some_and(|pending| pending > max);
        let backlogged = self.limits.max_backlog.is_some_and(over);
        let replaced_key = self.replaced_key().await;
        let seals = replaced_key.is_none();
        let ready = counts.is_some() && writable && in_place && seals && !stopping && !backlogged;
        let stalled = self.failing_for();
        let advances = stalled < STALLED_AFTER && self.turns();
        let mut problems: Vec<String> = [
            (counts.is_none(), "store: it cannot be read"),
            (!writable, "store: a push could not be kept a moment ago"),
            (!in_place, "store: it is not the one that was opened"),
            (backlogged, "inbox: too many events are pending"),
            (!advances, "hand_over: it does not advance"),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, words)| words.to_owned())
        .collect();
        if let Some(events) = unreadable.filter(|events| *events > 0) {
            problems.push(format!("inbox: {events} events cannot be read; see `miniprogram store check`"));
        }
        problems.extend(replaced_key.map(|why| format!("store: {why}")));
        let beside = self.checks.iter();
        problems.extend(beside.filter_map(|check| Some(format!("{}: {}", check.name(), check.problem()?))));
        let state = json!({
            "ready": ready,
            "problems": problems,
            "store_readable": counts.is_some(),
            "store_writable": writable,
            "store_in_place": place,
            "store_key_is_current": seals,
            "stopping": stopping,
            "backlogged": backlogged,
            "hand_over_advances": advances,
            "hand_over_stalled_seconds": stalled.as_secs(),
            "pending": pending,
            "dead": counts.map(|counts| counts.dead),
            "unreadable": unreadable,
        });
        (ready, state)
    }

    /// Returns the metrics page, at most a second old.
    pub(crate) async fn metrics_page(&self) -> String {
        let mut kept = self.health.page.lock().await;
        let now = self.clock.now();
        if let Some((at, page)) = &*kept
            && now.since(*at) < READING_LASTS
        {
            return page.clone();
        }
        // If the store cannot be read, the inbox metrics keep their values.
        self.counts().await;
        let page = self.metrics.as_ref().map(|handle| handle.render()).unwrap_or_default();
        *kept = Some((self.clock.now(), page.clone()));
        page
    }
}
