//! The result of an effect, and how it is known.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{Error as _, Serializer};
use serde_json::{Map, Value};

use crate::code::UploadReceipt;
use crate::command::EffectValue;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::AuditId;
use crate::intent::EarlierEffect;
use crate::outcome::Evidence;
use crate::outcome::Outcome;

/// An effect that took place, exactly once.
///
/// As JSON: `outcome`, `evidence`, `attempts`, `request_id`, `earlier`, then the fields of the value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Effect<T = ()> {
    /// The result of the effect.
    pub value: T,
    /// How the outcome is known.
    pub evidence: Evidence,
    /// How many requests of the effect were sent.
    pub attempts: u32,
    /// The vendor's id of the request that settled it.
    pub request_id: Option<String>,
    /// The outcome of an effect that an earlier call left open, if this call settled one first.
    pub earlier: Option<Box<EarlierEffect>>,
}

impl<T> Effect<T> {
    /// Creates an effect that took place.
    #[must_use]
    pub const fn new(value: T, evidence: Evidence, attempts: u32) -> Self {
        Self { value, evidence, attempts, request_id: None, earlier: None }
    }

    /// Sets the vendor's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Sets the outcome of an earlier effect.
    #[must_use]
    pub fn with_earlier(mut self, earlier: EarlierEffect) -> Self {
        self.earlier = Some(Box::new(earlier));
        self
    }

    /// Returns the same effect with another value.
    #[must_use]
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Effect<U> {
        Effect {
            value: map(self.value),
            evidence: self.evidence,
            attempts: self.attempts,
            request_id: self.request_id,
            earlier: self.earlier,
        }
    }
}

/// A value that an effect yields. In JSON its fields are placed next to the effect's own.
pub trait EffectFields {
    /// Returns the fields.
    ///
    /// # Errors
    /// If the value cannot be serialized as JSON.
    fn fields(&self) -> serde_json::Result<Map<String, Value>>;
}

impl EffectFields for () {
    fn fields(&self) -> serde_json::Result<Map<String, Value>> {
        Ok(Map::new())
    }
}

impl EffectFields for AuditId {
    fn fields(&self) -> serde_json::Result<Map<String, Value>> {
        Ok(Map::from_iter([("audit_id".to_owned(), Value::from(self.as_str()))]))
    }
}

impl EffectFields for UploadReceipt {
    fn fields(&self) -> serde_json::Result<Map<String, Value>> {
        match serde_json::to_value(self)? {
            Value::Object(fields) => Ok(fields),
            other => Ok(Map::from_iter([("receipt".to_owned(), other)])),
        }
    }
}

/// The fields of the value it holds. A vendor's own value that is not an object becomes the field `value`.
impl EffectFields for EffectValue {
    fn fields(&self) -> serde_json::Result<Map<String, Value>> {
        Ok(match self {
            Self::None => Map::new(),
            Self::Upload(receipt) => receipt.fields()?,
            Self::Audit(audit) => audit.fields()?,
            Self::Inherent(Value::Object(fields)) => fields.clone(),
            Self::Inherent(value) => Map::from_iter([("value".to_owned(), value.clone())]),
        })
    }
}

impl<T: EffectFields> Serialize for Effect<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Printed<'a> {
            outcome: Outcome,
            evidence: Evidence,
            attempts: u32,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            earlier: Option<&'a EarlierEffect>,
            #[serde(flatten)]
            value: Map<String, Value>,
        }
        Printed {
            outcome: Outcome::Done,
            evidence: self.evidence,
            attempts: self.attempts,
            request_id: self.request_id.as_deref(),
            earlier: self.earlier.as_deref(),
            value: self.value.fields().map_err(S::Error::custom)?,
        }
        .serialize(serializer)
    }
}

impl Effect<EffectValue> {
    /// Converts it to an effect without a value.
    #[must_use]
    pub fn into_unit(self) -> Effect {
        self.map(|_| ())
    }

    /// Converts it to the effect of an upload.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if the value is of another kind; the effect has taken place
    /// nevertheless.
    pub fn into_upload(self) -> Result<Effect<UploadReceipt>> {
        self.try_map("upload_code", |value| match value {
            EffectValue::Upload(receipt) => Some(receipt),
            _ => None,
        })
    }

    /// Converts it to the effect of a submission.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if the value is of another kind; the effect has taken place
    /// nevertheless.
    pub fn into_audit(self) -> Result<Effect<AuditId>> {
        self.try_map("submit_audit", |value| match value {
            EffectValue::Audit(id) => Some(id),
            _ => None,
        })
    }

    /// Converts it to the effect of an inherent method.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if the value is of another kind; the effect has taken place
    /// nevertheless.
    pub fn into_inherent<T: DeserializeOwned>(self, operation: &'static str) -> Result<Effect<T>> {
        self.try_map(operation, |value| match value {
            EffectValue::Inherent(value) => serde_json::from_value(value).ok(),
            _ => None,
        })
    }

    fn try_map<T>(
        self,
        operation: &'static str,
        map: impl FnOnce(EffectValue) -> Option<T>,
    ) -> Result<Effect<T>> {
        let Self { value, evidence, attempts, request_id, earlier } = self;
        match map(value) {
            Some(value) => Ok(Effect { value, evidence, attempts, request_id, earlier }),
            None => Err(Error::new(ErrorKind::Protocol, operation)
                .with_outcome(Outcome::Done)
                .with_attempts(attempts)
                .with_request_id(request_id)
                .with_detail("the effect is done, but its result is unknown")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_fields_are_beside_the_effects() {
        let effect = Effect::new(AuditId::from(1_234_567_u64), Evidence::Asked, 2);
        insta::assert_json_snapshot!(effect, @r#"
        {
          "outcome": "done",
          "evidence": "asked",
          "attempts": 2,
          "audit_id": "1234567"
        }
        "#);
        assert_eq!(serde_json::to_value(effect.map(|_| ())).unwrap()["outcome"], "done");
    }
}
