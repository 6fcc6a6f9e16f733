//! Platforms that prove who they are without a ticket, apps whose tokens last, and vendors without a recovery.

use std::time::Duration;

use miniprogram_core::authorization::{AuthorizationRequest, PlatformProof, RefreshTokenUse};
use miniprogram_core::push::{Delivery, EventCredential};
use miniprogram_core::token::{TokenProvider, TokenScope};
use miniprogram_core::{ErrorKind, Event, EventHandler, EventKind, Outcome};
use miniprogram_store::{GrantState, TokenFilter, TokenStore};
use miniprogram_tokens::Alarm;
use serde_json::Value;

use crate::support::{Bench, MODELS, app, platform, scope};
use crate::vendor::{ACME, Fault, LIFE, PLATFORM};

const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A platform that never hears of a ticket.
async fn bench(model: RefreshTokenUse, proof: PlatformProof) -> Bench {
    let bench = Bench::without_ticket(model).await;
    bench.vendor.change(|habits| habits.proof = Some(proof));
    bench
}

#[tokio::test]
async fn a_platform_that_signs_its_requests_needs_neither_ticket_nor_token() {
    for model in MODELS {
        let bench = bench(model, PlatformProof::Signature).await;
        bench.authorize(&app()).await;
        bench.expire();
        bench.token().await.unwrap();
        let (platform, app) = (platform(), app());
        bench.aside(bench.manager.recover(&platform, &app)).await.unwrap();
        bench.assert_intact().await;
        assert_eq!(
            (bench.vendor.calls("platform_token"), bench.vendor.calls("recover")),
            (0, 1),
            "{model:?}"
        );

        let own = TokenScope::platform(ACME, PLATFORM.into());
        let error = bench.manager.token(&own).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error:#}");
        let stored = bench.store.inner.tokens(&TokenFilter::new(9)).await.unwrap().records;
        assert!(stored.iter().all(|record| record.scope.app.is_some()), "no record of the platform");
    }
}

#[tokio::test]
async fn a_page_that_needs_no_code_has_a_link_that_does_not_expire() {
    let bench = bench(RefreshTokenUse::SingleUse, PlatformProof::Signature).await;
    let (platform, request) = (platform(), AuthorizationRequest::new("https://shop.example"));
    let link = bench.manager.authorization_url(&platform, &request).await.unwrap();
    assert_eq!(
        (link.url.as_str(), link.expires_in),
        ("https://acme.example/?code=&to=https://shop.example", None)
    );
    let shown = serde_json::to_value(&link).unwrap();
    assert!(shown.get("expires_in_seconds").is_none(), "{shown}");
    assert_eq!(bench.vendor.calls("pre_authorization_code"), 0);
}

#[tokio::test]
async fn a_platform_obtains_its_token_with_its_keys_alone() {
    let bench = bench(RefreshTokenUse::Repeatable, PlatformProof::Keys).await;
    bench.authorize(&app()).await;
    bench.vendor.replace_platform_token();
    bench.expire();
    bench.token().await.unwrap();
    assert_eq!((bench.vendor.calls("platform_token"), bench.vendor.calls("refresh")), (2, 2));
    bench.assert_intact().await;

    // It is not the fault of a ticket that there is no token.
    bench.vendor.change(|habits| habits.proof = Some(PlatformProof::Ticket));
    bench.vendor.replace_platform_token();
    bench.expire();
    let error = bench.token().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("ticket")), "{error:#}");
}

