//! Rollout files with mistakes: every case asserts all problems at once, word for word.

use miniprogram_core::Capabilities;
use miniprogram_rollout::plan::{Context, KnownVendor};

use super::{ACME, check, check_in, file_with};

const MERCHANTS: &str = "vendor,app_id,name,empty,json,secret\nacme,a1,n,,{},s\n";

fn problems(file: &str) -> String {
    let ext = r#"{"ext":{"a":"${nam}"}}"#;
    let others = [("m.csv", MERCHANTS), ("ext.json", ext), ("broken.json", "{\n  \"a\": 1,\n}\n")];
    check(file, &others.map(|(name, text)| (name, text.as_bytes()))).unwrap_err().to_string()
}

#[test]
fn an_empty_file() {
    assert_eq!(problems(""), "rollout.toml: is empty; see the example in the documentation");
    insta::assert_snapshot!("file_with_nothing", problems("# nothing yet\n"));
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(
        "file_not_toml",
        problems("merchants = \"m.csv\nfailure_budget == 1\nname = \"a\"\nname = \"b\"\n")
    );
}

#[test]
fn unknown_keys_and_vendors() {
    let file = r#"
merchents = "m.csv"
failure_budget = "2%"
colour = "red"

[vendor.acne]
template = 1
version = "1"
description = "d"
tempalte = 7

[[wave]]
nam = "all"
apps = "rest"

[gate]
comand = ["x"]

[audit]
stuck = "3 days"
"#;
    insta::assert_snapshot!("file_unknown_keys_and_vendors", problems(file));
}

#[test]
fn values_of_the_wrong_kind() {
    let file = r#"
name = ""
merchants = 7
secret_columns = "name"
failure_budget = "two"
bake_after_release = "1 month"
freeze = ["2026-02-30", "2026-10-07..2026-10-01", 2026-10-01T10:00:00]

[filter]
vendors = ["acmee"]
only = []

[vendor.acme]
template = -7
version = "${name}"
description = ["d"]
extension = { at = 2026-01-01, n = inf }
submit = 1
rate = 0
concurrency = 0
quota_kept = "120%"
gray = [{ share = "10%" }, { share = 20, bake = "soon" }]

[[wave]]
name = "all"
apps = "most"
failure_budget = -1

[[window]]
days = ["mon-fry", "weekend"]
hours = "9-17"

[[window]]
hours = "24:00-25:00"

[gate]
command = []
timeout = "-5s"
on_fail = "stop"

[audit]
stuck_after = "0s"
expedite = "yes"
rejected = "corect"
delayed = "wait"

[[notify]]
on = ["halt", "halted"]
url = "ftp://example.com"

[doctor]
domain = "error"
domains = "ok"
"#;
    insta::assert_snapshot!("file_values_of_the_wrong_kind", problems(file));
}

#[test]
fn gray_steps() {
    let file = r#"
merchants = "m.csv"
failure_budget = "2%"

[vendor.acme]
template = 1
version = "1"
description = "d"
gray = [
    { share = "10%", bake = "1h" },
    { share = "10%", bake = "1h" },
    { share = "5%", bake = "1h" },
    { share = "0.5%", bake = "1h" },
    { share = "100%", bake = "1h" },
]

[vendor.bolt]
template = 1
version = "1"
description = "d"
gray = [{ share = "10%", bake = "1h" }]

[vendor.coral]
template = 1
version = "1"
description = "d"
gray = [{ share = "10%", bake = "1h" }, { share = "20%", bake = "1h" }]

[[wave]]
name = "all"
apps = "rest"
"#;
    insta::assert_snapshot!("file_gray_steps", problems(file));
}

#[test]
fn placeholders_and_extensions() {
    let file = r#"
merchants = "m.csv"
secret_columns = ["secret", "sekret", "app_id"]
failure_budget = "2%"

[vendor.acme]
template = 1
version = "1"
description = "${secret} ${name"
extension = { ext = { a = "${nmae}", b = "${empty}", c = "x ${json:json}" } }
extension_file = "ext.json"
submit = { "${name}" = 1 }

[vendor.bolt]
template = 1
version = "1"
description = "of ${secret} in ${district}"
extension_file = "broken.json"

[vendor.coral]
template = 1
version = "1"
description = "${json:json}"
extension_file = "missing.json"

[[wave]]
name = "all"
apps = "rest"
"#;
    insta::assert_snapshot!("file_placeholders_and_extensions", problems(file));
}

