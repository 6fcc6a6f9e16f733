//! The platform itself: tokens, effects, faults, and its part of the admin interface.

use miniprogram_sim::{AppSpec, AppTruth};
use miniprogram_sim::{BAIDU, Disturbance, Fault, FaultRule, Scope, SimConfig, State, WECHAT};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{Bench, Seen};

const DRAFTS: &str = "/rest/2.0/smartapp/template/gettemplatedraftlist";
const ADD: &str = "/rest/2.0/smartapp/template/addtotemplate";

#[tokio::test]
async fn a_platform_token_is_issued_expired_and_replaced() {
    let bench = Bench::baidu(State::Online).await;
    let sim = &bench.sim;
    let code = async |token: &str| bench.get_as(token, DRAFTS).await.code();
    let first = sim.platform_token(BAIDU).unwrap();
    assert!(first.expose().starts_with("42."));
    assert_eq!(sim.platform_token(BAIDU).unwrap().expose(), first.expose());
    assert_eq!(code(first.expose()).await, 0);
    let second = sim.rotate_platform_token(BAIDU).unwrap();
    assert_eq!((code(first.expose()).await, code(second.expose()).await), (110, 0));
    sim.expire_platform_token(BAIDU).unwrap();
    assert_eq!(code(second.expose()).await, 111);
    let third = sim.platform_token(BAIDU).unwrap();
    assert_eq!(code(third.expose()).await, 0);
    assert_eq!(code(sim.platform_token(WECHAT).unwrap().expose()).await, 110, "the other vendor's");
    assert!(sim.platform_token(miniprogram_core::Vendor::new("acme")).is_err());

    let token = sim.platform_token(WECHAT).unwrap();
    assert_eq!(bench.get_as(token.expose(), "/wxa/get_page").await.code(), 61015);
    let named = format!("{}/wxa/get_page?component_access_token={}", sim.base_url(), token.expose());
    assert_eq!(bench.send(Method::GET, named, "", "").await.code(), 61015, "either name of the parameter");
    let log = serde_json::to_string(&sim.request_log()).unwrap();
    assert!(!log.contains(token.expose()) && !log.contains(third.expose()));
}

#[tokio::test]
async fn faults_strike_the_platform_s_operations() {
    let bench = Bench::baidu(State::Online).await;
    let sim = &bench.sim;
    let token = sim.platform_token(BAIDU).unwrap();
    let draft = sim.add_template_draft(BAIDU, "1.0.0", "首版").unwrap();
    let add = async || {
        let fields = [("draft_id", draft.as_str()), ("user_desc", "花店")];
        bench.form_as(token.expose(), ADD, &fields).await
    };
    let scope = || Scope::operation("add_template");
    sim.add_fault(FaultRule::next(1, scope(), Fault::Before(Disturbance::Reset)));
    sim.add_fault(FaultRule::next(1, scope(), Fault::After(Disturbance::ServerError(502))));
    let late = Fault::late(Duration::from_secs(3), Disturbance::ServerError(503));
    sim.add_fault(FaultRule::next(1, Scope::Effects, late));
    assert!(matches!(add().await, Seen::Broken));
    assert_eq!(sim.platform_effects(BAIDU, "add_template"), 0);
    assert!(matches!(add().await, Seen::Answer { status: 502, .. }));
    assert_eq!(sim.platform_effects(BAIDU, "add_template"), 1);
    let operating = bench.operate();
    assert!(matches!(add().await, Seen::Answer { status: 503, .. }));
    assert_eq!(sim.platform_effects(BAIDU, "add_template"), 1);
    drop(operating);
    bench.wait(3).await;
    assert_eq!(sim.platform_effects(BAIDU, "add_template"), 2);
    sim.add_fault(FaultRule::next(1, Scope::Reads, Fault::ExpiredToken));
    assert_eq!(bench.get_as(token.expose(), DRAFTS).await.code(), 111);
}

#[tokio::test]
async fn an_action_decides_whether_a_fault_for_effects_strikes() {
    let bench = Bench::baidu(State::Online).await;
    let path = "/rest/2.0/smartapp/app/modifydomain";
    bench.sim.add_fault(FaultRule::always(Scope::Effects, Fault::Before(Disturbance::ServerError(500))));
    assert_eq!(bench.form(path, &[("action", "get")]).await.code(), 0);
    assert!(matches!(bench.form(path, &[]).await, Seen::Answer { status: 500, .. }));
}

