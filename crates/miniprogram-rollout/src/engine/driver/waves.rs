//! Decides about the fleet: which wave is open, and when it stops.

use miniprogram_core::Result;

use super::super::control::What;
use super::super::notice::Notice;
use super::super::status::Halt;
use super::Driver;
use super::steps::Batch;
use crate::machine::{DelayPolicy, Order, Ordered, Phase, RejectionPolicy};

impl Driver<'_> {
    /// Opens the next wave or halts the present one, and stores it.
    pub(super) async fn decide(&mut self) -> Result<()> {
        if !self.control.closed && !self.control.holds_beginnings() {
            match self.overspent() {
                Some(halt) => {
                    self.control.halt = Some(halt.clone());
                    self.changed = true;
                    self.notices.push(Notice::Halted(halt));
                }
                None => self.open_the_next_wave(),
            }
        }
        if self.changed { self.store(Batch::default()).await } else { Ok(()) }
    }

    /// A delay is a verdict on the whole batch: the plan says what follows from it.
    pub(super) fn delayed(&mut self, policy: DelayPolicy) {
        if policy == DelayPolicy::GoOn || self.control.submissions_held {
            return;
        }
        self.control.submissions_held = true;
        self.changed = true;
        self.notices.push(Notice::SubmissionsHeld);
        if policy == DelayPolicy::Withdraw {
            let by = "the plan, because the vendor delayed an audit";
            self.control.add(What::Order(Ordered::new(by, Order::Withdraw)));
        }
    }

    /// Returns whether every app has ended, and no wave is left to open.
    pub(super) fn has_ended(&self) -> bool {
        let opened =
            self.control.wave.is_some_and(|wave| wave as usize + 1 >= self.plan.settings().waves.len());
        (opened || self.control.closed)
            && self.control.work.is_empty()
            && self.running.is_empty()
            && self.counts.keys().all(|wave| self.is_done(*wave))
    }

    /// The open wave's bad ends, if they are more than the plan tolerates and more than a person has accepted.
    fn overspent(&self) -> Option<Halt> {
        let wave = self.control.wave?;
        let counts = self.counts.get(&wave)?;
        let whole = usize::try_from(counts.values().sum::<u64>()).unwrap_or(usize::MAX);
        let tolerated = self.plan.settings().waves.get(wave as usize)?.failure_budget.of(whole) as u64;
        let bad = self.bad_ends();
        (bad > tolerated.max(self.control.forgiven)).then_some(Halt { wave, bad, tolerated })
    }

    /// How many apps of the open wave have ended badly.
    pub(super) fn bad_ends(&self) -> u64 {
        let counts = self.control.wave.and_then(|wave| self.counts.get(&wave));
        let of =
            |phase: Phase| counts.and_then(|counts| counts.get(phase.as_str())).copied().unwrap_or_default();
        of(Phase::Failed) + of(Phase::Rejected)
    }

    fn open_the_next_wave(&mut self) {
        let done = self.control.wave.is_none_or(|wave| self.is_done(wave));
        let next = self.control.wave.map_or(0, |wave| wave + 1);
        if done && self.control.work.is_empty() && (next as usize) < self.plan.settings().waves.len() {
            self.control.wave = Some(next);
            self.control.forgiven = 0;
            self.control.add(What::Open { wave: next });
            self.changed = true;
        }
    }

    /// Returns whether the rollout is done with every app of a wave.
    fn is_done(&self, wave: u32) -> bool {
        let corrects = self.plan.settings().audit.rejection == RejectionPolicy::Correct;
        let mut phases = self.counts.get(&wave).into_iter().flatten().filter(|(_, apps)| **apps > 0);
        phases.all(|(name, _)| {
            let phase = Phase::ALL.iter().find(|phase| phase.as_str() == name.as_str());
            phase.is_some_and(|phase| phase.is_end() && !(corrects && *phase == Phase::Rejected))
        })
    }
}
