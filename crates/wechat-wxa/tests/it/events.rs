//! Decoder and encoder of pushes: the reference's vectors, one fixture per situation, a table of refusals per rule, and
//! properties over arbitrary and mutated input.

use std::fs;
use std::path::{Path, PathBuf};

use miniprogram_core::callback::{BodyFormat, CallbackConfig, CallbackProtocol, Route, Seal};
use miniprogram_core::push::{CallbackCheck, EventCredential, OwnedPush, Push};
use miniprogram_core::vendor_api::frame::signature;
use miniprogram_core::{
    Error, ErrorKind, Event, EventDecoder, EventKind, Outcome, Result, Secret, Timestamp,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Map, Value, json};
use wechat_wxa::event::{EVENTS, INFO_TYPES, PushRoute, WeChatEvent, WeChatEventDecoder, WeChatEventEncoder};
use wechat_wxa::{ACCEPTANCE_ACCOUNTS, WECHAT, WeChatCallback};

pub(crate) const TOKEN: &str = "refTok7";
const KEY: &str = "R2VuZXJhdGVkUmVmS2V5MTIzNDU2Nzg5MGFiY2RlZm5";
pub(crate) const PLATFORM: &str = "wx1a2b3c4d5e6f7081";
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_690_000_000);
const TICKET: &str = "<xml><AppId>wx1a2b3c4d5e6f7081</AppId><CreateTime>1690000000</CreateTime>\
    <InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>t</ComponentVerifyTicket></xml>";
const SUCCESS: &str = "<xml><ToUserName>gh_1</ToUserName><CreateTime>1690000000</CreateTime><MsgType>event</MsgType>\
    <Event>weapp_audit_success</Event></xml>";
const ROUTE: PushRoute<'static> = PushRoute::Message { original_id: "gh_1" };

pub(crate) fn config() -> CallbackConfig {
    CallbackConfig::encrypted(TOKEN, &Secret::new(KEY)).unwrap().with_receiver_id(PLATFORM).unwrap()
}

fn decoder() -> WeChatEventDecoder {
    WeChatEventDecoder::new(config()).unwrap()
}

fn json_config() -> CallbackConfig {
    config().with_body_format(BodyFormat::Json)
}

fn plain() -> WeChatEventDecoder {
    WeChatEventDecoder::new(CallbackConfig::plain()).unwrap()
}

fn encoder() -> WeChatEventEncoder {
    WeChatEventEncoder::new(config()).unwrap()
}

fn seal() -> Seal<'static> {
    Seal::new(NOW, "20230722").with_random(*b"0123456789abcdef")
}

fn sealed(message: &str) -> OwnedPush {
    encoder().seal_push(ROUTE, message, &seal()).unwrap()
}

/// A push with a valid signature for any `encrypt`.
fn signed(encrypt: &str, body: String) -> OwnedPush {
    let signature = signature(&[TOKEN, "1690000000", "20230722", encrypt]);
    let query = format!("timestamp=1690000000&nonce=20230722&encrypt_type=aes&msg_signature={signature}");
    OwnedPush::new(NOW, body.into_bytes()).with_head(query, None)
}

fn with_body(push: &OwnedPush, body: String) -> OwnedPush {
    let mut push = push.clone();
    push.body = body.into_bytes();
    push
}

fn ciphertext(push: &OwnedPush) -> String {
    let body = String::from_utf8(push.body.clone()).unwrap();
    let start = body.find("<Encrypt><![CDATA[").unwrap() + "<Encrypt><![CDATA[".len();
    body[start..body.find("]]></Encrypt>").unwrap()].to_owned()
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

fn vectors(field: &str) -> Vec<Map<String, Value>> {
    let file: Value = serde_json::from_str(include_str!("../fixtures/events/vectors.json")).unwrap();
    file[field].as_array().unwrap().iter().map(|vector| vector.as_object().unwrap().clone()).collect()
}

#[test]
fn every_fixture_says_what_stands_beside_it_plain_and_encrypted() {
    let mut missing = Vec::new();
    let files = [fixtures(".xml"), fixtures(".push.json")].concat();
    assert!(files.len() > 60);
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let message = fs::read_to_string(&path).unwrap();
        let beside = path.with_file_name(format!(
            "{}.event.json",
            name.replace(".push.json", "_json").replace(".xml", "")
        ));
        let expected =
            fs::read_to_string(&beside).ok().map(|text| serde_json::from_str::<Value>(&text).unwrap());

        let mut body = message.clone().into_bytes();
        let event = plain().decode(Push::new(NOW, &mut body));
        let event = serde_json::to_value(event.unwrap_or_else(|error| panic!("{name}: {error:?}"))).unwrap();
        if expected.as_ref() != Some(&event) {
            missing.push(format!("{}\n{event:#}", beside.display()));
            continue;
        }

        let config = if name.ends_with(".json") { json_config() } else { config() };
        let mut push =
            WeChatEventEncoder::new(config.clone()).unwrap().seal_push(ROUTE, &message, &seal()).unwrap();
        let encrypted = WeChatEventDecoder::new(config).unwrap().decode(push.as_push()).unwrap();
        assert_eq!(serde_json::to_value(encrypted).unwrap(), event, "{name}");
    }
    assert!(missing.is_empty(), "these differ from what was decoded:\n{}", missing.join("\n"));
}

#[test]
fn every_vector_is_opened_or_refused_as_the_reference_says() {
    let expected = [
        ("WeChat V1", Err(CallbackCheck::Message)),
        ("WeChat V2", Ok((EventKind::Unknown, "debug_demo"))),
        ("WeChat V2 reply", Ok((EventKind::Unknown, ""))),
        ("WeChat V3", Ok((EventKind::Ticket, "component_verify_ticket"))),
        ("WeChat V4", Ok((EventKind::AuditRejected, "weapp_audit_fail"))),
        ("WeChat V5", Ok((EventKind::AuditApproved, "weapp_audit_success"))),
        ("WeChat V6 echo", Err(CallbackCheck::Message)),
        ("WeChat V7", Ok((EventKind::Unknown, "text"))),
    ];
    let vectors = vectors("vectors");
    assert_eq!(vectors.len(), expected.len());
    for (vector, (name, expected)) in vectors.iter().zip(expected) {
        let text = |field: &str| vector[field].as_str().unwrap();
        assert_eq!(text("name"), name);
        let json = name.ends_with("V5");
        let config = CallbackConfig::encrypted(text("token"), &Secret::new(text("key"))).unwrap();
        let config = config.with_receiver_id(text("tail")).unwrap();
        let config = config.with_body_format(if json { BodyFormat::Json } else { BodyFormat::Xml });

        let time = Timestamp::from_unix(text("timestamp").parse().unwrap());
        let random = text("random").as_bytes().try_into().unwrap();
        let seal = Seal::new(time, text("nonce")).with_random(random);
        let mut push = WeChatEventEncoder::new(config.clone())
            .unwrap()
            .seal_push(ROUTE, text("message"), &seal)
            .unwrap();
        let body = String::from_utf8(push.body.clone()).unwrap();
        assert!(body.contains(text("encrypt")), "{name}");
        assert!(push.query.ends_with(&format!("&msg_signature={}", text("signature"))), "{name}");
        if let Some(clear) = vector.get("clear").and_then(Value::as_str) {
            assert!(push.query.starts_with(&format!("signature={clear}&")), "{name}");
        }

        let decoder = WeChatEventDecoder::new(config).unwrap();
        let event = decoder.decode(push.as_push());
        match expected {
            Ok((kind, raw)) => {
                let event = event.unwrap();
                assert_eq!((event.kind, &*event.raw_event), (kind, raw), "{name}");
            }
            Err(refusal) => assert_eq!(check(&event), Some(refusal), "{name}"),
        }
    }
}

