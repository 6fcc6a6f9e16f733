//! The store as a whole: pruned, checked, exported, closed.

use super::*;

suite![
    what_is_committed_outlives_the_handle,
    arguments_that_break_a_rule_are_refused,
    a_check_tells_what_is_there_and_what_is_wrong,
    an_export_leaves_secrets_out,
    a_closed_store_says_so,
    no_error_and_no_debug_output_shows_a_secret,
];

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
        refused(store.bind_alias(&scope("app1"), odd, at(0)).await.unwrap_err(), "alias");
    }
    refused(store.ticket(&PlatformKey::new(ACME, "")).await.unwrap_err(), "platform");
    refused(store.receive(&event(Some(""), json!({}))).await.unwrap_err(), "app");
    // A NUL character inside a message is content, and preserved.
    let odd = event(Some("app1"), json!({ "text": "a\0b" }));
    let Received::New(id) = store.receive(&odd).await.unwrap() else { panic!("it is new") };
    assert_eq!(entry(&store, id).await.event, odd.event);
    let claims = store.claim("me", at(1), LEASE, 1).await.unwrap();
    store.postpone(&claims[0], "zero \0 in a text", at(2)).await.unwrap();
}

async fn a_check_tells_what_is_there_and_what_is_wrong(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    acquire(&store, &scope("app9"), at(0)).await;
    let report = store.check(at(10)).await.unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.schema_version, 6);
    let rows: Vec<_> = report.rows.into_iter().collect();
    let of_rollouts = [("rollout_apps", 1), ("rollout_ledger", 1), ("rollout_signals", 1), ("rollouts", 1)];
    assert_eq!(rows[..2], [("events", 1), ("intents", 2)]);
    assert_eq!((&rows[2..6], &rows[6..]), (&of_rollouts[..], &[("tickets", 1), ("tokens", 2)][..]));
    assert_eq!((report.open_intents, report.expired_leases, report.open_values), (1, 0, 13));
    assert_eq!(store.check(at(31)).await.unwrap().expired_leases, 1);

    place.statement("UPDATE events SET event = substr(event, 1, 20)").await;
    place.statement("UPDATE tokens SET state = 'odd' WHERE app = 'app9'").await;
    let report = store.check(at(10)).await.unwrap();
    assert!(!report.is_ok());
    let found: Vec<_> = report.unreadable.iter().map(|value| (value.table, value.column)).collect();
    assert_eq!(found, [("tokens", "state"), ("events", "event")]);
    let listed = store.entries(&InboxFilter::new(9)).await.unwrap();
    let Listed::Unreadable(cut) = &listed[0] else { panic!("it was read: {listed:?}") };
    assert!(cut.reason.contains("does not fit at column 1"), "{cut:?}");
    assert_eq!(claim_ids(&store, at(10)).await, [0; 0], "it is not handed over");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.dead, counts.unreadable), (0, 1, 1), "and not lost");

    place.statement("UPDATE events SET state = 'odd'").await;
    let unreadable = store.check(at(10)).await.unwrap().unreadable;
    let found: Vec<_> = unreadable.iter().map(|value| (value.table, value.column)).collect();
    assert_eq!(found, [("tokens", "state"), ("events", "state"), ("events", "event")]);
}

async fn an_export_leaves_secrets_out(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    store.bind_alias(&scope("app1"), "gh_1", at(5)).await.unwrap();
    let (lease, _) = acquire(&store, &scope("app1"), at(6)).await;
    let granted = tokens(CANARY, CANARY).with_granted_at(Some(at(4)));
    store.commit(&lease, &granted, at(7)).await.unwrap();
    let (lease, _) = acquire(&store, &scope("app1"), at(8)).await;
    let claim = store.claim("me", at(9), LEASE, 1).await.unwrap().remove(0);
    store.postpone(&claim, "nobody was there", at(70)).await.unwrap();
    let records = exported(&store).await;
    assert!(!json!(records).to_string().contains(CANARY), "{records:?}");
    let of_acme = |mut record: Value| {
        (record["vendor"], record["platform"]) = (json!("acme"), json!("p1"));
        record
    };
    let intent = json!({ "record": "intent", "operation": "set_name", "attempt": 1, "started_at": at(0) });
    let with = |mut record: Value, more: Value| {
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of_acme(record)
    };
    let expected = [
        of_acme(json!({
            "record": "ticket", "id": 1, "created_at": at(0), "received_at": at(0), "age_seconds": 60,
        })),
        of_acme(json!({
            "record": "token", "id": 1, "kind": "authorizer", "app": "app1", "state": "active", "generation": 3,
            "access": { "issued_at": at(0), "expires_at": at(7200), "age_seconds": 60, "refused": false },
            "has_refresh_token": true, "has_previous_refresh_token": true, "granted_at": at(4),
            "original_id": "gh_1", "lease": { "owner": "me", "fence": lease.info.fence, "until": at(38) },
            "updated_at": at(8),
        })),
        with(intent.clone(), json!({ "id": records[2]["id"], "app": "app1" })),
        with(
            intent,
            json!({
                "id": records[3]["id"], "app": "app2", "outcome": "done", "evidence": "asked", "closed_at": at(1),
            }),
        ),
        of_acme(json!({
            "record": "event", "id": 1, "app": "app1", "identity": claim.entry.identity, "kind": "audit_approved",
            "state": "pending", "last_error": "nobody was there", "deliveries": 1, "attempts": 1, "bound": true,
            "received_at": at(0), "due_at": at(70),
        })),
        json!({
            "record": "rollout", "id": 1, "name": "secret", "plan_hash": "hash", "version": 1, "apps": 1,
            "complete": true, "created_at": at(0), "updated_at": at(0),
        }),
        json!({
            "record": "rollout_app", "id": 1, "rollout": 1, "vendor": "acme", "app": "app1", "wave": 0,
            "priority": 0, "phase": "waiting", "version": 2, "ended": false,
        }),
        json!({
            "record": "rollout_entry", "id": 1, "rollout": 1, "vendor": "acme", "app": "app1", "seq": 1,
            "at": at(1), "kind": "began",
        }),
    ];
    assert_eq!(records, expected);

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
    let (p1, intent) = (PlatformId::from("p1"), release_of("app1", Value::Null));
    store.open_intent(&p1, &intent).await.unwrap();
    receive(&store, "app1", 1).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.close().await;
    store.close().await;
    let settled = Settled::unknown();
    let operations = [
        ("receive", store.receive(&event(Some("app1"), json!({}))).await.map(drop)),
        ("complete", store.complete(&claim, at(1)).await),
        ("open_intent", store.open_intent(&p1, &release_of("app2", Value::Null)).await),
        ("close_intent", store.close_intent(&p1, &intent, &settled, at(1)).await),
        ("app_of_alias", store.app_of_alias(&key(), "gh_1").await.map(drop)),
    ];
    for (operation, ended) in operations {
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, operation), "{error}");
    }
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
