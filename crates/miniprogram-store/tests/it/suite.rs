//! What every store promises.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::IssuedToken;
use miniprogram_core::intent::{MethodName, Operation};
use miniprogram_core::{
    AccessToken, AppId, AuditId, Command, EffectValue, Error, ErrorKind, Event, EventCredential, EventKind,
    Evidence, Intent, Outcome, PlatformId, Secret, Settled, Timestamp, TokenScope, Vendor,
};
use miniprogram_store::{
    Acquired, GrantState, InboxEntry, InboxFilter, InboxState, KeyState, Lease, Listed, NewEvent, NewTokens,
    PlatformKey, Received, RepairOptions, Repaired, Store, StoreKeys, StoredAccess, Ticket, TokenFilter,
    TokenRecord,
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
                if let Some(place) = crate::Place::postgres(concat!("suite::postgres::", stringify!($test))) {
                    super::$test(place).await;
                }
            })*
        }
    };
}

suite![
    the_newest_ticket_by_its_creation_counts,
    what_is_committed_outlives_the_handle,
    a_lease_is_given_to_one_and_back,
    a_paused_holder_cannot_overwrite_its_successor,
    a_holder_that_died_leaves_word,
    sixty_four_race_and_one_is_granted,
    a_rotated_refresh_token_keeps_the_one_before,
    expire_compares_the_token,
    grants_and_revocations_count_by_the_vendors_clock,
    a_revocation_during_a_renewal_wins,
    tokens_of_an_earlier_authorization_keep_the_later_time,
    an_original_id_belongs_to_one_app,
    an_original_id_that_cannot_be_kept_costs_no_token,
    a_write_that_fails_is_no_conflict,
    an_empty_secret_is_unreadable,
    tokens_are_listed_in_order_and_in_pages,
    arguments_that_break_a_rule_are_refused,
    one_effect_is_open_per_app,
    a_later_attempt_replaces_the_open_one,
    open_intents_are_found_oldest_first,
    intents_race_and_one_is_opened,
    an_intent_is_read_back_as_it_was_written,
    what_became_of_an_intent_is_written_once,
    an_event_is_kept_once,
    an_app_sees_its_events_in_order_and_apps_run_side_by_side,
    a_claim_that_ran_out_goes_to_the_next,
    a_postponed_event_holds_its_app_back,
    the_app_that_waits_longest_comes_first,
    an_event_that_arrives_when_its_app_has_none_is_due_at_once,
    a_claim_that_was_given_back_is_over,
    the_last_error_is_kept_and_a_long_one_cut,
    a_thousand_events_are_claimed_at_a_time_at_most,
    an_event_that_is_handed_back_has_lost_no_attempt,
    an_event_that_lacks_its_key_holds_back_its_app_alone,
    a_damaged_event_goes_to_the_dead_and_holds_nothing_back,
    a_damaged_event_is_listed_among_the_others,
    an_event_that_lost_its_app_does_not_hold_the_app_back,
    a_damaged_token_is_named_and_the_others_are_listed,
    new_tokens_replace_what_cannot_be_read,
    a_refresh_token_that_cannot_be_read_is_kept_until_another_comes,
    a_record_without_a_scope_is_left_out_and_named,
    a_damaged_ticket_is_replaced_by_the_next,
    a_damaged_open_effect_is_named_and_closed_by_a_person,
    a_repair_gives_up_what_is_damaged_and_says_so,
    a_repair_drops_whole_rows_only_when_it_is_told_to,
    a_dry_repair_writes_nothing,
    what_lacks_its_key_is_left_by_a_repair,
    an_app_whose_next_event_was_lost_gets_it_anew,
    closed_effects_and_dead_events_are_pruned,
    an_app_is_done_and_claimed_again_with_one_write,
    what_a_clock_that_ran_ahead_wrote_down_delays_nothing,
    the_dead_are_listed_and_replayed,
    an_event_that_is_replayed_waits_for_the_one_in_hand,
    done_events_are_pruned,
    sixteen_dispatchers_handle_each_event_once,
    entries_are_filtered_newest_first,
    secrets_are_sealed_with_a_key_alone,
    keys_are_rotated,
    a_store_is_opened_with_its_keys_alone,
    a_key_of_the_same_id_has_to_open_the_proof,
    an_unsealed_process_is_refused_once_the_store_is_sealed,
    a_process_that_has_the_old_key_alone_writes_until_it_is_replaced,
    keys_are_rotated_while_everybody_writes,
    a_key_with_values_left_is_not_retired,
    the_keys_of_an_earlier_version_are_found,
    without_secrets_a_store_is_read_only,
    a_missing_key_is_named,
    a_value_moved_to_another_row_does_not_open,
    a_check_tells_what_is_there_and_what_is_wrong,
    an_export_leaves_secrets_out,
    a_closed_store_says_so,
    no_error_and_no_debug_output_shows_a_secret,
];

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

async fn receive(store: &Arc<dyn Store>, app: &str, number: u32) -> i64 {
    match store.receive(&event(Some(app), json!({ "n": number }))).await.unwrap() {
        Received::New(id) => id,
        other => panic!("not new: {other:?}"),
    }
}

async fn claim_ids(store: &Arc<dyn Store>, now: Timestamp) -> Vec<i64> {
    let claims = store.claim("me", now, LEASE, 100).await.unwrap();
    claims.iter().map(|claim| claim.entry.id).collect()
}

fn release_of(app: &str, before: Value) -> Intent {
    let command = Command::inherent(MethodName::new("set_name"), &json!({ "password": CANARY })).unwrap();
    Intent::new(ACME, AppId::from(app), command, before, at(0))
}

async fn the_newest_ticket_by_its_creation_counts(place: Place) {
    let store = place.store().await;
    let ticket = |text: &str, created, received| Ticket::new(text.into(), at(created), at(received));
    assert_eq!(store.ticket(&key()).await.unwrap(), None);
    assert!(store.save_ticket(&key(), &ticket("first", 0, 1)).await.unwrap());
    assert!(store.save_ticket(&key(), &ticket("third", 1200, 1201)).await.unwrap());
    assert!(!store.save_ticket(&key(), &ticket("second", 600, 1300)).await.unwrap(), "it came late");
    assert!(store.save_ticket(&key(), &ticket("third", 1200, 1400)).await.unwrap(), "it came twice");
    let other = PlatformKey::new(BETA, "p1");
    assert!(store.save_ticket(&other, &ticket("beta", 0, 0)).await.unwrap());
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(ticket("third", 1200, 1400)));
    assert_eq!(store.ticket(&other).await.unwrap(), Some(ticket("beta", 0, 0)));
    let error = store.save_ticket(&key(), &ticket("", 9999, 9999)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("ticket")));
}

async fn what_is_committed_outlives_the_handle(place: Place) {
    let store = place.store().await;
    let ticket = Ticket::new("t".into(), at(0), at(0));
    store.save_ticket(&key(), &ticket).await.unwrap();
    let record = grant(&store, "app1", "access", "refresh").await;
    let intent = release_of("app1", json!({ "seen": [1, null] }));
    store.open_intent(&"p1".into(), &intent).await.unwrap();
    let id = receive(&store, "app1", 1).await;
    let kept = store.entry(id).await.unwrap();
    drop(store);
    let store = place.store().await;
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(ticket));
    assert_eq!(store.token(&scope("app1")).await.unwrap(), Some(record));
    assert_eq!(store.pending_intent(&"p1".into(), ACME, &app1()).await.unwrap(), Some(intent));
    assert_eq!(store.entry(id).await.unwrap(), kept);
    assert!(kept.is_some());
}

async fn a_lease_is_given_to_one_and_back(place: Place) {
    let store = place.store().await;
    let (lease, record) = acquire(&store, &scope("app1"), at(0)).await;
    assert!(!lease.interrupted);
    assert_eq!((record.generation, record.state), (0, GrantState::Active));
    assert_eq!((&lease.info.owner[..], lease.info.until), ("me", at(30)));
    let held = store.acquire(&scope("app1"), "other", at(29), LEASE).await.unwrap();
    assert_eq!(held, Acquired::Held { until: at(30) });
    assert_eq!(store.token(&scope("app1")).await.unwrap().unwrap().lease, Some(lease.info.clone()));
    acquire(&store, &scope("app2"), at(0)).await;

    store.release(&lease, None, at(1)).await.unwrap();
    assert_conflict(store.release(&lease, None, at(1)).await);
    let (second, record) = acquire(&store, &scope("app1"), at(2)).await;
    assert_eq!((record.updated_at, &record.lease), (at(2), &Some(second.info.clone())));
    assert!(second.info.fence > lease.info.fence);
    assert!(!second.interrupted, "it was given back");
    let record = store.commit(&second, &tokens("a", "r"), at(3)).await.unwrap();
    assert_eq!((record.generation, record.lease, record.updated_at), (1, None, at(3)));
    assert_conflict(store.commit(&second, &tokens("b", "s"), at(4)).await);

    let (third, _) = acquire(&store, &scope("app1"), at(5)).await;
    store.release(&third, Some(GrantState::NeedsReauthorization), at(6)).await.unwrap();
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!(record.state, GrantState::NeedsReauthorization);
    assert_eq!(record.refresh_token, Some("r".into()), "the row is kept");
    assert_eq!(record.usable(at(7)), None);
}

async fn a_paused_holder_cannot_overwrite_its_successor(place: Place) {
    let store = place.store().await;
    let other = place.beside(&store).await;
    let (paused, _) = acquire(&store, &scope("app1"), at(0)).await;
    let (successor, _) = acquire(&other, &scope("app1"), at(30)).await;
    assert_conflict(store.commit(&paused, &tokens("old", "old"), at(31)).await);
    assert_conflict(store.release(&paused, Some(GrantState::NeedsReauthorization), at(31)).await);
    let record = other.commit(&successor, &tokens("new", "new"), at(32)).await.unwrap();
    assert_conflict(store.commit(&paused, &tokens("old", "old"), at(33)).await);
    assert_eq!(store.token(&scope("app1")).await.unwrap(), Some(record));
}

async fn a_holder_that_died_leaves_word(place: Place) {
    let store = place.store().await;
    let (first, _) = acquire(&store, &scope("app1"), at(0)).await;
    let (second, record) = acquire(&store, &scope("app1"), at(31)).await;
    assert!(second.interrupted, "what the first holder sent has an unknown outcome");
    assert_eq!(record.lease, Some(second.info.clone()));
    assert_eq!(second.info.fence, first.info.fence + 1);
    let (third, _) = acquire(&store, &scope("app1"), at(62)).await;
    assert!(third.interrupted);
    // Late, but nobody took it over.
    store.commit(&third, &tokens("a", "r"), at(200)).await.unwrap();
    assert!(!acquire(&store, &scope("app1"), at(201)).await.0.interrupted);
}

