//! The calls of the token chain: requests, every form of response, the meaning of refusals.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerPage, Grant, PlatformAuth, PreAuthorizationCode,
    Recovery, RefreshTokenUse,
};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::{BaseUrl, Transport};
use miniprogram_core::{AppId, ClientConfig, ErrorKind, Outcome, Result, Retry, Secret};
use serde_json::{Value, json};
use wechat_wxa::{WECHAT, WeChatAuthorization};

use crate::support::*;

const APP_SECRET: &str = "canary-app-secret";
const TICKET: &str = "ticket@@@canary";
const CODE: &str = "queryauthcode@@@canary";
const REFRESH: &str = "refreshtoken@@@canary";
const ACCESS: &str = "canary-authorizer-token";

const TOKEN_PATH: &str = "/cgi-bin/component/api_component_token";
const PUSH_PATH: &str = "/cgi-bin/component/api_start_push_ticket";
const PRE_PATH: &str = "/cgi-bin/component/api_create_preauthcode";
const QUERY_PATH: &str = "/cgi-bin/component/api_query_auth";
const REFRESH_PATH: &str = "/cgi-bin/component/api_authorizer_token";
const INFO_PATH: &str = "/cgi-bin/component/api_get_authorizer_info";
const LIST_PATH: &str = "/cgi-bin/component/api_get_authorizer_list";
const GET_OPTION: &str = "/cgi-bin/component/get_authorizer_option";
const SET_OPTION: &str = "/cgi-bin/component/set_authorizer_option";
const CLEAR: &str = "/cgi-bin/component/clear_quota/v2";

struct Chain {
    api: WeChatAuthorization,
    scene: Scene,
}

