//! Where a rollout is.

use miniprogram_core::{Result, Timestamp};
use miniprogram_store::rollouts::{PhaseCount, RolloutRecord};
use serde::{Deserialize, Serialize};

use super::control::Control;

/// Whether a rollout goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// It goes on.
    Running,
    /// A person has paused it: nothing is sent.
    Paused,
}

/// Why a wave stopped by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Halt {
    /// The wave.
    pub wave: u32,
    /// How many of its apps failed or were rejected.
    pub bad: u64,
    /// How many of them the plan tolerates.
    pub tolerated: u64,
}

/// Where a rollout is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RolloutStatus {
    /// Its name.
    pub name: String,
    /// The digest of its plan.
    pub plan_hash: String,
    /// Who started it.
    pub by: String,
    /// Whether it goes on.
    pub mode: Mode,
    /// Why it stopped by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
    /// Whether submissions wait for a person, because the vendor delayed an audit.
    pub submissions_held: bool,
    /// The last wave that was opened, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<u32>,
    /// How many apps it has.
    pub apps: u64,
    /// How many apps of each wave and vendor are in which phase.
    pub counts: Vec<PhaseCount>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Who drives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
}

impl RolloutStatus {
    pub(crate) fn new(record: &RolloutRecord, counts: Vec<PhaseCount>) -> Result<Self> {
        let control = Control::read(&record.control)?;
        Ok(Self {
            name: record.name.clone(),
            plan_hash: record.plan_hash.clone(),
            by: control.by,
            mode: control.mode,
            halt: control.halt,
            submissions_held: control.submissions_held,
            wave: control.wave,
            apps: record.apps,
            counts,
            created_at: record.created_at,
            ended_at: record.ended_at,
            driver: record.driver.clone().map(|(owner, _)| owner),
        })
    }

    /// Returns whether a person has paused it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.mode == Mode::Paused
    }

    /// Returns how many apps are in a phase.
    #[must_use]
    pub fn count(&self, phase: &str) -> u64 {
        self.counts.iter().filter(|count| count.phase == phase).map(|count| count.apps).sum()
    }
}
