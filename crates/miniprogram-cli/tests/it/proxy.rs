//! Where the requests of the command go: through the proxy that was given, and through no other.

use std::fs;

use serde_json::Value;

use crate::support::{Bench, Ran, WECHAT_APP};

/// An address at which nothing listens.
const NOWHERE: &str = "http://127.0.0.1:1";

fn versions(bench: &Bench, base: &str, line: &[&str]) -> Ran {
    let mut command = bench.command(WECHAT_APP, &["code", "versions", "--format", "json"]);
    Ran::of(command.env("MINIPROGRAM_BASE_URL", base).args(line))
}

fn listed(ran: &Ran) -> bool {
    matches!(ran.json(), Value::Array(_))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_go_through_the_proxy_that_was_given() {
    let bench = Bench::start().await;
    // The simulator also answers requests with an absolute address, as a proxy does.
    let proxy = bench.sim.base_url();
    assert!(listed(&versions(&bench, NOWHERE, &["--proxy", &proxy])));

    let refused = versions(&bench, &proxy, &["--proxy", "http://shop:canary@127.0.0.1:1"]);
    let error = refused.error(1);
    assert_eq!((&error["kind"], &error["outcome"]), (&"unavailable".into(), &"not_sent".into()));
    assert_eq!(error["message"], "the connection could not be opened: refused: nothing listens there");
    assert!(!refused.stderr.contains("canary"), "{}", refused.stderr);

    let wrong = versions(&bench, &proxy, &["--proxy", "canary"]).error(1);
    assert_eq!((&wrong["kind"], &wrong["field"]), (&"config".into(), &"proxy".into()));

    // Variables of other programs are not read.
    let mut command = bench.command(WECHAT_APP, &["code", "versions", "--format", "json"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, NOWHERE);
    }
    assert!(listed(&Ran::of(&mut command)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_says_how_vendors_are_reached() {
    let bench = Bench::start().await;
    let proxy = bench.sim.base_url();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("miniprogram.toml");
    let configured = |text: &str| {
        fs::write(&file, text).unwrap();
        versions(&bench, NOWHERE, &["--config", file.to_str().unwrap()])
    };
    let platform = "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\n";
    assert!(listed(&configured(&format!("proxy = \"{proxy}\"\n"))), "without a platform of the vendor");
    assert!(listed(&configured(&format!("proxy = \"{proxy}\"\n{platform}"))), "for all platforms");
    assert!(listed(&configured(&format!("proxy = \"{NOWHERE}\"\n{platform}proxy = \"{proxy}\"\n"))));

    for (line, field, says) in [
        ("ca_file = \"none.pem\"", "ca_file", "cannot be read"),
        ("ca_file = \"miniprogram.toml\"", "ca_file", "contains no certificate"),
        ("local_address = \"canary\"", "local_address", "is not an IP address"),
        ("proxy = \"ftp://127.0.0.1\"", "proxy", "must be http, https, socks5 or socks5h"),
        ("proxy = { env = \"MINIPROGRAM_TEST_NOT_SET\" }", "proxy", "which is not set"),
    ] {
        let error = configured(&format!("{platform}{line}\n")).error(1);
        assert_eq!((&error["kind"], &error["field"]), (&"config".into(), &field.into()), "{line}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says) && message.contains("the wechat platform wx1"), "{line}: {message}");
    }
}
