//! The callback receiver: what it has acknowledged is in the inbox, whatever kills it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek, Write};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use miniprogram::baidu::BAIDU;
use miniprogram::baidu::event::BaiduEventEncoder;
use miniprogram::callback::{CallbackConfig, Seal};
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::push::OwnedPush;
use miniprogram::token::TokenScope;
use miniprogram::wechat::WECHAT;
use miniprogram::wechat::event::{PushRoute, WeChatEventEncoder};
use miniprogram::{AppId, PlatformId, Timestamp, Vendor};
use miniprogram_sim::{AppSpec, Callback, SimConfig, Simulator, State};
use miniprogram_store::{
    Inbox, InboxFilter, InboxState, Maintenance, PlatformKey, SqliteStore, StoreOptions, TokenStore,
};
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::process::{self, Process};
use crate::unsynced::Disk;

const APPS: u64 = 20;
const SENDERS: usize = 12;

/// An event that a vendor has to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    wechat: bool,
    app: u64,
    number: i64,
}

impl Told {
    /// Its identity in the inbox and in what handlers receive.
    pub(crate) fn of(event: &Value) -> Option<Self> {
        let wechat = event["vendor"] == WECHAT.as_str();
        let app = event["app_id"].as_str()?.trim_start_matches("wx").parse().ok()?;
        let number = if wechat {
            event["payload"]["Number"].as_str()?.parse().ok()?
        } else {
            event["payload"]["packageId"].as_i64()?
        };
        Some(Self { wechat, app, number })
    }
}

/// Seals pushes as the vendors do: anew for every delivery.
pub(crate) struct Vendors {
    wechat: WeChatEventEncoder,
    baidu: BaiduEventEncoder,
    baidu_platform: String,
}

impl Vendors {
    pub(crate) fn new() -> Self {
        let config = |vendor| {
            let Callback { platform_id, token, aes_key, .. } = Callback::sample(vendor);
            let config = CallbackConfig::encrypted(token, &aes_key).unwrap();
            config.with_receiver_id(platform_id).unwrap()
        };
        Self {
            wechat: WeChatEventEncoder::new(config(WECHAT)).unwrap(),
            baidu: BaiduEventEncoder::new(config(BAIDU)).unwrap(),
            baidu_platform: Callback::sample(BAIDU).platform_id,
        }
    }

    fn seal(&self, told: Told) -> (String, OwnedPush) {
        let now = SystemClock.now();
        let nonce = fastrand::u64(1 << 40..).to_string();
        let seal = Seal::new(now, &nonce);
        let at = 1_700_000_000 + told.number;
        if told.wechat {
            let original_id = original_id(told.app);
            let message = format!(
                "<xml><ToUserName><![CDATA[{original_id}]]></ToUserName><FromUserName><![CDATA[o]]></FromUserName>\
                 <CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
                 <Event><![CDATA[weapp_audit_success]]></Event><SuccTime>{at}</SuccTime>\
                 <Number>{}</Number></xml>",
                told.number
            );
            let route = PushRoute::Message { original_id: &original_id };
            let platform = Callback::sample(WECHAT).platform_id;
            let path = format!("/wechat/{platform}/messages/wx{}", told.app);
            (path, self.wechat.seal_push(route, &message, &seal).unwrap())
        } else {
            let time = Timestamp::from_unix(at).to_string().replace('T', " ").replace('Z', "");
            let message = format!(
                r#"{{"appId":{},"tpAppId":{},"event":"PACKAGE_AUDIT_PASS","eventTime":"{time}","packageId":{},"packageVersion":"1.0.{}"}}"#,
                told.app, self.baidu_platform, told.number, told.number
            );
            (
                format!("/baidu/{}/messages", self.baidu_platform),
                self.baidu.seal_push(&message, &seal).unwrap(),
            )
        }
    }
}

fn original_id(app: u64) -> String {
    format!("gh_{app:012}")
}

/// Undelivered and acknowledged events.
#[derive(Default)]
pub(crate) struct Ledger {
    next: i64,
    /// Sent without an acknowledgement, to be sent again.
    open: Vec<Told>,
    pub(crate) acknowledged: BTreeSet<Told>,
    /// Pushes as sent, for exact repeats.
    sent: BTreeMap<Told, (String, OwnedPush)>,
}

