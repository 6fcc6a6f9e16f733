use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Subcommand};
use miniprogram::Language;
#[cfg(feature = "sim")]
use miniprogram::Timestamp;
use miniprogram_rollout::machine::Phase;

use super::language_parser;
use crate::confirm::Yes;
use crate::values::Source;

#[derive(Debug, Subcommand)]
pub(crate) enum RolloutVerb {
    /// Check a rollout file, and show what it means: apps per wave, calls and audit slots, when it will have ended
    #[command(
        after_help = "Everything that is wrong is shown at once, with file, line and key; exit code 1 then.\nOnly reads are sent, and only with tokens of the store: the audit quota of each vendor, by one call. --online\nadds one call per app, at the plan's rate.\nThe end is forecast without failures, rejections and pauses. An audit is taken to last as long as the plan's\n`audit_time` says, otherwise 2 days.\n--app shows which version that app has online, and its requests; tokens and secret columns are masked.\nExamples:\n  miniprogram rollout plan rollout.toml\n  miniprogram rollout plan rollout.toml --vendor wechat --app wx0123456789abcdef"
    )]
    Plan(PlanArgs),
    /// Store a rollout; `serve` drives it
    #[command(
        after_help = "The plan is stored: the files may change afterwards. An interrupted start is repeated.\nExample:\n  miniprogram rollout start rollout.toml --name spring"
    )]
    Start(Start),
    /// Store a rollout and drive it here, or watch it where another process drives it
    #[command(
        after_help = "Shows progress bars on a terminal, otherwise a JSON line for each change. Ctrl-C leaves everything\nresumable; the same command goes on.\nExit codes: 0 every app arrived or was left out, 1 some failed or were rejected, 4 interrupted.\nExamples:\n  miniprogram rollout run rollout.toml --name spring\n  miniprogram rollout run --name spring"
    )]
    Run(Run),
    /// Where a rollout is: apps per wave, vendor and phase, what halts it, whose move it is
    #[command(after_help = "Example:\n  miniprogram rollout status spring --format json")]
    Status(Named),
    /// Show the progress of a rollout until it ends, without driving it
    #[command(
        after_help = "Exit codes: 0 every app arrived or was left out, 1 some failed or were rejected, 4 interrupted."
    )]
    Watch(Named),
    /// List the apps of a rollout, with the cause where one failed
    #[command(after_help = "Example:\n  miniprogram rollout apps spring --state failed --vendor wechat")]
    Apps(Apps),
    /// One app's whole story: where it is and why, whose move it is, its ledger
    #[command(after_help = "Example:\n  miniprogram rollout show spring wx0123456789abcdef")]
    Show(Show),
    /// Send nothing more, for a rollout or with --app for one app
    Pause(Order),
    /// Go on after a pause or a halt, or try again what needed a person
    Resume(Order),
    /// End the bake time, or overrule the gate
    Promote(Grave),
    /// Stop, and leave every app that is not released on the version that it has
    Abort(Grave),
    /// Leave apps out
    Skip(Order),
    /// Begin again with an app that ended or needs a person, with what was wrong corrected
    Retry(Retry),
    /// Take the version back: every app returns to the version that it had before
    Rollback(Grave),
    /// The evidence of a rollout, or with --app of one app, in the order of writing
    #[command(after_help = "JSON lines with --format json.")]
    Ledger(Named),
    /// Print a rollout as JSON lines: the status, the plan without merchants, every app, the ledger
    #[command(after_help = "Contains no value of a secret column.")]
    Export(Named),
    /// Write a rollout as one HTML file: the way of each vendor's apps, times in audit, failures, the ledger
    #[command(
        after_help = "The file needs no network and prints well. Secret columns of the plan are masked.\nExamples:\n  miniprogram rollout report spring\n  miniprogram rollout report spring --lang zh --output report.html --force"
    )]
    Report(Report),
    /// Run a plan against the simulator, on a virtual clock: what would happen, before any vendor is touched
    #[cfg(feature = "sim")]
    #[command(
        after_help = "Nothing but loopback is contacted. The gate passes, and notices are shown instead of sent. It stops where a\nperson would have to decide.\nExit codes: 0 every app arrived, 1 the files are wrong, or apps failed or were rejected, 4 not finished:\nit waits for a person, or was interrupted.\nExamples:\n  miniprogram rollout rehearse rollout.toml\n  miniprogram rollout rehearse rollout.toml --faults 5 --rejections 2 --seed 7 --report rehearsal.html"
    )]
    Rehearse(Rehearse),
    /// List the rollouts, newest first
    List {
        /// The maximum number of rollouts
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PlanFile {
    /// The rollout file; what it names is relative to its directory
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) plan: PlanFile,
    /// Read which version each app has online, by one call per app
    #[arg(long)]
    pub(crate) online: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Start {
    #[command(flatten)]
    pub(crate) plan: PlanFile,
    /// What the rollout is called [default: the file's name without its ending]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["file", "name"]).multiple(true).required(true))]
pub(crate) struct Run {
    /// The rollout file; not needed to go on with a rollout
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<String>,
    /// What the rollout is called [default: the file's name without its ending]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The rollout
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Apps {
    #[command(flatten)]
    pub(crate) rollout: Named,
    /// Only in this phase, such as in_review, failed or released
    #[arg(long, value_name = "PHASE", hide_possible_values = true, value_parser = phase_parser())]
    pub(crate) state: Option<Phase>,
    /// Only of this wave, from 0
    #[arg(long, value_name = "N")]
    pub(crate) wave: Option<u32>,
    /// The maximum number of apps
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) rollout: Named,
    /// The merchant's app
    #[arg(value_name = "APP")]
    pub(crate) shown: String,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Takes effect within a second where the rollout is driven. Without --app it is for every app."
)]
pub(crate) struct Order {
    #[command(flatten)]
    pub(crate) rollout: Named,
    #[command(flatten)]
    pub(crate) by: By,
}

/// An order that cannot be taken back.
#[derive(Debug, Args)]
pub(crate) struct Grave {
    #[command(flatten)]
    pub(crate) order: Order,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Takes --app, or --state for all apps in a phase. A correction of the extension or the description\nis uploaded again.\nExamples:\n  miniprogram rollout retry spring --app wx0123456789abcdef --ext-json @corrected.json\n  miniprogram rollout retry spring --state failed"
)]
pub(crate) struct Retry {
    #[command(flatten)]
    pub(crate) rollout: Named,
    /// All apps in this phase, such as failed or rejected, of --vendor if given
    #[arg(long, value_name = "PHASE", hide_possible_values = true, value_parser = phase_parser())]
    pub(crate) state: Option<Phase>,
    /// Other values of the merchant: one JSON object
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) ext_json: Option<Source>,
    /// Another description of the version
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_desc: Option<String>,
    /// Other data of the submission: one JSON object
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) submit: Option<Source>,
    #[command(flatten)]
    pub(crate) by: By,
}

