//! Responses as the documents print them, and every oddity that the reference lists.

use std::sync::Arc;

use baidu_smartapp::{BaiduApp, PackageQuery, UploadState};
use miniprogram_core::model::{QrCodeOptions, QuotaPeriod, UploadProgress, UploadReceipt};
use miniprogram_core::{
    Audit, AuditManager, AuditStatus, CodeManager, ErrorKind, Outcome, ReleaseManager, Retry, Stage,
    UploadStatus, VisitStatus,
};
use serde_json::json;

use crate::support::{Answer, DONE, Script, TOKEN, data, detail, headers, package};

/// The list of document 001, whose upload in progress has neither id nor status.
const LIST: &str = r#"{
  "errno": 0, "msg": "success",
  "data": [
    { "version": "1.2.6", "remark": "", "msg": "审核通过", "committer": "--", "status": 1,
      "commit_time": "2018/09/04 17:13:59", "version_desc": "desc", "package_id": 1, "rollback_version": "v1.2.5" },
    { "version": "1.2.7", "commit_time": "2018/09/06 15:32:38", "version_desc": "desc",
      "upload_status": 1, "upload_status_desc": "上传中" }
  ]
}"#;
/// The detail of documents 000 and 001.
const DETAIL: &str = r#"{ "errno": 0, "msg": "success", "data": { "version": "d0.0.0.2", "remark": "", "msg": "",
  "committer": "--", "status": 4, "commit_time": "1970/01/19 02:19:13", "version_desc": "dddd123", "package_id": 201 } }"#;
/// The preview of document 000.
const TRIAL: &str = r#"{ "errno": 0, "msg": "success", "data": { "version": "d0.0.0.7", "remark": "", "msg": "",
  "committer": "--", "status": 3, "commit_time": "1970/01/19 02:19:29", "version_desc": "", "package_id": 216 } }"#;

fn answering(endpoint: &str, answer: impl Into<Answer>) -> (Arc<Script>, BaiduApp) {
    let script = Script::new().on(endpoint, [answer.into()]);
    let app = script.app();
    (script, app)
}

fn list(json: &str) -> BaiduApp {
    answering("package/get", data(json)).1
}

#[tokio::test]
async fn the_documents_list_of_packages() {
    let (_, app) = answering("package/get", LIST);
    let versions = app.code_versions().await.unwrap();
    insta::assert_json_snapshot!("code_versions", versions);
    let with_every_field = list(
        r#"[{"version":"1.2.6","remark":"备注","committer":"提交人","status":1,"commit_time":"昨天","package_id":1,
            "rollback_version":"v1.2.5","template_id":754,"bundle_id":"b","create_time":1536052439}]"#,
    );
    let packages = with_every_field.packages().await.unwrap();
    insta::assert_json_snapshot!("packages", packages);
    let targets = app.rollback_targets().await.unwrap();
    assert_eq!(targets.iter().map(|target| &*target.version).collect::<Vec<_>>(), ["v1.2.5"]);
    let latest = app.latest_audit().await.unwrap();
    assert_eq!(latest.status, AuditStatus::Approved);
    assert_eq!((latest.audit_id.unwrap().as_str(), latest.reason.as_deref()), ("1", Some("审核通过")));
    let progress = app.upload_progress(&UploadReceipt::new("1.2.7", "desc")).await.unwrap();
    assert_eq!(progress, UploadProgress::Processing);
}

#[tokio::test]
async fn the_documents_package_objects() {
    let (_, app) = answering("package/getdetail", DETAIL);
    let audit = app.audit_status(&"201".into()).await.unwrap();
    insta::assert_json_snapshot!("audit_status", audit);
    let package = app.package_detail(&PackageQuery::Status(4)).await.unwrap();
    insta::assert_json_snapshot!("package_detail", package);
    let (_, app) = answering("package/gettrial", TRIAL);
    let trial = app.trial_package().await.unwrap();
    assert_eq!(
        (trial.stage, trial.commit_time.as_deref()),
        (Stage::Development, Some("1970/01/19 02:19:29"))
    );
}

