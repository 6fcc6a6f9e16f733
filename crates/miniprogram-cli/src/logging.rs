//! The log on standard error: off unless `MINIPROGRAM_LOG` asks for it; of a daemon, warnings.

use std::io;

use miniprogram::{Error, ErrorKind};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::cli::{EventsVerb, Noun};
use crate::failure::Failure;
use crate::vendors;

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

/// Starts the log.
pub(crate) fn init(noun: &Noun) -> Result<(), Failure> {
    let default = matches!(noun, Noun::Events(EventsVerb::Serve(_))).then(|| "warn".to_owned());
    let wish = std::env::var(VARIABLE).ok().filter(|wish| !wish.is_empty()).or(default);
    let Some(wish) = wish else { return Ok(()) };
    let filter = EnvFilter::try_new(wish).map_err(|problem| {
        Error::new(ErrorKind::Config, "log")
            .with_field(VARIABLE)
            .with_detail(format!("is no filter: {problem}"))
            .with_advice("write a level, such as debug, or a filter, such as miniprogram_core=trace")
    })?;
    let ours = filter_fn(|event| {
        let root = event.target().split("::").next().unwrap_or_default();
        TARGETS.contains(&root) || vendors::ENTRIES.iter().any(|entry| entry.log_target == root)
    });
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(crate::output::colours(&io::stderr()));
    tracing_subscriber::registry().with(lines.with_filter(filter).with_filter(ours)).init();
    Ok(())
}
