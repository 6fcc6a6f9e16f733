//! Pushed tickets and authorizations: once, repeated, late and out of order.

use miniprogram_core::authorization::{AuthorizerPage, RefreshTokenUse};
use miniprogram_core::push::{Delivery, EventCredential};
use miniprogram_core::{
    AppId, ErrorKind, Event, EventHandler, EventKind, Outcome, PlatformId, Secret, Timestamp, Vendor,
};
use miniprogram_store::{Aliases, GrantState, PlatformKey, TokenStore};
use miniprogram_tokens::Alarm;
use serde_json::{Value, json};

use crate::support::{Bench, Log, MODELS, StoreFaults, app, platform, scope, scope_of, start};
use crate::vendor::{ACME, Fault, PLATFORM};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(start().as_unix() + seconds)
}

fn event(kind: EventKind, app: Option<AppId>, seconds: i64, payload: Value) -> Event<'static> {
    let mut event = Event::new(ACME, kind, "event".into(), payload);
    event.app_id = app;
    event.occurred_at = Some(at(seconds));
    event
}

fn with_code(kind: EventKind, code: &Secret, seconds: i64) -> Event<'static> {
    let mut event = event(kind, Some(app()), seconds, json!({}));
    event.credential = Some(EventCredential::AuthorizationCode(code.clone()));
    event
}

fn authorized(code: &Secret, seconds: i64) -> Event<'static> {
    with_code(EventKind::Authorized, code, seconds)
}

fn revoked(seconds: i64) -> Event<'static> {
    event(EventKind::AuthorizationRevoked, Some(app()), seconds, json!({}))
}

async fn handle(bench: &Bench, event: Event<'static>) -> miniprogram_core::Result<()> {
    let delivery = Delivery::new(1, PLATFORM.into(), bench.now());
    bench.aside(bench.manager.handle(&event, &delivery)).await
}

