//! What a state can be told.

use miniprogram_core::model::{CodeVersion, GrayReleasePlan, UploadProgress};
use miniprogram_core::{
    Audit, AuditId, Capabilities, Effect, EffectValue, Error, EventKind, Evidence, GrayReleaseSupport,
    GrayStatus, Operation, Outcome, PackageId, Result, Stage, TemplateId,
};
use serde::{Deserialize, Serialize};

use super::target::{Corrected, Target};
use super::trouble::Trouble;

/// What a state can be told. Every input is kept in the ledger, so none contains a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Input {
    /// The app's turn has come.
    Begin(Box<Started>),
    /// The time [`AppState::due`](super::AppState::due) has come. Ignored before that time.
    Due,
    /// A push, or a push that was missed and retrieved. It only wakes: what it says is read.
    Woken(Box<Wake>),
    /// The result of the outstanding read.
    Answered(Box<Answer>),
    /// The result of the outstanding effect.
    Performed(Box<Performed>),
    /// The result of the outstanding gate.
    Gated(Gated),
    /// The engine held the outstanding action back, and does not send it now. Told before an order, so that the order
    /// need not wait for a result. If in doubt whether an effect was sent, do not use it: issue the effect again.
    Recalled,
    /// A person's order.
    Ordered(Box<Ordered>),
    /// A newer rollout takes the app over.
    Superseded {
        /// The newer rollout.
        rollout: String,
    },
    /// The merchant revoked the authorization.
    Revoked,
}

/// Who started the app's rollout, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Started {
    /// Who.
    pub by: String,
    /// The template.
    pub template: TemplateId,
    /// The version.
    pub version: String,
    /// The SHA-256 of the extension.
    pub ext_sha256: String,
}

impl Started {
    /// Creates it from a target.
    #[must_use]
    pub fn new(by: impl Into<String>, target: &Target) -> Self {
        Self {
            by: by.into(),
            template: target.template.clone(),
            version: target.version.clone(),
            ext_sha256: target.ext_sha256(),
        }
    }
}

/// What a push said, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wake {
    /// Where it came from.
    pub source: Source,
    /// The kind of the event.
    pub kind: EventKind,
    /// The package concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package_id: Option<PackageId>,
}

impl Wake {
    /// Creates it.
    #[must_use]
    pub const fn new(source: Source, kind: EventKind, package_id: Option<PackageId>) -> Self {
        Self { source, kind, package_id }
    }
}

/// What caused a read: where a verdict came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The course of the app itself: it was time to read.
    #[default]
    Poll,
    /// A push with this id in the inbox.
    Push(i64),
    /// A push that was missed and retrieved later, with the vendor's number of it.
    Missed(i64),
}

/// A person's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ordered {
    /// Who gave it.
    pub by: String,
    /// The order.
    pub order: Order,
}

impl Ordered {
    /// Creates it.
    #[must_use]
    pub fn new(by: impl Into<String>, order: Order) -> Self {
        Self { by: by.into(), order }
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Order {
    /// Issue nothing more. The result of what is outstanding is still taken in.
    Pause,
    /// Go on after a pause, or try again what needed a person.
    Resume,
    /// Withdraw the audit if it is open, and pause before the submission.
    Withdraw,
    /// End the bake time, or overrule the gate.
    Promote,
    /// Stop, and leave the app on the version that it has.
    Abort,
    /// Leave the app out. Like an abort; beside that it ends what a person has given up, without another call.
    Skip,
    /// Begin again after an end, or try again what needed a person.
    Retry(Corrected),
    /// Like an abort, and if the version is already online, return to the one before.
    RollBack,
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// Of [`Read::Preflight`](super::Read::Preflight).
    Preflight(Survey, Offers),
    /// Of [`Read::Survey`](super::Read::Survey).
    Survey(Survey),
    /// Of [`Read::Upload`](super::Read::Upload).
    Upload(UploadProgress),
    /// Of [`Read::Audit`](super::Read::Audit).
    Audit(Audit),
    /// The read failed.
    Failed(Trouble),
}

impl Answer {
    /// Creates the answer to a read from its result.
    pub fn new<T>(result: Result<T>, answer: impl FnOnce(T) -> Self) -> Self {
        result.map_or_else(|error| Self::failed(&error), answer)
    }

    /// Creates the answer of a read that failed.
    #[must_use]
    pub fn failed(error: &Error) -> Self {
        Self::Failed(Trouble::from(error))
    }
}

/// The versions of an app that matter to its rollout.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Survey {
    /// What is online, in review or approved, and every version with the text of ours.
    pub versions: Vec<Seen>,
    /// The gray release, if it was asked for and there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gray: Option<Gray>,
}

/// A version as the vendor lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen {
    /// Its stage.
    pub stage: Stage,
    /// The version text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The package's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package_id: Option<PackageId>,
    /// The audit's id; that of the package if audits have none of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audit_id: Option<AuditId>,
}

/// A gray release as the vendor reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gray {
    /// Its status.
    pub status: GrayStatus,
    /// The share of users in percent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub percentage: Option<u8>,
}

