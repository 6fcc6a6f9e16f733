//! What `/healthz` and `/readyz` tell: whether to start the process anew, whether to send it pushes, what to look at.

use std::fmt::Debug;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use miniprogram_core::{Result, Timestamp};
use miniprogram_store::InboxCounts;
use serde_json::{Value, json};

use crate::numbers;
use crate::service::Shared;

/// How long the store may take to answer.
const READABLE_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take where whoever asks would start the process anew for want of an answer.
const TOLD_WITHIN: Duration = Duration::from_millis(500);
/// For how long what was read is taken for present, and how many times the reading's own time at least.
const READING_LASTS: Duration = Duration::from_secs(1);
const READING_SHARE: u32 = 20;
/// After how long without an event that was done the hand-over counts as stalled, while events wait.
const STALLED_AFTER: Duration = Duration::from_secs(300);

/// Something beside the receiver whose state `/readyz` shows, such as the renewal of tokens.
pub trait HealthCheck: Debug + Send + Sync + 'static {
    /// Its name among the problems of `/readyz`: lower case, such as `renewals`.
    fn name(&self) -> &'static str;

    /// What is wrong, without any secret; `None` if nothing is. Called at most once a second, on the runtime: it must
    /// not block.
    fn problem(&self) -> Option<String>;
}

/// What the store told last; absent if it told nothing.
#[derive(Debug, Clone, Copy)]
struct Reading<T> {
    at: Timestamp,
    lasts: Duration,
    told: Option<T>,
}

/// Held while the store is asked, so that many who ask cost one reading.
type Kept<T> = tokio::sync::Mutex<Option<Reading<T>>>;

/// What is remembered of the hand-over and the store.
#[derive(Debug, Default)]
pub(crate) struct Health {
    counts: Kept<InboxCounts>,
    /// Whether the store is the one that was opened.
    in_place: Kept<bool>,
    page: tokio::sync::Mutex<Option<(Timestamp, String)>>,
    /// Since when an attempt or a claim failed and no event was done.
    failing_since: Mutex<Option<Timestamp>>,
    /// When the dispatcher went round last; absent where none runs here.
    turned: Mutex<Option<Timestamp>>,
}

impl Health {
    /// An attempt, or taking events, failed at that time.
    pub(crate) fn failed(&self, now: Timestamp) {
        self.failing_since.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
    }

    /// An event was done, or none is left.
    pub(crate) fn advanced(&self) {
        *self.failing_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The dispatcher went round; `None` when it ends in good order.
    pub(crate) fn turned(&self, now: Option<Timestamp>) {
        *self.turned.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Shared {
    /// What the store tells, or told a moment ago.
    async fn read<T: Copy>(&self, kept: &Kept<T>, ask: impl Future<Output = Result<T>>) -> Option<T> {
        let mut kept = kept.lock().await;
        let now = self.clock.now();
        if let Some(reading) = kept.as_ref().filter(|reading| now.since(reading.at) < reading.lasts) {
            return reading.told;
        }
        let told = self.within(READABLE_WITHIN, ask).await.and_then(Result::ok);
        let at = self.clock.now();
        let lasts = at.since(now).saturating_mul(READING_SHARE).max(READING_LASTS);
        *kept = Some(Reading { at, lasts, told });
        told
    }

    async fn counts(&self) -> Option<InboxCounts> {
        let counts = self.read(&self.health.counts, self.store.counts()).await;
        if let Some(counts) = &counts {
            numbers::events(counts);
            if counts.pending == 0 {
                self.health.advanced();
            }
        }
        numbers::stalled(self.failing_for());
        counts
    }

    /// Whether the store is the one that was opened, as far as that can be told.
    async fn in_place(&self) -> Option<bool> {
        self.read(&self.health.in_place, self.store.verify()).await
    }

    /// For how long no event was done although one was tried.
    fn failing_for(&self) -> Duration {
        let since = *self.health.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| self.clock.now().since(since))
    }

    /// Whether the dispatcher goes round, where one runs here.
    fn turns(&self) -> bool {
        let turned = *self.health.turned.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = (self.retry.poll + self.retry.handler_timeout) * 2;
        turned.is_none_or(|at| self.clock.now().since(at) <= longest)
    }

    /// What only a new start sets right; `None` if nothing is of that kind.
    pub(crate) async fn mortal(&self) -> Option<&'static str> {
        if self.within(TOLD_WITHIN, self.in_place()).await.flatten() == Some(false) {
            return Some("the store is not the one that was opened");
        }
        (!self.turns()).then_some("events are not handed over any more")
    }

    /// Whether pushes should be sent here, and everything that somebody should look at.
    pub(crate) async fn readiness(&self) -> (bool, Value) {
        let (counts, place) = (self.counts().await, self.in_place().await);
        let stopping = self.stopping.load(Ordering::Acquire);
        let writable = !self.store_fails();
        let in_place = place != Some(false);
        let pending = counts.map(|counts| counts.pending);
        let unreadable = counts.map(|counts| counts.unreadable);
        let over = |max: u64| pending.is_some_and(|pending| pending > max);
        let backlogged = self.limits.max_backlog.is_some_and(over);
        let ready = counts.is_some() && writable && in_place && !stopping && !backlogged;
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
        let beside = self.checks.iter();
        problems.extend(beside.filter_map(|check| Some(format!("{}: {}", check.name(), check.problem()?))));
        let state = json!({
            "ready": ready,
            "problems": problems,
            "store_readable": counts.is_some(),
            "store_writable": writable,
            "store_in_place": place,
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

    /// The page of the metrics, at most a second old.
    pub(crate) async fn metrics_page(&self) -> String {
        let mut kept = self.health.page.lock().await;
        let now = self.clock.now();
        if let Some((at, page)) = &*kept
            && now.since(*at) < READING_LASTS
        {
            return page.clone();
        }
        // Where the store cannot be read, the numbers of the inbox stay as they were.
        self.counts().await;
        let page = self.metrics.as_ref().map(|handle| handle.render()).unwrap_or_default();
        *kept = Some((self.clock.now(), page.clone()));
        page
    }
}
