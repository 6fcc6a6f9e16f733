//! Every documented limit is refused before any request, naming the field, the rule and the value.

use std::fmt::Write;

use http::Method;
use miniprogram_core::model::QrCodeOptions;
use miniprogram_core::*;
use serde_json::{Value, json};
use wechat_wxa::{AuditItem, GrayReleaseOptions, SubmitOptions, WeChatPlatform};

use crate::support::*;

fn command(target: SubmitTarget, options: SubmitOptions) -> Command {
    Command::SubmitAudit { target, options: Box::new(options.into()) }
}

fn submit(options: SubmitOptions) -> Command {
    command(SubmitTarget::Newest, options)
}

fn item(item: AuditItem) -> Command {
    submit(SubmitOptions::default().with_item(item))
}

fn stated(name: &str, value: Value) -> Command {
    let options = options().with_field(name, value);
    Command::SubmitAudit { target: SubmitTarget::Newest, options: Box::new(options) }
}

fn extra(name: &str, value: Value) -> Command {
    let mut options = given();
    options.extra.insert(name.to_owned(), value);
    submit(options)
}

fn items(count: usize) -> SubmitOptions {
    (0..count).fold(SubmitOptions::default(), |options, _| {
        options.with_item(AuditItem::default().with_address("a"))
    })
}

fn upload(template: &str, ext: &str, version: &str) -> Command {
    Command::UploadCode {
        template: template.into(),
        ext: ext.parse().expect("an object"),
        version: version.to_owned(),
        description: String::new(),
    }
}

#[test]
fn what_breaks_a_limit_is_refused_in_words() {
    let tags = |count: usize, length: usize| vec!["签".repeat(length); count].join(" ");
    let gray = |gray| Command::StartGrayRelease { gray };
    let commands = [
        upload("", "{}", "1"),
        upload("7", "{}", ""),
        upload("7", "{}", " \t"),
        upload("7", "{}", &"版".repeat(65)),
        upload("7", r#"{"directCommit":true}"#, "1"),
        upload("7", r#"{"directCommit":"true"}"#, "1"),
        submit(items(6)),
        stated("content", json!("c")),
        stated("remark", json!("r")),
        command(SubmitTarget::Package("1".into()), given()),
        stated("item_list", json!([{}])),
        stated("version_desc", json!(7)),
        stated("items", json!(["index"])),
        item(AuditItem::default()),
        item(AuditItem::default().with_tag(tags(11, 1))),
        item(AuditItem::default().with_tag(tags(2, 21))),
        item(AuditItem::default().with_title("题".repeat(33))),
        extra("item_list", json!([])),
        extra("items", json!([])),
        extra("version_desc", json!("d")),
        extra("content", json!("c")),
        extra("remark", json!("r")),
        extra("feedback_info", json!("反".repeat(201))),
        extra("feedback_stuff", json!("1|2|3|4|5|6")),
        extra("ugc_declare", json!({ "other_scene_desc": "场".repeat(257) })),
        extra("ugc_declare", json!({ "audit_desc": "审".repeat(257) })),
        Command::WithdrawAudit { audit: "".into() },
        Command::WithdrawAudit { audit: "12a".into() },
        Command::ExpediteAudit { audit: "0".into() },
        Command::Rollback { target: RollbackTarget::Version(String::new()) },
        Command::Rollback { target: RollbackTarget::Version(" ".to_owned()) },
        Command::Rollback { target: RollbackTarget::OnlinePackage("1".into()) },
        gray(GrayRelease::percentage(0)),
        gray(GrayRelease::percentage(101)),
        gray(GrayRelease::percentage(255).with_options(GrayReleaseOptions::new().developers_first())),
        Command::SetVisitStatus { status: VisitStatus::Unknown },
        Command::SetMinLibraryVersion { version: String::new() },
    ];
    let stage = stage([]);
    let mut text = String::new();
    for command in commands {
        let error = stage.app.plan(&command).unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert_eq!(error.vendor(), Some(wechat_wxa::WECHAT));
        assert!(error.field().is_some(), "{error}");
        let _ = writeln!(text, "{error}");
    }
    insta::assert_snapshot!("refusals", text);
}

#[tokio::test]
async fn the_methods_refuse_what_the_plan_refuses() {
    let stage = stage([]);
    let app = &stage.app;
    let id = AuditId::from("not-a-number");
    let errors = [
        app.upload_code(&"7".into(), &ext(), "", "").await.unwrap_err(),
        app.submit_audit(&SubmitTarget::Newest, &items(6).into()).await.unwrap_err(),
        app.audit_status(&id).await.unwrap_err(),
        app.withdraw_audit(&id).await.unwrap_err(),
        app.expedite_audit(&id).await.unwrap_err(),
        app.rollback(&RollbackTarget::OnlinePackage("1".into())).await.unwrap_err(),
        app.start_gray_release(GrayRelease::percentage(101)).await.unwrap_err(),
        app.set_visit_status(VisitStatus::Unknown).await.unwrap_err(),
        app.set_min_library_version("").await.unwrap_err(),
        app.trial_qr_code(&QrCodeOptions::default().with_width(300)).await.unwrap_err(),
        app.trial_qr_code(&QrCodeOptions::default().with_package_id("1")).await.unwrap_err(),
        app.call(Method::GET, "wxa/get_page", &[], None).await.unwrap_err(),
        app.call(Method::GET, "/wxa/get_page?x=1", &[], None).await.unwrap_err(),
        app.call(Method::GET, "/wxa/get_page", &[("access_token", "t")], None).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Unsupported), "{error:#}");
        assert_eq!(error.outcome(), Outcome::NotSent, "{error:#}");
        assert!(error.field().is_some(), "{error}");
    }
    assert_eq!(stage.vendor.requests().len(), 0);
}

