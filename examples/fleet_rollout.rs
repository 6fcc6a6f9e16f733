//! A rollout to 200 apps of two vendors: waves, gray releases, a rejection that is corrected, faults, a rollback and the
//! report.
//!
//! ```sh
//! cargo run --example fleet_rollout
//! ```
//!
//! The simulator plays both vendors over loopback, on a virtual clock: days pass in seconds. The program exits with 0
//! only if the simulator's truth agrees with what the rollout says. The report is written to the temporary folder.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use baidu_smartapp::{BAIDU, BaiduPlatform};
use miniprogram::clock::{Clock, VirtualClock};
use miniprogram::transport::BaseUrl;
use miniprogram::*;
use miniprogram_rollout::engine::{GateRequest, HealthGate, RolloutEngine, RolloutStatus};
use miniprogram_rollout::machine::{Correction, Gated, Health, Order, Ordered};
use miniprogram_rollout::plan::{Context, KnownVendor, Plan};
use miniprogram_rollout::report::Report;
use miniprogram_sim::{
    AppSpec, AuditPolicy, Decision, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator, State,
};
use miniprogram_store::{SqliteStore, Store, StoreJournal, StoreOptions};
use wechat_wxa::{WECHAT, WeChatPlatform};

const NAME: &str = "spring";
const VERSION: &str = "2.0.0";
const HOUR: Duration = Duration::from_secs(3600);

const PLAN: &str = r#"
merchants = "merchants.csv"
failure_budget = "5%"
bake_after_release = "2h"

[vendor.wechat]
template = 7
version = "2.0.0"
description = "Spring menu for ${name}"
rate = 200
concurrency = 16
extension = { extEnable = true, ext = { shop = "${name}" } }
gray = [{ share = "10%", bake = "6h" }, { share = "50%", bake = "6h" }]
submit = { items = [{ address = "pages/index/index", first_class = "工具", second_class = "备忘录", first_id = 1, second_id = 2 }] }

[vendor.baidu]
template = 7
version = "2.0.0"
description = "Spring menu for ${name}"
rate = 200
concurrency = 16
extension = { extEnable = true, ext = { shop = "${name}" } }
submit = { content = "Spring menu", remark = "no login needed" }

[[wave]]
name = "canary"
apps = 10
[[wave]]
name = "all"
apps = "rest"

[gate]
command = ["not asked: the engine is given a gate"]

