//! Pushes that the simulator sealed, read by the command.

use miniprogram::AppId;
use miniprogram_sim::{BAIDU, Callback, Decision, SentPush, State, WECHAT};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command, members, run_with_input, vendor_of};

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
        assert_eq!(members(&event).last(), Some(&"payload"));
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
