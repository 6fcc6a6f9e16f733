//! Watching an audit: changes as they happen, and an exit code per result.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use miniprogram::AppId;
use miniprogram_sim::{Decision, Disturbance, Fault, FaultRule, Scope, State};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP};

const WATCH: [&str; 4] = ["audit", "watch", "--interval", "100ms"];

#[tokio::test(flavor = "multi_thread")]
async fn each_end_has_its_exit_code() {
    let bench = Bench::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        bench.arrange(app, &State::Approved);
        assert_eq!(bench.run(app, &WATCH).json()["status"], "approved");

        bench.arrange(app, &State::Rejected { reason: "名称过长".to_owned() });
        let rejected = bench.run(app, &WATCH);
        assert_eq!((rejected.code, rejected.stderr.as_str()), (5, ""));
        let audit: Value = serde_json::from_str(&rejected.stdout).unwrap();
        assert_eq!(audit["status"], "rejected");
        assert!(audit["reason"].as_str().unwrap().contains("名称过长"), "{audit}");

        bench.arrange(app, &State::InReview);
        let waiting = bench.run(app, &[&WATCH[..], &["--for", "500ms"]].concat());
        assert_eq!((waiting.code, waiting.stderr.as_str()), (4, ""));
        assert_eq!(waiting.stdout.lines().count(), 1, "no change, no line: {}", waiting.stdout);

        bench.arrange(app, &State::Fresh);
        let never = bench.run(app, &WATCH);
        assert_eq!((never.code, never.stdout.lines().count()), (1, 1), "{never:?}");
        assert!(never.stderr.contains(r#""kind":"conflict""#), "{}", never.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_online_already_is_no_verdict() {
    let bench = Bench::start().await;
    let upload = [
        ["code", "upload"],
        ["--template-id", "7"],
        ["--ext-json", r#"{"extEnable":true,"ext":{}}"#],
        ["--user-version", "2.0.0"],
        ["--user-desc", "bread"],
    ];
    for app in [WECHAT_APP, BAIDU_APP] {
        bench.arrange(app, &State::Approved);
        let online = bench.run(app, &["audit", "latest"]).json()["audit_id"].as_str().unwrap().to_owned();
        bench.run(app, &["release", "publish"]).json();
        bench.run(app, &upload.concat()).json();
        // The submission fails, and what passed earlier is all that the vendor knows.
        let refused = FaultRule::next(
            1,
            Scope::operation("submit_audit"),
            Fault::Before(Disturbance::ServerError(503)),
        );
        bench.sim.add_fault(refused.with_app(AppId::from(app)));
        let submission = ["audit", "submit", "--timeout", "1s", "--deadline", "1s"];
        assert_ne!(bench.run(app, &submission).code, 0);
        let ran = bench.run(app, &WATCH);
        let error = ran.error(1);
        assert_eq!((&error["kind"], &error["outcome"]), (&json!("conflict"), &json!("not_done")), "{error}");
        assert!(error["message"].as_str().unwrap().contains("is online already"), "{error}");
        assert!(error["advice"].as_str().unwrap().contains("`audit submit`"), "{error}");
        // Whoever names the audit gets its verdict.
        let named = bench.run(app, &[&WATCH[..], &["--audit-id", &online]].concat()).json();
        assert_eq!(named["status"], "approved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_come_as_lines_through_faults() {
    let bench = Bench::start().await;
    bench.arrange(WECHAT_APP, &State::InReview);
    let options = ["--format", "json", "--timeout", "1s", "--deadline", "1s"];
    let mut command = bench.command(WECHAT_APP, &WATCH);
    let mut child = command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next =
        || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["status"].clone();
    assert_eq!(next(), "in_review");
    bench.sim.add_fault(FaultRule::next(4, Scope::All, Fault::Before(Disturbance::ServerError(503))));
    let app = AppId::from(WECHAT_APP);
    bench.sim.decide_audit(&app, &Decision::Delay { reason: "later".to_owned() }).unwrap();
    assert_eq!(next(), "delayed");
    bench.sim.decide_audit(&app, &Decision::Approve).unwrap();
    assert_eq!(next(), "approved");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_stays_ends_it() {
    let bench = Bench::start().await;
    let ran = bench.run(WECHAT_APP, &[&WATCH[..], &["--audit-id", "123456789"]].concat());
    let error = ran.error(1);
    assert_eq!(error["outcome"], json!("not_done"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_is_over_even_while_a_question_hangs() {
    let bench = Bench::start().await;
    bench.sim.add_fault(FaultRule::always(Scope::All, Fault::Before(Disturbance::Hang)));
    let started = std::time::Instant::now();
    let ran = Ran::of(bench.command(WECHAT_APP, &WATCH).args(["--for", "500ms"]));
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(started.elapsed().as_secs() < 5);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_ends_it_at_once_with_4() {
    let bench = Bench::start().await;
    bench.arrange(BAIDU_APP, &State::InReview);
    for name in ["INT", "TERM"] {
        let mut command = bench.command(BAIDU_APP, &["audit", "watch", "--interval", "1h", "--for", "1d"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("in_review"), "{line}");
        crate::support::signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(4), "{name}");
    }
}
