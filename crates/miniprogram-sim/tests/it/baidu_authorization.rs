//! Baidu's token chain, and missed pushes.

use miniprogram_core::Secret;
use miniprogram_core::vendor_api::frame::{self, FrameKey};
use miniprogram_sim::{AppSpec, BAIDU, Callback, PushFault, PushFaultRule, SimConfig, WECHAT};
use reqwest::Method;
use serde_json::{Value, json};

use crate::pushes::{Receiver, open_baidu};
use crate::support::{Bench, Seen, start_time};

const APP: &str = "1452365";
const OAUTH: &str = "/rest/2.0/oauth/token";

async fn bench() -> Bench {
    Bench::new(SimConfig::new(), AppSpec::baidu(APP).unauthorized()).await
}

/// Status and body.
fn answer(seen: &Seen) -> (u16, Value) {
    match seen {
        Seen::Answer { status, body, .. } => (*status, serde_json::from_slice(body).unwrap()),
        other => panic!("no answer: {other:?}"),
    }
}

impl Bench {
    /// A request with the platform's token; parameters are part of the path.
    async fn tp_get(&self, path: &str) -> Seen {
        let token = self.sim.platform_token(BAIDU).unwrap();
        self.get_as(token.expose(), path).await
    }

    async fn oauth(&self, grant: &str, parameter: &str, value: &str) -> (u16, Value) {
        let path = format!("{OAUTH}?grant_type=app_to_tp_{grant}&{parameter}={value}");
        answer(&self.tp_get(&path).await)
    }

    async fn exchange(&self, code: &Secret) -> (u16, Value) {
        self.oauth("authorization_code", "code", code.expose()).await
    }

    async fn spend(&self, refresh_token: &str) -> (u16, Value) {
        self.oauth("refresh_token", "refresh_token", refresh_token).await
    }

    async fn retrieve(&self, app: &str) -> Seen {
        let token = self.sim.platform_token(BAIDU).unwrap();
        let path = "/rest/2.0/smartapp/auth/retrieve/authorizationcode";
        self.form_as(token.expose(), path, &[("app_id", app)]).await
    }

    async fn accepts_baidu(&self, token: &Value) -> i64 {
        self.get_as(token.as_str().unwrap(), "/rest/2.0/smartapp/app/info").await.code()
    }
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("{field} in {body}"))
}

#[tokio::test]
async fn a_ticket_buys_the_platform_token() {
    let bench = bench().await;
    let ask = async |client: &str, ticket: &str| {
        let query = format!("client_id={client}&ticket={ticket}");
        let url = format!("{}/public/2.0/smartapp/auth/tp/token?{query}", bench.sim.base_url());
        bench.send(Method::GET, url, "", "").await
    };
    let key = bench.sim.baidu_key();
    let ticket = bench.sim.push_ticket(BAIDU).unwrap();
    assert_eq!(ask("another", ticket.expose()).await.code(), 50002);
    assert_eq!(ask(&key, "ticket@@@never").await.code(), 50003);
    assert_eq!(ask(&key, "").await.code(), 40001);
    let theirs = bench.sim.push_ticket(WECHAT).unwrap();
    assert_eq!(ask(&key, theirs.expose()).await.code(), 50003);
    let issued = ask(&key, ticket.expose()).await.json();
    assert_eq!((&issued["errno"], &issued["data"]["expires_in"]), (&json!(0), &json!(2_592_000)));
    let token = text(&issued["data"], "access_token");
    assert!(token.starts_with("42."), "{token}");
    let code = bench.get_as(token, "/rest/2.0/smartapp/tp/createpreauthcode").await.json();
    assert_eq!(code["data"]["expires_in"], 1200);
    bench.wait(12 * 3600).await;
    assert_eq!(ask(&key, ticket.expose()).await.code(), 502);
    assert_eq!(bench.sim.platform_effects(BAIDU, "platform_token"), 1);
    assert_eq!(bench.sim.platform_effects(BAIDU, "pre_authorization_code"), 1);
    assert!(!serde_json::to_string(&bench.sim.request_log()).unwrap().contains(ticket.expose()));
}

