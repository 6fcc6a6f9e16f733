use clap::{Args, Subcommand};

use super::DryRun;
use crate::values::Source;

#[derive(Debug, Subcommand)]
pub(crate) enum CodeVerb {
    /// Upload a template with the merchant's values
    Upload(Upload),
    /// The versions in development, in audit and online
    Versions,
    /// The pages of the uploaded code
    Pages,
    /// The service categories that the app may use
    Categories,
    /// Fetch the QR code of the trial version
    Qrcode(QrCode),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  miniprogram code upload --vendor wechat --app wx0123456789abcdef --template-id 7 \\\n    --ext-json @shop.json --user-version 1.2.0 --user-desc 'opening hours' \\\n    --format json > receipt.json"
)]
pub(crate) struct Upload {
    /// The template
    #[arg(long, value_name = "ID")]
    pub(crate) template_id: String,
    /// The merchant's values: one JSON object
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) ext_json: Source,
    /// The version, new to this app
    #[arg(long, value_name = "VERSION")]
    pub(crate) user_version: String,
    /// The description
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_desc: String,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  miniprogram code qrcode --vendor baidu --app 17000001 --path pages/shop --output trial.png"
)]
pub(crate) struct QrCode {
    /// The page to open, with its query, not percent-encoded
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// The package to open [default: the vendor's choice]
    #[arg(long, value_name = "ID")]
    pub(crate) package_id: Option<String>,
    /// The width in pixels
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    pub(crate) width: Option<i64>,
    /// The file to write, completely or not at all; - is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: String,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}
