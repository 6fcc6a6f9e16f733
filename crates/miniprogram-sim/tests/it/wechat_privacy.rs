use miniprogram_sim::{Decision, ReviewItem, State, WECHAT};
use serde_json::{Value, json};

use crate::support::Bench;

const SET: &str = "/cgi-bin/component/setprivacysetting";
const READ: &str = "/cgi-bin/component/getprivacysetting";
const INTERFACES: &str = "/wxa/security/get_privacy_interface";
const APPLY: &str = "/wxa/security/apply_privacy_interface";
const ORDER_PATH: &str = "/wxa/security/applysetorderpathinfo";

fn owner() -> Value {
    json!({ "contact_email": "privacy@example.com", "notice_method": "弹窗", "store_expire_timestamp": "30天" })
}

fn guide(change: Value) -> Value {
    let mut body = json!({
        "privacy_ver": 2,
        "owner_setting": owner(),
        "setting_list": [{ "privacy_key": "Location", "privacy_text": "为你推荐附近门店" }],
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_guide_takes_effect_with_the_next_release() {
    let bench = Bench::wechat(State::Approved).await;
    assert_eq!(bench.post(SET, guide(json!({ "privacy_ver": 1 }))).await.code(), 86074);
    assert_eq!(bench.post(SET, guide(json!({}))).await.code(), 0);
    let draft = bench.post(READ, json!({})).await.json();
    assert_eq!(draft["code_exist"], 1);
    assert_eq!(
        draft["setting_list"],
        json!([{ "privacy_key": "Location", "privacy_text": "为你推荐附近门店", "privacy_label": "位置信息" }])
    );
    assert_eq!(draft["owner_setting"]["store_expire_timestamp"], "30天");
    assert_eq!(draft["privacy_desc"]["privacy_desc_list"][1]["privacy_key"], "Location");
    let released = bench.post(READ, json!({ "privacy_ver": 1 })).await.json();
    assert_eq!((&released["setting_list"], &released["update_time"]), (&json!([]), &json!(0)));

    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 0);
    let released = bench.post(READ, json!({ "privacy_ver": 1 })).await.json();
    assert_eq!(released["setting_list"][0]["privacy_key"], "Location");
    // The contact of the released guide changes at once; nothing else does.
    let mut contact = owner();
    contact["contact_email"] = json!("new@example.com");
    let change = json!({ "privacy_ver": 1, "owner_setting": contact });
    assert_eq!(bench.post(SET, change).await.code(), 0);
    let released = bench.post(READ, json!({ "privacy_ver": 1 })).await.json();
    assert_eq!(released["owner_setting"]["contact_email"], "new@example.com");
    assert_eq!(bench.post(SET, guide(json!({ "privacy_ver": 1 }))).await.code(), 40097);
    let file =
        bench.file("/cgi-bin/component/uploadprivacyextfile", "file", "guide.txt", "隐私").await.json();
    contact["ext_file_media_id"] = file["ext_file_media_id"].clone();
    let change = json!({ "privacy_ver": 1, "owner_setting": contact });
    assert_eq!(bench.post(SET, change).await.code(), 86075);
    assert_eq!((bench.effects("set_privacy_setting"), bench.effects("upload_privacy_file")), (2, 1));
}

#[tokio::test]
async fn guides_that_are_refused() {
    let bench = Bench::wechat(State::Online).await;
    let with_owner = |name: &str, value: Value| {
        let mut owner = owner();
        owner[name] = value;
        guide(json!({ "owner_setting": owner }))
    };
    for (body, code) in [
        (guide(json!({ "privacy_ver": 3 })), 86071),
        (guide(json!({ "privacy_ver": "2" })), 86071),
        (guide(json!({ "owner_setting": null })), 86069),
        (guide(json!({ "owner_setting": { "notice_method": "弹窗" } })), 86069),
        (with_owner("contact_email", json!("")), 86069),
        (with_owner("notice_method", json!("")), 86070),
        (with_owner("store_expire_timestamp", json!("30 days")), 86072),
        (with_owner("store_expire_timestamp", json!("天")), 86072),
        (with_owner("ext_file_media_id", json!("nothing")), 86073),
        (guide(json!({ "setting_list": null })), 40097),
        (guide(json!({ "setting_list": [{ "privacy_key": "Location" }] })), 40097),
    ] {
        assert_eq!(bench.post(SET, body.clone()).await.code(), code, "{body}");
    }
    assert_eq!(bench.post(READ, json!({ "privacy_ver": 0 })).await.code(), 86071);
    assert_eq!(bench.effects("set_privacy_setting"), 0);
    assert_eq!(bench.post(SET, with_owner("store_expire_timestamp", json!(""))).await.code(), 0);
    let path = "/cgi-bin/component/uploadprivacyextfile";
    assert_eq!(bench.file(path, "file", "guide.pdf", "隐私").await.code(), 40005);
    assert_eq!(bench.file(path, "file", "guide.txt", &"x".repeat(102_401)).await.code(), 40006);
    assert_eq!(bench.file(path, "file", "guide.txt", "").await.code(), 44001);
    assert_eq!(bench.post_text(path, "{}").await.code(), 41005);
}

#[tokio::test]
async fn privacy_interfaces_are_applied_for() {
    let bench = Bench::wechat(State::Online).await;
    let apply = |name: &str| bench.post(APPLY, json!({ "api_name": name, "content": "导航到门店" }));
    let status = |name: &'static str| {
        let bench = &bench;
        async move {
            let list = bench.get(INTERFACES).await.json();
            let list = list["interface_list"].as_array().unwrap().clone();
            list.into_iter().find(|interface| interface["api_name"] == name).unwrap()
        }
    };
    assert_eq!(status("wx.getLocation").await["status"], 1);
    let applied = apply("wx.getLocation").await.json();
    assert!(applied["audit_id"].is_u64() && applied["errmsg"] != "ok", "{applied}");
    assert_eq!(status("wx.getLocation").await["status"], 3);
    assert_eq!(apply("wx.getLocation").await.code(), 85050);
    bench.sim.decide_review(&bench.app, ReviewItem::PrivacyInterface, &Decision::reject("说明不清")).unwrap();
    let refused = status("wx.getLocation").await;
    assert_eq!((&refused["status"], &refused["fail_reason"]), (&json!(4), &json!("说明不清")));
    assert_eq!(apply("wx.getLocation").await.code(), 0);
    bench.sim.decide_review(&bench.app, ReviewItem::PrivacyInterface, &Decision::Approve).unwrap();
    assert_eq!(status("wx.getLocation").await["status"], 5);
    assert_eq!(bench.events(), ["wxa_privacy_apply", "wxa_privacy_apply"]);

    for (name, code) in [
        ("wx.getLocation", 61035),
        ("wx.chooseAddress", 61035),
        ("wx.startLocationUpdateBackground", 48001),
        ("wx.noSuchThing", 40097),
    ] {
        assert_eq!(apply(name).await.code(), code, "{name}");
    }
    assert_eq!(bench.post(APPLY, json!({ "api_name": "wx.choosePoi" })).await.code(), 40097);
    let body = json!({ "api_name": "wx.choosePoi", "content": "选择", "url_list": "https://example.com" });
    assert_eq!(bench.post(APPLY, body).await.code(), 47003);
    assert_eq!(bench.effects("apply_privacy_interface"), 2);
}

#[tokio::test]
async fn the_page_of_orders_is_reviewed() {
    let bench = Bench::wechat(State::Online).await;
    let read = |kind: u8| bench.get(if kind == 0 { RELEASED } else { IN_REVIEW });
    assert_eq!(read(0).await.code(), 61041);
    let apply = |apps: Value| {
        let request = json!({ "path": "pages/order/list", "appid_list": apps, "test_remark": "无需登录" });
        bench.component_post(ORDER_PATH, json!({ "batch_req": request }))
    };
    assert_eq!(apply(json!([bench.app, "wxunknown"])).await.code(), 0);
    assert_eq!(apply(json!([bench.app])).await.code(), 0);
    let pending = read(1).await.json();
    assert_eq!((&pending["msg"]["path"], &pending["msg"]["status"]), (&json!("pages/order/list"), &json!(2)));
    assert_eq!(
        (&pending["msg"]["img_list"], &pending["msg"]["test_remark"]),
        (&json!([]), &json!("无需登录"))
    );
    assert_eq!(read(0).await.code(), 61041);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().reviews[0].item, ReviewItem::OrderPath);

    bench.sim.decide_review(&bench.app, ReviewItem::OrderPath, &Decision::Approve).unwrap();
    assert_eq!(read(0).await.json()["msg"]["status"], 4);
    let events: Vec<String> = bench.sim.platform_pushes(WECHAT).into_iter().map(|push| push.event).collect();
    let applied = "order_path_apply_result_notify";
    assert_eq!(events, [applied, applied, "order_path_audit_result_notify"]);

    for body in [
        json!({}),
        json!({ "batch_req": { "path": "pages/order/list" } }),
        json!({ "batch_req": { "path": "", "appid_list": [bench.app] } }),
    ] {
        assert_eq!(bench.component_post(ORDER_PATH, body.clone()).await.code(), 40097, "{body}");
    }
    assert_eq!(apply(json!("wx1")).await.code(), 47003);
    assert_eq!(bench.post(ORDER_PATH, json!({})).await.code(), 61014);
    assert_eq!(bench.get("/wxa/security/getorderpathinfo").await.code(), 40097);
    assert_eq!(bench.sim.platform_effects(WECHAT, "apply_order_path"), 2);
    assert_eq!(bench.effects("apply_order_path"), 0);
}

const RELEASED: &str = "/wxa/security/getorderpathinfo?info_type=0";
const IN_REVIEW: &str = "/wxa/security/getorderpathinfo?info_type=1";