async fn sixty_four_race_and_one_is_granted(place: Place) {
    let store = place.store().await;
    let other = place.beside(&store).await;
    for round in 0..4 {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..64 {
            let store = Arc::clone(if task % 2 == 0 { &store } else { &other });
            let now = at(round * 100);
            tasks.spawn(async move {
                store.acquire(&scope("app1"), &format!("task {task}"), now, LEASE).await.unwrap()
            });
        }
        let answers = tasks.join_all().await;
        let granted: Vec<_> =
            answers.iter().filter(|answer| matches!(answer, Acquired::Granted { .. })).collect();
        assert_eq!(granted.len(), 1, "{granted:?}");
    }
    let fence = store.token(&scope("app1")).await.unwrap().unwrap().lease.unwrap().fence;
    assert_eq!(fence, 4);
}

async fn a_rotated_refresh_token_keeps_the_one_before(place: Place) {
    let store = place.store().await;
    grant(&store, "app1", "a1", "r1").await;
    let record = grant(&store, "app1", "a2", "r2").await;
    assert_eq!(
        (&record.refresh_token, &record.previous_refresh_token),
        (&Some("r2".into()), &Some("r1".into()))
    );
    let record = grant(&store, "app1", "a3", "r2").await;
    assert_eq!(record.previous_refresh_token, Some("r1".into()), "the same one again changes nothing");
    let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
    let record = store.commit(&lease, &NewTokens::new(None), at(9)).await.unwrap();
    assert_eq!((record.access, record.refresh_token, record.generation), (None, Some("r2".into()), 4));
    let stored = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((stored.previous_refresh_token, stored.updated_at), (Some("r1".into()), at(9)));

    let (lease, _) = acquire(&store, &scope("app1"), at(10)).await;
    let error = store.commit(&lease, &tokens("a5", ""), at(11)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("refresh_token")));
    store.commit(&lease, &tokens("a5", "r5"), at(12)).await.unwrap();
}

async fn expire_compares_the_token(place: Place) {
    let store = place.store().await;
    let old = access("a1").token;
    assert!(!store.expire(&scope("app1"), &old, at(0)).await.unwrap(), "nothing is known of it");
    grant(&store, "app1", "a1", "r1").await;
    grant(&store, "app1", "a2", "r2").await;
    assert!(!store.expire(&scope("app1"), &old, at(1)).await.unwrap());
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!(record.usable(at(1)), Some(&access("a2")));
    assert_eq!(record.usable(at(7200)), None, "its time is over");
    assert!(store.expire(&scope("app1"), &access("a2").token, at(2)).await.unwrap());
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!(record.usable(at(2)), None);
    assert_eq!(record.access, Some(access("a2").with_refused(true)));
    let record = grant(&store, "app1", "a3", "r3").await;
    assert_eq!(record.usable(at(2)), Some(&access("a3")));
}

async fn grants_and_revocations_count_by_the_vendors_clock(place: Place) {
    let store = place.store().await;
    let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
    let granted = tokens("a", "r").with_granted_at(Some(at(100)));
    store.commit(&lease, &granted, at(0)).await.unwrap();
    assert!(!store.revoke(&scope("app1"), at(99), at(200)).await.unwrap(), "the merchant granted later");
    assert!(store.token(&scope("app1")).await.unwrap().unwrap().usable(at(1)).is_some());
    assert!(store.revoke(&scope("app1"), at(101), at(201)).await.unwrap());
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.state, record.granted_at), (GrantState::Revoked, Some(at(101))));
    assert_eq!((record.access, record.refresh_token, record.previous_refresh_token), (None, None, None));
    assert!(store.revoke(&scope("app1"), at(101), at(202)).await.unwrap(), "the event came twice");

    let (lease, _) = acquire(&store, &scope("app1"), at(203)).await;
    assert_conflict(store.commit(&lease, &granted, at(204)).await);
    let again = tokens("b", "s").with_granted_at(Some(at(102)));
    let record = store.commit(&lease, &again, at(205)).await.unwrap();
    assert_eq!((record.state, record.granted_at), (GrantState::Active, Some(at(102))));
    assert!(!store.revoke(&scope("app1"), at(101), at(206)).await.unwrap(), "the event came a third time");

    // In the same second: that the vendor brought tokens says that the authorization came last.
    assert!(store.revoke(&scope("app2"), at(101), at(201)).await.unwrap());
    let (lease, _) = acquire(&store, &scope("app2"), at(203)).await;
    let together = tokens("a", "r").with_granted_at(Some(at(101)));
    assert_eq!(store.commit(&lease, &together, at(204)).await.unwrap().state, GrantState::Active);

    assert!(store.revoke(&scope("never seen"), at(5), at(5)).await.unwrap());
    let (lease, record) = acquire(&store, &scope("never seen"), at(6)).await;
    assert_eq!(record.state, GrantState::Revoked);
    // Recovery without an event: the vendor says that the grant is good.
    let record = store.commit(&lease, &tokens("c", "t"), at(7)).await.unwrap();
    assert_eq!(record.state, GrantState::Active);
}

async fn a_revocation_during_a_renewal_wins(place: Place) {
    let store = place.store().await;
    grant(&store, "app1", "a", "r").await;
    let (lease, _) = acquire(&store, &scope("app1"), at(10)).await;
    assert!(store.revoke(&scope("app1"), at(11), at(11)).await.unwrap());
    assert_conflict(store.commit(&lease, &tokens("b", "s"), at(12)).await);
    store.release(&lease, Some(GrantState::NeedsReauthorization), at(13)).await.unwrap();
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.state, record.refresh_token), (GrantState::Revoked, None));
}

async fn tokens_of_an_earlier_authorization_keep_the_later_time(place: Place) {
    let store = place.store().await;
    for (granted, refresh) in [(100, "r1"), (50, "r2")] {
        let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
        let tokens = tokens("a", refresh).with_granted_at(Some(at(granted)));
        store.commit(&lease, &tokens, at(0)).await.unwrap();
    }
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.refresh_token, record.granted_at), (Some("r2".into()), Some(at(100))));
}

async fn an_original_id_that_cannot_be_kept_costs_no_token(place: Place) {
    let store = place.store().await;
    for (number, odd) in ["", "gh_\0"].into_iter().enumerate() {
        let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
        let tokens = tokens("a", &format!("r{number}")).with_original_id(Some(odd.to_owned()));
        let record = store.commit(&lease, &tokens, at(0)).await.unwrap();
        assert_eq!((record.original_id, record.refresh_token), (None, tokens.refresh_token));
        assert_eq!(store.token(&scope("app1")).await.unwrap().unwrap().original_id, None);
    }
}

async fn a_write_that_fails_is_no_conflict(place: Place) {
    let store = place.store().await;
    let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
    place
        .statement_of(
            "CREATE TRIGGER worn_out BEFORE UPDATE OF original_id ON tokens \
             BEGIN SELECT RAISE(ABORT, 'worn out'); END",
            "CREATE FUNCTION worn_out() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'worn out'; END $$; \
             CREATE TRIGGER worn_out BEFORE UPDATE OF original_id ON tokens \
             FOR EACH ROW EXECUTE FUNCTION worn_out()",
        )
        .await;
    let tokens = tokens("a", "r").with_original_id(Some("gh_1".to_owned()));
    for error in [
        store.bind_original_id(&scope("app1"), "gh_1", at(0)).await.unwrap_err(),
        store.commit(&lease, &tokens, at(0)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    }
    assert_eq!(
        store.token(&scope("app1")).await.unwrap().unwrap().generation,
        0,
        "nothing of it was written"
    );
}

async fn an_empty_secret_is_unreadable(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    // What is left is the mark of a value that is not sealed.
    place
        .statement("UPDATE tickets SET ticket = substr(ticket, 1, 1); UPDATE tokens SET refresh = substr(refresh, 1, 1)")
        .await;
    let error = store.ticket(&key()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("empty"), "{error}");
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    let part = record.obstacle().unwrap();
    assert!(part.column == "refresh" && part.reason.contains("empty"), "{part:?}");
}

async fn an_original_id_belongs_to_one_app(place: Place) {
    let store = place.store().await;
    let find = |id: &'static str| {
        let store = Arc::clone(&store);
        async move { store.app_of_original_id(&key(), id).await.unwrap() }
    };
    assert_eq!(find("gh_1").await, None);
    store.bind_original_id(&scope("app1"), "gh_1", at(0)).await.unwrap();
    store.bind_original_id(&scope("app1"), "gh_1", at(1)).await.unwrap();
    assert_eq!(find("gh_1").await, Some("app1".into()));
    assert_conflict(store.bind_original_id(&scope("app2"), "gh_1", at(2)).await);
    assert_eq!(find("gh_1").await, Some("app1".into()));
    let elsewhere = TokenScope::authorizer(ACME, "p2".into(), "app9".into());
    store.bind_original_id(&elsewhere, "gh_1", at(2)).await.unwrap();
    // Tokens are worth more than the binding: they are kept whatever the id says.
    let (lease, _) = acquire(&store, &scope("app2"), at(3)).await;
    let stolen = tokens("a", "r").with_original_id(Some("gh_1".to_owned()));
    let record = store.commit(&lease, &stolen, at(3)).await.unwrap();
    assert_eq!((record.original_id, record.refresh_token), (None, Some("r".into())));
    let (lease, _) = acquire(&store, &scope("app2"), at(4)).await;
    let own = tokens("a", "r").with_original_id(Some("gh_2".to_owned()));
    assert_eq!(store.commit(&lease, &own, at(4)).await.unwrap().original_id.as_deref(), Some("gh_2"));
    assert_eq!(find("gh_2").await, Some("app2".into()));
    store.revoke(&scope("app2"), at(5), at(5)).await.unwrap();
    assert_eq!(find("gh_2").await, Some("app2".into()), "it is the app's, authorized or not");
    let platform = TokenScope::platform(ACME, "p1".into());
    let error = store.bind_original_id(&platform, "gh_3", at(6)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
}

async fn tokens_are_listed_in_order_and_in_pages(place: Place) {
    let store = place.store().await;
    for app in ["b", "A", "a", "中"] {
        grant(&store, app, "t", "r").await;
    }
    let others = [
        TokenScope::platform(ACME, "p1".into()),
        TokenScope::client_credentials(ACME, "p0".into()),
        TokenScope::authorizer(BETA, "p1".into(), "a".into()),
    ];
    for scope in &others {
        acquire(&store, scope, at(0)).await;
    }
    let (lease, _) = acquire(&store, &scope("b"), at(1)).await;
    store.release(&lease, Some(GrantState::NeedsReauthorization), at(1)).await.unwrap();
    let list = |filter: TokenFilter| {
        let store = Arc::clone(&store);
        async move {
            let records = store.tokens(&filter).await.unwrap().records;
            records.into_iter().map(|record| record.scope).collect::<Vec<_>>()
        }
    };
    let all = list(TokenFilter::new(100)).await;
    let expected: Vec<_> = [others[1].clone()]
        .into_iter()
        .chain(["A", "a", "b", "中"].map(scope))
        .chain([others[0].clone(), others[2].clone()])
        .collect();
    assert_eq!(all, expected);
    let mut paged = Vec::new();
    let mut filter = TokenFilter::new(2);
    loop {
        let page = list(filter.clone()).await;
        let Some(last) = page.last() else { break };
        filter = filter.after(last.clone());
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let needy = TokenFilter::new(9).of(key()).in_state(GrantState::NeedsReauthorization);
    assert_eq!(list(needy).await, [scope("b")]);
    assert_eq!(list(TokenFilter::new(9).of(key())).await, all[1..6], "of that platform alone");
    assert_eq!(list(TokenFilter::new(9).of(PlatformKey::new(BETA, "p1"))).await, [others[2].clone()]);
}

async fn arguments_that_break_a_rule_are_refused(place: Place) {
    let store = place.store().await;
    let refused = |error: Error, field: &str| {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(field)), "{error}");
    };
    refused(store.token(&scope("")).await.unwrap_err(), "app");
    refused(store.token(&scope("a\0b")).await.unwrap_err(), "app");
    let mut lost = scope("app1");
    lost.app = None;
    refused(store.acquire(&lost, "me", at(0), LEASE).await.unwrap_err(), "scope");
    refused(store.acquire(&scope("app1"), "m\0e", at(0), LEASE).await.unwrap_err(), "owner");
    refused(store.claim("m\0e", at(0), LEASE, 1).await.unwrap_err(), "owner");
    for odd in ["", "gh_\0"] {
        refused(store.bind_original_id(&scope("app1"), odd, at(0)).await.unwrap_err(), "original_id");
    }
    refused(store.ticket(&PlatformKey::new(ACME, "")).await.unwrap_err(), "platform");
    refused(store.receive(&event(Some(""), json!({}))).await.unwrap_err(), "app");
    // A zero character inside a message is content, and kept as such.
    let odd = event(Some("app1"), json!({ "text": "a\0b" }));
    let Received::New(id) = store.receive(&odd).await.unwrap() else { panic!("it is new") };
    assert_eq!(entry(&store, id).await.event, odd.event);
    let claims = store.claim("me", at(1), LEASE, 1).await.unwrap();
    store.postpone(&claims[0], "zero \0 in a text", at(2)).await.unwrap();
}

