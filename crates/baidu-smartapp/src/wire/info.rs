use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::{Map, Value};
use serde_with::serde_as;

use super::{Number, Text, unexpected};

/// `app/checkname`.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct NameCheck {
    #[serde_as(as = "Number")]
    #[serde(rename = "checkResult")]
    pub(crate) check_result: i64,
    #[serde(default, rename = "checkWords")]
    pub(crate) check_words: Value,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// `app/get/mobileauthstatus`.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct PhonePermission {
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
    #[serde_as(as = "Option<Text>")]
    pub(crate) reason: Option<String>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// `app/modifydomain` with the action `get`.
#[derive(Debug, Deserialize)]
pub(crate) struct ServerDomains {
    #[serde(default)]
    pub(crate) request_domain: Domains,
    #[serde(default)]
    pub(crate) socket_domain: Domains,
    #[serde(default)]
    pub(crate) download_domain: Domains,
    #[serde(default)]
    pub(crate) upload_domain: Domains,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// Domains: one text that joins them by commas, or a list of such texts; null is none.
#[derive(Debug, Default)]
pub(crate) struct Domains(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Domains {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut domains = Vec::new();
        collect(&Value::deserialize(deserializer)?, &mut domains).map(|()| Self(domains))
    }
}

fn collect<E: serde::de::Error>(value: &Value, into: &mut Vec<String>) -> Result<(), E> {
    match value {
        Value::Null => Ok(()),
        Value::String(text) => {
            let domains = text.split(',').map(str::trim).filter(|domain| !domain.is_empty());
            into.extend(domains.map(str::to_owned));
            Ok(())
        }
        Value::Array(entries) => entries.iter().try_for_each(|entry| collect(entry, into)),
        other => Err(E::invalid_type(unexpected(other), &"domains joined by commas, or a list of them")),
    }
}
