use std::sync::{Arc, Mutex};
use std::time::Duration;

use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::vendor_api::frame::{self, FrameKey, HexCase};
use miniprogram_sim::{
    AppSpec, AuditPolicy, BAIDU, Callback, Decision, PushFault, PushFaultRule, SentPush, SimConfig, State,
    WECHAT,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::Bench;

/// Verifies signature and tail, and returns the message inside.
fn open(callback: &Callback, timestamp: &str, nonce: &str, encrypted: &str, signature: &str) -> String {
    let parts = [callback.token.expose(), timestamp, nonce, encrypted];
    assert!(frame::signature_holds(&parts, signature, HexCase::Lower));
    let key = FrameKey::parse(&callback.aes_key).unwrap();
    let mut bytes = encrypted.as_bytes().to_vec();
    let frame = frame::open(&key, &mut bytes).unwrap();
    assert_eq!(frame.tail, callback.receiver_id.as_bytes());
    String::from_utf8(frame.message.to_vec()).unwrap()
}

pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start)
        .and_then(|(_, rest)| rest.split_once(end))
        .unwrap_or_else(|| panic!("{start} in {text}"))
        .0
}

pub(crate) fn open_wechat(push: &SentPush) -> String {
    let query: Vec<(String, String)> = form_urlencoded::parse(push.query.as_bytes()).into_owned().collect();
    let get = |name: &str| query.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!(get("encrypt_type"), "aes");
    let callback = Callback::sample(WECHAT);
    let (timestamp, nonce) = (get("timestamp"), get("nonce"));
    let plain = [callback.token.expose(), timestamp.as_str(), nonce.as_str()];
    assert!(frame::signature_holds(&plain, &get("signature"), HexCase::Lower));
    let encrypted = between(&push.body, "<Encrypt><![CDATA[", "]]></Encrypt>");
    open(&callback, &timestamp, &nonce, encrypted, &get("msg_signature"))
}

pub(crate) fn open_baidu(push: &SentPush) -> Value {
    let envelope: Value = serde_json::from_str(&push.body).unwrap();
    let get = |name: &str| envelope[name].as_str().unwrap();
    let callback = Callback::sample(BAIDU);
    let message = open(&callback, get("TimeStamp"), get("Nonce"), get("Encrypt"), get("MsgSignature"));
    serde_json::from_str(&message).unwrap()
}

#[tokio::test]
async fn wechat_verdicts_are_sealed_and_recorded() {
    for (decision, event, rest) in [
        (Decision::Approve, "weapp_audit_success", "<SuccTime>1773115200</SuccTime>".to_owned()),
        (
            Decision::Reject { reason: "a]]>b<br>".to_owned(), screenshots: vec!["m1".to_owned(), "m2".to_owned()] },
            "weapp_audit_fail",
            "<Reason><![CDATA[a]]]]><![CDATA[>b<br>]]></Reason><FailTime>1773115200</FailTime><ScreenShot>m1|m2</ScreenShot>"
                .to_owned(),
        ),
        (
            Decision::Delay { reason: "等".to_owned() },
            "weapp_audit_delay",
            "<Reason><![CDATA[等]]></Reason><DelayTime>1773115200</DelayTime>".to_owned(),
        ),
    ] {
        let spec = AppSpec::wechat("wx1").with_original_id("gh_fb9688c2a4b2").with_state(State::InReview);
        let bench = Bench::new(SimConfig::new(), spec).await;
        bench.sim.decide_audit(&bench.app, &decision).unwrap();
        let pushes = bench.sim.pushes(&bench.app);
        assert_eq!(pushes.len(), 1);
        let push = &pushes[0];
        assert_eq!((push.event.as_str(), push.attempt, &push.url), (event, 1, &None));
        assert!(push.body.contains("<ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName>"), "{}", push.body);
        assert!(push.query.contains("&openid="), "{}", push.query);
        let message = open_wechat(push);
        assert!(message.contains("<ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName>"), "{message}");
        assert!(message.contains(&format!("<Event><![CDATA[{event}]]></Event>")), "{message}");
        assert!(message.contains(&rest), "{message}");
    }
}

#[tokio::test]
async fn baidu_verdicts_are_sealed_and_recorded() {
    let bench = Bench::baidu(State::InReview).await;
    let id = bench.package_with(4).await;
    bench.sim.decide_audit(&bench.app, &Decision::reject("名称过长")).unwrap();
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    let pushes = bench.sim.pushes(&bench.app);
    let rejected = json!({
        "appId": 1_452_365, "tpAppId": 17_328_232, "eventTime": "2026-03-10 12:00:00", "event": "PACKAGE_AUDIT_FAIL",
        "packageId": id, "packageVersion": "1.2.0", "reason": "名称过长",
    });
    assert_eq!(open_baidu(&pushes[0]), rejected);
    assert_eq!(open_baidu(&pushes[1])["event"], "PACKAGE_AUDIT_PASS");
    assert_eq!((pushes[0].query.as_str(), pushes[0].content_type.as_str()), ("", "application/json"));
}

