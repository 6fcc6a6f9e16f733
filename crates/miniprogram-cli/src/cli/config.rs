use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Read every value of the configuration, secrets included, and say what is wrong
    Check(Check),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Without --online nothing is sent, and the store is not opened.\nExit codes: 0 everything can be used, 1 something is wrong.\nExamples:\n  miniprogram config check\n  miniprogram config check --online --vendor wechat"
)]
pub(crate) struct Check {
    /// Also open the store and renew the own token of every platform, which proves address, secret and ticket
    #[arg(long)]
    pub(crate) online: bool,
}
