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
        /// The package with this status, such as 1 online, 3 in development, 4 in review
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
    /// Print changes as they are published, one line each
    Watch(AllianceWatch),
}

/// How the member authenticates itself. Takes precedence over `--access-token`.
#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// The key with which a token is fetched, instead of --access-token
    #[arg(long, value_name = "KEY", env = "MINIPROGRAM_CLIENT_ID", hide_env_values = true)]
    pub(crate) client_id: Option<String>,
    /// The key's secret; prefer the environment, since a process list shows the command line
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
    after_help = "Each line is one JSON object: code, kind, app_id, package_id, topic, partition, offset, and with\n--reread the current state under `app` or `package`. A notification is committed once it is printed;\notherwise it is delivered again. An interruption takes effect after the current notification.\nRequires a build with the feature `kafka`.\nExample:\n  miniprogram alliance watch --brokers kafka-1:9092,kafka-2:9092 --topic changes --group platform"
)]
pub(crate) struct AllianceWatch {
    /// The brokers to begin with, joined by commas
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// The topic
    #[arg(long)]
    pub(crate) topic: String,
    /// The consumer group, which shares the work and keeps the offsets
    #[arg(long)]
    pub(crate) group: String,
    /// Read the app or the package that changed; needs credentials
    #[arg(long)]
    pub(crate) reread: bool,
    /// The file for unreadable notifications, one JSON object per line [default: standard error]
    #[arg(long, value_name = "FILE")]
    pub(crate) dead_letters: Option<String>,
    /// Stop when nothing has arrived for this long
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) until_idle: Option<Duration>,
    /// Stop after this many notifications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max: Option<u64>,
    /// A property of librdkafka, such as ssl.ca.location; never printed; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = secret_pair)]
    pub(crate) property: Vec<(String, Secret)>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
}
