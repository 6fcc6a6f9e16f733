//! Every effect can be printed instead of sent, without a request or token.

use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP};

const UPLOAD: [&str; 10] = [
    "code",
    "upload",
    "--template-id",
    "7",
    "--ext-json",
    r#"{"extEnable":true}"#,
    "--user-version",
    "2.0.0",
    "--user-desc",
    "x",
];

/// The command line, and the effect's path at WeChat and at Baidu; `None` if unsupported.
fn effects() -> Vec<(Vec<&'static str>, Option<&'static str>, Option<&'static str>)> {
    let wechat_item = vec!["audit", "submit", "--item", r#"{"address":"pages/index"}"#];
    let baidu_words = vec!["audit", "submit", "--content", "a", "--remark", "b"];
    let version = vec!["release", "library", "set", "--version", "2.2.2"];
    vec![
        (UPLOAD.to_vec(), Some("/wxa/commit"), Some("package/upload")),
        (wechat_item, Some("/wxa/submit_audit"), None),
        (baidu_words, None, Some("package/submitaudit")),
        (vec!["audit", "withdraw"], Some("/wxa/undocodeaudit"), Some("package/withdraw")),
        (vec!["audit", "withdraw", "--audit-id", "5"], Some("/wxa/undocodeaudit"), Some("package/withdraw")),
        (vec!["audit", "expedite"], Some("/wxa/speedupaudit"), None),
        (vec!["release", "publish"], Some("/wxa/release"), Some("package/release")),
        (vec!["release", "publish", "--audit-id", "5"], Some("/wxa/release"), Some("package/release")),
        (vec!["release", "publish", "--package-id", "5"], None, Some("package/release")),
        (vec!["release", "rollback"], Some("/wxa/revertcoderelease"), Some("package/rollback")),
        (vec!["release", "rollback", "--package-id", "5"], None, Some("package/rollback")),
        (vec!["release", "gray", "start", "--percentage", "10"], Some("/wxa/grayrelease"), None),
        (vec!["release", "gray", "cancel"], Some("/wxa/revertgrayrelease"), None),
        (vec!["release", "visit", "open"], Some("/wxa/change_visitstatus"), Some("app/resume")),
        (vec!["release", "visit", "close"], Some("/wxa/change_visitstatus"), Some("app/pause")),
        (version, Some("/cgi-bin/wxopen/setweappsupportversion"), Some("app/setsupportversion")),
        (vec!["call", "POST", "/any/path", "--body", "{}"], Some("/any/path"), Some("/any/path")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_every_effect_sends_nothing_and_needs_no_token() {
    let bench = Bench::start().await;
    for (line, wechat, baidu) in effects() {
        for (app, path) in [(WECHAT_APP, wechat), (BAIDU_APP, baidu)] {
            let json = ["--dry-run", "--format", "json"];
            let ran = Ran::of(bench.without_token(app, &line).args(json));
            let Some(path) = path else {
                assert_eq!(ran.error(3)["kind"], "unsupported", "{line:?}");
                continue;
            };
            let plan = ran.json();
            let requests = plan.as_array().unwrap();
            assert!(requests.iter().all(|request| request["query"]["access_token"] == "***"), "{plan}");
            let effect = requests.last().unwrap()["path"].as_str().unwrap();
            assert!(effect == path || effect == format!("/rest/2.0/smartapp/{path}"), "{line:?}: {plan}");
            let table = Ran::of(bench.without_token(app, &line).arg("--dry-run"));
            assert_eq!(table.stdout, ran.stdout, "the same in both formats");
        }
    }
    assert_eq!(bench.sim.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_is_looked_up_stands_as_where_it_comes_from() {
    let bench = Bench::start().await;
    let plan =
        |app, line: &[&str]| -> Value { Ran::of(bench.without_token(app, line).arg("--dry-run")).json() };
    let withdraw = plan(BAIDU_APP, &["audit", "withdraw"]);
    assert_eq!(withdraw[0]["path"], "/rest/2.0/smartapp/package/get");
    assert_eq!(withdraw[1]["body"], json!({ "package_id": { "from": "package/get" } }));
    let expedite = plan(WECHAT_APP, &["audit", "expedite"]);
    assert_eq!(expedite[0]["path"], "/wxa/get_latest_auditstatus");
    assert_eq!(expedite[1]["body"], json!({ "auditid": { "from": "get_latest_auditstatus" } }));
    assert_eq!(bench.sim.requests(), 0);
}

/// The plan names the requests actually sent, in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_what_is_sent() {
    use miniprogram_sim::State;
    let bench = Bench::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        for (state, line) in [
            (State::InReview, &["audit", "withdraw"][..]),
            (State::Approved, &["release", "publish"]),
            (State::Released, &["release", "rollback"]),
            (State::Online, &["release", "visit", "close"]),
        ] {
            bench.arrange(app, &state);
            let plan = Ran::of(bench.without_token(app, line).arg("--dry-run")).json();
            let planned: Vec<_> = plan.as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
            let before = bench.sim.request_log().len();
            bench.run(app, line).json();
            let sent: Vec<_> = bench.sim.request_log()[before..].iter().map(|one| json!(one.path)).collect();
            // Baidu only accepts a rollback at first; its completion is queried afterwards.
            assert_eq!(planned, sent[..planned.len()], "{app} {line:?}");
        }
    }
}
