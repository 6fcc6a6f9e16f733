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
    /// Verify and read one push from standard input, secrets masked
    Decode(Decode),
    /// Receive the pushes of every configured platform, keep its tokens fresh, deliver events to a handler
    Serve(Serve),
    /// List the events that were received, newest first
    List(List),
    /// Show one event, secrets masked
    #[command(
        after_help = "Tickets and authorization codes are masked; nothing reveals them.\nExample:\n  miniprogram events show 42 --format json"
    )]
    Show {
        /// Its id, out of `events list`
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Deliver finished events again
    Replay(Replay),
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("hand").args(["exec", "jsonl"]),
    after_help = "When it listens it prints one JSON line with `base_url`, `status_url` and `routes`; it runs until\nit is interrupted. Events are acknowledged once they are on the disk, and delivered afterwards: in\norder per app, at least once.\nExamples:\n  miniprogram store migrate && miniprogram events serve --exec ./on-event\n  miniprogram events serve --listen 127.0.0.1:8080 --jsonl"
)]
pub(crate) struct Serve {
    /// The address to listen on; port 0 takes any free one [default: the configuration's `listen`]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The address for health, readiness and metrics; `public` for the callbacks' own [default: the configuration's
    /// `status_listen`, else 127.0.0.1 and the port after that of --listen]
    #[arg(long, value_name = "ADDRESS|public")]
    pub(crate) status_listen: Option<StatusListen>,
    /// How many connections there may be at a time, as far as the limit of open files allows [default: the
    /// configuration's `max_connections`, else 512]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: Option<u32>,
    /// How much memory the bodies of all requests may take, 16KiB for each connection aside [default: the
    /// configuration's `max_body_memory`, else 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) max_body_memory: Option<u64>,
    /// Run a command for each event: its JSON line on standard input, secrets masked; exit code 0 is done
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// Print each event as a JSON line, secrets masked
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// How many times an event is delivered to its handler before it becomes a dead letter [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: Option<u32>,
    /// How long a handler may take for one event; a command that takes longer is killed [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) handler_timeout: Option<Duration>,
    /// How many events are with handlers at a time, of one app never more than one: 1 to 1000 [default: 64, with --exec 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) concurrency: Option<u32>,
    /// How long handlers may go on after the signal to stop; commands that take longer are killed [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) shutdown_timeout: Option<Duration>,
    /// For how long events that are done are kept, from 7d on: a duplicate that comes later counts as new
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = memory)]
    pub(crate) keep: Duration,
    /// How pushes are written, at every platform whose vendor knows both [default: the configuration's
    /// `body_format`, else xml]
    #[arg(long, value_enum, value_name = "xml|json", hide_possible_values = true)]
    pub(crate) body_format: Option<Format>,
    /// Let a crash write a core dump, with every secret that the process knows
    #[arg(long)]
    pub(crate) core_dumps: bool,
    /// Answer the test that a vendor runs before a platform goes public, for its published accounts only
    #[arg(long)]
    pub(crate) acceptance_test: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Reads only.\nExample:\n  miniprogram events list --state dead --format json")]
pub(crate) struct List {
    /// In one state only
    #[arg(long, value_name = "pending|done|dead", hide_possible_values = true, value_parser = state_parser())]
    pub(crate) state: Option<InboxState>,
    /// Of one kind only, such as audit_rejected
    #[arg(long, value_name = "KIND", hide_possible_values = true, value_parser = kind_parser())]
    pub(crate) kind: Option<EventKind>,
    /// Older than this one: the last id of the page before
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("which").args(["ids", "dead"]).required(true),
    after_help = "A running `events serve` hands them over within a second.\nExamples:\n  miniprogram events replay 42 43\n  miniprogram events replay --dead --app wx0123456789abcdef"
)]
pub(crate) struct Replay {
    /// The events, out of `events list`
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<i64>,
    /// Every dead one, of --vendor and --app where these are given
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
    after_help = "Without --plain only a verified, encrypted push is accepted; give --token and --aes-key,\nand for WeChat --receiver-id.\nExamples:\n  miniprogram events decode --vendor wechat --app wx0123456789abcdef \\\n    --query \"$QUERY_STRING\" --receiver-id wxfedcba9876543210 < push.xml\n  miniprogram events decode --vendor baidu --plain < message.json"
)]
pub(crate) struct Decode {
    /// The query of the request, without ?
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true)]
    pub(crate) query: String,
    /// The token that signs; better given in the environment
    #[arg(
        long,
        env = "MINIPROGRAM_CALLBACK_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) token: Option<Secret>,
    /// The key that encrypts, 43 characters; better given in the environment
    #[arg(
        long,
        value_name = "KEY",
        env = "MINIPROGRAM_AES_KEY",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) aes_key: Option<Secret>,
    /// The id that must stand at the end of an encrypted frame
    #[arg(long, value_name = "ID")]
    pub(crate) receiver_id: Option<String>,
    /// How an encrypted push is written, where the vendor knows both
    #[arg(long, value_enum, value_name = "xml|json", default_value_t, hide_possible_values = true)]
    pub(crate) body_format: Format,
    /// Accept a plain push, which nothing authenticates
    #[arg(long)]
    pub(crate) plain: bool,
    /// When the push arrived, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
}

/// How pushes are written.
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
