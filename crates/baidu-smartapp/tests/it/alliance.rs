//! The alliance's reads: requests and responses.

use std::sync::Arc;

use baidu_smartapp::alliance::{AllianceConfig, AllianceRead, BaiduAlliance};
use baidu_smartapp::{BAIDU, PackageQuery};
use miniprogram_core::clock::VirtualClock;
use miniprogram_core::token::{AccessToken, StaticToken};
use miniprogram_core::transport::Transport;
use miniprogram_core::{AppId, ErrorKind, Outcome, Stage, Timestamp, UploadStatus, VisitStatus};
use serde_json::json;

use crate::support::{Answer, Script, TOKEN, data, detail, package};

const APPS: &str = "oss/app/info";
const PACKAGES: &str = "oss/package/get";
const PACKAGE: &str = "oss/package/getdetail";

/// The sample of document 004 without its comments, with values where it prints none.
const SAMPLE_OF_APPS: &str = r#"{
  "errno": 0, "msg": "success",
  "data": [{
    "app_id": 111111,
    "app_name": "小程序",
    "app_desc": "1531812276",
    "photo_addr": "[{\"cover\":\"https:\\/\\/b.bdstatic.com\\/searchbox\\/mappconsole\\/image\\/20180416\\/1523870283-34303.jpg\"}]",
    "qualification": { "name": "", "type": 1, "satus": 1, "ad_type": 1, "ad_status": 1 },
    "category": [{
      "category_id": 7, "category_name": "快餐", "category_desc": "",
      "parent": { "category_id": 3, "category_name": "餐饮", "category_desc": "吃喝" }
    }],
    "min_swan_version": "1.12.0",
    "status": 1
  }]
}"#;
/// The sample of document 004 without its comments.
const SAMPLE_OF_PACKAGES: &str = r#"{
  "errno": 0, "msg": "success",
  "data": [
    { "version": "1.2.6", "remark": "", "msg": "审核通过", "committer": "--", "status": 1,
      "commit_time": "2018/09/04 17:13:59", "version_desc": "desc", "package_id": 1, "rollback_version": "v1.2.5" },
    { "version": "1.2.7", "commit_time": "2018/09/06 15:32:38", "version_desc": "desc",
      "upload_status": 1, "upload_status_desc": "上传中" }
  ]
}"#;

/// A member with a given token.
fn member(script: &Arc<Script>) -> BaiduAlliance {
    let token = StaticToken::client_credentials(BAIDU, AccessToken::new(TOKEN).unwrap());
    let config = AllianceConfig::with_tokens("Va5yQRHlA4Fq4eR", Arc::new(token))
        .with_transport(Arc::clone(script) as Arc<dyn Transport>)
        .with_clock(Arc::new(VirtualClock::new(Timestamp::from_unix(1_700_000_000))));
    BaiduAlliance::new(config).unwrap()
}

fn answering(endpoint: &str, answer: impl Into<Answer>) -> (Arc<Script>, BaiduAlliance) {
    let script = Script::new().on(endpoint, [answer.into()]);
    let alliance = member(&script);
    (script, alliance)
}

#[tokio::test]
async fn requests_and_their_plans() {
    let script = Script::new()
        .on(APPS, [SAMPLE_OF_APPS])
        .on(PACKAGES, [SAMPLE_OF_PACKAGES])
        .on(PACKAGE, [detail(201, 4)])
        .on("oss/unmodelled", [data("{}")]);
    let alliance = member(&script);
    let (app, other) = (AppId::from("111111"), AppId::from("222222"));
    let by_id = PackageQuery::Id("201".into());
    let by_status = PackageQuery::Status(4);
    alliance.alliance_apps(&[app.clone(), other.clone()]).await.unwrap();
    alliance.alliance_packages(&app).await.unwrap();
    alliance.alliance_package(&app, &by_id).await.unwrap();
    alliance.alliance_package(&app, &by_status).await.unwrap();
    let sent = script.sent();
    insta::assert_snapshot!("alliance_requests", serde_json::to_string_pretty(&sent).unwrap());
    let reads = [
        AllianceRead::Apps(vec![app.clone(), other]),
        AllianceRead::Packages(app.clone()),
        AllianceRead::Package(app.clone(), by_id),
        AllianceRead::Package(app, by_status),
    ];
    let planned = reads.iter().flat_map(|read| read.plan().unwrap()).collect::<Vec<_>>();
    assert_eq!(planned, sent, "a plan is what goes out");

    let body = json!({ "app_id": 1, "words": ["活动"] });
    let (post, path) = (http::Method::POST, "/rest/2.0/smartapp/oss/unmodelled");
    let answer = alliance.call(post, path, &[("page", "1")], Some(&body)).await.unwrap();
    assert_eq!(answer["data"], json!({}));
    let sent = serde_json::to_string_pretty(script.sent().last().unwrap()).unwrap();
    insta::assert_snapshot!("alliance_call", sent);
}

#[tokio::test]
async fn the_documents_apps() {
    let (_, alliance) = answering(APPS, SAMPLE_OF_APPS);
    let apps = alliance.alliance_apps(&["111111".into()]).await.unwrap();
    insta::assert_json_snapshot!("alliance_apps", apps);
}

