//! [`AuditManager`] at Baidu: `package/submitaudit`, `package/withdraw`, `package/getdetail`, `package/auditquota`.

mod options;
mod submit;
mod withdraw;

use async_trait::async_trait;
use miniprogram_core::model::{AuditQuota, CheckResult, CheckTarget};
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Reply};
use miniprogram_core::{Audit, AuditId, AuditManager, ErrorKind, Result};

pub use options::SubmitOptions;
pub(crate) use submit::SubmitAudit;
pub(crate) use withdraw::WithdrawAudit;

use crate::client::BaiduApp;
use crate::codes::{PACKAGE_AUDIT, QUOTA_PERIOD};
use crate::endpoints;
use crate::package::{self, APPROVED, IN_REVIEW, ONLINE, Package, Packages, REJECTED, ROLLING_BACK};
use crate::{REFUSE, checks, reply};

#[async_trait]
impl AuditManager for BaiduApp {
    async fn audit_status(&self, audit: &AuditId) -> Result<Audit> {
        REFUSE.required("audit_status", "audit_id", audit.as_str())?;
        let mut op = self.pipeline.begin(&self.app, "audit_status");
        let package = package::read_detail(&mut op, audit.as_str()).await?;
        match audit_of(package, Some(audit)) {
            Some(audit) => Ok(audit),
            None => Err(op
                .failure(ErrorKind::Protocol)
                .with_field("data.status")
                .with_detail("is missing: the package may still be processed")),
        }
    }

    async fn latest_audit(&self) -> Result<Audit> {
        let mut op = self.pipeline.begin(&self.app, "latest_audit");
        Ok(latest_of(&Packages::read(&mut op).await?))
    }

    async fn audit_quota(&self) -> Result<AuditQuota> {
        let mut op = self.pipeline.begin(&self.app, "audit_quota");
        quota(&op.read(&quota_call()).await?)
    }

    async fn submission_checks(&self, target: &CheckTarget) -> Vec<CheckResult> {
        checks::checks(self, target).await
    }
}

/// Returns the newest audit from the list: the one in review, otherwise the newest verdict, otherwise what is online.
fn latest_of(packages: &Packages) -> Audit {
    let verdicts = package::newest(
        packages.0.iter().filter(|package| matches!(package.status(), Some(REJECTED | APPROVED))),
    );
    let latest = packages
        .newest(IN_REVIEW)
        .or(verdicts)
        .or_else(|| packages.newest(ONLINE))
        .or_else(|| packages.newest(ROLLING_BACK));
    latest.and_then(|package| audit_of(package.clone(), None)).unwrap_or_else(Audit::not_submitted)
}

/// Converts a package to an audit; `None` if it has no status.
fn audit_of(package: Package, asked: Option<&AuditId>) -> Option<Audit> {
    let (status, raw) = PACKAGE_AUDIT.translate(package.status()?);
    let id = package.package_id.map(AuditId::from).or_else(|| asked.cloned());
    Some(
        Audit::new(id, status, Some(raw))
            .with_reason(package.audit_message)
            .with_version(package.version)
            .with_description(package.description.filter(|text| !text.is_empty())),
    )
}

/// `package/auditquota`. Not in documents 000 and 001; source: Baidu's current SDKs.
fn quota_call() -> Call {
    Call::to(&endpoints::AUDIT_QUOTA)
}

/// -1 means that there is no limit.
fn quota(reply: &Reply) -> Result<AuditQuota> {
    let mut fields = reply::fields(reply)?;
    let left = fields.required("remain_times", Fields::number)?;
    let limit = fields.number("quota_times");
    let answer = if left == -1 || limit == Some(-1) {
        AuditQuota::new(None)
    } else {
        let number = |field, value: i64| {
            let why = format!("is {value}, not a number of submissions");
            u64::try_from(value).map_err(|_| fields.wrong(field, &why))
        };
        let left = number("remain_times", left)?;
        let limit = limit.map(|limit| number("quota_times", limit)).transpose()?;
        let mut answer = AuditQuota::new(Some((left, limit.unwrap_or(left))));
        answer.limit = limit;
        answer
    };
    Ok(match fields.number("quota_type") {
        Some(code) => {
            let (period, raw) = QUOTA_PERIOD.translate(code);
            answer.with_period(period, Some(raw))
        }
        None => answer,
    })
}
