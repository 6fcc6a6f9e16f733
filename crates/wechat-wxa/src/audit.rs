//! Audits: submitting, querying, withdrawing, expediting.

mod expedite;
mod options;
mod submit;
mod target;
mod withdraw;

use async_trait::async_trait;
use miniprogram_core::model::{AuditQuota, CheckResult, CheckTarget, QuotaPeriod};
use miniprogram_core::vendor_api::pipeline::Call;
use miniprogram_core::{Audit, AuditId, AuditManager, Result};

pub(crate) use expedite::ExpediteAudit;
pub use options::{AuditItem, SubmitOptions, UgcDeclare};
pub(crate) use submit::SubmitAudit;
pub(crate) use withdraw::WithdrawAudit;

use crate::audit_status::{read_latest, read_status, status_call};
use crate::client::WeChatApp;
use crate::{checks, endpoints, wire};

#[async_trait]
impl AuditManager for WeChatApp {
    async fn audit_status(&self, audit: &AuditId) -> Result<Audit> {
        let call = status_call(audit, "audit_status")?;
        read_status(&mut self.begin("audit_status"), &call, audit).await
    }

    async fn latest_audit(&self) -> Result<Audit> {
        read_latest(&mut self.begin("latest_audit")).await
    }

    async fn audit_quota(&self) -> Result<AuditQuota> {
        let call = Call::to(&endpoints::AUDIT_QUOTA);
        let reply = self.begin("audit_quota").read(&call).await?;
        let quota: wire::Quota = reply.decode()?;
        let rest = quota.rest.ok_or_else(|| reply.missing("rest"))?;
        let mut read = AuditQuota::new(Some((rest, quota.limit.unwrap_or(rest))))
            .shared()
            .with_expedite(quota.speedup_rest, quota.speedup_limit)
            .with_period(QuotaPeriod::Month, None);
        read.limit = quota.limit;
        Ok(read)
    }

    async fn submission_checks(&self, target: &CheckTarget) -> Vec<CheckResult> {
        checks::checks(self, target).await
    }
}
