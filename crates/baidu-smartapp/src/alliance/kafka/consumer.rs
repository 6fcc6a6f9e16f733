//! The member of the consumer group: fetches, delivers, commits.

use std::collections::HashMap;
use std::fmt::{self, Debug, Display};
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use miniprogram_core::clock::within;
use miniprogram_core::{Error, ErrorKind, Outcome, Result};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedMessage;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaConfRes;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::config::{CONNECT, KafkaConfig, refused};
use super::context::Context;
use super::lane::Lane;
use super::letters::DeadLetters;
use super::notification::Notification;
use super::work::{Desk, Done};
use crate::BAIDU;

/// How long the brokers may take to let a member leave.
const LEAVING: Duration = Duration::from_secs(10);

/// A member of a consumer group that delivers the notices of a topic to a handler, at least once each.
///
/// The module documentation describes the order and the handling of failures.
pub struct ChangeConsumer {
    member: Member,
    topic: String,
    desk: Desk,
}

impl ChangeConsumer {
    /// Joins the group as soon as a broker responds, without waiting for one: unreachable brokers, now or later, are
    /// retried until they are back.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if a field or property cannot be used, naming it, or if there is no tokio
    /// runtime.
    pub fn connect(config: KafkaConfig, letters: Arc<dyn DeadLetters>) -> Result<Self> {
        let native = config.native()?;
        if Handle::try_current().is_err() {
            return Err(refused("runtime", "must be called within a tokio runtime"));
        }
        let consumer: StreamConsumer<Context> =
            native.create_with_context(Context::default()).map_err(unusable)?;
        consumer.subscribe(&[&config.topic]).map_err(unusable)?;
        let KafkaConfig { topic, clock, first_pause, longest_pause, .. } = config;
        let desk = Desk { letters, clock, first_pause, longest_pause };
        Ok(Self { member: Member(Some(consumer)), topic, desk })
    }

    /// Delivers notices to the handler indefinitely.
    ///
    /// # Errors
    /// As for [`run_until`](Self::run_until).
    pub async fn run<H, F, E>(self, handler: H) -> Result<()>
    where
        H: Fn(Notification) -> F,
        F: Future<Output = Result<(), E>>,
        E: Display,
    {
        self.run_until(handler, pending()).await
    }

    /// Delivers notices to the handler until `stop` completes. No further notice is begun then; notices being handled
    /// are awaited and committed, notices waiting for another attempt are left to the next member, and the consumer
    /// leaves the group. Unreachable brokers are given 10 s for that; uncommitted notices are delivered again.
    ///
    /// Dropping the future stops immediately: notices being handled are delivered again.
    ///
    /// # Errors
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) if the brokers refuse the user, the topic or the group, and
    /// [`Unavailable`](ErrorKind::Unavailable) if librdkafka cannot continue. Before returning, it stops as if `stop`
    /// had completed.
    pub async fn run_until<H, F, E>(self, handler: H, stop: impl Future<Output = ()>) -> Result<()>
    where
        H: Fn(Notification) -> F,
        F: Future<Output = Result<(), E>>,
        E: Display,
    {
        let Self { mut member, topic, desk } = self;
        let Some(consumer) = member.0.as_ref() else { return Ok(()) };
        let mut shift = Shift { consumer, topic: &topic, lanes: HashMap::new() };
        let holding = consumer.context().holding();
        let mut at_work = FuturesUnordered::new();
        let mut stop = pin!(stop);
        let mut result = Ok(());
        loop {
            let stopping = consumer.context().is_stopping();
            if stopping && at_work.is_empty() {
                break;
            }
            // The consumer is polled continuously, so that partitions can be revoked while their records are being
            // handled.
            let partition = tokio::select! {
                biased;
                () = &mut stop, if !stopping => {
                    consumer.context().stop();
                    continue;
                }
                Some(done) = at_work.next() => shift.finish(&done),
                received = consumer.recv() => match received {
                    Ok(record) => shift.line_up(record.detach()),
                    Err(problem) => {
                        if let Some(error) = lasting(problem) {
                            consumer.context().stop();
                            result = result.and(Err(error));
                        }
                        continue;
                    }
                },
            };
            if let Some((record, assignment)) = shift.next(partition) {
                at_work.push(desk.work(&handler, record, assignment, holding.clone()));
            }
        }
        let _busy = desk.clock.enter();
        if within(&*desk.clock, LEAVING, member.leave()).await.is_none() {
            tracing::warn!(
                topic,
                "the brokers did not take the last commits in time; those notices come again"
            );
        }
        result
    }
}

