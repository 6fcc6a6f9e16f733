//! `serve` as a process among stalled readers, hanging handlers and hostile peers.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use miniprogram::Secret;
use miniprogram::baidu::event::BaiduEventEncoder;
use miniprogram::callback::{CallbackConfig, Seal};
use miniprogram::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Ran, command, signal};

const PLATFORM: &str = "17328232";
const TOKEN: &str = "receivertoken";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// Number of the app of event 0.
const FIRST_APP: i64 = 1_000_000;
/// Timeout of anything on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a configuration and a store.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let text = format!(
            "store = \"sqlite:state.db\"\nlisten = \"127.0.0.1:0\"\n\
             [[platform]]\nvendor = \"baidu\"\nid = \"{PLATFORM}\"\nclient_id = \"k\"\n\
             token = {{ env = \"RECEIVER_TOKEN\" }}\naes_key = \"{AES_KEY}\"\nbase_url = \"http://127.0.0.1:9\"\n"
        );
        fs::write(place.file("miniprogram.toml"), text).unwrap();
        fs::set_permissions(
            place.file("miniprogram.toml"),
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )
        .unwrap();
        place.run(&["store", "migrate"]).json();
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = command();
        command.current_dir(self.folder.path()).args(line).args(["--format", "json"]);
        command.env("RECEIVER_TOKEN", TOKEN);
        command
    }

    fn run(&self, line: &[&str]) -> Ran {
        Ran::of(&mut self.command(line))
    }

    fn serve(&self, options: &[&str]) -> Receiver {
        Receiver::start(self.command(&["serve"]).args(options))
    }

    /// Numbers of the events in a state.
    fn numbers(&self, state: &str) -> BTreeSet<i64> {
        let listed = self.run(&["events", "list", "--limit", "10000", "--state", state]).json();
        listed.as_array().unwrap().iter().map(number).collect()
    }
}

/// Number of an event, part of its app's id.
fn number(event: &Value) -> i64 {
    let app = event["app_id"].as_str().unwrap_or_else(|| panic!("{event}"));
    app.parse::<i64>().unwrap() - FIRST_APP
}

/// The process, whose output is read only if a test does so.
struct Receiver {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
    base: String,
    status: String,
    client: reqwest::Client,
}

impl Receiver {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap_or_else(|_| {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            panic!("no first line: {first}{said}")
        });
        let url = |name: &str| first[name].as_str().unwrap().to_owned();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { child, stdout, stderr, base: url("base_url"), status: url("status_url"), client }
    }

    /// Delivers the event of a number, of its own app, with `letters` extra letters. Returns the response.
    async fn push(&self, number: i64, letters: usize) -> (u16, String) {
        let answer = self.request(number, letters).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Delivers it on a new connection, with a vendor's timeout. Returns whether it was acknowledged.
    async fn try_push(&self, number: i64, letters: usize) -> bool {
        let request =
            self.request(number, letters).header("connection", "close").timeout(Duration::from_secs(5));
        let Ok(answer) = request.send().await else { return false };
        answer.status() == 200 && answer.text().await.is_ok_and(|text| text == "success")
    }

    fn request(&self, number: i64, letters: usize) -> reqwest::RequestBuilder {
        let message = json!({
            "appId": FIRST_APP + number,
            "tpAppId": PLATFORM.parse::<i64>().unwrap(),
            "event": "PACKAGE_AUDIT_PASS",
            "eventTime": "2023-11-14 22:13:20",
            // Ids start at 1.
            "packageId": number + 1,
            "packageVersion": "1.0.0",
            "remark": "x".repeat(letters),
        });
        let config = CallbackConfig::encrypted(TOKEN, &Secret::new(AES_KEY)).unwrap();
        let encoder = BaiduEventEncoder::new(config.with_receiver_id(PLATFORM).unwrap()).unwrap();
        let nonce = fastrand::u64(1 << 40..).to_string();
        let push = encoder.seal_push(&message.to_string(), &Seal::new(SystemClock.now(), &nonce)).unwrap();
        let query = Some(push.query).filter(|query| !query.is_empty()).map(|query| format!("?{query}"));
        let url = format!("{}/baidu/{PLATFORM}/messages{}", self.base, query.unwrap_or_default());
        let request = self.client.post(url).header("content-type", push.content_type.unwrap_or_default());
        request.body(push.body)
    }

    /// Delivers many; all of them are acknowledged.
    async fn push_all(&self, numbers: std::ops::Range<i64>, letters: usize) {
        let pushes = numbers.map(|number| self.push(number, letters));
        let answers: Vec<_> = futures::stream::iter(pushes).buffer_unordered(16).collect().await;
        for (status, body) in answers {
            assert_eq!((status, body.as_str()), (200, "success"));
        }
    }

    async fn get(&self, url: &str) -> (u16, String) {
        let answer = self.client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn is_healthy(&self) -> bool {
        self.get(&format!("{}/healthz", self.base)).await.0 == 200
    }

    /// Waits until it exits. Returns the exit code.
    fn wait(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    fn terminate(&mut self) -> i32 {
        signal(&self.child, "TERM");
        self.wait()
    }

    /// Numbers of the events on unread lines. The last one may be cut short.
    fn printed(&mut self) -> BTreeSet<i64> {
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).unwrap();
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.map(|line: Value| number(&line)).collect()
    }

    fn said(&mut self) -> String {
        let mut text = String::new();
        self.stderr.read_to_string(&mut text).unwrap();
        text
    }
}

/// A failing test leaves no process behind.
impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Polls until the condition holds.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "it did not come to that");
        SystemClock.deadline(Duration::from_millis(20)).await;
    }
}

