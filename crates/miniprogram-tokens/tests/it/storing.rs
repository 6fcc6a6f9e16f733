//! New tokens that the store refuses, and what an authorization reports on the way.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use miniprogram_core::authorization::{Permission, RefreshTokenUse};
use miniprogram_core::clock::Clock;
use miniprogram_core::token::TokenProvider;
use miniprogram_core::{ErrorKind, Timestamp};
use miniprogram_store::TokenFilter;
use miniprogram_tokens::{Alarm, AlarmSink, LogAlarms};

use crate::support::{Bench, Log, StoreFaults, app, platform, scope, start};
use crate::vendor::Fault;

/// Advances past the retries until that many alarms were raised.
async fn until_raised(bench: &Bench, alarms: usize) {
    while bench.alarms.raised().len() < alarms {
        bench.clock.sleep(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
}

async fn is_unsaved(bench: &Bench) -> bool {
    let status = bench.manager.status(&TokenFilter::new(10)).await.unwrap();
    status.iter().any(|status| status.unsaved)
}

#[tokio::test]
async fn a_write_is_tried_again_after_one_to_sixty_seconds() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    let begun = bench.now();
    bench.store.fail(StoreFaults { commits: 9, ..StoreFaults::default() });
    bench.token().await.unwrap_err();
    until_raised(&bench, 2).await;
    let tried = bench.store.committed_since(begun);
    let pauses: Vec<_> = tried.windows(2).map(|pair| (pair[1] - pair[0]) / 1000).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert!(bench.vendor.accepts(&app(), &bench.token().await.unwrap()));
    assert_eq!(bench.vendor.calls("refresh"), 1);
    bench.assert_intact().await;
}

#[tokio::test]
async fn what_the_store_refuses_for_good_is_not_kept_and_recovered_instead() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.store.fail(StoreFaults { refusals: 1, ..StoreFaults::default() });
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert!(!is_unsaved(&bench).await);
    assert_eq!(bench.alarms.raised(), []);
    bench.token().await.unwrap();
    assert_eq!(bench.vendor.calls("recover"), 1);
    bench.assert_intact().await;
}

#[tokio::test]
async fn what_the_store_could_not_take_and_then_refuses_is_given_up() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    let begun = bench.now();
    bench.store.fail(StoreFaults { commits: 2, refusals: 1, ..StoreFaults::default() });
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Store);
    assert!(is_unsaved(&bench).await);
    until_raised(&bench, 2).await;
    assert!(!is_unsaved(&bench).await);
    let scope = scope();
    let raised = [Alarm::UnsavedToken { scope: scope.clone() }, Alarm::TokenSaved { scope }];
    assert_eq!(bench.alarms.raised(), raised, "nothing keeps the process from being ended");
    assert_eq!(bench.store.committed_since(begun).len(), 3);
    bench.token().await.unwrap();
    assert_eq!(bench.vendor.calls("recover"), 1);
    bench.assert_intact().await;
}

