//! What reads return, and the parts of it.

pub use crate::audit::{AuditQuota, QuotaPeriod};
pub use crate::check::{Check, CheckLevel, CheckResult, CheckTarget};
pub use crate::code::{
    Category, CategoryLevel, CodeVersion, QrCode, QrCodeOptions, UploadProgress, UploadReceipt,
};
pub use crate::release::{GrayReleasePlan, LibraryUsage, MinLibraryVersion, RollbackVersion, Visit};
pub use crate::template::{AddedTemplate, Template, TemplateDraft};
