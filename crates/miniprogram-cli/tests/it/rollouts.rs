//! Rollouts from the command line: planned, driven by the daemon or in the foreground, ordered about from other
//! processes, killed and continued.

use std::fs;
use std::process::Stdio;

use std::sync::Arc;
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::journal::Journal;
use miniprogram::{AppId, Intent, Timestamp, Vendor};
use miniprogram_sim::{BAIDU, Callback, Decision, State, WECHAT};
use miniprogram_store::{StoreJournal, StoreKeys, StoreOptions};
use serde_json::{Value, json};

use crate::platform::{Platforms, until};
use crate::support::{BAIDU_APP, Ran, WECHAT_APP, signal};

const APPS: [&str; 2] = [WECHAT_APP, BAIDU_APP];
pub(crate) const VERSION: &str = "2.0.0";
const PLAN: &str = r#"
merchants = "merchants.csv"
secret_columns = ["password"]
failure_budget = 0

[vendor.wechat]
template = 7
version = "2.0.0"
description = "spring at ${name}"
rate = 50
extension = { extEnable = true, ext = { shop = "${name}", password = "${password}" } }
submit = { items = [{ address = "pages/index/index", first_class = "工具", second_class = "备忘录", first_id = 1, second_id = 2 }] }

[vendor.baidu]
template = 7
version = "2.0.0"
description = "spring at ${name}"
rate = 50
extension = { extEnable = true, ext = { shop = "${name}" } }
submit = { content = "spring", remark = "log in with ${password}" }

[[wave]]
name = "all"
apps = "rest"
"#;

/// A platform with both apps authorized and a version of each online, and the files of a rollout.
pub(crate) async fn platforms() -> Platforms {
    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let daemon = platforms.serve(&[]);
    for app in APPS {
        platforms.authorize(app).await;
        platforms.sim.arrange(&AppId::from(app), &State::Online).unwrap();
    }
    daemon.stop();
    write_plan(&platforms, PLAN);
    platforms
}

fn write_plan(platforms: &Platforms, plan: &str) {
    fs::write(platforms.file("spring.toml"), plan).unwrap();
    let merchants = format!(
        "vendor,app_id,name,password\nwechat,{WECHAT_APP},面包店,canary\nbaidu,{BAIDU_APP},书店,canary\n"
    );
    fs::write(platforms.file("merchants.csv"), merchants).unwrap();
}

fn status(platforms: &Platforms) -> Value {
    platforms.run(&["rollout", "status", "spring"]).json()
}

/// How many apps are in a phase.
pub(crate) fn count(status: &Value, phase: &str) -> u64 {
    let counts = status["counts"].as_array().unwrap().iter();
    counts.filter(|count| count["phase"] == phase).map(|count| count["apps"].as_u64().unwrap()).sum()
}

/// The status, once it satisfies a condition.
pub(crate) async fn status_with(platforms: &Platforms, fulfilled: impl Fn(&Value) -> bool) -> Value {
    until(|| Some(status(platforms)).filter(&fulfilled), || explain(platforms)).await
}

fn explain(platforms: &Platforms) -> String {
    let ledger = platforms.run(&["rollout", "ledger", "spring"]).stdout;
    format!("{} {ledger}", status(platforms))
}

fn approve(platforms: &Platforms) {
    for app in APPS {
        platforms.sim.decide_audit(&AppId::from(app), &Decision::Approve).unwrap();
    }
}

fn online(platforms: &Platforms, app: &str) -> String {
    let truth = platforms.sim.truth(&AppId::from(app)).unwrap();
    truth.online_version().unwrap_or_default().to_owned()
}

/// By the simulator's truth each app was submitted and released once, and shows the version.
fn assert_released_once(platforms: &Platforms) {
    for app in APPS {
        assert_eq!(online(platforms, app), VERSION, "{app}");
        for operation in ["upload_code", "submit_audit", "release"] {
            assert_eq!(platforms.sim.effects(&AppId::from(app), operation), 1, "{operation} of {app}");
        }
    }
}

