//! Refusals without a request: the field, the rule and the remedy.

use miniprogram_core::vendor_api::InherentCommand;
use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::*;
use serde_json::json;
use wechat_wxa::values::*;
use wechat_wxa::*;

use crate::support::*;

#[tokio::test]
async fn what_breaks_a_documented_limit_is_refused_without_a_request() {
    let stage = stage([]);
    let (app, platform) = (&stage.app, &stage.platform);
    let library = platform.templates();
    let request = |kind, domains: Vec<String>| DomainChange::add().with(kind, domains);
    let long = |domains: usize| (0..domains).map(|at| format!("d{at}.example.com")).collect::<Vec<_>>();
    let owner = || PrivacyOwner::new("公告").with_email("p@example.com");
    let place = || PrivacyUse::new("Location", "推荐门店");
    let mut errors = Vec::new();
    macro_rules! refused {
        ($($call:expr),* $(,)?) => { $(errors.push($call.await.map(drop).unwrap_err());)* };
    }
    refused! {
        app.bind_tester(""),
        app.unbind_tester(&TesterRef::WeChatId(String::new())),
        app.unbind_tester(&TesterRef::UserStr(String::new())),
        app.change_server_domains(&DomainChange::add()),
        app.change_server_domains(&DomainChange::set()),
        app.change_server_domains(&request(ServerDomainKind::Udp, vec![])),
        app.change_server_domains(&request(ServerDomainKind::Udp, vec![" ".to_owned()])),
        app.change_server_domains(&request(ServerDomainKind::Request, long(201))),
        app.change_server_domains(&request(ServerDomainKind::Request, vec!["https://api.weixin.qq.com/".to_owned()])),
        app.change_server_domains(&request(ServerDomainKind::Request, long(1)).with_extra("action", "set")),
        app.change_server_domains(&request(ServerDomainKind::Request, long(1)).with_extra("tcpdomain", json!([]))),
        app.change_web_view_domains(&WebViewDomainChange::add(Vec::<String>::new())),
        app.change_web_view_domains(&WebViewDomainChange::delete([""])),
        app.change_web_view_domains_directly(&WebViewDomainChange::add(["a"]).with_extra("webviewdomain", 1)),
        app.set_prefetch_domains(&[""]),
        app.add_categories(&[]),
        app.add_categories(&[NewCategory::new(1, 2).with_certificate(CategoryCertificate::new("", "m"))]),
        app.add_categories(&[NewCategory::new(1, 2).with_certificate(CategoryCertificate::new("k", ""))]),
        app.modify_category(&NewCategory::new(1, 2).with_extra("certicates", json!([]))),
        app.modify_category(&NewCategory::new(1, 2).with_certificate(CategoryCertificate::new("k", "m").with_extra("value", 1))),
        app.check_name("abc"),
        app.set_name(&NameChange::new("面")),
        app.set_name(&NameChange::new("店".repeat(31))),
        app.set_name(&(0..6).fold(NameChange::new("面包店"), |change, at| change.with_material(at.to_string()))),
        app.set_name(&NameChange::new("面包店").with_extra("naming_other_stuff_5", "m")),
        app.name_audit(&"abc".into()),
        app.set_icon(&IconChange::new("")),
        app.set_icon(&IconChange::new("m").cropped((0.0, -0.1), (1.0, 1.0))),
        app.set_icon(&IconChange::new("m").cropped((0.0, 0.0), (1.0, 1.1))),
        app.set_icon(&IconChange::new("m").cropped((f64::NAN, 0.0), (1.0, 1.0))),
        app.set_icon(&IconChange::new("m").cropped((0.5, 0.0), (0.5, 1.0))),
        app.set_icon(&IconChange::new("m").with_extra("x1", 0)),
        app.set_description("新介绍"),
        app.set_description(&"介".repeat(121)),
        app.set_search_status(SearchStatus::Unknown),
        app.set_privacy_setting(&PrivacySetting::of_development(owner())),
        app.set_privacy_setting(&PrivacySetting::of_published(owner()).with_use(place())),
        app.set_privacy_setting(&PrivacySetting::of_published(PrivacyOwner::new("公告"))),
        app.set_privacy_setting(&PrivacySetting::of_published(PrivacyOwner::new("").with_qq("1"))),
        app.set_privacy_setting(&PrivacySetting::of_published(owner().with_extra("contact_qq", "1"))),
        app.set_privacy_setting(&PrivacySetting::of_development(owner()).with_use(PrivacyUse::new("", "t"))),
        app.apply_privacy_interface(&PrivacyInterfaceRequest::new("", "c")),
        app.apply_privacy_interface(&PrivacyInterfaceRequest::new("wx.getLocation", "")),
        app.illegal_records(Timestamp::from_unix(2), Timestamp::from_unix(1)),
        app.appeal_records(""),
        app.api_quota("wxa/commit"),
        app.api_quota("//api.weixin.qq.com/wxa/commit"),
        app.request_info(""),
        app.upload_audit_media(&MediaFile::new("a.bmp", &b"BM...."[..])),
        app.upload_audit_media(&MediaFile::new("", &b"GIF89a"[..])),
        app.upload_audit_media(&MediaFile::new("a.png", [&b"\x89PNG"[..], &vec![0; 2 << 20]].concat())),
        app.upload_audit_media(&MediaFile::new("a.mp4", [&b"\0\0\0\x18ftyp"[..], &vec![0; 10 << 20]].concat())),
        app.upload_material(MaterialKind::Image, &MediaFile::new("a.png", &b""[..])),
        app.upload_privacy_file(&MediaFile::new("a.txt", &b""[..])),
        library.add_template(&"seven".into(), None),
        library.add_template(&"007".into(), None),
        library.add_template_of(&"7".into(), TemplateKind::Unknown),
        library.templates_of(TemplateKind::Unknown),
        library.delete_template(&"".into()),
        platform.change_platform_server_domains(&PlatformDomainChange::set(Vec::<String>::new())),
        platform.change_platform_server_domains(&PlatformDomainChange::add(["https://a.example.com"])),
        platform.change_platform_server_domains(&PlatformDomainChange::add(["a.example.com;b.example.com"])),
        platform.change_platform_server_domains(&PlatformDomainChange::add(long(1001))),
        platform.change_platform_web_view_domains(&PlatformDomainChange::add(["a"]).with_extra("action", "set")),
        platform.apply_order_path(&OrderPathRequest::new("", [APP])),
        platform.apply_order_path(&OrderPathRequest::new("pages/order", Vec::<String>::new())),
        platform.apply_order_path(&OrderPathRequest::new("pages/order", [APP]).with_extra("test_pwd", "x")),
    }
    let mut text = String::new();
    for error in &errors {
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidArgument, Outcome::NotSent),
            "{error:#}"
        );
        assert_eq!(error.vendor(), Some(WECHAT), "{error:#}");
        assert!(error.field().is_some(), "{error}");
        text.push_str(&format!("{error}\n"));
    }
    insta::assert_snapshot!("limits", text);
    assert_eq!(stage.vendor.requests().len(), 0);
}

