//! Rollouts: who drives, and what a step writes.

use miniprogram_store::rollouts::{
    AppStep, ControlStep, Drive, Driving, LONGEST_DRIVE, NewEntry, NewRollout, NewRolloutApp, Progress,
    RolloutApp, RolloutFilter, RolloutId, RolloutRecord, SealedText, Steps,
};

use super::*;

suite![
    an_interrupted_start_continues,
    a_rollout_is_driven_by_one_process,
    a_driver_that_was_taken_over_writes_nothing,
    a_lease_of_a_clock_that_ran_ahead_is_over,
    steps_are_written_together_or_not_at_all,
    due_apps_come_by_priority_then_by_time,
    apps_are_listed_and_counted,
    signals_wait_until_somebody_has_acted_on_them,
    a_callback_reaches_every_rollout_of_its_app,
    an_app_that_cannot_be_read_is_set_aside,
    an_entry_that_cannot_be_read_is_set_aside,
    damaged_parts_of_a_rollout_are_dropped,
    names_that_break_a_rule_are_refused,
    apps_that_an_older_rollout_has_not_left_are_found,
    rollouts_that_ended_long_ago_are_deleted_whole_and_no_others,
];

fn text(text: &str) -> SealedText {
    SealedText::new(text)
}

fn new(apps: u64) -> NewRollout {
    NewRollout::new("spring", "hash-1", text("the plan")).with_control(text("begun")).with_apps(apps)
}

fn waiting() -> Progress {
    Progress::new("waiting", text("{}")).due_at(Some(at(0)))
}

fn app(name: &str) -> NewRolloutApp {
    NewRolloutApp::new(ACME, name.into(), waiting())
}

fn entry(kind: &str, words: &str) -> NewEntry {
    NewEntry::new(at(1), kind, text(words))
}

/// A complete rollout of some apps.
async fn rollout(store: &Arc<dyn Store>, apps: Vec<NewRolloutApp>) -> RolloutId {
    let id = store.create_rollout(&new(apps.len() as u64), at(0)).await.unwrap();
    store.add_rollout_apps(id, apps).await.unwrap();
    id
}

async fn record(store: &Arc<dyn Store>) -> RolloutRecord {
    store.rollout("spring").await.unwrap().unwrap()
}

async fn drive(store: &Arc<dyn Store>, id: RolloutId, owner: &str, now: Timestamp) -> Drive {
    match store.drive_rollout(id, owner, None, now, LEASE).await.unwrap() {
        Driving::Granted(drive) => drive,
        other => panic!("not granted: {other:?}"),
    }
}

async fn apps(store: &Arc<dyn Store>, id: RolloutId) -> Vec<RolloutApp> {
    store.rollout_apps(id, &RolloutFilter::new(100)).await.unwrap().apps
}

fn steps(apps: Vec<AppStep>) -> Steps {
    let mut steps = Steps::default();
    steps.apps = apps;
    steps
}

/// A rollout whose every sealed column contains a canary.
pub(super) async fn fill_with_secrets(store: &Arc<dyn Store>) {
    let new = NewRollout::new("secret", "hash", text(CANARY)).with_control(text(CANARY)).with_apps(1);
    let id = store.create_rollout(&new, at(0)).await.unwrap();
    let progress = Progress::new("waiting", text(CANARY));
    store.add_rollout_apps(id, vec![NewRolloutApp::new(ACME, "app1".into(), progress)]).await.unwrap();
    let driver = drive(store, id, "me", at(0)).await;
    let read = store.rollout_apps(id, &RolloutFilter::new(1)).await.unwrap().apps.remove(0);
    let step = AppStep::of(&read, Progress::new("waiting", text(CANARY)), vec![entry("began", CANARY)]);
    store.commit_steps(&driver, steps(vec![step]), at(1)).await.unwrap();
    store.leave_rollout(&driver).await.unwrap();
    store.signal_rollout(id, None, text(CANARY), at(1)).await.unwrap();
}

