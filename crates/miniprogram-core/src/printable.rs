//! Untrusted text, made safe for terminals and logs.

use std::fmt::{self, Write as _};
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Text whose invisible characters are shown as escapes, such as `\n` and `\u{202e}`: control characters, line
/// and paragraph separators, and invisible formatting characters (the Unicode category Cf: marks that change the
/// direction of writing, zero-width characters, soft hyphens). The result cannot forge lines, control a terminal
/// or look like other text.
///
/// ```
/// use miniprogram_core::vendor_api::Printable;
///
/// assert_eq!(Printable("safe\u{202e}gnp.exe\n").to_string(), r"safe\u{202e}gnp.exe\n");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printable<'a>(
    /// The original text.
    pub &'a str,
);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            if is_invisible(c) { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
        })
    }
}

/// Serializes a value as JSON on one line, in which the characters that [`Printable`] escapes are escaped too, in
/// names and in strings. Parsing it yields the same value.
///
/// # Errors
/// The errors of the value's `Serialize` implementation.
pub fn printable_json(value: &(impl Serialize + ?Sized)) -> Result<String, serde_json::Error> {
    let mut out = Vec::with_capacity(256);
    value.serialize(&mut Serializer::with_formatter(&mut out, Escaping))?;
    // The serializer writes only UTF-8.
    Ok(String::from_utf8_lossy(&out).into_owned())
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_invisible(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Returns whether a character is a control character, a line or paragraph separator, or an invisible formatting
/// character. Source: the Unicode Character Database, general categories Cc, Cf, Zl and Zp. The blocks of U+2060
/// and U+E0000 are included as a whole.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Examples of each escaped category, with their visible neighbours.
    const INVISIBLE: &str = "\0\u{1}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{600}\u{61c}\u{180e}\u{200b}\u{200d}\u{200e}\
        \u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{feff}\u{fff9}\u{1bca0}\u{1d173}\
        \u{e0001}\u{e0020}\u{e007f}";
    const VISIBLE: &str =
        "az AZ~ é́ 好 ００ 😀 ا ก็ \u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{fffd}\u{e0100}\u{fe0f}";

    #[test]
    fn what_cannot_be_seen_is_escaped_and_nothing_else() {
        for c in INVISIBLE.chars() {
            let text = format!("a{c}b");
            assert_eq!(Printable(&text).to_string(), format!("a{}b", c.escape_default()), "{c:?}");
            let json = printable_json(&json!({ &text: [&text] })).unwrap();
            assert!(json.chars().all(|c| !is_invisible(c)), "{json}");
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({ &text: [text] }));
        }
        assert_eq!(Printable(VISIBLE).to_string(), VISIBLE);
        assert_eq!(printable_json(VISIBLE).unwrap(), json!(VISIBLE).to_string());
    }

    #[test]
    fn the_format_characters_are_those_that_rust_takes_for_unprintable_too() {
        let escaped = |c: &char| is_invisible(*c) && !c.is_control();
        let characters = (' '..=char::MAX).filter(escaped).collect::<Vec<_>>();
        assert!(characters.len() > 200, "{}", characters.len());
        for c in characters {
            assert!(c.escape_debug().next() == Some('\\'), "{c:?} can be seen");
        }
    }
}
