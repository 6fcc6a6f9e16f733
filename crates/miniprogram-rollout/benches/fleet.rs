//! What a rollout costs per app, for fleets of growing size: the real engine over a SQLite file, against the simulator.
//!
//! ```sh
//! cargo bench -p miniprogram-rollout --bench fleet
//! cargo bench -p miniprogram-rollout --bench fleet -- --apps=1000,10000   # 1,000, 10,000 and 100,000 unless told otherwise
//! cargo bench -p miniprogram-rollout --bench fleet -- --quick
//! ```
//!
//! Half of the apps are WeChat's, with one gray step, and half are Baidu's. The vendors approve at once, so that nothing
//! but work is measured. Every app goes from the plan to `released`, which is compared with the simulator's truth.
//!
//! - `engine µs`: processor time per app of engine, store and client together, from `start` to the end. The simulator runs
//!   in the same process on threads of its own, whose time is the column `vendors µs`.
//! - `bare µs`: the same for the calls that the engine makes for an app, sent by a loop that keeps nothing: no journal, no
//!   store. `ratio` is the first divided by it, of one run.
//! - `requests`: per app, by the engine and by the loop.
//! - `B/app`: the heap that an app costs while it waits, as the difference that the driver of a paused rollout makes. The
//!   allocations of SQLite, which have a fixed limit, are not counted.
//! - `status ms`: the median time of `status` once every app has ended.
//!
//! Processor time is read from `/proc`, so this needs Linux.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and may panic")]

use std::alloc::System;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use baidu_smartapp::{BAIDU, BaiduPlatform};
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::{
    AppId, ClientConfig, GrayRelease, MiniProgramPlatform, ReleaseTarget, SubmitTarget, Vendor,
};
use miniprogram_rollout::engine::{Driven, Mode, RolloutEngine};
use miniprogram_rollout::machine::{Order, Ordered};
use miniprogram_rollout::plan::{Context, KnownVendor, Plan};
use miniprogram_sim::{AppSpec, AuditPolicy, SimConfig, Simulator, State};
use miniprogram_store::{Maintenance as _, SqliteStore, StoreJournal, StoreOptions};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use wechat_wxa::{WECHAT, WeChatPlatform};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const CONCURRENCY: usize = 64;
const NAME: &str = "spring";
const VERSION: &str = "2.0.0";
/// The name of the simulator's threads.
const VENDORS: &str = "vendors";

/// As fast as the vendors are.
const PLAN: &str = include_str!("../tests/fleet/quick.toml");

struct Fleet {
    sim: Arc<Simulator>,
    apps: Vec<(Vendor, AppId)>,
}