#[tokio::test]
async fn what_an_authorization_tells_on_the_way_is_kept() {
    let cases: [(&[_], &[_]); 3] = [(&["18"], &["18"]), (&[], &["31", "32"]), (&["18"], &["31"])];
    // A vendor queried with the app's token, with and without an expected app; and one queried with the app's id.
    let vendors = [
        (RefreshTokenUse::SingleUse, Some(app())),
        (RefreshTokenUse::SingleUse, None),
        (RefreshTokenUse::Repeatable, Some(app())),
    ];
    for ((model, expected), (granted, told)) in
        vendors.iter().flat_map(|vendor| cases.map(|case| (vendor, case)))
    {
        let bench = Bench::empty(*model).await;
        bench.vendor.change(|habits| {
            (habits.names_app, habits.tells_alias) = (false, true);
            (habits.granted, habits.told) = (granted.to_vec(), told.to_vec());
        });
        let (platform, code) = (platform(), bench.vendor.authorize(&app()));
        let exchanged = bench.manager.exchange(&platform, &code, expected.as_ref(), None);
        let authorized = bench.aside(exchanged).await.unwrap();
        let permissions = if granted.is_empty() { told } else { granted };
        let permissions: Vec<_> = permissions.iter().map(|id| Permission::new(*id)).collect();
        assert_eq!((authorized.app, authorized.permissions), (app(), permissions), "{model:?}");
        assert_eq!(authorized.alias.as_deref(), Some("gh_app"));
        assert_eq!(bench.record().await.alias.as_deref(), Some("gh_app"));
        assert_eq!(bench.vendor.calls("authorizer_info"), 1, "asked once, for all of it");
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn every_request_of_an_authorization_is_counted_once() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = recorder.handle();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    bench.vendor.change(|habits| habits.tells_alias = true);
    bench.authorize(&app()).await;
    let numbers = numbers.render();
    for (kind, operation) in
        [("platform", "platform_token"), ("authorizer", "exchange"), ("authorizer", "authorizer_info")]
    {
        let labels = format!(r#"vendor="acme",kind="{kind}",operation="{operation}",outcome="ok""#);
        let line = format!("miniprogram_token_calls_total{{{labels}}} 1\n");
        assert!(numbers.contains(&line), "{line} is not in:\n{numbers}");
    }
}

#[tokio::test]
async fn what_befalls_tokens_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = recorder.handle();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let expect = |line: &str| {
        let numbers = numbers.render();
        assert!(numbers.contains(&format!("miniprogram_{line}\n")), "{line} is not in:\n{numbers}");
    };
    let refreshes = |outcome, count| {
        let labels = format!(r#"vendor="acme",kind="authorizer",outcome="{outcome}""#);
        expect(&format!("token_refreshes_total{{{labels}}} {count}"));
    };
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    expect(r#"tickets_total{vendor="acme",newest="true"} 1"#);
    let earlier = Timestamp::from_unix(start().as_unix() - 1);
    assert!(!bench.manager.save_ticket(&platform(), &bench.vendor.ticket(), earlier).await.unwrap());
    expect(r#"tickets_total{vendor="acme",newest="false"} 1"#);

    let token = bench.token().await.unwrap();
    bench.manager.reject(&scope(), &token).await.unwrap();
    expect(r#"token_rejections_total{vendor="acme",kind="authorizer"} 1"#);
    bench.vendor.fail_one("refresh", Fault::Busy);
    bench.token().await.unwrap_err();
    refreshes("rate_limited", 1);
    bench.token().await.unwrap();
    refreshes("ok", 1);

    bench.expire();
    bench.store.fail(StoreFaults { commits: 1, ..StoreFaults::default() });
    bench.token().await.unwrap_err();
    expect(r#"tokens_unsaved{vendor="acme"} 1"#);
    until_raised(&bench, 2).await;
    expect(r#"tokens_unsaved{vendor="acme"} 0"#);

    bench.expire();
    bench.vendor.revoke(&app());
    bench.token().await.unwrap_err();
    refreshes("needs_reauthorization", 1);
    expect(r#"token_grants_lost_total{vendor="acme"} 1"#);
}

#[test]
fn alarms_go_to_the_log_where_nobody_else_takes_them() {
    let (log, _logging) = Log::start();
    for (alarm, words) in [
        (Alarm::NeedsReauthorization { scope: scope() }, "the merchant has to authorize again"),
        (Alarm::UnsavedToken { scope: scope() }, "could not be stored"),
        (Alarm::TokenSaved { scope: scope() }, "is stored now"),
    ] {
        assert!(!log.contains(words));
        LogAlarms.raise(&alarm);
        assert!(log.contains(words), "{alarm:?}");
    }
}

#[tokio::test]
async fn a_lease_that_the_store_does_not_take_back_is_logged_and_one_that_was_taken_over_is_not() {
    let (log, _logging) = Log::start();
    let logged = || log.contains("the lease could not be given back");

    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    bench.expire();
    bench.vendor.fail([Fault::Hang]);
    let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
    let paused = tokio::spawn(async move {
        let _busy = clock.enter();
        manager.token(&scope()).await
    });
    bench.vendor.hanging.acquire().await.unwrap().forget();
    bench.second().token(&scope()).await.unwrap();
    bench.vendor.gate.add_permits(1);
    bench.aside(paused).await.unwrap().unwrap();
    assert!(!logged(), "nobody has to do anything about it");

    bench.expire();
    bench.store.fail(StoreFaults { releases: true, ..StoreFaults::default() });
    bench.vendor.fail([Fault::Busy]);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::RateLimited);
    assert!(logged());
    // It expires, and is settled as open.
    bench.store.fail(StoreFaults::default());
    bench.token().await.unwrap();
    bench.assert_intact().await;
}