async fn admin(bench: &Bench, method: Method, path: &str, body: Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let url = format!("{}{path}", bench.sim.admin_url());
    match bench.send(method, url, "application/json", text).await {
        Seen::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_platform_is_led_over_http() {
    let config = SimConfig::new().with_platform_id(BAIDU, "9001");
    let bench = Bench::new(config, AppSpec::baidu("7")).await;
    let put = async |path: &str, body: Value| admin(&bench, Method::PUT, path, body).await;
    let post = async |path: &str, body: Value| admin(&bench, Method::POST, path, body).await;
    let get = async |path: &str| admin(&bench, Method::GET, path, Value::Null).await;

    let (_, token) = get("/platforms/baidu/token").await;
    let (_, draft) =
        post("/platforms/baidu/drafts", json!({ "version": "1.0.0", "description": "首版" })).await;
    let fields = [("draft_id", draft["draft_id"].as_str().unwrap()), ("user_desc", "花店")];
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(bench.form_as(token, ADD, &fields).await.code(), 0);
    let (_, about) = get("/platforms/baidu").await;
    assert_eq!(about, json!({ "platform_id": "9001", "effects": { "add_template": 1 } }));
    assert_eq!(post("/platforms/baidu/rotate-token", Value::Null).await.0, 200);
    assert_eq!(bench.get_as(token, DRAFTS).await.code(), 110);
    assert_eq!(post("/platforms/baidu/expire-token", Value::Null).await.0, 200);
    let domains = json!({ "request": ["https://example.com"], "web_view": ["https://h5.example.com"] });
    assert_eq!(put("/platforms/baidu/domains", domains.clone()).await, (200, domains.clone()));
    put("/platforms/baidu/domains", json!({ "web_view": [] })).await;
    assert_eq!(get("/platforms/baidu/domains").await.1["request"], domains["request"]);
    assert_eq!(put("/platforms/baidu/domains", json!({ "colour": [] })).await.0, 400);
    assert_eq!(get("/platforms/acme").await.0, 400);
    assert_eq!(get("/platforms/baidu/nothing").await.0, 404);
    let rules = json!({ "sensitive": [], "brands": ["花店"], "popular": [] });
    assert_eq!(put("/name-rules", rules.clone()).await.0, 200);
    assert_eq!(get("/name-rules").await.1, rules);
}

#[tokio::test]
async fn an_app_is_taken_down_and_reviewed_over_http() {
    let bench = Bench::baidu(State::Online).await;
    let post = async |path: &str, body: Value| {
        admin(&bench, Method::POST, &format!("/apps/1452365/{path}"), body).await.0
    };
    let offline = json!({ "fault": "basic_information", "reason": "违规", "illegal_fields": ["name"] });
    assert_eq!(post("force-offline", offline).await, 200);
    assert_eq!(post("force-offline", json!({ "fault": "weather" })).await, 400);
    assert_eq!(post("reviews/offline_update", json!({ "decision": "approve" })).await, 409);
    assert_eq!(post("reviews/weather", json!({ "decision": "approve" })).await, 400);
    bench.form("/rest/2.0/smartapp/app/offline/update", &[("app_name", "新名字")]).await;
    let (_, truth) = admin(&bench, Method::GET, "/apps/1452365", Value::Null).await;
    assert_eq!((&truth["reviews"][0]["item"], &truth["open"]), (&json!("offline_update"), &json!(false)));
    assert_eq!(truth["reviews"][0]["value"]["name"], "新名字");
    assert_eq!(truth["changes_left"], json!({ "name": 5, "icon": 5, "description": 5, "categories": 3 }));
    let back: AppTruth = serde_json::from_value(truth).unwrap();
    assert_eq!(back, bench.sim.truth(&bench.app).unwrap());
    assert_eq!(post("reviews/offline_update", json!({ "decision": "approve" })).await, 200);
    for measure in ["close-traffic", "require-rectification", "change-subject"] {
        assert_eq!(post(measure, Value::Null).await, 200, "{measure}");
    }
    let new = json!({
        "vendor": "baidu", "app_id": "9", "name": "九", "alliance_key": { "client_id": "AK", "client_secret": "SK" },
        "own_domains": { "request": ["https://own.example.net"] },
    });
    assert_eq!(admin(&bench, Method::POST, "/apps", new).await.0, 200);
    let truth = bench.sim.truth(&"9".into()).unwrap();
    assert_eq!((truth.name.as_str(), truth.domains.len()), ("九", 1));
    bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    let wechat = admin(&bench, Method::POST, "/apps/wx1/close-traffic", Value::Null).await;
    assert_eq!(wechat.0, 400);
}
