//! WeChat's acceptance test of a platform.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use miniprogram_callback::CallbackPlatform;
use miniprogram_core::vendor_api::frame::{self, FrameKey, HexCase};
use miniprogram_core::{Error, ErrorKind, Result, Secret};
use miniprogram_store::InboxState;
use wechat_wxa::{ACCEPTANCE_ACCOUNTS, AcceptanceActions, AcceptanceResponder, AcceptanceTask};

use crate::support::{
    APP, KEY, MemoryStore, NOW, ORIGINAL, Recorder, Server, Setup, TOKEN, WECHAT_PLATFORM, messages_of,
    verdict, wechat, wechat_key, wechat_push,
};

/// Fails the first time.
#[derive(Debug, Default)]
struct Application(Mutex<Vec<AcceptanceTask>>);

#[async_trait]
impl AcceptanceActions for Application {
    async fn exchange_and_send(&self, task: &AcceptanceTask) -> Result<()> {
        let mut tasks = self.0.lock().unwrap();
        tasks.push(task.clone());
        if tasks.len() == 1 { Err(Error::new(ErrorKind::Unavailable, "exchange_code")) } else { Ok(()) }
    }
}

async fn server() -> (Arc<MemoryStore>, Arc<Application>, Arc<Recorder>, Server) {
    let (store, application) = (Arc::new(MemoryStore::default()), Arc::new(Application::default()));
    let handler = Arc::new(Recorder::default());
    store.know(wechat_key(), APP, ORIGINAL);
    let responder = AcceptanceResponder::new(application.clone());
    let platform = CallbackPlatform::new(wechat_key(), wechat().with_acceptance_test()).unwrap();
    let server = Setup::of([platform], store.clone())
        .with(|builder| builder.with_handler(Arc::new(responder)).with_handler(handler.clone()))
        .serve()
        .await;
    (store, application, handler, server)
}

fn text(content: &str) -> String {
    format!(
        "<xml><ToUserName>gh_acceptance</ToUserName><FromUserName>oTester</FromUserName>\
         <CreateTime>{NOW}</CreateTime><MsgType>text</MsgType><Content><![CDATA[{content}]]></Content>\
         <MsgId>6054768590064713728</MsgId></xml>"
    )
}

/// Decrypts a reply as WeChat does.
fn open(body: &str) -> String {
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{name}>")).unwrap();
        text.trim_start_matches("<![CDATA[").trim_end_matches("]]>").to_owned()
    };
    let encrypt = element("Encrypt");
    let signed = [TOKEN, &element("TimeStamp"), &element("Nonce"), &encrypt];
    assert!(frame::signature_holds(&signed, &element("MsgSignature"), HexCase::Lower));
    let key = FrameKey::parse(&Secret::new(KEY)).unwrap();
    let mut bytes = encrypt.into_bytes();
    let opened = frame::open(&key, &mut bytes).unwrap();
    assert_eq!(opened.tail, WECHAT_PLATFORM.as_bytes());
    String::from_utf8(opened.message.to_vec()).unwrap()
}

#[tokio::test]
async fn the_test_message_and_events_get_encrypted_replies() {
    let (store, _, handler, server) = server().await;
    let event = verdict("gh_acceptance", NOW).replace("weapp_audit_success", "LOCATION");
    for (app, message, content) in [
        (ACCEPTANCE_ACCOUNTS[0], text("TESTCOMPONENT_MSG_TYPE_TEXT"), "TESTCOMPONENT_MSG_TYPE_TEXT_callback"),
        (ACCEPTANCE_ACCOUNTS[9], event, "LOCATIONfrom_callback"),
    ] {
        let answer = server.deliver(&messages_of(app), &wechat_push(&message)).await;
        assert_eq!(answer.status, 200);
        assert!(answer.head.contains("content-type: text/xml"), "{}", answer.head);
        let reply = open(&answer.body);
        assert!(reply.contains(&format!("<Content><![CDATA[{content}]]></Content>")), "{reply}");
        assert!(reply.contains("<FromUserName><![CDATA[gh_acceptance]]></FromUserName>"), "{reply}");
    }
    assert_eq!(handler.wait_for(2).await.len(), 2);
    assert!(store.all().iter().all(|entry| entry.bound));
}

#[tokio::test]
async fn a_code_is_acknowledged_with_nothing_and_exchanged_afterwards_until_that_works() {
    let (store, application, _, server) = server().await;
    let push = wechat_push(&text("QUERY_AUTH_CODE:queryauthcode@@@1"));
    let answer = server.deliver(&messages_of(ACCEPTANCE_ACCOUNTS[5]), &push).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    let tasks = application.0.lock().unwrap().clone();
    assert_eq!(tasks.len(), 2);
    let task = &tasks[1];
    assert_eq!((task.app.as_str(), task.to_user.as_str()), (ACCEPTANCE_ACCOUNTS[5], "oTester"));
    assert_eq!(task.platform.as_str(), WECHAT_PLATFORM);
    assert_eq!(task.code, Secret::new("queryauthcode@@@1"));
    assert_eq!(task.text, Secret::new("queryauthcode@@@1_from_api"));
    assert!(!format!("{task:?}").contains("queryauthcode"));
}

#[tokio::test]
async fn nobody_else_is_answered_so() {
    let (_, application, handler, server) = server().await;
    for content in ["TESTCOMPONENT_MSG_TYPE_TEXT", "QUERY_AUTH_CODE:queryauthcode@@@1"] {
        let push = wechat_push(&text(content).replace("gh_acceptance", ORIGINAL));
        assert_eq!(server.deliver(&messages_of(APP), &push).await.body, "success");
    }
    handler.wait_for(2).await;
    assert_eq!(application.0.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn another_apps_push_is_refused_on_an_acceptance_accounts_route_too() {
    let (_, _, _, server) = server().await;
    let push = wechat_push(&verdict(ORIGINAL, NOW));
    assert_eq!(server.deliver(&messages_of(ACCEPTANCE_ACCOUNTS[0]), &push).await.status, 403);
}

#[tokio::test]
async fn without_the_test_the_accounts_are_apps_like_any_other() {
    let store = Arc::new(MemoryStore::default());
    let server = Setup::new(store.clone()).serve().await;
    let push = wechat_push(&text("TESTCOMPONENT_MSG_TYPE_TEXT"));
    assert_eq!(server.deliver(&messages_of(ACCEPTANCE_ACCOUNTS[0]), &push).await.body, "success");
    assert!(!store.all()[0].bound);
}
