//! Kills the driver of a rollout at every named crash point, and lets another driver continue. The simulator then confirms
//! that no effect was lost or repeated, and that no app failed.
//!
//! ```sh
//! cargo test -p miniprogram-rollout --features crash-points --test crash_points -- --nocapture
//! MINIPROGRAM_CRASH_PLACES=all cargo test -p miniprogram-rollout --features crash-points --test crash_points -- --nocapture
//! ```
//!
//! The first kills at every point, and at a random eighth of the other steps on whose way it is reached; the second at all of
//! them. `MINIPROGRAM_CRASH_SEED` sets the seed.
//!
//! A killed process is a driver that panics at the point: its future is dropped with all of its tasks, its store is
//! closed, and nothing of it runs any more when the clock reaches the end of its lease. What it had committed is there,
//! what it had not is not, and requests that it has sent may have arrived, as after a kill by the system.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says what it did")]

#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../fleet/mod.rs"]
mod fleet;

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use baidu_smartapp::BAIDU;
use fail::FailScenario;
use miniprogram_core::clock::Clock;
use miniprogram_core::crash_points;
use miniprogram_rollout::engine::{Driven, Mode, RolloutEngine, RolloutStatus};
use miniprogram_rollout::machine::{Health, Order};
use miniprogram_rollout::plan::Plan;
use miniprogram_sim::{AuditPolicy, SimConfig};
use wechat_wxa::WECHAT;

use crate::fleet::{Fleet, NAME, VERSION, order};

const PER_VENDOR: u64 = 2;

/// A point, and the step on whose way it is reached.
type Place = (&'static str, String);

/// Who is killed where.
struct Killer {
    /// Where the next processes are killed, one after the other.
    kills: VecDeque<Place>,
    reached: BTreeSet<Place>,
    /// Whether the present process is dead, though some of its threads may not know yet.
    dead: bool,
}

static KILLER: Mutex<Killer> =
    Mutex::new(Killer { kills: VecDeque::new(), reached: BTreeSet::new(), dead: true });

struct Killed;

fn killer() -> MutexGuard<'static, Killer> {
    KILLER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reach(point: &'static str) {
    let mut killer = killer();
    if killer.dead {
        return;
    }
    let place = (point, crash_points::step());
    killer.dead = killer.kills.front() == Some(&place);
    killer.reached.insert(place);
    if killer.dead {
        killer.kills.pop_front();
        drop(killer);
        resume_unwind(Box::new(Killed));
    }
}

/// Awaits what a process does, until it is killed.
async fn until_killed<T>(process: impl Future<Output = T>) -> Option<T> {
    let mut process = pin!(process);
    std::future::poll_fn(|context| {
        if killer().dead {
            return Poll::Ready(None);
        }
        match catch_unwind(AssertUnwindSafe(|| process.as_mut().poll(context))) {
            _ if killer().dead => Poll::Ready(None),
            Ok(polled) => polled.map(Some),
            Err(panic) => resume_unwind(panic),
        }
    })
    .await
}

/// When an order is given.
#[derive(Clone, Copy)]
enum When {
    Ended,
    Seen(fn(&Fleet, &RolloutStatus) -> bool),
}

/// What happens to a fleet.
struct Scene {
    name: &'static str,
    config: fn() -> SimConfig,
    tables: &'static str,
    health: Health,
    orders: &'static [(When, Order)],
    /// How often each operation takes effect for each app of WeChat and of Baidu.
    effects: &'static [(&'static str, [u64; 2])],
    /// Whether the apps of WeChat and of Baidu have the new version in the end.
    updated: [bool; 2],
    /// The phases in which the apps of WeChat and of Baidu end.
    ends: [&'static str; 2],
}

/// Everything takes seconds or minutes of simulated time: a driver that waits costs the test the most.
const GRAY: &str = r#"gray = [{ share = "10%", bake = "1m" }, { share = "50%", bake = "1m" }]"#;
const POLLING: &str = r#"
[polling]
first = "20s"
longest = "1m"
"#;

const TWO_WAVES: &str = r#"
[[wave]]
name = "canary"
apps = 2
[[wave]]
name = "all"
apps = "rest"
"#;

