use miniprogram_sim::{AppSpec, SimConfig, Simulator, State};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Bench, Seen};

async fn ask(bench: &Bench, method: Method, path: &str, body: Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let url = format!("{}{path}", bench.sim.admin_url());
    match bench.send(method, url, "application/json", text).await {
        Seen::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_app_is_led_through_a_release_over_http() {
    let bench = Bench::wechat(State::Online).await;
    let new = json!({ "vendor": "wechat", "app_id": "wxnew", "original_id": "gh_1", "access_token": "my-token", "state": "approved" });
    let (status, app) = ask(&bench, Method::POST, "/apps", new.clone()).await;
    assert_eq!(
        (status, &app["access_token"], &app["original_id"]),
        (200, &json!("my-token"), &json!("gh_1"))
    );
    assert_eq!(ask(&bench, Method::POST, "/apps", new).await.0, 409);
    let (_, apps) = ask(&bench, Method::GET, "/apps", Value::Null).await;
    let ids = json!([
        { "app_id": "wxnew", "vendor": "wechat" },
        { "app_id": "wxtest0000000001", "vendor": "wechat" },
    ]);
    assert_eq!(apps, ids);
    let url = bench.url("/wxa/release", "my-token");
    assert_eq!(bench.send(Method::POST, url, "", "{}".to_owned()).await.code(), 0);
    let (_, truth) = ask(&bench, Method::GET, "/apps/wxnew", Value::Null).await;
    assert_eq!((&truth["effects"], &truth["online"]["version"]), (&json!({ "release": 1 }), &json!("1.2.0")));

    assert_eq!(ask(&bench, Method::POST, "/apps/wxnew/audit", json!({ "decision": "approve" })).await.0, 409);
    assert_eq!(ask(&bench, Method::PUT, "/apps/wxnew/state", json!("in_review")).await.0, 200);
    let verdict = json!({ "decision": "reject", "reason": "r", "screenshots": ["m"] });
    assert_eq!(ask(&bench, Method::POST, "/apps/wxnew/audit", verdict).await.0, 200);
    let (_, truth) = ask(&bench, Method::GET, "/apps/wxnew", Value::Null).await;
    assert_eq!(truth["audits"][2]["status"], "rejected");
    let (_, pushes) = ask(&bench, Method::GET, "/apps/wxnew/pushes", Value::Null).await;
    assert_eq!(pushes[0]["event"], "weapp_audit_fail");
}

#[tokio::test]
async fn tokens_faults_clock_and_callbacks() {
    let bench = Bench::wechat(State::Approved).await;
    let app = format!("/apps/{}", bench.app);
    assert_eq!(ask(&bench, Method::POST, &format!("{app}/expire-token"), Value::Null).await.0, 200);
    assert_eq!(bench.get("/wxa/get_page").await.code(), 42001);
    let (_, token) = ask(&bench, Method::GET, &format!("{app}/token"), Value::Null).await;
    let (_, rotated) = ask(&bench, Method::POST, &format!("{app}/rotate-token"), Value::Null).await;
    assert_ne!(token["access_token"], rotated["access_token"]);

    let rule = json!({ "scope": { "operation": "release" }, "when": { "next": 1 }, "fault": { "after": { "server_error": 502 } } });
    assert_eq!(ask(&bench, Method::PUT, "/faults", json!([rule])).await.0, 200);
    assert_eq!(ask(&bench, Method::POST, "/faults", json!({ "fault": "expired_token" })).await.0, 200);
    let (_, rules) = ask(&bench, Method::GET, "/faults", Value::Null).await;
    assert_eq!((&rules[0], rules.as_array().unwrap().len()), (&rule, 2));
    let token = rotated["access_token"].as_str().unwrap();
    let release = bench.send(Method::POST, bench.url("/wxa/release", token), "", "{}".to_owned()).await;
    assert!(matches!(release, Seen::Answer { status: 502, .. }), "{release:?}");
    assert_eq!(bench.effects("release"), 1);
    assert_eq!(ask(&bench, Method::DELETE, "/faults", Value::Null).await.0, 200);
    assert_eq!(ask(&bench, Method::GET, "/faults", Value::Null).await.1, json!([]));
    let lost = json!([{ "fault": "lost" }]);
    assert_eq!(ask(&bench, Method::PUT, "/push-faults", lost).await.0, 200);
    assert_eq!(ask(&bench, Method::GET, "/push-faults", Value::Null).await.1[0]["when"], "always");

    let (_, clock) =
        ask(&bench, Method::POST, "/clock/advance", json!({ "seconds": 4, "millis": 1000 })).await;
    assert_eq!(clock["now"], "2026-03-10T04:00:05Z");
    assert_eq!(ask(&bench, Method::GET, "/clock", Value::Null).await.1, clock);

    let change = json!({ "platform_id": "wxplatform", "receiver_id": "wxplatform" });
    let (_, callback) = ask(&bench, Method::PUT, "/callbacks/wechat", change).await;
    assert_eq!(
        (&callback["platform_id"], &callback["token"]),
        (&json!("wxplatform"), &json!("simwechattoken"))
    );
    assert_eq!(ask(&bench, Method::PUT, "/callbacks/wechat", json!({ "aes_key": "short" })).await.0, 400);
    assert_eq!(ask(&bench, Method::PUT, "/callbacks/acme", json!({})).await.0, 400);
    assert_eq!(ask(&bench, Method::POST, "/tickets/baidu", Value::Null).await.0, 200);
    assert_eq!(ask(&bench, Method::GET, "/pushes/baidu", Value::Null).await.1[0]["event"], "ticket");
    let policy = json!({ "after": { "millis": 1000, "decision": { "decision": "approve" } } });
    assert_eq!(ask(&bench, Method::PUT, "/policy", policy.clone()).await.0, 200);
    assert_eq!(ask(&bench, Method::GET, "/policy", Value::Null).await.1, policy);
}

#[tokio::test]
async fn the_log_shows_requests_and_no_tokens() {
    let bench = Bench::wechat(State::Online).await;
    let baidu = bench.sim.add_app(AppSpec::baidu("7")).unwrap();
    bench.commit("2.0.0").await;
    bench.post_text("/wxa/release", &format!("{{\"echo\":\"{}\"}}", bench.token.expose())).await;
    let form = format!("access_token={}&version=1.0.0", baidu.expose());
    let url = format!("{}/rest/2.0/smartapp/app/setsupportversion", bench.sim.base_url());
    bench.send(Method::POST, url, "application/x-www-form-urlencoded", form).await;
    let (_, log) = ask(&bench, Method::GET, "/requests", Value::Null).await;
    let text = log.to_string();
    assert!(!text.contains(bench.token.expose()) && !text.contains(baidu.expose()), "{text}");
    let paths: Vec<&str> =
        log.as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/wxa/commit", "/wxa/release", "/rest/2.0/smartapp/app/setsupportversion"]);
    assert_eq!(log[0]["app_id"], json!(bench.app));
    assert_eq!(log[2]["body"], "access_token=***&version=1.0.0");
    let (_, last) = ask(&bench, Method::GET, "/requests?limit=1", Value::Null).await;
    assert_eq!(last.as_array().unwrap().len(), 1);
    // Admin requests are not counted.
    assert_eq!((bench.sim.requests(), bench.sim.requests_to("/wxa/commit")), (3, 1));
    let (_, about) = ask(&bench, Method::GET, "/", Value::Null).await;
    assert_eq!((&about["seed"], &about["requests"], &about["apps"]), (&json!(11), &json!(3), &json!(2)));
    assert_eq!(about["requests_by_path"]["/wxa/release"], 1);
}

#[tokio::test]
async fn an_app_is_authenticated_and_removed_over_http() {
    let bench = Bench::baidu(State::Approved).await;
    let new = json!({ "vendor": "baidu", "app_id": "9", "state": "approved", "is_authenticated": false });
    assert_eq!(ask(&bench, Method::POST, "/apps", new).await.0, 200);
    let token = bench.sim.token(&"9".into()).unwrap();
    let list = bench.get_as(token.expose(), "/rest/2.0/smartapp/package/get").await.json();
    let id = list["data"][1]["package_id"].to_string();
    let release = async || {
        let fields = [("package_id", id.as_str())];
        bench.form_as(token.expose(), "/rest/2.0/smartapp/package/release", &fields).await.code()
    };
    assert_eq!(release().await, 50038);
    assert_eq!(ask(&bench, Method::PUT, "/apps/9/authentication", json!(true)).await.0, 200);
    assert_eq!(release().await, 0);
    assert_eq!(ask(&bench, Method::DELETE, "/apps/9", Value::Null).await, (200, json!({ "done": true })));
    assert_eq!(ask(&bench, Method::DELETE, "/apps/9", Value::Null).await.0, 404);
    assert_eq!(ask(&bench, Method::GET, "/apps/9", Value::Null).await.0, 404);
    assert_eq!(release().await, 110);
}

#[tokio::test]
async fn withdrawals_are_set_over_http() {
    let bench = Bench::wechat(State::InReview).await;
    let path = "/wechat-withdrawals";
    let set = async |body| ask(&bench, Method::PUT, path, body).await;
    assert_eq!(set(json!({})).await, (200, json!({ "per_day": 1, "per_month": 10 })));
    assert_eq!(set(json!({ "per_day": 5 })).await.1, json!({ "per_day": 5, "per_month": 10 }));
    assert_eq!(set(json!({ "per_month": 0 })).await.1, json!({ "per_day": 5, "per_month": 0 }));
    assert_eq!(ask(&bench, Method::GET, path, Value::Null).await.1, json!({ "per_day": 5, "per_month": 0 }));
    assert_eq!(bench.get("/wxa/undocodeaudit").await.code(), 87013);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let bench = Bench::baidu(State::Online).await;
    for (method, path, body, status) in [
        (Method::GET, "/nothing", Value::Null, 404),
        (Method::GET, "/apps/none", Value::Null, 404),
        (Method::DELETE, "/apps/none", Value::Null, 404),
        (Method::PUT, "/wechat-withdrawals", json!({ "per_year": 1 }), 400),
        (Method::POST, "/wechat-withdrawals", json!({ "per_day": 1 }), 404),
        (Method::PUT, "/apps/1452365/authentication", json!("yes"), 400),
        (Method::POST, "/apps", json!({ "vendor": "acme", "app_id": "1" }), 400),
        (Method::POST, "/apps", json!({ "vendor": "baidu" }), 400),
        (Method::POST, "/apps", json!({ "vendor": "baidu", "app_id": "9", "colour": "red" }), 400),
        (Method::PUT, "/apps/1452365/state", json!({ "gray_running": { "percentage": 5 } }), 400),
        (Method::PUT, "/faults", json!([{ "fault": "fire" }]), 400),
        (Method::POST, "/apps/1452365/audit", json!({ "decision": "approve" }), 409),
    ] {
        let (got, answer) = ask(&bench, method.clone(), path, body).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        assert!(answer["error"].is_string());
    }
}

#[tokio::test]
async fn a_foreign_clock_is_not_advanced_and_a_bad_key_not_accepted() {
    let clock = std::sync::Arc::new(miniprogram_core::clock::SystemClock);
    let sim = Simulator::start(SimConfig::new().with_clock(clock)).await.unwrap();
    assert!(sim.advance(std::time::Duration::from_secs(1)).is_err());
    let callback = miniprogram_sim::Callback::sample(miniprogram_sim::BAIDU).with_aes_key("short");
    assert!(Simulator::start(SimConfig::new().with_baidu_callback(callback)).await.is_err());
}
