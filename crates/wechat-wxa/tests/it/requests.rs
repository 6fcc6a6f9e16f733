//! Every request as sent: method, path, sorted query, body, the token masked.

use http::Method;
use miniprogram_core::model::{Category, CategoryLevel, QrCodeOptions, UploadReceipt};
use miniprogram_core::*;
use serde_json::json;
use wechat_wxa::{AuditItem, GrayReleaseOptions, SubmitOptions, UgcDeclare};

use crate::support::*;

macro_rules! snapshot {
    ($name:literal, $stage:expr) => {
        insta::assert_json_snapshot!($name, $stage.vendor.requests())
    };
}

fn full_item() -> AuditItem {
    let levels =
        vec![CategoryLevel::new(3, "教育"), CategoryLevel::new(4, "学历教育"), CategoryLevel::new(5, "高等")];
    let mut item = AuditItem::of_category(&Category::new(levels))
        .with_address("page/logs/logs")
        .with_tag("学习 工作")
        .with_title("日志");
    item.extra.insert("brand_new".to_owned(), json!(1));
    item
}

fn full_options() -> SubmitOptions {
    let ugc = UgcDeclare::new()
        .with_scenes([1, 4])
        .with_other_scene_desc("barrage")
        .with_methods([1, 3])
        .with_audit_team(true)
        .with_audit_desc("two people, day and night");
    given()
        .with_item(full_item())
        .with_version_desc("秋季活动")
        .with_preview(["video1"], ["pic1", "pic2"])
        .with_feedback_info("the login page asks for nothing any more")
        .with_feedback_stuff(["media1", "media2"])
        .with_ugc_declare(ugc)
        .with_privacy_api_not_use(true)
        .with_order_path("pages/order")
        .with_field("brand_new", json!({ "a": 1 }))
}

#[tokio::test]
async fn upload() {
    let stage = stage_of(COMMIT, ok(json!({})));
    let effect = stage.app.upload_code(&"7".into(), &ext(), "2.5.0", "秋季").await.unwrap();
    assert_eq!(effect.value, UploadReceipt::new("2.5.0", "秋季"));
    assert!(stage.vendor.last_body().contains("秋季"), "UTF-8 as it is, not \\u escapes");
    stage.app.upload_code(&"0".into(), &ExtJson::default(), &"版".repeat(64), "").await.unwrap();
    stage.app.upload_code(&"tmpl-1".into(), &ext(), "1", "").await.unwrap();
    snapshot!("upload_code", stage);
}

#[tokio::test]
async fn reads_of_code() {
    let stage = stage([
        (PRIVACY, vec![ok(json!({}))]),
        (VERSIONS, vec![versions(None, None)]),
        (LATEST, vec![refused(85058)]),
        ("/wxa/get_qrcode", vec![Answer::Body(200, "image/jpeg", vec![0xff, 0xd8, 0xff, 0xe0])]),
        ("/wxa/get_page", vec![ok(json!({ "page_list": [] }))]),
        ("/wxa/get_category", vec![ok(json!({ "category_list": [] }))]),
    ]);
    let app = &stage.app;
    app.upload_progress(&UploadReceipt::new("1", "")).await.unwrap();
    app.privacy_scan().await.unwrap();
    app.code_versions().await.unwrap();
    app.trial_qr_code(&QrCodeOptions::default()).await.unwrap();
    app.trial_qr_code(&QrCodeOptions::default().with_path("page/index?action=1")).await.unwrap();
    app.pages().await.unwrap();
    app.categories().await.unwrap();
    snapshot!("reads_of_code", stage);
}

#[tokio::test]
async fn submissions() {
    let script = || {
        stage([
            (PRIVACY, vec![ok(json!({}))]),
            (VERSIONS, vec![versions(Some(("2.5.0", NOW)), None)]),
            (LATEST, vec![refused(85058)]),
            (SUBMIT, vec![ok(json!({ "auditid": 1234567 }))]),
        ])
    };
    let newest = script();
    let effect = newest.app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap();
    assert_eq!(effect.value, AuditId::from("1234567"));
    snapshot!("submit_audit_minimal", newest);

    let version = script();
    version.app.submit_audit(&SubmitTarget::Version("2.5.0".to_owned()), &options()).await.unwrap();
    assert_eq!(version.vendor.paths(), [VERSIONS, LATEST, SUBMIT]);

    let upload = script();
    let target = SubmitTarget::Upload(UploadReceipt::new("2.5.0", "秋季"));
    upload.app.submit_audit(&target, &full_options().into()).await.unwrap();
    snapshot!("submit_audit_full", upload);
}

#[tokio::test]
async fn audits() {
    let stage = stage([
        (STATUS, vec![ok(json!({ "status": 2 }))]),
        (LATEST, vec![audit(1234567, 2)]),
        (WITHDRAW, vec![ok(json!({}))]),
        (EXPEDITE, vec![ok(json!({}))]),
        (
            "/wxa/queryquota",
            vec![ok(json!({ "rest": 1, "limit": 2, "speedup_rest": 3, "speedup_limit": 4 }))],
        ),
    ]);
    let (app, id) = (&stage.app, AuditId::from("1234567"));
    app.audit_status(&id).await.unwrap();
    app.latest_audit().await.unwrap();
    app.withdraw_audit(&id).await.unwrap();
    app.expedite_audit(&id).await.unwrap();
    app.audit_quota().await.unwrap();
    snapshot!("audits", stage);
}

