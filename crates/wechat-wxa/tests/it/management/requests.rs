//! Every request as sent, and its dry run.

use http::Method;
use miniprogram_core::*;
use serde_json::json;
use wechat_wxa::values::{MaterialKind, OrderPathKind, PrivacyVersion, TemplateKind};
use wechat_wxa::*;

use super::{act, cases, stage_for};
use crate::support::*;

#[tokio::test]
async fn effects() {
    let mut sent = Vec::new();
    for case in cases() {
        let reads = case.shown.iter().map(|(_, before, _)| ok(before.clone())).collect();
        let stage = stage_for(&case, vec![ok(case.success.clone())], reads);
        let effect = act(&stage, case.name).await.unwrap_or_else(|error| panic!("{}: {error:#}", case.name));
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 1), "{}", case.name);
        sent.push(json!({ "case": case.name, "requests": stage.vendor.requests(), "value": effect.value }));
    }
    insta::assert_json_snapshot!("effects", sent);
}

#[tokio::test]
async fn a_dry_run_is_what_would_be_sent_and_survives_the_journal() {
    for case in cases() {
        let reads = case.shown.iter().map(|(_, before, _)| ok(before.clone())).collect();
        let stage = stage_for(&case, vec![ok(case.success.clone())], reads);
        act(&stage, case.name).await.unwrap();
        let intent = &stage.vendor.intents()[0];
        let stored: Intent = serde_json::from_value(serde_json::to_value(intent).unwrap()).unwrap();
        assert_eq!(stored, *intent);
        assert_eq!(Some(stored.operation.as_str()), case.name.split(' ').next());
        let subject: &dyn Subject = match &stored.subject {
            SubjectId::App(_) => &stage.app,
            _ => &stage.platform,
        };
        let planned = subject.plan(&stored.target).unwrap();
        let mut sent = stage.vendor.requests();
        // The id of an added template is queried afterwards.
        let at = sent.iter().position(|request| request.path == case.path && planned.last() == Some(request));
        sent.truncate(at.unwrap() + 1);
        assert_eq!(planned, sent, "{}", case.name);
    }
}

#[tokio::test]
async fn effects_of_the_platform_take_its_token_and_its_own_gate() {
    for case in cases() {
        let reads = case.shown.iter().map(|(_, before, _)| ok(before.clone())).collect();
        let stage = stage_for(&case, vec![ok(case.success.clone())], reads);
        act(&stage, case.name).await.unwrap();
        let of_platform = ["template", "platform", "order_path"].iter().any(|word| case.name.contains(word));
        let (token, subject) = match of_platform {
            true => (PLATFORM_TOKEN, SubjectId::Platform(PLATFORM.into())),
            false => (TOKEN, SubjectId::App(APP.into())),
        };
        assert_eq!(stage.vendor.last_token(), token, "{}", case.name);
        assert_eq!(stage.vendor.intents()[0].subject, subject, "{}", case.name);
    }
}

#[tokio::test]
async fn every_body_is_an_object_of_raw_text() {
    for case in cases() {
        let reads = case.shown.iter().map(|(_, before, _)| ok(before.clone())).collect();
        let stage = stage_for(&case, vec![ok(case.success.clone())], reads);
        act(&stage, case.name).await.unwrap();
        for request in stage.vendor.requests() {
            let has_body = request.body.as_ref().is_some_and(serde_json::Value::is_object);
            assert_eq!(request.method == "POST", has_body, "{}", request.path);
        }
        assert!(!stage.vendor.last_body().contains("\\u"), "{}", case.name);
    }
}

#[tokio::test]
async fn a_reviewers_password_is_sent_and_stored_but_never_shown() {
    let case = cases().into_iter().find(|case| case.name == "apply_order_path").unwrap();
    let stage = stage_for(&case, vec![ok(json!({}))], vec![]);
    act(&stage, case.name).await.unwrap();
    assert!(stage.vendor.last_body().contains("worthless"));
    let intent = stage.vendor.intents().remove(0);
    assert!(serde_json::to_string(&intent).unwrap().contains("worthless"), "it is needed to send it again");
    let plan = stage.platform.plan(&intent.target).unwrap();
    let shown = format!("{intent:?} {:?} {plan:?} {}", intent.target, serde_json::to_string(&plan).unwrap());
    assert!(!shown.contains("worthless"), "{shown}");
}

