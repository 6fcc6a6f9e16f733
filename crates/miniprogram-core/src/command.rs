//! Effects as data: commands, the operations that they are, and the values that they yield.

use std::fmt::{self, Debug};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::audit::{AuditTarget, SubmitOptions, SubmitTarget};
use crate::code::UploadReceipt;
use crate::ext_json::ExtJson;
use crate::id::{AuditId, TemplateId};
use crate::release::{GrayRelease, ReleaseTarget, RollbackTarget};
use crate::status::VisitStatus;
use crate::vendor::Vendor;

mod method_name;

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

impl Command {
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

/// Any value that an effect can yield; the traits convert it to their own types.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EffectValue {
    /// Nothing beyond the fact that it happened.
    #[default]
    None,
    /// An upload's receipt.
    Upload(UploadReceipt),
    /// A submission's audit id.
    Audit(AuditId),
    /// The value of an inherent method, in the vendor crate's own format.
    Inherent(Value),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_stored_before_audit_targets_existed_is_readable() {
        let command: Command = serde_json::from_value(json!({ "withdraw_audit": { "audit": "7" } })).unwrap();
        assert_eq!(command, Command::WithdrawAudit { audit: "7".into() });
    }
}
