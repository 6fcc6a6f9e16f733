//! Two processes that may drive the same rollout from one PostgreSQL. The first is paused past its lease, the second goes
//! on, and the first changes nothing when it wakes.
//!
//! The first is paused at the worst moment: everything that it has begun waits for a token, with its intent recorded. It
//! gets the tokens as it wakes, before it can find out that it has lost the lease.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use baidu_smartapp::{BAIDU, BaiduPlatform};
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::{ClientConfig, ErrorKind, Result, Vendor};
use miniprogram_rollout::engine::{Driven, RolloutEngine};
use miniprogram_sim::{AuditPolicy, SimConfig, Simulator};
use miniprogram_store::rollouts::{LedgerPage, RolloutFilter, RolloutPage};
use miniprogram_store::{Store, StoreJournal, StoreKeys};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use wechat_wxa::{WECHAT, WeChatPlatform};

use crate::fleet::NAME;
use crate::postgres;

/// The variable that makes the test of that name a driver: the path of its [`Task`].
const DRIVER: &str = "MINIPROGRAM_TEST_DRIVER";
const LEASE: Duration = Duration::from_secs(2);
const PER_VENDOR: usize = 30;
/// Between two looks at another process.
const LOOK: Duration = Duration::from_millis(5);
/// What sends an effect, at either vendor.
const EFFECTS: [&str; 9] = [
    "/wxa/commit",
    "/wxa/submit_audit",
    "/wxa/undocodeaudit",
    "/wxa/grayrelease",
    "/wxa/release",
    "/rest/2.0/smartapp/package/upload",
    "/rest/2.0/smartapp/package/submitaudit",
    "/rest/2.0/smartapp/package/withdraw",
    "/rest/2.0/smartapp/package/release",
];

const PLAN: &str = include_str!("../fleet/quick.toml");

/// What a driver is to do.
#[derive(Serialize, Deserialize)]
struct Task {
    owner: String,
    store: String,
    vendors: String,
    platforms: [String; 2],
    tokens: HashMap<String, String>,
    /// After how many tokens it gets no more until it is told.
    hold: Option<Hold>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Hold {
    after: u64,
    /// Exists once it waits.
    begun: PathBuf,
    /// Exists once it waits no more.
    over: PathBuf,
}

#[derive(Debug)]
struct Tokens {
    tokens: HashMap<String, String>,
    given: AtomicU64,
    hold: Option<Hold>,
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        if let Some(hold) = &self.hold
            && self.given.fetch_add(1, Ordering::Relaxed) >= hold.after
        {
            std::fs::write(&hold.begun, "").unwrap();
            while !hold.over.exists() {
                SystemClock.deadline(LOOK).await;
            }
        }
        AccessToken::new(self.tokens[scope.app.as_ref().unwrap().as_str()].as_str())
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}

async fn engine(task: Task) -> RolloutEngine {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = miniprogram_store::open(&task.store, StoreKeys::default()).await.unwrap();
    let tokens = Arc::new(Tokens { tokens: task.tokens, given: AtomicU64::new(0), hold: task.hold });
    let base_url = BaseUrl::parse(&task.vendors).unwrap();
    let [wechat, baidu] = task.platforms.map(|platform| {
        let journal = StoreJournal::new(Arc::clone(&store) as _, platform.clone(), Arc::clone(&clock));
        ClientConfig::new(platform, Arc::clone(&tokens) as _)
            .with_base_url(base_url.clone())
            .with_journal(Arc::new(journal))
            .with_settle_time(Duration::from_millis(300))
    });
    RolloutEngine::builder(store as _, clock)
        .with_platform(Arc::new(WeChatPlatform::new(wechat).unwrap()))
        .with_platform(Arc::new(BaiduPlatform::new(baidu).unwrap()))
        .with_owner(task.owner)
        .with_lease(LEASE)
        .build()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process of a driver, which another test starts"]
async fn driver() {
    let Ok(task) = std::env::var(DRIVER) else { return };
    let task: Task = serde_json::from_slice(&std::fs::read(task).unwrap()).unwrap();
    let is_first = task.owner == "first";
    let engine = engine(task).await;
    loop {
        match engine.drive(NAME, std::future::pending()).await {
            Ok(Driven::Ended) => break,
            Ok(Driven::Elsewhere) if is_first => break,
            // The database ends the transaction of a process that does not go on.
            Err(error) if is_first && error.kind() == ErrorKind::Store => break,
            Err(error) => panic!("{error:#}"),
            Ok(_) => SystemClock.deadline(Duration::from_millis(100)).await,
        }
    }
}

/// A driver that does not outlive a failing test.
struct Process(Child);

impl Process {
    fn start(folder: &Path, task: &Task) -> Self {
        let path = folder.join(&task.owner);
        std::fs::write(&path, serde_json::to_vec(task).unwrap()).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "two_drivers::driver", "--ignored", "--nocapture"]);
        Self(command.env(DRIVER, path).stdout(Stdio::null()).spawn().unwrap())
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }

