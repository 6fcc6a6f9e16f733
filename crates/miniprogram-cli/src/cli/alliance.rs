use std::time::Duration;

use clap::{Args, Subcommand};
use miniprogram::Secret;

use crate::values::{positive_duration, secret, secret_pair};

#[derive(Debug, Subcommand)]
pub(crate) enum AllianceVerb {
    /// The basic information of apps
    Info {
        /// The apps; may be repeated or joined by commas
        #[arg(long, value_name = "APP_IDS", value_delimiter = ',', required = true)]
        app_ids: Vec<String>,
        #[command(flatten)]
        credentials: Credentials,
    },
    /// The packages of one app
    Packages {
        #[command(flatten)]
        credentials: Credentials,
    },
    /// One package of one app
    Package {
        /// The package that has this status, such as 1 online, 3 in development, 4 in review
        /// [default: the one online]
        #[arg(
            long = "type",
            value_name = "STATUS",
            allow_negative_numbers = true,
            conflicts_with = "package_id"
        )]
        status: Option<i64>,
        /// The package
        #[arg(long, value_name = "ID")]
        package_id: Option<String>,
        #[command(flatten)]
        credentials: Credentials,
    },
    /// Print what changes as it is told, one line each
    Watch(AllianceWatch),
}

/// Who asks. They go before an `--access-token`.
#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// The key that a token is fetched with, in the place of --access-token
    #[arg(long, value_name = "KEY", env = "MINIPROGRAM_CLIENT_ID", hide_env_values = true)]
    pub(crate) client_id: Option<String>,
    /// The key's secret; better given in the environment, where no list of processes shows it
    #[arg(
        long,
        value_name = "SECRET",
        env = "MINIPROGRAM_CLIENT_SECRET",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) client_secret: Option<Secret>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Each line is one JSON object: code, kind, app_id, package_id, topic, partition, offset, and with\n--reread what stands there now under `app` or `package`. What was printed is committed; what was not\ncomes again. An interruption ends it after the notification under way.\nIt takes a build with the feature `kafka`.\nExample:\n  miniprogram alliance watch --brokers kafka-1:9092,kafka-2:9092 --topic changes --group platform"
)]
pub(crate) struct AllianceWatch {
    /// The brokers to begin with, joined by commas
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// The topic
    #[arg(long)]
    pub(crate) topic: String,
    /// The group that shares the work and remembers how far it got
    #[arg(long)]
    pub(crate) group: String,
    /// Read the app or the package that changed; needs credentials
    #[arg(long)]
    pub(crate) reread: bool,
    /// Where unreadable notifications go, one JSON object a line [default: standard error]
    #[arg(long, value_name = "FILE")]
    pub(crate) dead_letters: Option<String>,
    /// End when nothing has come for that long
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) until_idle: Option<Duration>,
    /// End after that many notifications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max: Option<u64>,
    /// A property of librdkafka, such as ssl.ca.location; never printed; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = secret_pair)]
    pub(crate) property: Vec<(String, Secret)>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
}
