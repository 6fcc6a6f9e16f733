//! What others do meanwhile: another platform, a newer rollout, pushes that get lost, and the rate of all calls together.

use baidu_smartapp::BAIDU;
use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::{
    AuditManager as _, AuditStatus, ClientConfig, CodeManager as _, ExtJson, SubmitOptions, SubmitTarget,
    Vendor,
};
use miniprogram_rollout::engine::{RolloutEngine, RolloutStatus};
use miniprogram_rollout::machine::{Cause, Correction, Foreign, Phase, Source};
use miniprogram_store::rollouts::RolloutFilter;

use super::*;
use crate::fleet::GRAY;

const ALL: &str = "[[wave]]\nname = \"all\"\napps = \"rest\"";
const NEWER: &str = "summer";

async fn cause_of(engine: &RolloutEngine, app: &AppId) -> (Phase, Option<Cause>) {
    let look = engine.app(NAME, None, app).await.unwrap();
    (look.phase, look.cause)
}

/// Completes once so much time has passed, and nothing that is due before is left.
async fn pass(fleet: &Fleet, span: Duration) {
    let _busy = fleet.clock.enter();
    fleet.clock.sleep(span).await;
}

/// The time until tomorrow's window, in which nothing may reach users.
const CLOSED_UNTIL_TOMORROW: &str = r#"
    [[wave]]
    name = "all"
    apps = "rest"
    [[window]]
    hours = "10:00-11:00"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_somebody_else_got_approved_meanwhile_is_not_brought_to_users() {
    // The fleet begins at 16:00 in Beijing; the verdicts come at 21:00, and no window is open before the next day.
    for gray in [GRAY, ""] {
        let fleet = Fleet::new(1, config()).await;
        let app = fleet.apps[0].1.clone();
        let plan = fleet.plan_from(VERSION, 50.0, "failure_budget = 9", CLOSED_UNTIL_TOMORROW, gray);
        let engine = fleet.engine("one", Health::Pass).await;
        engine.start(NAME, &plan, "tester").await.unwrap();
        let waits = |status: &RolloutStatus| match gray {
            GRAY => (status.count("starting_gray"), status.count("releasing")) == (1, 1),
            _ => status.count("releasing") == 2,
        };
        drive_until(&fleet, &engine, waits).await;

        let tokens = fleet.tokens();
        let clock: Arc<dyn Clock> = Arc::new(fleet.clock.clone());
        let other = fleet.wechat(ClientConfig::new("other", tokens).with_clock(clock)).app(app.clone());
        let busy = fleet.clock.enter();
        other.upload_code(&"7".into(), &ExtJson::default(), "3.0.0", "theirs").await.unwrap();
        let item = json!({ "address": "pages/index/index", "first_class": "工具", "second_class": "备忘录", "first_id": 1, "second_id": 2 });
        let options = SubmitOptions::default().with_field("items", json!([item]));
        other.submit_audit(&SubmitTarget::Newest, &options).await.unwrap();
        fleet.sim.decide_audit(&app, &Decision::Approve).unwrap();
        assert_eq!(other.latest_audit().await.unwrap().status, AuditStatus::Approved);
        drop(busy);

        assert_eq!(drive(&engine).await, Driven::Ended);
        let theirs = Foreign::Submitted { version: Some("3.0.0".to_owned()) };
        assert_eq!(cause_of(&engine, &app).await, (Phase::Failed, Some(Cause::Foreign(theirs))), "{gray}");
        assert_eq!(fleet.sim.effects(&app, "release") + fleet.sim.effects(&app, "start_gray_release"), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_rollout_waits_until_the_older_one_has_left_the_app() {
    // Whoever of the two is driven first, in a process of its own.
    for newer_first in [false, true] {
        let fleet = Fleet::new(2, config().with_audit_policy(AuditPolicy::Manual)).await;
        let (older, newer) =
            (fleet.engine("one", Health::Pass).await, fleet.engine("two", Health::Pass).await);
        older.start(NAME, &fleet.plan("failure_budget = 9", ALL), "tester").await.unwrap();
        drive_until(&fleet, &older, |status| status.count("in_review") == 4).await;
        let plan = fleet.plan_from("2.1.0", 50.0, "failure_budget = 9", ALL, "");
        newer.start(NEWER, &plan, "tester").await.unwrap();

        let waits = pass(&fleet, HOUR * 2);
        if newer_first {
            assert_eq!(newer.drive(NEWER, waits).await.unwrap(), Driven::Stopped);
            let status = newer.status(NEWER).await.unwrap();
            assert_eq!(status.count("waiting"), 4, "the audits of the older one are open: {status:?}");
            assert_eq!(fleet.times("upload_code"), 4);
        }
        let begun = async {
            let _busy = fleet.clock.enter();
            while newer.status(NEWER).await.unwrap().count("in_review") != 4 {
                fleet.clock.sleep(Duration::from_secs(60)).await;
            }
        };
        let (left, stopped) = tokio::join!(drive(&older), newer.drive(NEWER, begun));
        assert_eq!((left, stopped.unwrap()), (Driven::Ended, Driven::Stopped));
        assert_eq!(older.status(NAME).await.unwrap().count("superseded"), 4);
        assert_eq!((fleet.times("withdraw_audit"), fleet.times("submit_audit")), (4, 8));
        for (_, app) in &fleet.apps {
            fleet.sim.decide_audit(app, &Decision::Approve).unwrap();
        }
        assert_eq!(newer.drive(NEWER, std::future::pending()).await.unwrap(), Driven::Ended);
        assert_eq!(newer.status(NEWER).await.unwrap().count("released"), 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_rollout_does_not_wait_for_apps_that_an_older_one_has_not_begun_and_nobody_drives() {
    let fleet = Fleet::new(1, config()).await;
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &fleet.plan("failure_budget = 9", ALL), "tester").await.unwrap();
    engine
        .start(NEWER, &fleet.plan_from("2.1.0", 50.0, "failure_budget = 9", ALL, ""), "tester")
        .await
        .unwrap();
    assert_eq!(engine.drive(NEWER, std::future::pending()).await.unwrap(), Driven::Ended);
    assert_eq!(engine.status(NEWER).await.unwrap().count("released"), 2);
    // The older one was told, and sends nothing.
    let requests = fleet.sim.requests();
    assert_eq!(drive(&engine).await, Driven::Ended);
    assert_eq!(engine.status(NAME).await.unwrap().count("superseded"), 2);
    assert_eq!(fleet.sim.requests(), requests);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_that_were_lost_are_asked_for_before_audits_are_polled() {
    let missed = "/rest/2.0/smartapp/pushmsg/getmsg";
    let fleet = Fleet::new(8, config().with_audit_policy(AuditPolicy::Manual)).await;
    let callback = fleet.sim.callback(BAIDU).unwrap();
    let callbacks = CallbackConfig::encrypted(callback.token, &callback.aes_key)
        .unwrap()
        .with_platform_id(callback.platform_id);
    let engine = fleet.engine_with("one", Health::Pass, Some(callbacks)).await;
    engine.start(NAME, &fleet.plan("failure_budget = 9", ALL), "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("in_review") == 16).await;
    // Half a day later the apps are polled seldom. All of Baidu's pushes get lost.
    let half_a_day = pass(&fleet, HOUR * 12);
    assert_eq!(engine.drive(NAME, half_a_day).await.unwrap(), Driven::Stopped);
    for (_, app) in &fleet.apps {
        fleet.sim.decide_audit(app, &Decision::Approve).unwrap();
    }
    let began = fleet.clock.now();
    assert_eq!(drive(&engine).await, Driven::Ended);
    let page = engine.apps(NAME, &RolloutFilter::new(99)).await.unwrap();
    let sources: Vec<_> =
        page.apps.iter().map(|app| (app.vendor, app.verdict.as_ref().unwrap().source)).collect();
    let woken = |vendor| {
        sources.iter().filter(|(of, source)| *of == vendor && matches!(source, Source::Missed(_))).count()
    };
    // The first of Baidu's apps that is due wakes all of them; the other vendor keeps no pushes.
    assert_eq!((woken(BAIDU), woken(WECHAT)), (8, 0), "{sources:?}");
    let asked = fleet.sim.requests_to(missed);
    let at_most = (12 * 3600 + fleet.clock.now().since(began).as_secs()) / 300 + 2;
    assert!(asked > 0 && asked <= at_most, "asked {asked} times, {at_most} is the most");

    // A platform without the secrets of its callbacks cannot read them.
    let fleet = Fleet::new(1, config()).await;
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &fleet.plan("failure_budget = 9", ALL), "tester").await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    assert_eq!((fleet.sim.requests_to(missed), fleet.on_new_version()), (0, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_does_not_tell_what_was_missed_is_polled_all_the_same() {
    let fleet = Fleet::new(2, config()).await;
    let callbacks = CallbackConfig::encrypted("token", &"k".repeat(43).into()).unwrap();
    let fault = Fault::Before(Disturbance::ServerError(502));
    fleet.sim.add_fault(FaultRule::probability(1.0, Scope::Operation("missed_pushes".into()), fault));
    let engine = fleet.engine_with("one", Health::Pass, Some(callbacks)).await;
    engine.start(NAME, &fleet.plan("failure_budget = 9", ALL), "tester").await.unwrap();
    assert_eq!(drive(&engine).await, Driven::Ended);
    assert_eq!(fleet.on_new_version(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_counts_every_request_and_not_only_actions() {
    const RATE: f64 = 2.0;
    let fleet = Fleet::new(20, config()).await;
    let plan = fleet.plan_from(VERSION, RATE, "failure_budget = 0", ALL, "");
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan, "tester").await.unwrap();
    let began = fleet.clock.now();
    drive_until(&fleet, &engine, |status| status.count("in_review") == 40).await;
    let requests = fleet.sim.request_log();
    let of = |vendor: Vendor| {
        let apps: Vec<_> = fleet.apps.iter().filter(|(of, _)| *of == vendor).map(|(_, app)| app).collect();
        requests
            .iter()
            .filter(|request| request.app_id.as_ref().is_some_and(|app| apps.contains(&app)))
            .count()
    };
    let until = requests.iter().map(|request| request.at).max().unwrap();
    for vendor in [WECHAT, BAIDU] {
        // The burst of a second, and what eight apps at a time send before it is charged: an action sends a handful.
        let allowed = RATE * until.since(began).as_secs_f64() + RATE + 8.0 * 6.0;
        let sent = of(vendor) as f64;
        assert!(sent <= allowed, "{vendor}: {sent} requests, {allowed} allowed");
        assert!(sent > 100.0, "{vendor}: {sent} requests say nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_comes_too_late_corrects_nothing() {
    let fleet = Fleet::new(1, config().with_audit_policy(AuditPolicy::Manual)).await;
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &fleet.plan("failure_budget = 9", ALL), "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("in_review") == 2).await;
    let (vendor, app) = fleet.apps[0].clone();
    let retry = async |description: Option<&str>| {
        let mut correction = Correction::default();
        correction.description = description.map(str::to_owned);
        engine.retry(NAME, (vendor, app.clone()), "tester", correction).await.unwrap();
    };
    retry(Some("too late")).await;
    let told = pass(&fleet, HOUR);
    engine.drive(NAME, told).await.unwrap();
    fleet
        .sim
        .decide_audit(&app, &Decision::Reject { reason: "no login".to_owned(), screenshots: Vec::new() })
        .unwrap();
    drive_until(&fleet, &engine, |status| status.count("rejected") == 1).await;
    retry(None).await;
    drive_until(&fleet, &engine, |status| status.count("in_review") == 2).await;
    let uploads: Vec<_> =
        fleet.sim.request_log().into_iter().filter(|request| request.path == "/wxa/commit").collect();
    assert_eq!(uploads.len(), 2);
    assert!(uploads.iter().all(|upload| upload.body.contains("spring")), "{uploads:?}");
}
