//! Every response as WeChat sends it: the documents' samples, observed variants, and nonsense.

use http::Method;
use miniprogram_core::model::{
    Category, CategoryLevel, MinLibraryVersion, QrCodeOptions, RollbackVersion, UploadProgress, UploadReceipt,
};
use miniprogram_core::*;
use serde_json::json;
use wechat_wxa::{GrayReleaseOptions, PrivacyScan};

use crate::support::*;

const CATEGORY: &str = "/wxa/get_category";
const PAGE: &str = "/wxa/get_page";
const QR_CODE: &str = "/wxa/get_qrcode";
const QUOTA: &str = "/wxa/queryquota";

#[tokio::test]
async fn categories_have_two_or_three_levels() {
    let answer = ok(json!({ "category_list": [
        { "first_class": "工具", "second_class": "备忘录", "first_id": 1, "second_id": 2 },
        { "first_class": "教育", "second_class": "学历教育", "third_class": "高等",
          "first_id": 3, "second_id": "4", "third_id": 5, "sensitive_type": 1 },
        { "first_class": "文娱", "first_id": 6, "second_class": "", "second_id": 0, "third_class": null },
    ] }));
    let categories = stage_of(CATEGORY, answer).app.categories().await.unwrap();
    insta::assert_json_snapshot!("categories", categories);
    let empty = stage_of(CATEGORY, ok(json!({ "category_list": null }))).app.categories().await.unwrap();
    assert_eq!(empty, []);
}

#[tokio::test]
async fn pages_may_have_escaped_slashes() {
    let answer = text(r#"{"errcode":0,"errmsg":"ok","page_list":["index","page\/list","page\/detail"]}"#);
    assert_eq!(stage_of(PAGE, answer).app.pages().await.unwrap(), ["index", "page/list", "page/detail"]);
}

#[tokio::test]
async fn an_audit_is_read_in_every_spelling() {
    let id = AuditId::from("1234567");
    let audits = [
        json!({ "status": 1, "reason": "帐号信息不合规范" }),
        json!({ "status": "4", "reason": "1:延后<br>" }),
        json!({ "status": 1, "reason": "r", "screenshot": "a|b" }),
        json!({ "status": 0, "reason": "", "screenshot": "" }),
        json!({ "status": 3 }),
        json!({ "status": 9, "reason": "never seen" }),
    ];
    let mut read = Vec::new();
    for audit in audits {
        read.push(stage_of(STATUS, ok(audit)).app.audit_status(&id).await.unwrap());
    }
    let latest = [
        json!({ "auditid": "1234567", "status": 1, "reason": "帐号信息不合规范" }),
        json!({ "auditid": 1234567, "status": 2, "reason": null, "user_version": "2.5.0", "user_desc": "秋季",
                "submit_audit_time": 1690000100 }),
        json!({ "auditid": " 1234567 ", "status": "1", "ScreenShot": "a|b", "submit_audit_time": "1690000100" }),
        json!({ "auditid": 1234567, "status": 1, "ScreenShot": "a|b", "screenshot": "b| c |", "submit_audit_time": 0 }),
    ];
    for audit in latest {
        read.push(stage_of(LATEST, ok(audit)).app.latest_audit().await.unwrap());
    }
    assert!(read.iter().all(|audit| audit.audit_id.as_ref() == Some(&id)));
    insta::assert_json_snapshot!("audits", read);
}

#[tokio::test]
async fn an_app_that_was_never_submitted_is_no_error() {
    for code in [85058, 85012, 86001] {
        let stage = stage_of(LATEST, refused(code));
        assert_eq!(stage.app.latest_audit().await.unwrap(), Audit::not_submitted(), "{code}");
        // The low-level call returns the vendor's code unchanged.
        let error = stage.app.call(Method::GET, LATEST, &[], None).await.unwrap_err();
        assert_eq!(error.code(), Some(&Code::Number(code)));
    }
    // The same codes are errors if they can mean something else.
    let error = stage_of(STATUS, refused(85012)).app.audit_status(&"1".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::NotDone));
}

