//! Slow heads, slow bodies, too many connections, graceful shutdown.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use miniprogram_callback::Limits;
use miniprogram_core::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    APP, MemoryStore, NOW, ORIGINAL, Server, Setup, exchange, messages_of, post, request, verdict,
    wechat_key, wechat_push,
};

async fn server(limits: Limits) -> (Arc<MemoryStore>, Server) {
    let store = Arc::new(MemoryStore::default());
    store.know(wechat_key(), APP, ORIGINAL);
    let server = Setup::new(store.clone()).with(|builder| builder.with_limits(limits)).serve().await;
    (store, server)
}

async fn connect(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Reads to the end while the clock advances; returns what was received.
async fn cut_off(server: &Server, stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut read = std::pin::pin!(stream.read_to_end(&mut received));
    let began = server.clock.now();
    server.turn_until(async || read.as_mut().now_or_never().is_some()).await;
    assert!(server.clock.now() > began, "it was cut off at once");
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off() {
    let (_, server) = server(Limits::default()).await;
    for bytes in [&b""[..], b"POST /wechat HTTP/1.1\r\nx: "] {
        let mut slow = connect(&server, bytes).await;
        assert_eq!(cut_off(&server, &mut slow).await, "");
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_is_refused() {
    let (_, server) = server(Limits::default()).await;
    let head = request("POST", &messages_of(APP), &[("content-length", "100")], b"<xml>");
    let mut slow = connect(&server, &head).await;
    let answer = cut_off(&server, &mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(server.refusals("wechat", "deadline"), 1.0);
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing_behind() {
    let (store, server) = server(Limits::default()).await;
    let head = request("POST", &messages_of(APP), &[("content-length", "100")], b"<xml>");
    drop(connect(&server, &head).await);
    server.until(async || server.metric("miniprogram_callback_connections") == 0.0).await;
    assert_eq!(store.all(), []);
}

#[tokio::test]
async fn idle_connections_make_room_for_those_that_send_something() {
    let (store, server) = server(Limits::default().with_max_connections(3)).await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        idle.push(connect(&server, b"POST /wechat HTTP/1.1\r\n").await);
    }
    server.until(async || server.metric("miniprogram_callback_connections") == 3.0).await;
    // Each of them has had time to send something.
    server.clock.advance(Duration::from_millis(100));
    for nth in 0..3 {
        let push = wechat_push(&verdict(ORIGINAL, NOW + nth));
        assert_eq!(server.deliver(&messages_of(APP), &push).await.body, "success");
    }
    assert_eq!(store.all().len(), 3);
    // Only the oldest one was dropped: the others' requests had ended by then.
    let mut rest = Vec::new();
    assert_eq!(idle[0].read_to_end(&mut rest).await.unwrap_or(0), 0);
    assert_eq!(server.metric("miniprogram_callback_connections_displaced_total"), 1.0);
}

#[tokio::test]
async fn who_has_just_connected_is_not_displaced_by_others_that_do_the_same() {
    let (store, server) = server(Limits::default().with_max_connections(2)).await;
    let push = post(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW)));
    let (head, tail) = push.split_at(40);
    let mut good = connect(&server, head).await;
    server.until(async || server.metric("miniprogram_callback_connections") == 1.0).await;
    let mut crowd = Vec::new();
    for _ in 0..20 {
        crowd.push(connect(&server, b"POST /wechat HTTP/1.1\r\n").await);
    }
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    good.write_all(tail).await.unwrap();
    let mut answer = String::new();
    good.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("success"), "{answer}");
    assert_eq!(store.all().len(), 1);
    // They are accepted once the time of the earlier ones is over.
    server
        .turn_until(async || server.metric("miniprogram_callback_connections_displaced_total") >= 10.0)
        .await;
}

#[tokio::test]
async fn large_bodies_share_their_room_and_small_ones_need_none() {
    let limits = Limits::default().with_max_body(1 << 20).with_max_body_memory(1 << 20);
    let (store, server) = server(limits).await;
    let length = (1 << 20).to_string();
    let head = request("POST", &messages_of(APP), &[("content-length", &length)], &vec![b' '; 900 << 10]);
    let other = request("POST", &messages_of(APP), &[], &vec![b' '; 300 << 10]);
    let mut large = Vec::new();
    // Which of the two gets the memory is indeterminate: if a large one has it, the other is refused.
    let full = async || {
        large.push(connect(&server, &head).await);
        exchange(server.address, &other).await.is_some_and(|answer| answer.status == 503)
    };
    server.until(full).await;
    assert!(server.refusals("wechat", "memory") >= 1.0);
    let push = wechat_push(&verdict(ORIGINAL, NOW));
    assert_eq!(server.deliver(&messages_of(APP), &push).await.body, "success");
    assert_eq!(store.all().len(), 1);
    drop(large);
    server.until(async || server.metric("miniprogram_callback_connections") == 0.0).await;
    let refused = server.refusals("wechat", "memory");
    let after = request("POST", &messages_of(APP), &[], &vec![b' '; 900 << 10]);
    assert!(exchange(server.address, &after).await.is_none_or(|answer| answer.status == 403));
    assert_eq!(server.refusals("wechat", "memory"), refused, "its room was given back");
}

#[tokio::test]
async fn a_connection_serves_several_pushes() {
    let (store, server) = server(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for nth in 0..3 {
        let bytes = post(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW + nth)));
        let bytes = String::from_utf8(bytes).unwrap().replace("connection: close\r\n", "");
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = [0; 512];
        let mut length = 0;
        while !answer[..length].ends_with(b"success") {
            length += stream.read(&mut answer[length..]).await.unwrap();
        }
    }
    assert_eq!(store.all().len(), 3);
}

#[tokio::test]
async fn shutting_down_answers_what_is_under_way_and_accepts_nothing_more() {
    let (store, mut server) = server(Limits::default()).await;
    let bytes = post(&messages_of(APP), &wechat_push(&verdict(ORIGINAL, NOW)));
    let (head, tail) = bytes.split_at(bytes.len() - 10);
    let mut under_way = connect(&server, head).await;
    server.until(async || server.metric("miniprogram_callback_connections") == 1.0).await;
    // Once the head is read, the service waits for the body.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    server.begin_to_stop();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    under_way.write_all(tail).await.unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("success"), "{answer}");
    server.stop().await.unwrap();
    assert_eq!(store.all().len(), 1);
}
