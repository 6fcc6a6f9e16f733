//! An app's state at Baidu: its packages and their stages.

use std::time::Duration;

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

use super::profile::Profile;
use crate::truth::{AppTruth, AuditTruth, VersionTruth};
use crate::verdict::Decision;

#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// All packages, for `getdetail`; oldest first.
    pub(crate) packages: Vec<Package>,
    /// The newest upload that was not submitted.
    pub(crate) development: Option<u64>,
    /// The newest submission that is not online.
    pub(crate) review: Option<u64>,
    pub(crate) online: Option<u64>,
    /// The package that a rollback restores.
    pub(crate) previous: Option<u64>,
    /// End of the rollback in progress.
    pub(crate) rolling_until: Option<Timestamp>,
    /// Failure of the next upload.
    pub(crate) failure: Option<Failure>,
    pub(crate) paused: bool,
    pub(crate) library: Option<String>,
    pub(crate) audits: Vec<Audit>,
    pub(crate) profile: Profile,
}

#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) id: u64,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) committed_at: Timestamp,
    pub(crate) ready_at: Timestamp,
    pub(crate) failure: Option<Failure>,
    pub(crate) status: Status,
    pub(crate) message: String,
    /// Remark of its last submission.
    pub(crate) remark: String,
    pub(crate) online_at: Timestamp,
}

/// Why an upload failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: i64,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Online = 1,
    Development = 3,
    InReview = 4,
    Rejected = 5,
    Approved = 6,
    RollingBack = 8,
    /// Was online; shown as a development version that cannot be submitted.
    Retired = 33,
}

