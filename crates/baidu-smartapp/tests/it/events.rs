//! Decoder and encoder of pushes: the reference's vectors, one fixture per situation, a table of refusals per rule, and
//! properties over arbitrary and mutated input.

use std::fs;
use std::path::{Path, PathBuf};

use baidu_smartapp::event::{BaiduEvent, BaiduEventDecoder, BaiduEventEncoder, EVENTS, decode_notification};
use baidu_smartapp::{BAIDU, BaiduCallback};
use miniprogram_core::callback::{CallbackConfig, CallbackProtocol, Route, Seal};
use miniprogram_core::push::{CallbackCheck, EventCredential, OwnedPush, Push};
use miniprogram_core::vendor_api::frame::signature;
use miniprogram_core::{ErrorKind, Event, EventDecoder, EventKind, Outcome, Result, Secret, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Map, Value, json};

const TOKEN: &str = "Zq7tokenForPush";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA";
const PLATFORM: &str = "17328232";
const NOW: Timestamp = Timestamp::from_unix(1_547_441_110);
const PASS: &str = r#"{"appId":1452365,"tpAppId":17328232,"event":"PACKAGE_AUDIT_PASS"}"#;
const TICKET: &str = r#"{"Ticket":"t","CreateTime":1413192605,"MsgType":"ticket","Event":"push"}"#;

fn config() -> CallbackConfig {
    CallbackConfig::encrypted(TOKEN, &Secret::new(KEY)).unwrap()
}

/// Knows the platform and the receiver; the fixtures of the vendor's documents are for other platforms.
fn strict() -> CallbackConfig {
    config().with_receiver_id(PLATFORM).unwrap().with_platform_id(PLATFORM)
}

fn decoder() -> BaiduEventDecoder {
    BaiduEventDecoder::new(strict())
}

fn plain() -> BaiduEventDecoder {
    BaiduEventDecoder::new(CallbackConfig::plain())
}

fn seal() -> Seal<'static> {
    Seal::new(NOW, "987654321").with_random(*b"0123456789abcdef")
}

fn sealed(message: &str) -> OwnedPush {
    BaiduEventEncoder::new(strict()).unwrap().seal_push(message, &seal()).unwrap()
}

fn with_body(body: impl Into<Vec<u8>>) -> OwnedPush {
    OwnedPush::new(NOW, body.into())
}

/// A push with a valid signature over arbitrary content.
fn signed(timestamp: &str, nonce: &str, encrypt: &str) -> OwnedPush {
    let signature = signature(&[TOKEN, timestamp, nonce, encrypt]);
    let envelope =
        json!({"Nonce": nonce, "TimeStamp": timestamp, "Encrypt": encrypt, "MsgSignature": signature});
    with_body(envelope.to_string())
}

fn ciphertext(push: &OwnedPush) -> String {
    let envelope: Value = serde_json::from_slice(&push.body).unwrap();
    envelope["Encrypt"].as_str().unwrap().to_owned()
}

fn check(result: &Result<Event<'_>>) -> Option<CallbackCheck> {
    result.as_ref().err().and_then(CallbackCheck::of)
}

fn fixtures(suffix: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().is_some_and(|path| path.ends_with(suffix)));
    files.sort();
    files
}

fn vectors() -> Vec<Map<String, Value>> {
    let file: Value = serde_json::from_str(include_str!("../fixtures/events/vectors.json")).unwrap();
    file["vectors"].as_array().unwrap().iter().map(|vector| vector.as_object().unwrap().clone()).collect()
}

/// Decodes a fixture plainly; a difference from its expected value is noted.
fn compared(path: &Path, message: &str, suffix: &str, differences: &mut Vec<String>) -> Value {
    let name = path.file_name().unwrap().to_str().unwrap();
    let beside = path.with_file_name(name.replace(suffix, ".event.json"));
    let expected = fs::read_to_string(&beside).ok().map(|text| serde_json::from_str::<Value>(&text).unwrap());

    let mut body = message.to_owned().into_bytes();
    let event = plain().decode(Push::new(NOW, &mut body));
    let event = serde_json::to_value(event.unwrap_or_else(|error| panic!("{name}: {error:?}"))).unwrap();
    if expected.as_ref() != Some(&event) {
        differences.push(format!("{}\n{event:#}", beside.display()));
    }
    event
}

#[test]
fn a_kept_push_is_decoded_from_its_ciphertext_alone() {
    let event = decoder().decode_kept(&ciphertext(&sealed(PASS))).unwrap();
    assert_eq!((event.kind, event.app_id), (EventKind::AuditApproved, Some("1452365".into())));
    let another = r#"{"appId":1452365,"tpAppId":7,"event":"PACKAGE_AUDIT_PASS"}"#;
    for (decoder, content) in [
        (decoder(), ciphertext(&sealed(another))),
        (decoder(), ciphertext(&sealed("[]"))),
        (decoder(), "oux7pbRc".to_owned()),
        (decoder(), String::new()),
        (plain(), ciphertext(&sealed(PASS))),
    ] {
        let error = decoder.decode_kept(&content).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Callback, "{content}");
    }
}

