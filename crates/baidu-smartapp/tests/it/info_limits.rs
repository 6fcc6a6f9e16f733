//! Limits on an app's basic information, domains and phone permission, and on templates and images: refused before any
//! request, naming the field.

use std::sync::Arc;

use baidu_smartapp::values::{ImageKind, PhonePermissionReason, PhonePermissionScene};
use baidu_smartapp::{
    CategoryChoice, DomainChange, OfflineUpdate, PhonePermissionRequest, ServerDomains, WebViewDomainChange,
};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{Command, Error, ErrorKind, Outcome, Result, Subject, TemplateLibrary, Vendor};
use serde_json::{Value, json};

use crate::support::{Script, data};

fn refused<T: std::fmt::Debug>(script: &Arc<Script>, result: Result<T>, field: &str) -> Error {
    let error = result.unwrap_err();
    let expected = (ErrorKind::InvalidArgument, Some(field), Outcome::NotSent);
    assert_eq!((error.kind(), error.field(), error.outcome()), expected, "{error}");
    assert!(script.sent().is_empty(), "{error}");
    error
}

#[tokio::test]
async fn an_app_has_one_to_five_categories() {
    let script = Script::new();
    let app = script.app();
    for count in [0, 6] {
        let choices = vec![CategoryChoice::new(6); count];
        let error = refused(&script, app.update_categories(&choices).await, "categorys");
        assert!(
            error.to_string().contains(&format!("must contain 1 to 5 categories, has {count}")),
            "{error}"
        );
    }
    let empty = CategoryChoice::new(6).with_qualification(1, " ");
    refused(&script, app.update_categories(&[empty]).await, "categorys.qualis.addr");
    for name in ["sub_category_id", "qualis"] {
        let choice = CategoryChoice::new(6).with_extra(name, 1);
        refused(&script, app.update_categories(&[choice]).await, name);
    }
}

#[tokio::test]
async fn a_name_has_three_to_thirty_units_and_a_chinese_character_has_two() {
    let script = Script::new();
    let app = script.app();
    for name in ["", "    ", "店", "ab", &"面".repeat(16), &"a".repeat(31), &format!("{}a", "面".repeat(15))]
    {
        refused(&script, app.set_name(name, &[]).await, "nick_name");
    }
    let error = refused(&script, app.set_name(&"面".repeat(16), &[]).await, "nick_name");
    assert_eq!(
        error.to_string(),
        "set_name: invalid argument: `nick_name` must have 3 to 30 units of width, counting a Chinese character as 2; has 32 \
         (baidu)"
    );
    for materials in [&["https://a.cn/1.png", ""][..], &["https://a.cn/1.png,https://a.cn/2.png"]] {
        refused(&script, app.set_name("面包店", materials).await, "app_name_material");
    }
    let plan = |name: &str| {
        let arguments = json!({ "name": name, "materials": [] });
        let command = Command::inherent(MethodName::new("set_name"), &arguments).unwrap();
        script.app().plan(&command)
    };
    for name in ["abc", "店a", &"面".repeat(15), &"ａ".repeat(15), &"a".repeat(30)] {
        plan(name).unwrap();
    }
    refused(&script, plan(&"ａ".repeat(16)), "nick_name");
    refused(&script, app.check_name(" ").await, "app_name");
}

#[tokio::test]
async fn a_description_has_ten_to_56_units() {
    let script = Script::new();
    let app = script.app();
    for text in ["", &" ".repeat(20), "123456789", "面包面包", &"面".repeat(29), &"a".repeat(57)] {
        refused(&script, app.set_description(text).await, "signature");
    }
    refused(&script, app.set_icon("").await, "image_url");
}

#[tokio::test]
async fn the_other_texts() {
    let script = Script::new();
    let app = script.app();
    for text in ["", " ", &"字".repeat(101)] {
        refused(&script, app.apply_recovery(text).await, "audit_desc");
    }
    let phone = |description: &str, demo: &str| {
        let (reason, scene) = (PhonePermissionReason::SignIn, PhonePermissionScene::Reservation);
        PhonePermissionRequest::new(reason, scene, description, demo)
    };
    for text in ["", &"字".repeat(501)] {
        refused(&script, app.apply_phone_permission(&phone(text, "https://a.cn/1.png")).await, "scene_desc");
    }
    refused(&script, app.apply_phone_permission(&phone("描述", "")).await, "scene_demo");
    for name in ["reason", "used_scene", "scene_desc", "scene_demo", "access_token"] {
        let request = phone("描述", "https://a.cn/1.png").with_extra(name, "1");
        refused(&script, app.apply_phone_permission(&request).await, name);
    }
}

#[tokio::test]
async fn an_offline_app_needs_something_to_replace() {
    let script = Script::new();
    let app = script.app();
    refused(&script, app.update_offline_info(&OfflineUpdate::default()).await, "update");
    let update = OfflineUpdate::default().with_description(" ");
    refused(&script, app.update_offline_info(&update).await, "app_desc");
    for name in ["app_name", "app_desc", "photo_addr", "app_name_material", "access_token"] {
        let update = OfflineUpdate::default().with_name("新店").with_extra(name, "x");
        refused(&script, app.update_offline_info(&update).await, name);
    }
}

