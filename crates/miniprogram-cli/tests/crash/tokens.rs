//! Refresh tokens: none is lost, whatever kills the process that renews them.

use std::collections::{BTreeSet, VecDeque};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use miniprogram::authorization::IssuedToken;
use miniprogram::baidu::{BAIDU, BaiduAuthorization};
use miniprogram::clock::{Busy, Clock, SystemClock, Wait};
use miniprogram::token::{AccessToken, TokenScope};
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{WECHAT, WeChatAuthorization};
use miniprogram::{AppId, ClientConfig, Secret, Timestamp, Vendor};
use miniprogram_sim::{AppSpec, Callback, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator};
use miniprogram_store::{
    Acquired, GrantState, Maintenance, NewTokens, PlatformKey, SqliteStore, StoreOptions, StoredAccess,
    Ticket, TokenFilter, TokenRecord, TokenStore,
};

use miniprogram_tokens::TokenManager;
use tokio::task::{JoinError, JoinSet};

use crate::process::{self, Process};
use crate::unsynced::Disk;

/// Merchants per vendor.
const MERCHANTS: u64 = 5000;
const KILLS: u32 = 100;

fn platform(vendor: Vendor) -> PlatformKey {
    PlatformKey::new(vendor, Callback::sample(vendor).platform_id)
}

fn app(vendor: Vendor, number: u64) -> AppId {
    AppId::from(if vendor == WECHAT { format!("wx{number:016}") } else { number.to_string() })
}

fn refresh_token(vendor: Vendor, number: u64) -> String {
    if vendor == WECHAT {
        format!("refreshtoken@@@{number}")
    } else {
        format!("46.{number:032x}.315360000.1.first")
    }
}

/// Adds the merchants to the vendors, and their first refresh tokens to the store.
async fn prepare(sim: &Simulator, disk: &Disk) {
    let store = SqliteStore::create(disk.live().join("state.db"), StoreOptions::default()).await.unwrap();
    let store = Arc::new(store);
    let now = SystemClock.now();
    for vendor in [WECHAT, BAIDU] {
        let ticket = sim.push_ticket(vendor).unwrap();
        store.save_ticket(&platform(vendor), &Ticket::new(ticket, now, now)).await.unwrap();
        let mut writes = JoinSet::new();
        for number in 1..=MERCHANTS {
            let (app, token) = (app(vendor, number), refresh_token(vendor, number));
            sim.add_app(AppSpec::new(vendor, app.clone()).with_refresh_token(token.clone())).unwrap();
            let (store, platform) = (Arc::clone(&store), platform(vendor));
            writes.spawn(async move {
                let scope = TokenScope::authorizer(vendor, platform.platform, app);
                let lease = match store.acquire(&scope, "setup", now, Duration::from_secs(60)).await.unwrap()
                {
                    Acquired::Granted { lease, .. } => lease,
                    other => panic!("{other:?}"),
                };
                // Most expire late, so that only commands renew them; the daemon renews the others.
                let lifetime = if number.is_multiple_of(4) { 60 } else { 7200 };
                let access = IssuedToken::new(AccessToken::new("a").unwrap(), Duration::from_secs(lifetime));
                let tokens = NewTokens::new(Some(StoredAccess::new(&access, now)))
                    .with_refresh_token(Some(Secret::new(token)));
                store.commit(&lease, &tokens, now).await.unwrap();
            });
            if writes.len() >= 256 {
                writes.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(written) = writes.join_next().await {
            written.unwrap();
        }
    }
    store.close().await;
    disk.sync_all();
}

fn platforms(sim: &Simulator) -> String {
    process::platforms(&sim.base_url(), &sim.wechat_secret(), &sim.baidu_key())
}

/// A killed process's lease has expired after this.
const LEASE: Duration = Duration::from_secs(61);

/// The clock after a number of kills.
#[derive(Debug)]
struct Later(Duration);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(self.0)
    }

    fn sleep(&self, duration: Duration) -> Wait {
        SystemClock.sleep(duration)
    }

    fn deadline(&self, duration: Duration) -> Wait {
        SystemClock.deadline(duration)
    }

    fn enter(&self) -> Busy {
        SystemClock.enter()
    }
}

