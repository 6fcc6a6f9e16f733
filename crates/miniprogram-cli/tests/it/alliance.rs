//! The open-source alliance's reads, against the simulator.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use miniprogram_sim::AppSpec;
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, CLIENT_ID, CLIENT_SECRET, Ran, WECHAT_APP, command};

/// An `alliance` command line without credentials.
fn line(bench: &Bench, line: &[&str]) -> Command {
    let mut command = command();
    command.arg("alliance").args(line).args(["--format", "json", "--timeout", "2s"]);
    command.env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
    command
}

/// Like [`line`], with credentials in the environment.
fn run(bench: &Bench, verb: &[&str]) -> Ran {
    let mut command = line(bench, verb);
    command.env("MINIPROGRAM_CLIENT_ID", CLIENT_ID).env("MINIPROGRAM_CLIENT_SECRET", CLIENT_SECRET);
    Ran::of(&mut command)
}

/// Fetches a token of the key.
fn token(bench: &Bench) -> String {
    let host = bench.sim.base_url().trim_start_matches("http://").to_owned();
    let query = format!(
        "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&scope=smartapp_snsapi_base"
    );
    let request =
        format!("GET /oauth/2.0/token?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_and_packages_are_read_with_the_keys_token() {
    let bench = Bench::start().await;
    bench.sim.add_app(AppSpec::baidu("17000002").with_name("面包房")).unwrap();
    let apps = run(&bench, &["info", "--app-ids", "17000002,17000001", "--app-ids", "17999999"]).json();
    assert_eq!(apps.as_array().unwrap().len(), 2, "who is unknown is left out: {apps}");
    assert_eq!((&apps[0]["app_id"], &apps[0]["name"]), (&json!("17000002"), &json!("面包房")));
    assert_eq!(apps[0]["visit"]["status"], "open");

    let packages = run(&bench, &["packages", "--app", BAIDU_APP]).json();
    let online = packages.as_array().unwrap().iter().find(|one| one["stage"] == "released").unwrap();
    let id = online["package_id"].as_str().unwrap();
    let package = |options: &[&str]| run(&bench, &[&["package", "--app", BAIDU_APP], options].concat());
    let by_default = package(&[]).json();
    assert_eq!((&by_default["package_id"], &by_default["stage"]), (&json!(id), &json!("released")));
    assert_eq!(package(&["--package-id", id]).json(), by_default);
    assert_eq!(package(&["--type", "1"]).json(), by_default);
    let absent = package(&["--type", "4"]).error(1);
    assert!(absent["code"].is_number() && absent["advice"].is_string(), "{absent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_token_will_do() {
    let bench = Bench::start().await;
    let answer = Ran::of(line(&bench, &["packages", "--app", BAIDU_APP]).args([
        "--client-id",
        CLIENT_ID,
        "--client-secret",
        CLIENT_SECRET,
        "--vendor",
        "baidu",
    ]));
    assert!(answer.json().is_array());
    assert_eq!(bench.sim.requests_to("/oauth/2.0/token"), 1);
    let token = token(&bench);
    let mut with_token = line(&bench, &["packages", "--app", BAIDU_APP]);
    assert!(Ran::of(with_token.env("MINIPROGRAM_ACCESS_TOKEN", token)).json().is_array());
    assert_eq!(bench.sim.requests_to("/oauth/2.0/token"), 2, "the command fetched none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_and_said() {
    let bench = Bench::start().await;
    let mut command = line(&bench, &["info", "--app-ids", BAIDU_APP]);
    command.args(["--client-id", CLIENT_ID, "--client-secret", "wrong"]);
    let error = Ran::of(&mut command).error(1);
    assert_eq!((&error["code"], &error["vendor"]), (&json!("invalid_client"), &json!("baidu")));
    assert!(error["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_limit_names_its_field_and_costs_no_request() {
    let bench = Bench::start().await;
    for (verb, field) in [
        (&["info", "--app-ids", "wx1"][..], "app_ids"),
        (&["info", "--app-ids", "1,,2"], "app_ids"),
        (&["packages", "--app", "0"], "app_id"),
        (&["package", "--app", "x"], "app_id"),
        (&["package", "--app", BAIDU_APP, "--package-id", "x"], "package_id"),
    ] {
        let error = run(&bench, verb).error(1);
        assert_eq!(
            (&error["kind"], &error["field"]),
            (&json!("invalid_argument"), &json!(field)),
            "{verb:?}"
        );
    }
    let error = run(&bench, &["packages", "--vendor", "wechat", "--app", WECHAT_APP]).error(3);
    assert_eq!((&error["kind"], &error["vendor"]), (&json!("unsupported"), &json!("wechat")));
    assert_eq!(bench.sim.requests(), 0);
}

#[test]
fn what_is_missing_is_named() {
    let missing = |line: &[&str]| {
        let ran = Ran::of(command().arg("alliance").args(line));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line:?}");
        ran.stderr
    };
    let packages = missing(&["packages"]);
    assert!(packages.contains("--app <APP_ID>") && packages.contains("--client-secret"), "{packages}");
    assert!(missing(&["info"]).contains("--app-ids <APP_IDS>"));
    assert!(missing(&["info", "--app-ids", "1", "--client-id", "x"]).contains("--client-secret <SECRET>"));
    let no_key = missing(&["info", "--app-ids", "1", "--client-secret", "canary"]);
    assert!(no_key.contains("--client-id <KEY>") && !no_key.contains("canary"), "{no_key}");
    assert!(missing(&["info", "--app-ids", "1", "--app", "1"]).contains("takes no --app"));
    assert!(missing(&["package", "--type", "1", "--package-id", "1"]).contains("cannot be used with"));
    assert!(missing(&["watch", "--brokers", "x:1", "--topic", "t"]).contains("--group <GROUP>"));
}

#[cfg(not(feature = "kafka"))]
#[test]
fn a_build_without_kafka_says_so() {
    let watch = ["alliance", "watch", "--brokers", "x:1", "--topic", "t", "--group", "g"];
    let error = Ran::of(command().args(watch).args(["--format", "json"])).error(1);
    assert_eq!((&error["kind"], &error["outcome"]), (&json!("config"), &json!("not_sent")));
    assert!(error["advice"].as_str().unwrap().contains("--features kafka"), "{error}");
}