async fn one_effect_is_open_per_app(place: Place) {
    let store = place.store().await;
    let p1 = PlatformId::from("p1");
    let intent = release_of("app1", json!({ "audit": 7 }));
    store.open_intent(&p1, &intent).await.unwrap();
    assert_conflict(store.open_intent(&p1, &intent).await);
    let other = Intent::new(ACME, app1(), Command::CancelGrayRelease, Value::Null, at(1));
    assert_conflict(store.open_intent(&p1, &other).await);
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), Some(intent.clone()));
    assert_eq!(store.pending_intent(&p1, BETA, &app1()).await.unwrap(), None);
    store.open_intent(&"p2".into(), &other).await.unwrap();

    let done = Settled::done(EffectValue::Audit(AuditId::from("1234")), Evidence::Answered);
    store.close_intent(&p1, &other, &done, at(2)).await.unwrap();
    assert!(store.pending_intent(&p1, ACME, &app1()).await.unwrap().is_some(), "another one was closed");
    store.close_intent(&p1, &intent, &done, at(2)).await.unwrap();
    store.close_intent(&p1, &intent, &Settled::unknown(), at(3)).await.unwrap();
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), None);
    store.open_intent(&p1, &other).await.unwrap();
}

async fn a_later_attempt_replaces_the_open_one(place: Place) {
    let store = place.store().await;
    let p1 = PlatformId::from("p1");
    let first = release_of("app1", json!({ "audit": 7 }));
    let attempt = |number: u32, before: Value| {
        let mut intent = release_of("app1", before);
        (intent.attempt, intent.started_at) = (number, at(i64::from(number) * 10));
        intent
    };
    let second = attempt(2, json!({ "audit": 7 }));
    assert_conflict(store.open_intent(&p1, &second).await);
    store.open_intent(&p1, &first).await.unwrap();
    assert_conflict(store.open_intent(&p1, &attempt(2, json!({ "audit": 8 }))).await);
    store.open_intent(&p1, &second).await.unwrap();
    assert_conflict(store.open_intent(&p1, &second).await);
    // Whoever settled the first attempt meanwhile closes nothing any more.
    store.close_intent(&p1, &first, &Settled::not_done(Evidence::Asked), at(30)).await.unwrap();
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), Some(second.clone()));
    store.close_intent(&p1, &second, &Settled::unknown(), at(31)).await.unwrap();
    assert_conflict(store.open_intent(&p1, &attempt(3, json!({ "audit": 7 }))).await);
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), None);
}

async fn open_intents_are_found_oldest_first(place: Place) {
    let store = place.store().await;
    for (app, started) in [("app3", 30), ("app1", 10), ("app2", 20)] {
        let mut intent = release_of(app, Value::Null);
        intent.started_at = at(started);
        store.open_intent(&"p1".into(), &intent).await.unwrap();
    }
    let open = store.pending_intents(&key()).await.unwrap().intents;
    let apps: Vec<_> = open.iter().map(|intent| intent.subject.as_str()).collect();
    assert_eq!(apps, ["app1", "app2", "app3"]);
    store.close_intent(&"p1".into(), &open[1], &Settled::unknown(), at(40)).await.unwrap();
    assert_eq!(store.pending_intents(&key()).await.unwrap().intents.len(), 2);
    assert_eq!(store.pending_intents(&PlatformKey::new(BETA, "p1")).await.unwrap().intents, []);
}

async fn intents_race_and_one_is_opened(place: Place) {
    let store = place.store().await;
    let other = place.beside(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32 {
        let store = Arc::clone(if task % 2 == 0 { &store } else { &other });
        tasks.spawn(async move { store.open_intent(&"p1".into(), &release_of("app1", Value::Null)).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    answers.into_iter().filter(Result::is_err).for_each(assert_conflict);
}

async fn an_intent_is_read_back_as_it_was_written(place: Place) {
    let p1 = PlatformId::from("p1");
    let mut intent = release_of("app1", json!({ "seen": CANARY }));
    for keys in [StoreKeys::default(), keys(b'a', &[])] {
        let store = place.store_with(keys).await;
        store.open_intent(&p1, &intent).await.unwrap();
        assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), Some(intent.clone()));
        let value = EffectValue::Audit(AuditId::from("1234"));
        let done = Settled::done(value, Evidence::Asked);
        store.close_intent(&p1, &intent, &done, at(1)).await.unwrap();
        let report = store.check(at(1)).await.unwrap();
        assert!(report.is_ok(), "what was sealed opens again: {report:?}");
        store.close().await;
        // Whatever method was called, and whatever its arguments are.
        intent = release_of("app2", json!({ "seen": CANARY }));
        (intent.subject, intent.operation) = (app1(), Operation::Release);
    }
}

async fn what_became_of_an_intent_is_written_once(place: Place) {
    let store = place.store().await;
    let (p1, intent) = (PlatformId::from("p1"), release_of("app1", Value::Null));
    store.open_intent(&p1, &intent).await.unwrap();
    let done = Settled::done(EffectValue::Audit(AuditId::from("1234")), Evidence::Answered);
    for settled in [done, Settled::unknown()] {
        store.close_intent(&p1, &intent, &settled, at(1)).await.unwrap();
        let outcome = "SELECT outcome FROM miniprogram.intents";
        assert_eq!(place.stored("SELECT outcome FROM intents", outcome).await, ["done"]);
    }
}

async fn an_event_is_kept_once(place: Place) {
    let store = place.store().await;
    let id = receive(&store, "app1", 1).await;
    let mut late = event(Some("app1"), json!({ "n": "1" }));
    late.received_at = at(50);
    assert_eq!(store.receive(&late).await.unwrap(), Received::Duplicate(id));
    let entry = entry(&store, id).await;
    assert_eq!((entry.deliveries, entry.received_at, entry.state), (2, at(0), InboxState::Pending));
    assert_eq!(entry.event.payload, json!({ "n": 1 }));
    assert!(receive(&store, "app1", 2).await > id);
    assert!(receive(&store, "app2", 1).await > id);
    assert_eq!(store.entry(9999).await.unwrap(), None);

    let same = event(None, json!({ "ticket": CANARY }));
    let mut tasks = tokio::task::JoinSet::new();
    let other = place.beside(&store).await;
    for task in 0..32 {
        let (store, same) = (Arc::clone(if task % 2 == 0 { &store } else { &other }), same.clone());
        tasks.spawn(async move { store.receive(&same).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Received::New(_))).count(), 1);
    assert_eq!(store.counts().await.unwrap().pending, 4);
}

async fn an_app_sees_its_events_in_order_and_apps_run_side_by_side(place: Place) {
    let store = place.store().await;
    assert_eq!(store.next_due().await.unwrap(), None);
    let (a1, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    let (b1, a3) = (receive(&store, "b", 1).await, receive(&store, "a", 3).await);
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
    let claims = store.claim("me", at(1), LEASE, 100).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.entry.id).collect::<Vec<_>>(), [a1, b1]);
    assert_eq!(claims[0].entry.attempts, 1);
    assert_eq!(claim_ids(&store, at(2)).await, [0; 0], "both apps are busy");
    assert_eq!(store.next_due().await.unwrap(), Some(at(31)));
    store.mark_bound(&claims[0]).await.unwrap();
    store.complete(&claims[0], at(3)).await.unwrap();
    assert_conflict(store.complete(&claims[0], at(3)).await);
    let entry = entry(&store, a1).await;
    assert_eq!((entry.state, entry.finished_at, entry.bound), (InboxState::Done, Some(at(3)), true));
    assert_eq!(claim_ids(&store, at(4)).await, [a2]);
    let again = store.claim("me", at(40), LEASE, 1).await.unwrap();
    assert_eq!(again.len(), 1, "no more than asked for");
    assert_eq!(store.counts().await.unwrap().pending, 3);
    assert_eq!(store.entry(a3).await.unwrap().unwrap().readable().unwrap().attempts, 0);
}

async fn a_claim_that_ran_out_goes_to_the_next(place: Place) {
    let store = place.store().await;
    let other = place.beside(&store).await;
    let id = receive(&store, "a", 1).await;
    let paused = store.claim("paused", at(1), LEASE, 1).await.unwrap().remove(0);
    assert_eq!(claim_ids(&other, at(30)).await, [0; 0]);
    let next = other.claim("next", at(31), LEASE, 1).await.unwrap().remove(0);
    assert_eq!((next.entry.id, next.entry.attempts), (id, 2));
    assert!(next.fence > paused.fence);
    assert_conflict(store.complete(&paused, at(32)).await);
    assert_conflict(store.postpone(&paused, "late", at(99)).await);
    assert_conflict(store.bury(&paused, "late", at(32)).await);
    assert_conflict(store.mark_bound(&paused).await);
    other.complete(&next, at(33)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), None);
}

