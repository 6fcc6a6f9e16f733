//! After no response, and after a refusal: how often each credential is sent, and when recovery is requested.

use std::error::Error as _;
use std::time::Duration;

use miniprogram_core::authorization::RefreshTokenUse;
use miniprogram_core::token::TokenProvider;
use miniprogram_core::{ErrorKind, Outcome};
use miniprogram_store::{Acquired, GrantState, NewTokens, TokenStore};
use miniprogram_tokens::Alarm;

use crate::support::{Bench, MODELS, app, builder, platform, scope};
use crate::vendor::Fault;

/// Number of refresh, recover and exchange calls.
fn calls(bench: &Bench) -> [u64; 3] {
    ["refresh", "recover", "exchange"].map(|operation| bench.vendor.calls(operation))
}

/// A process acquires the lease and dies at once.
async fn die(bench: &Bench) {
    bench.store.inner.acquire(&scope(), "dead", bench.now(), Duration::ZERO).await.unwrap();
}

/// The store has a refresh token that the vendor never issued, and the valid one as the previous.
async fn rotate_in_vain(bench: &Bench) {
    let acquired = bench.store.inner.acquire(&scope(), "other", bench.now(), Duration::from_secs(1)).await;
    let Ok(Acquired::Granted { lease, .. }) = acquired else { panic!("{acquired:?}") };
    let tokens = NewTokens::new(None).with_refresh_token(Some("never issued".into()));
    bench.store.inner.commit(&lease, &tokens, bench.now()).await.unwrap();
}

