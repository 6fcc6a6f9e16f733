//! At trace level, in metrics, in responses and in stored errors: no secret, no query, no body.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::support::{
    APP, Act, KEY, MemoryStore, NOW, ORIGINAL, OTHER_APP, Recorder, Setup, TOKEN, WECHAT_PLATFORM,
    authorization, baidu_push, messages_of, post, send, ticket, wechat_key, wechat_platform, wechat_push,
};

#[derive(Debug, Clone, Default)]
pub(crate) struct Log(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    let _default = tracing::subscriber::set_default(subscriber);

    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    let handler = Recorder::scripted([Act::Panic, Act::Fail]);
    let setup = Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone()));
    let described = format!("{:?} {:?}", setup.builder, wechat_platform());
    let server = setup.serve().await;

    let authorized = format!(
        "<xml><AppId>{WECHAT_PLATFORM}</AppId><CreateTime>{NOW}</CreateTime><InfoType>authorized</InfoType>\
         <AuthorizerAppid>{APP}</AuthorizerAppid><AuthorizationCode>canaryCode</AuthorizationCode>\
         <PreAuthCode>canaryPreAuth</PreAuthCode></xml>"
    );
    let customer = format!(
        "<xml><ToUserName>{ORIGINAL}</ToUserName><FromUserName>o1</FromUserName><CreateTime>{NOW}</CreateTime>\
         <MsgType>text</MsgType><Content>canaryWords</Content></xml>"
    );
    let mut answers = Vec::new();
    for (path, message) in [
        (authorization(), ticket("canaryTicket", NOW)),
        (authorization(), authorized),
        (messages_of(APP), customer.clone()),
        (messages_of(OTHER_APP), customer.clone()),
        (messages_of(APP), format!("canaryNonsense {customer}")),
        (authorization(), ticket("canaryTicket", NOW + 7_200)),
    ] {
        answers.push(server.deliver(&path, &wechat_push(&message)).await);
    }
    let path = format!("{}?nonce=canaryQuery&nonce=canaryQuery", messages_of(APP));
    answers.push(send(server.address, &post(&path, &baidu_push("{\"canaryBody\":1}"))).await);
    answers.push(server.get(&format!("/canary%0apath?{}", "canaryQuery")).await);
    for flag in [&store.fails, &store.panics] {
        flag.store(true, Ordering::SeqCst);
        answers.push(server.deliver(&authorization(), &wechat_push(&ticket("canaryTicket", NOW + 60))).await);
        flag.store(false, Ordering::SeqCst);
    }
    server.turn_until(async || store.all().iter().all(|entry| entry.finished_at.is_some())).await;
    let page = server.get("/metrics").await.body;
    let kept: Vec<_> = store.all().into_iter().filter_map(|entry| entry.last_error).collect();
    assert!(!kept.is_empty(), "nothing failed");
    server.stop().await.unwrap();

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("check=\"signature\"") || log.contains("check=signature") || log.contains("query"),
        "{log}"
    );
    assert!(log.lines().count() > 50, "the log is short: {log}");
    let everything = [described, log, page, format!("{answers:?}"), format!("{kept:?}")];
    for text in &everything {
        for canary in [TOKEN, KEY, "canary", "od1P50M", "msg_signature", "<xml>"] {
            let place = text.find(canary).map(|at| &text[at.saturating_sub(200)..(at + 40).min(text.len())]);
            assert_eq!(place, None, "{canary} was printed");
        }
    }
}
