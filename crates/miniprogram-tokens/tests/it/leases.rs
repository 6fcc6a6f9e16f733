//! The lease for a renewal: acquired only when needed, waited for, released at once.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use miniprogram_core::ErrorKind;
use miniprogram_core::authorization::{AuthorizationApi, RefreshTokenUse};
use miniprogram_core::clock::Clock;
use miniprogram_core::token::{TokenProvider, TokenScope};
use miniprogram_store::{Acquired, GrantState, NewTokens, StoredAccess, TokenStore};

use crate::support::{Bench, MODELS, Overtaken, StoreFaults, app, platform, scope, until};
use crate::vendor::{ACME, Fault, PLATFORM};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A caller in its own task.
fn call(
    bench: &Bench,
) -> tokio::task::JoinHandle<miniprogram_core::Result<miniprogram_core::token::AccessToken>> {
    let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
    tokio::spawn(async move {
        let _busy = clock.enter();
        manager.token(&scope()).await
    })
}

/// The tokens that another process gets from the vendor with the stored refresh token.
async fn renewed_elsewhere(bench: &Bench) -> NewTokens {
    let platform = bench.manager.token(&TokenScope::platform(ACME, PLATFORM.into())).await.unwrap();
    let stored = bench.record().await.refresh_token.unwrap();
    let grant = bench.vendor.refresh(&platform.into(), &app(), &stored).await.unwrap();
    let access = grant.access.map(|issued| StoredAccess::new(&issued, bench.now()));
    NewTokens::new(access).with_refresh_token(grant.refresh_token)
}

/// A process acquires the lease and dies at once.
async fn die(bench: &Bench) {
    bench.store.inner.acquire(&scope(), "dead", bench.now(), Duration::ZERO).await.unwrap();
}

fn down() -> StoreFaults {
    StoreFaults { down: true, ..StoreFaults::default() }
}

#[tokio::test]
async fn what_is_at_hand_needs_no_store_and_what_is_stored_needs_no_lease() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.store.fail(down());
        let token = bench.token().await.expect("what was committed is at hand");
        bench.store.fail(StoreFaults::default());

        let (second, begun) = (bench.second(), bench.now());
        assert_eq!(second.token(&scope()).await.unwrap(), token);
        assert_eq!(bench.store.asked_since(begun.after(Duration::from_millis(1))), [0; 0]);
        let fence = bench.store.inner.acquire(&scope(), "other", begun, seconds(1)).await.unwrap();
        let Acquired::Granted { lease, .. } = fence else { panic!("{fence:?}") };
        assert_eq!(lease.info.fence, 2, "the exchange took the first one, the second manager none");
        bench.store.fail(down());
        assert_eq!(second.token(&scope()).await.unwrap(), token, "what was read is at hand");
    }
}

#[tokio::test]
async fn who_else_renews_is_asked_after_at_once_and_then_every_two_seconds() {
    let asked = [
        (9_000, vec![0, 20, 60, 140, 300, 620, 1_260, 2_540, 4_540, 6_540, 8_540, 9_000]),
        // Not exactly when the lease ends, if that would be too soon.
        (65, vec![0, 20, 60, 80]),
    ];
    for (held, asked) in asked {
        let bench = Bench::new(RefreshTokenUse::SingleUse).await;
        bench.expire();
        let begun = bench.now();
        let held = vec![begun.after(Duration::from_millis(held))];
        bench.store.fail(StoreFaults { held, ..StoreFaults::default() });
        bench.token().await.unwrap();
        assert_eq!(bench.store.asked_since(begun), asked);
        assert_eq!(bench.vendor.calls("refresh"), 1);
    }
}