async fn a_postponed_event_holds_its_app_back(place: Place) {
    let store = place.store().await;
    let (a1, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    let claim = store.claim("me", at(1), LEASE, 9).await.unwrap().remove(0);
    store.postpone(&claim, "the database was away", at(60)).await.unwrap();
    assert_conflict(store.complete(&claim, at(2)).await);
    assert_eq!(claim_ids(&store, at(59)).await, [0; 0]);
    assert_eq!(store.next_due().await.unwrap(), Some(at(60)));
    let entry = entry(&store, a1).await;
    assert_eq!((entry.due_at, entry.last_error.as_deref()), (at(60), Some("the database was away")));
    let claim = store.claim("me", at(60), LEASE, 9).await.unwrap().remove(0);
    assert_eq!((claim.entry.id, claim.entry.attempts), (a1, 2));
    store.complete(&claim, at(61)).await.unwrap();
    assert_eq!(claim_ids(&store, at(61)).await, [a2]);
}

async fn the_app_that_waits_longest_comes_first(place: Place) {
    let store = place.store().await;
    let (a, b, c) =
        (receive(&store, "a", 1).await, receive(&store, "b", 1).await, receive(&store, "c", 1).await);
    let claims = store.claim("me", at(1), LEASE, 9).await.unwrap();
    for (claim, due) in claims.iter().zip([90, 60, 30]) {
        store.postpone(claim, "not now", at(due)).await.unwrap();
    }
    assert_eq!(store.next_due().await.unwrap(), Some(at(30)), "the earliest of all apps");
    for expected in [c, b, a] {
        let claims = store.claim("me", at(100), LEASE, 1).await.unwrap();
        assert_eq!(claims.iter().map(|claim| claim.entry.id).collect::<Vec<_>>(), [expected]);
    }
}

async fn an_event_that_arrives_when_its_app_has_none_is_due_at_once(place: Place) {
    let store = place.store().await;
    receive(&store, "a", 1).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.complete(&claim, at(2)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), None);
    let second = receive(&store, "a", 2).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
    assert_eq!(claim_ids(&store, at(3)).await, [second]);
}

async fn a_claim_that_was_given_back_is_over(place: Place) {
    let store = place.store().await;
    let id = receive(&store, "a", 1).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.postpone(&claim, "not now", at(60)).await.unwrap();
    assert_conflict(store.mark_bound(&claim).await);
    assert_conflict(store.bury(&claim, "late", at(2)).await);
    let claim = store.claim("me", at(60), LEASE, 1).await.unwrap().remove(0);
    store.complete(&claim, at(61)).await.unwrap();
    assert_conflict(store.mark_bound(&claim).await);
    assert!(store.replay(id, at(62)).await.unwrap());
    for result in [store.complete(&claim, at(63)).await, store.mark_bound(&claim).await] {
        assert_conflict(result);
    }
    assert_eq!(entry(&store, id).await.state, InboxState::Pending);
}

async fn the_last_error_is_kept_and_a_long_one_cut(place: Place) {
    let store = place.store().await;
    let id = receive(&store, "a", 1).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    let long = "错".repeat(3000);
    store.postpone(&claim, &long, at(2)).await.unwrap();
    let claim = store.claim("me", at(2), LEASE, 1).await.unwrap().remove(0);
    store.complete(&claim, at(3)).await.unwrap();
    let entry = entry(&store, id).await;
    assert_eq!((entry.state, entry.last_error), (InboxState::Done, Some("错".repeat(2000))));
}

async fn a_thousand_events_are_claimed_at_a_time_at_most(place: Place) {
    let store = place.store().await;
    receive(&store, "a", 1).await;
    // The same event for a thousand other apps, the last one first.
    place
        .statement_of(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000) \
             INSERT INTO events (vendor, platform, app, identity, kind, event, received_at, bound, due_at) \
             SELECT vendor, platform, app || n, identity || n, kind, event, received_at, bound, due_at \
             FROM events, numbers; \
             INSERT INTO lanes (vendor, platform, app, head, ready_at) \
             SELECT vendor, platform, app, id, due_at FROM events WHERE app <> 'a' ORDER BY id DESC",
            "INSERT INTO events (vendor, platform, app, identity, kind, event, received_at, bound, due_at) \
             SELECT vendor, platform, app || n, identity || n, kind, event, received_at, bound, due_at \
             FROM events, generate_series(1, 1000) AS numbers (n); \
             INSERT INTO lanes (vendor, platform, app, head, ready_at) \
             SELECT vendor, platform, app, id, due_at FROM events WHERE app <> 'a' ORDER BY id DESC",
        )
        .await;
    let claims = store.claim("me", at(1), LEASE, 5000).await.unwrap();
    assert_eq!(claims.len(), 1000);
    assert!(claims.is_sorted_by_key(|claim| claim.entry.id), "in the order of arrival");
    assert_eq!(store.claim("me", at(1), LEASE, 5000).await.unwrap().len(), 1);
}

async fn an_event_that_is_handed_back_has_lost_no_attempt(place: Place) {
    let store = place.store().await;
    let id = receive(&store, "a", 1).await;
    for now in 1..4 {
        let claim = store.claim("me", at(now), LEASE, 9).await.unwrap().remove(0);
        assert_eq!((claim.entry.id, claim.entry.attempts), (id, 1));
        store.hand_back(&claim, "nobody was there", at(now + 1)).await.unwrap();
        assert_conflict(store.hand_back(&claim, "nobody was there", at(now + 1)).await);
        let entry = entry(&store, id).await;
        assert_eq!((entry.attempts, entry.due_at, entry.state), (0, at(now + 1), InboxState::Pending));
        assert_eq!(entry.last_error.as_deref(), Some("nobody was there"));
    }
}

async fn an_event_that_lacks_its_key_holds_back_its_app_alone(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    // Somebody who has a newer key receives an event, before this process was told of that key.
    let other = place.store_with(keys(b'b', b"a")).await;
    let (a1, _) = (receive(&other, "a", 1).await, receive(&store, "a", 2).await);
    let b1 = receive(&store, "b", 1).await;
    assert_eq!(claim_ids(&store, at(1)).await, [b1]);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.unreadable), (3, 1));
    assert_eq!(store.next_due().await.unwrap(), Some(at(31)), "both lanes wait for the lease");
    let claim = other.claim("me", at(31), LEASE, 1).await.unwrap().remove(0);
    assert_eq!((claim.entry.id, claim.entry.attempts), (a1, 1), "it is tried again, and nothing was counted");
    other.complete(&claim, at(32)).await.unwrap();
    assert_eq!(store.counts().await.unwrap().unreadable, 0);
}

async fn a_damaged_event_goes_to_the_dead_and_holds_nothing_back(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let (a1, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    let b1 = receive(&store, "b", 1).await;
    // One byte of the sealed event of `a` flips.
    place
        .statement_of(
            "UPDATE events SET event = CAST(substr(event, 1, 60) || x'00' || substr(event, 62) AS BLOB) \
             WHERE id = 1",
            "UPDATE events SET event = set_byte(event, 60, get_byte(event, 60) # 1) WHERE id = 1",
        )
        .await;
    assert_eq!(claim_ids(&store, at(1)).await, [b1]);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.dead, counts.unreadable), (2, 1, 1));
    assert_eq!(claim_ids(&store, at(1)).await, [a2], "the next event of its app is free at once");
    let report = store.check(at(1)).await.unwrap();
    assert_eq!(report.unreadable.iter().map(|value| value.id).collect::<Vec<_>>(), [a1]);
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

async fn a_damaged_event_is_listed_among_the_others(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let ids = [receive(&store, "a", 1).await, receive(&store, "b", 1).await, receive(&store, "a", 2).await];
    flip!(place, "events", "event", "id = 1");
    let listed = store.entries(&InboxFilter::new(9)).await.unwrap();
    assert_eq!(listed.iter().map(Listed::id).collect::<Vec<_>>(), [ids[2], ids[1], ids[0]]);
    assert!(matches!(&listed[..2], [Listed::Entry(_), Listed::Entry(_)]));
    let Some(Listed::Unreadable(damaged)) = store.entry(ids[0]).await.unwrap() else { panic!("it was read") };
    assert_eq!(Listed::Unreadable(damaged.clone()), listed[2]);
    assert_eq!((damaged.app.as_deref(), damaged.kind.as_deref()), (Some("a"), Some("audit_approved")));
    assert_eq!((damaged.state, damaged.received_at), (Some(InboxState::Pending), Some(at(0))));
    assert!(damaged.reason.contains("altered") && !damaged.lacks_key, "{damaged:?}");
}

async fn an_event_that_lost_its_app_does_not_hold_the_app_back(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let (_, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    place.statement("UPDATE events SET app = 'q' WHERE id = 1").await;
    assert_eq!(claim_ids(&store, at(1)).await, [0; 0]);
    assert_eq!(claim_ids(&store, at(1)).await, [a2]);
    assert_eq!(store.counts().await.unwrap().dead, 1);
}

async fn a_damaged_token_is_named_and_the_others_are_listed(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    for app in ["app1", "app2", "app3"] {
        grant(&store, app, "a", "r").await;
    }
    flip!(place, "tokens", "refresh", "app = 'app2'");
    let records = store.tokens(&TokenFilter::new(9)).await.unwrap().records;
    let states: Vec<_> = records.iter().map(|record| (record.state, record.obstacle().is_some())).collect();
    let good = (GrantState::Active, false);
    assert_eq!(states, [good, (GrantState::NeedsRecovery, true), good]);
    assert_eq!(records[1].refresh_token, None);
    assert!(records[1].usable(at(10)).is_some(), "its access token is good until its end");

    // An access token alone is in nobody's way: it is renewed.
    flip!(place, "tokens", "access", "app = 'app3'");
    let record = store.token(&scope("app3")).await.unwrap().unwrap();
    assert_eq!((record.state, record.access.is_none(), record.obstacle()), (GrantState::Active, true, None));
    assert_eq!((record.unreadable[0].column, record.refresh_token), ("access", Some("r".into())));

    // Whether it was revoked is not known any more.
    place.statement("UPDATE tokens SET state = 'actjve' WHERE app = 'app1'").await;
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!(record.obstacle().unwrap().column, "state");
}

async fn new_tokens_replace_what_cannot_be_read(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    grant(&store, "app1", "a1", "r1").await;
    flip!(place, "tokens", "access", "app = 'app1'");
    flip!(place, "tokens", "refresh", "app = 'app1'");
    place.statement("UPDATE tokens SET state = 'actjve'").await;
    let (lease, record) = acquire(&store, &scope("app1"), at(1)).await;
    assert!(record.obstacle().is_some() && record.refresh_token.is_none());
    store.release(&lease, None, at(2)).await.unwrap();
    assert!(store.token(&scope("app1")).await.unwrap().unwrap().obstacle().is_some(), "nothing was mended");
    let (lease, _) = acquire(&store, &scope("app1"), at(3)).await;
    let record = store.commit(&lease, &tokens("a2", "r2"), at(3)).await.unwrap();
    assert_eq!(store.token(&scope("app1")).await.unwrap(), Some(record.clone()));
    assert_eq!((record.state, record.unreadable.len()), (GrantState::Active, 0));
    assert_eq!((record.refresh_token, record.previous_refresh_token), (Some("r2".into()), None));
    assert!(store.check(at(3)).await.unwrap().is_ok());
}

async fn a_refresh_token_that_cannot_be_read_is_kept_until_another_comes(place: Place) {
    let without = place.store_with(keys(b'a', &[])).await;
    let store = place.store_with(keys(b'b', b"a")).await;
    grant(&store, "app1", "a1", "r1").await;
    grant(&store, "app1", "a2", "r2").await;
    let (lease, _) = acquire(&without, &scope("app1"), at(1)).await;
    let record = without.commit(&lease, &NewTokens::new(Some(access("a3"))), at(1)).await.unwrap();
    assert_eq!((record.state, record.unreadable.len()), (GrantState::NeedsRecovery, 2));
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.state, record.unreadable.len()), (GrantState::Active, 0));
    let kept = (record.refresh_token, record.previous_refresh_token);
    assert_eq!(kept, (Some("r2".into()), Some("r1".into())), "nothing is lost with a key");
}

