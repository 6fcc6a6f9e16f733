//! Events: received once, in order per app, until they are done.

use super::*;

suite![
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
    closed_effects_and_dead_events_are_pruned,
    an_app_is_done_and_claimed_again_with_one_write,
    an_event_whose_app_is_idle_is_claimed_when_it_is_received,
    an_event_whose_app_is_busy_is_not_claimed_when_it_is_received,
    a_claim_of_what_was_received_is_like_any_other,
    what_is_received_twice_is_claimed_once,
    what_a_clock_that_ran_ahead_wrote_down_delays_nothing,
    the_dead_are_listed_and_replayed,
    an_event_that_is_replayed_waits_for_the_one_in_hand,
    done_events_are_pruned,
    sixteen_dispatchers_handle_each_event_once,
    entries_are_filtered_newest_first,
    the_next_event_of_an_app_is_claimed_if_it_is_due,
    an_app_that_was_found_out_is_certain,
    a_done_event_is_known_for_a_week,
];

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
    assert_eq!(entry(&store, a1).await.finished_at, Some(at(2)));
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

async fn receive_and_claim(store: &Arc<dyn Store>, app: &str, number: u32, now: Timestamp) -> Arrived {
    store.receive_and_claim(event(Some(app), json!({ "n": number })), "receiver", now, LEASE).await.unwrap()
}

/// Receives an event of an idle app, and claims it: with the same write, or if the store cannot do that, with the next.
async fn receive_claimed(store: &Arc<dyn Store>, app: &str, number: u32, now: Timestamp) -> Claim {
    match receive_and_claim(store, app, number, now).await {
        Arrived::Claimed(claim) => *claim,
        Arrived::Unclaimed(id) => {
            let claim = store.claim("receiver", now, LEASE, 1).await.unwrap().remove(0);
            assert_eq!(claim.entry.id, id);
            claim
        }
        other => panic!("neither new nor alone: {other:?}"),
    }
}

async fn an_event_whose_app_is_idle_is_claimed_when_it_is_received(place: Place) {
    let store = place.store_with(keys(b'a', &[])).await;
    let mut new = event(None, json!({ "ticket": CANARY, "part": 1.5, "big": u64::MAX })).with_bound(false);
    new.event.take_credential("ticket", EventCredential::Ticket);
    match store.receive_and_claim(new.clone(), "receiver", at(1), LEASE).await.unwrap() {
        Arrived::Claimed(claim) => {
            assert_eq!(
                claim.entry,
                entry(&store, claim.entry.id).await,
                "as it would be read from the store"
            );
            assert_eq!((claim.entry.attempts, claim.fence), (1, 1));
            assert_eq!(store.next_due().await.unwrap(), Some(at(31)), "when the claim is over");
            // The lane has had events before, and is idle again.
            store.complete(&claim, at(2)).await.unwrap();
            new.event.occurred_at = Some(at(5));
            new.event.payload["part"] = json!(2);
            let again = store.receive_and_claim(new, "receiver", at(3), LEASE).await.unwrap();
            assert!(matches!(&again, Arrived::Claimed(claim) if claim.fence == 1), "{again:?}");
            assert_eq!(store.next_due().await.unwrap(), Some(at(33)));
        }
        Arrived::Unclaimed(id) => {
            assert_eq!(place.kind(), "postgres", "the other one claims at once");
            let claim = store.claim("receiver", at(1), LEASE, 9).await.unwrap().remove(0);
            assert_eq!((claim.entry.id, &claim.entry.event), (id, &new.event));
        }
        other => panic!("{other:?}"),
    }
}

async fn an_event_whose_app_is_busy_is_not_claimed_when_it_is_received(place: Place) {
    let store = place.store().await;
    let beside = place.beside(&store).await;
    let arrives = async |store: &Arc<dyn Store>, number: u32, now: Timestamp| {
        let arrived = receive_and_claim(store, "a", number, now).await;
        assert!(matches!(arrived, Arrived::Waiting(_) | Arrived::Unclaimed(_)), "{number}: {arrived:?}");
    };
    // Behind an event that nobody has claimed, one in hand, and one that is postponed.
    receive(&store, "a", 1).await;
    arrives(&store, 2, at(1)).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    arrives(&beside, 3, at(2)).await;
    store.postpone(&claim, "not now", at(60)).await.unwrap();
    arrives(&store, 4, at(3)).await;
    let other = receive_claimed(&store, "b", 5, at(3)).await;
    store.complete(&other, at(3)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(60)), "the app waits for its first event");
    let mut seen = Vec::new();
    let mut next = store.claim("me", at(60), LEASE, 1).await.unwrap().pop();
    while let Some(claim) = next {
        seen.push(claim.entry.event.payload["n"].clone());
        next = store.complete_and_claim(&claim, "me", at(61), LEASE).await.unwrap();
    }
    assert_eq!(seen, [1, 2, 3, 4], "each when the one before it was done, in order");
    receive_claimed(&store, "a", 6, at(62)).await;
}

