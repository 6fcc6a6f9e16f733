//! The calls of the token chain: requests, every form of response, the meaning of refusals.

use std::sync::Arc;
use std::time::Duration;

use baidu_smartapp::values::PushStatus;
use baidu_smartapp::{BAIDU, BaiduAuthorization, MissedPushQuery};
use miniprogram_core::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerPage, PlatformAuth, PreAuthorizationCode, Recovery,
    RefreshTokenUse,
};
use miniprogram_core::clock::VirtualClock;
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::{BaseUrl, Transport};
use miniprogram_core::{AppId, ClientConfig, ErrorKind, Outcome, Result, Retry, Secret, Timestamp};
use serde_json::{Value, json};

use crate::support::{APP, Answer, BUSY, DONE, PLATFORM_TOKEN, Script, TOKEN, data};

const CLIENT_ID: &str = "the-platforms-own-public-key";
const TICKET: &str = "canary-ticket";
const CODE: &str = "canary-code";
const REFRESH: &str = "46.canary-refresh-token";

const TOKEN_PATH: &str = "/public/2.0/smartapp/auth/tp/token";
const PRE_PATH: &str = "tp/createpreauthcode";
const OAUTH: &str = "/rest/2.0/oauth/token";
const INFO: &str = "app/info";
const RETRIEVE: &str = "auth/retrieve/authorizationcode";
const KEPT: &str = "pushmsg/getmsg";

fn api(script: &Arc<Script>) -> BaiduAuthorization {
    let config = ClientConfig::without_tokens("17328232")
        .with_transport(Arc::clone(script) as Arc<dyn Transport>)
        .with_clock(Arc::new(VirtualClock::new(Timestamp::from_unix(1_700_000_000))))
        .with_seed(7);
    BaiduAuthorization::new(config, CLIENT_ID).unwrap()
}

fn api_of(endpoint: &str, answer: impl Into<Answer>) -> BaiduAuthorization {
    api(&Script::new().on(endpoint, [answer]))
}

fn platform() -> PlatformAuth {
    AccessToken::new(PLATFORM_TOKEN).unwrap().into()
}

fn authorizer() -> AccessToken {
    AccessToken::new(TOKEN).unwrap()
}

fn app() -> AppId {
    AppId::from(APP)
}

const GRANTED: &str =
    r#"{"access_token":"45.canary-access","refresh_token":"46.canary-next","expires_in":3600}"#;

/// Calls a method that queries the vendor, and returns its error.
async fn call(api: &BaiduAuthorization, operation: &str) -> Result<()> {
    match operation {
        "platform_token" => api.platform_token(Some(&Secret::new(TICKET))).await.map(drop),
        "pre_authorization_code" => api.pre_authorization_code(&platform()).await.map(drop),
        "exchange" => api.exchange(&platform(), &Secret::new(CODE)).await.map(drop),
        "refresh" => api.refresh(&platform(), &app(), &Secret::new(REFRESH)).await.map(drop),
        "recover" => api.recover(&platform(), &app()).await.map(drop),
        "authorizer_info" => {
            api.authorizer_info(&platform(), Some(&app()), Some(&authorizer())).await.map(drop)
        }
        other => panic!("{other} is no method"),
    }
}

fn info(app_id: Value) -> String {
    let fields = json!({
        "app_id": app_id, "app_name": "面包店", "status": 1,
        "qualification": { "name": "北京面包有限公司", "type": 2, "satus": 1 },
        "auth_info": [{ "scope_name": "小程序基础信息管理", "type": 0 }, { "scope_name": "开发管理", "type": 9 }, { "type": 1 }],
        "some_token": "canary",
    });
    data(&fields.to_string())
}

