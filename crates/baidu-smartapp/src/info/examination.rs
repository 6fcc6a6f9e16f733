use miniprogram_core::vendor_api::pipeline::Reply;
use miniprogram_core::{AuditId, effect_fields};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A review started by a change of the app's information.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Examination {
    /// The review's id, as named in the push of the verdict; absent in older editions of the interface, and after a
    /// lost response.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub examine_id: Option<AuditId>,
    /// All other fields of the response, by Baidu's names; several reviews are kept as `data`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Examination {
    /// Reads the `data` of a reply: an object, a list of objects, or nothing.
    pub(super) fn of(reply: &Reply) -> Self {
        let id = |object: &Map<String, Value>| match object.get("examine_id")? {
            Value::Number(number) => Some(AuditId::from(number.to_string())),
            Value::String(text) if !text.is_empty() => Some(AuditId::from(text.as_str())),
            _ => None,
        };
        match reply.json.get("data") {
            Some(Value::Object(object)) => Self {
                examine_id: id(object),
                extra: object.iter().filter(|(name, _)| *name != "examine_id").map(cloned).collect(),
            },
            Some(Value::Array(objects)) => {
                let extra = match objects.len() {
                    0 | 1 => Map::new(),
                    _ => Map::from_iter([("data".to_owned(), Value::Array(objects.clone()))]),
                };
                Self { examine_id: objects.iter().find_map(|object| id(object.as_object()?)), extra }
            }
            _ => Self::default(),
        }
    }
}

fn cloned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

effect_fields! { Examination }
