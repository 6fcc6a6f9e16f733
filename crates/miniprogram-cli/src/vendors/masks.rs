//! Events as they are printed: whatever is a secret in one is masked.

use miniprogram::redact::{MASK, masked};
use miniprogram::{Error, Event};
use serde_json::Value;

use super::ENTRIES;
use crate::output::to_value;

/// An event as data, tickets and codes masked.
pub(crate) fn event(event: &Event<'_>) -> Result<Value, Error> {
    let mut value = to_value(event)?;
    if let Some(payload) = value.get_mut("payload") {
        *payload = mask(payload.take());
    }
    Ok(value)
}

/// Masks what is named a secret, and whatever follows the words that a secret follows.
pub(crate) fn mask(value: Value) -> Value {
    let mut value = masked(value);
    mask_after_prefixes(&mut value);
    value
}

fn mask_after_prefixes(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(mask_after_prefixes),
        Value::Array(values) => values.iter_mut().for_each(mask_after_prefixes),
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
