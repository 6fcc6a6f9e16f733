use std::borrow::Cow;

use super::*;
use crate::outcome::Outcome;

const ACME: Vendor = Vendor::new("acme");
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const OLD_KEY: &str = "ql1234fnhsjndyskemdlsowerfvmjhxswedfrtgbqwe";

fn config() -> CallbackConfig {
    CallbackConfig::encrypted("canary-token", &Secret::new(KEY)).unwrap().with_receiver_id("me").unwrap()
}

fn seal() -> Seal<'static> {
    Seal::new(Timestamp::from_unix(1_690_000_000), "n0nce").with_random([3; 16])
}

#[test]
fn a_wrong_configuration_names_the_field_and_the_remedy_and_no_secret() {
    let key = Secret::new(KEY);
    let bad_key = Secret::new("canary+key");
    let cases = [
        ("token", CallbackConfig::encrypted("", &key)),
        ("aes_key", CallbackConfig::encrypted("canary-token", &bad_key)),
        ("previous_aes_key", config().with_previous_key(&bad_key)),
        ("previous_aes_key", CallbackConfig::plain().with_previous_key(&key)),
        ("receiver_id", config().with_receiver_id("")),
        ("receiver_id", config().with_receiver_id("a b")),
    ];
    for (field, result) in cases {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
        assert!(error.detail().is_some() && error.advice() != ErrorKind::Config.advice(), "{error:#}");
        assert!(!format!("{error:?} {error:#}").contains("canary"), "{error:?}");
    }
}

#[test]
fn debug_shows_neither_token_nor_keys_but_whether_there_is_a_previous_one() {
    assert!(format!("{:?}", config()).contains("[redacted], previous key: false"));
    let config = config().with_previous_key(&Secret::new(OLD_KEY)).unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(shown.contains("[redacted], previous key: true"), "{shown}");
    for canary in ["canary-token", KEY, OLD_KEY] {
        assert!(!shown.contains(canary), "{shown}");
    }
}

#[test]
fn freshness_is_checked_to_both_sides_without_overflow() {
    let config = config();
    let fresh = |signed, now| config.check_freshness(ACME, signed, Timestamp::from_unix(now));
    for (signed, now, expected) in [
        (1_000, 1_300, true),
        (1_300, 1_000, true),
        (1_000, 1_301, false),
        (1_301, 1_000, false),
        (99_999_999_999, i64::MIN, false),
        (i64::MIN, i64::MAX, false),
        (i64::MAX, i64::MIN, false),
    ] {
        let result = fresh(signed, now);
        assert_eq!(result.is_ok(), expected, "{signed} {now}");
        assert!(expected || CallbackCheck::of(&result.unwrap_err()) == Some(CallbackCheck::Freshness));
    }
    let strict = config.clone().with_freshness(Duration::ZERO);
    assert!(strict.check_freshness(ACME, 5, Timestamp::from_unix_millis(5_999)).is_ok());
    assert!(strict.check_freshness(ACME, 5, Timestamp::from_unix(6)).is_err());
}

#[test]
fn a_previous_key_opens_what_the_current_one_does_not() {
    let old = CallbackConfig::encrypted("t", &Secret::new(OLD_KEY)).unwrap().with_receiver_id("me").unwrap();
    let both = config().with_previous_key(&Secret::new(OLD_KEY)).unwrap();
    for (sealer, opener, expected) in [
        (&old, &both, true),
        (&config(), &both, true),
        (&old, &config(), false),
        (&config(), &config(), true),
    ] {
        let mut text = sealer.seal("hello", &seal()).unwrap().encrypt.into_bytes();
        let opened = opener.open(ACME, &mut text);
        assert_eq!(opened.is_ok(), expected);
        match opened {
            Ok(message) => assert_eq!(message, "hello"),
            Err(error) => {
                assert_eq!(CallbackCheck::of(&error), Some(CallbackCheck::Frame));
                assert_eq!(error.outcome(), Outcome::NotDone);
            }
        }
    }
}