async fn an_interrupted_start_continues(place: Place) {
    let store = place.store().await;
    let id = store.create_rollout(&new(3), at(0)).await.unwrap();
    store.add_rollout_apps(id, vec![app("a"), app("b")]).await.unwrap();
    assert!(!record(&store).await.complete);
    assert_conflict(store.drive_rollout(id, "me", None, at(1), LEASE).await);

    assert_eq!(store.create_rollout(&new(3), at(5)).await.unwrap(), id);
    let mut moved = app("a");
    moved.wave = 9;
    store.add_rollout_apps(id, vec![moved, app("b"), app("c")]).await.unwrap();
    let read = record(&store).await;
    assert!(read.complete);
    assert_eq!((read.apps, read.created_at, read.version), (3, at(0), 1));
    assert_eq!(apps(&store, id).await[0].wave, 0, "an app that was there is left as it was");
    drive(&store, id, "me", at(1)).await;

    assert_conflict(store.add_rollout_apps(id, vec![app("d")]).await);
    assert_eq!(apps(&store, id).await.len(), 3);
    assert_conflict(store.create_rollout(&new(4), at(6)).await);
    let other = NewRollout::new("spring", "hash-2", text("another plan")).with_apps(3);
    assert_conflict(store.create_rollout(&other, at(6)).await);
    assert_eq!(store.rollout_plan(id).await.unwrap(), Some(text("the plan")));
    assert_eq!(store.rollout_plan(RolloutId::new(99)).await.unwrap(), None);
    assert_conflict(store.add_rollout_apps(RolloutId::new(99), vec![app("d")]).await);
}

async fn a_rollout_is_driven_by_one_process(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a")]).await;
    let first = drive(&store, id, "first", at(0)).await;
    let second = store.drive_rollout(id, "second", None, at(29), LEASE).await.unwrap();
    assert_eq!(second, Driving::Held { owner: "first".to_owned(), until: at(30) });
    assert_eq!(record(&store).await.driver, Some(("first".to_owned(), at(30))));

    let renewed = match store.drive_rollout(id, "first", Some(&first), at(29), LEASE).await.unwrap() {
        Driving::Granted(drive) => drive,
        other => panic!("{other:?}"),
    };
    assert_eq!((renewed.fence, renewed.until), (first.fence, at(59)));
    // A driver that was late renews as long as nobody has taken over.
    store.drive_rollout(id, "first", Some(&renewed), at(70), LEASE).await.unwrap();

    store.leave_rollout(&renewed).await.unwrap();
    assert_eq!(record(&store).await.driver, None);
    assert_conflict(store.drive_rollout(id, "first", Some(&renewed), at(71), LEASE).await);
    let third = drive(&store, id, "third", at(71)).await;
    assert!(third.fence > first.fence);
    store.leave_rollout(&first).await.unwrap();
    assert!(record(&store).await.driver.is_some(), "an earlier driver cannot end the lease of a later one");
}

async fn a_driver_that_was_taken_over_writes_nothing(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a")]).await;
    let first = drive(&store, id, "first", at(0)).await;
    let read = apps(&store, id).await.remove(0);
    let second = drive(&store, id, "second", at(31)).await;
    let late = AppStep::of(&read, Progress::new("uploading", text("late")), vec![entry("late", "late")]);
    assert_conflict(store.commit_steps(&first, steps(vec![late.clone()]), at(32)).await);
    assert_conflict(store.drive_rollout(id, "first", Some(&first), at(32), LEASE).await);
    assert_eq!(apps(&store, id).await, [read]);
    assert!(store.ledger(id, None, 0, 9).await.unwrap().is_empty());
    store.commit_steps(&second, steps(vec![late]), at(33)).await.unwrap();
    store.leave_rollout(&second).await.unwrap();
    let read = apps(&store, id).await.remove(0);
    let after = AppStep::of(&read, waiting(), Vec::new());
    assert_conflict(store.commit_steps(&second, steps(vec![after]), at(34)).await);
}

