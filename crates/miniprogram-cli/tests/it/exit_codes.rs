//! One exit code per kind of result.

use miniprogram::AppId;
use miniprogram_sim::{Disturbance, Fault, FaultRule, Scope};
use serde_json::json;

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command};

#[tokio::test(flavor = "multi_thread")]
async fn failed_is_1_and_says_what_to_do() {
    let bench = Bench::start().await;
    let error = bench.run(WECHAT_APP, &["release", "publish"]).error(1);
    assert_eq!((&error["kind"], &error["outcome"]), (&json!("conflict"), &json!("not_done")));
    assert_eq!((&error["vendor"], &error["operation"]), (&json!("wechat"), &json!("release")));
    assert!(error["code"].is_number() && error["request_id"].is_string(), "{error}");
    assert!(error["message"].is_string() && error["advice"].is_string(), "{error}");

    let table = Ran::of(&mut bench.command(WECHAT_APP, &["release", "publish"]));
    assert_eq!((table.code, table.stdout.as_str()), (1, ""));
    assert_eq!(table.stderr.lines().count(), 2, "{}", table.stderr);
    assert!(table.stderr.starts_with("error: release publish: conflict (wechat code "), "{}", table.stderr);
    assert!(table.stderr.contains("\nadvice: "), "{}", table.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_limit_is_1_and_costs_no_request() {
    let bench = Bench::start().await;
    let upload = |ext: &str, version: &str| {
        let head = ["code", "upload", "--template-id", "7", "--user-desc", "x"];
        bench.run(WECHAT_APP, &[&head[..], &["--ext-json", ext, "--user-version", version]].concat()).error(1)
    };
    assert_eq!(upload("[1]", "1")["field"], "ext_json");
    assert_eq!(upload("@/no/such/file", "1")["field"], "ext_json");
    assert_eq!(upload("{}", &"9".repeat(100))["kind"], "invalid_argument");
    let wide = ["code", "qrcode", "--output", "-", "--width", "99999999999"];
    assert_eq!(bench.run(WECHAT_APP, &wide).error(1)["field"], "width");
    let six = ["--item", "{}"].repeat(6);
    let items = bench.run(WECHAT_APP, &[&["audit", "submit"], six.as_slice()].concat()).error(1);
    assert_eq!(items["kind"], "invalid_argument");
    assert_eq!(bench.sim.requests(), 0);
}

#[test]
fn usage_is_2_in_both_formats() {
    for line in [
        &["code", "versions"][..],
        &["code", "versions", "--vendor", "acme", "--app", "1"],
        &["code", "versions", "--vendor", "wechat", "--app", "1"],
        &["code", "versions", "--nonsense"],
        &["code", "versions", "--dry-run"],
        &["code", "upload", "--vendor", "wechat", "--app", "1"],
        &["release", "rollback", "--package-id", "1", "--to", "2"],
        &["audit", "submit", "--package-id", "1", "--user-version", "2"],
        &["audit", "watch", "--interval", "0s"],
        &["code", "versions", "--timeout", "10 minutes"],
        &["vendors", "--app", "1"],
        &["explain", "wechat", "1", "--base-url", "http://127.0.0.1:1"],
        &["events", "decode", "--vendor", "wechat"],
        &["events", "decode", "--vendor", "wechat", "--token", "t", "--aes-key", &"a".repeat(43)],
        &["events", "decode", "--vendor", "wechat", "--plain", "--receiver-id", "1"],
        &["events", "decode", "--plain"],
        &["sim", "--vendor", "wechat"],
        &["nonsense"],
        &[],
    ] {
        for format in [&[][..], &["--format", "json"]] {
            let ran = Ran::of(command().args(line).args(format));
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line:?}");
            let said = ran.stderr.starts_with("error: ") || ran.stderr.contains("Usage: miniprogram");
            assert!(said, "{line:?}: {}", ran.stderr);
        }
    }
}

/// Environment variables never make a command fail that does not use them.
#[test]
fn an_unused_environment_is_no_mistake() {
    let ran = Ran::of(
        command()
            .args(["vendors", "--format", "json"])
            .env("MINIPROGRAM_ACCESS_TOKEN", "t")
            .env("MINIPROGRAM_BASE_URL", "http://127.0.0.1:1")
            .env("MINIPROGRAM_CALLBACK_TOKEN", "t"),
    );
    ran.json();
}

#[tokio::test(flavor = "multi_thread")]
async fn unsupported_is_3_and_costs_no_request() {
    let bench = Bench::start().await;
    bench.run(BAIDU_APP, &["code", "pages"]).error(3);
    bench.run(WECHAT_APP, &["release", "publish", "--package-id", "5"]).error(3);
    bench.run(WECHAT_APP, &["release", "rollback", "--package-id", "5"]).error(3);
    bench.run(WECHAT_APP, &["audit", "submit", "--package-id", "5", "--item", "{}"]).error(3);
    assert_eq!(bench.sim.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_asking() {
    let bench = Bench::start().await;
    let lost = FaultRule::next(1, Scope::Effects, Fault::After(Disturbance::Reset));
    bench.sim.add_fault(lost);
    let effect = bench.run(WECHAT_APP, &["release", "visit", "close"]).json();
    assert_eq!((&effect["outcome"], &effect["evidence"]), (&json!("done"), &json!("asked")));
    assert_eq!(bench.sim.effects(&AppId::from(WECHAT_APP), "set_visit_status"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_6_and_a_failed_read_is_1() {
    let bench = Bench::start().await;
    bench.sim.add_fault(FaultRule::always(Scope::All, Fault::Before(Disturbance::Reset)));
    let line = ["--format", "json", "--timeout", "1s", "--settle-time", "100ms", "--deadline", "1s"];
    let run = |verb: &[&str]| Ran::of(bench.command(WECHAT_APP, verb).args(line));
    let error = run(&["release", "visit", "close"]).error(6);
    assert_eq!((&error["outcome"], &error["operation"]), (&json!("unknown"), &json!("set_visit_status")));
    assert_eq!(run(&["call", "POST", "/wxa/release"]).error(6)["outcome"], "unknown");
    let low_level = run(&["call", "GET", "/wxa/get_category"]).error(1);
    assert_eq!(low_level["outcome"], "not_done", "a read has no effect: {low_level}");
    let read = run(&["code", "versions"]).error(1);
    assert_ne!(read["outcome"], "unknown", "a read has no effect");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_effect_is_6() {
    use std::process::Stdio;
    let bench = Bench::start().await;
    bench.sim.add_fault(FaultRule::always(Scope::Effects, Fault::Before(Disturbance::Hang)));
    let mut command = bench.command(WECHAT_APP, &["release", "visit", "close", "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while bench.sim.requests() == 0 {
        std::thread::yield_now();
    }
    crate::support::signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (&error["error"]["kind"], &error["error"]["outcome"]),
        (&json!("cancelled"), &json!("unknown"))
    );
}

#[test]
fn nobody_at_the_other_end_is_1() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let line = ["code", "versions", "--vendor", "wechat", "--app", WECHAT_APP, "--deadline", "1s"];
    let ran =
        Ran::of(command().args(line).args(["--format", "json", "--base-url", &url, "--access-token", "t"]));
    assert_eq!(ran.error(1)["kind"], "unavailable");
}
