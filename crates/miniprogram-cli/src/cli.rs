//! The options: nouns, then verbs.

mod alliance;
mod app;
mod audit;
mod auth;
mod code;
mod config;
mod doctor;
mod effects;
mod events;
mod release;
mod rollout;
mod serve;
#[cfg(feature = "sim")]
mod sim;
mod store;
mod template;

use std::ffi::OsString;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use miniprogram::{Language, PlatformId, Secret, Vendor};

#[cfg(feature = "kafka")]
pub(crate) use alliance::AllianceWatch;
pub(crate) use alliance::{AllianceVerb, Credentials};
pub(crate) use app::{
    AppVerb, CategoryVerb, DescriptionVerb, DomainVerb, IconVerb, ImageUpload, ImageVerb, NameVerb,
    PhoneVerb, WebViewDomainVerb,
};
pub(crate) use audit::{AuditVerb, Submit, Watch};
pub(crate) use auth::{AuthVerb, Exchange, List as AuthList, Refresh, Ticket, Url};
pub(crate) use code::{CodeVerb, QrCode, Upload};
pub(crate) use config::{Check as ConfigCheck, ConfigVerb};
pub(crate) use doctor::Doctor;
pub(crate) use effects::{EffectsVerb, Known, Settle};
pub(crate) use events::{Decode, EventsVerb, List as EventList, Replay};
pub(crate) use release::{GrayStart, GrayVerb, LibraryVerb, Publish, ReleaseVerb, Rollback, VisitVerb};
#[cfg(feature = "sim")]
pub(crate) use rollout::Rehearse;
pub(crate) use rollout::{Apps, Grave, Order, PlanArgs, Report, Retry, RolloutVerb, Run, Show, Start};
pub(crate) use serve::Serve;
#[cfg(feature = "sim")]
pub(crate) use sim::{PerVendor, Sim};
pub(crate) use store::{Copy as StoreCopy, StoreVerb};
pub(crate) use template::TemplateVerb;

use crate::terminal::Format;
use crate::values::{Source, pair, positive_duration, secret};
use crate::vendors::{VendorEntry, Vendors};

/// Uploads, audits, releases and rolls back merchants' mini programs, with the same commands for every vendor.
#[derive(Debug, Parser)]
#[command(
    name = "miniprogram",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Results go to standard output, everything else to standard error.\n\
Exit codes: 0 done, 1 failed, 2 usage, 3 unsupported, 4 not finished yet, 5 rejected, 6 outcome unknown.\n\
MINIPROGRAM_VENDOR and MINIPROGRAM_APP are the default vendor and app of code, audit, release and call.\n\
MINIPROGRAM_LOG=debug shows what is called; tokens are never shown."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) noun: Noun,
}

/// Options that most commands take, before or after the noun.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The vendor of the platform
    #[arg(long, global = true, value_name = "VENDOR")]
    pub(crate) vendor: Option<String>,
    /// The merchant's app
    #[arg(long, global = true, value_name = "APP_ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) app: Option<String>,
    /// The app's access token; prefer the environment, since a process list shows the command line
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "MINIPROGRAM_ACCESS_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) access_token: Option<Secret>,
    /// The platform's own id
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) platform_id: Option<String>,
    /// Scheme and host to use instead of the vendor's; the paths stay
    #[arg(long, global = true, value_name = "URL", env = "MINIPROGRAM_BASE_URL", hide_env_values = true)]
    pub(crate) base_url: Option<String>,
    /// The proxy to the vendor: http://, socks5:// or socks5h://; nothing else is taken from the environment
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "MINIPROGRAM_PROXY",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) proxy: Option<Secret>,
    /// How results and errors are printed
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "table|json"
    )]
    pub(crate) format: Format,
    /// How long one attempt may take: 10s, 500ms, 2m [default: 10s, uploads 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    /// How long the whole operation may take [default: attempts x timeout + settle time]
    #[arg(long, global = true, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) deadline: Option<Duration>,
    /// How long an effect may still take place after its attempt [default: the vendor's]
    #[arg(long, global = true, value_name = "TIME", value_parser = crate::values::duration)]
    pub(crate) settle_time: Option<Duration>,
    /// The configuration file: platforms and store [default: miniprogram.toml if it exists; empty: none]
    #[arg(long, global = true, value_name = "FILE", env = "MINIPROGRAM_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<String>,
    /// The store, instead of the configuration's: sqlite:FILE or postgres://…
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "MINIPROGRAM_STORE",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) store: Option<Secret>,
}