#[tokio::test]
async fn an_authorization_is_exchanged_once_however_often_it_is_delivered() {
    for model in MODELS {
        let bench = Bench::empty(model).await;
        let code = bench.vendor.authorize(&app());
        for _ in 0..3 {
            handle(&bench, authorized(&code, 0)).await.unwrap();
        }
        assert_eq!((bench.vendor.calls("exchange"), bench.vendor.calls("recover")), (1, 0));
        bench.token().await.unwrap();
        bench.assert_intact().await;
        let record = bench.record().await;
        assert_eq!((record.generation, record.granted_at), (1, Some(at(0))));

        // An update has a new code; an older one changes nothing.
        let code = bench.vendor.authorize(&app());
        handle(&bench, with_code(EventKind::AuthorizationUpdated, &code, 60)).await.unwrap();
        handle(&bench, authorized(&Secret::new("older"), 30)).await.unwrap();
        assert_eq!(bench.vendor.calls("exchange"), 2);
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_code_that_is_spent_or_missing_is_recovered() {
    let missing = event(EventKind::Authorized, Some(app()), 60, json!({}));
    for event in [authorized(&Secret::new("spent"), 60), missing] {
        let bench = Bench::new(RefreshTokenUse::SingleUse).await;
        handle(&bench, event.clone()).await.unwrap();
        handle(&bench, event).await.unwrap();
        assert_eq!(bench.vendor.calls("recover"), 1);
        assert_eq!(bench.record().await.granted_at, Some(at(60)));
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_code_that_nothing_stands_behind_is_the_merchants_to_mend() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.vendor.revoke(&app());
    handle(&bench, authorized(&Secret::new("void"), 60)).await.unwrap();
    assert_eq!(bench.record().await.state, GrantState::NeedsReauthorization);
    assert_eq!(bench.alarms.raised(), [Alarm::NeedsReauthorization { scope: scope() }]);
}

#[tokio::test]
async fn an_outage_is_an_error_so_that_the_event_comes_again() {
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    let code = bench.vendor.authorize(&app());
    bench.vendor.fail([Fault::NotSent]);
    assert_eq!(handle(&bench, authorized(&code, 60)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    handle(&bench, authorized(&code, 60)).await.unwrap();
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_revocation_wipes_the_tokens_unless_the_merchant_granted_later() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.token().await.unwrap();
        handle(&bench, revoked(-60)).await.unwrap();
        bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
        bench.token().await.expect("it is still at hand");
        bench.store.fail(StoreFaults::default());

        handle(&bench, revoked(60)).await.unwrap();
        handle(&bench, revoked(60)).await.unwrap();
        let error = bench.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(error.to_string().contains("revoked the authorization at"), "{error}");
        let record = bench.record().await;
        assert_eq!((record.state, record.access, record.refresh_token), (GrantState::Revoked, None, None));

        // An authorization from before the revocation that arrives late.
        let calls = bench.vendor.calls("exchange");
        handle(&bench, authorized(&Secret::new("late"), 30)).await.unwrap();
        assert_eq!(
            (bench.record().await.state, bench.vendor.calls("exchange")),
            (GrantState::Revoked, calls)
        );

        // In the same second only the vendor knows which came first.
        let code = bench.vendor.authorize(&app());
        handle(&bench, authorized(&code, 60)).await.unwrap();
        assert_eq!(bench.vendor.calls("exchange"), calls + 1);
        bench.token().await.unwrap();
        let code = bench.vendor.authorize(&app());
        handle(&bench, authorized(&code, 90)).await.unwrap();
        bench.token().await.unwrap();
        bench.assert_intact().await;
    }
}

fn pushed_ticket(ticket: &Secret, seconds: i64) -> Event<'static> {
    let mut event = event(EventKind::Ticket, None, seconds, json!({}));
    event.credential = Some(EventCredential::Ticket(ticket.clone()));
    event
}

#[tokio::test]
async fn tickets_are_kept_by_the_time_of_their_making() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    let newest = bench.vendor.ticket();
    assert!(bench.manager.save_ticket(&platform(), &newest, at(600)).await.unwrap());
    assert!(!bench.manager.save_ticket(&platform(), &Secret::new("older"), at(300)).await.unwrap());
    assert_eq!(bench.store.inner.ticket(&platform()).await.unwrap().unwrap().ticket, newest);
    assert_eq!(bench.manager.ticket_status(&platform()).await.unwrap().unwrap().created_at, at(600));
    let empty = bench.manager.save_ticket(&platform(), &Secret::new(""), at(1200)).await.unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_pushed_ticket_obtains_the_platforms_token_once_and_is_not_saved_again() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    let saved = bench.manager.ticket_status(&platform()).await.unwrap().unwrap().created_at;
    let ticket = bench.vendor.ticket();
    for seconds in [600, 600, 1200] {
        handle(&bench, pushed_ticket(&ticket, seconds)).await.unwrap();
    }
    assert_eq!(bench.vendor.calls("platform_token"), 1, "there is a usable one afterwards");
    let kept = bench.manager.ticket_status(&platform()).await.unwrap().unwrap();
    assert_eq!(kept.created_at, saved, "the receiver saves tickets");
}

#[tokio::test]
async fn where_a_ticket_brings_no_token_its_event_is_done_all_the_same() {
    let (log, _logging) = Log::start();
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    bench.vendor.fail([Fault::NotSent]);
    handle(&bench, pushed_ticket(&bench.vendor.ticket(), 600)).await.unwrap();
    assert!(log.contains("no token for the ticket that arrived"));
    handle(&bench, pushed_ticket(&bench.vendor.ticket(), 1200)).await.unwrap();
    assert_eq!(bench.vendor.calls("platform_token"), 2);
}

#[tokio::test]
async fn tickets_can_be_asked_for() {
    let bench = Bench::empty(RefreshTokenUse::Repeatable).await;
    bench.manager.start_ticket_push(&platform()).await.unwrap();
    assert_eq!(bench.vendor.calls("start_ticket_push"), 1);
    bench.vendor.fail([Fault::Busy]);
    assert_eq!(
        bench.manager.start_ticket_push(&platform()).await.unwrap_err().kind(),
        ErrorKind::RateLimited
    );
}

#[tokio::test]
async fn what_is_none_of_its_business_is_passed_over() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    handle(&bench, event(EventKind::AuditApproved, Some(app()), 0, json!({}))).await.unwrap();
    let mut foreign = authorized(&Secret::new("code"), 0);
    foreign.vendor = Vendor::new("other");
    handle(&bench, foreign).await.unwrap();
    let delivery = Delivery::new(1, PlatformId::from("elsewhere"), bench.now());
    bench.manager.handle(&authorized(&Secret::new("code"), 0), &delivery).await.unwrap();
    assert_eq!((bench.vendor.calls("exchange"), bench.vendor.calls("platform_token")), (0, 0));
}

#[tokio::test]
async fn the_code_of_another_app_stores_nothing() {
    for model in MODELS {
        let bench = Bench::empty(model).await;
        let code = bench.vendor.authorize(&"another".into());
        let (platform, app) = (platform(), app());
        let error =
            bench.aside(bench.manager.exchange(&platform, &code, Some(&app), None)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("app_id")));
        assert_eq!(error.outcome(), Outcome::Done, "the code is spent");
        assert!(error.to_string().contains("`app_id` of the answer is another;"), "{error}");
        assert!(error.advice().contains("--app another`"), "{error:#}");
        for app in ["another", "app"] {
            let record = bench.store.inner.token(&scope_of(app)).await.unwrap();
            assert!(record.is_none_or(|record| record.generation == 0 && record.refresh_token.is_none()));
        }
    }
}

