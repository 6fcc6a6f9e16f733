//! Where an app stands.

mod phase;

use miniprogram_core::model::UploadReceipt;
use miniprogram_core::{AuditId, AuditStatus, Code, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};

pub use phase::Phase;

use super::input::{Gray, Offers, Source};
use super::policy::{Policy, RejectionPolicy};
use super::trouble::Trouble;

/// Where an app stands: a row of a store. An app that has not begun has no heap.
///
/// It says nothing about the windows, holds and rates of the fleet: whoever drives it may hold the outstanding
/// [`action`](Self::action) back for as long as it likes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AppState {
    /// What is being done.
    pub phase: Phase,
    /// Whether an action is outstanding: which one follows from the phase, so that it is the same after a crash.
    #[serde(skip_serializing_if = "is_default")]
    pub busy: bool,
    /// Whether a person has paused the app.
    #[serde(skip_serializing_if = "is_default")]
    pub paused: bool,
    /// What a person has to look at.
    #[serde(skip_serializing_if = "is_default")]
    pub need: Option<Need>,
    /// Why the app is on its way out.
    #[serde(skip_serializing_if = "is_default")]
    pub leaving: Option<Leaving>,
    /// Why the outstanding or the last read was made.
    #[serde(skip_serializing_if = "is_default")]
    pub source: Source,
    /// A push that came while a read was outstanding: its answer may be older than the push.
    #[serde(skip_serializing_if = "is_default")]
    pub again: Option<Source>,
    /// How often the phase has waited; its pauses grow with it.
    #[serde(skip_serializing_if = "is_default")]
    pub attempt: u16,
    /// How often in a row the call of the phase has failed.
    #[serde(skip_serializing_if = "is_default")]
    pub failures: u16,
    /// How often in a row the effect of the phase ended with an unknown outcome.
    #[serde(skip_serializing_if = "is_default")]
    pub unknowns: u16,
    /// Whether the effect of the phase has failed. It may have taken place all the same: if the driver was killed before
    /// it stored the result of one attempt, the next attempt's failure says nothing about that one.
    #[serde(skip_serializing_if = "is_default")]
    pub tried: bool,
    /// When the phase began; of an app that has not begun, nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub since: Option<Timestamp>,
    /// When the app goes on by itself, unless a person has the move: see [`due`](Self::due).
    #[serde(skip_serializing_if = "is_default")]
    pub due_at: Option<Timestamp>,
    /// When the vendor last told the state of this app: how old our knowledge is.
    #[serde(skip_serializing_if = "is_default")]
    pub known_at: Option<Timestamp>,
    /// Everything that is known since the app has begun.
    #[serde(skip_serializing_if = "is_default")]
    pub facts: Option<Box<Facts>>,
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is known about an app that has begun.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Facts {
    /// What the vendor offers.
    #[serde(skip_serializing_if = "is_default")]
    pub offers: Offers,
    /// The version that was online before.
    #[serde(skip_serializing_if = "is_default")]
    pub online_before: Option<String>,
    /// What identifies our upload.
    #[serde(skip_serializing_if = "is_default")]
    pub receipt: Option<UploadReceipt>,
    /// Our audit.
    #[serde(skip_serializing_if = "is_default")]
    pub audit: Option<AuditId>,
    /// When it was submitted, or found.
    #[serde(skip_serializing_if = "is_default")]
    pub submitted_at: Option<Timestamp>,
    /// When the vendor has had enough time for what the phase waits for.
    #[serde(skip_serializing_if = "is_default")]
    pub deadline: Option<Timestamp>,
    /// What has been done about an audit without a verdict.
    #[serde(skip_serializing_if = "is_default")]
    pub measure: Measure,
    /// Whether the vendor has delayed the audit.
    #[serde(skip_serializing_if = "is_default")]
    pub delayed: bool,
    /// What the vendor last said about our audit.
    #[serde(skip_serializing_if = "is_default")]
    pub verdict: Option<Verdict>,
    /// How many of the plan's gray steps are behind us, those left out included.
    #[serde(skip_serializing_if = "is_default")]
    pub steps: u8,
    /// The share of users that has the version through our gray release.
    #[serde(skip_serializing_if = "is_default")]
    pub share: Option<u8>,
    /// The gray release as the vendor last showed it, where it was not as expected.
    #[serde(skip_serializing_if = "is_default")]
    pub gray_seen: Option<Gray>,
    /// Whether a retry has changed what is uploaded: nothing that the app already has is taken for ours then.
    #[serde(skip_serializing_if = "is_default")]
    pub fresh: bool,
    /// Approved audits of the version text that are older than what a retry has changed, or whose version was rolled
    /// back. They are not ours.
    #[serde(skip_serializing_if = "is_default")]
    pub outdated: Vec<AuditId>,
    /// How many times the version was uploaded.
    #[serde(skip_serializing_if = "is_default")]
    pub uploads: u8,
    /// Whether we sent the release of the version that is online.
    #[serde(skip_serializing_if = "is_default")]
    pub ours: bool,
    /// Whether the last read showed somebody else's act: it is believed when the next one shows it too.
    #[serde(skip_serializing_if = "is_default")]
    pub doubt: bool,
    /// How many calls since the last success found another state than expected.
    #[serde(skip_serializing_if = "is_default")]
    pub conflicts: u8,
    /// The phase whose call found another state than expected, while that is looked into.
    #[serde(skip_serializing_if = "is_default")]
    pub origin: Option<Phase>,
    /// The last call that failed.
    #[serde(skip_serializing_if = "is_default")]
    pub trouble: Option<Box<Trouble>>,
    /// Why the app ended as it did.
    #[serde(skip_serializing_if = "is_default")]
    pub cause: Option<Box<Cause>>,
}

