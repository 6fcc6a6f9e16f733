//! No token, ticket or code in anything readable: the log at trace level, errors, `Debug`, status, metrics. A separate
//! process, because other tests' log output would decide which callsites are enabled.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[allow(dead_code, reason = "shared with the other tests")]
#[path = "../it/support.rs"]
mod support;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "../it/vendor.rs"]
mod vendor;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use miniprogram_core::authorization::AuthorizationRequest;
use miniprogram_core::clock::Clock;
use miniprogram_core::push::{Delivery, EventCredential};
use miniprogram_core::token::TokenProvider;
use miniprogram_core::{Event, EventHandler, EventKind};
use miniprogram_store::{TokenFilter, TokenStore};
use serde_json::json;

use crate::support::{Bench, MODELS, StoreFaults, app, platform, scope};
use crate::vendor::{ACME, CANARY, Fault, PLATFORM};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs everything; returns what was printed.
async fn everything() -> Vec<String> {
    let mut printed = Vec::new();
    for model in MODELS {
        let bench = Bench::new(model).await;
        printed.push(format!("{:?}", bench.manager));
        let token = bench.token().await.unwrap();
        bench.manager.reject(&scope(), &token).await.unwrap();
        bench.vendor.fail([Fault::LostAfter, Fault::Empty, Fault::LostBefore, Fault::LostAfter, Fault::Busy]);
        for _ in 0..4 {
            printed.push(format!("{:?}", bench.token().await));
        }
        bench.vendor.fail([]);
        bench.token().await.unwrap();
        bench.expire();
        bench.store.fail(StoreFaults { commits: 2, ..StoreFaults::default() });
        printed.push(format!("{:?}", bench.token().await.unwrap_err()));
        bench.clock.sleep(Duration::from_secs(30)).await;
        let request = AuthorizationRequest::new("https://shop.example");
        let link = bench.aside(bench.manager.authorization_url(&platform(), &request)).await;
        printed.push(format!("{link:?}"));
        let code = bench.vendor.authorize(&app());
        let mut event = Event::new(ACME, EventKind::Authorized, "authorized".into(), json!({}));
        event.app_id = Some(app());
        event.credential = Some(EventCredential::AuthorizationCode(code));
        printed.push(format!("{event:?} {}", serde_json::to_string(&event).unwrap()));
        let delivery = Delivery::new(1, PLATFORM.into(), bench.now());
        bench.aside(bench.manager.handle(&event, &delivery)).await.unwrap();
        let status = bench.manager.status(&TokenFilter::new(10)).await.unwrap();
        assert_eq!(status.len(), 2);
        printed.push(format!("{status:?} {}", serde_json::to_string(&status).unwrap()));
        printed.push(format!("{:?}", bench.store.inner.token(&scope()).await));
        bench.vendor.revoke(&app());
        printed.push(format!("{:#}", bench.aside(bench.manager.refresh(&scope())).await.unwrap_err()));
        printed.push(format!("{:?}", bench.alarms.raised()));
    }
    printed
}

#[test]
fn nothing_that_can_be_read_holds_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let printed = tracing::subscriber::with_default(subscriber, || {
        metrics::with_local_recorder(&recorder, || runtime.block_on(everything()))
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let numbers = numbers.render();
    for expected in ["operation=\"refresh\"", "vendor=acme", "outcome=\"ok\"", "outcome=\"timeout\""] {
        assert!(log.contains(expected), "{expected} is logged:\n{log}");
    }
    for expected in [
        r#"miniprogram_token_calls_total{vendor="acme",kind="authorizer",operation="refresh",outcome="ok"}"#,
        r#"miniprogram_token_calls_total{vendor="acme",kind="authorizer",operation="recover",outcome="ok"}"#,
        r#"miniprogram_token_calls_total{vendor="acme",kind="authorizer",operation="authorizer_info",outcome="ok"}"#,
        r#"miniprogram_token_calls_total{vendor="acme",kind="platform",operation="platform_token",outcome="ok"}"#,
        r#"miniprogram_token_refreshes_total{vendor="acme",kind="authorizer",outcome="ok"}"#,
        r#"miniprogram_token_rejections_total{vendor="acme",kind="authorizer"}"#,
        r#"miniprogram_tokens_unsaved{vendor="acme"} 0"#,
        r#"miniprogram_token_grants_lost_total{vendor="acme"} 2"#,
        r#"miniprogram_tickets_total{vendor="acme",newest="true"}"#,
    ] {
        assert!(numbers.contains(expected), "{expected} is counted:\n{numbers}");
    }
    for text in printed.iter().chain([&log, &numbers]) {
        assert!(!text.contains(CANARY), "{text}");
    }
}
