//! Documented limits, and features that Baidu lacks, are refused before any request, naming the field.

use std::sync::Arc;

use baidu_smartapp::{BaiduPlatform, ExtJsonBuilder, PackageQuery};
use http::Method;
use miniprogram_core::model::{QrCodeOptions, UploadReceipt};
use miniprogram_core::{
    AuditManager, Authorizer, ClientConfig, CodeManager, Command, Error, ErrorKind, ExtJson, GrayRelease,
    MiniProgramPlatform, Outcome, ReleaseManager, ReleaseTarget, Result, RollbackTarget, Subject,
    SubmitOptions, SubmitTarget, VisitStatus,
};
use serde_json::{Map, Value, json};

use crate::support::{APP, Script};

fn refused<T: std::fmt::Debug>(
    script: &Arc<Script>,
    result: Result<T>,
    kind: ErrorKind,
    field: Option<&str>,
) -> Error {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.field(), error.outcome()), (kind, field, Outcome::NotSent), "{error}");
    assert!(script.sent().is_empty(), "{error}");
    error
}

fn given() -> baidu_smartapp::SubmitOptions {
    baidu_smartapp::SubmitOptions::new("content", "remark")
}

fn options() -> SubmitOptions {
    given().into()
}

#[tokio::test]
async fn an_upload_needs_template_version_and_description() {
    let script = Script::new();
    let app = script.app();
    let ext = ExtJson::default();
    for (template, version, description, field) in
        [("", "1", "d", "template_id"), ("1", " ", "d", "user_version"), ("1", "1", "", "user_desc")]
    {
        let result = app.upload_code(&template.into(), &ext, version, description).await;
        let error = refused(&script, result, ErrorKind::InvalidArgument, Some(field));
        assert_eq!(error.operation(), "upload_code");
    }
}

#[tokio::test]
async fn an_upload_needs_a_clear_switch_and_fields_without_repeats() {
    let script = Script::new();
    let app = script.app();
    for value in ["\"true\"", "1", "null", "{}"] {
        let ext: ExtJson = format!(r#"{{"extEnable":{value}}}"#).parse().unwrap();
        let result = app.upload_code(&"1".into(), &ext, "1.0", "d").await;
        refused(&script, result, ErrorKind::InvalidArgument, Some("ext_json.extEnable"));
    }
    for without in [ExtJson::default(), r#"{"ext":{"a":1}}"#.parse().unwrap()] {
        let result = app.upload_code(&"1".into(), &without, "1.0", "d").await;
        let error = refused(&script, result, ErrorKind::InvalidArgument, Some("ext_json.extEnable"));
        assert!(error.to_string().contains("must be given"), "{error}");
    }
    for twice in [
        r#"{"extEnable":true,"directCommit":true,"directCommit":false}"#,
        r#"{"extEnable":true,"ext":{"a":1,"\u0061":2}}"#,
    ] {
        let error = Error::from(twice.parse::<ExtJson>().unwrap_err());
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("ext_json")), "{twice}");
    }
}

