//! Delivery of the inbox's events to the handlers: in order per app, at least once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::FutureExt;
use miniprogram_core::push::Delivery;
use miniprogram_core::{Error, ErrorKind, Outcome, Result};
use miniprogram_store::Claim;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::binding::Found;
use crate::metrics;
use crate::service::CallbackService;
use crate::state::Shared;

/// How often to report the result of a claim before it is left to expire.
const REPORTS: u32 = 3;
/// The interval at which the store is queried again for events that are due but held back by an earlier event of
/// their app.
const RECHECK: Duration = Duration::from_secs(1);
/// How many events of one app are delivered in a row before other apps get their turn.
const ROW: u32 = 32;
/// The length of the error text stored with an event.
const MAX_ERROR: usize = 500;

impl CallbackService {
    /// Delivers events to the handlers until shutdown. Then lets running handlers finish, for as long as
    /// [`shutdown_timeout`](crate::Limits::shutdown_timeout) allows, and gives the remaining events back.
    ///
    /// [`serve`](Self::serve) does this automatically. Use this method in programs that serve
    /// [`router`](Self::router) themselves.
    pub async fn dispatch(&self, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let told = async {
            shutdown.await;
            stop.send_replace(true);
        };
        tokio::join!(run(&self.shared, stopped), told);
    }
}

/// Delivers events until it is stopped.
pub(crate) async fn run(shared: &Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let (hand_back, handed_back) = watch::channel(false);
    let mut running = JoinSet::new();
    while !*stopped.borrow_and_update() {
        // A store and a clock that never wait must not keep other tasks from running.
        tokio::task::consume_budget().await;
        shared.health.turned(Some(shared.clock.now()));
        let full = claim(shared, &mut running, &handed_back).await;
        let wait = if full { shared.retry.poll } else { next_look(shared).await };
        if let Some(metrics) = &shared.metrics {
            metrics.run_upkeep();
        }
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            Some(_) = running.join_next() => while running.try_join_next().is_some() {},
            () = shared.arrived.notified(), if !full => {}
            () = shared.pause(wait), if !full => {}
        }
    }
    shared.health.turned(None);
    shared.stopping.store(true, Ordering::Release);
    let finish = async { while running.join_next().await.is_some() {} };
    if shared.within(shared.limits.shutdown_timeout, finish).await.is_none() {
        hand_back.send_replace(true);
        while running.join_next().await.is_some() {}
    }
}

/// Claims as many events as may be handled concurrently. Returns whether that limit is reached.
async fn claim(shared: &Arc<Shared>, running: &mut JoinSet<()>, handed_back: &watch::Receiver<bool>) -> bool {
    let free = shared.concurrency.saturating_sub(u32::try_from(running.len()).unwrap_or(u32::MAX));
    if free == 0 {
        return true;
    }
    let now = shared.clock.now();
    match shared.store.claim(&shared.owner, now, shared.retry.lease, free).await {
        Ok(claims) => {
            for claim in claims {
                running.spawn(hand_over(Arc::clone(shared), claim, handed_back.clone()));
            }
        }
        Err(error) => {
            shared.health.failed(now);
            tracing::error!(%error, "events cannot be claimed");
        }
    }
    running.len() >= shared.concurrency as usize
}

/// Returns how long until something is due, as far as the store knows.
async fn next_look(shared: &Arc<Shared>) -> Duration {
    match shared.store.next_due().await {
        Ok(None) => shared.retry.poll,
        Ok(Some(due)) => {
            let wait = due.since(shared.clock.now());
            // Events that are due but could not be claimed wait for an earlier event of their app.
            if wait.is_zero() { RECHECK } else { wait.min(shared.retry.poll) }
        }
        Err(error) => {
            tracing::error!(%error, "the inbox cannot be read");
            RECHECK
        }
    }
}