#[tokio::test]
async fn the_privacy_scan_answers_with_codes() {
    let receipt = UploadReceipt::new("2.5.0", "秋季");
    let running = stage_of(PRIVACY, refused(61039));
    assert_eq!(running.app.privacy_scan().await.unwrap(), PrivacyScan::Running);
    assert_eq!(running.app.upload_progress(&receipt).await.unwrap(), UploadProgress::Processing);
    assert_eq!(running.vendor.requests().len(), 2, "an answer is not asked for again");

    let found = json!({ "errcode": 61040, "errmsg": "wx.getLocation无权限", "without_auth_list": ["wx.getLocation"], "without_conf_list": null });
    let found = stage_of(PRIVACY, body(found));
    insta::assert_json_snapshot!(found.app.privacy_scan().await.unwrap(), @r#"
    {
      "state": "finished",
      "blocks_submission": true,
      "reason": "wx.getLocation无权限",
      "without_auth": [
        "wx.getLocation"
      ],
      "without_conf": []
    }
    "#);
    assert_eq!(found.app.upload_progress(&receipt).await.unwrap(), UploadProgress::ready(None));

    let error = stage_of(PRIVACY, refused(86001)).app.upload_progress(&receipt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn versions_are_one_list_without_repeats() {
    let latest = |status: i64, version: &str, at: i64| {
        ok(
            json!({ "auditid": 7, "status": status, "user_version": version, "submit_audit_time": at, "reason": "r" }),
        )
    };
    let never = || refused(85058);
    let cases = [
        ("nothing at all", versions(None, None), never()),
        ("empty blocks", ok(json!({ "exp_info": {}, "release_info": null })), never()),
        ("uploaded", versions(Some(("2", 20)), None), never()),
        ("uploaded, another online", versions(Some(("2", 20)), Some(("1", 10))), latest(0, "1", 5)),
        ("uploaded, another online, nothing in audit", versions(Some(("2", 20)), Some(("1", 10))), never()),
        (
            "uploaded before another was released",
            versions(Some(("3", 20)), Some(("2", 30))),
            latest(0, "2", 10),
        ),
        ("in review", versions(Some(("2", 20)), Some(("1", 10))), latest(2, "2", 21)),
        ("delayed", versions(Some(("2", 20)), None), latest(4, "2", 21)),
        ("rejected", versions(Some(("2", 20)), Some(("1", 10))), latest(1, "2", 21)),
        ("withdrawn", versions(Some(("2", 20)), None), latest(3, "2", 21)),
        ("withdrawn and replaced", versions(Some(("3", 30)), None), latest(3, "2", 21)),
        ("in review, another uploaded", versions(Some(("3", 30)), Some(("1", 10))), latest(2, "2", 21)),
        ("in review, uploaded again", versions(Some(("2", 30)), None), latest(2, "2", 21)),
        ("approved", versions(Some(("2", 20)), Some(("1", 10))), latest(0, "2", 21)),
        ("released", versions(Some(("2", 20)), Some(("2", 30))), latest(0, "2", 21)),
        ("the same version released before", versions(Some(("2", 20)), Some(("2", 10))), latest(0, "2", 21)),
        ("a status nobody knows", versions(Some(("2", 20)), None), latest(9, "2", 21)),
        (
            "in review under its own description, another uploaded",
            versions(Some(("3", 30)), Some(("1", 10))),
            ok(
                json!({ "auditid": 7, "status": 2, "user_version": "2", "user_desc": "秋季", "submit_audit_time": 21 }),
            ),
        ),
        (
            "an audit without a version",
            versions(Some(("2", 20)), Some(("2", 30))),
            ok(json!({ "auditid": 7, "status": 0 })),
        ),
    ];
    let mut lists = serde_json::Map::new();
    for (name, info, audit) in cases {
        let stage = stage([(VERSIONS, vec![info]), (LATEST, vec![audit])]);
        lists.insert(name.to_owned(), json!(stage.app.code_versions().await.unwrap()));
    }
    insta::assert_json_snapshot!("versions", lists);
}

#[tokio::test]
async fn an_image_is_told_from_an_error_by_its_first_bytes() {
    let (jpeg, png) = (b"\xff\xd8\xff\xe0JFIF".to_vec(), b"\x89PNG\r\n\x1a\n".to_vec());
    for (content_type, bytes, told) in [
        ("image/jpeg", &jpeg, "image/jpeg"),
        ("text/plain", &jpeg, "image/jpeg"),
        ("image/jpeg", &png, "image/png"),
    ] {
        let stage = stage_of(QR_CODE, Answer::Body(200, content_type, bytes.clone()));
        let code = stage.app.trial_qr_code(&QrCodeOptions::default()).await.unwrap();
        assert_eq!((code.content_type, &code.bytes), (told, bytes));
    }
    let refusal = br#"{"errcode":86001,"errmsg":"component experience version not exists"}"#;
    let stage = stage_of(QR_CODE, Answer::Body(200, "image/jpeg", refusal.to_vec()));
    let error = stage.app.trial_qr_code(&QrCodeOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(&Code::Number(86001))));
    for bytes in [&b"GIF89a"[..], b"", br#"{"errcode":0,"errmsg":"ok"}"#, b"<html></html>"] {
        let stage = stage_of(QR_CODE, Answer::Body(200, "image/jpeg", bytes.to_vec()));
        let error = stage.app.trial_qr_code(&QrCodeOptions::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone), "{error:#}");
    }
}

#[tokio::test]
async fn the_quota_is_a_months() {
    let answer = ok(json!({ "rest": 0, "limit": "50", "speedup_rest": 1, "speedup_limit": 2 }));
    insta::assert_json_snapshot!(stage_of(QUOTA, answer).app.audit_quota().await.unwrap(), @r#"
    {
      "unlimited": false,
      "shared": true,
      "remaining": 0,
      "limit": 50,
      "expedite_remaining": 1,
      "expedite_limit": 2,
      "period": "month"
    }
    "#);
}

#[tokio::test]
async fn the_versions_to_go_back_to_are_newest_first() {
    let answer = ok(json!({ "version_list": [
        { "app_version": 447, "user_version": "1.0", "user_desc": "a\nb 🎉", "commit_time": 1600000000 },
        { "app_version": "454", "user_version": "1.2", "user_desc": null },
        { "app_version": 450, "user_version": "1.0", "commit_time": "1610000000" },
    ] }));
    insta::assert_json_snapshot!(
        "history",
        stage_of("history", answer).app.rollback_targets().await.unwrap()
    );
    let empty =
        stage_of("history", ok(json!({ "version_list": null }))).app.rollback_targets().await.unwrap();
    assert_eq!(empty, []);
}

#[tokio::test]
async fn a_gray_release_plan_may_be_missing() {
    for none in [json!({}), json!({ "gray_release_plan": null }), json!({ "gray_release_plan": {} })] {
        assert_eq!(stage_of(PLAN, ok(none)).app.gray_release_plan().await.unwrap(), None);
    }
    // So is one that was never started; one with a share is not.
    for (share, is_shown) in [(json!(null), false), (json!(0), false), (json!(10), true)] {
        let initial = json!({ "status": 0, "gray_percentage": share, "create_timestamp": 0 });
        let stage = stage_of(PLAN, ok(json!({ "gray_release_plan": initial })));
        assert_eq!(stage.app.gray_release_plan().await.unwrap().is_some(), is_shown, "{share}");
    }
    let plans = [
        json!({ "status": 1, "create_timestamp": 1517553721, "gray_percentage": 8 }),
        json!({ "status": "2", "create_timestamp": "1517553721", "gray_percentage": "100",
                "support_debuger_first": true, "support_experiencer_first": false }),
        json!({ "status": 7 }),
    ];
    let mut read = Vec::new();
    for plan in plans {
        let stage = stage_of(PLAN, ok(json!({ "gray_release_plan": plan })));
        read.push(stage.app.gray_release_plan().await.unwrap().unwrap());
    }
    let flags: Vec<_> = read.iter().map(GrayReleaseOptions::of_plan).collect();
    let reported = GrayReleaseOptions::new().developers_first();
    assert_eq!((flags[0], flags[1].developers_first), (GrayReleaseOptions::new(), reported.developers_first));
    assert_eq!(flags[1].testers_first, Some(false));
    insta::assert_json_snapshot!("gray_release_plans", read);
}

#[tokio::test]
async fn the_settings_are_read() {
    for (status, told) in [(0, VisitStatus::Closed), (1, VisitStatus::Open), (5, VisitStatus::Unknown)] {
        let visit = stage_of(VISIT, ok(json!({ "status": status }))).app.visit_status().await.unwrap();
        assert_eq!((visit.status, visit.raw_status.unwrap().code), (told, status.into()));
    }
    let answer = ok(json!({ "now_version": "1.0.0", "uv_info": { "items": [
        { "percentage": 0, "version": "1.0.0" }, { "percentage": "12.5", "version": "1.0.1" }, { "version": "1.1.0" },
    ] } }));
    insta::assert_json_snapshot!(
        "library",
        stage_of(LIBRARY, answer).app.min_library_version().await.unwrap()
    );
    for none in
        [json!({}), json!({ "now_version": "", "uv_info": null }), json!({ "uv_info": { "items": null } })]
    {
        let library = stage_of(LIBRARY, ok(none)).app.min_library_version().await.unwrap();
        assert_eq!(library, MinLibraryVersion::new(None, vec![]));
    }
}

#[tokio::test]
async fn a_submission_is_answered_with_a_number_or_text() {
    for id in [json!(1234567), json!("1234567")] {
        let stage = stage([(LATEST, vec![refused(85058)]), (SUBMIT, vec![ok(json!({ "auditid": id }))])]);
        let effect = stage.app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap();
        assert_eq!((effect.value, effect.evidence), (AuditId::from("1234567"), Evidence::Answered));
    }
}

#[tokio::test]
async fn a_missing_field_is_named_and_never_made_up() {
    let missing = |error: Error, field: &str| {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone), "{error:#}");
        let told = format!("{error}");
        assert!(told.contains(field), "{told} should name {field}");
    };
    let nothing = || ok(json!({}));
    missing(stage_of(STATUS, nothing()).app.audit_status(&"1".into()).await.unwrap_err(), "status");
    missing(stage_of(LATEST, ok(json!({ "status": 2 }))).app.latest_audit().await.unwrap_err(), "auditid");
    missing(
        stage_of(LATEST, ok(json!({ "auditid": "", "status": 2 }))).app.latest_audit().await.unwrap_err(),
        "auditid",
    );
    missing(stage_of(QUOTA, nothing()).app.audit_quota().await.unwrap_err(), "rest");
    missing(stage_of(VISIT, nothing()).app.visit_status().await.unwrap_err(), "status");
    let plan = ok(json!({ "gray_release_plan": { "gray_percentage": 8 } }));
    missing(stage_of(PLAN, plan).app.gray_release_plan().await.unwrap_err(), "status");
    missing(
        stage_of(STATUS, ok(json!({ "status": "soon" }))).app.audit_status(&"1".into()).await.unwrap_err(),
        "status",
    );
}