#[tokio::test]
async fn an_upload_that_also_submits_is_refused_with_the_remedy() {
    let script = Script::new();
    let app = script.app();
    for value in ["true", "\"true\"", "1", "{}"] {
        let ext: ExtJson = format!(r#"{{"extEnable":true,"directCommit":{value}}}"#).parse().unwrap();
        let result = app.upload_code(&"1".into(), &ext, "1.0", "d").await;
        let error = refused(&script, result, ErrorKind::InvalidArgument, Some("ext_json.directCommit"));
        assert!(error.advice().contains("submit_audit"), "{error:#}");
    }
    for value in ["false", "\"false\"", "null"] {
        let ext: ExtJson = format!(r#"{{"extEnable":true,"directCommit":{value}}}"#).parse().unwrap();
        let command = Command::UploadCode {
            template: "1".into(),
            ext,
            version: "1.0".to_owned(),
            description: "d".to_owned(),
        };
        script.app().plan(&command).unwrap();
    }
}

#[test]
fn the_builder_keeps_unknown_fields_and_refuses_two_effects_in_one() {
    let map = |value: Value| value.as_object().cloned().unwrap();
    let ext = ExtJsonBuilder::new()
        .with_ext_enable(false)
        .with_ext_appid("100000282")
        .with_ext("name", "helloword")
        .with_ext("attr", json!({"host": "open.baidu.com"}))
        .with_ext_page("pages/api/api", map(json!({"navigationBarTitleText": "能力展示"})))
        .with_window(map(json!({"backgroundTextStyle": "light"})))
        .with_tab_bar(map(json!({"list": []})))
        .with_network_timeout(map(json!({"request": 20000})))
        .with_field("somethingNew", json!([1]))
        .build()
        .unwrap();
    insta::assert_snapshot!(ext.as_str(), @r#"{"extEnable":false,"extAppid":"100000282","ext":{"name":"helloword","attr":{"host":"open.baidu.com"}},"extPages":{"pages/api/api":{"navigationBarTitleText":"能力展示"}},"window":{"backgroundTextStyle":"light"},"tabBar":{"list":[]},"networkTimeout":{"request":20000},"somethingNew":[1]}"#);
    let both = ExtJsonBuilder::new().with_field("directCommit", true).build().unwrap_err();
    assert_eq!(both.field(), Some("ext_json.directCommit"));
    let unclear = ExtJsonBuilder::new().with_field("extEnable", "yes").build().unwrap_err();
    assert_eq!(unclear.field(), Some("ext_json.extEnable"));
}

#[tokio::test]
async fn a_submission_needs_content_and_remark_and_has_no_items() {
    let script = Script::new();
    let app = script.app();
    let kind = ErrorKind::InvalidArgument;
    let missing = SubmitOptions::default().with_field("remark", "remark");
    refused(&script, app.submit_audit(&SubmitTarget::Newest, &missing).await, kind, Some("content"));
    let blank: SubmitOptions = baidu_smartapp::SubmitOptions::new("content", " ").into();
    refused(&script, app.submit_audit(&SubmitTarget::Newest, &blank).await, kind, Some("remark"));
    let items = options().with_field("items", json!([{ "title": "首页" }]));
    let result = app.submit_audit(&SubmitTarget::Newest, &items).await;
    refused(&script, result, ErrorKind::Unsupported, Some("items"));
    let news = options().with_field("version_desc", "new");
    let result = app.submit_audit(&SubmitTarget::Newest, &news).await;
    refused(&script, result, ErrorKind::Unsupported, Some("version_desc"));
}

#[tokio::test]
async fn a_field_that_is_not_one_of_a_submission_or_has_another_type_is_refused_without_its_value() {
    let script = Script::new();
    let app = script.app();
    for (name, value) in [("conten", json!("canary")), ("remark", json!(7)), ("extra", json!("canary"))] {
        let options = options().with_field(name, value);
        let result = app.submit_audit(&SubmitTarget::Newest, &options).await;
        let error = refused(&script, result, ErrorKind::InvalidArgument, Some(name));
        assert!(!format!("{error:?} {error:#}").contains("canary"), "{error:#}");
    }
}

#[tokio::test]
async fn options_stored_by_an_earlier_version_are_the_same_options() {
    let stored =
        json!({ "content": "content", "remark": "remark", "items": [], "version_desc": null, "extra": {} });
    assert_eq!(serde_json::from_value::<SubmitOptions>(stored).unwrap(), options());
}

#[tokio::test]
async fn the_state_of_a_receipt_that_another_crate_wrote_is_refused() {
    let script = Script::new();
    let app = script.app();
    for state in [json!("5"), json!({ "known_package_ids": "5" }), json!({ "draft": 7 })] {
        let receipt = UploadReceipt::new("1.2.7", "desc").with_vendor_state(state);
        let field = Some("receipt.vendor_state");
        refused(&script, app.upload_progress(&receipt).await, ErrorKind::InvalidArgument, field);
        let result = app.submit_audit(&SubmitTarget::Upload(receipt), &options()).await;
        refused(&script, result, ErrorKind::InvalidArgument, field);
    }
}

#[tokio::test]
async fn extra_fields_take_no_name_that_is_taken() {
    let script = Script::new();
    let app = script.app();
    for name in ["content", "remark", "package_id", "items", "version_desc", "access_token"] {
        let options: SubmitOptions = given().with_field(name, "x").into();
        let result = app.submit_audit(&SubmitTarget::Newest, &options).await;
        refused(&script, result, ErrorKind::InvalidArgument, Some(name));
    }
    let null: SubmitOptions = given().with_field("new_field", Value::Null).into();
    let result = app.submit_audit(&SubmitTarget::Newest, &null).await;
    refused(&script, result, ErrorKind::InvalidArgument, Some("new_field"));
}

#[test]
fn the_reviewers_password_is_not_printed() {
    let options = given().with_test_account("tester", "canary");
    assert!(!format!("{options:?}").contains("canary"));
    let options = SubmitOptions::from(options);
    assert!(!format!("{options:?}").contains("canary"));
    assert_eq!(options.fields()["extra"]["test_password"], "canary");
}

#[tokio::test]
async fn a_qr_code_is_200_to_1280_pixels_wide() {
    let script = Script::new();
    let app = script.app();
    for width in [0, 199, 1281, u32::MAX] {
        let result = app.trial_qr_code(&QrCodeOptions::default().with_width(width)).await;
        let error = refused(&script, result, ErrorKind::InvalidArgument, Some("width"));
        assert!(error.to_string().contains(&format!("must be 200 to 1280 pixels, has {width}")), "{error}");
    }
    let result = app.trial_qr_code(&QrCodeOptions::default().with_package_id("")).await;
    refused(&script, result, ErrorKind::InvalidArgument, Some("package_id"));
    let result = app.trial_qr_code(&QrCodeOptions::default().with_path("")).await;
    refused(&script, result, ErrorKind::InvalidArgument, Some("path"));
}

#[tokio::test]
async fn ids_and_versions_must_not_be_empty() {
    let script = Script::new();
    let app = script.app();
    let kind = ErrorKind::InvalidArgument;
    refused(&script, app.audit_status(&"".into()).await, kind, Some("audit_id"));
    refused(&script, app.withdraw_audit(&"".into()).await, kind, Some("audit_id"));
    refused(&script, app.release(&ReleaseTarget::Audit("".into())).await, kind, Some("audit_id"));
    refused(&script, app.rollback(&RollbackTarget::OnlinePackage("".into())).await, kind, Some("package_id"));
    refused(&script, app.rollback(&RollbackTarget::Version(String::new())).await, kind, Some("version"));
    refused(&script, app.package_detail(&PackageQuery::Id("".into())).await, kind, Some("package_id"));
    refused(&script, app.set_min_library_version("").await, kind, Some("version"));
    refused(&script, app.set_visit_status(VisitStatus::Unknown).await, kind, Some("status"));
    for (target, field) in [
        (SubmitTarget::Package("".into()), "package_id"),
        (SubmitTarget::Version(String::new()), "version"),
        (SubmitTarget::Upload(UploadReceipt::new("1", "d").with_package_id(Some("".into()))), "package_id"),
    ] {
        refused(&script, app.submit_audit(&target, &options()).await, kind, Some(field));
    }
}

#[tokio::test]
async fn what_baidu_does_not_have_costs_no_request() {
    let script = Script::new();
    let app = script.app();
    let kind = ErrorKind::Unsupported;
    let gray = GrayRelease::percentage(10);
    refused(&script, app.pages().await, kind, None);
    refused(&script, app.expedite_audit(&"1".into()).await, kind, None);
    refused(&script, app.start_gray_release(gray.clone()).await, kind, None);
    refused(&script, app.gray_release_plan().await, kind, None);
    refused(&script, app.cancel_gray_release().await, kind, None);
    let app = script.app();
    for command in [
        Command::StartGrayRelease { gray },
        Command::CancelGrayRelease,
        Command::ExpediteAudit { audit: "1".into() },
    ] {
        let error = refused(&script, app.plan(&command), kind, None);
        assert_eq!(error.operation(), command.operation().as_str());
    }
    let can = app.capabilities();
    assert_eq!(can, script.platform().capabilities());
    assert!(can.package_ids && can.audit_remarks && can.app_id_in_pushes);
    assert!(!can.gray_release.is_supported() && !can.expedite_audit && !can.pages && !can.audit_items);
}

#[tokio::test]
async fn the_low_level_call_checks_path_query_and_body() {
    let script = Script::new();
    let app = script.app();
    let kind = ErrorKind::InvalidArgument;
    let get = || http::Method::GET;
    for path in ["package/get", "/package/get?access_token=1", "/a#b"] {
        refused(&script, app.call(get(), path, &[], None).await, kind, Some("path"));
    }
    let query = [("access_token", "1")];
    refused(&script, app.call(get(), "/a", &query, None).await, kind, Some("access_token"));
    let token = json!({ "access_token": "1" });
    refused(&script, app.call(get(), "/a", &[], Some(&token)).await, kind, Some("access_token"));
    refused(&script, app.call(get(), "/a", &[], Some(&json!([1]))).await, kind, Some("body"));
    let null = Value::Object(Map::from_iter([("a".to_owned(), Value::Null)]));
    refused(&script, app.call(get(), "/a", &[], Some(&null)).await, kind, Some("a"));
}

#[test]
fn a_decoder_needs_the_secrets_of_the_callbacks() {
    let script = Script::new();
    let error = refused(&script, script.platform().event_decoder(), ErrorKind::Config, None);
    assert!(error.advice().contains("with_callbacks"), "{error:#}");
    #[cfg(feature = "callback")]
    {
        let callbacks = miniprogram_core::callback::CallbackConfig::plain();
        script.platform().with_callbacks(callbacks).event_decoder().unwrap();
    }
}

#[tokio::test]
async fn a_token_in_a_low_level_call_is_refused_before_one_is_fetched() {
    // It has no tokens: a call that needs one fails with another kind.
    let platform = BaiduPlatform::new(ClientConfig::without_tokens("7")).unwrap();
    let (app, query) = (platform.app(APP), [("access_token", "1")]);
    let asked = app.call(Method::GET, "/a", &[], None).await.unwrap_err();
    assert_eq!(asked.kind(), ErrorKind::Config, "{asked:#}");
    for error in [
        app.call(Method::GET, "/a", &query, None).await.unwrap_err(),
        app.call_raw(Method::GET, "/a", &query, None).await.unwrap_err(),
        platform.call_as_platform(Method::GET, "/a", &query, None).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("access_token")));
        assert_eq!((error.operation(), error.outcome()), ("call", Outcome::NotSent));
    }
}
