//! The values that WeChat enumerates in addition to the statuses of code: received values as
//! [`StatusTable`](miniprogram_core::vendor_api::StatusTable)s of open enumerations, sent values as enumerations with their wire
//! form.
//!
//! The statuses of audits, gray releases and visits and the codes of refusals are in [`codes`](crate::codes).
//!
//! Source: WeChat's pages on third-party platforms. A label is WeChat's own where its pages print one, otherwise a
//! gloss.

mod received;
mod sent;

pub use miniprogram_core::Coded;
pub use received::{
    ACCOUNT_TYPE, APPEAL_SOURCE, APPLY_STATUS, AUTH_TASK, AccountType, AppealSource, ApplyStatus,
    AuthTaskStatus, CATEGORY_AUDIT, FACE_CHECK, FaceCheck, NAME_AUDIT, ORDER_PATH, ORDER_PATH_APPLICATION,
    OrderPathTaken, PRIVACY_INTERFACE, PUSHED_VERDICT, PrivacyInterfaceStatus, REALNAME_STATUS, ReviewStatus,
    SEARCH_STATUS, SearchStatus, TEMPLATE_AUDIT, TEMPLATE_TYPE, TemplateAuditStatus, TemplateKind,
};
pub use sent::{DomainAction, MaterialKind, OrderPathKind, PrivacyVersion, ServerDomainKind};
