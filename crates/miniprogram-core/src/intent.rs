//! Effects as data, recorded before they are performed.

use std::fmt::{self, Debug};

use serde::de::DeserializeOwned;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::audit::{AuditTarget, SubmitOptions, SubmitTarget};
use crate::code::ExtJson;
use crate::effect::{EffectValue, Evidence};
use crate::error::{Error, Outcome, Result};
use crate::id::TemplateId;
use crate::release::{GrayRelease, ReleaseTarget, RollbackTarget};
use crate::status::VisitStatus;
use crate::subject::SubjectId;
use crate::time::Timestamp;
use crate::vendor::Vendor;

mod journal;
mod method_name;

pub use journal::{Journal, MemoryJournal, NoJournal};
pub use method_name::{InvalidMethodName, MethodName};

/// The effects of the managers, named after their methods, and those that only one vendor has. Serialized as the
/// name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// [`CodeManager::upload_code`](crate::CodeManager::upload_code).
    UploadCode,
    /// [`AuditManager::submit_audit`](crate::AuditManager::submit_audit).
    SubmitAudit,
    /// [`AuditManager::withdraw_audit`](crate::AuditManager::withdraw_audit).
    WithdrawAudit,
    /// [`AuditManager::expedite_audit`](crate::AuditManager::expedite_audit).
    ExpediteAudit,
    /// [`ReleaseManager::release`](crate::ReleaseManager::release).
    Release,
    /// [`ReleaseManager::rollback`](crate::ReleaseManager::rollback).
    Rollback,
    /// [`ReleaseManager::start_gray_release`](crate::ReleaseManager::start_gray_release).
    StartGrayRelease,
    /// [`ReleaseManager::cancel_gray_release`](crate::ReleaseManager::cancel_gray_release).
    CancelGrayRelease,
    /// [`ReleaseManager::set_visit_status`](crate::ReleaseManager::set_visit_status).
    SetVisitStatus,
    /// [`ReleaseManager::set_min_library_version`](crate::ReleaseManager::set_min_library_version).
    SetMinLibraryVersion,
    /// An inherent method of a vendor's client, or one of [`TemplateLibrary`](crate::TemplateLibrary).
    Inherent(MethodName),
}

impl Operation {
    /// The operations of the managers, which every vendor supports or rejects.
    pub const ALL: [Self; 10] = [
        Self::UploadCode,
        Self::SubmitAudit,
        Self::WithdrawAudit,
        Self::ExpediteAudit,
        Self::Release,
        Self::Rollback,
        Self::StartGrayRelease,
        Self::CancelGrayRelease,
        Self::SetVisitStatus,
        Self::SetMinLibraryVersion,
    ];

    /// Returns the name of the method.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UploadCode => "upload_code",
            Self::SubmitAudit => "submit_audit",
            Self::WithdrawAudit => "withdraw_audit",
            Self::ExpediteAudit => "expedite_audit",
            Self::Release => "release",
            Self::Rollback => "rollback",
            Self::StartGrayRelease => "start_gray_release",
            Self::CancelGrayRelease => "cancel_gray_release",
            Self::SetVisitStatus => "set_visit_status",
            Self::SetMinLibraryVersion => "set_min_library_version",
            Self::Inherent(method) => method.as_str(),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let method = MethodName::deserialize(deserializer)?;
        let of_a_manager = Self::ALL.into_iter().find(|operation| operation.as_str() == method.as_str());
        Ok(of_a_manager.unwrap_or(Self::Inherent(method)))
    }
}

/// An effect with its arguments: the call of a manager's method, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// Upload a template.
    UploadCode {
        /// The template.
        template: TemplateId,
        /// The merchant's values.
        ext: ExtJson,
        /// The version text.
        version: String,
        /// The description.
        description: String,
    },
    /// Submit for audit.
    SubmitAudit {
        /// What to submit.
        target: SubmitTarget,
        /// Additional data of the submission.
        options: Box<SubmitOptions>,
    },
    /// Withdraw an audit.
    WithdrawAudit {
        /// The audit to withdraw.
        audit: AuditTarget,
    },
    /// Expedite an audit.
    ExpediteAudit {
        /// The audit to expedite.
        audit: AuditTarget,
    },
    /// Release.
    Release {
        /// The version to release.
        target: ReleaseTarget,
    },
    /// Roll back.
    Rollback {
        /// The version to return to.
        target: RollbackTarget,
    },
    /// Start or raise a gray release.
    StartGrayRelease {
        /// The share of users and the flags.
        gray: GrayRelease,
    },
    /// End a gray release.
    CancelGrayRelease,
    /// Open or close the online version.
    SetVisitStatus {
        /// The status to set.
        status: VisitStatus,
    },
    /// Set the lowest base library version.
    SetMinLibraryVersion {
        /// The version.
        version: String,
    },
    /// An effect that only one vendor has.
    Inherent(InherentCommand),
}

