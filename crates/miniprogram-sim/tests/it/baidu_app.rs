//! Basic information: name, icon, description, categories, images.

use miniprogram_sim::{
    AppSpec, AuditPolicy, BAIDU, Decision, ForcedOffline, NameRules, OfflineFault, ReviewItem, SimConfig,
    SimError, State,
};
use serde_json::{Value, json};
use std::time::Duration;

use crate::pushes::open_baidu;
use crate::support::{APP, Bench, Seen, png};

async fn info(bench: &Bench) -> Value {
    bench.get(&format!("{APP}info")).await.json()["data"].clone()
}

async fn change(bench: &Bench, endpoint: &str, name: &str, value: &str) -> i64 {
    bench.form(&format!("{APP}{endpoint}"), &[(name, value)]).await.code()
}

#[tokio::test]
async fn a_name_takes_effect_once_it_is_approved() {
    let bench = Bench::baidu(State::Online).await;
    let path = format!("{APP}setnickname");
    let sent = bench.form(&path, &[("nick_name", "星光小店")]).await;
    assert_eq!(sent.json(), json!({ "errno": 0, "msg": "success" }), "no data, as document 003 prints it");
    let pending = info(&bench).await;
    assert_eq!(pending["app_name"], "app 1452365");
    let audit =
        json!({ "audit_app_name": "星光小店", "audit_app_name_status": 1, "audit_app_name_reason": "" });
    assert_eq!(pending["audit_info"], audit);
    assert_eq!(change(&bench, "setnickname", "nick_name", "另一个名字").await, 50052);

    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::reject("名称过长")).unwrap();
    let refused = info(&bench).await;
    assert_eq!(
        (&refused["audit_info"]["audit_app_name_status"], &refused["audit_info"]["audit_app_name_reason"]),
        (&json!(3), &json!("名称过长"))
    );
    assert_eq!(change(&bench, "setnickname", "nick_name", "星光").await, 0);
    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Approve).unwrap();
    let after = info(&bench).await;
    assert_eq!((&after["app_name"], &after["audit_info"]), (&json!("星光"), &json!({})));
    assert_eq!(after["modify_count"]["name_modify_used"], 2);
    let truth = bench.sim.truth(&bench.app).unwrap();
    assert_eq!((truth.name.as_str(), truth.changes_left[&ReviewItem::Name]), ("星光", 3));
    assert_eq!(bench.effects("set_name"), 2);

    let pushes: Vec<Value> = bench.sim.pushes(&bench.app).iter().map(open_baidu).collect();
    assert_eq!(
        (&pushes[0]["event"], &pushes[0]["reason"]),
        (&json!("APP_NAME_AUDIT_FAIL"), &json!("名称过长"))
    );
    assert_eq!((&pushes[1]["event"], pushes[1].get("reason")), (&json!("APP_NAME_AUDIT_PASS"), None));
    assert_eq!(pushes[1]["tpAppId"], 17_328_232);
    assert!(bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Approve).is_err());
    let delay = Decision::Delay { reason: String::new() };
    assert!(bench.sim.decide_review(&bench.app, ReviewItem::Name, &delay).is_err());
    let of_wechat = bench.sim.decide_review(&bench.app, ReviewItem::PrivacyInterface, &Decision::Approve);
    assert!(matches!(of_wechat, Err(SimError::Unsupported(..))), "{of_wechat:?}");
}