#[tokio::test]
async fn holders_one_after_the_other_are_waited_for_for_five_leases() {
    for (last, waited, granted) in [(301, 301, true), (360, 302, false)] {
        let bench = Bench::new(RefreshTokenUse::SingleUse).await;
        bench.expire();
        let begun = bench.now();
        let held = [60, 120, 180, 240, 300, last].map(|end| begun.after(seconds(end))).to_vec();
        bench.store.fail(StoreFaults { held, ..StoreFaults::default() });
        let result = bench.token().await;
        assert_eq!(bench.now().since(begun), seconds(waited));
        assert_eq!(bench.vendor.calls("refresh"), u64::from(granted));
        let Err(error) = result else { continue };
        assert!(!granted, "{error}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains(&begun.after(seconds(last)).to_string()), "{error}");
    }
}

#[tokio::test]
async fn what_another_process_stored_meanwhile_is_handed_out_and_the_lease_given_back() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        let overtaken = Some(Overtaken::Renewed(renewed_elsewhere(&bench).await));
        bench.store.fail(StoreFaults { overtaken, ..StoreFaults::default() });
        let token = bench.token().await.unwrap();
        assert!(bench.vendor.accepts(&app(), &token));
        assert_eq!(bench.vendor.calls("refresh"), 1, "the other process's");
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn who_wants_a_newer_token_is_not_content_with_the_one_that_others_wait_for() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        let begun = bench.now();
        let held = vec![begun.after(seconds(1))];
        bench.store.fail(StoreFaults { held, ..StoreFaults::default() });
        let caller = call(&bench);
        until("the first question", || async { !bench.store.asked_since(begun).is_empty() }).await;
        // The other process is done; waiting callers will use its token.
        let tokens = renewed_elsewhere(&bench).await;
        bench.store.overtake(&scope(), Overtaken::Renewed(tokens), bench.now()).await.unwrap();
        bench.store.fail(StoreFaults::default());
        let status = bench.aside(bench.manager.refresh(&scope())).await.unwrap();
        assert_eq!((status.generation, bench.vendor.calls("refresh")), (3, 2), "{model:?}");
        bench.aside(caller).await.unwrap().unwrap();
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_renewal_that_another_process_died_in_meanwhile_is_settled_first() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        let overtaken = Some(Overtaken::RenewedAndDied(renewed_elsewhere(&bench).await));
        bench.store.fail(StoreFaults { overtaken, ..StoreFaults::default() });
        let token = bench.token().await.unwrap();
        assert!(bench.vendor.accepts(&app(), &token));
        assert_eq!((bench.vendor.calls("refresh"), bench.record().await.generation), (2, 3));
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_revocation_just_before_the_renewal_ends_it_and_the_lease_is_given_back() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.store.fail(StoreFaults { overtaken: Some(Overtaken::Revoked), ..StoreFaults::default() });
    let error = bench.token().await.unwrap_err();
    assert!(error.to_string().contains("revoked the authorization"), "{error}");
    assert_eq!(bench.vendor.calls("refresh"), 0);
    assert_eq!(bench.record().await.lease, None);
}

#[tokio::test]
async fn a_revocation_during_the_renewal_wins_and_the_lease_is_given_back() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        bench.vendor.fail([Fault::Hang]);
        let caller = call(&bench);
        bench.vendor.hanging.acquire().await.unwrap().forget();
        assert!(bench.store.inner.revoke(&scope(), bench.now(), bench.now()).await.unwrap());
        bench.vendor.gate.add_permits(1);
        let error = bench.aside(caller).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("revoked the authorization"), "{error}");
        let record = bench.record().await;
        assert_eq!((record.state, record.access, record.lease), (GrantState::Revoked, None, None));
    }
}

#[tokio::test]
async fn a_revocation_during_an_exchange_that_brings_no_access_token_is_not_taken_for_its_commit() {
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    bench.vendor.change(|habits| habits.withholds_access = true);
    let code = bench.vendor.authorize(&app());
    bench.vendor.fail([Fault::Hang]);
    let manager = bench.manager.clone();
    let exchange =
        tokio::spawn(async move { manager.exchange(&platform(), &code, Some(&app()), None).await });
    bench.vendor.hanging.acquire().await.unwrap().forget();
    assert!(bench.store.inner.revoke(&scope(), bench.now(), bench.now()).await.unwrap());
    bench.vendor.gate.add_permits(1);
    bench.aside(exchange).await.unwrap().unwrap();
    // The vendor is queried again, and confirms the authorization.
    assert_eq!(bench.vendor.calls("recover"), 1);
    assert!(bench.vendor.accepts(&app(), &bench.token().await.unwrap()));
    bench.assert_intact().await;
}

