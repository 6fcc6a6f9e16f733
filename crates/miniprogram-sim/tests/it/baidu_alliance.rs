//! The open-source alliance: client credentials and what they may read.

use miniprogram_sim::{AppSpec, SimConfig, State};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Bench, Seen};

const OSS: &str = "/rest/2.0/smartapp/oss/";
const GOOD: &str = "grant_type=client_credentials&client_id=AK&client_secret=SK&scope=smartapp_snsapi_base";

async fn bench() -> Bench {
    let spec =
        AppSpec::baidu("7").with_name("花店").with_alliance_key("AK", "SK").with_state(State::InReview);
    let bench = Bench::new(SimConfig::new(), spec).await;
    bench.sim.add_app(AppSpec::baidu("8").with_state(State::Closed)).unwrap();
    bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    bench
}

async fn ask(bench: &Bench, method: Method, query: &str, body: &str) -> (u16, Value) {
    let url = format!("{}/oauth/2.0/token?{query}", bench.sim.base_url());
    let kind = "application/x-www-form-urlencoded";
    match bench.send(method, url, kind, body.to_owned()).await {
        Seen::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn token(bench: &Bench) -> String {
    ask(bench, Method::POST, "", GOOD).await.1["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn client_credentials_are_exchanged_without_an_envelope() {
    let bench = bench().await;
    let (status, by_get) = ask(&bench, Method::GET, GOOD, "").await;
    assert_eq!((status, &by_get["expires_in"]), (200, &json!(2_592_000)));
    let names: Vec<&str> = by_get.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["access_token", "expires_in", "refresh_token", "scope", "session_key", "session_secret"]
    );
    let first = by_get["access_token"].as_str().unwrap();
    let second = token(&bench).await;
    assert!(first.starts_with("24.") && second.starts_with("24.") && first != second);
    for token in [first, second.as_str()] {
        assert_eq!(
            bench.get_as(token, &format!("{OSS}package/get?app_id=7")).await.code(),
            0,
            "both are in force"
        );
    }
    for (query, error) in [
        (GOOD.replace("client_credentials", "authorization_code"), "unsupported_grant_type"),
        (GOOD.replace("grant_type=client_credentials&", ""), "invalid_request"),
        (GOOD.replace("&client_secret=SK", ""), "invalid_request"),
        (GOOD.replace("=AK", "=other"), "invalid_client"),
        (GOOD.replace("=SK", "=wrong"), "invalid_client"),
        (GOOD.replace("smartapp_snsapi_base", "basic"), "invalid_scope"),
    ] {
        let (status, refused) = ask(&bench, Method::GET, &query, "").await;
        assert_eq!((status, &refused["error"], refused.get("errno")), (400, &json!(error), None), "{query}");
        assert!(refused["error_description"].is_string());
    }
    assert_eq!(ask(&bench, Method::POST, "", "{}").await.0, 400);
    for spec in [AppSpec::baidu("9"), AppSpec::wechat("wx9")] {
        assert!(bench.sim.add_app(spec.with_alliance_key("AK", "other")).is_err());
    }
    let log = serde_json::to_string(&bench.sim.request_log()).unwrap();
    assert!(!log.contains("=SK") && log.contains("client_secret=***"), "{log}");
}

#[tokio::test]
async fn several_apps_are_told_at_once() {
    let bench = bench().await;
    let token = token(&bench).await;
    let apps = bench.get_as(&token, &format!("{OSS}app/info?app_ids=8,7,404")).await.json();
    let list = apps["data"].as_array().unwrap();
    let ids: Vec<(&Value, &Value)> = list.iter().map(|app| (&app["app_id"], &app["status"])).collect();
    assert_eq!(ids, [(&json!(8), &json!(4)), (&json!(7), &json!(1))]);
    assert_eq!((&list[1]["app_name"], &list[1]["photo_addr"]), (&json!("花店"), &json!("[]")));
    assert_eq!(
        (&list[1]["qualification"]["satus"], &list[1]["min_swan_version"]),
        (&json!(1), &json!("1.0.0"))
    );
    let members: Vec<&str> = list[1].as_object().unwrap().keys().map(String::as_str).collect();
    let printed =
        ["app_id", "app_name", "app_desc", "photo_addr", "qualification", "category", "min_swan_version"];
    assert_eq!(members, [printed.as_slice(), &["status"]].concat());
    for query in ["", "?app_ids=", "?app_ids=7,x"] {
        assert_eq!(bench.get_as(&token, &format!("{OSS}app/info{query}")).await.code(), 40001, "{query}");
    }
}

#[tokio::test]
async fn packages_are_those_of_the_app() {
    let bench = bench().await;
    let token = token(&bench).await;
    let get = async |path: &str| bench.get_as(&token, &format!("{OSS}package/{path}")).await;
    let packages = get("get?app_id=7").await.json();
    assert_eq!(packages["data"], json!(bench.packages().await));
    let online = get("getdetail?app_id=7").await.json();
    assert_eq!((&online["data"]["version"], &online["data"]["status"]), (&json!("1.1.0"), &json!(1)));
    let in_review = get("getdetail?app_id=7&type=4").await.json();
    let id = in_review["data"]["package_id"].clone();
    assert_eq!(get(&format!("getdetail?app_id=7&package_id={id}")).await.json()["data"], in_review["data"]);
    for (path, code) in [
        ("get", 40001),
        ("get?app_id=wx1", 40001),
        ("get?app_id=404", 45000),
        ("getdetail?app_id=7&type=6", 69005),
        ("getdetail?app_id=7&package_id=1", 69005),
        ("getdetail?type=1", 40001),
    ] {
        assert_eq!(get(path).await.code(), code, "{path}");
    }
}

#[tokio::test]
async fn each_endpoint_takes_its_kind_of_token() {
    let bench = bench().await;
    let client = token(&bench).await;
    let platform = bench.sim.platform_token(miniprogram_sim::BAIDU).unwrap();
    let (app, platform) = (bench.token.expose(), platform.expose());
    let drafts = "/rest/2.0/smartapp/template/gettemplatedraftlist";
    let packages = "/rest/2.0/smartapp/package/get";
    let alliance = "/rest/2.0/smartapp/oss/package/get?app_id=7";
    for (path, accepted) in [(packages, app), (drafts, platform), (alliance, client.as_str())] {
        for token in [app, platform, client.as_str()] {
            let expected = if token == accepted { 0 } else { 6 };
            assert_eq!(bench.get_as(token, path).await.code(), expected, "{path}");
        }
    }
    let categories = "/rest/2.0/smartapp/app/category/list?category_type=1";
    assert_eq!(bench.get_as(platform, categories).await.code(), 0, "app and platform may ask");
    assert_eq!(bench.get_as(platform, "/rest/2.0/smartapp/nothing").await.code(), 3);
}
