use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, Subcommand};
use miniprogram::Secret;

use super::DryRun;
use crate::values::{pair, secret};

#[derive(Debug, Subcommand)]
pub(crate) enum AuthVerb {
    /// Make the address of the page on which a merchant authorizes the platform
    Url(Url),
    /// Turn the code of an authorization into tokens and keep them
    Exchange(Exchange),
    /// Ask the vendor which apps have authorized the platform
    List(List),
    /// Renew tokens now
    Refresh(Refresh),
    /// Get the authorization of an app back whose tokens are lost, without the merchant
    Recover(Recover),
    /// Show the age and the state of every kept ticket and token, never a value
    #[command(
        after_help = "Reads only.\nExample:\n  miniprogram auth status --app wx0123456789abcdef --format json"
    )]
    Status,
    /// Show the age of the newest ticket, ask for one, or take one
    Ticket(Ticket),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The address works once and for a few minutes. With --app only that app can authorize, where the\nvendor lets it be chosen.\nExample:\n  miniprogram auth url --vendor wechat --redirect-uri https://platform.example.com/authorized"
)]
pub(crate) struct Url {
    /// Where the merchant's browser returns to with the code: a URL of the registered domain
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) redirect_uri: String,
    /// The page for a phone, where the vendor has two
    #[arg(long)]
    pub(crate) mobile: bool,
    /// A further parameter of the vendor's page; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) extra: Vec<(String, String)>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "With --app a code of another app is refused and nothing is kept.\nExample:\n  miniprogram auth exchange --vendor wechat --app wx0123456789abcdef --code - < code.txt"
)]
pub(crate) struct Exchange {
    /// The code that the merchant's browser brought; - reads it from standard input, where no list of processes shows it
    #[arg(
        long,
        value_name = "CODE|-",
        env = "MINIPROGRAM_AUTHORIZATION_CODE",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) code: Secret,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  miniprogram auth list --vendor wechat --all --format json")]
pub(crate) struct List {
    /// Every page instead of one
    #[arg(long, conflicts_with_all = ["offset", "count"])]
    pub(crate) all: bool,
    /// How many to skip
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: u32,
    /// How many to show: 1 to 500
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) count: u32,
}

#[derive(Debug, Args)]
#[command(
    after_help = "One of --app, --platform and --all is needed; --all is every app whose tokens can be renewed.\nExample:\n  miniprogram auth refresh --vendor baidu --app 17000001"
)]
pub(crate) struct Refresh {
    /// The platform's own token
    #[arg(long)]
    pub(crate) platform: bool,
    /// The tokens of every app
    #[arg(long, conflicts_with = "platform")]
    pub(crate) all: bool,
    /// How many are renewed at a time with --all: 1 to 256
    #[arg(long, value_name = "N", default_value_t = 8, requires = "all", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) concurrency: u32,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  miniprogram auth recover --vendor wechat --app wx0123456789abcdef")]
pub(crate) struct Recover {
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").args(["start", "set"]),
    after_help = "A vendor pushes a new ticket every ten minutes to the address of authorization events.\nExamples:\n  miniprogram auth ticket --vendor wechat\n  miniprogram auth ticket --vendor wechat --start\n  miniprogram auth ticket --vendor baidu --set - < ticket.txt"
)]
pub(crate) struct Ticket {
    /// Ask the vendor to push tickets again, where it can be asked
    #[arg(long)]
    pub(crate) start: bool,
    /// Keep a ticket that was received elsewhere; it is read from standard input
    #[arg(long, value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    pub(crate) set: Option<String>,
    /// When the vendor made that ticket, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX", requires = "set")]
    pub(crate) created_at: Option<i64>,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}
