use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum EffectsVerb {
    /// List the effects with an unknown outcome, of every platform in the configuration
    #[command(
        after_help = "Only reads the store, even while another process uses it.\nExample:\n  miniprogram effects list --vendor wechat"
    )]
    List,
    /// Show the open effect of an app, or of the platform itself: its arguments, and the vendor's state before it
    #[command(
        after_help = "Secrets among the arguments are masked.\nExample:\n  miniprogram effects show --vendor wechat --app wx0123456789abcdef"
    )]
    Show,
    /// Query the vendor for the outcome of an open effect, and close it; sends no effect
    Settle(Settle),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Repeating the effect's own command does the same, and prints its result if it took place.\nAn effect on the platform itself, such as on its templates, is named by --platform-id without --app.\n--as closes it without a query: for an effect that no query reveals, once you have checked.\nExit code 6 if the outcome is still unknown.\nExamples:\n  miniprogram effects settle --vendor wechat --app wx0123456789abcdef\n  miniprogram effects settle --vendor wechat --platform-id wxfedcba9876543210\n  miniprogram effects settle --all\n  miniprogram effects settle --vendor baidu --app 17000001 --as not-done"
)]
pub(crate) struct Settle {
    /// Settle every open effect of the platforms in the configuration
    #[arg(long, conflicts_with = "known")]
    pub(crate) all: bool,
    /// Close it with the outcome that you have determined, without a query
    #[arg(id = "known", long = "as", value_enum, value_name = "done|not-done", hide_possible_values = true)]
    pub(crate) known: Option<Known>,
}

/// What a person has determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Known {
    Done,
    NotDone,
}
