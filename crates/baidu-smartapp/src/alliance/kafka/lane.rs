//! The queued records of one partition.

use std::collections::VecDeque;

use rdkafka::message::OwnedMessage;

/// The number of queued records at which fetching stops.
const FULL: usize = 256;

/// One partition: at most one record being handled, the others queued in order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The assignment that delivered the queued records.
    assignment: u64,
    waiting: VecDeque<OwnedMessage>,
    /// Whether a record is being handled.
    pub(super) is_at_work: bool,
    /// Whether fetching is paused.
    pub(super) is_paused: bool,
}

impl Lane {
    /// Queues a record. Records of an earlier assignment are delivered again, here or to another member.
    pub(super) fn push(&mut self, record: OwnedMessage, assignment: u64) {
        if self.assignment != assignment {
            self.waiting.clear();
            self.assignment = assignment;
            self.is_paused = false;
        }
        self.waiting.push_back(record);
    }

    /// Returns the next record, if none is being handled, and the assignment that delivered it.
    pub(super) fn next(&mut self, held: Option<u64>) -> Option<(OwnedMessage, u64)> {
        if held != Some(self.assignment) {
            self.waiting.clear();
        }
        if self.is_at_work {
            return None;
        }
        let record = self.waiting.pop_front()?;
        self.is_at_work = true;
        Some((record, self.assignment))
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