async fn a_lease_of_a_clock_that_ran_ahead_is_over(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a")]).await;
    let ahead = store.drive_rollout(id, "ahead", None, at(100_000), LONGEST_DRIVE * 9).await.unwrap();
    let Driving::Granted(ahead) = ahead else { panic!("{ahead:?}") };
    assert_eq!(ahead.until, at(100_000).after(LONGEST_DRIVE));
    drive(&store, id, "right", at(1)).await;
}

async fn steps_are_written_together_or_not_at_all(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a"), app("b")]).await;
    let driver = drive(&store, id, "me", at(0)).await;
    let read = apps(&store, id).await;
    let next = Progress::new("uploading", text("up")).due_at(Some(at(9)));
    let evidence = vec![entry("upload", "one"), entry("answer", "two")];
    let mut all = steps(vec![AppStep::of(&read[0], next.clone(), evidence)]);
    all.control = Some(ControlStep::of(&record(&store).await, text("going"), vec![entry("wave", "opened")]));
    store.commit_steps(&driver, all, at(5)).await.unwrap();

    let after = apps(&store, id).await;
    assert_eq!((&after[0].progress, after[0].version), (&next, 2));
    assert_eq!(after[1], read[1]);
    let told = record(&store).await;
    assert_eq!((told.control.expose(), told.version, told.updated_at), ("going", 2, at(5)));
    let app_a = Some((ACME, AppId::from("a")));
    let ledger = store.ledger(id, app_a.clone(), 0, 9).await.unwrap();
    let found: Vec<_> = ledger.iter().map(|entry| (entry.seq, entry.entry.entry.expose())).collect();
    assert_eq!(found, [(1, "one"), (2, "two")]);
    assert_eq!(ledger[1].app, app_a);
    assert_eq!(store.ledger(id, app_a.clone(), ledger[0].id, 9).await.unwrap(), ledger[1..]);
    let whole = store.ledger(id, None, 0, 9).await.unwrap();
    assert_eq!((whole.len(), whole[2].app.clone(), whole[2].seq), (3, None, 1));

    // The second step was decided on a row that has changed since: the first one is not written either.
    let stale = vec![
        AppStep::of(&read[1], next.clone(), vec![entry("upload", "lost")]),
        AppStep::of(&read[0], waiting(), Vec::new()),
    ];
    assert_conflict(store.commit_steps(&driver, steps(stale), at(6)).await);
    let mut stale = steps(vec![AppStep::of(&read[1], next, Vec::new())]);
    stale.control = Some(ControlStep::of(&told, text("gone"), Vec::new()));
    stale.control.as_mut().unwrap().version = 1;
    assert_conflict(store.commit_steps(&driver, stale, at(6)).await);
    assert_eq!(apps(&store, id).await, after);
    assert_eq!(store.ledger(id, None, 0, 9).await.unwrap(), whole);

    let mut last = Steps::default();
    last.control = Some(ControlStep::of(&told, text("over"), Vec::new()).with_ended(true));
    store.commit_steps(&driver, last, at(7)).await.unwrap();
    assert_eq!(record(&store).await.ended_at, Some(at(7)));
    let before = place.beside(&store).await.rollouts(9).await.unwrap();
    assert_eq!(before, [record(&store).await]);
}

