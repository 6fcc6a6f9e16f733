//! Paused, offline, closed to traffic, and the permission for phone numbers.

use miniprogram_sim::{Decision, ForcedOffline, IllegalField, OfflineFault, ReviewItem, State};
use serde_json::{Value, json};

use crate::pushes::open_baidu;
use crate::support::{APP, Bench};

const RECOVERY: &str = "/rest/2.0/smartapp/appflow/applyRecovery";

fn pushed(bench: &Bench) -> Vec<Value> {
    bench.sim.pushes(&bench.app).iter().map(open_baidu).collect()
}

fn events(bench: &Bench) -> Vec<String> {
    pushed(bench).iter().map(|message| message["event"].as_str().unwrap().to_owned()).collect()
}

async fn status(bench: &Bench) -> Value {
    bench.get(&format!("{APP}info")).await.json()["data"]["status"].clone()
}

#[tokio::test]
async fn pausing_and_resuming_is_pushed_once() {
    let bench = Bench::baidu(State::Online).await;
    for endpoint in ["pause", "pause", "resume", "resume"] {
        assert_eq!(bench.form(&format!("{APP}{endpoint}"), &[]).await.code(), 0);
    }
    assert_eq!(events(&bench), ["APP_SERVER_PAUSE", "APP_SERVER_RESUME"]);
    assert_eq!(bench.effects("set_visit_status"), 4);
}

#[tokio::test]
async fn an_app_forced_offline_comes_back_with_better_information() {
    let bench = Bench::baidu(State::Online).await;
    let path = format!("{APP}offline/update");
    let name = [("app_name", "聊聊聊测试")];
    assert_eq!(bench.form(&path, &name).await.code(), 40045, "not offline");
    let offline = ForcedOffline::new(OfflineFault::Both, "名称违规")
        .with_illegal_field(IllegalField::Name)
        .with_illegal_field(IllegalField::Icon);
    bench.sim.force_offline(&bench.app, offline).unwrap();
    assert!(!bench.sim.truth(&bench.app).unwrap().open);
    let info = bench.get(&format!("{APP}info")).await.json()["data"].clone();
    let why = json!([{ "offline_reason": 3, "illegal_fields": "appName,photoAddr" }]);
    assert_eq!((&info["status"], &info["app_offline_info"]), (&json!(5), &why));
    let message = &pushed(&bench)[0];
    assert_eq!(
        (&message["event"], &message["offlineReason"], &message["illegalFields"], &message["reason"]),
        (&json!("APP_FORCE_OFFLINE"), &json!(3), &json!("appName,photoAddr"), &json!("名称违规"))
    );

    assert_eq!(bench.form(&path, &[]).await.code(), 40001);
    assert_eq!(bench.form(&path, &[("appName", "样例的错误参数")]).await.code(), 40001);
    assert_eq!(bench.form(&path, &[("photo_addr", "https://elsewhere.com/a.png")]).await.code(), 47008);
    let updated = bench.form(&path, &name).await.json();
    let examine = updated["data"]["examine_id"].as_u64().unwrap();
    assert_eq!(bench.form(&path, &name).await.code(), 50052);
    bench.sim.decide_review(&bench.app, ReviewItem::OfflineUpdate, &Decision::reject("仍然违规")).unwrap();
    assert_eq!(status(&bench).await, 5);
    let refused = &pushed(&bench)[1];
    assert_eq!(
        (&refused["event"], &refused["examineId"], &refused["reson"], refused.get("reason")),
        (&json!(" BASE_INFO_OFFLINE_AUDIT_FAIL"), &json!(examine), &json!("仍然违规"), None)
    );

    let image = bench.image().await;
    let all = [("app_name", "聊聊"), ("app_desc", "聊天的小程序"), ("photo_addr", image.as_str())];
    assert_eq!(bench.form(&path, &all).await.code(), 0);
    bench.sim.decide_review(&bench.app, ReviewItem::OfflineUpdate, &Decision::Approve).unwrap();
    let truth = bench.sim.truth(&bench.app).unwrap();
    assert_eq!(
        (truth.open, truth.name.as_str(), truth.icon.as_deref()),
        (true, "聊聊", Some(image.as_str()))
    );
    assert_eq!((status(&bench).await, bench.effects("update_offline_info")), (json!(1), 2));
    let push = &bench.sim.pushes(&bench.app)[2];
    assert_eq!(push.event, "BASE_INFO_OFFLINE_AUDIT_SUCCESS", "recorded without the blank");
    assert_eq!(open_baidu(push)["event"], " BASE_INFO_OFFLINE_AUDIT_SUCCESS");
}

#[tokio::test]
async fn an_app_offline_for_its_package_comes_back_with_a_release() {
    let bench = Bench::baidu(State::Approved).await;
    let offline = ForcedOffline::new(OfflineFault::Package, "代码包违规");
    bench.sim.force_offline(&bench.app, offline).unwrap();
    assert_eq!(pushed(&bench)[0].get("illegalFields"), None);
    assert_eq!(bench.form(&format!("{APP}offline/update"), &[("app_desc", "新的描述")]).await.code(), 40045);
    let id = bench.package_with(6).await;
    assert_eq!(bench.on_package("release", id).await.code(), 0);
    assert_eq!(status(&bench).await, 1);
}