#[test]
fn the_negative_vectors_pass_the_signature_and_are_refused_behind_it() {
    // The control and the frame padded to 16 are decrypted; `hello` is not a message.
    let expected = [
        CallbackCheck::Message,
        CallbackCheck::Frame,
        CallbackCheck::Frame,
        CallbackCheck::Frame,
        CallbackCheck::Frame,
        CallbackCheck::Frame,
        CallbackCheck::Message,
    ];
    let faults = vectors("v8");
    assert_eq!(faults.len(), expected.len());
    for (fault, expected) in faults.iter().zip(expected) {
        let encrypt = fault["encrypt"].as_str().unwrap();
        let body = format!("<xml><Encrypt>{encrypt}</Encrypt></xml>").into_bytes();
        let query = format!(
            "timestamp=1690000000&nonce=20230722&msg_signature={}",
            fault["signature"].as_str().unwrap()
        );
        let event = decoder()
            .decode(OwnedPush::new(NOW, body).with_head(query, None).as_push())
            .map(Event::into_owned);
        assert_eq!(check(&event), Some(expected), "{}", fault["name"]);
    }
}

#[test]
fn both_forms_of_the_url_check_are_answered() {
    let query = "timestamp=1690000000&nonce=20230722&echostr=5927782489442352469\
        &signature=79ba1641110c1b647f2392d20eaf0272cca95b55";
    assert_eq!(decoder().verify_url(query, NOW).unwrap(), "5927782489442352469");
    let query = "timestamp=1690000000&nonce=20230722&msg_signature=9120b4d3ba6b4028a0e8fe915f1d87ef818cb90e\
        &echostr=8u5zvVd6zghePLhwZrAgHLLQ1YGY7vOTG%2FTjvMpFiQIdRJUeneExW1pI4eeIvY50wsYzT02qhMPVY4y7UTmdmg%3D%3D";
    assert_eq!(decoder().verify_url(query, NOW).unwrap(), "5927782489442352469");
    let clear = signature(&[TOKEN, "1690000000", "20230722"]);
    for (query, expected) in [
        (query.replace("9120", "9121"), CallbackCheck::Signature),
        (query.replace("echostr", "other"), CallbackCheck::Query),
        (query.replace("nonce=20230722", "nonce="), CallbackCheck::Query),
        (query.replace("1690000000", "1690000301"), CallbackCheck::Freshness),
        (
            format!("timestamp=1690000000&nonce=20230722&echostr=%3Cb%3E&signature={clear}"),
            CallbackCheck::Query,
        ),
        ("timestamp=1690000000&nonce=20230722&echostr=1".to_owned(), CallbackCheck::Query),
    ] {
        assert_eq!(
            CallbackCheck::of(&decoder().verify_url(&query, NOW).unwrap_err()),
            Some(expected),
            "{query}"
        );
    }
    assert_eq!(CallbackCheck::of(&plain().verify_url(query, NOW).unwrap_err()), Some(CallbackCheck::Mode));
}