async fn due_apps_come_by_priority_then_by_time(place: Place) {
    let store = place.store().await;
    let due = |name: &str, priority, seconds| {
        let progress = Progress::new("waiting", text("{}")).due_at(Some(at(seconds)));
        NewRolloutApp::new(ACME, name.into(), progress).with_place(0, priority)
    };
    let mut idle = app("idle");
    idle.progress.due_at = None;
    let mut other = due("other", 9, 0);
    other.vendor = BETA;
    let all =
        vec![due("late", 0, 8), due("early", 0, 2), due("first", 5, 7), due("not yet", 9, 11), idle, other];
    let id = rollout(&store, all).await;
    let page = store.due_apps(id, ACME, at(10), 9).await.unwrap();
    let names: Vec<_> = page.apps.iter().map(|app| app.app.as_str()).collect();
    assert_eq!(names, ["first", "early", "late"]);
    assert_eq!(store.due_apps(id, ACME, at(10), 1).await.unwrap().apps.len(), 1);
    // However many priorities there are.
    let many =
        |number: u32| due(&format!("app {number}"), i64::from(number % 40) - 20, 9 - i64::from(number / 40));
    let mut named = new(80);
    named.name = "many".to_owned();
    let all = (0..80).map(many).collect();
    let many = store.create_rollout(&named, at(0)).await.unwrap();
    store.add_rollout_apps(many, all).await.unwrap();
    for limit in [1, 15, 39, 80, 99] {
        let page = store.due_apps(many, ACME, at(10), limit).await.unwrap();
        let order: Vec<_> = page.apps.iter().map(|app| (-app.priority, app.progress.due_at)).collect();
        assert_eq!(order.len(), limit.min(80) as usize);
        assert!(order.is_sorted(), "{order:?}");
        assert!(
            order.iter().enumerate().all(|(at, (priority, _))| *priority == at as i64 / 2 - 19),
            "{order:?}"
        );
    }
    assert_eq!(store.next_due_app(id, at(7)).await.unwrap(), Some(at(8)));
    assert_eq!(store.next_due_app(id, at(11)).await.unwrap(), None);
    assert_eq!(store.next_due_app(RolloutId::new(99), at(0)).await.unwrap(), None);
}

async fn apps_are_listed_and_counted(place: Place) {
    let store = place.store().await;
    let mut all: Vec<_> =
        (0..5).map(|number| app(&format!("app{number}")).with_place(number / 3, 0)).collect();
    all[4].vendor = BETA;
    all[2].progress.phase = "released".to_owned();
    let id = rollout(&store, all).await;
    let page = store.rollout_apps(id, &RolloutFilter::new(2)).await.unwrap();
    assert_eq!(page.apps.len(), 2);
    let next = store.rollout_apps(id, &RolloutFilter::new(9).after(page.next.unwrap())).await.unwrap();
    assert_eq!((next.apps.len(), next.next), (3, None));
    let count = async |filter: RolloutFilter| store.rollout_apps(id, &filter).await.unwrap().apps.len();
    let all = RolloutFilter::new(9);
    assert_eq!(count(all.clone().of_vendor(Some(BETA))).await, 1);
    assert_eq!(count(all.clone().of_wave(Some(1))).await, 2);
    assert_eq!(count(all.clone().in_phase(Some("released".to_owned()))).await, 1);
    assert_eq!(count(all.of_app(Some("app3".into()))).await, 1);
    let counts = store.count_phases(id).await.unwrap();
    let counts: Vec<_> =
        counts.iter().map(|count| (count.wave, count.vendor, count.phase.as_str(), count.apps)).collect();
    assert_eq!(
        counts,
        [(0, ACME, "released", 1), (0, ACME, "waiting", 2), (1, ACME, "waiting", 1), (1, BETA, "waiting", 1)]
    );
}

async fn signals_wait_until_somebody_has_acted_on_them(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a")]).await;
    let beside = place.beside(&store).await;
    beside.signal_rollout(id, None, text("pause"), at(1)).await.unwrap();
    let app_a = Some((ACME, AppId::from("a")));
    beside.signal_rollout(id, app_a.clone(), text("skip"), at(2)).await.unwrap();
    let waiting = store.signals(id, 9).await.unwrap();
    let found: Vec<_> =
        waiting.iter().map(|signal| (signal.app.clone(), signal.at, signal.signal.expose())).collect();
    assert_eq!(found, [(None, at(1), "pause"), (app_a.clone(), at(2), "skip")]);
    let driver = drive(&store, id, "me", at(3)).await;
    let mut acted = Steps::default();
    acted.signals.push(waiting[0].id);
    store.commit_steps(&driver, acted, at(3)).await.unwrap();
    assert_eq!(store.signals(id, 9).await.unwrap(), waiting[1..]);

    assert_conflict(store.signal_rollout(RolloutId::new(99), None, text("pause"), at(1)).await);
    let stranger = Some((ACME, AppId::from("stranger")));
    assert_conflict(store.signal_rollout(id, stranger, text("skip"), at(1)).await);
}

