//! The effect of `undocodeaudit`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat};
use miniprogram_core::{Audit, AuditId, AuditStatus, AuditTarget, EffectValue, Intent, Result};
use serde_json::{Value, json};

use super::target::{Target, is_open, none_open};
use crate::REFUSE;
use crate::audit_status::{latest_call, read_latest, read_status, status_call};
use crate::endpoints;

const OPERATION: &str = "withdraw_audit";

/// Withdraws the open audit; the call itself does not name one.
pub(crate) struct WithdrawAudit {
    target: Target,
}

impl WithdrawAudit {
    pub(crate) fn new(audit: &AuditTarget) -> Result<Self> {
        Ok(Self { target: Target::new(audit, OPERATION)? })
    }
}

/// Explains why the wanted audit cannot be withdrawn.
fn refusal(latest: &Audit, wanted: &AuditId) -> String {
    match &latest.audit_id {
        Some(id) if id == wanted => format!("audit {id} is {}, not in review", latest.status),
        Some(id) => format!("the latest audit is {id} ({}), not {wanted}", latest.status),
        None => format!("there is no audit (asked for {wanted})"),
    }
}

#[async_trait]
impl EffectPlan for WithdrawAudit {
    fn class(&self) -> EffectClass {
        EffectClass::OneShot
    }

    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.request(&Value::Null)?).after(latest_call()))
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let latest = read_latest(op).await?;
        match (&self.target, &latest.audit_id) {
            (Target::Id(wanted), Some(id)) if id == wanted && is_open(&latest) => {}
            (Target::Id(wanted), _) => return Err(REFUSE.conflict(OPERATION, refusal(&latest, wanted))),
            (Target::Latest, Some(_)) if is_open(&latest) => {}
            (Target::Latest, _) => return Err(none_open(OPERATION, &latest)),
        }
        Ok(json!({ "audit_id": latest.audit_id }))
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::to(&endpoints::WITHDRAW_AUDIT))
    }

    /// The request names no audit: once another one is the latest, it would withdraw that one.
    async fn before_repeat(&self, op: &mut Op<'_>, intent: &Intent) -> Result<()> {
        let ours = self.target.audit(OPERATION, &intent.before)?;
        let latest = read_latest(op).await?;
        match &latest.audit_id {
            Some(id) if *id == ours => Ok(()),
            _ => Err(REFUSE.conflict(OPERATION, refusal(&latest, &ours))),
        }
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let ours = self.target.audit(OPERATION, &intent.before)?;
        let latest = read_latest(op).await?;
        let audit = if latest.audit_id.as_ref().is_some_and(|id| *id != ours) {
            // There has been a new submission: only the audit itself shows how it ended.
            read_status(op, &status_call(&ours, OPERATION)?, &ours).await?
        } else {
            latest
        };
        Ok(match audit.status {
            AuditStatus::Withdrawn | AuditStatus::NotSubmitted => Finding::Done(EffectValue::None),
            AuditStatus::InReview | AuditStatus::Delayed => Finding::Absent,
            AuditStatus::Approved | AuditStatus::Rejected => Finding::Conflict(
                REFUSE
                    .conflict(OPERATION, format!("the verdict came first: audit {ours} is {}", audit.status)),
            ),
            _ => Finding::Pending,
        })
    }

    /// "The latest audit" is another one as soon as something was submitted again.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        if let Target::Id(_) = self.target {
            return Ok(Repeat::Same);
        }
        let ours = self.target.audit(OPERATION, &intent.before)?;
        let latest = read_latest(op).await?;
        Ok(match latest.audit_id {
            Some(id) if id != ours && is_open(&latest) => Repeat::New,
            Some(id) if id != ours && latest.status == AuditStatus::Unknown => {
                Repeat::Indeterminate(format!("the status of audit {id} is not listed"))
            }
            _ => Repeat::Same,
        })
    }
}