#[tokio::test]
async fn releases() {
    let stage = stage([
        (LATEST, vec![audit(1234567, 0)]),
        (RELEASE, vec![ok(json!({}))]),
        (VERSIONS, vec![versions(None, Some(("2.4.0", NOW - 60)))]),
        ("history", vec![ok(json!({ "version_list": [{ "app_version": 451, "user_version": "2.3.0" }] }))]),
        (REVERT, vec![ok(json!({}))]),
    ]);
    let app = &stage.app;
    app.release(&ReleaseTarget::Audit("1234567".into())).await.unwrap();
    app.release(&ReleaseTarget::Approved).await.unwrap();
    app.rollback(&RollbackTarget::Previous).await.unwrap();
    app.rollback(&RollbackTarget::Version("2.3.0".to_owned())).await.unwrap();
    app.rollback(&RollbackTarget::Version("451".to_owned())).await.unwrap();
    app.rollback_targets().await.unwrap();
    snapshot!("releases", stage);
}

#[tokio::test]
async fn gray_releases() {
    let stage = stage([
        (GRAY, vec![ok(json!({}))]),
        (CANCEL, vec![ok(json!({}))]),
        (PLAN, vec![gray_plan(1, 10, NOW)]),
    ]);
    let app = &stage.app;
    app.start_gray_release(GrayRelease::percentage(1)).await.unwrap();
    app.start_gray_release(GrayRelease::percentage(100)).await.unwrap();
    let developers = GrayReleaseOptions::new().developers_first();
    app.start_gray_release(GrayRelease::percentage(0).with_options(developers)).await.unwrap();
    let both = developers.testers_first();
    app.start_gray_release(GrayRelease::percentage(0).with_options(both)).await.unwrap();
    app.gray_release_plan().await.unwrap();
    app.cancel_gray_release().await.unwrap();
    snapshot!("gray_releases", stage);
}

#[tokio::test]
async fn settings() {
    let stage = stage([
        (SET_VISIT, vec![ok(json!({}))]),
        (VISIT, vec![ok(json!({ "status": 1 }))]),
        (SET_LIBRARY, vec![ok(json!({}))]),
        (LIBRARY, vec![ok(json!({ "now_version": "1.0.0" }))]),
    ]);
    let app = &stage.app;
    app.set_visit_status(VisitStatus::Closed).await.unwrap();
    app.set_visit_status(VisitStatus::Open).await.unwrap();
    app.visit_status().await.unwrap();
    app.set_min_library_version("1.0.0").await.unwrap();
    app.min_library_version().await.unwrap();
    snapshot!("settings", stage);
}

#[tokio::test]
async fn the_low_level_call() {
    let stage = stage([("/wxa/getillegalrecords", vec![ok(json!({ "records": [] }))])]);
    let app = &stage.app;
    let path = "/wxa/getillegalrecords";
    let answer = app.call(Method::POST, path, &[], None).await.unwrap();
    assert_eq!(answer["records"], json!([]));
    app.call(Method::POST, path, &[], Some(&json!({ "start_time": 1 }))).await.unwrap();
    app.call(Method::GET, path, &[("kind", "1 & 2")], None).await.unwrap();
    snapshot!("call", stage);
}

#[test]
fn a_plan_shows_every_request_and_sends_none() {
    let stage = stage([]);
    let upload = SubmitTarget::Upload(UploadReceipt::new("2.5.0", "秋季"));
    let submit = |target: SubmitTarget| Command::SubmitAudit { target, options: Box::new(options()) };
    let commands = [
        Command::UploadCode {
            template: "7".into(),
            ext: ext(),
            version: "2.5.0".to_owned(),
            description: "秋季".to_owned(),
        },
        submit(upload),
        submit(SubmitTarget::Version("2.5.0".to_owned())),
        submit(SubmitTarget::Newest),
        Command::WithdrawAudit { audit: "1234567".into() },
        Command::ExpediteAudit { audit: "1234567".into() },
        Command::Release { target: ReleaseTarget::Audit("1234567".into()) },
        Command::Release { target: ReleaseTarget::Approved },
        Command::Rollback { target: RollbackTarget::Previous },
        Command::Rollback { target: RollbackTarget::Version("2.3.0".to_owned()) },
        Command::StartGrayRelease { gray: GrayRelease::percentage(10) },
        Command::CancelGrayRelease,
        Command::SetVisitStatus { status: VisitStatus::Open },
        Command::SetMinLibraryVersion { version: "1.0.0".to_owned() },
    ];
    let plans: Vec<_> = commands
        .iter()
        .map(|command| (command.operation().as_str(), stage.app.plan(command).unwrap()))
        .collect();
    insta::assert_json_snapshot!("plans", plans);
    assert_eq!(stage.vendor.requests().len(), 0);
}
