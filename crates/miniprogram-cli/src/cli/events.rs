use clap::{Args, Subcommand, ValueEnum};
use miniprogram::Secret;

use crate::values::secret;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsVerb {
    /// Verify and read one push from standard input
    Decode(Decode),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Without --plain only a verified, encrypted push is accepted; give --token and --aes-key,\nand for WeChat --receiver-id.\nExamples:\n  miniprogram events decode --vendor wechat --app wx0123456789abcdef \\\n    --query \"$QUERY_STRING\" --receiver-id wxfedcba9876543210 < push.xml\n  miniprogram events decode --vendor baidu --plain < message.json"
)]
pub(crate) struct Decode {
    /// The query of the request, without ?
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true)]
    pub(crate) query: String,
    /// The token that signs; better given in the environment
    #[arg(
        long,
        env = "MINIPROGRAM_CALLBACK_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) token: Option<Secret>,
    /// The key that encrypts, 43 characters; better given in the environment
    #[arg(
        long,
        value_name = "KEY",
        env = "MINIPROGRAM_AES_KEY",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) aes_key: Option<Secret>,
    /// The id that must stand at the end of an encrypted frame
    #[arg(long, value_name = "ID")]
    pub(crate) receiver_id: Option<String>,
    /// How an encrypted push is written, where the vendor knows both
    #[arg(long, value_enum, value_name = "xml|json", default_value_t, hide_possible_values = true)]
    pub(crate) body_format: Format,
    /// Accept a plain push, which nothing authenticates
    #[arg(long)]
    pub(crate) plain: bool,
    /// When the push arrived, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
}

/// How an encrypted push is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Xml,
    Json,
}
