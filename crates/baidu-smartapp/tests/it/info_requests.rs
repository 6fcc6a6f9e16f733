//! Every request about an app's basic information, domains and phone permission, and about the platform's templates and
//! images; and every plan of such an effect.

use baidu_smartapp::values::{CategoryScope, ImageKind, PhonePermissionReason, PhonePermissionScene};
use baidu_smartapp::{
    BaiduApp, CategoryChoice, DomainChange, OfflineUpdate, PhonePermissionRequest, ServerDomains,
    WebViewDomainChange,
};
use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::{Command, MiniProgramPlatform, Subject, TemplateLibrary};
use serde_json::{Value, json};

use crate::support::{DONE, PLATFORM_TOKEN, Script, TOKEN, data};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";
const IMAGE: &str = "https://b.bdstatic.com/searchbox/mappconsole/image/20181204/9adf15d0.png";

/// Runs a call against the script and snapshots the request.
macro_rules! sends {
    ($name:literal, $script:expr, |$app:ident| $call:expr) => {{
        let script = $script;
        let $app: BaiduApp = script.app();
        $call.await.unwrap();
        insta::assert_snapshot!($name, printed(&script));
        assert!(script.tokens().iter().all(|token| token == TOKEN), "another token was sent");
    }};
}

fn printed(script: &Script) -> String {
    let sent = serde_json::to_string_pretty(&script.sent()).unwrap();
    assert!(!sent.contains("canary"), "a token is in the snapshot");
    sent
}

fn categories() -> [CategoryChoice; 2] {
    let first = CategoryChoice::new(197).with_qualification(1, IMAGE);
    [first, CategoryChoice::new(6).with_extra("new_member", "值")]
}

fn offline_update() -> OfflineUpdate {
    OfflineUpdate::default()
        .with_name("聊聊测试")
        .with_description("聊天工具")
        .with_icon_url(IMAGE)
        .with_name_material(IMAGE)
        .with_name_material("https://b.bdstatic.com/2.png")
        .with_extra("new_field", 1)
}

fn domains() -> ServerDomains {
    ServerDomains::new()
        .with_request("https://www.baidu.com")
        .with_request("https://api.baidu.com")
        .with_socket("wss://www.baidu.com")
        .with_download("https://d.baidu.com")
        .with_upload("https://u.baidu.com")
}

fn phone_request() -> PhonePermissionRequest {
    PhonePermissionRequest::new(
        PhonePermissionReason::DeliveryContact,
        PhonePermissionScene::TicketBooking,
        "描述 & 步骤",
        IMAGE,
    )
    .with_extra("new_field", "x")
}