fn chain(script: impl IntoIterator<Item = (&'static str, Vec<Answer>)>) -> Chain {
    let scene = stage(script);
    let config = ClientConfig::without_tokens(PLATFORM)
        .with_transport(Arc::clone(&scene.vendor) as Arc<dyn Transport>)
        .with_clock(Arc::new(scene.clock.clone()))
        .with_seed(7);
    Chain { api: WeChatAuthorization::new(config, APP_SECRET).unwrap(), scene }
}

fn chain_of(path: &'static str, answer: Answer) -> Chain {
    chain([(path, vec![answer])])
}

fn token() -> AccessToken {
    AccessToken::new(PLATFORM_TOKEN).unwrap()
}

fn platform() -> PlatformAuth {
    token().into()
}

fn app() -> AppId {
    AppId::from(APP)
}

fn info(authorization: Value) -> Answer {
    body(json!({
        "authorizer_info": {
            "nick_name": "面包店", "user_name": "gh_eb5e3a772040", "principal_name": "北京面包有限公司", "alias": "",
            "service_type_info": { "id": 0 }, "MiniProgramInfo": { "network": {} },
        },
        "authorization_info": authorization,
    }))
}

/// Calls a method that queries the vendor, and returns its error.
async fn call(api: &WeChatAuthorization, operation: &str) -> Result<()> {
    match operation {
        "platform_token" => api.platform_token(Some(&Secret::new(TICKET))).await.map(drop),
        "start_ticket_push" => api.start_ticket_push().await,
        "pre_authorization_code" => api.pre_authorization_code(&platform()).await.map(drop),
        "exchange" => api.exchange(&platform(), &Secret::new(CODE)).await.map(drop),
        "refresh" => api.refresh(&platform(), &app(), &Secret::new(REFRESH)).await.map(drop),
        "recover" => api.recover(&platform(), &app()).await.map(drop),
        "authorizer_info" => api.authorizer_info(&platform(), Some(&app()), None).await.map(drop),
        "authorizers" => api.authorizers(&platform(), AuthorizerPage::new(0, 500)).await.map(drop),
        "authorizer_option" => api.authorizer_option(&token(), &app(), "voice_recognize").await.map(drop),
        "set_authorizer_option" => api.set_authorizer_option(&token(), &app(), "voice_recognize", "1").await,
        "clear_quota_with_secret" => api.clear_quota_with_secret(&app()).await,
        other => panic!("{other} is no method"),
    }
}

/// Each method, its path and a successful response.
fn methods() -> Vec<(&'static str, &'static str, Answer)> {
    vec![
        ("platform_token", TOKEN_PATH, body(json!({ "component_access_token": "t", "expires_in": 7200 }))),
        ("start_ticket_push", PUSH_PATH, ok(json!({}))),
        ("pre_authorization_code", PRE_PATH, body(json!({ "pre_auth_code": "p", "expires_in": 600 }))),
        ("exchange", QUERY_PATH, body(json!({ "authorization_info": { "authorizer_appid": APP } }))),
        ("refresh", REFRESH_PATH, body(json!({ "authorizer_access_token": "t", "expires_in": 7200 }))),
        ("recover", INFO_PATH, info(json!({ "authorizer_appid": APP, "authorizer_refresh_token": REFRESH }))),
        ("authorizer_info", INFO_PATH, info(json!({ "authorizer_appid": APP }))),
        ("authorizers", LIST_PATH, body(json!({ "total_count": 0, "list": [] }))),
        ("authorizer_option", GET_OPTION, body(json!({ "option_value": "1" }))),
        ("set_authorizer_option", SET_OPTION, ok(json!({}))),
        ("clear_quota_with_secret", CLEAR, ok(json!({}))),
    ]
}

#[tokio::test]
async fn what_is_sent_is_as_recorded_and_shows_no_secret() {
    let mut sent = Vec::new();
    for (operation, path, answer) in methods() {
        let chain = chain_of(path, answer);
        call(&chain.api, operation).await.unwrap_or_else(|error| panic!("{operation}: {error:#}"));
        let token = chain.scene.vendor.last_token();
        sent.push(
            json!({ "operation": operation, "request": chain.scene.vendor.requests()[0], "token": token }),
        );
    }
    let sent = serde_json::to_string_pretty(&sent).unwrap().replace(PLATFORM_TOKEN, "that of the platform");
    insta::assert_snapshot!("authorization", sent);
    assert!(!sent.contains("canary"), "{sent}");
}

#[tokio::test]
async fn the_secrets_arrive_at_the_vendor() {
    for (operation, path, secrets) in [
        ("platform_token", TOKEN_PATH, [APP_SECRET, TICKET].as_slice()),
        ("start_ticket_push", PUSH_PATH, &[APP_SECRET]),
        ("exchange", QUERY_PATH, &[CODE]),
        ("refresh", REFRESH_PATH, &[REFRESH]),
        ("clear_quota_with_secret", CLEAR, &[APP_SECRET]),
    ] {
        let chain = chain_of(path, refused(61004));
        call(&chain.api, operation).await.unwrap_err();
        let body = chain.scene.vendor.last_body();
        assert!(secrets.iter().all(|secret| body.contains(secret)), "{operation}");
    }
}

#[tokio::test]
async fn a_platform_token_is_read_in_every_form() {
    for expires_in in [json!(7200), json!("7200")] {
        let answer = json!({ "component_access_token": "t", "expires_in": expires_in, "more": null });
        for answer in [body(answer.clone()), ok(answer)] {
            let token =
                chain_of(TOKEN_PATH, answer).api.platform_token(Some(&Secret::new(TICKET))).await.unwrap();
            assert_eq!(token.token.secret().expose(), "t");
            assert_eq!(token.expires_in, Some(Duration::from_secs(7200)));
        }
    }
}

#[tokio::test]
async fn a_platform_token_that_is_none_is_a_protocol_error_after_three_attempts() {
    for (answer, field) in [
        (json!({ "component_access_token": "", "expires_in": 7200 }), "component_access_token"),
        (json!({ "component_access_token": null, "expires_in": 7200 }), "component_access_token"),
        (json!({ "expires_in": 7200 }), "component_access_token"),
        (json!({ "component_access_token": {}, "expires_in": 7200 }), "component_access_token"),
        (json!({ "component_access_token": "canary x", "expires_in": 7200 }), "component_access_token"),
        (json!({ "component_access_token": "canary" }), "expires_in"),
        (json!({ "component_access_token": "canary", "expires_in": null }), "expires_in"),
        (json!({ "component_access_token": "canary", "expires_in": 0 }), "expires_in"),
        (json!({ "component_access_token": "canary", "expires_in": -1 }), "expires_in"),
        (json!({ "component_access_token": "canary", "expires_in": "soon" }), "expires_in"),
    ] {
        let chain = chain_of(TOKEN_PATH, ok(answer.clone()));
        let error = chain.api.platform_token(Some(&Secret::new(TICKET))).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone), "{answer}");
        assert_eq!(error.field(), Some(field), "{answer}");
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
    let chain = chain_of(TOKEN_PATH, body(json!({ "component_access_token": "" })));
    let error = chain.api.platform_token(Some(&Secret::new(TICKET))).await.unwrap_err();
    assert_eq!((error.kind(), chain.scene.vendor.count(TOKEN_PATH)), (ErrorKind::Protocol, 3));
}