#[tokio::test]
async fn a_code_alone_finds_its_app() {
    for model in MODELS {
        let bench = Bench::empty(model).await;
        let code = bench.vendor.authorize(&app());
        let platform = platform();
        let authorized = bench.aside(bench.manager.exchange(&platform, &code, None, None)).await.unwrap();
        assert_eq!(authorized.app, app());
        assert_eq!(authorized.permissions.len(), 1);
        let alias = (model == RefreshTokenUse::Repeatable).then(|| "gh_app".to_owned());
        assert_eq!(authorized.alias, alias);
        bench.token().await.unwrap();
        bench.assert_intact().await;
        let error = bench.aside(bench.manager.exchange(&platform, &code, None, None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "it is spent, and names no app to recover");
    }
}

#[tokio::test]
async fn aliases_are_learnt_once_and_kept() {
    let bench = Bench::empty(RefreshTokenUse::Repeatable).await;
    bench.vendor.authorize(&app());
    for _ in 0..3 {
        let known = bench.manager.alias(&platform(), &app()).await.unwrap();
        assert_eq!(known.as_deref(), Some("gh_app"));
    }
    assert_eq!(bench.vendor.calls("authorizer_info"), 1);
    assert_eq!(bench.store.inner.app_of_alias(&platform(), "gh_app").await.unwrap(), Some(app()));
    bench.vendor.fail_one("authorizer_info", Fault::OtherApp);
    bench.vendor.authorize(&"b".into());
    let error = bench.manager.alias(&platform(), &"b".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);

    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    assert_eq!(bench.manager.alias(&platform(), &app()).await.unwrap(), None);
    let info = bench.manager.authorizer_info(&platform(), &app()).await.unwrap();
    assert_eq!(info.app_id, app(), "asked with the app's own token");
}

#[tokio::test]
async fn the_list_of_authorizers_is_read_to_its_end() {
    let bench = Bench::empty(RefreshTokenUse::Repeatable).await;
    for number in 0..1234_u64 {
        bench.vendor.authorize(&number.into());
    }
    let all = bench.manager.all_authorizers(&platform()).await.unwrap();
    assert_eq!((all.len(), bench.vendor.calls("authorizers")), (1234, 3));
    let page = bench.manager.authorizers(&platform(), AuthorizerPage::new(10, 5)).await.unwrap();
    assert_eq!((page.total, page.authorizers.len()), (1234, 5));
    let unknown = PlatformKey::new(ACME, "elsewhere");
    assert_eq!(bench.manager.all_authorizers(&unknown).await.unwrap_err().kind(), ErrorKind::Config);
}
