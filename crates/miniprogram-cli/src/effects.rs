//! Effects: planned for a dry run, otherwise performed and printed.

use miniprogram::{Command, Error, Outcome, Subject, SubjectId};
use serde_json::Value;

use crate::cli::DryRun;
use crate::context::{Context, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::vendors::VendorEntry;

/// Performs a command on the app that the options name, or prints what it would send.
pub(crate) async fn run(context: &Context, dry: DryRun, command: Command) -> Result<Finish, Failure> {
    let target = context.effect_target(dry).await?;
    run_on(context, &*target.entry, &*target.program()?, dry, command).await
}

/// Performs a command on an app or a platform, or prints what it would send.
pub(crate) async fn run_on(
    context: &Context,
    entry: &dyn VendorEntry,
    subject: &(impl Subject + ?Sized),
    dry: DryRun,
    command: Command,
) -> Result<Finish, Failure> {
    if dry.dry_run {
        context.output.json(&subject.plan(&command)?)?;
        return Ok(Finish::Done);
    }
    let operation = command.operation().as_str();
    finish(context, entry, operation, async { to_value(&subject.perform(command).await?) }).await
}

/// Waits for an effect and prints its result.
pub(crate) async fn finish(
    context: &Context,
    entry: &dyn VendorEntry,
    operation: &'static str,
    effect: impl Future<Output = Result<Value, Error>>,
) -> Result<Finish, Failure> {
    let result = uninterrupted(entry, operation, effect).await.map_err(|error| {
        let subject = match error.intent().map(|intent| &intent.subject) {
            Some(SubjectId::Platform(platform)) => format!("--platform-id {platform}"),
            Some(subject) => format!("--app {subject}"),
            None => format!("--app {}", context.app().unwrap_or("<APP_ID>")),
        };
        let open = error.intent().is_some() || error.outcome() == Outcome::Unknown;
        let next = open.then(|| next_step(context, entry, &subject));
        match next {
            Some(next) => error.with_advice(next),
            None => error,
        }
    })?;
    context.output.record(&result).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// The advice for an effect with an unknown outcome.
fn next_step(context: &Context, entry: &dyn VendorEntry, subject: &str) -> String {
    let is_kept =
        context.settings().is_ok_and(|settings| settings.store().is_ok_and(|store| store.is_some()));
    if is_kept {
        format!(
            "repeat the command, or run `miniprogram effects settle --vendor {} {subject}`: both query the vendor first",
            entry.vendor()
        )
    } else {
        "read the current state before sending anything again; with --store an open effect is recorded, and `miniprogram effects settle` queries its outcome".to_owned()
    }
}