impl Ledger {
    /// 70 % new, 20 % duplicates, half of them sealed anew, 10 % out of order.
    fn draw(&mut self, vendors: &Vendors, random: &mut fastrand::Rng) -> (Told, String, OwnedPush) {
        if let Some(told) = self.open.pop() {
            let (path, push) = vendors.seal(told);
            return (told, path, push);
        }
        let known = self.acknowledged.len();
        let kind = random.u32(..10);
        let told = if kind < 2 && known > 0 {
            *self.acknowledged.iter().nth(random.usize(..known)).unwrap()
        } else {
            self.next += 1;
            // An older event: the vendors keep no order.
            let number = if kind == 2 { -self.next } else { self.next };
            Told { wechat: random.bool(), app: 1_000_000 + random.u64(..APPS), number: 1_000_000 + number }
        };
        let (path, push) = match self.sent.get(&told) {
            Some(same) if random.bool() => same.clone(),
            _ => vendors.seal(told),
        };
        self.sent.insert(told, (path.clone(), push.clone()));
        (told, path, push)
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

/// Result of delivering an event. Without an acknowledgement it is delivered again later, as the vendors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Acknowledged,
    /// It could not be stored in time.
    NotNow,
    /// The receiver was killed, or is about to be.
    Unanswered,
}

/// Delivers one event to the receiver.
pub(crate) async fn push_one(
    client: &reqwest::Client,
    base: &str,
    vendors: &Vendors,
    ledger: &Mutex<Ledger>,
    random: &mut fastrand::Rng,
) -> Pushed {
    let (told, path, push) = ledger.lock().await.draw(vendors, random);
    let url = match push.query.as_str() {
        "" => format!("{base}{path}"),
        query => format!("{base}{path}?{query}"),
    };
    let request = client
        .post(url)
        .header("content-type", push.content_type.unwrap_or_default())
        .body(push.body)
        .send()
        .await;
    let answered = match request {
        Ok(response) => {
            let status = response.status().as_u16();
            response.text().await.ok().map(|text| (status, text))
        }
        Err(_) => None,
    };
    let pushed = match answered {
        Some((200, text)) => {
            assert_eq!(text, "success");
            Pushed::Acknowledged
        }
        Some((503, _)) => Pushed::NotNow,
        None => Pushed::Unanswered,
        Some((status, text)) => panic!("{status} {text:?} for {told:?}"),
    };
    let mut ledger = ledger.lock().await;
    if pushed == Pushed::Acknowledged {
        ledger.acknowledged.insert(told);
    } else {
        ledger.open.push(told);
    }
    pushed
}

/// Concurrent senders that push until the receiver is killed.
struct Load {
    acknowledged: Arc<AtomicUsize>,
    /// How many more may be sent.
    allowed: Arc<Semaphore>,
    senders: JoinSet<()>,
}

impl Load {
    fn start(base: &str, vendors: &Arc<Vendors>, ledger: &Arc<Mutex<Ledger>>, seed: u64) -> Self {
        let client = client();
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let allowed = Arc::new(Semaphore::new(SENDERS));
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (base, client) = (base.to_owned(), client.clone());
            let (vendors, ledger) = (Arc::clone(vendors), Arc::clone(ledger));
            let (acknowledged, allowed) = (Arc::clone(&acknowledged), Arc::clone(&allowed));
            let mut random = fastrand::Rng::with_seed(seed ^ sender as u64);
            senders.spawn(async move {
                while let Ok(permit) = allowed.acquire().await {
                    permit.forget();
                    match push_one(&client, &base, &vendors, &ledger, &mut random).await {
                        Pushed::Acknowledged => drop(acknowledged.fetch_add(1, Ordering::SeqCst)),
                        Pushed::NotNow => allowed.add_permits(1),
                        Pushed::Unanswered => return,
                    }
                }
            });
        }
        Self { acknowledged, allowed, senders }
    }

    /// Waits for that many more acknowledgements; one push per sender is in flight then.
    async fn until(&mut self, more: usize) {
        // Counted before it is allowed: what is acknowledged in between must not be waited for again.
        let enough = self.acknowledged.load(Ordering::SeqCst) + more;
        self.allowed.add_permits(more);
        while self.acknowledged.load(Ordering::SeqCst) < enough {
            if let Some(ended) = self.senders.try_join_next() {
                ended.unwrap();
                panic!("the receiver went away by itself");
            }
            SystemClock.deadline(Duration::from_millis(1)).await;
        }
    }

    /// Waits until every sender has noticed that the receiver is gone; returns the number of acknowledgements.
    async fn end(mut self) -> usize {
        self.allowed.close();
        while let Some(ended) = self.senders.join_next().await {
            ended.unwrap();
        }
        self.acknowledged.load(Ordering::SeqCst)
    }
}

fn platforms(sim: &Simulator) -> String {
    process::platforms(&sim.base_url(), &sim.wechat_secret(), &sim.baidu_key())
}