#[test]
fn what_reaches_a_limit_is_taken() {
    let tags = vec!["签".repeat(20); 10].join(" ");
    let items = AuditItem::default().with_tag(tags).with_title("题".repeat(32));
    let five = (0..5).fold(SubmitOptions::default(), |options, _| options.with_item(items.clone()));
    let testers = GrayReleaseOptions::new().testers_first();
    let commands = [
        upload("0", r#"{"directCommit":false}"#, &"版".repeat(64)),
        submit(five),
        extra("feedback_info", json!("反".repeat(200))),
        extra("feedback_stuff", json!("1|2|3|4|5")),
        extra("ugc_declare", json!({ "other_scene_desc": "场".repeat(256), "audit_desc": "审".repeat(256) })),
        Command::WithdrawAudit { audit: "9223372036854775807".into() },
        Command::StartGrayRelease { gray: GrayRelease::percentage(0).with_options(testers) },
        Command::StartGrayRelease { gray: GrayRelease::percentage(100) },
    ];
    let stage = stage([]);
    for command in commands {
        assert!(stage.app.plan(&command).is_ok(), "{:?}", command.operation());
    }
}

#[tokio::test]
async fn options_of_a_gray_release_are_read_strictly() {
    let stage = stage([]);
    let fields =
        [("developer_first", json!(true)), ("developers_first", json!("yes")), ("testers_first", json!(1))];
    for (name, value) in fields {
        let options = miniprogram_core::GrayReleaseOptions::default().with_field(name, value);
        let gray = GrayRelease::percentage(10).with_options(options);
        let error = stage.app.start_gray_release(gray).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(name)), "{error:#}");
        assert_eq!(error.outcome(), Outcome::NotSent);
    }
    assert_eq!(stage.vendor.requests().len(), 0);
}

#[tokio::test]
async fn a_token_in_a_low_level_call_is_refused_before_one_is_fetched() {
    // It has no tokens: a call that needs one fails with another kind.
    let platform = WeChatPlatform::new(ClientConfig::without_tokens("7")).unwrap();
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
