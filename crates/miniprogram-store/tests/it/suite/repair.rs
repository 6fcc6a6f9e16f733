//! Repair of damaged data.

use super::*;

suite![
    a_repair_gives_up_what_is_damaged_and_says_so,
    a_repair_drops_whole_rows_only_when_it_is_told_to,
    a_dry_repair_writes_nothing,
    what_lacks_its_key_is_left_by_a_repair,
    an_app_whose_next_event_was_lost_gets_it_anew,
    a_refresh_token_before_the_present_one_is_dropped_alone,
    a_state_that_is_none_is_recovered_from_the_vendor,
    of_a_closed_effect_the_outcome_stays,
];

/// A repair: table, app, column, action.
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

/// A store with damaged data in each table.
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
    // The effect is still open, and closed by a person.
    assert_eq!(store.pending_intents(&key()).await.unwrap().unreadable.len(), 1);
    let settled = Settled::not_done(Evidence::Asked);
    assert!(store.close_unreadable_intent(&key(), &app1(), &settled, at(101)).await.unwrap());
    assert_eq!(claim_ids(&store, at(101)).await, [2, 3], "the next events of both apps");
    // Only the dead letter is left.
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
    for told in [
        r#"event 1 is next in acme p1 "a", and is not pending there"#,
        r#"events of acme p1 "b" are pending, and none of them is next"#,
        r#"events of acme p1 "c" are pending, and none of them is next"#,
    ] {
        assert!(report.problems.iter().any(|problem| problem == told), "{told}: {:?}", report.problems);
    }
    let found = repaired(&store, RepairOptions::default()).await;
    let mut apps: Vec<_> = found.iter().map(|done| (done.0, done.1.as_deref(), done.3)).collect();
    apps.sort();
    let expected = ["a", "b", "c"].map(|app| ("lanes", Some(app), "found_anew"));
    assert_eq!(apps, expected);
    assert!(store.check(at(2)).await.unwrap().is_ok());
    assert_eq!(claim_ids(&store, at(2)).await, [2, 3]);
}

async fn a_refresh_token_before_the_present_one_is_dropped_alone(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    grant(&store, "app1", "a1", "r1").await;
    grant(&store, "app1", "a2", "r2").await;
    flip!(place, "tokens", "previous_refresh", "app = 'app1'");
    let done = repaired(&store, RepairOptions::default()).await;
    assert_eq!(done, [of("tokens", Some("app1"), "previous_refresh", "dropped")]);
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.state, record.refresh_token), (GrantState::Active, Some("r2".into())));
    assert_eq!((record.access, record.previous_refresh_token), (Some(access("a2")), None));
    assert!(store.check(at(100)).await.unwrap().is_ok());
}

async fn a_state_that_is_none_is_recovered_from_the_vendor(place: Place) {
    let store = place.store().await;
    grant(&store, "app1", "a1", "r1").await;
    grant(&store, "app1", "a2", "r2").await;
    place.statement("UPDATE tokens SET state = 'odd'").await;
    let done = repaired(&store, RepairOptions::default()).await;
    assert_eq!(done, [of("tokens", Some("app1"), "state", "needs_recovery")]);
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.state, record.unreadable.len()), (GrantState::NeedsRecovery, 0));
    assert_eq!((record.refresh_token, record.previous_refresh_token), (None, None), "they may be revoked");
    assert!(store.check(at(100)).await.unwrap().is_ok());
}

async fn of_a_closed_effect_the_outcome_stays(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let intent = release_of("app1", json!("v1"));
    store.open_intent(&"p1".into(), &intent).await.unwrap();
    let settled = Settled::done(EffectValue::Audit(AuditId::from("1234")), Evidence::Asked);
    store.close_intent(&"p1".into(), &intent, &settled, at(1)).await.unwrap();
    flip!(place, "intents", "effect", "app = 'app1'");
    flip!(place, "intents", "value", "app = 'app1'");
    let app = Some("app1");
    let done = repaired(&store, RepairOptions::default()).await;
    assert_eq!(done, [of("intents", app, "effect", "dropped"), of("intents", app, "value", "dropped")]);
    assert!(store.check(at(100)).await.unwrap().is_ok());
    assert_eq!(exported(&store).await[0]["outcome"], json!("done"));
}
