//! Releases: publishing, rolling back, gray releases, visibility, library versions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{AuditId, PackageId};
use crate::options::{is_empty_or_false, vendor_options};
use crate::status::{GrayStatus, RawStatus, VisitStatus};
use crate::time::Timestamp;

/// What to release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReleaseTarget {
    /// The version that passed this audit.
    Audit(AuditId),
    /// The version that is approved.
    Approved,
}

/// The version to roll back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RollbackTarget {
    /// The version that was online before.
    Previous,
    /// A version from `rollback_targets`: its text, or the vendor's own number for it.
    Version(String),
    /// The version before the package that is online now, named by a caller that knows it. Requires
    /// `Capabilities::package_ids`.
    OnlinePackage(PackageId),
    /// The version before the one with this text, which is online now, named by a caller that knows it. Nothing is sent
    /// if another version is online.
    OnlineVersion(String),
}

/// A version that a rollback can go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RollbackVersion {
    /// The platform's own version text.
    pub version: String,
    /// The vendor's own number for it, if it has one; unlike the text it is never reused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app_version: Option<i64>,
    /// The description given at the upload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// When it was uploaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub committed_at: Option<Timestamp>,
}

impl RollbackVersion {
    /// Creates a version of which only the text is known.
    #[must_use]
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into(), app_version: None, description: None, committed_at: None }
    }

    /// Sets the vendor's own number.
    #[must_use]
    pub const fn with_app_version(mut self, number: Option<i64>) -> Self {
        self.app_version = number;
        self
    }

    /// Sets the description and the time.
    #[must_use]
    pub fn with_commit(mut self, description: Option<String>, committed_at: Option<Timestamp>) -> Self {
        self.description = description;
        self.committed_at = committed_at;
        self
    }
}

/// A gray release to start, or to raise. In JSON the options are fields beside the percentage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrayRelease {
    /// The share of users in percent, 0 to 100. Whether 0 has a meaning is up to the vendor.
    pub percentage: u8,
    /// The audit that approved the version. Nothing is sent if another one, or none, is approved. Absent: whatever is
    /// approved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audit: Option<AuditId>,
    /// What only some vendors offer.
    #[serde(flatten)]
    pub options: GrayReleaseOptions,
}

impl GrayRelease {
    /// Creates a release to a share of all users, in percent.
    #[must_use]
    pub fn percentage(percentage: u8) -> Self {
        Self { percentage, audit: None, options: GrayReleaseOptions::default() }
    }

    /// Names the audit that approved the version.
    #[must_use]
    pub fn of_audit(mut self, audit: impl Into<AuditId>) -> Self {
        self.audit = Some(audit.into());
        self
    }

    /// Sets the vendor's options.
    #[must_use]
    pub fn with_options(mut self, options: impl Into<GrayReleaseOptions>) -> Self {
        self.options = options.into();
        self
    }
}

vendor_options! {
    /// What a gray release says beside its percentage, as the fields of one JSON object. The crate of a vendor that has
    /// such options has a builder, also called `GrayReleaseOptions`, that converts to this. A field that the vendor does
    /// not have is rejected before anything is sent.
    ///
    /// A field that is null or false, or an empty list or object, counts as absent. `Debug` prints only the names.
    ///
    /// ```
    /// use miniprogram_core::{GrayRelease, GrayReleaseOptions};
    ///
    /// let gray: GrayRelease = serde_json::from_str(r#"{"percentage":10,"nearby_first":true,"old_first":false}"#)?;
    /// let options = GrayReleaseOptions::default().with_field("nearby_first", true);
    /// assert_eq!(gray, GrayRelease::percentage(10).with_options(options));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    GrayReleaseOptions, is_empty_or_false
}

/// A gray release as the vendor reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrayReleasePlan {
    /// Its status.
    pub status: GrayStatus,
    /// The number behind the status.
    pub raw_status: RawStatus,
    /// The share of users in percent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub percentage: Option<u8>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_at: Option<Timestamp>,
    /// What only this vendor reports, by the names of its crate, which has a type for it. In JSON these fields are
    /// beside the others.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl GrayReleasePlan {
    /// Creates a plan of which only the status is known.
    #[must_use]
    pub fn new(status: GrayStatus, raw_status: RawStatus) -> Self {
        Self { status, raw_status, percentage: None, created_at: None, extra: Map::new() }
    }

    /// Sets the share and the start.
    #[must_use]
    pub const fn with_share(mut self, percentage: Option<u8>, created_at: Option<Timestamp>) -> Self {
        self.percentage = percentage;
        self.created_at = created_at;
        self
    }

    /// Sets what only this vendor reports.
    #[must_use]
    pub fn with_extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra = extra;
        self
    }
}

/// The visibility of the online version to users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Visit {
    /// Whether users can open it.
    pub status: VisitStatus,
    /// The number behind the status.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw_status: Option<RawStatus>,
}

impl Visit {
    /// Creates a status with the number behind it.
    #[must_use]
    pub const fn new(status: VisitStatus, raw_status: Option<RawStatus>) -> Self {
        Self { status, raw_status }
    }
}

/// The lowest base library version that may open the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MinLibraryVersion {
    /// The version; absent if none was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The versions in use.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub usage: Vec<LibraryUsage>,
}

impl MinLibraryVersion {
    /// Creates it from the version and the versions in use.
    #[must_use]
    pub const fn new(version: Option<String>, usage: Vec<LibraryUsage>) -> Self {
        Self { version, usage }
    }
}

/// A base library version in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LibraryUsage {
    /// The version.
    pub version: String,
    /// The share of users in percent, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub percentage: Option<f64>,
}

impl LibraryUsage {
    /// Creates a version with the share of its users.
    #[must_use]
    pub fn new(version: impl Into<String>, percentage: Option<f64>) -> Self {
        Self { version: version.into(), percentage }
    }
}