#[tokio::test]
async fn numbers_arrive_as_text_and_text_as_numbers() {
    let app = list(
        r#"[{"version":12,"remark":7,"msg":null,"committer":null,"status":"5","commit_time":"2019-01-14 12:45:10",
            "version_desc":null,"package_id":"745815","new_member":{"a":1}}]"#,
    );
    let version = app.code_versions().await.unwrap().remove(0);
    assert_eq!(version.version.as_deref(), Some("12"));
    assert_eq!((version.stage, version.package_id.unwrap().as_str()), (Stage::Rejected, "745815"));
    assert_eq!(version.committed_at.unwrap().to_string(), "2019-01-14T04:45:10Z");
    let (_, app) = answering("package/getdetail", data(r#"{"status":"4","package_id":"9","extra":[1]}"#));
    assert_eq!(app.audit_status(&"9".into()).await.unwrap().status, AuditStatus::InReview);
}

#[tokio::test]
async fn a_status_that_nobody_lists_survives_with_its_number() {
    let app = list(r#"[{"version":"1","status":99,"package_id":1,"msg":"新状态"}]"#);
    let version = app.code_versions().await.unwrap().remove(0);
    assert_eq!((version.stage, version.raw_status.unwrap().code), (Stage::Unknown, 99.into()));
    assert_eq!(version.reason.as_deref(), Some("新状态"));
    let (_, app) = answering("package/getdetail", data(r#"{"status":7,"package_id":1}"#));
    let audit = app.audit_status(&"1".into()).await.unwrap();
    assert_eq!((audit.status, audit.raw_status.unwrap().code), (AuditStatus::Unknown, 7.into()));
    let (_, app) = answering("app/info", data(r#"{"status":42}"#));
    let visit = app.visit_status().await.unwrap();
    assert_eq!((visit.status, visit.raw_status.unwrap().code), (VisitStatus::Unknown, 42.into()));
}

#[tokio::test]
async fn a_time_that_cannot_be_read_does_not_cost_the_answer() {
    for time in [r#""--""#, r#""""#, "null", "1536052439"] {
        let app = list(&format!(r#"[{{"version":"1","status":3,"package_id":1,"commit_time":{time}}}]"#));
        let version = app.code_versions().await.unwrap().remove(0);
        assert_eq!((version.stage, version.committed_at), (Stage::Development, None), "{time}");
    }
}

#[tokio::test]
async fn uploads_under_way_failed_and_ready() {
    let receipt = UploadReceipt::new("1.2.7", "desc").with_vendor_state(UploadState::new(vec!["5".into()]));
    let progress = |json: &str| {
        let app = list(json);
        let receipt = receipt.clone();
        async move { app.upload_progress(&receipt).await }
    };
    let failed = progress(
        r#"[{"version":"1.2.7","version_desc":"desc","upload_status":3,"upload_status_desc":"上传失败",
            "upload_err_code":"69010","upload_err_msg":"模板解析失败"}]"#,
    );
    assert_eq!(failed.await.unwrap(), UploadProgress::failed(Some(69010.into()), "模板解析失败"));
    let old_form = progress(
        r#"[{"version":"1.2.7","version_desc":"desc","upload_status":3,"upload_status_desc":"上传失败"}]"#,
    );
    assert_eq!(old_form.await.unwrap(), UploadProgress::failed(None, "上传失败"));
    // 2 is undocumented: ready only with an id.
    let with_id = progress(
        r#"[{"version":"1.2.7","version_desc":"desc","upload_status":2,"status":3,"package_id":9}]"#,
    );
    assert_eq!(with_id.await.unwrap(), UploadProgress::ready(Some("9".into())));
    let without = progress(r#"[{"version":"1.2.7","version_desc":"desc","upload_status":2}]"#);
    assert_eq!(without.await.unwrap(), UploadProgress::Processing);
    // The newest of several new ones; one that existed before is not among them.
    let several =
        format!("[{},{},{}]", package(5, "1.2.7", 3), package(9, "1.2.7", 3), package(8, "1.2.7", 3));
    assert_eq!(progress(&several).await.unwrap(), UploadProgress::ready(Some("9".into())));
    for absent in
        [format!("[{}]", package(5, "1.2.7", 3)), format!("[{}]", package(9, "1.2.8", 3)), "[]".into()]
    {
        let error = progress(&absent).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::NotFound, Retry::Backoff), "{absent}");
    }
    let known = receipt.clone().with_package_id(Some("9".into()));
    let app = list(&format!("[{}]", package(9, "1.2.7", 4)));
    assert_eq!(app.upload_progress(&known).await.unwrap(), UploadProgress::ready(Some("9".into())));
}

#[tokio::test]
async fn an_upload_in_the_list_keeps_its_state_and_code() {
    let app = list(
        r#"[{"version":"1","upload_status":3,"upload_status_desc":"上传失败","upload_err_code":-1,"upload_err_msg":"未知"}]"#,
    );
    let version = app.code_versions().await.unwrap().remove(0);
    assert_eq!((version.stage, version.raw_status), (Stage::UploadFailed, None));
    let upload = version.upload.unwrap();
    assert_eq!((upload.status, upload.raw_status.code), (UploadStatus::Failed, 3.into()));
    assert_eq!((upload.code, upload.message.as_deref()), (Some((-1).into()), Some("未知")));
    assert_eq!(
        upload.description.as_deref(),
        Some("上传失败"),
        "the words for the status are told beside the reason"
    );
}

#[tokio::test]
async fn the_latest_audit_is_the_one_in_review_then_the_one_online() {
    let latest = |list: Vec<String>| {
        let (_, app) = answering("package/get", data(&format!("[{}]", list.join(","))));
        async move {
            let audit = app.latest_audit().await.unwrap();
            (audit.status, audit.audit_id.map(|id| id.to_string()))
        }
    };
    let (online, development) = (package(1, "1", 1), package(9, "4", 3));
    let rejected = latest(vec![online.clone(), package(5, "2", 5), development.clone()]).await;
    assert_eq!(rejected, (AuditStatus::Rejected, Some("5".to_owned())));
    let open = latest(vec![package(4, "2", 4), package(6, "3", 6), online.clone()]).await;
    assert_eq!(open, (AuditStatus::InReview, Some("4".to_owned())));
    assert_eq!(
        latest(vec![online, development.clone()]).await,
        (AuditStatus::Approved, Some("1".to_owned()))
    );
    assert_eq!(latest(vec![package(1, "1", 8)]).await, (AuditStatus::Approved, Some("1".to_owned())));
    assert_eq!(latest(vec![development]).await, (AuditStatus::NotSubmitted, None));
    let (_, app) = answering("package/get", data("[]"));
    assert_eq!(app.latest_audit().await.unwrap(), Audit::not_submitted());
}

#[tokio::test]
async fn quotas_limited_unlimited_and_odd() {
    let quota =
        |json: &'static str| async move { answering("package/auditquota", data(json)).1.audit_quota().await };
    let limited = quota(r#"{"quota_type":2,"quota_times":"10","remain_times":7}"#).await.unwrap();
    assert_eq!((limited.unlimited, limited.remaining, limited.limit), (false, Some(7), Some(10)));
    assert_eq!(limited.period, Some(QuotaPeriod::Week));
    let unlimited = quota(r#"{"quota_type":9,"quota_times":-1,"remain_times":-1}"#).await.unwrap();
    assert_eq!((unlimited.unlimited, unlimited.remaining, unlimited.limit), (true, None, None));
    assert_eq!(
        (unlimited.period, unlimited.raw_period.unwrap().code),
        (Some(QuotaPeriod::Unknown), 9.into())
    );
    let error = quota(r#"{"quota_type":2,"quota_times":3,"remain_times":-2}"#).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("data.remain_times")));
    let error = quota(r#"{"quota_type":2,"quota_times":3}"#).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("remain_times"), "{error}");
}

#[tokio::test]
async fn categories_in_every_spelling() {
    let (_, app) = answering(
        "app/category/list",
        data(
            r#"[
            {"id":1,"category_name":"快递业与邮政","category_type":2,"sub_items":{
              "2":{"id":"2","category_name":"快递","category_type":2,"need_quali":1,
                   "category_quali":"{\"desc\":\"资质\",\"list\":[[{\"id\":1,\"must\":1,\"name\":\"许可证\",\"desc\":\"\"}]]}"},
              "3":{"category_name":"邮政","category_type":2,"need_quali":"0","category_quali":""}}},
            {"id":"5","category_name":"工具","category_type":"1","subItems":{
              "6":{"id":6,"category_name":"信息","need_quali":false,"category_quali":{"desc":"real object"},
                   "sub_items":{"7":{"id":7,"category_name":"备忘录"}}},
              "8":{"id":8,"category_name":"其他","category_quali":null}}},
            {"id":9,"category_name":"空","category_type":2,"sub_items":[],"subItems":null}
            ]"#,
        ),
    );
    insta::assert_json_snapshot!("categories", app.categories().await.unwrap());
    let odd = r#"[{"category_name":"无号"},{"id":1},{"id":2,"category_name":"x","sub_items":7},
                  {"id":3,"category_name":"y","category_quali":"请联系客服"}]"#;
    let (_, app) = answering("app/category/list", data(odd));
    let odd = app.categories().await.unwrap();
    assert_eq!(
        odd.iter().map(|category| category.levels[0].id.as_number()).collect::<Vec<_>>(),
        [1, 2, 3].map(Some)
    );
    assert_eq!((odd[0].levels[0].name.as_str(), &odd[1].extra["sub_items"]), ("", &7.into()));
    assert_eq!(odd[2].extra["category_quali"], "请联系客服", "words that are no JSON are kept");
}

#[tokio::test]
async fn categories_have_eight_levels_at_most() {
    let deep = (0..9).fold(r#"{"id":1,"category_name":"x"}"#.to_owned(), |below, _| {
        format!(r#"{{"id":1,"category_name":"x","sub_items":[{below}]}}"#)
    });
    let (_, app) = answering("app/category/list", data(&format!("[{deep}]")));
    let categories = app.categories().await.unwrap();
    assert_eq!((categories.len(), categories[0].levels.len()), (1, 8));
    assert_eq!(categories[0].extra["sub_items"][0]["id"], 1, "what is deeper is kept as it came");
}

#[tokio::test]
async fn library_versions_as_list_object_and_none() {
    let read = |json: &'static str| async move {
        answering("app/getsupportversion", data(json)).1.min_library_version().await
    };
    let full = read(
        r#"{"now_version":"3.10.1","items":[{"version":"1.0.0","percentage":12.5},{"version":"2.0.0","percentage":"87.5"}]}"#,
    );
    insta::assert_json_snapshot!("min_library_version", full.await.unwrap());
    let one = read(r#"{"now_version":"3.10.1","items":{"version":"1.0.0"}}"#).await.unwrap();
    assert_eq!(one.usage.len(), 1);
    let keyed = read(r#"{"now_version":"3.10.1","items":{"0":{"version":"1.0.0"},"1":{"version":"2.0.0"}}}"#);
    assert_eq!(keyed.await.unwrap().usage.len(), 2);
    for none in [r#"{"now_version":null,"items":null}"#, r#"{"now_version":""}"#, r#"{"items":[]}"#, "{}"] {
        let answer = read(none).await.unwrap();
        assert_eq!((answer.version, answer.usage.len()), (None, 0));
    }
    assert_eq!(read("null").await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn the_apps_information_keeps_every_field() {
    let (_, app) = answering(
        "app/info",
        data(
            r#"{"app_id":17328232,"app_name":"小店","app_desc":"d","status":"4","web_status":0,"min_swan_version":"",
                "qualification":{"satus":1},"app_offline_info":[],"photo_addr":"[\"https:\/\/a\/b.png\"]"}"#,
        ),
    );
    insta::assert_json_snapshot!("app_info", app.app_info().await.unwrap());
    for (code, status) in [
        (1, VisitStatus::Open),
        (-1, VisitStatus::Closed),
        (4, VisitStatus::Closed),
        (5, VisitStatus::Closed),
        (2, VisitStatus::Unknown),
        (6, VisitStatus::Unknown),
        (7, VisitStatus::Unknown),
    ] {
        let (_, app) = answering("app/info", data(&format!(r#"{{"status":{code}}}"#)));
        assert_eq!(app.visit_status().await.unwrap().status, status, "{code}");
    }
    let (_, app) = answering("app/info", data(r#"{"app_id":1}"#));
    let error = app.visit_status().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone));
}

#[tokio::test]
async fn an_image_is_told_by_its_first_bytes() {
    let qr = |answer: Answer| async move {
        answering("app/qrcode", answer).1.trial_qr_code(&QrCodeOptions::default()).await
    };
    let png = qr(b"\x89PNG\r\n\x1a\nrest".to_vec().into()).await.unwrap();
    assert_eq!((png.content_type, png.bytes.len()), ("image/png", 12));
    assert_eq!(qr(b"\xff\xd8\xff\xe0rest".to_vec().into()).await.unwrap().content_type, "image/jpeg");
    // An error is JSON, whatever its content type.
    let claims = headers(&[("content-type", "image/png")]);
    let body = br#"{"errno":470020,"msg":"no online package"}"#.to_vec();
    let error = qr(Answer::Full(200, claims, body)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(&470_020.into())));
    for odd in [r#"{"errno":0,"msg":"success"}"#, "<html>", ""] {
        assert_eq!(qr(odd.into()).await.unwrap_err().kind(), ErrorKind::Protocol, "{odd}");
    }
}

async fn refusal(answer: impl Into<Answer>) -> miniprogram_core::Error {
    let (_, app) = answering("package/withdraw", answer);
    app.withdraw_audit(&"1".into()).await.unwrap_err()
}

#[tokio::test]
async fn the_four_shapes_of_an_error() {
    let seen = |error: &miniprogram_core::Error| {
        let answer = error.vendor_error().unwrap();
        (error.kind(), answer.code.to_string(), answer.message.clone())
    };
    let case = |kind, code: &str, words: &str| (kind, code.to_owned(), words.to_owned());
    let e1 = refusal(r#"{"errno":40001,"msg":"参数错误"}"#).await;
    assert_eq!(seen(&e1), case(ErrorKind::InvalidArgument, "40001", "参数错误"));
    assert_eq!(e1.to_string(), "withdraw_audit: invalid argument (baidu code 40001: 参数错误)");
    let e2 = refusal(r#"{"error_code":"6","error_msg":"No permission to access data"}"#).await;
    assert_eq!(seen(&e2), case(ErrorKind::PermissionDenied, "6", "No permission to access data"));
    let e3 =
        refusal(Answer::Body(400, br#"{"error":"invalid_scope","error_description":"no"}"#.to_vec())).await;
    assert_eq!(seen(&e3), case(ErrorKind::InvalidArgument, "invalid_scope", "no"));
    let e4 = refusal(r#"{"errno":10010100,"error":"parameter is invalid","error_description":"bad"}"#).await;
    assert_eq!(seen(&e4), case(ErrorKind::InvalidArgument, "10010100", "bad"));
    let text = refusal(r#"{"errno":"69005","errMsg":"包不存在"}"#).await;
    assert_eq!(seen(&text), case(ErrorKind::NotFound, "69005", "包不存在"));
    let pay = refusal(r#"{"errno":69005,"msg":"","errmsg":"none"}"#).await;
    assert_eq!(seen(&pay), case(ErrorKind::NotFound, "69005", "none"));
    for refused in [e1, e2, e3, e4, text, pay] {
        assert_eq!(refused.outcome(), Outcome::NotDone, "{refused}");
        assert!(!format!("{refused:?}").contains(TOKEN));
    }
}

#[tokio::test]
async fn a_code_that_nobody_lists_keeps_number_and_words() {
    let error = refusal(r#"{"errno":987654,"msg":"全新的错误","data":null}"#).await;
    assert_eq!(
        (error.kind(), error.retry(), error.outcome()),
        (ErrorKind::Vendor, Retry::No, Outcome::NotDone)
    );
    assert_eq!(error.vendor_error().unwrap().message, "全新的错误");
    let word = refusal(r#"{"error":"brand_new"}"#).await;
    assert_eq!((word.kind(), word.code().unwrap().to_string()), (ErrorKind::Vendor, "brand_new".to_owned()));
}

#[tokio::test]
async fn the_vendors_id_of_the_request_reaches_the_caller() {
    let traced = headers(&[("x-b3-traceid", "abc123")]);
    let body = br#"{"errno":69005,"msg":"x","traceId":"other"}"#.to_vec();
    assert_eq!(refusal(Answer::Full(200, traced.clone(), body)).await.request_id(), Some("abc123"));
    assert_eq!(refusal(r#"{"errno":69005,"traceId":"t1","requestId":"r1"}"#).await.request_id(), Some("t1"));
    assert_eq!(refusal(r#"{"errno":69005,"requestId":17}"#).await.request_id(), Some("17"));
    let (_, app) = answering("package/withdraw", Answer::Full(200, traced, DONE.as_bytes().to_vec()));
    assert_eq!(app.withdraw_audit(&"1".into()).await.unwrap().request_id.as_deref(), Some("abc123"));
}

#[tokio::test]
async fn a_refusal_keeps_its_own_fields_and_no_secret() {
    let body = format!(
        r#"{{"errno":987654,"msg":"no {TOKEN}","request_id":"r7","timestamp":1,
            "data":{{"words":["a {TOKEN}"],"access_token":"canary","code":"canary","none":null}},"nothing":null}}"#
    );
    let error = refusal(body).await;
    let fields = json!({
        "request_id": "r7", "timestamp": 1,
        "data": { "words": ["a ***"], "access_token": "***", "code": "***", "none": null },
    });
    assert_eq!((error.request_id(), json!(error.vendor_fields())), (Some("r7"), fields.clone()));
    assert_eq!(json!(error.report())["vendor_fields"], fields);
    let printed = format!("{error} {error:#} {error:?} {}", json!(error.report()));
    assert!(!printed.contains("canary"), "{printed}");
    let bare = refusal(r#"{"errno":987654,"msg":"x","data":null}"#).await;
    assert_eq!(bare.vendor_fields(), None);
}

#[tokio::test]
async fn the_low_level_call_takes_whatever_is_a_success() {
    let get = http::Method::GET;
    for success in [r#"{"data":[1]}"#, r#"{"errno":null}"#, "{}", "[1]", r#"{"errno":0,"data":true}"#] {
        let (_, app) = answering("any/path", success);
        let answer = app.call(get.clone(), "/rest/2.0/smartapp/any/path", &[], None).await.unwrap();
        assert_eq!(answer.to_string(), success);
    }
    let raw = async |answer: Answer| {
        let (_, app) = answering("any/path", answer);
        app.call_raw(http::Method::GET, "/rest/2.0/smartapp/any/path", &[], None).await
    };
    let zip = headers(&[("content-type", "application/zip")]);
    let reply = raw(Answer::Full(200, zip, b"PK\x03\x04".to_vec())).await.unwrap();
    assert_eq!((reply.status, &reply.bytes[..]), (200, &b"PK\x03\x04"[..]));
    assert_eq!(reply.headers["content-type"], "application/zip");
    let refused = raw(r#"{"errno":40001,"msg":"x"}"#.into()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    // A read by GET leaves nothing open; a POST may, and so may a GET that uses up a code.
    let (_, app) = answering("any/path", Answer::Lost);
    let lost = app.call(get.clone(), "/rest/2.0/smartapp/any/path", &[], None).await.unwrap_err();
    assert_eq!(lost.outcome(), Outcome::NotDone);
    let post = http::Method::POST;
    let lost = app.call(post, "/rest/2.0/smartapp/any/path", &[], Some(&json!(null))).await.unwrap_err();
    assert_eq!(lost.outcome(), Outcome::Unknown);
    let (_, app) = answering("/rest/2.0/oauth/token", Answer::Lost);
    let lost = app.call(get, "/rest/2.0/oauth/token", &[], None).await.unwrap_err();
    assert_eq!(lost.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn the_words_decide_what_501_and_44001_mean() {
    let error = refusal(r#"{"errno":501,"msg":"请求方式不支持"}"#).await;
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotDone));
    let error = refusal(r#"{"errno":44001,"msg":"Access Token is not valid"}"#).await;
    assert_eq!(error.kind(), ErrorKind::TokenRejected);
    assert_eq!(refusal(r#"{"errno":44001,"msg":"无权限"}"#).await.kind(), ErrorKind::PermissionDenied);
    // Busy: the withdrawal may have happened, so Baidu is queried.
    let script = Script::new()
        .on("package/withdraw", [r#"{"errno":501,"msg":"网络繁忙"}"#])
        .on("package/getdetail", [detail(1, 3)]);
    let effect = script.app().withdraw_audit(&"1".into()).await.unwrap();
    assert_eq!(effect.evidence, miniprogram_core::Evidence::Asked);
}

#[tokio::test]
async fn the_low_level_call_finds_the_meaning_by_the_path() {
    let script = Script::new()
        .on("access/submit/sitemap", [r#"{"errno":60005,"msg":"x"}"#])
        .on("/rest/2.0/oauth/token", [r#"{"access_token":"a","refresh_token":"b","expires_in":3600}"#]);
    let app = script.app();
    let post = http::Method::POST;
    let error = app.call(post, "/rest/2.0/smartapp/access/submit/sitemap", &[], None).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Conflict, "call"));
    let answer = app.call(http::Method::GET, "/rest/2.0/oauth/token", &[], None).await.unwrap();
    assert_eq!(answer["expires_in"], 3600);
}

#[tokio::test]
async fn a_mark_a_slash_and_an_illegal_escape_do_not_matter() {
    let marked = format!("\u{feff}{}", data(r#"{"status":1,"app_name":"a\/b"}"#));
    let (_, app) = answering("app/info", marked);
    assert_eq!(app.app_info().await.unwrap().name.as_deref(), Some("a/b"));
    let (_, app) = answering("app/info", data(r#"{"status":1,"app_name":"a\_b"}"#));
    assert_eq!(app.app_info().await.unwrap().name.as_deref(), Some("a_b"));
    let (_, app) = answering("app/info", data(r#"{"status":1,"app_name":"a\\_b"}"#));
    assert_eq!(app.app_info().await.unwrap().name.as_deref(), Some(r"a\_b"), "an escaped backslash stays");
}

#[tokio::test]
async fn what_people_typed_and_broken_utf_8_do_not_cost_the_response() {
    for (name, expected) in [
        (&b"one\ntwo\tand \x01\0"[..], "one\ntwo\tand \u{1}\0"),
        (b"cut \xff\xe5\xba", "cut \u{fffd}\u{fffd}"),
        (br"cut \ud83d", "cut \u{fffd}"),
    ] {
        let body = [br#"{"errno":0,"msg":"ok","data":{"status":1,"app_name":""#, name, br#""}}"#].concat();
        let (_, app) = answering("app/info", Answer::Body(200, body));
        assert_eq!(app.app_info().await.unwrap().name.as_deref(), Some(expected));
    }
    let (_, app) = answering("app/info", "{\"errno\":40001,\"msg\":\"one\ntwo\"}");
    let error = app.app_info().await.unwrap_err();
    assert_eq!(error.vendor_error().unwrap().message, "one\ntwo");
}

#[tokio::test]
async fn what_is_no_answer_is_a_protocol_error_on_reads() {
    for body in [
        "",
        "null",
        "[]",
        "\"ok\"",
        "<html>502</html>",
        "{}",
        r#"{"data":[]}"#,
        r#"{"errno":true}"#,
        r#"{"errno":null,"msg":"success"}"#,
        r#"{"error_code":0}"#,
        r#"{"error":{"a":1}}"#,
        r#"{"access_token":"x"}"#,
        r#"{"errno":0,"data":7}"#,
        r#"{"errno":0,"data":"none"}"#,
    ] {
        let (_, app) = answering("package/get", body);
        let error = app.code_versions().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Protocol, Outcome::NotDone),
            "{body}: {error}"
        );
    }
}

#[tokio::test]
async fn the_status_line_counts_when_the_body_says_nothing() {
    let versions = |status: u16, body: &'static str| async move {
        let (script, app) = answering("package/get", Answer::Body(status, body.as_bytes().to_vec()));
        let error = app.code_versions().await.unwrap_err();
        (error.kind(), script.sent().len())
    };
    assert_eq!(versions(502, "<html>Bad Gateway</html>").await, (ErrorKind::Unavailable, 3));
    assert_eq!(versions(302, "").await.0, ErrorKind::Protocol);
    assert_eq!(versions(500, r#"{"errno":0,"data":[]}"#).await.0, ErrorKind::Unavailable);
    assert_eq!(versions(500, r#"{"errno":40001,"msg":"x"}"#).await, (ErrorKind::InvalidArgument, 1));
    assert_eq!(versions(200, r#"{"error_code":18,"error_msg":"qps"}"#).await.0, ErrorKind::RateLimited);
}

#[tokio::test]
async fn another_packages_detail_is_not_taken_for_ours() {
    let (_, app) = answering("package/getdetail", DETAIL);
    let error = app.audit_status(&"202".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("data.package_id")));
    let (_, app) = answering("package/getdetail", data(r#"{"version":"1","upload_status":1}"#));
    let error = app.audit_status(&"202".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("data.status")));
}
