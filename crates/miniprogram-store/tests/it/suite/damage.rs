//! Unreadable data is reported, and blocks nothing else.

use super::*;

suite![
    an_empty_secret_is_unreadable,
    an_event_that_lacks_its_key_holds_back_its_app_alone,
    a_damaged_event_goes_to_the_dead_and_holds_nothing_back,
    a_damaged_event_is_listed_among_the_others,
    an_event_that_lost_its_app_does_not_hold_the_app_back,
    a_damaged_token_is_named_and_the_others_are_listed,
    new_tokens_replace_what_cannot_be_read,
    a_refresh_token_that_cannot_be_read_is_kept_until_another_comes,
    a_refresh_token_that_alone_lacks_its_key_is_kept,
    a_record_without_a_scope_is_left_out_and_named,
    a_damaged_ticket_is_replaced_by_the_next,
    a_damaged_open_effect_is_named_and_closed_by_a_person,
    a_value_moved_to_another_row_does_not_open,
    an_open_effect_that_lacks_its_key_is_not_closed_as_lost,
];

async fn an_empty_secret_is_unreadable(place: Place) {
    let store = place.store().await;
    fill_with_secrets(&store).await;
    // What is left is the mark of an unsealed value.
    place
        .statement("UPDATE tickets SET ticket = substr(ticket, 1, 1); UPDATE tokens SET refresh = substr(refresh, 1, 1)")
        .await;
    let error = store.ticket(&key()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("empty"), "{error}");
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    let part = record.obstacle().unwrap();
    assert!(part.column == "refresh" && part.reason.contains("empty"), "{part:?}");
    let unreadable = store.check(at(0)).await.unwrap().unreadable;
    let named: Vec<_> = unreadable.iter().map(|value| (value.table, value.column)).collect();
    assert_eq!(named, [("tickets", "ticket"), ("tokens", "refresh")]);
}

async fn an_event_that_lacks_its_key_holds_back_its_app_alone(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    // A process with a newer key receives an event before this process knows that key.
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
    let dead = exported(&store).await.into_iter().find(|record| record["id"] == json!(a1)).unwrap();
    assert_eq!(dead["attempts"], json!(0), "no handler saw it");
    assert_eq!(store.prune_dead(at(1)).await.unwrap(), 0, "it is as old as its death");
    assert_eq!(store.prune_dead(at(2)).await.unwrap(), 1);
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
    assert_eq!((damaged.vendor.as_deref(), damaged.platform.as_deref()), (Some("acme"), Some("p1")));
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

    // A damaged access token alone blocks nothing: it is renewed.
    flip!(place, "tokens", "access", "app = 'app3'");
    let record = store.token(&scope("app3")).await.unwrap().unwrap();
    assert_eq!((record.state, record.access.is_none(), record.obstacle()), (GrantState::Active, true, None));
    assert_eq!((record.unreadable[0].column, record.refresh_token), ("access", Some("r".into())));

    // Whether it was revoked is no longer known.
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

/// The access token and the previous refresh token are readable: they say nothing about the current refresh token.
async fn a_refresh_token_that_alone_lacks_its_key_is_kept(place: Place) {
    let without = place.store_with(keys(b'a', &[])).await;
    grant(&without, "app1", "a1", "r1").await;
    let store = place.store_with(keys(b'b', b"a")).await;
    grant(&store, "app1", "a2", "r2").await;
    for token in ["a3", "a4"] {
        let (lease, _) = acquire(&without, &scope("app1"), at(1)).await;
        without.commit(&lease, &NewTokens::new(Some(access(token))), at(1)).await.unwrap();
    }
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.access, record.refresh_token), (Some(access("a4")), Some("r2".into())));
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
    assert_eq!(damaged.started_at, Some(at(0)));
    // It is open: no other effect is started.
    store.pending_intent(&p1, ACME, &app1()).await.unwrap_err();
    store.open_intent(&p1, &release_of("app1", json!("v2"))).await.unwrap_err();
    assert!(store.close_unreadable_intent(&key(), &app1(), &settled, at(2)).await.unwrap());
    assert!(!store.close_unreadable_intent(&key(), &app1(), &settled, at(3)).await.unwrap());
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), None);
    store.open_intent(&p1, &release_of("app1", json!("v2"))).await.unwrap();
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

async fn an_open_effect_that_lacks_its_key_is_not_closed_as_lost(place: Place) {
    let without = place.store_with(keys(b'a', &[])).await;
    let store = place.store_with(keys(b'b', b"a")).await;
    let (p1, intent) = (PlatformId::from("p1"), release_of("app1", json!("v1")));
    store.open_intent(&p1, &intent).await.unwrap();
    let settled = Settled::not_done(Evidence::Asked);
    assert_conflict(without.close_unreadable_intent(&key(), &app1(), &settled, at(1)).await);
    assert_eq!(store.pending_intent(&p1, ACME, &app1()).await.unwrap(), Some(intent));
}
