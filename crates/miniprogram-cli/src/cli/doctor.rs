use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "Reads only. Without FILE it takes --vendor and --app; with FILE the version, the extension and the levels\n\
are the plan's, for every app, or with --vendor and --app for one. Ticket, token and permissions are checked\n\
where there is a store.\n\
Exit codes: 0 nothing worse than warnings, 1 something blocks an app.\n\
Examples:\n  miniprogram doctor --vendor wechat --app wx0123456789abcdef --user-version 2.5.0\n  miniprogram doctor rollout.toml --format json"
)]
pub(crate) struct Doctor {
    /// The rollout file; what it names is relative to its directory
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<String>,
    /// The version to be submitted; without it nothing is said about versions
    #[arg(long, value_name = "VERSION", conflicts_with = "file")]
    pub(crate) user_version: Option<String>,
}
