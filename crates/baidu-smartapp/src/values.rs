//! The values that Baidu's documents enumerate, each table whole: what arrives as [`StatusTable`]s of open
//! enumerations, what is sent and what is a word as [`WireTable`]s.
//!
//! The statuses of packages, uploads and apps and the codes of refusals are in [`codes`](crate::codes).
//!
//! Source: documents 003 and 004; where they print fewer values, Baidu's later pages and SDKs.

mod received;
mod sent;
mod wire_table;

use std::fmt;

use miniprogram_core::{RawStatus, StatusTable};
use serde::Serialize;

pub use received::{
    AD_STATUS, AD_TYPE, ANNUAL_REVIEW, AUDIT_INFO, AnnualReviewStatus, AppPart, CATEGORY_AUDIT,
    CATEGORY_TYPE, CHECK_RESULT, CategoryType, Certification, CertificationStatus, ILLEGAL_FIELD,
    NEED_QUALIFICATION, NameVerdict, Necessity, OFFLINE_REASON, OfflineReason, PERMISSION_SCOPE,
    PHONE_PERMISSION, PermissionScope, PhonePermission, QUALIFICATION_MUST, ReviewStatus, SUBJECT_STATUS,
    SUBJECT_TYPE, SubjectStatus, SubjectType, WEB_STATUS, WebStatus,
};
pub use sent::{
    CATEGORY_SCOPE, CategoryScope, DOMAIN_ACTION, DomainAction, IMAGE_KIND, ImageKind,
    PHONE_PERMISSION_REASON, PHONE_PERMISSION_SCENE, PhonePermissionReason, PhonePermissionScene,
};
pub use wire_table::{WireRow, WireTable};

/// A value and the number that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Coded<S> {
    /// What the number means.
    pub value: S,
    /// The number, and the table that it belongs to.
    pub raw: RawStatus,
}

impl<S: Copy + fmt::Display> Coded<S> {
    /// A number of a table.
    #[must_use]
    pub fn new(table: &StatusTable<S>, code: i64) -> Self {
        let (value, raw) = table.translate(code);
        Self { value, raw }
    }
}
