use miniprogram_sim::{AppSpec, AuditPolicy, Decision, SimConfig, State};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{APP, Bench, PACKAGE, decoded};

#[tokio::test]
async fn from_upload_to_rollback() {
    let bench = Bench::baidu(State::Online).await;
    let uploaded = bench.upload("2.0.0").await;
    assert_eq!(uploaded.json(), json!({ "errno": 0, "msg": "success" }));
    assert_eq!(uploaded.header("x-b3-traceid").len(), 16);
    assert_eq!(uploaded.header("date"), "Tue, 10 Mar 2026 04:00:00 GMT");
    let packages = bench.packages().await;
    assert_eq!(packages.len(), 2);
    assert_eq!(packages[0]["rollback_version"], "v1.0.0");
    let uploading = json!({
        "version": "2.0.0", "commit_time": "2026/03/10 12:00:00", "version_desc": "描述",
        "upload_status": 1, "upload_status_desc": "上传中",
    });
    assert_eq!(packages[1], uploading);
    bench.wait(3).await;
    let packages = bench.packages().await;
    assert_eq!((&packages[1]["status"], &packages[1]["remark"]), (&json!(3), &json!("")));
    let id = packages[1]["package_id"].as_i64().expect("a number");

    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 50052);
    assert_eq!(bench.on_package("release", id).await.code(), 40045);
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    assert_eq!(bench.package_with(6).await, id);
    assert_eq!(bench.on_package("release", id).await.code(), 0);
    assert_eq!(bench.on_package("release", id).await.code(), 40045);
    assert_eq!(bench.package_with(1).await, id);

    assert_eq!(bench.on_package("rollback", 1).await.code(), 69005);
    assert_eq!(bench.on_package("rollback", id).await.code(), 0);
    assert_eq!(bench.package_with(8).await, id);
    assert_eq!(bench.on_package("rollback", id).await.code(), 40045);
    bench.wait(1).await;
    let packages = bench.packages().await;
    assert_eq!(packages.len(), 1, "{packages:?}");
    assert_eq!((&packages[0]["version"], &packages[0]["status"]), (&json!("1.1.0"), &json!(1)));
    assert_eq!(packages[0].get("rollback_version"), None);
    let detail = bench.get(&format!("{PACKAGE}getdetail?package_id={id}")).await.json();
    assert_eq!(detail["data"]["version"], "2.0.0", "still reachable");
    let online = packages[0]["package_id"].as_i64().unwrap();
    assert_eq!(bench.on_package("rollback", online).await.code(), 40032, "one step only");

    let truth = bench.sim.truth(&bench.app).unwrap();
    let effects: Vec<(&str, u64)> =
        truth.effects.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(effects, [("release", 1), ("rollback", 1), ("submit_audit", 1), ("upload_code", 1)]);
    assert_eq!(truth.online_version(), Some("1.1.0"));
}

#[tokio::test]
async fn parameters_come_in_query_or_form_and_never_as_json() {
    let bench = Bench::baidu(State::Online).await;
    let query = "template_id=754&ext_json=%7B%22extEnable%22:true%7D&user_version=1.2.7&user_desc=d";
    let in_query = bench.form(&format!("{PACKAGE}upload?{query}"), &[]).await;
    assert_eq!(in_query.code(), 0);
    let token_in_form = format!("access_token={}&{query}", bench.token.expose());
    let url = format!("{}{PACKAGE}upload", bench.sim.base_url());
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(bench.send(Method::POST, url, kind, token_in_form).await.code(), 0);
    let json = json!({ "template_id": "754", "ext_json": "{}", "user_version": "1", "user_desc": "d" });
    assert_eq!(bench.post(&format!("{PACKAGE}upload"), json).await.code(), 40001);
    assert_eq!(bench.get(&format!("{PACKAGE}upload?{query}")).await.code(), 501);
    assert_eq!(bench.get("/rest/2.0/smartapp/package/nothing").await.json()["error_code"], 3);
    assert_eq!(bench.effects("upload_code"), 2);
}

#[tokio::test]
async fn an_upload_is_validated() {
    let bench = Bench::baidu(State::Online).await;
    let all = [
        ("template_id", "754"),
        ("ext_json", "{\"extEnable\":false}"),
        ("user_version", "1"),
        ("user_desc", "d"),
    ];
    for missing in 0..all.len() {
        let mut fields = all.to_vec();
        fields.remove(missing);
        assert_eq!(bench.form(&format!("{PACKAGE}upload"), &fields).await.code(), 40001, "{missing}");
    }
    for (index, value, code) in [
        (0, "404404", 40001),
        (1, "{", 69004),
        (1, "[]", 69004),
        (1, "{}", 69004),
        (1, "{\"extEnable\":\"true\"}", 69004),
        (2, "", 40001),
    ] {
        let mut fields = all;
        fields[index].1 = value;
        assert_eq!(bench.form(&format!("{PACKAGE}upload"), &fields).await.code(), code, "{value:?}");
    }
    assert_eq!(bench.effects("upload_code"), 0);
}

