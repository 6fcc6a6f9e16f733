//! What is accepted: stored once in the inbox before it is acknowledged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use miniprogram_core::{EventKind, Secret, Timestamp};
use miniprogram_store::{Inbox, InboxEntry, TokenStore};

use crate::support::{
    APP, BAIDU_PLATFORM, MemoryStore, NOW, ORIGINAL, Recorder, Setup, WECHAT_PLATFORM, authorization,
    baidu_push, config, messages_of, post, send, ticket, verdict, wechat_json_push, wechat_key,
    wechat_platform, wechat_push, wechat_push_at,
};

fn store() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    store
}

#[tokio::test]
async fn a_push_is_in_the_inbox_when_it_is_acknowledged_and_then_handled() {
    let (store, handler) = (store(), Arc::new(Recorder::default()));
    let server =
        Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone())).serve().await;
    let answer = server.deliver(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW))).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    let kept = &store.all()[0];
    assert_eq!((kept.event.kind, kept.bound), (EventKind::AuditApproved, true));
    let seen = handler.wait_for(1).await;
    assert_eq!((seen[0].app.as_ref().unwrap().as_str(), seen[0].attempt), (APP, 1));
}

#[tokio::test]
async fn an_app_id_may_come_with_a_slash_of_its_own() {
    let store = store();
    let server = Setup::new(store.clone()).serve().await;
    for (nth, path) in ["/wx", "%2Fwx"].into_iter().enumerate() {
        let path = messages_of(&APP.replacen("wx", path, 1));
        let push = wechat_push(&verdict(ORIGINAL, NOW + i64::try_from(nth).unwrap()));
        assert_eq!(server.deliver(&path, &push).await.body, "success", "{path}");
        assert_eq!(store.all()[nth].event.app_id, Some(APP.into()));
    }
}

#[tokio::test]
async fn deliveries_of_one_event_are_kept_once_however_they_are_sealed() {
    let (store, handler) = (store(), Arc::new(Recorder::default()));
    let server =
        Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone())).serve().await;
    let message = verdict(ORIGINAL, NOW);
    let path = messages_of(APP);
    // The same bytes; sealed again with another nonce, time and prefix; time and nonce exchanged, which leaves the
    // signature unchanged.
    let first = wechat_push_at(&message, NOW, &(NOW + 1).to_string());
    let mut exchanged = first.clone();
    exchanged.query = first.query.replace(&format!("timestamp={NOW}"), "timestamp=T");
    exchanged.query = exchanged.query.replace(&format!("nonce={}", NOW + 1), &format!("nonce={NOW}"));
    exchanged.query = exchanged.query.replace("timestamp=T", &format!("timestamp={}", NOW + 1));
    let again = wechat_push_at(&message, NOW + 5, "4711");
    for push in [&first, &first, &exchanged, &again] {
        assert_eq!(server.deliver(&path, push).await.body, "success");
    }
    assert_eq!((store.all().len(), store.all()[0].deliveries), (1, 4));
    let requests = |outcome| {
        format!(
            "miniprogram_callback_requests_total{{vendor=\"wechat\",route=\"messages\",outcome=\"{outcome}\"}}"
        )
    };
    assert_eq!(server.metric(&requests("received")), 1.0);
    assert_eq!(server.metric(&requests("duplicate")), 3.0);
    handler.wait_for(1).await;
    server.until(async || store.counts().await.unwrap().done == 1).await;
    assert_eq!(handler.seen().len(), 1);
}

#[tokio::test]
async fn unknown_events_are_acknowledged_and_kept_with_every_field() {
    let store = store();
    let server = Setup::new(store.clone()).serve().await;
    let message = verdict(ORIGINAL, NOW).replace("weapp_audit_success", "open_product_of_2031");
    let message = message.replace("</xml>", "<Fresh><a>1</a><a>2</a></Fresh></xml>");
    assert_eq!(server.deliver(&messages_of(APP), &wechat_push(&message)).await.body, "success");
    let event = store.all().remove(0).event;
    assert_eq!((event.kind, &*event.raw_event), (EventKind::Unknown, "open_product_of_2031"));
    assert_eq!(event.payload["Fresh"], serde_json::json!({ "a": ["1", "2"] }));
}

