//! Every request as sent, and every plan of an effect.

use baidu_smartapp::{BaiduApp, PackageQuery, SubmitOptions};
use miniprogram_core::model::{QrCodeOptions, UploadReceipt};
use miniprogram_core::{
    AuditManager, CodeManager, Command, ExtJson, PackageId, ReleaseManager, ReleaseTarget, RollbackTarget,
    Subject, SubmitTarget, TemplateId, VisitStatus,
};
use serde_json::json;

use crate::support::{DONE, Script, TOKEN, data, detail, packages};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Runs a call against the script and snapshots the request.
macro_rules! sends {
    ($name:literal, $script:expr, |$app:ident| $call:expr) => {{
        let script = $script;
        let $app: BaiduApp = script.app();
        $call.await.unwrap();
        let sent = serde_json::to_string_pretty(&script.sent()).unwrap();
        assert!(!sent.contains(TOKEN), "the token is in the snapshot");
        insta::assert_snapshot!($name, sent);
    }};
}

fn ext() -> ExtJson {
    r#"{"extEnable":true,"ext":{"shop":"面包店 & 1"}}"#.parse().unwrap()
}

fn options() -> SubmitOptions {
    SubmitOptions::new("TP代送审开发包", "代提审")
}

fn full_options() -> SubmitOptions {
    options().with_test_account("tester", "canary-of-the-password").with_field("fast", true)
}

#[tokio::test]
async fn upload_code() {
    let script = Script::new().on("package/get", [packages(&[(1, "1.2.6", 1)])]).on("package/upload", [DONE]);
    sends!("upload_code", script, |app| app.upload_code(
        &TemplateId::from("754"),
        &ext(),
        "10.30.0.3",
        "模板分包优化提包 case4"
    ));
}

#[tokio::test]
async fn reads_of_packages() {
    let list = || Script::new().on("package/get", [packages(&[(1, "1.2.6", 1)])]);
    let one =
        || Script::new().on("package/getdetail", [detail(201, 4)]).on("package/gettrial", [detail(216, 3)]);
    let receipt = UploadReceipt::new("1.2.6", "desc");
    sends!("upload_progress", list(), |app| app.upload_progress(&receipt));
    sends!("code_versions", list(), |app| app.code_versions());
    sends!("latest_audit", list(), |app| app.latest_audit());
    sends!("rollback_targets", list(), |app| app.rollback_targets());
    sends!("audit_status", one(), |app| app.audit_status(&201.to_string().into()));
    sends!("trial_package", one(), |app| app.trial_package());
    sends!("package_detail_by_id", one(), |app| app.package_detail(&PackageQuery::Id("201".into())));
    sends!("package_detail_by_status", one(), |app| app.package_detail(&PackageQuery::Status(4)));
}

#[tokio::test]
async fn qr_codes_with_and_without_options() {
    let script = || Script::new().on("app/qrcode", [PNG.to_vec()]);
    sends!("trial_qr_code", script(), |app| app.trial_qr_code(&QrCodeOptions::default()));
    let options =
        QrCodeOptions::default().with_path("pages/index?id=1&名=2").with_package_id("216").with_width(1280);
    sends!("trial_qr_code_full", script(), |app| app.trial_qr_code(&options));
}

#[tokio::test]
async fn submissions_of_every_target() {
    let script = || {
        Script::new()
            .on("package/get", [packages(&[(1, "1.2.6", 1), (216, "1.2.7", 3)])])
            .on("package/getdetail", [detail(216, 3)])
            .on("package/submitaudit", [DONE])
    };
    let id = PackageId::from("216");
    sends!("submit_audit_package", script(), |app| app
        .submit_audit(&SubmitTarget::Package(id), &options().into()));
    sends!("submit_audit_newest", script(), |app| app.submit_audit(&SubmitTarget::Newest, &options().into()));
    let version = SubmitTarget::Version("1.2.7".to_owned());
    sends!("submit_audit_version", script(), |app| app.submit_audit(&version, &options().into()));
    let upload = SubmitTarget::Upload(UploadReceipt::new("1.2.7", "desc"));
    sends!("submit_audit_upload_full", script(), |app| app.submit_audit(&upload, &full_options().into()));
}

