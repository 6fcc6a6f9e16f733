use miniprogram_sim::{AppSpec, State};
use reqwest::Method;
use serde_json::json;

use crate::support::Bench;

#[tokio::test]
async fn testers_come_and_go() {
    let bench = Bench::wechat(State::Online).await;
    let bound = bench.post("/wxa/bind_tester", json!({ "wechatid": "tester_one" })).await.json();
    let first = bound["userstr"].as_str().unwrap().to_owned();
    assert!(first.len() == 64 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    assert_eq!(bench.post("/wxa/bind_tester", json!({ "wechatid": "tester_two" })).await.code(), 0);
    assert_eq!(bench.post("/wxa/bind_tester", json!({ "wechatid": "tester_one" })).await.code(), 85004);

    let members = bench.post("/wxa/memberauth", json!({ "action": "get_experiencer" })).await.json();
    assert_eq!(members["members"][0], json!({ "userstr": first }));
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().testers, ["tester_one", "tester_two"]);

    assert_eq!(bench.post("/wxa/unbind_tester", json!({ "userstr": first })).await.code(), 0);
    assert_eq!(bench.post("/wxa/unbind_tester", json!({ "wechatid": "tester_two" })).await.code(), 0);
    let members = bench.post("/wxa/memberauth", json!({ "action": "get_experiencer" })).await.json();
    assert_eq!(members["members"], json!([]));
    assert_eq!((bench.effects("bind_tester"), bench.effects("unbind_tester")), (2, 2));
    assert_eq!(bench.effects("testers"), 0);
}

#[tokio::test]
async fn refusals_about_testers() {
    let bench = Bench::wechat(State::Online).await;
    for body in [
        json!({}),
        json!({ "wechatid": 7 }),
        json!({ "wechatid": "short" }),
        json!({ "wechatid": "oGZUI0egBJY1zhBYw2KhdUfwVJJE" }),
    ] {
        assert_eq!(bench.post("/wxa/bind_tester", body.clone()).await.code(), 85001, "{body}");
    }
    for (body, code) in [
        (json!({}), 89033),
        (json!({ "userstr": "0" }), 89034),
        (json!({ "wechatid": "nobody_here" }), 85001),
    ] {
        assert_eq!(bench.post("/wxa/unbind_tester", body.clone()).await.code(), code, "{body}");
    }
    assert_eq!(bench.post("/wxa/memberauth", json!({ "action": "get" })).await.code(), 85022);
    assert_eq!(bench.post_text("/wxa/bind_tester", "").await.code(), 44002);
    assert_eq!(bench.post_text("/wxa/bind_tester", "[]").await.code(), 47001);
    assert_eq!(bench.get("/wxa/bind_tester").await.code(), 43002);

    for number in 0..60 {
        let body = json!({ "wechatid": format!("tester_{number}") });
        assert_eq!(bench.post("/wxa/bind_tester", body).await.code(), 0);
    }
    assert_eq!(bench.post("/wxa/bind_tester", json!({ "wechatid": "one_too_many" })).await.code(), 85002);
    assert_eq!(bench.effects("bind_tester"), 60);
}

#[tokio::test]
async fn a_person_tests_only_so_many_apps() {
    let bench = Bench::wechat(State::Online).await;
    let mut codes = Vec::new();
    for number in 0..51 {
        let token = bench.sim.add_app(AppSpec::wechat(format!("wxother{number}"))).unwrap();
        let url = bench.url("/wxa/bind_tester", token.expose());
        let body = json!({ "wechatid": "busy_person" }).to_string();
        codes.push(bench.send(Method::POST, url, "application/json", body).await.code());
    }
    assert!(codes[..50].iter().all(|code| *code == 0), "{codes:?}");
    assert_eq!(codes[50], 85003);
}
