use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! phases {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)*) => {
        /// What is being done about an app, or how it ended.
        ///
        /// The transitions between them are [`TRANSITIONS`](crate::machine::TRANSITIONS).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Phase {
            /// The app has not begun.
            #[default]
            #[serde(rename = "waiting")]
            Waiting,
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)*
        }

        impl Phase {
            /// Every phase.
            pub const ALL: &'static [Self] = &[Self::Waiting, $(Self::$name,)*];

            /// Returns the machine name, as used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Waiting => "waiting",
                    $(Self::$name => $text,)*
                }
            }

            /// Returns what it means, in one English sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    Self::Waiting => "The app has not begun.",
                    $(Self::$name => concat!($($doc,)+).trim(),)*
                }
            }
        }
    };
}

phases! {
    /// What is online, in review and on offer is read.
    Preflight = "preflight",
    /// The template is uploaded.
    Uploading = "uploading",
    /// The vendor processes the upload.
    Processing = "processing",
    /// The version is submitted for audit.
    Submitting = "submitting",
    /// The vendor has the audit.
    InReview = "in_review",
    /// The vendor is asked to expedite the audit.
    Expediting = "expediting",
    /// The audit is withdrawn.
    Withdrawing = "withdrawing",
    /// A gray step is started.
    StartingGray = "starting_gray",
    /// A gray step is observed, and at the end the gate is asked.
    Baking = "baking",
    /// The version is released to everybody.
    Releasing = "releasing",
    /// The vendor has to show that the version is online.
    Confirming = "confirming",
    /// The version is online and is observed; at the end the gate is asked.
    Observing = "observing",
    /// The state is read because a call found it other than expected.
    Looking = "looking",
    /// The gray release is cancelled.
    CancellingGray = "cancelling_gray",
    /// The state is read before a rollback: what is not ours is not rolled back.
    BeforeRollback = "before_rollback",
    /// The version before is brought back.
    RollingBack = "rolling_back",
    /// The vendor has to show that the version is no longer online.
    AfterRollback = "after_rollback",
    /// The vendor shows the version online.
    Released = "released",
    /// The audit was rejected.
    Rejected = "rejected",
    /// The app cannot get the version; the cause says why.
    Failed = "failed",
    /// A person left the app out.
    Skipped = "skipped",
    /// A person aborted.
    Aborted = "aborted",
    /// A newer rollout took the app over.
    Superseded = "superseded",
    /// The version was online, and the one before is again.
    RolledBack = "rolled_back",
}

impl Phase {
    /// Returns whether nothing more happens by itself.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(
            self,
            Self::Released
                | Self::Rejected
                | Self::Failed
                | Self::Skipped
                | Self::Aborted
                | Self::Superseded
                | Self::RolledBack
        )
    }

    /// Whether its action is an effect.
    pub(crate) const fn is_effect(self) -> bool {
        matches!(
            self,
            Self::Uploading
                | Self::Submitting
                | Self::Expediting
                | Self::Withdrawing
                | Self::StartingGray
                | Self::Releasing
                | Self::CancellingGray
                | Self::RollingBack
        )
    }

    /// Whether its action is an effect that has to be taken back, or that users see.
    pub(crate) const fn is_serious(self) -> bool {
        matches!(self, Self::Submitting | Self::StartingGray | Self::Releasing)
    }

    /// Whether its action is a read.
    pub(crate) const fn is_read(self) -> bool {
        matches!(self, Self::Preflight | Self::Processing | Self::InReview) || self.is_survey()
    }

    /// Whether its action reads the versions of an app that has begun.
    pub(crate) const fn is_survey(self) -> bool {
        matches!(self, Self::Looking | Self::Confirming | Self::BeforeRollback | Self::AfterRollback)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
