//! Pushes sealed by the simulator, read by the command.

use miniprogram::{AppId, Event, EventKind, Timestamp};
use miniprogram_sim::{BAIDU, Callback, Decision, SentPush, State, WECHAT};
use miniprogram_store::{Inbox, Maintenance, NewEvent, PlatformKey, SqliteStore, StoreOptions};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command, field_names, run_with_input, vendor_of};

async fn verdict(app: &str) -> SentPush {
    let bench = Bench::start().await;
    bench.arrange(app, &State::InReview);
    let app = AppId::from(app);
    bench.sim.decide_audit(&app, &Decision::Approve).unwrap();
    bench.sim.pushes(&app).remove(0)
}

fn decode(app: &str, push: &SentPush, options: &[&str], body: &str) -> Ran {
    let callback = Callback::sample(if app == BAIDU_APP { BAIDU } else { WECHAT });
    let now = push.at.as_unix().to_string();
    let mut command = command();
    command.args(["events", "decode", "--vendor", vendor_of(app), "--app", app, "--format", "json"]);
    command
        .args(["--query", &push.query, "--receiver-id", &callback.receiver_id, "--now", &now])
        .args(options);
    command.env("MINIPROGRAM_CALLBACK_TOKEN", callback.token.expose());
    command.env("MINIPROGRAM_AES_KEY", callback.aes_key.expose());
    run_with_input(&mut command, body.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_push_is_verified_and_read() {
    for app in [WECHAT_APP, BAIDU_APP] {
        let push = verdict(app).await;
        let event = decode(app, &push, &[], &push.body).json();
        assert_eq!((&event["kind"], &event["app_id"]), (&json!("audit_approved"), &json!(app)));
        assert_eq!((&event["vendor"], &event["raw_event"]), (&json!(vendor_of(app)), &json!(push.event)));
        assert!(event["occurred_at"].as_str().unwrap().ends_with('Z'), "{event}");
        assert_eq!(field_names(&event).last(), Some(&"payload"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_genuine_is_refused_alike() {
    for app in [WECHAT_APP, BAIDU_APP] {
        let push = verdict(app).await;
        let refused = |options: &[&str], body: &str| {
            let error = decode(app, &push, options, body).error(1);
            assert_eq!(error["kind"], "callback", "{error}");
        };
        let cut = &push.body[..push.body.len() - 20];
        refused(&[], cut);
        refused(&[], "");
        refused(&["--token", "another"], &push.body);
        refused(&["--aes-key", &"a".repeat(43)], &push.body);
        refused(&[], &format!("{}{}", push.body, " ".repeat(1 << 20)));
        let late = (push.at.as_unix() + 3600).to_string();
        let late = decode(app, &push, &[], &push.body).json()["kind"] == "audit_approved" && {
            let mut command = command();
            command.args(["events", "decode", "--vendor", vendor_of(app), "--app", app, "--format", "json"]);
            let callback = Callback::sample(if app == BAIDU_APP { BAIDU } else { WECHAT });
            command.args(["--query", &push.query, "--receiver-id", &callback.receiver_id, "--now", &late]);
            command.args(["--token", callback.token.expose(), "--aes-key", callback.aes_key.expose()]);
            run_with_input(&mut command, push.body.as_bytes()).error(1)["kind"] == "callback"
        };
        assert!(late, "an hour later it is not fresh");
    }
}

#[test]
fn a_plain_push_is_read_only_where_it_is_asked_for() {
    let message = r#"{"appId":17000001,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10","event":"PACKAGE_AUDIT_PASS","packageId":529394,"packageVersion":"0.2.2"}"#;
    let line = ["events", "decode", "--vendor", "baidu", "--format", "json"];
    let plain = |options: &[&str]| {
        run_with_input(command().args(line).args(["--plain"]).args(options), message.as_bytes())
    };
    let event: Value = plain(&[]).json();
    assert_eq!((&event["kind"], &event["package_id"]), (&json!("audit_approved"), &json!("529394")));
    assert_eq!(
        (&event["app_id"], &event["occurred_at"]),
        (&json!("17000001"), &json!("2019-01-14T04:45:10Z"))
    );
    assert_eq!(plain(&["--platform-id", "17328232"]).json()["platform_id"], "17328232");
    assert_eq!(plain(&["--platform-id", "1"]).error(1)["kind"], "callback");

    let key = "a".repeat(43);
    let encrypted_only = ["--token", "t", "--aes-key", &key];
    let refused = run_with_input(command().args(line).args(encrypted_only), message.as_bytes());
    assert_eq!(refused.error(1)["kind"], "callback");
    let missing = run_with_input(command().args(line), message.as_bytes());
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("--token") && missing.stderr.contains("--aes-key"), "{}", missing.stderr);
}

/// Characters that must be escaped: they control a terminal, forge a line or look like something else.
const UNSEEN: &str =
    "\t\u{1b}[2J\u{9b}\u{ad}\u{200b}\u{200f}\u{2028}\u{202e}\u{2066}\u{2069}\u{feff}\u{e0041}";

fn assert_seen(ran: &Ran) {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let unseen = |c: &char| *c != '\n' && !c.is_ascii_graphic() && UNSEEN.contains(*c);
    assert_eq!(ran.stdout.chars().filter(unseen).collect::<String>(), "", "{ran:?}");
}

#[test]
fn tickets_and_codes_are_masked_where_a_push_is_decoded() {
    for (vendor, message, kind) in [
        (
            "wechat",
            "<xml><AppId>wx1</AppId><CreateTime>1690000000</CreateTime><InfoType>component_verify_ticket</InfoType>\
             <ComponentVerifyTicket>canary</ComponentVerifyTicket></xml>",
            "ticket",
        ),
        (
            "wechat",
            "<xml><AppId>wx1</AppId><InfoType>authorized</InfoType><AuthorizerAppid>wx2</AuthorizerAppid>\
             <AuthorizationCode>canary</AuthorizationCode><PreAuthCode>canary</PreAuthCode></xml>",
            "authorized",
        ),
        (
            "wechat",
            r#"{"AppId":"wx1","InfoType":"notify_third_fasteregister","appid":"wx2","auth_code":"canary"}"#,
            "unknown",
        ),
        (
            "wechat",
            "<xml><ToUserName>gh_1</ToUserName><MsgType>text</MsgType><Content>QUERY_AUTH_CODE:canary</Content></xml>",
            "unknown",
        ),
        (
            "baidu",
            r#"{"Ticket":"canary","CreateTime":1413192605,"MsgType":"ticket","Event":"push"}"#,
            "ticket",
        ),
        ("baidu", r#"{"appId":1,"event":"AUTHORIZED","authorizationCode":"canary"}"#, "authorized"),
        ("baidu", r#"{"event":"CREATE_APP_AUTH_CANCEL","createAuthorizationCode":"canary"}"#, "unknown"),
        ("baidu", r#"{"something":{"new_ticket":"canary"}}"#, "unknown"),
    ] {
        for format in ["table", "json"] {
            let mut command = command();
            command.args(["events", "decode", "--vendor", vendor, "--plain", "--format", format]);
            let ran = run_with_input(&mut command, message.as_bytes());
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
            assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
            assert!(ran.stdout.contains("***") && ran.stdout.contains(kind), "{}", ran.stdout);
        }
    }
}

#[test]
fn what_cannot_be_seen_is_escaped_where_a_push_is_decoded() {
    let message = json!({
        "event": format!("NEW{UNSEEN}"), "reason": UNSEEN,
        UNSEEN: { UNSEEN: [UNSEEN, { UNSEEN: UNSEEN }] },
    });
    for (vendor, message) in
        [("baidu", message.to_string()), ("wechat", message.to_string().replace("\"event\"", "\"InfoType\""))]
    {
        let run = |format| {
            let mut command = command();
            command.args(["events", "decode", "--vendor", vendor, "--plain", "--format", format]);
            run_with_input(&mut command, message.as_bytes())
        };
        let table = run("table");
        assert_seen(&table);
        let shown =
            r"\t\u{1b}[2J\u{9b}\u{ad}\u{200b}\u{200f}\u{2028}\u{202e}\u{2066}\u{2069}\u{feff}\u{e0041}";
        assert!(table.stdout.contains(&format!("payload.{shown}.{shown}")), "{}", table.stdout);
        assert!(table.stdout.contains(&format!("NEW{shown}")), "{}", table.stdout);
        assert_seen(&run("json"));
        let event = run("json").json();
        assert_eq!(event["payload"], serde_json::from_str::<Value>(&message).unwrap(), "nothing is lost");
    }
}

#[tokio::test]
async fn what_cannot_be_seen_is_escaped_where_kept_events_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    let store = SqliteStore::migrate(&file, StoreOptions::default()).await.unwrap();
    let payload = json!({ UNSEEN: { UNSEEN: [UNSEEN] }, "Ticket": "canary" });
    let mut event = Event::new(BAIDU, EventKind::Unknown, format!("NEW{UNSEEN}").into(), payload);
    event.app_id = Some(AppId::from(format!("1{UNSEEN}")));
    event.reason = Some(UNSEEN.into());
    let key = PlatformKey::new(BAIDU, format!("7{UNSEEN}"));
    store.receive(&NewEvent::new(key, event, Timestamp::from_unix(1_690_000_000))).await.unwrap();
    store.close().await;
    let url = format!("sqlite:{}", file.display());
    for line in [&["events", "list"][..], &["events", "show", "1"]] {
        for format in ["table", "json"] {
            let ran = Ran::of(command().args(line).args(["--store", &url, "--format", format]));
            assert_seen(&ran);
            assert!(ran.stdout.contains("unknown") && !ran.stdout.contains("canary"), "{}", ran.stdout);
        }
    }
    let shown = Ran::of(command().args(["events", "show", "1", "--store", &url, "--format", "json"])).json();
    assert_eq!(shown["event"]["payload"], json!({ UNSEEN: { UNSEEN: [UNSEEN] }, "Ticket": "***" }));
    assert_eq!(shown["event"]["reason"], UNSEEN);
}
