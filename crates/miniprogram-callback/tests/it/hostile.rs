//! Everything hostile at once, with valid pushes of both vendors in between, to one service on the embedded store.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use miniprogram_callback::Limits;
use miniprogram_core::Timestamp;
use miniprogram_core::push::OwnedPush;
use miniprogram_core::token::TokenScope;
use miniprogram_store::{
    Inbox, InboxEntry, InboxFilter, InboxState, Maintenance, SqliteStore, StoreOptions, TokenStore,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::secrets::Log;
use crate::support::{
    APP, Answer, BAIDU_PLATFORM, KEY, NOW, ORIGINAL, OTHER_APP, Recorder, Server, Setup, TOKEN,
    authorization, baidu_push, exchange, messages_of, now, post, request, ticket, verdict, wechat_key,
    wechat_push, wechat_push_at,
};

const REFUSED: &str = "HTTP/1.1 403 Forbidden\nconnection: close\ncontent-length: 0";
const NO_HTTP: &str = "HTTP/1.1 400 Bad Request\nconnection: close\ncontent-length: 0";
const LONG_HEAD: &str = "HTTP/1.1 431 Request Header Fields Too Large\nconnection: close\ncontent-length: 0";

const GOOD: i64 = 300;
/// Number of concurrent requests.
const SENDERS: usize = 40;
/// Maximum connections: fewer than stay open at the start.
const CONNECTIONS: usize = 160;
/// How many of the connections open at the start must be dropped at once.
const TOO_MANY: usize = 40;
/// Time that passes with each valid push: a body has as long as 120 of them, a head 200.
const STEP: Duration = Duration::from_millis(25);

/// What is sent, and the expected result.
enum Act {
    /// A push that is acknowledged.
    Good(Vec<u8>),
    /// A push that is acknowledged, followed on the same connection by something that is not HTTP.
    GoodThenGarbage(Vec<u8>),
    /// A request that this check refuses, with the uniform response.
    Bad { vendor: &'static str, check: &'static str, bytes: Vec<u8> },
    /// As `Bad`, but its sender may be cut off before it has read the response.
    Flood { vendor: &'static str, check: &'static str, bytes: Vec<u8> },
    /// Answered by the HTTP library itself.
    NoRequest { head: &'static str, bytes: Vec<u8> },
    /// Sends this and then nothing.
    Stall(Vec<u8>),
    /// Sends this and disconnects.
    BreakOff(Vec<u8>),
    /// Sends this byte by byte, one with each valid push.
    Drip(Vec<u8>),
}

/// A valid message by its number, which is its time: of both vendors, to each of their URLs.
fn good(number: i64) -> (String, Box<dyn Fn(i64) -> OwnedPush>) {
    let at = NOW + number;
    let wechat = |message: String| -> Box<dyn Fn(i64) -> OwnedPush> {
        Box::new(move |time| wechat_push_at(&message, NOW + time, &format!("{number}n{time}")))
    };
    let baidu =
        |message: String| -> Box<dyn Fn(i64) -> OwnedPush> { Box::new(move |_| baidu_push(&message)) };
    let of_baidu = |url| format!("/baidu/{BAIDU_PLATFORM}/{url}");
    match number % 6 {
        0 => (authorization(), wechat(ticket(&format!("canaryTicket{number}"), at))),
        1 => {
            let message = format!(
                r#"{{"Ticket":"canaryTicket{number}","CreateTime":{at},"MsgType":"ticket","Event":"push"}}"#
            );
            (of_baidu("authorization"), baidu(message))
        }
        2 => {
            let message = format!(
                "<xml><ToUserName>{ORIGINAL}</ToUserName><FromUserName>od1P50M</FromUserName><CreateTime>{at}</CreateTime>\
                 <MsgType>text</MsgType><Content>canaryWords</Content><MsgId>{number}</MsgId></xml>"
            );
            (messages_of(APP), wechat(message))
        }
        3 | 4 => {
            let beijing = Timestamp::from_unix(at + 8 * 3600).to_string().replace('T', " ").replace('Z', "");
            let message = format!(
                r#"{{"appId":{},"tpAppId":{BAIDU_PLATFORM},"eventTime":"{beijing}","event":"PACKAGE_AUDIT_PASS","packageId":{number}}}"#,
                1_452_360 + number % 7
            );
            (of_baidu("messages"), baidu(message))
        }
        _ => (messages_of(APP), wechat(verdict(ORIGINAL, at))),
    }
}

/// The valid ones; every fifth is sent twice, sealed anew.
fn good_acts(acts: &mut Vec<Act>) {
    for number in 0..GOOD {
        let (path, seal) = good(number);
        let bytes = post(&path, &seal(0));
        acts.push(if number % 10 == 1 { Act::GoodThenGarbage(bytes) } else { Act::Good(bytes) });
        if number % 5 == 0 {
            acts.push(Act::Good(post(&path, &seal(1))));
        }
    }
}

fn bad_acts(acts: &mut Vec<Act>, random: &mut fastrand::Rng) {
    let path = messages_of(APP);
    let other = messages_of(OTHER_APP);
    let of_baidu = format!("/baidu/{BAIDU_PLATFORM}/messages");
    let push = wechat_push(&verdict(ORIGINAL, NOW - 1).replace("od1P50M", "canaryWords"));
    let told = format!(r#"{{"appId":1,"tpAppId":{BAIDU_PLATFORM},"event":"canaryWords"}}"#);
    let (baidu, told) = (baidu_push(&told), told.into_bytes());
    let target = format!("{path}?{}", push.query);
    let with = |headers: &[(&str, &str)]| request("POST", &target, headers, &push.body);
    let query = |query: String| post(&path, &push.clone().with_head(query, push.content_type.clone()));
    let forged = |random: &mut fastrand::Rng| {
        let digits: String = (0..40).map(|_| random.digit(16)).collect();
        format!("{}={digits}", push.query.rsplit_once('=').unwrap().0)
    };
    let bad = |vendor, check, bytes| Act::Bad { vendor, check, bytes };

    for _ in 0..2000 {
        acts.push(bad("wechat", "signature", query(forged(random))));
    }
    for _ in 0..1000 {
        let nonce = random.u32(1_000_000_000..).to_string();
        let mut push = baidu.clone();
        push.body = String::from_utf8(push.body).unwrap().replace("987654321", &nonce).into_bytes();
        acts.push(bad("baidu", "signature", post(&of_baidu, &push)));
    }
    for _ in 0..20 {
        acts.push(bad("wechat", "app", post(&other, &push)));
        acts.push(bad("wechat", "encoding", with(&[("content-encoding", "gzip")])));
        acts.push(bad("wechat", "size", with(&[("content-length", "1048577")])));
        acts.push(bad("wechat", "size", with(&[("content-length", "9223372036854775807")])));
        acts.push(bad("wechat", "query", query(push.query.replace("nonce=", "nonce=%00"))));
        let long = format!("canaryQuery={}&{}", "a".repeat(12 << 10), forged(random));
        acts.push(bad("wechat", "signature", query(long)));
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "CANARY"] {
            acts.push(bad("wechat", "method", request(method, &target, &[], &push.body)));
        }
        acts.push(bad("baidu", "method", request("GET", &of_baidu, &[], &[])));
        acts.push(bad("baidu", "mode", request("POST", &of_baidu, &[], &told)));
        for path in ["/", "/wechat/nobody/messages", "/acme/1/messages", "/canary", "/wechat/%00/messages"] {
            acts.push(bad("none", "route", post(path, &push)));
        }
        let chunked = [("transfer-encoding", "chunked")];
        acts.push(bad("wechat", "broken", request("POST", &target, &chunked, b"zz\r\ncanary\r\n")));
    }
    let chunk = [b"8000\r\n".as_slice(), &[b'a'; 0x8000], b"\r\n"].concat();
    for _ in 0..8 {
        let bytes = request("POST", &target, &[("transfer-encoding", "chunked")], &chunk.repeat(40));
        acts.push(Act::Flood { vendor: "wechat", check: "size", bytes });
    }
    let whole = post(&path, &push);
    for _ in 0..20 {
        let garbage: Vec<u8> = (0..200).map(|_| random.u8(128..)).collect();
        let long = format!("GET /?canary={} HTTP/1.1\r\n\r\n", "a".repeat(20 << 10)).into_bytes();
        let headers = format!("GET / HTTP/1.1\r\n{}\r\n", "canary: 1\r\n".repeat(65)).into_bytes();
        for (head, bytes) in [
            (NO_HTTP, garbage),
            (NO_HTTP, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary".to_vec()),
            (NO_HTTP, format!("GET {path}?canary=\0 HTTP/1.1\r\n\r\n").into_bytes()),
            (NO_HTTP, with(&[("content-length", "1"), ("content-length", "2")])),
            (NO_HTTP, with(&[("content-length", "-1")])),
            (LONG_HEAD, long),
            (LONG_HEAD, headers),
        ] {
            acts.push(Act::NoRequest { head, bytes });
        }
        acts.push(Act::Drip(whole.clone()));
        acts.push(Act::Stall(whole[..whole.len() - random.usize(1..40)].to_vec()));
        acts.push(Act::BreakOff(whole[..random.usize(1..whole.len())].to_vec()));
    }
    // Open all the time, so that each new connection must find room.
    acts.extend((0..1000).map(|_| Act::Stall(Vec::new())));
}

/// Holds a connection until the service closes it; returns what was received.
async fn hold(address: SocketAddr, act: Act, mut acknowledged: watch::Receiver<i64>) -> JoinHandle<String> {
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    tokio::spawn(async move {
        let write = async {
            // The service may have closed it.
            match act {
                Act::Drip(bytes) => {
                    for byte in bytes {
                        if writer.write_all(&[byte]).await.is_err() || acknowledged.changed().await.is_err() {
                            break;
                        }
                    }
                }
                Act::Stall(bytes) => drop(writer.write_all(&bytes).await),
                Act::BreakOff(bytes) => {
                    let _ = writer.write_all(&bytes).await;
                    let _ = writer.shutdown().await;
                }
                _ => unreachable!("it has an end of its own"),
            }
        };
        let mut received = Vec::new();
        let _ = tokio::join!(write, reader.read_to_end(&mut received)).1;
        let lines = String::from_utf8(received).unwrap();
        lines.split("\r\n").filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
    })
}

/// Sends bytes and returns what was received.
async fn told(server: &Server, what: &str, bytes: &[u8]) -> Answer {
    exchange(server.address, bytes).await.unwrap_or_else(|| panic!("no answer: {what}"))
}

/// Sends everything; returns the connections that do not end on their own.
async fn send_all(server: &Server, acts: Vec<Act>) -> Vec<JoinHandle<String>> {
    let queue = RefCell::new(acts.into_iter());
    let held = RefCell::new(Vec::new());
    let (acknowledged, _) = watch::channel(0);
    for _ in 0..CONNECTIONS + TOO_MANY {
        let one = hold(server.address, Act::Stall(Vec::new()), acknowledged.subscribe()).await;
        held.borrow_mut().push(one);
    }
    server
        .until(async || server.metric("miniprogram_callback_connections_displaced_total") == TOO_MANY as f64)
        .await;
    let count = || {
        acknowledged.send_modify(|count| *count += 1);
        server.clock.advance(STEP);
    };
    let work = async || {
        loop {
            let Some(act) = queue.borrow_mut().next() else { return };
            match act {
                Act::Good(bytes) => {
                    let answer = told(server, "a good one", &bytes).await;
                    assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
                    count();
                }
                Act::GoodThenGarbage(bytes) => {
                    let text = String::from_utf8(bytes).unwrap().replacen("connection: close\r\n", "", 1);
                    let answer =
                        told(server, "garbage behind", format!("{text}canary\0\r\n\r\n").as_bytes()).await;
                    let (body, rest) = answer.body.split_at(7);
                    assert_eq!((answer.status, body), (200, "success"));
                    assert!(rest.starts_with("HTTP/1.1 400 Bad Request\r\n") && rest.ends_with("\r\n\r\n"));
                    count();
                }
                Act::Bad { check, bytes, .. } => {
                    let answer = told(server, check, &bytes).await;
                    assert_eq!((answer.head.as_str(), answer.body.as_str()), (REFUSED, ""), "{check}");
                }
                Act::Flood { bytes, .. } => {
                    if let Some(answer) = exchange(server.address, &bytes).await {
                        assert_eq!((answer.head.as_str(), answer.body.as_str()), (REFUSED, ""));
                    }
                }
                Act::NoRequest { head, bytes } => {
                    let answer = told(server, head, &bytes).await;
                    assert_eq!((answer.head.as_str(), answer.body.as_str()), (head, ""));
                }
                act @ (Act::Stall(_) | Act::BreakOff(_) | Act::Drip(_)) => {
                    let one = hold(server.address, act, acknowledged.subscribe()).await;
                    held.borrow_mut().push(one);
                }
            }
        }
    };
    futures::future::join_all((0..SENDERS).map(|_| work())).await;
    held.into_inner()
}

/// Advances the clock until the service has closed them all; returns what each received.
async fn ended(server: &Server, held: Vec<JoinHandle<String>>) -> BTreeMap<String, usize> {
    server.turn_until(async || held.iter().all(JoinHandle::is_finished)).await;
    let mut told = BTreeMap::new();
    for one in held {
        *told.entry(one.await.unwrap()).or_default() += 1;
    }
    told
}

async fn inbox(store: &SqliteStore) -> Vec<InboxEntry> {
    let mut all: Vec<InboxEntry> = Vec::new();
    loop {
        let filter = InboxFilter::new(500).before(all.last().map(|entry| entry.id));
        let page = store.entries(&filter).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.into_iter().map(|listed| listed.readable().unwrap()));
    }
}

#[tokio::test]
async fn good_traffic_is_answered_whatever_else_comes() {
    let seed = std::env::var("MINIPROGRAM_HOSTILE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    let _default = tracing::subscriber::set_default(subscriber);

    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(directory.path().join("platform.db"), StoreOptions::default()).await;
    let store = Arc::new(store.unwrap());
    let key = wechat_key();
    for (app, alias) in [(APP, ORIGINAL), (OTHER_APP, "gh_000000000000")] {
        let scope = TokenScope::authorizer(key.vendor, key.platform.clone(), app.into());
        store.bind_alias(&scope, alias, now()).await.unwrap();
    }
    let handler = Recorder::scripted([]);
    // The clock advances with acknowledgements; no connection waits to be accepted.
    let limits =
        Limits::default().with_max_connections(CONNECTIONS).with_connection_grace(std::time::Duration::ZERO);
    let server = Setup::new(store.clone())
        .with(|builder| builder.with_handler(handler.clone()))
        .with(|builder| builder.with_limits(limits))
        .serve()
        .await;

    let mut acts = Vec::new();
    good_acts(&mut acts);
    bad_acts(&mut acts, &mut random);
    random.shuffle(&mut acts);
    let mut refusals: BTreeMap<_, f64> = BTreeMap::new();
    for act in &acts {
        if let Act::Bad { vendor, check, .. } | Act::Flood { vendor, check, .. } = act {
            *refusals.entry((*vendor, *check)).or_default() += 1.0;
        }
    }
    let held = send_all(&server, acts).await;
    let told = ended(&server, held).await;

    // Those that never finished a request received nothing.
    let refused = format!("{REFUSED}\n\n");
    assert!(
        told.keys().all(|told| told.is_empty() || *told == refused || *told == format!("{NO_HTTP}\n\n")),
        "{told:?}"
    );
    let broken = refusals.remove(&("wechat", "broken")).unwrap();
    assert!(server.refusals("wechat", "broken") >= broken);
    for ((vendor, check), count) in refusals {
        assert_eq!(server.refusals(vendor, check), count, "{vendor} {check}");
    }
    assert!(server.metric("miniprogram_callback_connections_displaced_total") >= 1000.0);
    assert_eq!(server.refusals("none", "panic"), 0.0);

    // The service is still alive.
    assert_eq!(server.get("/healthz").await.body, "ok\n");
    assert_eq!(server.get("/readyz").await.status, 200);
    let (path, seal) = good(GOOD);
    assert_eq!(server.deliver(&path, &seal(200)).await.body, "success");

    // Each valid one is stored once and was handled once, and nothing else is stored.
    server.turn_until(async || store.counts().await.unwrap().pending == 0).await;
    let kept = inbox(&store).await;
    let kept: BTreeMap<i64, &InboxEntry> =
        kept.iter().map(|entry| (entry.event.occurred_at.unwrap().as_unix() - NOW, entry)).collect();
    assert!(kept.keys().copied().eq(0..=GOOD), "{:?}", kept.keys());
    for (number, entry) in &kept {
        let deliveries = if number % 5 == 0 && *number < GOOD { 2 } else { 1 };
        assert_eq!((entry.state, entry.deliveries), (InboxState::Done, deliveries), "{number}");
    }
    assert_eq!(store.counts().await.unwrap().done, kept.len() as u64);
    let mut seen: Vec<i64> = handler.seen().iter().map(|seen| seen.id).collect();
    seen.sort_unstable();
    let mut ids: Vec<i64> = kept.values().map(|entry| entry.id).collect();
    ids.sort_unstable();
    assert_eq!(seen, ids);

    let page = server.get("/metrics").await.body;
    server.stop().await.unwrap();
    store.close().await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.lines().count() > 10_000, "the log is short");
    for text in [log, page] {
        for canary in [TOKEN, KEY, "canary", "CANARY", "od1P50M", "msg_signature", "<xml>"] {
            let place = text.find(canary).map(|at| &text[at.saturating_sub(200)..(at + 40).min(text.len())]);
            assert_eq!(place, None, "{canary} was printed");
        }
    }
}
