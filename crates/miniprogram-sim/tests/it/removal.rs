//! Removed apps, and new apps that reuse their ids.

use std::time::Duration;

use miniprogram_sim::{
    AppSpec, AuditPolicy, BAIDU, Callback, Decision, Disturbance, Fault, FaultRule, PushFault, PushFaultRule,
    Scope, SimConfig, SimError, State, WECHAT,
};
use reqwest::Method;
use serde_json::json;

use crate::support::{APP, Bench, PACKAGE};

#[tokio::test]
async fn what_an_app_held_is_refused_once_it_is_gone() {
    let bench = Bench::wechat(State::Approved).await;
    let refresh_token = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    let code = bench.sim.authorize(&bench.app).unwrap();
    bench.sim.remove_app(&bench.app).unwrap();
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 40001);
    assert_eq!(bench.sim.apps(), []);
    assert!(matches!(bench.sim.truth(&bench.app), Err(SimError::UnknownApp(_))));
    assert!(matches!(bench.sim.remove_app(&bench.app), Err(SimError::UnknownApp(_))));
    assert!(!bench.sim.is_authorized(&bench.app));
    assert_eq!((bench.effects("release"), bench.sim.pushes(&bench.app).len()), (0, 0));

    // A new app with that id is a different one.
    let token = bench.sim.add_app(AppSpec::wechat(bench.app.clone()).with_state(State::Fresh)).unwrap();
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 40001, "the token of the old one");
    assert_eq!(bench.get_as(token.expose(), "/wxa/get_page").await.code(), 86001);
    assert!(!bench.sim.refresh_token_is_valid(&bench.app, &refresh_token));
    let exchange = bench.component("api_query_auth", json!({ "authorization_code": code.expose() })).await;
    assert_eq!(exchange.code(), 61009);
    let page = json!({ "offset": 0, "count": 10 });
    let list = bench.component("api_get_authorizer_list", page).await.json();
    assert_eq!((&list["total_count"], list["list"].as_array().unwrap().len()), (&json!(1), 1));
}

#[tokio::test]
async fn tokens_names_and_keys_of_baidu_go_with_the_app() {
    let spec = AppSpec::baidu("7").with_name("我的小店").with_alliance_key("AK", "SK");
    let bench = Bench::new(SimConfig::new(), spec.clone()).await;
    let key = "grant_type=client_credentials&client_id=AK&client_secret=SK&scope=smartapp_snsapi_base";
    let url = format!("{}/oauth/2.0/token?{key}", bench.sim.base_url());
    let client = bench.send(Method::GET, url.clone(), "", "").await.json()["access_token"].clone();
    let refresh_token = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    let other = bench.sim.add_app(AppSpec::baidu("8")).unwrap();
    let check = async || {
        let path = format!("{APP}checkname?app_name=%E6%88%91%E7%9A%84%E5%B0%8F%E5%BA%97");
        bench.get_as(other.expose(), &path).await.json()["data"]["checkResult"].clone()
    };
    assert_eq!(check().await, 1);
    bench.sim.remove_app(&bench.app).unwrap();
    assert_eq!(check().await, 0, "the name is free");
    assert_eq!(bench.get(&format!("{PACKAGE}get")).await.code(), 110);
    let packages = format!("{}?app_id=7", "/rest/2.0/smartapp/oss/package/get");
    assert_eq!(bench.get_as(client.as_str().unwrap(), &packages).await.code(), 110);
    let crate::support::Seen::Answer { status, .. } = bench.send(Method::GET, url, "", "").await else {
        panic!("no answer")
    };
    assert_eq!(status, 400, "the key is unknown");
    let platform = bench.sim.platform_token(BAIDU).unwrap();
    let refresh = format!(
        "/rest/2.0/oauth/token?grant_type=app_to_tp_refresh_token&refresh_token={}",
        refresh_token.expose()
    );
    let crate::support::Seen::Answer { status, .. } = bench.get_as(platform.expose(), &refresh).await else {
        panic!("no answer")
    };
    assert_eq!(status, 400);
    bench.sim.add_app(spec).unwrap();
    assert_eq!(check().await, 1);
}

/// What was scheduled for the old app does not happen to the new one: verdicts, uploads, late effects, late pushes.
#[tokio::test]
async fn nothing_of_an_old_app_happens_to_a_new_one_of_its_id() {
    let config = SimConfig::new().with_audit_policy(AuditPolicy::approve_after(Duration::from_secs(60)));
    let bench = Bench::new(config, AppSpec::wechat("wx1").with_state(State::InReview)).await;
    // No time passes while the mark is held.
    let busy = bench.operate();
    let late = PushFaultRule::next(1, PushFault::Late { millis: 60_000 });
    bench.sim.set_push_faults(vec![late, PushFaultRule::next(1, PushFault::Reordered)]);
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    bench.sim.push_event(&bench.app, "debug_demo", json!({})).unwrap();
    let put_off = Fault::late(Duration::from_secs(30), Disturbance::ServerError(502));
    bench.sim.add_fault(FaultRule::next(1, Scope::operation("release"), put_off));
    bench.post("/wxa/release", json!({})).await;
    assert_eq!(bench.effects("release"), 0);

    bench.sim.remove_app(&bench.app).unwrap();
    bench.sim.clear_faults();
    bench.sim.add_app(AppSpec::wechat("wx1").with_state(State::Approved)).unwrap();
    drop(busy);
    bench.sim.settle().await;
    assert!(bench.sim.now().since(crate::support::start_time()) >= Duration::from_secs(60));
    assert_eq!(bench.effects("release"), 0, "the late release was another app's");
    assert_eq!(bench.sim.truth(&bench.app).unwrap().online_version(), Some("1.1.0"));
    assert_eq!(bench.sim.pushes(&bench.app).len(), 0);
}

/// An unacknowledged push is delivered three times, unless its app is removed first.
#[tokio::test]
async fn deliveries_end_with_the_app() {
    let callback = Callback::sample(WECHAT).with_url("http://127.0.0.1:1/events");
    let config = SimConfig::new().with_wechat_callback(callback);
    let bench = Bench::new(config, AppSpec::wechat("wx1").with_state(State::InReview)).await;
    let busy = bench.operate();
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    bench.wait(2).await;
    bench.sim.remove_app(&bench.app).unwrap();
    bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    drop(busy);
    bench.sim.idle().await;
    assert_eq!(bench.sim.pushes(&bench.app).len(), 0);
}

/// A tester of a removed app may test another one instead.
#[tokio::test]
async fn testers_of_a_removed_app_are_free_again() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat("wx0")).await;
    let bind = async |app: &str| {
        let token = bench.sim.token(&app.into()).unwrap();
        let body = json!({ "wechatid": "somebody" }).to_string();
        bench.send(Method::POST, bench.url("/wxa/bind_tester", token.expose()), "", body).await.code()
    };
    for number in 0..50 {
        let app = format!("wx{number}");
        if number > 0 {
            bench.sim.add_app(AppSpec::wechat(app.as_str())).unwrap();
        }
        assert_eq!(bind(&app).await, 0, "{number}");
    }
    bench.sim.add_app(AppSpec::wechat("wx50")).unwrap();
    assert_eq!(bind("wx50").await, 85003);
    bench.sim.remove_app(&bench.app).unwrap();
    assert_eq!(bind("wx50").await, 0);
}
