//! What librdkafka reports besides records: assigned and revoked partitions, commits, errors, log lines.

use std::collections::HashMap;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::watch;

/// The partitions held, and whether new work may begin.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// The number of the assignment by which each partition is held.
    partitions: HashMap<i32, u64>,
    assignments: u64,
    pub(super) stopping: bool,
}

impl Holding {
    fn assignment(&self, partition: i32) -> Option<u64> {
        self.partitions.get(&partition).copied()
    }

    /// Whether a partition is still held by that assignment.
    pub(super) fn is_held(&self, partition: i32, assignment: u64) -> bool {
        self.assignment(partition) == Some(assignment)
    }

    fn assign(&mut self, list: &TopicPartitionList) {
        self.assignments += 1;
        let held = list.elements().into_iter().map(|element| (element.partition(), self.assignments));
        self.partitions.extend(held);
    }

    fn revoke(&mut self, list: &TopicPartitionList) {
        for element in list.elements() {
            self.partitions.remove(&element.partition());
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Context {
    holding: watch::Sender<Holding>,
}

impl Context {
    pub(super) fn holding(&self) -> watch::Receiver<Holding> {
        self.holding.subscribe()
    }

    /// Returns the assignment by which a partition is held; `None` if it is not held.
    pub(super) fn assignment(&self, partition: i32) -> Option<u64> {
        self.holding.borrow().assignment(partition)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.holding.borrow().stopping
    }

    /// Prevents new work from beginning.
    pub(super) fn stop(&self) {
        self.holding.send_modify(|holding| holding.stopping = true);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            tracing::info!(partitions = ?numbers(list), "partitions were taken away");
            self.holding.send_modify(|holding| holding.revoke(list));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                tracing::info!(partitions = ?numbers(list), "partitions were assigned");
                // A pause outlives the assignment in which it was made.
                if let Err(error) = consumer.resume(list) {
                    tracing::warn!(%error, "partitions could not be resumed");
                }
                self.holding.send_modify(|holding| holding.assign(list));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "the group could not be rebalanced"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        match result {
            Ok(()) => tracing::debug!(partitions = ?numbers(offsets), "committed"),
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::NoOffset) => {}
            Err(error) => {
                tracing::warn!(partitions = ?numbers(offsets), %error, "not committed; tried again soon");
            }
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "librdkafka"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(facility, message, "librdkafka");
            }
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        tracing::debug!(bytes = statistics.len(), "librdkafka's statistics");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "librdkafka");
    }
}

fn numbers(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}
