//! A hundred apps: a quota that is too small, and a wave that goes wrong.

use miniprogram_core::AuditManager as _;
use miniprogram_core::{ClientConfig, SubmitTarget};
use miniprogram_rollout::engine::RolloutEngine;
use miniprogram_sim::{AppSpec, State};

use super::*;

const ONE_WAVE: &str = "[[wave]]\nname = \"all\"\napps = \"rest\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_20_submissions_left_20_of_100_apps_are_submitted_and_the_rest_ends_after_the_window() {
    // A day before the month ends in Beijing.
    let begin = Timestamp::from_unix(1_801_324_800);
    let mut fleet = Fleet::begun_at(begin, 100, config().with_wechat_audits(100)).await;
    fleet.apps.retain(|(vendor, _)| *vendor == WECHAT);
    let plan = fleet.plan("failure_budget = 0", ONE_WAVE);
    // Somebody else has used the other 80.
    let wechat = fleet.wechat(
        ClientConfig::new(fleet.sim.callback(WECHAT).unwrap().platform_id, fleet.tokens())
            .with_clock(Arc::new(fleet.clock.clone())),
    );
    let options = plan.apps().next().unwrap().target.submit;
    let busy = fleet.clock.enter();
    for number in 0..80 {
        let other = AppId::from(format!("wx9{number:015}"));
        let uploaded = State::Uploaded { version: "1.0.1".to_owned() };
        fleet.sim.add_app(AppSpec::new(WECHAT, other.clone()).with_state(uploaded)).unwrap();
        wechat.app(other).submit_audit(&SubmitTarget::Newest, &options).await.unwrap();
    }
    drop(busy);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("released") == 20).await;
    assert!(fleet.clock.now() < begin.after(HOUR * 24), "the month has ended");
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((fleet.times("submit_audit"), fleet.on_new_version()), (20, 20), "{status:?}");
    assert_eq!((status.count("submitting"), status.count("failed")), (80, 0), "{status:?}");

    assert_eq!(drive(&engine).await, Driven::Ended);
    assert!(fleet.clock.now() > begin.after(HOUR * 24), "nobody waited for the window");
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("released"), fleet.on_new_version()), (100, 100), "{status:?}");
    assert_eq!((fleet.times("submit_audit"), fleet.times("release")), (100, 100));
}

/// A hundred apps in one wave with a budget of 1 %: five are rejected, and the others are approved once it has halted.
async fn halted() -> (Fleet, RolloutEngine) {
    let fleet = Fleet::new(50, config().with_audit_policy(AuditPolicy::Manual)).await;
    let engine = fleet.engine("one", Health::Pass).await;
    let plan = fleet.plan(r#"failure_budget = "1%""#, ONE_WAVE);
    engine.start(NAME, &plan, "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("in_review") == 100).await;
    for (_, app) in &fleet.apps[..5] {
        fleet.sim.decide_audit(app, &Decision::reject("no login")).unwrap();
    }
    drive_until(&fleet, &engine, |status| status.count("rejected") == 5).await;
    let halt = engine.status(NAME).await.unwrap().halt.unwrap();
    assert!((halt.wave, halt.tolerated) == (0, 1) && halt.bad > halt.tolerated, "{halt:?}");
    for (_, app) in &fleet.apps[5..] {
        fleet.sim.decide_audit(app, &Decision::Approve).unwrap();
    }
    // What is approved now reaches nobody.
    drive_until(&fleet, &engine, |status| status.count("in_review") == 0).await;
    let until = fleet.clock.now().after(HOUR * 24);
    drive_until(&fleet, &engine, |_| fleet.clock.now() >= until).await;
    assert_eq!((fleet.times("release"), fleet.times("start_gray_release")), (0, 0));
    assert_eq!(fleet.on_new_version(), 0);
    (fleet, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_that_halted_with_5_percent_bad_releases_the_others_after_a_resume() {
    let (fleet, engine) = halted().await;
    engine.order(NAME, None, order(Order::Resume)).await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("released"), status.count("rejected")), (95, 5), "{status:?}");
    assert_eq!((fleet.on_new_version(), fleet.times("release")), (95, 95));
    assert_eq!((fleet.times("submit_audit"), fleet.times("withdraw_audit")), (100, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_that_halted_with_5_percent_bad_releases_nobody_after_an_abort() {
    let (fleet, engine) = halted().await;
    engine.order(NAME, None, order(Order::Abort)).await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let status = engine.status(NAME).await.unwrap();
    assert_eq!((status.count("aborted"), status.count("rejected")), (95, 5), "{status:?}");
    assert_eq!((fleet.on_new_version(), fleet.times("release")), (0, 0));
    assert_eq!((fleet.times("submit_audit"), fleet.times("start_gray_release")), (100, 0));
}
