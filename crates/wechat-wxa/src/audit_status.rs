//! Reads of audits and their status, which code, audits and releases look at.

use miniprogram_core::vendor_api::pipeline::{Call, Op, Reply};
use miniprogram_core::{Audit, AuditId, AuditStatus, Result};
use serde_json::{Value, json};

use crate::codes::AUDIT;
use crate::dialect::whole;
use crate::wire::{self, AuditReply};
use crate::{REFUSE, endpoints};

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

/// Refuses unless the wanted audit is the newest one and approved: what a release acts on, although its request names
/// no audit.
pub(crate) fn expect_approved(operation: &'static str, latest: &Audit, wanted: &AuditId) -> Result<()> {
    let why = match &latest.audit_id {
        Some(id) if id != wanted => format!("the latest audit is {id} ({}), not {wanted}", latest.status),
        Some(_) if latest.status == AuditStatus::Approved => return Ok(()),
        Some(id) => format!("audit {id} is {}, not approved", latest.status),
        None => format!("there is no audit (asked for {wanted})"),
    };
    Err(REFUSE.conflict(operation, why))
}

/// The call that reads the status of one audit; the vendor requires its id as a number.
pub(crate) fn status_call(audit: &AuditId, operation: &'static str) -> Result<Call> {
    let body = json!({ "auditid": number(audit, operation)? });
    Ok(Call::to(&endpoints::AUDIT_STATUS).with_json(&body))
}

pub(crate) async fn read_status(op: &mut Op<'_>, call: &Call, id: &AuditId) -> Result<Audit> {
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