#[tokio::test]
async fn an_absent_list_is_empty_and_half_a_level_is_kept() {
    let nothing = || ok(json!({}));
    assert_eq!(stage_of(PAGE, nothing()).app.pages().await.unwrap(), Vec::<String>::new());
    assert_eq!(stage_of(CATEGORY, nothing()).app.categories().await.unwrap(), []);
    assert_eq!(stage_of("history", nothing()).app.rollback_targets().await.unwrap(), []);
    let categories = ok(json!({ "category_list": [
        { "first_class": "工具", "first_id": 1, "second_class": "备忘录", "third_class": "x", "third_id": 3 },
        7,
        { "first_class": "教育", "first_id": 2 },
    ] }));
    let categories = stage_of(CATEGORY, categories).app.categories().await.unwrap();
    // The third level must not replace the second, whose id is missing.
    assert_eq!(categories[0].levels, [CategoryLevel::new(1, "工具")]);
    assert_eq!(
        json!(categories[0].extra),
        json!({ "second_class": "备忘录", "third_class": "x", "third_id": 3 })
    );
    assert_eq!(categories[1], Category::new(vec![CategoryLevel::new(2, "教育")]));
    // A version without a text is named by its number; one without either is skipped.
    let history = ok(json!({ "version_list": [
        { "app_version": 7 }, { "user_version": "1.0" }, { "user_desc": "x" }, "odd",
    ] }));
    let history = stage_of("history", history).app.rollback_targets().await.unwrap();
    assert_eq!(history, [RollbackVersion::new("7").with_app_version(Some(7)), RollbackVersion::new("1.0")]);
}

