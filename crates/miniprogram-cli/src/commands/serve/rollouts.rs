//! The rollouts of the store: each that nobody drives is driven here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{Error, Timestamp};
use miniprogram_callback::HealthCheck;
use miniprogram_rollout::engine::{Driven, RolloutStatus};
use miniprogram_rollout::machine::Phase;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::rollout::{Fleet, halted};
use super::handlers::Course;

/// How often rollouts are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How many of the newest rollouts are looked at.
const NEWEST: u32 = 1000;
/// How long a rollout that could not be driven is left alone.
const AFTER_A_FAILURE: Duration = Duration::from_secs(30);
/// How often the apps are counted.
const COUNT: Duration = Duration::from_secs(10);
const APPS: &str = "miniprogram_rollout_apps";

/// What a person should look at.
#[derive(Debug, Clone, Default)]
pub(super) struct RolloutHealth(Arc<Mutex<Problems>>);

#[derive(Debug, Default)]
struct Problems {
    /// The rollouts cannot be listed.
    store: bool,
    /// Why a rollout cannot be driven, and when that was found.
    failed: BTreeMap<String, (String, Timestamp)>,
    /// Why a rollout does not go on by itself.
    halted: BTreeMap<String, String>,
}

impl RolloutHealth {
    fn problems(&self) -> MutexGuard<'_, Problems> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HealthCheck for RolloutHealth {
    fn name(&self) -> &'static str {
        "rollouts"
    }

    fn problem(&self) -> Option<String> {
        let problems = self.problems();
        let mut all = Vec::new();
        if problems.store {
            all.push("they cannot be listed".to_owned());
        }
        all.extend(problems.failed.iter().map(|(name, (why, _))| format!("{name} cannot be driven: {why}")));
        all.extend(problems.halted.iter().map(|(name, why)| format!("{name} waits for a person: {why}")));
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// Drives rollouts until the service is over, and then waits for what is in progress, but not longer than `patience`.
pub(super) async fn drive(
    fleet: Fleet,
    health: RolloutHealth,
    course: watch::Receiver<Course>,
    patience: Duration,
) {
    metrics::describe_gauge!(APPS, "Apps of rollouts, by rollout and phase");
    let looker = fleet.looker();
    let mut driven: HashMap<tokio::task::Id, String> = HashMap::new();
    let mut drives: JoinSet<(String, Result<Driven, Error>)> = JoinSet::new();
    let mut counted = Timestamp::from_unix(0);
    let mut over = course.clone();
    // Without a sender nothing is left that could wait for more.
    let over = async move { drop(over.wait_for(Course::is_over).await) };
    let mut over = std::pin::pin!(over);
    loop {
        let now = SystemClock.now();
        match looker.undriven(NEWEST).await {
            Ok(names) => {
                health.problems().store = false;
                for name in names {
                    let rests = health
                        .problems()
                        .failed
                        .get(&name)
                        .is_some_and(|(_, at)| now.since(*at) < AFTER_A_FAILURE);
                    if rests || driven.values().any(|driven| *driven == name) {
                        continue;
                    }
                    let task = drives.spawn(drive_one(fleet.clone(), name.clone(), course.clone()));
                    driven.insert(task.id(), name);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the rollouts cannot be listed");
                health.problems().store = true;
            }
        }
        if now.since(counted) >= COUNT {
            counted = now;
            if let Err(error) = count(&fleet, &health).await {
                tracing::warn!(%error, "the apps of rollouts cannot be counted");
            }
        }
        tokio::select! {
            biased;
            () = &mut over => break,
            ended = drives.join_next_with_id(), if !drives.is_empty() => {
                let id = match &ended {
                    Some(Ok((id, _))) => Some(*id),
                    Some(Err(panicked)) => Some(panicked.id()),
                    None => None,
                };
                let name = id.and_then(|id| driven.remove(&id));
                if let Some(name) = name {
                    let why = match ended {
                        Some(Ok((_, (_, Ok(_))))) => None,
                        Some(Ok((_, (_, Err(error))))) => Some(error.to_string()),
                        // It is in the log.
                        _ => Some("a panic".to_owned()),
                    };
                    let mut problems = health.problems();
                    match why {
                        None => drop(problems.failed.remove(&name)),
                        Some(why) => {
                            tracing::error!(rollout = name, why, "a rollout cannot be driven");
                            problems.failed.insert(name, (why, SystemClock.now()));
                        }
                    }
                }
            }
            () = SystemClock.deadline(LOOK) => {}
        }
    }
    tokio::select! {
        () = async { while drives.join_next().await.is_some() {} } => {}
        // What is still in progress is settled by whoever drives next.
        () = SystemClock.deadline(patience) => {
            tracing::warn!(rollouts = drives.len(), "calls of rollouts are still in progress");
        }
    }
}

async fn drive_one(
    fleet: Fleet,
    name: String,
    mut course: watch::Receiver<Course>,
) -> (String, Result<Driven, Error>) {
    let driven = async {
        let plan = fleet.looker().settings(&name).await?;
        fleet.check(&plan)?;
        let (engine, notifier) = fleet.engine(&plan)?;
        tracing::info!(rollout = name, "a rollout is driven");
        let driven = engine.drive(&name, async { drop(course.wait_for(Course::is_over).await) }).await;
        notifier.finish().await;
        if let Ok(driven) = &driven {
            tracing::info!(rollout = name, ?driven, "a rollout is no longer driven");
            publish(&fleet.looker().status(&name).await?);
        }
        driven
    };
    let driven = driven.await;
    (name, driven)
}

fn publish(status: &RolloutStatus) {
    for phase in Phase::ALL {
        let apps = status.count(phase.as_str());
        metrics::gauge!(APPS, "rollout" => status.name.clone(), "phase" => phase.as_str()).set(apps as f64);
    }
}

/// Counts the apps of the rollouts that go on, and finds what waits for a person.
async fn count(fleet: &Fleet, health: &RolloutHealth) -> Result<(), Error> {
    let looker = fleet.looker();
    let mut waiting = BTreeMap::new();
    for name in looker.open(NEWEST).await? {
        let status = looker.status(&name).await?;
        publish(&status);
        waiting.extend(halted(&status).map(|why| (name, why)));
    }
    health.problems().halted = waiting;
    Ok(())
}