#[test]
fn a_frame_for_another_receiver_or_not_in_utf_8_is_refused() {
    let other = config().with_receiver_id("you").unwrap();
    let mut text = other.seal("hello", &seal()).unwrap().encrypt.into_bytes();
    let error = config().open(ACME, &mut text).unwrap_err();
    assert_eq!(error.detail(), Some("the frame is addressed to another receiver"));
    let key = FrameKey::parse(&Secret::new(KEY)).unwrap();
    let mut text = frame::seal(&key, [0; 16], &[0xff, 0xfe], b"me").into_bytes();
    let error = config().open(ACME, &mut text).unwrap_err();
    assert_eq!(error.detail(), Some("the message inside the frame is not UTF-8"));
    assert_eq!(CallbackCheck::of(&error), Some(CallbackCheck::Frame));
}

#[test]
fn a_plain_configuration_neither_verifies_nor_opens_nor_seals() {
    let plain = CallbackConfig::plain();
    assert_eq!(plain.mode(), CallbackMode::Plain);
    assert_eq!(CallbackCheck::of(&plain.open(ACME, &mut []).unwrap_err()), Some(CallbackCheck::Mode));
    let signed = Signed { timestamp: "", nonce: "", encrypt: None, signature: "", case: HexCase::Lower };
    assert_eq!(
        CallbackCheck::of(&plain.check_signature(ACME, &signed).unwrap_err()),
        Some(CallbackCheck::Mode)
    );
    assert_eq!(plain.seal("", &seal()).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn sealing_refuses_what_no_decoder_accepts() {
    let config = config().with_max_body(8);
    let at = |seconds| Seal { sent_at: Timestamp::from_unix(seconds), ..seal() };
    for (field, seal, message) in [
        ("sent_at", at(99_999_999), ""),
        ("sent_at", at(-1), ""),
        ("nonce", Seal { nonce: "", ..seal() }, ""),
        ("nonce", Seal { nonce: "a b", ..seal() }, ""),
        ("message", seal(), "123456789"),
    ] {
        let error = config.seal(message, &seal).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(field)));
    }
    assert!(config.seal("12345678", &seal()).is_ok());
}

#[test]
fn random_prefixes_differ() {
    let prefixes: std::collections::HashSet<_> = (0..1_000).map(|_| random_prefix()).collect();
    assert_eq!(prefixes.len(), 1_000);
}

#[test]
fn a_query_is_read_strictly() {
    let read = |query| query_parameters(query, ["nonce", "timestamp"]);
    assert_eq!(read("").unwrap(), [None, None]);
    assert_eq!(read("timestamp=1&x=2&x=3&&nonce=a%2Bb+c").unwrap(), [Some("a+b c".into()), Some("1".into())]);
    assert_eq!(read("nonce").unwrap(), [Some("".into()), None]);
    assert_eq!(read("nonce=%e4%b8%ad").unwrap(), [Some("中".into()), None]);
    for repeated in ["nonce=1&nonce=1", "nonce&nonce", "nonce=1&%6eonce=2", "timestamp=1&nonce=1&timestamp=2"]
    {
        assert_eq!(read(repeated), Err(QueryError::Repeated), "{repeated}");
    }
    for broken in ["nonce=%", "nonce=%4", "nonce=%zz", "nonce=%+1", "nonce=%ff", "%ff=1", "nonce=%c3%28"] {
        assert_eq!(read(broken), Err(QueryError::Encoding), "{broken}");
    }
}

