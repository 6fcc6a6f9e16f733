//! Sealing with a key, and key rotation.

use super::*;

suite![
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
];

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
        (
            "SELECT hex(plan) || hex(control) FROM rollouts",
            "SELECT encode(plan, 'hex') || encode(control, 'hex') FROM miniprogram.rollouts",
        ),
        ("SELECT hex(state) FROM rollout_apps", "SELECT encode(state, 'hex') FROM miniprogram.rollout_apps"),
        (
            "SELECT hex(entry) FROM rollout_ledger",
            "SELECT encode(entry, 'hex') FROM miniprogram.rollout_ledger",
        ),
        (
            "SELECT hex(signal) FROM rollout_signals",
            "SELECT encode(signal, 'hex') FROM miniprogram.rollout_signals",
        ),
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
    assert_eq!((report.open_values, report.sealed_with.values().sum::<u64>()), (0, 13));
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
    assert_eq!(first.reseal().await.unwrap(), 13);
    assert_eq!(first.reseal().await.unwrap(), 0);
    assert!(!stored_bytes(&place).await.contains(&hex(CANARY)));
    first.close().await;
    assert_no_canary_in_files(&place);

    let second = place.store_with(keys(b'b', b"a")).await;
    assert_eq!(second.token(&scope("app1")).await.unwrap(), record);
    assert_eq!(second.check(at(0)).await.unwrap().sealed_with.len(), 1);
    assert_eq!(second.reseal().await.unwrap(), 13);
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

/// Asserts that the error concerns the key and names the ids, and that nothing was done.
fn assert_wrong_key(error: &Error, ids: &[String]) {
    let about = (error.kind(), error.outcome(), error.field());
    assert_eq!(about, (ErrorKind::Store, Outcome::NotDone, Some("MINIPROGRAM_STORE_KEY")), "{error}");
    assert!(ids.iter().all(|id| error.to_string().contains(id)), "{error} does not name {ids:?}");
    assert!(error.advice().contains("MINIPROGRAM_STORE_KEY"), "{error:#}");
}

/// Asserts that every way to open the store is refused with these keys.
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
    assert_eq!(report.sealed_with, [(id_of(b'a'), 13)].into(), "nothing was written with another key");
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
    let why = unsealed.replaced_key().await.unwrap().unwrap();
    assert!(why.contains("no key is given") && why.contains(&id_of(b'a')), "{why}");
    let after = sealed.check(at(0)).await.unwrap();
    assert_eq!((after.open_values, after.rows), (before.open_values, before.rows), "nothing was written");
    assert_eq!(sealed.reseal().await.unwrap(), 16);
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
    // It still runs, and everyone can read what it writes.
    old.save_ticket(&key(), &ticket("second", 2)).await.unwrap();
    assert_eq!(new.ticket(&key()).await.unwrap(), Some(ticket("second", 2)));
    assert_eq!(old.replaced_key().await.unwrap(), None);
    // No other process starts without the new key.
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
    assert_eq!(new.replaced_key().await.unwrap(), None);
    for store in [&old, &late] {
        let why = store.replaced_key().await.unwrap().unwrap();
        assert!([b'a', b'b'].into_iter().all(|letter| why.contains(&id_of(letter))), "{why}");
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

/// As the README describes it: a daemon and commands write continuously, and no write fails.
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
    // Every process can read both; the daemon seals with the old key, a command with the new one.
    let daemon = place.store_with(keys(b'a', b"b")).await;
    let command = place.store_with(keys(b'b', b"a")).await;
    let (one, other) = (write(&daemon, "daemon"), write(&command, "command"));
    ids.extend(one.await.unwrap());
    ids.extend(other.await.unwrap());
    let sealed_with = daemon.check(at(0)).await.unwrap().sealed_with;
    assert_eq!(sealed_with.len(), 2, "{sealed_with:?}");
    daemon.close().await;
    // Now all seal with the new one, while everything is resealed.
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

/// Resealing was interrupted: the old key is still needed.
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

/// The store of an earlier version knows its keys only by its values.
async fn the_keys_of_an_earlier_version_are_found(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    fill_with_secrets(&store).await;
    store.close().await;
    place
        .statement_of(
            "DROP TABLE rollouts; DROP TABLE rollout_apps; DROP TABLE rollout_ledger; DROP TABLE rollout_signals; \
             DROP INDEX intents_closed; DROP TABLE keys; ALTER TABLE store DROP COLUMN keys_generation; \
             DELETE FROM _sqlx_migrations WHERE version >= 3",
            "DROP TABLE rollouts, rollout_apps, rollout_ledger, rollout_signals; DROP INDEX intents_closed; \
             DROP FUNCTION verify_rollout, verify_rollout_app, verify_rollout_entry, verify_rollout_signal; \
             DROP FUNCTION receive_events, claim_events, give_back_events, open_intents, close_intents; \
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
    assert_eq!(records, 8);
    let error = reader.ticket(&key()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone));
    assert!(error.to_string().contains("without its secrets"), "{error}");
    for (reason, lacks_key) in unread(&reader).await {
        assert!(reason.contains("without its secrets") && lacks_key, "{reason}");
    }
    let ticket = Ticket::new("t".into(), at(0), at(0));
    assert_eq!(reader.save_ticket(&key(), &ticket).await.unwrap_err().kind(), ErrorKind::Store);
}

/// Why the token, the event and the open effect of `fill_with_secrets` are unreadable, and whether a key is missing.
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