/// The language of a report.
#[derive(Debug, Args)]
pub(crate) struct InLanguage {
    /// The language of the report
    #[arg(
        long,
        default_value_t,
        hide_possible_values = true,
        value_name = "en|zh",
        value_parser = language_parser()
    )]
    pub(crate) lang: Language,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) rollout: Named,
    /// The file to write, completely or not at all; - is standard output [default: NAME.html]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    #[command(flatten)]
    pub(crate) written: InLanguage,
}

#[cfg(feature = "sim")]
#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    #[command(flatten)]
    pub(crate) plan: PlanFile,
    /// The share of requests that are answered badly: by errors, busy codes, timeouts, resets
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = crate::values::percent)]
    pub(crate) faults: f64,
    /// The share of audits that are rejected
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = crate::values::percent)]
    pub(crate) rejections: f64,
    /// The share of pushes that are lost; what they say is found by polling
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = crate::values::percent)]
    pub(crate) lost: f64,
    /// How long an audit takes, at most 720
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
    pub(crate) audit: u32,
    /// The submissions per month that the platform has left [default: enough]
    #[arg(long, value_name = "N")]
    pub(crate) quota: Option<u32>,
    /// When it begins, as 2026-11-30T08:00:00+08:00 [default: now]
    #[arg(long, value_name = "TIME", value_parser = crate::values::time)]
    pub(crate) start: Option<Timestamp>,
    /// The seed of faults and rejections [default: a random one]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Write the report of the rehearsal to an HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<String>,
    #[command(flatten)]
    pub(crate) written: InLanguage,
}

/// Who gives an order.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// Who is named in the ledger [default: the user's name]
    #[arg(long, value_name = "WHO", value_parser = NonEmptyStringValueParser::new())]
    by: Option<String>,
}

impl By {
    pub(crate) fn name(&self) -> String {
        let user = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        self.by.clone().or_else(user).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
    }
}

fn phase_parser() -> impl TypedValueParser<Value = Phase> {
    PossibleValuesParser::new(Phase::ALL.iter().map(|phase| phase.as_str())).try_map(|name| {
        let found = Phase::ALL.iter().find(|phase| phase.as_str() == name);
        found.copied().ok_or("there is no such phase")
    })
}
