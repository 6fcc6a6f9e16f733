//! One renewal for all waiting callers, whoever gives up.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use futures::future::join_all;
use futures::task::noop_waker;
use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::token::TokenProvider;
use miniprogram_core::{Error, ErrorKind, Language, Outcome, Timestamp};
use miniprogram_store::{NewTokens, TokenStore};

use crate::support::{Bench, MODELS, Overtaken, StoreFaults, app, builder, platform, scope, start, until};
use crate::vendor::Fault;

const CALLERS: usize = 100;

/// 100 callers that need a token at the same time, each with its own busy mark.
async fn all_call(bench: &Bench) -> String {
    let callers = (0..CALLERS).map(|_| {
        let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
        tokio::spawn(async move {
            let _busy = clock.enter();
            manager.token(&scope()).await.unwrap().secret().expose().to_owned()
        })
    });
    let mut tokens: Vec<_> = join_all(callers).await.into_iter().map(Result::unwrap).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "everybody gets the same token");
    tokens.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_and_a_thousand_expiries_bring_one_refresh_each() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        for expiry in 1..=1000 {
            if expiry % 2 == 0 {
                bench.expire();
            } else {
                // All calls were refused, and all callers report it.
                let token = bench.token().await.unwrap();
                let before = bench.record().await.generation;
                let (manager, token) = (&bench.manager, &token);
                let scope = scope();
                let callers = (0..CALLERS).map(|_| manager.reject(&scope, token));
                join_all(callers).await.into_iter().for_each(|result| result.unwrap());
                assert_eq!(
                    bench.record().await.generation,
                    before,
                    "a rejection refreshes nothing by itself"
                );
            }
            let token = all_call(&bench).await;
            assert_eq!(bench.vendor.calls("refresh"), expiry, "{model:?}");
            assert_eq!(bench.record().await.access.unwrap().token.secret().expose(), token);
        }
        assert_eq!((bench.vendor.calls("exchange"), bench.vendor.calls("recover")), (1, 0));
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_late_rejection_of_an_older_token_does_nothing() {
    let bench = Bench::new(MODELS[1]).await;
    let old = bench.token().await.unwrap();
    bench.manager.reject(&scope(), &old).await.unwrap();
    let new = bench.token().await.unwrap();
    assert_ne!(old, new);
    // In this process, and in a new one.
    bench.manager.reject(&scope(), &old).await.unwrap();
    bench.second().reject(&scope(), &old).await.unwrap();
    assert_eq!(bench.token().await.unwrap(), new);
    assert_eq!(bench.second().token(&scope()).await.unwrap(), new);
    assert_eq!(bench.vendor.calls("refresh"), 1);
    // Neither it nor a repeated report reaches the store.
    bench.manager.reject(&scope(), &new).await.unwrap();
    bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
    bench.manager.reject(&scope(), &new).await.expect("the store has been told");
    bench.store.fail(StoreFaults::default());
    let newest = bench.token().await.unwrap();
    bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
    bench.manager.reject(&scope(), &old).await.expect("another one is at hand");
    assert_eq!(bench.token().await.unwrap(), newest);
}

