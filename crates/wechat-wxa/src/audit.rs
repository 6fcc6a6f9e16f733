//! Audits: submitting, querying, withdrawing, expediting.

mod expedite;
mod options;
mod submit;
mod target;
mod withdraw;

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, Op, Reply};
use miniprogram_core::{Audit, AuditId, AuditManager, AuditQuota, QuotaPeriod, Result};
use serde_json::{Value, json};

pub(crate) use expedite::ExpediteAudit;
pub use options::{AuditItem, SubmitOptions, UgcDeclare};
pub(crate) use submit::SubmitAudit;
pub(crate) use withdraw::WithdrawAudit;

use crate::REFUSE;
use crate::client::WeChatApp;
use crate::codes::AUDIT;
use crate::dialect::whole;
use crate::endpoints;
use crate::wire::{self, AuditReply};

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
            .with_expedite(quota.speedup_rest, quota.speedup_limit)
            .with_period(QuotaPeriod::Month, None);
        read.limit = quota.limit;
        Ok(read)
    }
}

/// The call that reads the newest audit.
pub(crate) fn latest_call() -> Call {
    Call::to(&endpoints::LATEST_AUDIT)
}

/// Reads the newest audit; returns `not_submitted` if the vendor reports that there is none.
pub(crate) async fn read_latest(op: &mut Op<'_>) -> Result<Audit> {
    latest_of(&op.read(&latest_call()).await?)
}

/// Reads the newest audit from a response. The dialect lets the codes for "never submitted" through.
pub(crate) fn latest_of(reply: &Reply) -> Result<Audit> {
    if reply.json.get("errcode").and_then(whole) != Some(0) {
        return Ok(Audit::not_submitted());
    }
    let mut wire: AuditReply = reply.decode()?;
    match wire.auditid.take() {
        Some(id) => audit(reply, id, wire),
        None => Err(reply.missing("auditid")),
    }
}

/// The call that reads the status of one audit; the vendor requires its id as a number.
fn status_call(audit: &AuditId, operation: &'static str) -> Result<Call> {
    let body = json!({ "auditid": number(audit, operation)? });
    Ok(Call::to(&endpoints::AUDIT_STATUS).with_json(&body))
}

async fn read_status(op: &mut Op<'_>, call: &Call, id: &AuditId) -> Result<Audit> {
    let reply = op.read(call).await?;
    audit(&reply, id.clone(), reply.decode()?)
}

/// Converts the id to the number that WeChat requires; it refuses a string.
pub(crate) fn number(audit: &AuditId, operation: &'static str) -> Result<Value> {
    audit.as_number().map(Value::from).ok_or_else(|| {
        let rule = format!("must be a number from 1 to 9223372036854775807, is {:?}", audit.as_str());
        REFUSE.invalid(operation, "audit_id", rule)
    })
}

fn audit(reply: &Reply, id: AuditId, wire: AuditReply) -> Result<Audit> {
    let status = wire.status.ok_or_else(|| reply.missing("status"))?;
    let (status, raw) = AUDIT.translate(status);
    let mut screenshots: Vec<String> = Vec::new();
    for list in [wire.screenshot, wire.screen_shot].into_iter().flatten() {
        for media in list.split('|').map(str::trim).filter(|media| !media.is_empty()) {
            if !screenshots.iter().any(|known| known == media) {
                screenshots.push(media.to_owned());
            }
        }
    }
    Ok(Audit::new(Some(id), status, Some(raw))
        .with_reason(wire.reason)
        .with_screenshots(screenshots)
        .with_version(wire.user_version)
        .with_description(wire.user_desc)
        .with_submitted_at(wire::time(wire.submit_audit_time)))
}