fn lines(ran: &Ran) -> Vec<Value> {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_checked_without_a_store_and_shows_the_requests_of_an_app() {
    let platforms = Platforms::start().await;
    write_plan(&platforms, PLAN);
    let at = |line: &[&str]| platforms.run(&[line, &["--config", ""]].concat());
    let plan = at(&["rollout", "plan", "spring.toml"]).json();
    assert_eq!((&plan["apps"], &plan["waves"][0]["name"]), (&json!(2), &json!("all")), "{plan}");
    let vendor = &plan["vendors"][0];
    assert_eq!((&vendor["submissions"], &vendor["quota_left"]), (&json!(1), &json!("unknown")), "{plan}");
    assert!(vendor["calls"].as_u64().unwrap() > 10, "{plan}");
    assert!(vendor["quota_unknown"].as_str().unwrap().contains("no store"), "{plan}");
    assert_eq!(plan["forecast"]["waves"].as_array().unwrap().len(), 1, "{plan}");
    let shown = at(&["rollout", "plan", "spring.toml", "--app", WECHAT_APP]);
    let app = shown.json();
    assert_eq!((&app["version"], app.get("online")), (&json!(VERSION), None), "{app}");
    assert!(app["online_unknown"].as_str().unwrap().contains("no store"), "{app}");
    let paths: Vec<_> =
        app["requests"].as_array().unwrap().iter().map(|request| request["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"/wxa/commit") && paths.contains(&"/wxa/submit_audit"), "{paths:?}");
    assert_eq!(paths.last(), Some(&"/wxa/release"), "{paths:?}");
    assert!(shown.stdout.contains("面包店") && !shown.stdout.contains("canary"), "{shown:?}");
    let unknown = at(&["rollout", "plan", "spring.toml", "--app", "17000009"]).error(1);
    assert_eq!((&unknown["kind"], &unknown["field"]), (&json!("not_found"), &json!("app")));
    assert_eq!(platforms.sim.requests(), 0);

    write_plan(&platforms, &PLAN.replace("${name}", "${nam}").replace("template = 7", "templat = 7"));
    for verb in ["plan", "start", "run"] {
        let refused = at(&["rollout", verb, "spring.toml"]);
        assert_eq!((refused.code, refused.stderr.as_str()), (1, ""), "{verb}: {refused:?}");
        let problems: Value = serde_json::from_str(&refused.stdout).unwrap();
        let problems = problems["problems"].as_array().unwrap();
        assert!(problems.len() >= 4, "all of them at once: {problems:?}");
        assert!(problems.iter().all(|problem| problem["file"] == "spring.toml"), "{problems:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_the_quota_the_end_and_what_it_replaces_by_reads_alone() {
    let platforms = platforms().await;
    let before = APPS.map(|app| online(&platforms, app));
    let requests = platforms.sim.requests();
    let plan = platforms.run(&["rollout", "plan", "spring.toml"]).json();
    let wechat = &plan["vendors"][0];
    let left = wechat["quota"]["remaining"].as_u64().unwrap();
    assert_eq!((&wechat["quota"]["shared"], &wechat["quota_left"]), (&json!(true), &json!(left.to_string())));
    assert!(wechat["quota_refilled_at"].is_string(), "{plan}");
    assert_eq!(plan["vendors"][1]["quota_left"], "unlimited", "{plan}");
    assert_eq!(plan.get("changes"), None, "{plan}");
    assert!(plan["forecast"]["end"].is_string(), "{plan}");
    assert_eq!(platforms.sim.requests() - requests, 2, "one call for each vendor");

    let plan = platforms.run(&["rollout", "plan", "spring.toml", "--online"]).json();
    let changes = plan["changes"].as_array().unwrap();
    let change = |vendor: &str, online: &str| json!({ "vendor": vendor, "online": online, "version": VERSION, "apps": 1 });
    assert_eq!(changes[..], [change("wechat", &before[0]), change("baidu", &before[1])], "{plan}");
    let app = platforms.run(&["rollout", "plan", "spring.toml", "--app", WECHAT_APP]).json();
    assert_eq!((&app["online"], &app["version"]), (&json!(before[0]), &json!(VERSION)), "{app}");
    for app in APPS {
        assert_eq!(platforms.sim.effects(&AppId::from(app), "upload_code"), 0, "{app}");
    }
    let told = Ran::of(&mut platforms.command(&["rollout", "plan", "spring.toml", "--online"]));
    for text in ["forecast to end at ", "2 days", "the audit quota is full again at ", &before[1]] {
        assert!(told.stdout.contains(text), "{text:?} in {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_drives_a_rollout_and_obeys_orders_of_other_processes() {
    let platforms = platforms().await;
    let before = APPS.map(|app| online(&platforms, app));
    let daemon = platforms.serve(&["--jsonl"]);
    let missing = platforms.run(&["rollout", "status", "spring"]).error(1);
    assert_eq!(missing["kind"], "not_found");
    let started = platforms.run(&["rollout", "start", "spring.toml", "--by", "ops"]).json();
    assert_eq!(
        (&started["rollout"], &started["apps"], &started["by"]),
        (&json!("spring"), &json!(2), &json!("ops"))
    );
    let again = platforms.run(&["rollout", "start", "spring.toml"]).json();
    assert_eq!(again["plan_hash"], started["plan_hash"], "a start that is repeated changes nothing");

    let waiting = status_with(&platforms, |status| count(status, "in_review") == 2).await;
    assert_eq!(
        (&waiting["movers"], &waiting["waves"]),
        (&json!({ "vendor": 2 }), &json!(["all"])),
        "{waiting}"
    );
    assert!(waiting["driver"].as_str().unwrap().starts_with("serve "), "{waiting}");
    let wechat = &waiting["vendors"][0];
    assert_eq!((&wechat["submitted"], &wechat["delayed"]), (&json!(1), &json!(0)), "{waiting}");
    assert_eq!(wechat["delayed_percent"], 0.0, "{waiting}");
    assert!(wechat["quota"]["left"].is_number() && wechat["quota"]["refilled_at"].is_string(), "{waiting}");
    assert!(waiting["forecast"]["end"].is_string(), "{waiting}");
    let told = Ran::of(&mut platforms.command(&["rollout", "status", "spring"]));
    for text in ["QUOTA_LEFT", "0 (0 %)", "forecast to end at ", "forecast_end"] {
        assert!(told.stdout.contains(text), "{text:?} in {told:?}");
    }
    let ordered = platforms.run(&["rollout", "pause", "spring", "--by", "ops"]).json();
    assert_eq!((&ordered["order"], &ordered["by"]), (&json!("pause"), &json!("ops")));
    status_with(&platforms, |status| status["mode"] == "paused").await;
    platforms.run(&["rollout", "resume", "spring"]).json();
    status_with(&platforms, |status| status["mode"] == "running").await;
    approve(&platforms);
    let ended =
        status_with(&platforms, |status| status["ended_at"].is_number() || status["ended_at"].is_string())
            .await;
    assert_eq!(count(&ended, "released"), 2, "{}", explain(&platforms));
    assert_released_once(&platforms);

    let released =
        platforms.run(&["rollout", "apps", "spring", "--state", "released", "--vendor", "wechat"]).json();
    assert_eq!((released.as_array().unwrap().len(), &released[0]["app_id"]), (1, &json!(WECHAT_APP)));
    let story = platforms.run(&["rollout", "show", "spring", WECHAT_APP]).json();
    assert_eq!(
        (&story["phase"], &story["facts"]["online_before"]),
        (&json!("released"), &json!(before[0])),
        "{story}"
    );
    assert_eq!(story["ledger"][0]["kind"], "begin", "{story}");
    let told = Ran::of(&mut platforms.command(&["rollout", "show", "spring", WECHAT_APP]));
    assert!(told.stdout.contains("submit_audit done") && told.stdout.contains("begin by ops"), "{told:?}");
    let ledger = lines(&platforms.run(&["rollout", "ledger", "spring", "--app", BAIDU_APP]));
    assert!(ledger.iter().all(|line| line["app_id"] == BAIDU_APP), "{ledger:?}");
    let export = platforms.run(&["rollout", "export", "spring"]);
    assert!(!export.stdout.contains("canary"), "{export:?}");
    let kinds: Vec<_> =
        lines(&export).iter().map(|line| line.as_object().unwrap().keys().next().unwrap().clone()).collect();
    assert_eq!(kinds[..4], ["rollout", "plan", "app", "app"]);
    assert_eq!(platforms.run(&["rollout", "list"]).json()[0]["state"], "ended");
    let head = Ran::of(&mut platforms.command(&["rollout", "status", "spring"]));
    assert!(head.stdout.contains("The vendor shows the version online."), "{head:?}");

    // After the end, too: every app goes back to the version before.
    platforms.run(&["rollout", "rollback", "spring"]).json();
    status_with(&platforms, |status| count(status, "rolled_back") == 2).await;
    assert_eq!(APPS.map(|app| online(&platforms, app)), before);
    let said = daemon.stop();
    assert!(said.contains("audit_approved"), "other handlers had the events as well: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_daemon_goes_on_when_it_is_started_again() {
    let platforms = platforms().await;
    let mut daemon = platforms.serve(&[]);
    platforms.run(&["rollout", "start", "spring.toml"]).json();
    until(
        || (platforms.sim.effects(&AppId::from(WECHAT_APP), "upload_code") == 1).then_some(()),
        || explain(&platforms),
    )
    .await;
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    drop(daemon);
    let daemon = platforms.serve(&[]);
    status_with(&platforms, |status| count(status, "in_review") == 2).await;
    approve(&platforms);
    status_with(&platforms, |status| count(status, "released") == 2).await;
    assert_released_once(&platforms);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_is_continued_by_its_name() {
    let platforms = platforms().await;
    let start = |line: &[&str]| {
        let mut command = platforms.command(&[line, &["--format", "json"]].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let first = start(&["rollout", "run", "spring.toml"]);
    until(
        || {
            let known = platforms.run(&["rollout", "status", "spring"]);
            let status: Value = serde_json::from_str(&known.stdout).ok()?;
            (known.code == 0 && count(&status, "in_review") == 2).then_some(())
        },
        || explain(&platforms),
    )
    .await;
    signal(&first, "INT");
    let output = first.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let progress: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(count(progress.last().unwrap(), "in_review"), 2, "{said}");
    assert_eq!(status(&platforms)["driver"], Value::Null, "it was given back");

    // What the file says now changes nothing: the plan is stored.
    write_plan(&platforms, &PLAN.replace("2.0.0", "3.0.0"));
    let other = platforms.run(&["rollout", "run", "spring.toml"]).error(1);
    assert_eq!(other["kind"], "conflict", "{other}");
    let second = start(&["rollout", "run", "--name", "spring"]);
    status_with(&platforms, |status| status["driver"].is_string()).await;
    // The daemon passes pushes on to whoever drives.
    let daemon = platforms.serve(&[]);
    let watching = start(&["rollout", "watch", "spring"]);
    approve(&platforms);
    for child in [second, watching] {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(count(&last, "released"), 2, "{said}");
    }
    assert_released_once(&platforms);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_settles_what_was_left_open_and_nothing_that_another_process_may_be_working_on() {
    let platforms = platforms().await;
    let open = async |vendor: Vendor, app: &str, started_at: Timestamp| {
        let url = format!("sqlite:{}", platforms.file("state.db").display());
        let options = StoreOptions::default().with_keys(StoreKeys::default());
        let store = miniprogram_store::open_with(&url, options).await.unwrap();
        let platform = Callback::sample(vendor).platform_id;
        let journal = StoreJournal::new(
            Arc::<dyn miniprogram_store::Store>::clone(&store),
            platform,
            Arc::new(SystemClock),
        );
        let command = miniprogram::Command::SetVisitStatus { status: miniprogram::VisitStatus::Open };
        let intent = Intent::new(vendor, AppId::from(app), command, Value::Null, started_at);
        journal.open(&intent).await.unwrap();
        store.close().await;
    };
    let now = SystemClock.now();
    let long_ago = Timestamp::from_unix_millis(now.as_unix_millis() - 3_600_000);
    open(WECHAT, WECHAT_APP, long_ago).await;
    open(BAIDU, BAIDU_APP, now.after(Duration::ZERO)).await;
    let daemon = platforms.serve(&[]);
    let left = || {
        let rows = platforms.run(&["effects", "list"]).json();
        (rows.as_array().unwrap().len() == 1).then_some(rows)
    };
    let left = until(left, || platforms.run(&["effects", "list"]).stdout).await;
    assert_eq!(left[0]["app_id"], BAIDU_APP, "{left}");
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_written_in_a_language_and_replaces_nothing_unasked() {
    let platforms = platforms().await;
    platforms.run(&["rollout", "start", "spring.toml"]).json();
    let report = |line: &[&str]| platforms.run(&[&["rollout", "report"], line].concat());
    let written = report(&["spring"]).json();
    let html = fs::read_to_string(platforms.file("spring.html")).unwrap();
    assert_eq!((&written["output"], &written["bytes"]), (&json!("spring.html"), &json!(html.len())));
    assert!(html.contains("lang=\"en\"") && !html.contains("canary"), "{html}");

    let refused = report(&["spring", "--lang", "zh"]).error(1);
    assert_eq!((&refused["kind"], &refused["field"]), (&json!("invalid_argument"), &json!("output")));
    assert_eq!(fs::read_to_string(platforms.file("spring.html")).unwrap(), html);
    report(&["spring", "--lang", "zh", "--force"]).json();
    let chinese = fs::read_to_string(platforms.file("spring.html")).unwrap();
    assert!(chinese.contains("lang=\"zh"), "{chinese}");
    let printed = report(&["spring", "--output", "-"]);
    assert!(printed.code == 0 && printed.stdout.starts_with("<!DOCTYPE html>"), "{printed:?}");

    let missing = report(&["autumn"]).error(1);
    assert_eq!(missing["kind"], "not_found");
    assert!(missing.to_string().contains("there is no rollout"), "{missing}");
    assert!(!platforms.file("autumn.html").exists());
    let unnamed = report(&["../autumn"]).error(1);
    assert_eq!(
        (&unnamed["field"], unnamed["advice"].as_str()),
        (&json!("output"), Some("give one with --output"))
    );
}
