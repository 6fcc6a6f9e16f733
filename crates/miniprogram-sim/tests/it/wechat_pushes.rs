use miniprogram_sim::{AppSpec, BAIDU, Decision, ReviewItem, SentPush, SimConfig, SimError, State, WECHAT};
use serde_json::{Value, json};

use crate::pushes::open_wechat;
use crate::support::{Bench, start_time};

async fn named() -> Bench {
    let spec = AppSpec::wechat("wx1").with_original_id("gh_fb9688c2a4b2");
    Bench::new(SimConfig::new(), spec).await
}

#[track_caller]
fn holds(push: &SentPush, event: &str, fields: &[String]) {
    let message = open_wechat(push);
    assert_eq!(push.event, event);
    assert!(message.contains(&format!("<![CDATA[{event}]]>")), "{message}");
    for field in fields {
        assert!(message.contains(field.as_str()), "{field} in {message}");
    }
}

#[tokio::test]
async fn verdicts_beside_the_code_are_told() {
    let bench = named().await;
    let now = start_time().as_unix();
    bench.post("/wxa/setnickname", json!({ "nick_name": "新名字小店" })).await;
    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::reject("名称不合规")).unwrap();
    let certificates = json!([{ "key": "许可证", "value": bench.picture().await }]);
    let category = json!({ "categories": [{ "first": 20, "second": 21, "certicates": certificates }] });
    bench.post("/cgi-bin/wxopen/addcategory", category).await;
    bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::Approve).unwrap();
    let interface = json!({ "api_name": "wx.choosePoi", "content": "选择门店" });
    let interface = bench.post("/wxa/security/apply_privacy_interface", interface).await.json();
    bench.sim.decide_review(&bench.app, ReviewItem::PrivacyInterface, &Decision::reject("说明不清")).unwrap();

    let pushes = bench.sim.pushes(&bench.app);
    let sender = "<ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName>".to_owned();
    let name =
        "<ret>2</ret><nickname><![CDATA[新名字小店]]></nickname><reason><![CDATA[名称不合规]]></reason>";
    holds(&pushes[0], "wxa_nickname_audit", &[name.to_owned(), sender]);
    let category = "<ret>3</ret><first>20</first><second>21</second><reason><![CDATA[]]></reason>";
    holds(&pushes[1], "wxa_category_audit", &[category.to_owned()]);
    let audit = format!("<audit_id>{}</audit_id><audit_time>{now}</audit_time>", interface["audit_id"]);
    let rest = "<reason><![CDATA[说明不清]]></reason><status>4</status></result_info>".to_owned();
    holds(&pushes[2], "wxa_privacy_apply", &[audit, rest]);
    assert_eq!(pushes.len(), 3);
}

#[tokio::test]
async fn appeals_and_order_pages_are_told() {
    let bench = named().await;
    let record = bench.sim.add_illegal_record(&bench.app, "诱导分享", "首页弹窗").unwrap();
    bench.sim.decide_appeal(&bench.app, &record, &Decision::reject("证据不足")).unwrap();
    let fields = [
        "<appid><![CDATA[wx1]]></appid>",
        "<appeal_count>1</appeal_count>",
        "<appeal_status>2</appeal_status>",
        "<audit_reason><![CDATA[证据不足]]></audit_reason>",
        "<illegal_material><content><![CDATA[首页弹窗]]></content>",
    ];
    holds(&bench.sim.pushes(&bench.app)[0], "wxa_appeal_record", &fields.map(str::to_owned));

    let request = json!({ "path": "pages/order/list", "appid_list": ["wx1", "wx2"] });
    let path = "/wxa/security/applysetorderpathinfo";
    bench.component_post(path, json!({ "batch_req": request })).await;
    bench.component_post(path, json!({ "batch_req": request })).await;
    bench.sim.decide_review(&bench.app, ReviewItem::OrderPath, &Decision::reject("无法访问")).unwrap();
    let pushes = bench.sim.platform_pushes(WECHAT);
    let taken = |app: &str, code: i64| {
        format!("<list><appid><![CDATA[{app}]]></appid><ret_code>{code}</ret_code></list>")
    };
    let event = "order_path_apply_result_notify";
    holds(&pushes[0], event, &[taken("wx1", 0) + &taken("wx2", -2)]);
    holds(&pushes[1], event, &[taken("wx1", 1) + &taken("wx2", -2)]);
    let refused = ["<status>3</status>", "<reason><![CDATA[无法访问]]></reason></list>"];
    holds(&pushes[2], "order_path_audit_result_notify", &refused.map(str::to_owned));
}

#[tokio::test]
async fn records_and_name_rules_over_http() {
    let bench = Bench::wechat(State::Online).await;
    let admin = |method: reqwest::Method, path: String, body: Value| {
        let url = format!("{}{path}", bench.sim.admin_url());
        bench.send(method, url, "application/json", body.to_string())
    };
    let records = format!("/apps/{}/illegal-records", bench.app);
    let added = admin(reqwest::Method::POST, records.clone(), json!({ "reason": "诱导分享" })).await.json();
    let id = added["illegal_record_id"].as_str().unwrap().to_owned();
    let listed = bench.post("/wxa/getillegalrecords", json!({})).await.json();
    assert_eq!(listed["records"][0]["illegal_record_id"], json!(id));
    let approve = json!({ "decision": "approve" });
    let appealed = admin(reqwest::Method::POST, format!("{records}/{id}/appeal"), approve).await.json();
    assert_eq!(appealed, json!({ "done": true }));
    assert_eq!(bench.events(), ["wxa_appeal_record"]);

    let rules = json!({ "赌博": 53012 });
    admin(reqwest::Method::PUT, "/wechat-name-rules".to_owned(), rules.clone()).await.json();
    let seen = admin(reqwest::Method::GET, "/wechat-name-rules".to_owned(), json!(null)).await.json();
    assert_eq!(seen, rules);
    let check = json!({ "nick_name": "赌博游戏" });
    assert_eq!(bench.post("/cgi-bin/wxverify/checkwxverifynickname", check).await.code(), 53012);

    let baidu = bench.sim.add_app(AppSpec::new(BAIDU, "77"));
    assert!(baidu.is_ok(), "{baidu:?}");
    let elsewhere = bench.sim.add_illegal_record(&"77".into(), "r", "c");
    assert!(matches!(elsewhere, Err(SimError::Unsupported(..))), "{elsewhere:?}");
}

#[tokio::test]
async fn what_belongs_to_the_app_outlives_another_state() {
    let bench = Bench::wechat(State::Online).await;
    bench.post("/wxa/bind_tester", json!({ "wechatid": "tester_one" })).await;
    bench.sim.arrange(&bench.app, &State::InReview).unwrap();
    assert_eq!(bench.sim.truth(&bench.app).unwrap().testers, ["tester_one"]);
}
