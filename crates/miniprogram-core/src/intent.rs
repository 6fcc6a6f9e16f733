//! Intents: effects that are recorded before they are sent, and what became of them.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::command::{Command, EffectValue, Operation};
use crate::id::SubjectId;
use crate::outcome::{Evidence, Outcome};
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// An effect that is about to be sent, with the state observed before it. It implements serde: any process can
/// settle it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Intent {
    /// The vendor.
    pub vendor: Vendor,
    /// The subject that the effect acts on. In JSON its field is placed next to the others: `app`, or `platform`.
    #[serde(flatten)]
    pub subject: SubjectId,
    /// The method.
    pub operation: Operation,
    /// Its arguments.
    pub target: Command,
    /// The state that the vendor showed before the effect, in the vendor crate's own format; `null` if none is
    /// read.
    pub before: Value,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When the attempt began, according to the caller's clock.
    pub started_at: Timestamp,
}

impl Intent {
    /// Creates the intent of a first attempt.
    #[must_use]
    pub fn new(
        vendor: Vendor,
        subject: impl Into<SubjectId>,
        target: Command,
        before: Value,
        started_at: Timestamp,
    ) -> Self {
        let (subject, operation) = (subject.into(), target.operation());
        Self { vendor, subject, operation, target, before, attempt: 1, started_at }
    }
}

/// The outcome of an intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Settled {
    /// `done`, `not_done` or, if queries cannot determine it, `unknown`.
    pub outcome: Outcome,
    /// How the outcome is known.
    pub evidence: Evidence,
    /// The value it yielded, if it is done.
    pub value: EffectValue,
}

impl Settled {
    /// Returns the outcome of an intent that took effect.
    #[must_use]
    pub const fn done(value: EffectValue, evidence: Evidence) -> Self {
        Self { outcome: Outcome::Done, evidence, value }
    }

    /// Returns the outcome of an intent that did not take effect.
    #[must_use]
    pub const fn not_done(evidence: Evidence) -> Self {
        Self { outcome: Outcome::NotDone, evidence, value: EffectValue::None }
    }

    /// Returns the outcome of an intent that queries cannot determine.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { outcome: Outcome::Unknown, evidence: Evidence::Asked, value: EffectValue::None }
    }
}

/// The outcome of an effect that an earlier call left open and that the next effect on the app settled first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EarlierEffect {
    /// The effect.
    pub intent: Intent,
    /// The outcome that querying determined.
    pub settled: Settled,
}

impl EarlierEffect {
    /// Creates it from an effect and its outcome.
    #[must_use]
    pub const fn new(intent: Intent, settled: Settled) -> Self {
        Self { intent, settled }
    }
}

/// What a journal keeps of a command.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Recorded {
    /// An effect of the subject is open: its outcome is not known.
    Open(Intent),
    /// The command, with its outcome.
    Settled(EarlierEffect),
}

/// As JSON: `operation`, `outcome`, `evidence` and, if it took effect and yielded something, `value`. The
/// arguments are omitted: a password for the vendor's reviewers may be among them.
impl Serialize for EarlierEffect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = Some(&self.settled.value).filter(|value| **value != EffectValue::None);
        let mut fields = serializer.serialize_struct("EarlierEffect", 3 + usize::from(value.is_some()))?;
        fields.serialize_field("operation", &self.intent.operation)?;
        fields.serialize_field("outcome", &self.settled.outcome)?;
        fields.serialize_field("evidence", &self.settled.evidence)?;
        match value {
            Some(value) => fields.serialize_field("value", value)?,
            None => fields.skip_field("value")?,
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_intent_says_whose_it_is_and_one_written_before_platforms_were_subjects_is_readable() {
        let (vendor, at) = (Vendor::new("acme"), Timestamp::from_unix(1));
        let intent = |subject: SubjectId| {
            Intent::new(vendor, subject, Command::delete_template(&"7".into()), Value::Null, at)
        };
        let own = intent(SubjectId::Platform("wx9".into()));
        let json = serde_json::to_value(&own).unwrap();
        assert_eq!((&json["platform"], &json["app"]), (&json!("wx9"), &Value::Null));
        assert_eq!(serde_json::from_value::<Intent>(json).unwrap(), own);
        let stored = r#"{"vendor":"acme","app":"wx1","operation":"delete_template",
            "target":{"inherent":{"method":"delete_template","arguments":{"template_id":"7"}}},
            "before":null,"attempt":1,"started_at":"1970-01-01T00:00:01Z"}"#;
        assert_eq!(serde_json::from_str::<Intent>(stored).unwrap(), intent(SubjectId::App("wx1".into())));
    }
}
