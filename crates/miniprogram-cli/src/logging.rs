//! The log on standard error: off unless `MINIPROGRAM_LOG` asks for it; of a daemon, warnings.
//!
//! A daemon's standard error is written by a thread of its own: where nobody reads it, lines are lost and counted, and
//! the daemon goes on.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Duration;

use miniprogram::{Error, ErrorKind};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::cli::{EventsVerb, Noun};
use crate::failure::{Failure, local};
use crate::outlet::Log;
use crate::vendors::Vendors;

const VARIABLE: &str = "MINIPROGRAM_LOG";

/// The crates whose events are shown, beside those of the vendors. Those of HTTP libraries hold URLs, and tokens travel in their query.
const TARGETS: [&str; 6] = [
    "miniprogram",
    "miniprogram_callback",
    "miniprogram_core",
    "miniprogram_sim",
    "miniprogram_store",
    "miniprogram_tokens",
];

/// How long the end waits for a reader of standard error.
const FAREWELL: Duration = Duration::from_secs(1);

/// The log of a daemon.
static DAEMON: OnceLock<Log> = OnceLock::new();

/// Starts the log.
pub(crate) fn init(noun: &Noun, vendors: &Vendors) -> Result<(), Failure> {
    let daemon = matches!(noun, Noun::Events(EventsVerb::Serve(_)));
    let default = daemon.then(|| "warn".to_owned());
    if daemon {
        let log = Log::start(io::stderr()).map_err(|problem| local("log", &problem))?;
        let log = DAEMON.get_or_init(|| log);
        report_panics_to(log.clone());
    }
    let wish = std::env::var(VARIABLE).ok().filter(|wish| !wish.is_empty()).or(default);
    let Some(wish) = wish else { return Ok(()) };
    let filter = EnvFilter::try_new(wish).map_err(|problem| {
        Error::new(ErrorKind::Config, "log")
            .with_field(VARIABLE)
            .with_detail(format!("is no filter: {problem}"))
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

/// The default hook writes to standard error by itself, and would wait for its reader.
fn report_panics_to(log: Log) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // What a panic says may quote what caused it.
        let _unread = log.clone().write_all(format!("a panic at {place}\n").as_bytes());
    }));
}

/// Says something on standard error: behind the log, where there is one, and without waiting for a reader for long.
pub(crate) fn say(text: &str) {
    // Where nobody reads there is nobody to tell.
    let _unread = writer().write_all(text.as_bytes());
    finish();
}

/// Waits a moment for the reader of a daemon's log. Returns how many lines it never got.
pub(crate) fn finish() -> u64 {
    let Some(log) = DAEMON.get() else { return 0 };
    if log.flush(FAREWELL) { log.lost() } else { log.lost().max(1) }
}
