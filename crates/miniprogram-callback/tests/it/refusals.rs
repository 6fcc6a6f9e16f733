//! Every check refuses with the same response, and nothing is stored.

use std::sync::Arc;

use miniprogram_core::Secret;
use miniprogram_core::push::OwnedPush;
use miniprogram_core::vendor_api::frame::{self, FrameKey};

use crate::support::{
    APP, BAIDU_PLATFORM, KEY, MemoryStore, NOW, ORIGINAL, OTHER_APP, Server, Setup, TOKEN, WECHAT_PLATFORM,
    authorization, baidu_push, exchange, messages_of, now, post, request, send, ticket, verdict, wechat_key,
    wechat_push, wechat_push_at,
};

const REFUSED: &str = "HTTP/1.1 403 Forbidden\nconnection: close\ncontent-length: 0";

async fn server(store: &Arc<MemoryStore>) -> Server {
    store.know(wechat_key(), APP, ORIGINAL);
    Setup::new(store.clone()).serve().await
}

/// Sends each request and asserts that this check refuses it with the uniform response.
async fn refuse_all(vendor: &str, cases: Vec<(&str, &str, Vec<u8>)>) {
    let store = Arc::new(MemoryStore::default());
    let server = server(&store).await;
    for (name, check, bytes) in cases {
        let before = server.refusals(vendor, check);
        let answer = send(server.address, &bytes).await;
        assert_eq!((answer.head.as_str(), answer.body.as_str()), (REFUSED, ""), "{name}");
        assert_eq!(server.refusals(vendor, check), before + 1.0, "{name}: not the check {check}");
    }
    assert_eq!(store.all(), [], "something was kept");
}

/// A push with a correctly sealed envelope around arbitrary bytes.
fn framed(frame: &str) -> OwnedPush {
    let (timestamp, nonce) = (NOW.to_string(), "1");
    let signature = frame::signature(&[TOKEN, &timestamp, nonce, frame]);
    let query = format!("timestamp={timestamp}&nonce={nonce}&msg_signature={signature}");
    let body = format!("<xml><ToUserName>{ORIGINAL}</ToUserName><Encrypt>{frame}</Encrypt></xml>");
    OwnedPush::new(now(), body.into_bytes()).with_head(query, Some("text/xml".to_owned()))
}

fn sealed(key: &str, message: &str, tail: &str) -> String {
    let key = FrameKey::parse(&Secret::new(key)).unwrap();
    frame::seal(&key, [7; 16], message.as_bytes(), tail.as_bytes())
}

