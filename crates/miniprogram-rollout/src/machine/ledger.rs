//! The evidence of an app's rollout, and how it replays to the state.
//!
//! An entry records the input that it was caused by and the time; [`replay`] folds [`step`] over the inputs. So the
//! ledger cannot disagree with the state, and needs no code of its own for each kind of evidence. Beside the input an
//! entry says what came of it, for the reader: replaying ignores that part.
//!
//! What was given up: a ledger replays only with the machine that wrote it, or one that decides alike. A change of the
//! machine therefore keeps the state of open apps, and not only their ledgers.

use std::fmt;

use miniprogram_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::diagram::Why;
use super::input::Input;
use super::policy::Policy;
use super::state::{AppState, Need, Phase};
use super::step::step;
use super::target::Target;

/// One piece of evidence: what was told, when, and what came of it. Entries are only ever appended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What was told.
    pub input: Input,
    /// The transitions that followed, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub moves: Vec<Move>,
    /// What else is to be said about it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<Note>,
}

/// A transition that took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    /// From here.
    pub from: Phase,
    /// For this reason.
    pub why: Why,
    /// To there.
    pub to: Phase,
}

/// What an entry says beside its transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// A person has to look at the app.
    Needs(Need),
    /// The vendor has delayed the audit. What that means for the wave is [`Policy::delay`].
    Delayed,
    /// The input changed nothing.
    Ignored(Ignored),
}

/// Why an input changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ignored {
    /// The app has begun already.
    Begun,
    /// It has ended.
    Ended,
    /// An action is outstanding.
    Busy,
    /// It is paused, or needs a person.
    Blocked,
    /// It is not yet time.
    Early,
    /// The result is not that of the outstanding action.
    NotOutstanding,
    /// The app does not wait for anything that a push could be about.
    NothingToRead,
    /// It is neither paused nor does it need a person.
    NothingHeld,
    /// No bake time is running.
    NothingToPromote,
    /// It is on its way out already.
    Leaving,
    /// It has gone too far for that.
    TooLate,
    /// Somebody else released the version, and what others do is not undone.
    NotOurs,
}

impl Ignored {
    /// Returns the reason in English.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "the app has begun already",
            Self::Ended => "the app has ended",
            Self::Busy => "an action is outstanding",
            Self::Blocked => "the app is paused, or needs a person",
            Self::Early => "it is not yet time",
            Self::NotOutstanding => "it is not the result of the outstanding action",
            Self::NothingToRead => "the app does not wait for anything that a push could be about",
            Self::NothingHeld => "the app is neither paused nor does it need a person",
            Self::NothingToPromote => "no bake time is running",
            Self::Leaving => "the app is on its way out already",
            Self::TooLate => "the app has gone too far for that; abort it first",
            Self::NotOurs => "somebody else released the version",
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Returns the state that the entries of an app led to, oldest first.
#[must_use]
pub fn replay<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    target: &Target,
    policy: &Policy,
) -> AppState {
    entries.into_iter().fold(AppState::new(), |state, entry| {
        step(&state, entry.input.clone(), entry.at, target, policy).state
    })
}