#[tokio::test]
async fn a_pre_authorization_code_lives_as_long_as_the_answer_says() {
    let answer = body(json!({ "pre_auth_code": "preauthcode@@@canary", "expires_in": 600 }));
    let code = chain_of(PRE_PATH, answer).api.pre_authorization_code(&platform()).await.unwrap().unwrap();
    assert_eq!((code.code.expose(), code.expires_in), ("preauthcode@@@canary", Duration::from_secs(600)));
    assert!(!format!("{code:?}").contains("canary"));
}

fn granted(fields: Value) -> Answer {
    let mut info = json!({ "authorizer_appid": APP });
    info.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body(json!({ "authorization_info": info }))
}

async fn exchanged(fields: Value) -> Result<Grant> {
    chain_of(QUERY_PATH, granted(fields)).api.exchange(&platform(), &Secret::new(CODE)).await
}

#[tokio::test]
async fn an_exchange_brings_what_was_granted() {
    let grant = exchanged(json!({
        "authorizer_access_token": ACCESS, "expires_in": "7200", "authorizer_refresh_token": REFRESH,
        "func_info": [
            { "funcscope_category": { "id": 18, "type": 1, "name": "开发管理权限", "desc": "d" } },
            { "funcscope_category": { "id": "30" }, "confirm_info": { "need_confirm": 0 } },
            { "funcscope_category": { "id": null } },
            7,
        ],
        "more": {},
    }));
    let grant = grant.await.unwrap();
    assert_eq!(grant.app, Some(app()));
    let access = grant.access.unwrap();
    assert_eq!(
        (access.token.secret().expose(), access.expires_in),
        (ACCESS, Some(Duration::from_secs(7200)))
    );
    assert_eq!(grant.refresh_token.unwrap().expose(), REFRESH);
    let permissions: Vec<_> = grant.permissions.iter().map(|p| (p.id.as_str(), p.name.as_deref())).collect();
    assert_eq!(permissions, [("18", Some("开发管理权限")), ("30", None)]);
}

#[tokio::test]
async fn an_app_without_api_permissions_has_no_access_token_and_an_empty_refresh_token_is_none() {
    for fields in [
        json!({}),
        json!({ "authorizer_access_token": "", "authorizer_refresh_token": "", "func_info": null }),
        json!({ "authorizer_access_token": null, "expires_in": 0, "authorizer_refresh_token": null }),
    ] {
        let grant = exchanged(fields.clone()).await.unwrap();
        assert_eq!(grant, Grant::new().with_app(Some(app())), "{fields}");
    }
}

