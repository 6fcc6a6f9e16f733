//! An app's basic information, against the simulator.

use std::path::PathBuf;

use miniprogram::AppId;
use miniprogram_sim::{
    BAIDU, Decision, DomainKind, ForcedOffline, IllegalField, OfflineFault, ReviewItem, WECHAT,
};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command, field_names};

/// The header of a PNG of 144 x 144 pixels, which is all that is read.
const ICON: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x90\0\0\0\x90";

fn id() -> AppId {
    AppId::from(BAIDU_APP)
}

/// Runs an `app` command line without naming a vendor.
fn run(bench: &Bench, line: &[&str]) -> Ran {
    let token = bench.sim.token(&id()).unwrap();
    let mut command = command();
    command.arg("app").args(line).args(["--app", BAIDU_APP, "--format", "json", "--timeout", "2s"]);
    command.args(["--settle-time", "300ms"]).env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
    Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", token.expose()))
}

/// A file in a folder, deleted with it.
fn file(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let file = folder.path().join("icon.png");
    std::fs::write(&file, bytes).unwrap();
    file
}

/// URL returned by the image upload.
fn image(bench: &Bench, kind: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder, ICON);
    let line = ["app", "image", "upload", "--type", kind, "--file", file.to_str().unwrap()];
    let answer = bench.run_as_platform(BAIDU, &line).json();
    assert_eq!(field_names(&answer), ["url"]);
    answer["url"].as_str().unwrap().to_owned()
}