#[tokio::test]
async fn tickets_are_pushed_on_demand() {
    let bench = Bench::wechat(State::Online).await;
    let ticket = bench.sim.push_ticket(WECHAT).unwrap();
    let push = &bench.sim.platform_pushes(WECHAT)[0];
    assert!(push.body.contains("<AppId><![CDATA[wx5ec0de0000000001]]></AppId>"), "{}", push.body);
    assert!(!push.query.contains("openid"));
    let message = open_wechat(push);
    assert_eq!(between(&message, "<ComponentVerifyTicket><![CDATA[", "]]>"), ticket.expose());
    let ticket = bench.sim.push_ticket(BAIDU).unwrap();
    let message = open_baidu(&bench.sim.platform_pushes(BAIDU)[0]);
    assert_eq!((&message["Ticket"], &message["Event"]), (&json!(ticket.expose()), &json!("push")));
    assert!(bench.sim.pushes(&bench.app).is_empty());
}

/// A receiver that returns the given responses in turn, then the last one forever, and records request lines and
/// bodies.
pub(crate) struct Receiver {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    pub(crate) async fn new(answers: &'static [(u16, &'static str)], hang: Option<VirtualClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut turn = 0;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (head, body) = read_request(&mut stream).await;
                log.lock().unwrap().push((head.lines().next().unwrap().to_owned(), body));
                let (status, text) = answers[turn.min(answers.len() - 1)];
                turn += 1;
                if status == 0 {
                    let stall = hang.as_ref().unwrap().stall(None);
                    tokio::spawn(async move {
                        // Until the sender gives up.
                        let mut rest = [0; 1];
                        tokio::select! {
                            () = stall => {}
                            _ = stream.read(&mut rest) => {}
                        }
                    });
                    continue;
                }
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
                    text.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) async fn read_request(stream: &mut tokio::net::TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.unwrap();
        assert!(length > 0, "the request broke off");
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase();
        let length: usize = between(&format!("{length}\r\n"), "content-length: ", "\r\n").parse().unwrap();
        if body.len() >= length {
            return (head.to_owned(), body.to_owned());
        }
    }
}

async fn deliver(answers: &'static [(u16, &'static str)], vendor_is_baidu: bool) -> (Bench, Receiver) {
    let receiver = Receiver::new(answers, None).await;
    let (config, spec) = if vendor_is_baidu {
        let callback = Callback::sample(BAIDU).with_url(format!("{}/events", receiver.url));
        (SimConfig::new().with_baidu_callback(callback), AppSpec::baidu("42"))
    } else {
        let callback = Callback::sample(WECHAT).with_url(format!("{}/events/$APPID$?x=1", receiver.url));
        (SimConfig::new().with_wechat_callback(callback), AppSpec::wechat("wx42"))
    };
    let bench = Bench::new(config, spec.with_state(State::InReview)).await;
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    bench.sim.idle().await;
    (bench, receiver)
}