#[tokio::test]
async fn the_envelope_is_read_tolerantly() {
    let bodies: [&[u8]; 7] = [
        br#"{"errcode":0,"errmsg":"ok","status":1}"#,
        br#"{"errcode":"0","errmsg":"","status":1}"#,
        br#"{"errcode":0,"errmsg":"OK","status":"1","brand_new":{"a":[1]}}"#,
        b"\xef\xbb\xbf{\"errcode\":0,\"status\":1}",
        b"{\"errcode\":0,\"errmsg\":\"broken \xff\xfe\",\"status\":1}",
        b"{\"errcode\":0,\"errmsg\":\"line\nand \x01\",\"status\":1}",
        b" {\"errcode\":0,\"errmsg\":null,\"status\":1}\n",
    ];
    for bytes in bodies {
        let stage = stage_of(VISIT, Answer::Body(200, "text/plain", bytes.to_vec()));
        let visit = stage.app.visit_status().await;
        assert_eq!(visit.unwrap().status, VisitStatus::Open, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_refusal_keeps_code_words_and_request_id() {
    let words = "mini <b>\"坏\"</b>, hint: [uuid] rid: 64bb5a04-1a2b3c4d-5e6f7a8b";
    for code in [json!(987654), json!("987654")] {
        let stage = stage_of(VISIT, body(json!({ "errcode": code, "errmsg": words, "status": 1 })));
        let error = stage.app.visit_status().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry(), error.outcome()),
            (ErrorKind::Vendor, Retry::No, Outcome::NotDone)
        );
        assert_eq!(error.code(), Some(&Code::Number(987654)));
        assert_eq!(error.vendor_error().unwrap().message, words);
        assert_eq!(error.request_id(), Some("64bb5a04-1a2b3c4d-5e6f7a8b"));
        assert_eq!(stage.vendor.requests().len(), 1, "an unlisted code is not repeated");
    }
    // A refusal counts, whatever the HTTP status.
    let stage = stage_of(
        VISIT,
        Answer::Body(502, "application/json", br#"{"errcode":48001,"errmsg":"no"}"#.to_vec()),
    );
    assert_eq!(stage.app.visit_status().await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_refusal_keeps_its_own_fields_and_no_secret() {
    let refusal = json!({
        "errcode": 86202, "errmsg": format!("not filed, {TOKEN} hint: [AbC-1]"),
        "hints": [{ "err_field": "x", "msg": format!("no {TOKEN}"), "more": null }], "procedure_id": "p1",
        "nothing": null, "authorizer_access_token": "canary", "deep": { "session_key": "canary" },
    });
    let stage = stage_of("/wxa/icp/apply_icp_filing", body(refusal));
    let error = stage.app.call(Method::POST, "/wxa/icp/apply_icp_filing", &[], None).await.unwrap_err();
    assert_eq!(error.request_id(), Some("AbC-1"), "the older form of the id");
    let fields = json!({
        "hints": [{ "err_field": "x", "msg": "no ***", "more": null }], "procedure_id": "p1",
        "authorizer_access_token": "***", "deep": { "session_key": "***" },
    });
    assert_eq!(json!(error.vendor_fields()), fields);
    assert_eq!(json!(error.report())["vendor_fields"], fields);
    assert_eq!(json!(error.vendor_error())["fields"], fields);
    let printed = format!("{error} {error:#} {error:?} {}", json!(error.report()));
    assert!(!printed.contains("canary"), "{printed}");
    let bare = stage_of(VISIT, refused(48001)).app.visit_status().await.unwrap_err();
    assert_eq!((bare.vendor_fields(), json!(bare.report()).get("vendor_fields")), (None, None));
}

#[tokio::test]
async fn the_low_level_call_takes_whatever_is_a_success() {
    let call = async |answer| stage_of("/any", answer).app.call(Method::POST, "/any", &[], None).await;
    for success in [
        json!({ "access_token": "t", "openid": "o" }),
        json!({ "list": [{ "ref_date": "20240101" }] }),
        json!({ "voice_count": 1, "image_count": 2 }),
        json!({}),
        json!({ "errcode": null }),
        json!([1]),
        json!({ "errcode": 0, "errmsg": "ok" }),
    ] {
        assert_eq!(call(body(success.clone())).await.unwrap(), success);
    }
    // A modelled method still requires its code.
    let modelled = stage_of(VISIT, body(json!({ "status": 1 }))).app.visit_status().await.unwrap_err();
    assert_eq!(modelled.kind(), ErrorKind::Protocol);
    let refusal = call(body(json!({ "errcode": "48001" }))).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::PermissionDenied);
    let file = Answer::Body(200, "image/gif", b"GIF89a\x00".to_vec());
    let error = call(file.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown));

    let raw = async |answer| stage_of("/any", answer).app.call_raw(Method::GET, "/any", &[], None).await;
    let reply = raw(file).await.unwrap();
    assert_eq!((reply.status, &reply.bytes[..], &reply.json), (200, &b"GIF89a\x00"[..], &json!(null)));
    assert_eq!(reply.headers["content-type"], "image/gif");
    let reply = raw(Answer::Body(204, "text/plain", Vec::new())).await.unwrap();
    assert_eq!((reply.status, reply.bytes.len()), (204, 0));
    let reply = raw(body(json!({ "errcode": "odd", "a": 1 }))).await.unwrap();
    assert_eq!(reply.json["a"], 1);
    let refusal = raw(refused(48001)).await.unwrap_err();
    assert_eq!((refusal.kind(), refusal.outcome()), (ErrorKind::PermissionDenied, Outcome::NotDone));
    let gateway = raw(Answer::Body(502, "text/html", b"<html>".to_vec())).await.unwrap_err();
    assert_eq!((gateway.kind(), gateway.outcome()), (ErrorKind::Unavailable, Outcome::NotDone));
}

#[tokio::test]
async fn a_get_that_only_reads_never_ends_unknown() {
    let unknown = [Answer::Timeout, Answer::Cut, text("nonsense"), refused(-1)];
    for answer in unknown {
        for (path, query, outcome) in [
            ("/wxa/get_category", &[][..], Outcome::NotDone),
            ("/wxa/undocodeaudit", &[][..], Outcome::Unknown),
            ("/wxa/revertgrayrelease", &[][..], Outcome::Unknown),
            (REVERT, &[("app_version", "7")][..], Outcome::Unknown),
            (REVERT, &[("action", "get_history_version")][..], Outcome::NotDone),
        ] {
            let key = if query.iter().any(|(name, _)| *name == "action") { "history" } else { path };
            let stage = stage_of(key, answer.clone());
            let error = stage.app.call(Method::GET, path, query, None).await.unwrap_err();
            assert_eq!(error.outcome(), outcome, "{path} {query:?}: {error:#}");
            assert_eq!(stage.vendor.requests().len(), 1, "it is sent once");
        }
    }
}

#[tokio::test]
async fn the_low_level_call_can_send_nothing() {
    for (sent, arrives) in [(None, "{}"), (Some(json!({})), "{}"), (Some(json!(null)), "")] {
        let stage = stage_of("/any", ok(json!({})));
        stage.app.call(Method::POST, "/any", &[], sent.as_ref()).await.unwrap();
        assert_eq!(stage.vendor.last_body(), arrives);
    }
}

#[tokio::test]
async fn whether_a_submission_needs_items_is_the_vendors_to_say() {
    let stage = stage([
        (LATEST, vec![refused(85058)]),
        (SUBMIT, vec![ok(json!({ "auditid": 1234567 })), refused(85023)]),
    ]);
    let submit = async || stage.app.submit_audit(&SubmitTarget::Newest, &SubmitOptions::default()).await;
    assert_eq!(submit().await.unwrap().value, AuditId::from("1234567"));
    assert_eq!(stage.vendor.last_body(), "{}");
    let error = submit().await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Some(&Code::Number(85023)), Outcome::NotDone));
}