#[tokio::test]
async fn an_upload_can_fail_later() {
    let bench = Bench::baidu(State::Online).await;
    bench.sim.fail_next_upload(&bench.app, 69010, "模板文件解析失败").unwrap();
    assert_eq!(bench.upload("2.0.0").await.code(), 0);
    bench.wait(3).await;
    let failed = &bench.packages().await[1];
    assert_eq!((&failed["upload_status"], &failed["upload_err_code"]), (&json!(3), &json!(69010)));
    assert_eq!((failed.get("status"), failed.get("package_id")), (None, None));
    bench.upload("2.0.1").await;
    bench.wait(3).await;
    let packages = bench.packages().await;
    assert_eq!((packages.len(), &packages[1]["version"]), (2, &json!("2.0.1")), "the newer one replaces it");
}

#[tokio::test]
async fn a_direct_commit_submits_itself() {
    for ext in
        ["{\"extEnable\":true,\"directCommit\":true}", "{\"extEnable\":true,\"directCommit\":\"true\"}"]
    {
        let bench = Bench::baidu(State::Online).await;
        let fields = [("template_id", "1"), ("ext_json", ext), ("user_version", "2.0.0"), ("user_desc", "d")];
        bench.form(&format!("{PACKAGE}upload"), &fields).await;
        assert_eq!(bench.effects("submit_audit"), 0);
        bench.wait(3).await;
        bench.package_with(4).await;
        assert_eq!((bench.effects("upload_code"), bench.effects("submit_audit")), (1, 1), "{ext}");
    }
}

/// Basic information under review also blocks a submission that the upload asked for: the package stays in development.
#[tokio::test]
async fn a_direct_commit_waits_for_basic_information() {
    let bench = Bench::baidu(State::Online).await;
    let path = format!("{APP}setnickname");
    assert_eq!(bench.form(&path, &[("nick_name", "星光小店")]).await.code(), 0);
    let ext = "{\"extEnable\":true,\"directCommit\":true}";
    let fields = [("template_id", "1"), ("ext_json", ext), ("user_version", "2.0.0"), ("user_desc", "d")];
    bench.form(&format!("{PACKAGE}upload"), &fields).await;
    bench.wait(3).await;
    bench.package_with(3).await;
    assert_eq!(bench.effects("submit_audit"), 0);
}

/// Documents 000 and 001 show a submission's remark in the package object.
#[tokio::test]
async fn the_remark_of_a_submission_is_kept() {
    let bench = Bench::baidu(State::Uploaded { version: "2.0.0".to_owned() }).await;
    let id = bench.package_with(3).await.to_string();
    let submit = async |remark: &str| {
        let fields = [("package_id", id.as_str()), ("content", "送审"), ("remark", remark)];
        bench.form(&format!("{PACKAGE}submitaudit"), &fields).await.code()
    };
    let remarks = async || {
        let detail = bench.get(&format!("{PACKAGE}getdetail?package_id={id}")).await.json();
        let list = bench.packages().await;
        [detail["data"]["remark"].clone(), list[1]["remark"].clone()]
    };
    assert_eq!(remarks().await, ["", ""]);
    assert_eq!(submit("代提审").await, 0);
    assert_eq!(remarks().await, ["代提审", "代提审"]);
    bench.sim.decide_audit(&bench.app, &Decision::reject("名称过长")).unwrap();
    assert_eq!(remarks().await, ["代提审", "代提审"]);
    assert_eq!(submit("再次提审").await, 0);
    assert_eq!(remarks().await, ["再次提审", "再次提审"]);
}

/// Document 001, step 3: a release requires a certified legal subject.
#[tokio::test]
async fn a_release_needs_an_authenticated_subject() {
    let spec = AppSpec::baidu("7").with_state(State::Approved).without_authentication();
    let bench = Bench::new(SimConfig::new(), spec).await;
    let id = bench.package_with(6).await;
    let status = async || {
        let info = bench.get(&format!("{APP}info")).await.json();
        let of = &info["data"]["qualification"];
        (of["ad_type"].clone(), of["ad_status"].clone())
    };
    let refused = bench.on_package("release", id).await.json();
    assert_eq!(refused, json!({ "errno": 50038, "msg": "请先完成主体真实性认证" }));
    assert_eq!((bench.effects("release"), status().await), (0, (json!(0), json!(3))));
    bench.sim.set_authenticated(&bench.app, true).unwrap();
    assert_eq!(status().await, (json!(1), json!(1)));
    assert_eq!(bench.on_package("release", id).await.code(), 0);
    bench.sim.set_authenticated(&bench.app, false).unwrap();
    assert_eq!(bench.on_package("rollback", id).await.code(), 0, "nothing new goes online");
    bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    assert!(bench.sim.set_authenticated(&"wx1".into(), true).is_err());
}