/// One row per rule: an input that breaks it, and its neighbour that does not.
#[test]
fn each_rule_refuses_and_has_an_accepted_neighbour() {
    use CallbackCheck::{Envelope, Frame, Freshness, Message, Mode, Query, Receiver, Signature, Size};

    let good = sealed(SUCCESS);
    let encrypt = ciphertext(&good);
    let query = |from: &str, to: &str| {
        let mut push = good.clone();
        assert!(push.query.contains(from), "{from}");
        push.query = push.query.replacen(from, to, 1);
        push
    };
    // Query and time are signed, so a change needs a new signature.
    let resigned = |timestamp: &str, nonce: &str| {
        let signature = signature(&[TOKEN, timestamp, nonce, &encrypt]);
        let query = format!("timestamp={timestamp}&nonce={nonce}&msg_signature={signature}");
        OwnedPush::new(NOW, good.body.clone()).with_head(query, None)
    };
    let body = |body: String| with_body(&good, body);
    let envelope = |inner: &str| {
        body(format!("<xml>{}</xml>", inner.replace('@', &format!("<Encrypt>{encrypt}</Encrypt>"))))
    };
    let document = |text: &str| body(text.replace('@', &format!("<xml><Encrypt>{encrypt}</Encrypt></xml>")));
    let message = |inner: &str| sealed(&format!("<xml>{inner}</xml>"));
    let event = |inner: &str| message(&format!("<MsgType>event</MsgType><Event>e</Event>{inner}"));
    let authorization = |inner: &str| message(&format!("<AppId>{PLATFORM}</AppId>{inner}"));
    let oversized = |length: usize| {
        let mut push = sealed(SUCCESS);
        let end = push.body.len() - "</xml>".len();
        let blanks = vec![b' '; length - push.body.len()];
        push.body.splice(end..end, blanks);
        push
    };
    let mut not_utf_8 = good.clone();
    not_utf_8.body.splice(5..5, *b"<a>\xff</a>");
    let nested = |levels: usize| format!("{}{}", "<d>".repeat(levels), "</d>".repeat(levels));
    let upper = query("msg_signature=", "other=");
    let upper = {
        let signature = signature(&[TOKEN, "1690000000", "20230722", &encrypt]);
        assert!(signature.contains(|c: char| c.is_ascii_lowercase()));
        let query = format!("{}&msg_signature={}", upper.query, signature.to_uppercase());
        upper.with_head(query, None)
    };
    let split = |encrypt: &str| {
        let (start, end) = encrypt.split_at(10);
        body(format!("<xml><Encrypt><![CDATA[{start}]]>{end}</Encrypt></xml>"))
    };
    let url_safe = encrypt.replace('+', "-").replace('/', "_");
    assert_ne!(url_safe, encrypt);

    let rows: Vec<(&str, CallbackCheck, OwnedPush, OwnedPush)> = vec![
        // Step 1.
        ("size", Size, oversized((1 << 20) + 1), oversized(1 << 20)),
        // Step 2.
        (
            "a known parameter once",
            Query,
            query("&nonce", "&nonce=20230722&nonce"),
            query("&nonce", "&x=1&x=1&nonce"),
        ),
        (
            "an unread known parameter once",
            Query,
            query("&nonce", "&openid=1&openid=1&nonce"),
            query("&nonce", "&openid=1&nonce"),
        ),
        (
            "repeated under an escaped name",
            Query,
            query("&nonce", "&%6eonce=1&nonce"),
            query("&nonce", "&%6enonce=1&nonce"),
        ),
        (
            "percent-encoded UTF-8",
            Query,
            query("nonce=20230722", "nonce=2023072%ff"),
            query("nonce=20230722", "nonce=2023072%32"),
        ),
        ("timestamp present", Query, query("timestamp=", "time="), good.clone()),
        ("nonce present", Query, query("nonce=", "once="), good.clone()),
        ("msg_signature present", Query, query("&msg_signature", "&x"), good.clone()),
        ("timestamp digits", Query, resigned("+1690000000", "1"), resigned("1690000000", "1")),
        ("timestamp without leading zero", Query, resigned("01690000000", "1"), resigned("1690000000", "1")),
        ("timestamp length", Query, resigned("169000000000", "1"), resigned("1690000000", "1")),
        ("nonce characters", Query, resigned("1690000000", "a.b"), resigned("1690000000", "aZ09_-")),
        (
            "nonce length",
            Query,
            resigned("1690000000", &"n".repeat(33)),
            resigned("1690000000", &"n".repeat(32)),
        ),
        ("too old", Freshness, resigned("1689999699", "1"), resigned("1689999700", "1")),
        ("too far ahead", Freshness, resigned("1690000301", "1"), resigned("1690000300", "1")),
        ("checked arithmetic", Freshness, resigned("99999999999", "1"), resigned("1690000000", "1")),
        ("mode", Mode, body(SUCCESS.to_owned()), good.clone()),
        ("three parts authenticate no body", Query, query("msg_signature=", "x="), good.clone()),
        // Step 3.
        ("UTF-8", Envelope, not_utf_8, envelope("<a>é</a>@")),
        (
            "other encodings",
            Envelope,
            document("<?xml version=\"1.0\" encoding=\"gbk\"?>@"),
            document("<?xml version=\"1.0\" encoding=\"UTF-8\"?>@"),
        ),
        ("XML 1.0", Envelope, document("<?xml version=\"1.1\"?>@"), document("<?xml version=\"1.0\"?>@")),
        ("control characters", Envelope, envelope("<a>\u{1}</a>@"), envelope("<a>\t\r\n\u{7f}</a>@")),
        ("byte order mark at the start only", Envelope, document("\u{feff}\u{feff}@"), document("\u{feff}@")),
        ("DOCTYPE", Envelope, document("<!DOCTYPE xml>@"), document(" \r\n@")),
        ("DOCTYPE with entities", Envelope, document("<!DOCTYPE xml [<!ENTITY a \"b\">]>@"), document("@")),
        ("processing instruction", Envelope, envelope("<?a b?>@"), envelope("<!-- a b -->@")),
        (
            "a late XML declaration",
            Envelope,
            document(" <?xml version=\"1.0\"?>@"),
            document("<?xml version=\"1.0\"?> @"),
        ),
        (
            "predefined entities",
            Envelope,
            envelope("<a>&nbsp;</a>@"),
            envelope("<a>&lt;&gt;&amp;&apos;&quot;</a>@"),
        ),
        (
            "legal character references",
            Envelope,
            envelope("<a>&#0;</a>@"),
            envelope("<a>&#9;&#x10FFFF;</a>@"),
        ),
        ("surrogate references", Envelope, envelope("<a>&#xD800;</a>@"), envelope("<a>&#xD7FF;</a>@")),
        ("non-character references", Envelope, envelope("<a>&#xFFFE;</a>@"), envelope("<a>&#xFFFD;</a>@")),
        ("control character references", Envelope, envelope("<a>&#x1F;</a>@"), envelope("<a>&#x20;</a>@")),
        ("an ampersand alone", Envelope, envelope("<a>a & b</a>@"), envelope("<a>a &amp; b</a>@")),
        ("root name", Envelope, body(format!("<XML><Encrypt>{encrypt}</Encrypt></XML>")), document("@")),
        ("one root", Envelope, document("@<xml/>"), document("@\n")),
        ("nothing behind", Envelope, document("@x"), document("@ \t\r\n")),
        ("no comment behind", Envelope, document("@<!-- -->"), document("@")),
        ("no text in front", Envelope, document("x@"), document("\n@")),
        ("depth", Envelope, envelope(&format!("@{}", nested(16))), envelope(&format!("@{}", nested(15)))),
        ("closed", Envelope, body(format!("<xml><Encrypt>{encrypt}</Encrypt>")), document("@")),
        ("matching ends", Envelope, envelope("<a></b>@"), envelope("<a></a>@")),
        ("names", Envelope, envelope("<1a></1a>@"), envelope("<a1></a1>@")),
        ("a tag inside a tag", Envelope, envelope("<a <b>></a>@"), envelope("<a b='>'></a>@")),
        ("Encrypt once", Envelope, envelope("@@"), envelope("@<Encrypted/>")),
        ("AppId once", Envelope, envelope("<AppId/><AppId/>@"), envelope("<AppId/>@")),
        (
            "ToUserName once",
            Envelope,
            envelope("<ToUserName/><ToUserName/>@"),
            envelope("<ToUserName/>@<new/><new/>"),
        ),
        (
            "Encrypt holds text only",
            Envelope,
            body(format!("<xml><Encrypt><a/>{encrypt}</Encrypt></xml>")),
            body(format!("<xml><Encrypt><!-- -->{encrypt}</Encrypt></xml>")),
        ),
        ("Encrypt directly under the root", Envelope, envelope("<a>@</a>"), envelope("<a></a>@")),
        (
            "plain fields are ignored",
            Signature,
            body(SUCCESS.replace("<xml>", "<xml><Encrypt></Encrypt>")),
            envelope(&format!("@{}", &SUCCESS[5..SUCCESS.len() - 6])),
        ),
        // Step 4.
        ("signature", Signature, resigned("1690000000", "1").with_other_nonce(), resigned("1690000000", "1")),
        ("lower case", Signature, upper, good.clone()),
        ("40 digits", Signature, query("msg_signature=", "msg_signature=0"), good.clone()),
        (
            "the ciphertext is signed as it is",
            Signature,
            body(format!("<xml><Encrypt>{encrypt}\n</Encrypt></xml>")),
            split(&encrypt),
        ),
        // Step 5.
        (
            "canonical base64",
            Frame,
            signed(&url_safe, format!("<xml><Encrypt>{url_safe}</Encrypt></xml>")),
            signed(&encrypt, format!("<xml><Encrypt>{encrypt}</Encrypt></xml>")),
        ),
        ("no ciphertext", Frame, signed("", "<xml><Encrypt/></xml>".into()), good.clone()),
        ("receiver", Frame, other_receiver(), good.clone()),
        // Step 6.
        ("message: one root", Message, sealed("hello"), sealed(SUCCESS)),
        (
            "message: DOCTYPE",
            Message,
            sealed(&format!("<!DOCTYPE xml>{SUCCESS}")),
            sealed(&format!("\u{feff}{SUCCESS}\n")),
        ),
        ("message: entity", Message, event("<a>&x;</a>"), event("<a>&amp;</a>")),
        ("message: depth", Message, event(&nested(16)), event(&nested(15))),
        ("message: control characters", Message, event("<a>\u{0}</a>"), event("<a>\r\n</a>")),
        (
            "message: a known element once",
            Message,
            event("<Reason>a</Reason><Reason>a</Reason>"),
            event("<New>a</New><New>a</New>"),
        ),
        (
            "message: a known element once in its parent",
            Message,
            event("<a><appid/><appid/></a>"),
            event("<a><appid/></a><a><appid/></a>"),
        ),
        (
            "message: repeating elements",
            Message,
            event("<Event>e</Event>"),
            event("<list><appid/></list><list><appid/></list>"),
        ),
        ("message: text beside elements", Message, event("text"), event(" \n ")),
        ("message: text before elements", Message, event("<a>x<b/></a>"), event("<a> <b/> </a>")),
        (
            "message: CreateTime digits",
            Message,
            event("<CreateTime>-1</CreateTime>"),
            event("<CreateTime>1690000000</CreateTime>"),
        ),
        (
            "message: CreateTime range",
            Message,
            event("<CreateTime>9223372036854775808</CreateTime>"),
            event("<CreateTime>9223372036854775807</CreateTime>"),
        ),
        (
            "message: Event is text",
            Message,
            message("<MsgType>event</MsgType><Event><e/></Event>"),
            event(""),
        ),
        (
            "message: Event present",
            Message,
            message("<MsgType>event</MsgType>"),
            message("<MsgType>text</MsgType>"),
        ),
        ("message: a type", Message, message("<MsgType><a/></MsgType>"), message("<a/>")),
        ("message: NUL", Message, event("<a>\0</a>"), event("<a>\u{1}</a>")),
        ("message: NUL reference", Message, event("<a>&#0;</a>"), event("<a>&#1;&#x1F;</a>")),
        ("message: character references", Message, event("<a>&#x110000;</a>"), event("<a>&#x10FFFF;</a>")),
        ("message: references in digits", Message, event("<a>&#+1;</a>"), event("<a>&#01;</a>")),
        ("message: an empty reference", Message, event("<a>&#x;</a>"), event("<a>&#x0A;</a>")),
        ("message: control characters in a name", Message, event("<a\u{1}></a\u{1}>"), event("<a></a>")),
        ("message: control characters in a tag", Message, event("<a \u{1}></a>"), event("<a \n></a>")),
        ("message: control characters in an end", Message, event("<a></a\u{1}>"), event("<a></a\n>")),
        ("message: control characters in a comment", Message, event("<!--\u{1}-->"), event("<!--\n-->")),
        ("message: control characters between elements", Message, event("\u{1}<a/>"), event("\n<a/>")),
        (
            "message: control characters around the root",
            Message,
            sealed(&format!("{SUCCESS}\u{1}")),
            sealed(&format!("{SUCCESS}\n")),
        ),
        (
            "message: control characters hide no repeated element",
            Message,
            event("<Reason>\u{1}</Reason><Reason>\u{2}</Reason>"),
            event("<Reason>\u{1}\u{2}</Reason>"),
        ),
        ("message: one type", Message, event("<InfoType>a</InfoType>"), event("")),
        (
            "message: AppId ours",
            Receiver,
            message("<AppId>wx0</AppId><InfoType>unauthorized</InfoType>"),
            authorization("<InfoType>unauthorized</InfoType>"),
        ),
        (
            "message: AppId present",
            Receiver,
            message("<InfoType>unauthorized</InfoType>"),
            authorization("<InfoType>unauthorized</InfoType>"),
        ),
        (
            "message: AppId ours where a message without a name has one",
            Receiver,
            message("<AppId>wx0</AppId>"),
            authorization(""),
        ),
        (
            "message: ticket",
            Message,
            authorization("<InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket/>"),
            sealed(TICKET),
        ),
        ("message: unknown events are kept", Message, event("<Event>b</Event>"), event("<x>kept</x>")),
    ];
    for (rule, expected, mut refused, mut accepted) in rows {
        let before = refused.body.clone();
        let event = decoder().decode(refused.as_push()).map(Event::into_owned);
        assert_eq!(check(&event), Some(expected), "{rule}: {event:?}");
        let error = event.unwrap_err();
        assert_eq!(
            (error.kind(), error.vendor(), error.outcome()),
            (ErrorKind::Callback, Some(WECHAT), Outcome::NotDone)
        );
        if !matches!(expected, Frame | Message | Receiver) {
            assert!(refused.body == before, "{rule}: the body was touched before the signature held");
        }
        if let Err(error) = decoder().decode(accepted.as_push()) {
            panic!("{rule}: the neighbour was refused: {error:?}");
        }
    }
}

