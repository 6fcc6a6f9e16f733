//! Tickets, tokens, leases and aliases.

use super::*;

suite![
    the_newest_ticket_by_its_creation_counts,
    a_lease_is_given_to_one_and_back,
    a_paused_holder_cannot_overwrite_its_successor,
    a_holder_that_died_leaves_word,
    sixty_four_race_and_one_is_granted,
    a_rotated_refresh_token_keeps_the_one_before,
    expire_compares_the_token,
    a_token_that_does_not_expire_is_usable_until_it_is_refused,
    grants_and_revocations_count_by_the_vendors_clock,
    a_revocation_during_a_renewal_wins,
    tokens_of_an_earlier_authorization_keep_the_later_time,
    an_alias_belongs_to_one_app,
    an_alias_that_cannot_be_kept_costs_no_token,
    a_write_that_fails_is_no_conflict,
    tokens_are_listed_in_order_and_in_pages,
];

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
    // Late, but not taken over.
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
    assert_eq!(record.state, GrantState::Active);
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

async fn a_token_that_does_not_expire_is_usable_until_it_is_refused(place: Place) {
    let store = place.store().await;
    let token = AccessToken::new("lasting").unwrap();
    let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
    let lasting = StoredAccess::new(&IssuedToken::lasting(token.clone()), at(0));
    store.commit(&lease, &NewTokens::new(Some(lasting.clone())), at(1)).await.unwrap();
    let record = store.token(&scope("app1")).await.unwrap().unwrap();
    assert_eq!((record.access.as_ref(), record.unreadable.as_slice()), (Some(&lasting), &[][..]));
    let access = record.usable(at(1_000_000_000)).unwrap();
    assert_eq!((access.expires_at, access.lifetime()), (None, None));
    assert!(store.expire(&scope("app1"), &token, at(2)).await.unwrap());
    assert_eq!(store.token(&scope("app1")).await.unwrap().unwrap().usable(at(3)), None);
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
    assert!(
        store.revoke(&scope("app1"), at(99), at(202)).await.unwrap(),
        "it is revoked, though not by this"
    );

    let (lease, _) = acquire(&store, &scope("app1"), at(203)).await;
    assert_conflict(store.commit(&lease, &granted, at(204)).await);
    let again = tokens("b", "s").with_granted_at(Some(at(102)));
    let record = store.commit(&lease, &again, at(205)).await.unwrap();
    assert_eq!((record.state, record.granted_at), (GrantState::Active, Some(at(102))));
    assert!(!store.revoke(&scope("app1"), at(101), at(206)).await.unwrap(), "the event came a third time");

    // In the same second: the vendor returned tokens, so the authorization came last.
    assert!(store.revoke(&scope("app2"), at(101), at(201)).await.unwrap());
    let (lease, _) = acquire(&store, &scope("app2"), at(203)).await;
    let together = tokens("a", "r").with_granted_at(Some(at(101)));
    assert_eq!(store.commit(&lease, &together, at(204)).await.unwrap().state, GrantState::Active);
    // A later event shows that the revocation did.
    assert!(store.revoke(&scope("app2"), at(101), at(205)).await.unwrap());
    assert_eq!(store.token(&scope("app2")).await.unwrap().unwrap().state, GrantState::Revoked);

    assert!(store.revoke(&scope("never seen"), at(5), at(5)).await.unwrap());
    let (lease, record) = acquire(&store, &scope("never seen"), at(6)).await;
    assert_eq!(record.state, GrantState::Revoked);
    // Recovery without an event: the vendor confirms the authorization.
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

async fn an_alias_that_cannot_be_kept_costs_no_token(place: Place) {
    let store = place.store().await;
    for (number, odd) in ["", "gh_\0"].into_iter().enumerate() {
        let (lease, _) = acquire(&store, &scope("app1"), at(0)).await;
        let tokens = tokens("a", &format!("r{number}")).with_alias(Some(odd.to_owned()));
        let record = store.commit(&lease, &tokens, at(0)).await.unwrap();
        assert_eq!((record.alias, record.refresh_token), (None, tokens.refresh_token));
        assert_eq!(store.token(&scope("app1")).await.unwrap().unwrap().alias, None);
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
    let tokens = tokens("a", "r").with_alias(Some("gh_1".to_owned()));
    for error in [
        store.bind_alias(&scope("app1"), "gh_1", at(0)).await.unwrap_err(),
        store.commit(&lease, &tokens, at(0)).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Store, None), "{error}");
    }
    assert_eq!(
        store.token(&scope("app1")).await.unwrap().unwrap().generation,
        0,
        "nothing of it was written"
    );
}

async fn an_alias_belongs_to_one_app(place: Place) {
    let store = place.store().await;
    let find = |id: &'static str| {
        let store = Arc::clone(&store);
        async move { store.app_of_alias(&key(), id).await.unwrap() }
    };
    assert_eq!(find("gh_1").await, None);
    store.bind_alias(&scope("app1"), "gh_1", at(0)).await.unwrap();
    store.bind_alias(&scope("app1"), "gh_1", at(1)).await.unwrap();
    assert_eq!(find("gh_1").await, Some("app1".into()));
    assert_conflict(store.bind_alias(&scope("app2"), "gh_1", at(2)).await);
    assert_eq!(find("gh_1").await, Some("app1".into()));
    let elsewhere = TokenScope::authorizer(ACME, "p2".into(), "app9".into());
    store.bind_alias(&elsewhere, "gh_1", at(2)).await.unwrap();
    // Tokens matter more than the binding: they are stored whatever the id is.
    let (lease, _) = acquire(&store, &scope("app2"), at(3)).await;
    let stolen = tokens("a", "r").with_alias(Some("gh_1".to_owned()));
    let record = store.commit(&lease, &stolen, at(3)).await.unwrap();
    assert_eq!((record.alias, record.refresh_token), (None, Some("r".into())));
    let (lease, _) = acquire(&store, &scope("app2"), at(4)).await;
    let own = tokens("a", "r").with_alias(Some("gh_2".to_owned()));
    assert_eq!(store.commit(&lease, &own, at(4)).await.unwrap().alias.as_deref(), Some("gh_2"));
    assert_eq!(find("gh_2").await, Some("app2".into()));
    store.revoke(&scope("app2"), at(5), at(5)).await.unwrap();
    assert_eq!(find("gh_2").await, Some("app2".into()), "it is the app's, authorized or not");
    let platform = TokenScope::platform(ACME, "p1".into());
    let error = store.bind_alias(&platform, "gh_3", at(6)).await.unwrap_err();
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