/// An effect that only one vendor has: the method of its client, and the arguments in that crate's own form. `Debug`
/// leaves the arguments out: a password for the vendor's reviewers may be among them.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InherentCommand {
    /// The vendor that the arguments are written for; none where every vendor reads them, as those of
    /// [`TemplateLibrary`](crate::TemplateLibrary), and in what earlier versions stored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub vendor: Option<Vendor>,
    /// The method.
    pub method: MethodName,
    /// Its arguments.
    pub arguments: Value,
}

/// The same method with the same arguments; a vendor that only one of them names makes no difference.
impl PartialEq for InherentCommand {
    fn eq(&self, other: &Self) -> bool {
        let one_vendor = self.vendor.zip(other.vendor).is_none_or(|(own, other)| own == other);
        one_vendor && (self.method, &self.arguments) == (other.method, &other.arguments)
    }
}

impl Debug for InherentCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InherentCommand").field("method", &self.method).finish_non_exhaustive()
    }
}

impl InherentCommand {
    /// Creates a command from a method and its arguments.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the arguments cannot be serialized as JSON.
    pub fn new(method: MethodName, arguments: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(arguments) {
            Ok(arguments) => Ok(Self { vendor: None, method, arguments }),
            Err(problem) => Err(Error::invalid(method.as_str(), "arguments", problem.to_string())),
        }
    }

    /// For one vendor, which alone reads these arguments.
    #[must_use]
    pub const fn for_vendor(mut self, vendor: Vendor) -> Self {
        self.vendor = Some(vendor);
        self
    }

    /// Refuses a command that is written for another vendor: two vendors may have methods of one name, and read each
    /// other's arguments.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn expect_vendor(&self, vendor: Vendor) -> Result<()> {
        match self.vendor {
            Some(other) if other != vendor => Err(Error::unsupported(vendor, self.method.as_str())
                .with_field("vendor")
                .with_detail(format!("the command is written for {other}"))),
            _ => Ok(()),
        }
    }

    /// The arguments as the vendor's type.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the intent was written by another version and
    /// this one cannot read it.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.arguments)
            .map_err(|problem| Error::invalid(self.method.as_str(), "arguments", problem.to_string()))
    }
}

impl Command {
    /// Creates the command of an effect that only one vendor has.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the arguments cannot be serialized as JSON.
    pub fn inherent(method: MethodName, arguments: &impl Serialize) -> Result<Self> {
        InherentCommand::new(method, arguments).map(Self::Inherent)
    }

    /// Returns the operation.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::UploadCode { .. } => Operation::UploadCode,
            Self::SubmitAudit { .. } => Operation::SubmitAudit,
            Self::WithdrawAudit { .. } => Operation::WithdrawAudit,
            Self::ExpediteAudit { .. } => Operation::ExpediteAudit,
            Self::Release { .. } => Operation::Release,
            Self::Rollback { .. } => Operation::Rollback,
            Self::StartGrayRelease { .. } => Operation::StartGrayRelease,
            Self::CancelGrayRelease => Operation::CancelGrayRelease,
            Self::SetVisitStatus { .. } => Operation::SetVisitStatus,
            Self::SetMinLibraryVersion { .. } => Operation::SetMinLibraryVersion,
            Self::Inherent(command) => Operation::Inherent(command.method),
        }
    }
}

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

/// A request that would be sent, as printed by `--dry-run`. Values that an earlier request would yield are shown
/// as `{"from":"<that request>"}`; secrets are masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query parameters, by name.
    pub query: serde_json::Map<String, Value>,
    /// The headers that a vendor requires, by name; absent if there are none.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty", default)]
    pub headers: serde_json::Map<String, Value>,
    /// The body: a JSON value, or the fields of a form by name; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Value>,
}

impl PlannedRequest {
    /// Creates a request without query and body.
    #[must_use]
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        let (query, headers) = <(serde_json::Map<_, _>, serde_json::Map<_, _>)>::default();
        Self { method: method.into(), path: path.into(), query, headers, body: None }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.query.insert(name.into(), value.into());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_that_was_stored_without_its_vendor_is_the_same_command() {
        let stored: Command = serde_json::from_value(
            json!({ "inherent": { "method": "set_name", "arguments": { "name": "面包店" } } }),
        )
        .unwrap();
        let method = MethodName::new("set_name");
        let command = |vendor| {
            let command = InherentCommand::new(method, &json!({ "name": "面包店" })).unwrap();
            Command::Inherent(command.for_vendor(vendor))
        };
        let (acme, other) = (Vendor::new("acme"), Vendor::new("other"));
        assert_eq!(stored, command(acme));
        assert_ne!(command(acme), command(other));
        assert_eq!(serde_json::to_value(command(acme)).unwrap()["inherent"]["vendor"], "acme");
    }
}
