//! Events as they are printed: whatever is a secret in one is masked.

use miniprogram::{Error, Event};
use serde_json::Value;

use super::ENTRIES;
use crate::output::to_value;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// How the names of members end that hold secrets: lower case, letters and digits only.
const SECRET_ENDS: [&str; 7] =
    ["token", "ticket", "password", "pwd", "secret", "authorizationcode", "authcode"];

/// An event as data, tickets and codes masked.
pub(crate) fn event(event: &Event<'_>) -> Result<Value, Error> {
    let mut value = to_value(event)?;
    if let Some(payload) = value.get_mut("payload") {
        mask(payload);
    }
    Ok(value)
}

/// Masks every text and number whose name says that it is a secret, and whatever follows the words that a secret follows.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
                let name = name.to_lowercase();
                let secret = SECRET_ENDS.iter().any(|end| name.ends_with(end));
                if secret && !value.is_null() { *value = Value::from(MASK) } else { mask(value) }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::String(text) => {
            let mut prefixes = ENTRIES.iter().filter_map(|entry| entry.secret_prefix);
            if let Some(end) = prefixes.find_map(|prefix| Some(text.find(prefix)? + prefix.len())) {
                text.replace_range(end.., MASK);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use miniprogram::{EventKind, Vendor};
    use serde_json::json;

    use super::*;

    #[test]
    fn tickets_and_codes_are_masked_at_any_depth() {
        let payload = json!({
            "ComponentVerifyTicket": "canary", "Ticket": "canary", "AuthorizationCode": "canary",
            "authorizationCode": "canary", "createAuthorizationCode": "canary", "PreAuthCode": "canary",
            "auth_code": "canary", "Content": "QUERY_AUTH_CODE:canary", "list": [{ "ticket": 7 }],
            "tick-et": "canary", "pre auth_code\u{200b}": "canary", "Note": "\u{1} QUERY_AUTH_CODE:canary",
            "AuthorizationCodeExpiredTime": 1, "Event": "open", "token": null,
        });
        let shown =
            event(&Event::new(Vendor::new("acme"), EventKind::Unknown, "open".into(), payload)).unwrap();
        assert!(!shown.to_string().contains("canary"), "{shown}");
        let payload = &shown["payload"];
        assert_eq!(
            (&payload["Content"], &payload["list"][0]),
            (&json!("QUERY_AUTH_CODE:***"), &json!({ "ticket": "***" }))
        );
        assert_eq!(
            (&payload["AuthorizationCodeExpiredTime"], &payload["Event"]),
            (&json!(1), &json!("open"))
        );
        assert_eq!(payload["token"], json!(null), "nothing is no secret");
    }
}