    async fn succeeds(mut self) {
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return assert!(status.success(), "{status}");
            }
            SystemClock.deadline(LOOK).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn until(reached: impl Fn() -> bool) {
    while !reached() {
        SystemClock.deadline(LOOK).await;
    }
}

fn effect_requests(sim: &Simulator) -> u64 {
    EFFECTS.iter().map(|path| sim.requests_to(path)).sum()
}

/// Every row of the rollout.
async fn rows(store: &dyn Store) -> (String, RolloutPage, LedgerPage) {
    let record = store.rollout(NAME).await.unwrap().unwrap();
    let apps = store.rollout_apps(record.id, &RolloutFilter::new(1000)).await.unwrap();
    let ledger = store.ledger_page(record.id, None, 0, 10_000).await.unwrap();
    (format!("{record:?}"), apps, ledger)
}

/// When the paused driver wakes.
#[derive(Debug, Clone, Copy)]
enum Wakes {
    /// While the other one drives.
    Meanwhile,
    /// When the rollout has ended.
    AtTheEnd,
}

async fn pause_a_driver(url: String, wakes: Wakes) {
    let seed = fastrand::u64(..1 << 32);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let config = SimConfig::new()
        .with_seed(seed)
        .with_upload_time(Duration::ZERO)
        .with_privacy_scan(Duration::ZERO)
        .with_wechat_audits(1000)
        .with_baidu_audits(1000)
        .with_audit_policy(AuditPolicy::approve_after(Duration::from_millis(300)));
    let fleet = crate::fleet::Fleet::on(Simulator::start(config).await.unwrap(), PER_VENDOR as u64).await;
    let store = miniprogram_store::migrate(&url, StoreKeys::default()).await.unwrap();
    let tokens = fleet
        .apps
        .iter()
        .map(|(_, app)| (app.to_string(), fleet.sim.token(app).unwrap().expose().to_owned()));
    let platform = |vendor: Vendor| fleet.sim.callback(vendor).unwrap().platform_id;
    let tokens: HashMap<_, _> = tokens.collect();
    let task = |owner: &str| Task {
        owner: owner.to_owned(),
        store: url.clone(),
        vendors: fleet.sim.base_url(),
        platforms: [platform(WECHAT), platform(BAIDU)],
        tokens: tokens.clone(),
        hold: None,
    };
    let folder = TempDir::new().unwrap();
    engine(task("starter")).await.start(NAME, &fleet.plan_of(PLAN), "tester").await.unwrap();

    let hold = Hold {
        after: random.u64(50..400),
        begun: folder.path().join("hold"),
        over: folder.path().join("hold is over"),
    };
    let first = Process::start(folder.path(), &Task { hold: Some(hold.clone()), ..task("first") });
    until(|| hold.begun.exists()).await;
    // What has a token already is sent and answered.
    let mut sent = None;
    while sent != Some(fleet.sim.requests()) {
        sent = Some(fleet.sim.requests());
        SystemClock.deadline(LOOK * 60).await;
    }
    first.signal("-STOP");
    let wake = || {
        std::fs::write(&hold.over, "").unwrap();
        first.signal("-CONT");
    };
    let effects = || -> HashMap<String, u64> {
        let operations = ["upload_code", "submit_audit", "start_gray_release", "release", "withdraw_audit"];
        operations.map(|operation| (operation.to_owned(), fleet.times(operation))).into()
    };
    println!("{wakes:?}: paused after {} tokens, with {:?}", hold.after, effects());
    let second = Process::start(folder.path(), &task("second"));
    match wakes {
        Wakes::Meanwhile => {
            // The other has taken over, and has settled and repeated what was outstanding.
            let enough = fleet.sim.requests() + 200;
            until(|| fleet.sim.requests() >= enough).await;
            wake();
            first.succeeds().await;
            second.succeeds().await;
        }
        Wakes::AtTheEnd => {
            second.succeeds().await;
            let rows_before = rows(&*store).await;
            let (all_before, effects_before) = (fleet.sim.requests(), effect_requests(&fleet.sim));
            wake();
            first.succeeds().await;
            assert_eq!(
                effect_requests(&fleet.sim),
                effects_before,
                "a request of the driver that was paused"
            );
            assert!(rows(&*store).await == rows_before, "a row of the driver that was paused");
            // The reads of effects that had begun, one each.
            let reads = fleet.sim.requests() - all_before;
            println!("{reads} reads after the pause");
            assert!(reads <= fleet.apps.len() as u64, "{reads}");
        }
    }
    let apps = fleet.apps.len() as u64;
    let status = engine(task("reader")).await.status(NAME).await.unwrap();
    assert_eq!((status.count("released"), fleet.on_new_version() as u64), (apps, apps), "{status:?}");
    let once =
        [("upload_code", apps), ("submit_audit", apps), ("release", apps), ("start_gray_release", apps / 2)];
    for (operation, times) in once {
        assert_eq!(effects()[operation], times, "{operation}");
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_that_wakes_after_its_lease_changes_nothing() {
    for wakes in [Wakes::Meanwhile, Wakes::AtTheEnd] {
        let Some(url) =
            postgres::database("two_drivers::a_driver_that_wakes_after_its_lease_changes_nothing")
        else {
            return;
        };
        pause_a_driver(url, wakes).await;
    }
}
