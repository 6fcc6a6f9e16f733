//! Texts and JSON with `${column}`, filled for each merchant.
//!
//! `${column}` is replaced by the merchant's value, escaped where it is inside a string of JSON. A whole string
//! `"${column:json}"` becomes the JSON value of the column. `$${` stands for a plain `${`.

use std::fmt;

use miniprogram_core::vendor_api::parse_strict_json;
use miniprogram_core::vendor_api::redact::MASK;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The ending of a placeholder that stands for a JSON value.
const JSON: &str = ":json";

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Goes out as it is.
    Literal(String),
    /// The value of this column as a text.
    Text(String),
    /// The value of this column as JSON.
    Json(String),
}

/// What is wrong with a template, and what to write instead.
pub(super) type Mistake = (String, String);

/// A text with placeholders, such as a description.
#[derive(Clone, PartialEq, Eq)]
pub struct TextTemplate {
    source: String,
    pieces: Vec<Piece>,
}

/// A JSON value with placeholders in its strings: an extension, or the options of a submission.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonTemplate {
    source: String,
    pieces: Vec<Piece>,
}

impl TextTemplate {
    /// Reads a text. With mistakes the template is only good for its columns.
    pub(super) fn new(source: &str) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let pieces = pieces_of(source, &mut mistakes);
        if pieces.iter().any(|piece| matches!(piece, Piece::Json(_))) {
            let what = format!("`{JSON}` stands for a value of JSON, and this is a text");
            mistakes.push((what, "write `${column}`".to_owned()));
        }
        (Self { source: source.to_owned(), pieces }, mistakes)
    }

    /// Returns the text as written, with its placeholders.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = Use<'_>> {
        self.pieces.iter().filter_map(Piece::column)
    }

    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            text.push_str(match piece {
                Piece::Literal(literal) => literal,
                Piece::Text(column) | Piece::Json(column) => value(column),
            });
        }
        text
    }
}

/// How a template uses a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use<'a> {
    pub(super) column: &'a str,
    /// Whether the value has to be JSON.
    pub(super) json: bool,
}

impl Piece {
    fn column(&self) -> Option<Use<'_>> {
        match self {
            Self::Literal(_) => None,
            Self::Text(column) => Some(Use { column, json: false }),
            Self::Json(column) => Some(Use { column, json: true }),
        }
    }
}

impl JsonTemplate {
    /// Reads the text of one JSON object. Numbers and the order of fields stay as they are written; whitespace
    /// between them is left out. With mistakes the template is only good for its columns.
    pub(super) fn new(source: &str) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let mut pieces = Vec::new();
        if let Err(error) = parse_strict_json(source) {
            let advice = r#"write an object such as {"ext":{"shop":"${name}"}}"#;
            mistakes.push((format!("is not one JSON object: {error}"), advice.to_owned()));
            return (Self { source: source.to_owned(), pieces }, mistakes);
        }
        let mut minified = String::with_capacity(source.len());
        let mut rest = source;
        while let Some(start) = rest.find('"') {
            push_literal(&mut pieces, &mut minified, &without_whitespace(&rest[..start]));
            let end = start + string_length(&rest[start..]);
            let token = &rest[start..end];
            rest = &rest[end..];
            let is_name = rest.trim_start().starts_with(':');
            push_string(&mut pieces, &mut minified, token, is_name, &mut mistakes);
        }
        push_literal(&mut pieces, &mut minified, &without_whitespace(rest));
        (Self { source: minified, pieces }, mistakes)
    }

    /// Returns the JSON text as written, with its placeholders.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = Use<'_>> {
        self.pieces.iter().filter_map(Piece::column)
    }

    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        let mut text = String::with_capacity(self.source.len() + 32);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Text(column) => text.push_str(&escaped(value(column))),
                Piece::Json(column) => match value(column).trim() {
                    // No value of a merchant: it is not JSON.
                    MASK => text.push_str(&serde_json::Value::from(MASK).to_string()),
                    json => text.push_str(json),
                },
            }
        }
        text
    }
}

/// Adds JSON that goes out as it is.
fn push_literal(pieces: &mut Vec<Piece>, source: &mut String, text: &str) {
    source.push_str(text);
    match pieces.last_mut() {
        Some(Piece::Literal(literal)) => literal.push_str(text),
        _ => pieces.push(Piece::Literal(text.to_owned())),
    }
}

/// Adds a string of JSON, with its quotes.
fn push_string(
    pieces: &mut Vec<Piece>,
    source: &mut String,
    token: &str,
    is_name: bool,
    mistakes: &mut Vec<Mistake>,
) {
    let text: String = serde_json::from_str(token).unwrap_or_default();
    let inside = pieces_of(&text, mistakes);
    let plain = match &inside[..] {
        [] => true,
        [Piece::Literal(literal)] => *literal == text,
        _ => false,
    };
    if plain {
        push_literal(pieces, source, token);
        return;
    }
    if is_name && inside.iter().any(|piece| piece.column().is_some()) {
        let what = format!("the name {token} of a field has a placeholder");
        mistakes.push((what, "use placeholders in values, and write `$${` for a plain `${`".to_owned()));
        return;
    }
    source.push_str(token);
    let mut add = |piece| match (pieces.last_mut(), piece) {
        (Some(Piece::Literal(literal)), Piece::Literal(text)) => literal.push_str(&text),
        (_, piece) => pieces.push(piece),
    };
    if let [json @ Piece::Json(_)] = &inside[..] {
        add(json.clone());
        return;
    }
    add(Piece::Literal('"'.into()));
    for piece in inside {
        match piece {
            Piece::Literal(text) => add(Piece::Literal(escaped(&text))),
            Piece::Json(column) => {
                let what = format!("`${{{column}{JSON}}}` is only a part of its string");
                mistakes.push((what, format!("make it the whole string, or write `${{{column}}}`")));
            }
            text @ Piece::Text(_) => add(text),
        }
    }
    add(Piece::Literal('"'.into()));
}