#[tokio::test]
async fn a_message_without_a_name_is_kept_whichever_url_it_comes_to() {
    let store = store();
    let server = Setup::new(store.clone()).serve().await;
    let messages = format!("/wechat/{WECHAT_PLATFORM}/messages");
    let texts = [
        format!("<xml><ToUserName>{ORIGINAL}</ToUserName><New>1</New></xml>"),
        format!("<xml><AppId>{WECHAT_PLATFORM}</AppId><CreateTime>{NOW}</CreateTime><New>2</New></xml>"),
    ];
    for (path, text) in [(messages_of(APP), &texts[0]), (messages, &texts[1]), (authorization(), &texts[1])] {
        assert_eq!(server.deliver(&path, &wechat_push(text)).await.body, "success", "{path}");
    }
    let of_baidu = |path: &str| format!("/baidu/{BAIDU_PLATFORM}/{path}");
    for (path, text) in [
        ("messages", format!(r#"{{"appId":1,"tpAppId":{BAIDU_PLATFORM},"new":1}}"#)),
        ("messages/1", format!(r#"{{"appId":1,"tpAppId":{BAIDU_PLATFORM},"new":2}}"#)),
        ("authorization", r#"{"new":3}"#.to_owned()),
    ] {
        assert_eq!(server.deliver(&of_baidu(path), &baidu_push(&text)).await.body, "success", "{path}");
    }
    let kept = store.all();
    let unknown = |entry: &InboxEntry| (entry.event.kind, entry.event.raw_event.to_string());
    assert!(kept.iter().all(|entry| unknown(entry) == (EventKind::Unknown, String::new())), "{kept:?}");
    let apps: Vec<_> = kept.iter().map(|entry| entry.event.app_id.as_ref().map(|app| app.as_str())).collect();
    assert_eq!(apps, [Some(APP), None, Some("1"), Some("1"), None]);
    assert_eq!(kept[1].deliveries, 2, "the same by both URLs");
}

#[tokio::test]
async fn what_people_typed_and_how_numbers_look_refuses_no_push() {
    let store = store();
    let server = Setup::new(store.clone()).serve().await;
    let typed: String = (1..0x20_u8).map(char::from).collect();
    let failed = |reason: &str| {
        let failed = verdict(ORIGINAL, NOW).replace("weapp_audit_success", "weapp_audit_fail");
        failed
            .replace("<SuccTime>", &format!("<Reason>{reason}</Reason><FailTime>"))
            .replace("/SuccTime", "/FailTime")
    };
    let references = typed.chars().map(|c| format!("&#{};", u32::from(c))).collect::<String>();
    for reason in [&typed, &references] {
        let answer = server.deliver(&messages_of(APP), &wechat_push(&failed(reason))).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    }
    let path = format!("/baidu/{BAIDU_PLATFORM}/messages");
    for package in ["745815", "0", "\"\"", "-1", "\"x\"", "1.5", "18446744073709551616"] {
        let text = format!(
            r#"{{"appId":1452365,"tpAppId":{BAIDU_PLATFORM},"event":"PACKAGE_AUDIT_FAIL","reason":"{typed}","packageId":{package}}}"#
        );
        let answer = server.deliver(&path, &baidu_push(&text)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "success"), "{package}");
    }
    let kept = store.all();
    assert_eq!(kept.len(), 8);
    for entry in &kept {
        let event = &entry.event;
        assert_eq!((event.kind, event.reason.as_deref()), (EventKind::AuditRejected, Some(typed.as_str())));
    }
    // In any encoding it is the same event.
    assert_eq!(kept[0].deliveries, 2);
    let packages: Vec<_> = kept[1..].iter().map(|entry| entry.event.package_id.is_some()).collect();
    assert_eq!(packages, [true, false, false, false, false, false, false]);
    assert_eq!(kept[7].event.payload["packageId"], "18446744073709551616");
}

#[tokio::test]
async fn where_json_is_configured_wechats_envelopes_and_messages_are_json() {
    use miniprogram_callback::CallbackPlatform;
    use miniprogram_core::callback::{BodyFormat, CallbackMode};

    let store = store();
    let config = config().with_platform_id(WECHAT_PLATFORM).with_body_format(BodyFormat::Json);
    assert_eq!(config.mode(), CallbackMode::Encrypted);
    let protocol = wechat_wxa::WeChatCallback::new(config).unwrap();
    let platform = CallbackPlatform::new(wechat_key(), protocol).unwrap();
    let server = Setup::of([platform], store.clone()).serve().await;
    let ticket = format!(
        r#"{{"AppId":"{WECHAT_PLATFORM}","CreateTime":{NOW},"InfoType":"component_verify_ticket","ComponentVerifyTicket":"canaryTicket"}}"#
    );
    let failed = format!(
        r#"{{"ToUserName":"{ORIGINAL}","FromUserName":"od1P50M","CreateTime":{NOW},"MsgType":"event","Event":"weapp_audit_fail","Reason":"one\ntwo","FailTime":{NOW}}}"#
    )
    .replace("\\n", "\n");
    for (path, message) in [(authorization(), &ticket), (messages_of(APP), &failed)] {
        let answer = server.deliver(&path, &wechat_json_push(message)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "success"), "{message}");
        // An unconfigured encoding is refused, whatever its content type.
        let xml = wechat_push(&verdict(ORIGINAL, NOW));
        let xml = xml.clone().with_head(xml.query.clone(), Some("text/xml".to_owned()));
        assert_eq!(server.deliver(&path, &xml).await.status, 403);
    }
    assert_eq!(store.ticket(&wechat_key()).await.unwrap().unwrap().ticket, Secret::new("canaryTicket"));
    let event = &store.all()[1].event;
    assert_eq!((event.kind, event.reason.as_deref()), (EventKind::AuditRejected, Some("one\ntwo")));
}

#[tokio::test]
async fn of_two_tickets_the_one_made_later_counts_in_whatever_order_they_come() {
    let store = store();
    let server = Setup::new(store.clone()).serve().await;
    for (text, created_at) in
        [("ticket@@@first", NOW - 600), ("ticket@@@newest", NOW), ("ticket@@@late", NOW - 300)]
    {
        let push = wechat_push(&ticket(text, created_at));
        assert_eq!(server.deliver(&authorization(), &push).await.body, "success");
    }
    let kept = store.ticket(&wechat_key()).await.unwrap().unwrap();
    assert_eq!(kept.ticket, Secret::new("ticket@@@newest"));
    assert_eq!(kept.created_at, Timestamp::from_unix(NOW));
    assert_eq!(store.all().len(), 3);
}

#[tokio::test]
async fn where_the_store_fails_nothing_is_acknowledged_and_the_next_delivery_lands() {
    let store = store();
    let server = Setup::new(store.clone()).serve().await;
    for (path, message) in
        [(messages_of(APP), verdict(ORIGINAL, NOW)), (authorization(), ticket("ticket@@@1", NOW))]
    {
        store.fails.store(true, Ordering::SeqCst);
        let answer = server.deliver(&path, &wechat_push(&message)).await;
        assert_eq!((answer.status, answer.body.as_str()), (503, ""));
        store.fails.store(false, Ordering::SeqCst);
        let answer = server.deliver(&path, &wechat_push_at(&message, NOW + 5, "2")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    }
    assert_eq!(store.all().len(), 2);
    assert!(store.ticket(&wechat_key()).await.unwrap().is_some());
}

#[tokio::test]
async fn both_forms_of_wechats_check_of_a_url_are_answered_on_every_route() {
    use miniprogram_core::vendor_api::frame::{self, FrameKey};

    use crate::support::{KEY, TOKEN};

    let server = Setup::new(store()).serve().await;
    let time = NOW.to_string();
    let clear = frame::signature(&[TOKEN, &time, "7"]);
    let key = FrameKey::parse(&Secret::new(KEY)).unwrap();
    let sealed = frame::seal(&key, [1; 16], b"1616140317555161061", WECHAT_PLATFORM.as_bytes());
    let signature = frame::signature(&[TOKEN, &time, "7", &sealed]);
    let escaped = sealed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for path in [authorization(), messages_of(APP), format!("/wechat/{WECHAT_PLATFORM}/messages")] {
        let answer =
            server.get(&format!("{path}?signature={clear}&timestamp={time}&nonce=7&echostr=5577")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "5577"), "{path}");
        let query = format!("msg_signature={signature}&timestamp={time}&nonce=7&echostr={escaped}");
        let answer = server.get(&format!("{path}?{query}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "1616140317555161061"), "{path}");
        let forged =
            server.get(&format!("{path}?signature={clear}&timestamp={time}&nonce=8&echostr=5577")).await;
        assert_eq!((forged.status, forged.body.as_str()), (403, ""));
    }
}

#[tokio::test]
async fn what_takes_longer_than_the_vendor_waits_is_not_acknowledged() {
    use std::time::Duration;

    use async_trait::async_trait;
    use miniprogram_callback::Limits;
    use miniprogram_core::{AppId, Result};
    use miniprogram_store::{Aliases, PlatformKey};

    /// Never responds.
    #[derive(Debug, Default)]
    struct Silent {
        asked: tokio::sync::Notify,
    }

    #[async_trait]
    impl Aliases for Silent {
        async fn alias(&self, _: &PlatformKey, _: &AppId) -> Result<Option<String>> {
            self.asked.notify_one();
            std::future::pending().await
        }
    }

    let (store, silent) = (Arc::new(MemoryStore::default()), Arc::new(Silent::default()));
    let limits = Limits::default().with_lookup_timeout(Duration::from_secs(60));
    let server = Setup::new(store.clone())
        .with(|builder| builder.with_aliases(silent.clone()).with_limits(limits))
        .serve()
        .await;
    let push = post(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW)));
    let turn = async {
        silent.asked.notified().await;
        server.clock.advance(Duration::from_secs(4));
    };
    let (answer, ()) = tokio::join!(send(server.address, &push), turn);
    assert_eq!((answer.status, answer.body.as_str()), (503, ""));
    assert_eq!(store.all(), []);
}

#[tokio::test]
async fn the_router_can_be_nested_in_another_server() {
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use miniprogram_callback::CallbackService;
    use tower::ServiceExt;

    let (store, handler) = (store(), Arc::new(Recorder::default()));
    let clock = Arc::new(miniprogram_core::clock::VirtualClock::new(crate::support::now()));
    let _busy = miniprogram_core::clock::Clock::enter(clock.as_ref());
    let service = CallbackService::builder(store.clone())
        .with_platform(wechat_platform())
        .with_handler(handler.clone())
        .with_clock(clock)
        .build()
        .unwrap();
    let router = axum::Router::new().nest("/callbacks", service.router());
    let push = wechat_push(&verdict(ORIGINAL, NOW));
    let uri = format!("/callbacks{}?{}", messages_of(APP), push.query);
    let request = Request::post(uri).body(Body::from(push.body)).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), "success");
    service.dispatch(async { drop(handler.wait_for(1).await) }).await;
    assert_eq!(store.counts().await.unwrap().done, 1);
}