#[tokio::test]
async fn a_token_that_was_refused_while_the_store_was_down_is_not_handed_out_again() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        let refused = bench.token().await.unwrap();
        bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
        assert_eq!(bench.manager.reject(&scope(), &refused).await.unwrap_err().kind(), ErrorKind::Store);
        assert_eq!(bench.token().await.unwrap_err().kind(), ErrorKind::Store);
        bench.store.fail(StoreFaults::default());
        // The store still considers it valid.
        assert!(bench.record().await.usable(bench.now()).is_some());
        assert_ne!(bench.token().await.unwrap(), refused, "{model:?}");
        assert_eq!(bench.vendor.calls("refresh"), 1);
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_token_that_is_granted_again_after_its_refusal_is_handed_out() {
    let bench = Bench::new(MODELS[0]).await;
    let token = bench.token().await.unwrap();
    bench.store.fail(StoreFaults { down: true, ..StoreFaults::default() });
    bench.manager.reject(&scope(), &token).await.unwrap_err();
    bench.store.fail(StoreFaults::default());
    // Another process queried the vendor, which returned the same token again.
    let again = NewTokens::new(bench.record().await.access);
    bench.store.overtake(&scope(), Overtaken::Renewed(again), bench.now()).await.unwrap();
    assert_eq!(bench.token().await.unwrap(), token);
    assert_eq!(bench.vendor.calls("refresh"), 0);
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    let bench = Bench::new(MODELS[0]).await;
    let first = bench.token().await.unwrap();
    bench.clock.advance(Duration::from_millis(6_900_000 - 1));
    assert_eq!(bench.token().await.unwrap(), first);
    bench.clock.advance(Duration::from_millis(1));
    assert_ne!(bench.token().await.unwrap(), first, "five minutes before the end");
}

#[tokio::test]
async fn a_token_of_a_short_life_is_kept_until_a_tenth_of_it_is_left() {
    let bench = Bench::empty(MODELS[0]).await;
    bench.vendor.change(|habits| habits.life = Some(Duration::from_secs(600)));
    bench.authorize(&app()).await;
    let first = bench.token().await.unwrap();
    bench.clock.advance(Duration::from_millis(540_000 - 1));
    assert_eq!(bench.token().await.unwrap(), first);
    bench.clock.advance(Duration::from_millis(1));
    assert_ne!(bench.token().await.unwrap(), first, "a minute before the end");
}

#[tokio::test]
async fn a_token_that_ends_at_once_is_handed_out_to_who_waited_for_it_and_not_kept() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.vendor.change(|habits| habits.life = Some(Duration::ZERO));
        bench.expire();
        for renewals in 1..=2 {
            let token = bench.token().await.unwrap();
            assert!(bench.vendor.accepts(&app(), &token), "{model:?}");
            assert_eq!(bench.vendor.calls("refresh"), renewals, "{model:?}");
        }
    }
}

#[tokio::test]
async fn a_token_from_far_in_the_future_is_replaced_since_the_clock_was_set_back() {
    for (behind, kept) in [(300, true), (301, false)] {
        let bench = Bench::new(MODELS[0]).await;
        let first = bench.token().await.unwrap();
        // Another machine, whose clock is behind: by as much as clocks may differ, or by more.
        let clock = VirtualClock::new(Timestamp::from_unix(start().as_unix() - behind));
        let _busy = clock.enter();
        let manager = builder(&bench.store, &bench.vendor, &clock, &bench.alarms).build().unwrap();
        assert_eq!(manager.token(&scope()).await.unwrap() == first, kept, "{behind} s behind");
        assert_eq!(bench.vendor.calls("refresh"), u64::from(!kept));
    }
}

/// Polls a caller a number of times and drops it. Returns whether it was done by then.
async fn give_up_after<F: Future>(caller: F, polls: usize) -> bool {
    let mut caller = Box::pin(caller);
    for _ in 0..polls {
        let waker = noop_waker();
        if caller.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return true;
        }
        // The caller's dependencies proceed one step at a time.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    false
}