#[tokio::test]
async fn reads() {
    let script = Script::new()
        .on("app/category/list", [data("[]")])
        .on("app/checkname", [data(r#"{"checkResult":0}"#)])
        .on("app/modifydomain", [data("{}")])
        .on("app/modifywebviewdomain", [data(r#""""#)])
        .on("app/get/mobileauthstatus", [data(r#"{"status":0}"#)]);
    sends!("reads", script, |app| async {
        app.category_tree(CategoryScope::Personal).await?;
        app.category_tree(CategoryScope::All).await?;
        app.check_name("面包店 & 1").await?;
        app.server_domains().await?;
        app.web_view_domains().await?;
        app.phone_permission().await
    });
}

#[tokio::test]
async fn changes_of_the_information() {
    let script = || {
        Script::new()
            .on("app/info", [data(r#"{"app_id":1,"status":1}"#)])
            .on("app/category/update", [DONE])
            .on("app/modifyheadimage", [DONE])
            .on("app/modifysignature", [DONE])
            .on("app/setnickname", [DONE])
            .on("appflow/applyRecovery", [DONE])
            .on("app/offline/update", [data(r#"{"examine_id":123}"#)])
    };
    let categories = categories();
    sends!("update_categories", script(), |app| app.update_categories(&categories));
    sends!("set_icon", script(), |app| app.set_icon(IMAGE));
    sends!("set_description", script(), |app| app.set_description("小程序的相关描述"));
    sends!("set_name", script(), |app| app.set_name("小程序名称", &[]));
    let materials = [IMAGE, "https://b.bdstatic.com/2.png"];
    sends!("set_name_with_materials", script(), |app| app.set_name("小程序名称", &materials));
    sends!("apply_recovery", script(), |app| app.apply_recovery("审核描述信息"));
    let update = offline_update();
    sends!("update_offline_info", script(), |app| app.update_offline_info(&update));
}

#[tokio::test]
async fn changes_of_domains() {
    let script = || Script::new().on("app/modifydomain", [DONE]).on("app/modifywebviewdomain", [DONE]);
    let add = DomainChange::add(domains());
    sends!("change_server_domains_add", script(), |app| app.change_server_domains(&add));
    let delete = DomainChange::delete(ServerDomains::new().with_socket("wss://www.baidu.com"));
    sends!("change_server_domains_delete", script(), |app| app.change_server_domains(&delete));
    let set = WebViewDomainChange::set(["https://www.baidu.com", "https://m.baidu.com"]);
    let set = set.with_extra("new_field", true);
    sends!("change_web_view_domains_set", script(), |app| app.change_web_view_domains(&set));
}

#[tokio::test]
async fn the_phone_permission() {
    let script = || {
        Script::new()
            .on("app/get/mobileauthstatus", [data(r#"{"status":0}"#)])
            .on("app/apply/mobileauth", [data("{}")])
            .on("app/cancel/mobileauth", [data("{}")])
    };
    let request = phone_request();
    sends!("apply_phone_permission", script(), |app| app.apply_phone_permission(&request));
    sends!("cancel_phone_permission", script(), |app| app.cancel_phone_permission());
}

#[tokio::test]
async fn calls_of_the_platform_take_its_token() {
    let draft = r#"{"draft_id":5,"user_version":"1.0","user_desc":"首版","create_time":1536052439}"#;
    let script = Script::new()
        .on(
            "template/gettemplatedraftlist",
            [data(&format!(r#"{{"count":11,"list":[{draft}]}}"#)), data(r#"{"count":11,"list":[]}"#)],
        )
        .on("template/gettemplatelist", [data(r#"{"count":1,"list":[{"template_id":0}]}"#)])
        .on("template/addtotemplate", [data(r#"{"template_id":7}"#)])
        .on("template/deltemplate", [data(r#"{"result":1}"#)])
        .on("/file/2.0/smartapp/upload/image", [data(&format!("{IMAGE:?}"))]);
    let platform = script.platform();
    let library = platform.templates();
    let draft = library.template_drafts().await.unwrap().remove(0);
    library.templates().await.unwrap();
    let url = platform.upload_image(ImageKind::NameMaterial, "证明.png", PNG).await.unwrap();
    assert_eq!((draft.description.as_deref(), &*url), (Some("首版"), IMAGE));
    library.delete_template(&"0".into()).await.unwrap();
    insta::assert_snapshot!("platform", printed(&script));
    assert!(script.tokens().iter().all(|token| token == PLATFORM_TOKEN), "another token was sent");
}

#[tokio::test]
async fn a_template_is_added() {
    let script = || {
        let draft = r#"{"draft_id":5,"user_version":"1.0","user_desc":"首版"}"#;
        Script::new()
            .on("template/gettemplatedraftlist", [data(&format!(r#"{{"count":1,"list":[{draft}]}}"#))])
            .on("template/gettemplatelist", [data(r#"{"count":0,"list":[]}"#)])
            .on("template/addtotemplate", [data(r#"{"template_id":"7"}"#)])
    };
    for (name, description) in [("add_template", Some("给商家用")), ("add_template_own", None)] {
        let script = script();
        let library = script.platform().template_library().unwrap();
        let added = library.add_template(&"5".into(), description).await.unwrap();
        assert_eq!(json!(added)["template_id"], "7");
        insta::assert_snapshot!(name, printed(&script));
    }
}

#[test]
fn plans_show_the_requests_and_send_none() {
    fn command(method: &'static str, arguments: Value) -> Command {
        Command::inherent(MethodName::new(method), &arguments).unwrap()
    }
    let commands = [
        ("update_categories", command("update_categories", json!(categories()))),
        ("set_icon", command("set_icon", json!({ "image_url": IMAGE }))),
        ("set_description", command("set_description", json!({ "description": "小程序的相关描述" }))),
        ("set_name", command("set_name", json!({ "name": "小程序名称", "materials": [IMAGE] }))),
        ("apply_recovery", command("apply_recovery", json!({ "description": "审核描述信息" }))),
        ("update_offline_info", command("update_offline_info", json!(offline_update()))),
        ("change_server_domains", command("change_server_domains", json!(DomainChange::set(domains())))),
        (
            "change_web_view_domains",
            command("change_web_view_domains", json!(WebViewDomainChange::delete(["https://m.baidu.com"]))),
        ),
        ("apply_phone_permission", command("apply_phone_permission", json!(phone_request()))),
        ("cancel_phone_permission", command("cancel_phone_permission", Value::Null)),
        ("add_template", command("add_template", json!({ "draft_id": "5", "description": "给商家用" }))),
        ("add_template_own", command("add_template", json!({ "draft_id": "5" }))),
        ("delete_template", command("delete_template", json!({ "template_id": "0" }))),
    ];
    let script = Script::new();
    let (app, platform) = (script.app(), script.platform());
    let plan = |name: &str, command: &Command| match name {
        "add_template" | "add_template_own" | "delete_template" => platform.plan(command),
        _ => app.plan(command),
    };
    let plans: serde_json::Map<_, _> = commands
        .into_iter()
        .map(|(name, command)| (name.to_owned(), json!(plan(name, &command).unwrap())))
        .collect();
    insta::assert_snapshot!("plans", serde_json::to_string_pretty(&plans).unwrap());
    assert!(script.sent().is_empty());
}
