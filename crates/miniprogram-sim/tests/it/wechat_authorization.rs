//! WeChat's token chain: ticket, platform token, codes, authorizer tokens.

use std::time::Duration;

use miniprogram_core::Secret;
use miniprogram_sim::{AppSpec, BAIDU, SimConfig, WECHAT};
use reqwest::Method;
use serde_json::{Value, json};

use crate::pushes::{between, open_wechat};
use crate::support::{Bench, Seen, start_time};

const PLATFORM: &str = "wx5ec0de0000000001";
const APP: &str = "wxmerchant000001";

async fn bench() -> Bench {
    rotating(false).await
}

async fn rotating(rotates: bool) -> Bench {
    let spec = AppSpec::wechat(APP).with_original_id("gh_fb9688c2a4b2").unauthorized();
    Bench::new(SimConfig::new().with_refresh_token_rotation(rotates), spec).await
}

impl Bench {
    /// A component call without a token.
    async fn open_post(&self, name: &str, body: Value) -> Seen {
        let url = format!("{}/cgi-bin/component/{name}", self.sim.base_url());
        self.send(Method::POST, url, "application/json", body.to_string()).await
    }

    /// A component call with the platform's token, naming the platform.
    pub(crate) async fn component(&self, name: &str, body: Value) -> Seen {
        let mut whole = json!({ "component_appid": PLATFORM });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        self.component_post(&format!("/cgi-bin/component/{name}"), whole).await
    }

    /// Exchanges a code for tokens.
    async fn query_auth(&self, code: &Secret) -> Seen {
        self.component("api_query_auth", json!({ "authorization_code": code.expose() })).await
    }

    async fn refresh(&self, refresh_token: &str) -> Seen {
        let body = json!({ "authorizer_appid": APP, "authorizer_refresh_token": refresh_token });
        self.component("api_authorizer_token", body).await
    }

    /// Whether an access token of the app is accepted: 0, otherwise the refusal's code.
    async fn accepts(&self, token: &Value) -> i64 {
        self.get_as(token.as_str().unwrap(), "/wxa/getwxasearchstatus").await.code()
    }
}

fn component_token(ticket: &str) -> Value {
    json!({
        "component_appid": PLATFORM,
        "component_appsecret": "5ec0de00simulated00secret0000001",
        "component_verify_ticket": ticket,
    })
}

#[tokio::test]
async fn a_ticket_buys_the_platform_token_for_twelve_hours() {
    let bench = bench().await;
    let ask = async |body: Value| bench.open_post("api_component_token", body).await;
    assert_eq!(ask(component_token("ticket@@@never")).await.code(), 61006);
    let ticket = bench.sim.push_ticket(WECHAT).unwrap();
    let changed = |field: &str, value: Value| {
        let mut body = component_token(ticket.expose());
        body[field] = value;
        body
    };
    assert_eq!(ask(changed("component_appid", json!("wxother"))).await.code(), 40013);
    assert_eq!(ask(changed("component_appid", Value::Null)).await.code(), 41018);
    assert_eq!(ask(changed("component_appsecret", json!("wrong"))).await.code(), 40125);
    assert_eq!(ask(changed("component_appsecret", Value::Null)).await.code(), 41004);
    let theirs = bench.sim.push_ticket(BAIDU).unwrap();
    assert_eq!(ask(component_token(theirs.expose())).await.code(), 61006, "the other vendor's");
    assert_eq!(bench.sim.platform_effects(WECHAT, "platform_token"), 0);

    let first = ask(component_token(ticket.expose())).await.json();
    assert_eq!((&first["expires_in"], first.get("errcode")), (&json!(7200), None));
    let create = async |token: &Value| {
        let path = "/cgi-bin/component/api_create_preauthcode";
        let url =
            format!("{}{path}?component_access_token={}", bench.sim.base_url(), token.as_str().unwrap());
        let body = json!({ "component_appid": PLATFORM }).to_string();
        bench.send(Method::POST, url, "application/json", body).await.json()
    };
    let code = create(&first["component_access_token"]).await;
    assert!(code["pre_auth_code"].as_str().unwrap().starts_with("preauthcode@@@"), "{code}");
    assert_eq!(code["expires_in"], 1800);
    // A newer ticket leaves the older one valid; a newer token does not.
    bench.sim.push_ticket(WECHAT).unwrap();
    let second = ask(component_token(ticket.expose())).await.json();
    assert_ne!(first, second);
    assert_eq!(create(&first["component_access_token"]).await["errcode"], 40001);
    bench.wait(7200).await;
    assert_eq!(create(&second["component_access_token"]).await["errcode"], 42001);
    bench.wait(10 * 3600).await;
    assert_eq!(ask(component_token(ticket.expose())).await.code(), 61005);
    assert_eq!(bench.sim.platform_effects(WECHAT, "platform_token"), 2);
    assert_eq!(bench.sim.platform_effects(WECHAT, "pre_authorization_code"), 1);
}

