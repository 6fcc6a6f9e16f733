use std::time::Duration;

use miniprogram_core::AppId;
use miniprogram_core::clock::Clock;
use miniprogram_sim::{AppSpec, Disturbance, Fault, FaultRule, Lands, Scope, SimConfig, State, WECHAT};
use reqwest::Method;
use serde_json::json;

use crate::support::{Bench, PACKAGE, Seen};

/// How a client sees a disturbed response.
#[track_caller]
fn looks_like(seen: &Seen, disturbance: Disturbance, busy: i64) {
    match (disturbance, seen) {
        (Disturbance::ServerError(expected), Seen::Answer { status, body, .. }) => {
            assert_eq!(*status, expected);
            assert!(body.starts_with(b"<html>"));
        }
        (Disturbance::Busy, seen) => assert_eq!(seen.code(), busy),
        (Disturbance::BusyCode(code), seen) => assert_eq!(seen.code(), code),
        (Disturbance::GatewayBusy, seen) => assert_eq!(seen.code(), if busy == -1 { -1 } else { 2 }),
        (Disturbance::Reset | Disturbance::CutBody, Seen::Broken) | (Disturbance::Hang, Seen::TimedOut) => {}
        (Disturbance::OversizedBody, Seen::Answer { status: 200, body, .. }) => {
            assert!(body.len() > 4 * 1024 * 1024);
        }
        (Disturbance::GarbageBody, Seen::Answer { status: 200, body, .. }) => {
            assert!(serde_json::from_slice::<serde_json::Value>(body).is_err());
        }
        (disturbance, seen) => panic!("{disturbance:?}: {seen:?}"),
    }
}

const ALL: [Disturbance; 10] = [
    Disturbance::ServerError(502),
    Disturbance::ServerError(503),
    Disturbance::Busy,
    Disturbance::BusyCode(5000),
    Disturbance::GatewayBusy,
    Disturbance::Reset,
    Disturbance::Hang,
    Disturbance::CutBody,
    Disturbance::OversizedBody,
    Disturbance::GarbageBody,
];

fn once(operation: &str, fault: Fault) -> Vec<FaultRule> {
    vec![FaultRule::next(1, Scope::operation(operation), fault)]
}

#[tokio::test]
async fn before_after_and_late_differ_in_the_effect_alone() {
    for disturbance in ALL {
        let bench = Bench::wechat(State::Approved).await;
        let release = || bench.post("/wxa/release", json!({}));

        bench.sim.set_faults(once("release", Fault::Before(disturbance)));
        looks_like(&release().await, disturbance, -1);
        assert_eq!(bench.effects("release"), 0, "{disturbance:?} before the effect");

        bench.sim.set_faults(once("release", Fault::After(disturbance)));
        looks_like(&release().await, disturbance, -1);
        assert_eq!(bench.effects("release"), 1, "{disturbance:?} after the effect");
        assert_eq!(release().await.code(), 85052, "the fault struck once");

        bench.sim.arrange(&bench.app, &State::Approved).unwrap();
        // If it hangs, later than the client's timeout.
        let lands = if disturbance == Disturbance::Hang { 13 } else { 3 };
        let fault = Fault::late(Duration::from_secs(lands), disturbance);
        bench.sim.set_faults(once("release", fault));
        let operation = bench.operate();
        looks_like(&release().await, disturbance, -1);
        assert_eq!(bench.effects("release"), 1, "{disturbance:?}: not yet");
        let info = bench.post("/wxa/getversioninfo", json!({})).await.json();
        assert_eq!(info["release_info"]["release_version"], "1.1.0", "{disturbance:?}");
        drop(operation);
        bench.sim.settle().await;
        assert_eq!(bench.effects("release"), 2, "{disturbance:?} late");
        let info = bench.post("/wxa/getversioninfo", json!({})).await.json();
        assert_eq!(info["release_info"]["release_version"], "1.2.0", "{disturbance:?}");
    }
}

#[tokio::test]
async fn every_effect_of_baidu_can_come_late() {
    let bench = Bench::baidu(State::Online).await;
    let late = |operation: &str| {
        bench.sim.set_faults(once(operation, Fault::late(Duration::from_secs(3), Disturbance::Reset)))
    };
    let landed = async |seen: Seen, operation: &str| {
        looks_like(&seen, Disturbance::Reset, 500);
        bench.sim.settle().await;
        assert_eq!(bench.effects(operation), 1, "{operation}");
    };
    late("upload_code");
    landed(bench.upload("2.0.0").await, "upload_code").await;
    bench.wait(3).await;
    let id = bench.package_with(3).await;
    late("submit_audit");
    landed(bench.on_package("submitaudit", id).await, "submit_audit").await;
    late("withdraw_audit");
    landed(bench.on_package("withdraw", id).await, "withdraw_audit").await;
    bench.sim.arrange(&bench.app, &State::Approved).unwrap();
    let id = bench.package_with(6).await;
    late("release");
    landed(bench.on_package("release", id).await, "release").await;
    late("rollback");
    landed(bench.on_package("rollback", id).await, "rollback").await;
    bench.wait(1).await;
    assert_eq!(bench.sim.truth(&bench.app).unwrap().online_version(), Some("1.1.0"));
}

