//! Change notices from an in-process Kafka cluster: over real sockets, with groups and commits.

#![allow(clippy::disallowed_methods, reason = "real sockets: a test that hangs must end")]

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use baidu_smartapp::alliance::kafka::{
    ChangeConsumer, DeadLetter, DeadLetters, KafkaConfig, KafkaCredentials, Notification,
};
use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::{Error, ErrorKind, EventKind, Timestamp};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{DefaultProducerContext, FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const TOPIC: &str = "smartapp-changes";
const GROUP: &str = "host-42";
const LONG: Duration = Duration::from_secs(60);

async fn within<F: Future>(what: &str, future: F) -> F::Output {
    timeout(LONG, future).await.unwrap_or_else(|_| panic!("{what}: not within {LONG:?}"))
}

/// A one-broker cluster with the topic.
struct Kafka {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: FutureProducer,
}

impl Kafka {
    fn new(partitions: i32) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, partitions, 1).unwrap();
        let producer =
            ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
        Self { cluster, producer }
    }

    fn config(&self) -> KafkaConfig {
        KafkaConfig::new(self.cluster.bootstrap_servers(), TOPIC, GROUP)
            // The cluster makes a group wait for one second less than this on a rebalance.
            .with_property("session.timeout.ms", "4000")
            .with_property("heartbeat.interval.ms", "200")
            .with_property("reconnect.backoff.max.ms", "200")
    }

    async fn produce(&self, partition: i32, payload: impl AsRef<[u8]>) {
        let record = FutureRecord::<[u8], _>::to(TOPIC).partition(partition).payload(payload.as_ref());
        within("produce", self.producer.send(record, LONG)).await.unwrap();
    }

    /// The group's next offset; `None` if it has committed nothing.
    async fn committed(&self, partition: i32) -> Option<i64> {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", self.cluster.bootstrap_servers()).set("group.id", GROUP);
        let asking = tokio::task::spawn_blocking(move || {
            let asker: BaseConsumer = client.create().unwrap();
            let mut list = TopicPartitionList::new();
            list.add_partition(TOPIC, partition);
            let committed = asker.committed_offsets(list, LONG).unwrap();
            committed.find_partition(TOPIC, partition).unwrap().offset()
        });
        match within("committed", asking).await.unwrap() {
            Offset::Offset(offset) => Some(offset),
            Offset::Invalid => None,
            other => panic!("{other:?}"),
        }
    }

    async fn until_committed(&self, partition: i32, offset: i64) {
        within("until_committed", async {
            while self.committed(partition).await != Some(offset) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn app(id: u32) -> String {
    format!(r#"{{"code":100,"data":{{"app_id":{id}}}}}"#)
}

/// Records invalid notices, after some failures.
#[derive(Debug, Default)]
struct Shelf {
    letters: Mutex<Vec<DeadLetter>>,
    failures: AtomicUsize,
}

#[async_trait]
impl DeadLetters for Shelf {
    async fn keep(&self, letter: &DeadLetter) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        {
            return Err("the shelf is locked".into());
        }
        self.letters.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

/// A notice being handled, and the channel for its result.
struct Handling {
    notification: Notification,
    answer: oneshot::Sender<Result<(), &'static str>>,
}

impl Handling {
    fn succeeds(self) {
        self.answer.send(Ok(())).unwrap();
    }

    fn fails(self) {
        self.answer.send(Err("the store is locked")).unwrap();
    }

    fn place(&self) -> (i32, i64) {
        (self.notification.partition, self.notification.offset)
    }
}

/// Makes the handler panic.
const PANIC: &str = "panic";

/// A consumer whose handler is controlled by the test.
struct Host {
    handlings: mpsc::UnboundedReceiver<Handling>,
    stop: oneshot::Sender<()>,
    /// Closes once the consumer was told to stop.
    told: oneshot::Receiver<()>,
    run: JoinHandle<Result<(), Error>>,
}

impl Host {
    fn start(config: KafkaConfig) -> Self {
        Self::start_with(config, Arc::default())
    }

    fn start_with(config: KafkaConfig, shelf: Arc<Shelf>) -> Self {
        let (to_test, handlings) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let consumer = ChangeConsumer::connect(config, shelf).unwrap();
        let handler = move |notification| {
            let (answer, answered) = oneshot::channel();
            to_test.send(Handling { notification, answer }).unwrap();
            async move {
                let answer = answered.await.unwrap_or(Err("the test has gone"));
                assert_ne!(answer, Err(PANIC));
                answer
            }
        };
        let run = tokio::spawn(consumer.run_until(handler, async {
            let _ = stopped.await;
            let _ = tell.send(());
        }));
        Self { handlings, stop, told, run }
    }

    async fn next(&mut self) -> Handling {
        within("the next notice", self.handlings.recv()).await.unwrap()
    }

    /// The next notices, by partition.
    async fn next_of_each<const N: usize>(&mut self) -> BTreeMap<i32, Handling> {
        let mut handlings = BTreeMap::new();
        while handlings.len() < N {
            let handling = self.next().await;
            handlings.insert(handling.notification.partition, handling);
        }
        handlings
    }

    async fn stop(self) -> Result<(), Error> {
        let _ = self.stop.send(());
        within("stop", self.run).await.unwrap()
    }

    /// Ends without a shutdown, like a crash.
    async fn crash(self) {
        self.run.abort();
        let _ = self.run.await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_come_in_order_and_again_after_a_crash() {
    let kafka = Kafka::new(1);
    for id in 1..=5 {
        kafka.produce(0, app(id)).await;
    }
    let mut host = Host::start(kafka.config());
    for offset in 0..3 {
        let handling = host.next().await;
        assert_eq!((handling.place(), handling.notification.attempt), ((0, offset), 1));
        assert_eq!(handling.notification.event.kind, EventKind::AppChanged);
        assert_eq!(handling.notification.event.app_id, Some((offset as u64 + 1).into()));
        assert!(host.handlings.try_recv().is_err(), "one after the other");
        handling.succeeds();
    }
    let in_hand = host.next().await;
    assert_eq!(in_hand.place(), (0, 3));
    kafka.until_committed(0, 3).await;
    host.crash().await;
    drop(in_hand);

    let mut host = Host::start(kafka.config());
    for offset in 3..5 {
        let handling = host.next().await;
        assert_eq!(handling.place(), (0, offset), "what was not committed comes again, the rest does not");
        handling.succeeds();
    }
    kafka.until_committed(0, 5).await;
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_in_hand_and_begins_nothing() {
    let kafka = Kafka::new(2);
    for partition in 0..2 {
        kafka.produce(partition, app(1)).await;
        kafka.produce(partition, app(2)).await;
    }
    // The clock does not move, so the failed notice waits for its next attempt.
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let _still = clock.enter();
    let mut host = Host::start(kafka.config().with_clock(Arc::new(clock.clone())));
    let mut in_hand = host.next_of_each::<2>().await;
    in_hand.remove(&1).unwrap().fails();
    host.stop.send(()).unwrap();
    within("told", host.told).await.unwrap();
    in_hand.remove(&0).unwrap().succeeds();
    within("the run", host.run).await.unwrap().unwrap();
    assert!(host.handlings.try_recv().is_err(), "nothing else was begun");
    assert_eq!((kafka.committed(0).await, kafka.committed(1).await), (Some(1), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_handler_is_asked_again_while_other_partitions_go_on() {
    let kafka = Kafka::new(2);
    kafka.produce(0, app(1)).await;
    kafka.produce(0, app(2)).await;
    kafka.produce(1, r#"{ code：101, data:{app_id:3, package_id:4} }"#).await;
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let still = clock.enter();
    let config = kafka.config().with_clock(Arc::new(clock.clone()));
    let mut host = Host::start(config.with_pauses(Duration::from_secs(10), Duration::from_secs(60)));
    let mut first = host.next_of_each::<2>().await;
    first.remove(&0).unwrap().fails();
    let other = first.remove(&1).unwrap();
    assert_eq!(other.notification.event.kind, EventKind::PackageChanged);
    assert_eq!(other.notification.event.package_id, Some(4u64.into()));
    other.succeeds();
    kafka.until_committed(1, 1).await;
    assert!(host.handlings.try_recv().is_err(), "the failed notice waits, and its partition with it");
    assert_eq!(kafka.committed(0).await, None);

    let begun = clock.now();
    drop(still);
    for attempt in 2..=3 {
        let handling = host.next().await;
        assert_eq!((handling.place(), handling.notification.attempt), ((0, 0), attempt));
        if attempt == 2 { handling.fails() } else { handling.succeeds() }
    }
    let waited = clock.now().since(begun).as_secs();
    assert!((30..=60).contains(&waited), "10 and 20 seconds, and some jitter: {waited}");
    let next = host.next().await;
    assert_eq!((next.place(), next.notification.attempt), ((0, 1), 1));
    next.succeeds();
    kafka.until_committed(0, 2).await;
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_has_failed() {
    let kafka = Kafka::new(2);
    kafka.produce(0, app(1)).await;
    kafka.produce(1, app(2)).await;
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let mut host = Host::start(kafka.config().with_clock(Arc::new(clock)));
    let mut first = host.next_of_each::<2>().await;
    first.remove(&0).unwrap().answer.send(Err(PANIC)).unwrap();
    first.remove(&1).unwrap().succeeds();
    kafka.until_committed(1, 1).await;
    let again = host.next().await;
    assert_eq!((again.place(), again.notification.attempt), ((0, 0), 2));
    again.succeeds();
    kafka.until_committed(0, 1).await;
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_notice_is_kept_aside_and_passed() {
    let poison: [&[u8]; 5] = [
        b"canary \xff\xfe",
        b"",
        b"canary: hello",
        br#"{"code":100,"data":{"canary":1}}"#,
        br#"{"code":101,"data":{"package_id":7}}"#,
    ];
    let kafka = Kafka::new(1);
    for payload in poison {
        kafka.produce(0, payload).await;
    }
    let tombstone = FutureRecord::<_, [u8]>::to(TOPIC).partition(0).key("the key");
    within("produce", kafka.producer.send(tombstone, LONG)).await.unwrap();
    kafka.produce(0, r#"{"code":102,"data":{"app_id":9}}"#).await;
    let shelf = Arc::new(Shelf { failures: AtomicUsize::new(2), ..Shelf::default() });
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let mut host = Host::start_with(kafka.config().with_clock(Arc::new(clock)), Arc::clone(&shelf));
    let unlisted = host.next().await;
    assert_eq!((unlisted.place(), unlisted.notification.event.kind), ((0, 6), EventKind::Unknown));
    assert_eq!(unlisted.notification.event.raw_event, "102");
    kafka.until_committed(0, 6).await;
    let letters = shelf.letters.lock().unwrap().clone();
    assert_eq!(letters.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    for (letter, payload) in letters.iter().zip(poison) {
        assert_eq!((letter.payload.as_deref(), letter.key.as_deref()), (Some(payload), None));
        assert_eq!((letter.topic.as_str(), letter.partition), (TOPIC, 0));
        assert!(!letter.reason.is_empty() && !format!("{letter:?}").contains("canary"), "{letter:?}");
    }
    assert_eq!((letters[5].payload.as_deref(), letters[5].key.as_deref()), (None, Some(&b"the key"[..])));
    unlisted.succeeds();
    kafka.until_committed(0, 7).await;
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_taken_away_in_mid_work_is_not_committed() {
    let kafka = Kafka::new(2);
    kafka.produce(0, app(1)).await;
    kafka.produce(1, app(2)).await;
    let mut first = Host::start(kafka.config());
    let mut in_hand = first.next_of_each::<2>().await;
    let mut second = Host::start(kafka.config());
    let moved = second.next().await;
    let (partition, offset) = moved.place();
    assert_eq!(offset, 0, "what was in hand comes again");
    let kept = 1 - partition;
    in_hand.remove(&partition).unwrap().succeeds();
    in_hand.remove(&kept).unwrap().succeeds();
    kafka.until_committed(kept, 1).await;
    assert_eq!(kafka.committed(partition).await, None, "the first has nothing to say about it any more");
    moved.succeeds();
    kafka.until_committed(partition, 1).await;

    for partition in 0..2 {
        kafka.produce(partition, app(3)).await;
    }
    let (one, other) = (first.next().await, second.next().await);
    assert_eq!((one.place(), other.place()), ((kept, 1), (partition, 1)), "nothing is lost or moved again");
    one.succeeds();
    other.succeeds();
    kafka.until_committed(0, 2).await;
    kafka.until_committed(1, 2).await;
    // The second takes over what the first leaves.
    first.stop().await.unwrap();
    kafka.produce(kept, app(4)).await;
    let inherited = second.next().await;
    assert_eq!(inherited.place(), (kept, 2));
    inherited.succeeds();
    second.stop().await.unwrap();
    assert_eq!(kafka.committed(kept).await, Some(3), "a stop commits what was handled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_comes_back_waits_for_the_work_of_before() {
    let kafka = Kafka::new(2);
    kafka.produce(0, app(1)).await;
    kafka.produce(1, app(2)).await;
    // All partitions are revoked from everyone, and some come back.
    let config = || kafka.config().with_property("partition.assignment.strategy", "range");
    let mut first = Host::start(config());
    let mut in_hand = first.next_of_each::<2>().await;
    let mut second = Host::start(config());
    let moved = second.next().await;
    let (partition, kept) = (moved.notification.partition, 1 - moved.notification.partition);
    moved.succeeds();
    kafka.until_committed(partition, 1).await;
    assert!(first.handlings.try_recv().is_err(), "one notice of a partition at a time");
    in_hand.remove(&kept).unwrap().succeeds();
    let again = first.next().await;
    assert_eq!(again.place(), (kept, 0), "it was handled under the assignment of before");
    assert_eq!(kafka.committed(kept).await, None);
    again.succeeds();
    kafka.until_committed(kept, 1).await;
    in_hand.remove(&partition).unwrap().succeeds();
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_handled_in_order_without_holding_it_all() {
    const NOTICES: i64 = 1500;
    let kafka = Kafka::new(1);
    for id in 1..=NOTICES {
        let payload = app(id.try_into().unwrap());
        let record = FutureRecord::<[u8], _>::to(TOPIC).partition(0).payload(&payload);
        drop(kafka.producer.send_result(record).unwrap());
    }
    let mut host = Host::start(kafka.config());
    for offset in 0..NOTICES {
        let handling = host.next().await;
        assert_eq!(handling.place(), (0, offset));
        handling.succeeds();
    }
    kafka.until_committed(0, NOTICES).await;
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_may_go_and_come_back() {
    let kafka = Kafka::new(1);
    kafka.produce(0, app(1)).await;
    kafka.cluster.broker_down(-1).unwrap();
    let mut host = Host::start(kafka.config());
    assert!(timeout(Duration::from_millis(300), host.handlings.recv()).await.is_err());
    kafka.cluster.broker_up(-1).unwrap();
    let in_hand = host.next().await;
    assert_eq!(in_hand.place(), (0, 0));
    kafka.cluster.broker_down(-1).unwrap();
    in_hand.succeeds();
    assert!(timeout(Duration::from_millis(300), host.handlings.recv()).await.is_err());
    kafka.cluster.broker_up(-1).unwrap();
    kafka.produce(0, app(2)).await;
    loop {
        // A group that was lost in the meantime delivers the first one again.
        let handling = host.next().await;
        let (_, offset) = handling.place();
        handling.succeeds();
        if offset == 1 {
            break;
        }
    }
    kafka.until_committed(0, 2).await;
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_brokers_that_are_gone() {
    let kafka = Kafka::new(1);
    kafka.produce(0, app(1)).await;
    let mut host = Host::start(kafka.config());
    let in_hand = host.next().await;
    kafka.cluster.broker_down(-1).unwrap();
    in_hand.succeeds();
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_refused_ends_the_run() {
    let kafka = Kafka::new(1);
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED; 100];
    kafka.cluster.request_errors(RDKafkaApiKey::JoinGroup, &refused);
    let host = Host::start(kafka.config());
    let error = within("the run", host.run).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::PermissionDenied, "run"));
}

#[tokio::test]
async fn configurations_that_cannot_be_used_are_named() {
    let good = || KafkaConfig::new("127.0.0.1:9092", TOPIC, GROUP);
    let secret = || KafkaCredentials::new("user", "canary-of-the-password");
    let plain = |config: KafkaConfig| config.with_property("security.protocol", "plaintext");
    let cases = [
        (KafkaConfig::new(" ", TOPIC, GROUP), "brokers"),
        (KafkaConfig::new("127.0.0.1:9092", "^smartapp.*", GROUP), "topic"),
        (KafkaConfig::new("127.0.0.1:9092", "", GROUP), "topic"),
        (KafkaConfig::new("127.0.0.1:9092", TOPIC, ""), "group"),
        (good().with_property("enable.auto.offset.store", "true"), "enable.auto.offset.store"),
        (good().with_property("enable.auto.commit", "false"), "enable.auto.commit"),
        (good().with_property("group.id", "canary"), "group.id"),
        (good().with_property("no.such.property", "canary"), "no.such.property"),
        (good().with_property("session.timeout.ms", "canary"), "session.timeout.ms"),
        (plain(good()).with_credentials(secret()), "security.protocol"),
        (good().with_property("sasl.password", "canary").with_credentials(secret()), "sasl.password"),
    ];
    for (config, field) in cases {
        assert!(!format!("{config:?}").contains("canary"), "{config:?}");
        let error = ChangeConsumer::connect(config, Arc::new(Shelf::default())).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
    let trusted = good().with_property("security.protocol", "SASL_PLAINTEXT").with_credentials(secret());
    let consumer = ChangeConsumer::connect(trusted, Arc::new(Shelf::default())).unwrap();
    assert!(!format!("{consumer:?}").contains("canary"), "{consumer:?}");
    let safe = ChangeConsumer::connect(good().with_credentials(secret()), Arc::new(Shelf::default()));
    if cfg!(feature = "kafka-ssl") {
        safe.unwrap();
    } else {
        let error = safe.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("security.protocol")));
        assert!(error.advice().contains("kafka-ssl"), "{}", error.advice());
    }
}

#[test]
fn without_a_runtime_nothing_is_connected() {
    let config = KafkaConfig::new("127.0.0.1:9092", TOPIC, GROUP);
    let error = ChangeConsumer::connect(config, Arc::new(Shelf::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