async fn a_callback_reaches_every_rollout_of_its_app(place: Place) {
    let store = place.store().await;
    let spring = rollout(&store, vec![app("a"), app("b")]).await;
    let autumn = NewRollout::new("autumn", "hash", text("plan")).with_apps(1);
    let autumn = store.create_rollout(&autumn, at(0)).await.unwrap();
    let ended = Progress::new("released", text("{}")).with_ended(true);
    store.add_rollout_apps(autumn, vec![NewRolloutApp::new(ACME, "a".into(), ended)]).await.unwrap();
    let verdict = |app: &'static str| {
        let store = Arc::clone(&store);
        async move { store.signal_app(ACME, &app.into(), text("verdict"), at(1)).await.unwrap() }
    };
    assert_eq!((verdict("a").await, verdict("stranger").await), (1, 0));
    assert_eq!(store.signals(spring, 9).await.unwrap()[0].app, Some((ACME, "a".into())));
    assert!(store.signals(autumn, 9).await.unwrap().is_empty());
}

async fn an_app_that_cannot_be_read_is_set_aside(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a"), app("b")]).await;
    place.statement("UPDATE rollout_apps SET state = substr(state, 1, 0) WHERE app = 'a'").await;
    let page = store.rollout_apps(id, &RolloutFilter::new(9)).await.unwrap();
    assert_eq!(page.apps.len(), 1);
    let [unreadable] = &page.unreadable[..] else { panic!("{page:?}") };
    assert_eq!((unreadable.app.as_deref(), unreadable.lacks_key), (Some("a"), false));
    let due = store.due_apps(id, ACME, at(1), 9).await.unwrap();
    assert_eq!((due.apps.len(), due.unreadable.len()), (1, 1));
    let report = store.check(at(1)).await.unwrap();
    assert_eq!(report.unreadable.len(), 1, "{report:?}");
}

async fn an_entry_that_cannot_be_read_is_set_aside(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a"), app("b")]).await;
    let driver = drive(&store, id, "me", at(0)).await;
    let read = apps(&store, id).await;
    let step = |app, entries| AppStep::of(app, waiting(), entries);
    let written = vec![
        step(&read[0], vec![entry("began", "one"), entry("answer", "two")]),
        step(&read[1], vec![entry("began", "three")]),
    ];
    store.commit_steps(&driver, steps(written), at(1)).await.unwrap();
    place.statement("UPDATE rollout_ledger SET entry = substr(entry, 1, 0) WHERE seq = 2").await;
    assert_eq!(store.ledger(id, None, 0, 9).await.unwrap_err().kind(), ErrorKind::Store);
    let page = store.ledger_page(id, None, 0, 9).await.unwrap();
    let found: Vec<_> = page.entries.iter().map(|entry| entry.entry.entry.expose()).collect();
    let [unreadable] = &page.unreadable[..] else { panic!("{page:?}") };
    assert_eq!((found, page.next), (vec!["one", "three"], None));
    assert_eq!((unreadable.app.as_deref(), unreadable.lacks_key), (Some("a"), false));
    // A page that ends with such an entry is continued after it.
    let first = store.ledger_page(id, None, 0, 2).await.unwrap();
    assert_eq!((first.entries.len(), first.unreadable.len(), first.next), (1, 1, Some(unreadable.id)));
    let second = store.ledger_page(id, None, unreadable.id, 2).await.unwrap();
    assert_eq!((second.entries.len(), second.next), (1, None));
}

