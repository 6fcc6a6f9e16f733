//! `alliance watch` against an in-process Kafka cluster.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use miniprogram_sim::{Disturbance, Fault, FaultRule, Scope};
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{DefaultProducerContext, FutureProducer, FutureRecord};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, CLIENT_ID, CLIENT_SECRET, Ran, command};

const TOPIC: &str = "smartapp-changes";

/// A one-broker cluster with the topic.
struct Kafka {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: FutureProducer,
}

impl Kafka {
    fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, 1, 1).unwrap();
        let producer =
            ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
        Self { cluster, producer }
    }

    async fn tell(&self, payload: impl AsRef<[u8]>) {
        let record = FutureRecord::<[u8], _>::to(TOPIC).partition(0).payload(payload.as_ref());
        self.producer.send(record, std::time::Duration::from_secs(30)).await.unwrap();
    }

    /// The command that watches it.
    fn watch(&self, options: &[&str]) -> Command {
        let mut command = command();
        command.args(["alliance", "watch", "--topic", TOPIC, "--group", "host-42", "--format", "json"]);
        command.args(["--brokers", &self.cluster.bootstrap_servers()]);
        // The cluster makes a group wait for one second less than this on a rebalance.
        command.args(["--property", "session.timeout.ms=4000", "--property", "heartbeat.interval.ms=200"]);
        command.args(options);
        command
    }
}

