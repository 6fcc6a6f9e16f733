//! Rehearsals: the command with nothing but the files of a plan.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, command};

const PLAN: &str = r#"
merchants = "merchants.csv"
secret_columns = ["password"]
failure_budget = "50%"
bake_after_release = "1h"

[vendor.wechat]
template = 12345
version = "0.0.1"
description = "spring at ${name}"
rate = 50
extension = { extEnable = true, extPages = { "shop/menu" = {} }, ext = { password = "${password}" } }
gray = [{ share = "10%", bake = "6h" }]
submit = { items = [{ address = "shop/menu", first_class = "餐饮", second_class = "外卖", first_id = 11, second_id = 22 }] }

[vendor.baidu]
template = 7
version = "2.0.0"
description = "spring at ${name}"
rate = 50
extension = { extEnable = true, ext = { shop = "${name}" } }
submit = { content = "spring", remark = "no login needed" }

[[wave]]
name = "canary"
apps = 2
[[wave]]
name = "all"
apps = "rest"

[gate]
command = ["./gate-that-does-not-exist"]

[[notify]]
on = ["halted", "ended"]
command = ["./notifier-that-does-not-exist"]
"#;

/// A folder with a plan for so many apps of each vendor. There is no configuration and no store.
fn folder(plan: &str, apps: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spring.toml"), plan).unwrap();
    let mut merchants = "vendor,app_id,name,password\n".to_owned();
    for number in 0..apps {
        let _ = write!(
            merchants,
            "wechat,wx{number:016},面包店 {number},canary\nbaidu,{},书店 {number},canary\n",
            17_000_000 + number
        );
    }
    fs::write(folder.path().join("merchants.csv"), merchants).unwrap();
    folder
}

fn rehearse(folder: &TempDir, line: &[&str]) -> Ran {
    let mut command = command();
    // A vendor's host would be reached through this one, and nobody listens there.
    command.env("MINIPROGRAM_BASE_URL", "http://127.0.0.1:9");
    command.current_dir(folder.path()).args(["rollout", "rehearse", "spring.toml"]);
    Ran::of(command.args(line).args(["--format", "json"]))
}