fn refresh_all(disk: &Disk, sim: &Simulator, vendor: Vendor, kills: u32) -> Process {
    let mut command = command(disk, sim, kills);
    command.args(["auth", "refresh", "--all", "--concurrency", "16", "--vendor", vendor.as_str()]);
    command.args(["--timeout", "5s", "--format", "json"]);
    Process::start_quietly(&mut command)
}

/// The daemon, which renews what expires soon.
fn serve(disk: &Disk, sim: &Simulator, kills: u32) -> Process {
    Process::start(command(disk, sim, kills).args(["serve", "--jsonl"]))
}

/// A command whose clock is that far ahead.
fn command(disk: &Disk, sim: &Simulator, kills: u32) -> Command {
    let mut command = process::command(&process::configure(disk, &platforms(sim)));
    disk.watch(&mut command);
    command.env("UNSYNCED_LATER", (LEASE * kills).as_secs().to_string());
    command
}

/// Waits until that many more requests have reached the vendors, or none will.
fn until_asked(sim: &Simulator, more: u64, processes: &mut [Process]) {
    let enough = sim.requests() + more;
    while sim.requests() < enough && !processes.iter_mut().all(Process::has_ended) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

async fn records(disk: &Disk, vendor: Vendor) -> Vec<TokenRecord> {
    let store =
        SqliteStore::open_read_only(disk.live().join("state.db"), StoreOptions::default()).await.unwrap();
    let mut all: Vec<TokenRecord> = Vec::new();
    let mut filter = TokenFilter::new(1000).of(platform(vendor));
    loop {
        let page = store.tokens(&filter).await.unwrap();
        all.extend(page.records);
        let Some(next) = page.next else {
            all.retain(|record| record.scope.app.is_some());
            return all;
        };
        filter = filter.after(next);
    }
}

/// Apps whose stored refresh token the vendor would refuse.
fn refused(sim: &Simulator, records: &[TokenRecord]) -> BTreeSet<AppId> {
    let mut apps = BTreeSet::new();
    for record in records {
        let (app, token) = (record.scope.app.as_ref().unwrap(), record.refresh_token.as_ref().unwrap());
        if !sim.refresh_token_is_valid(app, token) {
            apps.insert(app.clone());
        }
    }
    apps
}

/// Renews all merchants concurrently in this process; every tenth caller gives up early.
async fn renew_with_callers_that_give_up(
    sim: &Simulator,
    disk: &Disk,
    kills: u32,
    random: &mut fastrand::Rng,
) {
    let store =
        Arc::new(SqliteStore::open(disk.live().join("state.db"), StoreOptions::default()).await.unwrap());
    let config = |vendor| {
        let base = BaseUrl::parse(&sim.base_url()).unwrap();
        ClientConfig::without_tokens(platform(vendor).platform).with_base_url(base)
    };
    let manager = TokenManager::builder(Arc::<SqliteStore>::clone(&store))
        .with_platform(Arc::new(WeChatAuthorization::new(config(WECHAT), sim.wechat_secret()).unwrap()))
        .with_platform(Arc::new(BaiduAuthorization::new(config(BAIDU), sim.baidu_key()).unwrap()))
        .with_clock(Arc::new(Later(LEASE * kills)))
        .build()
        .unwrap();
    let (mut answered, mut gone) = (0, 0);
    let mut count = |ended: Result<(), JoinError>| match ended {
        Ok(()) => answered += 1,
        Err(problem) => {
            assert!(problem.is_cancelled(), "{problem}");
            gone += 1;
        }
    };
    let mut callers = JoinSet::new();
    let mut impatient = VecDeque::new();
    for number in 1..=MERCHANTS {
        for vendor in [WECHAT, BAIDU] {
            if callers.len() >= 200
                && let Some(ended) = callers.join_next().await
            {
                count(ended);
            }
            let scope = TokenScope::authorizer(vendor, platform(vendor).platform, app(vendor, number));
            let manager = manager.clone();
            let caller = callers.spawn(async move { drop(manager.refresh(&scope).await) });
            if random.u32(..10) == 0 {
                impatient.push_back(caller);
            }
            // Somewhere among the others.
            if impatient.len() > 2
                && let Some(caller) = impatient.pop_front()
            {
                caller.abort();
            }
        }
    }
    while let Some(ended) = callers.join_next().await {
        count(ended);
    }
    println!("{answered} callers had an answer, {gone} gave up");
    assert!(gone > 100);
    // Their renewals continued; later callers join them, or settle those without a response.
    for vendor in [WECHAT, BAIDU] {
        for record in records(disk, vendor).await.into_iter().filter(|record| record.lease.is_some()) {
            let _ = manager.refresh(&record.scope).await;
        }
    }
    drop(manager);
    store.close().await;
}

/// Ten thousand merchants, every tenth refresh response lost, and processes, alone or in pairs, with or without the
/// daemon beside them, that are killed again and again while their requests are in flight. After each kill only what
/// was synced is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_refresh_token_is_lost() {
    let seed = process::seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let lost: Vec<FaultRule> = ["refresh", "exchange"]
        .into_iter()
        .map(|operation| {
            FaultRule::probability(0.1, Scope::operation(operation), Fault::After(Disturbance::Reset))
        })
        .collect();
    let sim = Simulator::start(SimConfig::new().with_seed(seed).with_faults(lost)).await.unwrap();
    let mut disk = Disk::new();
    prepare(&sim, &disk).await;

    let (mut between, mut kills, mut daemons) = (0, 0, 0);
    let mut spent_before = BTreeSet::new();
    while between < KILLS {
        // Only Baidu spends what was sent; at WeChat a kill leaves nothing to count.
        let vendor = if random.u32(..8) == 0 { WECHAT } else { BAIDU };
        let mut processes = vec![refresh_all(&disk, &sim, vendor, kills)];
        if random.bool() {
            let beside = if random.bool() { WECHAT } else { BAIDU };
            processes.push(refresh_all(&disk, &sim, beside, kills));
        }
        random.shuffle(&mut processes);
        let mut daemon = random.bool().then(|| serve(&disk, &sim, kills));
        daemons += u32::from(daemon.is_some());
        let mut log = String::new();
        while !processes.is_empty() {
            until_asked(&sim, random.u64(10..80), &mut processes);
            log += &processes.remove(0).kill().1;
            // The other one continues, or is killed with it.
            if random.bool() {
                log.extend(processes.drain(..).map(|process| process.kill().1));
            }
            // The commands continue without their daemon, or it is the last to go.
            if processes.is_empty() || random.bool() {
                log.extend(daemon.take().map(|daemon| daemon.kill().1));
            }
        }
        assert!(!log.contains(r#""kind":"store""#), "{log}");
        disk.lose_power();
        kills += 1;
        assert!(
            kills < 3 * KILLS,
            "only {between} of {kills} kills fell between a refresh and its commit: {log}"
        );
        let records = records(&disk, BAIDU).await;
        assert_eq!(records.len() as u64, MERCHANTS);
        // The vendor has spent it since, and its replacement was not committed.
        let spent = refused(&sim, &records);
        between += u32::from(!spent.is_subset(&spent_before));
        spent_before = spent;
    }
    println!("{kills} kills, {between} of them between a refresh and its commit; {daemons} daemons killed");
    assert!(daemons > KILLS / 4, "only {daemons} of {kills} rounds had a daemon");
    renew_with_callers_that_give_up(&sim, &disk, kills, &mut random).await;
    // Without a person: once responses arrive again, one run of the command repairs what lost ones left open.
    sim.clear_faults();
    for (run, vendor) in [WECHAT, BAIDU].into_iter().enumerate() {
        let left = refused(&sim, &records(&disk, vendor).await).len();
        let (code, _, log) = refresh_all(&disk, &sim, vendor, kills + 1 + run as u32).wait();
        println!("{vendor}: {left} refresh tokens were spent before the last run of the command");
        assert_eq!(code, Some(0), "{vendor}: the command does not set it right: {log}");
    }
    for vendor in [WECHAT, BAIDU] {
        let records = records(&disk, vendor).await;
        assert_eq!(records.len() as u64, MERCHANTS);
        let stuck: Vec<_> = records.iter().filter(|record| record.state != GrantState::Active).collect();
        assert!(stuck.is_empty(), "{vendor}: {} need a person: {:?}", stuck.len(), stuck.first());
        assert_eq!(refused(&sim, &records), BTreeSet::new(), "{vendor}: lost");
    }
}
