//! The receiver over the embedded store: what is acknowledged survives the service.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::push::EventCredential;
use miniprogram_core::token::TokenScope;
use miniprogram_core::vendor_api::redact::MASK;
use miniprogram_core::{Event, EventDecoder, EventKind, Secret};
use miniprogram_store::{
    Inbox, InboxFilter, InboxState, KeyState, Listed, Maintenance, NewEvent, SqliteStore, StoreKeys,
    StoreOptions, TokenStore,
};
use serde_json::{Value, json};

use crate::support::{
    APP, Act, NOW, ORIGINAL, Recorder, Setup, WECHAT_PLATFORM, authorization, messages_of, now, ticket,
    verdict, wechat, wechat_key, wechat_push, wechat_push_at,
};

#[tokio::test]
async fn what_was_acknowledged_is_handled_once_by_whoever_comes_after() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform.db");
    let store = Arc::new(SqliteStore::create(&path, StoreOptions::default()).await.unwrap());
    let key = wechat_key();
    let scope = TokenScope::authorizer(key.vendor, key.platform.clone(), APP.into());
    store.bind_alias(&scope, ORIGINAL, now()).await.unwrap();
    let never = Arc::new(tokio::sync::Notify::new());
    let stuck = Recorder::scripted([Act::Hang(never)]);
    let first = Setup::new(store.clone()).with(|builder| builder.with_handler(stuck.clone())).serve().await;
    for nth in 0..3 {
        let push = wechat_push(&verdict(ORIGINAL, NOW + nth));
        assert_eq!(first.deliver(&messages_of(APP), &push).await.body, "success");
    }
    let other = wechat_push(&verdict("gh_000000000000", NOW));
    assert_eq!(first.deliver(&messages_of(APP), &other).await.status, 403);
    stuck.wait_for(1).await;
    first.kill().await;
    store.close().await;
    drop(store);

    let store = Arc::new(SqliteStore::open(&path, StoreOptions::default()).await.unwrap());
    let handler = Recorder::scripted([Act::Accept, Act::Fail]);
    let second =
        Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone())).serve().await;
    let again = wechat_push_at(&verdict(ORIGINAL, NOW + 1), NOW + 5, "9");
    assert_eq!(second.deliver(&messages_of(APP), &again).await.body, "success");
    assert_eq!(
        second.deliver(&authorization(), &wechat_push(&ticket("ticket@@@1", NOW))).await.body,
        "success"
    );
    second.turn_until(async || store.counts().await.unwrap().done == 4).await;
    let of_app = handler.seen().into_iter().filter(|seen| seen.app.is_some());
    let times: Vec<_> = of_app.map(|seen| seen.occurred_at.unwrap().as_unix() - NOW).collect();
    assert!(times.is_sorted() && times.len() == 4, "in order, one of them twice: {times:?}");
    assert_eq!(store.ticket(&key).await.unwrap().unwrap().ticket, Secret::new("ticket@@@1"));
    let entries = store.entries(&InboxFilter::new(10)).await.unwrap();
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry.state() == Some(InboxState::Done)));
    second.stop().await.unwrap();
    store.close().await;
}

/// The event of a push as stored by a version without credentials.
fn without_credential(message: &str, field: &str, secret: &str) -> Event<'static> {
    let mut push = wechat_push(message);
    let mut event = wechat().decode(push.as_push()).unwrap().into_owned();
    assert!(event.credential.take().is_some());
    assert_eq!(event.payload[field], MASK);
    event.payload[field] = json!(secret);
    event
}

