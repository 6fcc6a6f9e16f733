//! Baidu's routes, and both vendors as played by the simulator.

use std::sync::Arc;

use miniprogram_core::vendor_api::frame;
use miniprogram_core::{EventKind, Secret};
use miniprogram_sim::{AppSpec, Callback, Decision, SimConfig, Simulator, State};
use miniprogram_store::{PlatformKey, TokenStore};

use crate::support::{
    BAIDU_PLATFORM, MemoryStore, NOW, ORIGINAL, Recorder, Setup, TOKEN, Table, WECHAT_PLATFORM, baidu_push,
    request, send,
};

#[tokio::test]
async fn baidu_checks_its_url_by_query_or_by_form() {
    let server = Setup::new(Arc::new(MemoryStore::default())).serve().await;
    let time = NOW.to_string();
    let signature = frame::signature(&[TOKEN, &time, "7"]);
    let parameters = format!("signature={signature}&timestamp={time}&nonce=7&echoStr=Abc123");
    let path = format!("/baidu/{BAIDU_PLATFORM}/messages");
    let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let by_query = request("POST", &format!("{path}?{parameters}"), &[], &[]);
    let by_form = request("POST", &path, &form, parameters.as_bytes());
    for bytes in [by_query, by_form] {
        let answer = send(server.address, &bytes).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "Abc123"));
    }
    // A push with the content type of a form is still a push.
    let push =
        baidu_push(r#"{"tpAppId":17328232,"event":"CREATE_APP_AUTH_CANCEL","createAuthorizationCode":"c"}"#);
    let answer = send(server.address, &request("POST", &path, &form, &push.body)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    let script = parameters.replace("Abc123", "%3Cscript%3E");
    let answer = send(server.address, &request("POST", &path, &form, script.as_bytes())).await;
    assert_eq!((answer.status, answer.body.as_str()), (403, ""));
}

#[tokio::test]
async fn baidus_events_name_their_app_by_either_url_and_tickets_are_kept() {
    let (store, handler) = (Arc::new(MemoryStore::default()), Arc::new(Recorder::default()));
    let server =
        Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone())).serve().await;
    let base = format!("/baidu/{BAIDU_PLATFORM}");
    // Ids and times as numbers and as strings; a name with a space and a backslash.
    for (path, message) in [
        (
            "authorization",
            r#"{"Ticket":"canaryTicket","FromUserName":"SmartAPP","CreateTime":"1690000000","MsgType":"ticket","Event":"push"}"#,
        ),
        (
            "authorization",
            r#"{"appId":1452365,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10","event":"PACKAGE_AUDIT_PASS"}"#,
        ),
        (
            "messages",
            r#"{"appId":"1452365","tpAppId":"17328232","eventTime":"2019-01-14 12:45:11","event":" APPLY_APP\\_MOBILE_AUTH_PASS"}"#,
        ),
        ("messages/1452365", r#"{"appId":1452365,"tpAppId":17328232,"event":"SOMETHING_NEW","future":[1]}"#),
        (
            "messages",
            r#"{"ToUserName":"a","FromUserName":"b","CreateTime":1690000000,"MsgType":"text","Content":"hi","MsgId":22}"#,
        ),
    ] {
        let answer = server.deliver(&format!("{base}/{path}"), &baidu_push(message)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "success"), "{message}");
    }
    let kinds: Vec<_> =
        store.all().iter().map(|entry| (entry.event.kind, entry.event.app_id.clone())).collect();
    let app = Some("1452365".into());
    assert_eq!(
        kinds,
        [
            (EventKind::Ticket, None),
            (EventKind::AuditApproved, app.clone()),
            (EventKind::PhonePermissionAudited, app.clone()),
            (EventKind::Unknown, app),
            (EventKind::Unknown, None),
        ]
    );
    let key = PlatformKey::new(baidu_smartapp::BAIDU, BAIDU_PLATFORM);
    let ticket = store.ticket(&key).await.unwrap().unwrap();
    assert_eq!((ticket.ticket, ticket.created_at.as_unix()), (Secret::new("canaryTicket"), NOW));
    assert_eq!(handler.wait_for(5).await.len(), 5);
}

#[tokio::test]
async fn what_the_simulator_pushes_is_received_and_handled() {
    let (store, handler) = (Arc::new(MemoryStore::default()), Arc::new(Recorder::default()));
    let table = Arc::new(Table::default());
    let setup = Setup::new(store.clone())
        .with(|builder| builder.with_handler(handler.clone()).with_aliases(table.clone()));
    let (clock, server) = (setup.clock.clone(), setup.serve().await);
    let sim = Simulator::start(SimConfig::new().with_seed(4).with_clock(Arc::new(clock))).await.unwrap();
    let callback = |vendor, platform: &str, app: &str| {
        let base = format!("http://{}/{vendor}/{platform}", server.address);
        Callback::sample(vendor)
            .with_token(TOKEN)
            .with_aes_key(crate::support::KEY)
            .with_platform_id(platform)
            .with_receiver_id(platform)
            .with_authorization_url(format!("{base}/authorization"))
            .with_url(format!("{base}/messages{app}"))
    };
    let wechat = wechat_wxa::WECHAT;
    let baidu = baidu_smartapp::BAIDU;
    sim.set_callback(wechat, callback(wechat, WECHAT_PLATFORM, "/$APPID$")).unwrap();
    sim.set_callback(baidu, callback(baidu, BAIDU_PLATFORM, "")).unwrap();

    let app = "wx00000000000000aa";
    sim.add_app(AppSpec::wechat(app).with_original_id(ORIGINAL).with_state(State::InReview)).unwrap();
    sim.add_app(AppSpec::baidu("1452365").with_state(State::InReview)).unwrap();
    table.0.lock().unwrap().push((app, ORIGINAL));
    sim.decide_audit(&app.into(), &Decision::Approve).unwrap();
    sim.decide_audit(&"1452365".into(), &Decision::Approve).unwrap();
    let tickets = [sim.push_ticket(wechat).unwrap(), sim.push_ticket(baidu).unwrap()];
    let seen = handler.wait_for(4).await;
    assert_eq!(seen.len(), 4);
    for (vendor, platform, ticket) in
        [(wechat, WECHAT_PLATFORM, &tickets[0]), (baidu, BAIDU_PLATFORM, &tickets[1])]
    {
        let kept = store.ticket(&PlatformKey::new(vendor, platform)).await.unwrap().unwrap();
        assert_eq!(kept.ticket, *ticket);
    }
    let kinds = |app: &str| {
        let of_app = store.all().into_iter().filter(|entry| entry.event.app_id == Some(app.into()));
        of_app.map(|entry| entry.event.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(app), [EventKind::AuditApproved]);
    assert_eq!(kinds("1452365"), [EventKind::AuditApproved]);
}