#[test]
fn every_fixture_says_what_stands_beside_it_plain_and_encrypted() {
    let mut differences = Vec::new();
    let files = fixtures(".push.json");
    assert!(files.len() > 70);
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let message = fs::read_to_string(&path).unwrap();
        let event = compared(&path, &message, ".push.json", &mut differences);
        let mut push = sealed(&message);
        let encrypted = BaiduEventDecoder::new(config()).decode(push.as_push()).unwrap().into_owned();
        assert_eq!(serde_json::to_value(encrypted).unwrap(), event, "{name}");
    }
    assert!(differences.is_empty(), "these differ from what was decoded:\n{}", differences.join("\n"));
}

#[test]
fn every_record_of_the_topic_says_what_stands_beside_it() {
    let mut differences = Vec::new();
    let files = fixtures(".record.txt");
    assert!(files.len() > 5);
    for path in files {
        let record = fs::read_to_string(&path).unwrap();
        let event = compared(&path, &record, ".record.txt", &mut differences);
        let read = decode_notification(&record).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), event, "{}", path.display());
    }
    assert!(differences.is_empty(), "these differ from what was decoded:\n{}", differences.join("\n"));
}

#[test]
fn every_vector_is_opened_or_refused_as_the_reference_says() {
    let expected = [
        Err(CallbackCheck::Message),
        Err(CallbackCheck::Message),
        Ok((EventKind::Ticket, "ticket")),
        Ok((EventKind::AuditRejected, "PACKAGE_AUDIT_FAIL")),
        Ok((EventKind::AuditApproved, "PACKAGE_AUDIT_PASS")),
    ];
    let vectors = vectors();
    assert_eq!(vectors.len(), expected.len());
    for (vector, expected) in vectors.iter().zip(expected) {
        let text = |field: &str| vector[field].as_str().unwrap();
        let name = text("name");
        let bare = CallbackConfig::encrypted(text("token"), &Secret::new(text("key"))).unwrap();
        let config = if text("tail").is_empty() {
            bare.clone()
        } else {
            bare.clone().with_receiver_id(text("tail")).unwrap()
        };
        let time = Timestamp::from_unix(text("timestamp").parse().unwrap());
        let seal = Seal::new(time, text("nonce")).with_random(text("random").as_bytes().try_into().unwrap());
        let mut push =
            BaiduEventEncoder::new(config.clone()).unwrap().seal_push(text("message"), &seal).unwrap();
        let envelope: Value = serde_json::from_slice(&push.body).unwrap();
        assert_eq!(envelope["Encrypt"], text("encrypt"), "{name}");
        assert_eq!(envelope["MsgSignature"], text("signature"), "{name}");
        for config in [bare, config] {
            let mut push = push.clone();
            let event = BaiduEventDecoder::new(config).decode(push.as_push()).map(Event::into_owned);
            match expected {
                Ok((kind, raw)) => {
                    let event = event.unwrap();
                    assert_eq!((event.kind, &*event.raw_event), (kind, raw), "{name}");
                }
                Err(refusal) => assert_eq!(check(&event), Some(refusal), "{name}"),
            }
        }
        let at = push.body.windows(11).position(|window| window == b"\"Encrypt\":\"").unwrap() + 11;
        push.body[at] = if push.body[at] == b'A' { b'B' } else { b'A' };
        let flipped = BaiduEventDecoder::new(strict()).decode(push.as_push()).map(Event::into_owned);
        assert!(
            matches!(check(&flipped), Some(CallbackCheck::Signature | CallbackCheck::Freshness)),
            "{name}"
        );
    }
}

#[test]
fn the_url_check_is_answered() {
    let parameters = "signature=1a1a4778114a1fb53ebcdefe76449411710d0e18&timestamp=1535551395&nonce=4464221&echoStr=abc123";
    let now = Timestamp::from_unix(1_535_551_395);
    assert_eq!(decoder().verify_url(parameters, now).unwrap(), "abc123");
    assert_eq!(decoder().verify_url(&parameters.replace("1a1a", "1A1A"), now).unwrap(), "abc123");
    for (parameters, expected) in [
        (parameters.replace("1a1a", "1b1b"), CallbackCheck::Signature),
        (parameters.replace("abc123", "%3Cb%3E"), CallbackCheck::Query),
        (parameters.replace("echoStr", "echo"), CallbackCheck::Query),
        (parameters.replace("nonce=", "nonce=%20"), CallbackCheck::Query),
        (parameters.replace("1535551395", "1535551695000"), CallbackCheck::Query),
        (parameters.replace("1535551395", "1535551696"), CallbackCheck::Freshness),
    ] {
        assert_eq!(
            CallbackCheck::of(&decoder().verify_url(&parameters, now).unwrap_err()),
            Some(expected),
            "{parameters}"
        );
    }
    assert_eq!(
        CallbackCheck::of(&plain().verify_url(parameters, now).unwrap_err()),
        Some(CallbackCheck::Mode)
    );
}

