//! The checked parts of a plan.

use std::collections::BTreeMap;
use std::time::Duration;

use miniprogram_core::model::{Check, CheckLevel};
use miniprogram_core::{AppId, TemplateId, Vendor};
use serde::{Deserialize, Serialize};

use super::template::{JsonTemplate, TextTemplate};
use super::values::{Amount, Rate, Share};
use crate::machine::{
    DelayPolicy, GateFailure, GrayStep, Patience, Polling, RejectionPolicy, StuckPolicy, Windows,
};

/// A file that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlanSource {
    /// Its name, as the caller or the rollout file writes it.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// Everything that an operator decided, apart from the merchants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// What people call the rollout.
    pub name: Option<String>,
    /// What each vendor's apps get, in the order of the file.
    pub vendors: Vec<VendorSettings>,
    /// The waves in their order.
    pub waves: Vec<Wave>,
    /// When versions may reach users.
    pub windows: Windows,
    /// How long a version is observed after everybody has it.
    pub bake_after_release: Duration,
    /// The health gate.
    pub gate: Option<Gate>,
    /// What to do about audits.
    pub audit: AuditSettings,
    /// Who is told.
    pub notify: Vec<Notification>,
    /// The levels of the checks before a submission, where they are not the checks' own. Absent when empty, as in plans
    /// stored by earlier versions, whose hash does not cover it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub doctor: BTreeMap<Check, CheckLevel>,
    /// How often a state is read.
    pub polling: Polling,
    /// How often something is tried again. What the file does not say is kept, so that a newer program drives a stored
    /// plan as it was made.
    pub patience: Patience,
}

/// What the apps of one vendor get, and how fast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VendorSettings {
    /// The vendor.
    pub vendor: Vendor,
    /// The template.
    pub template: TemplateId,
    /// The version.
    pub version: String,
    /// The description.
    pub description: TextTemplate,
    /// Where an app's extension comes from.
    pub extension: Extension,
    /// The options of a submission: one JSON object.
    pub submit: JsonTemplate,
    /// Calls per second.
    pub rate: Rate,
    /// Apps that are worked on at the same time.
    pub concurrency: u32,
    /// The share of the audit quota that is left to others.
    pub quota_kept: Share,
    /// The gray steps, in ascending order.
    pub gray: Vec<GrayStep>,
    /// How long an audit is taken to last in forecasts. Absent when not given, as in plans stored by earlier versions,
    /// whose hash does not cover it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_time: Option<Duration>,
}

/// Where an app's extension comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Extension {
    /// One JSON object with placeholders.
    Template(JsonTemplate),
    /// The JSON in this column.
    Column(String),
}

/// One wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Wave {
    /// Its name.
    pub name: String,
    /// The failed and rejected apps that it tolerates.
    pub failure_budget: Amount,
}

/// The health gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Gate {
    /// Who is asked.
    pub check: GateCheck,
    /// How long the answer may take before it is inconclusive.
    pub timeout: Duration,
    /// What follows a fail.
    pub on_fail: GateFailure,
}

/// Who is asked whether a version is healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GateCheck {
    /// A program and its arguments. Exit status 0 is a pass and 1 is a fail; anything else, also a program that cannot
    /// be started, is inconclusive.
    Command(Vec<String>),
    /// A URL that returns `{"verdict":"pass"}`, `fail` or `inconclusive` with status 200; anything else is
    /// inconclusive.
    Url(String),
}

/// What to do about audits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditSettings {
    /// What to do about an audit without a verdict.
    pub stuck: StuckPolicy,
    /// What follows a rejection.
    pub rejection: RejectionPolicy,
    /// What one delayed audit does to its wave.
    pub delay: DelayPolicy,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Notification {
    /// When.
    pub on: Vec<NotifyWhen>,
    /// How.
    pub by: NotifyBy,
}

/// When somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotifyWhen {
    /// The rollout halted.
    Halted,
    /// The rollout ended.
    Ended,
    /// An app needs a person.
    NeedsPerson,
}

impl NotifyWhen {
    /// Returns the word that the rollout file uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::Ended => "ended",
            Self::NeedsPerson => "needs_person",
        }
    }
}

/// How somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotifyBy {
    /// A program and its arguments; the message is its input.
    Command(Vec<String>),
    /// A signed POST.
    #[non_exhaustive]
    Webhook {
        /// Where to.
        url: String,
        /// The environment variable with the key of the signature. The key itself is never part of a plan.
        secret_env: String,
    },
}

impl NotifyBy {
    /// Returns the environment variable with the key of the signature, if there is one.
    #[must_use]
    pub fn secret_env(&self) -> Option<&str> {
        match self {
            Self::Command(_) => None,
            Self::Webhook { secret_env, .. } => Some(secret_env),
        }
    }
}

/// A merchant of a plan. `Debug` and the public JSON do not show the values of secret columns.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Merchant {
    pub(super) vendor: Vendor,
    pub(super) app_id: AppId,
    pub(super) wave: usize,
    pub(super) priority: i64,
    /// One value for each column of the plan.
    pub(super) values: Vec<String>,
}
