//! The platform's template library: the same commands at both vendors.

use miniprogram::Vendor;
use miniprogram_sim::{BAIDU, Disturbance, Fault, FaultRule, Scope, WECHAT};
use serde_json::json;

use crate::support::{Bench, Ran, WECHAT_APP, command, field_names};

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_becomes_a_template_and_goes() {
    for vendor in [WECHAT, BAIDU] {
        let bench = Bench::start().await;
        let draft = bench.sim.add_template_draft(vendor, "1.2.0", "opening hours").unwrap();
        let run = |line: &[&str]| bench.run_as_platform(vendor, &[&["template"], line].concat());
        let drafts = run(&["drafts"]).json();
        let shown = drafts.as_array().unwrap().iter().find(|one| one["draft_id"] == draft.as_str()).unwrap();
        assert_eq!((&shown["version"], &shown["description"]), (&json!("1.2.0"), &json!("opening hours")));
        assert!(shown["created_at"].as_str().unwrap().ends_with('Z'), "{shown}");

        let added = run(&["add", "--draft-id", draft.as_str()]).json();
        assert_eq!(added["outcome"], "done");
        let template = added["template_id"].as_str().unwrap().to_owned();
        assert_eq!(bench.sim.platform_effects(vendor, "add_template"), 1);
        let templates = run(&["list"]).json();
        let shown = templates.as_array().unwrap().iter().find(|one| one["template_id"] == template.as_str());
        assert_eq!(shown.unwrap()["version"], "1.2.0", "{templates}");

        let deleted = run(&["delete", "--template-id", &template]).json();
        assert_eq!(field_names(&deleted)[..3], ["outcome", "evidence", "attempts"]);
        assert_eq!(bench.sim.platform_effects(vendor, "delete_template"), 1);
        let gone = run(&["list"]).json();
        assert!(gone.as_array().unwrap().iter().all(|one| one["template_id"] != template.as_str()), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_adds_one_template() {
    for vendor in [WECHAT, BAIDU] {
        let bench = Bench::start().await;
        let draft = bench.sim.add_template_draft(vendor, "1.2.0", "opening hours").unwrap();
        bench.sim.add_fault(FaultRule::next(1, Scope::Effects, Fault::After(Disturbance::Reset)));
        let added = bench.run_as_platform(vendor, &["template", "add", "--draft-id", draft.as_str()]).json();
        assert_eq!((&added["outcome"], &added["evidence"]), (&json!("done"), &json!("asked")), "{vendor}");
        assert_eq!(bench.sim.platform_effects(vendor, "add_template"), 1, "{vendor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_is_for_who_takes_one() {
    let bench = Bench::start().await;
    let draft = bench.sim.add_template_draft(BAIDU, "1.2.0", "opening hours").unwrap();
    let add = |vendor, text: &str, options: &[&str]| {
        let line = ["template", "add", "--draft-id", draft.as_str(), "--user-desc", text];
        bench.run_as_platform(vendor, &[&line[..], options].concat())
    };
    for options in [&[][..], &["--dry-run"]] {
        let error = add(WECHAT, "bread", options).error(3);
        assert_eq!((&error["kind"], &error["field"]), (&json!("unsupported"), &json!("description")));
        let long = add(BAIDU, &"x".repeat(31), options).error(1);
        assert_eq!((&long["kind"], &long["field"]), (&json!("invalid_argument"), &json!("user_desc")));
    }
    assert_eq!(bench.sim.requests(), 0);
    add(BAIDU, "bread", &[]).json();
    let templates = bench.run_as_platform(BAIDU, &["template", "list"]).json();
    assert_eq!(templates[0]["description"], "bread");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do() {
    for vendor in [WECHAT, BAIDU] {
        let bench = Bench::start().await;
        let error =
            bench.run_as_platform(vendor, &["template", "delete", "--template-id", "987654"]).error(1);
        assert_eq!((&error["vendor"], &error["operation"]), (&json!(vendor), &json!("delete_template")));
        assert!(error["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{error}");
    }
}

/// An app's token is not the platform's. WeChat answers its lists with an empty one.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_the_platforms() {
    let bench = Bench::start().await;
    let app = bench.sim.token(&WECHAT_APP.into()).unwrap();
    let mut line = command();
    line.args(["template", "add", "--draft-id", "5", "--vendor", "wechat", "--format", "json"]);
    line.env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
    let refused = Ran::of(line.env("MINIPROGRAM_ACCESS_TOKEN", app.expose())).error(1);
    assert!(refused["code"].is_number(), "{refused}");
    let app = Ran::of(command().args(["template", "list", "--vendor", "wechat", "--app", "1"]));
    assert_eq!(app.code, 2);
    assert!(app.stderr.contains("`template list` takes no --app"), "{}", app.stderr);
}

#[test]
fn a_dry_run_needs_no_token() {
    let plan = |vendor: Vendor, line: &[&str]| {
        let dry = ["--dry-run", "--vendor", vendor.as_str(), "--base-url", "http://127.0.0.1:9"];
        Ran::of(command().arg("template").args(line).args(dry)).json()
    };
    for vendor in [WECHAT, BAIDU] {
        let add = plan(vendor, &["add", "--draft-id", "5"]);
        let effect = add.as_array().unwrap().last().unwrap();
        assert!(effect["path"].as_str().unwrap().ends_with("/addtotemplate"), "{add}");
        assert_eq!(effect["method"], "POST");
        let delete = plan(vendor, &["delete", "--template-id", "7"]);
        let effect = delete.as_array().unwrap().last().unwrap();
        assert!(["7", "\"7\""].contains(&effect["body"]["template_id"].to_string().as_str()), "{delete}");
    }
}