#[tokio::test]
async fn a_code_means_what_its_call_says() {
    let grayed =
        stage_of(GRAY, refused(86002)).app.start_gray_release(GrayRelease::percentage(1)).await.unwrap_err();
    assert_eq!((grayed.kind(), grayed.outcome()), (ErrorKind::Conflict, Outcome::NotDone));
    let library =
        stage_of(SET_LIBRARY, refused(85015)).app.set_min_library_version("0.0.1").await.unwrap_err();
    assert_eq!(library.kind(), ErrorKind::InvalidArgument);
    let stage = stage_of("/wxa/modify_domain", refused(85015));
    let raw = stage.app.call(Method::POST, "/wxa/modify_domain", &[], None).await.unwrap_err();
    assert_eq!(raw.operation(), "call");
    assert_ne!(raw.advice(), library.advice(), "the low-level call is told by its path");
}

#[tokio::test]
async fn nonsense_is_a_protocol_error_and_a_gateways_page_is_not() {
    for bytes in [
        &b""[..],
        b"ok",
        b"[]",
        b"null",
        b"{\"status\":1}",
        b"{\"errcode\":null,\"status\":1}",
        b"{\"errcode\":0.5}",
        b"{\"errcode\":\"ok\"}",
        b"{\"errcode\":0",
        b"<html>busy</html>",
    ] {
        let stage = stage_of(VISIT, Answer::Body(200, "text/html", bytes.to_vec()));
        let error = stage.app.visit_status().await.unwrap_err();
        let told = String::from_utf8_lossy(bytes);
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Protocol, Outcome::NotDone),
            "{told}: {error:#}"
        );
        assert!(told.is_empty() || !format!("{error:?}").contains("busy"), "nonsense is not quoted");
    }
    let page = |status| Answer::Body(status, "text/html", b"<html>Bad Gateway</html>".to_vec());
    let unavailable = stage_of(VISIT, page(502)).app.visit_status().await.unwrap_err();
    assert_eq!(unavailable.kind(), ErrorKind::Unavailable);
    let redirect = stage_of(VISIT, page(302));
    assert_eq!(redirect.app.visit_status().await.unwrap_err().kind(), ErrorKind::Protocol);
    assert!(redirect.vendor.paths().iter().all(|path| path == VISIT), "no redirect is followed");
    let slow = stage_of(VISIT, page(429)).app.visit_status().await.unwrap_err();
    assert_eq!(slow.kind(), ErrorKind::RateLimited);
}

