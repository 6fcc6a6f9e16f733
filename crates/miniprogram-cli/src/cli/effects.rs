use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum EffectsVerb {
    /// List the effects whose outcome is open, of every platform in the configuration
    #[command(
        after_help = "Reads the store only, also while another process owns it.\nExample:\n  miniprogram effects list --vendor wechat"
    )]
    List,
    /// Show the open effect of an app: its arguments, and what the vendor showed before it
    #[command(
        after_help = "Secrets among the arguments are masked.\nExample:\n  miniprogram effects show --vendor wechat --app wx0123456789abcdef"
    )]
    Show,
    /// Ask the vendor what became of an open effect, and close it; sends nothing
    Settle(Settle),
}

#[derive(Debug, Args)]
#[command(
    after_help = "To repeat the effect's own command does the same, and prints its result if it took place.\nAn effect of the platform itself, such as of its templates, is named by --app <PLATFORM_ID>.\n--as closes it without asking: for an effect that no query tells, once somebody has looked.\nExit code 6 where the vendor does not say.\nExamples:\n  miniprogram effects settle --vendor wechat --app wx0123456789abcdef\n  miniprogram effects settle --all\n  miniprogram effects settle --vendor baidu --app 17000001 --as not-done"
)]
pub(crate) struct Settle {
    /// Settle every open effect of the platforms in the configuration
    #[arg(long, conflicts_with = "known")]
    pub(crate) all: bool,
    /// Close it with what you know, without asking the vendor
    #[arg(id = "known", long = "as", value_enum, value_name = "done|not-done", hide_possible_values = true)]
    pub(crate) known: Option<Known>,
}

/// What a person has found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Known {
    Done,
    NotDone,
}