#[tokio::test]
async fn a_push_is_delivered_where_the_app_id_belongs() {
    let (bench, receiver) = deliver(&[(200, "success")], false).await;
    let (sent, seen) = (bench.sim.pushes(&bench.app), receiver.seen());
    assert_eq!((sent.len(), seen.len()), (1, 1));
    assert_eq!(seen[0].0, format!("POST /events/wx42?x=1&{} HTTP/1.1", sent[0].query));
    assert_eq!(seen[0].1, sent[0].body);
    assert_eq!(sent[0].url, Some(format!("{}/events/wx42?x=1", receiver.url)));
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_three_times_each_encrypted_afresh() {
    for (answers, baidu, expected) in [
        (&[(200, "success")][..], true, 1),
        (&[(200, "")], false, 1),
        (&[(200, "")], true, 3),
        (&[(200, "SUCCESS")], false, 3),
        (&[(500, "success")], false, 3),
        (&[(500, ""), (200, "success")], false, 2),
    ] {
        let (bench, receiver) = deliver(answers, baidu).await;
        let sent = bench.sim.pushes(&bench.app);
        assert_eq!((sent.len(), receiver.seen().len()), (expected, expected), "{answers:?}");
        for (index, push) in sent.iter().enumerate() {
            assert_eq!(push.attempt as usize, index + 1);
            assert_eq!(push.at.since(sent[0].at), Duration::from_secs(5) * push.attempt.saturating_sub(1));
            assert!(sent[..index].iter().all(|other| other.body != push.body));
            if baidu {
                open_baidu(push);
            } else {
                open_wechat(push);
            }
        }
    }
}

#[tokio::test]
async fn a_silent_receiver_is_given_five_seconds() {
    let clock = VirtualClock::new(crate::support::start_time());
    let receiver = Receiver::new(&[(0, ""), (200, "success")], Some(clock.clone())).await;
    let callback = Callback::sample(WECHAT).with_url(receiver.url.clone());
    let config = SimConfig::new().with_virtual_clock(clock.clone()).with_wechat_callback(callback);
    let sim = miniprogram_sim::Simulator::start(config).await.unwrap();
    sim.add_app(AppSpec::wechat("wx1").with_state(State::InReview)).unwrap();
    let app = "wx1".into();
    sim.decide_audit(&app, &Decision::Approve).unwrap();
    sim.idle().await;
    let sent = sim.pushes(&app);
    assert_eq!(sent.len(), 2);
    assert!(sent[1].at.since(sent[0].at) >= Duration::from_secs(5));
}

#[tokio::test]
async fn a_policy_decides_at_its_time() {
    let config = SimConfig::new().with_audit_policy(AuditPolicy::approve_after(Duration::from_secs(3600)));
    let spec = AppSpec::wechat("wx1").with_state(State::Uploaded { version: "2.0.0".to_owned() });
    let bench = Bench::new(config, spec).await;
    let operation = bench.operate();
    bench.submit().await;
    bench.wait(3599).await;
    assert_eq!(bench.get("/wxa/get_latest_auditstatus").await.json()["status"], 2);
    bench.wait(1).await;
    assert_eq!(bench.get("/wxa/get_latest_auditstatus").await.json()["status"], 0);
    drop(operation);
    let pushes = bench.sim.pushes(&bench.app);
    assert_eq!(
        (pushes.len(), pushes[0].at.since(crate::support::start_time())),
        (1, Duration::from_secs(3600))
    );
}

/// Which of 60 submissions of one app are rejected.
async fn rejected(seed: u64, app: &str) -> Vec<bool> {
    let policy = AuditPolicy::drawn_after(Duration::from_secs(60), 0.3, "菜单为空");
    let config = SimConfig::new().with_audit_policy(policy);
    let bench = Bench::seeded(seed, config, AppSpec::wechat(app)).await;
    let _operation = bench.operate();
    let mut rejected = Vec::new();
    for number in 0..60 {
        bench.commit(&format!("2.0.{number}")).await;
        bench.submit().await;
        bench.wait(60).await;
        let latest = bench.get("/wxa/get_latest_auditstatus").await.json();
        assert!(latest["status"] == 0 || latest["reason"] == "菜单为空", "{latest}");
        rejected.push(latest["status"] == 1);
    }
    rejected
}

#[tokio::test]
async fn a_policy_rejects_a_share_by_the_seed() {
    let first = rejected(7, "wx1").await;
    let count = first.iter().filter(|rejected| **rejected).count();
    assert!((8..=30).contains(&count), "{count} of 60");
    assert_eq!(rejected(7, "wx1").await, first);
    assert_ne!(rejected(8, "wx1").await, first);
    assert_ne!(rejected(7, "wx2").await, first);
}

/// The events sent after three verdicts, with a fault on the first push.
async fn events(fault: PushFault) -> (Bench, Vec<String>) {
    let bench = Bench::baidu(State::InReview).await;
    let operation = bench.operate();
    let id = bench.package_with(4).await;
    bench.sim.set_push_faults(vec![PushFaultRule::next(1, fault).with_app(bench.app.clone())]);
    bench.sim.decide_audit(&bench.app, &Decision::reject("1")).unwrap();
    for decision in [Decision::reject("2"), Decision::Approve] {
        assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
        bench.sim.decide_audit(&bench.app, &decision).unwrap();
    }
    drop(operation);
    bench.sim.settle().await;
    let pushes = bench.sim.pushes(&bench.app);
    let reasons = pushes.iter().map(|push| {
        let message = open_baidu(push);
        message["reason"].as_str().unwrap_or("pass").to_owned()
    });
    let reasons = reasons.collect();
    (bench, reasons)
}

#[tokio::test]
async fn pushes_are_lost_late_doubled_and_out_of_order() {
    assert_eq!(events(PushFault::Lost).await.1, ["2", "pass"]);
    assert_eq!(events(PushFault::Duplicated).await.1, ["1", "1", "2", "pass"]);
    assert_eq!(events(PushFault::Reordered).await.1, ["2", "1", "pass"]);
    let (bench, order) = events(PushFault::Late { millis: 90_000 }).await;
    assert_eq!(order, ["2", "pass", "1"]);
    assert_eq!(
        bench.sim.pushes(&bench.app)[2].at.since(crate::support::start_time()),
        Duration::from_secs(90)
    );

    // Nothing overtakes the last one: it is sent after a minute.
    let bench = Bench::baidu(State::InReview).await;
    bench.sim.set_push_faults(vec![PushFaultRule::next(1, PushFault::Reordered)]);
    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    bench.sim.settle().await;
    assert_eq!(
        bench.sim.pushes(&bench.app)[0].at.since(crate::support::start_time()),
        Duration::from_secs(60)
    );
}
