//! Members of a JSON body, read as strictly as WeChat reads them.

use serde_json::Value;

use crate::call::{Object, Refusal};

/// Text; a number is none.
pub(super) fn text<'a>(body: &'a Object, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// A number; text is none, even if it is made of digits.
pub(super) fn number(body: &Object, name: &str) -> Option<u64> {
    body.get(name).and_then(Value::as_u64)
}

/// An id that the documents write as a number in one place and as text in another.
pub(super) fn id(body: &Object, name: &str) -> Option<u64> {
    match body.get(name)? {
        Value::String(id) => id.parse().ok(),
        id => id.as_u64(),
    }
}

/// A list of texts; empty if it is absent.
pub(super) fn texts(body: &Object, name: &str) -> Result<Vec<String>, Refusal> {
    Ok(given_texts(body, name)?.unwrap_or_default())
}

/// A list of texts, if it is there.
pub(super) fn given_texts(body: &Object, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = body.get(name) else { return Ok(None) };
    let texts: Option<Vec<String>> = value
        .as_array()
        .and_then(|texts| texts.iter().map(|text| text.as_str().map(str::to_owned)).collect());
    texts.map(Some).ok_or(Refusal::code(47003))
}

/// What is to be done with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Delete,
    Set,
    Get,
}

impl Action {
    pub(super) fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "add" => Ok(Self::Add),
            "delete" => Ok(Self::Delete),
            "set" => Ok(Self::Set),
            "get" => Ok(Self::Get),
            _ => Err(Refusal::code(85022)),
        }
    }

    pub(super) fn of(body: &Object) -> Result<Self, Refusal> {
        Self::named(text(body, "action").unwrap_or_default())
    }

    /// The list that comes of it.
    pub(super) fn on(self, list: &[String], given: &[String]) -> Vec<String> {
        let mut result = match self {
            Self::Set => Vec::new(),
            Self::Add | Self::Delete | Self::Get => list.to_vec(),
        };
        match self {
            Self::Add | Self::Set => {
                for item in given {
                    if !result.contains(item) {
                        result.push(item.clone());
                    }
                }
            }
            Self::Delete => result.retain(|item| !given.contains(item)),
            Self::Get => {}
        }
        result
    }
}

/// Hex digits that follow from the parts, 16 for each of the words.
pub(super) fn digest(words: u64, parts: &[&[u8]]) -> String {
    (0..words).map(|word| format!("{:016x}", crate::faults::mix(word, parts))).collect()
}
