//! Rollouts: planned, started, driven here or by the daemon, looked at and ordered about, all through the store.

mod apps;
mod fleet;
mod ledger;
mod orders;
mod plan;
mod progress;
mod prospect;
#[cfg(feature = "sim")]
mod rehearse;
mod report;
mod run;
mod show;
mod status;

use std::sync::Arc;

pub(super) use fleet::{Fleet, hooks, owner};
use miniprogram::clock::SystemClock;
use miniprogram_rollout::engine::RolloutEngine;
use miniprogram_store::Store;
pub(super) use plan::{load, refuse};
pub(super) use status::halted;

use crate::cli::RolloutVerb;
use crate::context::Context;
use crate::failure::{Failure, Finish};

const DAY: u64 = 86_400;

/// Runs a verb of `rollout`.
pub(crate) async fn run(context: &Context, verb: RolloutVerb) -> Result<Finish, Failure> {
    match verb {
        RolloutVerb::Plan(args) => plan::run(context, &args).await,
        RolloutVerb::Start(args) => run::start(context, args).await,
        RolloutVerb::Run(args) => run::run(context, args).await,
        RolloutVerb::Status(args) => status::status(context, &args.name).await,
        RolloutVerb::Watch(args) => run::watch(context, &args.name).await,
        RolloutVerb::List { limit } => status::list(context, limit).await,
        RolloutVerb::Apps(args) => apps::run(context, &args).await,
        RolloutVerb::Show(args) => show::run(context, &args).await,
        RolloutVerb::Ledger(args) => ledger::run(context, &args.name).await,
        RolloutVerb::Export(args) => ledger::export(context, &args.name).await,
        RolloutVerb::Report(args) => report::run(context, &args).await,
        #[cfg(feature = "sim")]
        RolloutVerb::Rehearse(args) => rehearse::run(context, &args).await,
        RolloutVerb::Retry(args) => orders::retry(context, args).await,
        RolloutVerb::Pause(args) => orders::pause(context, args).await,
        RolloutVerb::Resume(args) => orders::resume(context, args).await,
        RolloutVerb::Promote(args) => orders::promote(context, args).await,
        RolloutVerb::Abort(args) => orders::abort(context, args).await,
        RolloutVerb::Skip(args) => orders::skip(context, args).await,
        RolloutVerb::Rollback(args) => orders::roll_back(context, args).await,
    }
}

/// An engine without platforms, which can look and give orders.
fn engine(store: Arc<dyn Store>) -> RolloutEngine {
    RolloutEngine::builder(store, Arc::new(SystemClock)).build()
}

/// A span of seconds for people, such as `2 days 3 hours`.
fn span(seconds: u64) -> String {
    let (days, rest) = (seconds / DAY, seconds % DAY);
    let parts = [(days, "day"), (rest / 3600, "hour"), (rest % 3600 / 60, "minute")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).take(2);
    let parts: Vec<_> =
        parts.map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect();
    if parts.is_empty() { "less than a minute".to_owned() } else { parts.join(" ") }
}

/// An engine that looks into the store.
async fn reader(context: &Context) -> Result<RolloutEngine, Failure> {
    Ok(engine(context.open_read_only(&context.settings()?).await?))
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_have_their_two_largest_units() {
        assert_eq!(span(59), "less than a minute");
        assert_eq!(span(61 * 60), "1 hour 1 minute");
        assert_eq!(span(2 * 86_400 + 3 * 3600 + 5 * 60), "2 days 3 hours");
    }
}
