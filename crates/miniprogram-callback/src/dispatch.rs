//! Delivery of the inbox's events to the handlers: in order per app, at least once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::FutureExt;
use miniprogram_core::push::Delivery;
use miniprogram_core::{Error, ErrorKind, Outcome, Result, Timestamp};
use miniprogram_store::Claim;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::Instrument;

use crate::binding::Found;
use crate::metrics;
use crate::room::Room;
use crate::service::CallbackService;
use crate::state::{Open, Shared};

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
    let room = Arc::new(Room::new(shared.concurrency, stopped.clone(), handed_back));
    let open = Open::new(shared, &room);
    let mut slots = room.free();
    while !*stopped.borrow_and_update() {
        // A store and a clock that never wait must not keep other tasks from running.
        tokio::task::consume_budget().await;
        shared.health.turned(Some(shared.clock.now()));
        let full = match slots.take() {
            Some(slots) => claim(shared, &room, slots).await,
            None => true,
        };
        let wait = if full { shared.retry.poll } else { next_look(shared).await };
        if let Some(metrics) = &shared.metrics {
            metrics.run_upkeep();
        }
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            slot = room.slot(), if full => slots = slot,
            () = shared.arrived.notified(), if !full => {}
            () = shared.pause(wait), if !full => {}
        }
        match (&mut slots, room.free()) {
            (Some(slots), Some(more)) => slots.merge(more),
            (slots, more) => *slots = slots.take().or(more),
        }
    }
    drop((open, slots));
    shared.health.turned(None);
    shared.stopping.store(true, Ordering::Release);
    if shared.within(shared.limits.shutdown_timeout, room.emptied()).await.is_none() {
        hand_back.send_replace(true);
        room.emptied().await;
    }
}

/// Claims an event for every slot. Returns whether all are used, so that more events may be due.
async fn claim(shared: &Arc<Shared>, room: &Arc<Room>, mut slots: OwnedSemaphorePermit) -> bool {
    let free = u32::try_from(slots.num_permits()).unwrap_or(u32::MAX);
    // Before the claim: what arrives meanwhile may be too late for it.
    room.behind.store(false, Ordering::Release);
    let now = shared.clock.now();
    match shared.store.claim(&shared.owner, now, shared.retry.lease, free).await {
        Ok(claims) => {
            let full = claims.len() >= free as usize;
            room.behind.fetch_or(full, Ordering::AcqRel);
            for (claim, slot) in claims.into_iter().zip(std::iter::from_fn(|| slots.split(1))) {
                tokio::spawn(hand_over_claimed(Arc::clone(shared), Arc::clone(room), claim, slot));
            }
            full
        }
        Err(error) => {
            room.behind.store(true, Ordering::Release);
            shared.health.failed(now);
            tracing::error!(%error, "events cannot be claimed");
            false
        }
    }
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

/// Delivers an event that the dispatcher has claimed.
async fn hand_over_claimed(shared: Arc<Shared>, room: Arc<Room>, claim: Claim, slot: OwnedSemaphorePermit) {
    hand_over(&shared, &room, claim).await;
    drop(slot);
    shared.arrived.notify_one();
}

/// Delivers an event that was claimed when it was received, once there is a slot. `place` is its place in the room
/// until then.
pub(crate) async fn hand_over_received(
    shared: Arc<Shared>,
    room: Arc<Room>,
    place: OwnedSemaphorePermit,
    claim: Claim,
    claimed_at: Timestamp,
) {
    let mut stopped = room.stopped.clone();
    let slot = tokio::select! {
        biased;
        slot = room.slot() => slot,
        _ = stopped.wait_for(|stopped| *stopped) => None,
    };
    if room.is_abandoned() {
        return;
    }
    let waited = shared.clock.now().since(claimed_at);
    let then = if slot.is_none() || *room.stopped.borrow() {
        give_back(&shared, &claim, None).await;
        Then::Look
    } else if waited + shared.retry.handler_timeout > shared.retry.lease {
        // Its claim could end while its handlers are running.
        let error =
            Error::new(ErrorKind::Cancelled, "handle").with_detail("waited too long for other events");
        give_back(&shared, &claim, Some(Ended::NotBegun(error))).await;
        Then::Look
    } else {
        drop(place);
        hand_over(&shared, &room, claim).await
    };
    drop(slot);
    // If the store has just been asked for the app's next event, the dispatcher would find nothing either.
    if !matches!(then, Then::Nothing) {
        shared.arrived.notify_one();
    }
}

/// Gives an event back that was claimed and not started.
async fn give_back(shared: &Arc<Shared>, claim: &Claim, ended: Option<Ended>) {
    let (outcome, _) = report(shared, claim, ended, false).await;
    metrics::attempt(claim.entry.platform.vendor, outcome, Duration::ZERO);
}

/// What comes after an event.
enum Then {
    /// The app's next event, which is claimed.
    Next(Box<Claim>),
    /// The app has no event that is due, as far as the store can tell.
    Nothing,
    /// The store was not asked.
    Look,
}

/// Delivers an event, then the later events of its app that are due: each is claimed with the write that
/// completes the previous one.
async fn hand_over(shared: &Arc<Shared>, room: &Room, claim: Claim) -> Then {
    let mut handed_back = room.handed_back.clone();
    let mut then = Then::Next(Box::new(claim));
    for left in (0..ROW).rev() {
        let Then::Next(claim) = then else { return then };
        then = hand_over_one(shared, &claim, &mut handed_back, left > 0).await;
    }
    then
}

/// Delivers one event. Its app's next event is claimed if more are wanted.
async fn hand_over_one(
    shared: &Arc<Shared>,
    claim: &Claim,
    handed_back: &mut watch::Receiver<bool>,
    more: bool,
) -> Then {
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
            back = handed_back.wait_for(|back| *back) => {
                // The dispatcher was dropped: nobody waits for the end of this.
                if back.is_err() {
                    return Then::Look;
                }
                None
            }
        };
        let more = more && !shared.stopping.load(Ordering::Acquire);
        let (outcome, next) = report(shared, claim, ended, more).await;
        tracing::Span::current().record("outcome", outcome);
        tracing::debug!("delivered");
        metrics::attempt(claim.entry.platform.vendor, outcome, started.elapsed());
        match next {
            Some(next) => Then::Next(Box::new(next)),
            None if more && outcome == "done" => Then::Nothing,
            None => Then::Look,
        }
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
                    .with_field("alias")
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
        ("dead", Some(error)) => tracing::error!(%error, "the event goes to the dead letters"),
        ("handed_back", Some(error)) => tracing::debug!(%error, "the event is handed back"),
        (_, Some(error)) => tracing::warn!(%error, "the event will be delivered again later"),
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