#[tokio::test]
async fn every_refresh_spends_its_token() {
    let bench = bench().await;
    let code = bench.sim.authorize(&bench.app).unwrap();
    let push = open_baidu(&bench.sim.platform_pushes(BAIDU)[0]);
    let expected = json!({
        "appId": 1_452_365, "tpAppId": 17_328_232, "eventTime": "2026-03-10 12:00:00", "event": "AUTHORIZED",
        "authorizationCode": code.expose(), "authorizationCodeExpiresIn": 3600,
    });
    assert_eq!(push, expected);
    assert_eq!(bench.sim.refresh_token(&bench.app).unwrap(), None, "only the exchange brings it");
    let (status, first) = bench.exchange(&code).await;
    assert_eq!((status, &first["expires_in"], first.get("errno")), (200, &json!(3600), None));
    assert_eq!(bench.accepts_baidu(&first["access_token"]).await, 0);
    let (status, again) = bench.exchange(&code).await;
    assert_eq!((status, text(&again, "error")), (400, "invalid_grant"));

    let spent = text(&first, "refresh_token");
    let (_, second) = bench.spend(spent).await;
    let next = text(&second, "refresh_token");
    assert_ne!(spent, next);
    assert_eq!(bench.accepts_baidu(&first["access_token"]).await, 110);
    let used = json!({ "error": "invalid_grant", "error_description": "refresh token has been used" });
    assert_eq!(bench.spend(spent).await, (400, used.clone()));
    let valid = |token: &str| bench.sim.refresh_token_is_valid(&bench.app, &Secret::new(token));
    assert!(valid(next) && !valid(spent));
    assert_eq!(bench.spend("46.0.1.2.3").await.1["error"], "invalid_grant");
    assert_eq!(bench.spend("nonsense").await.1["error"], "invalid_request");
    assert_eq!(bench.oauth("refresh_token", "code", "").await.1["error"], "invalid_request");
    assert_eq!(bench.oauth("something", "code", "x").await.1["error"], "unsupported_grant_type");
    assert_eq!((bench.effects("exchange"), bench.effects("refresh")), (1, 1));
    let log = serde_json::to_string(&bench.sim.request_log()).unwrap();
    for secret in [code.expose(), spent, next] {
        assert!(!log.contains(secret));
    }
    bench.sim.revoke_authorization(&bench.app).unwrap();
    assert_eq!(bench.spend(next).await, (400, used));
    let push = bench.sim.platform_pushes(BAIDU).pop().unwrap();
    assert_eq!(open_baidu(&push)["event"], "UNAUTHORIZED");
}

#[tokio::test]
async fn a_lost_authorization_is_brought_back() {
    let bench = Bench::new(SimConfig::new(), AppSpec::baidu(APP).with_refresh_token("46.a.1.2.b")).await;
    let lost = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    assert_eq!(lost.expose(), "46.a.1.2.b");
    let retrieved = bench.retrieve(APP).await.json();
    assert_eq!(retrieved["data"]["expires_in"], 18_000);
    assert!(bench.sim.refresh_token_is_valid(&bench.app, &lost), "until the exchange");
    let code = Secret::new(text(&retrieved["data"], "authorization_code"));
    bench.wait(17_999).await;
    let (status, tokens) = bench.exchange(&code).await;
    assert_eq!(status, 200);
    assert!(!bench.sim.refresh_token_is_valid(&bench.app, &lost));
    assert!(bench.sim.refresh_token_is_valid(&bench.app, &Secret::new(text(&tokens, "refresh_token"))));
    assert_eq!(bench.retrieve("nonsense").await.code(), 40001);
    assert_eq!(bench.retrieve("99").await.code(), 50032);
    bench.sim.revoke_authorization(&bench.app).unwrap();
    assert_eq!(bench.retrieve(APP).await.code(), 50032);
    assert_eq!(bench.effects("recover"), 1);
}

