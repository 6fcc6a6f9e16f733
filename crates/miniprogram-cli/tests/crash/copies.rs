//! A copy of a store that is killed again and again ends with every row of the source, and no other.

use std::process::Command;
use std::time::{Duration, Instant};

use miniprogram::baidu::BAIDU;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::wechat::WECHAT;
use miniprogram::{AppId, Event, EventKind, Secret, Vendor};
use miniprogram_sim::Callback;
use miniprogram_store::{InboxEntry, InboxFilter, NewEvent, PlatformKey, Store, StoreKeys};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::postgres;
use crate::process::{self, Process};

/// The number of tokens, and of events.
const ROWS: u64 = 4000;
const KILLS: u32 = 12;
const SOURCE_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const TARGET_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

fn keys(key: &str) -> StoreKeys {
    StoreKeys::new(&Secret::new(key)).unwrap()
}

/// Creates a store with tokens and events.
async fn fill(url: &str) {
    let store = miniprogram_store::migrate(url, keys(SOURCE_KEY)).await.unwrap();
    let mut writes = JoinSet::new();
    for number in 0..ROWS {
        let store = store.clone();
        writes.spawn(async move {
            let (vendor, app) = app(number);
            process::keep_token(&*store, vendor, app.clone(), &Secret::new(format!("token-{number}"))).await;
            let platform = PlatformKey::new(vendor, Callback::sample(vendor).platform_id);
            let payload = json!({ "Event": "weapp_audit_success", "number": number });
            let mut event =
                Event::new(vendor, EventKind::AuditApproved, "weapp_audit_success".into(), payload);
            event.app_id = Some(app);
            store.receive(&NewEvent::new(platform, event, SystemClock.now())).await.unwrap();
        });
        if writes.len() >= 256 {
            writes.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(written) = writes.join_next().await {
        written.unwrap();
    }
    store.close().await;
}

fn app(number: u64) -> (Vendor, AppId) {
    if number.is_multiple_of(2) {
        (WECHAT, format!("wx{number:016}").into())
    } else {
        (BAIDU, (20_000_000 + number).to_string().into())
    }
}

async fn events(store: &dyn Store) -> Vec<InboxEntry> {
    let mut all: Vec<InboxEntry> = Vec::new();
    loop {
        let filter = InboxFilter::new(500).before(all.last().map(|entry| entry.id));
        let page = store.entries(&filter).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.into_iter().map(|listed| listed.readable().unwrap()));
    }
}

async fn copy_with_kills(folder: &TempDir, target: &str) {
    let seed = process::seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let source = format!("sqlite:{}", folder.path().join("source.db").display());
    fill(&source).await;
    let config = process::configure_for(folder.path(), &source, "");
    let copy = || {
        let mut command: Command = process::command(&config);
        command.args(["store", "copy", &source, target, "--format", "json"]);
        command.env("MINIPROGRAM_STORE_KEY", SOURCE_KEY).env("MINIPROGRAM_STORE_TARGET_KEY", TARGET_KEY);
        Process::start_quietly(&mut command)
    };
    let mut killed = 0;
    let (code, lines, log) = loop {
        let mut process = copy();
        let moment = Instant::now() + Duration::from_millis(random.u64(20..1000));
        while (killed == KILLS || Instant::now() < moment) && !process.has_ended() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if process.has_ended() {
            break process.wait();
        }
        let (lines, log) = process.kill();
        assert!(lines.is_empty() && !log.contains("conflict"), "{lines:?} {log}");
        killed += 1;
    };
    assert_eq!(code, Some(0), "after {killed} kills: {log}");
    let copied = &lines[0];
    println!("{killed} kills: {copied}");
    assert!(
        killed > 0 && copied["resumed"].as_u64().unwrap() > 0,
        "no kill struck between two rows: {copied}"
    );
    assert_eq!((&copied["rows"]["tokens"], &copied["rows"]["events"]), (&json!(ROWS), &json!(ROWS)));
    let (from, to) = (
        miniprogram_store::open_read_only(&source, keys(SOURCE_KEY)).await.unwrap(),
        miniprogram_store::open_read_only(target, keys(TARGET_KEY)).await.unwrap(),
    );
    assert_eq!(events(&*from).await, events(&*to).await);
    let report = to.check(SystemClock.now()).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_copy_continues_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let target = format!("sqlite:{}", folder.path().join("target.db").display());
    copy_with_kills(&folder, &target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_copy_continues_on_postgres() {
    let Some(target) = postgres::database("copies::a_killed_copy_continues_on_postgres") else { return };
    copy_with_kills(&TempDir::new().unwrap(), &target).await;
}
