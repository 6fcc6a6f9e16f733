//! Renewal ahead of time.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::channel::oneshot;
use metrics_exporter_prometheus::PrometheusBuilder;
use miniprogram_core::authorization::RefreshTokenUse;
use miniprogram_core::clock::Clock;
use miniprogram_core::token::TokenProvider;
use miniprogram_core::{AppId, ErrorKind, Outcome};
use miniprogram_store::{GrantState, StoredAccess, TokenFilter, TokenStore};
use miniprogram_tokens::RenewalState;

use crate::support::{Bench, Log, StoreFaults, platform, scope, scope_of};
use crate::vendor::{Fault, LIFE};

/// Runs the manager for a while of simulated time.
async fn run_for(bench: &Bench, time: Duration) {
    let (stop, stopped) = oneshot::channel::<()>();
    let manager = bench.manager.clone();
    let running = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        manager.run(shutdown).await;
    });
    let end = bench.now().after(time);
    while bench.now() < end {
        bench.clock.sleep(Duration::from_secs(10).min(end.since(bench.now()))).await;
        // Due work proceeds before more time passes.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    drop(stop);
    bench.aside(running).await.unwrap();
}

#[tokio::test]
async fn tokens_of_one_minute_are_renewed_apart_and_before_their_end() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    for number in 0..300_u64 {
        bench.authorize(&number.into()).await;
    }
    run_for(&bench, LIFE).await;
    assert_eq!(bench.vendor.calls("refresh"), 300, "each once");
    let records = bench.store.inner.tokens(&TokenFilter::new(1000)).await.unwrap().records;
    let mut minutes = BTreeMap::<u64, u32>::new();
    for record in records.iter().filter(|record| record.scope.app.is_some()) {
        let StoredAccess { issued_at, .. } = record.access.clone().unwrap();
        *minutes.entry(issued_at.since(crate::support::start()).as_secs() / 60).or_default() += 1;
        assert!(record.usable(bench.now()).is_some());
    }
    assert!(minutes.len() >= 25 && minutes.values().all(|count| *count < 40), "{minutes:?}");
    assert!(minutes.keys().all(|minute| (80..=109).contains(minute)), "{minutes:?}");
}

#[tokio::test]
async fn what_needs_the_merchant_is_left_alone_and_failures_are_tried_again_with_pauses() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    let (revoked, gone) = (AppId::from("revoked"), AppId::from("gone"));
    bench.authorize(&revoked).await;
    bench.authorize(&gone).await;
    bench.store.inner.revoke(&scope_of("revoked"), bench.now(), bench.now()).await.unwrap();
    bench.vendor.revoke(&gone);
    let token = bench.manager.token(&scope_of("gone")).await.unwrap();
    bench.manager.reject(&scope_of("gone"), &token).await.unwrap();
    bench.manager.token(&scope_of("gone")).await.unwrap_err();
    let before = bench.vendor.calls("refresh");

    // The token is due after more than an hour; nine attempts fail.
    bench.vendor.fail([Fault::NotSent; 9]);
    run_for(&bench, LIFE * 9 / 10).await;
    let tries = bench.vendor.calls("refresh") - before;
    assert!((2..=6).contains(&tries), "{tries} tries: the pauses grow");
    assert_eq!(bench.manager.renewals().failing, 1, "the one that the vendor does not answer for");
    bench.vendor.fail([]);
    run_for(&bench, LIFE).await;
    assert_eq!(bench.manager.renewals(), RenewalState::default());
    bench.assert_intact().await;
    assert!(bench.record().await.usable(bench.now()).is_some());
    for (app, state) in [("gone", GrantState::NeedsReauthorization), ("revoked", GrantState::Revoked)] {
        assert_eq!(bench.store.inner.token(&scope_of(app)).await.unwrap().unwrap().state, state);
    }
}

#[tokio::test]
async fn a_token_that_was_refused_is_renewed_whatever_its_age() {
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    let token = bench.token().await.unwrap();
    bench.manager.reject(&scope(), &token).await.unwrap();
    run_for(&bench, Duration::from_secs(600)).await;
    assert_eq!(bench.vendor.calls("refresh"), 1, "long before it falls due by its age");
    bench.assert_intact().await;
}

#[tokio::test]
async fn what_cannot_be_renewed_is_not_tried() {
    let (log, _logging) = Log::start();
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    // An app with nothing but an alias, a revoked one, and one that needs its merchant.
    let inner = &bench.store.inner;
    inner.bind_alias(&scope_of("known"), "gh_known", bench.now()).await.unwrap();
    inner.revoke(&scope_of("revoked"), bench.now(), bench.now()).await.unwrap();
    bench.authorize(&"gone".into()).await;
    bench.vendor.revoke(&"gone".into());
    bench.manager.refresh(&scope_of("gone")).await.unwrap_err();
    let calls = bench.vendor.calls("recover");
    run_for(&bench, Duration::from_secs(300)).await;
    assert!(!log.contains("not renewed ahead of time"));
    assert_eq!(bench.vendor.calls("recover"), calls);
}

