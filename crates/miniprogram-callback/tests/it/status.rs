//! Health, readiness and metrics.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use miniprogram_callback::{CallbackPlatform, CallbackService, Limits, RetryPolicy};
use miniprogram_core::ErrorKind;
use miniprogram_core::callback::CallbackConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    APP, Act, MemoryStore, NOW, ORIGINAL, Recorder, Setup, WECHAT_PLATFORM, config, get, messages_of, send,
    verdict, wechat_key, wechat_push,
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
    let expected = json!({"ready": true, "store_readable": true, "store_writable": true, "stopping": false,
        "backlogged": false, "pending": 0, "dead": 1});
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
    store.fails.store(false, Ordering::SeqCst);
    server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW))).await;
    assert_eq!(server.get("/readyz").await.status, 200);
    // Nobody sends a push to a service that is not ready, so that it has to become so by itself.
    store.fails.store(true, Ordering::SeqCst);
    server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW + 1))).await;
    store.fails.store(false, Ordering::SeqCst);
    assert_eq!(server.get("/readyz").await.status, 503);
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn status_may_have_an_address_of_its_own() {
    let store = Arc::new(MemoryStore::default());
    let service = CallbackService::builder(store)
        .with_platform(CallbackPlatform::wechat(WECHAT_PLATFORM, config()).unwrap())
        .build()
        .unwrap();
    let callbacks = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let status = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (open, inside) = (callbacks.local_addr().unwrap(), status.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let asked = async {
        assert_eq!(send(open, &get("/healthz")).await.status, 403);
        assert_eq!(send(inside, &get("/healthz")).await.status, 200);
        // Nobody gave it a recorder.
        assert_eq!(send(inside, &get("/metrics")).await.status, 403);
        drop(stop);
    };
    tokio::join!(service.serve_apart(callbacks, status, async { drop(stopped.await) }), asked);
}

#[test]
fn a_service_that_cannot_work_names_the_field() {
    let builder = || CallbackService::builder(Arc::new(MemoryStore::default()));
    let platform = || CallbackPlatform::wechat(WECHAT_PLATFORM, config()).unwrap();
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
    assert_eq!(field(CallbackPlatform::wechat("a/b", config()).unwrap_err()), "platform_id");
    let other = CallbackConfig::plain().with_platform_id("wx1");
    assert_eq!(field(CallbackPlatform::wechat("wx2", other.clone()).unwrap_err()), "platform_id");
    assert_eq!(field(CallbackPlatform::baidu("2", other).unwrap_err()), "platform_id");
}
