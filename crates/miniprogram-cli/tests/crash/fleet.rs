//! A rollout to many apps by a daemon that is killed again and again, with vendors that answer badly, pushes that are
//! lost and audits that are rejected: by the simulator's truth every app ends once, as its rollout says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use miniprogram::baidu::BAIDU;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::token::TokenScope;
use miniprogram::wechat::WECHAT;
use miniprogram::{AppId, Vendor};
use miniprogram_sim::{
    AppSpec, Callback, Decision, Disturbance, Fault, FaultRule, PushFault, PushFaultRule, Scope, SimConfig,
    Simulator, State,
};
use miniprogram_store::StoreKeys;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::process::{self, Process};

/// Apps per vendor, unless `MINIPROGRAM_FLEET_APPS` says how many there are in all.
const PER_VENDOR: usize = 500;
const KILLS: usize = 20;
const VERSION: &str = "2.0.0";

const PLAN: &str = r#"
merchants = "merchants.csv"
failure_budget = "20%"

[vendor.wechat]
template = 7
version = "2.0.0"
description = "spring"
rate = 1000
concurrency = 32
extension = { extEnable = true }
gray = [{ share = "10%", bake = "1s" }]
submit = { items = [{ address = "pages/index/index", first_class = "工具", second_class = "备忘录", first_id = 1, second_id = 2 }] }

[vendor.baidu]
template = 7
version = "2.0.0"
description = "spring"
rate = 1000
concurrency = 32
extension = { extEnable = true }
submit = { content = "spring", remark = "none" }

[[wave]]
name = "canary"
apps = "2%"
[[wave]]
name = "all"
apps = "rest"

[polling]
first = "1s"
longest = "5s"
retry_first = "1s"
retry_longest = "5s"
"#;

struct Fleet {
    sim: Arc<Simulator>,
    folder: TempDir,
    apps: Vec<(Vendor, AppId)>,
    /// Those whose audits are rejected: every twentieth.
    rejected: BTreeSet<AppId>,
}

impl Fleet {
    async fn start(seed: u64, per_vendor: usize) -> Self {
        let faults = vec![
            FaultRule::probability(0.05, Scope::All, Fault::Before(Disturbance::ServerError(502))),
            FaultRule::probability(0.05, Scope::All, Fault::Before(Disturbance::Busy)),
            FaultRule::probability(0.02, Scope::Effects, Fault::After(Disturbance::Hang)),
            FaultRule::probability(0.01, Scope::Effects, Fault::After(Disturbance::Reset)),
            FaultRule::probability(
                0.01,
                Scope::Effects,
                Fault::late(Duration::from_millis(200), Disturbance::ServerError(502)),
            ),
        ];
        let config = SimConfig::new()
            .with_seed(seed)
            .with_faults(faults)
            .with_upload_time(Duration::from_millis(200))
            .with_wechat_audits(1_000_000)
            .with_baidu_audits(1000);
        let sim = Arc::new(Simulator::start(config).await.unwrap());
        sim.set_push_faults(vec![PushFaultRule::probability(0.10, PushFault::Lost)]);
        let folder = TempDir::new().unwrap();
        let mut apps = Vec::new();
        let mut merchants = "vendor,app_id\n".to_owned();
        for number in 0..per_vendor {
            for (vendor, app) in
                [(WECHAT, format!("wx{number:016}")), (BAIDU, (17_000_000 + number).to_string())]
            {
                merchants += &format!("{vendor},{app}\n");
                apps.push((vendor, AppId::from(app)));
            }
        }
        std::fs::write(folder.path().join("spring.toml"), PLAN).unwrap();
        std::fs::write(folder.path().join("merchants.csv"), merchants).unwrap();
        let rejected = apps.iter().step_by(20).map(|(_, app)| app.clone()).collect();
        let fleet = Self { sim, folder, apps, rejected };
        fleet.prepare().await;
        fleet
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("state.db").display())
    }

    /// Creates the store with every app's token, and the apps with a version online.
    async fn prepare(&self) {
        let platforms =
            process::platforms(&self.sim.base_url(), &self.sim.wechat_secret(), &self.sim.baidu_key());
        process::configure_for(self.folder.path(), &self.url(), &platforms);
        let store = miniprogram_store::migrate(&self.url(), StoreKeys::default()).await.unwrap();
        let mut writes = JoinSet::new();
        for (number, (vendor, app)) in self.apps.iter().cloned().enumerate() {
            let original_id = format!("gh_{number:012}");
            let spec = AppSpec::new(vendor, app.clone()).with_state(State::Online);
            self.sim.add_app(spec.with_original_id(&original_id)).unwrap();
            let (store, token) = (Arc::clone(&store), self.sim.token(&app).unwrap());
            writes.spawn(async move {
                process::keep_token(&*store, vendor, app.clone(), &token).await;
                if vendor == WECHAT {
                    let platform = Callback::sample(WECHAT).platform_id.into();
                    let scope = TokenScope::authorizer(WECHAT, platform, app);
                    store.bind_alias(&scope, &original_id, SystemClock.now()).await.unwrap();
                }
            });
        }
        while let Some(written) = writes.join_next().await {
            written.unwrap();
        }
        store.close().await;
    }

    fn command(&self, line: &[&str]) -> Command {
        let config: PathBuf = self.folder.path().join("miniprogram.toml");
        let mut command = process::command(&config);
        command.current_dir(self.folder.path()).args(line);
        command
    }

    /// Runs a command and returns its one result.
    fn run(&self, line: &[&str]) -> Value {
        let (code, mut lines, log) =
            Process::start_quietly(self.command(line).args(["--format", "json"])).wait();
        assert!(code == Some(0) && lines.len() == 1, "{line:?}: {code:?} {lines:?} {log}");
        lines.remove(0)
    }

    /// Starts the daemon and registers its address with the vendors.
    fn serve(&self) -> Process {
        let options = ["--timeout", "1s", "--settle-time", "500ms", "--handler-timeout", "2s"];
        let daemon = Process::start(self.command(&["serve", "--format", "json"]).args(options));
        for vendor in [WECHAT, BAIDU] {
            let routes = daemon.first["routes"].as_array().unwrap();
            let route = routes.iter().find(|route| route["vendor"] == vendor.as_str()).unwrap();
            let callback = Callback::sample(vendor).with_url(route["messages_url"].as_str().unwrap());
            self.sim.set_callback(vendor, callback).unwrap();
        }
        daemon
    }

    /// Decides every audit once it has been open for a while.
    async fn review(self: Arc<Self>) {
        let mut decided = BTreeSet::new();
        loop {
            for (_, app) in &self.apps {
                if !decided.contains(app) && self.sim.effects(app, "submit_audit") > 0 {
                    let decision = match self.rejected.contains(app) {
                        true => Decision::reject("the menu is empty"),
                        false => Decision::Approve,
                    };
                    self.sim.decide_audit(app, &decision).unwrap();
                    decided.insert(app.clone());
                }
            }
            SystemClock.deadline(Duration::from_millis(500)).await;
        }
    }

    fn status(&self) -> Value {
        self.run(&["rollout", "status", "spring"])
    }

    fn has_ended(&self) -> bool {
        !self.status()["ended_at"].is_null()
    }

    /// How long it takes until the vendors get another request than this many; `None` if the rollout has ended.
    async fn next_call_after(&self, before: u64, started: Instant) -> Option<Duration> {
        while self.sim.requests() <= before {
            if started.elapsed() > Duration::from_secs(10) {
                assert!(self.has_ended(), "no call: {}", self.status());
                return None;
            }
            SystemClock.deadline(Duration::from_millis(5)).await;
        }
        Some(started.elapsed())
    }
}

