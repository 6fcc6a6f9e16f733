//! The values that Baidu's documents enumerate, each table complete: received values as
//! [`StatusTable`](miniprogram_core::vendor_api::StatusTable)s of open enumerations, sent values and words as [`WireTable`]s.
//!
//! The statuses of packages, uploads and apps and the codes of refusals are in [`codes`](crate::codes).
//!
//! Source: documents 003 and 004; where they print fewer values, Baidu's later pages and SDKs.

mod received;
mod sent;
mod wire_table;

pub use miniprogram_core::Coded;
pub use received::{
    AD_STATUS, AD_TYPE, ADVANCED_AUDIT, ANNUAL_REVIEW, AUDIT_INFO, AdvancedAuditStatus, AnnualReviewStatus,
    AppPart, CATEGORY_AUDIT, CATEGORY_TYPE, CHECK_RESULT, CategoryType, Certification, CertificationStatus,
    ILLEGAL_FIELD, IllegalPart, NEED_QUALIFICATION, NameVerdict, Necessity, OFFLINE_REASON, OfflineReason,
    PERMISSION_SCOPE, PHONE_PERMISSION, PUSH_STATUS, PermissionScope, PhonePermission, PushStatus,
    QUALIFICATION_MUST, ReviewStatus, SUBJECT_STATUS, SUBJECT_TYPE, SubjectStatus, SubjectType, WEB_STATUS,
    WebStatus,
};
pub use sent::{
    CATEGORY_SCOPE, CategoryScope, DOMAIN_ACTION, DomainAction, IMAGE_KIND, ImageKind,
    PHONE_PERMISSION_REASON, PHONE_PERMISSION_SCENE, PhonePermissionReason, PhonePermissionScene,
};
pub use wire_table::{WireRow, WireTable};
