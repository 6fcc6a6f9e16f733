//! `app/info`: what Baidu knows about the app.

mod decode;

use miniprogram_core::model::Visit;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Reply};
use miniprogram_core::{AppId, Result, Timestamp, VisitStatus};
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::client::BaiduApp;
use crate::codes::APP_VISIT;
use crate::endpoints;
use crate::reply;
use crate::values::{
    AnnualReviewStatus, Certification, CertificationStatus, Coded, IllegalPart, OfflineReason,
    PermissionScope, ReviewStatus, SubjectStatus, SubjectType, WebStatus,
};

/// What Baidu knows about an app. Source: document 004, "获取小程序基础信息", and the later `app/info`, which reports more. A
/// field that the vendor omitted, sent as null or sent empty is absent, or an empty list.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AppInfo {
    /// The app's id.
    pub app_id: Option<AppId>,
    /// The app's public key.
    pub app_key: Option<String>,
    /// The app's name.
    pub name: Option<String>,
    /// The app's description.
    pub description: Option<String>,
    /// The URLs of the app's images, taken from the JSON text that contains them.
    pub icon_urls: Vec<String>,
    /// Whether users can open the app, and the underlying number: unknown and without a number if Baidu reports none.
    pub visit: Visit,
    /// Whether it is available as a web page.
    pub web_status: Option<Coded<WebStatus>>,
    /// The lowest base library version that may open the app, if one is set.
    pub min_library_version: Option<String>,
    /// The subject that owns the app.
    pub qualification: Option<Subject>,
    /// The app's categories.
    pub categories: Vec<AppCategory>,
    /// Changes that are in review or failed it.
    #[serde(skip_serializing_if = "is_nothing")]
    pub pending: PendingChanges,
    /// How often the app's information was changed, and how often it may be.
    #[serde(skip_serializing_if = "is_nothing")]
    pub changes: ChangeCounts,
    /// The permissions that the merchant has granted the platform.
    pub permissions: Vec<Permission>,
    /// The yearly review of the subject.
    pub annual_review: Option<AnnualReview>,
    /// The reasons why the app was forced offline.
    pub offline: Vec<Offline>,
    /// Every field as Baidu sent it, by its name.
    #[serde(rename = "members")]
    pub fields: Map<String, Value>,
}

/// The subject that owns an app.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Subject {
    /// Its name.
    pub name: Option<String>,
    /// The kind of subject.
    pub kind: Option<Coded<SubjectType>>,
    /// The state of its review; Baidu also spells the field `satus`.
    pub status: Option<Coded<SubjectStatus>>,
    /// How its authenticity was certified.
    pub certification: Option<Coded<Certification>>,
    /// The result of that certification.
    pub certification_status: Option<Coded<CertificationStatus>>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A category of an app, or its parent category.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AppCategory {
    /// Its id.
    pub id: Option<i64>,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The state of its review.
    pub audit_status: Option<Coded<ReviewStatus>>,
    /// Why the review failed.
    pub reason: Option<String>,
    /// The parent category.
    pub parent: Option<Box<Self>>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// Changes of an app's information that are in review or failed it (`audit_info`).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct PendingChanges {
    /// Of the name.
    pub name: Option<PendingChange>,
    /// Of the description.
    pub description: Option<PendingChange>,
    /// Of the icon.
    pub icon: Option<PendingChange>,
}

/// A change that is in review or failed it.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingChange {
    /// The new value; several for images.
    pub values: Vec<String>,
    /// The state of its review.
    pub status: Option<Coded<ReviewStatus>>,
    /// Why the review failed.
    pub reason: Option<String>,
}

/// How often an app's information was changed, and how often it may be (`modify_count`).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ChangeCounts {
    /// The name.
    #[serde(skip_serializing_if = "is_nothing")]
    pub name: ChangeCount,
    /// The description (`signature`).
    #[serde(skip_serializing_if = "is_nothing")]
    pub description: ChangeCount,
    /// The icon (`image`).
    #[serde(skip_serializing_if = "is_nothing")]
    pub icon: ChangeCount,
    /// The categories.
    #[serde(skip_serializing_if = "is_nothing")]
    pub categories: ChangeCount,
}

/// How often one property was changed, and how often it may be.
#[skip_serializing_none]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ChangeCount {
    /// How often it was changed.
    pub used: Option<i64>,
    /// How often it may be changed.
    pub quota: Option<i64>,
}

/// A permission that the merchant has granted the platform (`auth_info`).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Permission {
    /// Its name (`scope_name`).
    pub name: Option<String>,
    /// The subject of the permission.
    pub scope: Option<Coded<PermissionScope>>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// The yearly review of a subject (`annual_review_info`).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct AnnualReview {
    /// Its state.
    pub status: Option<Coded<AnnualReviewStatus>>,
    /// When it is, or was, overdue.
    pub overdue_at: Option<Timestamp>,
}

/// Why an app was forced offline (`app_offline_info`).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Offline {
    /// The part that broke the rules.
    pub reason: Option<Coded<OfflineReason>>,
    /// The parts of the basic information that broke the rules, each with Baidu's name for it.
    pub illegal_fields: Vec<IllegalPart>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// Whether a part of the response is empty; it is omitted from the JSON then.
fn is_nothing<T: Default + PartialEq>(part: &T) -> bool {
    *part == T::default()
}

impl BaiduApp {
    /// Returns what Baidu knows about the app: name, qualification, categories, pending reviews, how many changes are
    /// left, and which permissions the merchant has granted.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn app_info(&self) -> Result<AppInfo> {
        let mut op = self.pipeline.begin(&self.app, "app_info");
        one(&op.read(&call()).await?)
    }
}

/// `app/info`.
pub(crate) fn call() -> Call {
    Call::to(&endpoints::APP_INFO)
}

/// Reads only whether users can open the app, ignoring everything else in the response.
pub(crate) fn visit_of(reply: &Reply) -> Result<Visit> {
    let status = reply::fields(reply)?.required("status", Fields::number)?;
    Ok(visit(Some(status)))
}

/// Returns unknown, without a number, if Baidu does not report the status.
fn visit(status: Option<i64>) -> Visit {
    match status.map(|status| APP_VISIT.translate(status)) {
        Some((status, raw)) => Visit::new(status, Some(raw)),
        None => Visit::new(VisitStatus::Unknown, None),
    }
}

/// Reads the single app of a reply.
pub(crate) fn one(reply: &Reply) -> Result<AppInfo> {
    AppInfo::read(&mut reply::fields(reply)?)
}

/// Reads the apps of a reply whose `data` is a list of apps.
pub(crate) fn many(reply: &Reply) -> Result<Vec<AppInfo>> {
    reply::each(reply, AppInfo::read)
}
