//! Verdicts on an app.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AuditId, Result, Timestamp};

use super::coded;
use crate::values::{Coded, PRIVACY_INTERFACE, PUSHED_VERDICT, PrivacyInterfaceStatus, ReviewStatus};

/// A version passed its audit. Source: vendor document 002 section 6.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditApproved {
    /// `SuccTime`.
    pub approved_at: Option<Timestamp>,
}

impl AuditApproved {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { approved_at: fields.time("SuccTime")? })
    }
}

/// A version failed its audit. Source: vendor document 002 section 6.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditRejected {
    /// `FailTime`.
    pub rejected_at: Option<Timestamp>,
    /// `Reason`: numbered lines that end in a literal `<br>`.
    pub reason: Option<String>,
    /// `ScreenShot`, split at `|`: media ids of the reviewer's screenshots.
    pub screenshots: Vec<String>,
}

impl AuditRejected {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let screenshots = fields.text("ScreenShot")?.unwrap_or_default();
        let screenshots = screenshots.split('|').map(str::trim).filter(|id| !id.is_empty());
        Ok(Self {
            rejected_at: fields.time("FailTime")?,
            reason: reason(fields)?,
            screenshots: screenshots.map(str::to_owned).collect(),
        })
    }
}

/// An audit is delayed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditDelayed {
    /// `DelayTime`.
    pub delayed_at: Option<Timestamp>,
    /// `Reason`.
    pub reason: Option<String>,
}

impl AuditDelayed {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { delayed_at: fields.time("DelayTime")?, reason: reason(fields)? })
    }
}

/// The verdict on a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NicknameAudit {
    /// `ret`.
    pub verdict: Coded<ReviewStatus>,
    /// `nickname`: the name applied for.
    pub nickname: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
}

impl NicknameAudit {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            verdict: coded(fields, "ret", &PUSHED_VERDICT)?,
            nickname: fields.text("nickname")?,
            reason: reason(fields)?,
        })
    }
}

/// The verdict on a category.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CategoryAudit {
    /// `ret`.
    pub verdict: Coded<ReviewStatus>,
    /// `first`: the id of the first-level category.
    pub first: Option<i64>,
    /// `second`: the id of the second-level category.
    pub second: Option<i64>,
    /// `reason`.
    pub reason: Option<String>,
}

impl CategoryAudit {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            verdict: coded(fields, "ret", &PUSHED_VERDICT)?,
            first: fields.number("first")?,
            second: fields.number("second")?,
            reason: reason(fields)?,
        })
    }
}

/// The verdict on the use of a privacy interface.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrivacyAudit {
    /// `result_info.status`.
    pub status: Coded<PrivacyInterfaceStatus>,
    /// `result_info.api_name`: the interface, such as `wx.choosePoi`.
    pub api_name: Option<String>,
    /// `result_info.audit_id`.
    pub audit_id: Option<AuditId>,
    /// `result_info.apply_time`.
    pub applied_at: Option<Timestamp>,
    /// `result_info.audit_time`.
    pub audited_at: Option<Timestamp>,
    /// `result_info.reason`.
    pub reason: Option<String>,
}

impl PrivacyAudit {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let result = fields.required("result_info", Fields::object)?;
        Ok(Self {
            status: coded(&result, "status", &PRIVACY_INTERFACE)?,
            api_name: result.text("api_name")?,
            audit_id: result.id("audit_id")?.map(AuditId::from),
            applied_at: result.time("apply_time")?,
            audited_at: result.time("audit_time")?,
            reason: result.text("reason")?,
        })
    }
}

/// Reads `Reason` of a version's audit, `reason` of the others.
fn reason(fields: &Fields<'_>) -> Result<Option<String>> {
    Ok(fields.text("Reason")?.or(fields.text("reason")?))
}