/// Returns whether a process runs; a zombie does not count.
fn is_alive(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap().stdout;
    !state.is_empty() && !state.starts_with(b"Z")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stalls_does_not_make_it_deaf_and_loses_nothing() {
    let place = Place::new();
    let mut receiver = place.serve(&["--jsonl"]);
    // Far more than a pipe buffers.
    receiver.push_all(0..120, 2000).await;
    assert!(receiver.is_healthy().await);
    assert_eq!(receiver.terminate(), 1);
    let said = receiver.said();
    assert!(said.contains("standard output is no longer read"), "{said}");
    let printed = receiver.printed();
    assert!(!printed.is_empty() && printed.len() < 120, "{}", printed.len());
    let left = place.numbers("pending");
    assert_eq!(place.numbers("dead"), BTreeSet::new());
    assert!(printed.union(&left).copied().eq(0..120), "{printed:?} and {left:?}");

    let mut again = place.serve(&["--jsonl"]);
    let mut lines = BTreeSet::new();
    while lines.len() < left.len() {
        let mut line = String::new();
        again.stdout.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["attempt"], 1, "that nobody took it is not the event's fault");
        lines.insert(number(&line));
    }
    assert_eq!(lines, left);
    assert_eq!(again.terminate(), 0, "{}", again.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_takes_nothing_for_too_long_ends_it_with_an_error() {
    let place = Place::new();
    let mut receiver = place.serve(&["--jsonl", "--handler-timeout", "1s"]);
    // Until it exits, on a fast machine after a few thousand.
    for number in 0..100_000 {
        if !receiver.try_push(number, 2000).await {
            break;
        }
    }
    assert_eq!(receiver.wait(), 1);
    let said = receiver.said();
    assert!(said.contains("standard output is no longer read"), "{said}");
    assert!(!place.numbers("pending").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_it_with_an_error() {
    let place = Place::new();
    let mut receiver = place.serve(&["--jsonl"]);
    let closed = Command::new("true").stdout(Stdio::piped()).spawn().unwrap().stdout.take().unwrap();
    drop(std::mem::replace(&mut receiver.stdout, BufReader::new(closed)));
    receiver.push_all(0..1, 0).await;
    assert_eq!(receiver.wait(), 1);
    let said = receiver.said();
    assert!(said.contains("standard output was closed"), "{said}");
    assert!(place.numbers("pending").contains(&0), "it comes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_does_not_make_it_deaf() {
    let place = Place::new();
    let mut serve = place.command(&["serve"]);
    let mut receiver = Receiver::start(serve.env("MINIPROGRAM_LOG", "trace"));
    receiver.push_all(0..600, 0).await;
    assert!(receiver.is_healthy().await);
    assert_eq!(receiver.terminate(), 1, "lines of the log were lost");
    assert_eq!(place.numbers("done").len() + place.numbers("pending").len(), 600);
    let said = receiver.said();
    assert!(said.len() > 60_000, "the pipe was full: {}", said.len());

    let mut receiver = Receiver::start(serve.env("MINIPROGRAM_LOG", "trace"));
    let closed = Command::new("true").stderr(Stdio::piped()).spawn().unwrap().stderr.take().unwrap();
    drop(std::mem::replace(&mut receiver.stderr, closed));
    receiver.push_all(1000..1010, 0).await;
    assert!(receiver.is_healthy().await);
    assert_eq!(receiver.terminate(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_takes_too_long_is_killed_whole_before_it_is_run_again() {
    let place = Place::new();
    let script =
        "for pid in $(cat leaders 2>/dev/null); do kill -0 $pid 2>/dev/null && echo $pid >> overlapping; done
        echo $$ >> leaders; sleep 1000 & echo $! >> children; sleep 1000";
    let options = ["--handler-timeout", "200ms", "--shutdown-timeout", "200ms", "--exec", script];
    let mut receiver = place.serve(&options);
    receiver.push_all(0..1, 0).await;
    let read = |name: &str| fs::read_to_string(place.file(name)).unwrap_or_default();
    until(async || read("children").lines().count() >= 3).await;
    assert_eq!(receiver.terminate(), 0, "{}", receiver.said());
    assert_eq!(read("overlapping"), "");
    let alive: Vec<String> = (read("leaders") + &read("children")).lines().map(str::to_owned).collect();
    let alive: Vec<_> = alive.iter().filter(|pid| is_alive(pid)).collect();
    assert_eq!(alive, [""; 0], "nothing is left");
    assert_eq!(place.numbers("pending").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_the_environment_without_secrets_and_no_core_is_dumped() {
    let place = Place::new();
    let key = format!("{}=", "A".repeat(43));
    let secret = ["MINIPROGRAM_STORE_KEY", "MINIPROGRAM_STORE_PREVIOUS_KEYS", "RECEIVER_TOKEN", "PGPASSWORD"];
    let mut serve = place.command(&["serve", "--exec", "env > given; ulimit -c > core; mv core done"]);
    serve.env(secret[0], &key).env(secret[1], &key).env(secret[3], "p").env("KEPT_FOR_HANDLERS", "yes");
    let mut receiver = Receiver::start(&mut serve);
    receiver.push_all(0..1, 0).await;
    until(async || place.file("done").exists()).await;
    let given = fs::read_to_string(place.file("given")).unwrap();
    let names: Vec<&str> =
        given.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(names.contains(&"KEPT_FOR_HANDLERS") && names.contains(&"PATH"), "{names:?}");
    assert!(!secret.iter().any(|name| names.contains(name)), "{names:?}");
    assert!(!given.contains(TOKEN) && !given.contains(&key), "by no other name either");
    assert_eq!(fs::read_to_string(place.file("done")).unwrap(), "0\n");
    assert_eq!(receiver.terminate(), 0, "{}", receiver.said());
}

/// Peers that connect, send half a head, and reconnect when cut off. They run on their own thread: the time that they
/// cost must be the receiver's, not that of the test's deliveries.
struct SlowPeers(Option<tokio::runtime::Runtime>);

impl Drop for SlowPeers {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl SlowPeers {
    async fn start(base: &str, peers: usize) -> Self {
        let address = base.trim_start_matches("http://").to_owned();
        let connected = Arc::new(tokio::sync::Semaphore::new(0));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_io().build().unwrap();
        for _ in 0..peers {
            let (address, connected) = (address.clone(), Arc::clone(&connected));
            runtime.spawn(async move {
                loop {
                    if let Ok(mut stream) = tokio::net::TcpStream::connect(&address).await {
                        let _ = stream.write_all(b"POST /baidu HTTP/1.1\r\nx: ").await;
                        connected.add_permits(1);
                        let _ = stream.read(&mut [0; 64]).await;
                    }
                }
            });
        }
        drop(connected.acquire_many(u32::try_from(peers).unwrap()).await.unwrap());
        Self(Some(runtime))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_slow_peers_at_256_files_lose_no_push_within_three_deliveries() {
    let place = Place::new();
    // As many connections as fit, and more: a new one that does not fit replaces a waiting one.
    for options in [&[][..], &["--max-connections", "1000000"]] {
        let serve = place.command(&["serve"]);
        let mut limited = Command::new("sh");
        limited.current_dir(place.folder.path()).stdin(Stdio::null());
        limited
            .args(["-c", "ulimit -n 256 && exec \"$0\" \"$@\""])
            .arg(serve.get_program())
            .args(serve.get_args());
        for (name, value) in serve.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let mut receiver = Receiver::start(limited.args(options));
        let peers = SlowPeers::start(&receiver.base, 500).await;
        let mut again = 0;
        for number in 0..40 {
            let mut delivered = false;
            for _ in 0..3 {
                delivered = receiver.try_push(number, 0).await;
                if delivered {
                    break;
                }
                again += 1;
            }
            assert!(delivered, "{number} is lost; {again} deliveries failed");
        }
        drop(peers);
        assert_eq!(receiver.terminate(), 0, "{}", receiver.said());
        // What had not been started at the end is given back.
        let kept = &place.numbers("done") | &place.numbers("pending");
        assert_eq!(kept.len(), 40);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_and_metrics_are_apart_and_hammering_them_slows_no_push() {
    let place = Place::new();
    let mut receiver = place.serve(&[]);
    assert!(receiver.status.starts_with("http://127.0.0.1:") && receiver.status != receiver.base);
    for path in ["readyz", "metrics"] {
        assert_eq!(receiver.get(&format!("{}/{path}", receiver.base)).await.0, 403, "{path}");
        assert_eq!(receiver.get(&format!("{}/{path}", receiver.status)).await.0, 200, "{path}");
    }
    let slow = SlowPeers::start(&receiver.status, 100).await;
    let mut hammers = tokio::task::JoinSet::new();
    for hammer in 0..16 {
        let path = if hammer % 2 == 0 { "readyz" } else { "metrics" };
        let (client, url) = (receiver.client.clone(), format!("{}/{path}", receiver.status));
        hammers.spawn(async move {
            loop {
                // Some are dropped in favour of others.
                if let Ok(answer) = client.get(&url).send().await {
                    let _ = answer.bytes().await;
                }
            }
        });
    }
    for number in 0..50 {
        let started = Instant::now();
        receiver.push_all(number..number + 1, 0).await;
        assert!(started.elapsed() < Duration::from_secs(4), "the vendor would have hung up");
    }
    drop((hammers, slow));
    assert_eq!(receiver.terminate(), 0, "{}", receiver.said());

    let mut public = place.serve(&["--status-listen", "public"]);
    assert_eq!(public.status, public.base);
    assert_eq!(public.get(&format!("{}/readyz", public.base)).await.0, 200);
    assert_eq!(public.terminate(), 0, "{}", public.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_replaced_under_it_acknowledges_nothing_and_asks_for_a_new_start() {
    let place = Place::new();
    let mut receiver = place.serve(&[]);
    receiver.push_all(0..1, 0).await;
    fs::rename(place.file("state.db"), place.file("kept.db")).unwrap();
    fs::copy(place.file("kept.db"), place.file("state.db")).unwrap();
    assert_eq!(receiver.push(1, 0).await.0, 503);
    until(async || !receiver.is_healthy().await).await;
    let (code, body) = receiver.get(&format!("{}/readyz", receiver.status)).await;
    let state: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &state["store_in_place"]), (503, &json!(false)), "{state}");
    assert_eq!(receiver.terminate(), 0, "{}", receiver.said());
}
