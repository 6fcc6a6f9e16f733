//! The effect of `speedupaudit`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{AfterRefusal, Call, EffectClass, EffectPlan};
use miniprogram_core::{AuditId, Code, EffectValue, Error, Intent, Result};
use serde_json::{Value, json};

use super::number;
use crate::plan::WeChatEffect;

const OPERATION: &str = "expedite_audit";
/// The code that says that the audit is expedited already.
const DONE_ALREADY: Code = Code::Number(89404);

/// No query shows whether an audit is expedited: after an unknown outcome it is asked for again, and the vendor's
/// "done already" settles it.
pub(crate) struct ExpediteAudit {
    audit: Value,
}

impl ExpediteAudit {
    pub(crate) fn new(audit: &AuditId) -> Result<Self> {
        Ok(Self { audit: number(audit, OPERATION)? })
    }
}

impl WeChatEffect for ExpediteAudit {}

#[async_trait]
impl EffectPlan for ExpediteAudit {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::post_json(OPERATION, "/wxa/speedupaudit", &json!({ "auditid": self.audit })))
    }

    fn after_refusal(&self, _intent: &Intent, refusal: &Error) -> AfterRefusal {
        if refusal.code() == Some(&DONE_ALREADY) {
            AfterRefusal::Done(EffectValue::None)
        } else {
            // No allowance left, or a verdict meanwhile: the attempt before may be what brought that about.
            AfterRefusal::Ask
        }
    }
}
