use std::net::SocketAddr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use miniprogram::callback::BodyFormat;
use miniprogram::{EventKind, Secret};
use miniprogram_store::InboxState;

use crate::config::StatusListen;
use crate::values::{bytes, memory, positive_duration, secret};

#[derive(Debug, Subcommand)]
pub(crate) enum EventsVerb {
    /// Verify and decode one push from standard input, secrets masked
    Decode(Decode),
    /// Receive the pushes of all configured platforms, renew tokens, deliver events to a handler
    Serve(Serve),
    /// List the events that were received, newest first
    List(List),
    /// Show one event, secrets masked
    #[command(
        after_help = "Tickets and authorization codes are always masked.\nExample:\n  miniprogram events show 42 --format json"
    )]
    Show {
        /// Its id, from `events list`
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Deliver finished events again
    Replay(Replay),
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("hand").args(["exec", "jsonl"]),
    after_help = "Once it listens, it prints one JSON line with `base_url`, `status_url` and `routes`; it runs until\ninterrupted. Events are acknowledged once they are durable, and delivered afterwards: in order per\napp, at least once.\nExamples:\n  miniprogram store migrate && miniprogram events serve --exec ./on-event\n  miniprogram events serve --listen 127.0.0.1:8080 --jsonl"
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
    pub(crate) body_format: Option<Format>,
    /// Let a crash write a core dump, which contains every secret of the process
    #[arg(long)]
    pub(crate) core_dumps: bool,
    /// Respond to the test that a vendor runs before a platform goes public, for its published accounts only
    #[arg(long)]
    pub(crate) acceptance_test: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Only reads.\nExample:\n  miniprogram events list --state dead --format json")]
pub(crate) struct List {
    /// Only in this state
    #[arg(long, value_name = "pending|done|dead", hide_possible_values = true, value_parser = state_parser())]
    pub(crate) state: Option<InboxState>,
    /// Only of this kind, such as audit_rejected
    #[arg(long, value_name = "KIND", hide_possible_values = true, value_parser = kind_parser())]
    pub(crate) kind: Option<EventKind>,
    /// Older than this event: the last id of the previous page
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
    /// The maximum number of events
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("which").args(["ids", "dead"]).required(true),
    after_help = "A running `events serve` delivers them within a second.\nExamples:\n  miniprogram events replay 42 43\n  miniprogram events replay --dead --app wx0123456789abcdef"
)]
pub(crate) struct Replay {
    /// The events, from `events list`
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<i64>,
    /// All dead letters, of --vendor and --app if given
    #[arg(long)]
    pub(crate) dead: bool,
}

fn state_parser() -> impl TypedValueParser<Value = InboxState> {
    let all = [InboxState::Pending, InboxState::Done, InboxState::Dead];
    PossibleValuesParser::new(all.map(InboxState::as_str)).try_map(move |name| {
        all.into_iter().find(|state| state.as_str() == name).ok_or("there is no such state")
    })
}

fn kind_parser() -> impl TypedValueParser<Value = EventKind> {
    let names = EventKind::ALL.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(names).try_map(|name| {
        let found = EventKind::ALL.iter().find(|kind| kind.as_str() == name);
        found.copied().ok_or("there is no such kind")
    })
}

#[derive(Debug, Args)]
#[command(
    after_help = "Without --plain only a verified, encrypted push is accepted; give --token and --aes-key,\nand --receiver-id at a vendor whose frames end in an id.\nExamples:\n  miniprogram events decode --vendor wechat --app wx0123456789abcdef \\\n    --query \"$QUERY_STRING\" --receiver-id wxfedcba9876543210 < push.xml\n  miniprogram events decode --vendor baidu --plain < message.json"
)]
pub(crate) struct Decode {
    /// The query of the request, without ?
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true)]
    pub(crate) query: String,
    /// The token that signs pushes; prefer the environment
    #[arg(
        long,
        env = "MINIPROGRAM_CALLBACK_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) token: Option<Secret>,
    /// The key that encrypts pushes, 43 characters; prefer the environment
    #[arg(
        long,
        value_name = "KEY",
        env = "MINIPROGRAM_AES_KEY",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) aes_key: Option<Secret>,
    /// The id required at the end of an encrypted frame
    #[arg(long, value_name = "ID")]
    pub(crate) receiver_id: Option<String>,
    /// The format of an encrypted push, if the vendor supports both
    #[arg(long, value_enum, value_name = "xml|json", default_value_t, hide_possible_values = true)]
    pub(crate) body_format: Format,
    /// Accept a plain push, which is not authenticated
    #[arg(long)]
    pub(crate) plain: bool,
    /// When the push arrived, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
}

/// The format of pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Xml,
    Json,
}

impl From<Format> for BodyFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Xml => Self::Xml,
            Format::Json => Self::Json,
        }
    }
}
