use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use miniprogram::callback::BodyFormat;
use miniprogram::{EventKind, Secret};
use miniprogram_store::InboxState;

use crate::values::secret;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsVerb {
    /// Verify and decode one push from standard input, secrets masked
    Decode(Decode),
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
    after_help = "A running `serve` delivers them within a second.\nExamples:\n  miniprogram events replay 42 43\n  miniprogram events replay --dead --app wx0123456789abcdef"
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