/// What the vendor said about an audit, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The status.
    pub status: AuditStatus,
    /// The vendor's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Media ids of the reviewer's screenshots.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub screenshots: Vec<String>,
    /// What made us read it.
    pub source: Source,
    /// When it was read.
    pub read_at: Timestamp,
}

/// How far the plan's measures about an audit without a verdict have gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// None yet.
    #[default]
    None,
    /// The vendor was asked to expedite it, or has no such call.
    Expedited,
    /// It was withdrawn and submitted again, or that is not planned.
    Resubmitted,
}

/// What a person has to look at. `resume` and `retry` try again where the app stands; `skip` gives it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Need {
    /// The audit has no verdict and the plan has no further measure. The state is still read.
    StuckAudit,
    /// The vendor does not show what it has confirmed. The state is still read.
    NotShown,
    /// The vendor does not finish processing the upload. The state is still read.
    StuckUpload,
    /// No query reveals whether an effect took place.
    UnknownOutcome,
    /// A call failed too often.
    Failing,
    /// Something local is wrong, such as the configuration.
    Local,
    /// The vendor refused to take something back, or what is needed after a submission.
    Refused,
    /// The gate was inconclusive.
    GateInconclusive,
    /// The gate failed, and the plan says that a person decides.
    GateFailed,
}

impl Need {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StuckAudit => "stuck_audit",
            Self::NotShown => "not_shown",
            Self::StuckUpload => "stuck_upload",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Failing => "failing",
            Self::Local => "local",
            Self::Refused => "refused",
            Self::GateInconclusive => "gate_inconclusive",
            Self::GateFailed => "gate_failed",
        }
    }

    /// Returns whether nothing more is issued until a person has decided.
    #[must_use]
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::StuckAudit | Self::NotShown | Self::StuckUpload)
    }
}

/// Why an app is on its way out. The phases that undo what was begun lead there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Leaving {
    /// To a pause before the submission: the audit is withdrawn.
    Hold,
    /// A person aborted.
    Abort,
    /// A person left it out.
    Skip,
    /// A newer rollout took it over.
    Supersede,
    /// A person rolls back.
    RollBack,
    /// The gate failed.
    GateFailed,
}

impl Leaving {
    /// The end that it leads to if the version is not online.
    pub(super) const fn end(self) -> Phase {
        match self {
            Self::Hold | Self::Abort | Self::RollBack => Phase::Aborted,
            Self::Skip => Phase::Skipped,
            Self::Supersede => Phase::Superseded,
            Self::GateFailed => Phase::Failed,
        }
    }