#[tokio::test]
async fn one_more_request_is_sent_while_a_third_of_the_lease_is_left() {
    // An earlier open request counts as lost after so many seconds; recovery continues at once, or under the next
    // lease.
    let over = r#"miniprogram_token_refreshes_total{vendor="acme",kind="authorizer",outcome="lease_over"} 1"#;
    for (passed, waited) in [(40, 40), (41, 60)] {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let bench = Bench::new(RefreshTokenUse::SingleUse).await;
        bench.expire();
        die(&bench).await;
        bench.vendor.fail([Fault::HangAndLose]);
        let begun = bench.now();
        let caller = call(&bench);
        bench.vendor.hanging.acquire().await.unwrap().forget();
        bench.clock.advance(seconds(passed));
        bench.vendor.gate.add_permits(1);
        bench.aside(caller).await.unwrap().unwrap();
        assert_eq!(bench.now().since(begun), seconds(waited));
        assert_eq!(bench.vendor.calls("recover"), 1);
        assert_eq!(recorder.handle().render().contains(over), waited > passed);
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn after_a_lease_that_was_too_short_the_next_one_is_asked_for_soon() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    let begun = bench.now();
    bench.store.fail(StoreFaults { held: vec![begun.after(seconds(1))], ..StoreFaults::default() });
    bench.vendor.fail([Fault::HangAndLose]);
    let caller = call(&bench);
    bench.aside(async { bench.vendor.hanging.acquire().await.unwrap().forget() }).await;
    assert_eq!(bench.now().since(begun), seconds(1), "the pauses have grown by then");
    bench.clock.advance(seconds(45));
    bench.vendor.gate.add_permits(1);
    bench.aside(caller).await.unwrap().unwrap();
    let asked = bench.store.asked_since(begun.after(seconds(2)));
    let pauses: Vec<_> = asked.windows(2).take(3).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [20, 40, 80], "{asked:?}");
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_lease_that_a_clock_ahead_took_over_is_not_used_again() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.vendor.fail([Fault::LostAfter, Fault::NotSent]);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Unavailable);
    let begun = bench.now();
    let taken = bench.store.inner.acquire(&scope(), "ahead", begun.after(seconds(61)), seconds(60)).await;
    assert!(matches!(taken, Ok(Acquired::Granted { .. })), "{taken:?}");
    bench.token().await.unwrap();
    assert_eq!(bench.now().since(begun), seconds(121));
    assert_eq!((bench.vendor.calls("refresh"), bench.vendor.calls("recover")), (3, 1));
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_refusal_for_now_gives_the_lease_back_and_nothing_is_open() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        bench.vendor.fail([Fault::Busy]);
        assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::RateLimited);
        assert_eq!(bench.record().await.lease, None);
        // The next process may send twice.
        bench.vendor.fail([Fault::LostBefore]);
        bench.second().token(&scope()).await.unwrap();
        assert_eq!((bench.vendor.calls("refresh"), bench.vendor.calls("recover")), (3, 0));
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn nothing_is_written_about_an_app_that_never_authorized() {
    for model in MODELS {
        let bench = Bench::empty(model).await;
        let unknown = bench.token().await.unwrap_err();
        assert_eq!(bench.store.inner.token(&scope()).await.unwrap(), None);
        // Its alias was looked up for a push; that is not an authorization.
        bench.store.inner.bind_alias(&scope(), "gh_app", bench.now()).await.unwrap();
        let known = bench.token().await.unwrap_err();
        for error in [unknown, known] {
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            assert!(error.advice().contains("auth recover"), "{}", error.advice());
        }
        assert_eq!((bench.vendor.calls("platform_token"), bench.vendor.calls("recover")), (0, 0));
        assert_eq!(bench.record().await.lease, None);
    }
}
