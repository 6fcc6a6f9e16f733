//! Orders of a person, and a newer rollout.

use super::{Run, Why};
use crate::machine::input::Order;
use crate::machine::ledger::Ignored;
use crate::machine::state::{Cause, Facts, Leaving, Measure, Need, Phase};
use crate::machine::target::Corrected;

impl Run<'_> {
    pub(super) fn ordered(&mut self, order: &Order) {
        match order {
            Order::Pause => self.pause(),
            Order::Resume => self.resume(),
            Order::Retry(corrected) => self.retry(corrected),
            Order::Promote => self.promote(),
            Order::Withdraw => self.withdraw(),
            Order::Skip => self.skip(),
            Order::Abort => self.go(Leaving::Abort),
            Order::RollBack => self.roll_back(),
        }
    }

    fn pause(&mut self) {
        if self.state.is_ended() {
            self.ignore(Ignored::Ended);
        } else if self.state.paused {
            self.ignore(Ignored::Blocked);
        } else if self.state.leaving.is_some() {
            self.ignore(Ignored::Leaving);
        } else {
            self.state.paused = true;
        }
    }

    fn resume(&mut self) {
        let need = self.state.need.take();
        if !self.state.paused && need.is_none() {
            return self.ignore(Ignored::NothingHeld);
        }
        self.state.paused = false;
        if let Some(need) = need {
            self.forgive(need);
        }
        let is_due = self.state.due_at.is_none_or(|due| due <= self.now) || need.is_some();
        if is_due && !self.state.busy && self.state.phase != Phase::Waiting {
            self.go_on();
        }
    }

    /// What had used up its patience gets it anew.
    fn forgive(&mut self, need: Need) {
        // An effect whose outcome is unknown stays so.
        (self.state.attempt, self.state.failures) = (0, 0);
        self.state.unknowns = self.state.unknowns.min(1);
        let (now, policy) = (self.now, self.policy);
        let facts = self.facts();
        facts.conflicts = 0;
        facts.deadline = match need {
            Need::StuckAudit => {
                facts.measure = Measure::None;
                Some(now.after(policy.stuck.deadline))
            }
            Need::StuckUpload => Some(now.after(policy.patience.processing)),
            Need::NotShown => Some(now.after(policy.patience.showing)),
            _ => facts.deadline,
        };
    }

    fn retry(&mut self, corrected: &Corrected) {
        let phase = self.state.phase;
        let begins_again = match phase {
            Phase::Rejected | Phase::Failed | Phase::Skipped | Phase::Aborted | Phase::RolledBack => true,
            _ if self.state.need.is_none() => return self.ignore(Ignored::NothingHeld),
            Phase::Preflight | Phase::Uploading | Phase::Processing | Phase::Submitting => {
                self.state.leaving.is_none() && self.state.unknowns == 0 && corrected.needs_upload()
            }
            _ if corrected.needs_upload() => return self.ignore(Ignored::TooLate),
            _ => false,
        };
        if !begins_again {
            return if corrected.needs_upload() { self.ignore(Ignored::TooLate) } else { self.resume() };
        }
        self.state.facts = Some(Box::new(self.kept_by_a_retry(corrected)));
        self.enter(Phase::Preflight, Why::Retried);
        self.act();
    }

    /// What a retry does not forget: that what the vendor has is older than an earlier correction, and that the version
    /// online is ours.
    fn kept_by_a_retry(&mut self, corrected: &Corrected) -> Facts {
        if corrected.needs_upload() {
            return Facts { fresh: true, ..Facts::default() };
        }
        let was_taken_back = self.state.phase == Phase::RolledBack;
        let mut before = std::mem::take(self.facts());
        let ours = before.ours && !was_taken_back;
        // A vendor may still list an audit as approved whose version was rolled back, and does not release it again.
        before.outdated.extend(before.audit.take_if(|_| was_taken_back));
        Facts {
            // Until the corrected code is uploaded, everything that the vendor has is older.
            fresh: before.fresh && before.receipt.is_none(),
            outdated: before.outdated,
            ours,
            receipt: before.receipt.filter(|_| ours),
            audit: before.audit.filter(|_| ours),
            online_before: before.online_before.filter(|_| ours),
            ..Facts::default()
        }
    }

    fn promote(&mut self) {
        if !matches!(self.state.phase, Phase::Baking | Phase::Observing) {
            return self.ignore(Ignored::NothingToPromote);
        }
        self.healthy(Why::Promoted);
    }

    /// Only an open audit can be withdrawn; before the submission a pause does the same.
    fn withdraw(&mut self) {
        match self.state.phase {
            _ if self.state.is_ended() => self.ignore(Ignored::Ended),
            _ if self.state.leaving.is_some() => self.ignore(Ignored::Leaving),
            Phase::Preflight
            | Phase::Uploading
            | Phase::Processing
            | Phase::Submitting
            | Phase::InReview
            | Phase::Expediting
            | Phase::Withdrawing => self.depart(Leaving::Hold),
            Phase::Waiting => self.state.paused = true,
            _ => self.ignore(Ignored::TooLate),
        }
    }

    /// What a person has given up ends here: there is no other way out if the vendor refuses to take it back.
    fn skip(&mut self) {
        let gives_up = self.state.need.is_some();
        match self.state.phase {
            Phase::Rejected | Phase::Failed => self.enter(Phase::Skipped, Why::Left),
            Phase::BeforeRollback | Phase::RollingBack if gives_up => {
                self.enter(Phase::Released, Why::GivenUp);
            }
            Phase::Withdrawing
            | Phase::CancellingGray
            | Phase::Looking
            | Phase::Confirming
            | Phase::AfterRollback
                if gives_up =>
            {
                self.enter(Phase::Skipped, Why::GivenUp);
            }
            _ => self.go(Leaving::Skip),
        }
    }

    fn roll_back(&mut self) {
        if self.state.phase != Phase::Released {
            return self.go(Leaving::RollBack);
        }
        if !self.facts().ours {
            return self.ignore(Ignored::NotOurs);
        }
        self.state.leaving = Some(Leaving::RollBack);
        self.facts().conflicts = 0;
        self.set_showing_deadline();
        self.take_back(Phase::BeforeRollback, Why::Left);
    }

    pub(super) fn superseded(&mut self, rollout: &str) {
        let phase = self.state.phase;
        if phase.is_end() && !matches!(phase, Phase::Rejected | Phase::Failed) {
            return self.ignore(Ignored::Ended);
        }
        let is_going_back =
            matches!(phase, Phase::BeforeRollback | Phase::RollingBack | Phase::AfterRollback);
        if is_going_back || self.state.leaving == Some(Leaving::GateFailed) {
            return self.ignore(Ignored::Leaving);
        }
        self.facts().cause = Some(Box::new(Cause::Superseded { rollout: rollout.to_owned() }));
        if phase.is_end() {
            return self.enter(Phase::Superseded, Why::Left);
        }
        self.go(Leaving::Supersede);
    }

    fn go(&mut self, leaving: Leaving) {
        match self.state.phase {
            _ if self.state.is_ended() => self.ignore(Ignored::Ended),
            Phase::BeforeRollback | Phase::RollingBack | Phase::AfterRollback => {
                self.ignore(Ignored::Leaving)
            }
            _ if self.state.leaving == Some(Leaving::GateFailed) => self.ignore(Ignored::Leaving),
            _ => self.depart(leaving),
        }
    }
}
