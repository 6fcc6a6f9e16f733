//! From the submission to the verdict.

use std::time::Duration;

use miniprogram_core::{Audit, AuditId, AuditStatus, EffectValue};

use super::{Note, Run, Why};
use crate::machine::state::{Foreign, Leaving, Measure, Need, Phase, Verdict};

impl Run<'_> {
    pub(super) fn submitted(&mut self, value: &EffectValue) {
        match value {
            EffectValue::Audit(audit) => {
                self.open(audit.clone(), Why::Submitted);
                self.read_again(self.policy.polling);
            }
            // The value was lost: the audit is found by reading.
            _ => self.look(),
        }
    }

    /// Our audit is open.
    pub(super) fn open(&mut self, audit: AuditId, why: Why) {
        let now = self.now;
        let facts = self.facts();
        facts.audit = Some(audit);
        facts.submitted_at = Some(now);
        facts.delayed = false;
        facts.verdict = None;
        self.extend_deadline();
        self.enter(Phase::InReview, why);
    }

    fn extend_deadline(&mut self) {
        self.facts().deadline = Some(self.now.after(self.policy.stuck.deadline));
    }

    /// The vendor's answer about our audit: the only source of a verdict.
    pub(super) fn reviewed(&mut self, audit: &Audit) {
        let verdict = Verdict {
            status: audit.status,
            reason: audit.reason.clone(),
            screenshots: audit.screenshots.clone(),
            source: self.state.source,
            read_at: self.now,
        };
        let facts = self.facts();
        facts.verdict = Some(verdict);
        facts.conflicts = 0;
        match audit.status {
            AuditStatus::Approved => self.advance(Why::Approved),
            AuditStatus::Rejected => self.enter(Phase::Rejected, Why::Rejected),
            AuditStatus::Withdrawn | AuditStatus::NotSubmitted => self.foreign(Foreign::Withdrew),
            status => self.undecided(status == AuditStatus::Delayed),
        }
    }

    fn undecided(&mut self, delayed: bool) {
        let facts = self.facts();
        facts.doubt = false;
        if delayed && !std::mem::replace(&mut facts.delayed, true) {
            self.notes.push(Note::Delayed);
        }
        if self.state.again.is_none() && self.is_overdue() {
            return self.stuck();
        }
        self.read_again(self.policy.polling);
    }

    /// The audit takes too long: the plan's next measure, and at the end a person.
    fn stuck(&mut self) {
        let (stuck, facts) = (self.policy.stuck, self.facts());
        if facts.measure == Measure::None {
            facts.measure = Measure::Expedited;
            if stuck.expedite && facts.offers.expedite {
                self.enter(Phase::Expediting, Why::Stuck);
                return self.act();
            }
        }
        let facts = self.facts();
        if facts.measure == Measure::Expedited {
            facts.measure = Measure::Resubmitted;
            if stuck.resubmit {
                self.enter(Phase::Withdrawing, Why::Stuck);
                return self.act();
            }
        }
        self.need(Need::StuckAudit);
        self.read_again(self.policy.polling);
    }

    pub(super) fn expedited(&mut self) {
        self.extend_deadline();
        self.enter(Phase::InReview, Why::Expedited);
        self.read_again(self.policy.polling);
    }

    /// A measure about a stuck audit was refused, perhaps because the verdict came first: the next read tells, and if
    /// there is none, the next measure follows.
    pub(super) fn measure_refused(&mut self) {
        // What is decided cannot be held.
        self.state.leaving = self.state.leaving.filter(|leaving| *leaving != Leaving::Hold);
        self.enter(Phase::InReview, Why::MeasureRefused);
        self.act();
    }

    pub(super) fn withdrawn(&mut self) {
        self.facts().audit = None;
        match self.state.leaving {
            None => {
                self.enter(Phase::Submitting, Why::Withdrawn);
                self.act();
            }
            Some(Leaving::Hold) => {
                self.enter(Phase::Submitting, Why::Withdrawn);
                self.hold();
            }
            Some(_) => self.end(),
        }
    }

    /// Pauses, as an order to withdraw says.
    pub(super) fn hold(&mut self) {
        (self.state.leaving, self.state.paused) = (None, true);
        self.wait(Duration::ZERO);
    }
}
