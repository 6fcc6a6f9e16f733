//! The effect of `withdraw_audit`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op};
use miniprogram_core::{AuditId, EffectValue, Intent, Result};
use serde_json::Value;

use crate::package::{APPROVED, DEVELOPMENT, IN_REVIEW, ONLINE, REJECTED, ROLLING_BACK, look_at};
use crate::refuse;

const OPERATION: &str = "withdraw_audit";

/// `package/withdraw`.
#[derive(Debug)]
pub(crate) struct WithdrawAudit {
    audit: AuditId,
}

impl WithdrawAudit {
    pub(crate) fn new(audit: &AuditId) -> Result<Self> {
        refuse::required(OPERATION, "audit_id", audit.as_str())?;
        Ok(Self { audit: audit.clone() })
    }

    /// The request. Source: document 001, `package/withdraw`.
    pub(crate) fn call(&self) -> Call {
        let fields = vec![("package_id".into(), self.audit.to_string())];
        Call::post_form(OPERATION, "/rest/2.0/smartapp/package/withdraw", fields)
    }
}

#[async_trait]
impl EffectPlan for WithdrawAudit {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let verdict = |verdict: &str| {
            let why = format!("the verdict came first: package {} {verdict}", self.audit);
            Finding::Conflict(refuse::conflict(OPERATION, why))
        };
        let Some(package) = look_at(op, self.audit.as_str()).await? else { return Ok(Finding::Absent) };
        Ok(match package.status() {
            Some(DEVELOPMENT) => Finding::Done(EffectValue::None),
            Some(IN_REVIEW) => Finding::Absent,
            Some(REJECTED) => verdict("was rejected"),
            Some(APPROVED | ONLINE | ROLLING_BACK) => verdict("was approved"),
            None => Finding::Untold("data.status"),
            Some(_) => Finding::Pending,
        })
    }
}