fn lines(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn started(command: &mut Command) -> (Child, BufReader<ChildStdout>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn next(lines: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_printed_does_not_come_again() {
    let kafka = Kafka::new();
    kafka.tell(r#"{"code":100,"data":{"app_id":1111}}"#).await;
    kafka.tell("{ code：101, data:{app_id:1111, package_id:22} }").await;
    kafka.tell(r#"{"code":102,"data":{"app_id":"1111","more":[1]}}"#).await;
    let first = lines(&Ran::of(&mut kafka.watch(&["--max", "2"])));
    let app = json!({ "code": 100, "kind": "app_changed", "app_id": "1111", "topic": TOPIC, "partition": 0, "offset": 0 });
    let package = json!({ "code": 101, "kind": "package_changed", "app_id": "1111", "package_id": "22", "topic": TOPIC, "partition": 0, "offset": 1 });
    assert_eq!(first, [app, package]);
    let rest = lines(&Ran::of(&mut kafka.watch(&["--until-idle", "8s", "--max", "1"])));
    assert_eq!(
        (&rest[0]["code"], &rest[0]["kind"], &rest[0]["offset"]),
        (&json!(102), &json!("unknown"), &json!(2))
    );
    assert_eq!(rest[0]["payload"]["data"]["more"], json!([1]), "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_nothing_comes_any_more() {
    let kafka = Kafka::new();
    assert_eq!(lines(&Ran::of(&mut kafka.watch(&["--until-idle", "500ms"]))), [json!(null); 0]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_ends_it_cleanly() {
    for name in ["INT", "TERM"] {
        let kafka = Kafka::new();
        kafka.tell(r#"{"code":100,"data":{"app_id":1111}}"#).await;
        let (mut child, mut lines_of) = started(&mut kafka.watch(&[]));
        assert_eq!(next(&mut lines_of)["offset"], 0);
        crate::support::signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
        let mut rest = String::new();
        lines_of.read_to_string(&mut rest).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        kafka.tell(r#"{"code":100,"data":{"app_id":2222}}"#).await;
        let after = lines(&Ran::of(&mut kafka.watch(&["--max", "1"])));
        assert_eq!(after[0]["offset"], 1, "the first one was committed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_read_again() {
    let (kafka, bench) = (Kafka::new(), Bench::start().await);
    let id = bench.sim.online_package(&BAIDU_APP.into()).unwrap().unwrap();
    kafka.tell(format!(r#"{{"code":100,"data":{{"app_id":{BAIDU_APP}}}}}"#)).await;
    kafka.tell(format!(r#"{{"code":101,"data":{{"app_id":{BAIDU_APP},"package_id":{id}}}}}"#)).await;
    kafka.tell(r#"{"code":100,"data":{"app_id":1999999}}"#).await;
    let mut command = kafka.watch(&["--max", "3", "--reread"]);
    command.env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
    command.env("MINIPROGRAM_CLIENT_ID", CLIENT_ID).env("MINIPROGRAM_CLIENT_SECRET", CLIENT_SECRET);
    // The first read fails, and the notification is delivered again.
    bench.sim.add_fault(FaultRule::next(4, Scope::All, Fault::Before(Disturbance::ServerError(503))));
    let told = lines(&Ran::of(command.args(["--timeout", "1s", "--deadline", "1s"])));
    assert_eq!(told[0]["app"]["app_id"], BAIDU_APP);
    assert_eq!(
        (&told[1]["package"]["package_id"], &told[1]["package"]["stage"]),
        (&json!(id.as_str()), &json!("released"))
    );
    assert_eq!(told[2].as_object().unwrap().get("app"), Some(&Value::Null), "the vendor shows no such app");
    assert_eq!(bench.sim.requests_to("/oauth/2.0/token"), 4 + 1, "one token for all, after the faults");
}

/// Nothing is skipped: what could not be read is not committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_stays_ends_it_without_a_commit() {
    let (kafka, bench) = (Kafka::new(), Bench::start().await);
    kafka.tell(format!(r#"{{"code":100,"data":{{"app_id":{BAIDU_APP}}}}}"#)).await;
    let mut command = kafka.watch(&["--reread"]);
    command.env("MINIPROGRAM_BASE_URL", bench.sim.base_url());
    command.env("MINIPROGRAM_CLIENT_ID", CLIENT_ID).env("MINIPROGRAM_CLIENT_SECRET", "canary");
    let ran = Ran::of(&mut command);
    assert_eq!(ran.error(1)["code"], "invalid_client");
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    assert_eq!(lines(&Ran::of(&mut kafka.watch(&["--max", "1"])))[0]["offset"], 0);

    let usage = Ran::of(&mut kafka.watch(&["--reread"]));
    assert_eq!(usage.code, 2);
    assert!(usage.stderr.contains("--client-id"), "{}", usage.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_aside() {
    let kafka = Kafka::new();
    for payload in [&b"no notification"[..], b"\xff\xfe"] {
        kafka.tell(payload).await;
    }
    kafka.tell(r#"{"code":100,"data":{"app_id":1111}}"#).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letters.jsonl");
    let told = lines(&Ran::of(&mut kafka.watch(&["--max", "1", "--dead-letters", file.to_str().unwrap()])));
    assert_eq!(told[0]["offset"], 2);
    let kept: Vec<Value> = std::fs::read_to_string(&file)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&kept[0]["payload"], &kept[0]["offset"]), (&json!("no notification"), &json!(0)));
    assert_eq!((&kept[1]["payload_hex"], &kept[1]["offset"]), (&json!("fffe"), &json!(1)));
    assert!(kept.iter().all(|one| one["reason"].is_string() && one["topic"] == TOPIC), "{kept:?}");

    let nowhere = Ran::of(&mut kafka.watch(&["--dead-letters", "/no/such/folder/letters"]));
    assert_eq!(nowhere.error(1)["field"], "dead_letters");
}

/// Property values may be passwords.
#[test]
fn a_property_is_not_printed() {
    for (name, code) in [("no.such.property", 1), ("session.timeout.ms", 1)] {
        let mut command = command();
        command.args(["alliance", "watch", "--brokers", "127.0.0.1:9", "--topic", "t", "--group", "g"]);
        let ran = Ran::of(command.args(["--property", &format!("{name}=canary")]));
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(name) && !ran.stderr.contains("canary"), "{}", ran.stderr);
    }
}
