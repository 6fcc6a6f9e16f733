//! Guarantees of every store.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::IssuedToken;
use miniprogram_core::clock::VirtualClock;
use miniprogram_core::journal::Journal;
use miniprogram_core::push::EventCredential;
use miniprogram_core::token::{AccessToken, TokenScope};
use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::{
    AppId, AuditId, Command, EffectValue, Error, ErrorKind, Event, EventKind, Evidence, Intent, Operation,
    Outcome, PlatformId, Secret, Settled, SubjectId, Timestamp, Vendor,
};
use miniprogram_store::inbox::{LONGEST_PAUSE, SHORTEST_MEMORY};
use miniprogram_store::{
    Acquired, Arrived, Claim, GrantState, InboxEntry, InboxFilter, InboxState, KeyState, Lease, Listed,
    NewEvent, NewTokens, PlatformKey, Received, RepairOptions, Repaired, Store, StoreJournal, StoreKeys,
    StoredAccess, Ticket, TokenFilter, TokenRecord,
};
use serde_json::{Value, json};

use crate::Place;

macro_rules! suite {
    ($($test:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(place) = crate::Place::sqlite(stringify!($test)) {
                    super::$test(place).await;
                }
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(place) = crate::Place::postgres(concat!(module_path!(), "::", stringify!($test))) {
                    super::$test(place).await;
                }
            })*
        }
    };
}

/// Flips a bit of a sealed value.
macro_rules! flip {
    ($place:expr, $table:literal, $column:literal, $rows:literal) => {
        $place
            .statement_of(
                concat!(
                    "UPDATE ",
                    $table,
                    " SET ",
                    $column,
                    " = CAST(substr(",
                    $column,
                    ", 1, 36) || \
                     CASE WHEN substr(",
                    $column,
                    ", 37, 1) = x'00' THEN x'01' ELSE x'00' END || \
                     substr(",
                    $column,
                    ", 38) AS BLOB) WHERE ",
                    $rows
                ),
                concat!(
                    "UPDATE ",
                    $table,
                    " SET ",
                    $column,
                    " = set_byte(",
                    $column,
                    ", 36, get_byte(",
                    $column,
                    ", 36) # 1) WHERE ",
                    $rows
                ),
            )
            .await
    };
}

mod damage;
mod inbox;
mod intents;
mod keys;
mod repair;
mod rollouts;
mod tokens;
mod upkeep;

const ACME: Vendor = Vendor::new("acme");
const BETA: Vendor = Vendor::new("beta");
const LEASE: Duration = Duration::from_secs(30);
const CANARY: &str = "canary-4f1d";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_700_000_000 + seconds)
}

fn key() -> PlatformKey {
    PlatformKey::new(ACME, "p1")
}

fn scope(app: &str) -> TokenScope {
    TokenScope::authorizer(ACME, PlatformId::from("p1"), AppId::from(app))
}

fn access(token: &str) -> StoredAccess {
    let token = AccessToken::new(token).unwrap();
    StoredAccess::new(&IssuedToken::new(token, Duration::from_secs(7200)), at(0))
}

fn tokens(token: &str, refresh: &str) -> NewTokens {
    NewTokens::new(Some(access(token))).with_refresh_token(Some(refresh.into()))
}

async fn acquire(store: &Arc<dyn Store>, scope: &TokenScope, now: Timestamp) -> (Lease, TokenRecord) {
    match store.acquire(scope, "me", now, LEASE).await.unwrap() {
        Acquired::Granted { lease, record } => (lease, *record),
        other => panic!("not granted: {other:?}"),
    }
}

async fn grant(store: &Arc<dyn Store>, app: &str, token: &str, refresh: &str) -> TokenRecord {
    let (lease, _) = acquire(store, &scope(app), at(0)).await;
    store.commit(&lease, &tokens(token, refresh), at(0)).await.unwrap()
}

fn assert_conflict<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone), "{error}");
    assert!(!error.advice().is_empty());
}

fn event(app: Option<&str>, payload: Value) -> NewEvent {
    let mut event = Event::new(ACME, EventKind::AuditApproved, Cow::Borrowed("passed"), payload);
    event.app_id = app.map(AppId::from);
    NewEvent::new(key(), event, at(0))
}

async fn entry(store: &Arc<dyn Store>, id: i64) -> InboxEntry {
    store.entry(id).await.unwrap().unwrap().readable().unwrap()
}

pub(crate) async fn receive(store: &Arc<dyn Store>, app: &str, number: u32) -> i64 {
    match store.receive(&event(Some(app), json!({ "n": number }))).await.unwrap() {
        Received::New(id) => id,
        other => panic!("not new: {other:?}"),
    }
}

