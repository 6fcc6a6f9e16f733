//! A vendor without a token chain: its pushes are received, and its apps' tokens are those that another program stored.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use miniprogram::Timestamp;
use miniprogram::authorization::IssuedToken;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::token::{AccessToken, TokenScope};
use miniprogram_store::{Acquired, NewTokens, StoreKeys, StoredAccess};
use serde_json::{Value, json};

use crate::acme::ACME;
use crate::{Ran, command, run, write_config};

const PLATFORM: &str = "vendor = \"acme\"\nid = \"p1\"\n";

/// The receiver, ended with the test.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a request, and returns the status and the body of the response.
fn send(base: &str, request: &str, body: &str) -> (u16, String) {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Neither a credential nor a token chain is needed to receive.
pub(crate) fn its_pushes_are_received() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(&folder, &format!("{PLATFORM}token = \"canaryToken\""));
    let store = format!("sqlite:{}", folder.path().join("state.db").display());
    let common = ["--config", &config, "--store", &store];
    assert_eq!(run(&[&["store", "migrate"], &common[..]].concat()).0, 0);

    let mut serve = command("receiver");
    serve.args(["serve", "--listen", "127.0.0.1:0", "--jsonl"]).args(common);
    let mut receiver = Receiver(serve.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(receiver.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let first = next();
    let base = first["base_url"].as_str().unwrap();
    assert_eq!(first["routes"][0]["messages_url"], format!("{base}/acme/p1/messages"));
    let push = |token: &str| {
        let request = format!("POST /acme/p1/messages?token={token}");
        send(base, &request, &json!({ "app": "a1" }).to_string())
    };
    assert_ne!(push("another").0, 200);
    assert_eq!(push("canaryToken"), (200, "success".to_owned()));
    let event = next();
    assert_eq!((&event["vendor"], &event["app_id"]), (&json!("acme"), &json!("a1")), "{event}");
    let (status, ready) = send(first["status_url"].as_str().unwrap(), "GET /readyz", "");
    assert_eq!(status, 200, "{ready}");

    #[cfg(unix)]
    {
        let stop = std::process::Command::new("kill").args(["-TERM", &receiver.0.id().to_string()]).status();
        assert!(stop.unwrap().success());
        assert_eq!(receiver.0.wait().unwrap().code(), Some(0));
    }
}

pub(crate) fn its_tokens_are_those_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(&folder, &format!("{PLATFORM}signing_key = \"canaryKey\""));
    let store = format!("sqlite:{}", folder.path().join("state.db").display());
    let common =
        ["--vendor", "acme", "--app", "a1", "--format", "json", "--config", &config, "--store", &store];
    let pages = || run(&[&["code", "pages"], &common[..]].concat());
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        miniprogram_store::migrate(&store, StoreKeys::default()).await.unwrap().close().await;
    });

    let Ran(code, _, error) = pages();
    assert_eq!(code, 1, "{error}");
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["error"]["kind"], "unauthorized", "{error}");

    let now = SystemClock.now();
    let expired = IssuedToken::new(AccessToken::new("expired").unwrap(), Duration::from_secs(60));
    let lasting = IssuedToken::lasting(AccessToken::new("lasting").unwrap());
    tokio.block_on(keep(&store, &StoredAccess::new(&expired, Timestamp::from_unix(now.as_unix() - 3600))));
    assert_eq!(pages().0, 1);
    tokio.block_on(keep(&store, &StoredAccess::new(&lasting, now)));
    assert_eq!(pages().json()[4], "lasting");

    let Ran(code, _, error) = run(&[&["auth", "refresh"], &common[..]].concat());
    assert!(code == 3 && error.contains("authorization"), "{error}");
}

/// Stores a token of the app, as a program that obtains tokens does.
async fn keep(store: &str, access: &StoredAccess) {
    let store = miniprogram_store::open(store, StoreKeys::default()).await.unwrap();
    let now = SystemClock.now();
    let scope = TokenScope::authorizer(ACME, "p1".into(), "a1".into());
    let acquired = store.acquire(&scope, "another program", now, Duration::from_secs(60)).await.unwrap();
    let Acquired::Granted { lease, .. } = acquired else { panic!("{acquired:?}") };
    store.commit(&lease, &NewTokens::new(Some(access.clone())), now).await.unwrap();
    store.close().await;
}
