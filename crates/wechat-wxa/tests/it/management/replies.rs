//! Every response as WeChat sends it, and in observed variants: numbers as strings, null, absent fields, unknown
//! fields.

use miniprogram_core::*;
use serde_json::{Value, json};
use wechat_wxa::values::*;
use wechat_wxa::*;

use crate::support::*;

/// A read's response with unknown fields.
fn with_more(mut fields: Value) -> Answer {
    fields["brand_new"] = json!({ "a": [1] });
    ok(fields)
}

#[tokio::test]
async fn testers_are_read() {
    let stage = stage_of(
        "/wxa/memberauth",
        ok(json!({ "members": [{ "userstr": "ab12", "brand_new": 1 }, { "userstr": 12 }] })),
    );
    insta::assert_json_snapshot!(stage.app.testers().await.unwrap(), @r#"
    [
      {
        "user_str": "ab12",
        "extra": {
          "brand_new": 1
        }
      },
      {
        "user_str": "12"
      }
    ]
    "#);
}

#[tokio::test]
async fn domains_are_read_by_kind() {
    let stage = stage([
        (
            "get /wxa/modify_domain",
            vec![with_more(json!({
                "requestdomain": ["https://a.example.com"], "wsrequestdomain": ["wss://a.example.com"],
                "uploaddomain": ["https://u.example.com"], "downloaddomain": [], "udpdomain": null,
            }))],
        ),
        (
            "/wxa/get_effective_domain",
            vec![with_more(json!({
                "mp_domain": { "requestdomain": ["https://mp.example.com"], "tcpdomain": ["tcp://mp.example.com"] },
                "third_domain": { "requestdomain": ["https://third.example.com"], "newdomain": ["x"] },
                "direct_domain": null,
                "effective_domain": { "requestdomain": ["https://third.example.com"] },
            }))],
        ),
        (
            "/wxa/get_effective_webviewdomain",
            vec![with_more(json!({
                "mp_webviewdomain": null, "third_webviewdomain": ["https://a.example.com"],
                "effective_webviewdomain": ["https://a.example.com"],
            }))],
        ),
        (
            "/wxa/get_prefetchdnsdomain",
            vec![with_more(json!({
                "prefetch_dns_domain": [{ "url": "a.example.com", "status": "1", "more": 1 }, { "url": "b.example.com" }],
                "size_limit": "5",
            }))],
        ),
        ("get /wxa/setwebviewdomain", vec![ok(json!({}))]),
        (
            "/wxa/get_webviewdomain_confirmfile",
            vec![with_more(json!({ "file_name": "abc.txt", "file_content": "0123" }))],
        ),
    ]);
    let app = &stage.app;
    insta::assert_json_snapshot!(
        "domains",
        json!({
            "server": app.server_domains().await.unwrap(),
            "effective": app.effective_server_domains().await.unwrap(),
            "effective_web_view": app.effective_web_view_domains().await.unwrap(),
            "prefetch": app.prefetch_domains().await.unwrap(),
            "web_view": app.web_view_domains().await.unwrap(),
            "check_file": app.web_view_check_file().await.unwrap(),
        })
    );
}

#[tokio::test]
async fn a_refusal_of_domains_names_them() {
    let answer = body(json!({
        "errcode": 85301, "errmsg": "no domain to modify after filtered rid: 64bb5a04-1a2b3c4d-5e6f7a8b",
        "requestdomain": ["https://old.example.com"], "wsrequestdomain": [],
        "invalid_requestdomain": ["bad_name", "https://1.2.3.4"], "invalid_tcpdomain": ["x"],
        "no_icp_domain": ["https://unfiled.example.com"],
    }));
    for (path, get) in [
        ("/wxa/modify_domain", "get /wxa/modify_domain"),
        ("/wxa/modify_domain_directly", "get /wxa/modify_domain_directly"),
    ] {
        let stage = stage([(path, vec![answer.clone()]), (get, vec![ok(json!({}))])]);
        let change = DomainChange::add().with(ServerDomainKind::Request, ["bad_name"]);
        let result = match path {
            "/wxa/modify_domain" => stage.app.change_server_domains(&change).await,
            _ => stage.app.change_server_domains_directly(&change).await,
        };
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotDone));
        assert_eq!(error.code(), Some(&Code::Number(85301)));
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.request_id(), Some("64bb5a04-1a2b3c4d-5e6f7a8b"));
        assert!(error.vendor_error().unwrap().message.starts_with("no domain to modify"));
        assert_eq!(
            error.detail(),
            Some(
                "invalid request domains: bad_name, https://1.2.3.4; invalid tcp domains: x; \
                 domains without an ICP filing: https://unfiled.example.com"
            )
        );
        let lists = json!({
            "requestdomain": ["https://old.example.com"], "wsrequestdomain": [],
            "invalid_requestdomain": ["bad_name", "https://1.2.3.4"], "invalid_tcpdomain": ["x"],
            "no_icp_domain": ["https://unfiled.example.com"],
        });
        assert_eq!(json!(error.vendor_fields()), lists);
        assert_eq!(json!(error.report())["vendor_fields"], lists);
        // The low-level call returns the vendor's refusal unchanged.
        let raw = stage.app.call(http::Method::POST, path, &[], None).await.unwrap_err();
        assert_eq!(raw.code(), Some(&Code::Number(85301)));
        assert_eq!(json!(raw.vendor_fields()), lists);
    }
}