[audit]
rejected = "correct"
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let clock = VirtualClock::new(Timestamp::from_unix(1_800_000_000));
    let sim = Arc::new(Simulator::start(vendors(&clock)).await?);
    let mut merchants = "vendor,app_id,name\n".to_owned();
    let mut apps = Vec::new();
    for number in 0..100 {
        for (vendor, app) in [(WECHAT, format!("wx{number:016}")), (BAIDU, (17_000_000 + number).to_string())]
        {
            merchants += &format!("{vendor},{app},Shop {number}\n");
            sim.add_app(AppSpec::new(vendor, app.as_str()).with_state(State::Online))?;
            apps.push((vendor, AppId::from(app)));
        }
    }
    let before: Vec<_> = apps.iter().map(|(_, app)| online(&sim, app)).collect();

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("state.db");
    SqliteStore::create(&path, StoreOptions::default()).await?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, StoreOptions::default()).await?);
    let time: Arc<dyn Clock> = Arc::new(clock.clone());

    // Everything that a rollout needs: the platforms with a durable journal, the store, a clock, and a gate.
    let client = |vendor| -> Result<ClientConfig, Box<dyn StdError>> {
        let platform = sim.callback(vendor)?.platform_id;
        let journal = StoreJournal::new(Arc::clone(&store) as _, platform.clone(), Arc::clone(&time));
        Ok(ClientConfig::new(platform, sim.tokens())
            .with_base_url(BaseUrl::parse(&sim.base_url())?)
            .with_clock(Arc::clone(&time))
            .with_journal(Arc::new(journal)))
    };
    let platforms: [Arc<dyn MiniProgramPlatform>; 2] =
        [Arc::new(WeChatPlatform::new(client(WECHAT)?)?), Arc::new(BaiduPlatform::new(client(BAIDU)?)?)];
    let known = platforms.iter().map(|platform| KnownVendor::new(platform.vendor(), platform.capabilities()));
    let mut files = |_: &str| -> io::Result<Vec<u8>> { Ok(merchants.clone().into_bytes()) };
    let plan = Plan::check("rollout.toml", PLAN.as_bytes(), &mut files, &Context::new(known))?;
    println!("{}\n", plan.summary());

    let mut engine = RolloutEngine::builder(Arc::clone(&store) as _, Arc::clone(&time))
        .with_gate(Arc::new(Healthy))
        .with_lease(Duration::from_secs(600))
        .with_signal_interval(HOUR);
    for platform in platforms {
        engine = engine.with_platform(platform);
    }
    let engine = engine.build();
    engine.start(NAME, &plan, "example").await?;

    // One merchant's version is rejected once. The rollout goes on without it, and waits for the correction.
    let (vendor, unlucky) = apps[40].clone();
    let rejected = async {
        until(&engine, &clock, |status| status.count("in_review") == 190).await?;
        if let Err(error) = sim.decide_audit(&unlucky, &Decision::reject("the menu is empty")) {
            println!("{error}");
        }
        until(&engine, &clock, |status| status.count("rejected") == 1 && status.count("released") == 199)
            .await
    };
    engine.drive(NAME, async { rejected.await.unwrap_or_else(|error| println!("{error}")) }).await?;
    show(&engine.status(NAME).await?, clock.now());
    let mut correction = Correction::default();
    correction.description = Some("Spring menu, with its dishes".to_owned());
    engine.retry(NAME, (vendor, unlucky), "operator", correction).await?;
    engine.drive(NAME, std::future::pending()).await?;
    show(&engine.status(NAME).await?, clock.now());
    let released = apps.iter().filter(|(_, app)| online(&sim, app) == VERSION).count();
    println!("{released} apps show {VERSION} to everybody");

    // It goes wrong after all: every app back to the version that it had.
    engine.order(NAME, None, Ordered::new("operator", Order::RollBack)).await?;
    engine.drive(NAME, std::future::pending()).await?;
    show(&engine.status(NAME).await?, clock.now());
    let back = apps.iter().zip(&before).filter(|((_, app), before)| online(&sim, app) == **before).count();
    println!("{back} apps are back on the version that they had");

    let report = std::env::temp_dir().join("fleet_rollout.html");
    std::fs::write(&report, Report::collect(&*store, NAME, clock.now()).await?.to_html(Language::English))?;
    println!("report: {}", report.display());
    let submissions: u64 = apps.iter().map(|(_, app)| sim.effects(app, "submit_audit")).sum();
    match (released, back, submissions) {
        (200, 200, 201) => Ok(()),
        _ => Err(format!("{released} released, {back} rolled back, {submissions} submissions").into()),
    }
}

/// Both vendors, which answer badly now and then.
fn vendors(clock: &VirtualClock) -> SimConfig {
    SimConfig::new()
        .with_seed(7)
        .with_virtual_clock(clock.clone())
        .with_audit_policy(AuditPolicy::approve_after(HOUR * 30))
        .with_faults(vec![
            FaultRule::probability(0.05, Scope::All, Fault::Before(Disturbance::ServerError(502))),
            FaultRule::probability(0.02, Scope::Effects, Fault::After(Disturbance::Hang)),
            FaultRule::probability(0.01, Scope::Effects, Fault::After(Disturbance::Reset)),
        ])
}

fn online(sim: &Simulator, app: &AppId) -> String {
    sim.truth(app).ok().and_then(|truth| truth.online_version().map(str::to_owned)).unwrap_or_default()
}

/// Looks every ten minutes of simulated time.
async fn until(
    engine: &RolloutEngine,
    clock: &VirtualClock,
    wanted: impl Fn(&RolloutStatus) -> bool,
) -> Result<()> {
    // Whoever sleeps holds the mark: the clock stands still while the status is read.
    let _busy = clock.enter();
    while !wanted(&engine.status(NAME).await?) {
        clock.sleep(Duration::from_secs(600)).await;
    }
    Ok(())
}

fn show(status: &RolloutStatus, now: Timestamp) {
    let days = now.since(status.created_at).as_secs_f64() / 86_400.0;
    let phases = ["released", "rejected", "failed", "rolled_back"].map(|phase| (phase, status.count(phase)));
    let phases: Vec<_> =
        phases.iter().filter(|(_, apps)| *apps > 0).map(|(phase, apps)| format!("{apps} {phase}")).collect();
    println!("after {days:.1} days: {}", phases.join(", "));
}

/// A health gate: whoever knows the error rate of a version decides here.
#[derive(Debug)]
struct Healthy;

#[async_trait]
impl HealthGate for Healthy {
    async fn check(&self, _request: &GateRequest) -> Gated {
        Gated::new(Health::Pass, None)
    }
}