/// The option of commands with an effect.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct DryRun {
    /// Print the requests as JSON, tokens masked, and send nothing; needs no token
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    /// What each vendor can do
    Vendors,
    /// What a vendor's code means, who has to act, and whether to retry
    Explain(Explain),
    /// Upload code and list versions
    #[command(subcommand)]
    Code(CodeVerb),
    /// Submit for audit and follow the verdict
    #[command(subcommand)]
    Audit(AuditVerb),
    /// Publish approved versions and roll them back
    #[command(subcommand)]
    Release(ReleaseVerb),
    /// The basic information of an app
    #[command(subcommand)]
    App(AppVerb),
    /// The platform's templates; takes the platform's own token
    #[command(
        subcommand,
        after_help = "The token is the platform's own, not an app's: for an app's token a vendor may return an empty list."
    )]
    Template(TemplateVerb),
    /// What members of an open-source alliance can read
    #[command(subcommand)]
    Alliance(AllianceVerb),
    /// Authorizations and tokens
    #[command(subcommand)]
    Auth(AuthVerb),
    /// Effects with an unknown outcome: list them and settle them
    #[command(subcommand)]
    Effects(EffectsVerb),
    /// Bring one version to many apps, in waves: plan it, start it, follow it, take it back
    #[command(subcommand)]
    Rollout(RolloutVerb),
    /// What blocks an app, or the apps of a rollout file, before a submission is spent
    Doctor(Doctor),
    /// Run the daemon: receive the pushes of all configured platforms, renew tokens, drive rollouts, deliver events
    Serve(Serve),
    /// Decode the vendors' pushes, and inspect received events
    #[command(subcommand)]
    Events(EventsVerb),
    /// Check the configuration
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Check, export, migrate, repair and copy the store
    #[command(subcommand)]
    Store(StoreVerb),
    /// Run a simulator of vendors on a local port
    #[cfg(feature = "sim")]
    Sim(Sim),
    /// Send one request to any endpoint of a vendor
    Call(Call),
    /// Print shell completions
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  miniprogram explain wechat 85009\n  miniprogram explain wechat -1 --operation release --format json\n  miniprogram explain baidu 470020 --lang zh\nThe exit code for a code that is not listed is 1."
)]
pub(crate) struct Explain {
    /// The vendor of the code
    #[arg(id = "of", index = 1, value_name = "VENDOR")]
    pub(crate) of: String,
    /// The code: a number, possibly negative, or a word
    #[arg(index = 2, allow_negative_numbers = true)]
    pub(crate) code: String,
    /// The method or the endpoint path that returned it
    #[arg(long, value_name = "METHOD|PATH")]
    pub(crate) operation: Option<String>,
    /// The language of the advice
    #[arg(
        long,
        default_value_t,
        hide_possible_values = true,
        value_name = "en|zh",
        value_parser = language_parser()
    )]
    pub(crate) lang: Language,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  miniprogram call GET /wxa/get_category --vendor wechat --app wx0123456789abcdef\n  miniprogram call POST /wxa/setdomain --body @domains.json --dry-run \\\n    --vendor wechat --app wx0123456789abcdef"
)]
pub(crate) struct Call {
    /// GET or POST
    #[arg(value_parser = PossibleValuesParser::new(["GET", "POST"]), ignore_case = true)]
    pub(crate) method: String,
    /// The path, from /
    pub(crate) path: String,
    /// A query parameter; may be repeated. The token is added automatically
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) query: Vec<(String, String)>,
    /// Use the platform's own token, not an app's; --access-token then gives the platform's
    #[arg(long)]
    pub(crate) platform: bool,
    /// A JSON object; sent as JSON, or as a form if the vendor takes forms
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) body: Option<Source>,
    /// Send no body at all; without it, a POST without --body sends {} if the vendor takes JSON
    #[arg(long, conflicts_with = "body")]
    pub(crate) empty_body: bool,
    /// Write the body of a success to a file as it is, completely or not at all; - is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

fn language_parser() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::ALL.map(Language::as_str)).try_map(|name| {
        let mut languages = Language::ALL.into_iter();
        languages.find(|language| language.as_str() == name).ok_or("there is no such language")
    })
}