#[tokio::test]
async fn an_exchange_that_cannot_be_read_is_unknown_and_sent_once() {
    for (answer, field) in [
        (json!({}), None),
        (json!({ "authorization_info": null }), None),
        (json!({ "errcode": 0, "authorization_info": null }), Some("authorization_info")),
        (json!({ "authorization_info": {} }), Some("authorization_info.authorizer_appid")),
        (
            json!({ "authorization_info": { "authorizer_appid": APP, "authorizer_access_token": "canary" } }),
            Some("authorization_info.expires_in"),
        ),
        (
            json!({ "authorization_info": { "authorizer_appid": APP, "authorizer_access_token": "a canary", "expires_in": 1 } }),
            Some("authorization_info.authorizer_access_token"),
        ),
    ] {
        let chain = chain_of(QUERY_PATH, body(answer.clone()));
        let error = chain.api.exchange(&platform(), &Secret::new(CODE)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown), "{answer}");
        assert_eq!(error.field(), field, "{answer}");
        assert_eq!(chain.scene.vendor.count(QUERY_PATH), 1, "{answer}");
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
}

async fn refreshed(answer: Answer) -> Result<Grant> {
    chain_of(REFRESH_PATH, answer).api.refresh(&platform(), &app(), &Secret::new(REFRESH)).await
}

#[tokio::test]
async fn a_refresh_brings_a_token_and_perhaps_a_refresh_token() {
    let token = json!({ "authorizer_access_token": ACCESS, "expires_in": 7200 });
    for (refresh_token, kept) in
        [(json!("refreshtoken@@@next"), Some("refreshtoken@@@next")), (json!(""), None), (Value::Null, None)]
    {
        let mut answer = token.clone();
        answer["authorizer_refresh_token"] = refresh_token;
        let grant = refreshed(body(answer)).await.unwrap();
        assert_eq!(grant.access.unwrap().token.secret().expose(), ACCESS);
        assert_eq!(grant.refresh_token.as_ref().map(Secret::expose), kept);
        assert_eq!(grant.app, None);
    }
    assert_eq!(refreshed(body(token.clone())).await.unwrap().refresh_token, None);
    let mut named = token;
    named["authorizer_appid"] = json!(APP);
    assert_eq!(refreshed(body(named)).await.unwrap().app, Some(app()));
}

#[tokio::test]
async fn a_refresh_without_a_token_or_for_another_app_is_unknown() {
    for (answer, field) in [
        (json!({ "expires_in": 7200, "authorizer_refresh_token": REFRESH }), None),
        (json!({ "authorizer_access_token": "", "expires_in": 7200 }), None),
        (json!({ "errcode": 0, "authorizer_access_token": "" }), Some("authorizer_access_token")),
        (json!({ "authorizer_access_token": ACCESS }), Some("expires_in")),
        (
            json!({ "authorizer_access_token": ACCESS, "expires_in": 1, "authorizer_appid": "wx2" }),
            Some("authorizer_appid"),
        ),
    ] {
        let chain = chain_of(REFRESH_PATH, body(answer.clone()));
        let error = call(&chain.api, "refresh").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown), "{answer}");
        assert_eq!((error.field(), chain.scene.vendor.count(REFRESH_PATH)), (field, 1), "{answer}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_again_where_that_is_harmless_and_else_told() {
    for (operation, path, success) in methods() {
        let once =
            ["exchange", "refresh", "set_authorizer_option", "clear_quota_with_secret"].contains(&operation);
        for lost in [Answer::Timeout, Answer::Cut, refused(-1), Answer::Body(502, "text/html", Vec::new())] {
            let chain = chain([(path, vec![lost.clone(), success.clone()])]);
            let result = call(&chain.api, operation).await;
            match once {
                true => assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown, "{operation} {lost:?}"),
                false => result.unwrap_or_else(|error| panic!("{operation} {lost:?}: {error:#}")),
            }
            assert_eq!(chain.scene.vendor.count(path), if once { 1 } else { 2 }, "{operation} {lost:?}");
        }
        let chain = chain_of(path, Answer::Unreachable);
        assert_eq!(call(&chain.api, operation).await.unwrap_err().outcome(), Outcome::NotSent, "{operation}");
    }
}

