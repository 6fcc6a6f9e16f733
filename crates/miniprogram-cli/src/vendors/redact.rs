//! Events as they are printed: whatever is a secret in one is masked.

use miniprogram::vendor_api::redact::{MASK, masked};
use miniprogram::{Error, Event};
use serde_json::Value;

use crate::output::to_value;

/// Masks the events of the registered vendors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    /// The texts after which a secret follows.
    prefixes: Vec<&'static str>,
}

impl Redactor {
    pub(crate) fn new(prefixes: impl Iterator<Item = &'static str>) -> Self {
        Self { prefixes: prefixes.collect() }
    }

    /// Returns an event as data, tickets and codes masked.
    pub(crate) fn event(&self, event: &Event<'_>) -> Result<Value, Error> {
        let mut value = to_value(event)?;
        if let Some(payload) = value.get_mut("payload") {
            *payload = self.payload(payload.take());
        }
        Ok(value)
    }

    /// Masks what is named a secret, and what follows a text that introduces one.
    pub(crate) fn payload(&self, value: Value) -> Value {
        let mut value = masked(value);
        self.mask_after_prefixes(&mut value);
        value
    }

    fn mask_after_prefixes(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => fields.values_mut().for_each(|value| self.mask_after_prefixes(value)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_after_prefixes(value)),
            Value::String(text) => {
                let end = |prefix: &&'static str| Some(text.find(*prefix)? + prefix.len());
                if let Some(end) = self.prefixes.iter().find_map(end) {
                    text.replace_range(end.., MASK);
                }
            }
            _ => {}
        }
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
        let event = Event::new(Vendor::new("acme"), EventKind::Unknown, "open".into(), payload);
        let shown = Redactor::new(["QUERY_AUTH_CODE:"].into_iter()).event(&event).unwrap();
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
        assert_eq!(payload["token"], json!(null), "null is not a secret");
    }
}
