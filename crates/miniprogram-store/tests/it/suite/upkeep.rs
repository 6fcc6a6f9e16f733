//! The store as a whole: kept, checked, exported, closed.

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
    assert_eq!(store.pending_intent(&"p1".into(), ACME, &"app1".into()).await.unwrap(), Some(intent));
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