#[tokio::test]
async fn a_late_effect_is_looked_at_when_it_lands() {
    let bench = Bench::wechat(State::Approved).await;
    bench.sim.set_faults(once("release", Fault::late(Duration::from_secs(3), Disturbance::Reset)));
    let operation = bench.operate();
    looks_like(&bench.post("/wxa/release", json!({})).await, Disturbance::Reset, -1);
    // The impatient client repeats the call; then the vendor refuses the late request.
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 0);
    drop(operation);
    bench.sim.settle().await;
    assert_eq!(bench.effects("release"), 1);

    // Baidu accepts a second upload: the truth shows the mistake.
    let bench = Bench::baidu(State::Online).await;
    bench.sim.set_faults(once("upload_code", Fault::late(Duration::from_secs(3), Disturbance::Reset)));
    let operation = bench.operate();
    bench.upload("2.0.0").await;
    bench.upload("2.0.0").await;
    drop(operation);
    bench.sim.settle().await;
    assert_eq!(bench.effects("upload_code"), 2);
}

#[tokio::test]
async fn an_effect_lands_after_the_client_gave_up() {
    let bench = Bench::wechat(State::Approved).await;
    bench.sim.set_faults(once("release", Fault::late_after_close(Duration::from_secs(4), Disturbance::Hang)));
    let operation = bench.operate();
    looks_like(&bench.post("/wxa/release", json!({})).await, Disturbance::Hang, -1);
    // The simulator learns of the disconnect over the network; meanwhile nothing else moves the clock.
    let gave_up = bench.clock.now();
    while bench.sim.effects(&bench.app, "release") == 0 {
        bench.wait(1).await;
        tokio::task::yield_now().await;
        assert!(bench.clock.now().since(gave_up) < Duration::from_secs(100_000), "it never landed");
    }
    drop(operation);
    assert!(bench.clock.now().since(gave_up) >= Duration::from_secs(4));
}

#[tokio::test]
async fn refusals_do_not_use_up_a_fault_after_the_effect() {
    for fault in [Fault::After(Disturbance::Reset), Fault::late(Duration::from_secs(1), Disturbance::Reset)] {
        let bench = Bench::wechat(State::InReview).await;
        bench.sim.set_faults(once("release", fault));
        assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 85020);
        bench.sim.arrange(&bench.app, &State::Approved).unwrap();
        looks_like(&bench.post("/wxa/release", json!({})).await, Disturbance::Reset, -1);
        bench.sim.settle().await;
        assert_eq!(bench.effects("release"), 1);
    }
}

#[tokio::test]
async fn reads_are_disturbed_too() {
    let bench = Bench::baidu(State::Online).await;
    for disturbance in ALL {
        let path = format!("{PACKAGE}get");
        for fault in
            [Fault::Before(disturbance), Fault::After(disturbance), Fault::late(Duration::ZERO, disturbance)]
        {
            bench.sim.set_faults(vec![FaultRule::next(1, Scope::path(&path), fault)]);
            looks_like(&bench.get(&path).await, disturbance, 500);
        }
    }
    bench.sim.set_faults(vec![FaultRule::always(Scope::Reads, Fault::UnknownStatus(99))]);
    assert_eq!(bench.packages().await[0]["status"], 99);
    let picture = bench.get("/rest/2.0/smartapp/app/qrcode").await;
    assert_eq!(picture.header("content-type"), "image/png", "nothing to change there");
    bench.sim.set_faults(vec![FaultRule::always(Scope::All, Fault::After(Disturbance::OversizedBody))]);
    assert!(bench.get("/rest/2.0/smartapp/app/qrcode").await.bytes().len() > 8 * 1024 * 1024);
}

#[tokio::test]
async fn codes_tokens_and_statuses_by_order() {
    let bench = Bench::wechat(State::InReview).await;
    bench.sim.set_faults(once("latest_audit", Fault::UnknownStatus(99)));
    assert_eq!(bench.get("/wxa/get_latest_auditstatus").await.json()["status"], 99);
    assert_eq!(bench.get("/wxa/get_latest_auditstatus").await.json()["status"], 2);

    let words = Fault::VendorError { code: 48001, message: "api unauthorized".to_owned() };
    bench.sim.set_faults(once("withdraw_audit", words));
    let refused = bench.get("/wxa/undocodeaudit").await;
    assert_eq!(refused.code(), 48001);
    assert!(refused.json()["errmsg"].as_str().unwrap().starts_with("api unauthorized rid: "));
    bench.sim.set_faults(once("withdraw_audit", Fault::ExpiredToken));
    assert_eq!(bench.get("/wxa/undocodeaudit").await.code(), 42001);
    assert_eq!(bench.effects("withdraw_audit"), 0);
    assert_eq!(bench.get("/wxa/undocodeaudit").await.code(), 0, "the token is still good");

    let bench = Bench::baidu(State::Online).await;
    bench.sim.set_faults(once("visit_status", Fault::ExpiredToken));
    assert_eq!(bench.get("/rest/2.0/smartapp/app/info").await.json()["error_code"], 111);
    let words = Fault::GatewayError { code: 18, message: "Open api qps request limit reached".to_owned() };
    bench.sim.set_faults(once("visit_status", words));
    let refused = bench.get("/rest/2.0/smartapp/app/info").await.json();
    assert_eq!(refused, json!({ "error_code": 18, "error_msg": "Open api qps request limit reached" }));
}