#[tokio::test]
async fn domains_that_were_left_out_of_a_success_are_told() {
    let stage = stage([
        ("get /wxa/modify_domain", vec![ok(json!({}))]),
        (
            "/wxa/modify_domain",
            vec![ok(json!({
                "requestdomain": ["https://good.example.com"], "invalid_requestdomain": ["bad"],
                "no_icp_domain": ["https://unfiled.example.com"],
            }))],
        ),
    ]);
    let change = DomainChange::add().with(ServerDomainKind::Request, ["https://good.example.com", "bad"]);
    let effect = stage.app.change_server_domains(&change).await.unwrap();
    insta::assert_json_snapshot!(effect, @r#"
    {
      "outcome": "done",
      "evidence": "answered",
      "attempts": 1,
      "domains": {
        "request": [
          "https://good.example.com"
        ]
      },
      "invalid": {
        "request": [
          "bad"
        ]
      },
      "no_icp": [
        "https://unfiled.example.com"
      ]
    }
    "#);
}

#[tokio::test]
async fn lists_of_the_platform_are_split_and_may_be_absent() {
    let stage = stage([
        (
            "get /cgi-bin/component/modify_wxa_server_domain",
            vec![
                with_more(json!({
                    "published_wxa_server_domain": "a.example.com;b.example.com; ",
                    "testing_wxa_server_domain": "c.example.com", "invalid_wxa_server_domain": null,
                })),
                ok(json!({})),
            ],
        ),
        (
            "get /cgi-bin/component/modify_wxa_jump_domain",
            vec![ok(json!({ "invalid_wxa_jump_h5_domain": "bad" }))],
        ),
    ]);
    let platform = &stage.platform;
    let lists = platform.platform_server_domains().await.unwrap();
    assert_eq!(lists.published, ["a.example.com", "b.example.com"]);
    assert_eq!((lists.testing, lists.invalid), (vec!["c.example.com".to_owned()], vec![]));
    assert_eq!(lists.extra["brand_new"], json!({ "a": [1] }));
    assert_eq!(platform.platform_server_domains().await.unwrap(), PlatformDomains::default());
    assert_eq!(platform.platform_web_view_domains().await.unwrap().invalid, ["bad"]);
}

#[tokio::test]
async fn categories_are_read() {
    let catalogue = with_more(json!({ "categories_list": { "categories": [
        { "id": 0, "children": [1, "8"], "level": 0 },
        { "id": "1", "name": "快递业与邮政", "level": 1, "father": 0, "children": [2], "sensitive_type": 0,
          "qualify": { "exter_list": [], "remark": "" }, "is_hidden": false },
        { "id": 2, "name": "快递、物流", "level": 2, "father": 1, "children": null, "sensitive_type": "1",
          "type": "NORMAL", "type_list": ["NORMAL"], "available_api_list": [], "apis": null,
          "qualify": { "exter_list": [
              { "inner_list": [{ "name": "《快递业务经营许可证》", "url": "" }] },
              { "inner_list": [{ "name": "《道路运输经营许可证》", "url": "http://x", "more": 1 }, { "name": null }] },
          ], "remark": "仅需提供一项" } },
    ] } }));
    let own = with_more(json!({
        "categories": [
            { "first": 8, "first_name": "生活服务", "second": "39", "second_name": "餐饮", "audit_status": 3, "audit_reason": "" },
            { "first": 1, "second": 2, "audit_status": "2", "audit_reason": "资质不清晰", "more": 1 },
            { "first": 1, "second": 3, "audit_status": 9 },
        ],
        "limit": 5, "quota": "4", "category_limit": 20,
    }));
    let stage = stage([
        ("/cgi-bin/wxopen/getallcategories", vec![catalogue]),
        ("/cgi-bin/wxopen/getcategory", vec![own]),
    ]);
    insta::assert_json_snapshot!("category_catalogue", stage.app.category_catalogue().await.unwrap());
    insta::assert_json_snapshot!("account_categories", stage.app.account_categories().await.unwrap());
}

#[tokio::test]
async fn an_account_is_read() {
    let full = with_more(json!({
        "appid": APP, "account_type": 3, "principal_type": "1", "principal_name": "示例科技有限公司",
        "realname_status": 1, "registered_country": 1017, "credential": "911", "customer_type": 1, "nickname": "面包店",
        "wx_verify_info": {
            "qualification_verify": true, "naming_verify": 1, "annual_review": "false",
            "annual_review_begin_time": 1550490981, "annual_review_end_time": "1558266981", "more": 1,
        },
        "signature_info": { "signature": "现烤", "modify_used_count": 0, "modify_quota": 5 },
        "head_image_info": { "head_image_url": "http://x/0", "modify_used_count": "1", "modify_quota": 5 },
        "nickname_info": { "nickname": "面包店", "modify_used_count": 2, "modify_quota": 2, "more": 1 },
    }));
    let sparse =
        ok(json!({ "nickname": "面包店", "account_type": 7, "wx_verify_info": null, "signature_info": {} }));
    let stage = stage([("/cgi-bin/account/getaccountbasicinfo", vec![full, sparse])]);
    insta::assert_json_snapshot!("account_full", stage.app.account_info().await.unwrap());
    insta::assert_json_snapshot!("account_sparse", stage.app.account_info().await.unwrap());
}

#[tokio::test]
async fn names_are_read() {
    let stage = stage([
        (
            "/cgi-bin/wxverify/checkwxverifynickname",
            vec![
                with_more(json!({ "hit_condition": true, "wording": "需要商标" })),
                ok(json!({ "hit_condition": 0 })),
                ok(json!({})),
            ],
        ),
        (
            "/wxa/api_wxa_querynickname",
            vec![
                with_more(json!({
                    "nickname": "面包店", "audit_stat": 2, "fail_reason": "与他人重名", "create_time": 1690000000,
                    "audit_time": "1690000100",
                })),
                ok(json!({ "audit_stat": "1", "fail_reason": "", "audit_time": 0 })),
                ok(json!({ "nickname": "面包店" })),
            ],
        ),
        ("/cgi-bin/account/getaccountbasicinfo", vec![ok(json!({}))]),
        (
            "/wxa/setnickname",
            vec![ok(json!({ "wording": "" })), ok(json!({ "audit_id": "12", "wording": null }))],
        ),
    ]);
    let app = &stage.app;
    let check = app.check_name("面包店").await.unwrap();
    assert_eq!((check.hit, check.wording.as_deref()), (true, Some("需要商标")));
    assert!(!app.check_name("面包店").await.unwrap().hit);
    let error = app.check_name("面包店").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("hit_condition")));

    let id = AuditId::from("431");
    insta::assert_json_snapshot!("name_audit", app.name_audit(&id).await.unwrap());
    let state = app.name_audit(&id).await.unwrap();
    assert_eq!((state.status.value, state.reason, state.audited_at), (ReviewStatus::InReview, None, None));
    let error = app.name_audit(&id).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("audit_stat")));

    // Without an id the name took effect at once.
    let change = NameChange::new("面包店");
    assert_eq!(app.set_name(&change).await.unwrap().value, NameAudit::default());
    assert_eq!(app.set_name(&change).await.unwrap().value, NameAudit::new(Some("12".into())));
}

