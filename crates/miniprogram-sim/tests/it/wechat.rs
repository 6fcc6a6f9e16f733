use miniprogram_sim::{AppSpec, Decision, SimConfig, State};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{Bench, decoded, item, start_time};

#[tokio::test]
async fn from_upload_to_rollback() {
    let bench = Bench::wechat(State::Online).await;
    assert_eq!(bench.commit("2.0.0").await.code(), 0);
    let info = bench.post("/wxa/getversioninfo", json!({})).await.json();
    assert_eq!(info["exp_info"]["exp_version"], "2.0.0");
    assert_eq!(info["exp_info"]["exp_time"], start_time().as_unix());
    assert_eq!(info["release_info"]["release_version"], "1.1.0");
    assert_eq!(bench.get("/wxa/security/get_code_privacy_info").await.code(), 0);

    let submitted = bench.submit().await.json();
    let id = submitted["auditid"].as_i64().expect("a number");
    let latest = bench.get("/wxa/get_latest_auditstatus").await.json();
    assert_eq!((&latest["auditid"], &latest["status"]), (&json!(id.to_string()), &json!(2)));
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 85020);
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    let status = bench.post("/wxa/get_auditstatus", json!({ "auditid": id })).await.json();
    assert_eq!(status["status"], 0);

    bench.wait(7).await;
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 0);
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 85052);
    let info = bench.post("/wxa/getversioninfo", json!({})).await.json();
    assert_eq!(info["release_info"]["release_version"], "2.0.0");
    assert_eq!(info["release_info"]["release_time"], start_time().as_unix() + 7);

    let list = bench.get("/wxa/revertcoderelease?action=get_history_version").await.json();
    let versions: Vec<&Value> =
        list["version_list"].as_array().unwrap().iter().map(|v| &v["user_version"]).collect();
    assert_eq!(versions, ["1.0.0", "1.1.0"]);
    assert_eq!(bench.effects("rollback"), 0, "listing is no rollback");
    bench.wait(3).await;
    assert_eq!(bench.get("/wxa/revertcoderelease").await.code(), 0);
    let info = bench.post("/wxa/getversioninfo", json!({})).await.json();
    assert_eq!(info["release_info"]["release_version"], "1.1.0");
    assert_eq!(info["release_info"]["release_time"], start_time().as_unix() + 10);
    assert_eq!(bench.get("/wxa/revertcoderelease").await.code(), 87012);

    let truth = bench.sim.truth(&bench.app).unwrap();
    let effects: Vec<(&str, u64)> =
        truth.effects.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(effects, [("release", 1), ("rollback", 1), ("submit_audit", 1), ("upload_code", 1)]);
    assert_eq!(truth.online_version(), Some("1.1.0"));
    assert_eq!(truth.previous, None);
}

#[tokio::test]
async fn a_chosen_version_comes_back_and_others_do_not() {
    let bench = Bench::wechat(State::Released).await;
    let list = bench.get("/wxa/revertcoderelease?action=get_history_version").await.json();
    let oldest = list["version_list"][0]["app_version"].as_i64().unwrap();
    assert_eq!(bench.get("/wxa/revertcoderelease?app_version=9").await.code(), 87012);
    assert_eq!(bench.get("/wxa/revertcoderelease?app_version=x").await.code(), 40097);
    assert_eq!(bench.get(&format!("/wxa/revertcoderelease?app_version={oldest}")).await.code(), 0);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().online_version(), Some("1.0.0"));
}

#[tokio::test]
async fn every_answer_carries_the_simulators_date_and_a_request_id() {
    let bench = Bench::wechat(State::Online).await;
    let answer = bench.get("/wxa/get_page").await;
    assert_eq!(answer.header("date"), "Tue, 10 Mar 2026 04:00:00 GMT");
    let text = String::from_utf8(answer.bytes().to_vec()).unwrap();
    assert!(text.contains("\"page\\/list\""), "{text}");
    let rid = answer.json()["errmsg"].as_str().unwrap().split_once(" rid: ").unwrap().1.to_owned();
    let groups: Vec<&str> = rid.split('-').collect();
    assert_eq!(groups.len(), 3, "{rid}");
    assert_eq!(i64::from_str_radix(groups[0], 16).unwrap(), start_time().as_unix());
}

