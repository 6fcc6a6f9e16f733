//! JSON read strictly: one object, no repeated key.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::json::repaired;

/// Parses the message of a verified push: one JSON object, as strictly as [`parse_strict_json`] does, after
/// [`repaired`] has fixed the contents of strings and numbers.
///
/// A leading byte order mark is skipped. NUL is rejected everywhere unless it is escaped.
///
/// # Errors
/// A description of what is wrong, without quoting the text.
pub fn parse_message_json(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    if text.contains('\0') {
        return Err(serde_json::Error::custom("a NUL character"));
    }
    parse_strict_json(&repaired(text.strip_prefix('\u{feff}').unwrap_or(text)))
}

/// Parses one JSON object. A repeated key at any depth, anything after the object, or any other value is an
/// error.
///
/// # Errors
/// A description of what is wrong, without quoting the text.
pub fn parse_strict_json(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::from_str::<Strict>(text)? {
        Strict(Value::Object(object)) => Ok(object),
        Strict(_) => Err(serde_json::Error::custom("not an object")),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let Strict(value) = fields.next_value()?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a key is repeated"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_exactly_one_object_is_refused() {
        for bad in [
            "",
            "[]",
            "1",
            "{} {}",
            "{}x",
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[{"b":1,"b":1}]}"#,
        ] {
            assert!(parse_strict_json(bad).is_err(), "{bad}");
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
        assert!(parse_strict_json(&deep).is_err());
        assert_eq!(
            parse_strict_json(r#" {"b":1,"a":null} "#).unwrap().keys().collect::<Vec<_>>(),
            ["b", "a"]
        );
    }

    #[test]
    fn a_message_may_hold_what_people_type_and_is_as_strict_otherwise() {
        let text = "\u{feff}{\"a\":\"one\ttwo\nthree\u{1}\",\"b\":18446744073709551616}";
        let message = Value::Object(parse_message_json(text).unwrap());
        assert_eq!(message, serde_json::json!({ "a": "one\ttwo\nthree\u{1}", "b": "18446744073709551616" }));
        assert!(parse_strict_json(text).is_err());
        for bad in [
            "[]",
            "{}{}",
            "{\"a\":\"\u{0}\"}",
            "{\"a\":1\u{1}}",
            "{\"a\n\":1,\"a\n\":1}",
            "{\"a\\u000a\":1,\"a\n\":1}",
            "\u{feff}\u{feff}{}",
        ] {
            assert!(parse_message_json(bad).is_err(), "{bad:?}");
        }
    }
}