#[tokio::test]
async fn a_token_that_does_not_expire_is_provided_until_it_is_refused() {
    for model in MODELS {
        let bench = bench(model, PlatformProof::Signature).await;
        bench.vendor.change(|habits| {
            habits.lasting = true;
            habits.recovers_nothing = true;
        });
        bench.authorize(&app()).await;
        let token = bench.token().await.unwrap();
        bench.clock.advance(CENTURY);
        // From memory, and from the store.
        assert_eq!(bench.token().await.unwrap(), token);
        assert_eq!(bench.second().token(&scope()).await.unwrap(), token);
        let record = bench.record().await;
        let access = record.usable(bench.now()).unwrap();
        assert_eq!((access.expires_at, record.refresh_token.as_ref()), (None, None));
        let status = bench.manager.status(&TokenFilter::new(9)).await.unwrap().remove(0);
        let shown = serde_json::to_value(&status).unwrap();
        assert_eq!(shown["age_seconds"], CENTURY.as_secs());
        assert_eq!((&shown["expires_at"], &shown["expires_in_seconds"]), (&Value::Null, &Value::Null));

        // Refused before its end, of which there is none: only the merchant can help.
        bench.manager.reject(&scope(), &token).await.unwrap();
        for _ in 0..2 {
            let error = bench.token().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Unauthorized, Outcome::NotDone),
                "{error:#}"
            );
        }
        assert_eq!(bench.record().await.state, GrantState::NeedsReauthorization);
        assert_eq!(bench.alarms.raised(), [Alarm::NeedsReauthorization { scope: scope() }]);
        assert_eq!((bench.vendor.calls("refresh"), bench.vendor.calls("recover")), (0, 0));

        bench.authorize(&app()).await;
        assert_ne!(bench.token().await.unwrap(), token);
        assert_eq!(bench.record().await.state, GrantState::Active);
    }
}

#[tokio::test]
async fn without_a_recovery_a_refused_refresh_token_needs_the_merchant() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.vendor.change(|habits| habits.recovers_nothing = true);
        bench.expire();
        bench.vendor.spoil_refresh_token(&app());
        let error = bench.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
        assert_eq!(bench.record().await.state, GrantState::NeedsReauthorization, "{model:?}");
        assert_eq!(bench.alarms.raised(), [Alarm::NeedsReauthorization { scope: scope() }]);
    }
}

#[tokio::test]
async fn without_a_recovery_a_lost_response_leaves_the_renewal_open() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.vendor.change(|habits| habits.recovers_nothing = true);
    bench.expire();
    bench.vendor.fail([Fault::LostBefore, Fault::LostBefore]);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Timeout);
    let record = bench.record().await;
    assert_eq!(
        (record.state, bench.alarms.raised()),
        (GrantState::Active, vec![]),
        "the merchant is not bothered"
    );
    assert!(record.lease.is_some(), "nobody else may renew before that is settled");
    // It was not spent.
    bench.token().await.unwrap();
    bench.assert_intact().await;

    // It was spent by the request whose response is lost: one more request shows that.
    bench.clock.advance(LIFE);
    bench.vendor.fail([Fault::LostAfter, Fault::LostBefore]);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(bench.record().await.state, GrantState::NeedsReauthorization);
}

#[tokio::test]
async fn without_a_recovery_a_spent_code_costs_no_token() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.vendor.change(|habits| habits.recovers_nothing = true);
        let token = bench.token().await.unwrap();
        let (platform, app) = (platform(), app());
        let later = Some(bench.now().after(Duration::from_secs(1)));
        let spent = "spent".into();
        let error =
            bench.aside(bench.manager.exchange(&platform, &spent, Some(&app), later)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
        let error = bench.aside(bench.manager.recover(&platform, &app)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:#}");
        assert_eq!(bench.token().await.unwrap(), token);
        bench.assert_intact().await;
        assert_eq!(bench.alarms.raised(), []);
    }
}

#[tokio::test]
async fn an_event_that_only_a_recovery_could_use_is_not_delivered_again() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.vendor.change(|habits| habits.recovers_nothing = true);
    let event = |credential: Option<&str>| {
        let mut event = Event::new(ACME, EventKind::Authorized, "granted".into(), Value::Null);
        event.app_id = Some(app());
        event.occurred_at = Some(bench.now().after(Duration::from_secs(1)));
        event.credential = credential.map(|code| EventCredential::AuthorizationCode(code.into()));
        event
    };
    let delivery = Delivery::new(1, PLATFORM.into(), bench.now());
    for credential in [None, Some("spent")] {
        bench.aside(bench.manager.handle(&event(credential), &delivery)).await.unwrap();
        bench.token().await.unwrap();
        bench.assert_intact().await;
    }
}