#[tokio::test]
async fn a_template_keeps_the_description_of_its_draft() {
    let stage = stage([]);
    let error = stage.platform.templates().add_template(&"7".into(), Some("autumn")).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("description")), "{error:#}");
}

#[tokio::test]
async fn what_reaches_a_limit_is_taken() {
    let stage = stage([
        ("/wxa/uploadmedia", vec![ok(json!({ "mediaid": "m" }))]),
        ("/wxa/setnickname", vec![ok(json!({}))]),
        ("/cgi-bin/account/getaccountbasicinfo", vec![ok(json!({}))]),
        ("/cgi-bin/account/modifysignature", vec![ok(json!({}))]),
        ("/wxa/modify_domain", vec![ok(json!({}))]),
        ("get /wxa/modify_domain", vec![ok(json!({}))]),
    ]);
    let app = &stage.app;
    let picture = [&b"\x89PNG"[..], &vec![0; (2 << 20) - 4]].concat();
    app.upload_audit_media(&MediaFile::new("a.png", picture)).await.unwrap();
    for name in ["abcd", "面包", &"a".repeat(30), &"店".repeat(30)] {
        app.set_name(&NameChange::new(name)).await.unwrap();
    }
    for length in [4, 120] {
        app.set_description(&"介".repeat(length)).await.unwrap();
    }
    let domains = (0..200).map(|at| format!("https://d{at}.example.com"));
    app.change_server_domains(&DomainChange::set().with(ServerDomainKind::Request, domains)).await.unwrap();
}

