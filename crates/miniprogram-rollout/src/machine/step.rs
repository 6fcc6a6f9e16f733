//! One step of the machine: what an input makes of a state.
//!
//! The files follow the course of an app: `upload`, `audit`, `release`, and beside it `orders`, `leaving` (what an
//! abort, a failed gate or a newer rollout undoes), `looking` (what somebody else did) and `troubles` (failed calls).

mod audit;
mod leaving;
mod looking;
mod orders;
mod pace;
mod release;
mod troubles;
mod upload;

use std::time::Duration;

use miniprogram_core::{EffectValue, Timestamp};

use super::action::Action;
use super::diagram::Why;
use super::input::{Answer, Input, Performed, Source, Wake};
use super::ledger::{Entry, Ignored, Move, Note};
use super::policy::{Policy, Polling};
use super::state::{AppState, Cause, Facts, Foreign, Need, Phase};
use super::target::Target;

/// What an input made of a state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The state now.
    pub state: AppState,
    /// The action that this step issued, to be started once the state and the entry are stored.
    /// [`AppState::action`] returns what is outstanding, whenever it was issued.
    pub action: Option<Action>,
    /// The evidence.
    pub entry: Entry,
}

impl Step {
    /// Returns what a person has to look at, if this step found it: notify them once it is stored.
    #[must_use]
    pub fn needs(&self) -> Option<Need> {
        self.entry.notes.iter().find_map(|note| match note {
            Note::Needs(need) => Some(*need),
            _ => None,
        })
    }

    /// Returns whether the input changed nothing, and why. Such a step need not be stored, unless its input is evidence
    /// that is to be kept.
    #[must_use]
    pub fn ignored(&self) -> Option<Ignored> {
        self.entry.notes.iter().find_map(|note| match note {
            Note::Ignored(why) => Some(*why),
            _ => None,
        })
    }
}

/// Takes in one input. Pure: the same arguments give the same step.
#[must_use]
pub fn step(state: &AppState, input: Input, now: Timestamp, target: &Target, policy: &Policy) -> Step {
    let mut run = Run {
        state: state.clone(),
        now,
        target,
        policy,
        issued: false,
        moves: Vec::new(),
        notes: Vec::new(),
    };
    run.take(&input);
    let Run { state, issued, moves, notes, .. } = run;
    let action = if issued { state.action(target, policy) } else { None };
    Step { action, entry: Entry { at: now, input, moves, notes }, state }
}

/// A step in progress.
struct Run<'a> {
    state: AppState,
    now: Timestamp,
    target: &'a Target,
    policy: &'a Policy,
    issued: bool,
    moves: Vec<Move>,
    notes: Vec<Note>,
}