#[tokio::test]
async fn traffic_is_recovered_on_application() {
    let bench = Bench::baidu(State::Online).await;
    let apply = async |text: &str| bench.form(RECOVERY, &[("audit_desc", text)]).await.code();
    assert_eq!(apply("已修复").await, 40045);
    bench.sim.close_traffic(&bench.app).unwrap();
    assert_eq!(status(&bench).await, 7);
    assert_eq!((apply("").await, apply(&"修".repeat(101)).await), (40001, 40001));
    assert_eq!(apply(&"修".repeat(100)).await, 0);
    assert_eq!(apply("已修复").await, 50052);
    bench.sim.decide_review(&bench.app, ReviewItem::Recovery, &Decision::reject("未修复")).unwrap();
    assert_eq!((status(&bench).await, apply("这次已修复").await), (json!(7), 0));
    bench.sim.decide_review(&bench.app, ReviewItem::Recovery, &Decision::Approve).unwrap();
    assert_eq!((status(&bench).await, bench.effects("apply_recovery")), (json!(1), 2));
    assert_eq!(events(&bench), ["FLOW_CLOSE_NOTIFY", "FLOW_CLOSE_AUDIT_FAIL", "FLOW_CLOSE_AUDIT_PASS"]);
    assert_eq!(pushed(&bench)[1]["reson"], "未修复");

    let fresh = Bench::baidu(State::Fresh).await;
    fresh.sim.close_traffic(&fresh.app).unwrap();
    assert_eq!(fresh.form(RECOVERY, &[("audit_desc", "已修复")]).await.code(), 40032);
}

#[tokio::test]
async fn arranging_puts_an_app_online_and_keeps_its_information() {
    let bench = Bench::baidu(State::Online).await;
    bench.form(&format!("{APP}setnickname"), &[("nick_name", "星光小店")]).await;
    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Approve).unwrap();
    bench.sim.force_offline(&bench.app, ForcedOffline::new(OfflineFault::Both, "违规")).unwrap();
    bench.sim.close_traffic(&bench.app).unwrap();
    bench.sim.arrange(&bench.app, &State::InReview).unwrap();
    let truth = bench.sim.truth(&bench.app).unwrap();
    assert_eq!((truth.open, truth.name.as_str(), status(&bench).await), (true, "星光小店", json!(1)));
}

#[tokio::test]
async fn a_rectification_is_announced() {
    let bench = Bench::baidu(State::Approved).await;
    bench.sim.require_rectification(&bench.app).unwrap();
    assert_eq!(
        (status(&bench).await, events(&bench)),
        (json!(6), vec!["TIME_LIMIT_RECTIFY_NOTIFY".to_owned()])
    );
    assert!(bench.sim.truth(&bench.app).unwrap().open, "it may still be visited");
}

#[tokio::test]
async fn the_permission_for_phone_numbers() {
    let bench = Bench::baidu(State::Online).await;
    let image = bench.image().await;
    let path = format!("{APP}apply/mobileauth");
    let good = [
        ("reason", "1"),
        ("used_scene", "5"),
        ("scene_desc", "下单后联系收货人"),
        ("scene_demo", image.as_str()),
    ];
    let long = "长".repeat(501);
    for (index, value, code) in [
        (0, "3", 40001),
        (0, "收货联系方式", 40001),
        (1, "6", 40001),
        (1, "", 40001),
        (2, "", 40001),
        (2, &long, 40001),
        (3, "https://elsewhere.com/a.png", 47008),
    ] {
        let mut fields = good;
        fields[index].1 = value;
        assert_eq!(bench.form(&path, &fields).await.code(), code, "{index} {value}");
    }
    let ask = async || bench.get(&format!("{APP}get/mobileauthstatus")).await.json()["data"].clone();
    let cancel = async || bench.form(&format!("{APP}cancel/mobileauth"), &[]).await;
    assert_eq!((ask().await, cancel().await.code()), (json!({ "status": 0 }), 40045));
    let applied = bench.form(&path, &good).await.json();
    assert_eq!(applied, json!({ "errno": 0, "msg": "success", "data": {} }));
    assert_eq!((ask().await, bench.form(&path, &good).await.code()), (json!({ "status": 1 }), 50052));
    bench.sim.decide_review(&bench.app, ReviewItem::PhonePermission, &Decision::reject("场景不符")).unwrap();
    assert_eq!(ask().await, json!({ "status": 2, "reason": "场景不符" }));
    bench.form(&path, &good).await;
    bench.sim.decide_review(&bench.app, ReviewItem::PhonePermission, &Decision::Approve).unwrap();
    assert_eq!((ask().await, bench.form(&path, &good).await.code()), (json!({ "status": 3 }), 40045));
    assert_eq!(bench.sim.truth(&bench.app).unwrap().phone_permission.as_deref(), Some("granted"));
    assert_eq!((cancel().await.code(), ask().await), (0, json!({ "status": 0 })));

    // A change of the legal subject cancels a pending application too, and reports it; without one there is nothing to
    // report.
    bench.sim.change_subject(&bench.app).unwrap();
    bench.form(&path, &good).await;
    bench.sim.change_subject(&bench.app).unwrap();
    assert_eq!(ask().await, json!({ "status": 0 }));
    let reject = &pushed(&bench)[0];
    assert_eq!((&reject["reson"], reject.get("reason")), (&json!("场景不符"), None));
    let names = ["APPLY_APP_MOBILE_AUTH_REJECT", "APPLY_APP_MOBILE_AUTH_PASS", "APP_MOBILE_AUTH_CANCEL"];
    assert_eq!(
        (events(&bench), &pushed(&bench)[2]["reson"]),
        (names.map(str::to_owned).to_vec(), &json!("主体信息变更"))
    );
    assert_eq!((bench.effects("apply_phone_permission"), bench.effects("cancel_phone_permission")), (3, 1));
    assert!(bench.sim.truth(&bench.app).unwrap().reviews.is_empty());
}