/// What the daemons have used, where the system tells.
#[derive(Default)]
struct Usage {
    processor: Duration,
    /// The most that one of them had, in KiB.
    memory: u64,
}

impl Usage {
    fn add(&mut self, daemon: &Process) {
        let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", daemon.id()));
        if let (Ok(stat), Ok(status)) = (of("stat"), of("status")) {
            // After the name in parentheses: utime and stime are the 12th and the 13th field, in hundredths of a second.
            let fields = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
            let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
            self.processor += Duration::from_millis(ticks * 10);
            let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            self.memory = self.memory.max(most.trim().trim_end_matches(" kB").parse().unwrap());
        }
    }
}

fn count(status: &Value, phase: &str) -> u64 {
    let counts = status["counts"].as_array().unwrap().iter();
    counts.filter(|count| count["phase"] == phase).map(|count| count["apps"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_brings_every_app_to_its_end_once() {
    let seed = process::seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let apps = std::env::var("MINIPROGRAM_FLEET_APPS").ok().and_then(|apps| apps.parse().ok());
    let fleet = Arc::new(Fleet::start(seed, apps.map_or(PER_VENDOR, |apps: usize| apps / 2)).await);
    let began = Instant::now();
    fleet.run(&["rollout", "start", "spring.toml"]);
    let reviewer = tokio::spawn(Arc::clone(&fleet).review());
    let mut daemon = fleet.serve();
    let (mut kills, mut calls_after, mut usage) = (0, Vec::new(), Usage::default());
    while !fleet.has_ended() {
        assert!(!daemon.has_ended(), "{:?}", daemon.wait());
        SystemClock.deadline(Duration::from_millis(random.u64(300..3000))).await;
        if kills < KILLS {
            usage.add(&daemon);
            daemon.kill();
            kills += 1;
            let (before, started) = (fleet.sim.requests(), Instant::now());
            daemon = fleet.serve();
            calls_after.extend(fleet.next_call_after(before, started).await);
        }
    }
    let status = fleet.status();
    reviewer.abort();
    usage.add(&daemon);
    daemon.terminate();
    calls_after.sort();
    let total = fleet.apps.len() as u64;
    let (released, rejected) = (count(&status, "released"), count(&status, "rejected"));
    println!(
        "{total} apps, {kills} kills, {:.1?}: {released} released, {rejected} rejected; first call after a restart: \
         median {:?}, longest {:?}; the daemons used {:.1?} of processor time and at most {} MiB",
        began.elapsed(),
        calls_after[calls_after.len() / 2],
        calls_after[calls_after.len() - 1],
        usage.processor,
        usage.memory / 1024,
    );
    assert_eq!((released + rejected, rejected), (total, fleet.rejected.len() as u64), "{status}");
    for (vendor, app) in &fleet.apps {
        let truth = fleet.sim.truth(app).unwrap();
        let is_rejected = fleet.rejected.contains(app);
        assert_eq!(truth.online_version() == Some(VERSION), !is_rejected, "{vendor} {app}");
        for (operation, times) in
            [("upload_code", 1), ("submit_audit", 1), ("release", u64::from(!is_rejected))]
        {
            assert_eq!(fleet.sim.effects(app, operation), times, "{operation} of {vendor} {app}");
        }
    }
}