#[test]
fn a_store_time_is_digits_and_days() {
    let stage = stage([]);
    let plan = |time: &str| {
        let mut owner = PrivacyOwner::new("公告").with_email("p@example.com");
        owner.store_expire_timestamp = Some(time.to_owned());
        let setting = PrivacySetting::of_published(owner);
        let command = Command::inherent(MethodName::new("set_privacy_setting"), &setting).unwrap();
        stage.app.plan(&command)
    };
    for time in ["30天", "0天"] {
        assert!(plan(time).is_ok(), "{time}");
    }
    for time in ["", "30", "天", "30 天", "三十天", "30days"] {
        let error = plan(time).unwrap_err();
        assert_eq!(error.field(), Some("owner.store_expire_timestamp"), "{error}");
    }
}

#[test]
fn a_command_of_nobody_is_unsupported() {
    let stage = stage([]);
    let command = Command::inherent(MethodName::new("make_coffee"), &json!({})).unwrap();
    let error = stage.app.plan(&command).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, "make_coffee"));
    let elsewhere = Command::delete_template(&"7".into());
    for (subject, command) in [
        (&stage.app as &dyn Subject, &elsewhere),
        (&stage.platform as &dyn Subject, &Command::CancelGrayRelease),
    ] {
        assert_eq!(subject.plan(command).unwrap_err().kind(), ErrorKind::Unsupported, "{}", subject.id());
    }
    let command = Command::inherent(MethodName::new("bind_tester"), &json!({ "wechat_id": 7 })).unwrap();
    let error = stage.app.plan(&command).unwrap_err();
    assert_eq!((error.kind(), error.vendor()), (ErrorKind::InvalidArgument, Some(WECHAT)), "{error}");
}

#[test]
fn an_id_names_an_app_or_this_platform_and_no_other() {
    let stage = stage([]);
    let id = |id: SubjectId| stage.platform.subject(&id).map(|subject| subject.id());
    let own = SubjectId::Platform(PLATFORM.into());
    assert_eq!(id(SubjectId::App(APP.into())).unwrap(), SubjectId::App(APP.into()));
    for named in [SubjectId::App(PLATFORM.into()), own.clone()] {
        assert_eq!(id(named).unwrap(), own);
    }
    let error = id(SubjectId::Platform("wx-other".into())).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("subject")), "{error}");
}

#[test]
fn a_command_for_another_vendor_or_app_is_refused() {
    let stage = stage([]);
    let arguments = json!({ "name": "面包店", "materials": ["https://example.com/proof.png"] });
    let foreign = InherentCommand::new(MethodName::new("set_name"), &arguments).unwrap();
    let command = Command::Inherent(foreign.for_vendor(miniprogram_core::Vendor::new("baidu")));
    let error = stage.app.plan(&command).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("vendor")), "{error}");
    assert_eq!(error.detail(), Some("the command is written for baidu"));

    stage.app.plan(&commands::clear_quota(&APP.into()).unwrap()).unwrap();
    let error = stage.app.plan(&commands::clear_quota(&"wx-other".into()).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("app_id")), "{error}");
}
