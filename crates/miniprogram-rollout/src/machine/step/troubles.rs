//! Failed calls.

use super::{Run, Why};
use crate::machine::state::{Cause, Leaving, Need, Phase};
use crate::machine::trouble::{Remedy, Trouble};
use miniprogram_core::EffectValue;

impl Run<'_> {
    /// The effect of the phase failed.
    pub(super) fn undone(&mut self, trouble: &Trouble) {
        self.keep(trouble);
        self.state.tried = true;
        let remedy = trouble.remedy();
        if !matches!(remedy, Remedy::Settle | Remedy::Look) {
            self.state.unknowns = 0;
        }
        match remedy {
            Remedy::Done => self.done(&EffectValue::None),
            Remedy::Authorize => self.fail(Cause::Unauthorized, Why::Revoked),
            Remedy::Settle => self.unsettled(trouble),
            Remedy::Look => self.contradicted(),
            _ if self.has_to_leave() => self.leave(),
            Remedy::Later => self.failed_again(trouble),
            Remedy::Allowed => self.wait_longer(self.policy.patience.pause, trouble.wait()),
            Remedy::Person => self.need(Need::Local),
            Remedy::Refused => self.refused(trouble),
        }
    }

    fn unsettled(&mut self, trouble: &Trouble) {
        self.state.unknowns = self.state.unknowns.saturating_add(1);
        if self.has_to_leave() {
            self.leave();
        } else if self.state.unknowns > self.policy.patience.unknown {
            self.need(Need::UnknownOutcome);
        } else {
            self.wait_longer(self.policy.patience.pause, trouble.wait());
        }
    }

    /// The state does not allow the effect.
    fn contradicted(&mut self) {
        match self.state.phase {
            Phase::Expediting => self.measure_refused(),
            Phase::Withdrawing if self.is_measure() => self.measure_refused(),
            Phase::RollingBack => self.rollback_refused(),
            _ => self.look(),
        }
    }

    /// The vendor will not do it.
    fn refused(&mut self, trouble: &Trouble) {
        match self.state.phase {
            Phase::Expediting => self.measure_refused(),
            Phase::Withdrawing if self.is_measure() => self.measure_refused(),
            Phase::Withdrawing | Phase::CancellingGray | Phase::RollingBack => self.need(Need::Refused),
            // An attempt before this one may have taken place.
            phase if phase.is_serious() => self.look(),
            _ => self.fail(Cause::Refused(trouble.kind), Why::Refused),
        }
    }

    /// Whether a withdrawal leads back to a submission.
    const fn is_measure(&self) -> bool {
        matches!(self.state.leaving, None | Some(Leaving::Hold))
    }

    /// The read of the phase failed.
    pub(super) fn unanswered(&mut self, trouble: &Trouble) {
        self.keep(trouble);
        match (trouble.remedy(), self.state.phase) {
            (Remedy::Authorize, _) => self.fail(Cause::Unauthorized, Why::Revoked),
            // The vendor does not list the upload yet.
            (Remedy::Look, Phase::Processing) => self.still_processing(),
            (Remedy::Look, Phase::InReview) => self.look(),
            (Remedy::Allowed, _) => self.wait_longer(self.policy.patience.pause, trouble.wait()),
            (Remedy::Person, _) => self.need(Need::Local),
            (Remedy::Refused, Phase::Preflight | Phase::Processing) => {
                self.fail(Cause::Refused(trouble.kind), Why::Refused);
            }
            (Remedy::Refused, _) => self.need(Need::Refused),
            _ => self.failed_again(trouble),
        }
    }

    fn failed_again(&mut self, trouble: &Trouble) {
        self.state.failures = self.state.failures.saturating_add(1);
        if self.state.failures > self.policy.patience.failures {
            self.need(Need::Failing);
        } else {
            self.wait_longer(self.policy.patience.pause, trouble.wait());
        }
    }

    fn keep(&mut self, trouble: &Trouble) {
        // While something is looked into, the call that began it is the one to be named.
        if self.state.phase != Phase::Looking {
            self.facts().trouble = Some(Box::new(trouble.clone()));
        }
    }
}
