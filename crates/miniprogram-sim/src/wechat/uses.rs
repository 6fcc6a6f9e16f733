//! Counts of an operation against a quota per calendar period in Beijing.

use miniprogram_core::Timestamp;

/// When an operation was performed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uses(Vec<Timestamp>);

impl Uses {
    pub(super) fn add(&mut self, now: Timestamp) {
        self.0.push(now);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn this_month(&self, now: Timestamp) -> usize {
        self.since(now, "%Y-%m")
    }

    pub(super) fn this_year(&self, now: Timestamp) -> usize {
        self.since(now, "%Y")
    }

    fn since(&self, now: Timestamp, period: &str) -> usize {
        let present = now.to_civil(period, 8);
        self.0.iter().filter(|at| at.to_civil(period, 8) == present).count()
    }
}

/// How much of a quota that all apps share was spent in the present month in Beijing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spent {
    month: String,
    times: u32,
}

impl Spent {
    pub(super) fn spend(&mut self, now: Timestamp) {
        let month = now.to_civil("%Y-%m", 8);
        if self.month != month {
            *self = Self { month, times: 0 };
        }
        self.times = self.times.saturating_add(1);
    }

    pub(super) fn left(&self, limit: u32, now: Timestamp) -> u32 {
        let is_present = self.month == now.to_civil("%Y-%m", 8);
        limit.saturating_sub(if is_present { self.times } else { 0 })
    }
}
