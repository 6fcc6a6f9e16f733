//! What a survey tells of a rollout's vendors and its end.

use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::clock::Clock as _;
use miniprogram_rollout::engine::VendorLook;
use miniprogram_rollout::plan::{Basis, Outlook, forecast};
use miniprogram_sim::{AuditPolicy, Decision, SimConfig};
use wechat_wxa::WECHAT;

use super::{Driven, Fleet, HOUR, Health, NAME, WAVES, config, drive, drive_until};

const ALL: &str = "[[wave]]\nname = \"all\"\napps = \"rest\"";
/// Verdicts are found within minutes, as if they were pushed.
const POLLING: &str = "[polling]\nfirst = \"5m\"\nlongest = \"10m\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forecast_comes_true_and_a_running_rollout_goes_by_what_it_has_measured() {
    let fleet = Fleet::new(5, config()).await;
    let plan = fleet.plan("failure_budget = 0\nbake_after_release = \"3h\"", &format!("{WAVES}\n{POLLING}"));
    let engine = fleet.engine("one", Health::Pass).await;
    let begin = fleet.clock.now();
    let mut outlook = Outlook::new(begin, plan.remaining());
    outlook.measured = plan.settings().vendors.iter().map(|own| (own.vendor, HOUR * 5)).collect();
    let foreseen = forecast(plan.settings(), &outlook).end.unwrap();

    engine.start(NAME, &plan, "tester").await.unwrap();
    // It is looked at while it is driven: without a driver the clock would run on.
    let mut midway = None;
    let looked = async {
        let busy = fleet.clock.enter();
        while engine.status(NAME).await.unwrap().count("in_review") != 8 {
            fleet.clock.sleep(Duration::from_secs(60)).await;
        }
        midway = engine.survey(NAME).await.unwrap().forecast;
        drop(busy);
        std::future::pending().await
    };
    assert_eq!(engine.drive(NAME, looked).await.unwrap(), Driven::Ended);
    let midway = midway.unwrap();
    assert!(midway.assumed.iter().all(|own| own.by == Basis::Measured), "{midway:?}");
    assert_eq!(midway.waves.len(), 1, "the canary has ended: {midway:?}");
    let survey = engine.survey(NAME).await.unwrap();
    assert_eq!(survey.forecast, None);
    let end = survey.status.ended_at.unwrap();
    for told in [foreseen, midway.end.unwrap()] {
        let off = end.since(told).max(told.since(end));
        // Two waves, whose verdicts are found up to ten minutes late.
        assert!(off < HOUR, "{off:?} between {told} and {end}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_needs_as_many_calls_as_are_sent() {
    let fleet = Fleet::new(5, config().with_audit_policy(AuditPolicy::approve_after(HOUR * 48))).await;
    let plan = fleet.plan("failure_budget = 0", ALL);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let needed: u64 = plan.needs().iter().map(|own| own.calls).sum();
    let sent = fleet.sim.requests();
    assert!(sent.abs_diff(needed) * 10 < needed, "{sent} sent, {needed} foreseen");
}

/// A Monday noon in Beijing, in the middle of a month.
const NOON: Timestamp = Timestamp::from_unix(1_800_244_800);

fn wechat(vendors: &[VendorLook]) -> &VendorLook {
    vendors.iter().find(|own| own.vendor == WECHAT).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_knows_the_quota_and_the_share_of_delays_without_a_call() {
    let config: SimConfig = config().with_wechat_audits(50).with_audit_policy(AuditPolicy::Manual);
    let fleet = Fleet::begun_at(NOON, 4, config).await;
    let plan = fleet.plan("failure_budget = 0", ALL);
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    let before = engine.survey(NAME).await.unwrap();
    let unknown = wechat(&before.vendors);
    assert_eq!((unknown.submitted, &unknown.quota, unknown.delayed_percent), (0, &None, None));
    assert!(before.forecast.unwrap().end.is_some());

    drive_until(&fleet, &engine, |status| status.count("in_review") == 8).await;
    fleet.sim.decide_audit(&fleet.apps[0].1, &Decision::Delay { reason: "busy".into() }).unwrap();
    // A look at what waits for the vendor finds the delay.
    let looked = async {
        loop {
            let busy = fleet.clock.enter();
            if wechat(&engine.survey(NAME).await.unwrap().vendors).delayed > 0 {
                return;
            }
            drop(busy);
            fleet.clock.sleep(Duration::from_secs(600)).await;
        }
    };
    assert_eq!(engine.drive(NAME, looked).await.unwrap(), Driven::Stopped);
    let requests = fleet.sim.requests();
    let survey = fleet.engine("another", Health::Pass).await.survey(NAME).await.unwrap();
    let known = wechat(&survey.vendors);
    assert_eq!((known.submitted, known.delayed, known.delayed_percent), (4, 1, Some(25.0)));
    let quota = known.quota.as_ref().unwrap();
    assert_eq!((quota.shared, quota.left, quota.limit), (true, Some(46), Some(50)), "{quota:?}");
    let refill = quota.refilled_at.unwrap();
    assert!(refill > fleet.clock.now() && quota.known_at >= NOON, "{quota:?}");
    assert_eq!(fleet.sim.requests(), requests);
}
