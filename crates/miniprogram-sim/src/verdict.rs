//! What becomes of a submission.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What becomes of a submission without anybody deciding it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditPolicy {
    /// It waits for [`Simulator::decide_audit`](crate::Simulator::decide_audit).
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
    /// It may be released.
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
    /// It takes longer (WeChat; Baidu has no such verdict).
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