impl Run<'_> {
    fn take(&mut self, input: &Input) {
        match input {
            Input::Begin(_) if self.state.phase == Phase::Waiting => {
                self.enter(Phase::Preflight, Why::Begun);
                self.act();
            }
            Input::Begin(_) => self.ignore(Ignored::Begun),
            Input::Due if self.state.busy => self.ignore(Ignored::Busy),
            Input::Due if self.state.is_blocked() => self.ignore(Ignored::Blocked),
            Input::Due if self.state.due_at.is_none_or(|due| self.now < due) => self.ignore(Ignored::Early),
            Input::Due => self.go_on(),
            Input::Woken(wake) => self.woken(wake),
            Input::Answered(answer) => self.answered(answer),
            Input::Performed(performed) => self.performed(performed),
            Input::Gated(gated) => self.gated(gated),
            Input::Recalled if self.state.busy => {
                self.state.busy = false;
                self.state.due_at = Some(self.now);
            }
            Input::Recalled => self.ignore(Ignored::NotOutstanding),
            Input::Ordered(ordered) => self.ordered(&ordered.order),
            Input::Superseded { rollout } => self.superseded(rollout),
            Input::Revoked if self.state.is_ended() => self.ignore(Ignored::Ended),
            Input::Revoked => self.fail(Cause::Unauthorized, Why::Revoked),
        }
    }

    /// A push is a reason to read what the phase waits for. If a read is outstanding, its answer may be older.
    fn woken(&mut self, wake: &Wake) {
        if !self.state.phase.is_read() || self.state.phase == Phase::Preflight {
            self.ignore(Ignored::NothingToRead);
        } else if self.state.busy {
            self.state.again = Some(wake.source);
        } else if self.state.is_blocked() {
            self.state.due_at = Some(self.now);
        } else {
            self.act_for(wake.source);
        }
    }

    fn answered(&mut self, answer: &Answer) {
        let phase = self.state.phase;
        if !self.state.busy || !phase.is_read() {
            return self.ignore(Ignored::NotOutstanding);
        }
        match answer {
            Answer::Failed(trouble) => self.unanswered(trouble),
            Answer::Preflight(survey, offers) if phase == Phase::Preflight => {
                self.told();
                self.preflight(survey, offers);
            }
            Answer::Upload(progress) if phase == Phase::Processing => {
                self.told();
                self.processing(progress);
            }
            Answer::Audit(audit) if phase == Phase::InReview => {
                self.told();
                self.reviewed(audit);
            }
            Answer::Survey(survey) if phase.is_survey() => {
                self.told();
                match phase {
                    Phase::Looking => self.looked(survey),
                    Phase::Confirming => self.confirming(survey),
                    Phase::BeforeRollback => self.before_rollback(survey),
                    _ => self.after_rollback(survey),
                }
            }
            _ => self.ignore(Ignored::NotOutstanding),
        }
    }

    fn performed(&mut self, performed: &Performed) {
        if self.state.performing() != Some(performed.operation()) {
            return self.ignore(Ignored::NotOutstanding);
        }
        match performed {
            Performed::Done { value, .. } => {
                self.told();
                self.done(value);
            }
            Performed::Failed { trouble, .. } => self.undone(trouble),
        }
    }

    /// The effect of the phase took place.
    fn done(&mut self, value: &EffectValue) {
        let facts = self.facts();
        facts.conflicts = 0;
        facts.doubt = false;
        self.state.unknowns = 0;
        match self.state.phase {
            Phase::Uploading => self.uploaded(value),
            Phase::Submitting => self.submitted(value),
            Phase::Expediting => self.expedited(),
            Phase::Withdrawing => self.withdrawn(),
            Phase::StartingGray => self.gray_started(),
            Phase::Releasing => self.sent(),
            Phase::CancellingGray => self.gray_cancelled(),
            _ => self.rolled_back(),
        }
    }

    /// The vendor has told the state of the app.
    fn told(&mut self) {
        self.state.known_at = Some(self.now);
        self.state.failures = 0;
        if self.state.phase != Phase::Looking {
            self.facts().trouble = None;
        }
    }

    /// Does what the phase does when its time has come.
    fn go_on(&mut self) {
        match self.state.phase {
            Phase::Baking | Phase::Observing if !self.policy.gate => self.healthy(Why::Baked),
            _ => self.act(),
        }
    }

    fn facts(&mut self) -> &mut Facts {
        self.state.facts.get_or_insert_default()
    }

    fn enter(&mut self, to: Phase, why: Why) {
        let state = &mut self.state;
        self.moves.push(Move { from: state.phase, why, to });
        state.phase = to;
        state.since = Some(self.now);
        (state.busy, state.due_at, state.again, state.need) = (false, None, None, None);
        (state.attempt, state.failures, state.unknowns, state.tried) = (0, 0, 0, false);
        if to.is_end() {
            (state.leaving, state.paused) = (None, false);
        }
        let facts = self.facts();
        let is_taken_over = matches!(facts.cause.as_deref(), Some(Cause::Superseded { .. }));
        if to.is_end() && to != Phase::Superseded && is_taken_over {
            facts.cause = None;
        }
    }

    /// Issues the action of the phase, unless something else comes first.
    fn act(&mut self) {
        self.act_for(Source::Poll);
    }

    fn act_for(&mut self, source: Source) {
        if self.has_to_leave() {
            return self.leave();
        }
        let blocked = self.state.is_blocked();
        self.state.busy = !blocked;
        self.state.due_at = blocked.then_some(self.now);
        self.state.source = source;
        self.issued = !blocked;
    }

    /// Waits this long before it goes on.
    fn wait(&mut self, span: Duration) {
        if self.has_to_leave() {
            return self.leave();
        }
        self.state.busy = false;
        self.state.due_at = Some(self.now.after(span));
    }

    /// Waits longer each time, and at least this long.
    fn wait_longer(&mut self, polling: Polling, least: Duration) {
        let span = self.pace(polling).max(least);
        self.state.attempt = self.state.attempt.saturating_add(1);
        self.wait(span);
    }

    /// Reads again: at once if a push came while the answer was on its way, otherwise later, but not after the
    /// deadline.
    fn read_again(&mut self, polling: Polling) {
        if let Some(source) = self.state.again.take() {
            return self.act_for(source);
        }
        self.wait_longer(polling, Duration::ZERO);
        let deadline = self.facts().deadline.filter(|deadline| self.now < *deadline);
        self.state.due_at = self.state.due_at.map(|due| deadline.map_or(due, |deadline| due.min(deadline)));
    }

    fn is_overdue(&self) -> bool {
        let deadline = self.state.facts.as_ref().and_then(|facts| facts.deadline);
        deadline.is_some_and(|deadline| deadline <= self.now)
    }

    /// Hands the app over to a person; once for each reason.
    fn need(&mut self, need: Need) {
        if self.state.need != Some(need) {
            self.state.need = Some(need);
            self.notes.push(Note::Needs(need));
        }
        if need.blocks() {
            (self.state.busy, self.state.due_at) = (false, None);
        }
    }

    fn fail(&mut self, cause: Cause, why: Why) {
        self.facts().cause = Some(Box::new(cause));
        self.enter(Phase::Failed, why);
    }

    /// Somebody else did something. It is believed when a second read shows it too.
    fn foreign(&mut self, foreign: Foreign) {
        if std::mem::replace(&mut self.facts().doubt, true) {
            self.fail(Cause::Foreign(foreign), Why::Foreign);
        } else {
            self.wait_longer(self.policy.patience.pause, Duration::ZERO);
        }
    }

    fn ignore(&mut self, why: Ignored) {
        self.notes.push(Note::Ignored(why));
    }
}