#[tokio::test]
async fn a_success_without_a_code_needs_its_field() {
    // The low-level call accepts them all; the methods that fetch tokens are tested with them.
    for bad in [json!({}), json!({ "media_id": "" }), json!({ "media_id": null })] {
        let stage = stage_of("/cgi-bin/media/upload", body(bad));
        let picture = wechat_wxa::MediaFile::new("a.png", &b"\x89PNG"[..]);
        let kind = wechat_wxa::values::MaterialKind::Image;
        assert_eq!(stage.app.upload_material(kind, &picture).await.unwrap_err().kind(), ErrorKind::Protocol);
    }
}

#[tokio::test]
async fn no_error_shows_the_token() {
    let answers =
        [refused(48001), refused(40001), text("nonsense"), Answer::Timeout, Answer::Cut, Answer::Unreachable];
    for answer in answers {
        let stage = stage_of(VISIT, answer);
        let error = stage.app.visit_status().await.unwrap_err();
        assert!(!format!("{error} {error:#} {error:?} {:?}", stage.app).contains(TOKEN), "{error}");
        assert!(!serde_json::to_string(&error.report()).unwrap().contains(TOKEN));
    }
}

#[tokio::test]
async fn a_refusal_that_repeats_the_token_of_the_provider_is_kept_without_it() {
    let id = "62f1d8a3-2b3c4d5e-0a1b2c3d";
    let words = format!("invalid credential, access_token {TOKEN} is invalid rid: {id}");
    let answer = body(json!({ "errcode": 48001, "errmsg": words, "hints": [{ "of": TOKEN }] }));
    let error = stage_of(PAGE, answer).app.pages().await.unwrap_err();
    let shown = format!("{error:#} {error:?} {}", json!(error.report()));
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(shown.contains("access_token *** is invalid"), "{shown}");
    assert_eq!(error.request_id(), Some(id));
    assert_eq!(error.vendor_fields().map(|fields| &fields["hints"][0]["of"]), Some(&json!("***")));
}