#[tokio::test]
async fn apps_with_values_missing_or_in_another_type() {
    let bare = r#"{"app_id":"2","app_name":null,"photo_addr":"","qualification":{"status":"3"},"category":[],"status":"-1"}"#;
    let newer = r#"{"app_id":3,"photo_addr":"https://b.bdstatic.com/3.jpg","qualification":null,"status":6,"extra":[1]}"#;
    let (_, alliance) = answering(APPS, data(&format!("[{bare},{newer}]")));
    let asked = ["2", "3", "4"].map(AppId::from);
    let apps = alliance.alliance_apps(&asked).await.unwrap();
    let ids: Vec<_> = apps.iter().map(|app| app.app_id.as_ref().unwrap().as_str()).collect();
    assert_eq!(ids, ["2", "3"], "an app that the answer leaves out is not in the list");
    assert_eq!((apps[0].name.as_deref(), apps[0].visit.status), (None, VisitStatus::Closed));
    let qualification = serde_json::to_value(&apps[0].qualification).unwrap();
    assert!(qualification["status"].to_string().contains('3'), "{qualification}");
    assert_eq!(apps[1].visit.raw_status.as_ref().unwrap().code, 6);
    assert_eq!(apps[1].fields["extra"], json!([1]));
    let none = answering(APPS, data("[]")).1.alliance_apps(&asked).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn the_documents_packages() {
    let (_, alliance) = answering(PACKAGES, SAMPLE_OF_PACKAGES);
    let packages = alliance.alliance_packages(&"111111".into()).await.unwrap();
    insta::assert_json_snapshot!("alliance_packages", packages);
    assert_eq!(packages[1].upload.as_ref().unwrap().status, UploadStatus::Processing);
    let (_, alliance) = answering(PACKAGE, detail(201, 5));
    let package = alliance.alliance_package(&"111111".into(), &PackageQuery::Id("201".into())).await.unwrap();
    assert_eq!((package.stage, package.package_id.unwrap().as_str()), (Stage::Rejected, "201"));
}

#[tokio::test]
async fn answers_that_cannot_be_true() {
    let app = AppId::from("111111");
    let (_, alliance) = answering(PACKAGE, data(&package(202, "1.2.7", 4)));
    let error = alliance.alliance_package(&app, &PackageQuery::Id("201".into())).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("data.package_id")));
    for none in ["null", "{}", r#""""#, "[]"] {
        let (_, alliance) = answering(APPS, data(none));
        assert_eq!(alliance.alliance_apps(std::slice::from_ref(&app)).await.unwrap(), [], "{none}");
    }
    for answer in ["7", r#""none""#, "true"] {
        let (_, alliance) = answering(APPS, data(answer));
        let error = alliance.alliance_apps(std::slice::from_ref(&app)).await.unwrap_err();
        let told = (error.kind(), error.outcome(), error.operation().to_owned());
        assert_eq!(told, (ErrorKind::Protocol, Outcome::NotDone, "alliance_apps".to_owned()), "{answer}");
        assert!(error.field().is_some_and(|field| field.starts_with("data")), "{answer}: {error}");
    }
    let (_, alliance) = answering(PACKAGES, r#"{"errno":0,"msg":"success"}"#);
    assert_eq!(alliance.alliance_packages(&app).await.unwrap(), []);
}

#[tokio::test]
async fn an_odd_app_costs_its_own_fields_and_not_the_answer() {
    let apps = r#"[{"app_id":1,"status":1,"app_name":"a"},{"app_id":2},{"status":"odd","category":[{"category_id":[7]}]}]"#;
    let (_, alliance) = answering(APPS, data(apps));
    let apps = alliance.alliance_apps(&["1".into(), "2".into()]).await.unwrap();
    let visits: Vec<_> = apps.iter().map(|app| (app.visit.status, app.visit.raw_status.is_some())).collect();
    let unknown = (VisitStatus::Unknown, false);
    assert_eq!(visits, [(VisitStatus::Open, true), unknown, unknown]);
    assert_eq!(apps[1].app_id, Some("2".into()));
    assert_eq!((&apps[2].app_id, apps[2].categories[0].id), (&None, None));
    assert_eq!(apps[2].fields["status"], "odd", "it is kept as it came");
}

#[tokio::test]
async fn a_refusal_keeps_the_vendors_code_and_words() {
    let (script, alliance) = answering(APPS, r#"{"errno":40001,"msg":"参数错误"}"#);
    let error = alliance.alliance_apps(&["1".into()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.vendor_error().unwrap().message, "参数错误");
    assert_eq!((error.outcome(), script.count(APPS)), (Outcome::NotDone, 1));
}

#[tokio::test]
async fn arguments_are_refused_before_any_request() {
    let script = Script::new();
    let alliance = member(&script);
    let none = alliance.alliance_apps(&[]).await.unwrap_err();
    assert_eq!((none.kind(), none.field()), (ErrorKind::InvalidArgument, Some("app_ids")));
    assert_eq!(AllianceRead::Apps(Vec::new()).plan().unwrap_err().field(), Some("app_ids"));
    for id in ["", "abc", "1,2", "-1", "0", " 1", "9223372036854775808"] {
        let apps = alliance.alliance_apps(&["1".into(), id.into()]).await.unwrap_err();
        let packages = alliance.alliance_packages(&id.into()).await.unwrap_err();
        let package = alliance.alliance_package(&id.into(), &PackageQuery::Status(1)).await.unwrap_err();
        let by_id = PackageQuery::Id(id.into());
        let package_id = alliance.alliance_package(&"1".into(), &by_id).await.unwrap_err();
        let fields = [&apps, &packages, &package, &package_id].map(|error| {
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::InvalidArgument, Outcome::NotSent),
                "{id}"
            );
            error.field().unwrap().to_owned()
        });
        assert_eq!(fields, ["app_ids", "app_id", "app_id", "package_id"], "{id}");
    }
    for (body, field) in [(json!({ "access_token": "x" }), "access_token"), (json!([1]), "body")] {
        let post = http::Method::POST;
        let error = alliance.call(post, "/rest/2.0/x", &[], Some(&body)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(field)));
    }
    assert!(script.sent().is_empty());
}
