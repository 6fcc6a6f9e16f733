//! What becomes of a submission.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What becomes of what goes to review, code and everything else, without anybody deciding it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditPolicy {
    /// It waits for [`Simulator::decide_audit`](crate::Simulator::decide_audit) or
    /// [`Simulator::decide_review`](crate::Simulator::decide_review).
    #[default]
    Manual,
    /// It is decided so many milliseconds of simulated time later.
    After {
        /// The wait.
        millis: u64,
        /// The verdict.
        decision: Decision,
    },
}

impl AuditPolicy {
    /// Approves.
    #[must_use]
    pub fn approve_after(duration: Duration) -> Self {
        Self::after(duration, Decision::Approve)
    }

    /// Rejects.
    #[must_use]
    pub fn reject_after(duration: Duration, reason: impl Into<String>) -> Self {
        Self::after(duration, Decision::reject(reason))
    }

    /// Delays.
    #[must_use]
    pub fn delay_after(duration: Duration, reason: impl Into<String>) -> Self {
        Self::after(duration, Decision::Delay { reason: reason.into() })
    }

    /// Any verdict.
    #[must_use]
    pub fn after(duration: Duration, decision: Decision) -> Self {
        Self::After { millis: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), decision }
    }
}

/// A verdict on a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// It may be released, or takes effect.
    Approve,
    /// It is refused.
    Reject {
        /// Why.
        #[serde(default)]
        reason: String,
        /// Media ids of screenshots (WeChat).
        #[serde(default)]
        screenshots: Vec<String>,
    },
    /// It takes longer (WeChat, code only; there is no such verdict on anything else).
    Delay {
        /// Why.
        #[serde(default)]
        reason: String,
    },
}

impl Decision {
    /// A refusal without screenshots.
    #[must_use]
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Reject { reason: reason.into(), screenshots: Vec::new() }
    }
}

/// What of an app can be under review beside its code.
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
    /// The application to get its traffic back (Baidu).
    Recovery,
    /// Its basic information after it was forced offline (Baidu).
    OfflineUpdate,
    /// An interface that touches privacy (WeChat).
    PrivacyInterface,
    /// The page that shows orders (WeChat).
    OrderPath,
}

impl ReviewItem {
    /// The machine name, such as `phone_permission`.
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