async fn damaged_parts_of_a_rollout_are_dropped(place: Place) {
    let store = place.store().await;
    let id = rollout(&store, vec![app("a"), app("b")]).await;
    store.signal_rollout(id, None, text("pause"), at(1)).await.unwrap();
    let driver = drive(&store, id, "me", at(0)).await;
    let read = apps(&store, id).await;
    let step = AppStep::of(&read[0], waiting(), vec![entry("began", "one")]);
    store.commit_steps(&driver, steps(vec![step]), at(1)).await.unwrap();
    for damage in [
        "UPDATE rollout_apps SET state = substr(state, 1, 0) WHERE app = 'a'",
        "UPDATE rollout_ledger SET entry = substr(entry, 1, 0)",
        "UPDATE rollout_signals SET signal = substr(signal, 1, 0)",
    ] {
        place.statement(damage).await;
    }
    let repaired = |options: RepairOptions| {
        let store = Arc::clone(&store);
        async move {
            let mut done = Vec::new();
            let mut each = |repaired: &Repaired| {
                done.push((repaired.table, serde_json::to_value(repaired.action).unwrap()));
                Ok(())
            };
            store.repair(&options, at(9), &mut each).await.unwrap();
            done
        }
    };
    let (left, dropped) = (json!("left"), json!("dropped"));
    assert_eq!(
        repaired(RepairOptions::default()).await,
        [("rollout_apps", left.clone()), ("rollout_ledger", left), ("rollout_signals", dropped.clone())]
    );
    let mut drop = RepairOptions::default();
    drop.drop = true;
    assert_eq!(
        repaired(drop).await,
        [("rollout_apps", dropped.clone()), ("rollout_ledger", dropped.clone())]
    );
    assert_eq!(apps(&store, id).await.len(), 1);
    place.statement("UPDATE rollouts SET control = substr(control, 1, 0)").await;
    assert_eq!(repaired(drop).await, [("rollouts", dropped)]);
    assert_eq!(store.rollout("spring").await.unwrap(), None);
    assert!(apps(&store, id).await.is_empty());
}

async fn names_that_break_a_rule_are_refused(place: Place) {
    let store = place.store().await;
    let field = |error: Error| (error.kind(), error.field().map(str::to_owned));
    let refused = |name: &str| (ErrorKind::InvalidArgument, Some(name.to_owned()));
    for name in [String::new(), "x".repeat(101), "zero\0".to_owned()] {
        let new = NewRollout::new(name, "hash", text("plan"));
        assert_eq!(field(store.create_rollout(&new, at(0)).await.unwrap_err()), refused("name"));
    }
    let id = store.create_rollout(&new(1), at(0)).await.unwrap();
    for phase in ["", "In Review", &"x".repeat(64)] {
        let app = NewRolloutApp::new(ACME, "a".into(), Progress::new(phase, text("{}")));
        assert_eq!(field(store.add_rollout_apps(id, vec![app]).await.unwrap_err()), refused("phase"));
    }
    let app = NewRolloutApp::new(ACME, "".into(), waiting());
    assert_eq!(field(store.add_rollout_apps(id, vec![app]).await.unwrap_err()), refused("app"));
}

async fn apps_that_an_older_rollout_has_not_left_are_found(place: Place) {
    let store = place.store().await;
    let older = rollout(&store, vec![app("a"), app("b"), app("c")]).await;
    let newer =
        store.create_rollout(&NewRollout::new("summer", "hash-2", text("plan")).with_apps(2), at(1)).await;
    let newer = newer.unwrap();
    store.add_rollout_apps(newer, vec![app("a"), app("b")]).await.unwrap();
    let both = || vec!["a".into(), "b".into()];
    let found = store.apps_of_older_rollouts(newer, ACME, both()).await.unwrap();
    let [a, b] = &found[..] else { panic!("{found:?}") };
    assert_eq!((a.app.as_str(), b.app.as_str(), a.rollout), ("a", "b", older));
    assert_eq!((a.phase.as_str(), a.driven_until), ("waiting", None));
    assert!(store.apps_of_older_rollouts(older, ACME, both()).await.unwrap().is_empty(), "it is the oldest");

    let driver = drive(&store, older, "me", at(2)).await;
    let read = apps(&store, older).await;
    let ended = Progress::new("superseded", text("{}")).with_ended(true);
    let left = AppStep::of(&read[0], ended, Vec::new());
    let begun = AppStep::of(&read[1], Progress::new("in_review", text("{}")), Vec::new());
    store.commit_steps(&driver, steps(vec![left, begun]), at(3)).await.unwrap();
    let found = store.apps_of_older_rollouts(newer, ACME, both()).await.unwrap();
    let [b] = &found[..] else { panic!("{found:?}") };
    assert_eq!((b.app.as_str(), b.phase.as_str(), b.driven_until), ("b", "in_review", Some(driver.until)));
    assert!(store.apps_of_older_rollouts(newer, Vendor::new("other"), both()).await.unwrap().is_empty());
}

