//! What is to be done next.

use std::fmt;

use miniprogram_core::model::UploadReceipt;
use miniprogram_core::{
    AuditId, Command, GrayRelease, Operation, ReleaseTarget, RollbackTarget, SubmitTarget,
};
use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::state::{AppState, Facts, Phase};
use super::target::Target;

/// What is to be done next. At most one action per app is outstanding.
///
/// It follows from the state and the target alone. After a crash, whoever drives the app issues it again: an effect is
/// the same command, which settles through the journal while its intent is open, and a read or a gate is harmless. An
/// effect whose intent was closed meanwhile is not issued again: its outcome is told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Read, and tell [`Input::Answered`](super::Input::Answered).
    Read(Read),
    /// Perform, and tell [`Input::Performed`](super::Input::Performed).
    Effect(Command),
    /// Ask the health gate, and tell [`Input::Gated`](super::Input::Gated).
    Gate {
        /// The share of users that has the version, in percent.
        percentage: u8,
    },
}

/// A read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Read {
    /// `code_versions` and `capabilities`. The versions show an open audit as well.
    Preflight,
    /// `code_versions` and, if `gray`, `gray_release_plan`.
    Survey {
        /// Whether the gray release matters.
        gray: bool,
    },
    /// `upload_progress`.
    Upload(UploadReceipt),
    /// `audit_status`.
    Audit(AuditId),
}

/// What a driver may have to hold back or to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Changes nothing.
    Read,
    /// An upload.
    Upload,
    /// A submission: spends a slot of the audit quota.
    Submission,
    /// A measure about an open audit: spends a quota of its own.
    Expedite,
    /// Brings the version to users: release windows and holds apply.
    Release,
    /// Takes something back: a withdrawal, the end of a gray release, a rollback.
    TakeBack,
    /// The health gate.
    Gate,
}

impl Class {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Submission => "submission",
            Self::Expedite => "expedite",
            Self::Release => "release",
            Self::TakeBack => "take_back",
            Self::Gate => "gate",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Action {
    /// Returns the class.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Read(_) => Class::Read,
            Self::Gate { .. } => Class::Gate,
            Self::Effect(command) => match command.operation() {
                Operation::UploadCode => Class::Upload,
                Operation::SubmitAudit => Class::Submission,
                Operation::ExpediteAudit => Class::Expedite,
                Operation::Release | Operation::StartGrayRelease => Class::Release,
                _ => Class::TakeBack,
            },
        }
    }
}

impl AppState {
    /// Returns the outstanding action.
    #[must_use]
    pub fn action(&self, target: &Target, policy: &Policy) -> Option<Action> {
        let facts = self.facts.as_deref().filter(|_| self.busy)?;
        let audit = || facts.audit.clone();
        Some(match self.phase {
            Phase::Preflight => Action::Read(Read::Preflight),
            Phase::Uploading => Action::Effect(upload(target)),
            Phase::Processing => Action::Read(Read::Upload(facts.receipt.clone()?)),
            Phase::Submitting => Action::Effect(submission(target, facts)?),
            Phase::InReview => Action::Read(Read::Audit(audit()?)),
            Phase::Expediting => Action::Effect(Command::ExpediteAudit { audit: audit()?.into() }),
            Phase::Withdrawing => Action::Effect(Command::WithdrawAudit { audit: audit()?.into() }),
            Phase::StartingGray => {
                let step = policy.gray.get(usize::from(facts.steps))?;
                let gray = GrayRelease::percentage(step.percentage).of_audit(audit()?);
                Action::Effect(Command::StartGrayRelease { gray })
            }
            Phase::Baking => Action::Gate { percentage: facts.share? },
            Phase::Releasing => Action::Effect(Command::Release { target: ReleaseTarget::Audit(audit()?) }),
            Phase::Observing => Action::Gate { percentage: 100 },
            Phase::Confirming | Phase::BeforeRollback | Phase::AfterRollback => {
                Action::Read(Read::Survey { gray: false })
            }
            Phase::Looking => {
                Action::Read(Read::Survey { gray: facts.offers.gray != super::input::Shares::None })
            }
            Phase::CancellingGray => Action::Effect(Command::CancelGrayRelease),
            Phase::RollingBack => Action::Effect(Command::Rollback { target: rollback(target, facts) }),
            _ => return None,
        })
    }

    /// Returns the method of the outstanding effect.
    pub(super) const fn performing(&self) -> Option<Operation> {
        match self.phase {
            _ if !self.busy => None,
            Phase::Uploading => Some(Operation::UploadCode),
            Phase::Submitting => Some(Operation::SubmitAudit),
            Phase::Expediting => Some(Operation::ExpediteAudit),
            Phase::Withdrawing => Some(Operation::WithdrawAudit),
            Phase::StartingGray => Some(Operation::StartGrayRelease),
            Phase::Releasing => Some(Operation::Release),
            Phase::CancellingGray => Some(Operation::CancelGrayRelease),
            Phase::RollingBack => Some(Operation::Rollback),
            _ => None,
        }
    }
}

fn upload(target: &Target) -> Command {
    Command::UploadCode {
        template: target.template.clone(),
        ext: target.ext.clone(),
        version: target.version.clone(),
        description: target.description.clone(),
    }
}

fn submission(target: &Target, facts: &Facts) -> Option<Command> {
    Some(Command::SubmitAudit {
        target: SubmitTarget::Upload(facts.receipt.clone()?),
        options: Box::new(target.submit.clone()),
    })
}

/// Names our package where packages have ids, otherwise our version, so that nothing is rolled back if another one is
/// online by then.
fn rollback(target: &Target, facts: &Facts) -> RollbackTarget {
    let package = facts.receipt.as_ref().and_then(|receipt| receipt.package_id.clone());
    package
        .map_or_else(|| RollbackTarget::OnlineVersion(target.version.clone()), RollbackTarget::OnlinePackage)
}