#[tokio::test]
async fn a_caller_who_gives_up_at_any_point_stops_nothing() {
    for model in MODELS {
        for polls in 1.. {
            let bench = Bench::new(model).await;
            bench.expire();
            let scope = scope();
            let done = give_up_after(bench.manager.token(&scope), polls).await;
            let (store, scope) = (Arc::clone(&bench.store), &scope);
            let renewed =
                || async { store.token(scope).await.unwrap().is_some_and(|record| record.generation == 2) };
            until("the renewal", renewed).await;
            bench.assert_intact().await;
            let token = bench.token().await.unwrap();
            assert!(bench.vendor.accepts(&app(), &token));
            assert_eq!(bench.vendor.calls("refresh"), 1, "{model:?}, {polls} polls");
            if done {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_to_those_who_waited_and_forgotten() {
    let bench = Bench::new(MODELS[1]).await;
    bench.expire();
    bench.vendor.fail([Fault::Busy]);
    let errors = all_fail(&bench).await;
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::RateLimited), "{errors:?}");
    assert_eq!(bench.vendor.calls("refresh"), 1);
    bench.token().await.unwrap();
    assert_eq!(bench.vendor.calls("refresh"), 2);
}

#[tokio::test]
async fn whoever_waits_for_a_renewal_gets_its_error_as_it_is() {
    let bench = Bench::new(MODELS[0]).await;
    bench.expire();
    bench.store.inner.revoke(&scope(), bench.now(), bench.now()).await.unwrap();
    let alone = bench.second().token(&scope()).await.unwrap_err();
    assert!(!alone.advice_in(Language::Chinese).is_ascii());
    for error in all_fail(&bench).await {
        assert_eq!(format!("{error:?}"), format!("{alone:?}"));
        assert_eq!(error.advice_in(Language::Chinese), alone.advice_in(Language::Chinese));
        assert!(error.source().is_none(), "the failure is not its own source");
    }
}

/// Errors of five callers that wait for the same renewal.
async fn all_fail(bench: &Bench) -> Vec<Error> {
    let callers = (0..5).map(|_| {
        let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
        async move {
            let _busy = clock.enter();
            manager.token(&scope()).await.unwrap_err()
        }
    });
    join_all(callers).await
}

#[tokio::test]
async fn an_authorization_does_not_take_the_end_of_a_renewal_for_its_own() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        bench.vendor.fail([Fault::Hang]);
        let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
        let renewal = tokio::spawn(async move {
            let _busy = clock.enter();
            manager.token(&scope()).await
        });
        bench.vendor.hanging.acquire().await.unwrap().forget();
        let (code, at) = (bench.vendor.authorize(&app()), bench.now());
        let manager = bench.manager.clone();
        let exchange =
            tokio::spawn(async move { manager.exchange(&platform(), &code, Some(&app()), Some(at)).await });
        tokio::task::yield_now().await;
        bench.vendor.gate.add_permits(1);
        bench.aside(renewal).await.unwrap().unwrap();
        let authorized = bench.aside(exchange).await.unwrap().unwrap();
        assert_eq!(authorized.permissions.len(), 1, "what the code brought");
        assert_eq!((bench.vendor.calls("refresh"), bench.vendor.calls("exchange")), (1, 2), "{model:?}");
        assert_eq!(bench.record().await.granted_at, Some(at));
        bench.assert_intact().await;
    }
}

#[tokio::test]
async fn a_renewal_does_not_take_the_end_of_an_authorization_for_its_own() {
    for model in MODELS {
        let bench = Bench::new(model).await;
        bench.expire();
        let code = bench.vendor.authorize(&"another".into());
        bench.vendor.fail([Fault::Hang]);
        let manager = bench.manager.clone();
        let exchange =
            tokio::spawn(async move { manager.exchange(&platform(), &code, Some(&app()), None).await });
        bench.vendor.hanging.acquire().await.unwrap().forget();
        let (manager, clock) = (bench.manager.clone(), bench.clock.clone());
        let renewal = tokio::spawn(async move {
            let _busy = clock.enter();
            manager.token(&scope()).await
        });
        tokio::task::yield_now().await;
        bench.vendor.gate.add_permits(1);
        let refused = bench.aside(exchange).await.unwrap().unwrap_err();
        assert_eq!((refused.kind(), refused.outcome()), (ErrorKind::Conflict, Outcome::Done));
        let token = bench.aside(renewal).await.unwrap().unwrap();
        assert!(bench.vendor.accepts(&app(), &token), "{model:?}");
        bench.assert_intact().await;
    }
}