/// Number of apps with something to publish.
const PUBLISHERS: u64 = 400;

fn publisher(number: u64) -> (Vendor, AppId) {
    if number.is_multiple_of(2) {
        (WECHAT, format!("wx{number:016}").into())
    } else {
        (BAIDU, (20_000_000 + number).to_string().into())
    }
}

/// Stores each app's original id.
pub(crate) async fn bind_apps(store: &dyn TokenStore) {
    let platform = PlatformId::from(Callback::sample(WECHAT).platform_id);
    for app in 1_000_000..1_000_000 + APPS {
        let scope = TokenScope::authorizer(WECHAT, platform.clone(), format!("wx{app}").into());
        store.bind_alias(&scope, &original_id(app), SystemClock.now()).await.unwrap();
    }
}

/// Creates the store, with the tokens of the apps that have something to publish.
async fn prepare(disk: &Disk, sim: &Simulator) {
    let store = SqliteStore::create(disk.live().join("state.db"), StoreOptions::default()).await.unwrap();
    bind_apps(&store).await;
    let mut writes = JoinSet::new();
    for (vendor, app) in (0..PUBLISHERS).map(publisher) {
        sim.add_app(AppSpec::new(vendor, app.clone())).unwrap();
        sim.arrange(&app, &State::Approved).unwrap();
        let (store, token) = (store.clone(), sim.token(&app).unwrap());
        writes.spawn(async move { process::keep_token(&store, vendor, app, &token).await });
    }
    while let Some(written) = writes.join_next().await {
        written.unwrap();
    }
    store.close().await;
    process::configure(disk, &platforms(sim));
    disk.sync_all();
}

fn serve(disk: &Disk, sim: &Simulator) -> Process {
    let config = process::configure(disk, &platforms(sim));
    let mut command = process::command(&config);
    command.args(["serve", "--jsonl"]);
    disk.watch(&mut command);
    Process::start(&mut command)
}

pub(crate) fn base(process: &Process) -> String {
    process.first["base_url"].as_str().unwrap_or_else(|| panic!("{}", process.first)).to_owned()
}

/// The whole inbox, by event.
pub(crate) async fn inbox(store: &dyn Inbox) -> BTreeMap<Told, Vec<InboxState>> {
    let mut all: BTreeMap<Told, Vec<InboxState>> = BTreeMap::new();
    let mut before = None;
    loop {
        let page = store.entries(&InboxFilter::new(500).before(before)).await.unwrap();
        let Some(last) = page.last() else { return all };
        before = Some(last.id());
        for entry in page.into_iter().map(|listed| listed.readable().unwrap()) {
            let told = Told::of(&serde_json::to_value(&entry.event).unwrap()).unwrap();
            all.entry(told).or_default().push(entry.state);
        }
    }
}