#[test]
fn timestamps_nonces_and_echoes_have_their_form() {
    for (text, expected) in [
        ("1690000000", Some(1_690_000_000)),
        ("100000000", Some(100_000_000)),
        ("99999999999", Some(99_999_999_999)),
        ("99999999", None),
        ("100000000000", None),
        ("0690000000", None),
        ("+690000000", None),
        (" 690000000", None),
        ("16900000.0", None),
        ("１６９０", None),
        ("", None),
    ] {
        assert_eq!(signed_time(text), expected, "{text:?}");
    }
    let long = "a".repeat(33);
    for (text, expected) in [
        ("a", true),
        ("aZ09_-", true),
        (&long[..32], true),
        (&long, false),
        ("", false),
        ("a b", false),
        ("é", false),
    ] {
        assert_eq!(is_nonce(text), expected, "{text:?}");
    }
    assert!(is_echo("5927782489442352469") && is_echo("aZ0_-+/=."));
    assert!(!is_echo("") && !is_echo("<script>") && !is_echo(&"a".repeat(129)));
}

#[test]
fn ids_are_numbers_or_digits_from_one_up() {
    use serde_json::json;
    let cases = [
        (json!(1), Some("1")),
        (json!("1"), Some("1")),
        (json!(i64::MAX), Some("9223372036854775807")),
        (json!("9223372036854775807"), Some("9223372036854775807")),
        (json!(9_223_372_036_854_775_808_u64), None),
        (json!("9223372036854775808"), None),
        (json!(0), None),
        (json!("0"), None),
        (json!("01"), None),
        (json!(-1), None),
        (json!("-1"), None),
        (json!("+1"), None),
        (json!(1.5), None),
        (json!("1e3"), None),
        (json!(" 1"), None),
        (json!(""), None),
        (json!(null), None),
        (json!([1]), None),
    ];
    for (value, expected) in cases {
        assert_eq!(positive_id(&value).as_deref(), expected, "{value}");
    }
    assert_eq!(digits(&json!(0)).as_deref(), Some("0"));
    assert_eq!(digits(&json!("007")).as_deref(), Some("007"));
}

#[test]
fn an_envelope_is_one_object_without_repeated_keys() {
    let read = |text| envelope_fields(text, ["a", "b"]);
    let [a, b] = read(r#" {"b":12,"x":{"y":[{"z":1},{"z":1}]},"a":"t"} "#).unwrap();
    assert!(matches!(a, Some(EnvelopeField::Text(Cow::Borrowed("t")))));
    assert_eq!(b.unwrap().into_decimal().as_deref(), Some("12"));
    let [a, b] = read(r#"{"a":"x\/y","b":-1}"#).unwrap();
    assert_eq!((a, b), (Some(EnvelopeField::Text("x/y".into())), Some(EnvelopeField::Other)));
    for bad in [
        "",
        "[]",
        "1",
        "{} {}",
        "{}x",
        "{",
        r#"{"a":1,"a":1}"#,
        r#"{"x":1,"x":1}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"x":{"y":1,"y":1}}"#,
        r#"{"x":[{"y":1,"y":1}]}"#,
        r#"{"a":{"y":1,"y":1}}"#,
        "{\"a\":\"\u{1}\"}",
    ] {
        assert_eq!(read(bad), Err(EnvelopeError), "{bad}");
    }
    let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    assert_eq!(read(&deep), Err(EnvelopeError));
}

#[test]
fn a_ciphertext_is_opened_where_it_stands_or_put_together_at_the_beginning() {
    let mut body = b"0123456789".to_vec();
    let within = Sealed::locate(&body, std::str::from_utf8(&body[3..6]).unwrap());
    assert_eq!(within, Sealed::Within(3..6));
    assert_eq!(within.place(&mut body), b"345");
    let apart = Sealed::locate(&body, &String::from("abc"));
    assert_eq!(apart, Sealed::Apart("abc".into()));
    assert_eq!(apart.place(&mut body), b"abc");
    assert_eq!(body, b"abc3456789");
    assert!(Sealed::Apart("abc".into()).place(&mut []).is_empty());
    assert!(Sealed::Within(3..6).place(&mut []).is_empty());
}