impl Debug for ChangeConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeConsumer").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// The records that were fetched and not handled yet.
struct Shift<'a> {
    consumer: &'a StreamConsumer<Context>,
    topic: &'a str,
    lanes: HashMap<i32, Lane>,
}

impl Shift<'_> {
    /// Queues a received record and returns its partition.
    fn line_up(&mut self, record: OwnedMessage) -> i32 {
        let partition = record.partition();
        if let Some(assignment) = self.consumer.context().assignment(partition) {
            let lane = self.lanes.entry(partition).or_default();
            lane.push(record, assignment);
            if lane.is_full() && !lane.is_paused {
                lane.is_paused = true;
                self.report("paused", partition, self.consumer.pause(&self.only(partition)));
            }
        }
        partition
    }

    /// Finishes a work item: stores and commits the offset if the partition is still held by the same assignment as
    /// when the work began. Returns the partition.
    fn finish(&mut self, done: &Done) -> i32 {
        let Done { partition, assignment, offset, is_handled } = *done;
        self.lanes.entry(partition).or_default().is_at_work = false;
        let is_held = self.consumer.context().assignment(partition) == Some(assignment);
        if is_handled && !is_held {
            tracing::info!(partition, offset, "handled, but the partition was taken away: not committed");
        } else if is_handled {
            let stored = self.consumer.store_offset(self.topic, partition, offset);
            let committed = stored.and_then(|()| self.consumer.commit_consumer_state(CommitMode::Async));
            self.report("committed", partition, committed);
        }
        partition
    }

    /// Returns the next record of a partition, if work on it may begin now.
    fn next(&mut self, partition: i32) -> Option<(OwnedMessage, u64)> {
        if self.consumer.context().is_stopping() {
            return None;
        }
        let held = self.consumer.context().assignment(partition);
        let lane = self.lanes.get_mut(&partition)?;
        let next = lane.next(held);
        if lane.is_paused && lane.is_empty() && held.is_some() {
            lane.is_paused = false;
            self.report("resumed", partition, self.consumer.resume(&self.only(partition)));
        }
        next
    }

    fn only(&self, partition: i32) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.topic, partition);
        list
    }

    fn report(&self, what: &str, partition: i32, result: Result<(), KafkaError>) {
        if let Err(error) = result {
            tracing::warn!(topic = self.topic, partition, %error, "could not be {what}");
        }
    }
}

/// The connection to the group. Leaving it commits the stored offsets and takes a moment, so it is done by a separate
/// thread.
struct Member(Option<StreamConsumer<Context>>);

impl Member {
    /// Leaves the group. The receiver resolves when that is done.
    fn leave(&mut self) -> oneshot::Receiver<()> {
        let (tell, left) = oneshot::channel();
        if let Some(consumer) = self.0.take() {
            let leaving = move || {
                drop(consumer);
                // The receiver may have been dropped.
                let _ = tell.send(());
            };
            if let Err(error) = thread::Builder::new().name("kafka-leave".to_owned()).spawn(leaving) {
                tracing::warn!(%error, "the group could not be left in order");
            }
        }
        left
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        drop(self.leave());
    }
}

/// Returns the error that ends the run; `None` for transient problems.
fn lasting(problem: KafkaError) -> Option<Error> {
    use RDKafkaErrorCode as Code;
    let kind = match &problem {
        KafkaError::MessageConsumptionFatal(_) => ErrorKind::Unavailable,
        KafkaError::MessageConsumption(
            Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed,
        ) => ErrorKind::PermissionDenied,
        _ => return None,
    };
    let error = Error::new(kind, "run").for_vendor(BAIDU).with_outcome(Outcome::NotDone);
    Some(error.with_detail(problem.to_string()).with_source(problem))
}

/// librdkafka refuses its configuration. The value is not repeated: it may be a password.
fn unusable(problem: KafkaError) -> Error {
    match problem {
        KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, _, name, _) => {
            refused(name, "is not a property of librdkafka, or not of this build")
        }
        KafkaError::ClientConfig(_, _, name, _) => refused(name, "has a value that librdkafka does not take"),
        other => Error::new(ErrorKind::Config, CONNECT).for_vendor(BAIDU).with_detail(other.to_string()),
    }
}
