//! Guarantees specific to the shared store.

use std::borrow::Cow;
use std::time::Duration;

use miniprogram_core::token::TokenScope;
use miniprogram_core::{
    AppId, Command, ErrorKind, Event, EventKind, Intent, Outcome, PlatformId, Settled, Timestamp, Vendor,
};
use miniprogram_store::{
    Acquired, Inbox, IntentStore, Maintenance, NewEvent, NewTokens, PlatformKey, PostgresStore, Received,
    RepairOptions, Repaired, StoreKeys, StoreOptions, Ticket, TokenStore,
};

use crate::postgres;

const ACME: Vendor = Vendor::new("acme");
const LEASE: Duration = Duration::from_secs(30);

fn options() -> StoreOptions {
    StoreOptions::default()
}

fn ticket() -> Ticket {
    Ticket::new("t".into(), Timestamp::from_unix(1), Timestamp::from_unix(1))
}

#[tokio::test]
async fn a_database_without_a_store_is_refused() {
    let Some(url) = postgres::database("a_database_without_a_store_is_refused") else { return };
    let error = PostgresStore::connect(&url, options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("contains no store"), "{error}");
    assert_eq!(error.advice(), "run `miniprogram store migrate`");
    let (one, other) = tokio::join!(
        miniprogram_store::migrate(&url, StoreKeys::default()),
        miniprogram_store::migrate(&url, StoreKeys::default()),
    );
    one.unwrap();
    other.unwrap();
    miniprogram_store::open(&url, StoreKeys::default()).await.unwrap();

    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let later = "UPDATE miniprogram._sqlx_migrations SET version = 99 WHERE version = 1";
    sqlx::raw_sql(later).execute(&pool).await.unwrap();
    let error = PostgresStore::connect(&url, options()).await.unwrap_err();
    assert!(error.to_string().contains("later version"), "{error}");
    sqlx::raw_sql("DELETE FROM miniprogram._sqlx_migrations").execute(&pool).await.unwrap();
    let error = PostgresStore::connect(&url, options()).await.unwrap_err();
    assert!(error.to_string().contains("earlier version"), "{error}");
}

#[tokio::test]
async fn a_server_that_may_forget_is_refused() {
    let test = "a_server_that_may_forget_is_refused";
    for setting in ["fsync", "full_page_writes"] {
        let Some((_server, url)) = postgres::server_with(test, &["-c", &format!("{setting}=off")]) else {
            return;
        };
        for error in [
            PostgresStore::connect(&url, options()).await.unwrap_err(),
            PostgresStore::migrate(&url, options()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Store);
            assert!(error.to_string().contains(&format!("{setting} = off")), "{error}");
        }
    }
}

#[tokio::test]
async fn every_connection_waits_for_the_disk() {
    let Some(url) = postgres::database("every_connection_waits_for_the_disk") else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&pool).await.unwrap();
    let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    sqlx::raw_sql(sqlx::AssertSqlSafe(off)).execute(&pool).await.unwrap();
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE miniprogram.seen (setting TEXT); \
         CREATE FUNCTION miniprogram.note() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO miniprogram.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$; \
         CREATE TRIGGER note BEFORE INSERT ON miniprogram.tickets FOR EACH ROW EXECUTE FUNCTION miniprogram.note()",
    )
    .execute(&pool)
    .await
    .unwrap();
    store.save_ticket(&PlatformKey::new(ACME, "p1"), &ticket()).await.unwrap();
    let seen: Vec<String> =
        sqlx::query_scalar("SELECT setting FROM miniprogram.seen").fetch_all(&pool).await.unwrap();
    assert_eq!(seen, ["on"]);
}

#[tokio::test]
async fn no_error_shows_the_password() {
    let Some(url) = postgres::database("no_error_shows_the_password") else { return };
    let password = url.split([':', '@']).nth(2).unwrap().to_owned();
    assert!(password.len() >= 32, "{url}");
    let wrong = "wrong-canary-77";
    let canary = url.replace(&password, wrong);
    let lost = canary.replace("127.0.0.1:", "127.0.0.1:1");
    for bad in [&canary, &canary.replace("/test_", "/nowhere_"), &lost, &format!("{canary}?sslmode={wrong}")]
    {
        let error = PostgresStore::connect(bad, options()).await.unwrap_err();
        let shown = format!("{error} {error:#} {error:?} {:?}", error.report());
        assert!(!shown.contains(wrong) && !shown.contains(&password), "{shown}");
    }
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    assert!(!format!("{store:?}").contains(&password));
}