async fn a_record_without_a_scope_is_left_out_and_named(place: Place) {
    let store = place.store().await;
    for app in ["app1", "app2", "app3"] {
        grant(&store, app, "a", "r").await;
    }
    place.statement("UPDATE tokens SET kind = 'authorizes' WHERE app = 'app2'").await;
    let (mut filter, mut apps, mut left_out) = (TokenFilter::new(1), Vec::new(), Vec::new());
    loop {
        let page = store.tokens(&filter).await.unwrap();
        apps.extend(page.records.into_iter().filter_map(|record| record.scope.app));
        left_out.extend(page.unreadable.into_iter().map(|record| record.key[3].clone().unwrap()));
        let Some(next) = page.next else { break };
        filter = TokenFilter::new(1).after(next);
    }
    assert_eq!((apps, left_out), (vec!["app1".into(), "app3".into()], vec!["app2".to_owned()]));
}

async fn a_damaged_ticket_is_replaced_by_the_next(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    store.save_ticket(&key(), &Ticket::new("t1".into(), at(100), at(100))).await.unwrap();
    flip!(place, "tickets", "ticket", "id = 1");
    store.ticket(&key()).await.unwrap_err();
    let older = Ticket::new("t0".into(), at(50), at(110));
    assert!(store.save_ticket(&key(), &older).await.unwrap(), "any ticket is better than none");
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(older));
}

async fn a_damaged_open_effect_is_named_and_closed_by_a_person(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let p1 = PlatformId::from("p1");
    for app in ["app1", "app2"] {
        store.open_intent(&p1, &release_of(app, json!("v1"))).await.unwrap();
    }
    let settled = Settled::not_done(Evidence::Asked);
    assert_conflict(store.close_unreadable_intent(&key(), &app1(), &settled, at(1)).await);
    flip!(place, "intents", "effect", "app = 'app1'");
    let open = store.pending_intents(&key()).await.unwrap();
    assert_eq!(open.intents.iter().map(|intent| intent.subject.as_str()).collect::<Vec<_>>(), ["app2"]);
    let damaged = &open.unreadable[0];
    assert_eq!((damaged.app.as_deref(), damaged.operation.as_deref()), (Some("app1"), Some("set_name")));
    assert_eq!((damaged.attempt, damaged.lacks_key), (Some(1), false));
    // It is open: nothing else is begun over it.
    store.pending_intent(&p1, ACME, &app1()).await.unwrap_err();
    store.open_intent(&p1, &release_of("app1", json!("v2"))).await.unwrap_err();
    assert!(store.close_unreadable_intent(&key(), &app1(), &settled, at(2)).await.unwrap());
    assert!(!store.close_unreadable_intent(&key(), &app1(), &settled, at(3)).await.unwrap());
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), None);
    store.open_intent(&p1, &release_of("app1", json!("v2"))).await.unwrap();
}

/// What a repair does: table, app, column, action.
type Done = (&'static str, Option<String>, Option<&'static str>, &'static str);

async fn repaired(store: &Arc<dyn Store>, options: RepairOptions) -> Vec<Done> {
    let mut rows = Vec::new();
    let mut note = |row: &Repaired| {
        assert!(!row.lost.is_empty() && !row.reason.is_empty(), "{row:?}");
        rows.push((row.table, row.app.clone(), row.column, row.action.as_str()));
        Ok(())
    };
    store.repair(&options, at(100), &mut note).await.unwrap();
    rows
}

/// A store with something damaged in each table.
async fn damaged(place: &Place) -> Arc<dyn Store> {
    let store = place.store_with(keys(b'a', &[])).await;
    store.save_ticket(&key(), &Ticket::new("t".into(), at(0), at(0))).await.unwrap();
    for app in ["app1", "app2"] {
        grant(&store, app, "a", "r").await;
        store.open_intent(&"p1".into(), &release_of(app, json!("v1"))).await.unwrap();
        receive(&store, app, 1).await;
        receive(&store, app, 2).await;
    }
    flip!(place, "tickets", "ticket", "id = 1");
    flip!(place, "tokens", "access", "app = 'app1'");
    flip!(place, "tokens", "refresh", "app = 'app1'");
    flip!(place, "intents", "effect", "app = 'app1'");
    flip!(place, "events", "event", "id = 1");
    store
}

fn of(table: &'static str, app: Option<&str>, column: &'static str, action: &'static str) -> Done {
    (table, app.map(str::to_owned), Some(column), action)
}

async fn a_repair_gives_up_what_is_damaged_and_says_so(place: Place) {
    let store = damaged(&place).await;
    let app = Some("app1");
    let done = repaired(&store, RepairOptions::default()).await;
    let expected = [
        of("tickets", None, "ticket", "dropped"),
        of("tokens", app, "access", "dropped"),
        of("tokens", app, "refresh", "needs_recovery"),
        of("intents", app, "effect", "stays_open"),
        of("events", app, "event", "dead"),
    ];
    assert_eq!(done, expected);
    assert_eq!(store.ticket(&key()).await.unwrap(), None);
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.state, record.unreadable.len()), (GrantState::NeedsRecovery, 0));
    let filter = TokenFilter::new(9).in_state(GrantState::NeedsRecovery);
    assert_eq!(store.tokens(&filter).await.unwrap().records, [record]);
    // The effect is open all the same, and closed by a person.
    assert_eq!(store.pending_intents(&key()).await.unwrap().unreadable.len(), 1);
    let settled = Settled::not_done(Evidence::Asked);
    assert!(store.close_unreadable_intent(&key(), &app1(), &settled, at(101)).await.unwrap());
    assert_eq!(claim_ids(&store, at(101)).await, [2, 3], "the next events of both apps");
    // Nothing is left but the dead event.
    let report = store.check(at(101)).await.unwrap();
    assert_eq!(
        report.unreadable.iter().map(|value| (value.table, value.id)).collect::<Vec<_>>(),
        [("events", 1)]
    );
    assert_eq!(repaired(&store, RepairOptions::default()).await, [of("events", app, "event", "left")]);
    let drop = RepairOptions::default().with_drop(true);
    assert_eq!(repaired(&store, drop).await, [of("events", app, "event", "dropped")]);
    assert!(store.check(at(101)).await.unwrap().is_ok());
    assert_eq!(store.entry(1).await.unwrap(), None);
    // New tokens end the state.
    let (lease, _) = acquire(&store, &scope("app1"), at(102)).await;
    let record = store.commit(&lease, &tokens("a2", "r2"), at(102)).await.unwrap();
    assert_eq!(record.state, GrantState::Active);
}

async fn a_repair_drops_whole_rows_only_when_it_is_told_to(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    place.statement("UPDATE tickets SET vendor = 'No Vendor'").await;
    place.statement("UPDATE tokens SET kind = 'authorizes'").await;
    place.statement("UPDATE intents SET operation = 'No Operation'").await;
    let before = store.check(at(100)).await.unwrap();
    let rows = |action| {
        [
            of("tickets", None, "vendor", action),
            of("tokens", Some("app1"), "kind", action),
            of("intents", Some("app1"), "operation", action),
            of("intents", Some("app2"), "operation", action),
        ]
    };
    assert_eq!(repaired(&store, RepairOptions::default()).await, rows("left"));
    assert_eq!(store.check(at(100)).await.unwrap(), before, "nothing was touched");
    assert_eq!(repaired(&store, RepairOptions::default().with_drop(true)).await, rows("dropped"));
    let report = store.check(at(100)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.rows["tickets"], report.rows["tokens"], report.rows["intents"]), (0, 0, 0));
}

async fn a_dry_repair_writes_nothing(place: Place) {
    let store = damaged(&place).await;
    let before = store.check(at(0)).await.unwrap();
    let told = repaired(&store, RepairOptions::default().with_dry_run(true)).await;
    assert_eq!(told.len(), 5);
    assert_eq!(store.check(at(0)).await.unwrap(), before);
    assert_eq!(repaired(&store, RepairOptions::default()).await, told);
}

async fn what_lacks_its_key_is_left_by_a_repair(place: Place) {
    let without = place.store_with(keys(b'a', &[])).await;
    let store = place.store_with(keys(b'b', b"a")).await;
    grant(&store, "app1", "a", "r").await;
    receive(&store, "app1", 1).await;
    let left = repaired(&without, RepairOptions::default().with_drop(true)).await;
    assert_eq!(left.iter().map(|done| done.3).collect::<Vec<_>>(), ["left"; 3]);
    assert!(store.check(at(0)).await.unwrap().is_ok(), "nothing was touched");
}

async fn an_app_whose_next_event_was_lost_gets_it_anew(place: Place) {
    let store = place.store().await;
    for app in ["a", "b", "c"] {
        receive(&store, app, 1).await;
    }
    let done = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.complete(&done, at(1)).await.unwrap();
    place
        .statement(
            "UPDATE lanes SET head = 1 WHERE app = 'a'; UPDATE lanes SET head = NULL WHERE app = 'b'; \
             DELETE FROM lanes WHERE app = 'c'",
        )
        .await;
    let report = store.check(at(2)).await.unwrap();
    assert!(!report.is_ok());
    assert_eq!(report.problems.len(), 3, "{:?}", report.problems);
    let found = repaired(&store, RepairOptions::default()).await;
    let mut apps: Vec<_> = found.iter().map(|done| (done.0, done.1.as_deref(), done.3)).collect();
    apps.sort();
    let expected = ["a", "b", "c"].map(|app| ("lanes", Some(app), "found_anew"));
    assert_eq!(apps, expected);
    assert!(store.check(at(2)).await.unwrap().is_ok());
    assert_eq!(claim_ids(&store, at(2)).await, [2, 3]);
}

