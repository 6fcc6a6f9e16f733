//! How many apps were in which states over time, without keeping the transitions.

use miniprogram_core::Timestamp;

use crate::machine::{Move, Phase};

/// Phases that are drawn as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Released,
    Releasing,
    Gray,
    InReview,
    Preparing,
    Looking,
    Waiting,
    TakingBack,
    Left,
    Rejected,
    Failed,
}

impl Group {
    /// Every group, in the order in which they are stacked.
    pub(super) const ALL: [Self; 11] = [
        Self::Released,
        Self::Releasing,
        Self::Gray,
        Self::InReview,
        Self::Preparing,
        Self::Looking,
        Self::Waiting,
        Self::TakingBack,
        Self::Left,
        Self::Rejected,
        Self::Failed,
    ];

    pub(super) const fn of(phase: Phase) -> Self {
        match phase {
            Phase::Waiting => Self::Waiting,
            Phase::Preflight | Phase::Uploading | Phase::Processing | Phase::Submitting => Self::Preparing,
            Phase::InReview | Phase::Expediting | Phase::Withdrawing => Self::InReview,
            Phase::StartingGray | Phase::Baking => Self::Gray,
            Phase::Releasing | Phase::Confirming | Phase::Observing => Self::Releasing,
            Phase::Looking => Self::Looking,
            Phase::CancellingGray | Phase::BeforeRollback | Phase::RollingBack | Phase::AfterRollback => {
                Self::TakingBack
            }
            Phase::Released => Self::Released,
            Phase::Rejected => Self::Rejected,
            Phase::Failed => Self::Failed,
            Phase::Skipped | Phase::Aborted | Phase::Superseded | Phase::RolledBack => Self::Left,
        }
    }
}

const GROUPS: usize = Group::ALL.len();
/// The most intervals.
const MOST: usize = 240;

/// How many apps are in each of [`Group::ALL`] at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: Timestamp,
    pub(super) apps: [u64; GROUPS],
}

/// Counts transitions per interval. How long the rollout lasts need not be known: when the intervals become too many,
/// each two are merged and their width is doubled.
#[derive(Debug)]
pub(super) struct Timeline {
    start: Timestamp,
    /// The width of an interval, in milliseconds.
    width: u64,
    apps: u64,
    /// The last transition.
    last: Timestamp,
    /// The changes within the interval that ends at `start + index * width`, the end included.
    changes: Vec<[i64; GROUPS]>,
}

impl Timeline {
    /// All apps wait at the start.
    pub(super) fn new(start: Timestamp, apps: u64) -> Self {
        Self { start, width: 1000, apps, last: start, changes: vec![[0; GROUPS]] }
    }

    pub(super) fn record(&mut self, at: Timestamp, taken: &Move) {
        let (from, to) = (Group::of(taken.from), Group::of(taken.to));
        if from != to {
            let index = self.index(at);
            self.last = self.last.max(at);
            self.changes[index][from as usize] -= 1;
            self.changes[index][to as usize] += 1;
        }
    }

    /// Returns the samples from the start to `end`, or to the last transition if that is later. Where transitions could
    /// not be read, a count below zero is shown as zero.
    pub(super) fn finish(mut self, end: Timestamp) -> Vec<Sample> {
        self.index(end);
        let end = self.last.max(end);
        let mut apps = [0; GROUPS];
        apps[Group::Waiting as usize] = i64::try_from(self.apps).unwrap_or(i64::MAX);
        let mut samples = Vec::with_capacity(self.changes.len());
        for (index, changes) in self.changes.iter().enumerate() {
            for (count, change) in apps.iter_mut().zip(changes) {
                *count += change;
            }
            let millis = (index as u64).saturating_mul(self.width);
            let at = self.start.after(std::time::Duration::from_millis(millis));
            samples
                .push(Sample { at: at.min(end), apps: apps.map(|count| u64::try_from(count).unwrap_or(0)) });
        }
        samples
    }

