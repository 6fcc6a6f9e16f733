use std::time::Duration;

use miniprogram_sim::{AppSpec, AuditPolicy, Decision, ReviewItem, SimConfig, SimError, State};
use serde_json::{Value, json};

use crate::support::{Bench, start_time};
use crate::wechat_support::{DAY, patient};

const INFO: &str = "/cgi-bin/account/getaccountbasicinfo";
const CHECK: &str = "/cgi-bin/wxverify/checkwxverifynickname";
const SET: &str = "/wxa/setnickname";
const ICON: &str = "/cgi-bin/account/modifyheadimage";
const SIGNATURE: &str = "/cgi-bin/account/modifysignature";

#[tokio::test]
async fn a_rename_goes_to_audit() {
    let bench = Bench::wechat(State::Online).await;
    let submitted = bench.post(SET, json!({ "nick_name": "新名字小店" })).await.json();
    let id = submitted["audit_id"].as_u64().unwrap();
    assert_ne!(bench.get(INFO).await.json()["nickname"], "新名字小店");
    let query = |id: Value| bench.post("/wxa/api_wxa_querynickname", json!({ "audit_id": id }));
    let pending = query(json!(id)).await.json();
    assert_eq!((&pending["audit_stat"], &pending["audit_time"]), (&json!(1), &json!(0)));
    assert_eq!(query(json!(id.to_string())).await.code(), 91011, "the id is a number");
    assert_eq!(query(json!(1)).await.code(), 91011);
    assert_eq!(bench.post(SET, json!({ "nick_name": "另一个名字" })).await.code(), 91003);

    bench.wait(60).await;
    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Approve).unwrap();
    let info = bench.get(INFO).await.json();
    assert_eq!(
        info["nickname_info"],
        json!({ "nickname": "新名字小店", "modify_used_count": 1, "modify_quota": 2 })
    );
    let done = query(json!(id)).await.json();
    assert_eq!((&done["audit_stat"], &done["audit_time"]), (&json!(3), &json!(start_time().as_unix() + 60)));
    assert_eq!(bench.events(), ["wxa_nickname_audit"]);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().name, "新名字小店");
    assert_eq!(bench.effects("set_name"), 1);
}

#[tokio::test]
async fn a_refused_name_stays_off() {
    let bench = Bench::wechat(State::Online).await;
    let before = bench.sim.truth(&bench.app).unwrap().name;
    let id = bench.post(SET, json!({ "nick_name": "新名字小店" })).await.json()["audit_id"].clone();
    assert_eq!(bench.sim.truth(&bench.app).unwrap().reviews[0].value, "新名字小店");
    let delay =
        bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Delay { reason: String::new() });
    assert!(matches!(delay, Err(SimError::Unsupported(..))), "{delay:?}");
    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::reject("名称不合规")).unwrap();
    let query = bench.post("/wxa/api_wxa_querynickname", json!({ "audit_id": id })).await.json();
    assert_eq!((&query["audit_stat"], &query["fail_reason"]), (&json!(2), &json!("名称不合规")));
    assert_eq!(bench.sim.truth(&bench.app).unwrap().name, before);
    assert_eq!(bench.get(INFO).await.json()["nickname_info"]["modify_used_count"], 0);
}

#[tokio::test]
async fn the_policy_decides_names_too() {
    let policy = AuditPolicy::reject_after(Duration::from_secs(7200), "名称不合规");
    let bench = Bench::new(SimConfig::new().with_audit_policy(policy), AppSpec::wechat("wx1")).await;
    let operating = bench.operate();
    assert_eq!(bench.post(SET, json!({ "nick_name": "新名字小店" })).await.code(), 0);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().reviews.len(), 1);
    assert_eq!(bench.events(), [""; 0]);
    drop(operating);
    bench.sim.settle().await;
    assert_eq!(bench.sim.now(), start_time().after(Duration::from_secs(7200)));
    assert_eq!(bench.sim.truth(&bench.app).unwrap().reviews, []);
    assert_eq!(bench.events(), ["wxa_nickname_audit"]);
}

#[tokio::test]
async fn names_that_are_refused() {
    let bench = Bench::wechat(State::Online).await;
    let rules = [("赌博", 53012), ("银行", 91009), ("侵权", 91008)];
    bench.sim.set_wechat_name_rules(rules);
    bench.sim.add_app(AppSpec::wechat("wx2").with_name("别人的店")).unwrap();
    for (name, code) in [
        (json!("短"), 53010),
        (json!("一二三四五六七八九十一二三四五六"), 53010),
        (json!(" 前后空格 "), 53010),
        (json!(12345), 53010),
        (json!("别人的店"), 53013),
        (json!("赌博游戏"), 53012),
        (json!("侵权商店"), 91008),
    ] {
        assert_eq!(bench.post(CHECK, json!({ "nick_name": name })).await.code(), code, "{name}");
        assert_eq!(bench.post(SET, json!({ "nick_name": name })).await.code(), code, "{name}");
    }
    assert_eq!(bench.post(CHECK, json!({})).await.code(), 53010);
    let fine = bench.post(CHECK, json!({ "nick_name": "abcd" })).await.json();
    assert_eq!((&fine["hit_condition"], &fine["wording"]), (&json!(false), &json!("")));
    let hit = bench.post(CHECK, json!({ "nick_name": "银行服务" })).await.json();
    assert_eq!(hit["hit_condition"], true);
    assert_ne!(hit["wording"], "");
    assert_eq!(bench.post(SET, json!({ "nick_name": "银行服务" })).await.code(), 91009);
    let unknown = json!({ "nick_name": "银行服务", "license": "nothing" });
    assert_eq!(bench.post(SET, unknown).await.code(), 40007);
    assert_eq!(bench.effects("set_name"), 0);
    let proven = json!({ "nick_name": "银行服务", "license": bench.picture().await });
    assert_eq!(bench.post(SET, proven).await.code(), 0);
}