/// The length of the string that the text of valid JSON begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn without_whitespace(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace()).collect()
}

/// The text inside a string of JSON, without the quotes.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Whether a text is one value of JSON.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Splits a text at its placeholders.
fn pieces_of(text: &str, mistakes: &mut Vec<Mistake>) -> Vec<Piece> {
    let advice = || "write `${column}`, or `$${` for a plain `${`".to_owned();
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, found) = rest.split_at(at);
        let inside = &found[2..];
        if let Some(before) = before.strip_suffix('$') {
            literal.push_str(before);
            literal.push_str("${");
            rest = inside;
            continue;
        }
        literal.push_str(before);
        let Some((name, after)) = inside.split_once('}') else {
            mistakes.push(("a `${` without a `}`".to_owned(), advice()));
            rest = inside;
            continue;
        };
        rest = after;
        let (column, json) = match name.strip_suffix(JSON) {
            Some(column) => (column.trim(), true),
            None => (name.trim(), false),
        };
        if column.is_empty() {
            mistakes.push(("a placeholder without the name of a column".to_owned(), advice()));
            continue;
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(if json { Piece::Json(column.to_owned()) } else { Piece::Text(column.to_owned()) });
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

macro_rules! template {
    ($name:ident) => {
        /// Prints the source, which has names of columns and no values.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.source).finish()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.source)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let source = String::deserialize(deserializer)?;
                let (template, mistakes) = Self::new(&source);
                match mistakes.into_iter().next() {
                    Some((what, _)) => Err(D::Error::custom(what)),
                    None => Ok(template),
                }
            }
        }
    };
}

template!(TextTemplate);
template!(JsonTemplate);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn filled(template: &str, value: &str) -> String {
        let (template, mistakes) = JsonTemplate::new(template);
        assert_eq!(mistakes, []);
        template.fill(|_| value)
    }

    fn filled_text(template: &str, value: &str) -> String {
        TextTemplate::new(template).0.fill(|_| value)
    }

    #[test]
    fn a_value_is_escaped_inside_a_string_and_inserted_whole_as_json() {
        assert_eq!(filled(r#"{"a":"${x}"}"#, "\"\n\\面"), r#"{"a":"\"\n\\面"}"#);
        assert_eq!(filled(r#"{"a":"<${x}> ${x}"}"#, "1"), r#"{"a":"<1> 1"}"#);
        assert_eq!(filled(r#"{"a":"${x:json}","b":1}"#, " [1,2] "), r#"{"a":[1,2],"b":1}"#);
        assert_eq!(filled(r#"{"a":"\u0024{x}"}"#, "1"), r#"{"a":"1"}"#);
    }

    #[test]
    fn everything_else_goes_out_as_it_is_written_without_whitespace() {
        let text = "{ \"b\" : 12345678901234567890123, \"a b\\u4e8c\" : [ 1.0 , \"$ {x} $x\" ] }\n";
        let expected = r#"{"b":12345678901234567890123,"a b\u4e8c":[1.0,"$ {x} $x"]}"#;
        assert_eq!(filled(text, "v"), expected);
        assert_eq!(filled(r#"{"a":"$${x} ${x}"}"#, "v"), r#"{"a":"${x} v"}"#);
        assert_eq!(filled_text("$${x} ${ x }", "v"), "${x} v");
    }

    #[test]
    fn every_mistake_is_told() {
        let told = |text| JsonTemplate::new(text).1.into_iter().map(|(what, _)| what).collect::<Vec<_>>();
        let text = r#"{"a":"${x ${y","b":"${ }","${x}":1,"c":"n ${x:json}","d":"${z}"}"#;
        assert_eq!(
            told(text),
            [
                "a `${` without a `}`",
                "a `${` without a `}`",
                "a placeholder without the name of a column",
                r#"the name "${x}" of a field has a placeholder"#,
                "`${x:json}` is only a part of its string",
            ]
        );
        let (template, _) = JsonTemplate::new(text);
        assert_eq!(template.columns().map(|column| column.column).collect::<Vec<_>>(), ["z"]);
        assert!(told("[1]")[0].starts_with("is not one JSON object"));
        assert!(told(r#"{"a":1,"a":2}"#)[0].contains("repeated"));
        assert_eq!(TextTemplate::new("${x:json}").1.len(), 1);
    }

    proptest! {
        #[test]
        fn any_value_arrives_as_it_is(value in ".*", name in "[a-z]{1,8}") {
            let template = json!({ "k": format!("<${{{name}}}>"), "list": [format!("${{{name}}}")] }).to_string();
            let filled: Value = serde_json::from_str(&filled(&template, &value)).unwrap();
            prop_assert_eq!(filled, json!({ "k": format!("<{value}>"), "list": [value] }));
        }

        #[test]
        fn text_without_placeholders_is_unchanged(text in "[^$]*") {
            let object = json!({ "text": text }).to_string();
            prop_assert_eq!(filled(&object, "v"), object);
            prop_assert_eq!(filled_text(&text, "v"), text);
        }
    }
}
