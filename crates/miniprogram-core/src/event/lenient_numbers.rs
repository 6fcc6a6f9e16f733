//! Ids, integers and times that vendors send as numbers or as strings.

use std::borrow::Cow;

use serde_json::Value;

use crate::time::Timestamp;

/// Returns an id that is a number or a string of digits, from 1 to 2^63 - 1, without sign or leading zero. `None`
/// for anything else.
#[must_use]
pub fn positive_id(value: &Value) -> Option<Cow<'_, str>> {
    digits(value).filter(|text| !text.starts_with('0') && text.parse::<i64>().is_ok())
}

/// Returns the text of an integer that is sent as a number or a string, digits only. `None` for anything else.
#[must_use]
pub fn digits(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Number(number) => number.as_u64().map(|number| Cow::Owned(number.to_string())),
        Value::String(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            Some(Cow::Borrowed(text))
        }
        _ => None,
    }
}

/// The error for an invalid message time. It quotes no part of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time is not a whole number of seconds from 0 to 2^63 - 1")]
pub struct MessageTimeError;

/// Returns the time of a message (`CreateTime`): whole seconds since the Unix epoch, as a number or a string.
/// Surrounding whitespace and a fraction of zero are allowed. `None` if it is absent, null or blank.
///
/// # Errors
/// [`MessageTimeError`] for anything else.
pub fn message_time(value: Option<&Value>) -> Result<Option<Timestamp>, MessageTimeError> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => Cow::Owned(number.to_string()),
        Some(Value::String(text)) => Cow::Borrowed(text.trim()),
        Some(_) => return Err(MessageTimeError),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let whole = text.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    let whole = whole.map_or(&*text, |(whole, _)| whole);
    if whole.is_empty() || !whole.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(MessageTimeError);
    }
    whole.parse().map(|seconds| Some(Timestamp::from_unix(seconds))).map_err(|_| MessageTimeError)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_digits_from_1_to_2_63_minus_1() {
        for (value, expected) in [
            (json!(1), Some("1")),
            (json!("529394"), Some("529394")),
            (json!(i64::MAX), Some("9223372036854775807")),
            (json!(0), None),
            (json!("0"), None),
            (json!("01"), None),
            (json!(""), None),
            (json!(-1), None),
            (json!("-1"), None),
            (json!(1.0), None),
            (json!(1.5), None),
            (json!("1a"), None),
            (json!(" 1"), None),
            (json!(9_223_372_036_854_775_808_u64), None),
            (json!("9223372036854775808"), None),
            (json!(true), None),
            (json!([1]), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            assert_eq!(positive_id(&value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_messages_time_is_whole_seconds_however_it_is_written() {
        let time = Timestamp::from_unix(1_690_000_000);
        for value in [
            json!(1_690_000_000),
            json!("1690000000"),
            json!(" 1690000000\n"),
            json!(1_690_000_000.0),
            json!("1690000000.00"),
        ] {
            assert_eq!(message_time(Some(&value)), Ok(Some(time)), "{value}");
        }
        for value in [json!(null), json!(""), json!(" \n")] {
            assert_eq!(message_time(Some(&value)), Ok(None), "{value}");
        }
        assert_eq!(message_time(None), Ok(None));
        for value in [
            json!(-1),
            json!(1.5),
            json!("1e9"),
            json!(1e300),
            json!("now"),
            json!("."),
            json!(".0"),
            json!("9223372036854775808"),
            json!("+1"),
            json!("1\u{1}"),
            json!(true),
            json!([1]),
        ] {
            assert_eq!(message_time(Some(&value)), Err(MessageTimeError), "{value}");
        }
    }
}