/// Lets the options that name a vendor accept the registered ones.
fn with_vendors(command: Command, vendors: &Vendors) -> Command {
    let names = PossibleValuesParser::new(vendors.names().map(PossibleValue::new));
    let of_explain = names.clone();
    let command = command
        .mut_arg("vendor", |arg| arg.value_parser(names))
        .mut_subcommand("explain", |explain| explain.mut_arg("of", |arg| arg.value_parser(of_explain)));
    let command = only_at(command, "app", vendors, |entry| entry.app_admin().is_some());
    let command = only_at(command, "alliance", vendors, |entry| entry.alliance().is_some());
    #[cfg(feature = "sim")]
    let command = of_vendors(command, "sim", crate::vendors::sim::SIMULATED.map(|(vendor, _)| vendor));
    let command = command.mut_subcommand("audit", |audit| {
        audit.mut_subcommand("submit", |submit| {
            submit.mut_args(|arg| {
                let option = arg.get_long().unwrap_or_default().to_owned();
                noted(arg, vendors, |entry| {
                    entry.submit_options().iter().find(|(known, _)| *known == option).map(|(_, note)| *note)
                })
            })
        })
    });
    command.mut_subcommand("events", |events| {
        events.mut_subcommand("decode", |decode| {
            decode.mut_arg("receiver_id", |arg| {
                let platform = PlatformId::from("platform");
                noted(arg, vendors, |entry| entry.receiver_id(&platform).map(|_| ""))
            })
        })
    })
}

/// Adds to the help of a noun which of the registered vendors have it.
fn only_at(command: Command, noun: &str, vendors: &Vendors, has: fn(&dyn VendorEntry) -> bool) -> Command {
    of_vendors(command, noun, vendors.iter().filter(|entry| has(&***entry)).map(|entry| entry.vendor()))
}

/// Adds the names of vendors to the help of a noun.
fn of_vendors(command: Command, noun: &str, vendors: impl IntoIterator<Item = Vendor>) -> Command {
    let names: Vec<_> = vendors.into_iter().map(|vendor| vendor.to_string()).collect();
    if names.is_empty() {
        return command;
    }
    command.mut_subcommand(noun, |noun| {
        let about = noun.get_about().map(ToString::to_string).unwrap_or_default();
        noun.about(format!("{about} ({})", names.join(", ")))
    })
}

/// Adds to the help of an option which of the registered vendors take it, each with its note, which may be empty.
fn noted<'n>(arg: Arg, vendors: &Vendors, note: impl Fn(&dyn VendorEntry) -> Option<&'n str>) -> Arg {
    let notes: Vec<_> = vendors
        .iter()
        .filter_map(|entry| {
            let (vendor, note) = (entry.vendor(), note(&**entry)?);
            Some(if note.is_empty() { vendor.to_string() } else { format!("{vendor}: {note}") })
        })
        .collect();
    if notes.is_empty() {
        return arg;
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} ({})", notes.join(", ")))
}

/// The options of [`Common`] that a command does not take, except `--format`.
fn left_out(path: &[&str]) -> &'static [&'static str] {
    match path {
        ["vendors" | "explain" | "sim" | "completions", ..] => &[
            "vendor",
            "app",
            "access_token",
            "platform_id",
            "base_url",
            "proxy",
            "timeout",
            "deadline",
            "settle_time",
            "config",
            "store",
        ],
        ["events", "decode"] => {
            &["access_token", "base_url", "proxy", "timeout", "deadline", "settle_time", "config", "store"]
        }
        ["rollout", "run" | "start"] => &["vendor", "app", "access_token", "platform_id"],
        ["rollout", "status" | "watch" | "list" | "export" | "report" | "rehearse"] => &[
            "vendor",
            "app",
            "access_token",
            "platform_id",
            "base_url",
            "proxy",
            "timeout",
            "deadline",
            "settle_time",
        ],
        ["rollout", "show"] => {
            &["app", "access_token", "platform_id", "base_url", "proxy", "timeout", "deadline", "settle_time"]
        }
        ["rollout", _] => {
            &["access_token", "platform_id", "base_url", "proxy", "timeout", "deadline", "settle_time"]
        }
        ["rollout"] => &["access_token", "platform_id"],
        ["config", ..] => &["app", "access_token"],
        ["serve"] => &["vendor", "app", "access_token", "platform_id"],
        ["events", "list" | "replay"] => {
            &["access_token", "platform_id", "base_url", "proxy", "timeout", "deadline", "settle_time"]
        }
        ["events"] => &["access_token", "deadline", "settle_time"],
        ["events", "show"] | ["store", ..] => &[
            "vendor",
            "app",
            "access_token",
            "platform_id",
            "base_url",
            "proxy",
            "timeout",
            "deadline",
            "settle_time",
        ],
        ["auth", "status"] => &["access_token", "base_url", "proxy", "timeout", "deadline", "settle_time"],
        ["auth", "list" | "ticket"] => &["app", "access_token", "settle_time"],
        ["auth", ..] => &["access_token", "settle_time"],
        ["template", ..] | ["app", "image", ..] => &["app"],
        ["alliance", "info" | "watch"] => &["app", "platform_id", "settle_time", "config", "store"],
        ["alliance", ..] => &["platform_id", "settle_time", "config", "store"],
        _ => &[],
    }
}