#[tokio::test]
async fn a_refusal_means_what_it_means_to_the_call() {
    use ErrorKind::{Config, PermissionDenied, QuotaExhausted, TokenRejected, Unauthorized};
    let with_platform_token =
        ["pre_authorization_code", "exchange", "refresh", "recover", "authorizer_info", "authorizers"];
    let tokens = [40001, 40014, 41001, 41021, 42001, 42006, 61014];
    let refusals = with_platform_token
        .iter()
        .flat_map(|operation| tokens.map(|code| (*operation, code, TokenRejected)))
        .chain([40091, 61005, 61006, 61058].map(|code| ("platform_token", code, TokenRejected)))
        .chain([40029, 40116, 40163, 42003, 61009, 61010].map(|code| ("exchange", code, Unauthorized)))
        .chain([40030, 42002, 42007, 61003, 61023].map(|code| ("refresh", code, Unauthorized)))
        .chain(["recover", "authorizer_info"].map(|operation| (operation, 61003, Unauthorized)))
        .chain([40001, 40125].map(|code| ("platform_token", code, Config)))
        .chain(["start_ticket_push", "clear_quota_with_secret"].map(|operation| (operation, 40001, Config)))
        .chain([("exchange", 61004, PermissionDenied), ("refresh", 45009, QuotaExhausted)]);
    for (operation, code, kind) in refusals {
        let (_, path, _) = methods().into_iter().find(|(method, ..)| *method == operation).unwrap();
        let chain = chain_of(path, refused(code));
        let error = call(&chain.api, operation).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotDone), "{operation} {code}");
        assert_eq!((error.operation(), error.vendor()), (operation, Some(WECHAT)), "{code}");
        assert_eq!(chain.scene.vendor.count(path), 1, "{operation} {code}");
    }
}

#[tokio::test]
async fn a_refused_ticket_replaces_no_token() {
    let error = call(&chain_of(TOKEN_PATH, refused(61006)).api, "platform_token").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::TokenRejected, Retry::AfterChange));
    assert!(error.advice().contains("newest"), "{}", error.advice());
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_the_vendor_repeats() {
    for (operation, path, secrets) in [
        ("platform_token", TOKEN_PATH, [APP_SECRET, TICKET]),
        ("exchange", QUERY_PATH, [CODE, PLATFORM_TOKEN]),
        ("refresh", REFRESH_PATH, [REFRESH, PLATFORM_TOKEN]),
    ] {
        let words = format!("{} and {} are bad", secrets[0], secrets[1]);
        let chain = chain_of(path, body(json!({ "errcode": 40097, "errmsg": words })));
        let error = call(&chain.api, operation).await.unwrap_err();
        let printed = format!("{error} {error:#} {error:?}");
        assert!(!printed.contains("canary"), "{printed}");
        assert!(printed.contains("*** and *** are bad"), "{printed}");
    }
}

