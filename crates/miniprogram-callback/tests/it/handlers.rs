//! Handlers: in order per app, at least once, with pauses, dead letters and graceful shutdown.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_callback::RetryPolicy;
use miniprogram_core::clock::Clock;
use miniprogram_store::{Inbox, InboxState};
use tokio::sync::Notify;

use crate::support::{
    APP, Act, MemoryStore, NOW, ORIGINAL, OTHER_APP, Recorder, Seen, Server, Setup, messages_of, now,
    verdict, wechat_key, wechat_push,
};

const OTHER_ORIGINAL: &str = "gh_0123456789ab";

fn store() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    store.know(wechat_key(), OTHER_APP, OTHER_ORIGINAL);
    store
}

async fn server(store: &Arc<MemoryStore>, handlers: &[&Arc<Recorder>], retry: RetryPolicy) -> Server {
    let mut setup = Setup::new(store.clone()).with(|builder| builder.with_retry(retry));
    for handler in handlers {
        setup = setup.with(|builder| builder.with_handler(Arc::clone(handler) as Arc<_>));
    }
    setup.serve().await
}

async fn deliver(server: &Server, app: &str, alias: &str, created_at: i64) {
    let push = wechat_push(&verdict(alias, created_at));
    assert_eq!(server.deliver(&messages_of(app), &push).await.body, "success");
}

fn attempts(outcome: &str) -> String {
    format!("miniprogram_handler_attempts_total{{vendor=\"wechat\",outcome=\"{outcome}\"}}")
}

fn times(seen: &[Seen]) -> Vec<i64> {
    seen.iter().map(|seen| seen.occurred_at.unwrap().as_unix() - NOW).collect()
}

