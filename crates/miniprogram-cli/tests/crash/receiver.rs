//! The receiver of callbacks: what it acknowledged is in the inbox, whatever kills it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use miniprogram::baidu::BAIDU;
use miniprogram::baidu::event::BaiduEventEncoder;
use miniprogram::callback::{CallbackConfig, Seal};
use miniprogram::wechat::WECHAT;
use miniprogram::wechat::event::{PushRoute, WeChatEventEncoder};
use miniprogram::{Clock, OwnedPush, PlatformId, Secret, SystemClock, Timestamp, TokenScope};
use miniprogram_sim::Callback;
use miniprogram_store::{Inbox, InboxFilter, InboxState, Maintenance, SqliteStore, StoreOptions, TokenStore};
use serde_json::Value;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;

use crate::process::{self, Process};
use crate::unsynced::Disk;

const APPS: u64 = 20;
const SENDERS: usize = 12;

/// An event that a vendor has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    wechat: bool,
    app: u64,
    number: i64,
}

impl Told {
    /// What tells it apart in the inbox and in what handlers are given.
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

/// What the vendors still have to tell, and what was acknowledged.
#[derive(Default)]
pub(crate) struct Ledger {
    next: i64,
    /// Told without an acknowledgement, to be told again.
    open: Vec<Told>,
    pub(crate) acknowledged: BTreeSet<Told>,
    /// Pushes as they were sent, for exact repeats.
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
            // An event of before: the vendors keep no order.
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

/// What came of telling an event. Without an acknowledgement it is told again later, as the vendors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Acknowledged,
    /// It could not be kept in time.
    NotNow,
    /// The receiver was killed under our hands, or about to be.
    Unanswered,
}

/// Tells the receiver one event.
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

async fn push_until(
    base: &str,
    vendors: &Arc<Vendors>,
    ledger: &Arc<Mutex<Ledger>>,
    seed: u64,
    enough: usize,
) -> usize {
    let client = client();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let reached = Arc::new(Notify::new());
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (base, client) = (base.to_owned(), client.clone());
        let (vendors, ledger) = (Arc::clone(vendors), Arc::clone(ledger));
        let (acknowledged, reached) = (Arc::clone(&acknowledged), Arc::clone(&reached));
        let mut random = fastrand::Rng::with_seed(seed ^ sender as u64);
        senders.spawn(async move {
            loop {
                match push_one(&client, &base, &vendors, &ledger, &mut random).await {
                    Pushed::Acknowledged if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == enough => {
                        reached.notify_one();
                    }
                    Pushed::Acknowledged | Pushed::NotNow => {}
                    Pushed::Unanswered => return,
                }
            }
        });
    }
    tokio::select! {
        () = reached.notified() => {}
        Some(ended) = senders.join_next() => {
            ended.unwrap();
            panic!("the receiver went away by itself");
        }
    }
    senders.detach_all();
    acknowledged.load(Ordering::SeqCst)
}

/// Vendors that nobody calls.
fn platforms() -> String {
    process::platforms("http://127.0.0.1:9", &Secret::new("s"), "k")
}

/// Writes down which original id each app has.
pub(crate) async fn bind_apps(store: &dyn TokenStore) {
    let platform = PlatformId::from(Callback::sample(WECHAT).platform_id);
    for app in 1_000_000..1_000_000 + APPS {
        let scope = TokenScope::authorizer(WECHAT, platform.clone(), format!("wx{app}").into());
        store.bind_original_id(&scope, &original_id(app), SystemClock.now()).await.unwrap();
    }
}

/// Makes the store.
async fn prepare(disk: &Disk) {
    let store = SqliteStore::create(disk.live().join("state.db"), StoreOptions::default()).await.unwrap();
    bind_apps(&store).await;
    store.close().await;
    process::configure(disk, &platforms());
    disk.sync_all();
}

fn serve(disk: &Disk) -> Process {
    let config = process::configure(disk, &platforms());
    let mut command = process::command(&config);
    command.args(["events", "serve", "--jsonl"]);
    disk.watch(&mut command);
    Process::start(&mut command)
}

pub(crate) fn base(process: &Process) -> String {
    process.first["base_url"].as_str().unwrap_or_else(|| panic!("{}", process.first)).to_owned()
}

/// Everything in the inbox, by what it tells.
pub(crate) async fn inbox(store: &dyn Inbox) -> BTreeMap<Told, Vec<InboxState>> {
    let mut all: BTreeMap<Told, Vec<InboxState>> = BTreeMap::new();
    let mut before = None;
    loop {
        let page = store.entries(&InboxFilter::new(500).before(before)).await.unwrap();
        let Some(last) = page.last() else { return all };
        before = Some(last.id);
        for entry in page {
            let told = Told::of(&serde_json::to_value(&entry.event).unwrap()).unwrap();
            all.entry(told).or_default().push(entry.state);
        }
    }
}

async fn inbox_of(disk: &Disk) -> BTreeMap<Told, Vec<InboxState>> {
    let path = disk.live().join("state.db");
    inbox(&SqliteStore::open_read_only(path, StoreOptions::default()).await.unwrap()).await
}

/// Waits until every event was handled. Answers what the receiver says of itself then.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_loss_of_power() {
    const ROUNDS: u32 = 25;
    let seed = process::seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut disk = Disk::new();
    prepare(&disk).await;
    let vendors = Arc::new(Vendors::new());
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    // How often handlers were given each event.
    let mut handled: BTreeMap<Told, u32> = BTreeMap::new();
    let mut note = |lines: Vec<Value>| {
        for told in lines.iter().filter_map(Told::of) {
            *handled.entry(told).or_default() += 1;
        }
    };
    let mut sent = 0;
    for _ in 0..ROUNDS {
        let process = serve(&disk);
        sent += push_until(&base(&process), &vendors, &ledger, random.u64(..), random.usize(5..150)).await;
        note(process.kill().0);
        disk.lose_power();
        let kept = inbox_of(&disk).await;
        let lost: Vec<_> = ledger
            .lock()
            .await
            .acknowledged
            .iter()
            .filter(|told| !kept.contains_key(told))
            .copied()
            .collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
    let process = serve(&disk);
    let left = until_handled(&process).await;
    note(process.terminate().0);
    let kept = inbox_of(&disk).await;
    for (told, states) in &kept {
        assert_eq!(states.as_slice(), [InboxState::Done], "{told:?}, {left}");
        assert!(handled.contains_key(told), "never handed over: {told:?}");
    }
    let again = handled.values().filter(|times| **times > 1).count();
    println!(
        "{sent} acknowledgements, {} events, {ROUNDS} losses of power: 0 lost, {again} handed over again",
        kept.len()
    );
    assert!(handled.len() >= ledger.lock().await.acknowledged.len());
}

/// The same with syncs that do nothing: losses must show, else the test above proves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_sync_is_found_out() {
    let mut disk = Disk::new().losing_syncs();
    prepare(&disk).await;
    let vendors = Arc::new(Vendors::new());
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let process = serve(&disk);
    push_until(&base(&process), &vendors, &ledger, 1, 50).await;
    process.kill();
    disk.lose_power();
    let kept = inbox_of(&disk).await;
    assert!(ledger.lock().await.acknowledged.iter().any(|told| !kept.contains_key(told)));
}
