//! One daemon under load and hundreds of commands next to it, all killed now and then: nothing is lost, nothing happens
//! twice, and no process is turned away because another one is writing.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock};
use std::time::Duration;

use miniprogram::baidu::BAIDU;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::wechat::WECHAT;
use miniprogram::{AppId, Vendor};
use miniprogram_sim::{AppSpec, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator, State};
use miniprogram_store::{InboxState, Store, StoreKeys};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::postgres;
use crate::process::{self, Process};
use crate::receiver::{self, Ledger, Pushed, Told, Vendors};

const COMMANDS: usize = 200;
const WORKERS: usize = 8;
const SENDERS: usize = 4;
/// Number of commands after which the daemon is killed.
const KILLS_OF_THE_DAEMON: [usize; 2] = [60, 130];
/// Messages stating that another process is writing, for either database.
const TURNED_AWAY: [&str; 8] = [
    "has been writing",
    "in use",
    "is locked",
    "busy",
    "code 5",
    "deadlock",
    "could not serialize",
    "lock timeout",
];

/// One effect, and the app it is for.
struct Effect {
    vendor: Vendor,
    app: AppId,
    /// Its operation at the simulator.
    operation: &'static str,
    line: Vec<&'static str>,
}

impl Effect {
    fn of(number: usize) -> Self {
        let vendor = if number.is_multiple_of(2) { WECHAT } else { BAIDU };
        let app =
            if vendor == WECHAT { format!("wx{number:016}") } else { (20_000_000 + number).to_string() };
        let (operation, line) = match number % 3 {
            0 => ("release", vec!["release", "publish"]),
            1 => (
                "upload_code",
                vec![
                    "code",
                    "upload",
                    "--template-id",
                    "7",
                    "--ext-json",
                    r#"{"extEnable":true,"ext":{}}"#,
                    "--user-version",
                    "2.0.0",
                    "--user-desc",
                    "opening hours",
                ],
            ),
            _ if vendor == WECHAT => ("submit_audit", vec!["audit", "submit", "--item", ITEM]),
            _ => ("submit_audit", vec!["audit", "submit", "--content", "opening hours", "--remark", "none"]),
        };
        Self { vendor, app: app.into(), operation, line }
    }

    /// The app's state before it.
    fn before(&self) -> Option<State> {
        match self.operation {
            "release" => Some(State::Approved),
            "submit_audit" => Some(State::Uploaded { version: "1.0.1".to_owned() }),
            _ => None,
        }
    }
}

const ITEM: &str = r#"{"address":"pages/index/index","first_class":"工具","second_class":"备忘录","first_id":1,"second_id":2}"#;

/// A store, its configuration, the vendors, and the commands' results.
struct Bench {
    sim: Simulator,
    folder: TempDir,
    url: String,
    /// How many commands were started, without repeats after a kill.
    begun: AtomicUsize,
    ended: AtomicUsize,
    killed: AtomicUsize,
    effects: Vec<Effect>,
    effects_begun: AtomicUsize,
    /// How many runs each effect took, and whether the last one reported it done.
    said: Lock<Vec<(usize, bool)>>,
    /// Event ids, for replays.
    events: Lock<Vec<i64>>,
}