#[tokio::test]
async fn a_search_status_keeps_its_number() {
    for (answer, value, code) in [
        (json!(0), SearchStatus::Searchable, 0),
        (json!("1"), SearchStatus::Hidden, 1),
        (json!(7), SearchStatus::Unknown, 7),
    ] {
        let stage = stage_of("/wxa/getwxasearchstatus", ok(json!({ "status": answer })));
        let status = stage.app.search_status().await.unwrap();
        assert_eq!((status.value, status.raw.code), (value, code.into()));
    }
}

#[tokio::test]
async fn privacy_is_read() {
    let guide = with_more(json!({
        "code_exist": 1, "privacy_list": ["Location", "UserInfo"], "update_time": "1690000000",
        "setting_list": [{ "privacy_key": "Location", "privacy_text": "推荐门店", "privacy_label": "位置信息", "more": 1 }],
        "owner_setting": { "contact_email": "", "contact_phone": 13800000000_i64, "contact_qq": null, "notice_method": "公告",
            "store_expire_timestamp": "30天", "store_region": 1, "more": 1 },
        "privacy_desc": { "privacy_desc_list": [{ "privacy_key": "UserInfo", "privacy_desc": "用户信息" }] },
    }));
    let empty = ok(json!({ "code_exist": 0, "privacy_list": null, "setting_list": [], "update_time": 0 }));
    let interfaces = with_more(json!({ "interface_list": [
        { "api_name": "wx.getLocation", "api_ch_name": "获取位置", "api_desc": "…", "status": "4", "apply_time": 1690000000,
          "audit_id": "97", "fail_reason": "与业务无关", "api_link": "https://x", "group_name": "地理位置", "more": 1 },
        { "api_name": "wx.chooseAddress", "status": 5, "apply_time": 0, "audit_id": 0, "fail_reason": "" },
        { "api_name": "wx.brandNew", "status": 8 },
    ] }));
    let stage = stage([
        ("/cgi-bin/component/getprivacysetting", vec![guide, empty]),
        ("/wxa/security/get_privacy_interface", vec![interfaces]),
    ]);
    let app = &stage.app;
    insta::assert_json_snapshot!(
        "privacy_guide",
        app.privacy_setting(PrivacyVersion::Published).await.unwrap()
    );
    let mut bare = PrivacyGuide::default();
    bare.code_exists = Some(false);
    assert_eq!(app.privacy_setting(PrivacyVersion::Development).await.unwrap(), bare);
    insta::assert_json_snapshot!("privacy_interfaces", app.privacy_interfaces().await.unwrap());
}

