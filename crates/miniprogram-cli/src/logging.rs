//! The log on standard error: off by default, warnings for a daemon; `MINIPROGRAM_LOG` sets it.
//!
//! A daemon's standard error is written by a separate thread: if it is not read, lines are dropped and counted, and
//! the daemon continues.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Duration;

use miniprogram::{Error, ErrorKind};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::cli::Noun;
use crate::failure::{Failure, local};
use crate::outlet::Log;
use crate::vendors::Vendors;

const VARIABLE: &str = "MINIPROGRAM_LOG";

/// The crates whose events are shown, in addition to the vendors'. Events of HTTP libraries contain URLs, and these
/// contain tokens.
const TARGETS: [&str; 8] = [
    "miniprogram",
    "miniprogram_callback",
    "miniprogram_cli",
    "miniprogram_core",
    "miniprogram_rollout",
    "miniprogram_sim",
    "miniprogram_store",
    "miniprogram_tokens",
];

/// How long the process waits at its end for standard error to be read.
const FAREWELL: Duration = Duration::from_secs(1);

/// The log of a daemon.
static DAEMON: OnceLock<Log> = OnceLock::new();

/// Starts the log.
pub(crate) fn init(noun: &Noun, vendors: &Vendors) -> Result<(), Failure> {
    let daemon = matches!(noun, Noun::Serve(_));
    let default = daemon.then(|| "warn".to_owned());
    if daemon {
        let log = Log::start(io::stderr()).map_err(|problem| local("log", &problem))?;
        let log = DAEMON.get_or_init(|| log);
        report_panics_to(log.clone());
    }
    let directives = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).or(default);
    let Some(directives) = directives else { return Ok(()) };
    let filter = EnvFilter::try_new(directives).map_err(|problem| {
        Error::new(ErrorKind::Config, "log")
            .with_field(VARIABLE)
            .with_detail(format!("is not a valid filter: {problem}"))
            .with_advice("write a level, such as debug, or a filter, such as miniprogram_core=trace")
    })?;
    let targets: Vec<&str> =
        TARGETS.into_iter().chain(vendors.iter().filter_map(|entry| entry.log_target())).collect();
    let ours = filter_fn(move |event| {
        let root = event.target().split("::").next().unwrap_or_default();
        targets.contains(&root)
    });
    let lines = fmt::layer().with_writer(writer).with_ansi(crate::terminal::colours(&io::stderr()));
    tracing_subscriber::registry().with(lines.with_filter(filter).with_filter(ours)).init();
    Ok(())
}

fn writer() -> Box<dyn Write> {
    match DAEMON.get() {
        Some(log) => Box::new(log.clone()),
        None => Box::new(io::stderr()),
    }
}

/// Reports panics to the log: the default hook writes to standard error directly and would block on it.
fn report_panics_to(log: Log) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // The message of a panic may quote a secret.
        let _unread = log.clone().write_all(format!("a panic at {place}\n").as_bytes());
    }));
}

/// Writes to standard error, after the log if there is one, without waiting long for it to be read.
pub(crate) fn say(text: &str) {
    // If it cannot be written, there is no way to report that.
    let _unread = writer().write_all(text.as_bytes());
    finish();
}

/// Waits briefly for a daemon's log to be written. Returns how many lines were dropped.
pub(crate) fn finish() -> u64 {
    let Some(log) = DAEMON.get() else { return 0 };
    if log.flush(FAREWELL) { log.lost() } else { log.lost().max(1) }
}