#[tokio::test]
async fn pictures_and_categories() {
    let bench = Bench::wechat(State::Online).await;
    let code = bench.get("/wxa/get_qrcode?path=page%2Findex%3Faction%3D1").await;
    assert_eq!(code.header("content-type"), "image/jpeg");
    assert_eq!(code.header("content-disposition"), "attachment; filename=\"QRCode.jpg\"");
    let address = "https://open.weixin.qq.com/sns/getexpappinfo?appid=wxtest0000000001&version=1.1.0";
    let path = "&path=page%2Findex%3Faction%3D1";
    assert_eq!(decoded(code.bytes()), (format!("{address}{path}#wechat-redirect"), (430, 430)));
    let code = bench.get("/wxa/get_qrcode").await;
    assert_eq!(decoded(code.bytes()).0, format!("{address}#wechat-redirect"));
    let long = bench.get(&format!("/wxa/get_qrcode?path={}", "a".repeat(1024))).await;
    assert_eq!(decoded(long.bytes()).0, format!("{address}&path={}#wechat-redirect", "a".repeat(1024)));
    assert_eq!(bench.get(&format!("/wxa/get_qrcode?path={}", "a".repeat(3000))).await.code(), 40097);
    let categories = bench.get("/wxa/get_category").await.json();
    assert_eq!(categories["category_list"][1]["third_id"], 5);
    assert_eq!(Bench::wechat(State::Fresh).await.get("/wxa/get_qrcode").await.code(), 86001);
}

#[tokio::test]
async fn bodies_and_methods_are_checked_first() {
    let bench = Bench::wechat(State::Online).await;
    assert_eq!(bench.post_text("/wxa/release", "").await.code(), 44002);
    for body in ["[]", "1", "{", "a=b"] {
        assert_eq!(bench.post_text("/wxa/release", body).await.code(), 47001, "{body}");
    }
    assert_eq!(bench.get("/wxa/release").await.code(), 43002);
    assert_eq!(bench.post("/wxa/get_page", json!({})).await.code(), 43001);
    assert_eq!(bench.get("/wxa/no_such_call").await.code(), 40066);
    let escaped = r#"{"template_id":0,"ext_json":"{}","user_version":"1","user_desc":"\u63cf"}"#;
    assert_eq!(bench.post_text("/wxa/commit", escaped).await.code(), 47002);
    // Escapes inside the string of ext_json, and escaped ASCII, are accepted.
    let fine = r#"{"template_id":0,"ext_json":"{\"ext\":{\"a\":\"\\u63cf\"}}","user_version":"\u0031","user_desc":"d"}"#;
    assert_eq!(bench.post_text("/wxa/commit", fine).await.code(), 0);
    assert_eq!(bench.effects("upload_code"), 1);
}

