use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, Subcommand};
use miniprogram::Secret;

use super::DryRun;
use crate::values::{pair, secret};

#[derive(Debug, Subcommand)]
pub(crate) enum AuthVerb {
    /// Print the URL of the page on which a merchant authorizes the platform
    Url(Url),
    /// Exchange an authorization code for tokens and store them
    Exchange(Exchange),
    /// List the apps that have authorized the platform
    List(List),
    /// Renew tokens now
    Refresh(Refresh),
    /// Recover the authorization of an app whose tokens are lost, without the merchant
    Recover(Recover),
    /// Show the age and state of every stored ticket and token, never its value
    #[command(
        after_help = "Only reads.\nExample:\n  miniprogram auth status --app wx0123456789abcdef --format json"
    )]
    Status,
    /// Show the age of the latest ticket, request one, or store one
    Ticket(Ticket),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The URL works once and for a few minutes. With --app only that app can authorize, if the vendor\nsupports that choice.\nExample:\n  miniprogram auth url --vendor wechat --redirect-uri https://platform.example.com/authorized"
)]
pub(crate) struct Url {
    /// Where the merchant's browser returns to with the code: a URL of the registered domain
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) redirect_uri: String,
    /// The page for phones, if the vendor has one
    #[arg(long)]
    pub(crate) mobile: bool,
    /// A further parameter of the vendor's page; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) extra: Vec<(String, String)>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "With --app, the code of another app is refused and nothing is stored.\nExample:\n  miniprogram auth exchange --vendor wechat --app wx0123456789abcdef --code - < code.txt"
)]
pub(crate) struct Exchange {
    /// The code that the merchant's browser returned with, or the whole address that it shows then; - reads it from
    /// standard input, which no process list shows
    #[arg(
        long,
        value_name = "CODE|URL|-",
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
    /// All pages instead of one
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
    after_help = "Give one of --app, --platform and --all; --all is every app whose tokens can be renewed.\nExample:\n  miniprogram auth refresh --vendor baidu --app 17000001"
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
    after_help = "A vendor pushes a new ticket every ten minutes to the URL for authorization events.\nExamples:\n  miniprogram auth ticket --vendor wechat\n  miniprogram auth ticket --vendor wechat --start\n  miniprogram auth ticket --vendor baidu --set - < ticket.txt"
)]
pub(crate) struct Ticket {
    /// Ask the vendor to push tickets again, if it supports that
    #[arg(long)]
    pub(crate) start: bool,
    /// Store a ticket that was received elsewhere; it is read from standard input
    #[arg(long, value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    pub(crate) set: Option<String>,
    /// When the vendor created that ticket, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX", requires = "set")]
    pub(crate) created_at: Option<i64>,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}
