//! The effects that were open when the daemon started: each is settled, in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{Error, Intent, MiniProgramPlatform, Outcome};
use miniprogram_store::rollouts::RolloutFilter;
use miniprogram_store::{PlatformKey, Store};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many effects are settled at a time.
const AT_A_TIME: usize = 16;
/// How many of the newest rollouts are asked whether an app is theirs.
const NEWEST: u32 = 1000;

/// How old an effect is that no other process works on any more: longer than an upload with all of its attempts. A
/// younger one may be in progress, or its command is about to be repeated and needs its result.
const ABANDONED_AFTER: Duration = Duration::from_secs(300);

/// Settles every open effect, as soon as it is [abandoned](ABANDONED_AFTER). Those of apps in a rollout are left to its
/// driver: repeating the call settles them, and the rollout needs what it yields.
pub(super) async fn settle(
    store: Arc<dyn Store>,
    platforms: Vec<(PlatformKey, Arc<dyn MiniProgramPlatform>)>,
    left: Arc<AtomicUsize>,
) {
    let mut open = Vec::new();
    for (key, platform) in &platforms {
        match store.pending_intents(key).await {
            Ok(page) => open
                .extend(page.intents.into_iter().map(|intent| (key.clone(), Arc::clone(platform), intent))),
            Err(error) => tracing::error!(%error, "the open effects cannot be listed"),
        }
    }
    if open.is_empty() {
        return;
    }
    left.store(open.len(), Ordering::Relaxed);
    tracing::info!(effects = open.len(), "effects are open: they are being settled");
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut settling = JoinSet::new();
    for (key, platform, intent) in open {
        let (store, turns, left) = (Arc::clone(&store), Arc::clone(&turns), Arc::clone(&left));
        settling.spawn(async move {
            let settled = match abandoned(&*store, &key, intent.clone()).await {
                Ok(Some(intent)) => {
                    // It is never closed.
                    let _turn = turns.acquire().await;
                    settle_one(&*store, &*platform, &intent).await
                }
                Ok(None) => Ok(true),
                Err(error) => Err(error),
            };
            left.fetch_sub(1, Ordering::Relaxed);
            settled.unwrap_or_else(|error| {
                let (operation, subject) = (intent.operation, &intent.subject);
                tracing::warn!(%operation, %subject, %error, "an open effect cannot be settled");
                false
            })
        });
    }
    let known = settling.join_all().await;
    let unknown = known.iter().filter(|known| !**known).count();
    if unknown > 0 {
        tracing::warn!(effects = unknown, "effects are still open; see `miniprogram effects list`");
    }
}

/// Waits until nobody works on an effect any more; `None` if it was closed meanwhile.
async fn abandoned(
    store: &dyn Store,
    key: &PlatformKey,
    mut intent: Intent,
) -> Result<Option<Intent>, Error> {
    loop {
        let due = intent.started_at.after(ABANDONED_AFTER);
        let wait = due.since(SystemClock.now());
        if wait.is_zero() {
            return Ok(Some(intent));
        }
        SystemClock.deadline(wait).await;
        match store.pending_intent(&key.platform, intent.vendor, &intent.subject).await? {
            Some(open) => intent = open,
            None => return Ok(None),
        }
    }
}

/// Returns whether its outcome is known, or known soon.
async fn settle_one(
    store: &dyn Store,
    platform: &dyn MiniProgramPlatform,
    intent: &Intent,
) -> Result<bool, Error> {
    if is_in_a_rollout(store, intent).await? {
        return Ok(true);
    }
    let settled = platform.subject(&intent.subject)?.settle(intent).await?;
    Ok(settled.outcome != Outcome::Unknown)
}

async fn is_in_a_rollout(store: &dyn Store, intent: &Intent) -> Result<bool, Error> {
    let Some(app) = intent.subject.app() else { return Ok(false) };
    let open = store.rollouts(NEWEST).await?.into_iter().filter(|rollout| rollout.ended_at.is_none());
    for rollout in open {
        let filter = RolloutFilter::new(1).of_vendor(Some(intent.vendor)).of_app(Some(app.clone()));
        let page = store.rollout_apps(rollout.id, &filter).await?;
        if page.apps.iter().any(|row| !row.progress.ended) {
            return Ok(true);
        }
    }
    Ok(false)
}