/// The help of `--access-token` where the token is not an app's.
fn token_of(path: &[&str]) -> Option<&'static str> {
    match path {
        ["template", ..] | ["app", "image", ..] => Some(
            "The platform's own access token; prefer the environment, since a process list shows the command line",
        ),
        ["alliance", ..] => {
            Some("A token of the alliance's key, instead of its id and secret; prefer the environment")
        }
        _ => None,
    }
}

/// A common option as a command shows it; `None` if it is shown as everywhere.
fn shown(path: &[&str], arg: &Arg) -> Option<Arg> {
    let id = arg.get_id().as_str();
    let one_vendor = matches!(path, ["app" | "alliance", ..]) && id == "vendor";
    if one_vendor || left_out(path).contains(&id) {
        return Some(arg.clone().hide(true));
    }
    token_of(path).filter(|_| id == "access_token").map(|help| arg.clone().help(help))
}

/// Fits the common options to every command below one.
fn fitted(command: Command, path: &[&str], common: &[Arg]) -> Command {
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    below.iter().fold(command, |command, name| {
        let path = [path, &[name]].concat();
        let args: Vec<Arg> = common.iter().filter_map(|arg| shown(&path, arg)).collect();
        command.mut_subcommand(name, |below| fitted(below.args(args), &path, common))
    })
}

/// The command line without its vendors, for errors.
pub(crate) fn bare() -> Command {
    Cli::command()
}

/// The whole command line.
pub(crate) fn command(vendors: &Vendors) -> Command {
    let root = with_vendors(Cli::command(), vendors);
    let common: Vec<Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    fitted(root, &[], &common)
}

/// Reads the command line.
pub(crate) fn parse(line: impl IntoIterator<Item = OsString>, vendors: &Vendors) -> Result<Cli, clap::Error> {
    let matches = command(vendors).try_get_matches_from(line)?;
    refuse_left_out(&matches)?;
    Cli::from_arg_matches(&matches)
}

/// Rejects options that the command does not use, instead of ignoring them.
fn refuse_left_out(matches: &ArgMatches) -> Result<(), clap::Error> {
    let (mut path, mut deepest) = (Vec::new(), matches);
    while let Some((name, inner)) = deepest.subcommand() {
        path.push(name);
        deepest = inner;
    }
    let mut unused = left_out(&path).to_vec();
    let mut flag = "";
    if path == ["events", "decode"] && deepest.get_flag("plain") {
        flag = " --plain";
        unused.extend(["token", "aes_key", "receiver_id", "body_format"]);
    }
    if path == ["events", "replay"] && !deepest.get_flag("dead") {
        flag = " ID";
        unused.extend(["vendor", "app"]);
    }
    if path == ["call"] && deepest.get_flag("platform") {
        flag = " --platform";
        unused.push("app");
    }
    match unused.iter().find(|id| deepest.value_source(id) == Some(ValueSource::CommandLine)) {
        Some(id) => {
            let command = path.join(" ") + flag;
            Err(usage(&format!("`{command}` takes no --{}", id.replace('_', "-"))))
        }
        None => Ok(()),
    }
}

/// A usage error that the parser cannot detect.
pub(crate) fn usage(what: &str) -> clap::Error {
    bare().error(clap::error::ErrorKind::ArgumentConflict, what)
}

/// Required options that are not given.
pub(crate) fn missing(options: &[&str]) -> clap::Error {
    let what = format!("the following required arguments were not provided:\n  {}", options.join("\n  "));
    bare().error(clap::error::ErrorKind::MissingRequiredArgument, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command(&Vendors::bundled()).debug_assert();
    }

    #[test]
    fn every_option_left_out_exists() {
        let root = command(&Vendors::bundled());
        for path in [&["vendors"][..], &["events", "decode"], &["store", "check"], &["auth", "url"]] {
            for id in left_out(path) {
                let found =
                    root.get_arguments().any(|arg| arg.get_id() == id && arg.get_action().takes_values());
                assert!(found, "{id}");
            }
        }
    }
}
