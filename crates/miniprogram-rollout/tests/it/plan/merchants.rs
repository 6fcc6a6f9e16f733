use miniprogram_core::{Capabilities, Vendor};
use miniprogram_rollout::plan::{AuthorizedApp, Context, KnownVendor, Plan};

use super::{ACME, BOLT, check, check_csv, check_in, context, file_with};

fn ids(plan: &Plan) -> Vec<String> {
    plan.apps().map(|app| app.target.app_id.to_string()).collect()
}

#[test]
fn csv_may_come_from_any_spreadsheet() {
    let table = "\u{feff}vendor , app_id,店名,note\r\nacme, 17000001 ,面包店,\"a, \"\"b\"\"\r\nc\"\r\nacme,a2,茶馆,\r\n,,,\r\n\r\n\r\n";
    assert_eq!(ids(&check_csv(table).unwrap()), ["17000001", "a2"]);
    let file = file_with(r#"merchants = "m.csv""#, "").replace("\"d\"", "\"${店名}: ${note}\"");
    let one = table.replace("acme,a2,茶馆,\r\n", "");
    let plan = check(&file, &[("m.csv", one.as_bytes())]).unwrap();
    assert_eq!(plan.apps().next().unwrap().target.description, "面包店: a, \"b\"\r\nc");
}

#[test]
fn json_lines_keep_the_digits_of_numbers() {
    let lines = "\u{feff}{\"vendor\":\"acme\",\"app_id\":17328232000000001,\"n\":1.50,\"yes\":true}\n\n\
                 {\"app_id\":\"99999999999999999999999\",\"vendor\":\"acme\",\"n\":1e2,\"yes\":\"y\",\"more\":null}\n";
    let file = file_with(r#"merchants = "m.jsonl""#, "").replace("\"d\"", "\"${n} ${yes}\"");
    let plan = check(&file, &[("m.jsonl", lines.as_bytes())]).unwrap();
    assert_eq!(ids(&plan), ["17328232000000001", "99999999999999999999999"]);
    let descriptions: Vec<_> = plan.apps().map(|app| app.target.description).collect();
    assert_eq!(descriptions, ["1.50 true", "1e2 y"]);
}

#[test]
fn authorized_apps_are_merchants_with_the_values_of_the_store() {
    let context = context().with_authorized([
        AuthorizedApp::new(ACME, "a1").with_value("name", "面包店"),
        AuthorizedApp::new(BOLT, "b1"),
        AuthorizedApp::new(ACME, "a2").with_value("name", "茶馆"),
    ]);
    let filter = "[filter]\nvendors = [\"acme\"]\nexcept = [\"a1\"]";
    let file = file_with(r#"merchants = "authorized""#, filter).replace("\"d\"", "\"${name}\"");
    let plan = check_in(&context, &file, &[]).unwrap();
    assert_eq!(ids(&plan), ["a2"]);
    assert_eq!(plan.sources()[1].file, "authorized apps");
    assert!(!format!("{context:?}").contains("面包店"));
    let all = file_with(r#"merchants = "authorized""#, "").replace("\"d\"", "\"${name}\"");
    let shown = check_in(&context, &all, &[]).unwrap_err().to_string();
    let expected = "authorized apps: vendor: bolt has no settings (apps listed: 1); \
                    add a table [vendor.bolt], or leave them out with [filter]";
    assert_eq!(shown, expected);
}

#[test]
fn filters_choose_among_the_merchants() {
    let table = "vendor,app_id,region\nacme,a1,north\nacme,a2, east\nacme,a3,south\nbolt,a1,north\n";
    let kept = |filter: &str| {
        let file = file_with(r#"merchants = "m.csv""#, &format!("[filter]\nvendors = [\"acme\"]\n{filter}"));
        ids(&check(&file, &[("m.csv", table.as_bytes())]).unwrap()).join(" ")
    };
    assert_eq!(kept(""), "a1 a2 a3");
    assert_eq!(kept("column = { region = [\"north\", \"east\"] }"), "a1 a2");
    assert_eq!(kept("only = [\"acme/a1\", \"a3\"]\nexcept = [\"a3\"]"), "a1");
}

#[test]
fn one_id_may_belong_to_two_vendors() {
    let both = Context::new([
        KnownVendor::new(ACME, Capabilities::new()),
        KnownVendor::new(Vendor::new("bolt"), Capabilities::new()),
    ]);
    let file = file_with(
        r#"merchants = "m.csv""#,
        "[vendor.bolt]\ntemplate = 1\nversion = \"1\"\ndescription = \"d\"",
    );
    let plan = check_in(&both, &file, &[("m.csv", b"vendor,app_id\nacme,1\nbolt,1\n")]).unwrap();
    assert_eq!(plan.apps().len(), 2);
}