#[tokio::test]
async fn a_commit_is_validated() {
    let bench = Bench::wechat(State::Fresh).await;
    let commit = |change: Value| {
        let mut body = json!({ "template_id": 1, "ext_json": "{}", "user_version": "1", "user_desc": "d" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bench.post("/wxa/commit", body)
    };
    for (change, code) in [
        (json!({ "template_id": 404_404 }), 85014),
        (json!({ "template_id": null }), 85014),
        (json!({ "ext_json": {} }), -1),
        (json!({ "ext_json": "[]" }), 85048),
        (json!({ "ext_json": "{" }), 85048),
        (json!({ "ext_json": null }), 85048),
        (json!({ "ext_json": "{\"pages\":[]}" }), 85047),
        (json!({ "ext_json": "{\"pages\":[\"index\",\"nowhere\"]}" }), 85045),
        (json!({ "ext_json": "{\"extPages\":{\"nowhere\":{}}}" }), 85045),
        (json!({ "ext_json": "{\"tabBar\":{\"list\":[{\"text\":\"t\"}]}}" }), 85046),
        (json!({ "ext_json": "{\"tabBar\":{\"list\":[{\"pagePath\":\"nowhere\"}]}}" }), 85045),
        (json!({ "user_version": "" }), 40097),
        (json!({ "user_version": "v".repeat(65) }), 40097),
        (json!({ "user_desc": 1 }), 40097),
    ] {
        assert_eq!(commit(change.clone()).await.code(), code, "{change}");
    }
    assert_eq!(bench.effects("upload_code"), 0);
    assert_eq!(commit(json!({ "template_id": "9999" })).await.code(), 0);
    assert_eq!(bench.effects("upload_code"), 1);
}

#[tokio::test]
async fn content_of_other_templates_is_accepted_unless_checked() {
    let config = SimConfig::new().with_wechat_content_checks(false);
    let bench = Bench::new(config, AppSpec::wechat("wx1")).await;
    let ext = json!({ "pages": ["shop/menu"], "extPages": { "shop/cart": {} } }).to_string();
    let commit = json!({ "template_id": 7, "ext_json": ext, "user_version": "2.0.0", "user_desc": "花店" });
    assert_eq!(bench.post("/wxa/commit", commit).await.code(), 0);
    let item = json!({ "address": "shop/menu", "first_class": "餐饮", "first_id": 220 });
    let submit = |item: Value| bench.post("/wxa/submit_audit", json!({ "item_list": [item] }));
    assert_eq!(submit(json!({ "title": "题".repeat(33) })).await.code(), 85011);
    assert_eq!(submit(item).await.code(), 0);
}

#[tokio::test]
async fn a_submission_is_validated() {
    let bench = Bench::wechat(State::Uploaded { version: "2.0.0".to_owned() }).await;
    let submit = |items: Value| bench.post("/wxa/submit_audit", json!({ "item_list": items }));
    let with = |name: &str, value: Value| {
        let mut changed = item();
        changed[name] = value;
        json!([changed])
    };
    for (items, code) in [
        (Value::Null, 85023),
        (json!([]), 85023),
        (json!([item(), item(), item(), item(), item(), item()]), 85023),
        (json!([{}]), 85010),
        (json!([1]), 85010),
        (with("address", json!("page/none")), 85007),
        (with("tag", json!("a ".repeat(10) + "a")), 85006),
        (with("tag", json!("x".repeat(21))), 85006),
        (with("title", json!("题".repeat(33))), 85011),
        (with("first_id", json!("1")), 85008),
        (with("second_class", json!("资讯")), 85008),
        (with("third_id", json!(5)), 85008),
    ] {
        assert_eq!(submit(items.clone()).await.code(), code, "{items}");
    }
    assert_eq!(bench.effects("submit_audit"), 0);
    assert_eq!(submit(with("title", json!("题".repeat(32)))).await.code(), 0);
    assert_eq!(bench.submit().await.code(), 85009);
    assert_eq!(bench.effects("submit_audit"), 1);

    assert_eq!(Bench::wechat(State::Fresh).await.submit().await.code(), 86001);
    assert_eq!(Bench::wechat(State::Online).await.submit().await.code(), 85086);
}

#[tokio::test]
async fn the_quota_is_shared_by_all_apps() {
    let state = State::Uploaded { version: "2.0.0".to_owned() };
    let config = SimConfig::new().with_wechat_audits(1);
    let bench = Bench::new(config, AppSpec::wechat("wx1").with_state(state.clone())).await;
    let other = bench.sim.add_app(AppSpec::wechat("wx2").with_state(state)).unwrap();
    let url = bench.url("/wxa/submit_audit", other.expose());
    let body = json!({ "item_list": [item()] }).to_string();
    assert_eq!(bench.send(Method::POST, url, "", body).await.code(), 0);
    assert_eq!(bench.submit().await.code(), 85085);
    let quota = bench.get("/wxa/queryquota").await.json();
    assert_eq!((&quota["rest"], &quota["limit"]), (&json!(0), &json!(1)));
    // The next month in Beijing has begun.
    bench.wait(31 * 86_400).await;
    let token = bench.sim.rotate_token(&bench.app).unwrap();
    let quota = bench.send(Method::GET, bench.url("/wxa/queryquota", token.expose()), "", "").await;
    assert_eq!(quota.json()["rest"], 1);
}

#[tokio::test]
async fn the_privacy_scan_holds_a_submission_up() {
    let config = SimConfig::new().with_privacy_scan(Duration::from_secs(60));
    let bench = Bench::new(config, AppSpec::wechat("wx1")).await;
    bench.commit("2.0.0").await;
    bench.wait(59).await;
    assert_eq!(bench.get("/wxa/security/get_code_privacy_info").await.code(), 61039);
    assert_eq!(bench.submit().await.code(), 61039);
    bench.wait(1).await;
    assert_eq!(bench.get("/wxa/security/get_code_privacy_info").await.code(), 0);
    assert_eq!(bench.submit().await.code(), 0);
}

#[tokio::test]
async fn verdicts_are_told() {
    let bench = Bench::wechat(State::InReview).await;
    bench.sim.decide_audit(&bench.app, &Decision::Delay { reason: "等".to_owned() }).unwrap();
    let latest = bench.get("/wxa/get_latest_auditstatus").await.json();
    assert_eq!((&latest["status"], &latest["reason"]), (&json!(4), &json!("等")));
    let verdict = Decision::Reject {
        reason: "1:不符<br>".to_owned(),
        screenshots: vec!["m1".to_owned(), "m2".to_owned()],
    };
    bench.sim.decide_audit(&bench.app, &verdict).unwrap();
    let latest = bench.get("/wxa/get_latest_auditstatus").await.json();
    assert_eq!((&latest["status"], &latest["ScreenShot"]), (&json!(1), &json!("m1|m2")));
    let id: i64 = latest["auditid"].as_str().unwrap().parse().unwrap();
    let status = bench.post("/wxa/get_auditstatus", json!({ "auditid": id })).await.json();
    assert_eq!((&status["reason"], &status["screenshot"]), (&json!("1:不符<br>"), &json!("m1|m2")));
    assert!(bench.sim.decide_audit(&bench.app, &Decision::Approve).is_err(), "decided already");
    let in_words = bench.post("/wxa/get_auditstatus", json!({ "auditid": latest["auditid"] })).await.json();
    assert_eq!((&in_words["status"], &in_words["reason"]), (&json!(1), &json!("1:不符<br>")), "as text");
    for wrong in
        [json!(1), json!("1"), json!(""), json!("x"), json!(-1), json!(0.5), json!(true), Value::Null]
    {
        assert_eq!(bench.post("/wxa/get_auditstatus", json!({ "auditid": wrong })).await.code(), 85012);
    }
    // Without code there is no audit; with code there may still be none.
    let fresh = Bench::wechat(State::Fresh).await;
    let status = async || fresh.post("/wxa/get_auditstatus", json!({ "auditid": id })).await.code();
    let latest = async || fresh.get("/wxa/get_latest_auditstatus").await.code();
    assert_eq!((status().await, latest().await), (86001, 86001));
    fresh.commit("1.0.0").await;
    assert_eq!((status().await, latest().await), (85012, 85058));
}

/// Withdraws the audit with the current token and returns the code.
async fn undo(bench: &Bench) -> i64 {
    let token = bench.sim.token(&bench.app).unwrap();
    bench.get_as(token.expose(), "/wxa/undocodeaudit").await.code()
}

/// Like [`undo`], then submits again.
async fn undo_and_submit(bench: &Bench) {
    assert_eq!(undo(bench).await, 0);
    let url = bench.url("/wxa/submit_audit", bench.sim.token(&bench.app).unwrap().expose());
    let body = json!({ "item_list": [item()] }).to_string();
    assert_eq!(bench.send(Method::POST, url, "", body).await.code(), 0);
}

const DAY: u64 = 24 * 3600;

/// Document 002, section 16: once a day, ten times a month.
#[tokio::test]
async fn withdrawals_are_counted_by_day_and_month() {
    let bench = Bench::wechat(State::InReview).await;
    for _ in 0..10 {
        undo_and_submit(&bench).await;
        assert_eq!(undo(&bench).await, 87013, "once a day");
        bench.wait(DAY).await;
    }
    assert_eq!(undo(&bench).await, 87013, "ten a month");
    assert_eq!(bench.effects("withdraw_audit"), 10);
    // From the 20th to the 1st of the next month.
    bench.wait(12 * DAY).await;
    undo_and_submit(&bench).await;
    assert_eq!(Bench::wechat(State::Approved).await.get("/wxa/undocodeaudit").await.code(), 87012);
}

/// A day begins at midnight in Beijing, not a day after the last withdrawal.
#[tokio::test]
async fn a_day_of_withdrawals_begins_at_midnight_in_beijing() {
    let bench = Bench::wechat(State::InReview).await;
    // It is noon in Beijing.
    undo_and_submit(&bench).await;
    bench.wait(DAY / 2 - 1).await;
    assert_eq!(undo(&bench).await, 87013);
    bench.wait(1).await;
    undo_and_submit(&bench).await;
}

#[tokio::test]
async fn how_often_audits_are_withdrawn_can_be_set() {
    let config = SimConfig::new().with_wechat_withdrawals_per_day(2).with_wechat_withdrawals_per_month(3);
    let spec = AppSpec::wechat("wxtest0000000001").with_state(State::InReview);
    let bench = Bench::new(config, spec).await;
    undo_and_submit(&bench).await;
    undo_and_submit(&bench).await;
    assert_eq!(undo(&bench).await, 87013);
    bench.wait(DAY).await;
    undo_and_submit(&bench).await;
    assert_eq!(undo(&bench).await, 87013);
    bench.sim.set_wechat_withdrawals(2, 4);
    undo_and_submit(&bench).await;
    assert_eq!(undo(&bench).await, 87013);
}

#[tokio::test]
async fn a_review_is_sped_up_once() {
    let bench = Bench::wechat(State::InReview).await;
    let latest = bench.get("/wxa/get_latest_auditstatus").await.json();
    let id: i64 = latest["auditid"].as_str().unwrap().parse().unwrap();
    let speed_up = || bench.post("/wxa/speedupaudit", json!({ "auditid": id }));
    assert_eq!(speed_up().await.code(), 0);
    assert_eq!(speed_up().await.code(), 89404);
    let in_words = json!({ "auditid": id.to_string() });
    assert_eq!(bench.post("/wxa/speedupaudit", in_words).await.code(), 89404, "the same one");
    assert_eq!(bench.effects("expedite_audit"), 1);
    assert_eq!(bench.get("/wxa/queryquota").await.json()["speedup_rest"], 99);
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    assert_eq!(speed_up().await.code(), 89402);
    assert_eq!(bench.post("/wxa/speedupaudit", json!({ "auditid": 1 })).await.code(), 85012);
}

#[tokio::test]
async fn a_release_needs_an_approved_audit() {
    for (state, code) in [
        (State::Fresh, 85019),
        (State::Withdrawn, 85019),
        (State::InReview, 85020),
        (State::Rejected { reason: "r".to_owned() }, 85020),
        (State::Delayed { reason: "r".to_owned() }, 85020),
        (State::Released, 85052),
        (State::Online, 85052),
    ] {
        let bench = Bench::wechat(state.clone()).await;
        assert_eq!(bench.post("/wxa/release", json!({})).await.code(), code, "{state:?}");
        assert_eq!(bench.effects("release"), 0);
    }
}

#[tokio::test]
async fn gray_releases_only_go_up_and_end_with_the_full_one() {
    let bench = Bench::wechat(State::Approved).await;
    let gray = |body: Value| bench.post("/wxa/grayrelease", body);
    let plan = async || bench.get("/wxa/getgrayreleaseplan").await.json()["gray_release_plan"].clone();
    let none = plan().await;
    assert_eq!((&none["status"], &none["create_timestamp"]), (&json!(0), &json!(0)), "the initial state");
    for wrong in [
        json!({}),
        json!({ "gray_percentage": 0 }),
        json!({ "gray_percentage": 101 }),
        json!({ "gray_percentage": "5" }),
    ] {
        assert_eq!(gray(wrong.clone()).await.code(), 85081, "{wrong}");
    }
    assert_eq!(gray(json!({ "gray_percentage": 0, "support_debuger_first": true })).await.code(), 0);
    assert_eq!(gray(json!({ "gray_percentage": 10 })).await.code(), 0);
    assert_eq!(gray(json!({ "gray_percentage": 10 })).await.code(), 85082);
    assert_eq!(plan().await["status"], 1);
    assert_eq!(bench.get("/wxa/revertcoderelease").await.code(), 87011);
    assert_eq!(bench.get("/wxa/revertgrayrelease").await.code(), 0);
    assert_eq!(plan().await["status"], 4);
    assert_eq!(gray(json!({ "gray_percentage": 5 })).await.code(), 0, "a new plan starts anywhere");
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 0);
    assert_eq!(plan().await["status"], 3);
    assert_eq!(gray(json!({ "gray_percentage": 50 })).await.code(), 85080);
    assert_eq!(bench.effects("start_gray_release"), 3);
    assert_eq!(bench.effects("cancel_gray_release"), 1);
    let fresh = Bench::wechat(State::Fresh).await;
    assert_eq!(fresh.post("/wxa/grayrelease", json!({ "gray_percentage": 5 })).await.code(), 85079);
    let none = Bench::wechat(State::NoPrevious).await;
    assert_eq!(none.get("/wxa/revertcoderelease").await.code(), 87012);
}

#[tokio::test]
async fn a_version_of_any_name_can_be_online() {
    let state = State::OnlineAs { version: "0.9.0".to_owned() };
    for bench in [Bench::wechat(state.clone()).await, Bench::baidu(state).await] {
        let truth = bench.sim.truth(&bench.app).unwrap();
        assert_eq!((truth.online_version(), truth.previous.is_none()), (Some("0.9.0"), true));
    }
}

#[tokio::test]
async fn visits_and_library_versions() {
    let bench = Bench::wechat(State::Online).await;
    assert_eq!(bench.post("/wxa/change_visitstatus", json!({ "action": "shut" })).await.code(), 85022);
    assert_eq!(bench.post("/wxa/change_visitstatus", json!({ "action": "close" })).await.code(), 0);
    assert_eq!(bench.post("/wxa/getvisitstatus", json!({})).await.json()["status"], 0);
    assert_eq!(bench.post("/wxa/change_visitstatus", json!({ "action": "open" })).await.code(), 0);
    assert_eq!(bench.post("/wxa/getvisitstatus", json!({})).await.json()["status"], 1);
    for wrong in [json!("9.0.0"), json!("1.0"), json!(1), Value::Null] {
        let set = bench.post("/cgi-bin/wxopen/setweappsupportversion", json!({ "version": wrong })).await;
        assert_eq!(set.code(), 85015, "{wrong}");
    }
    assert_eq!(
        bench.post("/cgi-bin/wxopen/setweappsupportversion", json!({ "version": "2.1.0" })).await.code(),
        0
    );
    let version = bench.post("/cgi-bin/wxopen/getweappsupportversion", json!({})).await.json();
    assert_eq!(version["now_version"], "2.1.0");
    assert_eq!(bench.effects("set_visit_status"), 2);
    assert_eq!(bench.effects("set_min_library_version"), 1);
    let fresh = Bench::wechat(State::Fresh).await;
    assert_eq!(fresh.post("/wxa/change_visitstatus", json!({ "action": "close" })).await.code(), 85021);
}

#[tokio::test]
async fn tokens_are_bound_expire_and_are_replaced() {
    let bench = Bench::wechat(State::Approved).await;
    let page = async |token: &str| {
        bench.send(Method::GET, bench.url("/wxa/get_page", token), "", String::new()).await.code()
    };
    assert_eq!(page("").await, 41001);
    assert_eq!(page("45.a.b").await, 40014);
    assert_eq!(page("never-issued").await, 40001);
    let baidu = bench.sim.add_app(AppSpec::baidu("77")).unwrap();
    assert_eq!(page(baidu.expose()).await, 40014);

    // A token acts only on its own app.
    let other = miniprogram_core::AppId::from("wxother");
    let token = bench.sim.add_app(AppSpec::wechat("wxother").with_state(State::Approved)).unwrap();
    let url = bench.url("/wxa/release", token.expose());
    assert_eq!(bench.send(Method::POST, url, "", "{}".to_owned()).await.code(), 0);
    assert_eq!((bench.sim.effects(&other, "release"), bench.effects("release")), (1, 0));
    let mine = bench.get("/wxa/get_latest_auditstatus").await.json()["auditid"].as_str().unwrap().to_owned();
    let url = bench.url("/wxa/get_auditstatus", token.expose());
    let theirs = json!({ "auditid": mine.parse::<i64>().unwrap() }).to_string();
    assert_eq!(bench.send(Method::POST, url, "", theirs).await.code(), 85012);

    bench.sim.expire_token(&bench.app).unwrap();
    assert_eq!(page(bench.token.expose()).await, 42001);
    let second = bench.sim.token(&bench.app).unwrap();
    assert_eq!(page(second.expose()).await, 0);
    let third = bench.sim.rotate_token(&bench.app).unwrap();
    assert_eq!(page(second.expose()).await, 40001);
    assert_eq!(page(third.expose()).await, 0);
    bench.wait(7200).await;
    assert_eq!(page(third.expose()).await, 42001);
}