    /// The interval of a time, after making room for it.
    fn index(&mut self, at: Timestamp) -> usize {
        let offset = u64::try_from(at.since(self.start).as_millis()).unwrap_or(u64::MAX);
        while offset.div_ceil(self.width) >= MOST as u64 {
            self.width *= 2;
            let mut merged = vec![[0; GROUPS]; self.changes.len().div_ceil(2) + 1];
            for (index, changes) in self.changes.iter().enumerate() {
                for (sum, change) in merged[index.div_ceil(2)].iter_mut().zip(changes) {
                    *sum += change;
                }
            }
            self.changes = merged;
        }
        let index = usize::try_from(offset.div_ceil(self.width)).unwrap_or(MOST);
        if self.changes.len() <= index {
            self.changes.resize(index + 1, [0; GROUPS]);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Why;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_000_000 + seconds)
    }

    fn taken(from: Phase, to: Phase) -> Move {
        Move { from, why: Why::Begun, to }
    }

    fn of(samples: &[Sample], time: Timestamp, group: Group) -> u64 {
        let sample = samples.iter().rfind(|sample| sample.at <= time).unwrap();
        sample.apps[group as usize]
    }

    #[test]
    fn the_counts_at_a_time_are_those_of_the_transitions_until_then() {
        let mut timeline = Timeline::new(at(0), 3);
        timeline.record(at(0), &taken(Phase::Waiting, Phase::Preflight));
        timeline.record(at(10), &taken(Phase::Preflight, Phase::InReview));
        timeline.record(at(5), &taken(Phase::Waiting, Phase::Preflight));
        timeline.record(at(20), &taken(Phase::InReview, Phase::Releasing));
        timeline.record(at(21), &taken(Phase::Releasing, Phase::Confirming));
        timeline.record(at(22), &taken(Phase::Confirming, Phase::Released));
        let samples = timeline.finish(at(30));
        assert_eq!(samples.len(), 31);
        for (time, waiting, preparing, review, released) in
            [(0, 2, 1, 0, 0), (4, 2, 1, 0, 0), (5, 1, 2, 0, 0), (10, 1, 1, 1, 0), (30, 1, 1, 0, 1)]
        {
            let counts = [Group::Waiting, Group::Preparing, Group::InReview, Group::Released]
                .map(|group| of(&samples, at(time), group));
            assert_eq!(counts, [waiting, preparing, review, released], "at {time}");
        }
    }

    #[test]
    fn whatever_time_it_takes_there_are_few_samples_and_no_app_is_lost() {
        for spacing in [1, 61, 3_600, 86_400] {
            let mut timeline = Timeline::new(at(0), 1000);
            for app in 0..1000 {
                timeline.record(at(app * spacing), &taken(Phase::Waiting, Phase::InReview));
            }
            let samples = timeline.finish(at(1000 * spacing));
            assert!((MOST / 2..=MOST).contains(&samples.len()), "{} samples", samples.len());
            assert!(samples.iter().all(|sample| sample.apps.iter().sum::<u64>() == 1000));
            for sample in &samples {
                let elapsed = i64::try_from(sample.at.since(at(0)).as_secs()).unwrap();
                let begun = u64::try_from(elapsed / spacing + 1).unwrap().min(1000);
                assert_eq!(sample.apps[Group::InReview as usize], begun, "{spacing} {elapsed}");
            }
            assert!(samples.last().unwrap().at >= at(1000 * spacing));
        }
    }

    #[test]
    fn transitions_that_are_missing_do_not_show_as_huge_numbers() {
        let mut timeline = Timeline::new(at(0), 1);
        timeline.record(at(1), &taken(Phase::Releasing, Phase::Released));
        let samples = timeline.finish(at(2));
        assert_eq!(of(&samples, at(2), Group::Releasing), 0);
        assert_eq!(of(&samples, at(2), Group::Released), 1);
    }
}
