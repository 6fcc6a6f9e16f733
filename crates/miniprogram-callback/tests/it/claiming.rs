//! An event whose app is idle is claimed by the write that stores it, and is then as safe as any other.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use miniprogram_callback::{CallbackServiceBuilder, RetryPolicy};
use miniprogram_core::clock::Clock;
use miniprogram_store::{
    Inbox, InboxEntry, InboxFilter, InboxState, Listed, Maintenance, SqliteStore, StoreOptions,
};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::support::{Act, BAIDU_PLATFORM, Recorder, Server, Setup, baidu_push, exchange, post};

/// A store as a daemon has it.
struct Place {
    _directory: TempDir,
    path: PathBuf,
    store: Arc<SqliteStore>,
}

impl Place {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("platform.db");
        let store = Arc::new(SqliteStore::create(&path, StoreOptions::default().as_daemon()).await.unwrap());
        Self { _directory: directory, path, store }
    }

    /// A service that has looked for events that are due already.
    async fn serve(
        &self,
        handler: &Arc<Recorder>,
        change: impl FnOnce(CallbackServiceBuilder) -> CallbackServiceBuilder,
    ) -> Server {
        let setup = Setup::new(self.store.clone()).with(|builder| builder.with_handler(handler.clone()));
        let looked = self.store.stats().operations;
        let server = setup.with(change).serve().await;
        server.until(async || self.store.stats().operations > looked).await;
        server.until(async || server.get("/healthz").await.status == 200).await;
        server
    }

    /// All events, the oldest first.
    async fn all(&self) -> Vec<InboxEntry> {
        let listed = self.store.entries(&InboxFilter::new(100)).await.unwrap();
        let mut entries: Vec<_> = listed.into_iter().filter_map(Listed::readable).collect();
        entries.reverse();
        entries
    }

    async fn attempts(&self) -> Vec<u32> {
        self.all().await.iter().map(|entry| entry.attempts).collect()
    }

    async fn done(&self) -> u64 {
        self.store.counts().await.unwrap().done
    }
}

fn messages() -> String {
    format!("/baidu/{BAIDU_PLATFORM}/messages")
}

/// An audit verdict on an app, with some more text.
fn verdict(app: u32, package: u32, more: &str) -> String {
    format!(
        r#"{{"appId":{app},"tpAppId":{BAIDU_PLATFORM},"event":"PACKAGE_AUDIT_PASS","eventTime":"2023-07-22 04:26:40","packageId":{package},"packageVersion":"{more}"}}"#
    )
}

async fn deliver(server: &Server, app: u32, package: u32) {
    let push = baidu_push(&verdict(app, package, "1.0.0"));
    assert_eq!(server.deliver(&messages(), &push).await.body, "success");
}

fn apps(handler: &Recorder) -> Vec<u32> {
    handler.seen().iter().map(|seen| seen.app.as_ref().unwrap().as_str().parse().unwrap()).collect()
}

/// A handler that waits with its first events until it is told to go on.
fn hanging(events: usize) -> (Arc<Recorder>, Vec<Arc<Notify>>) {
    let go_on: Vec<_> = (0..events).map(|_| Arc::new(Notify::new())).collect();
    (Recorder::scripted(go_on.iter().cloned().map(Act::Hang)), go_on)
}

