//! The throughput of `miniprogram serve`: pushes of both vendors at full speed, to the real process on each
//! store.
//!
//! ```sh
//! cargo bench -p miniprogram-cli --bench intake
//! cargo bench -p miniprogram-cli --bench intake -- sqlite/new      # the rows whose name contains this
//! cargo bench -p miniprogram-cli --bench intake -- --pushes=8000  # 20,000 unless told otherwise
//! cargo bench -p miniprogram-cli --bench intake -- --quick
//! ```
//!
//! A row is named `store/load/concurrency`, the last being the server's `--concurrency`. The rows take turns, and each
//! shows medians of several runs, every run with a new store. Each finished run is reported on standard error.
//!
//! In the load `new`, every push is a distinct event. In `mixed`, 70 % are new, 20 % are duplicates, half of these
//! sealed anew, and 10 % are older than their predecessors. All pushes are sealed before the clock starts. The only
//! handler is that of the tokens, which ignores them. The generator runs next to the server, on the same processors.
//!
//! `CPU µs` is the processor time of the server's process per push, from before the first push until the last event is
//! handled, without the generator and a PostgreSQL server. `commits` are transactions per push, each of which syncs
//! once; they are counted on SQLite alone. Both are read from files that only Linux, or only SQLite, has.
//!
//! Exits with 1 if a push was not acknowledged, an event was not handled, or the server's counts differ from what was
//! sent.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and may panic"
)]

#[path = "../../miniprogram-store/tests/it/postgres.rs"]
mod postgres;

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use miniprogram::baidu::event::BaiduEventEncoder;
use miniprogram::callback::{CallbackConfig, Seal};
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::push::OwnedPush;
use miniprogram::token::TokenScope;
use miniprogram::wechat::WECHAT;
use miniprogram::wechat::event::{PushRoute, WeChatEventEncoder};
use miniprogram::{PlatformId, Secret, Timestamp};
use miniprogram_store::StoreKeys;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WECHAT_PLATFORM: &str = "wx5ec0de0000000001";
const BAIDU_PLATFORM: &str = "17328232";
const TOKEN: &str = "receivertoken";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// Per vendor. Events of one app are handled in order.
const APPS: u64 = 250;
const RUNS: usize = 3;
const DRAINED_WITHIN: Duration = Duration::from_secs(300);
/// Linux reports a process's processor time in hundredths of a second.
const CPU_TICK: Duration = Duration::from_millis(10);
/// The width of a column.
const WIDTH: usize = 9;
/// The server's `--concurrency`; `None` is the default.
const CONCURRENCY: [Option<u32>; 4] = [Some(1), Some(16), Some(64), None];

/// The amount sent.
#[derive(Debug, Clone, Copy)]
struct Load {
    pushes: usize,
    connections: usize,
    runs: usize,
}

/// A row of the table.
struct Row {
    name: String,
    store: &'static str,
    /// Duplicates and older events among the pushes.
    mixed: bool,
    concurrency: Option<u32>,
    runs: Vec<Measured>,
}

/// Results of one run.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// Acknowledgements per second.
    rate: f64,
    p50: Duration,
    p99: Duration,
    max: Duration,
    /// Unhandled events when the last push was acknowledged.
    pending: u64,
    /// Events handled per second, from the first push until none was pending.
    handled: f64,
    /// Processor time of the server per push.
    cpu: Duration,
    /// Transactions per push, if the store reports them.
    commits: Option<f64>,
    /// The server's peak memory, in KiB.
    memory: u64,
}