#[tokio::test]
async fn changes_are_limited_and_validated() {
    let bench = Bench::baidu(State::Online).await;
    let image = bench.image().await;
    let foreign = "https://b.bdstatic.com/searchbox/mappconsole/image/20181204/9adf15d0.png";
    for (endpoint, name, value, code) in [
        ("setnickname", "nick_name", "ab", 40001),
        ("setnickname", "nick_name", "一二三四五六七八九十一二三四五六", 40001),
        ("setnickname", "nick_name", "app 1452365", 50051),
        ("setnickname", "name", "abc", 40001),
        ("modifysignature", "signature", "太短了吧", 40001),
        ("modifysignature", "signature", &"长".repeat(29), 40001),
        ("modifyheadimage", "image_url", "", 40001),
        ("modifyheadimage", "image_url", foreign, 47008),
    ] {
        assert_eq!(change(&bench, endpoint, name, value).await, code, "{endpoint} {value}");
    }
    let material = [("nick_name", "百度小店"), ("app_name_material", foreign)];
    assert_eq!(bench.form(&format!("{APP}setnickname"), &material).await.code(), 47008);
    let joined = format!("{image},{image}");
    let material = [("nick_name", "百度小店"), ("app_name_material", joined.as_str())];
    assert_eq!(bench.form(&format!("{APP}setnickname"), &material).await.code(), 0);

    // Each quota is used up after five submissions, whatever the verdicts.
    for (endpoint, name, item, exhausted) in [
        ("modifysignature", "signature", ReviewItem::Description, 47006),
        ("modifyheadimage", "image_url", ReviewItem::Icon, 47005),
    ] {
        for round in 0..5 {
            let value = if item == ReviewItem::Icon {
                bench.image().await
            } else {
                format!("第{round}版功能介绍")
            };
            assert_eq!(change(&bench, endpoint, name, &value).await, 0, "{endpoint} {round}");
            bench.sim.decide_review(&bench.app, item, &Decision::reject("不合规")).unwrap();
        }
        let value = if item == ReviewItem::Icon {
            bench.image().await
        } else {
            "最后一版功能介绍".to_owned()
        };
        assert_eq!(change(&bench, endpoint, name, &value).await, exhausted);
    }
    assert_eq!((bench.effects("set_icon"), bench.effects("set_description")), (5, 5));
    let events: Vec<String> = bench.sim.pushes(&bench.app).into_iter().map(|push| push.event).collect();
    assert!(
        events.contains(&"APP_DESC_AUDIT_FAIL".to_owned())
            && events.contains(&"APP_ICON_AUDIT_FAIL".to_owned())
    );
}

#[tokio::test]
async fn an_icon_is_told_as_json_text_once_it_is_approved() {
    let policy = AuditPolicy::approve_after(Duration::from_secs(60));
    let bench =
        Bench::new(SimConfig::new().with_audit_policy(policy), AppSpec::baidu("7").with_name("七")).await;
    assert_eq!(info(&bench).await["photo_addr"], "[]");
    let image = bench.image().await;
    assert!(image.starts_with("https://b.bdstatic.com/searchbox/mappconsole/image/20260310/"), "{image}");
    assert_eq!(change(&bench, "modifyheadimage", "image_url", &image).await, 0);
    let path = format!("{APP}modifysignature");
    assert_eq!(bench.form(&path, &[("signature", "买花送花的小程序")]).await.code(), 0);
    bench.wait(60).await;
    let after = info(&bench).await;
    assert_eq!(after["photo_addr"], format!("[{{\"cover\":\"{}\"}}]", image.replace('/', "\\/")));
    assert_eq!((&after["app_name"], &after["app_desc"]), (&json!("七"), &json!("买花送花的小程序")));
    let events: Vec<String> = bench.sim.pushes(&bench.app).into_iter().map(|push| push.event).collect();
    assert_eq!(events, ["APP_ICON_AUDIT_PASS", "APP_DESC_AUDIT_PASS"]);
}