#[tokio::test]
async fn a_review_is_withdrawn_and_repeated() {
    let bench = Bench::baidu(State::InReview).await;
    let id = bench.package_with(4).await;
    assert_eq!(bench.on_package("withdraw", id).await.code(), 0);
    assert_eq!(bench.on_package("withdraw", id).await.code(), 40045);
    assert_eq!(bench.package_with(3).await, id);
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    bench.sim.decide_audit(&bench.app, &Decision::reject("名称过长")).unwrap();
    let detail = bench.get(&format!("{PACKAGE}getdetail?type=5")).await.json();
    assert_eq!((&detail["data"]["package_id"], &detail["data"]["msg"]), (&json!(id), &json!("名称过长")));
    assert_eq!(
        bench.on_package("submitaudit", id).await.code(),
        0,
        "a rejected package may be submitted again"
    );
    let missing = [("package_id", "1")];
    assert_eq!(bench.form(&format!("{PACKAGE}submitaudit"), &missing).await.code(), 69005);
    let id = id.to_string();
    let incomplete = [("package_id", id.as_str()), ("content", "c")];
    assert_eq!(bench.form(&format!("{PACKAGE}submitaudit"), &incomplete).await.code(), 40001);
    assert!(bench.sim.decide_audit(&bench.app, &Decision::Delay { reason: String::new() }).is_err());
}

#[tokio::test]
async fn the_weekly_quota_is_kept() {
    let state = State::Uploaded { version: "2.0.0".to_owned() };
    let config = SimConfig::new()
        .with_baidu_audits(1)
        .with_token_lifetime(Duration::from_secs(30 * 24 * 3600))
        .with_audit_policy(AuditPolicy::reject_after(Duration::from_secs(60), "no"));
    let bench = Bench::new(config, AppSpec::baidu("5").with_state(state)).await;
    let quota = async || bench.get(&format!("{PACKAGE}auditquota")).await.json()["data"].clone();
    assert_eq!(quota().await, json!({ "quota_type": 2, "quota_times": 1, "remain_times": 1 }));
    let id = bench.package_with(3).await;
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    bench.wait(60).await;
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 69013);
    bench.wait(7 * 24 * 3600).await;
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    let unlimited = Bench::baidu(State::Online).await;
    assert_eq!(unlimited.get(&format!("{PACKAGE}auditquota")).await.json()["data"]["remain_times"], -1);
}

/// A package that was online keeps its id and looks like one in development, but cannot be submitted.
#[tokio::test]
async fn a_package_that_was_online_is_not_submitted_again() {
    let bench = Bench::baidu(State::Released).await;
    let online = bench.package_with(1).await;
    assert_eq!(bench.on_package("rollback", online).await.code(), 0);
    bench.wait(1).await;
    let retired = bench.get(&format!("{PACKAGE}getdetail?package_id={online}")).await.json();
    assert_eq!(retired["data"]["status"], 3);
    assert!(bench.packages().await.iter().all(|package| package["package_id"] != online));
    assert_eq!(bench.on_package("submitaudit", online).await.code(), 40045);
    assert_eq!(bench.get(&format!("{APP}qrcode?package_id={online}")).await.code(), 470_019);
}

#[tokio::test]
async fn details_by_type_and_the_preview() {
    let bench = Bench::baidu(State::Uploaded { version: "2.0.0".to_owned() }).await;
    let detail = async |query: &str| bench.get(&format!("{PACKAGE}getdetail{query}")).await;
    assert_eq!(detail("").await.json()["data"]["version"], "1.1.0");
    assert_eq!(detail("?type=3").await.json()["data"]["version"], "2.0.0");
    assert_eq!(detail("?type=4").await.code(), 69005);
    assert_eq!(bench.get(&format!("{PACKAGE}gettrial")).await.json()["data"]["version"], "2.0.0");
    let empty = Bench::baidu(State::Fresh).await;
    assert_eq!(empty.packages().await, Vec::<Value>::new());
    assert_eq!(empty.get(&format!("{PACKAGE}gettrial")).await.code(), 69005);
}

