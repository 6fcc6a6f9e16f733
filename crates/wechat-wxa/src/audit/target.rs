//! The audit that an effect targets: the one that the caller names, or the latest one.

use miniprogram_core::{Audit, AuditId, AuditStatus, AuditTarget, Error, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::REFUSE;
use crate::WECHAT;
use crate::audit_status::number;
use miniprogram_core::vendor_api::kit::snapshot::kept;

/// The name of the read of the latest audit in a plan.
pub(super) const LATEST: &str = "get_latest_auditstatus";

/// The targeted audit.
pub(super) enum Target {
    /// The audit with this id.
    Id(AuditId),
    /// The audit that is open; the intent records which one it was before the effect.
    Latest,
}

/// The state read before an effect on the latest audit.
#[derive(Deserialize)]
struct Before {
    audit_id: AuditId,
}

impl Target {
    pub(super) fn new(target: &AuditTarget, operation: &'static str) -> Result<Self> {
        match target {
            AuditTarget::Id(audit) => {
                number(audit, operation)?;
                Ok(Self::Id(audit.clone()))
            }
            AuditTarget::Latest => Ok(Self::Latest),
            _ => Err(Error::unsupported(WECHAT, operation).with_field("audit")),
        }
    }

    /// Returns the audit's id.
    pub(super) fn audit(&self, operation: &'static str, before: &Value) -> Result<AuditId> {
        match self {
            Self::Id(audit) => Ok(audit.clone()),
            Self::Latest => Ok(kept::<Before>(operation, before)?.audit_id),
        }
    }
}

/// Whether the audit has no verdict yet.
pub(super) fn is_open(audit: &Audit) -> bool {
    matches!(audit.status, AuditStatus::InReview | AuditStatus::Delayed)
}

pub(super) fn none_open(operation: &'static str, latest: &Audit) -> Error {
    REFUSE.conflict(operation, format!("no audit is open: the latest is {}", latest.status))
}