/// Asserts that a change took effect once and was reported.
fn changed(bench: &Bench, operation: &str, line: &[&str]) -> Value {
    let before = bench.sim.effects(&id(), operation);
    let effect = run(bench, line).json();
    assert_eq!((&effect["outcome"], &effect["evidence"]), (&json!("done"), &json!("answered")), "{line:?}");
    assert_eq!(bench.sim.effects(&id(), operation), before + 1, "{line:?}");
    effect
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_tell_what_the_vendor_knows() {
    let bench = Bench::start().await;
    let info = run(&bench, &["info"]).json();
    assert_eq!((&info["app_id"], &info["visit"]["status"]), (&json!(BAIDU_APP), &json!("open")));
    assert!(info["name"].is_string() && info["qualification"]["status"].is_object(), "{info}");
    assert!(info["changes"]["name"]["quota"].is_i64() && info["categories"].is_array(), "{info}");

    let all = run(&bench, &["category", "list"]).json();
    assert_eq!(all[0]["name"], "快递业与邮政");
    assert_eq!((&all[0]["children"][0]["id"], &all[0]["children"][0]["name"]), (&json!(2), &json!("快递")));
    assert_eq!(all[0]["children"][0]["qualifications"]["groups"][0][0]["id"], 1);
    let personal = run(&bench, &["category", "list", "--category-type", "1"]).json();
    assert_eq!(personal[0]["name"], "工具");
    assert!(personal.as_array().unwrap().len() < all.as_array().unwrap().len());

    assert_eq!(run(&bench, &["domain", "get"]).json()["request"], json!([]));
    assert_eq!(run(&bench, &["webview-domain", "get"]).json(), json!([]));
    let phone = run(&bench, &["phone", "status"]).json();
    assert_eq!(field_names(&phone["raw_status"]), ["vendor", "table", "code"]);
    assert_eq!(field_names(&run(&bench, &["library", "get"]).json()), ["version", "usage"]);
}

/// A name that fails the check is a result, not a failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_checked() {
    let bench = Bench::start().await;
    let check = |name: &str| run(&bench, &["name", "check", "--app-name", name]).json();
    let passed = check("面包房");
    assert_eq!((&passed["raw"]["code"], &passed["words"]), (&json!(0), &json!([])));
    let brand = check("百度面包");
    assert_eq!((&brand["raw"]["code"], &brand["words"]), (&json!(4), &json!(["百度"])));
    assert_ne!(passed["result"], brand["result"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_icon_description_and_categories_go_to_audit() {
    let bench = Bench::start().await;
    let (icon, proof, quali) = (image(&bench, "icon"), image(&bench, "name"), image(&bench, "qualification"));
    let set_icon = ["icon", "set", "--image-url", &icon];
    let effect = changed(&bench, "set_icon", &set_icon);
    assert_eq!(field_names(&effect)[..3], ["outcome", "evidence", "attempts"]);
    changed(&bench, "set_description", &["description", "set", "--signature", "每天早晨的新鲜面包"]);
    let materials = ["--app-name-material", &proof, "--app-name-material", &quali];
    changed(&bench, "set_name", &[&["name", "set", "--nick-name", "面包房"], &materials[..]].concat());
    let categorys =
        json!([{ "sub_category_id": 2, "qualis": [{ "id": 1, "addr": quali }] }, { "sub_category_id": 6 }]);
    let folder = tempfile::tempdir().unwrap();
    let from_file = format!("@{}", file(&folder, categorys.to_string().as_bytes()).display());
    changed(&bench, "update_categories", &["category", "update", "--categorys", &from_file]);

    let pending = run(&bench, &["info"]).json()["pending"].take();
    assert_eq!(pending["name"]["values"], json!(["面包房"]));
    assert_eq!(pending["icon"]["values"], json!([icon]));
    for item in [ReviewItem::Name, ReviewItem::Icon, ReviewItem::Description, ReviewItem::Categories] {
        bench.sim.decide_review(&id(), item, &Decision::Approve).unwrap();
    }
    let truth = bench.sim.truth(&id()).unwrap();
    assert_eq!((truth.name.as_str(), truth.icon), ("面包房", Some(icon)));
    assert_eq!(truth.categories, ["2", "6"]);

    let foreign = ["icon", "set", "--image-url", "https://example.com/icon.png"];
    let error = run(&bench, &foreign).error(1);
    assert_eq!((&error["code"], &error["outcome"]), (&json!(47008), &json!("not_done")));
    assert!(error["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_are_added_set_and_deleted() {
    let bench = Bench::start().await;
    for kind in [DomainKind::Request, DomainKind::Socket, DomainKind::WebView] {
        let domain = if kind == DomainKind::Socket { "wss://example.com" } else { "https://example.com" };
        bench.sim.set_platform_domains(BAIDU, kind, [domain]).unwrap();
    }
    let change = |verb, options: &[&str]| {
        changed(&bench, "change_server_domains", &[&["domain", verb], options].concat());
        run(&bench, &["domain", "get"]).json()
    };
    let domains = change(
        "add",
        &[
            "--request-domain",
            "https://a.example.com,https://b.example.com",
            "--socket-domain",
            "wss://s.example.com",
        ],
    );
    assert_eq!(domains["request"], json!(["https://a.example.com", "https://b.example.com"]));
    assert_eq!(domains["socket"], json!(["wss://s.example.com"]));
    let domains = change(
        "set",
        &["--request-domain", "https://c.example.com", "--request-domain", "https://b.example.com"],
    );
    assert_eq!(domains["request"], json!(["https://c.example.com", "https://b.example.com"]));
    let domains = change("delete", &["--request-domain", "https://c.example.com"]);
    assert_eq!(domains["request"], json!(["https://b.example.com"]));

    for (verb, domain, left) in [
        ("add", "https://w.example.com", json!(["https://w.example.com"])),
        ("set", "https://v.example.com", json!(["https://v.example.com"])),
        ("delete", "https://v.example.com", json!([])),
    ] {
        let line = ["webview-domain", verb, "--web-view-domain", domain];
        changed(&bench, "change_web_view_domains", &line);
        assert_eq!(run(&bench, &["webview-domain", "get"]).json(), left);
    }

    let elsewhere = ["domain", "add", "--request-domain", "https://example.org"];
    assert_eq!(run(&bench, &elsewhere).error(1)["code"], 470_016);
    let none = run(&bench, &["domain", "add"]);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(none.stderr.contains("--request-domain"), "{}", none.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_comes_back_after_the_vendor_took_it_offline() {
    let bench = Bench::start().await;
    let recovery = ["recovery", "--audit-desc", "the prices are correct now"];
    assert_eq!(run(&bench, &recovery).error(1)["code"], 40045, "nothing was closed");
    bench.sim.close_traffic(&id()).unwrap();
    changed(&bench, "apply_recovery", &recovery);

    let fault = ForcedOffline::new(OfflineFault::BasicInformation, "名称违规");
    bench.sim.force_offline(&id(), fault.with_illegal_field(IllegalField::Name)).unwrap();
    let effect = changed(&bench, "update_offline_info", &["offline-update", "--app-name", "面包房"]);
    assert!(effect["examine_id"].is_string(), "{effect}");
    bench.sim.decide_review(&id(), ReviewItem::OfflineUpdate, &Decision::Approve).unwrap();
    assert_eq!(run(&bench, &["info"]).json()["name"], "面包房");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permission_for_phone_numbers_is_asked_for_and_given_back() {
    let bench = Bench::start().await;
    let demo = image(&bench, "qualification");
    let apply = [
        ["phone", "apply"],
        ["--reason", "1"],
        ["--used-scene", "0"],
        ["--scene-desc", "the courier calls the buyer"],
        ["--scene-demo", &demo],
    ];
    changed(&bench, "apply_phone_permission", &apply.concat());
    let status = || run(&bench, &["phone", "status"]).json();
    assert_eq!(status()["raw_status"]["code"], 1);
    let reject: Decision =
        serde_json::from_value(json!({ "decision": "reject", "reason": "看不清" })).unwrap();
    bench.sim.decide_review(&id(), ReviewItem::PhonePermission, &reject).unwrap();
    assert_eq!((&status()["raw_status"]["code"], &status()["reason"]), (&json!(2), &json!("看不清")));
    changed(&bench, "apply_phone_permission", &apply.concat());
    changed(&bench, "cancel_phone_permission", &["phone", "cancel"]);
    assert_eq!(status()["raw_status"]["code"], 0);
}

/// Commands that both vendors share are the same under both nouns.
#[tokio::test(flavor = "multi_thread")]
async fn shared_verbs_are_the_same() {
    let bench = Bench::start().await;
    changed(&bench, "set_visit_status", &["pause"]);
    assert_eq!(bench.run(BAIDU_APP, &["release", "visit", "status"]).json()["status"], "closed");
    changed(&bench, "set_visit_status", &["resume"]);
    changed(&bench, "set_min_library_version", &["library", "set", "--version", "2.2.2"]);
    assert_eq!(
        run(&bench, &["library", "get"]).json(),
        bench.run(BAIDU_APP, &["release", "library", "get"]).json()
    );
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("code.png");
    let result = run(&bench, &["qrcode", "--output", output.to_str().unwrap()]).json();
    assert_eq!(result["bytes"], std::fs::read(&output).unwrap().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_limit_names_its_field_and_costs_no_request() {
    let bench = Bench::start().await;
    let long = "x".repeat(501);
    let phone = |reason, scene, text| {
        let head = ["phone", "apply", "--scene-demo", "https://example.com/demo.png"];
        [&head[..], &["--reason", reason, "--used-scene", scene, "--scene-desc", text]].concat()
    };
    let six: Value = (1..=6).map(|id| json!({ "sub_category_id": id })).collect();
    let six = six.to_string();
    for (line, field) in [
        (vec!["category", "list", "--category-type", "3"], "category_type"),
        (vec!["category", "update", "--categorys", "[]"], "categorys"),
        (vec!["category", "update", "--categorys", &six], "categorys"),
        (vec!["category", "update", "--categorys", r#"[{"id":6}]"#], "categorys"),
        (vec!["category", "update", "--categorys", "not JSON"], "categorys"),
        (vec!["category", "update", "--categorys", "@/no/such/file"], "categorys"),
        (vec!["icon", "set", "--image-url", ""], "image_url"),
        (vec!["description", "set", "--signature", "面包"], "signature"),
        (vec!["name", "set", "--nick-name", "x"], "nick_name"),
        (vec!["name", "check", "--app-name", ""], "app_name"),
        (vec!["recovery", "--audit-desc", &long[..101]], "audit_desc"),
        (vec!["domain", "add", "--request-domain", "example.com"], "request_domain"),
        (vec!["webview-domain", "set", "--web-view-domain", "example.com"], "web_view_domain"),
        (vec!["offline-update", "--app-name", ""], "app_name"),
        (phone("3", "0", "x"), "reason"),
        (phone("-1", "0", "x"), "reason"),
        (phone("0", "6", "x"), "used_scene"),
        (phone("0", "0", &long), "scene_desc"),
    ] {
        let error = run(&bench, &line).error(1);
        assert_eq!(
            (&error["kind"], &error["field"]),
            (&json!("invalid_argument"), &json!(field)),
            "{line:?}"
        );
        assert_eq!(error["outcome"], "not_sent");
    }

    let folder = tempfile::tempdir().unwrap();
    let upload = |kind: &str, bytes: &[u8]| {
        let file = file(&folder, bytes);
        let line = ["app", "image", "upload", "--type", kind, "--file", file.to_str().unwrap()];
        bench.run_as_platform(BAIDU, &line).error(1)
    };
    assert_eq!(upload("icon", b"GIF89a")["kind"], "invalid_argument");
    let large = [ICON, &vec![0; (2 << 20) + 1][..]].concat();
    assert_eq!(upload("icon", &large)["kind"], "invalid_argument");
    let absent = ["app", "image", "upload", "--type", "icon", "--file", "/no/such/file"];
    assert_eq!(bench.run_as_platform(BAIDU, &absent).error(1)["field"], "file");
    assert_eq!(bench.sim.requests(), 0);
}

/// Every verb of `app`, ready to run.
pub(crate) const VERBS: &[&[&str]] = &[
    &["app", "info"],
    &["app", "category", "list"],
    &["app", "category", "update", "--categorys", r#"[{"sub_category_id":6}]"#],
    &["app", "icon", "set", "--image-url", "https://b.bdstatic.com/icon.png"],
    &["app", "description", "set", "--signature", "fresh bread every morning"],
    &["app", "name", "check", "--app-name", "bakery"],
    &["app", "name", "set", "--nick-name", "bakery"],
    &["app", "pause"],
    &["app", "resume"],
    &["app", "recovery", "--audit-desc", "corrected"],
    &["app", "qrcode", "--output", "-"],
    &["app", "library", "get"],
    &["app", "library", "set", "--version", "2.2.2"],
    &["app", "domain", "get"],
    &["app", "domain", "add", "--request-domain", "https://example.com"],
    &["app", "domain", "delete", "--upload-domain", "https://example.com"],
    &["app", "domain", "set", "--download-domain", "https://example.com"],
    &["app", "webview-domain", "get"],
    &["app", "webview-domain", "add", "--web-view-domain", "https://example.com"],
    &["app", "webview-domain", "delete", "--web-view-domain", "https://example.com"],
    &["app", "webview-domain", "set", "--web-view-domain", "https://example.com"],
    &["app", "offline-update", "--app-desc", "fresh bread every morning"],
    &[
        "app",
        "phone",
        "apply",
        "--reason",
        "0",
        "--used-scene",
        "0",
        "--scene-desc",
        "x",
        "--scene-demo",
        "y",
    ],
    &["app", "phone", "cancel"],
    &["app", "phone", "status"],
];

#[tokio::test(flavor = "multi_thread")]
async fn another_vendor_is_refused_before_any_request() {
    let bench = Bench::start().await;
    for line in VERBS {
        let error = bench.run(WECHAT_APP, line).error(3);
        assert_eq!((&error["kind"], &error["vendor"]), (&json!("unsupported"), &json!("wechat")), "{line:?}");
        assert!(error["advice"].as_str().unwrap().contains("--vendor baidu"), "{error}");
    }
    let upload = ["app", "image", "upload", "--type", "icon", "--file", "/no/such/file"];
    bench.run_as_platform(WECHAT, &upload).error(3);
    assert_eq!(bench.sim.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planned_is_what_is_sent() {
    let bench = Bench::start().await;
    let mut effects = 0;
    for line in VERBS {
        let dry = Ran::of(bench.without_token(BAIDU_APP, line).arg("--dry-run"));
        if dry.code == 2 {
            assert!(dry.stderr.contains("--dry-run"), "a read has none: {}", dry.stderr);
            continue;
        }
        effects += 1;
        let plan = dry.json();
        let planned: Vec<Value> = plan.as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
        assert!(plan.as_array().unwrap().iter().all(|one| one["query"]["access_token"] == "***"), "{plan}");
        let before = bench.sim.request_log().len();
        bench.run(BAIDU_APP, line);
        let sent: Vec<Value> = bench.sim.request_log()[before..].iter().map(|one| json!(one.path)).collect();
        assert_eq!(planned, sent[..planned.len()], "{line:?}");
    }
    assert_eq!(effects, 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_for_people() {
    let bench = Bench::start().await;
    let table = |line: &[&str]| Ran::of(&mut bench.command(BAIDU_APP, &[&["app"], line].concat())).stdout;
    let categories = table(&["category", "list"]);
    assert!(categories.starts_with("ID   NAME"), "{categories}");
    assert!(categories.contains("快递业与邮政 / 快递"), "{categories}");
    let info = table(&["info"]);
    assert!(info.starts_with("app_id") && info.contains("\nvisit "), "{info}");
    assert!(info.contains("open (1)") && info.contains("changes.name.quota"), "{info}");
    assert!(!info.contains("modify_count"), "{info}");
    assert_eq!(table(&["webview-domain", "get"]), "");
}

#[test]
fn what_is_missing_is_named_without_a_vendor() {
    let ran = Ran::of(command().args(["app", "info"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("--app <APP_ID>") && !ran.stderr.contains("--vendor"), "{}", ran.stderr);
    let image = ["app", "image", "upload", "--type", "icon", "--file", "x", "--app", "1"];
    let ran = Ran::of(command().args(image));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("takes no --app"), "{}", ran.stderr);
}