#[tokio::test]
async fn an_order_path_hides_its_password() {
    let answer = ok(json!({ "msg": {
        "path": "pages/order", "img_list": ["m1"], "video": "", "test_account": "tester", "test_pwd": "canary-password",
        "test_remark": null, "status": 3, "apply_time": 1690000000, "more": 1,
    } }));
    let stage = stage([("/wxa/security/getorderpathinfo", vec![answer, refused(61041)])]);
    let path = stage.app.order_path(OrderPathKind::InReview).await.unwrap();
    assert_eq!(path.test_password.as_ref().unwrap().expose(), "canary-password");
    assert!(!format!("{path:?}").contains("canary"));
    insta::assert_json_snapshot!("order_path", path);
    let error = stage.app.order_path(OrderPathKind::Released).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let request = OrderPathRequest::new("pages/order", [APP]).with_test_account("tester", "canary-password");
    assert!(!format!("{request:?}").contains("canary"));
}

#[tokio::test]
async fn templates_and_drafts_are_read() {
    let drafts = with_more(json!({ "draft_list": [
        { "create_time": 1488965944, "user_version": "VVV", "user_desc": "AAS", "draft_id": 0,
          "source_miniprogram_appid": "wx1", "source_miniprogram": "模板小程序", "developer": "张三" },
        { "draft_id": "7", "user_version": "", "create_time": 0 },
    ] }));
    let list = with_more(json!({ "template_list": [
        { "create_time": "1488965944", "user_version": "VVV", "user_desc": "AAS", "template_id": 0, "draft_id": 1,
          "template_type": 0, "category_list": [], "source_miniprogram_appid": "wx1", "developer": "张三" },
        { "template_id": "4", "template_type": 1, "audit_scene": 1, "audit_status": 3, "reason": "" },
    ] }));
    let stage = stage([
        ("/wxa/gettemplatedraftlist", vec![drafts]),
        ("/wxa/gettemplatelist", vec![list, ok(json!({ "template_list": null })), ok(json!({}))]),
    ]);
    let library = stage.platform.template_library().unwrap();
    insta::assert_json_snapshot!("template_drafts", library.template_drafts().await.unwrap());
    insta::assert_json_snapshot!("templates", library.templates().await.unwrap());
    assert_eq!(library.templates().await.unwrap(), []);
    assert_eq!(library.templates().await.unwrap(), [], "an absent list is an empty one");
}