#[tokio::test]
async fn credentials_that_earlier_versions_stored_in_the_payload_reach_the_handlers() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(
        SqliteStore::create(directory.path().join("platform.db"), StoreOptions::default()).await.unwrap(),
    );
    let ticket = ticket("canaryTicket", NOW);
    let authorized = format!(
        "<xml><AppId>{WECHAT_PLATFORM}</AppId><CreateTime>{NOW}</CreateTime><InfoType>authorized</InfoType>\
         <AuthorizerAppid>{APP}</AuthorizerAppid><AuthorizationCode>canaryCode</AuthorizationCode></xml>"
    );
    for event in [
        without_credential(&ticket, "ComponentVerifyTicket", "canaryTicket"),
        without_credential(&authorized, "AuthorizationCode", "canaryCode"),
    ] {
        store.receive(&NewEvent::new(wechat_key(), event, now())).await.unwrap();
    }
    let handler = Arc::new(Recorder::default());
    let server =
        Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone())).serve().await;
    let mut seen: Vec<_> = handler.wait_for(2).await.into_iter().map(|seen| seen.credential).collect();
    seen.sort_by_key(|credential| credential.as_ref().map(EventCredential::kind));
    let code = EventCredential::AuthorizationCode(Secret::new("canaryCode"));
    assert_eq!(seen, [Some(code.clone()), Some(EventCredential::Ticket(Secret::new("canaryTicket")))]);
    server.turn_until(async || store.counts().await.unwrap().done == 2).await;

    // A vendor's repeat of what an earlier version received is not a new event.
    for message in [&ticket, &authorized] {
        assert_eq!(server.deliver(&authorization(), &wechat_push(message)).await.body, "success");
    }
    assert_eq!(store.counts().await.unwrap().done, 2);
    assert_eq!(handler.seen().len(), 2);

    // A new one is read from the store with its credential.
    let later = authorized.replace(&NOW.to_string(), &(NOW + 1).to_string());
    assert_eq!(server.deliver(&authorization(), &wechat_push(&later)).await.body, "success");
    assert_eq!(handler.wait_for(3).await[2].credential, Some(code.clone()));
    let filter = InboxFilter::new(1).of_kind(Some(EventKind::Authorized));
    let newest = store.entries(&filter).await.unwrap().pop().and_then(Listed::readable).unwrap();
    assert_eq!(
        (newest.event.credential, &newest.event.payload["AuthorizationCode"]),
        (Some(code), &json!(MASK))
    );
    server.stop().await.unwrap();
    store.close().await;
}

/// Rotation replaces the key while the daemon runs: its writes are refused from then on.
#[tokio::test]
async fn readiness_names_a_key_that_was_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform.db");
    let [old, new] = ["a", "b"].map(|letter| Secret::new(format!("{}A=", letter.repeat(42))));
    let before = StoreKeys::new(&old).unwrap().with_previous(&new).unwrap();
    let after = StoreKeys::new(&new).unwrap().with_previous(&old).unwrap();
    let daemon = StoreOptions::default().as_daemon().with_keys(before);
    let store = Arc::new(SqliteStore::create(&path, daemon).await.unwrap());
    let server = Setup::new(store.clone()).serve().await;
    assert_eq!(server.get("/readyz").await.status, 200);

    let command = SqliteStore::open(&path, StoreOptions::default().with_keys(after)).await.unwrap();
    assert_eq!(server.get("/readyz").await.status, 200, "both keys seal until the rotation");
    command.reseal().await.unwrap();
    server.clock.advance(Duration::from_secs(1));
    let keys = command.check(now()).await.unwrap().keys;
    let in_state = |state| keys.iter().find(|(_, found)| **found == state).map(|(id, _)| id.clone()).unwrap();
    let (replaced, active) = (in_state(KeyState::Retired), in_state(KeyState::Active));
    let ready = server.get("/readyz").await;
    let state: Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!((ready.status, &state["store_key_is_current"]), (503, &json!(false)));
    let why = format!(
        "store: key {replaced} was replaced: the store takes only what is sealed with {active}; \
         set MINIPROGRAM_STORE_KEY to that key, and start again"
    );
    assert_eq!(state["problems"], json!([why]));
    assert_eq!(server.get("/healthz").await.status, 200, "a new start with the same key would not help");
    server.stop().await.unwrap();
    command.close().await;
    store.close().await;
}