impl Survey {
    /// Keeps what matters to the rollout of a target.
    #[must_use]
    pub fn new(versions: &[CodeVersion], target: &Target) -> Self {
        let matters = |version: &&CodeVersion| {
            matches!(version.stage, Stage::Released | Stage::RollingBack | Stage::InReview | Stage::Approved)
                || version.version.as_ref() == Some(&target.version)
        };
        Self { versions: versions.iter().filter(matters).map(Seen::from).collect(), gray: None }
    }

    /// Adds the result of [`gray_release_plan`](miniprogram_core::ReleaseManager::gray_release_plan).
    #[must_use]
    pub fn with_gray(mut self, plan: Option<&GrayReleasePlan>) -> Self {
        self.gray = plan.map(|plan| Gray { status: plan.status, percentage: plan.percentage });
        self
    }

    pub(super) fn at(&self, stage: Stage) -> impl Iterator<Item = &Seen> {
        self.versions.iter().filter(move |seen| seen.stage == stage)
    }
}

impl From<&CodeVersion> for Seen {
    fn from(version: &CodeVersion) -> Self {
        Self {
            stage: version.stage,
            version: version.version.clone(),
            package_id: version.package_id.clone(),
            audit_id: version.audit_id.clone().or_else(|| version.package_id.clone().map(AuditId::from)),
        }
    }
}

/// What the vendor offers, as far as it decides the course.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Offers {
    /// Whether an audit can be expedited.
    pub expedite: bool,
    /// Which gray releases there are.
    pub gray: Shares,
}

/// The shares of users that a vendor offers for gray releases.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shares {
    /// None: there are no gray releases.
    #[default]
    None,
    /// Any percentage.
    Any,
    /// These percentages.
    Steps(Box<[u8]>),
}

impl Shares {
    /// Returns whether a gray release to this share is offered.
    #[must_use]
    pub fn offers(&self, percentage: u8) -> bool {
        match self {
            Self::None => false,
            Self::Any => percentage <= 100,
            Self::Steps(steps) => steps.contains(&percentage),
        }
    }
}

impl From<Capabilities> for Offers {
    fn from(capabilities: Capabilities) -> Self {
        let gray = match capabilities.gray_release {
            GrayReleaseSupport::Any => Shares::Any,
            GrayReleaseSupport::Steps(steps) => Shares::Steps(steps.into()),
            _ => Shares::None,
        };
        Self { expedite: capabilities.expedite_audit, gray }
    }
}

/// The result of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Performed {
    /// It took effect.
    #[non_exhaustive]
    Done {
        /// The method.
        operation: Operation,
        /// How that is known.
        evidence: Evidence,
        /// How many requests were sent.
        attempts: u32,
        /// The vendor's id of the request.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        request_id: Option<String>,
        /// What it yielded.
        value: EffectValue,
        /// The outcome of an effect that was open before.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        earlier: Option<Earlier>,
    },
    /// The call failed.
    #[non_exhaustive]
    Failed {
        /// The method.
        operation: Operation,
        /// How.
        trouble: Trouble,
        /// The outcome of an effect that was open before.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        earlier: Option<Earlier>,
    },
}

/// The outcome of an effect that an earlier call left open: evidence for the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Earlier {
    /// The method.
    pub operation: Operation,
    /// The outcome.
    pub outcome: Outcome,
    /// How it is known.
    pub evidence: Evidence,
}

impl From<&miniprogram_core::EarlierEffect> for Earlier {
    fn from(earlier: &miniprogram_core::EarlierEffect) -> Self {
        Self {
            operation: earlier.intent.operation,
            outcome: earlier.settled.outcome,
            evidence: earlier.settled.evidence,
        }
    }
}

impl Performed {
    /// Creates it from the result of [`perform`](miniprogram_core::Subject::perform) with a command of this operation.
    #[must_use]
    pub fn new(operation: Operation, result: Result<Effect<EffectValue>>) -> Self {
        match result {
            Ok(Effect { value, evidence, attempts, request_id, earlier, .. }) => {
                let earlier = earlier.as_deref().map(Earlier::from);
                Self::Done { operation, evidence, attempts, request_id, value, earlier }
            }
            Err(error) => Self::Failed {
                operation,
                trouble: Trouble::from(&error),
                earlier: error.earlier().map(Earlier::from),
            },
        }
    }

    /// Returns the method.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Done { operation, .. } | Self::Failed { operation, .. } => *operation,
        }
    }
}

/// An effect that took place, as the journal keeps it.
impl From<miniprogram_core::EarlierEffect> for Performed {
    fn from(earlier: miniprogram_core::EarlierEffect) -> Self {
        let miniprogram_core::EarlierEffect { intent, settled, .. } = earlier;
        Self::Done {
            operation: intent.operation,
            evidence: settled.evidence,
            attempts: intent.attempt,
            request_id: None,
            value: settled.value,
            earlier: None,
        }
    }
}

/// The result of a health gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gated {
    /// The result.
    pub health: Health,
    /// What the gate said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

impl Gated {
    /// Creates it.
    #[must_use]
    pub const fn new(health: Health, note: Option<String>) -> Self {
        Self { health, note }
    }
}

/// What a health gate found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// The version may go on.
    Pass,
    /// It may not.
    Fail,
    /// The gate does not know, or could not be asked.
    Inconclusive,
}