#[tokio::test]
async fn qr_codes_are_pictures_of_allowed_packages() {
    let bench = Bench::baidu(State::Uploaded { version: "2.0.0".to_owned() }).await;
    let code = async |query: &str| bench.get(&format!("{APP}qrcode{query}")).await;
    let picture = code("?width=300").await;
    assert_eq!(picture.header("content-type"), "image/png");
    let online = bench.package_with(1).await;
    let preview = "https://smartprogram.baidu.com/mappconsole/preview?app_id=1452365&package_id=";
    assert_eq!(decoded(picture.bytes()), (format!("{preview}{online}"), (300, 300)));
    assert_eq!(decoded(code("").await.bytes()).1, (200, 200), "by default");
    for width in [200_u32, 201, 207, 1279, 1280] {
        let picture = code(&format!("?width={width}&path=pages%2Findex%3Fid%3D1")).await;
        let (text, size) = decoded(picture.bytes());
        assert_eq!(text, format!("{preview}{online}&path=pages%2Findex%3Fid%3D1"));
        assert_eq!(size, (width, width));
    }
    for width in ["199", "1281", "65537", "-200", "200.5", "x", ""] {
        assert_eq!(code(&format!("?width={width}")).await.code(), 470018);
    }
    let id = bench.package_with(3).await;
    assert_eq!(decoded(code(&format!("?package_id={id}")).await.bytes()).0, format!("{preview}{id}"));
    let longest = format!("?package_id={id}&width=1280&path={}", "a".repeat(2800));
    assert_eq!(decoded(code(&longest).await.bytes()).0.len(), preview.len() + 5 + 6 + 2800);
    assert_eq!(code(&format!("?path={}", "a".repeat(3000))).await.code(), 47002);
    assert_eq!(code("?package_id=x").await.code(), 40001);
    assert_eq!(code("?package_id=1").await.code(), 470019);
    assert_eq!(Bench::baidu(State::Fresh).await.get(&format!("{APP}qrcode")).await.code(), 470020);
}

#[tokio::test]
async fn the_app_itself() {
    let bench = Bench::baidu(State::Online).await;
    let info = async || bench.get(&format!("{APP}info")).await.json()["data"].clone();
    assert_eq!((&info().await["status"], &info().await["app_id"]), (&json!(1), &json!(1_452_365)));
    assert_eq!(bench.form(&format!("{APP}pause"), &[]).await.code(), 0);
    assert_eq!(info().await["status"], 4);
    assert_eq!(bench.form(&format!("{APP}resume"), &[]).await.code(), 0);
    assert_eq!(bench.effects("set_visit_status"), 2);
    assert_eq!(bench.form(&format!("{APP}setsupportversion"), &[("version", "0.1")]).await.code(), 470021);
    assert_eq!(bench.form(&format!("{APP}setsupportversion"), &[("version", "3.1.0")]).await.code(), 0);
    let version = bench.get(&format!("{APP}getsupportversion")).await.json();
    assert_eq!(version["data"]["now_version"], "3.1.0");
    assert_eq!(bench.get(&format!("{APP}category/list")).await.code(), 40001);
    let categories = bench.get(&format!("{APP}category/list?category_type=2")).await.json();
    let items = &categories["data"][0]["sub_items"];
    assert_eq!((&items["2"]["need_quali"], &items["3"]["need_quali"]), (&json!(1), &json!("0")));
}

#[tokio::test]
async fn tokens_are_refused_by_the_gateway() {
    let bench = Bench::baidu(State::InReview).await;
    let list = async |token: &str| {
        bench.send(Method::GET, bench.url(&format!("{PACKAGE}get"), token), "", String::new()).await.json()
    };
    let parts: Vec<&str> = bench.token.expose().split('.').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2]), ("45", 32, "3600"));
    assert_eq!(parts[3], (crate::support::start_time().as_unix() + 3600).to_string());
    let refused = list("nonsense").await;
    assert_eq!(refused["error_code"], 110);
    assert_eq!(
        (refused.get("errno"), &refused["error_msg"]),
        (None, &json!("Access token invalid or no longer valid"))
    );
    assert_eq!(list("").await["error_code"], 100);
    let other = bench.sim.add_app(AppSpec::baidu("2")).unwrap();
    let id = bench.package_with(4).await;
    let theirs = format!("{PACKAGE}getdetail?package_id={id}");
    let foreign = bench.send(Method::GET, bench.url(&theirs, other.expose()), "", String::new()).await;
    assert_eq!(foreign.code(), 69005, "another app's package");
    let wechat = bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    assert_eq!(list(wechat.expose()).await["error_code"], 110);
    bench.wait(3600).await;
    assert_eq!(list(bench.token.expose()).await["error_code"], 111);
}
