use std::time::Duration;

use clap::{Args, Subcommand};

use super::DryRun;
use crate::values::{Source, duration, positive_duration};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Submit an uploaded version
    Submit(Submit),
    /// The status of one audit
    Status {
        /// The audit [default: the newest]
        #[arg(long, value_name = "ID")]
        audit_id: Option<String>,
    },
    /// The newest audit
    Latest,
    /// Withdraw an open audit
    Withdraw {
        /// The audit [default: the newest]
        #[arg(long, value_name = "ID")]
        audit_id: Option<String>,
        #[command(flatten)]
        dry: DryRun,
    },
    /// How many submissions are left
    Quota,
    /// Ask the vendor to expedite an audit
    Expedite {
        /// The audit [default: the newest]
        #[arg(long, value_name = "ID")]
        audit_id: Option<String>,
        #[command(flatten)]
        dry: DryRun,
    },
    /// Print each change until there is a verdict
    Watch(Watch),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  miniprogram audit submit --vendor baidu --app 17000001 --receipt @receipt.json \\\n    --content 'opening hours' --remark 'no login needed'\n  miniprogram audit submit --vendor wechat --app wx0123456789abcdef --user-version 1.2.0 \\\n    --item '{\"address\":\"pages/index\",\"first_class\":\"餐饮\",\"first_id\":220,\"second_class\":\"外卖\",\"second_id\":225}'\nNames and ids of categories are those of `code categories`, pages those of `code pages`.\nWithout --receipt, --package-id and --user-version, the latest upload is submitted."
)]
pub(crate) struct Submit {
    /// What `code upload --format json` printed; waits until the vendor has processed that upload
    #[arg(long, value_name = "JSON|@FILE", group = "target")]
    pub(crate) receipt: Option<Source>,
    /// The package to submit
    #[arg(long, value_name = "ID", group = "target")]
    pub(crate) package_id: Option<String>,
    /// Submit only if the uploaded code has this version
    #[arg(long, value_name = "VERSION", group = "target")]
    pub(crate) user_version: Option<String>,
    /// What the reviewer should know
    #[arg(long, value_name = "TEXT")]
    pub(crate) content: Option<String>,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    pub(crate) remark: Option<String>,
    /// A page and its category, one JSON object each
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) item: Vec<Source>,
    /// What is new in this version
    #[arg(long, value_name = "TEXT")]
    pub(crate) version_desc: Option<String>,
    /// The vendor's other fields: one JSON object
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) extra: Option<Source>,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 approved, 5 rejected, 4 no verdict in time.\nExample:\n  miniprogram audit watch --vendor wechat --app wx0123456789abcdef --interval 1m --for 2h"
)]
pub(crate) struct Watch {
    /// The audit [default: the newest]
    #[arg(long, value_name = "ID")]
    pub(crate) audit_id: Option<String>,
    /// How long to wait between two queries
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = positive_duration)]
    pub(crate) interval: Duration,
    /// How long to wait in total
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub(crate) whole: Duration,
}