/// Every record of an export, a minute after the start.
async fn exported(store: &Arc<dyn Store>) -> Vec<Value> {
    let mut records = Vec::new();
    let mut write = |value: &Value| {
        records.push(value.clone());
        Ok(())
    };
    store.export(at(60), &mut write).await.unwrap();
    records
}

async fn claim_ids(store: &Arc<dyn Store>, now: Timestamp) -> Vec<i64> {
    let claims = store.claim("me", now, LEASE, 100).await.unwrap();
    claims.iter().map(|claim| claim.entry.id).collect()
}

fn app1() -> SubjectId {
    SubjectId::App("app1".into())
}

fn release_of(app: &str, before: Value) -> Intent {
    let command = Command::inherent(MethodName::new("set_name"), &json!({ "password": CANARY })).unwrap();
    Intent::new(ACME, AppId::from(app), command, before, at(0))
}

fn keys(current: u8, previous: &[u8]) -> StoreKeys {
    // 42 equal letters and one without spare bits.
    let text = |letter: u8| Secret::new(format!("{}A=", String::from(char::from(letter)).repeat(42)));
    let keys = StoreKeys::new(&text(current)).unwrap();
    previous.iter().fold(keys, |keys, letter| keys.with_previous(&text(*letter)).unwrap())
}

async fn fill_with_secrets(store: &Arc<dyn Store>) {
    let canary = |name: &str| format!("{CANARY}-{name}");
    store.save_ticket(&key(), &Ticket::new(canary("ticket").into(), at(0), at(0))).await.unwrap();
    grant(store, "app1", &canary("a1"), &canary("r1")).await;
    grant(store, "app1", &canary("a2"), &canary("r2")).await;
    let intent = release_of("app1", json!({ "seen": CANARY }));
    store.open_intent(&"p1".into(), &intent).await.unwrap();
    let closed = release_of("app2", json!({ "seen": CANARY }));
    store.open_intent(&"p1".into(), &closed).await.unwrap();
    let value = EffectValue::Audit(AuditId::from(CANARY));
    store.close_intent(&"p1".into(), &closed, &Settled::done(value, Evidence::Asked), at(1)).await.unwrap();
    let mut secret = event(Some("app1"), json!({ "AuthorizationCode": CANARY }));
    secret.event.reason = Some(Cow::Borrowed(CANARY));
    secret.event.take_credential("AuthorizationCode", EventCredential::AuthorizationCode);
    store.receive(&secret).await.unwrap();
    rollouts::fill_with_secrets(store).await;
}

/// A store with many events, an open lease, a claim, and unused ids.
pub(crate) async fn fill_for_a_copy(store: &Arc<dyn Store>) {
    fill_with_secrets(store).await;
    for (app, number) in [("a", 300), ("b", 152)] {
        for number in 0..number {
            receive(store, app, number).await;
        }
    }
    // The last one and two more are done and pruned: their ids are not reused.
    let claims = store.claim("me", at(1), LEASE, 9).await.unwrap();
    for claim in &claims[1..] {
        store.complete(claim, at(1)).await.unwrap();
    }
    assert_eq!(store.prune(at(2)).await.unwrap(), 2);
    store.claim("me", at(2), LEASE, 9).await.unwrap();
    acquire(store, &scope("app9"), at(0)).await;
    let last = store.receive(&event(None, json!({ "n": "last" }))).await.unwrap();
    assert!(matches!(last, Received::New(454)), "{last:?}");
    while let Some(claim) = store.claim("me", at(2), LEASE, 1).await.unwrap().pop() {
        store.complete(&claim, at(2)).await.unwrap();
    }
    store.prune(at(3)).await.unwrap();
}

/// Nothing is held, every app continues with its next event, and no id is reused.
pub(crate) async fn assert_a_copy_goes_on(store: &Arc<dyn Store>) {
    let (lease, record) = acquire(store, &scope("app9"), at(1)).await;
    assert!(lease.interrupted && lease.info.fence == 2, "{lease:?}");
    assert_eq!(record.lease.unwrap().fence, 2);
    let claims = store.claim("me", at(3), LEASE, 9).await.unwrap();
    let apps: Vec<_> = claims.iter().map(|claim| claim.entry.event.app_id.clone().unwrap()).collect();
    assert_eq!(apps, [AppId::from("app1"), "a".into(), "b".into()]);
    assert!(receive(store, "new", 1).await > 454);
    assert_eq!(
        store.token(&scope("app1")).await.unwrap().unwrap().refresh_token,
        Some(format!("{CANARY}-r2").into())
    );
}

/// An empty store that remembers its ids. Returns the last id of an event.
pub(crate) async fn fill_and_prune(store: &Arc<dyn Store>) -> i64 {
    let mut last = 0;
    for number in 0..3 {
        last = receive(store, "a", number).await;
        let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
        store.complete(&claim, at(1)).await.unwrap();
    }
    assert_eq!(store.prune(at(2)).await.unwrap(), 3);
    last
}