async fn a_claim_of_what_was_received_is_like_any_other(place: Place) {
    let store = place.store().await;
    let other = place.beside(&store).await;
    let first = receive_claimed(&store, "a", 1, at(1)).await;
    let id = first.entry.id;
    assert_eq!(claim_ids(&other, at(30)).await, [0; 0], "it is claimed for every process");
    assert_conflict(other.replay(id, at(30)).await);
    // Whoever was killed with it loses it at the end of the lease.
    let second = other.claim("next", at(31), LEASE, 9).await.unwrap().remove(0);
    assert_eq!((second.entry.id, second.entry.attempts), (id, 2));
    assert!(second.fence > first.fence);
    for result in [
        store.complete(&first, at(32)).await,
        store.postpone(&first, "late", at(99)).await,
        store.hand_back(&first, "late", at(99)).await,
        store.bury(&first, "late", at(32)).await,
        store.mark_bound(&first).await,
    ] {
        assert_conflict(result);
    }
    other.hand_back(&second, "not started", at(33)).await.unwrap();
    assert_eq!(entry(&store, id).await.attempts, 1);
    assert_eq!(store.next_due().await.unwrap(), Some(at(33)));
    let third = store.claim("me", at(33), LEASE, 9).await.unwrap().remove(0);
    store.postpone(&third, "not now", at(60)).await.unwrap();
    let fourth = store.claim("me", at(60), LEASE, 9).await.unwrap().remove(0);
    assert_eq!((fourth.entry.id, fourth.entry.attempts), (id, 3));
    store.bury(&fourth, "hopeless", at(61)).await.unwrap();
    // Given back before it was started, it is due at once and has lost no attempt.
    let fresh = receive_claimed(&store, "b", 1, at(70)).await;
    store.hand_back(&fresh, "the process stopped", at(70)).await.unwrap();
    let again = store.claim("me", at(70), LEASE, 9).await.unwrap().remove(0);
    assert_eq!((again.entry.id, again.entry.attempts), (fresh.entry.id, 1));
}

async fn what_is_received_twice_is_claimed_once(place: Place) {
    let store = place.store().await;
    let other = place.beside(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32 {
        let store = Arc::clone(if task % 2 == 0 { &store } else { &other });
        tasks.spawn(async move {
            let new = event(Some("a"), json!({ "n": 1 }));
            store.receive_and_claim(new, "receiver", at(1), LEASE).await.unwrap()
        });
    }
    let answers = tasks.join_all().await;
    let duplicates = answers.iter().filter(|answer| matches!(answer, Arrived::Duplicate(1))).count();
    assert_eq!(duplicates, 31, "{answers:?}");
    let entry = entry(&store, 1).await;
    assert_eq!(entry.deliveries, 32);
    let claims = store.claim("me", at(2), LEASE, 9).await.unwrap();
    assert_eq!(entry.attempts as usize + claims.len(), 1, "once, by either write");
}

/// A clock that ran a day ahead, and was corrected.
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

async fn the_next_event_of_an_app_is_claimed_if_it_is_due(place: Place) {
    let store = place.store().await;
    let pause = i64::try_from(LONGEST_PAUSE.as_secs()).unwrap();
    // A due time later than the longest pause from now was written by a clock that ran ahead.
    for (due, is_due) in [(10, true), (11, false), (10 + pause, false), (11 + pause, true)] {
        let app = format!("due at {due}");
        let first = receive(&store, &app, 1).await;
        let mut second = event(Some(&app), json!({ "n": 2 }));
        second.received_at = at(due);
        store.receive(&second).await.unwrap();
        let claims = store.claim("me", at(1), LEASE, 9).await.unwrap();
        let first = claims.iter().find(|claim| claim.entry.id == first).unwrap();
        let next = store.complete_and_claim(first, "me", at(10), LEASE).await.unwrap();
        assert_eq!(next.is_some(), is_due, "{app}");
    }
}

async fn an_app_that_was_found_out_is_certain(place: Place) {
    let store = place.store().await;
    let received = store.receive(&event(Some("a"), json!({})).with_bound(false)).await.unwrap();
    let Received::New(id) = received else { panic!("it is new") };
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    assert!(!claim.entry.bound);
    store.mark_bound(&claim).await.unwrap();
    assert!(entry(&store, id).await.bound);
    assert_eq!(entry(&store, id).await.state, InboxState::Pending);
}

/// Pruning no more than allowed keeps recognizing a push that is repeated within a week.
async fn a_done_event_is_known_for_a_week(place: Place) {
    let store = place.store().await;
    let id = receive(&store, "a", 1).await;
    let claim = store.claim("me", at(1), LEASE, 1).await.unwrap().remove(0);
    store.complete(&claim, at(1)).await.unwrap();
    let week = 7 * 24 * 3600;
    let memory = i64::try_from(SHORTEST_MEMORY.as_secs()).unwrap();
    assert_eq!(store.prune(at(1 + week - memory)).await.unwrap(), 0);
    let again = store.receive(&event(Some("a"), json!({ "n": 1 }))).await.unwrap();
    assert_eq!(again, Received::Duplicate(id));
    assert_eq!(store.prune(at(2 + week - memory)).await.unwrap(), 1, "and no longer");
}
