//! Keeps what must not be printed out of what Baidu answers and says.

use miniprogram_core::pipeline::{Call, CallToken};
use miniprogram_core::transport::Body;
use serde_json::{Map, Value};

const MASK: &str = "***";

/// A text shorter than this is no secret, and might be a part of any word.
const SHORTEST_SECRET: usize = 6;

/// Whether a parameter or member of that name holds something that must not be printed.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["token", "secret", "ticket", "password", "auth_code", "authorization_code", "session_key"];
    name == "code" || words.iter().any(|word| name.contains(word))
}

/// An answer without the members that hold secrets, at any depth.
pub(crate) fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(without_secret_fields(members)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_secrets).collect()),
        other => other,
    }
}

/// The same for the fields of an object.
pub(crate) fn without_secret_fields(fields: Map<String, Value>) -> Map<String, Value> {
    let kept = fields.into_iter().filter(|(name, _)| !is_secret(name));
    kept.map(|(name, value)| (name, without_secrets(value))).collect()
}

/// What a refusal tells beside its code and words: secrets masked by their name, and wherever a text repeats one that the
/// call sent.
pub(crate) fn masked_for(call: &Call, fields: Map<String, Value>) -> Map<String, Value> {
    fn value(call: &Call, given: Value) -> Value {
        match given {
            Value::String(text) => Value::from(without_secrets_of(call, text)),
            Value::Array(items) => items.into_iter().map(|item| value(call, item)).collect(),
            Value::Object(fields) => Value::Object(masked_for(call, fields)),
            other => other,
        }
    }
    let masked = |(name, given): (String, Value)| {
        let given = if is_secret(&name) { Value::from(MASK) } else { value(call, given) };
        (name, given)
    };
    fields.into_iter().map(masked).collect()
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