trait WithOtherNonce {
    fn with_other_nonce(self) -> Self;
}

impl WithOtherNonce for OwnedPush {
    fn with_other_nonce(mut self) -> Self {
        self.query = self.query.replace("nonce=1", "nonce=2");
        self
    }
}

fn other_receiver() -> OwnedPush {
    let config =
        CallbackConfig::encrypted(TOKEN, &Secret::new(KEY)).unwrap().with_receiver_id("wx0").unwrap();
    WeChatEventEncoder::new(config).unwrap().seal_push(ROUTE, SUCCESS, &seal()).unwrap()
}

#[test]
fn json_envelopes_and_messages_are_held_to_the_same_rules() {
    use CallbackCheck::{Envelope, Message, Mode, Signature};

    let decoder = WeChatEventDecoder::new(json_config()).unwrap();
    let encoder = WeChatEventEncoder::new(json_config()).unwrap();
    let sealed = |message: &str| encoder.seal_push(ROUTE, message, &seal()).unwrap();
    let success = r#"{"MsgType":"event","Event":"weapp_audit_success"}"#;
    let good = sealed(success);
    let text = String::from_utf8(good.body.clone()).unwrap();
    let body = |body: String| with_body(&good, body);
    let rows = [
        (None, good.clone()),
        (None, body(text.replace('/', r"\/"))),
        (None, body(format!("\u{feff}{text}\n"))),
        (None, body(text.replacen('{', r#"{"x":[{"y":1},{"y":1}],"#, 1))),
        (None, sealed(&format!("\u{feff} {success}"))),
        (Some(Envelope), body(text.replacen('{', r#"{"Encrypt":"x","#, 1))),
        (Some(Envelope), body(text.replacen('{', r#"{"x":{"y":1,"y":1},"#, 1))),
        (Some(Envelope), body(format!("{text}{{}}"))),
        (Some(Envelope), body(format!("[{text}]"))),
        (Some(Envelope), body(r#"{"Encrypt":1}"#.into())),
        (Some(Envelope), body(SUCCESS.into())),
        (Some(Mode), body(success.into())),
        (Some(Signature), body(text.replacen(r#""Encrypt":""#, r#""Encrypt":"AAAA"#, 1))),
        (None, sealed("{\"MsgType\":\"event\",\"Event\":\"e\",\"a\n\":\"\t\u{1}\"}")),
        (None, sealed("{\"x\":1}")),
        (Some(Envelope), body(text.replacen('{', "{\"x\":\"\t\",", 1))),
        (Some(Message), sealed("{\"MsgType\":\"event\",\"Event\":\"e\",\"a\":\"\0\"}")),
        (Some(Message), sealed("{\"MsgType\":\"event\",\u{1}\"Event\":\"e\"}")),
        (Some(Message), sealed("{\"MsgType\":\"event\",\"Event\":\"e\",\"a\n\":1,\"a\\n\":1}")),
        (Some(Message), sealed("[]")),
        (Some(Message), sealed(&format!("{success}x"))),
        (Some(Message), sealed(r#"{"MsgType":"event","Event":"e","Event":"e"}"#)),
        (Some(Message), sealed(r#"{"MsgType":"event","Event":"e","x":{"y":1,"y":1}}"#)),
        (Some(Message), sealed(r#"{"MsgType":"event","Event":1}"#)),
        (Some(Message), sealed(r#"{"MsgType":"event","Event":"e","CreateTime":1.5}"#)),
        (Some(Message), sealed(SUCCESS)),
    ];
    for (expected, mut push) in rows {
        let shown = String::from_utf8_lossy(&push.body).into_owned();
        assert_eq!(check(&decoder.decode(push.as_push())), expected, "{shown}");
    }
}

#[test]
fn nothing_is_decrypted_before_the_signature_holds() {
    for encrypt in ["garbage", "====", &"A".repeat(44), &ciphertext(&sealed(SUCCESS))] {
        let mut push =
            signed("something else", format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"));
        let before = push.body.clone();
        assert_eq!(check(&decoder().decode(push.as_push())), Some(CallbackCheck::Signature), "{encrypt}");
        assert_eq!(push.body, before);
        let mut push = signed(encrypt, format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"));
        let result = decoder().decode(push.as_push()).map(Event::into_owned);
        assert!(matches!(check(&result), None | Some(CallbackCheck::Frame)), "{encrypt}");
    }
}

#[test]
fn a_refusal_quotes_neither_the_push_nor_a_secret() {
    let mut pushes = vec![
        signed("canary", "<xml><Encrypt>canary</Encrypt></xml>".into()),
        signed("other", "<xml><Encrypt>canary</Encrypt></xml>".into()),
        signed("x", "<xml><canary>&canary;</canary></xml>".into()),
        sealed("<xml><canary>&canary;</canary></xml>"),
        sealed("<xml><canary></canary2></xml>"),
        sealed("<xml><AppId>canary</AppId><InfoType>canary</InfoType></xml>"),
        sealed("<xml><MsgType>event</MsgType><Event>canary</Event><CreateTime>canary</CreateTime></xml>"),
        sealed(SUCCESS).with_head("nonce=canary&nonce=canary", None),
        sealed(SUCCESS).with_head("timestamp=canary", None),
    ];
    for push in &mut pushes {
        let error: Error = decoder().decode(push.as_push()).unwrap_err();
        let shown = format!("{error} {error:#} {error:?} {:?}", error.report());
        for secret in ["canary", TOKEN, KEY, PLATFORM] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn debug_of_decoder_encoder_and_event_shows_no_secret() {
    let config = config().with_previous_key(&Secret::new("a".repeat(43))).unwrap();
    let mut push = sealed(&TICKET.replace(">t<", ">ticket@@@canary<"));
    let decoder = WeChatEventDecoder::new(config.clone()).unwrap();
    let event = decoder.decode(push.as_push()).unwrap();
    let shown =
        format!("{config:?} {decoder:#?} {:?} {event:?}", WeChatEventEncoder::new(config.clone()).unwrap());
    for secret in [TOKEN, KEY, &"a".repeat(43), "canary"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn texts_borrow_from_the_buffer_and_the_event_outlives_it_owned() {
    use std::borrow::Cow;
    let mut push = sealed(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><MsgType>event</MsgType><Event>new_event</Event>\
         <Reason><![CDATA[why]]></Reason></xml>",
    );
    let event = decoder().decode(push.as_push()).unwrap();
    assert!(matches!(event.reason, Some(Cow::Borrowed("why"))));
    assert!(matches!(event.raw_event, Cow::Borrowed("new_event")));
    assert!(matches!(event.alias, Some(Cow::Borrowed("gh_1"))));
    let owned = event.into_owned();
    drop(push);
    assert_eq!(owned.reason.as_deref(), Some("why"));
}

#[test]
fn receiver_and_platform_id_stand_in_for_each_other() {
    let key = Secret::new(KEY);
    let bare = CallbackConfig::encrypted(TOKEN, &key).unwrap();
    let error = WeChatEventDecoder::new(bare.clone()).unwrap_err();
    assert_eq!(
        (error.kind(), error.field(), error.vendor()),
        (ErrorKind::Config, Some("receiver_id"), Some(WECHAT))
    );
    let by_platform = WeChatEventDecoder::new(bare.with_platform_id(PLATFORM)).unwrap();
    assert!(by_platform.decode(sealed(TICKET).as_push()).is_ok());
    assert_eq!(check(&by_platform.decode(other_receiver().as_push())), Some(CallbackCheck::Frame));
    assert_eq!(WeChatEventEncoder::new(CallbackConfig::plain()).unwrap_err().field(), Some("mode"));
    let decoder: Box<dyn EventDecoder> = Box::new(by_platform);
    assert_eq!(decoder.vendor(), WECHAT);
}

#[test]
fn a_plain_decoder_takes_plain_pushes_only_and_looks_at_the_platform_if_it_knows_it() {
    assert_eq!(check(&plain().decode(sealed(SUCCESS).as_push())), Some(CallbackCheck::Mode));
    let mut json = br#"{"Encrypt":"x"}"#.to_vec();
    assert_eq!(check(&plain().decode(Push::new(NOW, &mut json))), Some(CallbackCheck::Mode));
    let knows = WeChatEventDecoder::new(CallbackConfig::plain().with_platform_id("wx0")).unwrap();
    let mut body = TICKET.as_bytes().to_vec();
    assert_eq!(check(&knows.decode(Push::new(NOW, &mut body))), Some(CallbackCheck::Receiver));
    assert!(plain().decode(Push::new(NOW, &mut body)).is_ok());
    let mut large = vec![b' '; (1 << 20) + 1];
    assert_eq!(check(&plain().decode(Push::new(NOW, &mut large))), Some(CallbackCheck::Size));
}

#[test]
fn both_keys_open_after_a_key_change() {
    let new = Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG");
    let changed = CallbackConfig::encrypted(TOKEN, &new).unwrap().with_receiver_id(PLATFORM).unwrap();
    let both =
        WeChatEventDecoder::new(changed.clone().with_previous_key(&Secret::new(KEY)).unwrap()).unwrap();
    assert!(both.decode(sealed(SUCCESS).as_push()).is_ok());
    let mut newer =
        WeChatEventEncoder::new(changed.clone()).unwrap().seal_push(ROUTE, SUCCESS, &seal()).unwrap();
    assert!(both.decode(newer.as_push()).is_ok());
    let only_new = WeChatEventDecoder::new(changed).unwrap();
    assert_eq!(check(&only_new.decode(sealed(SUCCESS).as_push())), Some(CallbackCheck::Frame));
}

/// Decodes a message plain and encrypted, and checks that both agree.
fn both_ways(message: &str, config: CallbackConfig) -> Event<'static> {
    let mut body = message.as_bytes().to_vec();
    let event = plain().decode(Push::new(NOW, &mut body)).unwrap().into_owned();
    let mut push =
        WeChatEventEncoder::new(config.clone()).unwrap().seal_push(ROUTE, message, &seal()).unwrap();
    let decoder = WeChatEventDecoder::new(config).unwrap();
    assert_eq!(decoder.decode(push.as_push()).unwrap(), event, "{message:?}");
    event
}

#[test]
fn what_people_typed_is_kept_as_they_typed_it() {
    let controls: String = (1..0x20_u8).map(char::from).collect();
    let references = controls.chars().map(|c| format!("&#{};", u32::from(c))).collect::<String>();
    let hex = controls.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect::<String>();
    for typed in [&controls, &references, &hex, &format!("<![CDATA[{controls}]]>")] {
        let event = both_ways(
            &format!(
                "<xml><ToUserName>gh_1</ToUserName><CreateTime>1690000000</CreateTime><MsgType>event</MsgType>\
                 <Event>weapp_audit_fail</Event><Reason>{typed}</Reason><x><y>{typed}</y></x></xml>"
            ),
            config(),
        );
        assert_eq!(
            (event.kind, event.reason.as_deref()),
            (EventKind::AuditRejected, Some(controls.as_str()))
        );
        assert_eq!(event.payload["x"]["y"], controls);
    }
    for typed in [&controls, &controls.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect()] {
        let event = both_ways(
            &format!(
                r#"{{"MsgType":"event","Event":"weapp_audit_fail","Reason":"{typed}","x":["{typed}"]}}"#
            ),
            json_config(),
        );
        assert_eq!(
            (event.kind, event.reason.as_deref()),
            (EventKind::AuditRejected, Some(controls.as_str()))
        );
        assert_eq!(event.payload["x"], json!([controls]));
    }
    // Surrogate halves, from an encoder that works in UTF-16, and noncharacters.
    let text = "<xml><MsgType>text</MsgType><Content>&#55357;&#xDE00;&#xFFFE;\u{fffe}</Content></xml>";
    assert_eq!(both_ways(text, config()).payload["Content"], "\u{fffd}\u{fffd}\u{fffe}\u{fffe}");
    let text = r#"{"MsgType":"text","Content":"\ud83d\ude00\ud83d"}"#;
    assert_eq!(both_ways(text, json_config()).payload["Content"], "😀\u{fffd}");
}

#[test]
fn a_number_may_look_as_it_likes() {
    let long = "18446744073709551616";
    let text =
        format!(r#"{{"MsgType":"text","MsgId":{long},"x":[-{long},1e999,1.5],"CreateTime":1690000000.0}}"#);
    let event = both_ways(&text, json_config());
    assert_eq!(event.payload["MsgId"], long);
    assert_eq!(event.payload["x"], json!([format!("-{long}"), "1e999", 1.5]));
    assert_eq!(event.occurred_at, Some(NOW));
    for (time, expected) in [("", None), (" \n", None), ("\n 1690000000 ", Some(NOW))] {
        let text = format!("<xml><MsgType>text</MsgType><CreateTime>{time}</CreateTime></xml>");
        assert_eq!(both_ways(&text, config()).occurred_at, expected, "{time:?}");
    }
}

#[test]
fn a_message_without_a_name_is_an_unknown_event() {
    for (message, config, occurred_at) in [
        ("<xml/>", config(), None),
        ("<xml><x><y>1</y></x></xml>", config(), None),
        ("<xml><MsgType/><InfoType/><Event/><CreateTime>1690000000</CreateTime></xml>", config(), Some(NOW)),
        ("<xml><CreateTime>soon</CreateTime></xml>", config(), None),
        ("{}", json_config(), None),
        (r#"{"x":1,"MsgType":null,"CreateTime":1690000000}"#, json_config(), Some(NOW)),
    ] {
        let event = both_ways(message, config);
        assert_eq!(
            (event.kind, &*event.raw_event, event.approved),
            (EventKind::Unknown, "", None),
            "{message}"
        );
        assert_eq!(event.occurred_at, occurred_at, "{message}");
        assert!(event.payload.is_object());
    }
    let text = format!("<xml><AppId>{PLATFORM}</AppId><ToUserName>gh_1</ToUserName><appid>wx1</appid></xml>");
    let event = both_ways(&text, config());
    assert_eq!((event.app_id, event.platform_id), (Some("wx1".into()), Some(PLATFORM.into())));
    assert_eq!(event.alias.as_deref(), Some("gh_1"));
    // Its name is enough if the message's type is missing.
    let event = both_ways("<xml><Event>weapp_audit_fail</Event><Reason>r</Reason></xml>", config());
    assert_eq!((event.kind, event.reason.as_deref()), (EventKind::AuditRejected, Some("r")));
}

#[test]
fn an_approval_that_failed_is_no_approval() {
    let event = |fields: &str| {
        let inner = format!("<MsgType>event</MsgType><Event>weapp_audit_success</Event>{fields}");
        let event = both_ways(&format!("<xml>{inner}</xml>"), config());
        assert_eq!(event.raw_event, "weapp_audit_success");
        event.kind
    };
    // As in the table of document 002, section 6.
    assert_eq!(event("<Reason>r</Reason><FailTime>1488856591</FailTime>"), EventKind::Unknown);
    for fields in
        ["", "<SuccTime>1</SuccTime>", "<Reason>r</Reason>", "<SuccTime>1</SuccTime><FailTime>0</FailTime>"]
    {
        assert_eq!(event(fields), EventKind::AuditApproved, "{fields}");
    }
}

#[test]
fn every_listed_name_has_its_kind() {
    for (name, kind) in EVENTS {
        let mut push = sealed(&format!("<xml><MsgType>event</MsgType><Event>{name}</Event></xml>"));
        let event = decoder().decode(push.as_push()).unwrap();
        assert_eq!((event.kind, &*event.raw_event), (*kind, *name));
    }
    for (name, kind) in INFO_TYPES {
        let inner = format!("<AppId>{PLATFORM}</AppId><ComponentVerifyTicket>t</ComponentVerifyTicket>");
        let mut push = sealed(&format!("<xml>{inner}<InfoType>{name}</InfoType></xml>"));
        let event = decoder().decode(push.as_push()).unwrap();
        assert_eq!((event.kind, &*event.raw_event), (*kind, *name));
    }
}

#[test]
fn tickets_and_codes_leave_the_payload_and_are_read_all_the_same() {
    let code = |info_type: &str| {
        format!(
            "<xml><AppId>{PLATFORM}</AppId><InfoType>{info_type}</InfoType><AuthorizerAppid>wx1</AuthorizerAppid>\
             <AuthorizationCode>canary</AuthorizationCode></xml>"
        )
    };
    let secret = Secret::new("canary");
    for (message, field, credential) in [
        (TICKET.replace(">t<", ">canary<"), "ComponentVerifyTicket", EventCredential::Ticket(secret.clone())),
        (code("authorized"), "AuthorizationCode", EventCredential::AuthorizationCode(secret.clone())),
        (code("updateauthorized"), "AuthorizationCode", EventCredential::AuthorizationCode(secret.clone())),
    ] {
        let mut push = sealed(&message);
        let event = decoder().decode(push.as_push()).unwrap().into_owned();
        assert_eq!((event.credential.as_ref(), &event.payload[field]), (Some(&credential), &json!("***")));
        let shown = format!("{event:?} {}", serde_json::to_string(&event).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
        let details = WeChatEvent::from_event(&event).unwrap();
        assert!(!format!("{details:?}").contains("canary"));

        // As stored by versions without credentials.
        let mut stored = event.clone();
        stored.credential = None;
        stored.payload[field] = json!("canary");
        assert_eq!(WeChatEvent::from_event(&stored).unwrap(), details);
        WeChatCallback::new(config()).unwrap().take_credential(&mut stored);
        assert_eq!(stored, event);

        // As printed, it contains nothing that could be mistaken for a secret.
        stored.credential = None;
        assert_eq!(WeChatEvent::from_event(&stored).unwrap_err().field(), Some(field));
    }
    let mut push = sealed(SUCCESS);
    assert_eq!(decoder().decode(push.as_push()).unwrap().credential, None);
}

#[test]
fn a_protocol_is_one_platforms() {
    let error = WeChatCallback::new(CallbackConfig::plain()).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("platform_id")));
    for config in [config(), CallbackConfig::plain().with_platform_id(PLATFORM)] {
        let protocol = WeChatCallback::new(config).unwrap();
        assert_eq!(protocol.platform_id().map(|id| id.as_str()), Some(PLATFORM));
    }
    // A gateway may be the receiver inside frames.
    let behind = config().with_receiver_id("gateway").unwrap().with_platform_id(PLATFORM);
    assert_eq!(WeChatCallback::new(behind).unwrap().platform_id().map(|id| id.as_str()), Some(PLATFORM));
}

#[test]
fn the_acceptance_test_is_answered_where_it_is_asked_for_alone() {
    let text = SUCCESS
        .replace("<MsgType>event", "<FromUserName>o1</FromUserName><MsgType>text")
        .replace("<Event>weapp_audit_success</Event>", "<Content>TESTCOMPONENT_MSG_TYPE_TEXT</Content>");
    let mut push = sealed(&text);
    let mut event = decoder().decode(push.as_push()).unwrap().into_owned();
    let account = ACCEPTANCE_ACCOUNTS[0].into();
    let quiet = WeChatCallback::new(config()).unwrap();
    let testing = quiet.clone().with_acceptance_test();
    assert!(testing.is_test_app(&account) && !quiet.is_test_app(&account));
    assert!(!testing.is_test_app(&"wx1".into()));
    assert!(testing.reply(&event, NOW).is_none(), "nobody knows whose it is");
    event.app_id = Some("wx1".into());
    assert!(testing.reply(&event, NOW).is_none(), "an app like any other");
    event.app_id = Some(account);
    assert!(quiet.reply(&event, NOW).is_none());
    let reply = testing.reply(&event, NOW).unwrap().unwrap();
    assert_eq!(reply.content_type, "text/xml; charset=utf-8");
    assert!(reply.body.starts_with(b"<xml><Encrypt>"), "{}", String::from_utf8_lossy(&reply.body));
    // A platform that accepts plain pushes cannot seal a reply.
    let plain = WeChatCallback::new(CallbackConfig::plain().with_platform_id(PLATFORM)).unwrap();
    assert!(plain.with_acceptance_test().reply(&event, NOW).is_none());
}

#[test]
fn events_of_the_platform_and_of_apps_have_urls_of_their_own() {
    let protocol = WeChatCallback::new(config()).unwrap();
    for (message, fitting) in [
        (TICKET, [true, false, false]),
        (SUCCESS, [false, true, true]),
        ("<xml><ToUserName>gh_1</ToUserName></xml>", [true, true, true]),
    ] {
        let mut push = sealed(message);
        let event = protocol.decode(push.as_push()).unwrap();
        let fits =
            [Route::Authorization, Route::Messages, Route::App].map(|route| protocol.fits(&event, route));
        assert_eq!(fits, fitting, "{message}");
    }
}

/// Text allowed in XML, including markup.
fn xml_text() -> impl Strategy<Value = String> {
    prop_oneof![
        r"[\t\r\n -\u{d7ff}\u{e000}-\u{fffd}]{0,20}",
        Just("]]>".to_owned()),
        Just("<![CDATA[&amp;]]>]]".to_owned()),
    ]
}

fn xml_fields() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = xml_text().prop_map(Value::String);
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        let single = inner.clone().prop_filter("arrays do not nest", |value| !value.is_array());
        prop_oneof![
            prop::collection::btree_map("x[a-zA-Z0-9_.-]{0,6}", inner, 1..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            prop::collection::vec(single, 2..4).prop_map(Value::Array),
        ]
    });
    prop::collection::btree_map("x[a-zA-Z0-9_.-]{0,6}", value, 0..5)
        .prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    // A failure prints its seed and saves it next to this file.
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::with_cases(256)
    })]

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(
        mut body in prop::collection::vec(any::<u8>(), 0..400),
        query in ".{0,80}",
    ) {
        for decoder in [decoder(), WeChatEventDecoder::new(json_config()).unwrap(), plain()] {
            let push = Push::new(NOW, &mut body).with_query(&query);
            prop_assert!(decoder.decode(push).map_err(|error| error.kind()).is_err_and(|kind| kind == ErrorKind::Callback));
        }
    }

    #[test]
    fn arbitrary_messages_behind_a_valid_signature_never_panic(message in "(<|>|/|xml|!|\\[CDATA\\[|\\]\\]>|&|;|#x?|[a-z0-9 ='\"?-]|\\PC){0,60}") {
        for message in [message.clone(), format!("<xml>{message}</xml>"), format!("{{{message}}}")] {
            let _ = decoder().decode(sealed(&message).as_push());
            let _ = plain().decode(Push::new(NOW, &mut message.into_bytes()));
        }
    }

    #[test]
    fn a_mutated_push_is_refused_or_says_the_same(at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3) {
        let good = sealed(SUCCESS);
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
                    matches!(check, Some(CallbackCheck::Envelope | CallbackCheck::Signature | CallbackCheck::Mode)),
                    "{:?}", error
                );
                prop_assert_eq!(push.body, before);
            }
        }
    }

    #[test]
    fn a_mutated_query_is_refused_or_says_the_same(at in any::<prop::sample::Index>(), character in any::<char>()) {
        let mut push = sealed(SUCCESS);
        let expected = serde_json::to_value(decoder().decode(push.clone().as_push()).unwrap()).unwrap();
        let at = at.index(push.query.len());
        push.query.replace_range(at..=at, &character.to_string());
        match decoder().decode(push.as_push()) {
            Ok(event) => prop_assert_eq!(serde_json::to_value(event).unwrap(), expected),
            Err(error) => prop_assert!(CallbackCheck::of(&error).is_some()),
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(fields in xml_fields(), random in any::<[u8; 16]>()) {
        let mut fields = fields;
        fields.insert("MsgType".into(), "event".into());
        fields.insert("Event".into(), "some_event".into());
        for config in [config(), json_config()] {
            let encoder = WeChatEventEncoder::new(config.clone()).unwrap();
            let message = encoder.message(&fields).unwrap();
            let mut push = encoder.seal_push(ROUTE, &message, &seal().with_random(random)).unwrap();
            let event = WeChatEventDecoder::new(config).unwrap();
            let event = event.decode(push.as_push()).unwrap();
            prop_assert_eq!(&event.payload, &Value::Object(fields.clone()));
        }
    }
}

#[test]
fn a_reply_is_sealed_as_the_vectors_say_in_both_forms() {
    for vector in vectors("vectors")
        .iter()
        .filter(|vector| matches!(vector["name"].as_str(), Some("WeChat V2 reply" | "WeChat V7")))
    {
        let text = |field: &str| vector[field].as_str().unwrap();
        let config = CallbackConfig::encrypted(text("token"), &Secret::new(text("key"))).unwrap();
        let config = config.with_receiver_id(text("tail")).unwrap();
        let time = Timestamp::from_unix(text("timestamp").parse().unwrap());
        let seal = Seal::new(time, text("nonce")).with_random(text("random").as_bytes().try_into().unwrap());

        let xml =
            WeChatEventEncoder::new(config.clone()).unwrap().seal_reply(text("message"), &seal).unwrap();
        let expected = format!(
            "<xml><Encrypt><![CDATA[{}]]></Encrypt><MsgSignature><![CDATA[{}]]></MsgSignature>\
             <TimeStamp>{}</TimeStamp><Nonce><![CDATA[{}]]></Nonce></xml>",
            text("encrypt"),
            text("signature"),
            text("timestamp"),
            text("nonce")
        );
        assert_eq!(xml, expected, "{}", text("name"));

        let config = config.with_body_format(BodyFormat::Json);
        let reply = WeChatEventEncoder::new(config).unwrap().seal_reply(text("message"), &seal).unwrap();
        let expected = json!({
            "Encrypt": text("encrypt"),
            "MsgSignature": text("signature"),
            "TimeStamp": time.as_unix(),
            "Nonce": text("nonce"),
        });
        assert_eq!(serde_json::from_str::<Value>(&reply).unwrap(), expected, "{}", text("name"));
    }
}

#[test]
fn a_reply_that_nobody_would_open_is_not_sealed() {
    let time = Timestamp::from_unix(1_690_000_300);
    for (seal, message, field) in [
        (Seal::new(time, "a b"), String::new(), "nonce"),
        (Seal::new(Timestamp::from_unix(1), "1"), String::new(), "sent_at"),
        (Seal::new(time, "1"), "x".repeat((1 << 20) + 1), "message"),
    ] {
        let error = encoder().seal_reply(&message, &seal).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(field)));
        assert_eq!((error.operation(), error.vendor()), ("seal_reply", Some(WECHAT)));
    }
}

#[test]
fn the_encoder_refuses_what_xml_cannot_hold() {
    for fields in [json!({"a b": "x"}), json!({"1": "x"}), json!({"a": "\u{0}"}), json!({"a": [["x"]]})] {
        let error = encoder().message(fields.as_object().unwrap()).unwrap_err();
        assert_eq!(error.operation(), "message");
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("message")));
    }
    let fields = json!({"a": null, "b": true, "c": 1, "d": ["x", null]});
    assert_eq!(
        encoder().message(fields.as_object().unwrap()).unwrap(),
        "<xml><b>true</b><c>1</c><d><![CDATA[x]]></d><d></d></xml>"
    );
    let push = encoder().seal_push(PushRoute::Authorization, TICKET, &seal()).unwrap();
    assert!(
        String::from_utf8(push.body)
            .unwrap()
            .starts_with("<xml><AppId><![CDATA[wx1a2b3c4d5e6f7081]]></AppId><Encrypt>")
    );
}
