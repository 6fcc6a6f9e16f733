//! Violations and appeals.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AppId, Result, Timestamp};

use super::coded_if_told;
use crate::values::{APPEAL_SOURCE, AppealSource, Coded};

/// An app broke a rule. The fields are those of the records on WeChat's page on violations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IllegalRecord {
    /// `illegal_record_id`: the record that an appeal is made against.
    pub illegal_record_id: String,
    /// `appid`: the app.
    pub app_id: Option<AppId>,
    /// `create_time`: when the app was penalized.
    pub created_at: Option<Timestamp>,
    /// `illegal_reason`.
    pub reason: Option<String>,
    /// `illegal_content`.
    pub content: Option<String>,
    /// `rule_name`.
    pub rule_name: Option<String>,
    /// `rule_url`.
    pub rule_url: Option<String>,
}

impl IllegalRecord {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            illegal_record_id: fields.required("illegal_record_id", Fields::text)?,
            app_id: fields.text("appid")?.map(AppId::from),
            created_at: fields.time("create_time")?,
            reason: fields.text("illegal_reason")?,
            content: fields.text("illegal_content")?,
            rule_name: fields.text("rule_name")?,
            rule_url: fields.text("rule_url")?,
        })
    }
}

/// An appeal was made or decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppealRecord {
    /// `appeal_record_id`.
    pub appeal_record_id: String,
    /// `appid`: the app.
    pub app_id: Option<AppId>,
    /// `appeal_time`.
    pub appealed_at: Option<Timestamp>,
    /// `appeal_count`: the number of this appeal.
    pub count: Option<i64>,
    /// `appeal_from`: who made the appeal.
    pub source: Option<Coded<AppealSource>>,
    /// `appeal_status`: the vendor's number.
    pub status: Option<i64>,
    /// `punish_description`.
    pub punishment: Option<String>,
    /// `audit_reason`.
    pub audit_reason: Option<String>,
    /// `material`, which is repeated.
    pub materials: Vec<AppealMaterial>,
}

impl AppealRecord {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let materials = fields.objects("material")?.unwrap_or_default();
        Ok(Self {
            appeal_record_id: fields.required("appeal_record_id", Fields::text)?,
            app_id: fields.text("appid")?.map(AppId::from),
            appealed_at: fields.time("appeal_time")?,
            count: fields.number("appeal_count")?,
            source: coded_if_told(fields, "appeal_from", &APPEAL_SOURCE)?,
            status: fields.number("appeal_status")?,
            punishment: fields.text("punish_description")?,
            audit_reason: fields.text("audit_reason")?,
            materials: materials.iter().map(AppealMaterial::read).collect::<Result<_>>()?,
        })
    }
}

/// The subject of an appeal, and its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppealMaterial {
    /// `illegal_material`.
    pub illegal: Option<IllegalMaterial>,
    /// `appeal_material`.
    pub evidence: Option<AppealEvidence>,
}

impl AppealMaterial {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            illegal: fields.object("illegal_material")?.as_ref().map(IllegalMaterial::read).transpose()?,
            evidence: fields.object("appeal_material")?.as_ref().map(AppealEvidence::read).transpose()?,
        })
    }
}

/// The content that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IllegalMaterial {
    /// `content`.
    pub content: Option<String>,
    /// `content_url`.
    pub content_url: Option<String>,
}

impl IllegalMaterial {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { content: fields.text("content")?, content_url: fields.text("content_url")? })
    }
}

/// The statement and evidence of an appeal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppealEvidence {
    /// `reason`.
    pub reason: Option<String>,
    /// `proof_material_id`, which is repeated: media ids.
    pub proof_material_ids: Vec<String>,
}

impl AppealEvidence {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            reason: fields.text("reason")?,
            proof_material_ids: fields.texts("proof_material_id")?.unwrap_or_default(),
        })
    }
}
