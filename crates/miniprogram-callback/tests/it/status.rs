//! Health, readiness and metrics.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baidu_smartapp::BAIDU;
use miniprogram_callback::{CallbackPlatform, CallbackService, HealthCheck, Limits, RetryPolicy};
use miniprogram_core::ErrorKind;
use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::clock::Clock;
use miniprogram_store::{InboxState, PlatformKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wechat_wxa::{WECHAT, WeChatCallback};

use crate::support::{
    APP, Act, MemoryStore, NOW, ORIGINAL, Recorder, Setup, get, messages_of, send, verdict, wechat_key,
    wechat_platform, wechat_push,
};

fn state(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn health_readiness_and_numbers_tell_the_truth() {
    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    let handler = Recorder::scripted([Act::Accept, Act::Fail]);
    let server = Setup::new(store.clone())
        .with(|builder| builder.with_handler(handler.clone()))
        .with(|builder| builder.with_retry(RetryPolicy::default().with_max_attempts(1)))
        .with(|builder| builder.with_limits(Limits::default().with_max_backlog(Some(5))))
        .serve()
        .await;
    assert_eq!(server.get("/healthz").await.body, "ok\n");
    for nth in 0..2 {
        server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW + nth))).await;
    }
    server.deliver("/wechat/nobody/messages", &wechat_push(&verdict(ORIGINAL, NOW))).await;
    server.turn_until(async || store.all().iter().all(|entry| entry.finished_at.is_some())).await;
    server.clock.advance(Duration::from_secs(1));
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status, 200);
    let expected = json!({"ready": true, "problems": [], "store_readable": true, "store_writable": true,
        "store_in_place": true, "store_key_is_current": true, "stopping": false, "backlogged": false, "hand_over_advances": true,
        "hand_over_stalled_seconds": 0, "pending": 0, "dead": 1, "unreadable": 0});
    assert_eq!(state(&ready.body), expected);

    let page = server.get("/metrics").await;
    assert!(page.head.contains("content-type: text/plain; version=0.0.4"), "{}", page.head);
    for line in [
        "miniprogram_callback_requests_total{vendor=\"wechat\",route=\"messages\",outcome=\"received\"} 2",
        "miniprogram_callback_requests_total{vendor=\"none\",route=\"messages\",outcome=\"refused\"} 1",
        "miniprogram_callback_refusals_total{vendor=\"none\",check=\"route\"} 1",
        "miniprogram_inbox_events{state=\"pending\"} 0",
        "miniprogram_inbox_events{state=\"done\"} 1",
        "miniprogram_inbox_events{state=\"dead\"} 1",
        "miniprogram_handler_attempts_total{vendor=\"wechat\",outcome=\"done\"} 1",
        "miniprogram_handler_attempts_total{vendor=\"wechat\",outcome=\"dead\"} 1",
        "miniprogram_callback_acknowledge_seconds_count{vendor=\"wechat\"} 2",
        "miniprogram_handler_seconds_count{vendor=\"wechat\"} 2",
        "miniprogram_callback_connections 1",
    ] {
        assert!(page.body.lines().any(|found| found == line), "{line} is not in\n{}", page.body);
    }
    assert!(!page.body.contains(APP), "apps are no labels");
}

#[tokio::test]
async fn a_store_that_fails_makes_the_service_not_ready_until_it_works() {
    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    let server = Setup::new(store.clone()).serve().await;
    store.fails.store(true, Ordering::SeqCst);
    server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW))).await;
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(state(&answer.body)["store_writable"], false);
    assert_eq!(state(&answer.body)["store_readable"], false);
    assert_eq!(server.get("/healthz").await.status, 200, "a new start would not help");
    store.fails.store(false, Ordering::SeqCst);
    server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW))).await;
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(server.get("/readyz").await.status, 200);
    // No push is sent to a service that is not ready, so it must become ready on its own.
    store.fails.store(true, Ordering::SeqCst);
    server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW + 1))).await;
    store.fails.store(false, Ordering::SeqCst);
    assert_eq!(server.get("/readyz").await.status, 503);
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_store_that_is_not_the_one_that_was_opened_needs_a_new_start() {
    let store = Arc::new(MemoryStore::default());
    let server = Setup::new(store.clone()).serve().await;
    assert_eq!((server.get("/healthz").await.status, server.get("/readyz").await.status), (200, 200));
    store.moved.store(true, Ordering::SeqCst);
    assert_eq!(server.get("/healthz").await.status, 200, "what was read is taken for present for a second");
    server.clock.advance(Duration::from_secs(1));
    let health = server.get("/healthz").await;
    assert_eq!((health.status, health.body.as_str()), (503, "the store is not the one that was opened\n"));
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status, &state(&ready.body)["store_in_place"]), (503, &json!(false)));
}

