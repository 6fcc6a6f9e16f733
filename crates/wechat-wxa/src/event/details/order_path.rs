//! Order paths: where an app shows its orders. One push speaks of many apps.

use miniprogram_core::event::Fields;
use miniprogram_core::{AppId, AuditId, Result, Timestamp, numbered};

use super::app_id;

/// What became of one app's application.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderPathApplication {
    /// `appid`.
    pub app_id: AppId,
    /// `ret_code`.
    pub result: OrderPathResult,
}

impl OrderPathApplication {
    pub(super) fn read(item: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            app_id: app_id(item, "appid")?,
            result: OrderPathResult::from_code(item.required("ret_code", Fields::number)?),
        })
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
    /// `status`; WeChat leaves it out at times, then ask for it.
    pub status: Option<OrderPathStatus>,
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
            audit_id: item.text("audit_id")?.map(AuditId::from),
            status: item.number("status")?.map(OrderPathStatus::from_code),
            applied_at: item.time("apply_time")?,
            audited_at: item.time("audit_time")?,
            reason: item.text("reason")?,
        })
    }
}

numbered! {
    /// `ret_code` of an application for an order path.
    pub enum OrderPathResult {
        /// It was accepted.
        Accepted = 0,
        /// One is open already.
        Duplicate = 1,
        /// WeChat was busy.
        Busy = -1,
        /// The app's id is not valid.
        AppIdNotValid = -2,
    }

    /// `status` of an order path.
    pub enum OrderPathStatus {
        /// In review.
        InReview = 2,
        /// It failed.
        Rejected = 3,
        /// It passed.
        Approved = 4,
    }
}