#[tokio::test]
async fn changes_of_a_year_and_an_app_in_review() {
    let bench = patient(State::Online).await;
    for name in ["第一个名字", "第二个名字"] {
        assert_eq!(bench.post(SET, json!({ "nick_name": name })).await.code(), 0);
        bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Approve).unwrap();
    }
    assert_eq!(bench.post(SET, json!({ "nick_name": "第三个名字" })).await.code(), 91013);
    bench.wait(300 * DAY).await;
    assert_eq!(bench.post(SET, json!({ "nick_name": "第三个名字" })).await.code(), 0);

    let reviewed = Bench::wechat(State::InReview).await;
    assert_eq!(reviewed.post(SET, json!({ "nick_name": "审核中的店" })).await.code(), 91019);
    let fresh = Bench::wechat(State::Fresh).await;
    let at_once = fresh.post(SET, json!({ "nick_name": "第一个名字" })).await.json();
    assert!(at_once.get("audit_id").is_none(), "{at_once}");
    assert_eq!(fresh.get(INFO).await.json()["nickname"], "第一个名字");
    let second = fresh.post(SET, json!({ "nick_name": "第二个名字" })).await.json();
    assert!(second["audit_id"].is_u64(), "{second}");
}

#[tokio::test]
async fn avatar_and_signature() {
    let bench = patient(State::Online).await;
    let picture = bench.picture().await;
    let icon = |id: &str, corner: Value| {
        bench.post(ICON, json!({ "head_img_media_id": id, "x1": 0, "y1": 0, "x2": 1, "y2": corner }))
    };
    let before = bench.get(INFO).await.json()["head_image_info"]["head_image_url"].clone();
    assert_eq!(icon(&picture, json!(0.5)).await.code(), 0);
    let info = bench.get(INFO).await.json();
    assert_ne!(info["head_image_info"]["head_image_url"], before);
    assert_eq!(info["head_image_info"]["modify_used_count"], 1);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().icon, Some(picture.clone()));
    for (id, corner, code) in [
        ("", json!(1), 41006),
        ("nothing", json!(1), 40007),
        (&"0".repeat(64), json!(1), 46001),
        (&picture, json!(1.5), 40097),
        (&picture, json!("1"), 40097),
        (&picture, json!(0), 40097),
    ] {
        assert_eq!(icon(id, corner).await.code(), code, "{id}");
    }
    let heavy = format!("GIF89a{}", "x".repeat(3 * 1024 * 1024));
    let heavy = bench.file("/cgi-bin/media/upload?type=image", "media", "a.gif", &heavy).await.json();
    assert_eq!(icon(heavy["media_id"].as_str().unwrap(), json!(1)).await.code(), 40009);
    for _ in 0..4 {
        assert_eq!(icon(&picture, json!(1)).await.code(), 0);
    }
    assert_eq!(icon(&picture, json!(1)).await.code(), 53202);
    bench.wait(4 * DAY).await;
    assert_eq!(icon(&picture, json!(1)).await.code(), 46001, "media ids are valid for three days");

    bench.sim.set_wechat_name_rules([("赌博", 53012)]);
    let sign = |text: &str| bench.post(SIGNATURE, json!({ "signature": text }));
    for (text, code) in
        [("三个字".to_owned(), 53204), ("字".repeat(121), 53204), ("不要赌博".to_owned(), 53201)]
    {
        assert_eq!(sign(&text).await.code(), code);
    }
    assert_eq!(bench.post(SIGNATURE, json!({})).await.code(), 40097);
    for number in 0..5 {
        assert_eq!(sign(&format!("我们的介绍{number}")).await.code(), 0);
    }
    assert_eq!(sign("还有一个介绍").await.code(), 53200);
    assert_eq!(bench.get(INFO).await.json()["signature_info"]["signature"], "我们的介绍4");
    assert_eq!(bench.sim.truth(&bench.app).unwrap().description, "我们的介绍4");
    bench.wait(31 * DAY).await;
    assert_eq!(sign("还有一个介绍").await.code(), 0);
    assert_eq!((bench.effects("set_icon"), bench.effects("set_description")), (5, 6));
}

#[tokio::test]
async fn the_search_status() {
    let bench = Bench::wechat(State::Online).await;
    let change = |status: Value| bench.post("/wxa/changewxasearchstatus", json!({ "status": status }));
    assert_eq!(bench.get("/wxa/getwxasearchstatus").await.json()["status"], 0);
    assert_eq!(change(json!(1)).await.code(), 0);
    assert_eq!(bench.get("/wxa/getwxasearchstatus").await.json()["status"], 1);
    for status in [json!(2), json!("0"), json!(null)] {
        assert_eq!(change(status).await.code(), 85084);
    }
    let record = bench.sim.add_illegal_record(&bench.app, "违规", "内容").unwrap();
    assert_eq!(change(json!(0)).await.code(), 85083);
    bench.sim.decide_appeal(&bench.app, &record, &Decision::Approve).unwrap();
    assert_eq!(change(json!(0)).await.code(), 0);
    assert_eq!(bench.effects("set_search_status"), 2);
}
