//! Order paths: the pages on which apps show orders. One push covers many apps.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AppId, AuditId, Result, Timestamp};

use super::{app_id, coded, coded_if_told};
use crate::values::{Coded, ORDER_PATH, ORDER_PATH_APPLICATION, OrderPathTaken, ReviewStatus};

/// The result of one app's application.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderPathApplication {
    /// `appid`.
    pub app_id: AppId,
    /// `ret_code`.
    pub result: Coded<OrderPathTaken>,
}

impl OrderPathApplication {
    pub(super) fn read(item: &Fields<'_>) -> Result<Self> {
        Ok(Self { app_id: app_id(item, "appid")?, result: coded(item, "ret_code", &ORDER_PATH_APPLICATION)? })
    }
}

/// The verdict on one app's order path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderPathAudit {
    /// `appid`.
    pub app_id: AppId,
    /// `audit_id`.
    pub audit_id: Option<AuditId>,
    /// `status`; WeChat omits it at times; query it in that case.
    pub status: Option<Coded<ReviewStatus>>,
    /// `apply_time`.
    pub applied_at: Option<Timestamp>,
    /// `audit_time`.
    pub audited_at: Option<Timestamp>,
    /// `reason`.
    pub reason: Option<String>,
}

impl OrderPathAudit {
    pub(super) fn read(item: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            app_id: app_id(item, "appid")?,
            audit_id: item.id("audit_id")?.map(AuditId::from),
            status: coded_if_told(item, "status", &ORDER_PATH)?,
            applied_at: item.time("apply_time")?,
            audited_at: item.time("audit_time")?,
            reason: item.text("reason")?,
        })
    }
}