#[tokio::test]
async fn uploads_are_read() {
    let stage = stage([
        (
            "/wxa/uploadmedia",
            vec![with_more(json!({ "type": "image", "mediaid": "m1" })), ok(json!({ "type": "image" }))],
        ),
        (
            "/cgi-bin/media/upload",
            vec![
                // No `errcode` on success.
                body(json!({ "type": "image", "media_id": "m2", "created_at": 1690000000, "item": [] })),
                body(json!({ "type": "thumb", "thumb_media_id": "m3", "created_at": "1690000000" })),
                body(json!({ "type": "image", "media_id": "" })),
                refused(40004),
            ],
        ),
        ("/cgi-bin/component/uploadprivacyextfile", vec![ok(json!({ "ext_file_media_id": "m4" }))]),
    ]);
    let (app, picture) = (&stage.app, MediaFile::new("a.png", &b"\x89PNG"[..]));
    assert_eq!(format!("{picture:?}"), r#"MediaFile("a.png", 4 bytes)"#);
    let media = app.upload_audit_media(&picture).await.unwrap();
    assert_eq!((media.media_id.as_str(), media.kind.as_deref()), ("m1", Some("image")));
    assert_eq!(media.extra["brand_new"], json!({ "a": [1] }));
    let error = app.upload_audit_media(&picture).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("mediaid")));

    let material = app.upload_material(MaterialKind::Image, &picture).await.unwrap();
    assert_eq!(
        (material.media_id.as_str(), material.created_at),
        ("m2", Some(Timestamp::from_unix(1_690_000_000)))
    );
    assert_eq!(material.extra["item"], json!([]));
    assert_eq!(app.upload_material(MaterialKind::Thumb, &picture).await.unwrap().media_id, "m3");
    // A success without its id is not one; the next response is a refusal.
    let error = app.upload_material(MaterialKind::Image, &picture).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidArgument, Some(&Code::Number(40004))));
    assert_eq!(app.upload_privacy_file(&picture).await.unwrap().media_id, "m4");
}

#[tokio::test]
async fn an_upload_that_broke_off_is_repeated() {
    let answers = vec![Answer::Timeout, Answer::Cut, ok(json!({ "mediaid": "m1" }))];
    let stage = stage([("/wxa/uploadmedia", answers)]);
    stage.app.upload_audit_media(&MediaFile::new("a.png", &b"\x89PNG"[..])).await.unwrap();
    assert_eq!(stage.vendor.requests().len(), 3);
}

#[tokio::test]
async fn records_are_read() {
    let illegal = with_more(json!({ "records": [
        { "illegal_record_id": "abc", "create_time": "1690000000", "illegal_reason": "诱导分享", "illegal_content": "…",
          "rule_url": "https://x", "rule_name": "运营规范", "more": 1 },
        { "illegal_record_id": 7 },
    ] }));
    let appeals = with_more(json!({ "records": [
        { "appeal_record_id": 8, "appeal_time": 1690000000, "appeal_count": 1, "appeal_from": 0, "appeal_status": "1",
          "audit_time": 0, "audit_reason": "", "punish_description": "下架",
          "materials": [{ "illegal_material": { "content": "…" } }], "more": 1 },
        { "appeal_record_id": "9", "materials": null },
    ] }));
    let stage = stage([
        ("/wxa/getillegalrecords", vec![illegal, ok(json!({ "records": null }))]),
        ("/wxa/getappealrecords", vec![appeals]),
    ]);
    let (start, end) = (Timestamp::from_unix(NOW - 60), Timestamp::from_unix(NOW));
    insta::assert_json_snapshot!("illegal_records", stage.app.illegal_records(start, end).await.unwrap());
    assert_eq!(stage.app.illegal_records(start, end).await.unwrap(), []);
    insta::assert_json_snapshot!("appeal_records", stage.app.appeal_records("abc").await.unwrap());
}

#[tokio::test]
async fn quotas_are_read() {
    let stage = stage([(
        "/cgi-bin/openapi/quota/get",
        vec![
            with_more(json!({
                "quota": { "daily_limit": 1000, "used": "3", "remain": 997, "more": 1 },
                "rate_limit": { "call_count": 50, "refresh_second": "60" }, "component_rate_limit": null,
            })),
            ok(json!({ "quota": {} })),
            ok(json!({})),
        ],
    )]);
    insta::assert_json_snapshot!("api_quota", stage.app.api_quota("/wxa/commit").await.unwrap());
    assert_eq!(stage.app.api_quota("/wxa/commit").await.unwrap(), ApiQuota::default());
    let error = stage.app.api_quota("/wxa/commit").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("quota")));
}