/// How an attempt ended.
enum Ended {
    Done,
    /// Retry later.
    Failed(&'static str, Error),
    /// It did not begin, for reasons unrelated to the event: retry later, without counting the attempt.
    NotBegun(Error),
    /// Never retry.
    Hopeless(Error),
}

impl Ended {
    fn of(error: Error) -> Self {
        if error.kind() == ErrorKind::Cancelled && error.outcome() == Outcome::NotSent {
            return Self::NotBegun(error);
        }
        Self::Failed("failed", error)
    }
}

/// Delivers an event, then the later events of its app that are due: each is claimed with the write that
/// completes the previous one.
async fn hand_over(shared: Arc<Shared>, claim: Claim, mut handed_back: watch::Receiver<bool>) {
    let mut next = Some(claim);
    for left in (0..ROW).rev() {
        let Some(claim) = next.take() else { return };
        next = hand_over_one(&shared, &claim, &mut handed_back, left > 0).await;
    }
}

/// Returns the app's next event, if more are wanted and it is due.
async fn hand_over_one(
    shared: &Arc<Shared>,
    claim: &Claim,
    handed_back: &mut watch::Receiver<bool>,
    more: bool,
) -> Option<Claim> {
    let entry = &claim.entry;
    let span = tracing::info_span!(
        "event",
        vendor = %entry.platform.vendor,
        operation = "handle",
        platform = %entry.platform.platform,
        id = entry.id,
        kind = %entry.event.kind,
        attempt = entry.attempts,
        outcome = tracing::field::Empty,
    );
    async {
        let _busy = shared.clock.enter();
        let started = Instant::now();
        let ended = tokio::select! {
            ended = attempt(shared, claim) => Some(ended),
            _ = handed_back.wait_for(|back| *back) => None,
        };
        let more = more && !shared.stopping.load(Ordering::Acquire);
        let (outcome, next) = report(shared, claim, ended, more).await;
        tracing::Span::current().record("outcome", outcome);
        tracing::debug!("handed over");
        metrics::attempt(claim.entry.platform.vendor, outcome, started.elapsed());
        next
    }
    .instrument(span)
    .await
}

async fn attempt(shared: &Arc<Shared>, claim: &Claim) -> Ended {
    let failed = |kind, detail: &str| Error::new(kind, "handle").with_detail(detail);
    if claim.entry.attempts > shared.retry.max_attempts {
        let detail = "the process ended during every attempt, or was too slow to say that it was done";
        return Ended::Hopeless(failed(ErrorKind::Cancelled, detail));
    }
    let work = AssertUnwindSafe(ask_handlers(shared, claim)).catch_unwind();
    match shared.within(shared.retry.handler_timeout, work).await {
        Some(Ok(ended)) => ended,
        Some(Err(_)) => Ended::Failed("panicked", failed(ErrorKind::Cancelled, "a handler panicked")),
        None => Ended::Failed("timed_out", failed(ErrorKind::Timeout, "the handlers took too long")),
    }
}

async fn ask_handlers(shared: &Arc<Shared>, claim: &Claim) -> Ended {
    let entry = &claim.entry;
    let mut event = entry.event.clone();
    if !entry.bound || event.app_id.is_none() {
        match shared.find_app(&entry.platform, &mut event).await {
            Ok(Found::Known) => {}
            Ok(Found::Nobodys) => {
                let error = Error::new(ErrorKind::Callback, "bind_app")
                    .for_vendor(entry.platform.vendor)
                    .with_field("original_id")
                    .with_detail("belongs to another app than the route's; the push was replayed");
                return Ended::Hopeless(error);
            }
            Err(error) => return Ended::of(error),
        }
    }
    if !entry.bound
        && let Err(error) = shared.store.mark_bound(claim).await
    {
        return Ended::Failed("failed", error);
    }
    // Rows written before events had credentials contain tickets and codes in the payload.
    if let Some(platform) = shared.platforms.get(&entry.platform) {
        platform.protocol().take_credential(&mut event);
    }
    let delivery = Delivery::new(entry.id, entry.platform.platform.clone(), entry.received_at)
        .with_attempt(entry.attempts.max(1));
    for handler in &shared.handlers {
        if let Err(error) = handler.handle(&event, &delivery).await {
            return Ended::of(error);
        }
    }
    Ended::Done
}

/// Stores how an attempt ended; `None` if the process stops. Returns the name of the outcome, and the app's next
/// event if the handlers are done with this one and more are wanted.
async fn report(
    shared: &Arc<Shared>,
    claim: &Claim,
    ended: Option<Ended>,
    more: bool,
) -> (&'static str, Option<Claim>) {
    let stops = ended.is_none();
    let (outcome, error) = match ended {
        Some(Ended::Done) => ("done", None),
        Some(Ended::Failed(outcome, error)) if claim.entry.attempts < shared.retry.max_attempts => {
            (outcome, Some(error))
        }
        Some(Ended::Failed(_, error) | Ended::Hopeless(error)) => ("dead", Some(error)),
        Some(Ended::NotBegun(error)) => ("handed_back", Some(error)),
        None => {
            let error = Error::new(ErrorKind::Cancelled, "handle");
            ("handed_back", Some(error.with_detail("the process stopped before the handlers were done")))
        }
    };
    let words = error.as_ref().map(|error| shortened(&error.to_string())).unwrap_or_default();
    match (outcome, &error) {
        ("dead", Some(error)) => tracing::error!(%error, "the event goes to the dead"),
        ("handed_back", Some(error)) => tracing::debug!(%error, "the event is handed back"),
        (_, Some(error)) => tracing::warn!(%error, "the event is handed over again later"),
        _ => {}
    }
    let due_at = match outcome {
        "handed_back" if stops => shared.clock.now(),
        "handed_back" => shared.clock.now().after(shared.retry.min_pause),
        _ => shared.clock.now().after(shared.retry.pause(claim.entry.attempts)),
    };
    for left in (0..REPORTS).rev() {
        let now = shared.clock.now();
        let store = &shared.store;
        let written: Result<Option<Claim>> = match outcome {
            "done" if more => store.complete_and_claim(claim, &shared.owner, now, shared.retry.lease).await,
            "done" => store.complete(claim, now).await.map(|()| None),
            "dead" => store.bury(claim, &words, now).await.map(|()| None),
            "handed_back" => store.hand_back(claim, &words, due_at).await.map(|()| None),
            _ => store.postpone(claim, &words, due_at).await.map(|()| None),
        };
        match written {
            Ok(next) if outcome == "done" => {
                shared.health.advanced();
                return (outcome, next);
            }
            Ok(_) => {
                shared.health.failed(now);
                break;
            }
            Err(error) if left > 0 && error.kind() != ErrorKind::Conflict => {
                shared.pause(shared.retry.min_pause).await;
            }
            Err(error) => {
                tracing::error!(%error, "how the handlers ended cannot be written down; they see the event again");
                return ("unreported", None);
            }
        }
    }
    (outcome, None)
}

fn shortened(words: &str) -> String {
    words.chars().take(MAX_ERROR).collect()
}
