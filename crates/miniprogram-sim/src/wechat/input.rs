//! Fields of a JSON body, read as strictly as WeChat reads them.

use serde_json::Value;

use crate::call::{Object, Refusal};

/// Returns a string; a number is refused.
pub(super) fn text<'a>(body: &'a Object, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// Returns a number; a string is refused, even one of digits.
pub(super) fn number(body: &Object, name: &str) -> Option<u64> {
    body.get(name).and_then(Value::as_u64)
}

/// Returns an id, which the documents print as a number in one place and as a string in another.
pub(super) fn id(body: &Object, name: &str) -> Option<u64> {
    match body.get(name)? {
        Value::String(id) => id.parse().ok(),
        id => id.as_u64(),
    }
}

/// Returns a list of strings; empty if absent.
pub(super) fn texts(body: &Object, name: &str) -> Result<Vec<String>, Refusal> {
    Ok(given_texts(body, name)?.unwrap_or_default())
}

/// Returns a list of strings, if present.
pub(super) fn given_texts(body: &Object, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = body.get(name) else { return Ok(None) };
    let texts: Option<Vec<String>> = value
        .as_array()
        .and_then(|texts| texts.iter().map(|text| text.as_str().map(str::to_owned)).collect());
    texts.map(Some).ok_or(Refusal::code(47003))
}

/// What to do with a list.
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

    /// Applies it to a list.
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

/// Derives hex digits from the parts, 16 per word.
pub(super) fn digest(words: u64, parts: &[&[u8]]) -> String {
    (0..words).map(|word| format!("{:016x}", crate::faults::mix(word, parts))).collect()
}
