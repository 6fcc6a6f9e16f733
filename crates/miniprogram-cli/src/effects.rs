//! Effects: planned for a dry run, otherwise performed and printed.

use miniprogram::model::CodeVersion;
use miniprogram::{AuditId, Command, Error, MiniProgram, Outcome, Stage, Subject, SubjectId};
use serde_json::Value;

use crate::cli::DryRun;
use crate::context::{Context, Target, interrupted, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::vendors::VendorEntry;

/// Performs a command on the app that the options name, or prints what it would send.
pub(crate) async fn run(context: &Context, dry: DryRun, command: Command) -> Result<Finish, Failure> {
    let target = context.effect_target(dry).await?;
    run_on(context, &*target.entry, &*target.program()?, dry, command).await
}

/// Which of the listed versions an effect was about, once it is done.
#[derive(Debug)]
pub(crate) enum Version {
    /// The one at this stage.
    At(Stage),
    /// The one with the audit that the effect yields.
    Audited,
}

/// Performs a command on an app, or prints what it would send. The result names the version.
pub(crate) async fn run_for_version(
    context: &Context,
    target: &Target,
    dry: DryRun,
    command: Command,
    version: Version,
) -> Result<Finish, Failure> {
    let app = target.program()?;
    if dry.dry_run {
        return run_on(context, &*target.entry, &*app, dry, command).await;
    }
    let operation = command.operation().as_str();
    let effect = async { to_value(&app.perform(command).await?) };
    let mut result = wait(context, &*target.entry, operation, effect).await?;
    let named = match (&version, result["audit_id"].as_str()) {
        (Version::At(stage), _) => version_of(&*app, |version| version.stage == *stage).await,
        (Version::Audited, Some(audit)) => {
            let has_it =
                |version: &CodeVersion| version.audit_id.as_ref().map(AuditId::as_str) == Some(audit);
            version_of(&*app, has_it).await
        }
        (Version::Audited, None) => None,
    };
    if let (Some(fields), Some(version)) = (result.as_object_mut(), named) {
        fields.entry("version").or_insert(Value::from(version));
    }
    print(context, &*target.entry, result)
}

/// Reads the version of the listed code that fits. The effect is done: a read that fails leaves its result as it is.
async fn version_of(app: &dyn MiniProgram, fits: impl Fn(&CodeVersion) -> bool) -> Option<String> {
    let versions = tokio::select! {
        biased;
        () = interrupted() => return None,
        versions = app.code_versions() => versions.ok()?,
    };
    versions.into_iter().find(fits)?.version
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
    let result = wait(context, entry, operation, effect).await?;
    print(context, entry, result)
}

/// Prints the result of an effect, with the vendor and the app.
fn print(context: &Context, entry: &dyn VendorEntry, mut result: Value) -> Result<Finish, Failure> {
    if let Some(fields) = result.as_object_mut() {
        fields.entry("vendor").or_insert(Value::from(entry.vendor().as_str()));
        if let Some(app) = context.app() {
            fields.entry("app_id").or_insert(Value::from(app));
        }
    }
    context.output.record(&result).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

async fn wait(
    context: &Context,
    entry: &dyn VendorEntry,
    operation: &'static str,
    effect: impl Future<Output = Result<Value, Error>>,
) -> Result<Value, Error> {
    uninterrupted(entry, operation, effect).await.map_err(|error| {
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
    })
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