async fn closed_effects_and_dead_events_are_pruned(place: Place) {
    let store = place.store().await;
    for (app, closed) in [("app1", Some(10)), ("app2", Some(20)), ("app3", None)] {
        let intent = release_of(app, json!("v1"));
        store.open_intent(&"p1".into(), &intent).await.unwrap();
        if let Some(closed) = closed {
            let settled = Settled::not_done(Evidence::Asked);
            store.close_intent(&"p1".into(), &intent, &settled, at(closed)).await.unwrap();
        }
    }
    assert_eq!(store.prune_intents(at(20)).await.unwrap(), 1);
    assert_eq!(store.check(at(20)).await.unwrap().rows["intents"], 2);
    for number in 0..501 {
        receive(&store, "a", number).await;
    }
    for state in ["done", "dead"] {
        let statement = if state == "done" {
            "UPDATE events SET state = 'done', finished_at = 5; UPDATE lanes SET head = NULL"
        } else {
            "UPDATE events SET state = 'dead', finished_at = 5; UPDATE lanes SET head = NULL"
        };
        place.statement(statement).await;
        let (done, dead) = (store.prune(at(0)).await.unwrap(), store.prune_dead(at(0)).await.unwrap());
        assert_eq!((done, dead), if state == "done" { (501, 0) } else { (0, 3) });
        for number in 0..3 {
            receive(&store, "a", number).await;
        }
    }
}

async fn an_app_is_done_and_claimed_again_with_one_write(place: Place) {
    let store = place.store().await;
    let (a1, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    let first = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    assert_eq!(first.entry.id, a1);
    let second = store.complete_and_claim(&first, "me", at(2), LEASE).await.unwrap().unwrap();
    assert_eq!((second.entry.id, second.entry.attempts), (a2, 1));
    assert!(claim_ids(&store, at(3)).await.is_empty(), "it is claimed");
    assert_conflict(store.complete_and_claim(&first, "me", at(3), LEASE).await);
    store.postpone(&second, "later", at(50)).await.unwrap();
    let second = store.claim("me", at(50), LEASE, 1).await.unwrap().remove(0);
    let a3 = receive(&store, "a", 3).await;
    store.postpone(&second, "later", at(60)).await.unwrap();
    let second = store.claim("me", at(60), LEASE, 1).await.unwrap().remove(0);
    let third = store.complete_and_claim(&second, "other", at(61), LEASE).await.unwrap().unwrap();
    assert_eq!(third.entry.id, a3);
    assert!(
        store.complete_and_claim(&third, "me", at(62), LEASE).await.unwrap().is_none(),
        "there are no more"
    );
    assert_eq!(store.next_due().await.unwrap(), None);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.done), (0, 3));
}

/// A clock that ran a day ahead, and was set right.
async fn what_a_clock_that_ran_ahead_wrote_down_delays_nothing(place: Place) {
    let store = place.store().await;
    let tomorrow = at(86_400);
    receive(&store, "a", 1).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.postpone(&claim, "later", tomorrow).await.unwrap();
    let claim = store.claim("me", at(2), LEASE, 1).await.unwrap().remove(0);
    assert_eq!(claim.entry.attempts, 2, "it is due though tomorrow was written down");
    store.complete(&claim, at(2)).await.unwrap();

    receive(&store, "b", 1).await;
    let held = store.claim("ahead", tomorrow, LEASE, 1).await.unwrap().remove(0);
    let claim = store.claim("me", at(3), LEASE, 1).await.unwrap().remove(0);
    assert_eq!(claim.entry.id, held.entry.id);
    assert_conflict(store.complete(&held, at(3)).await);

    store.acquire(&scope("a"), "ahead", tomorrow, LEASE).await.unwrap();
    let (lease, _) = acquire(&store, &scope("a"), at(4)).await;
    assert!(lease.interrupted);
    let held = store.acquire(&scope("a"), "other", at(5), LEASE).await.unwrap();
    assert!(matches!(held, Acquired::Held { .. }), "a lease that is not over counts: {held:?}");
}

async fn the_dead_are_listed_and_replayed(place: Place) {
    let store = place.store().await;
    let (a1, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    assert_conflict(store.replay(a1, at(1)).await);
    store.bury(&claim, "no such merchant", at(2)).await.unwrap();
    let dead = store.entries(&InboxFilter::new(9).in_state(Some(InboxState::Dead))).await.unwrap();
    let dead: Vec<_> = dead.into_iter().filter_map(Listed::readable).collect();
    assert_eq!(dead.iter().map(|entry| entry.id).collect::<Vec<_>>(), [a1]);
    assert_eq!((dead[0].finished_at, dead[0].last_error.as_deref()), (Some(at(2)), Some("no such merchant")));
    let claim = store.claim("me", at(3), LEASE, 1).await.unwrap().remove(0);
    assert_eq!(claim.entry.id, a2, "the app's next one is free");
    store.complete(&claim, at(4)).await.unwrap();

    assert!(store.replay(a1, at(5)).await.unwrap());
    assert!(!store.replay(9999, at(5)).await.unwrap());
    let claim = store.claim("me", at(5), LEASE, 1).await.unwrap().remove(0);
    assert_eq!((claim.entry.id, claim.entry.attempts, claim.entry.finished_at), (a1, 1, None));
    store.complete(&claim, at(6)).await.unwrap();
    assert!(store.replay(a2, at(7)).await.unwrap(), "a done one can be replayed too");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.done, counts.dead), (1, 1, 0));
}

async fn an_event_that_is_replayed_waits_for_the_one_in_hand(place: Place) {
    let store = place.store().await;
    let (a1, a2) = (receive(&store, "a", 1).await, receive(&store, "a", 2).await);
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.bury(&claim, "no", at(1)).await.unwrap();
    let in_hand = store.claim("me", at(2), LEASE, 1).await.unwrap().remove(0);
    assert!(store.replay(a1, at(3)).await.unwrap());
    assert_eq!(claim_ids(&store, at(4)).await, [0; 0]);
    store.complete(&in_hand, at(5)).await.unwrap();
    assert_eq!(in_hand.entry.id, a2);
    assert_eq!(claim_ids(&store, at(6)).await, [a1]);
}

async fn done_events_are_pruned(place: Place) {
    let store = place.store().await;
    let ids = [receive(&store, "a", 1).await, receive(&store, "b", 1).await, receive(&store, "c", 1).await];
    let claims = store.claim("me", at(1), LEASE, 9).await.unwrap();
    store.complete(&claims[0], at(10)).await.unwrap();
    store.complete(&claims[1], at(20)).await.unwrap();
    store.bury(&claims[2], "no", at(10)).await.unwrap();
    assert_eq!(store.prune(at(20)).await.unwrap(), 1);
    assert_eq!(store.entry(ids[0]).await.unwrap(), None);
    assert!(store.entry(ids[1]).await.unwrap().is_some() && store.entry(ids[2]).await.unwrap().is_some());
    assert!(receive(&store, "a", 1).await > ids[2], "forgotten, and no id is used twice");
}

async fn sixteen_dispatchers_handle_each_event_once(place: Place) {
    let store = place.store().await;
    let mut expected = BTreeSet::new();
    for number in 0..10 {
        for app in 0..10 {
            expected.insert(receive(&store, &format!("app{app}"), number).await);
        }
    }
    let other = place.beside(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let store = Arc::clone(if task % 2 == 0 { &store } else { &other });
        tasks.spawn(async move {
            let mut handled = Vec::new();
            while store.next_due().await.unwrap().is_some() {
                for claim in store.claim(&format!("task {task}"), at(1), LEASE, 3).await.unwrap() {
                    handled.push((claim.entry.event.app_id.clone(), claim.entry.id));
                    store.complete(&claim, at(1)).await.unwrap();
                }
            }
            handled
        });
    }
    let handled: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(handled.len(), 100, "each one once");
    assert_eq!(handled.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>(), expected);
    assert_eq!(store.counts().await.unwrap().done, 100);
}

async fn entries_are_filtered_newest_first(place: Place) {
    let store = place.store().await;
    let (a1, b1, a2) =
        (receive(&store, "a", 1).await, receive(&store, "b", 1).await, receive(&store, "a", 2).await);
    let mut odd = event(Some("a"), json!({}));
    odd.event.kind = EventKind::Unknown;
    let Received::New(odd) = store.receive(&odd.with_bound(false)).await.unwrap() else {
        panic!("it is new")
    };
    let list = |filter: InboxFilter| {
        let store = Arc::clone(&store);
        async move { store.entries(&filter).await.unwrap().iter().map(Listed::id).collect::<Vec<_>>() }
    };
    let all = InboxFilter::new(9);
    assert_eq!(list(all.clone()).await, [odd, a2, b1, a1]);
    assert_eq!(list(InboxFilter::new(2).before(Some(a2))).await, [b1, a1]);
    assert_eq!(
        list(all.clone().of_app(Some("a".into())).of_kind(Some(EventKind::AuditApproved))).await,
        [a2, a1]
    );
    assert_eq!(list(all.clone().of_vendor(Some(BETA))).await, [0; 0]);
    assert_eq!(list(all.in_state(Some(InboxState::Done))).await, [0; 0]);
    assert!(!entry(&store, odd).await.bound);
}

fn keys(current: u8, previous: &[u8]) -> StoreKeys {
    // 42 equal letters and one that has no bits left over.
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
}

