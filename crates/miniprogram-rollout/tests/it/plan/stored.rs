use miniprogram_core::Secret;
use miniprogram_core::model::{Check, CheckLevel};
use miniprogram_rollout::plan::{Plan, PlanSecrets, StoredPlanError};
use proptest::prelude::*;

use super::check;

const FILE: &str = r#"
merchants = "m.csv"
secret_columns = ["password", "unused"]
failure_budget = "2%"
bake_after_release = "1 day"

[vendor.acme]
template = 7
version = "1.0"
description = "for ${name}"
extension_file = "ext.json"
submit = { content = "${name}", login = "u:${password}" }
gray = [{ share = "10%", bake = "1 day" }]

[[wave]]
name = "all"
apps = "rest"

[[window]]
hours = "22:00-02:00"

[gate]
url = "https://health.example.com"

[[notify]]
on = ["ended"]
url = "https://hooks.example.com/x"
secret_env = "KEY"
"#;

const MERCHANTS: &str =
    "vendor,app_id,name,password,unused\nacme,a1,店,canary-1,canary-2\nacme,a2,b,canary-3,\n";
const EXT: &str = r#"{"ext":{"key":"${password}"}}"#;

fn plan_of(file: &str, merchants: &str, ext: &str) -> Plan {
    check(file, &[("m.csv", merchants.as_bytes()), ("ext.json", ext.as_bytes())]).unwrap()
}

fn plan() -> Plan {
    plan_of(FILE, MERCHANTS, EXT)
}

#[test]
fn a_stored_plan_is_read_back_with_its_secrets() {
    let plan = plan();
    let sealed = plan.secrets().to_json();
    let back = Plan::from_json(&plan.to_json(), &PlanSecrets::from_json(&sealed).unwrap()).unwrap();
    assert_eq!(back, plan);
    assert_eq!(back.to_json(), plan.to_json());
    assert!(back.apps().eq(plan.apps()));
    let first = back.apps().next().unwrap();
    assert_eq!(first.target.ext.as_str(), r#"{"ext":{"key":"canary-1"}}"#);
    assert_eq!(first.target.submit.fields()["login"], "u:canary-1");
    insta::with_settings!({ filters => vec![("[0-9a-f]{64}", "[sha256]")] }, {
        insta::assert_snapshot!("stored_plan", plan.to_json());
    });
    assert_eq!(sealed.expose(), r#"{"acme/a1":{"password":"canary-1"},"acme/a2":{"password":"canary-3"}}"#);
}

#[test]
fn secret_values_are_printed_nowhere() {
    let plan = plan();
    let apps: Vec<_> = plan.apps().collect();
    let shown = format!("{plan:?} {apps:?} {:?} {} {}", plan.secrets(), plan.to_json(), plan.summary());
    assert!(!shown.contains("canary"), "{shown}");
    // A value that is wrong is not quoted either.
    let file = FILE.replace(r#""u:${password}""#, r#""${password:json}""#);
    let file = file.replace("for ${name}", "for ${password}");
    let problems =
        check(&file, &[("m.csv", MERCHANTS.as_bytes()), ("ext.json", EXT.as_bytes())]).unwrap_err();
    let shown = format!("{problems} {problems:?}");
    assert!(problems.as_slice().len() == 3 && !shown.contains("canary"), "{shown}");
    let garbled = PlanSecrets::from_json(&Secret::new(r#"{"a":"canary"}"#)).unwrap_err();
    assert!(!format!("{garbled} {garbled:?}").contains("canary"));
}

#[test]
fn the_hash_depends_on_every_file_and_on_the_secrets() {
    let plan = plan();
    assert_eq!(plan.hash(), self::plan().hash());
    assert_eq!(plan.hash().len(), 64);
    let others = [
        plan_of(&format!("{FILE}# a comment\n"), MERCHANTS, EXT),
        plan_of(FILE, &MERCHANTS.replace("canary-3", "canary-4"), EXT),
        plan_of(FILE, MERCHANTS, &format!("{EXT} ")),
    ];
    for other in others {
        assert_ne!(other.hash(), plan.hash());
    }
}

#[test]
fn levels_of_checks_are_stored_and_a_plan_without_them_has_the_form_of_earlier_versions() {
    assert!(!plan().to_json().contains("doctor"));
    let file = format!("{FILE}\n[doctor]\ndomains = \"error\"\nicp_filing = \"skipped\"\n");
    let plan = plan_of(&file, MERCHANTS, EXT);
    let back = Plan::from_json(&plan.to_json(), &plan.secrets()).unwrap();
    let levels: Vec<_> = back.settings().doctor.iter().map(|(check, level)| (*check, *level)).collect();
    assert_eq!(levels, [(Check::Domains, CheckLevel::Error), (Check::IcpFiling, CheckLevel::Skipped)]);
    assert_eq!(back, plan);
}

#[test]
fn what_is_not_the_stored_plan_is_refused() {
    let plan = plan();
    let (json, secrets) = (plan.to_json(), plan.secrets());
    let read = |json: &str| Plan::from_json(json, &secrets).unwrap_err();
    let changed = StoredPlanError::Changed(plan.hash().to_owned());
    assert_eq!(read(&json.replace("1.0", "1.1")), changed);
    assert_eq!(Plan::from_json(&json, &PlanSecrets::default()).unwrap_err(), changed);
    let other = plan_of(FILE, &MERCHANTS.replace("canary-3", "canary-4"), EXT).secrets();
    assert_eq!(Plan::from_json(&json, &other).unwrap_err(), changed);
    assert_eq!(read(&json.replace(r#""schema":1"#, r#""schema":2"#)), StoredPlanError::Schema(2));
    for text in ["", "{}", r#"{"schema":1}"#, &json.replace(r#""sources""#, r#""source""#)] {
        assert!(matches!(read(text), StoredPlanError::Unreadable(_)), "{text}");
    }
}

proptest! {
    #[test]
    fn any_values_survive_csv_and_the_store(values in prop::collection::vec(("\\PC*[^\\s,]", "[^\r]*[^\\s]"), 1..6)) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut merchants = "vendor,app_id,name,password\n".to_owned();
        for (index, (name, password)) in values.iter().enumerate() {
            merchants.push_str(&format!("acme,a{index},{},{}\n", quoted(name), quoted(password)));
        }
        let file = FILE.replace(", \"unused\"", "");
        let plan = plan_of(&file, &merchants, r#"{"k":"${password}"}"#);
        let back = Plan::from_json(&plan.to_json(), &plan.secrets()).unwrap();
        prop_assert_eq!(&back, &plan);
        for (app, (name, password)) in back.apps().zip(&values) {
            prop_assert_eq!(app.target.description, format!("for {name}"));
            prop_assert_eq!(&app.target.ext.field("k").unwrap(), password);
        }
    }
}