struct Row {
    apps: usize,
    engine: f64,
    vendors: f64,
    bare: f64,
    requests: [f64; 2],
    heap: f64,
    status: Duration,
    took: Duration,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` runs it without `--bench`: a smoke test.
    let quick = arguments.iter().any(|argument| argument == "--quick")
        || !arguments.iter().any(|argument| argument == "--bench");
    let named = arguments.iter().find_map(|argument| argument.strip_prefix("--apps="));
    let sizes: Vec<usize> = match named {
        Some(sizes) => sizes.split(',').map(|size| size.parse().unwrap()).collect(),
        None if quick => vec![100],
        None => SIZES.to_vec(),
    };
    println!(
        "{:>8} {:>10} {:>10} {:>9} {:>6} {:>16} {:>6} {:>10} {:>8}",
        "apps", "engine µs", "vendors µs", "bare µs", "ratio", "requests", "B/app", "status ms", "s"
    );
    for apps in sizes {
        let row = measure(apps);
        println!(
            "{:>8} {:>10.0} {:>10.0} {:>9.0} {:>6.2} {:>8.2} {:>7.2} {:>6.0} {:>10.1} {:>8.1}",
            row.apps,
            row.engine,
            row.vendors,
            row.bare,
            row.engine / row.bare,
            row.requests[0],
            row.requests[1],
            row.heap,
            row.status.as_secs_f64() * 1e3,
            row.took.as_secs_f64(),
        );
    }
}

fn measure(apps: usize) -> Row {
    let vendors =
        Builder::new_multi_thread().worker_threads(2).thread_name(VENDORS).enable_all().build().unwrap();
    let own = runtime();
    let per_app = |time: Duration| time.as_secs_f64() * 1e6 / apps as f64;

    let fleet = vendors.block_on(Fleet::new(apps));
    let began = cpu();
    own.block_on(fleet.call());
    let bare = cpu().since(began).own;
    let calls = fleet.sim.requests();
    drop((own, fleet));

    let (fleet, own) = (vendors.block_on(Fleet::new(apps)), runtime());
    let plan = fleet.plan();
    let (began, started) = (cpu(), Instant::now());
    let (heap, status) = own.block_on(fleet.bring(plan));
    let (used, took) = (cpu().since(began), started.elapsed());
    let requests = [fleet.sim.requests(), calls].map(|requests| requests as f64 / apps as f64);
    Row {
        apps,
        engine: per_app(used.own),
        vendors: per_app(used.vendors),
        bare: per_app(bare),
        requests,
        heap: heap as f64 / apps as f64,
        status,
        took,
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl Fleet {
    async fn new(count: usize) -> Self {
        let config = SimConfig::new()
            .with_upload_time(Duration::ZERO)
            .with_privacy_scan(Duration::ZERO)
            .with_wechat_audits(u32::MAX)
            .with_baidu_audits(1000)
            .with_audit_policy(AuditPolicy::approve_after(Duration::ZERO));
        let sim = Arc::new(Simulator::start(config).await.unwrap());
        let mut apps = Vec::with_capacity(count);
        for number in 0..count {
            let (vendor, app) = match number % 2 {
                0 => (WECHAT, format!("wx{number:016}")),
                _ => (BAIDU, (17_000_000 + number).to_string()),
            };
            let app = AppId::from(app);
            sim.add_app(AppSpec::new(vendor, app.clone()).with_state(State::Online)).unwrap();
            apps.push((vendor, app));
        }
        Self { sim, apps }
    }

    fn config(&self, vendor: Vendor) -> ClientConfig {
        ClientConfig::new(self.sim.callback(vendor).unwrap().platform_id, self.sim.tokens())
            .with_base_url(BaseUrl::parse(&self.sim.base_url()).unwrap())
    }

    fn platforms(&self, config: impl Fn(Vendor) -> ClientConfig) -> [Arc<dyn MiniProgramPlatform>; 2] {
        [
            Arc::new(WeChatPlatform::new(config(WECHAT)).unwrap()),
            Arc::new(BaiduPlatform::new(config(BAIDU)).unwrap()),
        ]
    }

    fn plan(&self) -> Plan {
        let platforms = self.platforms(|vendor| self.config(vendor));
        let known = platforms.map(|platform| KnownVendor::new(platform.vendor(), platform.capabilities()));
        let mut merchants = "vendor,app_id\n".to_owned();
        for (vendor, app) in &self.apps {
            merchants += &format!("{vendor},{app}\n");
        }
        let mut files = |name: &str| match name {
            "merchants.csv" => Ok(merchants.clone().into_bytes()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        Plan::check("rollout.toml", PLAN.as_bytes(), &mut files, &Context::new(known))
            .unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// Sends what the engine sends, and keeps nothing.
    async fn call(&self) {
        let platforms = Arc::new(self.platforms(|vendor| self.config(vendor)));
        let (next, apps) = (Arc::new(AtomicUsize::new(0)), Arc::new(self.apps.clone()));
        let targets: Vec<_> = self.plan().apps().map(|app| app.target).collect();
        let options = [WECHAT, BAIDU]
            .map(|vendor| targets.iter().find(|target| target.vendor == vendor).unwrap().clone());
        let workers = (0..2 * CONCURRENCY).map(|_| {
            let (platforms, next, apps) = (Arc::clone(&platforms), Arc::clone(&next), Arc::clone(&apps));
            let options = options.clone();
            tokio::spawn(async move {
                while let Some((vendor, app)) = apps.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at = usize::from(*vendor == BAIDU);
                    let (app, target) = (platforms[at].authorizer(app.clone()), &options[at]);
                    app.code_versions().await.unwrap();
                    let upload = app
                        .upload_code(&target.template, &target.ext, &target.version, &target.description)
                        .await
                        .unwrap()
                        .value;
                    app.upload_progress(&upload).await.unwrap();
                    let audit =
                        app.submit_audit(&SubmitTarget::Upload(upload), &target.submit).await.unwrap();
                    app.audit_status(&audit.value).await.unwrap();
                    if *vendor == WECHAT {
                        app.start_gray_release(GrayRelease::percentage(10)).await.unwrap();
                    }
                    app.release(&ReleaseTarget::Audit(audit.value)).await.unwrap();
                    app.code_versions().await.unwrap();
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
    }

    /// Brings the version to every app. Returns the heap of the waiting apps, and how long `status` takes.
    async fn bring(&self, plan: Plan) -> (usize, Duration) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("state.db");
        let store = Arc::new(SqliteStore::create(path, StoreOptions::default()).await.unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let platforms = self.platforms(|vendor| {
            let config = self.config(vendor);
            let platform = self.sim.callback(vendor).unwrap().platform_id;
            let journal = StoreJournal::new(Arc::clone(&store) as _, platform, Arc::clone(&clock));
            config.with_journal(Arc::new(journal))
        });
        let mut engine = RolloutEngine::builder(Arc::clone(&store) as _, Arc::clone(&clock))
            .with_signal_interval(Duration::from_millis(100));
        for platform in platforms {
            engine = engine.with_platform(platform);
        }
        let engine = engine.build();
        engine.start(NAME, &plan, "bench").await.unwrap();
        drop(plan);
        let order = |order: Order| engine.order(NAME, None, Ordered::new("bench", order));
        order(Order::Pause).await.unwrap();
        let (before, mut waiting) = (heap(), 0);
        let paused = async {
            while engine.status(NAME).await.unwrap().mode != Mode::Paused {
                clock.deadline(Duration::from_millis(50)).await;
            }
            waiting = heap();
        };
        assert_eq!(engine.drive(NAME, paused).await.unwrap(), Driven::Stopped);
        order(Order::Resume).await.unwrap();
        assert_eq!(engine.drive(NAME, std::future::pending()).await.unwrap(), Driven::Ended);
        let mut times = [Duration::ZERO; 5];
        for time in &mut times {
            let started = Instant::now();
            let status = engine.status(NAME).await.unwrap();
            *time = started.elapsed();
            assert_eq!(status.count("released"), self.apps.len() as u64, "{status:?}");
        }
        times.sort();
        for (vendor, app) in &self.apps {
            assert_eq!(self.sim.truth(app).unwrap().online_version(), Some(VERSION), "{vendor} {app}");
        }
        store.close().await;
        (waiting.saturating_sub(before), times[2])
    }
}

/// The bytes on the heap.
fn heap() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// Processor time: of the simulator's threads, and of all others.
#[derive(Clone, Copy)]
struct Cpu {
    vendors: Duration,
    own: Duration,
}

impl Cpu {
    fn since(self, earlier: Self) -> Self {
        Self { vendors: self.vendors - earlier.vendors, own: self.own.saturating_sub(earlier.own) }
    }
}

/// Reads the processor time of this process: the simulator's threads last as long as it does.
fn cpu() -> Cpu {
    let mut vendors = Duration::ZERO;
    for thread in std::fs::read_dir("/proc/self/task").expect("Linux") {
        let thread = thread.unwrap().path();
        if std::fs::read_to_string(thread.join("comm")).unwrap().trim() == VENDORS {
            let times = std::fs::read_to_string(thread.join("schedstat")).unwrap();
            vendors += Duration::from_nanos(times.split_whitespace().next().unwrap().parse().unwrap());
        }
    }
    // After the name, which may contain anything: the processor time of all threads, those that have ended included.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Cpu { vendors, own: Duration::from_millis(ticks * 10).saturating_sub(vendors) }
}
