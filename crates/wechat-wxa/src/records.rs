//! Records of rule violations and of appeals.

use miniprogram_core::vendor_api::pipeline::{Call, Fields};
use miniprogram_core::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::{APPEAL_SOURCE, AppealSource, Coded};

/// A rule violation recorded by the vendor.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IllegalRecord {
    /// `illegal_record_id`: the id that [`WeChatApp::appeal_records`] takes.
    pub illegal_record_id: Option<String>,
    /// `create_time`.
    pub created_at: Option<Timestamp>,
    /// `illegal_reason`.
    pub reason: Option<String>,
    /// `illegal_content`.
    pub content: Option<String>,
    /// `rule_name`: the rule that was broken.
    pub rule_name: Option<String>,
    /// `rule_url`: the address of that rule.
    pub rule_url: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl IllegalRecord {
    /// Creates a record of which only the id is known.
    #[must_use]
    pub fn new(illegal_record_id: impl Into<String>) -> Self {
        Self {
            illegal_record_id: Some(illegal_record_id.into()),
            created_at: None,
            reason: None,
            content: None,
            rule_name: None,
            rule_url: None,
            extra: Map::new(),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            illegal_record_id: fields.text("illegal_record_id"),
            created_at: fields.time("create_time"),
            reason: fields.text("illegal_reason"),
            content: fields.text("illegal_content"),
            rule_name: fields.text("rule_name"),
            rule_url: fields.text("rule_url"),
            extra: fields.rest(),
        })
    }
}

/// An appeal against such a record.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AppealRecord {
    /// `appeal_record_id`.
    pub appeal_record_id: Option<String>,
    /// `appeal_time`.
    pub appealed_at: Option<Timestamp>,
    /// `appeal_count`: the number of this appeal.
    pub appeal_count: Option<i64>,
    /// `appeal_from`: who made the appeal.
    pub appeal_from: Option<Coded<AppealSource>>,
    /// `appeal_status`: the vendor's number for its state.
    pub appeal_status: Option<i64>,
    /// `audit_time`.
    pub audited_at: Option<Timestamp>,
    /// `audit_reason`.
    pub audit_reason: Option<String>,
    /// `punish_description`.
    pub punish_description: Option<String>,
    /// `materials`, as the vendor sent them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub materials: Vec<Map<String, Value>>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl AppealRecord {
    /// Creates an appeal of which only the id is known.
    #[must_use]
    pub fn new(appeal_record_id: impl Into<String>) -> Self {
        Self {
            appeal_record_id: Some(appeal_record_id.into()),
            appealed_at: None,
            appeal_count: None,
            appeal_from: None,
            appeal_status: None,
            audited_at: None,
            audit_reason: None,
            punish_description: None,
            materials: Vec::new(),
            extra: Map::new(),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            appeal_record_id: fields.text("appeal_record_id"),
            appealed_at: fields.time("appeal_time"),
            appeal_count: fields.number("appeal_count"),
            appeal_from: fields.coded("appeal_from", &APPEAL_SOURCE),
            appeal_status: fields.number("appeal_status"),
            audited_at: fields.time("audit_time"),
            audit_reason: fields.text("audit_reason"),
            punish_description: fields.text("punish_description"),
            materials: fields.each("materials", |material| Ok(material.rest()))?,
            extra: fields.rest(),
        })
    }
}

impl WeChatApp {
    /// Returns the rule violations in a span of time: `getillegalrecords`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, if the end is before the
    /// start; and those of any read.
    pub async fn illegal_records(&self, start: Timestamp, end: Timestamp) -> Result<Vec<IllegalRecord>> {
        const OPERATION: &str = "illegal_records";
        if end < start {
            return Err(REFUSE.invalid(OPERATION, "end", "must not be before the start"));
        }
        let body = json!({ "start_time": start.as_unix(), "end_time": end.as_unix() });
        let call = Call::to(&endpoints::ILLEGAL_RECORDS).with_json(&body);
        let reply = self.begin(OPERATION).read(&call).await?;
        fields::of(&reply).each_of("records", IllegalRecord::read)
    }

    /// Returns the appeals against a violation: `getappealrecords`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn appeal_records(&self, illegal_record_id: &str) -> Result<Vec<AppealRecord>> {
        const OPERATION: &str = "appeal_records";
        REFUSE.required(OPERATION, "illegal_record_id", illegal_record_id)?;
        let body = json!({ "illegal_record_id": illegal_record_id });
        let call = Call::to(&endpoints::APPEAL_RECORDS).with_json(&body);
        let reply = self.begin(OPERATION).read(&call).await?;
        fields::of(&reply).each_of("records", AppealRecord::read)
    }
}
