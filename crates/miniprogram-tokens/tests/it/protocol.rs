//! Every step of the protocol under every fault: what is stored is valid, or recovers without a person.

use std::time::Duration;

use miniprogram_core::authorization::RefreshTokenUse;
use miniprogram_core::clock::Clock;
use miniprogram_core::token::TokenProvider;
use miniprogram_core::{AppId, ErrorKind, Outcome};
use miniprogram_store::{GrantState, SqliteStore, StoreOptions, TokenStore};
use miniprogram_tokens::Alarm;

use crate::support::{
    Alarms, Bench, FaultyStore, MODELS, StoreFaults, app, builder, path, platform, scope, scope_of, until,
};
use crate::vendor::{CANARY, FakeVendor, Fault};

const FAULTS: [Fault; 6] =
    [Fault::None, Fault::NotSent, Fault::Busy, Fault::LostBefore, Fault::LostAfter, Fault::Empty];

/// Requests a token until there is one; every failure is an error that says so.
async fn settle(bench: &Bench, app: &AppId) {
    for _ in 0..4 {
        match bench.manager.token(&scope_of(app.clone())).await {
            Ok(token) => {
                assert!(bench.vendor.accepts(app, &token), "what is handed out is good");
                return;
            }
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
                assert!(!format!("{error:#} {error:?}").contains(CANARY));
            }
        }
    }
    panic!("there is still no token");
}

#[tokio::test]
async fn a_refresh_under_every_sequence_of_faults_loses_no_token() {
    for model in MODELS {
        let bench = Bench::empty(model).await;
        let mut sequence: u64 = 0;
        for (first, second, third) in sequences() {
            sequence += 1;
            let app = AppId::from(sequence);
            bench.authorize(&app).await;
            // Only the app's token: the platform's is valid for a month.
            let token = bench.manager.token(&scope_of(app.clone())).await.unwrap();
            bench.manager.reject(&scope_of(app.clone()), &token).await.unwrap();
            bench.vendor.fail([first, second, third]);
            settle(&bench, &app).await;
            bench.vendor.fail([]);
            bench.assert_intact_of(&app).await;
            assert!(bench.alarms.raised().is_empty(), "{model:?} {first:?} {second:?} {third:?}");
        }
    }
}

/// Every sequence of three faults.
fn sequences() -> impl Iterator<Item = (Fault, Fault, Fault)> {
    let pairs = FAULTS.into_iter().flat_map(|first| FAULTS.into_iter().map(move |second| (first, second)));
    pairs.flat_map(|(first, second)| FAULTS.into_iter().map(move |third| (first, second, third)))
}

#[tokio::test]
async fn an_exchange_under_every_sequence_of_faults_loses_no_authorization() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        let mut sequence: u64 = 0;
        for (first, second, third) in sequences() {
            sequence += 1;
            let app = AppId::from(sequence);
            let code = bench.vendor.authorize(&app);
            bench.vendor.fail([first, second, third]);
            // The same call again, as from a redelivered event.
            for attempt in 1.. {
                let (platform, at) = (platform(), Some(bench.now()));
                let result = bench.aside(bench.manager.exchange(&platform, &code, Some(&app), at)).await;
                match result {
                    Ok(authorized) => {
                        assert_eq!(authorized.app, app);
                        break;
                    }
                    Err(error) => assert!(attempt < 5, "{model:?} {first:?} {second:?} {third:?} {error:#}"),
                }
            }
            bench.vendor.fail([]);
            bench.assert_intact_of(&app).await;
        }
    }
}