#[tokio::test]
async fn a_requests_tokens_and_secrets_are_masked() {
    let stage = stage_of(
        "/cgi-bin/openapi/rid/get",
        ok(json!({ "request": {
            "invoke_time": 1690000000, "cost_in_ms": "11", "more": { "refresh_token": "canary" },
            "request_url": "/cgi-bin/component/api_authorizer_token?a=1&component_access_token=canary&access_token=canary",
            "request_body": "{\"component_appid\":\"wx1\",\"component_appsecret\":\"canary\"}",
            "response_body": "{\"errcode\":0,\"authorizer_access_token\":\"canary\",\"list\":[{\"refresh_token\":\"canary\"}]}",
        } })),
    );
    let info = stage.app.request_info("64bb5a04-1a2b3c4d-5e6f7a8b").await.unwrap();
    assert!(!format!("{info:?}").contains("canary"), "{info:?}");
    insta::assert_json_snapshot!("request_info", info);

    for (text, told) in [
        ("", None),
        ("a=1&access_token=canary", Some("a=1&access_token=***")),
        ("plain words", Some("plain words")),
        ("{\"access_token\":\"canary", Some("***")),
        ("{\"page_list\":[\"ind", Some("{\"page_list\":[\"ind")),
        (
            "{\"session_key\":\"canary\",\"openid\":\"o1\"}",
            Some("{\"session_key\":\"***\",\"openid\":\"o1\"}"),
        ),
        ("{\"a\":\"{\\\"token\\\":\\\"canary\\\"}\"}", Some("{\"a\":\"{\\\"token\\\":\\\"***\\\"}\"}")),
        ("\"{\\\"token\\\":\\\"canary\\\"}\"", Some("\"{\\\"token\\\":\\\"***\\\"}\"")),
        ("{\"url\":\"https://x/?access_token=canary\"}", Some("{\"url\":\"https://x/?access_token=***\"}")),
    ] {
        let answer = ok(json!({ "request": { "request_body": text } }));
        let info = stage_of("/cgi-bin/openapi/rid/get", answer).app.request_info("1").await.unwrap();
        assert_eq!(info.request_body.as_deref(), told);
    }
}

#[tokio::test]
async fn what_has_another_shape_costs_itself_alone() {
    let testers = async |answer| {
        let read = stage_of("/wxa/memberauth", ok(answer)).app.testers().await.unwrap();
        read.into_iter().map(|tester| tester.user_str).collect::<Vec<_>>()
    };
    assert_eq!(testers(json!({ "members": [{ "userstr": "a" }, {}] })).await, [Some("a".to_owned()), None]);
    assert_eq!(testers(json!({ "members": [{ "userstr": [] }] })).await, [None]);
    assert_eq!(testers(json!({ "members": ["a", { "userstr": "b" }] })).await, [Some("b".to_owned())]);
    for none in [json!({ "members": {} }), json!({ "members": 7 }), json!({})] {
        assert_eq!(testers(none).await, []);
    }
    let info = ok(json!({ "request": { "cost_in_ms": 1.5, "invoke_time": 1690000000 } }));
    let info = stage_of("/cgi-bin/openapi/rid/get", info).app.request_info("1").await.unwrap();
    assert_eq!((info.cost_in_ms, &info.extra["cost_in_ms"]), (None, &json!(1.5)), "it is kept as it came");
    assert_eq!(info.invoked_at, Some(Timestamp::from_unix(1_690_000_000)));
}

#[tokio::test]
async fn what_a_list_does_not_tell_proves_nothing_of_an_effect() {
    let before = ok(json!({ "members": [{ "userstr": "u1" }] }));
    for odd in [
        json!({ "members": [{}] }),
        json!({ "members": ["u2"] }),
        json!({ "members": 7 }),
        json!({ "members": {} }),
        json!({}),
    ] {
        let answers = vec![before.clone(), ok(odd.clone())];
        let stage = stage([("/wxa/memberauth", answers), ("/wxa/unbind_tester", vec![Answer::Timeout])]);
        let error = stage.app.unbind_tester(&TesterRef::UserStr("u1".into())).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{odd}: {error:#}");
    }
}