#[tokio::test]
async fn a_reader_writes_nothing() {
    let Some(url) = postgres::database("a_reader_writes_nothing") else { return };
    let owner = PostgresStore::migrate(&url, options()).await.unwrap();
    let reader = miniprogram_store::open_read_only(&url, StoreKeys::default()).await.unwrap();
    let key = PlatformKey::new(ACME, "p1");
    let error = reader.save_ticket(&key, &ticket()).await.unwrap_err();
    assert!(error.to_string().contains("for reading alone"), "{error}");
    owner.save_ticket(&key, &ticket()).await.unwrap();
    assert_eq!(reader.ticket(&key).await.unwrap(), Some(ticket()));
    assert!(reader.check(Timestamp::from_unix(0)).await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_handles_renew_in_turn() {
    let Some(url) = postgres::database("two_handles_renew_in_turn") else { return };
    let one = PostgresStore::migrate(&url, options()).await.unwrap();
    let other = PostgresStore::connect(&url, options()).await.unwrap();
    let scope = TokenScope::platform(ACME, PlatformId::from("p1"));
    let now = Timestamp::from_unix(1);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let (store, scope) = (if task % 2 == 0 { one.clone() } else { other.clone() }, scope.clone());
        tasks.spawn(async move {
            let mut commits = 0;
            while commits < 5 {
                if let Acquired::Granted { lease, .. } =
                    store.acquire(&scope, &format!("task {task}"), now, LEASE).await.unwrap()
                {
                    store.commit(&lease, &NewTokens::new(None), now).await.unwrap();
                    commits += 1;
                }
            }
        });
    }
    tasks.join_all().await;
    let record = one.token(&scope).await.unwrap().unwrap();
    assert_eq!((record.generation, record.lease), (80, None), "no commit was lost");
}

fn event(number: u32) -> NewEvent {
    let mut event = Event::new(ACME, EventKind::AuditApproved, Cow::Borrowed("passed"), number.into());
    event.app_id = Some("app".into());
    NewEvent::new(PlatformKey::new(ACME, "p1"), event, Timestamp::from_unix(1))
}

/// Holds the lock of every lane, as delivering, receiving or replaying an event does.
async fn hold_lanes(pool: &sqlx::PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("SELECT id FROM miniprogram.lanes FOR UPDATE").fetch_all(&mut *holder).await.unwrap();
    holder
}

/// Waits until that many others wait for a lock.
async fn until_waiting(pool: &sqlx::PgPool, others: i64) {
    while waiting(pool).await < others {}
}

/// Number of others that wait for a lock.
async fn waiting(pool: &sqlx::PgPool) -> i64 {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_arrives_while_its_lane_is_being_emptied_is_handed_over() {
    let test = "an_event_that_arrives_while_its_lane_is_being_emptied_is_handed_over";
    let Some(url) = postgres::database(test) else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let (now, later) = (Timestamp::from_unix(1), Timestamp::from_unix(2));
    store.receive(&event(1)).await.unwrap();
    let claim = store.claim("me", now, LEASE, 1).await.unwrap().remove(0);
    let holder = hold_lanes(&pool).await;
    // The second event is in the table, but not yet visible, when the first one is done.
    let receiver = store.clone();
    let receiving = tokio::spawn(async move { receiver.receive(&event(2)).await.unwrap() });
    until_waiting(&pool, 1).await;
    let completer = store.clone();
    let completing = tokio::spawn(async move { completer.complete(&claim, later).await.unwrap() });
    until_waiting(&pool, 2).await;
    holder.commit().await.unwrap();
    let Received::New(second) = receiving.await.unwrap() else { panic!("it is new") };
    completing.await.unwrap();
    let claims = store.claim("me", later, LEASE, 1).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.entry.id).collect::<Vec<_>>(), [second]);
}

