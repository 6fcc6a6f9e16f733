//! Verdicts on submissions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::faults::millis;

/// How reviews, of code and of everything else, are decided automatically.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditPolicy {
    /// Undecided until [`Simulator::decide_audit`](crate::Simulator::decide_audit) or
    /// [`Simulator::decide_review`](crate::Simulator::decide_review).
    #[default]
    Manual,
    /// Decided after this many milliseconds of simulated time.
    After {
        /// The delay.
        millis: u64,
        /// The verdict.
        decision: Decision,
    },
    /// Decided after this many milliseconds of simulated time: a share of the reviews is rejected, all others are
    /// approved. The draw for an app's n-th review depends only on the seed, the app and n.
    Drawn {
        /// The delay.
        millis: u64,
        /// The share of rejections, from 0 to 1.
        rejected: f64,
        /// The reason of a rejection.
        #[serde(default)]
        reason: String,
    },
}

impl AuditPolicy {
    /// Approves after this time.
    #[must_use]
    pub fn approve_after(duration: Duration) -> Self {
        Self::after(duration, Decision::Approve)
    }

    /// Rejects after this time.
    #[must_use]
    pub fn reject_after(duration: Duration, reason: impl Into<String>) -> Self {
        Self::after(duration, Decision::reject(reason))
    }

    /// Delays after this time.
    #[must_use]
    pub fn delay_after(duration: Duration, reason: impl Into<String>) -> Self {
        Self::after(duration, Decision::Delay { reason: reason.into() })
    }

    /// Decides after this time.
    #[must_use]
    pub fn after(duration: Duration, decision: Decision) -> Self {
        Self::After { millis: millis(duration), decision }
    }

    /// Rejects a share of the reviews, from 0 to 1, and approves all others, after this time.
    #[must_use]
    pub fn drawn_after(duration: Duration, rejected: f64, reason: impl Into<String>) -> Self {
        Self::Drawn { millis: millis(duration), rejected, reason: reason.into() }
    }

    /// After which time a review is decided; `None` if it waits.
    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Manual => None,
            Self::After { millis, .. } | Self::Drawn { millis, .. } => Some(Duration::from_millis(*millis)),
        }
    }
}

/// A verdict on a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// It may be released, or takes effect.
    Approve,
    /// It is rejected.
    Reject {
        /// The reason.
        #[serde(default)]
        reason: String,
        /// Media ids of screenshots (WeChat).
        #[serde(default)]
        screenshots: Vec<String>,
    },
    /// It is delayed (WeChat, code only).
    Delay {
        /// The reason.
        #[serde(default)]
        reason: String,
    },
}

impl Decision {
    /// A rejection without screenshots.
    #[must_use]
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Reject { reason: reason.into(), screenshots: Vec::new() }
    }
}

/// Items of an app that are reviewed, other than code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReviewItem {
    /// Its name.
    Name,
    /// Its icon.
    Icon,
    /// Its description.
    Description,
    /// Its categories.
    Categories,
    /// The permission to read users' phone numbers (Baidu).
    PhonePermission,
    /// The application to restore its traffic (Baidu).
    Recovery,
    /// Its basic information after it was forced offline (Baidu).
    OfflineUpdate,
    /// A privacy interface (WeChat).
    PrivacyInterface,
    /// The order page (WeChat).
    OrderPath,
}

impl ReviewItem {
    /// Its identifier, such as `phone_permission`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Icon => "icon",
            Self::Description => "description",
            Self::Categories => "categories",
            Self::PhonePermission => "phone_permission",
            Self::Recovery => "recovery",
            Self::OfflineUpdate => "offline_update",
            Self::PrivacyInterface => "privacy_interface",
            Self::OrderPath => "order_path",
        }
    }
}