#[tokio::test]
async fn nothing_is_sent_for_what_is_empty() {
    let chain = chain([]);
    let none = Secret::new("");
    let (api, platform) = (&chain.api, platform());
    let errors = [
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
        api.recover(&platform, &"".into()).await.unwrap_err(),
        api.authorizer_info(&platform, None, Some(&token())).await.unwrap_err(),
        api.authorizers(&platform, AuthorizerPage::new(0, 0)).await.unwrap_err(),
        api.authorizers(&platform, AuthorizerPage::new(0, 501)).await.unwrap_err(),
        api.set_authorizer_option(&token(), &app(), "voice_recognize", "").await.unwrap_err(),
        api.authorizer_option(&token(), &app(), "").await.unwrap_err(),
        api.clear_quota_with_secret(&"".into()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
        assert!(error.field().is_some(), "{error:#}");
    }
}

#[test]
fn a_platform_without_id_or_secret_is_a_configuration_error() {
    for (id, secret, field) in [("", "s", "platform_id"), ("wx1", " ", "component_appsecret")] {
        let error = WeChatAuthorization::new(ClientConfig::without_tokens(id), secret).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
    }
    let api = WeChatAuthorization::new(ClientConfig::without_tokens("wx1"), "canary").unwrap();
    assert!(!format!("{api:?}").contains("canary"));
    assert_eq!((api.platform_id().as_str(), api.vendor()), ("wx1", WECHAT));
    assert_eq!(api.refresh_token_use(), RefreshTokenUse::Repeatable);
}

#[tokio::test]
async fn the_information_about_an_app_has_no_token() {
    for id in ["authorizer_appid", "appid"] {
        let answer = info(json!({
            id: APP, "authorizer_access_token": ACCESS, "authorizer_refresh_token": REFRESH,
            "func_info": [{ "funcscope_category": { "id": 18 } }],
        }));
        let found =
            chain_of(INFO_PATH, answer).api.authorizer_info(&platform(), Some(&app()), None).await.unwrap();
        assert_eq!(found.app_id, app());
        assert_eq!(found.alias.as_deref(), Some("gh_eb5e3a772040"));
        assert_eq!(found.name.as_deref(), Some("面包店"));
        assert_eq!(found.principal.as_deref(), Some("北京面包有限公司"));
        assert_eq!(found.permissions[0].id, "18");
        assert_eq!(found.details["authorizer_info"]["service_type_info"]["id"], 0);
        assert_eq!(found.details["authorization_info"][id], APP);
        let printed = format!("{found:?} {}", found.details);
        assert!(!printed.contains("canary"), "{printed}");
    }
}

#[tokio::test]
async fn information_about_another_app_is_refused() {
    let chain = chain_of(INFO_PATH, info(json!({ "authorizer_appid": "wx2" })));
    let error = call(&chain.api, "authorizer_info").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone));
    assert_eq!(error.field(), Some("authorization_info.authorizer_appid"));
    let error = call(&chain.api, "recover").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_page_of_the_list_is_read_in_every_form() {
    let answer = body(json!({ "total_count": "3", "list": [
        { "authorizer_appid": "wx1", "refresh_token": REFRESH, "auth_time": 1_558_000_607 },
        { "authorizer_appid": "wx2", "refresh_token": "", "auth_time": "1558000607" },
        { "authorizer_appid": "wx3", "more": null },
    ] }));
    let list =
        chain_of(LIST_PATH, answer).api.authorizers(&platform(), AuthorizerPage::new(0, 10)).await.unwrap();
    assert_eq!(list.total, 3);
    let entries: Vec<_> = list
        .authorizers
        .iter()
        .map(|entry| {
            let time = entry.authorized_at.map(|time| time.as_unix());
            (entry.app_id.as_str(), entry.refresh_token.as_ref().map(Secret::expose), time)
        })
        .collect();
    let time = Some(1_558_000_607);
    assert_eq!(entries, [("wx1", Some(REFRESH), time), ("wx2", None, time), ("wx3", None, None)]);
    assert!(!serde_json::to_string(&list).unwrap().contains("canary"));
    for empty in [
        json!({ "total_count": 0, "list": [] }),
        json!({ "total_count": 0, "list": null }),
        json!({ "total_count": 1 }),
    ] {
        let chain = chain_of(LIST_PATH, body(empty));
        let list = chain.api.authorizers(&platform(), AuthorizerPage::new(0, 10)).await.unwrap();
        assert!(list.authorizers.is_empty());
    }
    for odd in [json!({ "list": [] }), json!({ "total_count": -1, "list": [] })] {
        let error = call(&chain_of(LIST_PATH, body(odd.clone())).api, "authorizers").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{odd}");
    }
}

