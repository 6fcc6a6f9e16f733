//! The effect of `speedupaudit`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::pipeline::{AfterRefusal, Call, EffectClass, EffectPlan, Op, Preview};
use miniprogram_core::{AuditTarget, Code, EffectValue, Error, Intent, Result};
use serde_json::{Value, json};

use super::target::{LATEST, Target, is_open, none_open};
use crate::audit_status::{latest_call, number, read_latest};
use crate::endpoints;

const OPERATION: &str = "expedite_audit";
/// The code for an audit that is already expedited.
const DONE_ALREADY: Code = Code::Number(89404);

/// No query shows whether an audit is expedited. After an unknown outcome the request is repeated, and the vendor's
/// "done already" settles it.
pub(crate) struct ExpediteAudit {
    target: Target,
}

impl ExpediteAudit {
    pub(crate) fn new(audit: &AuditTarget) -> Result<Self> {
        Ok(Self { target: Target::new(audit, OPERATION)? })
    }
}

fn call(audit: &Value) -> Call {
    Call::to(&endpoints::EXPEDITE_AUDIT).with_json(&json!({ "auditid": audit }))
}

#[async_trait]
impl EffectPlan for ExpediteAudit {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(match &self.target {
            Target::Id(audit) => Preview::new(call(&number(audit, OPERATION)?)),
            Target::Latest => {
                Preview::new(call(&Value::Null)).after(latest_call()).with_value_of("auditid", LATEST)
            }
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        if let Target::Id(_) = self.target {
            return Ok(Value::Null);
        }
        let latest = read_latest(op).await?;
        match &latest.audit_id {
            Some(audit) if is_open(&latest) => Ok(json!({ "audit_id": audit })),
            _ => Err(none_open(OPERATION, &latest)),
        }
    }

    fn request(&self, before: &Value) -> Result<Call> {
        Ok(call(&number(&self.target.audit(OPERATION, before)?, OPERATION)?))
    }

    fn after_refusal(&self, _intent: &Intent, refusal: &Error) -> AfterRefusal {
        if refusal.code() == Some(&DONE_ALREADY) {
            AfterRefusal::Done(EffectValue::None)
        } else {
            // No allowance left, or a verdict in the meantime: the previous attempt may have caused either.
            AfterRefusal::Ask
        }
    }
}
