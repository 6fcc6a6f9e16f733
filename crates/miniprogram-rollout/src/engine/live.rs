//! An app in the driver's memory, and its row.

use miniprogram_core::{Result, Timestamp};
use miniprogram_store::rollouts::{NewEntry, Progress, RolloutApp, SealedText};
use serde::{Deserialize, Serialize};

use super::unreadable;
use crate::machine::{AppState, Correction, Entry, Input, Target};
use crate::plan::PlannedApp;

/// What a row keeps.
#[derive(Serialize, Deserialize)]
struct Stored {
    state: AppState,
    #[serde(default)]
    correction: Correction,
    /// When the outstanding action was issued: an effect whose outcome is known since then is its result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    issued_at: Option<Timestamp>,
}

/// An app in the driver's memory.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) row: RolloutApp,
    pub(super) state: AppState,
    /// What retries have changed.
    pub(super) correction: Correction,
    /// When its outstanding action was issued.
    pub(super) issued_at: Option<Timestamp>,
    /// What it is to get, corrected.
    pub(super) target: Target,
}

/// Reads the state in a row.
pub(super) fn state_of(row: &RolloutApp) -> Result<AppState> {
    Ok(Stored::read(row)?.state)
}

impl Stored {
    fn read(row: &RolloutApp) -> Result<Self> {
        serde_json::from_str(row.progress.state.expose())
            .map_err(|_| unreadable("the state of an app", "it is of another version, or damaged"))
    }
}

impl Live {
    pub(super) fn read(row: RolloutApp, planned: &PlannedApp<'_>) -> Result<Self> {
        let stored = Stored::read(&row)?;
        let mut target = planned.target.clone();
        target.correct(stored.correction.clone());
        let Stored { state, correction, issued_at } = stored;
        Ok(Self { row, state, correction, issued_at, target })
    }

    /// Corrects the target, and returns what the ledger keeps of that.
    pub(super) fn correct(&mut self, correction: Correction) -> crate::machine::Corrected {
        let corrected = self.target.correct(correction.clone());
        let Correction { ext, description, options, .. } = correction;
        self.correction.ext = ext.or_else(|| self.correction.ext.take());
        self.correction.description = description.or_else(|| self.correction.description.take());
        self.correction.options = options.or_else(|| self.correction.options.take());
        corrected
    }
}

/// Returns what a row says of a state. An action that is outstanding is to be carried out at `at_once`.
pub(super) fn progress(
    state: &AppState,
    correction: &Correction,
    issued_at: Option<Timestamp>,
    at_once: Option<Timestamp>,
) -> Result<Progress> {
    let stored = Stored { state: state.clone(), correction: correction.clone(), issued_at };
    let text =
        serde_json::to_string(&stored).map_err(|_| unreadable("the state of an app", "it is not JSON"))?;
    let due = if state.busy { at_once } else { state.due() };
    Ok(Progress::new(state.phase.as_str(), SealedText::new(text)).due_at(due).with_ended(state.is_ended()))
}

/// Returns an entry as it is stored.
pub(super) fn entry(entry: &Entry) -> Result<NewEntry> {
    let kind = match entry.input {
        Input::Begin(_) => "begin",
        Input::Due => "due",
        Input::Woken(_) => "woken",
        Input::Answered(_) => "answered",
        Input::Performed(_) => "performed",
        Input::Gated(_) => "gated",
        Input::Recalled => "recalled",
        Input::Ordered(_) => "ordered",
        Input::Superseded { .. } => "superseded",
        Input::Revoked => "revoked",
    };
    let text = serde_json::to_string(entry).map_err(|_| unreadable("an entry", "it is not JSON"))?;
    Ok(NewEntry::new(entry.at, kind, SealedText::new(text)))
}