fn page(total: usize, apps: impl IntoIterator<Item = usize>) -> Answer {
    let entry =
        |app: usize| json!({ "authorizer_appid": format!("wx{app}"), "refresh_token": format!("r{app}") });
    body(json!({ "total_count": total, "list": apps.into_iter().map(entry).collect::<Vec<_>>() }))
}

/// The information about an app, without its refresh token.
fn info_of(app: &str) -> Answer {
    info(json!({ "authorizer_appid": app, "authorizer_refresh_token": "" }))
}

#[tokio::test]
async fn a_lost_refresh_token_is_in_the_information_about_the_app() {
    let answer = info(json!({ "authorizer_appid": APP, "authorizer_refresh_token": REFRESH }));
    let chain = chain_of(INFO_PATH, answer);
    let found = chain.api.recover(&platform(), &app()).await.unwrap();
    assert_eq!(found, Recovery::RefreshToken(Secret::new(REFRESH)));
    assert_eq!(chain.scene.vendor.paths(), [INFO_PATH]);
}

#[tokio::test]
async fn a_lost_refresh_token_is_looked_for_on_every_page_of_the_list() {
    let pages = vec![page(1001, 0..500), page(1001, 500..1000), page(1001, 1000..1001)];
    let chain = chain([(INFO_PATH, vec![info_of("wx1000")]), (LIST_PATH, pages)]);
    let found = chain.api.recover(&platform(), &"wx1000".into()).await.unwrap();
    assert_eq!(found, Recovery::RefreshToken(Secret::new("r1000")));
    let offsets: Vec<_> = chain.scene.vendor.requests()[1..]
        .iter()
        .map(|request| request.body.as_ref().unwrap()["offset"].clone())
        .collect();
    assert_eq!(offsets, [0, 500, 1000]);
}