async fn stored_bytes(place: &Place) -> String {
    let columns = [
        ("SELECT hex(ticket) FROM tickets", "SELECT encode(ticket, 'hex') FROM miniprogram.tickets"),
        (
            "SELECT hex(access) || hex(refresh) || hex(previous_refresh) FROM tokens WHERE refresh IS NOT NULL",
            "SELECT encode(access, 'hex') || encode(refresh, 'hex') || encode(previous_refresh, 'hex') \
             FROM miniprogram.tokens WHERE refresh IS NOT NULL",
        ),
        (
            "SELECT hex(effect) || COALESCE(hex(value), '') FROM intents",
            "SELECT encode(effect, 'hex') || COALESCE(encode(value, 'hex'), '') FROM miniprogram.intents",
        ),
        ("SELECT hex(event) FROM events", "SELECT encode(event, 'hex') FROM miniprogram.events"),
    ];
    let mut all = String::new();
    for (sqlite, postgres) in columns {
        let values = place.stored(sqlite, postgres).await;
        assert!(!values.is_empty());
        all.push_str(&values.concat().to_lowercase());
    }
    all
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

async fn secrets_are_sealed_with_a_key_alone(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    fill_with_secrets(&store).await;
    assert_eq!(stored_bytes(&place).await.matches(&hex(CANARY)).count(), 0);
    assert_eq!(store.ticket(&key()).await.unwrap().unwrap().ticket.expose(), format!("{CANARY}-ticket"));
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!(record.previous_refresh_token.unwrap().expose(), format!("{CANARY}-r1"));
    let listed = store.entries(&InboxFilter::new(1)).await.unwrap().pop().and_then(Listed::readable);
    let credential = EventCredential::AuthorizationCode(Secret::new(CANARY));
    assert_eq!(listed.unwrap().event.credential, Some(credential));
    let report = store.check(at(0)).await.unwrap();
    assert_eq!((report.open_values, report.sealed_with.values().sum::<u64>()), (0, 8));
    assert_no_canary_in_files(&place);
}

fn assert_no_canary_in_files(place: &Place) {
    if let Place::Sqlite(directory) = place {
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

async fn keys_are_rotated(place: Place) {
    let open = place.store().await;
    fill_with_secrets(&open).await;
    assert!(stored_bytes(&place).await.contains(&hex(CANARY)), "without a key nothing is sealed");
    let record = open.token(&scope("app1")).await.unwrap();
    open.close().await;

    let first = place.store_with(keys(b'a', &[])).await;
    assert_eq!(first.token(&scope("app1")).await.unwrap(), record, "what is open can be read with a key too");
    assert_eq!(first.reseal().await.unwrap(), 8);
    assert_eq!(first.reseal().await.unwrap(), 0);
    assert!(!stored_bytes(&place).await.contains(&hex(CANARY)));
    first.close().await;
    assert_no_canary_in_files(&place);

    let second = place.store_with(keys(b'b', b"a")).await;
    assert_eq!(second.token(&scope("app1")).await.unwrap(), record);
    assert_eq!(second.check(at(0)).await.unwrap().sealed_with.len(), 1);
    assert_eq!(second.reseal().await.unwrap(), 8);
    second.close().await;

    let without_old = place.store_with(keys(b'b', &[])).await;
    assert_eq!(without_old.token(&scope("app1")).await.unwrap(), record);
    let report = without_old.check(at(0)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(without_old.pending_intents(&key()).await.unwrap().intents.len(), 1);
    assert_eq!(claim_ids(&without_old, at(1)).await.len(), 1);
}

fn id_of(letter: u8) -> String {
    keys(letter, &[]).ids().next().unwrap().to_string()
}

/// It is about the key, names the ids, and nothing was done.
fn assert_wrong_key(error: &Error, ids: &[String]) {
    let about = (error.kind(), error.outcome(), error.field());
    assert_eq!(about, (ErrorKind::Store, Outcome::NotDone, Some("MINIPROGRAM_STORE_KEY")), "{error}");
    assert!(ids.iter().all(|id| error.to_string().contains(id)), "{error} does not name {ids:?}");
    assert!(error.advice().contains("MINIPROGRAM_STORE_KEY"), "{error:#}");
}

/// Every way to open the store is refused with these keys.
async fn assert_not_opened(place: &Place, given: StoreKeys, wanted: &[String]) {
    let url = place.url();
    let errors = [
        miniprogram_store::open(&url, given.clone()).await.unwrap_err(),
        miniprogram_store::open_daemon(&url, given.clone()).await.unwrap_err(),
        miniprogram_store::migrate(&url, given.clone()).await.unwrap_err(),
        miniprogram_store::open_read_only(&url, given).await.unwrap_err(),
    ];
    errors.iter().for_each(|error| assert_wrong_key(error, wanted));
}

async fn a_store_is_opened_with_its_keys_alone(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    // Before anything is sealed.
    assert_not_opened(&place, StoreKeys::default(), &[id_of(b'a')]).await;
    fill_with_secrets(&store).await;
    store.close().await;
    for other in [StoreKeys::default(), keys(b'b', &[]), keys(b'b', b"c")] {
        assert_not_opened(&place, other, &[id_of(b'a')]).await;
    }
    let store = place.store_with(keys(b'a', b"c")).await;
    let report = store.check(at(0)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    let known: Vec<_> = report.keys.into_iter().collect();
    assert_eq!(known, [(id_of(b'a'), KeyState::Active)], "a key that only opens is not written down");
    assert_eq!(report.sealed_with, [(id_of(b'a'), 8)].into(), "nothing was written with another key");
}

async fn a_key_of_the_same_id_has_to_open_the_proof(place: Place) {
    place.store_with(keys(b'a', &[])).await.close().await;
    place
        .statement_of(
            "UPDATE keys SET proof = CAST(substr(proof, 1, 40) || x'00' || substr(proof, 42) AS BLOB)",
            "UPDATE keys SET proof = set_byte(proof, 40, get_byte(proof, 40) # 1)",
        )
        .await;
    assert_not_opened(&place, keys(b'a', &[]), &[id_of(b'a')]).await;
    place.statement("UPDATE keys SET proof = substr(proof, 1, 5)").await;
    assert_not_opened(&place, keys(b'a', &[]), &[id_of(b'a')]).await;
}

async fn an_unsealed_process_is_refused_once_the_store_is_sealed(place: Place) {
    let unsealed = place.store().await;
    fill_with_secrets(&unsealed).await;
    grant(&unsealed, "app3", "a1", "r1").await;
    grant(&unsealed, "app3", "a2", "r2").await;
    let (lease, _) = acquire(&unsealed, &scope("app3"), at(0)).await;
    let before = unsealed.check(at(0)).await.unwrap();
    let sealed = place.store_with(keys(b'a', &[])).await;
    let late = Ticket::new(format!("{CANARY}-late").into(), at(9), at(9));
    let closed = release_of("app1", json!({ "seen": CANARY }));
    let audit = Settled::done(EffectValue::Audit(AuditId::from(CANARY)), Evidence::Asked);
    for error in [
        unsealed.save_ticket(&key(), &late).await.unwrap_err(),
        unsealed.commit(&lease, &tokens(CANARY, CANARY), at(1)).await.unwrap_err(),
        unsealed.open_intent(&"p1".into(), &release_of("app4", json!(CANARY))).await.unwrap_err(),
        unsealed.close_intent(&"p1".into(), &closed, &audit, at(1)).await.unwrap_err(),
        unsealed.receive(&event(Some("app1"), json!({ "new": CANARY }))).await.unwrap_err(),
    ] {
        assert_wrong_key(&error, &[id_of(b'a')]);
    }
    let after = sealed.check(at(0)).await.unwrap();
    assert_eq!((after.open_values, after.rows), (before.open_values, before.rows), "nothing was written");
    assert_eq!(sealed.reseal().await.unwrap(), 11);
    sealed.commit(&lease, &tokens(CANARY, CANARY), at(1)).await.unwrap();
    assert_eq!(sealed.check(at(0)).await.unwrap().open_values, 0);
    assert!(!stored_bytes(&place).await.contains(&hex(CANARY)));
    unsealed.close().await;
    sealed.close().await;
    assert_no_canary_in_files(&place);
}

async fn a_process_that_has_the_old_key_alone_writes_until_it_is_replaced(place: Place) {
    let old = place.store_with(keys(b'a', &[])).await;
    let ticket = |text: &str, created| Ticket::new(text.into(), at(created), at(created));
    old.save_ticket(&key(), &ticket("first", 1)).await.unwrap();
    let new = place.store_with(keys(b'b', b"a")).await;
    // It still runs, and what it writes can be read by everybody.
    old.save_ticket(&key(), &ticket("second", 2)).await.unwrap();
    assert_eq!(new.ticket(&key()).await.unwrap(), Some(ticket("second", 2)));
    // Nobody else begins without the new key.
    assert_not_opened(&place, keys(b'a', &[]), &[id_of(b'b')]).await;
    new.save_ticket(&key(), &ticket("third", 3)).await.unwrap();
    assert_wrong_key(&old.ticket(&key()).await.unwrap_err(), &[id_of(b'b')]);

    let late = place.store_with(keys(b'a', b"b")).await;
    assert_eq!(new.reseal().await.unwrap(), 0, "the one value is sealed with the new key already");
    for error in [
        old.save_ticket(&key(), &ticket("lost", 4)).await.unwrap_err(),
        old.receive(&event(None, json!("lost"))).await.unwrap_err(),
        late.save_ticket(&key(), &ticket("lost", 4)).await.unwrap_err(),
        late.reseal().await.unwrap_err(),
    ] {
        assert_wrong_key(&error, &[id_of(b'b')]);
    }
    assert_eq!(new.ticket(&key()).await.unwrap(), Some(ticket("third", 3)));
    let url = place.url();
    let error = miniprogram_store::open(&url, keys(b'a', b"b")).await.unwrap_err();
    assert_wrong_key(&error, &[id_of(b'b')]);
    let reader = miniprogram_store::open_read_only(&url, keys(b'a', b"b")).await.unwrap();
    assert_eq!(reader.ticket(&key()).await.unwrap(), Some(ticket("third", 3)), "to read, both are given");

    let alone = place.store_with(keys(b'b', &[])).await;
    let report = alone.check(at(0)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    let states = [(id_of(b'a'), KeyState::Retired), (id_of(b'b'), KeyState::Active)];
    assert_eq!(report.keys, states.into());
    assert_eq!(report.sealed_with, [(id_of(b'b'), 1)].into());
}

/// As the README describes it: a daemon and commands write all the time, and no write of theirs fails.
async fn keys_are_rotated_while_everybody_writes(place: Place) {
    let mut ids = BTreeSet::new();
    let write = |store: &Arc<dyn Store>, name: &'static str| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut written = BTreeSet::new();
            for number in 0..20 {
                written.insert(receive(&store, name, number).await);
                grant(&store, name, &format!("access{number}"), &format!("refresh{number}")).await;
            }
            written
        })
    };
    let daemon = place.store_with(keys(b'a', &[])).await;
    ids.extend(write(&daemon, "first").await.unwrap());
    daemon.close().await;
    // Everybody can read both; the daemon seals with the old key, a command with the new one.
    let daemon = place.store_with(keys(b'a', b"b")).await;
    let command = place.store_with(keys(b'b', b"a")).await;
    let (one, other) = (write(&daemon, "daemon"), write(&command, "command"));
    ids.extend(one.await.unwrap());
    ids.extend(other.await.unwrap());
    let sealed_with = daemon.check(at(0)).await.unwrap().sealed_with;
    assert_eq!(sealed_with.len(), 2, "{sealed_with:?}");
    daemon.close().await;
    // Now all of them seal with the new one, and everything is sealed again meanwhile.
    let daemon = place.store_with(keys(b'b', b"a")).await;
    let (one, other) = (write(&daemon, "late daemon"), write(&command, "late command"));
    command.reseal().await.unwrap();
    ids.extend(one.await.unwrap());
    ids.extend(other.await.unwrap());
    daemon.close().await;
    command.close().await;

    let alone = place.store_with(keys(b'b', &[])).await;
    let report = alone.check(at(0)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.keys[&id_of(b'a')], KeyState::Retired);
    assert_eq!(report.sealed_with.into_keys().collect::<Vec<_>>(), [id_of(b'b')]);
    let entries = alone.entries(&InboxFilter::new(1000)).await.unwrap();
    assert_eq!(entries.iter().map(Listed::id).collect::<BTreeSet<_>>(), ids);
    for app in ["first", "daemon", "command", "late daemon", "late command"] {
        let record = alone.token(&scope(app)).await.unwrap().unwrap();
        assert_eq!(record.refresh_token, Some("refresh19".into()), "{app}");
    }
}

/// Rewriting was cut off: the old key is still wanted.
async fn a_key_with_values_left_is_not_retired(place: Place) {
    let old = place.store_with(keys(b'a', &[])).await;
    fill_with_secrets(&old).await;
    place.statement("UPDATE intents SET effect = substr(effect, 1, 60)").await;
    old.close().await;
    let new = place.store_with(keys(b'b', b"a")).await;
    new.reseal().await.unwrap_err();
    let report = new.check(at(0)).await.unwrap();
    assert_eq!(report.keys[&id_of(b'a')], KeyState::Replaced);
    assert!(report.sealed_with.contains_key(&id_of(b'a')));
    assert_not_opened(&place, keys(b'b', &[]), &[id_of(b'a')]).await;
    place.statement("DELETE FROM intents").await;
    new.reseal().await.unwrap();
    place.store_with(keys(b'b', &[])).await;
}

/// The store of an earlier version knows its keys by its values alone.
async fn the_keys_of_an_earlier_version_are_found(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    fill_with_secrets(&store).await;
    store.close().await;
    place
        .statement_of(
            "DROP TABLE keys; ALTER TABLE store DROP COLUMN keys_generation; \
             DELETE FROM _sqlx_migrations WHERE version = 3",
            "DROP FUNCTION receive_events, claim_events, give_back_events, open_intents, close_intents; \
             DROP TABLE keys; DROP FUNCTION is_sealed_well; DROP FUNCTION refuse_value; DROP FUNCTION verify_ticket CASCADE; \
             DROP FUNCTION verify_token CASCADE; DROP FUNCTION verify_intent CASCADE; \
             DROP FUNCTION verify_event CASCADE; DELETE FROM _sqlx_migrations WHERE version > 1",
        )
        .await;
    let url = place.url();
    for other in [StoreKeys::default(), keys(b'b', &[])] {
        let error = miniprogram_store::migrate(&url, other.clone()).await.unwrap_err();
        assert_wrong_key(&error, &[id_of(b'a')]);
        assert_not_opened(&place, other, &[id_of(b'a')]).await;
    }
    let reader = miniprogram_store::open_read_only(&url, keys(b'a', &[])).await.unwrap();
    assert!(reader.check(at(0)).await.unwrap().is_ok());
    reader.close().await;
    let proofs = "SELECT COALESCE(encode(proof, 'hex'), '') FROM miniprogram.keys";
    assert_eq!(place.stored("SELECT COALESCE(hex(proof), '') FROM keys", proofs).await, [""]);
    let store = place.store_with(keys(b'a', &[])).await;
    assert!(store.check(at(0)).await.unwrap().is_ok());
    assert_ne!(place.stored("SELECT COALESCE(hex(proof), '') FROM keys", proofs).await, [""]);
}

async fn without_secrets_a_store_is_read_only(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    fill_with_secrets(&store).await;
    let url = place.url();
    let error = miniprogram_store::open(&url, StoreKeys::without_secrets()).await.unwrap_err();
    assert!(error.to_string().contains("without its secrets"), "{error}");
    let reader = miniprogram_store::open_read_only(&url, StoreKeys::without_secrets()).await.unwrap();
    let mut records = 0;
    let mut count = |_: &Value| {
        records += 1;
        Ok(())
    };
    reader.export(at(0), &mut count).await.unwrap();
    assert_eq!(records, 5);
    let error = reader.ticket(&key()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone));
    assert!(error.to_string().contains("without its secrets"), "{error}");
    for (reason, lacks_key) in unread(&reader).await {
        assert!(reason.contains("without its secrets") && lacks_key, "{reason}");
    }
    let ticket = Ticket::new("t".into(), at(0), at(0));
    assert_eq!(reader.save_ticket(&key(), &ticket).await.unwrap_err().kind(), ErrorKind::Store);
}

/// Why the token, the event and the open effect of `fill_with_secrets` cannot be read, and whether it is for a key.
async fn unread(store: &Arc<dyn Store>) -> [(String, bool); 3] {
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    let listed = store.entries(&InboxFilter::new(9)).await.unwrap().remove(0);
    let intent = store.pending_intents(&key()).await.unwrap().unreadable.remove(0);
    let Listed::Unreadable(event) = listed else { panic!("it was read: {listed:?}") };
    let part = record.obstacle().unwrap();
    [
        (part.reason.clone(), part.lacks_key),
        (event.reason, event.lacks_key),
        (intent.reason, intent.lacks_key),
    ]
}

async fn a_missing_key_is_named(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let other = place.store_with(keys(b'b', b"a")).await;
    fill_with_secrets(&other).await;
    for error in [
        store.ticket(&key()).await.unwrap_err(),
        store.pending_intent(&"p1".into(), ACME, &app1()).await.unwrap_err(),
        store.reseal().await.unwrap_err(),
    ] {
        assert_wrong_key(&error, &[id_of(b'b')]);
        assert!(error.advice().contains("MINIPROGRAM_STORE_PREVIOUS_KEYS"), "{error:#}");
    }
    for (reason, lacks_key) in unread(&store).await {
        assert!(reason.contains(&id_of(b'b')) && lacks_key, "{reason}");
    }
}

async fn a_value_moved_to_another_row_does_not_open(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    grant(&store, "app1", "a1", "r1").await;
    grant(&store, "app2", "a2", "r2").await;
    place
        .statement(
            "UPDATE tokens SET refresh = (SELECT refresh FROM tokens WHERE app = 'app1') WHERE app = 'app2'",
        )
        .await;
    let record = store.token(&scope("app2")).await.unwrap().unwrap();
    let part = record.obstacle().unwrap();
    assert!(part.reason.contains("app2"), "{part:?}");
    assert_eq!((record.refresh_token, record.access), (None, Some(access("a2"))));
    place.statement("UPDATE tokens SET previous_refresh = refresh WHERE app = 'app1'").await;
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    let columns: Vec<_> = record.unreadable.iter().map(|part| part.column).collect();
    assert_eq!(columns, ["previous_refresh"], "nor in another column");
}

async fn a_check_tells_what_is_there_and_what_is_wrong(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    acquire(&store, &scope("app9"), at(0)).await;
    let report = store.check(at(10)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.schema_version, 3);
    let rows: Vec<_> = report.rows.into_iter().collect();
    assert_eq!(rows, [("events", 1), ("intents", 2), ("tickets", 1), ("tokens", 2)]);
    assert_eq!((report.open_intents, report.expired_leases, report.open_values), (1, 0, 8));
    assert_eq!(store.check(at(31)).await.unwrap().expired_leases, 1);

    place.statement("UPDATE events SET event = substr(event, 1, 20)").await;
    place.statement("UPDATE tokens SET state = 'odd' WHERE app = 'app9'").await;
    let report = store.check(at(10)).await.unwrap();
    assert!(!report.is_ok());
    let found: Vec<_> = report.unreadable.iter().map(|value| (value.table, value.column)).collect();
    assert_eq!(found, [("tokens", "state"), ("events", "event")]);
    assert_eq!(claim_ids(&store, at(10)).await, [0; 0], "it is not handed over");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.dead, counts.unreadable), (0, 1, 1), "and not lost");
}

