//! The journal of effects.

use super::*;

suite![
    one_effect_is_open_per_app,
    an_effect_of_the_platform_is_its_own,
    a_later_attempt_replaces_the_open_one,
    open_intents_are_found_oldest_first,
    intents_race_and_one_is_opened,
    an_intent_is_read_back_as_it_was_written,
    what_became_of_an_intent_is_written_once,
    a_closed_effect_is_found_by_its_command,
    a_journal_writes_down_what_its_platform_does,
];

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

async fn a_closed_effect_is_found_by_its_command(place: Place) {
    let store = place.store().await;
    let p1 = PlatformId::from("p1");
    let done = |audit: &str| Settled::done(EffectValue::Audit(AuditId::from(audit)), Evidence::Asked);
    let release = release_of("app1", Value::Null);
    let cancel = Intent::new(ACME, app1(), Command::CancelGrayRelease, Value::Null, at(1));
    let found = async |command: &Command, since: i64| {
        let found = store.closed_intent(&p1, ACME, &app1(), command, at(since)).await.unwrap();
        found.map(|effect| (effect.intent, effect.settled))
    };
    store.open_intent(&p1, &release).await.unwrap();
    assert_eq!(found(&release.target, 0).await, None, "it is open");
    store.close_intent(&p1, &release, &done("1"), at(10)).await.unwrap();
    store.open_intent(&p1, &cancel).await.unwrap();
    store.close_intent(&p1, &cancel, &Settled::not_done(Evidence::Asked), at(11)).await.unwrap();
    assert_eq!(found(&release.target, 10).await, Some((release.clone(), done("1"))));
    assert_eq!(found(&release.target, 11).await, None, "it was closed before");
    assert_eq!(
        found(&Command::ExpediteAudit { audit: AuditId::from("1").into() }, 0).await,
        None,
        "another command"
    );
    let elsewhere = store.closed_intent(&"p2".into(), ACME, &app1(), &release.target, at(0)).await.unwrap();
    assert_eq!(elsewhere, None);
    // The latest counts.
    store.open_intent(&p1, &release).await.unwrap();
    store.close_intent(&p1, &release, &done("2"), at(12)).await.unwrap();
    assert_eq!(found(&release.target, 0).await, Some((release, done("2"))));
}

async fn an_effect_of_the_platform_is_its_own(place: Place) {
    let store = place.store().await;
    let (p1, own) = (PlatformId::from("p1"), SubjectId::Platform("p1".into()));
    let intent = Intent::new(ACME, own.clone(), Command::delete_template(&"7".into()), Value::Null, at(0));
    store.open_intent(&p1, &intent).await.unwrap();
    store.open_intent(&p1, &release_of("app1", Value::Null)).await.unwrap();
    assert_conflict(store.open_intent(&p1, &intent).await);
    assert_eq!(store.pending_intent(&p1, ACME, &own).await.unwrap(), Some(intent.clone()));
    let open = store.pending_intents(&key()).await.unwrap().intents;
    assert_eq!(open.iter().filter(|intent| intent.subject == own).collect::<Vec<_>>(), [&intent]);
    assert_eq!(open.len(), 2);
    // At another platform the same id belongs to an app.
    assert_eq!(store.pending_intent(&"p2".into(), ACME, &own).await.unwrap(), None);
    store.close_intent(&p1, &intent, &Settled::unknown(), at(1)).await.unwrap();
    assert_eq!(store.pending_intent(&p1, ACME, &own).await.unwrap(), None);
    assert!(store.pending_intent(&p1, ACME, &app1()).await.unwrap().is_some());
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
    // Settling the first attempt in the meantime closes nothing any more.
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
        // For any method and any arguments.
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

async fn a_journal_writes_down_what_its_platform_does(place: Place) {
    let store = place.store().await;
    let clock = Arc::new(VirtualClock::new(at(70)));
    let journal = StoreJournal::new(store.clone(), "p1", clock);
    let intent = release_of("app1", json!("v1"));
    journal.open(&intent).await.unwrap();
    assert_eq!(store.pending_intent(&"p1".into(), ACME, &app1()).await.unwrap(), Some(intent.clone()));
    assert_eq!(journal.pending(ACME, &app1()).await.unwrap(), Some(intent.clone()));
    assert_eq!(journal.pending(BETA, &app1()).await.unwrap(), None);
    journal.close(&intent, &Settled::not_done(Evidence::Asked)).await.unwrap();
    assert_eq!(journal.pending(ACME, &app1()).await.unwrap(), None);
    let closed = &exported(&store).await[0];
    assert_eq!((&closed["outcome"], &closed["closed_at"]), (&json!("not_done"), &json!(at(70))));
}
