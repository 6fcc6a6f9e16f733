//! The audit that an effect is about: the one that the caller names, or the latest one.

use miniprogram_core::{Audit, AuditId, AuditStatus, AuditTarget, Error, Result};
use serde::Deserialize;
use serde_json::Value;

use super::number;
use crate::WECHAT;
use crate::before::seen;
use crate::refuse::conflict;

/// What a plan calls the read of the latest audit.
pub(super) const LATEST: &str = "get_latest_auditstatus";

/// Which audit.
pub(super) enum Target {
    /// That one.
    Id(AuditId),
    /// The one that is open; which it was before the effect, the intent keeps.
    Latest,
}

/// What was read before an effect on the latest audit.
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

    /// The audit's id.
    pub(super) fn audit(&self, operation: &'static str, before: &Value) -> Result<AuditId> {
        match self {
            Self::Id(audit) => Ok(audit.clone()),
            Self::Latest => Ok(seen::<Before>(operation, before)?.audit_id),
        }
    }
}

/// Whether there is no verdict yet.
pub(super) fn is_open(audit: &Audit) -> bool {
    matches!(audit.status, AuditStatus::InReview | AuditStatus::Delayed)
}

pub(super) fn none_open(operation: &'static str, latest: &Audit) -> Error {
    conflict(operation, format!("no audit is open: the latest is {}", latest.status))
}
