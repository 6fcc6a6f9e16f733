//! What is decided about a rollout as a whole, as it is stored.

use std::collections::BTreeMap;

use miniprogram_core::model::AuditQuota;
use miniprogram_core::{Result, Timestamp, Vendor};
use miniprogram_store::rollouts::SealedText;
use serde::{Deserialize, Serialize};

use super::status::{Halt, Mode};
use super::unreadable;
use crate::machine::{Class, Ordered};

/// What is decided about a rollout as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Control {
    /// Who started it.
    pub(super) by: String,
    pub(super) mode: Mode,
    /// The last wave that was opened.
    #[serde(default)]
    pub(super) wave: Option<u32>,
    /// Whether no further wave is opened: somebody aborted it, or rolls it back.
    #[serde(default)]
    pub(super) closed: bool,
    #[serde(default)]
    pub(super) halt: Option<Halt>,
    /// How many bad ends of the open wave a person has seen and gone on in spite of.
    #[serde(default)]
    pub(super) forgiven: u64,
    /// Whether submissions wait for a person, because the vendor delayed an audit.
    #[serde(default)]
    pub(super) submissions_held: bool,
    /// What apps are still to be told, in this order.
    #[serde(default)]
    pub(super) work: Vec<Work>,
    /// What was learned of each vendor, for people.
    #[serde(default)]
    pub(super) learned: BTreeMap<Vendor, Learned>,
}

/// What was learned of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Learned {
    /// How many audits were opened.
    pub(super) submitted: u64,
    /// How many of them the vendor has delayed.
    pub(super) delayed: u64,
    /// The audit quota, as the vendor told it last.
    #[serde(default)]
    pub(super) quota: Option<ToldQuota>,
}

/// An audit quota, as the vendor told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToldQuota {
    pub(super) quota: AuditQuota,
    pub(super) at: Timestamp,
    /// How many audits had been opened by then.
    pub(super) submitted: u64,
}

/// Something that many apps are told, page by page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Work {
    pub(super) what: What,
    /// The last row that was told.
    #[serde(default)]
    pub(super) after: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The apps of a wave may begin.
    Open { wave: u32 },
    /// Every app gets an order.
    Order(Ordered),
    /// What was held back is looked at again.
    Wake,
}

impl What {
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Order(_) => "order",
            Self::Wake => "wake",
        }
    }
}

impl Control {
    pub(super) fn begun(by: &str) -> Self {
        Self {
            by: by.to_owned(),
            mode: Mode::Running,
            wave: None,
            closed: false,
            halt: None,
            forgiven: 0,
            submissions_held: false,
            work: Vec::new(),
            learned: BTreeMap::new(),
        }
    }

    pub(super) fn sealed(&self) -> Result<SealedText> {
        let text = serde_json::to_string(self).map_err(|_| unreadable("a rollout", "it is not JSON"))?;
        Ok(SealedText::new(text))
    }

    pub(super) fn read(text: &SealedText) -> Result<Self> {
        serde_json::from_str(text.expose()).map_err(|error| unreadable("a rollout", &error.to_string()))
    }

    /// Returns whether an action of a class waits for a person.
    pub(super) fn holds(&self, class: Class) -> bool {
        let brings_nearer =
            matches!(class, Class::Upload | Class::Submission | Class::Expedite | Class::Release);
        self.mode == Mode::Paused
            || (self.halt.is_some() && brings_nearer)
            || (self.submissions_held && class == Class::Submission)
    }

    /// Returns whether apps that have not begun wait for a person.
    pub(super) const fn holds_beginnings(&self) -> bool {
        matches!(self.mode, Mode::Paused) || self.halt.is_some()
    }

    /// Keeps the audit quota that a vendor told.
    pub(super) fn learn_quota(&mut self, vendor: Vendor, quota: &AuditQuota, at: Timestamp) {
        let learned = self.learned.entry(vendor).or_default();
        learned.quota = Some(ToldQuota { quota: quota.clone(), at, submitted: learned.submitted });
    }

    /// Adds work that is not waiting already.
    pub(super) fn add(&mut self, what: What) {
        if !self.work.iter().any(|work| work.after == 0 && work.what == what) {
            self.work.push(Work { what, after: 0 });
        }
    }
}