/// Each method, its endpoint and a successful response.
fn methods() -> Vec<(&'static str, &'static str, String)> {
    vec![
        (
            "platform_token",
            TOKEN_PATH,
            data(r#"{"access_token":"42.t","expires_in":2592000,"scope":"public"}"#),
        ),
        ("pre_authorization_code", PRE_PATH, data(r#"{"pre_auth_code":"p","expires_in":1200}"#)),
        ("exchange", OAUTH, GRANTED.to_owned()),
        ("refresh", OAUTH, GRANTED.to_owned()),
        ("recover", RETRIEVE, data(r#"{"authorization_code":"canary-new-code","expires_in":18000}"#)),
        ("authorizer_info", INFO, info(json!(APP))),
    ]
}

#[tokio::test]
async fn what_is_sent_is_as_recorded_and_shows_no_secret() {
    let mut sent = Vec::new();
    for (operation, endpoint, answer) in methods() {
        let script = Script::new().on(endpoint, [answer]);
        call(&api(&script), operation).await.unwrap_or_else(|error| panic!("{operation}: {error:#}"));
        let token = match script.tokens().first().map(String::as_str) {
            None => "none",
            Some(PLATFORM_TOKEN) => "that of the platform",
            Some(TOKEN) => "that of the app",
            Some(_) => "another",
        };
        sent.push(json!({ "operation": operation, "request": script.sent()[0], "token": token }));
    }
    let sent = serde_json::to_string_pretty(&sent).unwrap();
    insta::assert_snapshot!("authorization", sent);
    assert!(!sent.contains("canary"), "{sent}");
}

#[tokio::test]
async fn the_secrets_arrive_at_the_vendor() {
    for (operation, endpoint, secret) in [
        ("platform_token", TOKEN_PATH, format!("ticket={TICKET}")),
        ("exchange", OAUTH, format!("code={CODE}")),
        ("refresh", OAUTH, format!("refresh_token={REFRESH}")),
    ] {
        let script = Script::new().on(endpoint, [r#"{"errno":40008,"msg":"ip"}"#]);
        call(&api(&script), operation).await.unwrap_err();
        assert!(script.last_query().contains(&secret), "{operation}");
    }
}

#[tokio::test]
async fn a_platform_token_is_read_in_every_form() {
    for answer in [
        r#"{"errno":0,"msg":"success","data":{"access_token":"42.t","expires_in":2592000,"scope":null}}"#,
        r#"{"errno":"0","data":{"access_token":"42.t","expires_in":"2592000","more":[]},"traceId":7}"#,
    ] {
        let token = api_of(TOKEN_PATH, answer).platform_token(Some(&Secret::new(TICKET))).await.unwrap();
        assert_eq!(token.token.secret().expose(), "42.t");
        assert_eq!(token.expires_in, Some(Duration::from_secs(2_592_000)));
    }
}

#[tokio::test]
async fn a_platform_token_that_is_none_is_a_protocol_error_after_three_attempts() {
    for (answer, field) in [
        (json!({ "access_token": "", "expires_in": 1 }), "data.access_token"),
        (json!({ "access_token": null, "expires_in": 1 }), "data.access_token"),
        (json!({ "expires_in": 1 }), "data.access_token"),
        (json!({ "access_token": ["canary"], "expires_in": 1 }), "data.access_token"),
        (json!({ "access_token": "canary x", "expires_in": 1 }), "data.access_token"),
        (json!({ "access_token": "canary" }), "data.expires_in"),
        (json!({ "access_token": "canary", "expires_in": "" }), "data.expires_in"),
        (json!({ "access_token": "canary", "expires_in": 0 }), "data.expires_in"),
        (json!({ "access_token": "canary", "expires_in": "-3" }), "data.expires_in"),
        (json!("canary"), "data"),
        (Value::Null, "data"),
        (json!([]), "data.access_token"),
    ] {
        let api = api_of(TOKEN_PATH, data(&answer.to_string()));
        let error = api.platform_token(Some(&Secret::new(TICKET))).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone), "{answer}");
        assert_eq!((error.field(), error.vendor()), (Some(field), Some(BAIDU)), "{answer}");
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
    let script = Script::new().on(TOKEN_PATH, [r#"{"access_token":"42.t"}"#]);
    let error = call(&api(&script), "platform_token").await.unwrap_err();
    assert_eq!((error.kind(), script.count(TOKEN_PATH)), (ErrorKind::Protocol, 3));
}

#[tokio::test]
async fn a_pre_authorization_code_lives_as_long_as_the_answer_says() {
    let code = api_of(PRE_PATH, data(r#"{"pre_auth_code":"canary-pre","expires_in":"1200"}"#));
    let code = code.pre_authorization_code(&platform()).await.unwrap().unwrap();
    assert_eq!((code.code.expose(), code.expires_in), ("canary-pre", Duration::from_secs(1200)));
    assert!(!format!("{code:?}").contains("canary"));
}

#[tokio::test]
async fn an_exchange_and_a_refresh_bring_both_tokens() {
    let extra = r#"{"access_token":"45.canary-access","refresh_token":"46.canary-next","expires_in":"3600","scope":"","session_key":null}"#;
    for answer in [GRANTED, extra] {
        let api = api_of(OAUTH, answer);
        let exchanged = api.exchange(&platform(), &Secret::new(CODE)).await.unwrap();
        let refreshed = api.refresh(&platform(), &app(), &Secret::new(REFRESH)).await.unwrap();
        assert_eq!(exchanged, refreshed);
        assert!(!format!("{exchanged:?}").contains("canary"));
        assert_eq!((exchanged.app, exchanged.permissions), (None, Vec::new()));
        assert_eq!(exchanged.refresh_token.unwrap().expose(), "46.canary-next");
        let access = exchanged.access.unwrap();
        assert_eq!(access.token.secret().expose(), "45.canary-access");
        assert_eq!(access.expires_in, Some(Duration::from_secs(3600)));
    }
}

#[tokio::test]
async fn an_exchange_or_a_refresh_that_cannot_be_read_is_unknown_and_sent_once() {
    for (answer, field) in [
        (r#"{"refresh_token":"46.canary","expires_in":3600}"#, None),
        (r#"{"access_token":"","refresh_token":"46.canary","expires_in":3600}"#, None),
        (r#"{"errno":0,"access_token":"","refresh_token":"46.canary","expires_in":1}"#, Some("access_token")),
        (r#"{"access_token":"45 canary","refresh_token":"46.canary","expires_in":1}"#, Some("access_token")),
        (r#"{"access_token":"45.canary","expires_in":3600}"#, Some("refresh_token")),
        (r#"{"access_token":"45.canary","refresh_token":"","expires_in":3600}"#, Some("refresh_token")),
        (r#"{"access_token":"45.canary","refresh_token":null,"expires_in":3600}"#, Some("refresh_token")),
        (r#"{"access_token":"45.canary","refresh_token":{},"expires_in":3600}"#, Some("refresh_token")),
        (r#"{"access_token":"45.canary","refresh_token":"46.canary"}"#, Some("expires_in")),
        (r#"{"access_token":"45.canary","refresh_token":"46.canary","expires_in":0}"#, Some("expires_in")),
        (r#"{"access_token":"45.canary","refresh_token":"46.canary","expires_in":"x"}"#, Some("expires_in")),
        ("<html></html>", None),
    ] {
        for operation in ["exchange", "refresh"] {
            let script = Script::new().on(OAUTH, [answer]);
            let error = call(&api(&script), operation).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown), "{answer}");
            assert_eq!((error.field(), script.count(OAUTH)), (field, 1), "{answer}");
            assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_again_where_that_is_harmless_and_else_told() {
    for (operation, endpoint, success) in methods() {
        let once = ["exchange", "refresh"].contains(&operation);
        for lost in [Answer::Lost, Answer::from(BUSY), Answer::Body(502, Vec::new())] {
            let script = Script::new().on(endpoint, [lost.clone(), Answer::from(success.clone())]);
            let result = call(&api(&script), operation).await;
            match once {
                true => assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown, "{operation} {lost:?}"),
                false => result.unwrap_or_else(|error| panic!("{operation} {lost:?}: {error:#}")),
            }
            assert_eq!(script.count(endpoint), if once { 1 } else { 2 }, "{operation} {lost:?}");
        }
        let error = call(&api_of(endpoint, Answer::Unreachable), operation).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent, "{operation}");
    }
}

#[tokio::test]
async fn a_refusal_means_what_it_means_to_the_call() {
    use ErrorKind::{InvalidArgument, NotFound, PermissionDenied, TokenRejected, Unauthorized};
    let gateway = |code: i64| json!({ "error_code": code, "error_msg": "words" });
    let errno = |code: i64| json!({ "errno": code, "msg": "words" });
    let oauth = |word: &str, words: &str| json!({ "error": word, "error_description": words });
    let given = ["pre_authorization_code", "exchange", "refresh", "recover", "authorizer_info"];
    let mut refusals: Vec<(&str, u16, Value, ErrorKind)> = Vec::new();
    for operation in given {
        refusals.extend([100, 110, 111].map(|code| (operation, 200, gateway(code), TokenRejected)));
    }
    refusals.extend([502, 50001, 50003].map(|code| ("platform_token", 200, errno(code), TokenRejected)));
    refusals.push(("platform_token", 200, errno(50002), NotFound));
    for operation in ["exchange", "refresh"] {
        refusals.extend([
            (operation, 400, oauth("invalid_grant", "Invalid code"), Unauthorized),
            (operation, 200, oauth("expired_token", ""), Unauthorized),
            (operation, 400, oauth("invalid_client", "unknown client id"), PermissionDenied),
        ]);
    }
    refusals.extend([
        ("refresh", 400, oauth("invalid_request", "Invalid Refresh Token"), Unauthorized),
        ("refresh", 400, oauth("invalid_request", "parameter missing"), InvalidArgument),
        ("recover", 200, errno(50032), Unauthorized),
        ("pre_authorization_code", 400, oauth("invalid_client", "words"), PermissionDenied),
    ]);
    for (operation, status, body, kind) in refusals {
        let (_, endpoint, _) = methods().into_iter().find(|(method, ..)| *method == operation).unwrap();
        let script = Script::new().on(endpoint, [Answer::Body(status, body.to_string().into_bytes())]);
        let error = call(&api(&script), operation).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotDone), "{operation} {body}");
        assert_eq!((error.operation(), error.vendor()), (operation, Some(BAIDU)), "{body}");
        assert_eq!(script.count(endpoint), 1, "{operation} {body}");
    }
}

#[tokio::test]
async fn a_refused_ticket_replaces_no_token() {
    let api = api_of(TOKEN_PATH, r#"{"errno":502,"msg":"Client authentication failed"}"#);
    let error = call(&api, "platform_token").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::TokenRejected, Retry::AfterChange));
    assert!(error.advice().contains("newest ticket"), "{}", error.advice());
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_the_vendor_repeats() {
    for (operation, endpoint, secret) in
        [("platform_token", TOKEN_PATH, TICKET), ("exchange", OAUTH, CODE), ("refresh", OAUTH, REFRESH)]
    {
        let words = format!("{secret} is bad");
        let answer = json!({ "error": "invalid_request", "error_description": words }).to_string();
        let error = call(&api_of(endpoint, answer), operation).await.unwrap_err();
        let printed = format!("{error} {error:#} {error:?}");
        assert!(printed.contains("*** is bad") && !printed.contains("canary"), "{printed}");
    }
    let answer = json!({ "error_code": 110, "error_msg": format!("{PLATFORM_TOKEN} invalid") }).to_string();
    let error = call(&api_of(RETRIEVE, answer), "recover").await.unwrap_err();
    assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn nothing_is_sent_for_what_is_empty_or_unsupported() {
    let script = Script::new();
    let (api, platform, none) = (api(&script), platform(), Secret::new(""));
    for error in [
        api.platform_token(Some(&none)).await.unwrap_err(),
        api.platform_token(None).await.unwrap_err(),
        api.authorization_url(None, &AuthorizationRequest::new("https://shop.example")).unwrap_err(),
        api.pre_authorization_code(&PlatformAuth::Signed).await.unwrap_err(),
        api.exchange(&PlatformAuth::Signed, &Secret::new(CODE)).await.unwrap_err(),
        api.refresh(&PlatformAuth::Signed, &app(), &Secret::new(REFRESH)).await.unwrap_err(),
        api.recover(&PlatformAuth::Signed, &app()).await.unwrap_err(),
        api.exchange(&platform, &none).await.unwrap_err(),
        api.refresh(&platform, &app(), &none).await.unwrap_err(),
        api.refresh(&platform, &"".into(), &Secret::new(REFRESH)).await.unwrap_err(),
        api.recover(&platform, &"wx1".into()).await.unwrap_err(),
        api.authorizer_info(&platform, Some(&app()), None).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
        assert!(error.field().is_some(), "{error:#}");
    }
    for error in [
        api.start_ticket_push().await.unwrap_err(),
        api.authorizers(&platform, AuthorizerPage::new(0, 500)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    assert_eq!(script.sent(), []);
}

#[test]
fn a_platform_without_id_or_key_is_a_configuration_error() {
    for (id, key, field) in [("", "k", "platform_id"), ("7", " ", "client_id")] {
        let error = BaiduAuthorization::new(ClientConfig::without_tokens(id), key).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
    }
    let api = BaiduAuthorization::new(ClientConfig::without_tokens("17328232"), CLIENT_ID).unwrap();
    assert_eq!((api.platform_id().as_str(), api.vendor()), ("17328232", BAIDU));
    assert_eq!(api.refresh_token_use(), RefreshTokenUse::SingleUse);
}

#[tokio::test]
async fn who_authorized_is_told_without_any_token() {
    for (app_id, asked) in [(json!(APP), Some(app())), (json!(100_000_282), Some(app())), (json!(APP), None)]
    {
        let api = api_of(INFO, info(app_id));
        let found = api.authorizer_info(&platform(), asked.as_ref(), Some(&authorizer())).await.unwrap();
        assert_eq!((found.app_id, found.alias), (app(), None));
        assert_eq!(found.name.as_deref(), Some("面包店"));
        assert_eq!(found.principal.as_deref(), Some("北京面包有限公司"));
        let permissions: Vec<_> = found.permissions.iter().map(|granted| granted.id.as_str()).collect();
        assert_eq!(permissions, ["小程序基础信息管理", "开发管理"]);
        assert_eq!(found.details["auth_info"][1]["type"], 9);
        assert!(!found.details.to_string().contains("canary"), "{}", found.details);
    }
}

#[tokio::test]
async fn the_information_must_be_about_the_app_that_was_asked_for() {
    for app_id in [json!(7), Value::Null] {
        let error = call(&api_of(INFO, info(app_id)), "authorizer_info").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone));
        assert_eq!(error.field(), Some("data.app_id"));
    }
}

#[tokio::test]
async fn a_lost_authorization_comes_back_as_a_code() {
    let (_, _, answer) = methods().remove(4);
    let found = api_of(RETRIEVE, answer).recover(&platform(), &app()).await.unwrap();
    assert_eq!(found, Recovery::AuthorizationCode(Secret::new("canary-new-code")));
    for odd in [r#"{"authorization_code":""}"#, r#"{"expires_in":18000}"#, "null", r#""canary""#] {
        let error = call(&api_of(RETRIEVE, data(odd)), "recover").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone), "{odd}");
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
}

fn code() -> PreAuthorizationCode {
    PreAuthorizationCode::new(Secret::new("pre-1"), Duration::from_secs(1200))
}

#[test]
fn the_authorization_page_is_as_documented() {
    let api = api(&Script::new());
    let request = AuthorizationRequest::new("https://platform.example.com/back?x=1&y=店");
    let url = api.authorization_url(Some(&code()), &request).unwrap();
    insta::assert_snapshot!(url, @"https://smartprogram.baidu.com/mappconsole/tp/authorization?client_id=the-platforms-own-public-key&pre_auth_code=pre-1&redirect_uri=https%3A%2F%2Fplatform.example.com%2Fback%3Fx%3D1%26y%3D%E5%BA%97");
    assert_eq!(api.authorization_url(Some(&code()), &request.clone().mobile()).unwrap(), url);
    let extra = request.with_extra("type", "1").with_extra("user_id", "7");
    let url = api.authorization_url(Some(&code()), &extra).unwrap();
    assert!(url.ends_with("&type=1&user_id=7"), "{url}");
    let api = api.with_page_base(BaseUrl::parse("http://127.0.0.1:8080").unwrap());
    let url = api.authorization_url(Some(&code()), &extra).unwrap();
    assert!(url.starts_with("http://127.0.0.1:8080/mappconsole/tp/authorization?client_id="), "{url}");
}

#[test]
fn a_page_that_cannot_be_is_refused() {
    let api = api(&Script::new());
    let request = AuthorizationRequest::new("https://platform.example.com/back");
    for request in [
        request.clone().with_extra("client_id", "x"),
        request.clone().with_extra("pre_auth_code", "x"),
        request.clone().with_extra("redirect_uri", "x"),
        request.clone().with_extra("type", "1").with_extra("type", "1"),
        request.clone().with_extra("", "1"),
        AuthorizationRequest::new("/back"),
        AuthorizationRequest::new("ftp://platform.example.com"),
    ] {
        let error = api.authorization_url(Some(&code()), &request).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
        assert!(error.field().is_some(), "{request:?}");
    }
    let error = api.authorization_url(Some(&code()), &request.with_app(APP)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("app")));
}

#[tokio::test]
async fn kept_pushes_are_read_in_every_form() {
    let list = r#"{"page":1,"pageSize":100,"count":"2","list":[
        {"id":7,"content":"oux7","status":2},{"id":"8","content":"GCr6","status":"9","more":null},
        {"id":9,"content":"abcd","status":""},{"content":"no id"}]}"#;
    let script = Script::new().on(KEPT, [data(list)]);
    let query = MissedPushQuery::new()
        .between(Timestamp::from_unix(1_700_000_000), Timestamp::from_unix(1_700_604_800))
        .failed_only()
        .page(100, 50);
    let read = script.platform().missed_pushes(&query).await.unwrap();
    assert_eq!(read.count, Some(2));
    let pushes: Vec<_> = read
        .pushes
        .iter()
        .map(|push| {
            let status = push.status.as_ref().map(|status| (status.value, status.raw.code.as_number()));
            (push.id.as_str(), status, push.content.as_str())
        })
        .collect();
    let (failed, unlisted) = (Some((PushStatus::Failed, Some(2))), Some((PushStatus::Unknown, Some(9))));
    assert_eq!(pushes, [("7", failed, "oux7"), ("8", unlisted, "GCr6"), ("9", None, "abcd")]);
    assert_eq!(script.tokens(), [PLATFORM_TOKEN]);
    assert_eq!(script.last_query(), "push_type=2&offset=100&count=50&start=1700000000&end=1700604800");
    script.platform().missed_pushes(&MissedPushQuery::new()).await.unwrap();
    assert_eq!(script.last_query(), "push_type=1&offset=0&count=100");
    script.platform().missed_pushes(&MissedPushQuery::new().with_ids(["7", "8"])).await.unwrap();
    assert_eq!(script.last_query(), "id_list=7,8");
    let script = Script::new().on(KEPT, [data(r#"{"count":0,"list":null}"#)]);
    assert_eq!(script.platform().missed_pushes(&MissedPushQuery::new()).await.unwrap().pushes, []);
    let none = Script::new().on(KEPT, [DONE]).platform().missed_pushes(&MissedPushQuery::new()).await;
    assert_eq!(none.unwrap().pushes, []);
    let odd = Script::new().on(KEPT, [data("7")]).platform().missed_pushes(&MissedPushQuery::new()).await;
    assert_eq!(odd.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_query_that_baidu_would_not_read_is_refused() {
    let (from, week) = (Timestamp::from_unix(1_700_000_000), Timestamp::from_unix(1_700_604_800));
    let script = Script::new();
    for query in [
        MissedPushQuery::new().between(week, from),
        MissedPushQuery::new().between(from, week.after(Duration::from_secs(1))),
        MissedPushQuery::new().page(0, 0),
        MissedPushQuery::new().page(0, 101),
        MissedPushQuery::new().failed_only().with_ids(["7"]),
        MissedPushQuery::new().with_ids(["7,8"]),
        MissedPushQuery::new().with_ids([""]),
    ] {
        let error = script.platform().missed_pushes(&query).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidArgument, Outcome::NotSent),
            "{query:?}"
        );
    }
    assert_eq!(script.sent(), []);
}