#[tokio::test]
async fn a_hand_over_that_does_not_advance_and_what_is_beside_are_told() {
    #[derive(Debug)]
    struct Renewals(Mutex<Option<String>>);

    impl HealthCheck for Renewals {
        fn name(&self) -> &'static str {
            "renewals"
        }

        fn problem(&self) -> Option<String> {
            self.0.lock().unwrap().clone()
        }
    }

    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    let handler = Recorder::scripted(std::iter::repeat_n(Act::Fail, 20));
    let renewals = Arc::new(Renewals(Mutex::new(Some("2 tokens could not be renewed".to_owned()))));
    let server = Setup::new(store.clone())
        .with(|builder| builder.with_handler(handler.clone()).with_health_check(renewals.clone()))
        .with(|builder| {
            let minute = Duration::from_secs(60);
            builder.with_retry(RetryPolicy::default().with_pauses(minute, minute).with_max_attempts(30))
        })
        .serve()
        .await;
    let problems = async || state(&server.get("/readyz").await.body)["problems"].clone();
    let beside = "renewals: 2 tokens could not be renewed";
    assert_eq!(problems().await, json!([beside]));
    server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW))).await;
    server.turn_until(async || store.all()[0].attempts == 3).await;
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(problems().await, json!([beside]), "it may be a matter of time");
    let began = server.clock.now();
    server.turn_until(async || server.clock.now() > began.after(Duration::from_secs(290))).await;
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status, 200, "pushes can be kept all the same");
    let told = state(&ready.body);
    assert_eq!(told["problems"], json!(["hand_over: it does not advance", beside]));
    assert!(told["hand_over_stalled_seconds"].as_u64() >= Some(300), "{told}");
    assert!(server.metric("miniprogram_hand_over_stalled_seconds") >= 300.0);
    *renewals.0.lock().unwrap() = None;
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(problems().await, json!([]));
}

/// Many concurrent queries cost one read of the store and one page.
#[tokio::test]
async fn asking_often_reads_the_store_once_a_second() {
    let store = Arc::new(MemoryStore::default());
    let server = Setup::new(store.clone()).serve().await;
    for path in ["/readyz", "/metrics", "/healthz"] {
        let asked = (0..30).map(|_| server.get(path));
        for answer in futures::future::join_all(asked).await {
            assert_eq!(answer.status, 200);
        }
    }
    assert_eq!(store.counted.load(Ordering::SeqCst), 1);
    server.clock.advance(Duration::from_secs(1));
    server.get("/readyz").await;
    assert_eq!(store.counted.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn status_may_have_an_address_of_its_own() {
    let store = Arc::new(MemoryStore::default());
    let service = CallbackService::builder(store).with_platform(wechat_platform()).build().unwrap();
    let callbacks = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let status = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (open, inside) = (callbacks.local_addr().unwrap(), status.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let asked = async {
        for path in ["/readyz", "/metrics"] {
            assert_eq!(send(open, &get(path)).await.status, 403, "{path}");
        }
        assert_eq!(send(open, &get("/healthz")).await.status, 200);
        assert_eq!(send(inside, &get("/healthz")).await.status, 200);
        assert_eq!(send(inside, &get("/readyz")).await.status, 200);
        // It has no recorder.
        assert_eq!(send(inside, &get("/metrics")).await.status, 403);
        drop(stop);
    };
    tokio::join!(service.serve_apart(callbacks, status, async { drop(stopped.await) }), asked);
}

#[test]
fn a_service_that_cannot_work_names_the_field() {
    let builder = || CallbackService::builder(Arc::new(MemoryStore::default()));
    let platform = wechat_platform;
    let field = |error: miniprogram_core::Error| {
        assert_eq!(error.kind(), ErrorKind::Config);
        error.field().unwrap().to_owned()
    };
    assert_eq!(field(builder().build().unwrap_err()), "platform");
    let twice = builder().with_platform(platform()).with_platform(platform()).build().unwrap_err();
    assert_eq!(field(twice), "platform");
    let none = builder().with_platform(platform()).with_concurrency(0).build().unwrap_err();
    assert_eq!(field(none), "concurrency");
    let lease = RetryPolicy::default().with_lease(Duration::from_secs(60));
    let short = builder().with_platform(platform()).with_retry(lease).build().unwrap_err();
    assert_eq!(field(short), "lease");
    let plain = |id| WeChatCallback::new(CallbackConfig::plain().with_platform_id(id)).unwrap();
    for (id, of_protocol) in [("a/b", "a/b"), ("wx2", "wx1")] {
        let key = PlatformKey::new(WECHAT, id);
        let error = CallbackPlatform::new(key, plain(of_protocol)).unwrap_err();
        assert_eq!(field(error), "platform_id", "{id}");
    }
    let error = CallbackPlatform::new(PlatformKey::new(BAIDU, "wx1"), plain("wx1")).unwrap_err();
    assert_eq!(field(error), "vendor");
}
