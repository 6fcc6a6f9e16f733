use std::time::Duration;

use miniprogram_rollout::machine::GrayStep;
use serde_json::json;

use super::{ACME, BOLT, check};

const FILE: &str = r#"
merchants = "m.jsonl"
failure_budget = 3
freeze = [2026-12-31]

[vendor.acme]
template = "7"
version = "1.0"
description = "for ${name} ($${name})"
extension = '{ "ext": { "shop": "${name}", "tables": "${tables:json}", "id": "${vendor}/${app_id}" } }'
gray = [{ share = "10%", bake = "1h 30m" }, { share = "50%", bake = "2 days" }]

[vendor.acme.submit]
content = "menu of ${name}"
count = 2

[vendor.bolt]
template = 9
version = "1.1"
description = "d"
extension_column = "ext"

[[wave]]
name = "canary"
apps = ["b1"]

[[wave]]
name = "all"
apps = "rest"

[audit]
expedite = true
delayed = "hold"
"#;

const MERCHANTS: &str = r#"
{"vendor":"acme","app_id":12345678901234567,"name":"面包\"店\"","tables":[1,2.50]}
{"vendor":"acme","app_id":"a2","name":"back\\slash","tables":12345678901234567890123,"priority":1}

{"vendor":"bolt","app_id":"b1","ext":{"n": 1.0}}
"#;

#[test]
fn every_app_gets_its_own_values() {
    let plan = check(FILE, &[("m.jsonl", MERCHANTS.as_bytes())]).unwrap();
    let apps: Vec<_> = plan.apps().collect();
    let ids: Vec<_> = apps
        .iter()
        .map(|app| (app.wave, app.target.vendor, app.target.app_id.as_str(), app.target.priority))
        .collect();
    assert_eq!(ids, [(0, BOLT, "b1", 0), (1, ACME, "a2", 1), (1, ACME, "12345678901234567", 0)]);
    let extensions: Vec<_> = apps.iter().map(|app| app.target.ext.as_str()).collect();
    assert_eq!(
        extensions,
        [
            r#"{"n": 1.0}"#,
            r#"{"ext":{"shop":"back\\slash","tables":12345678901234567890123,"id":"acme/a2"}}"#,
            r#"{"ext":{"shop":"面包\"店\"","tables":[1,2.50],"id":"acme/12345678901234567"}}"#,
        ]
    );
    let last = &apps[2].target;
    assert_eq!((last.template.as_str(), last.version.as_str()), ("7", "1.0"));
    assert_eq!(last.description, "for 面包\"店\" (${name})");
    assert_eq!(json!(last.submit), json!({ "content": "menu of 面包\"店\"", "count": 2 }));
    assert_eq!(json!(apps[0].target.submit), json!({}));
    assert_eq!(plan.app(BOLT, &"b1".into()).as_ref(), Some(&apps[0]));
    assert_eq!(plan.app(ACME, &"b1".into()), None);
}

#[test]
fn each_vendor_has_its_own_steps_and_shares_the_other_rules() {
    let plan = check(FILE, &[("m.jsonl", MERCHANTS.as_bytes())]).unwrap();
    let bolt = plan.app(BOLT, &"b1".into()).unwrap().policy.clone();
    let acme = plan.app(ACME, &"a2".into()).unwrap().policy.clone();
    let steps =
        [GrayStep::new(10, Duration::from_secs(5400)), GrayStep::new(50, Duration::from_secs(172_800))];
    assert_eq!((acme.gray.as_slice(), bolt.gray.len()), (&steps[..], 0));
    let shown = json!([acme.delay, acme.stuck.expedite, acme.stuck.resubmit, acme.gate, acme.windows.freeze]);
    assert_eq!(shown, json!(["hold", true, false, false, [["2026-12-31", "2026-12-31"]]]));
    assert_eq!(bolt.windows, acme.windows);
}

#[test]
fn the_summary_counts_apps_and_submissions() {
    let plan = check(FILE, &[("m.jsonl", MERCHANTS.as_bytes())]).unwrap();
    let summary = plan.summary().to_string();
    assert_eq!(summary, "canary: bolt 1\nall: acme 2\nsubmissions: acme 2, bolt 1");
}