fn config() -> SimConfig {
    fleet::config()
        .with_upload_time(Duration::from_secs(5))
        .with_privacy_scan(Duration::from_secs(5))
        .with_audit_policy(AuditPolicy::approve_after(Duration::from_secs(60)))
}

const SCENES: [Scene; 3] = [
    Scene {
        name: "released, and rolled back",
        config,
        tables: TWO_WAVES,
        health: Health::Pass,
        orders: &[
            (When::Seen(|_, status| status.count("in_review") > 0), Order::Pause),
            (When::Seen(|_, status| status.mode == Mode::Paused), Order::Resume),
            (When::Ended, Order::RollBack),
        ],
        effects: &[
            ("upload_code", [1, 1]),
            ("submit_audit", [1, 1]),
            ("withdraw_audit", [0, 0]),
            ("start_gray_release", [2, 0]),
            ("release", [1, 1]),
            ("rollback", [1, 1]),
        ],
        updated: [false, false],
        ends: ["rolled_back", "rolled_back"],
    },
    Scene {
        name: "aborted in gray",
        config,
        tables: "[[wave]]\nname = \"all\"\napps = \"rest\"\n[gate]\ncommand = [\"ask\"]",
        health: Health::Inconclusive,
        orders: &[(
            When::Seen(|_, status| {
                status.count("baking") == PER_VENDOR && status.count("released") == PER_VENDOR
            }),
            Order::Abort,
        )],
        effects: &[
            ("upload_code", [1, 1]),
            ("submit_audit", [1, 1]),
            ("start_gray_release", [1, 0]),
            ("cancel_gray_release", [1, 0]),
            ("release", [0, 1]),
            ("rollback", [0, 0]),
        ],
        updated: [false, true],
        ends: ["aborted", "released"],
    },
    Scene {
        name: "stuck in review, submitted again, and aborted",
        config: || config().with_audit_policy(AuditPolicy::Manual),
        tables: "[[wave]]\nname = \"all\"\napps = \"rest\"\n[audit]\nstuck_after = \"10m\"\nexpedite = true\nresubmit = true",
        health: Health::Pass,
        orders: &[(When::Seen(|fleet, _| fleet.times("submit_audit") == 4 * PER_VENDOR), Order::Abort)],
        effects: &[
            ("upload_code", [1, 1]),
            ("submit_audit", [2, 2]),
            ("expedite_audit", [1, 0]),
            ("withdraw_audit", [2, 2]),
            ("release", [0, 0]),
        ],
        updated: [false, false],
        ends: ["aborted", "aborted"],
    },
];

impl Scene {
    /// Plays the scene with processes that are killed at these places, one after the other. Returns the places that
    /// were reached, and how many of the processes were killed.
    async fn play(&self, kills: &[Place]) -> (BTreeSet<Place>, usize) {
        let fleet = Fleet::new(PER_VENDOR, (self.config)()).await;
        let tables = format!("{POLLING}{}", self.tables);
        let plan = fleet.plan_from(VERSION, 50.0, "failure_budget = 0", &tables, GRAY);
        *killer() = Killer { kills: kills.iter().cloned().collect(), reached: BTreeSet::new(), dead: false };
        let (mut given, mut deaths) = (0, 0);
        loop {
            let store = fleet.store().await;
            let engine = fleet.engine_over(store.clone(), &format!("process {deaths}"), self.health, None);
            let lived = until_killed(self.live(&fleet, &engine, &plan, &mut given)).await;
            drop(engine);
            store.close().await;
            if lived.is_some() {
                break;
            }
            deaths += 1;
            killer().dead = false;
        }
        let left = {
            let mut killer = killer();
            killer.dead = true;
            killer.kills.len()
        };
        let status = fleet.engine("reader", self.health).await.status(NAME).await.unwrap();
        self.compare(&fleet, &status, kills);
        (std::mem::take(&mut killer().reached), kills.len() - left)
    }

    /// What one process does until the rollout has ended.
    async fn live(&self, fleet: &Fleet, engine: &RolloutEngine, plan: &Plan, given: &mut usize) {
        engine.start(NAME, plan, "tester").await.unwrap();
        while let Some((when, wanted)) = self.orders.get(*given) {
            drive_until(fleet, engine, *when).await;
            engine.order(NAME, None, order(wanted.clone())).await.unwrap();
            *given += 1;
        }
        drive_until(fleet, engine, When::Ended).await;
    }

