//! The records of one partition that wait for their turn.

use std::collections::VecDeque;

use rdkafka::message::OwnedMessage;

/// How many records wait before no more are fetched.
const FULL: usize = 256;

/// One partition: at most one record at work, the others in their order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The assignment that brought the waiting records.
    assignment: u64,
    waiting: VecDeque<OwnedMessage>,
    /// Whether a record is at work.
    pub(super) is_at_work: bool,
    /// Whether no more records are fetched.
    pub(super) is_paused: bool,
}

impl Lane {
    /// Lines a record up. Those of an earlier assignment come again, or come to another member.
    pub(super) fn push(&mut self, record: OwnedMessage, assignment: u64) {
        if self.assignment != assignment {
            self.waiting.clear();
            self.assignment = assignment;
            self.is_paused = false;
        }
        self.waiting.push_back(record);
    }

    /// The next record, if none is at work, and the assignment that brought it.
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
