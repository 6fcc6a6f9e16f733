//! Keeps what must not be printed out of what the vendor has kept, answers and says.

use miniprogram_core::pipeline::{Call, CallToken};
use miniprogram_core::transport::Body;
use serde_json::{Map, Value};

const MASK: &str = "***";

/// Whether a parameter or member of that name holds something that must not be printed.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "token",
        "secret",
        "ticket",
        "auth_code",
        "authorization_code",
        "js_code",
        "password",
        "pwd",
        "session_key",
        "aes_key",
        "aeskey",
    ]
    .iter()
    .any(|word| name.contains(word))
}

pub(crate) fn masked_url(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    format!("{path}?{}", masked_pairs(query))
}

fn masked_pairs(query: &str) -> String {
    let masked = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Text that is JSON, a form or neither, at any depth.
pub(crate) fn masked_text(text: String) -> String {
    match serde_json::from_str::<Value>(&text) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => masked(value).to_string(),
        // Cut off, most likely: nobody can tell where the secret ends.
        Err(_) if text.trim_start().starts_with(['{', '[']) && is_secret(&text) => MASK.to_owned(),
        _ => masked_pairs(&text),
    }
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(masked_members(members)),
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        // JSON or a form inside a text.
        Value::String(text) if is_secret(&text) => Value::from(masked_text(text)),
        other => other,
    }
}

pub(crate) fn masked_members(members: Map<String, Value>) -> Map<String, Value> {
    let mask = |(name, value): (String, Value)| {
        let value = if is_secret(&name) { Value::from(MASK) } else { masked(value) };
        (name, value)
    };
    members.into_iter().map(mask).collect()
}

/// An answer without the members that hold secrets, at any depth.
pub(crate) fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| !is_secret(name));
            Value::Object(kept.map(|(name, value)| (name, without_secrets(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_secrets).collect()),
        other => other,
    }
}

/// The same for the texts of fields, at any depth.
pub(crate) fn masked_for(call: &Call, fields: Map<String, Value>) -> Map<String, Value> {
    fn value(call: &Call, given: Value) -> Value {
        match given {
            Value::String(text) => Value::from(without_secrets_of(call, text)),
            Value::Array(items) => items.into_iter().map(|item| value(call, item)).collect(),
            Value::Object(fields) => Value::Object(masked_for(call, fields)),
            other => other,
        }
    }
    fields.into_iter().map(|(name, given)| (name, value(call, given))).collect()
}

/// A text shorter than this is no secret, and might be a part of any word.
const SHORTEST_SECRET: usize = 6;

/// The vendor's words without the secrets that the call sent, should they repeat one.
pub(crate) fn without_secrets_of(call: &Call, words: String) -> String {
    let body = match &call.body {
        Body::Json(text) => serde_json::from_str(text).unwrap_or_default(),
        _ => Map::new(),
    };
    let in_body = body.iter().filter(|(name, _)| is_secret(name)).filter_map(|(_, value)| value.as_str());
    let given = match &call.token {
        CallToken::Given(token) => Some(token.secret().expose()),
        _ => None,
    };
    let secrets = in_body.chain(given).filter(|secret| secret.len() >= SHORTEST_SECRET);
    secrets.fold(words, |words, secret| words.replace(secret, MASK))
}
