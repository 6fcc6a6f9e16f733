//! Keeps what must not be printed out of what Baidu answers and says.

use miniprogram_core::pipeline::{Call, CallToken};
use miniprogram_core::transport::Body;
use serde_json::Value;

const MASK: &str = "***";

/// A text shorter than this is no secret, and might be a part of any word.
const SHORTEST_SECRET: usize = 6;

/// Whether a parameter or member of that name holds something that must not be printed.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["token", "secret", "ticket", "password", "auth_code", "authorization_code"];
    name == "code" || words.iter().any(|word| name.contains(word))
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

/// The vendor's words without the secrets that the call sent, should they repeat one.
pub(crate) fn without_secrets_of(call: &Call, words: String) -> String {
    let form = match &call.body {
        Body::Form(fields) => fields.as_slice(),
        _ => &[],
    };
    let sent = call.query.iter().chain(form).filter(|(name, _)| is_secret(name));
    let given = match &call.token {
        CallToken::Given(token) => Some(token.secret().expose()),
        _ => None,
    };
    let secrets = sent.map(|(_, value)| value.as_str()).chain(given);
    let secrets = secrets.filter(|secret| secret.len() >= SHORTEST_SECRET);
    secrets.fold(words, |words, secret| words.replace(secret, MASK))
}