async fn an_export_leaves_secrets_out(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    store.bind_original_id(&scope("app1"), "gh_1", at(5)).await.unwrap();
    let mut lines = Vec::new();
    let mut write = |value: &Value| {
        lines.push(value.to_string());
        Ok(())
    };
    store.export(at(60), &mut write).await.unwrap();
    let text = lines.join("\n");
    assert!(!text.contains(CANARY), "{text}");
    let values: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records: Vec<_> = values.iter().map(|value| value["record"].as_str().unwrap()).collect();
    assert_eq!(records, ["ticket", "token", "intent", "intent", "event"]);
    assert_eq!((&values[0]["age_seconds"], &values[1]["access"]["age_seconds"]), (&json!(60), &json!(60)));
    assert_eq!(values[1]["access"]["expires_at"], json!(at(7200)));
    assert_eq!(values[1]["has_refresh_token"], json!(true));
    assert_eq!((&values[1]["original_id"], &values[1]["state"]), (&json!("gh_1"), &json!("active")));
    assert_eq!((&values[3]["outcome"], &values[3]["operation"]), (&json!("done"), &json!("set_name")));
    assert_eq!((&values[4]["kind"], &values[4]["state"]), (&json!("audit_approved"), &json!("pending")));

    let mut count = 0;
    let mut stop = |_: &Value| {
        count += 1;
        Err(Error::new(ErrorKind::Cancelled, "export"))
    };
    assert_eq!(store.export(at(60), &mut stop).await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(count, 1);
}

async fn a_closed_store_says_so(place: Place) {
    let store = place.store().await;
    store.close().await;
    store.close().await;
    let error = store.save_ticket(&key(), &Ticket::new("t".into(), at(0), at(0))).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    assert_eq!(store.ticket(&key()).await.unwrap_err().kind(), ErrorKind::Store);
    place.store().await.ticket(&key()).await.unwrap();
}

async fn no_error_and_no_debug_output_shows_a_secret(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    fill_with_secrets(&store).await;
    let (lease, record) = acquire(&store, &scope("app1"), at(0)).await;
    let mut shown = format!("{store:?}{lease:?}{record:?}{:?}", tokens(CANARY, CANARY));
    store.release(&lease, None, at(1)).await.unwrap();
    for error in [
        store.commit(&lease, &tokens(CANARY, CANARY), at(2)).await.unwrap_err(),
        store.open_intent(&"p1".into(), &release_of("app1", json!(CANARY))).await.unwrap_err(),
    ] {
        shown += &format!("{error}{error:#}{error:?}");
    }
    place
        .statement(
            "UPDATE intents SET effect = NULL; UPDATE events SET event = substr(event, 1, 60); \
             UPDATE tokens SET refresh = substr(refresh, 1, 60)",
        )
        .await;
    let (open, listed) =
        (store.pending_intents(&key()).await.unwrap(), store.entries(&InboxFilter::new(9)).await.unwrap());
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert!(open.unreadable.len() == 1 && record.obstacle().is_some());
    shown += &format!("{open:?}{listed:?}{record:?}");
    assert!(!shown.contains(CANARY), "{shown}");
}

/// A store with many events, an open lease, a claim, and ids that are used no more.
pub(crate) async fn fill_for_a_copy(store: &Arc<dyn Store>) {
    fill_with_secrets(store).await;
    for (app, number) in [("a", 300), ("b", 152)] {
        for number in 0..number {
            receive(store, app, number).await;
        }
    }
    // The last of all and two more are done and forgotten: their ids are not given again.
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

/// Nothing is held, every app goes on with the event that was next, and no id is used twice.
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

fn app1() -> miniprogram_core::SubjectId {
    miniprogram_core::SubjectId::App("app1".into())
}