#[tokio::test]
async fn tickets_can_be_asked_for() {
    let bench = bench().await;
    let body = json!({ "component_appid": PLATFORM, "component_secret": bench.sim.wechat_secret().expose() });
    assert_eq!(bench.open_post("api_start_push_ticket", body).await.code(), 0);
    let message = open_wechat(&bench.sim.platform_pushes(WECHAT)[0]);
    let ticket = between(&message, "<ComponentVerifyTicket><![CDATA[", "]]>");
    assert!(
        bench.open_post("api_component_token", component_token(ticket)).await.json()["expires_in"] == 7200
    );
    // The secret has another name there.
    let body =
        json!({ "component_appid": PLATFORM, "component_appsecret": bench.sim.wechat_secret().expose() });
    assert_eq!(bench.open_post("api_start_push_ticket", body).await.code(), 41004);
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_in_time() {
    let bench = bench().await;
    assert!(bench.sim.token(&bench.app).is_err(), "it has not authorized the platform");
    let code = bench.sim.authorize(&bench.app).unwrap();
    let message = open_wechat(&bench.sim.platform_pushes(WECHAT)[0]);
    for part in [
        "<InfoType><![CDATA[authorized]]></InfoType>".to_owned(),
        format!("<AppId><![CDATA[{PLATFORM}]]></AppId>"),
        format!("<AuthorizerAppid><![CDATA[{APP}]]></AuthorizerAppid>"),
        format!("<AuthorizationCode><![CDATA[{}]]></AuthorizationCode>", code.expose()),
        format!("<AuthorizationCodeExpiredTime>{}</", start_time().as_unix() + 600),
    ] {
        assert!(message.contains(&part), "{part} in {message}");
    }
    let tokens = bench.query_auth(&code).await.json();
    let info = &tokens["authorization_info"];
    assert_eq!((&info["authorizer_appid"], &info["expires_in"]), (&json!(APP), &json!(7200)));
    let sets: Vec<i64> = info["func_info"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| set["funcscope_category"]["id"].as_i64().unwrap())
        .collect();
    assert!(sets.contains(&18), "{sets:?}");
    assert_eq!(bench.accepts(&info["authorizer_access_token"]).await, 0);
    let refresh_token = Secret::new(info["authorizer_refresh_token"].as_str().unwrap());
    assert!(bench.sim.refresh_token_is_valid(&bench.app, &refresh_token));
    assert_eq!(bench.query_auth(&code).await.code(), 61010, "used");
    assert_eq!(bench.query_auth(&Secret::new("queryauthcode@@@x")).await.code(), 61009);
    let late = bench.sim.authorize(&bench.app).unwrap();
    bench.wait(600).await;
    assert_eq!(bench.query_auth(&late).await.code(), 61010);
    assert_eq!((bench.effects("exchange"), bench.sim.platform_effects(WECHAT, "exchange")), (1, 1));
    let log = serde_json::to_string(&bench.sim.request_log()).unwrap();
    for secret in [code.expose(), refresh_token.expose(), info["authorizer_access_token"].as_str().unwrap()] {
        assert!(!log.contains(secret));
    }
}

#[tokio::test]
async fn a_refresh_token_is_used_again_and_again() {
    let bench = bench().await;
    let code = bench.sim.authorize(&bench.app).unwrap();
    let info = bench.query_auth(&code).await.json()["authorization_info"].clone();
    let refresh_token = info["authorizer_refresh_token"].as_str().unwrap();
    let first = bench.refresh(refresh_token).await.json();
    let second = bench.refresh(refresh_token).await.json();
    assert_eq!(first["authorizer_refresh_token"], refresh_token);
    assert_ne!(first["authorizer_access_token"], second["authorizer_access_token"]);
    assert_eq!(bench.accepts(&first["authorizer_access_token"]).await, 40001);
    assert_eq!(bench.accepts(&second["authorizer_access_token"]).await, 0);
    assert_eq!(bench.refresh("").await.code(), 61023);
    assert_eq!(bench.refresh("refreshtoken@@@x").await.code(), 61023);
    let unknown = json!({ "authorizer_appid": "wxnobody", "authorizer_refresh_token": refresh_token });
    assert_eq!(bench.component("api_authorizer_token", unknown).await.code(), 61003);
    let elsewhere = json!({ "component_appid": "wxother", "authorizer_appid": APP });
    assert_eq!(bench.component("api_authorizer_token", elsewhere).await.code(), 40013);
    let app_token = second["authorizer_access_token"].as_str().unwrap();
    let wrong_kind = bench.url("/cgi-bin/component/api_authorizer_token", app_token);
    assert_eq!(bench.send(Method::POST, wrong_kind, "application/json", "{}").await.code(), 61014);
    assert_eq!((bench.effects("refresh"), bench.sim.platform_effects(WECHAT, "refresh")), (2, 2));
}

#[tokio::test]
async fn a_replaced_refresh_token_stays_good_for_five_minutes() {
    let bench = rotating(true).await;
    let code = bench.sim.authorize(&bench.app).unwrap();
    let info = bench.query_auth(&code).await.json()["authorization_info"].clone();
    let first = info["authorizer_refresh_token"].as_str().unwrap().to_owned();
    let second = bench.refresh(&first).await.json()["authorizer_refresh_token"].clone();
    let second = second.as_str().unwrap();
    assert_ne!(first, second);
    bench.wait(299).await;
    assert!(bench.sim.refresh_token_is_valid(&bench.app, &Secret::new(first.as_str())));
    bench.wait(1).await;
    assert_eq!(bench.refresh(&first).await.code(), 61023);
    assert!(bench.refresh(second).await.json()["expires_in"] == 7200);
    // A repeated authorization replaces it as well.
    let before = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    bench.sim.update_authorization(&bench.app).unwrap();
    assert_eq!(bench.sim.platform_pushes(WECHAT).last().unwrap().event, "updateauthorized");
    assert_ne!(bench.sim.refresh_token(&bench.app).unwrap().unwrap(), before);
    assert!(bench.sim.refresh_token_is_valid(&bench.app, &before));
}

#[tokio::test]
async fn a_withdrawn_authorization_ends_every_token() {
    let bench = bench().await;
    let code = bench.sim.authorize(&bench.app).unwrap();
    let info = bench.query_auth(&code).await.json()["authorization_info"].clone();
    let unused = bench.sim.authorize(&bench.app).unwrap();
    let refresh_token = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    bench.sim.revoke_authorization(&bench.app).unwrap();
    let push = bench.sim.platform_pushes(WECHAT).pop().unwrap();
    assert_eq!(push.event, "unauthorized");
    assert!(open_wechat(&push).contains(&format!("<AuthorizerAppid><![CDATA[{APP}]]></AuthorizerAppid>")));
    assert_eq!(bench.accepts(&info["authorizer_access_token"]).await, 40001);
    assert_eq!(bench.refresh(refresh_token.expose()).await.code(), 61023);
    assert_eq!(bench.query_auth(&unused).await.code(), 61009);
    let about = json!({ "authorizer_appid": APP });
    assert_eq!(bench.component("api_get_authorizer_info", about).await.code(), 61003);
    assert!(!bench.sim.is_authorized(&bench.app));
    assert!(bench.sim.revoke_authorization(&bench.app).is_err());
    assert!(bench.sim.update_authorization(&bench.app).is_err());
    // Authorized again: a new refresh token; the old one stays invalid.
    bench.sim.authorize(&bench.app).unwrap();
    assert!(!bench.sim.refresh_token_is_valid(&bench.app, &refresh_token));
    assert!(bench.sim.truth(&bench.app).unwrap().authorized_at.is_some());
}

#[tokio::test]
async fn an_authorizer_is_described() {
    let bench = bench().await;
    bench.sim.authorize(&bench.app).unwrap();
    let told = bench.component("api_get_authorizer_info", json!({ "authorizer_appid": APP })).await.json();
    let (info, authorization) = (&told["authorizer_info"], &told["authorization_info"]);
    assert_eq!(info["user_name"], "gh_fb9688c2a4b2");
    assert_eq!(info["nick_name"], format!("小程序{APP}"));
    assert!(info["MiniProgramInfo"]["network"]["RequestDomain"].is_array(), "{info}");
    assert_eq!(info["MiniProgramInfo"]["categories"][0]["first"], "工具");
    assert_eq!(authorization["authorizer_appid"], APP);
    let refresh_token = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    assert_eq!(authorization["authorizer_refresh_token"], refresh_token.expose());
    assert!(authorization.get("authorizer_access_token").is_none());
}

#[tokio::test]
async fn the_list_of_authorizers_has_pages_and_refresh_tokens() {
    let bench = bench().await;
    let list = async |offset: u64, count: u64| {
        bench.component("api_get_authorizer_list", json!({ "offset": offset, "count": count })).await
    };
    assert_eq!(list(0, 500).await.json(), json!({ "total_count": 0, "list": [] }));
    for number in 0..7 {
        bench.sim.add_app(AppSpec::wechat(format!("wx{number}"))).unwrap();
    }
    bench.sim.add_app(AppSpec::baidu("77")).unwrap();
    bench.sim.revoke_authorization(&"wx3".into()).unwrap();
    let all = list(0, 500).await.json();
    assert_eq!(all["total_count"], 6);
    let entry = &all["list"][2];
    assert_eq!(entry["authorizer_appid"], "wx2");
    assert_eq!(entry["auth_time"], start_time().as_unix());
    let refresh_token = bench.sim.refresh_token(&"wx2".into()).unwrap().unwrap();
    assert_eq!(entry["refresh_token"], refresh_token.expose());
    let page = list(4, 5).await.json();
    let ids: Vec<&Value> =
        page["list"].as_array().unwrap().iter().map(|entry| &entry["authorizer_appid"]).collect();
    assert_eq!((json!(ids), &page["total_count"]), (json!(["wx5", "wx6"]), &json!(6)));
    assert_eq!(list(0, 501).await.code(), 40170);
    let as_text = json!({ "offset": "0", "count": 5 });
    assert_eq!(bench.component("api_get_authorizer_list", as_text).await.code(), 47003);
}

#[tokio::test]
async fn options_are_set_with_either_token_and_either_path() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat(APP)).await;
    let set = json!({ "option_name": "location_report", "option_value": "2" });
    assert_eq!(bench.post("/cgi-bin/component/set_authorizer_option", set).await.code(), 0);
    let name = json!({ "option_name": "location_report" });
    let got = bench.post("/cgi-bin/component/api_get_authorizer_option", name.clone()).await.json();
    assert_eq!((&got["authorizer_appid"], &got["option_value"]), (&json!(APP), &json!("2")));
    let for_app = |option: Value| {
        let mut body = json!({ "authorizer_appid": APP });
        body.as_object_mut().unwrap().extend(option.as_object().unwrap().clone());
        body
    };
    let set = json!({ "option_name": "customer_service", "option_value": "1" });
    assert_eq!(bench.component("api_set_authorizer_option", for_app(set)).await.code(), 0);
    let got = bench.component("get_authorizer_option", for_app(name)).await.json();
    assert_eq!(got["option_value"], "2");
    for (name, value, code) in [("weather", "1", 61012), ("voice_recognize", "2", 61013)] {
        let set = json!({ "option_name": name, "option_value": value });
        assert_eq!(bench.component("set_authorizer_option", for_app(set)).await.code(), code);
    }
    let unknown = json!({ "authorizer_appid": "wxnobody", "option_name": "customer_service" });
    assert_eq!(bench.component("get_authorizer_option", unknown).await.code(), 61003);
    assert_eq!(bench.effects("set_authorizer_option"), 2);
}