#[tokio::test]
async fn the_store_is_walked_page_by_page_to_its_end() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    for (apps, pages) in [(499, 1), (501, 2)] {
        let rows = (0..apps).map(|app: u64| {
            let (store, now) = (&bench.store.inner, bench.now());
            async move { store.bind_alias(&scope_of(app), &format!("gh_{app}"), now).await.unwrap() }
        });
        futures::future::join_all(rows).await;
        let before = bench.store.listed();
        run_for(&bench, Duration::from_secs(10)).await;
        assert_eq!(bench.store.listed() - before, pages);
    }
}

#[tokio::test]
async fn how_many_apps_need_their_merchant_is_told() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = recorder.handle();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    for expected in 0..=2_u64 {
        run_for(&bench, Duration::from_secs(60)).await;
        let line = format!("miniprogram_tokens_needing_reauthorization{{vendor=\"acme\"}} {expected}\n");
        let numbers = numbers.render();
        assert!(numbers.contains(&line), "{line} is not in:\n{numbers}");
        let gone = AppId::from(expected);
        bench.authorize(&gone).await;
        bench.vendor.revoke(&gone);
        bench.manager.refresh(&scope_of(gone)).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_store_that_is_down_for_an_hour_does_not_end_it() {
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
    run_for(&bench, Duration::from_secs(3600)).await;
    assert!(bench.manager.renewals().store_failed);
    bench.store.fail(StoreFaults::default());
    run_for(&bench, LIFE).await;
    assert_eq!(bench.manager.renewals(), RenewalState::default());
    assert!(bench.vendor.calls("refresh") >= 1);
    bench.assert_intact().await;
}

#[tokio::test]
async fn the_platforms_own_token_is_renewed_too_and_open_renewals_are_settled() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    // A process died during a renewal, with the access token still valid.
    bench.store.inner.acquire(&scope(), "dead", bench.now(), Duration::from_secs(60)).await.unwrap();
    run_for(&bench, Duration::from_secs(600)).await;
    bench.assert_intact().await;
    assert_eq!(bench.record().await.generation, 2);

    // Near the end of the platform's month, not earlier.
    assert_eq!(bench.vendor.calls("platform_token"), 1);
    bench.clock.advance(LIFE * 359);
    run_for(&bench, Duration::from_secs(600)).await;
    assert_eq!(bench.vendor.calls("platform_token"), 2);
}

/// Flips a byte of an unsealed value.
fn damage(bench: &Bench, column: &str, app: &str) {
    let file = rusqlite::Connection::open(bench.directory.path().join("store.db")).unwrap();
    let damaged =
        format!("UPDATE tokens SET {column} = CAST(x'07' || substr({column}, 2) AS BLOB) WHERE app = ?1");
    assert_eq!(file.execute(&damaged, [app]).unwrap(), 1);
}

#[tokio::test]
async fn a_token_that_cannot_be_read_stops_no_other_and_is_recovered() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    for app in ["damaged", "other", "readable"] {
        bench.authorize(&app.into()).await;
    }
    damage(&bench, "refresh", "damaged");
    damage(&bench, "access", "readable");
    run_for(&bench, LIFE).await;
    // The one without an access token at once, and again when due.
    assert_eq!(bench.vendor.calls("refresh"), 3, "those whose refresh token can be read");
    assert_eq!(bench.vendor.calls("recover"), 0, "nothing is recovered unasked");
    assert_eq!(bench.manager.renewals().unreadable, 1);
    for app in ["other", "readable"] {
        let record = bench.store.inner.token(&scope_of(app)).await.unwrap().unwrap();
        assert!(record.usable(bench.now()).is_some(), "{app}");
    }
    let error = bench.manager.token(&scope_of("damaged")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    assert!(error.advice().contains("auth recover"), "{error:#}");

    let recovered = bench.aside(bench.manager.recover(&platform(), &"damaged".into())).await.unwrap();
    assert_eq!((recovered.state, recovered.unreadable.len()), (GrantState::Active, 0));
    bench.manager.token(&scope_of("damaged")).await.unwrap();
    run_for(&bench, Duration::from_secs(60)).await;
    assert_eq!(bench.manager.renewals(), RenewalState::default());
}

#[tokio::test]
async fn everything_that_cannot_be_read_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = recorder.handle();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    for app in ["token", "scope", "whole"] {
        bench.authorize(&app.into()).await;
    }
    damage(&bench, "refresh", "token");
    let file = rusqlite::Connection::open(bench.directory.path().join("store.db")).unwrap();
    file.execute_batch(
        "UPDATE tokens SET kind = 'odd' WHERE app = 'scope'; UPDATE tickets SET ticket = x'07'",
    )
    .unwrap();
    run_for(&bench, Duration::from_secs(10)).await;
    assert_eq!(bench.manager.renewals().unreadable, 3, "a token, a record and a ticket");
    let numbers = numbers.render();
    assert!(numbers.contains("miniprogram_tokens_unreadable 3\n"), "{numbers}");
}
