//! A journal's cost per effect: `upload_code` over loopback with no journal, one in memory, and one on SQLite.
//!
//! ```sh
//! cargo bench --bench journal
//! cargo bench --bench journal -- --quick
//! ```
//!
//! The first column is the number of effects in flight, each on its own app. The vendor is a separate process that
//! returns one response to every request, so the processor time is the caller's alone: pipeline, HTTP client, journal
//! and the store's threads. The kinds of journal take turns; each figure is the median of several rounds, and a ratio
//! is the median of the rounds' ratios.
//!
//! `commits` are transactions per effect on SQLite, each of which syncs once. Processor time is read from `/proc`, so
//! this needs Linux.
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::serve::ListenerExt;
use miniprogram::clock::SystemClock;
use miniprogram::journal::{Journal, MemoryJournal, NoJournal};
use miniprogram::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram::transport::{BaseUrl, HttpTransport};
use miniprogram::wechat::WeChatPlatform;
use miniprogram::{AppId, ClientConfig, CodeManager, ExtJson, Result, TemplateId};
use miniprogram_store::{Maintenance, SqliteStore, StoreJournal, StoreOptions};

const PLATFORM: &str = "wx5ec0de0000000001";
/// Argument that turns this program into the vendor.
const VENDOR: &str = "--vendor";
const ROUNDS: usize = 5;
/// Effects in flight, and how many are measured.
const LOADS: [Load; 3] = [
    Load { in_flight: 1, effects: 8_000 },
    Load { in_flight: 64, effects: 32_000 },
    Load { in_flight: 512, effects: 32_768 },
];
/// Effects per app before the measurement, which open the connections.
const WARM_UP: usize = 4;
/// Linux reports a process's processor time in hundredths of a second.
const CPU_TICK: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy)]
struct Load {
    in_flight: usize,
    effects: usize,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Off,
    Memory,
    Sqlite,
}

/// Cost of one kind of journal in one round, per effect.
#[derive(Debug, Clone, Copy)]
struct Cost {
    cpu: f64,
    rate: f64,
    commits: f64,
}

/// The three kinds in one round.
#[derive(Debug, Clone, Copy)]
struct Round {
    off: Cost,
    memory: Cost,
    sqlite: Cost,
}

/// One token for every app.
#[derive(Debug)]
struct OneToken(AccessToken);