#[tokio::test]
async fn categories_are_replaced_as_a_whole() {
    let bench = Bench::baidu(State::Online).await;
    let image = bench.image().await;
    let update = async |categories: String| change(&bench, "category/update", "categorys", &categories).await;
    let with =
        |id: u64, addr: &str| json!([{ "sub_category_id": 197, "qualis": [{ "id": id, "addr": addr }] }]);
    for (categories, code) in [
        (String::new(), 40001),
        ("nonsense".to_owned(), 50062),
        ("[]".to_owned(), 50062),
        (json!([{ "id": 6 }]).to_string(), 50062),
        (json!([{ "sub_category_id": "6" }]).to_string(), 50062),
        (json!(vec![json!({ "sub_category_id": 6 }); 6]).to_string(), 50060),
        (json!([{ "sub_category_id": 404 }]).to_string(), 50061),
        (json!([{ "sub_category_id": 197 }]).to_string(), 50063),
        (with(9, &image).to_string(), 50063),
        (with(1, "").to_string(), 50063),
        (with(1, "https://b.bdstatic.com/unknown.jpg").to_string(), 47008),
    ] {
        assert_eq!(update(categories.clone()).await, code, "{categories}");
    }
    let both =
        json!([{ "sub_category_id": 197, "qualis": [{ "id": 1, "addr": image }] }, { "sub_category_id": 6 }]);
    assert_eq!(update(both.to_string()).await, 0);
    assert_eq!(info(&bench).await["category"][0]["audit_status"], 1);
    bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::Approve).unwrap();
    let category = &info(&bench).await["category"][1];
    assert_eq!((&category["category_id"], &category["audit_status"]), (&json!(6), &json!(2)));
    assert_eq!(category["parent"]["category_name"], "工具");
    assert_eq!(bench.sim.truth(&bench.app).unwrap().categories, ["197", "6"]);

    assert_eq!(update(json!([{ "sub_category_id": 7 }]).to_string()).await, 0);
    bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::reject("资质不符")).unwrap();
    assert_eq!(update(json!([{ "sub_category_id": 8 }]).to_string()).await, 0);
    bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::Approve).unwrap();
    assert_eq!(update(json!([{ "sub_category_id": 9 }]).to_string()).await, 47007, "three a program");
    assert_eq!(bench.sim.truth(&bench.app).unwrap().categories, ["8"]);
    assert_eq!(bench.effects("update_categories"), 3);
    let events: Vec<String> = bench.sim.pushes(&bench.app).into_iter().map(|push| push.event).collect();
    let (pass, fail) = ("APP_CATEGORY_AUDIT_PASS", "APP_CATEGORY_AUDIT_FAIL");
    assert_eq!(events, [pass, fail, pass]);
}

/// Document 003 has `categories` in its table and `categorys` everywhere else.
#[tokio::test]
async fn categories_come_under_either_name() {
    let bench = Bench::baidu(State::Online).await;
    let update = async |fields: &[(&str, &str)]| {
        let code = bench.form(&format!("{APP}category/update"), fields).await.code();
        if code == 0 {
            bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::Approve).unwrap();
        }
        (code, bench.sim.truth(&bench.app).unwrap().categories)
    };
    let [six, seven] = ["[{\"sub_category_id\":6}]", "[{\"sub_category_id\":7}]"];
    assert_eq!(update(&[("categories", six)]).await, (0, vec!["6".to_owned()]));
    assert_eq!(update(&[("categories", six), ("categorys", seven)]).await, (0, vec!["7".to_owned()]));
    assert_eq!(update(&[("categories", "{}")]).await.0, 50062);
    assert_eq!(update(&[("categories", "")]).await.0, 40001);
    assert_eq!(update(&[("category", six)]).await.0, 40001);
}

