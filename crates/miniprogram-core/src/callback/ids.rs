//! Numbers that vendors send as numbers or as text.

use std::borrow::Cow;

use serde_json::Value;

/// The text of an id that is a number or a string of digits, from 1 to 2^63 - 1, without sign or leading zero.
/// `None` for anything else.
#[must_use]
pub fn positive_id(value: &Value) -> Option<Cow<'_, str>> {
    digits(value).filter(|text| !text.starts_with('0') && text.parse::<i64>().is_ok())
}

/// The text of a whole number that is a number or a string, digits only. `None` for anything else.
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