#[tokio::test]
async fn a_change_of_domains_names_at_least_one_with_its_protocol() {
    let script = Script::new();
    let app = script.app();
    let servers = |domain: &str| DomainChange::add(ServerDomains::new().with_upload(domain));
    let none = DomainChange::set(ServerDomains::new());
    refused(&script, app.change_server_domains(&none).await, "domains");
    let web = WebViewDomainChange::delete([] as [&str; 0]);
    refused(&script, app.change_web_view_domains(&web).await, "domains");
    for domain in [
        "",
        "www.baidu.com",
        "://a.cn",
        "https://",
        "a.cn/?next=https://b.cn",
        "https://user:canary@a.cn",
        "https://a.cn,https://b.cn",
    ] {
        refused(&script, app.change_server_domains(&servers(domain)).await, "upload_domain");
        let web = WebViewDomainChange::set([domain]);
        refused(&script, app.change_web_view_domains(&web).await, "web_view_domain");
    }
    // Unused ones are checked as well: under `extra` a domain would pass unchecked.
    for name in ["action", "request_domain", "upload_domain", "access_token"] {
        let change = servers("https://a.cn").with_extra(name, "x");
        refused(&script, app.change_server_domains(&change).await, name);
    }
}

#[test]
fn a_request_without_a_changing_action_cannot_be_built() {
    let script = Script::new();
    let plan = |arguments: Value| {
        let command = Command::inherent(MethodName::new("change_web_view_domains"), &arguments).unwrap();
        script.app().plan(&command)
    };
    refused(&script, plan(json!({ "domains": ["https://a.cn"] })), "arguments");
    refused(&script, plan(json!({ "action": "get", "domains": ["https://a.cn"] })), "action");
    plan(json!({ "action": "add", "domains": ["https://a.cn"] })).unwrap();
}

#[tokio::test]
async fn a_template_has_a_description_of_at_most_thirty_characters() {
    let script = Script::new();
    let library = script.platform().templates();
    for text in ["", &"字".repeat(31)] {
        refused(&script, library.add_template(&"5".into(), Some(text)).await, "user_desc");
    }
    refused(&script, library.add_template(&"".into(), None).await, "draft_id");
    refused(&script, library.delete_template(&"".into()).await, "template_id");
    // The draft's own is too long or missing.
    for own in ["字".repeat(31), String::new()] {
        let draft = format!(r#"{{"count":1,"list":[{{"draft_id":5,"user_desc":"{own}"}}]}}"#);
        let script = Script::new().on("template/gettemplatedraftlist", [data(&draft)]);
        let error = script.platform().templates().add_template(&"5".into(), None).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("user_desc")));
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert!(error.advice().contains("give a description"), "{error:#}");
        assert_eq!(script.count("template/addtotemplate"), 0);
    }
}

#[tokio::test]
async fn a_picture_has_a_format_and_a_size() {
    let script = Script::new();
    let platform = script.platform();
    let png = |bytes: usize| {
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        picture.resize(bytes, 0);
        picture
    };
    let field = "multipartFile";
    for (kind, most) in [
        (ImageKind::Icon, 2 << 20),
        (ImageKind::CategoryQualification, 5 << 20),
        (ImageKind::NameMaterial, 5 << 20),
    ] {
        let error = refused(&script, platform.upload_image(kind, "a.png", png(most + 1)).await, field);
        assert!(error.to_string().contains(&format!("has {} bytes", most + 1)), "{error}");
    }
    for bytes in [&b""[..], b"GIF89a", b"<svg>", b"\x89PNG"] {
        refused(&script, platform.upload_image(ImageKind::Icon, "a", bytes).await, field);
    }
    refused(&script, platform.upload_image(ImageKind::Icon, "", png(99)).await, "file_name");
    let script = Script::new().on("/file/2.0/smartapp/upload/image", [data(r#""https://b.cn/1""#)]);
    for (bytes, media_type) in [
        (png(2 << 20), "image/png"),
        (b"\xff\xd8\xff\xe0".to_vec(), "image/jpeg"),
        (b"BM6".to_vec(), "image/bmp"),
    ] {
        script.platform().upload_image(ImageKind::Icon, "a", bytes).await.unwrap();
        let body = script.sent().pop().unwrap().body.unwrap();
        assert_eq!(body[field]["media_type"], media_type);
    }
}

#[test]
fn an_effect_that_nobody_knows_is_unsupported() {
    let script = Script::new();
    let command = Command::inherent(MethodName::new("set_colour"), &json!({})).unwrap();
    let error = script.app().plan(&command).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, "set_colour"));
}

#[test]
fn a_command_for_another_vendor_is_refused() {
    let script = Script::new();
    for (method, arguments) in [
        ("set_name", json!({ "name": "小店小店", "materials": [] })),
        ("cancel_phone_permission", Value::Null),
    ] {
        let foreign = InherentCommand::new(MethodName::new(method), &arguments).unwrap();
        let own = Command::Inherent(foreign.clone().for_vendor(baidu_smartapp::BAIDU));
        script.app().plan(&own).unwrap();
        let command = Command::Inherent(foreign.for_vendor(Vendor::new("wechat")));
        let error = script.app().plan(&command).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("vendor")), "{error}");
    }
}
