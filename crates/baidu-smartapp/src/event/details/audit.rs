//! Verdicts.

use miniprogram_core::event::Fields;
use miniprogram_core::{AuditId, PackageId, Result};

use super::reason;

/// A verdict that carries nothing but the vendor's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether it passed, by the event's name.
    pub approved: bool,
    /// `reason`, or `reson` as some pushes write it: the vendor's words.
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
    /// `reason`, or `reson` as some pushes write it: the vendor's words.
    pub reason: Option<String>,
}

impl Cancellation {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { reason: reason(fields)? })
    }
}

/// Verdict on a code package. Source: vendor documents 000 and 001, audit push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `packageId`. Older pushes name no package: look the one in review up.
    pub package_id: Option<PackageId>,
    /// `packageVersion`.
    pub version: Option<String>,
    /// `reason`: the vendor's words.
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

/// Verdict on a name. Source: vendor document 003, name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `appName`, in newer pushes: the name.
    pub name: Option<String>,
    /// `reason`: the vendor's words.
    pub reason: Option<String>,
}

impl NameAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { approved, name: fields.text("appName")?, reason: reason(fields)? })
    }
}

/// Verdict on changed information of an app taken offline. Source: vendor document 003, offline update.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfflineUpdateAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `examineId`: the review that the update was given.
    pub examine_id: Option<AuditId>,
    /// `reason`, or `reson` as the vendor's sample writes it: the vendor's words.
    pub reason: Option<String>,
}

impl OfflineUpdateAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { approved, examine_id: fields.id("examineId")?.map(AuditId::from), reason: reason(fields)? })
    }
}

/// Verdict on a sub-chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubchainAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `subchainId`.
    pub subchain_id: String,
    /// `reason`: the vendor's words.
    pub reason: Option<String>,
}

impl SubchainAudit {
    pub(super) fn read(approved: bool, fields: &Fields<'_>) -> Result<Self> {
        let subchain_id = fields.required("subchainId", Fields::text)?;
        Ok(Self { approved, subchain_id, reason: reason(fields)? })
    }
}

/// Verdict on a brand word.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrandWordAudit {
    /// Whether it was accepted.
    pub approved: bool,
    /// `word`.
    pub word: String,
    /// `type`: the vendor's number, whose meanings are not published.
    pub word_type: Option<i64>,
    /// `reason`: the vendor's words.
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

/// Verdict on a search path and its keywords.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchPathAudit {
    /// Whether it passed.
    pub approved: bool,
    /// `path`.
    pub path: String,
    /// `examineId`: the review.
    pub examine_id: Option<AuditId>,
    /// `keywordsList`: what became of each keyword.
    pub keywords: Vec<SearchKeyword>,
    /// `reason`: the vendor's words, also where it passed.
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

/// What became of one keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchKeyword {
    /// `keywords`.
    pub keyword: String,
    /// `auditResult` as it was sent; its values are not published.
    pub audit_result: Option<String>,
    /// `reason`: the vendor's words.
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