/// The result of a rehearsal that ends with an exit code.
fn result(ran: &Ran, code: i32) -> Value {
    assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

/// How many apps are in a phase.
fn count(result: &Value, phase: &str) -> u64 {
    let waves = result["waves"].as_array().unwrap().iter();
    waves.filter(|row| row["phase"] == phase).map(|row| row["apps"].as_u64().unwrap()).sum()
}

fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_rehearsal_with_faults_ends_released_and_is_repeatable() {
    let folder = folder(PLAN, 4);
    let line = ["--faults", "5", "--seed", "7", "--start", "2026-11-30T08:00:00+08:00"];
    let first = result(&rehearse(&folder, &[&line[..], &["--report", "report.html"]].concat()), 0);
    assert_eq!((&first["result"], &first["seed"]), (&json!("ended"), &json!(7)), "{first}");
    assert_eq!((count(&first, "released"), first["waves"].as_array().unwrap().len()), (8, 4), "{first}");
    for vendor in first["vendors"].as_array().unwrap() {
        assert_eq!((&vendor["apps"], &vendor["submissions"]), (&json!(4), &json!(4)), "{first}");
        assert!(vendor["calls"].as_u64().unwrap() > 20, "{first}");
    }
    // Two waves, each with an audit of a day, a gray step and the time after the release.
    let hours = first["simulated_hours"].as_f64().unwrap();
    assert!((62.0..120.0).contains(&hours), "{first}");
    let notices = first["notices"].as_array().unwrap();
    assert_eq!(notices.last().unwrap()["notice"], "ended", "{first}");
    let report = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(report.contains("spring") && !report.contains("canary\""), "{report}");
    assert_eq!(files(&folder), ["merchants.csv", "report.html", "spring.toml"]);

    let again = result(&rehearse(&folder, &line), 0);
    for figure in ["waves", "vendors", "notices", "simulated_hours", "finished_at", "plan_hash"] {
        assert_eq!(again[figure], first[figure], "{figure}");
    }
    let later = ["--faults", "5", "--seed", "7", "--start", "2026-12-01T08:00:00+08:00"];
    assert_eq!(result(&rehearse(&folder, &later), 0)["simulated_hours"], first["simulated_hours"]);
}

#[test]
fn pushes_bring_a_verdict_at_once_and_polls_find_it_if_they_are_lost() {
    let folder = folder(PLAN, 3);
    let hours = |lost: &str| {
        let ended = result(&rehearse(&folder, &["--seed", "7", "--audit", "40", "--lost", lost]), 0);
        assert_eq!(count(&ended, "released"), 6, "{ended}");
        ended["simulated_hours"].as_f64().unwrap()
    };
    // Two waves, each with an audit of 40 hours, 6 hours of gray and one after the release.
    let (pushed, polled) = (hours("0"), hours("100"));
    assert!((94.0..97.0).contains(&pushed), "{pushed}");
    assert!(polled > pushed + 1.0, "{polled} with polls alone, {pushed} with pushes");
}

#[test]
fn rejections_over_the_failure_budget_halt_it() {
    let folder = folder(&PLAN.replace("failure_budget = \"50%\"", "failure_budget = 0"), 2);
    let ran = rehearse(&folder, &["--rejections", "100", "--audit", "48", "--seed", "7"]);
    let halted = result(&ran, 1);
    assert_eq!((&halted["result"], count(&halted, "rejected")), (&json!("halted"), 2), "{halted}");
    assert_eq!(
        (count(&halted, "waiting"), count(&halted, "released")),
        (2, 0),
        "the next wave waits: {halted}"
    );
    assert!(halted["halted"].as_str().unwrap().contains("0 are tolerated"), "{halted}");
    let causes = halted["causes"].as_array().unwrap();
    assert!(causes.len() == 2 && causes.iter().all(|cause| cause["phase"] == "rejected"), "{halted}");
    assert_eq!((&causes[0]["why"], &causes[0]["apps"]), (&json!("rejected by the rehearsal"), &json!(1)));
    let notices = halted["notices"].as_array().unwrap();
    assert!(notices.iter().any(|notice| notice["notice"] == "halted" && notice["wave"] == 0), "{halted}");
    assert!(halted["simulated_hours"].as_f64().unwrap() >= 48.0, "{halted}");
}

#[test]
fn a_quota_that_runs_out_is_waited_for() {
    let folder = folder(PLAN, 3);
    let line = ["--quota", "2", "--seed", "7", "--start", "2026-11-25T08:00:00+08:00"];
    let ended = result(&rehearse(&folder, &line), 0);
    assert_eq!((count(&ended, "released"), &ended["result"]), (6, &json!("ended")), "{ended}");
    // The month of Beijing ends five and a half days later, and the third app is audited after that.
    assert!(ended["simulated_hours"].as_f64().unwrap() > 150.0, "{ended}");
}

#[test]
fn a_faulty_plan_and_a_file_that_exists_are_refused_before_anything() {
    let broken = folder(&PLAN.replace("${name}", "${nam}").replace("template = 7", "templat = 7"), 1);
    let problems = result(&rehearse(&broken, &[]), 1);
    assert!(problems["problems"].as_array().unwrap().len() >= 3, "all of them at once: {problems}");
    assert!(problems.get("result").is_none(), "{problems}");

    let folder = folder(PLAN, 2);
    fs::write(folder.path().join("report.html"), "mine").unwrap();
    let refused = rehearse(&folder, &["--report", "report.html"]).error(1);
    assert_eq!((&refused["kind"], &refused["field"]), (&json!("invalid_argument"), &json!("report")));
    assert_eq!(fs::read_to_string(folder.path().join("report.html")).unwrap(), "mine");
    for (option, value) in
        [("--faults", "101"), ("--lost", "-1"), ("--audit", "721"), ("--start", "tomorrow")]
    {
        let usage = rehearse(&folder, &[option, value]);
        assert_eq!((usage.code, usage.stdout.as_str()), (2, ""), "{option}: {usage:?}");
    }
}