#[tokio::test]
async fn what_is_no_request_to_a_callback_url_is_refused() {
    let push = wechat_push(&verdict(ORIGINAL, NOW));
    let at = |path: &str| post(path, &push);
    let with = |headers: &[(&str, &str)]| {
        request("POST", &format!("{}?{}", messages_of(APP), push.query), headers, &push.body)
    };
    let method = |method| request(method, &messages_of(APP), &[], &[]);
    let long = "a".repeat(65);
    refuse_all(
        "none",
        vec![
            ("no such vendor", "route", at(&format!("/acme/{WECHAT_PLATFORM}/messages/{APP}"))),
            (
                "no vendor's name",
                "route",
                at(&format!("/We Chat/{WECHAT_PLATFORM}/messages").replace(' ', "%20")),
            ),
            ("no such platform", "route", at("/wechat/wx0000000000000000/authorization")),
            ("a platform of the other vendor", "route", at(&format!("/baidu/{WECHAT_PLATFORM}/messages"))),
            ("no such path", "route", at("/wechat")),
            ("no app", "route", at(&messages_of(""))),
            ("a broken escape", "route", at("/wechat/%ff/messages")),
            ("no method for anybody", "method", request("PUT", "/nowhere", &[], &[])),
        ],
    )
    .await;
    refuse_all(
        "wechat",
        vec![
            ("two segments for an app", "route", at(&messages_of("wx1/wx2"))),
            ("two slashes before an app", "route", at(&messages_of("//wx1"))),
            ("an app id with a blank", "route", at(&messages_of("wx%201"))),
            ("an app id without end", "route", at(&messages_of(&long))),
            ("PUT", "method", method("PUT")),
            ("DELETE", "method", method("DELETE")),
            ("OPTIONS", "method", method("OPTIONS")),
            ("packed", "encoding", with(&[("content-encoding", "gzip")])),
            ("packed not at all, but said", "encoding", with(&[("content-encoding", "identity")])),
            ("a length that is too much", "size", with(&[("content-length", "1048577")])),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_cut_off_while_it_streams() {
    let store = Arc::new(MemoryStore::default());
    let server = server(&store).await;
    let mut body = Vec::new();
    for _ in 0..40 {
        body.extend_from_slice(b"8000\r\n");
        body.extend_from_slice(&[b' '; 0x8000]);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let bytes = request("POST", &messages_of(APP), &[("transfer-encoding", "chunked")], &body);
    if let Some(answer) = exchange(server.address, &bytes).await {
        assert_eq!(answer.head, REFUSED);
    }
    assert_eq!(server.refusals("wechat", "size"), 1.0);
}

#[tokio::test]
async fn every_rule_of_wechats_query_and_envelope_refuses() {
    let good = wechat_push(&verdict(ORIGINAL, NOW));
    let path = messages_of(APP);
    let query = |change: &dyn Fn(&str) -> String| {
        let push = good.clone().with_head(change(&good.query), good.content_type.clone());
        post(&path, &push)
    };
    let body = |change: &dyn Fn(&str) -> String| {
        let mut push = good.clone();
        push.body = change(std::str::from_utf8(&good.body).unwrap()).into_bytes();
        post(&path, &push)
    };
    let bytes = |bytes: &[u8]| {
        let mut push = good.clone();
        push.body = bytes.to_vec();
        post(&path, &push)
    };
    let at = |seconds: i64| post(&path, &wechat_push_at(&verdict(ORIGINAL, NOW), seconds, "1"));
    let without = |name: &'static str| {
        move |text: &str| text.split('&').filter(|pair| !pair.starts_with(name)).collect::<Vec<_>>().join("&")
    };
    let time = NOW.to_string();
    let signature = good.query.rsplit_once('=').unwrap().1.to_owned();
    let deep = format!("{}{}", "<a>".repeat(17), "</a>".repeat(17));
    refuse_all(
        "wechat",
        vec![
            ("a time twice", "query", query(&|q| format!("{q}&timestamp=1"))),
            ("a time twice, once in disguise", "query", query(&|q| format!("{q}&%74imestamp=1"))),
            ("no time", "query", query(&without("timestamp"))),
            ("no nonce", "query", query(&without("nonce"))),
            ("no signature of the body", "query", query(&without("msg_signature"))),
            ("a time with a zero in front", "query", query(&|q| q.replace(&time, &format!("0{time}")))),
            ("a time of twelve digits", "query", query(&|q| q.replace(&time, "169000000000"))),
            ("a time with a sign", "query", query(&|q| q.replace(&time, "%2B1690000000"))),
            (
                "a nonce of 33",
                "query",
                query(&|q| q.replace("nonce=2", &format!("nonce={}", "2".repeat(33)))),
            ),
            ("a nonce with a dot", "query", query(&|q| q.replace("nonce=2", "nonce=."))),
            ("no UTF-8 in the query", "query", query(&|q| format!("{q}&openid=%ff"))),
            ("too old", "freshness", at(NOW - 301)),
            ("too new", "freshness", at(NOW + 301)),
            (
                "an upper-case signature",
                "signature",
                query(&|q| q.replace(&signature, &signature.to_uppercase())),
            ),
            ("a short signature", "signature", query(&|q| q.replace(&signature, &signature[1..]))),
            ("another signature", "signature", query(&|q| q.replace(&signature, &"0".repeat(40)))),
            ("another time", "signature", query(&|q| q.replace(&time, &(NOW + 1).to_string()))),
            ("plain", "mode", body(&|_| verdict(ORIGINAL, NOW))),
            ("empty", "envelope", body(&|_| String::new())),
            ("no UTF-8", "envelope", bytes(b"<xml><Encrypt>\xff</Encrypt></xml>")),
            ("a control character", "envelope", body(&|b| b.replace("<Encrypt>", "\u{1}<Encrypt>"))),
            ("a document type", "envelope", body(&|b| format!("<!DOCTYPE xml>{b}"))),
            ("an entity of its own", "envelope", body(&|b| b.replace("<Encrypt>", "<a>&boom;</a><Encrypt>"))),
            ("an instruction", "envelope", body(&|b| format!("<?php 1?>{b}"))),
            ("something behind", "envelope", body(&|b| format!("{b}<xml/>"))),
            ("another root", "envelope", body(&|b| b.replace("xml>", "root>"))),
            ("no end", "envelope", body(&|b| b.replace("</xml>", ""))),
            ("too deep", "envelope", body(&|b| b.replace("<Encrypt>", &format!("{deep}<Encrypt>")))),
            ("two ciphertexts", "envelope", body(&|b| b.replace("</xml>", "<Encrypt>a</Encrypt></xml>"))),
            (
                "a ciphertext below",
                "envelope",
                body(&|b| b.replace("<Encrypt>", "<a><Encrypt>").replace("</Encrypt>", "</Encrypt></a>")),
            ),
            (
                "a ciphertext with an element",
                "envelope",
                body(&|b| b.replace("</Encrypt>", "<a/></Encrypt>")),
            ),
            ("JSON", "envelope", body(&|_| r#"{"Encrypt":"YQ=="}"#.to_owned())),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_inside_a_frame_of_wechat_is_refused_like_the_frame() {
    let (path, platform) = (messages_of(APP), authorization());
    let good = verdict(ORIGINAL, NOW);
    let wrong_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let whole = sealed(KEY, &good, WECHAT_PLATFORM);
    let push = |message: &str| post(&path, &wechat_push(message));
    let event = |message: &str| post(&platform, &wechat_push(message));
    refuse_all(
        "wechat",
        vec![
            ("another key", "frame", post(&path, &framed(&sealed(wrong_key, &good, WECHAT_PLATFORM)))),
            ("another receiver", "frame", post(&path, &framed(&sealed(KEY, &good, "wx0000000000000000")))),
            ("no receiver", "frame", post(&path, &framed(&sealed(KEY, &good, "")))),
            ("no base64", "frame", post(&path, &framed("%%%%"))),
            (
                "base64 without its end",
                "frame",
                post(&path, &framed(whole.trim_end_matches('=').get(..whole.len() - 3).unwrap())),
            ),
            ("half a block", "frame", post(&path, &framed("YWJjZA=="))),
            ("no XML", "message", push("hello")),
            ("a document type", "message", push(&format!("<!DOCTYPE xml>{good}"))),
            ("no kind, about another app", "app", push("<xml><ToUserName>gh_1</ToUserName></xml>")),
            ("a kind that is no text", "message", push("<xml><MsgType><a/></MsgType></xml>")),
            ("NUL in a text", "message", push(&good.replace("od1P50M", "\0"))),
            ("NUL in a text, by its number", "message", push(&good.replace("<![CDATA[od1P50M]]>", "&#0;"))),
            ("a control character in a tag", "message", push(&good.replace("<Event>", "<Event \u{1}>"))),
            (
                "a control character between elements",
                "message",
                push(&good.replace("<Event>", "\u{1}<Event>")),
            ),
            ("both kinds", "message", push(&good.replace("</xml>", "<InfoType>x</InfoType></xml>"))),
            (
                "a time in words",
                "message",
                push(&good.replace(&format!("<CreateTime>{NOW}"), "<CreateTime>now")),
            ),
            ("an element twice", "message", push(&good.replace("</xml>", "<MsgType>event</MsgType></xml>"))),
            (
                "another platform's ticket",
                "receiver",
                event(&ticket("t", NOW).replace(WECHAT_PLATFORM, "wx0000000000000000")),
            ),
            ("an empty ticket", "message", event(&ticket("", NOW))),
            (
                "a ticket without time",
                "message",
                event(&ticket("t", NOW).replace(&format!("<CreateTime>{NOW}</CreateTime>"), "")),
            ),
            ("a ticket of the future", "message", event(&ticket("t", NOW + 3_601))),
            ("a ticket by the message URL", "sort", push(&ticket("t", NOW))),
            ("a message by the authorization URL", "sort", event(&good)),
            (
                "another app's id inside",
                "app",
                push(&good.replace("</xml>", &format!("<appid>{OTHER_APP}</appid></xml>"))),
            ),
            ("another app's alias", "app", push(&verdict("gh_000000000000", NOW))),
            ("another app's route", "app", post(&messages_of(OTHER_APP), &wechat_push(&good))),
        ],
    )
    .await;
}

#[tokio::test]
async fn baidus_rules_refuse_with_the_same_answer() {
    let base = format!("/baidu/{BAIDU_PLATFORM}");
    let (messages, authorization) = (format!("{base}/messages"), format!("{base}/authorization"));
    let good = format!(
        r#"{{"appId":1452365,"tpAppId":{BAIDU_PLATFORM},"eventTime":"2019-01-14 12:45:10","event":"PACKAGE_AUDIT_PASS"}}"#
    );
    let push = |message: &str| post(&messages, &baidu_push(message));
    let body = |change: &dyn Fn(&str) -> String| {
        let mut push = baidu_push(&good);
        push.body = change(std::str::from_utf8(&push.body.clone()).unwrap()).into_bytes();
        post(&messages, &push)
    };
    let ticket = r#"{"Ticket":"t","CreateTime":1690000000,"MsgType":"ticket","Event":"push"}"#;
    let customer = r#"{"ToUserName":"a","FromUserName":"b","CreateTime":1690000000,"MsgType":"text","Content":"hi","MsgId":1}"#;
    refuse_all(
        "baidu",
        vec![
            ("GET", "method", request("GET", &messages, &[], &[])),
            ("no JSON", "envelope", body(&|_| "<xml/>".to_owned())),
            ("a field twice", "envelope", body(&|b| b.replacen('{', r#"{"Nonce":"1","#, 1))),
            ("something behind", "envelope", body(&|b| format!("{b}{{}}"))),
            ("another nonce", "signature", body(&|b| b.replace("987654321", "987654322"))),
            ("plain", "mode", body(&|_| good.clone())),
            ("another platform", "receiver", push(&good.replace(BAIDU_PLATFORM, "17328233"))),
            ("no platform", "receiver", push(&good.replace(&format!(r#""tpAppId":{BAIDU_PLATFORM},"#), ""))),
            ("an id beyond 2^63 - 1", "message", push(&good.replace("1452365", "9223372036854775808"))),
            ("a negative id", "message", push(&good.replace("1452365", "-1"))),
            ("no id of an app", "message", push(&good.replace("1452365", "0"))),
            ("NUL in a text", "message", push(&good.replace("PACKAGE", "\0"))),
            ("a control character between fields", "message", push(&good.replacen(',', ",\u{1}", 1))),
            ("a field twice inside", "message", push(&good.replacen('{', "{\"a\n\":1,\"a\\n\":1,", 1))),
            ("another app's route", "app", post(&format!("{messages}/1452366"), &baidu_push(&good))),
            ("a ticket by an app's route", "sort", post(&format!("{messages}/1452365"), &baidu_push(ticket))),
            (
                "a customer's message by the authorization URL",
                "sort",
                post(&authorization, &baidu_push(customer)),
            ),
            (
                "an empty ticket",
                "message",
                post(&authorization, &baidu_push(&ticket.replace("\"t\"", "\"\""))),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_panic_is_answered_like_a_refusal_and_the_service_lives_on() {
    let store = Arc::new(MemoryStore::default());
    let server = server(&store).await;
    let push = wechat_push(&verdict(ORIGINAL, NOW));
    store.panics.store(true, std::sync::atomic::Ordering::SeqCst);
    let answer = server.deliver(&messages_of(APP), &push).await;
    assert_eq!((answer.head.as_str(), answer.body.as_str()), (REFUSED, ""));
    assert_eq!(server.refusals("none", "panic"), 1.0);
    store.panics.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(server.deliver(&messages_of(APP), &push).await.body, "success");
}

#[tokio::test]
async fn a_thousand_forgeries_do_not_keep_good_pushes_out() {
    let store = Arc::new(MemoryStore::default());
    let server = server(&store).await;
    let mut forged = wechat_push(&verdict(ORIGINAL, NOW));
    forged.query = forged.query.replace("msg_signature=", "msg_signature=0");
    for round in 0..10 {
        let forgeries = (0..100).map(|_| server.deliver("/wechat/nobody/messages", &forged));
        let good = wechat_push(&verdict(ORIGINAL, NOW + round));
        let path = messages_of(APP);
        let (answers, answer) =
            futures::future::join(futures::future::join_all(forgeries), server.deliver(&path, &good)).await;
        assert!(answers.iter().all(|answer| answer.status == 403));
        assert_eq!(answer.body, "success");
    }
    assert_eq!(store.all().len(), 10);
}