/// An unsealed write in progress is waited for, and one that starts meanwhile sees the key.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_in_the_open_while_a_store_is_sealed() {
    let test = "nothing_is_written_in_the_open_while_a_store_is_sealed";
    let Some(url) = postgres::database(test) else { return };
    let unsealed = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let mut writer = pool.begin().await.unwrap();
    let under_way = "INSERT INTO miniprogram.tickets (vendor, platform, ticket, created_at, received_at) \
                     VALUES ('acme', 'p1', '\\x0074', 1000, 1000)";
    sqlx::query(under_way).execute(&mut *writer).await.unwrap();
    let keys = StoreKeys::new(&"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".into()).unwrap();
    let (address, options) = (url.clone(), options().with_keys(keys));
    let sealing = tokio::spawn(async move { PostgresStore::connect(&address, options).await.unwrap() });
    until_waiting(&pool, 1).await;
    let late = unsealed.clone();
    let saving =
        tokio::spawn(async move { late.save_ticket(&PlatformKey::new(ACME, "p2"), &ticket()).await });
    until_waiting(&pool, 2).await;
    writer.commit().await.unwrap();
    let sealed = sealing.await.unwrap();
    let error = saving.await.unwrap().unwrap_err();
    assert_eq!(error.field(), Some("MINIPROGRAM_STORE_KEY"), "{error}");
    assert_eq!(sealed.reseal().await.unwrap(), 1, "what was under way came before the key");
    assert_eq!(sealed.ticket(&PlatformKey::new(ACME, "p1")).await.unwrap(), Some(ticket()));
    assert_eq!(sealed.check(Timestamp::from_unix(0)).await.unwrap().open_values, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_pruned_during_its_replay_is_gone() {
    let Some(url) = postgres::database("an_event_that_is_pruned_during_its_replay_is_gone") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let (now, later) = (Timestamp::from_unix(1), Timestamp::from_unix(2));
    store.receive(&event(1)).await.unwrap();
    let claim = store.claim("me", now, LEASE, 1).await.unwrap().remove(0);
    store.complete(&claim, now).await.unwrap();
    let holder = hold_lanes(&pool).await;
    let (replayer, id) = (store.clone(), claim.entry.id);
    let replaying = tokio::spawn(async move { replayer.replay(id, later).await.unwrap() });
    until_waiting(&pool, 1).await;
    assert_eq!(store.prune(later).await.unwrap(), 1);
    holder.commit().await.unwrap();
    assert!(!replaying.await.unwrap(), "there is no such event");
    assert_eq!(store.next_due().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_an_app_are_handed_over_in_the_order_of_their_acknowledgement() {
    let test = "events_of_an_app_are_handed_over_in_the_order_of_their_acknowledgement";
    let Some(url) = postgres::database(test) else { return };
    let (one, other) = (
        PostgresStore::migrate(&url, options()).await.unwrap(),
        PostgresStore::connect(&url, options()).await.unwrap(),
    );
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let now = Timestamp::from_unix(2);
    let mut earlier = event(0);
    earlier.received_at = now;
    one.receive(&earlier).await.unwrap();
    let claim = one.claim("me", now, LEASE, 1).await.unwrap().remove(0);
    // The first event is in the table, with its id, in an open transaction.
    sqlx::raw_sql(
        "CREATE FUNCTION miniprogram.stop() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$; \
         CREATE TRIGGER stop AFTER INSERT ON miniprogram.events FOR EACH ROW WHEN (NEW.received_at = 1000) \
         EXECUTE FUNCTION miniprogram.stop()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(42)").execute(&mut *holder).await.unwrap();
    let first = tokio::spawn(async move { one.receive(&event(1)).await.unwrap() });
    until_waiting(&pool, 1).await;
    let receiver = other.clone();
    let second = tokio::spawn(async move {
        let mut event = event(2);
        event.received_at = now;
        receiver.receive(&event).await.unwrap()
    });
    while !second.is_finished() && waiting(&pool).await < 2 {}
    let overtaken = second.is_finished();
    holder.commit().await.unwrap();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    let acknowledged = if overtaken { [second, first] } else { [first, second] };
    let next = other.complete_and_claim(&claim, "me", now, LEASE).await.unwrap().unwrap();
    let last = other.complete_and_claim(&next, "me", now, LEASE).await.unwrap().unwrap();
    assert_eq!([next, last].map(|claim| Received::New(claim.entry.id)), acknowledged);
}

#[tokio::test]
async fn an_event_that_is_refused_costs_no_other_one() {
    let Some(url) = postgres::database("an_event_that_is_refused_costs_no_other_one") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "CREATE FUNCTION miniprogram.refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'worn out'; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON miniprogram.events FOR EACH ROW WHEN (NEW.received_at = 7000) \
         EXECUTE FUNCTION miniprogram.refuse()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let events: Vec<NewEvent> = (0..30)
        .map(|number| {
            let mut event = event(number);
            event.received_at = Timestamp::from_unix(number.into());
            event
        })
        .collect();
    let received = futures::future::join_all(events.iter().map(|event| store.receive(event))).await;
    for (number, received) in received.into_iter().enumerate() {
        match received {
            Ok(received) => assert!(number != 7 && matches!(received, Received::New(_)), "{number}"),
            Err(error) => {
                assert_eq!((number, error.kind(), error.outcome()), (7, ErrorKind::Store, Outcome::NotDone));
                assert!(error.to_string().contains("worn out"), "{error}");
            }
        }
    }
    assert_eq!(store.counts().await.unwrap().pending, 29);
}

#[tokio::test]
async fn deliveries_that_come_together_are_one_event() {
    let Some(url) = postgres::database("deliveries_that_come_together_are_one_event") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let events: Vec<NewEvent> = (0..30).map(|number| event(number % 3)).collect();
    let received = futures::future::join_all(events.iter().map(|event| store.receive(event))).await;
    let mut new = Vec::new();
    for (number, received) in received.into_iter().enumerate() {
        match received.unwrap() {
            Received::New(id) => new.push(id),
            Received::Duplicate(id) => assert_eq!(id, new[number % 3]),
            _ => panic!("there is nothing else"),
        }
    }
    assert_eq!(new.len(), 3);
    for id in new {
        assert_eq!(store.entry(id).await.unwrap().unwrap().readable().unwrap().deliveries, 10);
    }
}

#[tokio::test]
async fn a_claim_that_is_over_costs_no_other_one() {
    let Some(url) = postgres::database("a_claim_that_is_over_costs_no_other_one") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let now = Timestamp::from_unix(1);
    for number in 0..10 {
        for app in 0..5 {
            let mut event = event(number);
            event.event.app_id = Some(format!("app{app}").into());
            store.receive(&event).await.unwrap();
        }
    }
    let claims = store.claim("me", now, LEASE, 5).await.unwrap();
    assert_eq!(claims.len(), 5);
    store.complete(&claims[2], now).await.unwrap();
    // One of them twice, as by a caller that got no response.
    let ended =
        claims.iter().chain([&claims[4]]).map(|claim| store.complete_and_claim(claim, "me", now, LEASE));
    let ended = futures::future::join_all(ended).await;
    for (at, (ended, claim)) in ended.into_iter().zip(&claims).enumerate() {
        match ended {
            Ok(next) => {
                assert_eq!(next.map(|next| next.entry.event.app_id), Some(claim.entry.event.app_id.clone()))
            }
            Err(error) => {
                assert!(error.kind() == ErrorKind::Conflict && (at == 2 || at == 5), "{at}: {error}")
            }
        }
    }
    assert_eq!(store.counts().await.unwrap().done, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_write_is_unknown_when_its_connection_is_lost() {
    let test = "what_became_of_a_write_is_unknown_when_its_connection_is_lost";
    let Some(url) = postgres::database(test) else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    store.receive(&event(1)).await.unwrap();
    let holder = hold_lanes(&pool).await;
    let receiver = store.clone();
    let receiving = tokio::spawn(async move { receiver.receive(&event(2)).await.unwrap_err() });
    until_waiting(&pool, 1).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::raw_sql(end).execute(&pool).await.unwrap();
    let error = receiving.await.unwrap();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::Unknown), "{error}");
    holder.commit().await.unwrap();
    assert!(matches!(store.receive(&event(2)).await.unwrap(), Received::New(_)));
}

#[tokio::test]
async fn a_check_tells_what_is_damaged_in_the_structure() {
    let Some(url) = postgres::database("a_check_tells_what_is_damaged_in_the_structure") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let now = Timestamp::from_unix(0);
    assert_eq!(store.check(now).await.unwrap().problems, [""; 0]);
    for (damage, told) in [
        ("DROP INDEX miniprogram.intents_open", "(vendor, platform, app) of intents unique"),
        ("ALTER TABLE miniprogram.events DROP CONSTRAINT events_identity_key", "(identity) of events unique"),
        (
            "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'miniprogram.events_pending'::regclass",
            "events_pending of events is not valid",
        ),
        (
            "ALTER TABLE miniprogram.events DROP COLUMN claim_until",
            "the column claim_until of events is missing",
        ),
        ("DROP TABLE miniprogram.tickets", "the table tickets is missing"),
    ] {
        sqlx::raw_sql(damage).execute(&pool).await.unwrap();
        let report = store.check(now).await.unwrap();
        assert!(!report.is_ok());
        assert!(
            report.problems.iter().any(|problem| problem.contains(told)),
            "{told}: {:?}",
            report.problems
        );
    }
}

#[tokio::test]
async fn a_database_that_was_made_anew_is_not_the_one_that_was_opened() {
    let Some(url) = postgres::database("a_database_that_was_made_anew_is_not_the_one_that_was_opened") else {
        return;
    };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    assert!(store.verify().await.unwrap());
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::raw_sql("DROP SCHEMA miniprogram CASCADE").execute(&pool).await.unwrap();
    PostgresStore::migrate(&url, options()).await.unwrap();
    assert!(!store.verify().await.unwrap());
}

#[tokio::test]
async fn debug_output_tells_which_kind_of_store_it_is() {
    let Some(url) = postgres::database("debug_output_tells_which_kind_of_store_it_is") else { return };
    PostgresStore::migrate(&url, options()).await.unwrap();
    let reader = PostgresStore::connect_read_only(&url, options()).await.unwrap();
    let shown = format!("{reader:?}");
    assert!(shown.contains("PostgresStore") && shown.contains("read_only: true"), "{shown}");
}

#[tokio::test]
async fn a_store_that_cannot_be_understood_is_not_taken_to_be_none() {
    let Some(url) = postgres::database("a_store_that_cannot_be_understood_is_not_taken_to_be_none") else {
        return;
    };
    PostgresStore::migrate(&url, options()).await.unwrap().close().await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let damage = "ALTER TABLE miniprogram._sqlx_migrations RENAME COLUMN success TO done";
    sqlx::raw_sql(damage).execute(&pool).await.unwrap();
    let error = PostgresStore::connect(&url, options()).await.unwrap_err();
    assert!(error.to_string().contains("success") && !error.to_string().contains("no store"), "{error}");
}

/// What the server refuses at commit was not written; anything else is indeterminate.
#[tokio::test]
async fn a_commit_that_is_refused_was_not_done() {
    let Some(url) = postgres::database("a_commit_that_is_refused_was_not_done") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "CREATE FUNCTION miniprogram.refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'worn out', ERRCODE = NEW.platform; END $$; \
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON miniprogram.tickets DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION miniprogram.refuse()",
    )
    .execute(&pool)
    .await
    .unwrap();
    for (code, outcome) in
        [("23514", Outcome::NotDone), ("40001", Outcome::NotDone), ("58030", Outcome::Unknown)]
    {
        let error = store.save_ticket(&PlatformKey::new(ACME, code), &ticket()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, outcome), "{code}: {error}");
        assert!(error.to_string().contains("worn out"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_refused_was_not_made_and_one_that_was_cut_off_may_be() {
    let test = "a_claim_that_is_refused_was_not_made_and_one_that_was_cut_off_may_be";
    let Some(url) = postgres::database(test) else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let now = Timestamp::from_unix(1);
    store.receive(&event(1)).await.unwrap();
    let mut holder = pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE miniprogram.lanes").execute(&mut *holder).await.unwrap();
    let claimer = store.clone();
    let claiming = tokio::spawn(async move { claimer.claim("me", now, LEASE, 1).await.unwrap_err() });
    until_waiting(&pool, 1).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::raw_sql(end).execute(&pool).await.unwrap();
    let error = claiming.await.unwrap();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::Unknown), "{error}");
    holder.commit().await.unwrap();

    sqlx::raw_sql(
        "CREATE FUNCTION miniprogram.refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'worn out'; END $$; \
         CREATE TRIGGER refuse BEFORE UPDATE ON miniprogram.events FOR EACH ROW EXECUTE FUNCTION miniprogram.refuse()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let error = store.claim("me", now, LEASE, 1).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    assert!(error.to_string().contains("worn out"), "{error}");
}

/// Every operation locks a lane before its events: a repair that did not could deadlock with the lane's holder.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_waits_for_the_lane_of_an_event() {
    let Some(url) = postgres::database("a_repair_waits_for_the_lane_of_an_event") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    store.receive(&event(1)).await.unwrap();
    let damage = "UPDATE miniprogram.events SET event = substr(event, 1, 5)";
    sqlx::raw_sql(damage).execute(&pool).await.unwrap();
    let mut holder = hold_lanes(&pool).await;
    let repairer = store.clone();
    let repairing = tokio::spawn(async move {
        let mut repaired = 0;
        let mut count = |_: &Repaired| {
            repaired += 1;
            Ok(())
        };
        let now = Timestamp::from_unix(2);
        repairer.repair(&RepairOptions::default(), now, &mut count).await.map(|()| repaired)
    });
    until_waiting(&pool, 1).await;
    let change = "UPDATE miniprogram.events SET deliveries = deliveries + 1";
    sqlx::raw_sql(change).execute(&mut *holder).await.unwrap();
    holder.commit().await.unwrap();
    assert_eq!(repairing.await.unwrap().unwrap(), 1);
    assert_eq!(store.counts().await.unwrap().dead, 1);
}

/// With separate writes, each would wait for the disk.
#[tokio::test]
async fn effects_that_come_together_share_a_write() {
    let Some(url) = postgres::database("effects_that_come_together_share_a_write") else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let writes = || async {
        let writes = "SELECT COUNT(DISTINCT xmin::TEXT) FROM miniprogram.intents";
        sqlx::query_scalar::<_, i64>(writes).fetch_one(&pool).await.unwrap()
    };
    let (p1, now) = (PlatformId::from("p1"), Timestamp::from_unix(1));
    let intents: Vec<Intent> = (0..40)
        .map(|app| {
            let app = AppId::from(format!("app{app}"));
            Intent::new(ACME, app, Command::CancelGrayRelease, ().into(), now)
        })
        .collect();
    // The first one provides ids for all of them.
    store.open_intent(&p1, &intents[0]).await.unwrap();
    let opened = intents[1..].iter().map(|intent| store.open_intent(&p1, intent));
    futures::future::try_join_all(opened).await.unwrap();
    assert_eq!(writes().await, 2);
    let settled = Settled::unknown();
    let closed = intents.iter().map(|intent| store.close_intent(&p1, intent, &settled, now));
    futures::future::try_join_all(closed).await.unwrap();
    assert_eq!(writes().await, 1);
    assert_eq!(store.pending_intents(&PlatformKey::new(ACME, "p1")).await.unwrap().intents, []);
}

#[tokio::test]
async fn what_waits_behind_a_write_when_the_store_is_closed_is_refused() {
    let test = "what_waits_behind_a_write_when_the_store_is_closed_is_refused";
    let Some(url) = postgres::database(test) else { return };
    let store = PostgresStore::migrate(&url, options()).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    store.receive(&event(1)).await.unwrap();
    let holder = hold_lanes(&pool).await;
    let receiver = store.clone();
    let under_way = tokio::spawn(async move { receiver.receive(&event(2)).await });
    until_waiting(&pool, 1).await;
    let waiting = event(3);
    let (refused, (), committed) = tokio::join!(store.receive(&waiting), store.close(), holder.commit());
    committed.unwrap();
    assert!(matches!(under_way.await.unwrap(), Ok(Received::New(_))), "what was under way is finished");
    let error = refused.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, "receive"), "{error}");
}
