//! No token and no key is ever printed, at the most verbose log level.

use std::process::Command;

use miniprogram_sim::{Disturbance, Fault, FaultRule, Scope};

use crate::app::VERBS;
use crate::support::{BAIDU_APP, Bench, CLIENT_ID, CLIENT_SECRET, Ran, WECHAT_APP, command, run_with_input};

const CANARY: &str = "canary0token0that0nothing0prints";
/// As long as an AES key.
const CANARY_KEY: &str = "canary0key0that0nothing0prints0000000000000";

fn assert_silent(what: &[&str], ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("canary"), "{what:?}: {text}");
    }
}

const LINES: &[&[&str]] = &[
    &["code", "versions"],
    &["code", "pages"],
    &["code", "categories"],
    &[
        "code",
        "upload",
        "--template-id",
        "7",
        "--ext-json",
        r#"{"extEnable":true}"#,
        "--user-version",
        "2",
        "--user-desc",
        "x",
    ],
    &["code", "qrcode", "--output", "-"],
    &["audit", "submit", "--content", "a", "--remark", "b"],
    &["audit", "submit", "--item", r#"{"address":"pages/index"}"#],
    &["audit", "status", "--audit-id", "5"],
    &["audit", "latest"],
    &["audit", "withdraw", "--audit-id", "5"],
    &["audit", "quota"],
    &["audit", "expedite", "--audit-id", "5"],
    &["audit", "watch", "--for", "300ms", "--interval", "100ms"],
    &["release", "publish"],
    &["release", "rollback"],
    &["release", "targets"],
    &["release", "gray", "start", "--percentage", "10"],
    &["release", "gray", "status"],
    &["release", "gray", "cancel"],
    &["release", "visit", "close"],
    &["release", "visit", "status"],
    &["release", "library", "get"],
    &["release", "library", "set", "--version", "2.2.2"],
    &["call", "GET", "/any/path"],
    &["call", "POST", "/any/path", "--body", "{"],
    &["code", "versions", "--unknown-option"],
    &["code", "versions", "--help"],
    &["release", "publish", "--dry-run"],
];

fn loud(command: &mut Command) -> &mut Command {
    command.env("MINIPROGRAM_LOG", "trace").env("RUST_LOG", "trace")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_not_printed() {
    let bench = Bench::start().await;
    for line in LINES {
        for app in [WECHAT_APP, BAIDU_APP] {
            for format in ["table", "json"] {
                let mut command = bench.without_token(app, line);
                let command = loud(&mut command).args(["--format", format]);
                assert_silent(line, &Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", CANARY)));
            }
            let mut command = bench.without_token(app, line);
            assert_silent(line, &Ran::of(loud(&mut command).args(["--access-token", CANARY])));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_not_printed_by_what_one_vendor_has() {
    let bench = Bench::start().await;
    let packages: &[&str] = &["alliance", "packages"];
    for line in VERBS.iter().copied().chain([packages]) {
        let mut command = command();
        let command = loud(&mut command).args(line).args(["--app", BAIDU_APP]);
        command.env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
        let ran = Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", CANARY));
        assert_eq!(ran.code, 1, "{line:?}");
        assert_silent(line, &ran);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_of_the_platform_is_not_printed() {
    let bench = Bench::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"BM").unwrap();
    let file = file.path().to_str().unwrap();
    for line in [
        &["template", "drafts"][..],
        &["template", "list"],
        &["template", "add", "--draft-id", "5"],
        &["template", "delete", "--template-id", "7"],
        &["app", "image", "upload", "--type", "icon", "--file", file],
    ] {
        for vendor in ["wechat", "baidu"] {
            let mut command = command();
            let command = loud(&mut command).args(line).args(["--vendor", vendor]);
            command.env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
            assert_silent(line, &Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", CANARY)));
        }
    }
}

/// Neither a key's secret nor its token is printed, whatever is refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_key_is_not_printed() {
    let bench = Bench::start().await;
    let line = ["alliance", "info", "--app-ids", BAIDU_APP, "--timeout", "500ms", "--deadline", "500ms"];
    let run = |secret: &str, options: &[&str]| {
        let mut command = command();
        let command = loud(&mut command).args(line).args(options).env("MINIPROGRAM_CLIENT_ID", CLIENT_ID);
        command.env("MINIPROGRAM_CLIENT_SECRET", secret).env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
        Ran::of(command)
    };
    assert_silent(&line, &run(CANARY, &[]));
    assert_silent(&line, &run(CANARY, &["--format", "json"]));
    assert_silent(&line, &run(CLIENT_SECRET, &["--client-secret", CANARY]));
    assert_silent(&line, &run("canary with blanks\nand lines", &[]));
    assert_silent(&line, &run(CANARY, &["--help"]));
    let read = run(CLIENT_SECRET, &[]);
    assert_eq!(read.code, 0, "{read:?}");
    let shown = [&read.stdout, &read.stderr];
    assert!(shown.iter().all(|text| !text.contains(CLIENT_SECRET)), "{read:?}");
    for fault in [Disturbance::Reset, Disturbance::Hang, Disturbance::CutBody, Disturbance::GarbageBody] {
        bench.sim.clear_faults();
        bench.sim.add_fault(FaultRule::always(Scope::All, Fault::Before(fault)));
        let ran = run(CANARY, &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert_silent(&line, &ran);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_printed_when_the_network_fails() {
    let bench = Bench::start().await;
    let waits = ["--timeout", "500ms", "--deadline", "500ms", "--settle-time", "100ms"];
    for fault in [Disturbance::Reset, Disturbance::Hang, Disturbance::CutBody, Disturbance::GarbageBody] {
        bench.sim.clear_faults();
        bench.sim.add_fault(FaultRule::always(Scope::All, Fault::Before(fault)));
        for line in [&["code", "versions"][..], &["release", "visit", "close"], &["call", "GET", "/any/path"]]
        {
            let mut command = bench.without_token(BAIDU_APP, line);
            let command = loud(&mut command).args(waits).env("MINIPROGRAM_ACCESS_TOKEN", CANARY);
            let ran = Ran::of(command);
            assert_ne!(ran.code, 0, "{line:?}");
            assert!(ran.stderr.contains("DEBUG"), "the log is on: {}", ran.stderr);
            assert_silent(line, &ran);
        }
    }
    let line = ["code", "versions", "--vendor", "wechat", "--app", WECHAT_APP, "--deadline", "500ms"];
    for url in ["http://127.0.0.1:9", "https://canary-user:canary-password@example.com", "canary"] {
        let mut command = command();
        let command = loud(&mut command).args(line).env("MINIPROGRAM_BASE_URL", url);
        let ran = Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", CANARY));
        assert_eq!(ran.code, 1);
        assert_silent(&line, &ran);
    }
}

#[test]
fn the_secrets_of_callbacks_are_not_printed() {
    let line = ["events", "decode", "--vendor", "baidu"];
    for (token, key) in [(CANARY, CANARY_KEY), (CANARY, "canary-key-that-is-too-short"), ("", CANARY_KEY)] {
        let mut by_environment = command();
        loud(&mut by_environment)
            .args(line)
            .env("MINIPROGRAM_CALLBACK_TOKEN", token)
            .env("MINIPROGRAM_AES_KEY", key);
        let ran = run_with_input(&mut by_environment, b"{}");
        assert_eq!(ran.code, 1);
        assert_silent(&line, &ran);
        let mut by_option = command();
        loud(&mut by_option).args(line).args(["--token", token, "--aes-key", key]);
        assert_silent(&line, &run_with_input(&mut by_option, b"{}"));
        let mut help = command();
        help.args(["events", "decode", "--help"]).env("MINIPROGRAM_CALLBACK_TOKEN", token);
        assert_silent(&["--help"], &Ran::of(help.env("MINIPROGRAM_AES_KEY", key)));
        let mut sim = command();
        loud(&mut sim).args(["sim", "--listen", "203.0.113.1:1"]).env("MINIPROGRAM_CALLBACK_TOKEN", token);
        assert_silent(&["sim"], &Ran::of(sim.env("MINIPROGRAM_AES_KEY", key)));
    }
}

#[test]
fn a_filter_that_is_none_is_said() {
    let ran = Ran::of(command().args(["vendors", "--format", "json"]).env("MINIPROGRAM_LOG", "loud=shout"));
    assert_eq!(ran.error(1)["field"], "MINIPROGRAM_LOG");
}

/// A store's URL may contain a password.
#[test]
fn the_password_of_a_store_is_not_printed() {
    for url in [
        "postgres://user:canary@127.0.0.1:9/platform",
        "postgres://user:canary@127.0.0.1:bad/platform",
        "postgres://user:canary",
        "mysql://user:canary@localhost/platform",
        "canary",
    ] {
        for line in [&["store", "check"][..], &["store", "migrate"], &["events", "list"], &["auth", "status"]]
        {
            let mut by_environment = command();
            let ran = Ran::of(loud(&mut by_environment).args(line).env("MINIPROGRAM_STORE", url));
            assert_eq!(ran.code, 1, "{line:?}: {ran:?}");
            assert_silent(line, &ran);
            let mut help = command();
            assert_silent(line, &Ran::of(help.args(line).arg("--help").env("MINIPROGRAM_STORE", url)));
        }
    }
}