impl Status {
    /// Returns the documents' number.
    pub(crate) fn code(self) -> i64 {
        if self == Self::Retired { Self::Development as i64 } else { self as i64 }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Audit {
    pub(crate) package: u64,
    pub(crate) at: Timestamp,
    pub(crate) version: String,
    pub(crate) status: &'static str,
    pub(crate) reason: String,
}

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

impl Package {
    pub(crate) fn is_ready(&self, now: Timestamp) -> bool {
        self.failure.is_none() && self.ready_at <= now
    }

    /// The package object, as in the documents' samples.
    pub(crate) fn to_json(&self, now: Timestamp) -> Value {
        let committed_at = self.committed_at.to_civil("%Y/%m/%d %H:%M:%S", 8);
        if self.ready_at > now {
            return json!({
                "version": self.version,
                "commit_time": committed_at,
                "version_desc": self.description,
                "upload_status": 1,
                "upload_status_desc": "上传中",
            });
        }
        if let Some(failure) = &self.failure {
            return json!({
                "version": self.version,
                "commit_time": committed_at,
                "version_desc": self.description,
                "upload_status": 3,
                "upload_status_desc": "上传失败",
                "upload_err_code": failure.code,
                "upload_err_msg": failure.message,
            });
        }
        json!({
            "version": self.version,
            "remark": self.remark,
            "msg": self.message,
            "committer": "--",
            "status": self.status.code(),
            "commit_time": committed_at,
            "version_desc": self.description,
            "package_id": self.id,
        })
    }
}

impl Account {
    /// Replaces packages and audits. The basic information is kept; measures that took the app offline are lifted.
    pub(crate) fn replace(&mut self, new: Self) {
        let mut profile = std::mem::take(&mut self.profile);
        profile.offline = None;
        profile.traffic_closed = false;
        profile.rectification = false;
        *self = Self { profile, ..new };
    }

    pub(crate) fn package(&self, id: u64) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }

    fn package_mut(&mut self, id: Option<u64>) -> Option<&mut Package> {
        let id = id?;
        self.packages.iter_mut().find(|package| package.id == id)
    }

    pub(crate) fn set_status(&mut self, id: u64, status: Status, message: &str) {
        if let Some(package) = self.package_mut(Some(id)) {
            package.status = status;
            message.clone_into(&mut package.message);
        }
    }

    pub(crate) fn has_open_audit(&self) -> bool {
        self.packages.iter().any(|package| package.status == Status::InReview)
    }

    pub(crate) fn add(&mut self, package: Package) {
        self.development = Some(package.id);
        self.packages.push(package);
    }

    pub(crate) fn submit(&mut self, id: u64, remark: &str, now: Timestamp) {
        self.set_status(id, Status::InReview, "");
        if let Some(package) = self.package_mut(Some(id)) {
            remark.clone_into(&mut package.remark);
        }
        self.profile.domains.submit();
        self.review = Some(id);
        if self.development == Some(id) {
            self.development = None;
        }
        let version = self.package(id).map(|package| package.version.clone()).unwrap_or_default();
        self.audits.push(Audit { package: id, at: now, version, status: "in_review", reason: String::new() });
    }

    /// Submissions within the last week.
    pub(crate) fn audits_this_week(&self, now: Timestamp) -> usize {
        self.audits.iter().filter(|audit| now.since(audit.at) < WEEK).count()
    }

    fn conclude(&mut self, id: u64, status: &'static str, reason: &str) {
        if let Some(audit) = self.audits.iter_mut().rev().find(|audit| audit.package == id) {
            audit.status = status;
            reason.clone_into(&mut audit.reason);
        }
    }

    /// Decides the package under review; if `id` is given, only that one.
    pub(crate) fn decide(&mut self, id: Option<u64>, decision: &Decision) -> Option<&Package> {
        let under_review = self.packages.iter().find(|package| package.status == Status::InReview)?.id;
        if id.is_some_and(|id| id != under_review) {
            return None;
        }
        match decision {
            Decision::Approve => {
                self.set_status(under_review, Status::Approved, "审核通过");
                self.conclude(under_review, "approved", "");
            }
            Decision::Reject { reason, .. } => {
                self.set_status(under_review, Status::Rejected, reason);
                self.conclude(under_review, "rejected", reason);
            }
            Decision::Delay { .. } => return None,
        }
        self.package(under_review)
    }

    pub(crate) fn withdraw(&mut self, id: u64) {
        self.set_status(id, Status::Development, "");
        self.conclude(id, "withdrawn", "");
        if self.review == Some(id) {
            self.review = None;
        }
        if self.development.is_none_or(|newer| newer < id) {
            self.development = Some(id);
        }
    }

    pub(crate) fn release(&mut self, id: u64, now: Timestamp) {
        if let Some(old) = self.online {
            self.set_status(old, Status::Retired, "");
            self.previous = Some(old);
        }
        self.set_status(id, Status::Online, "审核通过");
        self.online = Some(id);
        self.profile.release();
        if self.review == Some(id) {
            self.review = None;
        }
        if let Some(package) = self.package_mut(Some(id)) {
            package.online_at = now;
        }
    }

    pub(crate) fn start_rollback(&mut self, until: Timestamp) {
        if let Some(package) = self.package_mut(self.online) {
            package.status = Status::RollingBack;
            self.rolling_until = Some(until);
        }
    }

    /// Ends the rollback that is due at that time.
    pub(crate) fn end_rollback(&mut self, until: Timestamp) {
        if self.rolling_until == Some(until) {
            self.rolled_back(until);
        }
    }

    pub(super) fn rolled_back(&mut self, now: Timestamp) {
        self.rolling_until = None;
        if let Some(old) = self.online {
            self.set_status(old, Status::Retired, "");
        }
        self.online = self.previous.take();
        if let Some(package) = self.package_mut(self.online) {
            package.status = Status::Online;
            package.online_at = now;
        }
    }

    pub(crate) fn library(&self) -> &str {
        self.library.as_deref().unwrap_or("1.0.0")
    }

    pub(crate) fn describe(&self, truth: &mut AppTruth) {
        let version = |package: &Package, since: Timestamp| VersionTruth {
            version: package.version.clone(),
            description: package.description.clone(),
            id: Some(package.id.to_string()),
            since,
        };
        let find = |id: Option<u64>| id.and_then(|id| self.package(id));
        truth.uploaded = self.packages.last().map(|package| version(package, package.committed_at));
        truth.online = find(self.online).map(|package| version(package, package.online_at));
        truth.previous = find(self.previous).map(|package| version(package, package.online_at));
        truth.open = !self.paused && self.profile.offline.is_none() && !self.profile.traffic_closed;
        self.profile.describe(truth);
        truth.min_library_version = self.library().to_owned();
        truth.audits = self
            .audits
            .iter()
            .map(|audit| AuditTruth {
                id: audit.package.to_string(),
                status: audit.status.to_owned(),
                version: audit.version.clone(),
                reason: Some(audit.reason.clone()).filter(|reason| !reason.is_empty()),
            })
            .collect();
    }
}