#[tokio::test]
async fn reads_of_an_app() {
    let file = json!({ "file_name": "a.txt", "file_content": "b" });
    let catalogue = json!({ "categories_list": { "categories": [] } });
    let stage = stage([
        ("/wxa/memberauth", vec![ok(json!({ "members": [] }))]),
        ("get /wxa/modify_domain", vec![ok(json!({}))]),
        ("get /wxa/setwebviewdomain", vec![ok(json!({}))]),
        ("/wxa/get_webviewdomain_confirmfile", vec![ok(file)]),
        ("/wxa/get_effective_domain", vec![ok(json!({}))]),
        ("/wxa/get_effective_webviewdomain", vec![ok(json!({}))]),
        ("/wxa/get_prefetchdnsdomain", vec![ok(json!({ "prefetch_dns_domain": [] }))]),
        ("/cgi-bin/wxopen/getallcategories", vec![ok(catalogue.clone())]),
        ("/cgi-bin/wxopen/getcategoriesbytype", vec![ok(catalogue)]),
        ("/cgi-bin/wxopen/getcategory", vec![ok(json!({ "categories": [] }))]),
        ("/cgi-bin/account/getaccountbasicinfo", vec![ok(json!({}))]),
        ("/cgi-bin/wxverify/checkwxverifynickname", vec![ok(json!({ "hit_condition": false }))]),
        ("/wxa/api_wxa_querynickname", vec![ok(json!({ "audit_stat": 1 }))]),
        ("/wxa/getwxasearchstatus", vec![ok(json!({ "status": 0 }))]),
        ("/cgi-bin/component/getprivacysetting", vec![ok(json!({}))]),
        ("/wxa/security/get_privacy_interface", vec![ok(json!({ "interface_list": [] }))]),
        ("/wxa/security/getorderpathinfo", vec![ok(json!({ "msg": {} }))]),
        ("/wxa/getillegalrecords", vec![ok(json!({ "records": [] }))]),
        ("/wxa/getappealrecords", vec![ok(json!({ "records": [] }))]),
        ("/cgi-bin/openapi/quota/get", vec![ok(json!({ "quota": {} }))]),
        ("/cgi-bin/openapi/rid/get", vec![ok(json!({ "request": {} }))]),
    ]);
    let app = &stage.app;
    app.testers().await.unwrap();
    app.server_domains().await.unwrap();
    app.web_view_domains().await.unwrap();
    app.web_view_check_file().await.unwrap();
    app.effective_server_domains().await.unwrap();
    app.effective_web_view_domains().await.unwrap();
    app.prefetch_domains().await.unwrap();
    app.category_catalogue().await.unwrap();
    app.category_catalogue_by_type(1).await.unwrap();
    app.account_categories().await.unwrap();
    app.account_info().await.unwrap();
    app.check_name("面包店").await.unwrap();
    app.name_audit(&"431".into()).await.unwrap();
    app.search_status().await.unwrap();
    app.privacy_setting(PrivacyVersion::Published).await.unwrap();
    app.privacy_setting(PrivacyVersion::Development).await.unwrap();
    app.privacy_interfaces().await.unwrap();
    app.order_path(OrderPathKind::Released).await.unwrap();
    app.order_path(OrderPathKind::InReview).await.unwrap();
    app.illegal_records(Timestamp::from_unix(NOW - 60), Timestamp::from_unix(NOW)).await.unwrap();
    app.appeal_records("abc").await.unwrap();
    app.api_quota("/wxa/commit").await.unwrap();
    app.request_info("64bb5a04-1a2b3c4d-5e6f7a8b").await.unwrap();
    insta::assert_json_snapshot!("reads_of_an_app", stage.vendor.requests());
}

#[tokio::test]
async fn reads_of_the_platform() {
    let stage = stage([
        ("/wxa/gettemplatedraftlist", vec![ok(json!({ "draft_list": [] }))]),
        ("/wxa/gettemplatelist", vec![ok(json!({ "template_list": [] }))]),
        ("get /cgi-bin/component/modify_wxa_server_domain", vec![ok(json!({}))]),
        ("get /cgi-bin/component/modify_wxa_jump_domain", vec![ok(json!({}))]),
        (
            "/cgi-bin/component/get_domain_confirmfile",
            vec![ok(json!({ "file_name": "a.txt", "file_content": "b" }))],
        ),
        ("/cgi-bin/component/brand_new", vec![ok(json!({}))]),
    ]);
    let platform = &stage.platform;
    let library = platform.template_library().unwrap();
    library.template_drafts().await.unwrap();
    library.templates().await.unwrap();
    platform.templates().templates_of(TemplateKind::Ordinary).await.unwrap();
    platform.platform_server_domains().await.unwrap();
    platform.platform_web_view_domains().await.unwrap();
    platform.platform_check_file().await.unwrap();
    platform
        .call_as_platform(Method::POST, "/cgi-bin/component/brand_new", &[("a", "1")], None)
        .await
        .unwrap();
    assert_eq!(stage.vendor.last_token(), PLATFORM_TOKEN);
    insta::assert_json_snapshot!("reads_of_the_platform", stage.vendor.requests());
}

#[tokio::test]
async fn uploads() {
    let stage = stage([
        ("/wxa/uploadmedia", vec![ok(json!({ "type": "image", "mediaid": "m1" }))]),
        ("/cgi-bin/media/upload", vec![body(json!({ "type": "image", "media_id": "m2" }))]),
        ("/cgi-bin/component/uploadprivacyextfile", vec![ok(json!({ "ext_file_media_id": "m3" }))]),
    ]);
    let app = &stage.app;
    for start in [&b"\x89PNG\r\n"[..], b"\xff\xd8\xff\xe0", b"GIF89a", b"\0\0\0\x18ftypmp42"] {
        app.upload_audit_media(&MediaFile::new("门店.png", start.to_vec())).await.unwrap();
    }
    app.upload_material(MaterialKind::Image, &MediaFile::new("a.jpg", &b"\xff\xd8\xff"[..])).await.unwrap();
    app.upload_privacy_file(&MediaFile::new("a.txt", &b"text"[..])).await.unwrap();
    insta::assert_json_snapshot!("uploads", stage.vendor.requests());
}