#[tokio::test]
async fn an_event_of_an_idle_app_costs_two_writes() {
    let (place, handler) = (Place::new().await, Arc::new(Recorder::default()));
    let server = place.serve(&handler, |builder| builder).await;
    let before = place.store.stats().operations;
    for (nth, app) in [1, 2, 1, 1].into_iter().enumerate() {
        deliver(&server, app, nth as u32).await;
        server.until(async || place.done().await == nth as u64 + 1).await;
    }
    // A write counts a moment after it can be read.
    server.until(async || place.store.stats().operations - before >= 8).await;
    assert_eq!(place.store.stats().operations - before, 8, "it is stored and completed, and nothing else");
    assert!(handler.seen().iter().all(|seen| seen.attempt == 1));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_event_of_a_busy_app_is_claimed_when_the_one_before_it_is_done() {
    let (place, (handler, go_on)) = (Place::new().await, hanging(1));
    let server = place.serve(&handler, |builder| builder).await;
    let before = place.store.stats().operations;
    for (app, package) in [(1, 1), (1, 2), (1, 3), (2, 4)] {
        deliver(&server, app, package).await;
    }
    server.until(async || place.done().await == 1).await;
    assert_eq!(apps(&handler), [1, 2], "the other app does not wait");
    assert_eq!(place.attempts().await, [1, 0, 0, 1]);
    go_on[0].notify_one();
    server.until(async || place.done().await == 4).await;
    let ids: Vec<_> = handler.seen().iter().filter(|seen| seen.id != 4).map(|seen| seen.id).collect();
    assert_eq!(ids, [1, 2, 3], "in order");
    server.until(async || place.store.stats().operations - before >= 8).await;
    assert_eq!(place.store.stats().operations - before, 8);
    server.stop().await.unwrap();
}

/// More than may be handled at a time are claimed, but not without limit, and nobody overtakes who was not claimed.
#[tokio::test]
async fn no_more_events_are_claimed_than_may_wait() {
    let (place, (handler, go_on)) = (Place::new().await, hanging(2));
    let server = place.serve(&handler, |builder| builder.with_concurrency(1)).await;
    for app in 1..=7 {
        deliver(&server, app, 1).await;
    }
    assert_eq!(place.attempts().await, [1, 1, 1, 1, 1, 0, 0]);
    go_on[0].notify_one();
    handler.wait_for(2).await;
    deliver(&server, 8, 1).await;
    assert_eq!(place.attempts().await[7], 0, "though there is a place again");
    go_on[1].notify_one();
    server.until(async || place.done().await == 8).await;
    assert_eq!(apps(&handler), [1, 2, 3, 4, 5, 6, 7, 8]);
    // Once the dispatcher has found that nobody waits any more, events are claimed with their write again.
    let mut claimed_at_once = false;
    for package in 1..100 {
        let before = place.store.stats().operations;
        deliver(&server, 9, package).await;
        server.until(async || place.done().await == 8 + u64::from(package)).await;
        claimed_at_once = place.store.stats().operations - before == 2;
        if claimed_at_once {
            break;
        }
    }
    assert!(claimed_at_once);
    server.stop().await.unwrap();
}

/// Those that an earlier process left are due already, and there are more of them than slots.
#[tokio::test]
async fn a_new_event_does_not_overtake_those_that_were_due_before() {
    let (place, (first, go_on)) = (Place::new().await, hanging(1));
    let mut server = place.serve(&first, |builder| builder.with_concurrency(1)).await;
    for app in 1..=3 {
        deliver(&server, app, 1).await;
    }
    server.begin_to_stop();
    server.until(async || place.attempts().await == [1, 0, 0]).await;
    go_on[0].notify_one();
    server.until(async || server.has_stopped()).await;

    let (second, go_on) = hanging(1);
    let server = place.serve(&second, |builder| builder.with_concurrency(1)).await;
    second.wait_for(1).await;
    deliver(&server, 4, 1).await;
    assert_eq!(place.attempts().await, [1, 1, 0, 0]);
    go_on[0].notify_one();
    server.until(async || place.done().await == 4).await;
    assert_eq!(apps(&second), [2, 3, 4]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_large_event_does_not_wait_in_memory() {
    let (place, (handler, go_on)) = (Place::new().await, hanging(1));
    let server = place.serve(&handler, |builder| builder.with_concurrency(1)).await;
    deliver(&server, 1, 1).await;
    let push = baidu_push(&verdict(2, 1, &"1".repeat(20_000)));
    assert_eq!(server.deliver(&messages(), &push).await.body, "success");
    assert_eq!(place.attempts().await, [1, 0]);
    go_on[0].notify_one();
    server.until(async || place.done().await == 2).await;
    server.stop().await.unwrap();
}

/// The next daemon need not wait for the end of the lease.
#[tokio::test]
async fn what_was_claimed_and_not_started_survives_the_process() {
    let (mut place, (stuck, _never)) = (Place::new().await, hanging(1));
    let first = place.serve(&stuck, |builder| builder.with_concurrency(1)).await;
    for app in 1..=3 {
        deliver(&first, app, 1).await;
    }
    assert_eq!(place.attempts().await, [1, 1, 1]);
    assert_eq!(apps(&stuck), [1]);
    first.kill().await;
    place.store.close().await;
    let daemon = StoreOptions::default().as_daemon();
    place.store = Arc::new(SqliteStore::open(&place.path, daemon).await.unwrap());
    let handler = Arc::new(Recorder::default());
    let second = place.serve(&handler, |builder| builder).await;
    second.until(async || place.done().await == 3).await;
    assert_eq!(apps(&handler), [1, 2, 3]);
    assert!(handler.seen().iter().all(|seen| seen.attempt == 2));
    assert_eq!(apps(&stuck), [1], "nothing is started once the process is gone");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn shutting_down_gives_back_what_was_not_started() {
    let (place, (handler, go_on)) = (Place::new().await, hanging(1));
    let mut server = place.serve(&handler, |builder| builder.with_concurrency(1)).await;
    for app in 1..=3 {
        deliver(&server, app, 1).await;
    }
    assert_eq!(place.attempts().await, [1, 1, 1]);
    server.begin_to_stop();
    server.until(async || place.attempts().await == [1, 0, 0]).await;
    go_on[0].notify_one();
    server.until(async || server.has_stopped()).await;
    let all = place.all().await;
    assert_eq!(all[0].state, InboxState::Done);
    for entry in &all[1..] {
        assert_eq!((entry.state, entry.attempts), (InboxState::Pending, 0));
        assert!(entry.due_at <= server.clock.now());
        assert!(entry.last_error.as_ref().unwrap().contains("stopped"));
    }
    assert_eq!(apps(&handler), [1]);
}

/// Its write is still going on when the shutdown begins, and there would be a slot for it.
#[tokio::test]
async fn an_event_that_is_claimed_after_the_shutdown_has_begun_is_given_back() {
    let (place, handler) = (Place::new().await, Arc::new(Recorder::default()));
    let mut server = place.serve(&handler, |builder| builder).await;
    let turn = File::open(place.path.with_extension("db.turn")).unwrap();
    turn.lock().unwrap();
    let (request, address) = (post(&messages(), &baidu_push(&verdict(1, 1, "1.0.0"))), server.address);
    let delivered = tokio::spawn(async move { exchange(address, &request).await });
    // Long enough for the request to reach the store's writer.
    let pass = async || {
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    };
    pass().await;
    server.begin_to_stop();
    pass().await;
    turn.unlock().unwrap();
    server.until(async || server.has_stopped()).await;
    assert_eq!(delivered.await.unwrap().unwrap().body, "success");
    let all = place.all().await;
    assert_eq!((all[0].state, all[0].attempts), (InboxState::Pending, 0));
    assert_eq!(handler.seen(), []);
}

/// Its handlers must be done before its claim is over.
#[tokio::test]
async fn an_event_that_has_waited_too_long_is_claimed_anew() {
    let (place, (handler, go_on)) = (Place::new().await, hanging(1));
    let retry = RetryPolicy::default().with_lease(Duration::from_secs(100));
    let server = place.serve(&handler, |builder| builder.with_concurrency(1).with_retry(retry)).await;
    deliver(&server, 1, 1).await;
    deliver(&server, 2, 1).await;
    server.clock.advance(Duration::from_secs(41));
    deliver(&server, 3, 1).await;
    assert_eq!(place.attempts().await, [1, 1, 1]);
    go_on[0].notify_one();
    server.until(async || place.done().await == 2).await;
    assert_eq!(apps(&handler), [1, 3]);
    let waiting = place.all().await.swap_remove(1);
    assert_eq!((waiting.attempts, waiting.state), (0, InboxState::Pending));
    assert!(waiting.last_error.unwrap().contains("waited too long"));
    server.turn_until(async || place.done().await == 3).await;
    assert_eq!(handler.seen()[2].attempt, 1);
    server.stop().await.unwrap();
}

/// The write is finished although nobody waits for its result any more.
#[tokio::test]
async fn an_event_is_handled_though_its_push_could_not_be_answered_in_time() {
    let (place, handler) = (Place::new().await, Arc::new(Recorder::default()));
    let server = place.serve(&handler, |builder| builder).await;
    let turn = File::open(place.path.with_extension("db.turn")).unwrap();
    turn.lock().unwrap();
    let push = baidu_push(&verdict(1, 1, "1.0.0"));
    let answered = async {
        let answer = server.deliver(&messages(), &push).await;
        assert_eq!(answer.status, 503);
    };
    let late = async {
        // Longer than the vendor waits, and shorter than any claim.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
            server.clock.advance(Duration::from_millis(10));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = answered => {}
        () = late => {}
    }
    assert_eq!(handler.seen(), []);
    turn.unlock().unwrap();
    server.until(async || place.done().await == 1).await;
    assert_eq!(handler.seen()[0].attempt, 1);
    server.stop().await.unwrap();
}
