use clap::{Args, Subcommand};

use super::DryRun;
use crate::confirm::Yes;

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseVerb {
    /// Release the approved version to all users
    Publish(Publish),
    /// Go back to an earlier version
    Rollback(Rollback),
    /// The versions that a rollback can go back to
    Targets,
    /// Release to a share of the users (gray release)
    #[command(subcommand)]
    Gray(GrayVerb),
    /// Whether users can open the online version
    #[command(subcommand)]
    Visit(VisitVerb),
    /// The lowest base library version
    #[command(subcommand)]
    Library(LibraryVerb),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  miniprogram release publish --vendor wechat --app wx0123456789abcdef --expect-version 1.2.0\n  miniprogram release publish --vendor baidu --app 17000001 --package-id 58210 --dry-run"
)]
pub(crate) struct Publish {
    /// The package to release [default: the approved one]
    #[arg(long, value_name = "ID", conflicts_with = "audit_id")]
    pub(crate) package_id: Option<String>,
    /// Release only what passed this audit [default: the approved version]
    #[arg(long, value_name = "ID")]
    pub(crate) audit_id: Option<String>,
    /// Refuse, before anything is sent, to release any other version
    #[arg(long, value_name = "VERSION", conflicts_with = "dry_run")]
    pub(crate) expect_version: Option<String>,
    #[command(flatten)]
    pub(crate) dry: DryRun,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  miniprogram release rollback --vendor wechat --app wx0123456789abcdef --to 1.1.0\n  miniprogram release rollback --vendor baidu --app 17000001 --package-id 58210"
)]
pub(crate) struct Rollback {
    /// The package that is online now, to roll back from
    #[arg(long, value_name = "ID", conflicts_with = "to")]
    pub(crate) package_id: Option<String>,
    /// A version from `release targets` [default: the previous one]
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) dry: DryRun,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrayVerb {
    /// Start a gray release, or raise its share
    Start(GrayStart),
    /// The current gray release
    Status,
    /// End the gray release; its users return to the previous version
    Cancel(DryRun),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  miniprogram release gray start --vendor wechat --app wx0123456789abcdef --percentage 10"
)]
pub(crate) struct GrayStart {
    /// The share of users, 0 to 100; 0 needs one of the flags
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    pub(crate) percentage: i64,
    /// Project members first
    #[arg(long)]
    pub(crate) developers_first: bool,
    /// Experience members first
    #[arg(long)]
    pub(crate) testers_first: bool,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VisitVerb {
    /// Let users open the online version
    Open(DryRun),
    /// Keep users out
    Close(DryRun),
    /// Whether users can open it
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LibraryVerb {
    /// The lowest base library version, and the versions that users have
    Get,
    /// Set the lowest base library version
    Set {
        /// The version, such as 2.21.3
        #[arg(long)]
        version: String,
        #[command(flatten)]
        dry: DryRun,
    },
}
