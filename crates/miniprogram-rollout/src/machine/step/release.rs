//! From the verdict to the version online.

use miniprogram_core::Stage;

use super::{Run, Why};
use crate::machine::input::{Gated, Health, Survey};
use crate::machine::ledger::Ignored;
use crate::machine::policy::GateFailure;
use crate::machine::state::{Cause, Foreign, Leaving, Need, Phase};

/// What is online, seen from a rollout.
pub(super) enum Online {
    /// Our version.
    Ours,
    /// What was online before.
    Before,
    /// Another version.
    Other(String),
    /// The vendor does not say.
    Untold,
}

impl Run<'_> {
    pub(super) fn online(&self, survey: &Survey) -> Online {
        if survey.at(Stage::Released).any(|seen| self.is_ours(seen)) {
            return Online::Ours;
        }
        let before = self.state.facts.as_ref().and_then(|facts| facts.online_before.as_ref());
        match survey.at(Stage::Released).find_map(|seen| seen.version.as_ref()) {
            None => Online::Untold,
            Some(version) if Some(version) == before => Online::Before,
            Some(version) => Online::Other(version.clone()),
        }
    }

    /// Begins the next gray step that the vendor offers, or the full release.
    pub(super) fn advance(&mut self, why: Why) {
        let policy = self.policy;
        let facts = self.facts();
        let rest = policy.gray.iter().skip(facts.steps.into());
        let left_out = rest.take_while(|step| !facts.offers.gray.offers(step.percentage)).count();
        facts.steps = facts.steps.saturating_add(u8::try_from(left_out).unwrap_or(u8::MAX));
        let has_step = policy.gray.len() > facts.steps.into();
        self.enter(if has_step { Phase::StartingGray } else { Phase::Releasing }, why);
        self.act();
    }

    pub(super) fn gray_started(&mut self) {
        let policy = self.policy;
        let facts = self.facts();
        let Some(step) = policy.gray.get(usize::from(facts.steps)) else {
            return self.need(Need::Local);
        };
        facts.share = Some(step.percentage);
        self.enter(Phase::Baking, Why::GrayStarted);
        self.wait(step.bake);
    }

    pub(super) fn gated(&mut self, gated: &Gated) {
        if !self.state.busy || !matches!(self.state.phase, Phase::Baking | Phase::Observing) {
            return self.ignore(Ignored::NotOutstanding);
        }
        match (gated.health, self.policy.gate_failure) {
            (Health::Pass, _) => self.healthy(Why::Baked),
            (Health::Inconclusive, _) => self.need(Need::GateInconclusive),
            (Health::Fail, GateFailure::Hold) => self.need(Need::GateFailed),
            (Health::Fail, GateFailure::TakeBack) => {
                self.facts().cause = Some(Box::new(Cause::GateFailed { note: gated.note.clone() }));
                self.depart(Leaving::GateFailed);
            }
        }
    }

    /// The bake time is over, and nothing speaks against the version.
    pub(super) fn healthy(&mut self, why: Why) {
        if self.state.phase == Phase::Observing {
            return self.enter(Phase::Released, why);
        }
        let facts = self.facts();
        facts.steps = facts.steps.saturating_add(1);
        self.advance(why);
    }

    pub(super) fn sent(&mut self) {
        self.facts().ours = true;
        self.enter(Phase::Confirming, Why::Sent);
        self.set_showing_deadline();
        self.act();
    }

    pub(super) fn set_showing_deadline(&mut self) {
        self.facts().deadline = Some(self.now.after(self.policy.patience.showing));
    }

    pub(super) fn confirming(&mut self, survey: &Survey) {
        match self.online(survey) {
            Online::Ours => self.confirmed(),
            Online::Other(version) => self.foreign(Foreign::Released { version: Some(version) }),
            Online::Before | Online::Untold => self.not_shown(),
        }
    }

    /// A read shows our version online.
    pub(super) fn confirmed(&mut self) {
        self.facts().conflicts = 0;
        let ours = self.facts().ours;
        if !ours {
            self.facts().cause = Some(Box::new(Cause::Foreign(Foreign::ReleasedOurs)));
        }
        match self.state.leaving {
            Some(leaving) if leaving.takes_back() && ours => {
                self.enter(Phase::RollingBack, Why::Online);
                self.act();
            }
            None if ours && !self.policy.bake_after_release.is_zero() => {
                self.enter(Phase::Observing, Why::Online);
                self.wait(self.policy.bake_after_release);
            }
            _ => self.enter(Phase::Released, Why::Online),
        }
    }

    /// The vendor does not show yet what it has confirmed.
    pub(super) fn not_shown(&mut self) {
        self.facts().doubt = false;
        if self.is_overdue() {
            self.need(Need::NotShown);
        }
        self.read_again(self.policy.patience.pause);
    }
}