impl Bench {
    async fn start(seed: u64, url: Option<String>) -> Self {
        // Some responses are lost, and some hang: a kill then strikes in the middle of an effect.
        let faults = [Disturbance::Reset, Disturbance::Hang]
            .map(|fault| FaultRule::probability(0.08, Scope::Effects, Fault::After(fault)));
        let config = SimConfig::new()
            .with_seed(seed)
            .with_faults(faults.to_vec())
            .with_upload_time(Duration::ZERO)
            .with_wechat_audits(10_000)
            .with_baidu_audits(10_000);
        let sim = Simulator::start(config).await.unwrap();
        let folder = TempDir::new().unwrap();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("state.db").display()));
        let platforms = process::platforms(&sim.base_url(), &sim.wechat_secret(), &sim.baidu_key());
        process::configure_for(folder.path(), &url, &platforms);
        let bench = Self {
            sim,
            folder,
            url,
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            killed: AtomicUsize::new(0),
            effects: (0..COMMANDS).map(Effect::of).collect(),
            effects_begun: AtomicUsize::new(0),
            said: Lock::default(),
            events: Lock::default(),
        };
        bench.prepare().await;
        bench
    }

    /// Creates the store with every app's token.
    async fn prepare(&self) {
        let store = miniprogram_store::migrate(&self.url, StoreKeys::default()).await.unwrap();
        receiver::bind_apps(&*store).await;
        let mut writes = JoinSet::new();
        for Effect { vendor, app, .. } in &self.effects {
            self.sim.add_app(AppSpec::new(*vendor, app.clone())).unwrap();
            let (store, vendor, app) = (Arc::clone(&store), *vendor, app.clone());
            let token = self.sim.token(&app).unwrap();
            writes.spawn(async move { process::keep_token(&*store, vendor, app, &token).await });
        }
        while let Some(written) = writes.join_next().await {
            written.unwrap();
        }
        for effect in &self.effects {
            if let Some(state) = effect.before() {
                self.sim.arrange(&effect.app, &state).unwrap();
            }
        }
        store.close().await;
    }

    async fn store(&self) -> Arc<dyn Store> {
        miniprogram_store::open_read_only(&self.url, StoreKeys::default()).await.unwrap()
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = process::command(&self.folder.path().join("miniprogram.toml"));
        command.args(line).args(["--format", "json"]);
        command
    }

    fn serve(&self) -> Process {
        let mut command = process::command(&self.folder.path().join("miniprogram.toml"));
        // Claims that the next daemon does not end expire a few of these later.
        Process::start(command.args(["serve", "--jsonl", "--handler-timeout", "2s"]))
    }

    /// Runs commands one after another until enough were started.
    fn work(&self, random: &mut fastrand::Rng) {
        while self.begun.fetch_add(1, Ordering::SeqCst) < COMMANDS {
            match random.u32(..10) {
                0..6 => self.effect(random),
                6 => self.replay(random),
                7 => self.read(&["auth", "status"], random),
                8 => self.read(&["store", "check"], random),
                _ => self.list(random),
            }
            self.ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Runs a command, killing every fourth at a random moment. `None` if it was killed.
    fn run(&self, line: &[&str], random: &mut fastrand::Rng) -> Option<(Option<i32>, Vec<Value>, String)> {
        let mut process = Process::start_quietly(&mut self.command(line));
        if random.u32(..4) == 0 {
            let mut moments = random.u32(..120);
            while moments > 0 && !process.has_ended() {
                std::thread::sleep(Duration::from_millis(1));
                moments -= 1;
            }
            if !process.has_ended() {
                process.kill();
                self.killed.fetch_add(1, Ordering::SeqCst);
                return None;
            }
        }
        let (code, lines, log) = process.wait();
        assert_not_turned_away(&log);
        assert!(!log.contains(r#""kind":"store""#), "{line:?}: {log}");
        Some((code, lines, log))
    }

    /// Runs an effect, repeating it while it is killed or its outcome is unknown.
    fn effect(&self, random: &mut fastrand::Rng) {
        let number = self.effects_begun.fetch_add(1, Ordering::SeqCst);
        let Effect { vendor, app, operation, line } = &self.effects[number];
        let of_app =
            ["--vendor", vendor.as_str(), "--app", app.as_str(), "--timeout", "2s", "--settle-time", "300ms"];
        let line = [&line[..], &of_app].concat();
        for run in 1.. {
            assert!(run < 20, "{line:?} comes to no end");
            let Some((code, lines, log)) = self.run(&line, random) else {
                // Killed once the effect was done and closed: the same command would be another effect.
                if self.sim.effects(app, operation) == 1 && !self.is_open(*vendor, app) {
                    self.said.lock().unwrap().push((run, false));
                    return;
                }
                continue;
            };
            let is_done = code == Some(0) && lines[0]["outcome"] == "done";
            let effects = self.sim.effects(app, operation);
            if is_done {
                assert_eq!(effects, 1, "{line:?} said that it is done: {lines:?}");
            } else if effects == 1 && run > 1 && log.contains(r#""outcome":"not_done""#) {
                // The killed run had done and closed it.
            } else {
                assert!(log.contains(r#""outcome":"unknown""#), "{line:?}: {code:?} {lines:?} {log}");
                continue;
            }
            self.said.lock().unwrap().push((run, is_done));
            return;
        }
    }

    /// Returns whether an effect of an app is open.
    fn is_open(&self, vendor: Vendor, app: &AppId) -> bool {
        let line = ["effects", "list", "--vendor", vendor.as_str(), "--app", app.as_str()];
        let (code, lines, log) = Process::start_quietly(&mut self.command(&line)).wait();
        assert_eq!(code, Some(0), "{log}");
        lines[0].as_array().is_some_and(|open| !open.is_empty())
    }

    fn list(&self, random: &mut fastrand::Rng) {
        if let Some((code, lines, log)) = self.run(&["events", "list", "--state", "done"], random) {
            assert_eq!(code, Some(0), "{log}");
            let ids = lines[0].as_array().unwrap().iter().filter_map(|row| row["id"].as_i64());
            self.events.lock().unwrap().extend(ids);
        }
    }

    fn replay(&self, random: &mut fastrand::Rng) {
        let known = self.events.lock().unwrap().clone();
        let Some(id) = random.choice(known) else { return self.list(random) };
        if let Some((code, lines, log)) = self.run(&["events", "replay", &id.to_string()], random) {
            let is_pending = log.contains(r#""kind":"conflict""#);
            assert!(is_pending || code == Some(0) && lines[0][0]["state"] == "pending", "{lines:?} {log}");
        }
    }

    fn read(&self, line: &[&str], random: &mut fastrand::Rng) {
        if let Some((code, lines, log)) = self.run(line, random) {
            assert_eq!((code, lines.len()), (Some(0), 1), "{line:?}: {lines:?} {log}");
        }
    }
}

fn assert_not_turned_away(log: &str) {
    let refused = TURNED_AWAY.iter().find(|words| log.contains(**words));
    assert_eq!(refused, None, "{log}");
}

/// Pushes continuously to the receiver's current address.
fn push(base: &watch::Receiver<String>, ledger: &Arc<Mutex<Ledger>>, seed: u64) -> JoinSet<()> {
    let vendors = Arc::new(Vendors::new());
    let client = receiver::client();
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (mut base, client) = (base.clone(), client.clone());
        let (vendors, ledger) = (Arc::clone(&vendors), Arc::clone(ledger));
        let mut random = fastrand::Rng::with_seed(seed ^ sender as u64);
        senders.spawn(async move {
            loop {
                let address = base.borrow_and_update().clone();
                while receiver::push_one(&client, &address, &vendors, &ledger, &mut random).await
                    != Pushed::Unanswered
                {}
                // It was killed: another one replaces it.
                if base.changed().await.is_err() {
                    return;
                }
            }
        });
    }
    senders
}

async fn work_side_by_side(url: Option<String>) {
    let seed = process::seed();
    let bench = Arc::new(Bench::start(seed, url).await);
    let mut handled: BTreeMap<Told, u32> = BTreeMap::new();
    let mut note = |(lines, log): (Vec<Value>, String)| {
        assert_not_turned_away(&log);
        for told in lines.iter().filter_map(Told::of) {
            *handled.entry(told).or_default() += 1;
        }
    };
    let mut daemon = bench.serve();
    let (at, base) = watch::channel(receiver::base(&daemon));
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut senders = push(&base, &ledger, seed);
    drop(base);
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let bench = Arc::clone(&bench);
            let mut random = fastrand::Rng::with_seed(seed ^ (worker as u64) << 32);
            std::thread::spawn(move || bench.work(&mut random))
        })
        .collect();
    for enough in KILLS_OF_THE_DAEMON {
        while bench.ended.load(Ordering::SeqCst) < enough
            && !workers.iter().all(|worker| worker.is_finished())
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        note(daemon.kill());
        daemon = bench.serve();
        at.send(receiver::base(&daemon)).unwrap();
    }
    for worker in workers {
        worker.join().unwrap();
    }
    assert!(senders.try_join_next().is_none(), "a sender has ended");
    senders.shutdown().await;
    receiver::until_handled(&daemon).await;
    note(daemon.terminate());

    let store = bench.store().await;
    let kept = receiver::inbox(&*store).await;
    let acknowledged = &ledger.lock().await.acknowledged;
    let lost: Vec<_> = acknowledged.iter().filter(|told| !kept.contains_key(told)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    for (told, states) in &kept {
        assert_eq!(states.as_slice(), [InboxState::Done], "{told:?}");
        assert!(handled.contains_key(told), "never handed over: {told:?}");
    }
    let begun = bench.effects_begun.load(Ordering::SeqCst);
    for effect in &bench.effects[..begun] {
        let times = bench.sim.effects(&effect.app, effect.operation);
        assert_eq!(times, 1, "{} of {}", effect.operation, effect.app);
    }
    let report = store.check(SystemClock.now()).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.open_intents, 0, "{report:?}");
    let killed = bench.killed.load(Ordering::SeqCst);
    let said = bench.said.lock().unwrap();
    assert_eq!(said.len(), begun);
    println!(
        "{COMMANDS} commands, {killed} runs of them killed, {} effects ({} said so, {} after a kill), {} pushes: 0 \
         lost, 0 doubled, 0 refused",
        begun,
        said.iter().filter(|(_, is_done)| *is_done).count(),
        said.iter().filter(|(runs, _)| *runs > 1).count(),
        acknowledged.len(),
    );
    assert!(killed > 10 && acknowledged.len() > COMMANDS, "it was too quiet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn commands_beside_a_daemon_on_sqlite() {
    work_side_by_side(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn commands_beside_a_daemon_on_postgres() {
    let Some(url) = postgres::database("side_by_side::commands_beside_a_daemon_on_postgres") else { return };
    work_side_by_side(Some(url)).await;
}
