//! The JSON of every verb at both vendors.

use miniprogram::AppId;
use miniprogram_sim::{BAIDU, Decision, Disturbance, Fault, FaultRule, Scope, State, WECHAT};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command, field_names, vendor_of};

const ITEM: &str = r#"{"address":"pages/index/index","first_class":"工具","second_class":"备忘录","first_id":1,"second_id":2}"#;

/// Uploads, submits with the printed receipt, watches, releases, rolls back: the same commands at both vendors.
async fn cycle(app: &str, submission: &[&str]) {
    let bench = Bench::start().await;
    let id = AppId::from(app);
    let upload = [
        ["code", "upload"],
        ["--template-id", "7"],
        ["--ext-json", r#"{"extEnable":true,"ext":{}}"#],
        ["--user-version", "2.0.0"],
        ["--user-desc", "面包"],
    ];
    let ran = bench.run(app, &upload.concat());
    let receipt = ran.json();
    assert_eq!(receipt["outcome"], "done");
    assert_eq!((&receipt["version"], &receipt["description"]), (&json!("2.0.0"), &json!("面包")));
    assert_eq!((&receipt["evidence"], &receipt["attempts"]), (&json!("answered"), &json!(1)));
    assert!(receipt["request_id"].is_string(), "{receipt}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    std::fs::write(&file, &ran.stdout).unwrap();
    let from_file = format!("@{}", file.display());
    let submitted =
        bench.run(app, &[&["audit", "submit", "--receipt", &from_file], submission].concat()).json();
    let audit = submitted["audit_id"].as_str().unwrap().to_owned();
    let of = |result: &Value| [result["vendor"].clone(), result["app_id"].clone(), result["version"].clone()];
    let version = |version: &str| [json!(vendor_of(app)), json!(app), json!(version)];
    assert_eq!(of(&submitted), version("2.0.0"), "{submitted}");
    assert_eq!(bench.sim.effects(&id, "submit_audit"), 1);

    let status = bench.run(app, &["audit", "status", "--audit-id", &audit]).json();
    assert_eq!((&status["audit_id"], &status["status"]), (&json!(audit), &json!("in_review")));
    assert_eq!(field_names(&status["raw_status"]), ["vendor", "table", "code"]);
    assert_eq!(bench.run(app, &["audit", "latest"]).json()["audit_id"], json!(audit));

    bench.sim.decide_audit(&id, &Decision::Approve).unwrap();
    let watched = bench.run(app, &["audit", "watch", "--audit-id", &audit, "--interval", "100ms"]).json();
    assert_eq!(watched["status"], "approved");

    let released = bench.run(app, &["release", "publish", "--audit-id", &audit]).json();
    assert_eq!((&released["outcome"], of(&released)), (&json!("done"), version("2.0.0")), "{released}");
    assert_eq!(bench.sim.truth(&id).unwrap().online_version(), Some("2.0.0"));
    let versions = bench.run(app, &["code", "versions"]).json();
    assert!(
        versions
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["version"] == "2.0.0" && one["stage"] == "released"),
        "{versions}"
    );

    let targets = bench.run(app, &["release", "targets"]).json();
    assert!(targets[0]["version"].is_string(), "{targets}");
    let back = bench.run(app, &["release", "rollback"]).json();
    assert_eq!((&back["outcome"], of(&back)), (&json!("done"), version("1.1.0")), "{back}");
    assert_eq!(bench.sim.truth(&id).unwrap().online_version(), Some("1.1.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_cycle_at_wechat() {
    cycle(WECHAT_APP, &["--item", ITEM]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_cycle_at_baidu() {
    cycle(BAIDU_APP, &["--content", "opening hours", "--remark", "no login needed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_have_the_fields_of_the_shared_types() {
    let bench = Bench::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        let version = bench.run(app, &["code", "versions"]).json()[0].clone();
        assert_eq!((&version["version"], &version["stage"]), (&json!("1.1.0"), &json!("released")));
        let time = version["committed_at"].as_str().unwrap();
        assert!(time.contains('T') && time.ends_with('Z'), "{time}");

        let category = bench.run(app, &["code", "categories"]).json()[0].clone();
        assert_eq!(field_names(&category["levels"][0]), ["id", "name"]);
        let quota = bench.run(app, &["audit", "quota"]).json();
        assert!(quota["unlimited"].is_boolean() && quota["period"].is_string(), "{quota}");
        let visit = bench.run(app, &["release", "visit", "status"]).json();
        assert_eq!((field_names(&visit), &visit["status"]), (vec!["status", "raw_status"], &json!("open")));
        let library = bench.run(app, &["release", "library", "get"]).json();
        assert_eq!(field_names(&library), ["version", "usage"]);
    }
    assert!(bench.run(WECHAT_APP, &["code", "pages"]).json()[0].is_string());
    bench.run(BAIDU_APP, &["code", "pages"]).error(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_effects_are_done_once() {
    let bench = Bench::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        let id = AppId::from(app);
        for (line, operation) in [
            (vec!["release", "visit", "close"], "set_visit_status"),
            (vec!["release", "visit", "open"], "set_visit_status"),
            (vec!["release", "library", "set", "--version", "2.2.2"], "set_min_library_version"),
        ] {
            let before = bench.sim.effects(&id, operation);
            let effect = bench.run(app, &line).json();
            let names = ["outcome", "evidence", "attempts", "request_id", "vendor", "app_id"];
            assert_eq!(field_names(&effect), names, "{line:?}");
            assert_eq!(bench.sim.effects(&id, operation), before + 1, "{line:?}");
        }
        bench.arrange(app, &State::InReview);
        assert_eq!(bench.run(app, &["audit", "withdraw"]).json()["outcome"], "done");
        assert_eq!(bench.sim.effects(&id, "withdraw_audit"), 1);
        let error = bench.run(app, &["audit", "withdraw"]).error(1);
        assert_eq!((&error["kind"], &error["outcome"]), (&json!("conflict"), &json!("not_sent")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_and_app_may_come_from_the_environment() {
    let bench = Bench::start().await;
    bench.arrange(BAIDU_APP, &State::Rejected { reason: "1:名称<b>过长</b><br>2:图标".to_owned() });
    let token = bench.sim.token(&AppId::from(BAIDU_APP)).unwrap();
    let run = |line: &[&str]| {
        let mut command = command();
        command.args(line).env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
        command.env("MINIPROGRAM_VENDOR", "baidu").env("MINIPROGRAM_APP", BAIDU_APP);
        Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", token.expose()))
    };
    let closed = run(&["release", "visit", "close", "--format", "json"]).json();
    assert_eq!((&closed["vendor"], &closed["app_id"]), (&json!("baidu"), &json!(BAIDU_APP)));
    // A reviewer's message is for people, line by line.
    let latest = run(&["audit", "latest"]).stdout;
    assert!(latest.contains("名称过长\n") && !latest.contains("<b"), "{latest}");
    // The app belongs to the vendor of the environment, and no order for a whole rollout becomes one for it.
    let other = run(&["code", "versions", "--vendor", "wechat"]);
    assert!(other.code == 2 && other.stderr.contains("--app <APP_ID>"), "{other:?}");
    let unknown = Ran::of(command().args(["code", "versions"]).env("MINIPROGRAM_VENDOR", "acme"));
    assert!(unknown.code == 2 && unknown.stderr.contains("acme"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_version_is_released_than_the_expected_one() {
    let bench = Bench::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        let id = AppId::from(app);
        let expecting = |version| bench.run(app, &["release", "publish", "--expect-version", version]);
        let nothing = expecting("1.1.0-beta").error(1);
        assert!(nothing["message"].as_str().unwrap().contains("no version is approved"), "{nothing}");

        bench.arrange(app, &State::Approved);
        let versions = bench.run(app, &["code", "versions"]).json();
        let approved = versions.as_array().unwrap().iter().find(|one| one["stage"] == "approved").unwrap();
        let (approved, audit) =
            (approved["version"].as_str().unwrap(), approved["audit_id"].as_str().unwrap());
        for line in [
            &["release", "publish", "--expect-version", "9.9.9"][..],
            &["release", "publish", "--expect-version", "9.9.9", "--audit-id", audit],
        ] {
            let other = bench.run(app, line).error(1);
            assert_eq!(
                (&other["kind"], &other["outcome"]),
                (&json!("conflict"), &json!("not_sent")),
                "{other}"
            );
            assert_eq!(other["field"], "expect_version", "{other}");
            assert!(other["message"].as_str().unwrap().contains(approved), "{other}");
        }
        assert_eq!(bench.sim.effects(&id, "release"), 0);

        // A lost response does not make the same command another one.
        bench.sim.set_faults(vec![
            FaultRule::next(1, Scope::operation("release"), Fault::After(Disturbance::Reset))
                .with_app(id.clone()),
        ]);
        let released = expecting(approved).json();
        assert_eq!(
            (&released["outcome"], &released["version"]),
            (&json!("done"), &json!(approved)),
            "{released}"
        );
        assert_eq!(bench.sim.effects(&id, "release"), 1);
        assert_eq!(bench.sim.truth(&id).unwrap().online_version(), Some(approved));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gray_release_starts_grows_and_ends() {
    let bench = Bench::start().await;
    assert!(bench.run(WECHAT_APP, &["release", "gray", "status"]).json().is_null());
    bench.arrange(WECHAT_APP, &State::Approved);
    let start = |percent| bench.run(WECHAT_APP, &["release", "gray", "start", "--percentage", percent]);
    assert_eq!(start("10").json()["outcome"], "done");
    let plan = bench.run(WECHAT_APP, &["release", "gray", "status"]).json();
    assert_eq!((&plan["status"], &plan["percentage"]), (&json!("running"), &json!(10)));
    assert_eq!(start("5").error(1)["kind"], "conflict");
    for outside in ["101", "300", "-1"] {
        assert_eq!(start(outside).error(1)["kind"], "invalid_argument", "{outside}");
    }
    assert_eq!(bench.run(WECHAT_APP, &["release", "gray", "cancel"]).json()["outcome"], "done");

    let before = bench.sim.requests();
    for line in
        [&["start", "--percentage", "10"][..], &["start", "--percentage", "300"], &["status"], &["cancel"]]
    {
        let error = bench.run(BAIDU_APP, &[&["release", "gray"], line].concat()).error(3);
        assert_eq!(error["kind"], "unsupported", "{line:?}");
    }
    assert_eq!(bench.run(BAIDU_APP, &["audit", "expedite"]).error(3)["kind"], "unsupported");
    assert_eq!(bench.sim.requests(), before, "a refusal costs no request");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_audit_is_expedited() {
    let bench = Bench::start().await;
    bench.arrange(WECHAT_APP, &State::InReview);
    assert_eq!(bench.run(WECHAT_APP, &["audit", "expedite"]).json()["outcome"], "done");
    assert_eq!(bench.sim.effects(&AppId::from(WECHAT_APP), "expedite_audit"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_level_call_writes_the_body_as_the_vendor_wants() {
    let bench = Bench::start().await;
    let answer = bench.run(WECHAT_APP, &["call", "GET", "/wxa/get_category"]).json();
    assert_eq!(answer["errcode"], 0);
    let action = ["call", "post", "/wxa/change_visitstatus", "--body", r#"{"action":"close"}"#];
    assert_eq!(bench.run(WECHAT_APP, &action).json()["errcode"], 0);
    let version =
        ["call", "POST", "/rest/2.0/smartapp/app/setsupportversion", "--body", r#"{"version":"2.2.2"}"#];
    assert_eq!(bench.run(BAIDU_APP, &version).json()["errno"], 0);
    let detail = ["call", "GET", "/rest/2.0/smartapp/package/getdetail", "--query", "type=1"];
    assert_eq!(bench.run(BAIDU_APP, &detail).json()["errno"], 0);

    let before = bench.sim.requests();
    for bad in [["call", "GET", "wxa/release"], ["call", "GET", "/wxa/release?a=1"]] {
        assert_eq!(bench.run(WECHAT_APP, &bad).error(1)["field"], "path");
    }
    let list = ["call", "POST", "/x", "--body", "[1]"];
    assert_eq!(bench.run(BAIDU_APP, &list).error(1)["field"], "body");
    assert_eq!(bench.sim.requests(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_level_call_writes_what_is_not_json_to_a_file() {
    let bench = Bench::start().await;
    bench.arrange(WECHAT_APP, &State::Uploaded { version: "1.0".to_owned() });
    let line = ["call", "GET", "/wxa/get_qrcode"];
    let error = bench.run(WECHAT_APP, &line).error(1);
    assert_eq!((&error["kind"], &error["outcome"]), (&json!("protocol"), &json!("done")), "{error}");
    assert!(error["advice"].as_str().unwrap().contains("--output"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("code.jpg");
    let output = ["--output", file.to_str().unwrap()];
    let told = bench.run(WECHAT_APP, &[&line[..], &output].concat()).json();
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"\xff\xd8\xff") || bytes.starts_with(b"\x89PNG"));
    assert_eq!((&told["status"], &told["bytes"]), (&json!(200), &json!(bytes.len())));
    let before = bench.sim.requests();
    assert_eq!(bench.run(WECHAT_APP, &[&line[..], &output].concat()).error(1)["field"], "output");
    assert_eq!(bench.sim.requests(), before, "a file that is there costs no request");
    assert!(bench.run(WECHAT_APP, &[&line[..], &output, &["--force"]].concat()).json().is_object());
    // JSON can be written to a file as well; an error is not.
    let json_file = folder.path().join("answer.json");
    let to_json = ["--output", json_file.to_str().unwrap()];
    bench.run(WECHAT_APP, &[&["call", "GET", "/wxa/get_category"][..], &to_json].concat()).json();
    let answer: serde_json::Value = serde_json::from_slice(&std::fs::read(&json_file).unwrap()).unwrap();
    assert_eq!(answer["errcode"], 0);
    let refused = folder.path().join("refused.json");
    let to_refused = ["--output", refused.to_str().unwrap()];
    let error =
        bench.run(WECHAT_APP, &[&["call", "POST", "/wxa/release"][..], &to_refused].concat()).error(1);
    assert!(error["code"].is_number() && !refused.exists(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_level_call_can_send_no_body_at_all() {
    let bench = Bench::start().await;
    let line = ["call", "POST", "/wxa/getvisitstatus"];
    assert_eq!(bench.run(WECHAT_APP, &line).json()["errcode"], 0, "{{}} is what the vendor wants");
    let error = bench.run(WECHAT_APP, &[&line[..], &["--empty-body"]].concat()).error(1);
    assert_eq!(error["code"], 44002, "empty post data");
    let plan = bench.run(WECHAT_APP, &[&line[..], &["--empty-body", "--dry-run"]].concat()).json();
    assert_eq!(plan[0].get("body"), None, "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_level_call_may_be_the_platforms_own() {
    let bench = Bench::start().await;
    let drafts = ["call", "GET", "/wxa/gettemplatedraftlist", "--platform"];
    bench.sim.add_template_draft(WECHAT, "1.2.0", "opening hours").unwrap();
    let answer = bench.run_as_platform(WECHAT, &drafts).json();
    assert_eq!((&answer["errcode"], &answer["draft_list"][0]["user_version"]), (&json!(0), &json!("1.2.0")));
    bench.sim.add_template_draft(BAIDU, "1.3.0", "opening hours").unwrap();
    let of_baidu = ["call", "GET", "/rest/2.0/smartapp/template/gettemplatedraftlist", "--platform"];
    let answer = bench.run_as_platform(BAIDU, &of_baidu).json();
    assert_eq!((&answer["errno"], &answer["data"]["list"][0]["user_version"]), (&json!(0), &json!("1.3.0")));
    let before = bench.sim.requests();
    let plan = bench.run_as_platform(WECHAT, &[&drafts[..], &["--dry-run"]].concat()).json();
    assert_eq!(plan[0]["query"], json!({ "access_token": "***" }));
    let both = bench.run(WECHAT_APP, &drafts);
    assert_eq!(both.code, 2);
    assert!(both.stderr.contains("`call --platform` takes no --app"), "{}", both.stderr);
    assert_eq!(bench.sim.requests(), before);
}

#[test]
fn vendors_and_codes_need_no_account() {
    let json = |line: &[&str]| Ran::of(command().args(line).args(["--format", "json"])).json();
    let vendors = json(&["vendors"]);
    assert_eq!(vendors[0]["vendor"], "baidu");
    assert_eq!(vendors[1]["capabilities"]["gray_release"], true);
    assert_eq!(vendors[1]["capabilities"]["template_library"], true);

    let busy = json(&["explain", "wechat", "-1", "--operation", "release"]);
    assert_eq!(
        field_names(&busy),
        ["vendor", "code", "table", "kind", "retry", "meaning", "advice", "owner"]
    );
    assert_eq!((&busy["code"], &busy["kind"]), (&json!(-1), &json!("unavailable")));
    assert_eq!(json(&["explain", "baidu", "invalid_grant"])["code"], "invalid_grant");
    let ran = Ran::of(command().args(["explain", "baidu", "987654321", "--format", "json"]));
    assert_eq!(ran.code, 1, "it is not listed: {ran:?}");
    let unlisted: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&unlisted["kind"], &unlisted["retry"]), (&json!("vendor"), &json!("no")));
    let first = json(&["explain", "wechat", "85012"]);
    let second = json(&["explain", "wechat", "85012", "--operation", "latest_audit"]);
    assert_ne!(first, second, "the operation picks the meaning");
    assert_eq!(second, json(&["explain", "wechat", "85012", "--operation", "/wxa/get_latest_auditstatus"]));
}
