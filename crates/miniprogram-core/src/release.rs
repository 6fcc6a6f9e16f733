//! Releases: publishing, rolling back, gray releases, visibility, library versions.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::authorizer::Authorizer;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::id::{AuditId, PackageId};
use crate::intent::Command;
use crate::status::{GrayStatus, RawStatus, VisitStatus};
use crate::time::Timestamp;

/// Publishes approved versions and rolls them back.
#[async_trait]
pub trait ReleaseManager: Authorizer {
    /// Releases an approved version to all users.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if nothing is approved, or if the audit named is not the approved
    /// one.
    ///
    /// # Vendor notes
    /// | WeChat | `release` takes no id: the latest audit is read and compared first, so nothing is sent on a conflict |
    /// |---|---|
    /// | Baidu | `package/release`: with an id the vendor decides; otherwise nothing is sent unless a package is approved |
    async fn release(&self, target: &ReleaseTarget) -> Result<Effect> {
        Ok(self.perform(Command::Release { target: target.clone() }).await?.into_unit())
    }

    /// Rolls back to an earlier version.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if there is no such version, or a gray release is running;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a target that the vendor does not support.
    ///
    /// # Vendor notes
    /// | WeChat | `revertcoderelease`; once per release |
    /// |---|---|
    /// | Baidu | `package/rollback` with the id of the package *now online*; one step; takes a while |
    async fn rollback(&self, target: &RollbackTarget) -> Result<Effect> {
        Ok(self.perform(Command::Rollback { target: target.clone() }).await?.into_unit())
    }

    /// Returns the versions that a rollback can go back to, newest first.
    ///
    /// # Errors
    /// The errors of any read.
    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>>;

    /// Starts a gray (phased) release: releases the approved version to a share of the users, or raises the
    /// share. Requires `Capabilities::gray_release`; never becomes a full release.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no gray releases;
    /// [`Conflict`](crate::ErrorKind::Conflict) if the share would decrease, nothing is approved or nothing is
    /// online.
    async fn start_gray_release(&self, gray: GrayRelease) -> Result<Effect> {
        Ok(self.perform(Command::StartGrayRelease { gray }).await?.into_unit())
    }

    /// Returns the current gray release; `None` if none has been started. Requires `Capabilities::gray_release`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no gray releases.
    async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
        Err(Error::unsupported(self.vendor(), "gray_release_plan"))
    }

    /// Ends a gray release; its users return to the version before. Requires `Capabilities::gray_release`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no gray releases.
    async fn cancel_gray_release(&self) -> Result<Effect> {
        Ok(self.perform(Command::CancelGrayRelease).await?.into_unit())
    }

    /// Opens or closes the online version to users.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for anything but `Open` and `Closed`;
    /// [`Conflict`](crate::ErrorKind::Conflict) if the vendor does not allow the change.
    async fn set_visit_status(&self, status: VisitStatus) -> Result<Effect> {
        Ok(self.perform(Command::SetVisitStatus { status }).await?.into_unit())
    }

    /// Returns whether users can open the online version.
    ///
    /// # Errors
    /// The errors of any read.
    async fn visit_status(&self) -> Result<Visit>;

    /// Returns the lowest base library version that may open the app.
    ///
    /// # Errors
    /// The errors of any read.
    async fn min_library_version(&self) -> Result<MinLibraryVersion>;

    /// Sets the lowest base library version that may open the app.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a version that does not exist.
    async fn set_min_library_version(&self, version: &str) -> Result<Effect> {
        let version = version.to_owned();
        Ok(self.perform(Command::SetMinLibraryVersion { version }).await?.into_unit())
    }
}

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

/// A gray release to start, or to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrayRelease {
    /// The share of users in percent, 0 to 100. 0 needs one of the flags.
    pub percentage: u8,
    /// Whether project members come first.
    #[serde(default)]
    pub developers_first: bool,
    /// Whether experience members come first.
    #[serde(default)]
    pub testers_first: bool,
}

impl GrayRelease {
    /// Creates a release to a share of all users, in percent.
    #[must_use]
    pub const fn percentage(percentage: u8) -> Self {
        Self { percentage, developers_first: false, testers_first: false }
    }

    /// Includes project members first.
    #[must_use]
    pub const fn developers_first(mut self) -> Self {
        self.developers_first = true;
        self
    }

    /// Includes experience members first.
    #[must_use]
    pub const fn testers_first(mut self) -> Self {
        self.testers_first = true;
        self
    }
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
    /// Whether project members come first, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub developers_first: Option<bool>,
    /// Whether experience members come first, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub testers_first: Option<bool>,
}

impl GrayReleasePlan {
    /// Creates a plan of which only the status is known.
    #[must_use]
    pub const fn new(status: GrayStatus, raw_status: RawStatus) -> Self {
        Self {
            status,
            raw_status,
            percentage: None,
            created_at: None,
            developers_first: None,
            testers_first: None,
        }
    }

    /// Sets the share and the start.
    #[must_use]
    pub const fn with_share(mut self, percentage: Option<u8>, created_at: Option<Timestamp>) -> Self {
        self.percentage = percentage;
        self.created_at = created_at;
        self
    }

    /// Sets the flags.
    #[must_use]
    pub const fn with_flags(mut self, developers_first: Option<bool>, testers_first: Option<bool>) -> Self {
        self.developers_first = developers_first;
        self.testers_first = testers_first;
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
