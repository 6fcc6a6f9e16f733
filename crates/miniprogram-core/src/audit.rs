//! Audits: submitting, querying and withdrawing them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::code::UploadReceipt;
use crate::id::{AuditId, PackageId};
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

/// Additional data of a submission, prepared by the caller per vendor. A part that the vendor does not support is
/// rejected, not dropped.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubmitOptions {
    /// The description for the reviewer (Baidu: required).
    pub content: Option<String>,
    /// A remark (Baidu: required).
    pub remark: Option<String>,
    /// What the app offers, per page (WeChat: at most 5).
    pub items: Vec<AuditItem>,
    /// What is new in this version (WeChat).
    pub version_desc: Option<String>,
    /// The vendor's other fields, from a builder of the vendor crate. A name that duplicates a field above is
    /// rejected.
    pub extra: Map<String, Value>,
}

/// Prints only the names of the vendor's other fields, not their values: they may include a reviewer's password.
impl fmt::Debug for SubmitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmitOptions")
            .field("content", &self.content)
            .field("remark", &self.remark)
            .field("items", &self.items)
            .field("version_desc", &self.version_desc)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl SubmitOptions {
    /// Sets the description for the reviewer.
    #[must_use]
    pub fn with_content(mut self, content: impl Into<String>) -> Self {
        self.content = Some(content.into());
        self
    }

    /// Sets the remark.
    #[must_use]
    pub fn with_remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// Adds one more item.
    #[must_use]
    pub fn with_item(mut self, item: AuditItem) -> Self {
        self.items.push(item);
        self
    }

    /// Sets the text on what is new.
    #[must_use]
    pub fn with_version_desc(mut self, text: impl Into<String>) -> Self {
        self.version_desc = Some(text.into());
        self
    }

    /// Sets fields that only this vendor has.
    #[must_use]
    pub fn with_extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra.extend(extra);
        self
    }
}

/// One item of a submission: a page and the category that it serves. Source: WeChat code management, section 5.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(default)]
pub struct AuditItem {
    /// The page's path, from `pages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Tags, separated by one space: at most 10, each of at most 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The first level of the category, from `categories`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_class: Option<String>,
    /// The second level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_class: Option<String>,
    /// The third level, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_class: Option<String>,
    /// The id of the first level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_id: Option<i64>,
    /// The id of the second level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_id: Option<i64>,
    /// The id of the third level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_id: Option<i64>,
    /// The page's title, at most 32 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Unmodelled fields, sent as they are.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl AuditItem {
    /// Creates an item of a category as returned by `categories`.
    #[must_use]
    pub fn of_category(category: &crate::code::Category) -> Self {
        let level = |at: usize| category.levels.get(at);
        let name = |at: usize| level(at).map(|level| level.name.clone());
        let id = |at: usize| level(at).and_then(|level| level.id.as_number());
        Self {
            first_class: name(0),
            second_class: name(1),
            third_class: name(2),
            first_id: id(0),
            second_id: id(1),
            third_id: id(2),
            ..Self::default()
        }
    }

    /// Sets the page's path.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// With tags, separated by one space.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Sets the page's title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
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
            remaining,
            limit,
            expedite_remaining: None,
            expedite_limit: None,
            period: None,
            raw_period: None,
        }
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
