//! How values are written.

use miniprogram_rollout::plan::Plan;
use serde_json::{Value, json};

use super::{check, check_csv, file_with};

const MERCHANTS: &[(&str, &[u8])] = &[("m.csv", b"vendor,app_id\nacme,a1\n")];

/// A part of the stored form.
fn stored(plan: &Plan, pointer: &str) -> Value {
    let json: Value = serde_json::from_str(&plan.to_json()).unwrap();
    json.pointer(&format!("/plan/settings{pointer}")).unwrap().clone()
}

#[test]
fn durations() {
    for (text, seconds) in [
        ("30s", 30),
        ("45m", 2700),
        ("2h 30m", 9000),
        ("3 days", 259_200),
        ("1w", 604_800),
        ("1d12h", 129_600),
        ("PT1H", 3600),
    ] {
        let top = format!("merchants = \"m.csv\"\nbake_after_release = {text:?}");
        let plan = check(&file_with(&top, ""), MERCHANTS).unwrap();
        assert_eq!(plan.settings().bake_after_release.as_secs(), seconds, "{text}");
    }
}

#[test]
fn windows() {
    for (days, hours, expected) in [
        (r#"["mon", "Wednesday"]"#, "10:00-17:30", json!([["monday", "wednesday"], 600, 1050])),
        (r#"["fri-mon"]"#, "00:00-24:00", json!([["monday", "friday", "saturday", "sunday"], 0, 1440])),
        (r#"["tues - thu"]"#, "22:00 - 02:00", json!([["tuesday", "wednesday", "thursday"], 1320, 120])),
    ] {
        let window = format!("[[window]]\ndays = {days}\nhours = {hours:?}\n");
        let plan = check(&file_with("merchants = \"m.csv\"", &window), MERCHANTS).unwrap();
        let window = stored(&plan, "/windows/open/0");
        assert_eq!(json!([window["days"], window["from"], window["until"]]), expected, "{days} {hours}");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let plan = check_csv("vendor,app_id\nacme,a1\n").unwrap();
    let acme = stored(&plan, "/vendors/0");
    let of = |name: &str| acme[name].clone();
    let shown = ["rate", "concurrency", "quota_kept", "gray", "extension", "submit"].map(of);
    assert_eq!(json!(shown), json!([5.0, 8, "0%", [], { "template": "{}" }, "{}"]));
    assert_eq!(
        stored(&plan, "/audit"),
        json!({
            "stuck": { "deadline": 604_800_000, "expedite": false, "resubmit": false },
            "rejection": "end",
            "delay": "go_on",
        })
    );
    assert_eq!(stored(&plan, "/gate"), Value::Null);
    assert_eq!(stored(&plan, "/windows"), json!({ "open": [], "freeze": [] }));
}

#[test]
fn a_table_of_toml_is_the_json_of_an_extension() {
    let extension = r#"
[vendor.acme.extension]
b = { z = 1, a = [1.5, true, "面"] }
a = -0x10
"#;
    // Hexadecimal numbers have no sign in TOML.
    let shown = check(&file_with("merchants = \"m.csv\"", extension), MERCHANTS).unwrap_err().to_string();
    assert!(shown.starts_with("rollout.toml:15:"), "{shown}");
    let plan =
        check(&file_with("merchants = \"m.csv\"", &extension.replace("-0x10", "0x10")), MERCHANTS).unwrap();
    let app = plan.apps().next().unwrap();
    assert_eq!(app.target.ext.as_str(), r#"{"b":{"z":1,"a":[1.5,true,"面"]},"a":16}"#);
}

#[test]
fn positions_count_characters() {
    let top = "merchants = \"m.csv\"\nfreeze = [\"2026-01-01\", \"春\", \"x\"]";
    let shown = check(&file_with(top, ""), MERCHANTS).unwrap_err();
    let at: Vec<_> = shown.as_slice().iter().map(|problem| (problem.line, problem.character)).collect();
    assert_eq!(at, [(Some(2), Some(25)), (Some(2), Some(30))]);
}
