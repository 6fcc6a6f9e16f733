//! Masks secrets in external data: pushes, a vendor's messages, bodies that a caller wrote by hand.
//!
//! Secrets that this library sends are values with a place ([`Request::secrets`]); printing a request masks them
//! by that place. External data has no such places, so a secret can be recognized only by the name of its field.
//! One list of names serves every vendor, the simulator's log and the command line.
//!
//! [`Request::secrets`]: crate::transport::Request::secrets

use serde_json::{Map, Value};

/// Printed in place of a secret.
pub const MASK: &str = "***";

/// Words in the names of fields that hold secrets: lower case, letters and digits only.
const WORDS: [&str; 11] = [
    "token",
    "secret",
    "ticket",
    "password",
    "passwd",
    "pwd",
    "authcode",
    "authorizationcode",
    "jscode",
    "sessionkey",
    "aeskey",
];
/// Suffixes of the names of fields that only describe a secret.
const ABOUT: [&str; 4] = ["time", "expires", "expiresin", "type"];

/// Returns whether a field or parameter of this name holds a secret: a token, a ticket, a password, a key, or the
/// code of an authorization. Case, underscores and other punctuation are ignored.
///
/// ```
/// use miniprogram_core::vendor_api::redact::is_secret_name;
///
/// assert!(is_secret_name("authorizer_access_token") && is_secret_name("AuthorizationCode"));
/// assert!(!is_secret_name("AuthorizationCodeExpiredTime") && !is_secret_name("expires_in"));
/// ```
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = letters_of(name);
    if ABOUT.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    name == "code" || WORDS.iter().any(|word| name.contains(word))
}

/// Returns a name in lower case, letters and digits only.
fn letters_of(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the same JSON with every secret masked, at any depth. A string that contains JSON or a query is masked
/// inside.
#[must_use]
pub fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(masked_fields(fields)),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::String(text) if may_hold_secrets(&text) => Value::from(masked_text(text)),
        other => other,
    }
}

/// Returns the same fields with every secret masked, at any depth. A `null` stays: it is not a secret.
#[must_use]
pub fn masked_fields(fields: Map<String, Value>) -> Map<String, Value> {
    let mask = |(name, value): (String, Value)| {
        let hidden = is_secret_name(&name) && !value.is_null();
        (name, if hidden { Value::from(MASK) } else { masked(value) })
    };
    fields.into_iter().map(mask).collect()
}

/// Returns the same JSON without the fields that hold secrets, at any depth.
#[must_use]
pub fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields_without_secrets(fields)),
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        other => other,
    }
}

/// Returns the same fields without those that hold secrets, at any depth.
#[must_use]
pub fn fields_without_secrets(fields: Map<String, Value>) -> Map<String, Value> {
    let kept = fields.into_iter().filter(|(name, _)| !is_secret_name(name));
    kept.map(|(name, value)| (name, without_secrets(value))).collect()
}

/// Masks the secrets of external text, which may be JSON, a query or neither. Text without a secret is returned
/// unchanged.
///
/// Truncated JSON is masked as a whole if it may contain a secret, since the end of the secret cannot be found.
#[must_use]
pub fn masked_text(text: String) -> String {
    match serde_json::from_str::<Value>(&text) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => {
            let shown = masked(value.clone());
            if shown == value { text } else { shown.to_string() }
        }
        Err(_) if text.trim_start().starts_with(['{', '[']) && may_hold_secrets(&text) => MASK.to_owned(),
        _ => masked_query(&text),
    }
}

/// Masks the secrets in the query of a URL.
#[must_use]
pub fn masked_url(url: &str) -> String {
    match url.split_once('?') {
        Some((path, query)) => format!("{path}?{}", masked_query(query)),
        None => url.to_owned(),
    }
}

fn masked_query(query: &str) -> String {
    let masked = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret_name(name) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Returns whether a text names a secret anywhere.
fn may_hold_secrets(text: &str) -> bool {
    let text = letters_of(text);
    WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_at_any_depth_and_under_every_spelling() {
        let fields = json!({
            "ComponentVerifyTicket": "canary", "Ticket": "canary", "AuthorizationCode": "canary",
            "authorizationCode": "canary", "createAuthorizationCode": "canary", "PreAuthCode": "canary",
            "auth_code": "canary", "list": [{ "ticket": 7 }], "code": "canary", "secret_key": "canary",
            "tick-et": "canary", "pre auth_code\u{200b}": "canary", "encodingAESKey": "canary",
            "batch": { "test_pwd": "canary" }, "inner": r#"{"access_token":"canary","n":1}"#,
            "query": "a=1&refresh_token=canary", "cut": r#"{"session_key":"cana"#,
            "AuthorizationCodeExpiredTime": 1, "Event": "open", "token": null, "token_type": "bearer",
        });
        let shown = masked(fields);
        assert!(!shown.to_string().contains("cana"), "{shown}");
        assert_eq!(shown["list"], json!([{ "ticket": MASK }]));
        assert_eq!(
            (&shown["inner"], &shown["cut"]),
            (&json!(r#"{"access_token":"***","n":1}"#), &json!(MASK))
        );
        assert_eq!(shown["query"], json!("a=1&refresh_token=***"));
        let told = ["AuthorizationCodeExpiredTime", "Event", "token", "token_type"].map(|name| &shown[name]);
        assert_eq!(told, [&json!(1), &json!("open"), &json!(null), &json!("bearer")]);
    }

    #[test]
    fn a_text_without_a_secret_stays_as_it_was_written() {
        for text in
            [r#"{ "a" : "\u4e8c", "token_type": "bearer" }"#, "[1,  2]", "a=1&b", r#"" x ""#, "{cut", ""]
        {
            assert_eq!(masked_text(text.to_owned()), text);
            assert_eq!(masked(Value::from(text)), text);
        }
    }

    #[test]
    fn fields_that_hold_secrets_are_left_out() {
        let kept = without_secrets(json!({ "a": [{ "app_secret": "x", "b": 1 }], "refreshToken": "x" }));
        assert_eq!(kept, json!({ "a": [{ "b": 1 }] }));
    }

    #[test]
    fn the_secrets_of_a_url_are_masked_and_its_path_is_not() {
        assert_eq!(masked_url("/token?access_token=x&a=1"), "/token?access_token=***&a=1");
        assert_eq!(masked_url("/wxa/token"), "/wxa/token");
    }
}
