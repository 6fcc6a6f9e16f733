//! Shared rules for tolerant reading of vendors' JSON: how a value is read as a string, a number or a flag.
//!
//! Vendors send numbers as strings and strings as numbers, flags as numbers, and null or `""` for values that
//! they do not report. A value that cannot be read as the expected type counts as not reported: it affects only
//! its own field, and never becomes a meaningful value.
//!
//! ```
//! use miniprogram_core::vendor_api::wire;
//! use serde_json::json;
//!
//! assert_eq!(wire::number(&json!("7")), Some(7));
//! assert_eq!(wire::text(&json!(7)), Some("7".to_owned()));
//! assert_eq!(wire::flag(&json!("1")), Some(true));
//! for untold in [json!(null), json!(""), json!("  "), json!([]), json!({ "a": 1 })] {
//!     assert_eq!((wire::number(&untold), wire::text(&untold), wire::flag(&untold)), (None, None, None));
//! }
//! ```

use serde_json::Value;

pub mod lenient;

/// The largest integer up to which a float represents every integer exactly.
const LARGEST_WHOLE_FLOAT: f64 = 9_007_199_254_740_992.0;

/// Returns a string as it was sent, or the digits of a number. Null, a string of whitespace only, a flag, a list
/// and an object yield none.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns an id: a string without surrounding whitespace, or an integer. 0 and negative numbers yield none, both
/// as number and as string.
#[must_use]
pub fn id(value: &Value) -> Option<String> {
    let id = match value {
        Value::Number(number) if number.is_u64() => number.to_string(),
        Value::Number(_) => number(value)?.to_string(),
        other => text(other)?.trim().to_owned(),
    };
    match id.parse::<i64>() {
        Ok(number) if number <= 0 => None,
        _ => Some(id),
    }
}

/// Returns an integer, or one in decimal digits with surrounding whitespace. A float is accepted if it has no
/// fraction.
#[must_use]
pub fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a float without a fraction in the range of whole floats")]
fn whole(float: f64) -> Option<i64> {
    (float.fract() == 0.0 && float.abs() <= LARGEST_WHOLE_FLOAT).then_some(float as i64)
}

/// Returns a finite number, or a string with one and surrounding whitespace.
#[must_use]
pub fn decimal(value: &Value) -> Option<f64> {
    let decimal: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    decimal.is_finite().then_some(decimal)
}

/// Returns a flag: true or false, 1 or 0, or one of these as a string in any letter case.
#[must_use]
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        value => match number(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

/// Returns whether a value is empty: null, a string of whitespace only, an empty list, an empty object.
#[must_use]
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the entries of a list, of an object whose values are objects, or the single object or string in place
/// of a list. An empty value is an empty list; a flag or a number yields none at all.
#[must_use]
pub fn entries(value: &Value) -> Option<Vec<Value>> {
    match value {
        empty if is_empty(empty) => Some(Vec::new()),
        Value::Array(entries) => Some(entries.clone()),
        Value::Object(by_key) if by_key.values().all(Value::is_object) => {
            Some(by_key.values().cloned().collect())
        }
        Value::Object(_) | Value::String(_) => Some(vec![value.clone()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_text_and_text_is_numbers() {
        for (value, read) in [
            (json!(7), Some(7)),
            (json!(-7), Some(-7)),
            (json!("7"), Some(7)),
            (json!(" 7 "), Some(7)),
            (json!(7.0), Some(7)),
            (json!(7.5), None),
            (json!("7.5"), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!("seven"), None),
            (json!(true), None),
        ] {
            assert_eq!(number(&value), read, "{value}");
        }
        assert_eq!(text(&json!(u64::MAX)), Some("18446744073709551615".to_owned()));
        assert_eq!(text(&json!(" padded ")), Some(" padded ".to_owned()));
        assert_eq!(text(&json!(true)), None);
        assert_eq!(decimal(&json!("12.5")), Some(12.5));
        assert_eq!(decimal(&json!("NaN")), None);
        assert_eq!(decimal(&json!("inf")), None);
    }

    #[test]
    fn an_id_is_never_zero_negative_or_blank() {
        for (value, read) in [
            (json!(1_234_567), Some("1234567")),
            (json!("1234567"), Some("1234567")),
            (json!(" 1234567 "), Some("1234567")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!("gh_1"), Some("gh_1")),
            (json!(0), None),
            (json!("0"), None),
            (json!("00"), None),
            (json!(-1), None),
            (json!("-1"), None),
            (json!(1.5), None),
            (json!("  "), None),
            (json!({}), None),
        ] {
            assert_eq!(id(&value).as_deref(), read, "{value}");
        }
    }

    #[test]
    fn a_flag_has_six_forms_and_no_other() {
        for (set, unset) in [(json!(true), json!(false)), (json!(1), json!(0)), (json!("1"), json!("0"))] {
            assert_eq!((flag(&set), flag(&unset)), (Some(true), Some(false)));
        }
        assert_eq!((flag(&json!("True")), flag(&json!("FALSE"))), (Some(true), Some(false)));
        for odd in [json!(2), json!("yes"), json!([true]), json!(null)] {
            assert_eq!(flag(&odd), None, "{odd}");
        }
    }

    #[test]
    fn a_list_may_be_one_entry_or_have_keys() {
        let entry = json!({ "a": 1 });
        assert_eq!(entries(&json!([entry, 2])), Some(vec![entry.clone(), json!(2)]));
        assert_eq!(entries(&entry), Some(vec![entry.clone()]));
        assert_eq!(entries(&json!({ "0": entry, "1": entry })), Some(vec![entry.clone(), entry]));
        assert_eq!(entries(&json!("a")), Some(vec![json!("a")]));
        for empty in [json!(null), json!(""), json!([]), json!({})] {
            assert_eq!(entries(&empty), Some(vec![]), "{empty}");
        }
        assert_eq!(entries(&json!(7)), None);
    }
}
