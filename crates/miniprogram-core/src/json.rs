//! Tolerant reading of JSON as vendors write it: some of it is assembled by hand around text that people typed.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::Value;

/// Repairs known errors of vendors inside strings and numbers, and nothing else:
///
/// - A raw control character (U+0000 to U+001F) in a string becomes its escape, so that it is preserved as typed.
/// - Half of a surrogate pair in a string (`\ud83d` alone, as in truncated text) becomes U+FFFD.
/// - `\_` in a string becomes `_` (Baidu's documents 000, 001 and 003 print it).
/// - A number that 64 bits cannot hold becomes a string with the same digits, so that no digit is lost.
///
/// Text that is invalid JSON in any other way stays invalid, and valid JSON keeps its meaning. The result is
/// borrowed if nothing was wrong.
///
/// ```
/// use miniprogram_core::vendor_api::json::repaired;
///
/// assert_eq!(repaired("{\"reason\":\"one\ntwo\"}"), r#"{"reason":"one\u000atwo"}"#);
/// assert_eq!(repaired(r#"{"id":18446744073709551616}"#), r#"{"id":"18446744073709551616"}"#);
/// ```
#[must_use]
pub fn repaired(text: &str) -> Cow<'_, str> {
    let mut repair = Repair { text, taken: 0, out: String::new() };
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        at = match byte {
            b'"' => repair.string(at + 1),
            b'-' | b'0'..=b'9' => repair.number(at),
            _ => at + 1,
        };
    }
    repair.finish()
}

/// Parses the JSON of a response to a request of this library. Tolerates a leading byte order mark, invalid
/// UTF-8, and everything that [`repaired`] repairs. `None` if it is still not JSON.
///
/// Never use this for a push: there, invalid UTF-8 and NUL are rejected.
#[must_use]
pub fn read_response(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_str(&repaired(&String::from_utf8_lossy(body))).ok()
}

struct Repair<'a> {
    text: &'a str,
    /// The text up to here is in `out`, repaired.
    taken: usize,
    out: String,
}

impl<'a> Repair<'a> {
    fn replace(&mut self, range: Range<usize>, with: &str) {
        self.out.extend([&self.text[self.taken..range.start], with]);
        self.taken = range.end;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.taken == 0 {
            return Cow::Borrowed(self.text);
        }
        self.out.push_str(&self.text[self.taken..]);
        Cow::Owned(self.out)
    }

    /// Repairs the string that begins here, after its opening quote. Returns the position after its closing
    /// quote.
    fn string(&mut self, mut at: usize) -> usize {
        while let Some(&byte) = self.text.as_bytes().get(at) {
            at = match byte {
                b'"' => return at + 1,
                b'\\' => self.escape(at),
                0..0x20 => {
                    self.replace(at..at + 1, &format!("\\u{byte:04x}"));
                    at + 1
                }
                _ => at + 1,
            };
        }
        at
    }

    /// Repairs the escape that begins here. Returns the position of its end.
    fn escape(&mut self, at: usize) -> usize {
        match self.text.as_bytes().get(at + 1) {
            Some(b'_') => {
                self.replace(at..at + 1, "");
                at + 2
            }
            Some(b'u') => self.code_unit_escape(at),
            _ => at + 2,
        }
    }

    fn code_unit_escape(&mut self, at: usize) -> usize {
        const LENGTH: usize = 6;
        match (self.code_unit(at), self.code_unit(at + LENGTH)) {
            (None, _) => at + 2,
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at + 2 * LENGTH,
            (Some(0xd800..0xe000), _) => {
                self.replace(at..at + LENGTH, "\\ufffd");
                at + LENGTH
            }
            (Some(_), _) => at + LENGTH,
        }
    }

    /// Returns the UTF-16 code unit of the escape `\uXXXX` that begins here; `None` if there is none.
    fn code_unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if all_hex { u16::from_str_radix(digits, 16).ok() } else { None }
    }

    /// Quotes the number that begins here if necessary. Returns the position of its end.
    fn number(&mut self, start: usize) -> usize {
        let rest = &self.text[start..];
        let of_number = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let (number, behind) = rest.split_at(rest.find(|c| !of_number(c)).unwrap_or(rest.len()));
        let end = start + number.len();
        // A number in the position of a key is not JSON, and is not made into JSON here.
        if !fits(number) && is_number(number) && !behind.trim_start().starts_with(':') {
            self.replace(start..end, &format!("\"{number}\""));
        }
        end
    }
}

