use std::net::SocketAddr;
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::events::Format as BodyFormat;
use crate::config::StatusListen;
use crate::values::{bytes, memory, positive_duration};

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("hand").args(["exec", "jsonl"]),
    after_help = "Once it listens, it prints one JSON line with `base_url`, `status_url` and `routes`; it runs until\ninterrupted. Events are acknowledged once they are durable, and delivered afterwards: in order per\napp, at least once.\nExamples:\n  miniprogram store migrate && miniprogram serve --exec ./on-event\n  miniprogram serve --listen 127.0.0.1:8080 --jsonl"
)]
pub(crate) struct Serve {
    /// The address to listen on; port 0 takes any free one [default: the configuration's `listen`]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The address for health, readiness and metrics; `public` for that of the callbacks [default: the configuration's
    /// `status_listen`, otherwise 127.0.0.1 and the port after that of --listen]
    #[arg(long, value_name = "ADDRESS|public")]
    pub(crate) status_listen: Option<StatusListen>,
    /// The maximum number of connections, as far as the limit of open files allows [default: the configuration's
    /// `max_connections`, otherwise 512]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: Option<u32>,
    /// The maximum memory for the bodies of all requests, in addition to 16KiB per connection [default: the
    /// configuration's `max_body_memory`, otherwise 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) max_body_memory: Option<u64>,
    /// Run a command for each event: its JSON line on standard input, secrets masked; exit code 0 means done
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// Print each event as a JSON line, secrets masked
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// How many times an event is delivered to its handler before it becomes a dead letter [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: Option<u32>,
    /// How long a handler may take per event; a command that takes longer is killed [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) handler_timeout: Option<Duration>,
    /// How many events are handled at a time, one per app: 1 to 1000 [default: 64, with --exec 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) concurrency: Option<u32>,
    /// How long handlers may continue after the signal to stop; commands that take longer are killed [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) shutdown_timeout: Option<Duration>,
    /// How long done events are kept, 7d or more: a duplicate that arrives later counts as new
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = memory)]
    pub(crate) keep: Duration,
    /// The format of pushes, for every platform whose vendor supports both [default: the configuration's
    /// `body_format`, otherwise xml]
    #[arg(long, value_enum, value_name = "xml|json", hide_possible_values = true)]
    pub(crate) body_format: Option<BodyFormat>,
    /// Let a crash write a core dump, which contains every secret of the process
    #[arg(long)]
    pub(crate) core_dumps: bool,
    /// Respond to the test that a vendor runs before a platform goes public, for its published accounts only
    #[arg(long)]
    pub(crate) acceptance_test: bool,
}
