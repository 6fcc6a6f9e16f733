//! The effect of `withdraw_audit`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat};
use miniprogram_core::{AuditId, AuditStatus, AuditTarget, EffectValue, Error, Intent, Result};
use serde_json::{Value, json};

use super::latest_of;
use crate::endpoints;
use crate::package::{
    self, APPROVED, DEVELOPMENT, IN_REVIEW, ONLINE, Packages, REJECTED, ROLLING_BACK, look_at,
};
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "withdraw_audit";

/// `package/withdraw`.
#[derive(Debug)]
pub(crate) struct WithdrawAudit {
    /// The audit; `None` means the one in review.
    audit: Option<AuditId>,
}

impl WithdrawAudit {
    pub(crate) fn new(target: &AuditTarget) -> Result<Self> {
        let audit = match target {
            AuditTarget::Id(audit) => {
                REFUSE.required(OPERATION, "audit_id", audit.as_str())?;
                Some(audit.clone())
            }
            AuditTarget::Latest => None,
            _ => return Err(Error::unsupported(BAIDU, OPERATION).with_field("audit")),
        };
        Ok(Self { audit })
    }

    /// Builds the request. Source: document 001, `package/withdraw`.
    fn call(audit: &str) -> Call {
        let fields = vec![("package_id".into(), audit.to_owned())];
        Call::to(&endpoints::WITHDRAW_AUDIT).with_form(fields)
    }

    /// Returns the audit that the caller names, or the one that was in review before the effect.
    fn audit<'a>(&'a self, before: &'a Value) -> Result<&'a str> {
        match &self.audit {
            Some(audit) => Ok(audit.as_str()),
            None => package::id_in(OPERATION, before),
        }
    }
}

#[async_trait]
impl EffectPlan for WithdrawAudit {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(match &self.audit {
            Some(audit) => Preview::new(Self::call(audit.as_str())),
            None => package::looked_up(Self::call("")),
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        if self.audit.is_some() {
            return Ok(Value::Null);
        }
        let latest = latest_of(&Packages::read(op).await?);
        match latest.audit_id {
            Some(audit) if latest.status == AuditStatus::InReview => Ok(json!({ "package_id": audit })),
            _ => {
                Err(REFUSE.conflict(OPERATION, format!("no audit is open: the latest is {}", latest.status)))
            }
        }
    }

    fn request(&self, before: &Value) -> Result<Call> {
        Ok(Self::call(self.audit(before)?))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let audit = self.audit(&intent.before)?;
        let verdict = |verdict: &str| {
            let why = format!("the verdict came first: package {audit} {verdict}");
            Finding::Conflict(REFUSE.conflict(OPERATION, why))
        };
        let Some(package) = look_at(op, audit).await? else { return Ok(Finding::Absent) };
        Ok(match package.status() {
            Some(DEVELOPMENT) => Finding::Done(EffectValue::None),
            Some(IN_REVIEW) => Finding::Absent,
            Some(REJECTED) => verdict("was rejected"),
            Some(APPROVED | ONLINE | ROLLING_BACK) => verdict("was approved"),
            None => Finding::Untold("data.status"),
            Some(_) => Finding::Pending,
        })
    }

    /// "The latest audit" is another one as soon as something is in review again.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        if self.audit.is_some() {
            return Ok(Repeat::Same);
        }
        let Some(packages) = Packages::look(op).await? else {
            return Ok(Repeat::Indeterminate("`data` is missing".to_owned()));
        };
        let ours = package::id_in(OPERATION, &intent.before)?;
        if let Some(open) = packages.newest(IN_REVIEW) {
            let is_ours = open.package_id.as_ref().is_some_and(|id| id.as_str() == ours);
            return Ok(match is_ours {
                // A list that is late, or the same package submitted again.
                true => Repeat::Indeterminate(format!("package {ours} was withdrawn, and is in review")),
                false => Repeat::New,
            });
        }
        let untold = packages.0.iter().any(|package| package.status().is_none() && !package.is_under_way());
        Ok(match untold {
            true => Repeat::Indeterminate("`data.status` of a package is missing".to_owned()),
            false => Repeat::Same,
        })
    }
}
