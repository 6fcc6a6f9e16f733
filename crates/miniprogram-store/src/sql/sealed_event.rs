//! The sealed form of an event: its JSON, and in an additional field the credential, which an [`Event`] itself
//! never serializes.
//!
//! A row written before events had credentials has no such field; its ticket or code is in the payload.

use std::borrow::Cow;

use miniprogram_core::push::EventCredential;
use miniprogram_core::{Event, Secret};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Result;

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    event: &'a Event<'static>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<Credential<'a>>,
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow, default)]
    credential: Option<Credential<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Credential<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    secret: Cow<'a, str>,
}

/// Returns the JSON to seal.
pub(super) fn write(event: &Event<'static>) -> Result<Vec<u8>> {
    let credential = event.credential.as_ref().map(|credential| Credential {
        kind: Cow::Borrowed(credential.kind()),
        secret: Cow::Borrowed(credential.secret().expose()),
    });
    serde_json::to_vec(&Written { event, credential })
}

/// Returns the event that was sealed.
pub(super) fn read(json: &[u8]) -> Result<Event<'static>> {
    let mut event: Event<'static> = serde_json::from_slice(json)?;
    // A second pass instead of `flatten`, which would copy the whole payload again.
    if let Some(Credential { kind, secret }) = serde_json::from_slice::<Read<'_>>(json)?.credential {
        let credential = EventCredential::from_parts(&kind, Secret::new(secret));
        event.credential = Some(credential.ok_or_else(|| serde_json::Error::custom("unknown credential"))?);
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use miniprogram_core::{EventKind, Vendor};
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Event<'static> {
        let payload =
            json!({ "ticket": "se\u{1}c\"ret", "big": u64::MAX, "part": 1.5, "in": { "list": [null] } });
        Event::new(Vendor::new("acme"), EventKind::Ticket, "ticket".into(), payload)
    }

    #[test]
    fn an_event_is_read_with_the_credential_that_it_was_written_with() {
        for make in [EventCredential::Ticket, EventCredential::AuthorizationCode] {
            let mut event = event();
            event.take_credential("ticket", make);
            assert!(event.credential.is_some());
            assert_eq!(read(&write(&event).unwrap()).unwrap(), event);
        }
    }

    #[test]
    fn an_event_without_a_credential_is_written_as_ever() {
        let event = event();
        let json = write(&event).unwrap();
        assert_eq!(json, serde_json::to_vec(&event).unwrap());
        assert_eq!(read(&json).unwrap(), event);
    }

    #[test]
    fn a_row_from_before_there_were_credentials_is_read_as_it_is() {
        let row = br#"{"vendor":"acme","kind":"ticket","occurred_at":"2023-07-22T04:26:40Z","raw_event":"ticket","payload":{"ticket":"secret"}}"#;
        let read = read(row).unwrap();
        assert_eq!((&read.payload["ticket"], read.credential), (&json!("secret"), None));
    }

    #[test]
    fn a_credential_of_an_unknown_kind_makes_the_row_unreadable() {
        let mut event = event();
        event.take_credential("ticket", EventCredential::Ticket);
        let mut json: Value = serde_json::from_slice(&write(&event).unwrap()).unwrap();
        json["credential"]["kind"] = json!("password");
        assert!(read(&serde_json::to_vec(&json).unwrap()).is_err());
    }
}