#[test]
fn a_placeholder_in_a_file_of_its_own_is_reported_there() {
    let file = file_with(r#"merchants = "m.csv""#, "")
        .replace("[[wave]]", "extension_file = \"ext.json\"\n[[wave]]");
    assert_eq!(problems(&file), "ext.json: the merchants have no column `nam`; write `name`");
}

#[test]
fn gates_and_notifications() {
    let tables = r#"
[gate]
timeout = "10s"

[[notify]]
on = ["ended"]
command = ["x"]
url = "https://example.com"

[[notify]]
on = ["ended"]
url = "https://example.com"

[[notify]]
on = ["ended"]
command = ["x"]
secret_env = "KEY"
"#;
    insta::assert_snapshot!(
        "file_gates_and_notifications",
        problems(&file_with(r#"merchants = "m.csv""#, tables))
    );
}

#[test]
fn intervals_that_cannot_be_kept() {
    let file = file_with("merchants = \"m.csv\"", "[polling]\nfirst = \"500ms\"\nretry_first = \"2h\"\n");
    insta::assert_snapshot!("file_intervals", problems(&file));
}

#[test]
fn filters() {
    let filter = r#"
[filter]
vendors = ["acme", "ackme"]
only = ["a1", "bolt/a1"]
except = ["a7"]
column = { regoin = ["north"], name = ["n"] }
"#;
    insta::assert_snapshot!("file_filters", problems(&file_with(r#"merchants = "m.csv""#, filter)));
    let nobody = "[filter]\nexcept = [\"a1\"]";
    let shown = problems(&file_with(r#"merchants = "m.csv""#, nobody));
    assert_eq!(shown, "rollout.toml: filter: no merchant passes the filter; remove a condition");
}

#[test]
fn merchants_that_are_not_there() {
    for (name, expected) in [
        (
            "gone.csv",
            "the file \"gone.csv\" cannot be read: entity not found; write the path of a file, from the directory of this one",
        ),
        (
            "m.xlsx",
            "\"m.xlsx\" is neither a table of merchants nor `authorized`; write a file that ends with .csv, .jsonl or .ndjson, or \"authorized\"",
        ),
    ] {
        let shown = problems(&file_with(&format!("merchants = {name:?}"), ""));
        assert_eq!(shown, format!("rollout.toml:1:13: merchants: {expected}"));
    }
    let shown = problems(&file_with(r#"merchants = "authorized""#, ""));
    assert_eq!(shown, "authorized apps: lists no merchants; add at least one row");
}

#[test]
fn problems_are_data_too() {
    let context = Context::new([KnownVendor::new(ACME, Capabilities::new())]);
    let problems = check_in(&context, &file_with("merchants = 1", ""), &[]).unwrap_err();
    insta::assert_json_snapshot!("problems_as_json", problems);
}

#[test]
fn a_url_with_a_password_is_refused_since_a_plan_is_shown() {
    for url in ["https://ann:pw@ops.example.com/", "https://token@ops.example.com/"] {
        let file = file_with(r#"merchants = "m.csv""#, &format!("[gate]\nurl = {url:?}\n"));
        let problems = check(&file, &[("m.csv", b"vendor,app_id\nacme,a1\n")]).map(|_| ()).unwrap_err();
        let problems = problems.to_string();
        assert!(problems.contains("gate.url: has a user or a password in it"), "{problems}");
        assert!(!problems.contains("pw") && !problems.contains("token"), "{problems}");
    }
}

#[test]
fn a_value_of_a_filter_that_no_merchant_has_is_refused() {
    let filter = "[filter]\ncolumn = { region = [\"north \", \"eats\"] }\n";
    let file = file_with(r#"merchants = "m.csv""#, filter);
    let merchants = b"vendor,app_id,region\nacme,a1,north\nacme,a2,east\n";
    let problems = check(&file, &[("m.csv", merchants)]).map(|_| ()).unwrap_err().to_string();
    assert!(problems.contains(r#"no merchant has "eats" in this column"#), "{problems}");
    assert_eq!(problems.lines().count(), 1, "{problems}");
}