#[tokio::test]
async fn no_answer_is_followed_by_one_repetition_and_then_by_recovery() {
    let single_use = [
        // The vendor's faults, and the number of refresh, recover and exchange calls.
        (vec![Fault::LostBefore], (2, 0, 1)),
        (vec![Fault::LostAfter], (2, 1, 2)),
        (vec![Fault::LostBefore, Fault::LostBefore], (2, 1, 2)),
        (vec![Fault::LostAfter, Fault::None, Fault::None, Fault::LostBefore], (2, 1, 3)),
        (vec![Fault::LostAfter, Fault::None, Fault::None, Fault::LostAfter], (2, 2, 4)),
        (vec![Fault::Empty], (2, 1, 2)),
        (vec![Fault::EmptyRefreshToken], (2, 1, 2)),
        (vec![Fault::OtherApp], (2, 1, 2)),
    ];
    for (faults, calls) in single_use {
        let bench = Bench::new(RefreshTokenUse::SingleUse).await;
        bench.expire();
        bench.vendor.fail(faults.clone());
        bench.token().await.unwrap_or_else(|error| panic!("{faults:?}: {error:#}"));
        let vendor = &bench.vendor;
        let counted = (vendor.calls("refresh"), vendor.calls("recover"), vendor.calls("exchange"));
        assert_eq!(counted, calls, "{faults:?}");
        bench.assert_intact().await;
    }
    let bench = Bench::new(RefreshTokenUse::Repeatable).await;
    bench.expire();
    bench.vendor.fail([Fault::LostAfter, Fault::LostAfter]);
    let error = bench.token().await.unwrap_err();
    assert_eq!(
        (error.kind(), bench.vendor.calls("refresh"), bench.vendor.calls("recover")),
        (ErrorKind::Timeout, 2, 0)
    );
    bench.token().await.unwrap();
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_code_that_our_own_lost_call_spent_is_no_refusal() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    let lost = [Fault::LostAfter, Fault::None];
    let (recovered, exchanged) = (Fault::None, lost);
    // The refresh is lost; both recovered codes are used up by exchanges whose responses are lost.
    bench.vendor.fail([
        lost[0],
        lost[1],
        recovered,
        exchanged[0],
        exchanged[1],
        recovered,
        exchanged[0],
        exchanged[1],
    ]);
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((bench.vendor.calls("recover"), bench.vendor.calls("exchange")), (2, 5));
    assert_eq!(bench.record().await.state, GrantState::Active);
    assert!(bench.alarms.raised().is_empty());
    bench.token().await.unwrap();
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_refused_refresh_token_is_recovered() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        bench.vendor.spoil_refresh_token(&app());
        bench.token().await.unwrap();
        assert_eq!(bench.vendor.calls("recover"), 1);
        bench.assert_intact().await;
        assert!(bench.alarms.raised().is_empty());
    }
}

#[tokio::test]
async fn what_can_neither_be_refreshed_nor_recovered_needs_the_merchant() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        let before = bench.record().await;
        bench.expire();
        bench.vendor.revoke(&app());
        let error = bench.token().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unauthorized, Outcome::NotDone));
        assert!(error.advice().contains("authorize the platform again"), "{}", error.advice());
        let record = bench.record().await;
        assert_eq!(record.state, GrantState::NeedsReauthorization);
        assert_eq!(
            (record.refresh_token, record.generation),
            (before.refresh_token, before.generation),
            "the row is kept"
        );
        assert_eq!(bench.alarms.raised(), [Alarm::NeedsReauthorization { scope: scope() }]);

        // The vendor is not queried again, here or elsewhere.
        let calls = bench.vendor.calls("refresh");
        for manager in [bench.manager.clone(), bench.second()] {
            assert_eq!(manager.token(&scope()).await.unwrap_err().kind(), ErrorKind::Unauthorized);
            assert_eq!(manager.refresh(&scope()).await.unwrap_err().kind(), ErrorKind::Unauthorized);
        }
        assert_eq!(bench.vendor.calls("refresh"), calls);
        assert_eq!(bench.alarms.raised().len(), 1);

        // The merchant authorizes again.
        bench.clock.advance(Duration::from_secs(1));
        bench.authorize(&app()).await;
        bench.token().await.unwrap();
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn recovery_can_be_asked_for_by_hand() {
    for model in MODELS {
        // Authorized elsewhere: nothing is stored.
        let bench = Bench::empty(model).await;
        bench.vendor.authorize(&app());
        let error = bench.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(error.advice().contains("auth recover"), "{}", error.advice());
        assert_eq!(bench.vendor.calls("recover"), 0);
        if model == RefreshTokenUse::SingleUse {
            let status = bench.manager.recover(&platform(), &app()).await.unwrap();
            assert_eq!((status.generation, status.refreshable), (1, true));
            bench.token().await.unwrap();
            bench.assert_intact().await;
        }
        let unknown = bench.manager.recover(&platform(), &"nobody".into()).await.unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Unauthorized);
        assert!(bench.alarms.raised().is_empty(), "nothing was lost");
    }
}

