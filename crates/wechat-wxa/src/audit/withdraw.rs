//! The effect of `undocodeaudit`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op};
use miniprogram_core::{Audit, AuditId, AuditStatus, EffectValue, Intent, Result};
use serde_json::{Value, json};

use super::{latest_call, number, read_latest, read_status, status_call};
use crate::plan::WeChatEffect;
use crate::refuse::conflict;

const OPERATION: &str = "withdraw_audit";

/// Withdraws the audit that is open; the call itself names none.
pub(crate) struct WithdrawAudit {
    audit: AuditId,
}

impl WithdrawAudit {
    pub(crate) fn new(audit: &AuditId) -> Result<Self> {
        number(audit, OPERATION)?;
        Ok(Self { audit: audit.clone() })
    }

    fn is_ours(&self, latest: &Audit) -> bool {
        latest.audit_id.as_ref() == Some(&self.audit)
    }
}

impl WeChatEffect for WithdrawAudit {
    fn reads(&self) -> Vec<Call> {
        vec![latest_call()]
    }
}

#[async_trait]
impl EffectPlan for WithdrawAudit {
    fn class(&self) -> EffectClass {
        EffectClass::OneShot
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let latest = read_latest(op).await?;
        let open = matches!(latest.status, AuditStatus::InReview | AuditStatus::Delayed);
        if self.is_ours(&latest) && open {
            return Ok(json!({ "audit_id": self.audit }));
        }
        let detail = match &latest.audit_id {
            Some(id) if *id == self.audit => format!("audit {id} is {}, not in review", latest.status),
            Some(id) => format!("the latest audit is {id} ({}), not {}", latest.status, self.audit),
            None => format!("there is no audit, {} least of all", self.audit),
        };
        Err(conflict(OPERATION, detail))
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::get(OPERATION, "/wxa/undocodeaudit"))
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let latest = read_latest(op).await?;
        let audit = if latest.audit_id.is_some() && !self.is_ours(&latest) {
            // Somebody has submitted again: only the audit itself can tell how it ended.
            read_status(op, &status_call(&self.audit, OPERATION)?, &self.audit).await?
        } else {
            latest
        };
        Ok(match audit.status {
            AuditStatus::Withdrawn | AuditStatus::NotSubmitted => Finding::Done(EffectValue::None),
            AuditStatus::InReview | AuditStatus::Delayed => Finding::Absent,
            AuditStatus::Approved | AuditStatus::Rejected => Finding::Conflict(conflict(
                OPERATION,
                format!("the verdict came first: audit {} is {}", self.audit, audit.status),
            )),
            _ => Finding::Pending,
        })
    }
}
