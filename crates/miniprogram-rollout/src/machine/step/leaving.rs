//! The way out: what was begun is taken back, as far as it has to be.

use super::release::Online;
use super::{Run, Why};
use crate::machine::input::Survey;
use crate::machine::state::{Foreign, Leaving, Need, Phase};

impl Run<'_> {
    /// Sets the app on its way out. An effect that is outstanding is waited for.
    pub(super) fn depart(&mut self, leaving: Leaving) {
        self.state.leaving = Some(leaving);
        (self.state.paused, self.state.need) = (false, None);
        if !(self.state.busy && self.state.phase.is_effect()) {
            self.state.busy = false;
            self.leave_or_go_on();
        }
    }

    /// Phases that belong to the way out go on; from the others, the way out begins.
    fn leave_or_go_on(&mut self) {
        if self.has_to_leave() { self.leave() } else { self.act() }
    }

    /// Whether the app is on its way out, and the phase is not part of it.
    pub(super) const fn has_to_leave(&self) -> bool {
        self.state.leaving.is_some()
            && !self.state.phase.is_end()
            && !matches!(
                self.state.phase,
                Phase::Looking
                    | Phase::Withdrawing
                    | Phase::CancellingGray
                    | Phase::Confirming
                    | Phase::BeforeRollback
                    | Phase::RollingBack
                    | Phase::AfterRollback
            )
    }

    /// Takes the first step of the way out.
    pub(super) fn leave(&mut self) {
        let Some(leaving) = self.state.leaving else { return };
        let is_gray = self.facts().share.is_some();
        match self.state.phase {
            Phase::InReview | Phase::Expediting => self.take_back(Phase::Withdrawing, Why::Left),
            // Only reading tells what has to be taken back.
            phase if phase.is_serious() && self.state.tried => self.look(),
            _ if leaving == Leaving::Hold => self.hold(),
            Phase::Baking | Phase::StartingGray | Phase::Releasing if is_gray => {
                self.take_back(Phase::CancellingGray, Why::Left);
            }
            Phase::Observing if leaving.takes_back() => {
                self.set_showing_deadline();
                self.take_back(Phase::BeforeRollback, Why::Left);
            }
            Phase::Observing => self.enter(Phase::Released, Why::Left),
            _ => self.end(),
        }
    }

    pub(super) fn take_back(&mut self, phase: Phase, why: Why) {
        self.enter(phase, why);
        self.act();
    }

    /// Nothing is left to be taken back.
    pub(super) fn end(&mut self) {
        let leaving = self.state.leaving.unwrap_or(Leaving::Abort);
        self.enter(leaving.end(), Why::Left);
    }

    pub(super) fn gray_cancelled(&mut self) {
        self.facts().share = None;
        self.end();
    }

    pub(super) fn before_rollback(&mut self, survey: &Survey) {
        match self.online(survey) {
            Online::Ours => self.take_back(Phase::RollingBack, Why::Online),
            Online::Before => self.is_back(),
            Online::Other(version) => self.foreign(Foreign::Released { version: Some(version) }),
            Online::Untold => self.not_shown(),
        }
    }

    pub(super) fn rolled_back(&mut self) {
        self.enter(Phase::AfterRollback, Why::Sent);
        self.set_showing_deadline();
        self.act();
    }

    pub(super) fn after_rollback(&mut self, survey: &Survey) {
        match self.online(survey) {
            Online::Before | Online::Other(_) => self.is_back(),
            Online::Ours | Online::Untold => self.not_shown(),
        }
    }

    /// A read shows another version online than ours.
    fn is_back(&mut self) {
        let failed = self.state.leaving == Some(Leaving::GateFailed);
        self.enter(if failed { Phase::Failed } else { Phase::RolledBack }, Why::Back);
    }

    /// A refused rollback: perhaps the version is no longer online. Read again once, then a person.
    pub(super) fn rollback_refused(&mut self) {
        let facts = self.facts();
        facts.conflicts = facts.conflicts.saturating_add(1);
        if facts.conflicts > 1 {
            return self.need(Need::Refused);
        }
        self.set_showing_deadline();
        self.take_back(Phase::BeforeRollback, Why::Unexpected);
    }
}