    fn compare(&self, fleet: &Fleet, status: &RolloutStatus, kills: &[Place]) {
        for (at, vendor) in [WECHAT, BAIDU].into_iter().enumerate() {
            let apps: Vec<_> =
                fleet.apps.iter().filter(|(of, _)| *of == vendor).map(|(_, app)| app).collect();
            for app in &apps {
                let case = format!("{}: {vendor} {app}, killed at {kills:?}: {status:?}", self.name);
                for (operation, times) in self.effects {
                    assert_eq!(fleet.sim.effects(app, operation), times[at], "{operation} of {case}");
                }
                assert_eq!(fleet.online(app) == VERSION, self.updated[at], "{case}");
            }
            let ended = status.counts.iter().filter(|count| count.vendor == vendor);
            let ended: Vec<_> = ended.map(|count| (count.phase.as_str(), count.apps)).collect();
            let expected = apps.len() as u64;
            assert!(
                ended.iter().all(|(phase, _)| *phase == self.ends[at])
                    && ended.iter().map(|(_, apps)| apps).sum::<u64>() == expected,
                "{}: {vendor}, killed at {kills:?}: {status:?}",
                self.name,
            );
        }
    }
}

/// Drives until something is seen, looking every 10 seconds of simulated time, or until the rollout has ended.
async fn drive_until(fleet: &Fleet, engine: &RolloutEngine, when: When) {
    loop {
        let seen = async {
            let When::Seen(wanted) = when else { return std::future::pending().await };
            loop {
                let busy = fleet.clock.enter();
                if wanted(fleet, &engine.status(NAME).await.unwrap()) {
                    return;
                }
                drop(busy);
                fleet.clock.sleep(Duration::from_secs(10)).await;
            }
        };
        if engine.drive(NAME, seen).await.unwrap() != Driven::Elsewhere {
            return;
        }
        // The lease of the one before runs out.
        let _busy = fleet.clock.enter();
        fleet.clock.sleep(Duration::from_secs(600)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_may_be_killed_at_every_point_of_every_step() {
    let all = std::env::var("MINIPROGRAM_CRASH_PLACES").is_ok_and(|places| places == "all");
    let seed = std::env::var("MINIPROGRAM_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let points = FailScenario::setup();
    for point in crash_points::ALL {
        fail::cfg_callback(point, move || reach(point)).unwrap();
    }
    let (mut met, mut killed) = (BTreeSet::new(), BTreeSet::new());
    let (mut runs, mut deaths) = (0, 0);
    for scene in &SCENES {
        let (whole, _) = scene.play(&[]).await;
        // What only follows a crash is met in the runs after it: there the second process is killed as well.
        let mut cases: VecDeque<Vec<Place>> = VecDeque::new();
        let mut add = |cases: &mut VecDeque<Vec<Place>>, before: &[Place], reached: BTreeSet<Place>| {
            for place in reached {
                let is_new_point = !met.iter().any(|(point, _): &Place| *point == place.0);
                if met.insert(place.clone()) && (all || is_new_point || random.u8(0..8) == 0) {
                    cases.push_back(before.iter().cloned().chain([place]).collect());
                }
            }
        };
        add(&mut cases, &[], whole);
        let before = runs;
        while let Some(case) = cases.pop_front() {
            let (reached, died) = scene.play(&case).await;
            runs += 1;
            deaths += died;
            if died == case.len() {
                killed.extend(case.last().cloned());
            } else {
                println!("{}: {case:?} was not reached again", scene.name);
            }
            add(&mut cases, &case, reached);
        }
        println!("{}: {} runs", scene.name, runs - before);
    }
    points.teardown();
    let apps = runs * 2 * PER_VENDOR;
    println!(
        "{} points, {} places, {deaths} kills, {apps} apps: 0 lost, 0 doubled, 0 failed",
        crash_points::ALL.len(),
        killed.len(),
    );
    let missed: Vec<_> =
        crash_points::ALL.iter().filter(|point| !killed.iter().any(|(at, _)| at == *point)).collect();
    assert!(missed.is_empty(), "nobody was killed at {missed:?}");
}