#[tokio::test]
async fn a_failed_event_comes_again_before_the_apps_next_one_while_other_apps_go_on() {
    let (store, handler) = (store(), Recorder::scripted([Act::Fail, Act::Accept, Act::Panic]));
    let server = server(&store, &[&handler], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    server.until(async || store.all()[0].last_error.is_some()).await;
    deliver(&server, APP, ORIGINAL, NOW + 1).await;
    deliver(&server, OTHER_APP, OTHER_ORIGINAL, NOW + 2).await;
    server.turn_until(async || store.in_state(InboxState::Done) == 3).await;
    let seen = handler.seen();
    let of_app: Vec<_> = seen.iter().filter(|seen| seen.app == Some(APP.into())).cloned().collect();
    assert_eq!(times(&of_app), [0, 0, 0, 1]);
    assert_eq!(of_app.iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [1, 2, 3, 1]);
    assert_eq!(times(&seen)[1], 2, "the other app did not wait");
    assert_eq!(server.metric(&attempts("failed")), 1.0);
    assert_eq!(server.metric(&attempts("panicked")), 1.0);
    assert_eq!(server.metric(&attempts("done")), 3.0);
}

#[tokio::test]
async fn pauses_grow_between_attempts() {
    let (store, handler) = (store(), Recorder::scripted([Act::Fail, Act::Fail, Act::Fail, Act::Fail]));
    let server = server(&store, &[&handler], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    let mut begun = now();
    for attempt in 1..5_u32 {
        server
            .turn_until(async || {
                let entry = store.all().remove(0);
                entry.attempts == attempt && entry.last_error.is_some() && entry.due_at > begun
            })
            .await;
        let due_at = store.all()[0].due_at;
        let span = Duration::from_secs(1 << (attempt - 1));
        let pause = due_at.since(begun);
        assert!(pause >= span / 2, "attempt {attempt}: {pause:?}");
        begun = due_at;
    }
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
}

#[tokio::test]
async fn after_too_many_attempts_an_event_is_dead_until_somebody_replays_it() {
    let (store, handler) = (store(), Recorder::scripted([Act::Fail, Act::Panic, Act::Fail]));
    let server = server(&store, &[&handler], RetryPolicy::default().with_max_attempts(3)).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    deliver(&server, APP, ORIGINAL, NOW + 1).await;
    server.turn_until(async || store.in_state(InboxState::Dead) == 1).await;
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    let dead = store.all().remove(0);
    assert_eq!((dead.state, dead.attempts), (InboxState::Dead, 3));
    assert_eq!(dead.last_error.as_deref(), Some("handle: unavailable: not now"));
    assert_eq!(times(&handler.seen()), [0, 0, 0, 1]);
    assert!(store.replay(dead.id, server.clock.now()).await.unwrap());
    server.turn_until(async || store.in_state(InboxState::Done) == 2).await;
    assert_eq!(times(&handler.seen()), [0, 0, 0, 1, 0]);
}

#[tokio::test]
async fn several_handlers_are_asked_in_order_and_again_from_the_first() {
    let (first, second) = (Arc::new(Recorder::default()), Recorder::scripted([Act::Fail]));
    let store = store();
    let server = server(&store, &[&first, &second], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    assert_eq!((first.seen().len(), second.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_handler_that_hangs_is_a_failed_attempt() {
    let (store, never) = (store(), Arc::new(Notify::new()));
    let handler = Recorder::scripted([Act::Hang(never)]);
    let server = server(&store, &[&handler], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    handler.wait_for(1).await;
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    assert_eq!(handler.seen().len(), 2);
    assert!(store.all()[0].last_error.as_ref().unwrap().contains("too long"));
    assert_eq!(server.metric(&attempts("timed_out")), 1.0);
}

#[tokio::test]
async fn what_a_handler_did_not_begin_is_no_attempt() {
    let (store, handler) = (store(), Recorder::scripted(std::iter::repeat_n(Act::Decline, 30)));
    let server = server(&store, &[&handler], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    let seen = handler.seen();
    assert_eq!(seen.len(), 31, "more often than an event is tried");
    assert!(seen.iter().all(|seen| seen.attempt == 1));
    assert_eq!(server.metric(&attempts("handed_back")), 30.0);
}

#[tokio::test]
async fn what_a_killed_process_had_claimed_is_handed_over_when_its_claim_runs_out() {
    let (store, handler) = (store(), Arc::new(Recorder::default()));
    let first = Setup::new(store.clone()).serve().await;
    deliver(&first, APP, ORIGINAL, NOW).await;
    first.until(async || store.in_state(InboxState::Done) == 1).await;
    first.stop().await.unwrap();
    store.replay(1, now()).await.unwrap();
    let lost = store.claim("killed", now(), Duration::from_secs(300), 1).await.unwrap();
    assert_eq!(lost.len(), 1);
    let second = server(&store, &[&handler], RetryPolicy::default()).await;
    second.turn_until(async || !handler.seen().is_empty()).await;
    assert!(second.clock.now() >= now().after(Duration::from_secs(300)));
    assert_eq!(handler.seen()[0].attempt, 2);
}

#[tokio::test]
async fn an_event_whose_every_attempt_killed_the_process_goes_to_the_dead() {
    let (store, handler) = (store(), Arc::new(Recorder::default()));
    let never = Arc::new(Notify::new());
    let stuck = Recorder::scripted([Act::Hang(never)]);
    let first = server(&store, &[&stuck], RetryPolicy::default()).await;
    deliver(&first, APP, ORIGINAL, NOW).await;
    stuck.wait_for(1).await;
    let clock = first.clock.clone();
    first.kill().await;
    for _ in 1..10 {
        clock.advance(Duration::from_secs(300));
        assert_eq!(store.claim("killed", clock.now(), Duration::from_secs(300), 1).await.unwrap().len(), 1);
    }
    let second = server(&store, &[&handler], RetryPolicy::default()).await;
    second.turn_until(async || store.in_state(InboxState::Dead) == 1).await;
    assert_eq!(handler.seen(), []);
}

#[tokio::test]
async fn shutting_down_lets_handlers_finish() {
    let (store, go_on) = (store(), Arc::new(Notify::new()));
    let handler = Recorder::scripted([Act::Hang(go_on.clone())]);
    let mut server = server(&store, &[&handler], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    deliver(&server, APP, ORIGINAL, NOW + 1).await;
    handler.wait_for(1).await;
    server.begin_to_stop();
    go_on.notify_one();
    server.stop().await.unwrap();
    // The event in progress is done; the next one was not started.
    assert_eq!(store.in_state(InboxState::Done), 1);
    assert_eq!((handler.seen().len(), store.all()[1].attempts), (1, 0));
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_handed_back() {
    let (store, never) = (store(), Arc::new(Notify::new()));
    let handler = Recorder::scripted([Act::Hang(never)]);
    let mut server = server(&store, &[&handler], RetryPolicy::default()).await;
    deliver(&server, APP, ORIGINAL, NOW).await;
    handler.wait_for(1).await;
    server.begin_to_stop();
    server.turn_until(async || server.has_stopped()).await;
    let entry = store.all().remove(0);
    assert_eq!(entry.state, InboxState::Pending);
    assert!(entry.due_at <= server.clock.now());
    assert!(entry.last_error.unwrap().contains("stopped"));
    assert_eq!(entry.attempts, 0, "that the process stopped is not the event's fault");
}