#[tokio::test]
async fn latency_is_simulated_time() {
    let bench = Bench::wechat(State::Approved).await;
    let before = bench.clock.now();
    bench.sim.set_faults(once("release", Fault::latency(Duration::from_secs(4))));
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 0);
    assert_eq!(bench.clock.now().since(before), Duration::from_secs(4));
}

#[tokio::test]
async fn rules_choose_by_app_vendor_and_kind() {
    let bench = Bench::wechat(State::Approved).await;
    let fault = Fault::Before(Disturbance::ServerError(503));
    let status = async |path: &str| match bench.get(path).await {
        Seen::Answer { status, .. } => status,
        other => panic!("{other:?}"),
    };
    for (rule, read, effect) in [
        (FaultRule::always(Scope::Effects, fault.clone()), 200, 503),
        (FaultRule::always(Scope::Reads, fault.clone()), 503, 200),
        (FaultRule::always(Scope::All, fault.clone()).with_vendor(WECHAT), 503, 503),
        (FaultRule::always(Scope::All, fault.clone()).with_vendor(miniprogram_sim::BAIDU), 200, 200),
        (FaultRule::always(Scope::All, fault.clone()).with_app(AppId::from("other")), 200, 200),
        (FaultRule::always(Scope::path("/wxa/revertgrayrelease"), fault.clone()), 200, 503),
    ] {
        bench.sim.set_faults(vec![rule.clone()]);
        assert_eq!(
            (status("/wxa/get_page").await, status("/wxa/revertgrayrelease").await),
            (read, effect),
            "{rule:?}"
        );
    }
    // Listing the rollback targets is a separate read.
    bench.sim.set_faults(vec![FaultRule::always(Scope::operation("rollback"), fault)]);
    assert_eq!(status("/wxa/revertcoderelease?action=get_history_version").await, 200);
    assert_eq!(status("/wxa/revertcoderelease").await, 503);
    bench.sim.clear_faults();
    assert_eq!(status("/wxa/revertcoderelease").await, 200);
}

/// Which of 40 requests of each of two apps met a fault.
async fn struck(seed: u64, interleaved: bool) -> Vec<bool> {
    let rule = FaultRule::probability(0.3, Scope::All, Fault::Before(Disturbance::ServerError(502)));
    let config = SimConfig::new().with_faults(vec![rule]);
    let bench = Bench::seeded(seed, config, AppSpec::wechat("wx1")).await;
    let tokens = [bench.token.clone(), bench.sim.add_app(AppSpec::wechat("wx2")).unwrap()];
    let mut seen = [Vec::new(), Vec::new()];
    for turn in 0..80 {
        let app = if interleaved { turn % 2 } else { turn / 40 };
        let url = bench.url("/wxa/get_page", tokens[app].expose());
        let answer = bench.send(Method::GET, url, "", String::new()).await;
        seen[app].push(matches!(answer, Seen::Answer { status: 502, .. }));
    }
    seen.concat()
}

#[tokio::test]
async fn a_seed_means_the_same_faults_however_requests_interleave() {
    let first = struck(5, true).await;
    assert_eq!(first, struck(5, false).await);
    assert_ne!(first, struck(6, true).await);
    let count = first.iter().filter(|struck| **struck).count();
    assert!((10..40).contains(&count), "{count} of 80 at 0.3");
}

#[test]
fn rules_read_and_write_the_same_json() {
    for (rule, text) in [
        (
            FaultRule::probability(0.5, Scope::All, Fault::Before(Disturbance::ServerError(503)))
                .with_vendor(WECHAT),
            r#"{"scope":"all","vendor":"wechat","when":{"probability":0.5},"fault":{"before":{"server_error":503}}}"#,
        ),
        (
            FaultRule::next(
                2,
                Scope::path("/wxa/release"),
                Fault::late(Duration::from_secs(3), Disturbance::Hang),
            ),
            r#"{"scope":{"path":"/wxa/release"},"when":{"next":2},"fault":{"late":{"lands":{"after_arrival":{"millis":3000}},"answer":"hang"}}}"#,
        ),
        (
            FaultRule::always(Scope::Effects, Fault::latency(Duration::from_millis(20))),
            r#"{"scope":"effects","when":"always","fault":{"latency":{"millis":20}}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        assert_eq!(serde_json::from_str::<FaultRule>(text).unwrap(), rule);
    }
    let short: FaultRule = serde_json::from_str(r#"{"fault":{"late":{"answer":"cut_body"}}}"#).unwrap();
    assert_eq!(short.fault, Fault::Late { lands: Lands::default(), answer: Disturbance::CutBody });
}
