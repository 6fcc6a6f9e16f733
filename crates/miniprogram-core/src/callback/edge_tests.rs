//! Edge cases of the rules that every push must satisfy.

use std::borrow::Cow;

use serde_json::json;

use super::*;

const ACME: Vendor = Vendor::new("acme");
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const OLD_KEY: &str = "ql1234fnhsjndyskemdlsowerfvmjhxswedfrtgbqwe";

fn encrypted() -> CallbackConfig {
    CallbackConfig::encrypted("t", &Secret::new(KEY)).unwrap()
}

#[test]
fn a_configuration_says_what_it_was_given_and_else_five_minutes_and_a_mebibyte() {
    for config in [CallbackConfig::plain(), encrypted()] {
        assert_eq!((config.freshness(), config.max_body()), (Duration::from_secs(300), 1 << 20));
    }
    let told = |config: &CallbackConfig| {
        let platform = config.platform_id().map(ToString::to_string);
        (config.mode(), config.body_format(), config.receiver_id().map(str::to_owned), platform)
    };
    assert_eq!(told(&CallbackConfig::plain()), (CallbackMode::Plain, BodyFormat::Xml, None, None));
    let config = encrypted().with_body_format(BodyFormat::Json).with_platform_id("platform");
    let config = config.with_receiver_id("me").unwrap();
    let all = (CallbackMode::Encrypted, BodyFormat::Json, Some("me".to_owned()), Some("platform".to_owned()));
    assert_eq!(told(&config), all);
    let config = encrypted().with_freshness(Duration::from_secs(7)).with_max_body(9);
    assert_eq!((config.freshness(), config.max_body()), (Duration::from_secs(7), 9));
    assert!(config.check_size(ACME, &[0; 9]).is_ok());
    assert!(config.check_size(ACME, &[0; 10]).is_err());
}

#[test]
fn a_query_is_decoded_as_a_form() {
    let nonce = |query| query_parameters(query, ["nonce"]).map(|[nonce]| nonce);
    for (query, expected) in [
        ("nonce=a+b", "a b"),
        ("nonce=+a", " a"),
        ("nonce=++", "  "),
        ("nonce=a%2Bb", "a+b"),
        ("nonce=%20+", "  "),
        ("non+ce=1&nonce=2", "2"),
    ] {
        assert_eq!(nonce(query), Ok(Some(expected.into())), "{query}");
    }
    assert!(matches!(nonce("nonce=ab"), Ok(Some(Cow::Borrowed("ab")))));
    for broken in ["nonce=%1g", "nonce=%g1", "nonce=%1G", "nonce=% 1"] {
        assert_eq!(nonce(broken), Err(QueryError::Encoding), "{broken}");
    }
}

#[test]
fn an_echo_has_1_to_128_characters() {
    for (length, expected) in [(0, false), (1, true), (128, true), (129, false)] {
        assert_eq!(is_echo(&"7".repeat(length)), expected, "{length}");
    }
}

#[test]
fn a_number_without_digits_is_none() {
    assert_eq!((digits(&json!("")), positive_id(&json!(""))), (None, None));
    assert_eq!(digits(&json!("0")).as_deref(), Some("0"));
}

#[test]
fn a_ciphertext_may_end_where_the_body_ends() {
    let body = b"0123456789".to_vec();
    for range in [0..10, 7..10, 0..1, 4..4, 10..10] {
        let text = std::str::from_utf8(&body[range.clone()]).unwrap();
        assert_eq!(Sealed::locate(&body, text), Sealed::Within(range));
    }
    let longer = String::from("0123456789");
    let (body, rest) = longer.as_bytes().split_at(4);
    let beyond = std::str::from_utf8(rest).unwrap();
    assert_eq!(Sealed::locate(body, beyond), Sealed::Apart("456789".into()), "behind the body");
    assert_eq!(Sealed::locate(body, &longer), Sealed::Apart(longer.clone()), "longer than the body");
}

#[test]
fn a_message_that_is_not_utf_8_is_refused_as_that_whichever_keys_are_configured() {
    for (key, config) in [
        (KEY, encrypted()),
        (KEY, encrypted().with_previous_key(&Secret::new(OLD_KEY)).unwrap()),
        (OLD_KEY, encrypted().with_previous_key(&Secret::new(OLD_KEY)).unwrap()),
    ] {
        let key = FrameKey::parse(&Secret::new(key)).unwrap();
        let mut text = frame::seal(&key, [0; 16], &[0xff, 0xfe], b"").into_bytes();
        let error = config.open(ACME, &mut text).unwrap_err();
        assert_eq!(error.detail(), Some("the message inside the frame is not UTF-8"));
    }
}

#[test]
fn one_byte_order_mark_is_skipped() {
    for (text, rest) in [("{}", "{}"), ("\u{feff}{}", "{}"), ("\u{feff}\u{feff}", "\u{feff}"), ("", "")] {
        assert_eq!(without_bom(text), rest);
    }
}

#[test]
fn a_field_is_a_text_a_number_or_neither() {
    for (field, text, decimal) in [
        (EnvelopeField::Text("a".into()), Some("a"), Some("a")),
        (EnvelopeField::Number(12), None, Some("12")),
        (EnvelopeField::Other, None, None),
    ] {
        assert_eq!(field.clone().into_text().as_deref(), text, "{field:?}");
        assert_eq!(field.clone().into_decimal().as_deref(), decimal, "{field:?}");
    }
}