/// A rollout with more rows than are deleted at a time; it has ended at that time, if at all.
async fn with_many_rows(store: &Arc<dyn Store>, name: &str, ended: Option<Timestamp>) -> (RolloutId, Drive) {
    let apps: Vec<_> = (0..600).map(|number| app(&format!("{name}-{number}"))).collect();
    let new = NewRollout::new(name, "hash", text("plan")).with_apps(600);
    let id = store.create_rollout(&new, at(0)).await.unwrap();
    store.add_rollout_apps(id, apps).await.unwrap();
    let driver = drive(store, id, "me", at(0)).await;
    let page = store.rollout_apps(id, &RolloutFilter::new(999)).await.unwrap();
    let written = page.apps.iter().map(|app| AppStep::of(app, waiting(), vec![entry("began", "one")]));
    store.commit_steps(&driver, steps(written.collect()), at(1)).await.unwrap();
    if let Some(ended) = ended {
        let record = store.rollout(name).await.unwrap().unwrap();
        let mut last = Steps::default();
        last.control = Some(ControlStep::of(&record, text("over"), Vec::new()).with_ended(true));
        store.commit_steps(&driver, last, ended).await.unwrap();
    }
    (id, driver)
}

async fn rows_of(store: &Arc<dyn Store>, id: RolloutId) -> (usize, usize) {
    let apps = store.rollout_apps(id, &RolloutFilter::new(999)).await.unwrap().apps.len();
    (apps, store.ledger(id, None, 0, 999).await.unwrap().len())
}

async fn rollouts_that_ended_long_ago_are_deleted_whole_and_no_others(place: Place) {
    let store = place.store().await;
    let (old, driver) = with_many_rows(&store, "old", Some(at(100))).await;
    let (open, open_driver) = with_many_rows(&store, "open", None).await;
    let (late, late_driver) = with_many_rows(&store, "late", Some(at(200))).await;
    let (wanted, wanted_driver) = with_many_rows(&store, "wanted", Some(at(100))).await;
    store.leave_rollout(&open_driver).await.unwrap();
    store.leave_rollout(&late_driver).await.unwrap();
    store.leave_rollout(&wanted_driver).await.unwrap();
    store.signal_rollout(wanted, None, text("roll back"), at(150)).await.unwrap();
    assert_eq!(store.prune_rollouts(at(150)).await.unwrap(), 0, "a process drives it");
    store.leave_rollout(&driver).await.unwrap();
    assert_eq!(store.prune_rollouts(at(100)).await.unwrap(), 0, "it ended then, and not before");
    assert_eq!(store.prune_rollouts(at(150)).await.unwrap(), 1);
    assert!(store.rollout("old").await.unwrap().is_none());
    assert_eq!(rows_of(&store, old).await, (0, 0));
    for kept in [open, late, wanted] {
        assert_eq!(rows_of(&store, kept).await, (600, 600));
    }
    // What an interrupted deletion has left is not driven, and is deleted by the next one.
    place.statement("UPDATE rollouts SET complete = 0 WHERE name = 'late'").await;
    let error = store.drive_rollout(late, "me", None, at(201), LEASE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(store.prune_rollouts(at(201)).await.unwrap(), 1);
    assert_eq!(rows_of(&store, late).await, (0, 0));
}