#[tokio::test]
async fn an_open_renewal_repeats_the_old_token_once_before_it_recovers() {
    // Open since this process lost a response and then could not reach the vendor.
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.vendor.fail([Fault::LostAfter, Fault::NotSent]);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(bench.record().await.lease.is_some(), "nobody else may renew before that is settled");
    bench.vendor.fail([Fault::LostBefore]);
    bench.token().await.unwrap();
    assert_eq!(calls(&bench), [3, 1, 2]);
    bench.assert_intact().await;

    // Open since another process died. A reusable token is sent again as usual.
    for (model, expected) in MODELS.into_iter().zip([[2, 0, 1], [1, 1, 2]]) {
        let bench = Bench::new(model).await;
        bench.expire();
        die(&bench).await;
        bench.vendor.fail([Fault::LostBefore]);
        bench.token().await.unwrap();
        assert_eq!(calls(&bench), expected, "{model:?}");
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_repetition_waits_a_moment_and_not_all_wait_equally_long() {
    for model in MODELS {
        let mut waits = Vec::new();
        for seed in 0..8 {
            let bench = Bench::new(model).await;
            let built = builder(&bench.store, &bench.vendor, &bench.clock, &bench.alarms);
            let manager = built.with_seed(seed).build().unwrap();
            bench.expire();
            bench.vendor.fail([Fault::LostBefore]);
            let begun = bench.now();
            manager.token(&scope()).await.unwrap();
            waits.push(bench.now().since(begun).as_millis());
        }
        assert!(waits.iter().all(|wait| (200..=1000).contains(wait)), "{waits:?} ms");
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() >= 6, "{waits:?} ms");
    }
}

#[tokio::test]
async fn a_repeatable_token_that_is_refused_after_no_response_is_recovered() {
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    bench.expire();
    bench.vendor.spoil_refresh_token(&app());
    bench.vendor.fail([Fault::LostBefore]);
    bench.token().await.unwrap();
    assert_eq!(calls(&bench), [3, 1, 1], "the third one is the first use of what was recovered");
    assert_eq!(bench.alarms.raised(), []);
    bench.assert_intact().await;
}

#[tokio::test]
async fn the_refresh_token_before_is_tried_once_before_recovery() {
    let cases = [
        // The vendor's faults, and the calls of a vendor that recovers by a refresh token and of one that recovers by a
        // code.
        (vec![], [2, 0, 1], [2, 0, 1]),
        (vec![Fault::None, Fault::LostBefore], [3, 1, 1], [2, 1, 2]),
    ];
    for (faults, repeatable, single_use) in cases {
        for (model, expected) in MODELS.into_iter().zip([repeatable, single_use]) {
            let bench = Bench::new(model).await;
            rotate_in_vain(&bench).await;
            bench.vendor.fail(faults.clone());
            bench.second().token(&scope()).await.unwrap();
            assert_eq!(calls(&bench), expected, "{model:?} {faults:?}");
            bench.assert_intact().await;
        }
    }
}

#[tokio::test]
async fn the_refresh_token_before_is_left_alone_while_a_renewal_is_open() {
    for (model, expected) in MODELS.into_iter().zip([[2, 0, 1], [1, 1, 2]]) {
        let bench = Bench::new(model).await;
        rotate_in_vain(&bench).await;
        die(&bench).await;
        bench.second().token(&scope()).await.unwrap();
        assert_eq!(calls(&bench), expected, "{model:?}");
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_code_is_sent_twice_and_then_recovered() {
    for (model, expected) in MODELS.into_iter().zip([[1, 1, 3], [0, 1, 4]]) {
        let bench = Bench::new(model).await;
        let (platform, app, code) = (platform(), app(), bench.vendor.authorize(&app()));
        bench.vendor.fail([Fault::LostBefore, Fault::LostBefore]);
        bench.aside(bench.manager.exchange(&platform, &code, Some(&app), None)).await.unwrap();
        assert_eq!(calls(&bench), expected, "{model:?}");
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_code_of_which_no_app_is_known_is_sent_twice_where_no_response_came() {
    // The vendor's faults, whether there are tokens in the end, and how often the code is sent.
    let cases = [
        (vec![Fault::LostBefore], true, 2),
        (vec![Fault::LostBefore, Fault::LostBefore], false, 2),
        (vec![Fault::Busy], false, 1),
        (vec![Fault::NotSent], false, 1),
    ];
    for (model, (faults, granted, sent)) in
        MODELS.into_iter().flat_map(|model| cases.clone().map(|case| (model, case)))
    {
        let bench = Bench::new(model).await;
        let (platform, code) = (platform(), bench.vendor.authorize(&"other".into()));
        bench.vendor.fail(faults.clone());
        let result = bench.aside(bench.manager.exchange(&platform, &code, None, None)).await;
        assert_eq!(result.is_ok(), granted, "{model:?} {faults:?}");
        assert_eq!(bench.vendor.calls("exchange"), 1 + sent, "{model:?} {faults:?}");
        let Err(error) = result else { continue };
        let unknown = error.outcome() == Outcome::Unknown;
        assert_eq!((unknown, error.advice().contains("auth recover")), (sent == 2, sent == 2), "{error:#}");
    }
}

#[tokio::test]
async fn what_was_recovered_is_sent_twice_and_then_recovered_again() {
    for (model, expected) in MODELS.into_iter().zip([[4, 2, 1], [1, 2, 4]]) {
        let bench = Bench::new(model).await;
        bench.expire();
        bench.vendor.spoil_refresh_token(&app());
        bench.vendor.fail([Fault::None, Fault::None, Fault::LostBefore, Fault::LostBefore]);
        bench.token().await.unwrap();
        assert_eq!(calls(&bench), expected, "{model:?}");
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn what_was_recovered_and_our_own_lost_request_spent_is_no_refusal() {
    for (model, by_code) in [(RefreshTokenUse::SingleUse, false), (RefreshTokenUse::Repeatable, true)] {
        let bench = Bench::new(model).await;
        bench.vendor.change(|habits| habits.recovers_by_code = by_code);
        bench.expire();
        bench.vendor.spoil_refresh_token(&app());
        // The refresh is refused. Twice a recovery succeeds, and the response to using its result is lost.
        let round = [Fault::None, Fault::LostAfter, Fault::None];
        bench.vendor.fail([Fault::None].into_iter().chain(round).chain(round));
        assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Timeout, "{model:?}");
        assert_eq!(bench.vendor.calls("recover"), 2);
        assert_eq!((bench.record().await.state, bench.alarms.raised()), (GrantState::Active, vec![]));
        bench.token().await.unwrap();
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_recovered_refresh_token_is_kept_where_its_first_use_brings_no_other() {
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    bench.vendor.change(|habits| habits.repeats_no_refresh_token = true);
    bench.expire();
    bench.vendor.spoil_refresh_token(&app());
    bench.token().await.unwrap();
    assert_eq!(bench.vendor.calls("recover"), 1);
    bench.assert_intact().await;
    bench.expire();
    bench.token().await.unwrap();
    assert_eq!(bench.vendor.calls("recover"), 1);
}

#[tokio::test]
async fn a_code_that_was_spent_for_an_app_that_could_not_be_asked_for_leaves_word() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.aside(bench.manager.refresh(&scope())).await.unwrap();
    let (platform, app, code) = (platform(), app(), bench.vendor.authorize(&app()));
    bench.vendor.fail_one("authorizer_info", Fault::NotSent);
    let exchanged = bench.aside(bench.manager.exchange(&platform, &code, Some(&app), None)).await;
    assert_eq!(exchanged.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(bench.record().await.lease.is_some());
    // Both stored refresh tokens were replaced by unknown ones: one is tried, then the app is recovered.
    bench.expire();
    bench.token().await.unwrap();
    assert_eq!(calls(&bench), [2, 1, 3]);
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_grant_without_a_refresh_token_is_recovered_at_its_end() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    let other = crate::support::scope_of("other");
    bench.vendor.authorize(&"other".into());
    let acquired = bench.store.inner.acquire(&other, "me", bench.now(), Duration::from_secs(1)).await;
    let Ok(Acquired::Granted { lease, .. }) = acquired else { panic!("{acquired:?}") };
    bench.store.inner.commit(&lease, &NewTokens::new(None), bench.now()).await.unwrap();
    bench.manager.token(&other).await.unwrap();
    assert_eq!(calls(&bench), [0, 1, 2]);
    bench.assert_intact_of(&"other".into()).await;
}

#[tokio::test]
async fn a_refused_recovery_ends_the_token_at_hand_and_raises_one_alarm() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        let (platform, app) = (platform(), app());
        bench.token().await.unwrap();
        bench.vendor.revoke(&app);
        for _ in 0..2 {
            let error = bench.aside(bench.manager.recover(&platform, &app)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            assert!(error.source().is_some(), "the vendor's refusal is told: {error:#}");
            assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Unauthorized);
            assert_eq!(bench.record().await.state, GrantState::NeedsReauthorization);
            assert_eq!(bench.alarms.raised(), [Alarm::NeedsReauthorization { scope: scope() }]);
        }
    }
}

#[tokio::test]
async fn what_the_merchant_revoked_stays_revoked_when_recovery_is_refused() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.vendor.revoke(&app());
        assert!(bench.store.inner.revoke(&scope(), bench.now(), bench.now()).await.unwrap());
        let (platform, app) = (platform(), app());
        bench.aside(bench.manager.recover(&platform, &app)).await.unwrap_err();
        assert_eq!(bench.record().await.state, GrantState::Revoked);
        assert_eq!(bench.alarms.raised(), []);
    }
}

#[tokio::test]
async fn a_refused_recovery_of_an_app_that_never_authorized_changes_nothing() {
    for model in MODELS {
        let bench = Bench::empty(model).await;
        let (platform, app) = (platform(), app());
        bench.aside(bench.manager.recover(&platform, &app)).await.unwrap_err();
        let record = bench.record().await;
        assert_eq!((record.state, record.generation, record.lease), (GrantState::Active, 0, None));
        let error = bench.token().await.unwrap_err();
        assert!(error.advice().contains("auth recover"), "{}", error.advice());
    }
}

#[tokio::test]
async fn a_platform_token_that_fails_for_now_is_not_the_tickets_fault() {
    for fault in [Fault::Busy, Fault::NotSent, Fault::LostAfter] {
        let bench = Bench::empty(RefreshTokenUse::Repeatable).await;
        bench.vendor.fail([fault]);
        let (platform, app) = (platform(), app());
        let error = bench.aside(bench.manager.recover(&platform, &app)).await.unwrap_err();
        assert_eq!(error.field(), None, "{error:#}");
        assert!(!error.advice().contains("auth ticket"), "{}", error.advice());
        assert_eq!(error.outcome(), Outcome::NotSent, "nothing is open: the recovery itself was not sent");
        assert_eq!((bench.vendor.calls("platform_token"), bench.vendor.calls("recover")), (1, 0));
    }
}