#[tokio::test]
async fn messages_to_users_are_kept_in_the_truth() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat(APP)).await;
    let send = async |body: Value| bench.post("/cgi-bin/message/custom/send", body).await.code();
    let text = json!({ "touser": "oUser", "msgtype": "text", "text": { "content": "你好" } });
    assert_eq!(send(text).await, 0);
    let image = json!({ "touser": "oUser", "msgtype": "image", "image": { "media_id": "m1" } });
    assert_eq!(send(image).await, 0);
    for (body, code) in [
        (json!({ "msgtype": "text", "text": { "content": "x" } }), 40003),
        (json!({ "touser": "oUser", "msgtype": "smoke" }), 40008),
        (json!({ "touser": "oUser", "msgtype": "text" }), 40008),
        (json!({ "touser": "oUser", "msgtype": "text", "text": { "content": "" } }), 44004),
    ] {
        assert_eq!(send(body.clone()).await, code, "{body}");
    }
    let messages = bench.sim.truth(&bench.app).unwrap().messages;
    assert_eq!(messages.len(), 2);
    assert_eq!((messages[0].to.as_str(), messages[0].content.as_str()), ("oUser", "你好"));
    assert_eq!((messages[1].kind.as_str(), messages[1].content.as_str()), ("image", ""));
    assert_eq!(bench.effects("send_text_message"), 2);
}

