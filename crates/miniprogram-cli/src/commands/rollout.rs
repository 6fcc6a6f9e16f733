//! Rollouts: planned, started, driven here or by the daemon, looked at and ordered about, all through the store.

mod apps;
mod fleet;
mod ledger;
mod orders;
mod plan;
mod progress;
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

/// An engine that looks into the store.
async fn reader(context: &Context) -> Result<RolloutEngine, Failure> {
    Ok(engine(context.open_read_only(&context.settings()?).await?))
}