#[tokio::test]
async fn the_other_audit_calls() {
    let script = Script::new().on("package/withdraw", [DONE]);
    sends!("withdraw_audit", script, |app| app.withdraw_audit(&"216".into()));
    let quota = data(r#"{"quota_type":2,"quota_times":-1,"remain_times":-1}"#);
    let script = Script::new().on("package/auditquota", [quota]);
    sends!("audit_quota", script, |app| app.audit_quota());
}

#[tokio::test]
async fn releases_and_rollbacks() {
    let script = || {
        Script::new()
            .on("package/get", [packages(&[(1, "1.2.6", 1), (216, "1.2.7", 6)])])
            .on("package/release", [DONE])
            .on("package/rollback", [DONE])
    };
    sends!("release_audit", script(), |app| app.release(&ReleaseTarget::Audit("216".into())));
    sends!("release_approved", script(), |app| app.release(&ReleaseTarget::Approved));
    sends!("rollback_previous", script(), |app| app.rollback(&RollbackTarget::Previous));
    let version = RollbackTarget::Version("1.0.0".to_owned());
    sends!("rollback_version", script(), |app| app.rollback(&version));
    let online = RollbackTarget::OnlinePackage("1".into());
    sends!("rollback_online_package", script(), |app| app.rollback(&online));
}

#[tokio::test]
async fn settings_of_the_app() {
    let script = || {
        Script::new()
            .on("app/pause", [DONE])
            .on("app/resume", [DONE])
            .on("app/setsupportversion", [DONE])
            .on("app/getsupportversion", [data(r#"{"now_version":"3.10.1","items":[]}"#)])
            .on("app/info", [data(r#"{"app_id":1,"status":1}"#)])
            .on("app/category/list", [data("[]")])
    };
    sends!("set_visit_status_closed", script(), |app| app.set_visit_status(VisitStatus::Closed));
    sends!("set_visit_status_open", script(), |app| app.set_visit_status(VisitStatus::Open));
    sends!("visit_status", script(), |app| app.visit_status());
    sends!("min_library_version", script(), |app| app.min_library_version());
    sends!("set_min_library_version", script(), |app| app.set_min_library_version("3.10.1"));
    sends!("app_info", script(), |app| app.app_info());
    sends!("categories", script(), |app| app.categories());
}

#[tokio::test]
async fn the_low_level_call_sends_a_form() {
    let script = Script::new().on("appflow/control", [DONE]).on("app/violation", [DONE]);
    let body = json!({ "type": 1, "why": "活动" });
    let (get, post) = (http::Method::GET, http::Method::POST);
    sends!("call", script, |app| async move {
        app.call(get, "/rest/2.0/smartapp/app/violation", &[("page", "1")], None).await?;
        app.call(post, "/rest/2.0/smartapp/appflow/control", &[], Some(&body)).await
    });
}

#[test]
fn plans_show_the_requests_and_send_none() {
    let script = Script::new();
    let app = script.app();
    let submit = |target| Command::SubmitAudit { target, options: Box::new(full_options().into()) };
    let upload = Command::UploadCode {
        template: "754".into(),
        ext: ext(),
        version: "1.2.7".to_owned(),
        description: "desc".to_owned(),
    };
    let known = UploadReceipt::new("1.2.7", "desc").with_package_id(Some("216".into()));
    let commands = [
        ("upload_code", upload),
        ("submit_audit_package", submit(SubmitTarget::Package("216".into()))),
        ("submit_audit_newest", submit(SubmitTarget::Newest)),
        ("submit_audit_known_upload", submit(SubmitTarget::Upload(known))),
        ("submit_audit_upload", submit(SubmitTarget::Upload(UploadReceipt::new("1.2.7", "desc")))),
        ("withdraw_audit", Command::WithdrawAudit { audit: "216".into() }),
        ("release_audit", Command::Release { target: ReleaseTarget::Audit("216".into()) }),
        ("release_approved", Command::Release { target: ReleaseTarget::Approved }),
        ("rollback_previous", Command::Rollback { target: RollbackTarget::Previous }),
        ("rollback_online", Command::Rollback { target: RollbackTarget::OnlinePackage("1".into()) }),
        ("set_visit_status", Command::SetVisitStatus { status: VisitStatus::Closed }),
        ("set_min_library_version", Command::SetMinLibraryVersion { version: "3.10.1".to_owned() }),
    ];
    let plans: serde_json::Map<_, _> = commands
        .into_iter()
        .map(|(name, command)| (name.to_owned(), json!(app.plan(&command).unwrap())))
        .collect();
    let text = serde_json::to_string_pretty(&plans).unwrap();
    assert!(!text.contains("canary"), "a secret is in a plan");
    insta::assert_snapshot!("plans", text);
    assert!(script.sent().is_empty());
}
