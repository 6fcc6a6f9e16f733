use std::time::Duration;

use miniprogram_sim::{AppSpec, Decision, SimConfig, SimError, State};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Bench, start_time};
use crate::wechat_support::{DAY, patient};

#[tokio::test]
async fn breaches_and_appeals() {
    let bench = Bench::wechat(State::Online).await;
    let first = bench.sim.add_illegal_record(&bench.app, "诱导分享", "首页弹窗").unwrap();
    bench.wait(100).await;
    let second = bench.sim.add_illegal_record(&bench.app, "虚假宣传", "详情页").unwrap();
    let list = |body: Value| bench.post("/wxa/getillegalrecords", body);
    let all = list(json!({})).await.json();
    assert_eq!(all["records"].as_array().unwrap().len(), 2);
    assert_eq!(all["records"][0]["illegal_record_id"], json!(first));
    assert_eq!(all["records"][0]["illegal_reason"], "诱导分享");
    let now = start_time().as_unix();
    let late = list(json!({ "start_time": now + 50, "end_time": now + 150 })).await.json();
    assert_eq!(late["records"].as_array().unwrap().len(), 1);
    assert_eq!(late["records"][0]["illegal_record_id"], json!(second));
    assert_eq!(list(json!({ "start_time": "0" })).await.code(), 47003);

    bench.sim.decide_appeal(&bench.app, &first, &Decision::reject("证据不足")).unwrap();
    bench.sim.decide_appeal(&bench.app, &first, &Decision::Approve).unwrap();
    let appeals = bench.post("/wxa/getappealrecords", json!({ "illegal_record_id": first })).await.json();
    assert_eq!(appeals["records"][0]["audit_reason"], "证据不足");
    assert_eq!(
        (&appeals["records"][1]["appeal_count"], &appeals["records"][1]["appeal_status"]),
        (&json!(2), &json!(3))
    );
    let none = bench.post("/wxa/getappealrecords", json!({ "illegal_record_id": second })).await.json();
    assert_eq!(none["records"], json!([]));
    assert_eq!(bench.post("/wxa/getappealrecords", json!({})).await.code(), 47003);
    assert_eq!(bench.events(), ["wxa_appeal_record", "wxa_appeal_record"]);
    let unknown = bench.sim.decide_appeal(&bench.app, "nothing", &Decision::Approve);
    assert!(matches!(unknown, Err(SimError::InvalidArgument(_))), "{unknown:?}");
}

#[tokio::test]
async fn calls_of_a_day_are_counted_and_cleared() {
    let bench = patient(State::Online).await;
    let quota = |path: &str| bench.post("/cgi-bin/openapi/quota/get", json!({ "cgi_path": path }));
    for _ in 0..3 {
        bench.get("/wxa/get_page").await;
    }
    let seen = quota("/wxa/get_page").await.json();
    assert_eq!(seen["quota"], json!({ "daily_limit": 1_000_000, "used": 3, "remain": 999_997 }));
    assert!(seen["rate_limit"]["call_count"].is_u64() && seen["rate_limit"]["refresh_second"].is_u64());
    for (path, code) in [
        ("wxa/get_page", 76021),
        ("https://api.weixin.qq.com/wxa/get_page", 76021),
        ("/wxa/no_such_call", 76021),
        ("/wxa/gettemplatelist", 76022),
    ] {
        assert_eq!(quota(path).await.code(), code, "{path}");
    }
    let clear = |app: Value| bench.post("/cgi-bin/clear_quota", json!({ "appid": app }));
    assert_eq!(clear(json!("wx2")).await.code(), 40013);
    assert_eq!(clear(json!(null)).await.code(), 41002);
    for _ in 0..10 {
        assert_eq!(clear(json!(bench.app)).await.code(), 0);
    }
    assert_eq!(clear(json!(bench.app)).await.code(), 48006);
    assert_eq!(quota("/wxa/get_page").await.json()["quota"]["used"], 0);
    bench.get("/wxa/get_page").await;
    bench.wait(DAY).await;
    assert_eq!(quota("/wxa/get_page").await.json()["quota"]["used"], 0, "a new day");
    bench.wait(31 * DAY).await;
    assert_eq!(clear(json!(bench.app)).await.code(), 0);
    assert_eq!(bench.effects("clear_quota"), 11);
}

#[tokio::test]
async fn a_call_that_is_used_up_comes_back_with_the_next_day_or_a_reset() {
    let config =
        SimConfig::new().with_wechat_daily_calls(2).with_token_lifetime(Duration::from_secs(9 * DAY));
    let bench = Bench::new(config, AppSpec::wechat("wx1")).await;
    let ask = || bench.get("/wxa/getwxasearchstatus");
    assert_eq!([ask().await.code(), ask().await.code(), ask().await.code()], [0, 0, 45009]);
    assert_eq!(bench.get("/wxa/get_category").await.code(), 0, "each call has a count of its own");
    assert_eq!(bench.post("/cgi-bin/clear_quota", json!({ "appid": "wx1" })).await.code(), 0);
    assert_eq!([ask().await.code(), ask().await.code(), ask().await.code()], [0, 0, 45009]);
    let quota = json!({ "cgi_path": "/wxa/getwxasearchstatus" });
    let quota = bench.post("/cgi-bin/openapi/quota/get", quota).await.json();
    assert_eq!(quota["quota"], json!({ "daily_limit": 2, "used": 2, "remain": 0 }));
    bench.wait(DAY).await;
    assert_eq!(ask().await.code(), 0);
}

#[tokio::test]
async fn a_request_is_found_by_its_id() {
    let bench = patient(State::Online).await;
    let refused = bench.post("/wxa/release", json!({ "note": 1 })).await.json();
    let rid = refused["errmsg"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let ask = |rid: &str| bench.post("/cgi-bin/openapi/rid/get", json!({ "rid": rid }));
    let told = ask(&rid).await.json();
    let request = &told["request"];
    assert_eq!(request["invoke_time"], start_time().as_unix());
    assert_eq!(request["request_body"], "{\"note\":1}");
    let url = request["request_url"].as_str().unwrap();
    assert!(url.contains("/wxa/release") && !url.contains(bench.token.expose()), "{url}");
    let answer: Value = serde_json::from_str(request["response_body"].as_str().unwrap()).unwrap();
    assert_eq!(answer, refused, "the answer as text");

    for (rid, code) in [("", 76002), ("nothing", 76002), ("12345678-12345678-12345678", 76001)] {
        assert_eq!(ask(rid).await.code(), code, "{rid}");
    }
    let other = bench.sim.add_app(AppSpec::wechat("wx2")).unwrap();
    let url = bench.url("/cgi-bin/openapi/rid/get", other.expose());
    let body = json!({ "rid": rid }).to_string();
    assert_eq!(bench.send(Method::POST, url, "application/json", body).await.code(), 76003);
    bench.wait(7 * DAY).await;
    assert_eq!(ask(&rid).await.code(), 76004);
}
