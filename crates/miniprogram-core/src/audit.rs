//! Audits: submitting, querying and withdrawing them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::code::UploadReceipt;
use crate::id::{AuditId, PackageId};
use crate::options::{is_empty, vendor_options};
use crate::status::{AuditStatus, RawStatus};
use crate::time::Timestamp;

/// What to submit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SubmitTarget {
    /// The upload of this receipt; waits until the vendor has processed it.
    Upload(UploadReceipt),
    /// This package. Requires `Capabilities::package_ids`.
    Package(PackageId),
    /// The uploaded code if it has this version; otherwise the call fails with `conflict` and nothing is sent.
    Version(String),
    /// The most recent upload.
    Newest,
}

/// Which audit to withdraw or to expedite. In JSON an id is a plain value, and the latest audit is
/// `{"latest":null}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AuditTargetForm", into = "AuditTargetForm")]
#[non_exhaustive]
pub enum AuditTarget {
    /// The audit with this id.
    Id(AuditId),
    /// The open audit. It is read first; fails with [`Conflict`](crate::ErrorKind::Conflict) without sending
    /// anything if none is.
    Latest,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AuditTargetForm {
    Id(AuditId),
    Latest { latest: () },
}

impl From<AuditTargetForm> for AuditTarget {
    fn from(form: AuditTargetForm) -> Self {
        match form {
            AuditTargetForm::Id(audit) => Self::Id(audit),
            AuditTargetForm::Latest { .. } => Self::Latest,
        }
    }
}

impl From<AuditTarget> for AuditTargetForm {
    fn from(target: AuditTarget) -> Self {
        match target {
            AuditTarget::Id(audit) => Self::Id(audit),
            AuditTarget::Latest => Self::Latest { latest: () },
        }
    }
}

impl From<&str> for AuditTarget {
    fn from(audit: &str) -> Self {
        Self::Id(audit.into())
    }
}

impl From<AuditId> for AuditTarget {
    fn from(audit: AuditId) -> Self {
        Self::Id(audit)
    }
}

vendor_options! {
    /// What a submission says beside its target, as the fields of one JSON object. Vendors ask for different things: the
    /// vendor crates have builders, also called `SubmitOptions`, that convert to this. A field that the vendor does not
    /// have is rejected before anything is sent.
    ///
    /// Serialized as that object, so it can be kept in a configuration as well. A field that is null, or an empty list or
    /// object, counts as absent. `Debug` prints only the names: there may be a reviewer's password among the values.
    ///
    /// ```
    /// use miniprogram_core::SubmitOptions;
    ///
    /// let options: SubmitOptions = serde_json::from_str(r#"{"content":"orders and pick-up","items":[]}"#)?;
    /// assert_eq!(options, SubmitOptions::default().with_field("content", "orders and pick-up"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    SubmitOptions, is_empty
}

/// An audit and its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Audit {
    /// Its id; absent for an app that was never submitted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audit_id: Option<AuditId>,
    /// Its status.
    pub status: AuditStatus,
    /// The number behind the status, if the vendor sent one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw_status: Option<RawStatus>,
    /// Why it was rejected or delayed: the vendor's message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Media ids of the reviewer's screenshots.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub screenshots: Vec<String>,
    /// The version that was submitted, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The description of that version, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// When it was submitted, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub submitted_at: Option<Timestamp>,
}

impl Audit {
    /// Creates an audit with only these fields set.
    #[must_use]
    pub const fn new(audit_id: Option<AuditId>, status: AuditStatus, raw_status: Option<RawStatus>) -> Self {
        Self {
            audit_id,
            status,
            raw_status,
            reason: None,
            screenshots: Vec::new(),
            version: None,
            description: None,
            submitted_at: None,
        }
    }

    /// Returns the audit of an app that was never submitted.
    #[must_use]
    pub const fn not_submitted() -> Self {
        Self::new(None, AuditStatus::NotSubmitted, None)
    }

    /// Sets the vendor's message.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// Sets the reviewer's screenshots.
    #[must_use]
    pub fn with_screenshots(mut self, screenshots: Vec<String>) -> Self {
        self.screenshots = screenshots;
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn with_version(mut self, version: Option<String>) -> Self {
        self.version = version;
        self
    }

    /// Sets the description of the version.
    #[must_use]
    pub fn with_description(mut self, description: Option<String>) -> Self {
        self.description = description;
        self
    }

    /// Sets the time of the submission.
    #[must_use]
    pub fn with_submitted_at(mut self, time: Option<Timestamp>) -> Self {
        self.submitted_at = time;
        self
    }
}

/// How many submissions are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditQuota {
    /// Whether there is no limit; if so, the numbers are absent.
    pub unlimited: bool,
    /// Whether all apps of the platform share it. Otherwise it is the app's own.
    #[serde(default)]
    pub shared: bool,
    /// Submissions left in this period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remaining: Option<u64>,
    /// Submissions allowed in a period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<u64>,
    /// Expedited audits left in this period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expedite_remaining: Option<u64>,
    /// Expedited audits allowed in a period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expedite_limit: Option<u64>,
    /// The period, with the number behind it if the vendor sent one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub period: Option<QuotaPeriod>,
    /// The number behind the period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw_period: Option<RawStatus>,
}

impl AuditQuota {
    /// Creates a quota of this many submissions left out of this many; `None` means unlimited.
    #[must_use]
    pub const fn new(left_and_limit: Option<(u64, u64)>) -> Self {
        let (remaining, limit) = match left_and_limit {
            Some((left, limit)) => (Some(left), Some(limit)),
            None => (None, None),
        };
        Self {
            unlimited: left_and_limit.is_none(),
            shared: false,
            remaining,
            limit,
            expedite_remaining: None,
            expedite_limit: None,
            period: None,
            raw_period: None,
        }
    }

    /// Marks it as shared by all apps of the platform.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Sets the numbers of expedited audits.
    #[must_use]
    pub const fn with_expedite(mut self, remaining: Option<u64>, limit: Option<u64>) -> Self {
        self.expedite_remaining = remaining;
        self.expedite_limit = limit;
        self
    }

    /// Sets the period.
    #[must_use]
    pub fn with_period(mut self, period: QuotaPeriod, raw_period: Option<RawStatus>) -> Self {
        self.period = Some(period);
        self.raw_period = raw_period;
        self
    }
}

/// The period over which a quota applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum QuotaPeriod {
    /// A week.
    Week,
    /// A month.
    Month,
    /// An unlisted number.
    Unknown,
}

impl QuotaPeriod {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for QuotaPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_audits_id_stands_for_itself_and_the_latest_one_has_a_word_of_its_own() {
        for (target, form) in [
            (AuditTarget::from("1234567"), json!("1234567")),
            (AuditTarget::from("latest"), json!("latest")),
            (AuditTarget::Latest, json!({ "latest": null })),
        ] {
            assert_eq!(json!(target), form);
            assert_eq!(serde_json::from_value::<AuditTarget>(form).unwrap(), target);
        }
        serde_json::from_value::<AuditTarget>(json!({ "newest": null })).unwrap_err();
    }
}