/// A separate runtime, which can be killed with everything on it.
fn process() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_process_that_dies_between_send_and_commit_loses_nothing() {
    for model in MODELS {
        // The call in which the process dies: the refresh, its repetition, the recovery, the exchange of the recovered
        // code.
        for faults in [
            vec![Fault::Hang],
            vec![Fault::LostBefore, Fault::Hang],
            vec![Fault::LostAfter, Fault::Hang],
            vec![Fault::LostAfter, Fault::None, Fault::Hang],
            vec![Fault::LostAfter, Fault::None, Fault::None, Fault::Hang],
        ] {
            let first = process();
            let bench = first.block_on(Bench::new(model));
            bench.expire();
            bench.vendor.fail(faults.clone());
            let hangs = first.block_on(async {
                let manager = bench.manager.clone();
                let caller = tokio::spawn(async move { manager.token(&scope()).await });
                tokio::select! {
                    _ = bench.vendor.hanging.acquire() => true,
                    _ = caller => false,
                }
            });
            assert!(hangs || model == RefreshTokenUse::Repeatable, "{faults:?}");
            let Bench { clock, vendor, store, alarms, directory, manager, .. } = bench;
            drop((manager, store));
            first.shutdown_timeout(Duration::from_secs(5));
            vendor.fail([]);

            let second = process();
            second.block_on(async {
                let _busy = clock.enter();
                let store = FaultyStore::create(&directory).await;
                let manager = builder(&store, &vendor, &clock, &alarms).with_owner("second").build().unwrap();
                let token =
                    manager.token(&scope()).await.unwrap_or_else(|error| panic!("{faults:?}: {error:#}"));
                assert!(vendor.accepts(&app(), &token));
                let record = store.inner.token(&scope()).await.unwrap().unwrap();
                assert!(vendor.is_valid(&app(), &record.refresh_token.unwrap()), "{model:?} {faults:?}");
                assert!(alarms.raised().is_empty());
            });
            second.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_stored_is_kept_and_handed_out_only_when_it_is() {
    for written in [false, true] {
        let bench = Bench::new(RefreshTokenUse::SingleUse).await;
        bench.expire();
        bench.store.fail(StoreFaults { commits: 4, written, ..StoreFaults::default() });
        let error = bench.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.advice().contains("keep the process running"), "{}", error.advice());
        assert_eq!(bench.alarms.raised(), [Alarm::UnsavedToken { scope: scope() }]);
        if !written {
            // Meanwhile nothing is refreshed, and no unstored token is returned.
            assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Store);
            assert_eq!(bench.manager.refresh(&scope()).await.unwrap_err().kind(), ErrorKind::Store);
            let filter = miniprogram_store::TokenFilter::new(10);
            let status = bench.manager.status(&filter).await.unwrap();
            assert!(status.iter().any(|status| status.unsaved));
        }
        assert_eq!(bench.vendor.calls("refresh"), 1);
        // The test pauses, and advances past the retries.
        let before = bench.now();
        while bench.alarms.raised().len() < 2 {
            bench.clock.sleep(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
        assert!(written || bench.now().since(before) >= Duration::from_secs(7), "pauses grow: 1, 2, 4 s");
        assert_eq!(bench.alarms.raised()[1], Alarm::TokenSaved { scope: scope() });
        let token = bench.token().await.unwrap();
        assert!(bench.vendor.accepts(&app(), &token));
        assert_eq!((bench.vendor.calls("refresh"), bench.vendor.calls("recover")), (1, 0));
        bench.assert_intact().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_managers_over_one_store_refresh_once_per_expiry() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        let second = bench.second();
        for expiry in 1..=50 {
            bench.expire();
            let callers = (0..20).map(|caller| {
                let manager = if caller % 2 == 0 { bench.manager.clone() } else { second.clone() };
                let clock = bench.clock.clone();
                tokio::spawn(async move {
                    let _busy = clock.enter();
                    manager.token(&scope()).await.unwrap().secret().expose().to_owned()
                })
            });
            let tokens = bench.aside(futures::future::join_all(callers)).await;
            let mut tokens: Vec<_> = tokens.into_iter().map(Result::unwrap).collect();
            tokens.dedup();
            assert_eq!(tokens.len(), 1);
            assert_eq!(bench.vendor.calls("refresh"), expiry, "{model:?}");
        }
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_paused_holder_of_the_lease_cannot_overwrite_its_successor() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        bench.vendor.fail([Fault::Hang]);
        let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
        let paused = tokio::spawn(async move {
            let _busy = clock.enter();
            manager.token(&scope()).await
        });
        bench.vendor.hanging.acquire().await.unwrap().forget();
        let before = bench.now();
        let successor = bench.second().token(&scope()).await.unwrap();
        let waited = bench.now().since(before);
        assert!((60..63).contains(&waited.as_secs()), "the lease is waited for: {waited:?}");
        let stored = bench.record().await;
        bench.vendor.gate.add_permits(1);
        assert_eq!(paused.await.unwrap().unwrap(), successor, "the newer one wins, also for who was paused");
        assert_eq!(bench.record().await, stored);
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_lease_that_is_nearly_over_ends_the_sending() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.vendor.fail([Fault::HangAndLose]);
    let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
    let before = bench.now();
    let slow = tokio::spawn(async move {
        let _busy = clock.enter();
        manager.token(&scope()).await
    });
    bench.vendor.hanging.acquire().await.unwrap().forget();
    bench.clock.advance(Duration::from_secs(45));
    bench.vendor.gate.add_permits(1);
    // After no response the steps would exceed the lease: they use another one.
    until("the second lease", || async {
        bench.record().await.lease.is_none_or(|lease| lease.fence > 2) || {
            bench.clock.sleep(Duration::from_secs(1)).await;
            false
        }
    })
    .await;
    slow.await.unwrap().unwrap();
    assert!(bench.now().since(before) >= Duration::from_secs(60));
    assert_eq!((bench.vendor.calls("refresh"), bench.vendor.calls("recover")), (2, 1));
    bench.assert_intact().await;
}

#[tokio::test]
async fn an_outage_during_an_open_renewal_is_told_at_once_and_settled_later() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    // No response to the refresh; then the vendor is unreachable.
    bench.vendor.fail([Fault::LostAfter, Fault::NotSent, Fault::NotSent, Fault::NotSent]);
    let before = bench.now();
    for _ in 0..3 {
        assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert!(bench.now().since(before) < Duration::from_secs(10), "nobody waits for the own lease to run out");
    bench.token().await.unwrap();
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_store_that_is_down_stops_everything_and_loses_nothing() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
    assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(bench.vendor.calls("refresh"), 0, "nothing is sent that could not be written down");
    bench.store.fail(StoreFaults::default());
    bench.token().await.unwrap();
    bench.assert_intact().await;
}

#[tokio::test]
async fn a_second_process_opens_what_the_first_left() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    let token = bench.token().await.unwrap();
    let Bench { clock, vendor, store, alarms, directory, manager, .. } = bench;
    drop((manager, store));
    let options = StoreOptions::default().as_daemon();
    until("the end of the first daemon", || async {
        SqliteStore::open(path(&directory), options.clone()).await.is_ok()
    })
    .await;
    let store = FaultyStore::create(&directory).await;
    let manager = builder(&store, &vendor, &clock, &alarms).build().unwrap();
    assert_eq!(manager.token(&scope()).await.unwrap(), token);
    assert_eq!(vendor.calls("refresh"), 0);
}

#[tokio::test]
async fn a_refused_platform_token_is_replaced_once_and_the_call_repeated() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    bench.expire();
    bench.vendor.replace_platform_token();
    bench.token().await.unwrap();
    assert_eq!((bench.vendor.calls("platform_token"), bench.vendor.calls("refresh")), (2, 2));
    bench.assert_intact().await;
}

#[tokio::test]
async fn without_a_ticket_the_error_says_what_to_do() {
    let alarms = std::sync::Arc::new(Alarms::default());
    let directory = tempfile::TempDir::new().unwrap();
    let store = FaultyStore::create(&directory).await;
    let clock = miniprogram_core::clock::VirtualClock::new(crate::support::start());
    let vendor = FakeVendor::new(RefreshTokenUse::SingleUse, &clock);
    let _busy = clock.enter();
    let manager = builder(&store, &vendor, &clock, &alarms).build().unwrap();
    let request = miniprogram_core::authorization::AuthorizationRequest::new("https://shop.example");
    let error = manager.authorization_url(&platform(), &request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("ticket")));
    assert!(error.advice().contains("auth ticket"), "{}", error.advice());

    // A ticket that the vendor refuses.
    manager.save_ticket(&platform(), &"stale".into(), crate::support::start()).await.unwrap();
    let error = manager.authorization_url(&platform(), &request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::TokenRejected, Some("ticket")));
    assert_eq!(vendor.calls("platform_token"), 1);

    // An older one does not replace it, a newer one does.
    let older = crate::support::start();
    let ticket = vendor.ticket();
    let hour = Duration::from_secs(3600);
    assert!(
        !manager
            .save_ticket(&platform(), &"older".into(), miniprogram_core::Timestamp::from_unix(1))
            .await
            .unwrap()
    );
    assert!(manager.save_ticket(&platform(), &ticket, older.after(hour)).await.unwrap());
    let link = manager.authorization_url(&platform(), &request).await.unwrap();
    assert!(link.url.contains("shop.example") && !format!("{link:?}").contains("http"));
}