/// Document 001, step 2: basic information under review blocks the submission of a package.
#[tokio::test]
async fn basic_information_under_review_holds_up_a_submission() {
    let bench = Bench::baidu(State::Uploaded { version: "2.0.0".to_owned() }).await;
    let id = bench.package_with(3).await;
    let submit = async || bench.on_package("submitaudit", id).await.code();
    let decide = |item, decision: &Decision| bench.sim.decide_review(&bench.app, item, decision).unwrap();
    let (name, categories) = (ReviewItem::Name, ReviewItem::Categories);

    assert_eq!(change(&bench, "setnickname", "nick_name", "星光小店").await, 0);
    assert_eq!(submit().await, 69001);
    assert_eq!(change(&bench, "category/update", "categorys", "[{\"sub_category_id\":6}]").await, 0);
    assert_eq!(submit().await, 69003);
    decide(name, &Decision::Approve);
    assert_eq!(submit().await, 69002);
    decide(categories, &Decision::reject("资质不符"));
    let image = bench.image().await;
    assert_eq!(change(&bench, "modifyheadimage", "image_url", &image).await, 0);
    assert_eq!(submit().await, 40045);
    decide(ReviewItem::Icon, &Decision::Approve);
    assert_eq!(change(&bench, "modifysignature", "signature", "买花送花的小程序").await, 0);
    assert_eq!(submit().await, 40045);
    decide(ReviewItem::Description, &Decision::Approve);
    assert_eq!(bench.effects("submit_audit"), 0);
    // Rejected categories are not in force: the previous, approved ones are.
    assert_eq!(submit().await, 0);
}

#[tokio::test]
async fn information_of_an_app_forced_offline_holds_up_a_submission_too() {
    for (field, value, code) in [("app_name", "星光小店", 69001), ("app_desc", "买花送花的小程序", 40045)]
    {
        let bench = Bench::baidu(State::Uploaded { version: "2.0.0".to_owned() }).await;
        let id = bench.package_with(3).await;
        let offline = ForcedOffline::new(OfflineFault::BasicInformation, "不合规");
        bench.sim.force_offline(&bench.app, offline).unwrap();
        assert_eq!(change(&bench, "offline/update", field, value).await, 0);
        assert_eq!(bench.on_package("submitaudit", id).await.code(), code, "{field}");
        bench.sim.decide_review(&bench.app, ReviewItem::OfflineUpdate, &Decision::Approve).unwrap();
        assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    }
}

/// The permission for phone numbers is not basic information.
#[tokio::test]
async fn a_permission_under_review_holds_up_nothing() {
    let bench = Bench::baidu(State::Uploaded { version: "2.0.0".to_owned() }).await;
    let demo = bench.image().await;
    let fields =
        [("reason", "1"), ("used_scene", "0"), ("scene_desc", "收货"), ("scene_demo", demo.as_str())];
    assert_eq!(bench.form(&format!("{APP}apply/mobileauth"), &fields).await.code(), 0);
    let id = bench.package_with(3).await;
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
}

#[tokio::test]
async fn names_are_checked_by_rules() {
    let rules =
        NameRules::none().with_sensitive(["赌博"]).with_brands(["百度", "好看"]).with_popular(["天气"]);
    let config = SimConfig::new().with_name_rules(rules);
    let bench = Bench::new(config, AppSpec::baidu("7").with_name("我的小店")).await;
    bench.sim.add_app(AppSpec::baidu("8").with_name("别人的小店")).unwrap();
    let check = async |name: &str| {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        bench.get(&format!("{APP}checkname?app_name={name}")).await.json()["data"].clone()
    };
    for (name, answer) in [
        ("星光小店", json!({ "checkResult": 0 })),
        ("我的小店", json!({ "checkResult": 0 })),
        ("别人的小店", json!({ "checkResult": 1 })),
        ("百度赌博", json!({ "checkResult": 2, "checkWords": [["赌博"]] })),
        ("百度", json!({ "checkResult": 3, "checkWords": [["百度"]] })),
        ("好看的百度", json!({ "checkResult": 4, "checkWords": [["百度"], ["好看"]] })),
        ("天气预报", json!({ "checkResult": 5, "checkWords": [["天气"]] })),
    ] {
        assert_eq!(check(name).await, answer, "{name}");
    }
    assert_eq!(bench.get(&format!("{APP}checkname")).await.code(), 40001);
    bench.sim.set_name_rules(NameRules::none());
    assert_eq!(check("百度").await["checkResult"], 0);
    // A name is taken once it is approved.
    assert_eq!(change(&bench, "setnickname", "nick_name", "新的小店").await, 0);
    bench.sim.decide_review(&bench.app, ReviewItem::Name, &Decision::Approve).unwrap();
    let other = bench.sim.token(&"8".into()).unwrap();
    let path = format!("{APP}checkname?app_name=%E6%96%B0%E7%9A%84%E5%B0%8F%E5%BA%97");
    assert_eq!(bench.get_as(other.expose(), &path).await.json()["data"], json!({ "checkResult": 1 }));
}