fn main() -> ExitCode {
    // `cargo test --benches` runs it without `--bench`: a smoke test.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick")
        || !arguments.iter().any(|argument| argument == "--bench");
    let mut load = if quick {
        Load { pushes: 1000, connections: 16, runs: 1 }
    } else {
        Load { pushes: 20_000, connections: 64, runs: RUNS }
    };
    if let Some(pushes) = arguments.iter().find_map(|argument| argument.strip_prefix("--pushes=")) {
        load.pushes = pushes.parse().expect("--pushes=NUMBER");
    }
    let mut rows = rows();
    if let Some(part) = arguments.iter().find(|argument| !argument.starts_with("--")) {
        rows.retain(|row| row.name.contains(part));
    }
    let seed = std::env::var("MINIPROGRAM_INTAKE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!(
        "seed {seed}, {} pushes by {} connections, medians of {} runs",
        load.pushes, load.connections, load.runs
    );
    let heads = ["acks/s", "p50 ms", "p99 ms", "max ms", "pending", "handled/s", "CPU µs", "commits", "MiB"];
    let heads = heads.map(|head| format!("{head:>WIDTH$}")).join(" ");
    let heads = format!("{:<24} {heads}", "row");
    eprintln!("{heads}");
    let mut failed = false;
    for run in 0..load.runs {
        for row in &mut rows {
            let directory = tempfile::TempDir::new().unwrap();
            let url = match row.store {
                "sqlite" => format!("sqlite:{}", database(directory.path()).display()),
                _ => match postgres::database(&row.name) {
                    Some(url) => url,
                    None => continue,
                },
            };
            match measure(directory.path(), &url, row, load, seed.wrapping_add(run as u64)) {
                Ok(measured) => {
                    eprintln!("{}", line(&row.name, &[measured]));
                    row.runs.push(measured);
                }
                Err(why) => {
                    eprintln!("{}: {why}", row.name);
                    failed = true;
                }
            }
        }
    }
    println!("\n{heads}");
    for row in rows.iter().filter(|row| !row.runs.is_empty()) {
        println!("{}", line(&row.name, &row.runs));
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for store in ["sqlite", "postgres"] {
        let new = CONCURRENCY.map(|concurrency| (false, concurrency));
        for (mixed, concurrency) in new.into_iter().chain([(true, None)]) {
            let load = if mixed { "mixed" } else { "new" };
            let width = concurrency.map_or_else(|| "default".to_owned(), |events| events.to_string());
            let name = format!("{store}/{load}/{width}");
            rows.push(Row { name, store, mixed, concurrency, runs: Vec::new() });
        }
    }
    rows
}

/// Formats the medians of runs.
fn line(name: &str, runs: &[Measured]) -> String {
    let millis = |of: fn(&Measured) -> Duration| median(runs, |run| of(run).as_secs_f64() * 1e3);
    let commits: Option<Vec<f64>> = runs.iter().map(|run| run.commits).collect();
    let figures = [
        format!("{:.0}", median(runs, |run| run.rate)),
        format!("{:.2}", millis(|run| run.p50)),
        format!("{:.2}", millis(|run| run.p99)),
        format!("{:.2}", millis(|run| run.max)),
        format!("{:.0}", median(runs, |run| run.pending as f64)),
        format!("{:.0}", median(runs, |run| run.handled)),
        format!("{:.1}", median(runs, |run| run.cpu.as_secs_f64() * 1e6)),
        commits.map_or_else(|| "-".to_owned(), |commits| format!("{:.3}", middle(commits))),
        format!("{:.1}", median(runs, |run| run.memory as f64 / 1024.0)),
    ];
    format!("{name:<24} {}", figures.map(|figure| format!("{figure:>WIDTH$}")).join(" "))
}

fn median(runs: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    middle(runs.iter().map(of).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Sends a load to a new server on a new store.
fn measure(directory: &Path, url: &str, row: &Row, load: Load, seed: u64) -> Result<Measured, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(prepare(url));
    let server = Server::start(directory, url, row.concurrency);
    // Not from the server: its `/readyz` is up to a second old, and querying it costs the server time.
    let store = runtime.block_on(miniprogram_store::open_read_only(url, StoreKeys::default())).unwrap();
    let (requests, events) = requests(load.pushes, row.mixed, seed);

    let (cpu, commits) = (server.cpu(), commits(directory));
    let started = Instant::now();
    let answers = runtime.block_on(send_all(server.address, &requests, load.connections));
    let took = started.elapsed();
    let pending = runtime.block_on(store.counts()).unwrap().pending;
    while runtime.block_on(store.next_due()).unwrap().is_some() {
        if started.elapsed() > took + DRAINED_WITHIN {
            return Err(format!("events are still pending {DRAINED_WITHIN:?} after the last push"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let handled = events as f64 / started.elapsed().as_secs_f64();
    let cpu = server.cpu() - cpu;
    let commits = commits.zip(self::commits(directory)).map(|(before, after)| after.wrapping_sub(before));
    let counts = runtime.block_on(store.counts()).unwrap();
    runtime.block_on(store.close());
    let page = runtime.block_on(get(server.status, "/metrics"));
    let memory = server.peak_memory();
    server.stop();

    let mut times: Vec<Duration> =
        answers.iter().filter_map(|answer| answer.as_ref().ok().copied()).collect();
    if let Some(why) = answers.iter().find_map(|answer| answer.as_ref().err()) {
        let missing = answers.len() - times.len();
        return Err(format!("{missing} of {} pushes were not acknowledged; the first: {why}", answers.len()));
    }
    let (received, duplicates) = (counted(&page, "received"), counted(&page, "duplicate"));
    if received != events || duplicates != load.pushes - events {
        return Err(format!(
            "{events} events were sent; the server counts {received}, and {duplicates} duplicates"
        ));
    }
    if counts.done != events as u64 {
        return Err(format!("{events} events were sent; {} are done, {} dead", counts.done, counts.dead));
    }
    times.sort_unstable();
    Ok(Measured {
        rate: times.len() as f64 / took.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        max: times[times.len() - 1],
        pending,
        handled,
        cpu: cpu / load.pushes as u32,
        commits: commits.map(|commits| f64::from(commits) / load.pushes as f64),
        memory,
    })
}

/// The file of an SQLite store.
fn database(directory: &Path) -> PathBuf {
    directory.join("state.db")
}

/// Number of transactions that have changed the SQLite store, modulo 2³²: `iChange` in the index of its log, see
/// <https://sqlite.org/walformat.html>.
fn commits(directory: &Path) -> Option<u32> {
    let index = std::fs::read(database(directory).with_extension("db-shm")).ok()?;
    Some(u32::from_ne_bytes(index.get(8..12)?.try_into().ok()?))
}

fn original_id(app: u64) -> String {
    format!("gh_{app:012}")
}

/// Creates the store and stores each app's original id.
async fn prepare(url: &str) {
    let store = miniprogram_store::migrate(url, StoreKeys::default()).await.unwrap();
    for app in 1_000_000..1_000_000 + APPS {
        let scope =
            TokenScope::authorizer(WECHAT, PlatformId::from(WECHAT_PLATFORM), format!("wx{app}").into());
        store.bind_alias(&scope, &original_id(app), SystemClock.now()).await.unwrap();
    }
    store.close().await;
}

/// The requests' bytes in order, and the number of distinct events.
fn requests(pushes: usize, mixed: bool, seed: u64) -> (Vec<Vec<u8>>, usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let vendors = Vendors::new();
    let mut events: Vec<Told> = Vec::new();
    let mut requests: Vec<Vec<u8>> = Vec::with_capacity(pushes);
    // The request that sent each event first.
    let mut first: Vec<usize> = Vec::new();
    while requests.len() < pushes {
        let kind = if mixed { random.u32(..10) } else { 9 };
        if kind < 2 && !events.is_empty() {
            let known = random.usize(..events.len());
            let same = random.bool().then(|| requests[first[known]].clone());
            requests.push(same.unwrap_or_else(|| vendors.request(events[known])));
            continue;
        }
        let at = events.len() as i64 + 1;
        let event = Told {
            wechat: random.bool(),
            app: 1_000_000 + random.u64(..APPS),
            // An older event: the vendors keep no order.
            number: 1_000_000 + if kind == 2 { -at } else { at },
        };
        events.push(event);
        first.push(requests.len());
        requests.push(vendors.request(event));
    }
    (requests, events.len())
}

/// A vendor's event.
#[derive(Debug, Clone, Copy)]
struct Told {
    wechat: bool,
    app: u64,
    number: i64,
}

/// Seals pushes as the vendors do: anew for every delivery.
struct Vendors {
    wechat: WeChatEventEncoder,
    baidu: BaiduEventEncoder,
}

impl Vendors {
    fn new() -> Self {
        let config = CallbackConfig::encrypted(TOKEN, &Secret::new(AES_KEY)).unwrap();
        let wechat = config.clone().with_receiver_id(WECHAT_PLATFORM).unwrap();
        Self {
            wechat: WeChatEventEncoder::new(wechat).unwrap(),
            baidu: BaiduEventEncoder::new(config.with_receiver_id(BAIDU_PLATFORM).unwrap()).unwrap(),
        }
    }

    fn request(&self, Told { wechat, app, number }: Told) -> Vec<u8> {
        let nonce = fastrand::u64(1 << 40..).to_string();
        let seal = Seal::new(SystemClock.now(), &nonce);
        let at = 1_700_000_000 + number;
        if wechat {
            let original_id = original_id(app);
            let message = format!(
                "<xml><ToUserName><![CDATA[{original_id}]]></ToUserName><FromUserName><![CDATA[o]]></FromUserName>\
                 <CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
                 <Event><![CDATA[weapp_audit_success]]></Event><SuccTime>{at}</SuccTime></xml>"
            );
            let route = PushRoute::Message { original_id: &original_id };
            let path = format!("/wechat/{WECHAT_PLATFORM}/messages/wx{app}");
            post(&path, &self.wechat.seal_push(route, &message, &seal).unwrap())
        } else {
            let time = Timestamp::from_unix(at).to_string().replace('T', " ").replace('Z', "");
            let message = format!(
                r#"{{"appId":{app},"tpAppId":{BAIDU_PLATFORM},"event":"PACKAGE_AUDIT_PASS","eventTime":"{time}","packageId":{number},"packageVersion":"1.0.{number}"}}"#
            );
            let path = format!("/baidu/{BAIDU_PLATFORM}/messages");
            post(&path, &self.baidu.seal_push(&message, &seal).unwrap())
        }
    }
}

fn post(path: &str, push: &OwnedPush) -> Vec<u8> {
    let mark = if push.query.is_empty() { "" } else { "?" };
    let mut bytes = format!(
        "POST {path}{mark}{} HTTP/1.1\r\nhost: platform.example\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
        push.query,
        push.content_type.as_deref().unwrap_or_default(),
        push.body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(&push.body);
    bytes
}

/// Time until a push was acknowledged, or what was received instead.
type Answer = Result<Duration, String>;

/// Sends the requests in order; each connection sends one at a time.
async fn send_all(address: SocketAddr, requests: &[Vec<u8>], connections: usize) -> Vec<Answer> {
    let next = Cell::new(0);
    let work = async || {
        let mut answers = Vec::new();
        let mut connection = None;
        loop {
            let Some(request) = requests.get(next.get()) else { return answers };
            next.set(next.get() + 1);
            let mut stream = match connection.take() {
                Some(stream) => stream,
                None => connect(address).await,
            };
            let started = Instant::now();
            let answer = acknowledge(&mut stream, request).await.map(|()| started.elapsed());
            if answer.is_ok() {
                connection = Some(stream);
            }
            answers.push(answer);
        }
    };
    let answers = futures::future::join_all((0..connections).map(|_| work())).await;
    answers.into_iter().flatten().collect()
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

async fn acknowledge(stream: &mut TcpStream, request: &[u8]) -> Result<(), String> {
    stream.write_all(request).await.map_err(|problem| problem.to_string())?;
    let mut answer = [0; 1024];
    let mut length = 0;
    loop {
        let read = stream.read(&mut answer[length..]).await.map_err(|problem| problem.to_string())?;
        length += read;
        let text = String::from_utf8_lossy(&answer[..length]);
        if text.starts_with("HTTP/1.1 200 ") && text.ends_with("\r\n\r\nsuccess") {
            return Ok(());
        }
        let is_refusal = length > 12 && !text.starts_with("HTTP/1.1 200");
        if read == 0 || is_refusal {
            return Err(text.lines().next().unwrap_or("the connection was closed").to_owned());
        }
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = connect(address).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: platform.example\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Pushes with an outcome, by the server's metrics.
fn counted(page: &str, outcome: &str) -> usize {
    let label = format!("outcome=\"{outcome}\"}} ");
    let lines = page.lines().filter(|line| line.starts_with("miniprogram_callback_requests_total{"));
    lines.filter_map(|line| line.split_once(&label)?.1.parse::<usize>().ok()).sum()
}

/// A running `miniprogram serve`.
struct Server {
    child: Child,
    address: SocketAddr,
    status: SocketAddr,
}

impl Server {
    fn start(directory: &Path, url: &str, concurrency: Option<u32>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_miniprogram"));
        let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
        for name in names.iter().filter(|name| name.to_string_lossy().starts_with("MINIPROGRAM_")) {
            command.env_remove(name);
        }
        let mut child = command
            .env("MINIPROGRAM_CONFIG", configure(directory, url))
            .args(["serve"])
            .args(concurrency.map(|events| format!("--concurrency={events}")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it did not start: {line}"));
        let address =
            |name: &str| first[name].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
        Self { child, address: address("base_url"), status: address("status_url") }
    }

    /// Processor time of the process, in all its threads.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the name, which may contain anything: fields 14 and 15 of the line.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        CPU_TICK * (fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap())
    }

    fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim_end_matches("kB").trim().parse().unwrap()
    }

    fn stop(mut self) {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        let ended = self.child.wait().unwrap();
        assert!(sent.success() && ended.success(), "{ended}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // No effect if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(directory: &Path, url: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join("miniprogram.toml");
    let text = format!(
        "store = \"{url}\"\nlisten = \"127.0.0.1:0\"\n\
         [[platform]]\nvendor = \"wechat\"\nid = \"{WECHAT_PLATFORM}\"\nsecret = \"s\"\ntoken = \"{TOKEN}\"\naes_key = \"{AES_KEY}\"\n\
         base_url = \"http://127.0.0.1:9\"\n\
         [[platform]]\nvendor = \"baidu\"\nid = \"{BAIDU_PLATFORM}\"\nclient_id = \"k\"\ntoken = \"{TOKEN}\"\naes_key = \"{AES_KEY}\"\n\
         base_url = \"http://127.0.0.1:9\"\n"
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}