#[async_trait]
impl TokenProvider for OneToken {
    async fn token(&self, _scope: &TokenScope) -> Result<AccessToken> {
        Ok(self.0.clone())
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == VENDOR) {
        return serve();
    }
    // `cargo test --benches` runs it without `--bench`: a smoke test.
    let quick = arguments.iter().any(|argument| argument == "--quick")
        || !arguments.iter().any(|argument| argument == "--bench");
    let (rounds, share) = if quick { (1, 32) } else { (ROUNDS, 1) };
    let loads = LOADS.map(|load| Load { effects: load.effects / share, ..load });
    let vendor = Vendor::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut results = loads.map(|load| (load, Vec::new()));
    for _ in 0..rounds {
        for (load, rounds) in &mut results {
            rounds.push(Round {
                off: runtime.block_on(measure(&vendor.url, *load, Kind::Off)),
                memory: runtime.block_on(measure(&vendor.url, *load, Kind::Memory)),
                sqlite: runtime.block_on(measure(&vendor.url, *load, Kind::Sqlite)),
            });
        }
    }
    println!(
        "processor time per effect in µs, ratios to the effect with no journal, medians of {rounds} rounds"
    );
    println!(
        "{:>9} {:>8} {:>8} {:>8} {:>10} {:>10} {:>12} {:>12} {:>8}",
        "in flight", "off", "memory", "sqlite", "memory ÷", "sqlite ÷", "off, 1/s", "sqlite, 1/s", "commits"
    );
    for (load, rounds) in &results {
        println!(
            "{:>9} {:>8.1} {:>8.1} {:>8.1} {:>10.2} {:>10.2} {:>12.0} {:>12.0} {:>8.4}",
            load.in_flight,
            median(rounds, |round| round.off.cpu),
            median(rounds, |round| round.memory.cpu),
            median(rounds, |round| round.sqlite.cpu),
            median(rounds, |round| round.memory.cpu / round.off.cpu),
            median(rounds, |round| round.sqlite.cpu / round.off.cpu),
            median(rounds, |round| round.off.rate),
            median(rounds, |round| round.sqlite.rate),
            median(rounds, |round| round.sqlite.commits),
        );
    }
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Uploads with a separate journal.
async fn measure(vendor: &BaseUrl, load: Load, kind: Kind) -> Cost {
    let directory = tempfile::TempDir::new().expect("a directory");
    let mut store = None;
    let journal: Arc<dyn Journal> = match kind {
        Kind::Off => Arc::new(NoJournal),
        Kind::Memory => Arc::new(MemoryJournal::new()),
        Kind::Sqlite => {
            let path = directory.path().join("state.db");
            let made = SqliteStore::create(path, StoreOptions::default()).await.expect("a store");
            let intents = Arc::new(store.insert(made).clone());
            Arc::new(StoreJournal::new(intents, PLATFORM, Arc::new(SystemClock)))
        }
    };
    let tokens = Arc::new(OneToken(AccessToken::new("t0ken").expect("a token")));
    let transport = HttpTransport::new(vendor.clone()).expect("a transport");
    let config =
        ClientConfig::new(PLATFORM, tokens).with_transport(Arc::new(transport)).with_journal(journal);
    let platform = Arc::new(WeChatPlatform::new(config).expect("a platform"));

    upload(&platform, load.in_flight, WARM_UP).await;
    let times = load.effects / load.in_flight;
    let commits = || store.as_ref().map_or(0, |store| store.stats().commits);
    let (cpu, committed, started) = (cpu(), commits(), Instant::now());
    upload(&platform, load.in_flight, times).await;
    let (took, cpu, committed) = (started.elapsed(), self::cpu() - cpu, commits() - committed);
    if let Some(store) = &store {
        store.close().await;
    }
    let effects = (load.in_flight * times) as f64;
    Cost {
        cpu: cpu.as_secs_f64() * 1e6 / effects,
        rate: effects / took.as_secs_f64(),
        commits: committed as f64 / effects,
    }
}

/// Uploads to all apps concurrently, `times` times to each.
async fn upload(platform: &Arc<WeChatPlatform>, apps: usize, times: usize) {
    let apps = (0..apps).map(|app| {
        let platform = Arc::clone(platform);
        tokio::spawn(async move {
            let program = platform.app(AppId::from(format!("wx{app:016}")));
            let template = TemplateId::from("7");
            let ext: ExtJson = r#"{"extEnable":true,"ext":{"shop":"面包店"}}"#.parse().expect("an object");
            for number in 0..times {
                let version = format!("1.2.{number}");
                program.upload_code(&template, &ext, &version, "opening hours").await.expect("uploaded");
            }
        })
    });
    for app in apps.collect::<Vec<_>>() {
        app.await.expect("no panic");
    }
}

/// Processor time of this process, in all its threads.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // After the name, which may contain anything: fields 14 and 15 of the line.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u32>().expect("a number");
    CPU_TICK * (ticks(11) + ticks(12))
}

/// This program as the vendor, in a child process that ends when its standard input closes.
struct Vendor {
    process: Child,
    url: BaseUrl,
}

impl Vendor {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process = Command::new(program)
            .arg(VENDOR)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut url = String::new();
        let output = process.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut url).expect("its address");
        let url = BaseUrl::parse(url.trim()).expect("a loopback URL");
        Self { process, url }
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        // Waiting closes its standard input first.
        let _ = self.process.wait();
    }
}

/// Responds to every request with success while standard input is open.
fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("http://{}", listener.local_addr().expect("an address"));
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let answer = |_body: axum::body::Bytes| async {
            axum::Json(serde_json::json!({ "errcode": 0, "errmsg": "ok" }))
        };
        axum::serve(listener, axum::Router::new().fallback(answer)).await.expect("never ends");
    });
}
