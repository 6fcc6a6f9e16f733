//! The rollout of one app as a pure state machine.
//!
//! [`step`] takes a state, an [`Input`] and the time, and returns the next state, the [`Action`] that it issued and
//! the [`Entry`] of the ledger. It has no clock, no I/O and no randomness. Whoever drives it stores state and entry
//! together, then carries the action out and tells the result; after a crash it asks [`AppState::action`] what is
//! outstanding and issues it again.
//!
//! - **Truth is the last read.** A push only wakes. A verdict comes from a read alone, and [`Verdict::source`] says what
//!   made us read; [`AppState::known_at`] says how old our knowledge is.
//! - **At most one action per app is outstanding.** It follows from the state, so an effect that is issued again is the
//!   same command and settles through the journal while its intent is open. If the intent was closed before the state
//!   was stored, tell the outcome that the journal kept, and do not issue the effect again.
//! - **Nothing reaches users before a read has shown that the audit passed**, and an app is `released` when a read
//!   shows its version online, not when a call has said so.
//! - **What somebody else did is named and not undone.** It is believed when two reads in a row show it;
//!   before anything was sent, one is enough.
//! - **What the machine cannot decide is handed to a person**, as a [`Need`], and never dropped.
//!
//! What carries the actions out needs no rule of its own:
//!
//! ```
//! use miniprogram_core::{Authorizer, CodeManager, MiniProgram, ReleaseManager, AuditManager, Subject};
//! use miniprogram_rollout::machine::{Action, Answer, Gated, Health, Input, Performed, Read, Survey, Target};
//!
//! async fn carry_out(app: &dyn MiniProgram, target: &Target, action: Action) -> Input {
//!     let answer = match action {
//!         Action::Effect(command) => {
//!             let operation = command.operation();
//!             let performed = Performed::new(operation, app.perform(command).await);
//!             return Input::Performed(Box::new(performed));
//!         }
//!         Action::Read(Read::Preflight) => Answer::new(app.code_versions().await, |versions| {
//!             Answer::Preflight(Survey::new(&versions, target), app.capabilities().into())
//!         }),
//!         Action::Read(Read::Survey { gray }) => {
//!             let plan = if gray { app.gray_release_plan().await } else { Ok(None) };
//!             match plan {
//!                 Ok(plan) => Answer::new(app.code_versions().await, |versions| {
//!                     Answer::Survey(Survey::new(&versions, target).with_gray(plan.as_ref()))
//!                 }),
//!                 Err(error) => Answer::failed(&error),
//!             }
//!         }
//!         Action::Read(Read::Upload(receipt)) => {
//!             Answer::new(app.upload_progress(&receipt).await, Answer::Upload)
//!         }
//!         Action::Read(Read::Audit(audit)) => Answer::new(app.audit_status(&audit).await, Answer::Audit),
//!         _ => return Input::Gated(Gated::new(Health::Inconclusive, None)), // Ask the gate here.
//!     };
//!     Input::Answered(Box::new(answer))
//! }
//! ```
//!
//! Waves, holds, windows, rates and quotas are not the machine's: an outstanding action of a [`Class`] can be held back
//! for as long as it takes.

mod action;
mod diagram;
mod input;
mod ledger;
pub mod policy;
mod state;
mod step;
mod target;
#[cfg(test)]
mod tests;
mod trouble;
pub mod windows;

pub use action::{Action, Class, Read};
pub use diagram::{TRANSITIONS, Why, markdown, mermaid};
pub use input::{
    Answer, Earlier, Gated, Gray, Health, Input, Offers, Order, Ordered, Performed, Seen, Shares, Source,
    Started, Survey, Wake,
};
pub use ledger::{Entry, Ignored, Move, Note, replay};
pub use policy::{
    DelayPolicy, GateFailure, GrayStep, Patience, Policy, Polling, RejectionPolicy, StuckPolicy,
};
pub use state::{AppState, Cause, Facts, Foreign, Leaving, Measure, Mover, Need, Phase, Verdict};
pub use step::{Step, step};
pub use target::{Corrected, Correction, Target};
pub use trouble::Trouble;
pub use windows::{Date, Days, InvalidWindow, Weekday, Window, Windows};