#[tokio::test]
async fn images_are_measured() {
    let bench = Bench::baidu(State::Online).await;
    let token = bench.token.expose();
    let mut bmp = b"BM".to_vec();
    bmp.resize(18, 0);
    bmp.extend([100_i32.to_le_bytes(), (-100_i32).to_le_bytes()].concat());
    let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08\0\x90\0\xa0\x03";
    let mut wide = jpeg.to_vec();
    let at = wide.len() - 3;
    wide[at] = 2;
    let mut large = png(10, 10);
    large.resize(2 * 1024 * 1024 + 1, 0);
    let mut huge = png(10, 10);
    huge.resize(5 * 1024 * 1024 + 1, 0);
    for (fields, image, code) in [
        (vec![], png(144, 144), 0),
        (vec![("type", "1")], png(256, 256), 0),
        (vec![], bmp, 0),
        (vec![], jpeg.to_vec(), 0),
        (vec![], wide.clone(), 47003),
        (vec![("type", "2")], wide, 0),
        (vec![], png(257, 10), 47003),
        (vec![("type", "3")], png(4000, 4000), 0),
        (vec![], b"GIF89a".to_vec(), 47000),
        (vec![], b"\x89PNG\r\n\x1a\n".to_vec(), 47000),
        (vec![("type", "4")], png(10, 10), 40001),
        (vec![], large.clone(), 40006),
        (vec![("type", "2")], large, 0),
        (vec![("type", "2")], huge, 40006),
    ] {
        let length = image.len();
        assert_eq!(bench.upload_image(token, &fields, &image).await.code(), code, "{fields:?} {length}");
    }
    assert_eq!(bench.effects("upload_image"), 7);
    // The vendor responds up to slightly over 10 MB; larger bodies are not read.
    let mut video = png(10, 10);
    video.resize(10 * 1024 * 1024, 0);
    assert_eq!(bench.upload_image(token, &[("type", "2")], &video).await.code(), 40006);
    video.resize(12 * 1024 * 1024, 0);
    let refused = bench.upload_image(token, &[("type", "2")], &video).await;
    assert!(matches!(refused, Seen::Answer { status: 413, .. } | Seen::Broken), "{refused:?}");
    // No file, no end, not a form.
    let url = bench.url("/file/2.0/smartapp/upload/image", token);
    let kind = "multipart/form-data; boundary=b";
    let part = "--b\r\nContent-Disposition: form-data; name=\"multipartFile\"; filename=\"i.png\"\r\n\r\n";
    let nameless = "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n";
    for body in ["", "--b--\r\n", part, nameless, "type=1"] {
        let seen = bench.send(reqwest::Method::POST, url.clone(), kind, body).await;
        assert_eq!(seen.code(), 40001, "{body:?}");
    }
    let platform = bench.sim.platform_token(BAIDU).unwrap();
    assert_eq!(bench.upload_image(platform.expose(), &[], &png(10, 10)).await.code(), 0);
    let effects = (bench.effects("upload_image"), bench.sim.platform_effects(BAIDU, "upload_image"));
    assert_eq!(effects, (7, 1));
    let log = bench.sim.request_log();
    let image = log.iter().find(|request| request.path.ends_with("/image")).unwrap();
    assert_eq!(image.body, "multipartFile=i.png+%28image%2Fpng%2C+29+bytes%29");
}
