//! A call found the state other than expected: a read tells what somebody else did.

use std::time::Duration;

use miniprogram_core::{GrayStatus, Outcome, Stage};

use super::release::Online;
use super::{Run, Why};
use crate::machine::input::{Seen, Survey};
use crate::machine::state::{Cause, Foreign, Leaving, Need, Phase};
use crate::machine::trouble::Remedy;

/// How many calls in a row may find another state than expected before the refusal is believed.
const CONFLICTS: u8 = 2;

/// How long an effect whose outcome is unknown may still take place. Longer than the settle time of any vendor.
const LANDING: Duration = Duration::from_secs(120);

impl Run<'_> {
    pub(super) fn look(&mut self) {
        let origin = self.state.phase;
        let (now, unknowns) = (self.now, self.state.unknowns);
        let facts = self.facts();
        let is_unknown =
            unknowns > 0 || facts.trouble.as_ref().is_some_and(|t| t.outcome == Outcome::Unknown);
        facts.deadline = (origin.is_serious() && is_unknown).then(|| now.after(LANDING));
        facts.origin = Some(origin);
        facts.conflicts = facts.conflicts.saturating_add(1);
        facts.doubt = false;
        self.enter(Phase::Looking, Why::Unexpected);
        self.act();
    }

    pub(super) fn looked(&mut self, survey: &Survey) {
        let facts = self.facts();
        facts.gray_seen = survey.gray;
        let (origin, share) = (facts.origin.unwrap_or(Phase::Preflight), facts.share);
        let online = self.online(survey);
        if let Online::Ours = online {
            // A release that we sent may be the one whose result was lost.
            let sent = origin == Phase::Releasing;
            self.facts().ours |= sent;
            return self.confirmed();
        }
        let in_review = survey.at(Stage::InReview).next();
        let is_decided = is_after_verdict(origin);
        let has_our_audit = |seen: &Seen| !is_decided || self.has_our_audit(seen);
        let is_approved = |seen: &&Seen| self.is_ours(seen) && !self.is_outdated(seen) && has_our_audit(seen);
        let approved = survey.at(Stage::Approved).find(is_approved);
        let other = survey.at(Stage::Approved).next().filter(|_| is_decided && approved.is_none());
        let gray = survey.gray.is_some_and(|gray| gray.status.is_active());
        if let Some(leaving) = self.state.leaving {
            let ours = in_review.filter(|seen| self.is_ours(seen) && !is_decided);
            let begun = share.is_some() || origin == Phase::StartingGray;
            return self.looked_on_the_way_out(leaving, origin, ours, gray && begun);
        }
        match (in_review, online) {
            (Some(open), _) if self.is_ours(open) && has_our_audit(open) => self.found(open),
            (Some(open), _) => self.foreign(Foreign::Submitted { version: open.version.clone() }),
            (None, Online::Other(version)) => {
                self.foreign(Foreign::Released { version: Some(version) });
            }
            _ => match approved {
                Some(seen) if !is_decided => self.found(seen),
                Some(_) => self.looked_at_gray(origin),
                None if other.is_some() => {
                    let version = other.and_then(|seen| seen.version.clone());
                    self.foreign(Foreign::Submitted { version });
                }
                None if self.facts().audit.is_some() => self.foreign(Foreign::Withdrew),
                _ => self.unexplained(origin),
            },
        }
    }

    /// Whether a version passed, or is in, our very audit, as far as both are known.
    fn has_our_audit(&self, seen: &Seen) -> bool {
        let own = self.state.facts.as_ref().and_then(|facts| facts.audit.as_ref());
        own.zip(seen.audit_id.as_ref()).is_none_or(|(own, shown)| own == shown)
    }

    /// An audit of our version is there.
    fn found(&mut self, seen: &Seen) {
        let is_last = self.facts().conflicts > CONFLICTS;
        match seen.audit_id.clone().filter(|_| !is_last) {
            Some(audit) => self.adopt(seen, audit),
            None => self.need(Need::Refused),
        }
    }

    /// Compares the gray release with the one that our steps have left, and with the step that was refused.
    fn looked_at_gray(&mut self, origin: Phase) {
        let gray = self.facts().gray_seen;
        let share = self.facts().share;
        let next = self.policy.gray.get(usize::from(self.facts().steps)).map(|step| step.percentage);
        let running = gray.filter(|gray| gray.status == GrayStatus::Running).and_then(|gray| gray.percentage);
        match running {
            // The result of this very step was lost.
            Some(_) if origin == Phase::StartingGray && running == next => self.gray_started(),
            _ if running == share => self.unexplained(origin),
            _ => self.foreign(Foreign::ChangedGray { gray }),
        }
    }

    /// What was read does not explain the refusal. The call is repeated, and the next refusal is believed.
    fn unexplained(&mut self, origin: Phase) {
        let facts = self.facts();
        let has_users = facts.share.is_some();
        let trouble = facts.trouble.as_deref();
        let is_refused = trouble.is_some_and(|trouble| trouble.remedy() == Remedy::Refused);
        let is_last = is_refused || facts.conflicts >= CONFLICTS;
        let known = trouble.filter(|trouble| trouble.outcome != Outcome::Unknown).map(|trouble| trouble.kind);
        match known {
            Some(kind) if is_last && !has_users => return self.fail(Cause::Refused(kind), Why::Refused),
            _ => self.enter(origin, Why::Unexplained),
        }
        self.state.tried = true;
        self.state.unknowns = u16::from(known.is_none());
        match known {
            _ if !is_last => self.wait_longer(self.policy.patience.pause, std::time::Duration::ZERO),
            // Some users have the version: a person decides about them.
            Some(_) => self.need(Need::Refused),
            None => self.need(Need::UnknownOutcome),
        }
    }

    fn looked_on_the_way_out(&mut self, leaving: Leaving, origin: Phase, open: Option<&Seen>, gray: bool) {
        let is_last = self.facts().conflicts >= CONFLICTS;
        let audit = open.and_then(|seen| Some((seen, seen.audit_id.clone()?)));
        let next = match (audit, gray) {
            (Some((seen, audit)), _) => {
                self.take_for_ours(seen);
                self.facts().audit = Some(audit);
                Phase::Withdrawing
            }
            (None, true) => Phase::CancellingGray,
            (None, false) if leaving == Leaving::Hold => {
                self.enter(origin, Why::Unexplained);
                return self.hold();
            }
            // It may still take place, and nobody would take it back.
            (None, false) if self.facts().deadline.is_some() && !self.is_overdue() => {
                let left = self.facts().deadline.map_or(Duration::ZERO, |until| until.since(self.now));
                return self.wait(left);
            }
            (None, false) => return self.end(),
        };
        self.enter(next, Why::Found);
        if is_last && origin == next { self.need(Need::Refused) } else { self.act() }
    }
}

const fn is_after_verdict(origin: Phase) -> bool {
    matches!(origin, Phase::StartingGray | Phase::Releasing | Phase::CancellingGray)
}
