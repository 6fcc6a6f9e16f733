//! WeChat's acceptance test against a small platform that passes it, and others that fail.

use std::sync::Arc;

use miniprogram_core::AppId;
use miniprogram_core::vendor_api::frame::{self, FrameKey};
use miniprogram_sim::{AppSpec, Callback, SentPush, SimConfig, SimError, Simulator, WECHAT};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use crate::pushes::{between, open_wechat, read_request};
use crate::support::{Bench, Seen};

const ACCOUNT: &str = "wxd101a85aa106f53e";

/// The expected reply.
const GOOD: &str = "TESTCOMPONENT_MSG_TYPE_TEXT_callback";

/// A platform that receives at both URLs and replies with `text` to the first text.
async fn platform(text: &'static str) -> (String, Arc<OnceCell<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let base: Arc<OnceCell<String>> = Arc::default();
    let simulator = Arc::clone(&base);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (head, body) = read_request(&mut stream).await;
            let answer = answer(text, &head, body, &simulator);
            let length = answer.len();
            let answer =
                format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, base)
}

fn answer(text: &str, head: &str, body: String, simulator: &Arc<OnceCell<String>>) -> String {
    let query = between(head, "?", " HTTP/1.1").to_owned();
    if !head.starts_with("POST /messages") {
        return "success".to_owned();
    }
    let push: SentPush = serde_json::from_value(json!({
        "at": "2026-03-10T04:00:00Z", "event": "", "method": "POST", "query": query, "content_type": "text/xml",
        "body": body, "attempt": 1,
    }))
    .unwrap();
    let message = open_wechat(&push);
    let content = between(&message, "<Content><![CDATA[", "]]>").to_owned();
    let user = between(&message, "<FromUserName><![CDATA[", "]]>").to_owned();
    match content.strip_prefix("QUERY_AUTH_CODE:") {
        Some(code) => {
            let simulator = simulator.get().unwrap().clone();
            tokio::spawn(send_from_api(simulator, code.to_owned(), user));
            String::new()
        }
        None => reply(&user, text),
    }
}

/// An encrypted reply.
fn reply(user: &str, content: &str) -> String {
    let message = format!(
        "<xml><ToUserName><![CDATA[{user}]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>\
         <CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content></xml>"
    );
    let callback = Callback::sample(WECHAT);
    let key = FrameKey::parse(&callback.aes_key).unwrap();
    let encrypted = frame::seal(&key, [7; 16], message.as_bytes(), callback.receiver_id.as_bytes());
    let signature = frame::signature(&[callback.token.expose(), "1", "n", &encrypted]);
    format!(
        "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
         <TimeStamp>1</TimeStamp><Nonce><![CDATA[n]]></Nonce></xml>"
    )
}

/// Exchanges the code and sends a message to the user.
async fn send_from_api(base: String, code: String, user: String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |path: String, body: Value| {
        let answer = http.post(format!("{base}{path}")).body(body.to_string()).send().await.unwrap();
        serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap()
    };
    let answer = http.get(format!("{base}/_sim/platforms/wechat/token")).send().await.unwrap();
    let token: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let token = token["access_token"].as_str().unwrap();
    let exchange = json!({ "component_appid": "wx5ec0de0000000001", "authorization_code": code });
    let tokens =
        post(format!("/cgi-bin/component/api_query_auth?component_access_token={token}"), exchange).await;
    let token = tokens["authorization_info"]["authorizer_access_token"].as_str().unwrap();
    let content = format!("{code}_from_api");
    let message = json!({ "touser": user, "msgtype": "text", "text": { "content": content } });
    post(format!("/cgi-bin/message/custom/send?access_token={token}"), message).await;
}

/// On real time: the tested platform holds no busy mark.
async fn simulator(url: &str) -> Simulator {
    let callback = Callback::sample(WECHAT)
        .with_url(format!("{url}/messages/$APPID$"))
        .with_authorization_url(format!("{url}/authorization"));
    Simulator::start(SimConfig::new().with_wechat_callback(callback)).await.unwrap()
}

#[tokio::test]
async fn a_platform_that_answers_as_documented_passes() {
    let (url, base) = platform(GOOD).await;
    let sim = simulator(&url).await;
    base.set(sim.base_url()).unwrap();
    for _ in 0..2 {
        let report = sim.run_acceptance_test().await.unwrap();
        assert!(report.is_passed(), "{report:?}");
    }
    let account = AppId::from(ACCOUNT);
    assert_eq!((sim.effects(&account, "exchange"), sim.effects(&account, "send_text_message")), (2, 2));
    let sent = &sim.pushes(&account)[0];
    assert_eq!(sent.url, Some(format!("{url}/messages/{ACCOUNT}")));

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.post(format!("{}/acceptance-test", sim.admin_url())).send().await.unwrap();
    let report: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let expected = json!({
        "ticket_acknowledged": true, "authorization_acknowledged": true, "text_answered": true,
        "query_acknowledged": true, "message_sent": true,
    });
    assert_eq!(report, expected);
}

#[tokio::test]
async fn a_wrong_reply_fails() {
    let (url, base) = platform("TESTCOMPONENT_MSG_TYPE_TEXT").await;
    let sim = simulator(&url).await;
    base.set(sim.base_url()).unwrap();
    let report = sim.run_acceptance_test().await.unwrap();
    assert!(!report.text_answered && report.message_sent && !report.is_passed(), "{report:?}");
}

#[tokio::test]
async fn the_test_needs_somebody_to_test() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat("wx1")).await;
    let error = bench.sim.run_acceptance_test().await.unwrap_err();
    assert!(matches!(error, SimError::InvalidArgument(_)), "{error}");
    let url = format!("{}/acceptance-test", bench.sim.admin_url());
    let answer = bench.send(Method::POST, url, "", "").await;
    assert!(matches!(answer, Seen::Answer { status: 400, .. }), "{answer:?}");
}