/// One row per rule: an input that breaks it, and its neighbour that does not.
#[test]
fn each_rule_refuses_and_has_an_accepted_neighbour() {
    use CallbackCheck::{Envelope, Frame, Freshness, Message, Mode, Receiver, Signature, Size};

    let good = sealed(PASS);
    let text = String::from_utf8(good.body.clone()).unwrap();
    let encrypt = ciphertext(&good);
    let body = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        with_body(text.replacen(from, to, 1))
    };
    let at = |timestamp: &str, nonce: &str| signed(timestamp, nonce, &encrypt);
    let now = "1547441110";
    let upper = {
        let signature = signature(&[TOKEN, now, "987654321", &encrypt]);
        body(&signature, &signature.to_uppercase())
    };
    let padded = |length: usize| with_body(format!("{text}{}", " ".repeat(length - text.len())));
    let mut not_utf_8 = good.body.clone();
    not_utf_8.splice(1..1, *b"\"x\":\"\xff\",");
    let event = |fields: &str| sealed(&format!(r#"{{"tpAppId":17328232,"event":"E"{fields}}}"#));
    let url_safe = encrypt.replace('+', "-").replace('/', "_");
    assert_ne!(url_safe, encrypt);
    let to_another = {
        let config = config().with_receiver_id("1").unwrap();
        BaiduEventEncoder::new(config).unwrap().seal_push(PASS, &seal()).unwrap()
    };
    let deep = |levels: usize| format!(r#","x":{}{}"#, "[".repeat(levels), "]".repeat(levels));

    let rows: Vec<(&str, CallbackCheck, OwnedPush, OwnedPush)> = vec![
        // Step 1.
        ("size", Size, padded((1 << 20) + 1), padded(1 << 20)),
        // Step 2, as far as it applies to an envelope.
        ("timestamp digits", Envelope, at("+547441110", "1"), at(now, "1")),
        ("timestamp without leading zero", Envelope, at("01547441110", "1"), at(now, "1")),
        ("timestamp length", Envelope, at("154744111000", "1"), at(now, "1")),
        (
            "timestamp a whole number",
            Envelope,
            body(&format!("\"{now}\""), "1547441110.0"),
            body(&format!("\"{now}\""), now),
        ),
        ("nonce characters", Envelope, at(now, "a.b"), at(now, "aZ09_-")),
        ("nonce length", Envelope, at(now, &"n".repeat(33)), at(now, &"n".repeat(32))),
        ("too old", Freshness, at("1547440809", "1"), at("1547440810", "1")),
        ("too far ahead", Freshness, at("1547441411", "1"), at("1547441410", "1")),
        ("checked arithmetic", Freshness, at("99999999999", "1"), at(now, "1")),
        ("mode", Mode, with_body(PASS), good.clone()),
        // Step 3.
        ("UTF-8", Envelope, with_body(not_utf_8), body("{", r#"{"x":"é","#)),
        (
            "byte order mark at the start only",
            Envelope,
            with_body(format!("\u{feff}\u{feff}{text}")),
            with_body(format!("\u{feff}{text}")),
        ),
        ("one object", Envelope, with_body(format!("[{text}]")), good.clone()),
        ("nothing behind", Envelope, with_body(format!("{text}{{}}")), with_body(format!("{text} \r\n"))),
        ("a repeated known key", Envelope, body("{", r#"{"Nonce":"1","#), body("{", r#"{"nonce":"1","#)),
        (
            "a repeated key under an escape",
            Envelope,
            body("{", r#"{"\u004eonce":"1","#),
            body("{", r#"{"\u006eonce":"1","#),
        ),
        ("a repeated unknown key", Envelope, body("{", r#"{"x":1,"x":1,"#), body("{", r#"{"x":1,"y":1,"#)),
        (
            "a repeated key inside",
            Envelope,
            body("{", r#"{"x":{"y":1,"y":1},"#),
            body("{", r#"{"x":[{"y":1},{"y":1}],"#),
        ),
        (
            "nesting",
            Envelope,
            body("{", &format!("{{{},", &deep(200)[1..])),
            body("{", &format!("{{{},", &deep(100)[1..])),
        ),
        ("Nonce present", Envelope, body("\"Nonce\"", "\"x\""), good.clone()),
        ("TimeStamp present", Envelope, body("\"TimeStamp\"", "\"x\""), good.clone()),
        ("Encrypt present", Envelope, body("\"Encrypt\"", "\"x\""), good.clone()),
        ("MsgSignature present", Envelope, body("\"MsgSignature\"", "\"x\""), good.clone()),
        ("Encrypt is text", Envelope, body(&format!("\"{encrypt}\""), "7"), good.clone()),
        (
            "strict JSON",
            Envelope,
            body("\"Nonce\"", r#""x":"\_","Nonce""#),
            body("\"Nonce\"", r#""x":"\\_","Nonce""#),
        ),
        // Step 4.
        ("signature", Signature, body("987654321", "987654322"), good.clone()),
        ("signature hex", Signature, body("\"MsgSignature\":\"", "\"MsgSignature\":\"0"), upper),
        (
            "the ciphertext is signed as it is",
            Signature,
            body("\"Encrypt\":\"", "\"Encrypt\":\" "),
            with_body(text.replace('/', r"\/")),
        ),
        // Step 5.
        ("canonical base64", Frame, signed(now, "1", &url_safe), at(now, "1")),
        ("no ciphertext", Frame, signed(now, "1", ""), at(now, "1")),
        ("length", Frame, signed(now, "1", "AAAAAAAAAAAAAAAAAAAAAA=="), at(now, "1")),
        ("padding", Frame, signed(now, "1", &encrypt[..64]), at(now, "1")),
        ("receiver where one is configured", Frame, to_another, good.clone()),
        // Step 6.
        ("message: one object", Message, sealed("[]"), sealed(PASS)),
        (
            "message: nothing behind",
            Message,
            sealed(&format!("{PASS},")),
            sealed(&format!("\u{feff}{PASS}\n")),
        ),
        ("message: a repeated key", Message, event(r#","event":"E""#), event(r#","Event":"E""#)),
        (
            "message: a repeated key behind an escaped underscore",
            Message,
            event(r#","a":"\_","a":1"#),
            event(r#","a":"\_""#),
        ),
        ("message: other invalid escapes", Message, event(r#","a":"\-""#), event(r#","a":"\/""#)),
        ("message: event is text", Message, sealed(r#"{"tpAppId":17328232,"event":4}"#), event("")),
        ("message: a type", Message, sealed(r#"{"MsgType":7}"#), sealed("{}")),
        ("message: NUL", Message, event(",\"a\":\"\u{0}\""), event(",\"a\":\"\u{1}\"")),
        (
            "message: control characters outside texts",
            Message,
            event(",\u{1}\"a\":1"),
            event(",\t\r\n\"a\u{1f}\":1"),
        ),
        (
            "message: a repeated key behind a control character",
            Message,
            event(",\"a\u{1}\":1,\"a\\u0001\":1"),
            event(",\"a\u{1}\":1,\"a\\u0002\":1"),
        ),
        (
            "message: a number for a key",
            Message,
            event(",18446744073709551616:1"),
            event(",\"a\":18446744073709551616"),
        ),
        ("message: appId from 1", Message, event(r#","appId":0"#), event(r#","appId":1"#)),
        (
            "message: appId up to 2^63 - 1",
            Message,
            event(r#","appId":9223372036854775808"#),
            event(r#","appId":9223372036854775807"#),
        ),
        ("message: appId digits", Message, event(r#","appId":"1a""#), event(r#","appId":"1""#)),
        ("message: appId one number", Message, event(r#","appId":[1]"#), event(r#","appId":"""#)),
        (
            "message: tpAppId digits",
            Message,
            sealed(r#"{"tpAppId":1.5,"event":"E"}"#),
            sealed(r#"{"tpAppId":"17328232","event":"E"}"#),
        ),
        ("message: tpAppId ours", Receiver, sealed(r#"{"tpAppId":1,"event":"E"}"#), event("")),
        ("message: tpAppId present", Receiver, sealed(r#"{"event":"E"}"#), event("")),
        ("message: tpAppId filled", Receiver, sealed(r#"{"tpAppId":"","event":"E"}"#), event("")),
        (
            "message: tpAppId ours where a message without a name has one",
            Receiver,
            sealed(r#"{"tpAppId":1}"#),
            sealed(r#"{"tpAppId":17328232}"#),
        ),
        (
            "message: tpAppId ours where a ticket has one",
            Receiver,
            sealed(&TICKET.replace('{', r#"{"tpAppId":1,"#)),
            sealed(TICKET),
        ),
        ("message: ticket", Message, sealed(&TICKET.replace("\"t\"", "\"\"")), sealed(TICKET)),
        (
            "message: CreateTime digits",
            Message,
            sealed(&TICKET.replace("1413192605", "\"1e3\"")),
            sealed(&TICKET.replace("1413192605", "\"1413192605\"")),
        ),
        ("message: unknown events are kept", Message, event(r#","event":"B""#), event(r#","x":"kept""#)),
    ];
    for (rule, expected, mut refused, mut accepted) in rows {
        let before = refused.body.clone();
        let event = decoder().decode(refused.as_push()).map(Event::into_owned);
        assert_eq!(check(&event), Some(expected), "{rule}: {event:?}");
        let error = event.unwrap_err();
        assert_eq!(
            (error.kind(), error.vendor(), error.outcome()),
            (ErrorKind::Callback, Some(BAIDU), Outcome::NotDone)
        );
        if !matches!(expected, Frame | Message | Receiver) {
            assert!(refused.body == before, "{rule}: the body was touched before the signature held");
        }
        if let Err(error) = decoder().decode(accepted.as_push()) {
            panic!("{rule}: the neighbour was refused: {error:?}");
        }
    }
}

#[test]
fn nothing_is_decrypted_before_the_signature_holds() {
    for encrypt in ["garbage", "====", &"A".repeat(44), &ciphertext(&sealed(PASS))] {
        let mut push = signed("1547441110", "1", encrypt);
        push.body =
            String::from_utf8(push.body).unwrap().replace("\"Nonce\":\"1\"", "\"Nonce\":\"2\"").into_bytes();
        let before = push.body.clone();
        assert_eq!(check(&decoder().decode(push.as_push())), Some(CallbackCheck::Signature), "{encrypt}");
        assert_eq!(push.body, before);
    }
}

#[test]
fn without_a_configured_receiver_any_tail_is_accepted() {
    let receiver = config().with_receiver_id("whatever").unwrap();
    let mut push = BaiduEventEncoder::new(receiver).unwrap().seal_push(PASS, &seal()).unwrap();
    assert!(BaiduEventDecoder::new(config().with_platform_id(PLATFORM)).decode(push.as_push()).is_ok());
    let mut push = BaiduEventEncoder::new(config()).unwrap().seal_push(r#"{"event":"E"}"#, &seal()).unwrap();
    assert!(BaiduEventDecoder::new(config()).decode(push.as_push()).is_ok());
}

#[test]
fn both_keys_open_after_a_key_change() {
    let changed = CallbackConfig::encrypted(TOKEN, &Secret::new("q".repeat(43))).unwrap();
    let both = BaiduEventDecoder::new(changed.clone().with_previous_key(&Secret::new(KEY)).unwrap());
    assert!(both.decode(sealed(PASS).as_push()).is_ok());
    let mut newer = BaiduEventEncoder::new(changed.clone()).unwrap().seal_push(PASS, &seal()).unwrap();
    assert!(both.decode(newer.as_push()).is_ok());
    let only_new = BaiduEventDecoder::new(changed);
    assert_eq!(check(&only_new.decode(sealed(PASS).as_push())), Some(CallbackCheck::Frame));
}

#[test]
fn a_refusal_quotes_neither_the_push_nor_a_secret() {
    let mut pushes = vec![
        with_body("canary"),
        with_body(r#"{"canary":1,"canary":1}"#),
        with_body(r#"{"Nonce":"canary!","Encrypt":"canary"}"#),
        signed("1547441110", "1", "canary"),
        sealed("canary"),
        sealed(r#"{"canary":1,"canary":2}"#),
        sealed(r#"{"event":"canary","appId":"canary"}"#),
        sealed(r#"{"event":"canary"}"#),
    ];
    for push in &mut pushes {
        let error = decoder().decode(push.as_push()).unwrap_err();
        let shown = format!("{error} {error:#} {error:?} {:?}", error.report());
        for secret in ["canary", TOKEN, KEY, PLATFORM] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn debug_of_decoder_encoder_and_event_shows_no_secret() {
    let config = config().with_previous_key(&Secret::new("q".repeat(43))).unwrap();
    let decoder = BaiduEventDecoder::new(config.clone());
    let mut push = sealed(&TICKET.replace("\"t\"", "\"canary\""));
    let event = decoder.decode(push.as_push()).unwrap();
    let shown =
        format!("{config:?} {decoder:#?} {:?} {event:?}", BaiduEventEncoder::new(config.clone()).unwrap());
    for secret in [TOKEN, KEY, &"q".repeat(43), "canary"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_plain_decoder_takes_plain_pushes_and_notifications_only() {
    assert_eq!(check(&plain().decode(sealed(PASS).as_push())), Some(CallbackCheck::Mode));
    let mut printed = "{ code：100, data:{app_id:1111} }".as_bytes().to_vec();
    let event = plain().decode(Push::new(NOW, &mut printed)).unwrap();
    assert_eq!((event.kind, event.app_id), (EventKind::AppChanged, Some("1111".into())));
    let knows = BaiduEventDecoder::new(CallbackConfig::plain().with_platform_id("1"));
    assert_eq!(check(&knows.decode(with_body(PASS).as_push())), Some(CallbackCheck::Receiver));
    assert_eq!(
        check(&plain().decode(with_body(vec![b' '; (1 << 20) + 1]).as_push())),
        Some(CallbackCheck::Size)
    );
    assert_eq!(check(&plain().decode(with_body([0xff]).as_push())), Some(CallbackCheck::Message));
    assert_eq!(BaiduEventEncoder::new(CallbackConfig::plain()).unwrap_err().field(), Some("mode"));
    let decoder: Box<dyn EventDecoder> = Box::new(plain());
    assert_eq!(decoder.vendor(), BAIDU);
    // An encrypted push is never a notification: its sender would not matter to the topic's readers.
    let mut push = sealed(r#"{"code":100,"data":{"app_id":1}}"#);
    let event = self::decoder().decode(push.as_push()).unwrap();
    assert_eq!((event.kind, &*event.raw_event, event.app_id), (EventKind::Unknown, "", None));
}

#[test]
fn notifications_are_read_strictly_first_and_as_printed_second() {
    let both = |record: &str| {
        let event = decode_notification(record).unwrap();
        (
            event.kind,
            event.raw_event.into_owned(),
            event.app_id.map(|id| id.to_string()),
            event.package_id.map(|id| id.to_string()),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    let expected = (EventKind::PackageChanged, "101".to_owned(), some("1111"), some("22"));
    assert_eq!(both(r#"{"code":101,"data":{"app_id":1111,"package_id":"22"}}"#), expected);
    assert_eq!(both("{ code：101, data : {app_id:1111, package_id：22} }"), expected);
    assert_eq!(
        both("{ code：100, data:{app_id:1111} }"),
        (EventKind::AppChanged, "100".into(), some("1111"), None)
    );
    assert_eq!(both(r#"{"code":"100","data":{}}"#), (EventKind::AppChanged, "100".into(), None, None));
    assert_eq!(both(r#"{"code":102,"data":{}}"#), (EventKind::Unknown, "102".into(), None, None));
    let kept = decode_notification(r#"{code:100, data:{app_id:1, note:"a：b \" c: d"}, x:true}"#).unwrap();
    assert_eq!(kept.payload["data"]["note"], "a：b \" c: d");
    assert_eq!(kept.payload["x"], true);
    for bad in [
        "",
        "{}",
        "100",
        "{code:100}",
        "{code:100,data:1}",
        "{code:\"1e2\",data:{}}",
        "{code:100,code:100,data:{}}",
        "{code:100,data:{app_id:0}}",
        "{code：100,data:{}",
        "\"",
        "{\"\\",
    ] {
        let error = decode_notification(bad).unwrap_err();
        assert_eq!(CallbackCheck::of(&error), Some(CallbackCheck::Message), "{bad}");
    }
}

/// Decodes a message plain and encrypted, and checks that both agree.
fn both_ways(message: &str) -> Event<'static> {
    let mut body = message.as_bytes().to_vec();
    let event = plain().decode(Push::new(NOW, &mut body)).unwrap().into_owned();
    let mut push = sealed(message);
    assert_eq!(decoder().decode(push.as_push()).unwrap(), event, "{message:?}");
    event
}

#[test]
fn what_people_typed_is_kept_as_they_typed_it() {
    let controls: String = (1..0x20_u8).map(char::from).collect();
    let escaped = controls.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>();
    for typed in [controls.as_str(), &escaped] {
        let event = both_ways(&format!(
            r#"{{"appId":1452365,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10","event":"PACKAGE_AUDIT_FAIL",
                "reason":"{typed}","packageId":745815,"packageVersion":"1{typed}","x":{{"{typed}":["{typed}"]}}}}"#
        ));
        assert_eq!((event.kind, event.package_id.as_ref().map(|id| id.as_str())), {
            (EventKind::AuditRejected, Some("745815"))
        });
        assert_eq!(event.reason.as_deref(), Some(controls.as_str()));
        assert_eq!(event.version, Some(format!("1{controls}").into()));
        assert_eq!(event.payload["x"], json!({ controls.clone(): [controls] }));
    }
    // Text cut off inside a character, and a customer's line break.
    let event =
        both_ways(r#"{"tpAppId":17328232,"event":"APP_NAME_AUDIT_FAIL","reason":"\ud83d\ude00\ud83d"}"#);
    assert_eq!(event.reason.as_deref(), Some("😀\u{fffd}"));
    let event = both_ways("{\"MsgType\":\"text\",\"Content\":\"one\r\ntwo\"}");
    assert_eq!(event.payload["Content"], "one\r\ntwo");
}

#[test]
fn an_id_that_cannot_be_one_costs_neither_the_event_nor_its_payload() {
    for (id, kept) in [
        ("0", json!(0)),
        ("\"0\"", json!("0")),
        ("\"\"", json!("")),
        ("-1", json!(-1)),
        ("\"a1\"", json!("a1")),
        ("1.5", json!(1.5)),
        ("745815.0", json!(745_815.0)),
        ("9223372036854775808", json!(9_223_372_036_854_775_808_u64)),
        ("18446744073709551616", json!("18446744073709551616")),
        ("-9223372036854775809", json!("-9223372036854775809")),
        ("1e999", json!("1e999")),
        ("null", json!(null)),
        ("true", json!(true)),
        ("[7]", json!([7])),
    ] {
        let event = both_ways(&format!(
            r#"{{"appId":1452365,"tpAppId":17328232,"event":"PACKAGE_AUDIT_PASS","packageId":{id},"examineId":{id}}}"#
        ));
        assert_eq!((event.kind, &event.package_id), (EventKind::AuditApproved, &None), "{id}");
        assert_eq!(event.app_id.as_ref().map(|id| id.as_str()), Some("1452365"), "{id}");
        assert_eq!((&event.payload["packageId"], &event.payload["examineId"]), (&kept, &kept), "{id}");
    }
    // The same in a record of the topic; the app must be certain.
    let event = decode_notification("{code:101, data:{app_id:1, package_id:0}}").unwrap();
    assert_eq!((event.kind, event.package_id), (EventKind::PackageChanged, None));
}

#[test]
fn a_message_without_a_name_is_an_unknown_event() {
    for (message, occurred_at) in [
        ("{}", None),
        (r#"{"somethingNew":{"a":[1]}}"#, None),
        (r#"{"event":" ","MsgType":"","CreateTime":1413192605}"#, Some(1_413_192_605)),
        (r#"{"event":null,"MsgType":null,"CreateTime":"soon"}"#, None),
        (r#"{"appId":7,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10"}"#, Some(1_547_441_110)),
    ] {
        let event = both_ways(message);
        assert_eq!((event.kind, &*event.raw_event, event.approved), (EventKind::Unknown, "", None));
        assert_eq!(event.occurred_at.map(Timestamp::as_unix), occurred_at, "{message}");
        assert_eq!(event.payload, serde_json::from_str::<Value>(message).unwrap());
    }
    let event = both_ways(r#"{"appId":7,"tpAppId":17328232}"#);
    assert_eq!((event.app_id, event.platform_id), (Some("7".into()), Some(PLATFORM.into())));
}

#[test]
fn a_granted_phone_permission_with_a_reason_is_no_verdict() {
    let event = |name: &str, rest: &str| {
        let event = both_ways(&format!(r#"{{"tpAppId":17328232,"event":"{name}"{rest}}}"#));
        (event.kind, event.approved)
    };
    let audited = |approved| (EventKind::PhonePermissionAudited, approved);
    // As document 003 prints it.
    let printed = r"APPLY_APP\_MOBILE_AUTH_PASS";
    for reason in
        [r#","reson":"主体信息变更""#, r#","reason":"主体信息变更""#, r#","reason":" ","reson":"x""#]
    {
        assert_eq!(event(printed, reason), audited(None), "{reason}");
    }
    for reason in ["", r#","reason":"""#, r#","reason":null,"reson":" ""#] {
        assert_eq!(event(printed, reason), audited(Some(true)), "{reason}");
    }
    assert_eq!(event("APPLY_APP_MOBILE_AUTH_REJECT", r#","reson":"x""#), audited(Some(false)));
}

#[test]
fn every_listed_name_has_its_kind_and_verdict() {
    for (name, kind, approved) in EVENTS {
        let mut push = sealed(&json!({"tpAppId": 17_328_232, "event": name}).to_string());
        let event = decoder().decode(push.as_push()).unwrap();
        assert_eq!((event.kind, &*event.raw_event, event.approved), (*kind, *name, *approved));
        assert_eq!(approved.is_some(), kind.as_str().ends_with("_audited"), "{name}");
    }
    let names: std::collections::HashSet<_> = EVENTS.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), EVENTS.len());
    assert_eq!(names.len(), 64, "the vendor numbers 64 events");
}

#[test]
fn the_message_alone_names_the_app() {
    for (message, expected) in
        [(PASS, Some("1452365")), (r#"{"tpAppId":17328232,"event":"E"}"#, None), (TICKET, None)]
    {
        let mut push = sealed(message);
        let event = decoder().decode(push.as_push()).unwrap();
        assert_eq!(event.app_id.as_ref().map(|id| id.as_str()), expected);
    }
}

#[test]
fn tickets_and_codes_leave_the_payload_and_are_read_all_the_same() {
    let code = |event: &str, code: Value| {
        json!({"appId": 7, "tpAppId": 17_328_232, "event": event, "authorizationCode": code}).to_string()
    };
    let credential = |text: &str| EventCredential::AuthorizationCode(Secret::new(text));
    let ticket =
        (TICKET.replace(":\"t\"", ":\"canary\""), "Ticket", EventCredential::Ticket(Secret::new("canary")));
    for (message, field, credential) in [
        ticket,
        (code("AUTHORIZED", json!("canary")), "authorizationCode", credential("canary")),
        (code("UPDATE_AUTHORIZED", json!("canary")), "authorizationCode", credential("canary")),
        (code("AUTHORIZED", json!(7_345_001)), "authorizationCode", credential("7345001")),
    ] {
        let mut push = sealed(&message);
        let event = decoder().decode(push.as_push()).unwrap().into_owned();
        assert_eq!((event.credential.as_ref(), &event.payload[field]), (Some(&credential), &json!("***")));
        let shown = format!("{event:?} {}", serde_json::to_string(&event).unwrap());
        assert!(!shown.contains(credential.secret().expose()), "{shown}");
        let details = BaiduEvent::from_event(&event).unwrap();
        assert!(!format!("{details:?}").contains(credential.secret().expose()));

        // As stored by versions without credentials.
        let mut stored = event.clone();
        stored.credential = None;
        stored.payload[field] = json!(credential.secret().expose());
        assert_eq!(BaiduEvent::from_event(&stored).unwrap(), details);
        BaiduCallback::new(strict()).unwrap().take_credential(&mut stored);
        assert_eq!(stored, event);
    }
    let mut push = sealed(PASS);
    assert_eq!(decoder().decode(push.as_push()).unwrap().credential, None);
}

#[test]
fn a_protocol_is_one_platforms() {
    let error = BaiduCallback::new(config()).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("platform_id")));
    let protocol = BaiduCallback::new(strict()).unwrap();
    assert_eq!(protocol.platform_id().map(|id| id.as_str()), Some(PLATFORM));
}

#[test]
fn events_that_name_their_app_come_by_either_url() {
    let protocol = BaiduCallback::new(strict()).unwrap();
    let customer = r#"{"CreateTime":1413192605,"MsgType":"text","Content":"hi"}"#;
    for (message, fitting) in [
        (PASS, [true, true, true]),
        (TICKET, [true, true, false]),
        (customer, [false, true, true]),
        (r#"{"appId":7}"#, [true, true, true]),
    ] {
        let mut push = sealed(message);
        let event = protocol.decode(push.as_push()).unwrap();
        let fits =
            [Route::Authorization, Route::Messages, Route::App].map(|route| protocol.fits(&event, route));
        assert_eq!(fits, fitting, "{message}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::from(r"a\_b")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("x.{0,6}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    // A failure prints its seed and saves it next to this file.
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::with_cases(256)
    })]

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(mut body in prop::collection::vec(any::<u8>(), 0..400)) {
        for decoder in [decoder(), plain()] {
            let result = decoder.decode(Push::new(NOW, &mut body)).map_err(|error| error.kind());
            prop_assert!(result.is_err_and(|kind| kind == ErrorKind::Callback));
        }
    }

    #[test]
    fn arbitrary_messages_behind_a_valid_signature_never_panic(message in "(\\{|\\}|\\[|\\]|\"|\\\\|_|:|：|,|event|code|data|appId|[0-9.-]|\\PC){0,60}") {
        let _ = decoder().decode(sealed(&message).as_push());
        let _ = plain().decode(with_body(message.clone()).as_push());
        let _ = decode_notification(&message);
    }

    #[test]
    fn a_mutated_push_is_refused_or_says_the_same(at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3) {
        let good = sealed(PASS);
        let expected = serde_json::to_value(decoder().decode(good.clone().as_push()).unwrap()).unwrap();
        let mut push = good.clone();
        let at = at.index(push.body.len());
        match how {
            0 => push.body[at] ^= byte.max(1),
            1 => push.body.insert(at, byte),
            _ => { push.body.remove(at); }
        }
        let before = push.body.clone();
        match decoder().decode(push.as_push()) {
            Ok(event) => prop_assert_eq!(serde_json::to_value(event).unwrap(), expected),
            Err(error) => {
                let check = CallbackCheck::of(&error);
                prop_assert!(
                    matches!(check, Some(CallbackCheck::Envelope | CallbackCheck::Signature | CallbackCheck::Freshness)),
                    "{:?}", error
                );
                prop_assert_eq!(push.body, before);
            }
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(
        fields in prop::collection::btree_map("x.{0,6}", json_value(), 0..5),
        random in any::<[u8; 16]>(),
    ) {
        let mut fields: Map<String, Value> = fields.into_iter().collect();
        fields.insert("event".into(), "SOME_EVENT".into());
        fields.insert("tpAppId".into(), PLATFORM.into());
        let fields = Value::Object(fields);
        let encoder = BaiduEventEncoder::new(strict()).unwrap();
        let mut push = encoder.seal_push(&fields.to_string(), &seal().with_random(random)).unwrap();
        let event = decoder().decode(push.as_push()).unwrap();
        prop_assert_eq!(&event.payload, &fields);
    }
}