#[tokio::test]
async fn tokens_of_another_kind_are_refused() {
    let bench = Bench::new(SimConfig::new(), AppSpec::baidu(APP)).await;
    for path in ["/rest/2.0/smartapp/tp/createpreauthcode", OAUTH, "/rest/2.0/smartapp/pushmsg/getmsg"] {
        assert_eq!(bench.get(path).await.code(), 6, "{path}");
        assert_eq!(bench.get_as("", path).await.code(), 100, "{path}");
    }
}

#[tokio::test]
async fn what_became_of_a_push_can_be_read() {
    let receiver = Receiver::new(&[(500, ""), (200, "success"), (500, "")], None).await;
    let callback = Callback::sample(BAIDU).with_url(receiver.url.clone());
    let bench = Bench::new(SimConfig::new().with_baidu_callback(callback), AppSpec::baidu(APP)).await;
    let push = async || {
        bench.sim.push_event(&bench.app, "APP_SERVER_PAUSE", Value::Null).unwrap();
        bench.sim.idle().await;
    };
    push().await;
    push().await;
    bench.sim.set_push_faults(vec![PushFaultRule::next(1, PushFault::Lost)]);
    push().await;
    bench.sim.set_push_faults(vec![PushFaultRule::next(1, PushFault::Late { millis: 60_000 })]);
    let operating = bench.operate();
    bench.sim.push_event(&bench.app, "APP_SERVER_PAUSE", Value::Null).unwrap();
    let statuses = async |query: &str| {
        let answer = bench.tp_get(&format!("/rest/2.0/smartapp/pushmsg/getmsg?{query}")).await.json();
        let list = answer["data"]["list"].as_array().unwrap();
        list.iter().map(|push| push["status"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(statuses("push_type=1").await, [1, 2, 2, 0]);
    assert_eq!(statuses("push_type=2").await, [2, 2]);
    drop(operating);
}

#[tokio::test]
async fn missed_pushes_can_be_read() {
    let bench = Bench::new(SimConfig::new(), AppSpec::baidu(APP)).await;
    let start = start_time().as_unix();
    let read =
        async |query: String| bench.tp_get(&format!("/rest/2.0/smartapp/pushmsg/getmsg?{query}")).await;
    bench.sim.push_ticket(BAIDU).unwrap();
    for number in 0..3 {
        bench.sim.push_event(&bench.app, "APP_SERVER_PAUSE", json!({ "number": number })).unwrap();
        bench.wait(3600).await;
    }
    bench.sim.authorize(&bench.app).unwrap();
    let all = read(String::new()).await.json();
    let list = all["data"]["list"].as_array().unwrap();
    assert_eq!((list.len(), &all["data"]["count"]), (4, &json!(4)), "without the ticket");
    let callback = Callback::sample(BAIDU);
    let key = FrameKey::parse(&callback.aes_key).unwrap();
    let mut content = list[1]["content"].as_str().unwrap().as_bytes().to_vec();
    let frame = frame::open(&key, &mut content).unwrap();
    let message: Value = serde_json::from_slice(frame.message).unwrap();
    assert_eq!((&message["event"], &message["number"]), (&json!("APP_SERVER_PAUSE"), &json!(1)));
    assert!(list.iter().all(|push| push["status"] == 2), "nobody listens: {list:?}");

    let ids = |answer: &Value| -> Vec<u64> {
        let list = answer["data"]["list"].as_array().unwrap();
        list.iter().map(|push| push["id"].as_u64().unwrap()).collect()
    };
    let page = read("offset=1&count=2".to_owned()).await.json();
    assert_eq!((ids(&page), &page["data"]["pageSize"]), (vec![2, 3], &json!(2)));
    let span = format!("start={}&end={}", start + 3600, start + 7199);
    assert_eq!(ids(&read(span).await.json()), [2]);
    assert_eq!(ids(&read("id_list=4,1,77&start=1".to_owned()).await.json()), [1, 4]);
    for wrong in [
        "count=101".to_owned(),
        "push_type=3".to_owned(),
        "start=yesterday".to_owned(),
        format!("start={}", start - 7 * 86_400 - 1),
        format!("start={}&end={}", start - 40 * 86_400, start - 39 * 86_400),
    ] {
        assert_eq!(read(wrong.clone()).await.code(), 40001, "{wrong}");
    }
}