/// Waits until every event is handled; returns the receiver's own report.
pub(crate) async fn until_handled(process: &Process) -> Value {
    let ready = format!("{}/readyz", process.first["status_url"].as_str().unwrap());
    loop {
        let answer: Value = client().get(&ready).send().await.unwrap().json().await.unwrap();
        if answer["pending"] == 0 {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Commands next to the receiver, or alone: they write, and are killed now and then.
struct Commands {
    sim: Arc<Simulator>,
    /// Number of apps told to publish.
    publishers: AtomicU64,
    /// The newest ticket of each vendor passed to a command, and the newest reported as saved.
    given: [AtomicI64; 2],
    kept: [AtomicI64; 2],
    ended: AtomicUsize,
    stopped: AtomicBool,
}

const TICKETS_OF: [Vendor; 2] = [WECHAT, BAIDU];
/// Time of the first ticket.
const FIRST: i64 = 1_700_000_000;

impl Commands {
    fn new(sim: Arc<Simulator>) -> Arc<Self> {
        Arc::new(Self {
            sim,
            publishers: AtomicU64::new(0),
            given: [const { AtomicI64::new(FIRST) }; 2],
            kept: [const { AtomicI64::new(FIRST) }; 2],
            ended: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        })
    }

    /// Runs commands, one after another per vendor, until told to stop.
    fn start(self: &Arc<Self>, disk: &Disk, seed: u64) -> Vec<JoinHandle<()>> {
        self.stopped.store(false, Ordering::SeqCst);
        let config = process::configure(disk, &platforms(&self.sim));
        let start = |of: usize| {
            let (commands, config) = (Arc::clone(self), config.clone());
            let watched = disk.watched();
            let mut random = fastrand::Rng::with_seed(seed ^ (of as u64) << 16);
            std::thread::spawn(move || {
                while !commands.stopped.load(Ordering::SeqCst) {
                    let mut command = process::command(&config);
                    command.envs(watched.iter().map(|(name, value)| (name, value)));
                    commands.run(of, command, &mut random);
                }
            })
        };
        (0..TICKETS_OF.len()).map(start).collect()
    }

    fn run(&self, of: usize, mut command: Command, random: &mut fastrand::Rng) {
        let mut number = None;
        match random.u32(..8) {
            0 => drop(command.args(["events", "replay", &random.u32(1..50).to_string()])),
            1 => drop(command.args(["store", "check"])),
            2..4 => {
                let (vendor, app) = publisher(self.publishers.fetch_add(1, Ordering::SeqCst));
                command.args(["release", "publish", "--vendor", vendor.as_str(), "--app", app.as_str()]);
            }
            _ => {
                let next = self.given[of].fetch_add(1, Ordering::SeqCst) + 1;
                let mut ticket = tempfile::tempfile().unwrap();
                write!(ticket, "ticket-{next}").unwrap();
                ticket.rewind().unwrap();
                command.args(["auth", "ticket", "--vendor", TICKETS_OF[of].as_str(), "--set", "-"]);
                command.args(["--created-at", &next.to_string()]).stdin(ticket);
                number = Some(next);
            }
        }
        let mut process = Process::start_quietly(command.args(["--format", "json"]));
        let mut moments = if random.u32(..4) == 0 { random.u32(..60) } else { u32::MAX };
        while moments > 0 && !process.has_ended() && !self.stopped.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
            moments -= 1;
        }
        if !process.has_ended() {
            process.kill();
            return;
        }
        let (code, lines, log) = process.wait();
        assert!(!log.contains(r#""kind":"store""#), "{code:?} {lines:?} {log}");
        if let Some(number) = number {
            assert_eq!(code, Some(0), "{lines:?} {log}");
            self.kept[of].store(number, Ordering::SeqCst);
        }
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until that many more have exited on their own.
    async fn until(&self, more: usize) {
        let enough = self.ended.load(Ordering::SeqCst) + more;
        while self.ended.load(Ordering::SeqCst) < enough {
            SystemClock.deadline(Duration::from_millis(1)).await;
        }
    }

    /// Kills the running ones.
    fn kill(&self, workers: Vec<JoinHandle<()>>) {
        self.stopped.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.join().unwrap();
        }
    }

    /// The apps that have published at the vendors, each once.
    fn published(&self) -> Vec<AppId> {
        let told = 0..self.publishers.load(Ordering::SeqCst);
        told.map(|number| publisher(number).1)
            .filter(|app| {
                let times = self.sim.effects(app, "release");
                assert!(times < 2, "{app} has published {times} times");
                times == 1
            })
            .collect()
    }

    fn kept(&self) -> [i64; 2] {
        [0, 1].map(|of| self.kept[of].load(Ordering::SeqCst))
    }

    fn given(&self) -> [i64; 2] {
        [0, 1].map(|of| self.given[of].load(Ordering::SeqCst))
    }
}

/// A power failure at this moment: whatever was acknowledged before must survive.
async fn cut(disk: &Disk, ledger: &Mutex<Ledger>, commands: &Commands) {
    let acknowledged = ledger.lock().await.acknowledged.clone();
    let (kept, published) = (commands.kept(), commands.published());
    let left = disk.cut();
    let given = commands.given();
    let store = SqliteStore::open(left.join("state.db"), StoreOptions::default()).await.unwrap();
    let events = inbox(&store).await;
    let lost: Vec<_> = acknowledged.iter().filter(|told| !events.contains_key(told)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    for (of, vendor) in TICKETS_OF.into_iter().enumerate() {
        let platform = PlatformKey::new(vendor, Callback::sample(vendor).platform_id);
        let ticket = store.ticket(&platform).await.unwrap();
        let number = ticket.map_or(FIRST, |ticket| {
            let number = ticket.created_at.as_unix_millis() / 1000;
            assert_eq!(ticket.ticket.expose(), format!("ticket-{number}"));
            number
        });
        assert!(
            (kept[of]..=given[of]).contains(&number),
            "{vendor}: {number}, kept {kept:?}, given {given:?}"
        );
    }
    // Whether they were done may have to be queried again, but never whether they were begun.
    let mut begun = BTreeSet::new();
    let mut note = |record: &Value| {
        if record["record"] == "intent" {
            begun.insert(record["app"].as_str().unwrap().to_owned());
        }
        Ok(())
    };
    store.export(SystemClock.now(), &mut note).await.unwrap();
    let lost: Vec<_> = published.iter().filter(|app| !begun.contains(app.as_str())).collect();
    assert!(lost.is_empty(), "published and not written down: {lost:?}");
    let report = store.check(SystemClock.now()).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    store.close().await;
    std::fs::remove_dir_all(left).unwrap();
}

/// Totals over the rounds.
#[derive(Default)]
struct Tally {
    cuts: usize,
    acknowledgements: usize,
    events: usize,
    again: usize,
    commands: usize,
    published: usize,
}

/// A new store, and rounds of a receiver under load with commands next to it, or of commands alone. Each has several
/// simulated power failures, and one at its end.
async fn rounds(random: &mut fastrand::Rng, tally: &mut Tally) {
    const ROUNDS: usize = 10;
    const CUTS: usize = 10;
    let sim = Simulator::start(SimConfig::new().with_seed(random.u64(..))).await.unwrap();
    let sim = Arc::new(sim);
    let mut disk = Disk::new();
    prepare(&disk, &sim).await;
    let vendors = Arc::new(Vendors::new());
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let commands = Commands::new(Arc::clone(&sim));
    // How often handlers received each event.
    let mut handled: BTreeMap<Told, u32> = BTreeMap::new();
    let mut note = |lines: Vec<Value>| {
        for told in lines.iter().filter_map(Told::of) {
            *handled.entry(told).or_default() += 1;
        }
    };
    for round in 0..ROUNDS {
        // Some commands start before the receiver, and some rounds have none.
        let workers = commands.start(&disk, random.u64(..));
        if round % 3 == 2 {
            for _ in 1..CUTS {
                commands.until(random.usize(1..4)).await;
                cut(&disk, &ledger, &commands).await;
            }
            commands.kill(workers);
        } else {
            let process = serve(&disk, &sim);
            let mut load = Load::start(&base(&process), &vendors, &ledger, random.u64(..));
            for _ in 1..CUTS {
                load.until(random.usize(1..20)).await;
                cut(&disk, &ledger, &commands).await;
            }
            load.until(random.usize(1..10)).await;
            if random.bool() {
                note(process.kill().0);
                commands.kill(workers);
            } else {
                commands.kill(workers);
                note(process.kill().0);
            }
            tally.acknowledgements += load.end().await;
        }
        disk.lose_power();
        cut(&disk, &ledger, &commands).await;
        tally.cuts += CUTS;
    }
    let process = serve(&disk, &sim);
    let left = until_handled(&process).await;
    note(process.terminate().0);
    let store = SqliteStore::open_read_only(disk.live().join("state.db"), StoreOptions::default());
    let kept = inbox(&store.await.unwrap()).await;
    for (told, states) in &kept {
        assert_eq!(states.as_slice(), [InboxState::Done], "{told:?}, {left}");
        assert!(handled.contains_key(told), "never handed over: {told:?}");
    }
    assert!(handled.len() >= ledger.lock().await.acknowledged.len());
    tally.events += kept.len();
    tally.again += handled.values().filter(|times| **times > 1).count();
    tally.published += commands.published().len();
    tally.commands += commands.ended.load(Ordering::SeqCst);
}

/// `MINIPROGRAM_CRASH_CUTS` sets the minimum number of power failures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_loss_of_power() {
    let mut random = fastrand::Rng::with_seed(process::seed());
    let enough = std::env::var("MINIPROGRAM_CRASH_CUTS").map_or(100, |number| number.parse().unwrap());
    let mut tally = Tally::default();
    while tally.cuts < enough {
        rounds(&mut random, &mut tally).await;
    }
    let Tally { cuts, acknowledgements, events, again, commands, published } = tally;
    println!(
        "{cuts} losses of power, {acknowledgements} acknowledgements, {events} events, {commands} commands, \
         {published} publications: 0 lost, \
         {again} handed over again"
    );
}

/// The same with syncs that do nothing: losses must show, otherwise the test above proves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_sync_is_found_out() {
    let sim = Simulator::start(SimConfig::new().with_seed(1)).await.unwrap();
    let mut disk = Disk::new().losing_syncs();
    prepare(&disk, &sim).await;
    let vendors = Arc::new(Vendors::new());
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let process = serve(&disk, &sim);
    let mut load = Load::start(&base(&process), &vendors, &ledger, 1);
    load.until(50).await;
    process.kill();
    load.end().await;
    disk.lose_power();
    let store = SqliteStore::open_read_only(disk.live().join("state.db"), StoreOptions::default());
    let kept = inbox(&store.await.unwrap()).await;
    assert!(ledger.lock().await.acknowledged.iter().any(|told| !kept.contains_key(told)));
}