#[tokio::test]
async fn the_platforms_secret_clears_counts() {
    let config = SimConfig::new().with_wechat_daily_calls(1).with_wechat_secret("another-secret");
    let bench = Bench::new(config, AppSpec::wechat(APP)).await;
    let path = "/wxa/getwxasearchstatus";
    assert_eq!((bench.get(path).await.code(), bench.get(path).await.code()), (0, 45009));
    let clear = |secret: &str, app: &str| {
        let body = json!({ "component_appid": PLATFORM, "appid": app, "appsecret": secret });
        bench.open_post("clear_quota/v2", body)
    };
    assert_eq!(clear("wrong", APP).await.code(), 40125);
    assert_eq!(clear("another-secret", "wxnobody").await.code(), 40013);
    assert_eq!(clear("another-secret", APP).await.code(), 0);
    assert_eq!(bench.get(path).await.code(), 0);
    for _ in 0..9 {
        assert_eq!(clear("another-secret", APP).await.code(), 0);
    }
    assert_eq!(clear("another-secret", APP).await.code(), 48006);
}

#[tokio::test]
async fn tickets_come_by_themselves() {
    let config = SimConfig::new().with_ticket_interval(Duration::from_secs(600));
    let bench = Bench::new(config, AppSpec::wechat(APP)).await;
    let count = || (bench.sim.platform_pushes(WECHAT).len(), bench.sim.platform_pushes(BAIDU).len());
    assert_eq!(count(), (1, 1));
    bench.wait(599).await;
    assert_eq!(count(), (1, 1));
    bench.wait(1).await;
    assert_eq!(count(), (2, 2));
    bench.wait(3600).await;
    assert_eq!(count(), (8, 8));
    // `settle` does not wait for recurring jobs.
    bench.sim.settle().await;
}