/// Returns whether a number can be represented as it is: an integer with all its digits, a fraction as precisely
/// as 64 bits allow.
fn fits(number: &str) -> bool {
    if number.contains(['.', 'e', 'E']) {
        return number.parse::<f64>().is_ok_and(f64::is_finite);
    }
    number.parse::<u64>().is_ok() || number.parse::<i64>().is_ok()
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Option<Value> {
        serde_json::from_str(&repaired(text)).ok()
    }

    #[test]
    fn what_stands_in_strings_is_kept_as_it_was_typed() {
        let typed: String = (0..0x20_u8).map(char::from).collect();
        assert_eq!(read(&format!("{{\"{typed}\": \"{typed}\"}}")), Some(json!({ typed.clone(): typed })));
        assert_eq!(read("[\"\\\\\n\\\\\"]"), Some(json!(["\\\n\\"])));
        assert_eq!(read(r#"["\"\_\\_\\"]"#), Some(json!(["\"_\\_\\"])));
        assert_eq!(read(r#"["\ud83d\ude00"]"#), Some(json!(["😀"])));
        for (cut, expected) in [
            (r"a\ud83d", "a\u{fffd}"),
            (r"\ud83db", "\u{fffd}b"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\\ud83d", r"\ud83d"),
        ] {
            assert_eq!(read(&format!("[\"{cut}\"]")), Some(json!([expected])), "{cut}");
        }
    }

    #[test]
    fn numbers_that_64_bits_cannot_hold_are_kept_as_text() {
        for (number, expected) in [
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!("18446744073709551616")),
            ("-9223372036854775808", json!(i64::MIN)),
            ("-9223372036854775809", json!("-9223372036854775809")),
            ("1e999", json!("1e999")),
            ("-1.5E+999", json!("-1.5E+999")),
            ("1.5e300", json!(1.5e300)),
            ("0.1", json!(0.1)),
        ] {
            assert_eq!(read(number), Some(expected.clone()), "{number}");
            assert_eq!(read(&format!("{{\"a\": {number} , \"b\":[{number}]}}")), {
                Some(json!({ "a": expected, "b": [expected] }))
            });
        }
        let in_a_string = r#"["18446744073709551616, 1e999"]"#;
        assert_eq!(repaired(in_a_string), in_a_string);
    }

    #[test]
    fn what_is_wrong_in_another_way_stays_wrong() {
        for bad in [
            "",
            "{\u{1}}",
            "[\u{0}]",
            "[1,]",
            "[\"a]",
            "[\"\\",
            r#"["\-"]"#,
            r#"["\u12"]"#,
            r#"["\u+123"]"#,
            r#"["\ud83d\u"]"#,
            "[\"\\\n\"]",
            "{18446744073709551616:1}",
            "{1e999 \n: 1}",
            "[018446744073709551616]",
            "[1e]",
            "[1e999e]",
            "[--18446744073709551616]",
            "[a18446744073709551616]",
            "18446744073709551616 1",
        ] {
            assert!(read(bad).is_none(), "{bad:?}: {}", repaired(bad));
        }
    }

    #[test]
    fn a_response_may_have_a_mark_broken_utf_8_and_nul() {
        let body = b"\xef\xbb\xbf{\"a\":\"\xff\0\"}";
        assert_eq!(read_response(body), Some(json!({ "a": "\u{fffd}\0" })));
        assert_eq!(read_response(b"\xef\xbb\xbf\xef\xbb\xbf{}"), None);
        assert_eq!(read_response(b"<xml/>"), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn valid_json_is_left_alone(value in value()) {
            let text = value.to_string();
            prop_assert!(matches!(repaired(&text), Cow::Borrowed(_)));
        }

        #[test]
        fn any_text_is_repaired_once_and_without_a_panic(text in "(\\{|\\[|\"|\\\\|u|_|d83d|[\\x00-\\x1f]|[0-9eE.+-]|:|,|\\PC){0,40}") {
            let once = repaired(&text).into_owned();
            prop_assert_eq!(repaired(&once), once.as_str());
        }
    }
}