    /// Whether a version that is online is taken back too.
    pub(super) const fn takes_back(self) -> bool {
        matches!(self, Self::RollBack | Self::GateFailed)
    }
}

/// Why an app ended as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// The merchant's authorization is not valid.
    Unauthorized,
    /// The vendor refused a call for good; see [`Facts::trouble`].
    Refused(ErrorKind),
    /// The vendor could not process the upload.
    UploadFailed {
        /// The vendor's code.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        code: Option<Code>,
        /// The vendor's words.
        reason: String,
    },
    /// The health gate failed.
    GateFailed {
        /// What the gate said.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// Somebody else did something to the app. It is not undone.
    Foreign(Foreign),
    /// A newer rollout took the app over.
    Superseded {
        /// The newer rollout.
        rollout: String,
    },
}

/// What somebody else did to an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Foreign {
    /// Our version was online before we released it.
    ReleasedOurs,
    /// Another version is online.
    Released {
        /// It, if the vendor reports it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        version: Option<String>,
    },
    /// Another version, or ours once more, was submitted.
    Submitted {
        /// It, if the vendor reports it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        version: Option<String>,
    },
    /// Our audit was withdrawn.
    Withdrew,
    /// The gray release was changed or cancelled.
    ChangedGray {
        /// What the vendor shows.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        gray: Option<Gray>,
    },
}

/// Whose move it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mover {
    /// The platform's: ours, or the operator's.
    Platform,
    /// The merchant's.
    Merchant,
    /// The vendor's.
    Vendor,
}

impl Mover {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Merchant => "merchant",
            Self::Vendor => "vendor",
        }
    }
}

impl AppState {
    /// Returns the state of an app that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether nothing more happens by itself.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.phase.is_end()
    }

    /// Returns whether the rollout is done with the app: it has ended, and not with a rejection that the plan wants
    /// corrected.
    #[must_use]
    pub fn is_done_with(&self, policy: &Policy) -> bool {
        let awaits_correction = self.phase == Phase::Rejected && policy.rejection == RejectionPolicy::Correct;
        self.is_ended() && !awaits_correction
    }

    /// Returns when [`Input::Due`](super::Input::Due) is to be told; `None` while an action is outstanding or a person
    /// has the move.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.due_at.filter(|_| !self.is_blocked())
    }

    /// Returns whose move it is; `None` if the app is where it was to be, or out of the rollout.
    #[must_use]
    pub fn mover(&self) -> Option<Mover> {
        if self.need.is_some() || self.paused {
            return Some(Mover::Platform);
        }
        match self.phase {
            Phase::Released | Phase::Skipped | Phase::Aborted | Phase::Superseded | Phase::RolledBack => None,
            Phase::Failed => Some(self.cause().map_or(Mover::Platform, Cause::mover)),
            Phase::Processing | Phase::InReview | Phase::Confirming | Phase::AfterRollback => {
                Some(Mover::Vendor)
            }
            _ => Some(Mover::Platform),
        }
    }

    /// Returns why the app ended as it did, if there is a reason beside the phase.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.facts.as_ref()?.cause.as_deref()
    }

    /// Returns our audit.
    #[must_use]
    pub fn audit(&self) -> Option<&AuditId> {
        self.facts.as_ref()?.audit.as_ref()
    }

    /// Returns what the vendor last said about our audit.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.facts.as_ref()?.verdict.as_ref()
    }

    /// Returns whether nothing new is issued until a person decides.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.paused || self.need.is_some_and(Need::blocks)
    }

    /// Returns whether the vendor has delayed the app's audit and not decided it since.
    #[must_use]
    pub fn is_delayed(&self) -> bool {
        self.phase == Phase::InReview && self.facts.as_ref().is_some_and(|facts| facts.delayed)
    }
}

impl Cause {
    /// Returns whose move it is.
    #[must_use]
    pub const fn mover(&self) -> Mover {
        match self {
            Self::Unauthorized | Self::Refused(ErrorKind::ContentRejected) => Mover::Merchant,
            _ => Mover::Platform,
        }
    }
}