#[tokio::test]
async fn an_app_that_no_page_names_has_not_authorized_the_platform() {
    for pages in [vec![page(0, 0..0)], vec![page(3, 0..3)], vec![page(501, 0..500), page(501, 500..501)]] {
        let chain = chain([(INFO_PATH, vec![info_of(APP)]), (LIST_PATH, pages)]);
        let error = chain.api.recover(&platform(), &app()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unauthorized, Outcome::NotDone));
    }
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_proves_nothing() {
    let pages = vec![page(501, 0..500), page(500, 0..0)];
    let chain = chain([(INFO_PATH, vec![info_of(APP)]), (LIST_PATH, pages)]);
    let error = chain.api.recover(&platform(), &app()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Backoff));
    let list = body(json!({ "total_count": 1, "list": [{ "authorizer_appid": APP, "refresh_token": "" }] }));
    let chain = self::chain([(INFO_PATH, vec![info_of(APP)]), (LIST_PATH, vec![list])]);
    let error = chain.api.recover(&platform(), &app()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

fn code() -> PreAuthorizationCode {
    PreAuthorizationCode::new(Secret::new("preauthcode@@@1"), Duration::from_secs(600))
}

fn api() -> WeChatAuthorization {
    WeChatAuthorization::new(ClientConfig::without_tokens(PLATFORM), APP_SECRET).unwrap()
}

#[test]
fn the_authorization_pages_are_as_documented() {
    let request = AuthorizationRequest::new("https://platform.example.com/back?shop=面包 店&x=1");
    let desk = api().authorization_url(Some(&code()), &request).unwrap();
    insta::assert_snapshot!(desk, @"https://mp.weixin.qq.com/cgi-bin/componentloginpage?component_appid=wx-platform&pre_auth_code=preauthcode%40%40%401&redirect_uri=https%3A%2F%2Fplatform.example.com%2Fback%3Fshop%3D%E9%9D%A2%E5%8C%85+%E5%BA%97%26x%3D1&auth_type=2");
    let request = AuthorizationRequest::new("https://platform.example.com/back").mobile().with_app(APP);
    let phone = api().authorization_url(Some(&code()), &request).unwrap();
    insta::assert_snapshot!(phone, @"https://open.weixin.qq.com/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&component_appid=wx-platform&pre_auth_code=preauthcode%40%40%401&redirect_uri=https%3A%2F%2Fplatform.example.com%2Fback&auth_type=2&biz_appid=wxba5fad812f8e6fb9#wechat_redirect");
}

#[test]
fn the_page_of_a_simulator_stands_in() {
    let api = api().with_page_base(BaseUrl::parse("http://127.0.0.1:8080").unwrap());
    let request = AuthorizationRequest::new("http://127.0.0.1:9/back");
    let url = api.authorization_url(Some(&code()), &request).unwrap();
    assert!(url.starts_with("http://127.0.0.1:8080/cgi-bin/componentloginpage?component_appid="), "{url}");
    let url = api.authorization_url(Some(&code()), &request.mobile()).unwrap();
    assert!(url.starts_with("http://127.0.0.1:8080/wxaopen/safe/bindcomponent?action="), "{url}");
}

#[test]
fn extra_parameters_are_added_and_never_stand_twice() {
    let request = AuthorizationRequest::new("https://platform.example.com/back");
    let extra = request.clone().with_extra("auth_type", "3").with_extra("category_id_list", "18|30");
    let url = api().authorization_url(Some(&code()), &extra).unwrap();
    assert!(url.ends_with("&auth_type=3&category_id_list=18%7C30"), "{url}");
    let twice = [
        request.clone().with_extra("component_appid", "x"),
        request.clone().with_extra("pre_auth_code", "x"),
        request.clone().with_extra("redirect_uri", "x"),
        request.clone().with_app(APP).with_extra("biz_appid", "x"),
        request.clone().mobile().with_extra("no_scan", "0"),
        request.clone().with_extra("a", "1").with_extra("a", "2"),
        request.with_extra("", "1"),
        AuthorizationRequest::new("platform.example.com/back"),
        AuthorizationRequest::new("javascript:alert(1)"),
        AuthorizationRequest::new(""),
    ];
    for request in twice {
        let error = api().authorization_url(Some(&code()), &request).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
        assert!(error.field().is_some(), "{request:?}");
    }
}

#[tokio::test]
async fn an_option_is_read_in_every_form() {
    for (answer, value) in [
        (json!({ "authorizer_appid": APP, "option_name": "voice_recognize", "option_value": "1" }), "1"),
        (json!({ "option_value": 0 }), "0"),
    ] {
        let chain = chain_of(GET_OPTION, body(answer));
        let option = chain.api.authorizer_option(&token(), &app(), "voice_recognize").await.unwrap();
        assert_eq!(option, value);
    }
    let chain = chain_of(GET_OPTION, ok(json!({ "option_value": "" })));
    assert_eq!(call(&chain.api, "authorizer_option").await.unwrap_err().field(), Some("option_value"));
}

#[tokio::test]
async fn a_text_message_is_sent_once() {
    const SEND: &str = "/cgi-bin/message/custom/send";
    let scene = stage_of(SEND, ok(json!({})));
    scene.app.send_text_message("oUser", "queryauthcode_from_api").await.unwrap();
    assert_eq!(
        scene.vendor.last_body(),
        r#"{"touser":"oUser","msgtype":"text","text":{"content":"queryauthcode_from_api"}}"#
    );
    assert_eq!(scene.vendor.last_token(), TOKEN);
    let scene = stage_of(SEND, Answer::Timeout);
    let error = scene.app.send_text_message("oUser", "text").await.unwrap_err();
    assert_eq!((error.outcome(), scene.vendor.count(SEND)), (Outcome::Unknown, 1));
    for (open_id, text) in [("", "text"), ("oUser", "")] {
        let error = scene.app.send_text_message(open_id, text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
