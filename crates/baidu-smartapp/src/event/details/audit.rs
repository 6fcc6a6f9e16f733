//! Verdicts.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AuditId, PackageId, Result};

use super::reason;

/// A verdict that carries only the vendor's message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether it passed, by the event's name.
    pub approved: bool,
    /// `reason`, spelled `reson` in some pushes: the vendor's message.
    pub reason: Option<String>,
}

impl Verdict {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { approved, reason: reason(fields)? })
    }
}

/// A permission was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancellation {
    /// `reason`, spelled `reson` in some pushes: the vendor's message.
    pub reason: Option<String>,
}

impl Cancellation {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { reason: reason(fields)? })
    }
}

/// The verdict on a code package. Source: vendor documents 000 and 001, audit push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `packageId`. Older pushes do not name a package: look up the one in review.
    pub package_id: Option<PackageId>,
    /// `packageVersion`.
    pub version: Option<String>,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl PackageAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            approved,
            package_id: fields.id("packageId")?.map(PackageId::from),
            version: fields.text("packageVersion")?,
            reason: reason(fields)?,
        })
    }
}

/// The verdict on a name. Source: vendor document 003, name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `appName`, in newer pushes: the name.
    pub name: Option<String>,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl NameAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { approved, name: fields.text("appName")?, reason: reason(fields)? })
    }
}

/// The verdict on changed information of an app taken offline. Source: vendor document 003, offline update.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfflineUpdateAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `examineId`: the review assigned to the update.
    pub examine_id: Option<AuditId>,
    /// `reason`, spelled `reson` in the vendor's sample: the vendor's message.
    pub reason: Option<String>,
}

impl OfflineUpdateAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { approved, examine_id: fields.id("examineId")?.map(AuditId::from), reason: reason(fields)? })
    }
}

/// The verdict on a sub-chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubchainAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `subchainId`.
    pub subchain_id: String,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl SubchainAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        let subchain_id = fields.required("subchainId", Fields::text)?;
        Ok(Self { approved, subchain_id, reason: reason(fields)? })
    }
}

/// The verdict on a brand word.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrandWordAudit {
    /// Whether it was accepted.
    pub approved: bool,
    /// `word`.
    pub word: String,
    /// `type`: the vendor's number, whose meanings are not published.
    pub word_type: Option<i64>,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl BrandWordAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            approved,
            word: fields.required("word", Fields::text)?,
            word_type: fields.number("type")?,
            reason: reason(fields)?,
        })
    }
}

/// The verdict on a search path and its keywords.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchPathAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `path`.
    pub path: String,
    /// `examineId`: the review.
    pub examine_id: Option<AuditId>,
    /// `keywordsList`: the result for each keyword.
    pub keywords: Vec<SearchKeyword>,
    /// `reason`: the vendor's message, also present if it passed.
    pub reason: Option<String>,
}

impl SearchPathAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        let keywords = fields.objects("keywordsList")?.unwrap_or_default();
        Ok(Self {
            approved,
            path: fields.required("path", Fields::text)?,
            examine_id: fields.id("examineId")?.map(AuditId::from),
            keywords: keywords.iter().map(SearchKeyword::read).collect::<Result<_>>()?,
            reason: reason(fields)?,
        })
    }
}

/// The result for one keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchKeyword {
    /// `keywords`.
    pub keyword: String,
    /// `auditResult` as it was sent; its values are not published.
    pub audit_result: Option<String>,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl SearchKeyword {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            keyword: fields.required("keywords", Fields::text)?,
            audit_result: fields.text("auditResult")?,
            reason: reason(fields)?,
        })
    }
}
