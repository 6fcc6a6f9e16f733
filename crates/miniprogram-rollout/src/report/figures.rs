//! What is counted.

use std::collections::{BTreeMap, VecDeque};

use miniprogram_core::{AppId, Timestamp, Vendor};

use super::{EXAMPLES, LEDGER_ENTRIES};
use crate::machine::{Entry, Move, Phase, Why};

/// How far an app has come. An app that reached a stage counts for all stages before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Stage {
    #[default]
    Planned,
    Begun,
    Uploaded,
    Submitted,
    Approved,
    Released,
}

impl Stage {
    pub(super) const ALL: [Self; 6] =
        [Self::Planned, Self::Begun, Self::Uploaded, Self::Submitted, Self::Approved, Self::Released];

    /// The stage that a transition proves.
    pub(super) const fn of(taken: &Move) -> Self {
        match (taken.why, taken.to) {
            (_, Phase::Released) => Self::Released,
            (Why::Approved | Why::GrayStarted, _) => Self::Approved,
            (Why::Submitted | Why::Adopted, _) => Self::Submitted,
            (Why::Uploaded, _) => Self::Uploaded,
            (Why::Begun, _) => Self::Begun,
            _ => Self::Planned,
        }
    }
}

/// The figures of a vendor.
#[derive(Debug, Clone, Default)]
pub(super) struct VendorFigures {
    /// How many apps are in which phase now.
    pub(super) phases: BTreeMap<String, u64>,
    /// How many apps reached each of [`Stage::ALL`] at least.
    pub(super) reached: [u64; Stage::ALL.len()],
    /// How many apps had a gray release.
    pub(super) gray: u64,
    /// Which template and version were begun, and for how many apps.
    pub(super) versions: BTreeMap<(String, String), u64>,
    pub(super) audits: Audits,
}

impl VendorFigures {
    pub(super) fn apps(&self) -> u64 {
        self.phases.values().sum()
    }

    pub(super) fn now(&self, phase: Phase) -> u64 {
        self.phases.get(phase.as_str()).copied().unwrap_or_default()
    }
}

/// The audits of a vendor.
#[derive(Debug, Clone, Default)]
pub(super) struct Audits {
    /// From each submission to the read that showed its verdict, in milliseconds, sorted.
    pub(super) times: Vec<u64>,
    pub(super) approved: u64,
    pub(super) rejected: u64,
    /// Submitted, and without a verdict so far.
    pub(super) open: u64,
    /// Verdicts on audits that somebody else had submitted: their beginning is unknown.
    pub(super) untimed: u64,
    /// How often the vendor delayed an audit.
    pub(super) delays: u64,
}

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Where the intervals of the distribution end, in milliseconds, each without its end; the last has none.
pub(super) const ENDS: [u64; 9] =
    [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 3 * DAY, 5 * DAY, 7 * DAY];

impl Audits {
    /// How many audits took so long: one number per interval.
    pub(super) fn distribution(&self) -> [u64; ENDS.len() + 1] {
        let mut counts = [0; ENDS.len() + 1];
        for time in &self.times {
            counts[ENDS.partition_point(|end| end <= time)] += 1;
        }
        counts
    }

    /// The time within which this share of the audits was decided, by the nearest rank.
    pub(super) fn quantile(&self, percent: usize) -> Option<u64> {
        let rank = (self.times.len() * percent).div_ceil(100);
        self.times.get(rank.max(1) - 1).copied()
    }
}

/// One line of the ledger.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    /// None for the rollout as a whole.
    pub(super) app: Option<(Vendor, AppId)>,
    pub(super) seq: i64,
    pub(super) kind: String,
    /// None if it is an entry of the rollout as a whole, whose kind says all.
    pub(super) entry: Option<Box<Entry>>,
}

/// The ledger, as far as it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) total: u64,
    /// How many entries there are of each kind.
    pub(super) kinds: BTreeMap<String, u64>,
    pub(super) lines: VecDeque<Line>,
}

impl Kept {
    pub(super) fn keep(&mut self, line: Line) {
        self.total += 1;
        *self.kinds.entry(line.kind.clone()).or_default() += 1;
        if self.lines.len() == LEDGER_ENTRIES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(super) fn left_out(&self) -> u64 {
        self.total - self.lines.len() as u64
    }
}

/// A row that cannot be read.
#[derive(Debug, Clone)]
pub(super) struct UnreadableRow {
    pub(super) id: i64,
    /// The vendor and the app, if they are readable.
    pub(super) app: String,
    pub(super) reason: String,
}

/// The rows that cannot be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Unreadable {
    pub(super) apps: u64,
    pub(super) entries: u64,
    pub(super) app_rows: Vec<UnreadableRow>,
    pub(super) entry_rows: Vec<UnreadableRow>,
}

impl Unreadable {
    pub(super) fn app(&mut self, row: UnreadableRow) {
        self.apps += 1;
        if self.app_rows.len() < EXAMPLES {
            self.app_rows.push(row);
        }
    }

    pub(super) fn entry(&mut self, row: UnreadableRow) {
        self.entries += 1;
        if self.entry_rows.len() < EXAMPLES {
            self.entry_rows.push(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_counts_in_the_interval_that_it_falls_into() {
        let times = vec![0, HOUR - 1, HOUR, 8 * HOUR - 1, 7 * DAY - 1, 7 * DAY, 90 * DAY];
        let audits = Audits { times, ..Audits::default() };
        assert_eq!(audits.distribution(), [2, 1, 0, 1, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn quantiles_are_times_that_occurred() {
        let audits = |times: &[u64]| Audits { times: times.to_vec(), ..Audits::default() };
        assert_eq!(audits(&[]).quantile(50), None);
        assert_eq!((audits(&[7]).quantile(0), audits(&[7]).quantile(100)), (Some(7), Some(7)));
        let ten = audits(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!((ten.quantile(50), ten.quantile(90), ten.quantile(95)), (Some(5), Some(9), Some(10)));
    }

    #[test]
    fn the_ledger_keeps_its_end_and_counts_everything() {
        let mut kept = Kept::default();
        for seq in 0..LEDGER_ENTRIES as i64 + 3 {
            let (at, kind) = (Timestamp::from_unix(seq), "due".to_owned());
            kept.keep(Line { at, app: None, seq, kind, entry: None });
        }
        assert_eq!((kept.left_out(), kept.lines[0].seq), (3, 3));
        assert_eq!(kept.kinds["due"], LEDGER_ENTRIES as u64 + 3);
    }
}
