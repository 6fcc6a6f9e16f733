//! The simulator as a process.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{Ran, WECHAT_APP, command, field_names};

fn start(line: &[&str]) -> (Child, Value) {
    let mut child =
        command().arg("sim").args(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    (child, serde_json::from_str(&first).unwrap())
}

#[cfg(unix)]
#[test]
fn it_prints_its_address_serves_and_stops_when_told() {
    for name in ["TERM", "INT"] {
        let (mut child, line) = start(&["--seed", "7"]);
        assert_eq!(field_names(&line), ["base_url", "admin_url", "seed"]);
        let base = line["base_url"].as_str().unwrap();
        assert!(line["admin_url"].as_str().unwrap().starts_with(base), "{line}");
        assert_eq!(line["seed"], 7);

        let read = ["code", "versions", "--vendor", "wechat", "--app", WECHAT_APP, "--format", "json"];
        let ran = Ran::of(command().args(read).args(["--base-url", base, "--access-token", "unknown"]));
        assert_eq!(ran.error(1)["kind"], "token_rejected", "it answers like the vendor");

        crate::support::signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
        let mut rest = String::new();
        child.stdout.unwrap().read_to_string(&mut rest).unwrap();
        child.stderr.unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

#[test]
fn an_address_in_use_and_a_bad_key_are_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let json = |line: &[&str]| Ran::of(command().arg("sim").args(line).args(["--format", "json"])).error(1);
    let in_use = json(&["--listen", &address]);
    assert_eq!((&in_use["kind"], &in_use["field"]), (&"config".into(), &"listen".into()));
    let key = json(&["--aes-key", "short"]);
    assert_eq!((&key["kind"], &key["field"]), (&"config".into(), &serde_json::Value::Null));
}

#[test]
fn an_address_that_is_none_is_usage() {
    let ran = Ran::of(command().args(["sim", "--listen", "nowhere"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}
