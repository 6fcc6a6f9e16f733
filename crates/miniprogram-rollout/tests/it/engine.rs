//! Rollouts over the simulator: its truth decides, on its clock.

mod others;
#[cfg(feature = "report")]
mod report;
mod sizes;
mod survey;

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::future::{Either, select};
use miniprogram_core::clock::Clock;
use miniprogram_core::push::Delivery;
use miniprogram_core::{AppId, ErrorKind, Event, EventHandler as _, EventKind, Timestamp};
use miniprogram_rollout::engine::{Driven, Mode, RolloutEvents};
use miniprogram_rollout::machine::{Health, Order};
use miniprogram_sim::{AuditPolicy, Decision, Disturbance, Fault, FaultRule, Scope};
use serde_json::json;
use wechat_wxa::WECHAT;

use crate::fleet::{Fleet, HOUR, NAME, VERSION, WAVES, config, drive, drive_until, order};

/// The status of a gray release at WeChat that was cancelled.
const CANCELLED: i64 = 4;

/// Completes when it has been polled that often: a crash at some point of what is polled with it.
async fn crash_after(polls: u32) {
    let mut left = polls;
    std::future::poll_fn(|_| {
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_is_released_in_waves_whatever_the_vendors_answer() {
    let faults = vec![
        FaultRule::probability(0.05, Scope::All, Fault::Before(Disturbance::ServerError(502))),
        FaultRule::probability(0.03, Scope::Effects, Fault::After(Disturbance::Reset)),
        FaultRule::probability(0.02, Scope::Effects, Fault::After(Disturbance::Hang)),
    ];
    let fleet = Fleet::new(10, config().with_faults(faults)).await;
    let plan = fleet.plan(r#"failure_budget = 0"#, WAVES);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("released"), status.apps), (20, 20), "{status:?}");
    assert!(status.ended_at.is_some());
    for (vendor, app) in &fleet.apps {
        assert_eq!(fleet.online(app), VERSION, "{vendor} {app}");
        for operation in ["submit_audit", "release"] {
            assert_eq!(fleet.sim.effects(app, operation), 1, "{operation} of {vendor} {app}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_no_effect_is_doubled_and_every_app_arrives() {
    let seed = fastrand::u64(..1 << 32);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let faults = vec![FaultRule::probability(0.05, Scope::Effects, Fault::After(Disturbance::Reset))];
    let fleet = Fleet::new(6, config().with_seed(seed).with_faults(faults)).await;
    let plan = fleet.plan("failure_budget = 0", WAVES);
    fleet.engine("starter", Health::Pass).await.start(NAME, &plan, "tester").await.unwrap();
    let mut crashes = 0;
    loop {
        let engine = fleet.engine(&format!("process {crashes}"), Health::Pass).await;
        let driven = {
            let driving = pin!(drive(&engine));
            // The last driver is left alone.
            let polls = if crashes < 15 { random.u32(1..60) } else { u32::MAX };
            match select(driving, pin!(crash_after(polls))).await {
                Either::Left((driven, _)) => Some(driven),
                Either::Right(_) => None,
            }
        };
        match driven {
            Some(Driven::Ended) => break,
            // The lease of the one before runs out.
            Some(_) => {
                let _busy = fleet.clock.enter();
                fleet.clock.sleep(Duration::from_secs(60)).await;
            }
            None => crashes += 1,
        }
    }
    assert!(crashes > 3, "only {crashes} crashes");
    let status = fleet.engine("reader", Health::Pass).await.status(NAME).await.unwrap();
    assert_eq!((status.count("released"), fleet.on_new_version()), (12, 12), "{status:?}");
    assert_eq!((fleet.times("submit_audit"), fleet.times("release")), (12, 12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_a_killed_driver_did_not_store_is_taken_from_the_journal() {
    let fleet = Fleet::new(1, config()).await;
    let app = &fleet.apps[0].1;
    let plan = fleet.plan("failure_budget = 0", "[[wave]]\nname = \"all\"\napps = \"rest\"");
    let killed = fleet.engine("killed", Health::Pass).await;
    killed.start(NAME, &plan, "tester").await.unwrap();
    {
        // From the moment of the submission the driver no longer runs, while the call that it began completes.
        let mut driving = pin!(drive(&killed));
        std::future::poll_fn(|context| {
            if fleet.sim.effects(app, "submit_audit") == 1 {
                return Poll::Ready(());
            }
            assert!(driving.as_mut().poll(context).is_pending(), "the rollout ended");
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let store = fleet.store().await;
        let platform = fleet.sim.callback(WECHAT).unwrap().platform_id.into();
        while store.pending_intent(&platform, WECHAT, &app.clone().into()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    }
    // It is back when the verdict has come, and WeChat would take another submission.
    {
        let _busy = fleet.clock.enter();
        fleet.clock.sleep(HOUR * 12).await;
    }
    assert_eq!(drive(&fleet.engine("next", Health::Pass).await).await, Driven::Ended);
    assert_eq!((fleet.on_new_version(), fleet.times("submit_audit"), fleet.times("release")), (2, 2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_that_overspends_its_budget_halts_and_an_abort_ends_it() {
    let rejecting = config().with_audit_policy(AuditPolicy::reject_after(HOUR, "no login"));
    let fleet = Fleet::new(4, rejecting).await;
    let plan = fleet.plan("failure_budget = 1", WAVES);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.halt.is_some()).await;
    let status = engine.status(NAME).await.unwrap();
    let halt = status.halt.clone().unwrap();
    assert_eq!((halt.wave, halt.bad, halt.tolerated), (0, 2, 1), "{status:?}");
    assert_eq!((status.wave, status.count("waiting")), (Some(0), 6), "no other wave was opened: {status:?}");
    engine.order(NAME, None, order(Order::Abort)).await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("rejected"), status.count("aborted")), (2, 6), "{status:?}");
    assert_eq!(fleet.on_new_version(), 0);
    assert_eq!(fleet.times("submit_audit"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_in_gray_leaves_every_app_on_the_version_it_had() {
    let fleet = Fleet::new(3, config()).await;
    let waves = "[[wave]]\nname = \"all\"\napps = \"rest\"\n[gate]\ncommand = [\"ask\"]";
    let plan = fleet.plan("failure_budget = 0", waves);
    // Nobody knows whether the version is healthy: at 10 % every app of the vendor with gray releases needs a person.
    let engine = fleet.engine("one", Health::Inconclusive).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    let before: Vec<_> = fleet.apps.iter().map(|(_, app)| fleet.online(app)).collect();
    // The vendor without gray releases may be a request behind, so the abort waits for its apps to be released.
    drive_until(&fleet, &engine, |status| status.count("baking") == 3 && status.count("released") == 3).await;
    let gray = |app: &AppId| fleet.sim.truth(app).unwrap().gray.map(|gray| gray.percentage);
    assert!(fleet.apps.iter().filter(|(vendor, _)| *vendor == WECHAT).all(|(_, app)| gray(app) == Some(10)));
    engine.order(NAME, None, order(Order::Abort)).await.unwrap();
    drive(&engine).await;
    for ((vendor, app), before) in fleet.apps.iter().zip(before) {
        if *vendor == WECHAT {
            let gray = fleet.sim.truth(app).unwrap().gray.map(|gray| gray.status);
            assert_eq!((fleet.online(app), gray), (before, Some(CANCELLED)), "{app}");
        }
    }
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("aborted"), status.count("released")), (3, 3), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_after_the_end_brings_every_app_back() {
    let fleet = Fleet::new(3, config()).await;
    let plan = fleet.plan("failure_budget = 0", WAVES);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    let before: Vec<_> = fleet.apps.iter().map(|(_, app)| fleet.online(app)).collect();
    assert_eq!(drive(&engine).await, Driven::Ended);
    assert_eq!(fleet.on_new_version(), 6);
    engine.order(NAME, None, order(Order::RollBack)).await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let after: Vec<_> = fleet.apps.iter().map(|(_, app)| fleet.online(app)).collect();
    assert_eq!(after, before);
    assert_eq!(engine.status(NAME).await.unwrap().count("rolled_back"), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_exceeds_the_quota_waits_and_nothing_fails() {
    // A day before the month ends in Beijing.
    let begin = Timestamp::from_unix(1_801_324_800);
    let fleet = Fleet::begun_at(begin, 6, config().with_wechat_audits(4)).await;
    let waves = "[[wave]]\nname = \"all\"\napps = \"rest\"";
    let plan = fleet.plan("failure_budget = 0", waves);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("released") == 10).await;
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("submitting"), status.count("failed")), (2, 0), "{status:?}");
    let wechat = fleet.apps.iter().filter(|(vendor, _)| *vendor == WECHAT);
    assert_eq!(wechat.map(|(_, app)| fleet.sim.effects(app, "submit_audit")).sum::<u64>(), 4);
    // One of the two that wait can be left out at once.
    let (vendor, left_out) = {
        let wechat = fleet.apps.iter().filter(|(vendor, _)| *vendor == WECHAT);
        wechat.filter(|(_, app)| fleet.sim.effects(app, "submit_audit") == 0).nth(1).cloned().unwrap()
    };
    engine.order(NAME, Some((vendor, left_out)), order(Order::Skip)).await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("skipped") == 1).await;
    assert!(fleet.clock.now() < begin.after(HOUR * 24), "the month has not ended");
    // The next month the other is submitted.
    assert_eq!(drive(&engine).await, Driven::Ended);
    assert_eq!(engine.status(NAME).await.unwrap().count("released"), 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_drives_and_a_paused_rollout_sends_nothing() {
    let fleet = Fleet::new(2, config()).await;
    let plan = fleet.plan("failure_budget = 0", WAVES);
    let (first, second) = (fleet.engine("one", Health::Pass).await, fleet.engine("two", Health::Pass).await);
    first.start(NAME, &plan, "tester").await.unwrap();
    second.order(NAME, None, order(Order::Pause)).await.unwrap();
    let requests = fleet.sim.requests();
    let looked = async {
        while first.status(NAME).await.unwrap().mode != Mode::Paused {
            tokio::task::yield_now().await;
        }
        assert_eq!(drive(&second).await, Driven::Elsewhere);
    };
    assert_eq!(first.drive(NAME, looked).await.unwrap(), Driven::Stopped);
    assert_eq!(fleet.sim.requests(), requests);
    second.order(NAME, None, order(Order::Resume)).await.unwrap();
    assert_eq!(drive(&second).await, Driven::Ended);
    assert_eq!(fleet.on_new_version(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_who_revokes_fails_and_gets_no_further_call() {
    let fleet = Fleet::new(2, config().with_audit_policy(AuditPolicy::Manual)).await;
    let waves = "[[wave]]\nname = \"all\"\napps = \"rest\"";
    let plan = fleet.plan(r#"failure_budget = "50%""#, waves);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("in_review") == 4).await;
    let events = RolloutEvents::new(fleet.store().await as _, Arc::new(fleet.clock.clone()));
    let (vendor, app) = fleet.apps[0].clone();
    let mut event = Event::new(vendor, EventKind::AuthorizationRevoked, "unauthorized".into(), json!({}));
    event.app_id = Some(app.clone());
    let delivery = Delivery::new(1, "p".into(), fleet.clock.now());
    events.handle(&event, &delivery).await.unwrap();
    let calls = |app: &AppId| {
        fleet.sim.request_log().iter().filter(|request| request.app_id.as_ref() == Some(app)).count()
    };
    let before = calls(&app);
    for (_, other) in &fleet.apps[1..] {
        fleet.sim.decide_audit(other, &Decision::Approve).unwrap();
    }
    assert_eq!(drive(&engine).await, Driven::Ended);
    assert_eq!(calls(&app), before);
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("failed"), status.count("released")), (1, 3), "{status:?}");
}

#[tokio::test]
async fn an_unknown_rollout_and_a_second_plan_of_the_same_name_are_refused() {
    let fleet = Fleet::new(2, config()).await;
    let engine = fleet.engine("one", Health::Pass).await;
    let missing = engine.status(NAME).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    let id = engine.start(NAME, &fleet.plan("failure_budget = 0", WAVES), "tester").await.unwrap();
    let again = engine.start(NAME, &fleet.plan("failure_budget = 0", WAVES), "tester").await.unwrap();
    assert_eq!(id, again);
    let other = fleet.plan(r#"failure_budget = "1%""#, WAVES);
    assert_eq!(engine.start(NAME, &other, "tester").await.unwrap_err().kind(), ErrorKind::Conflict);
}
