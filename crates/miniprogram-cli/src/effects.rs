//! Effects: planned where a dry run is asked for, else done and printed.

use miniprogram::redact::MASK;
use miniprogram::{AuditId, AuditStatus, Command, Error, ErrorKind, MiniProgram, Outcome, PlannedRequest};
use serde_json::{Value, json};

use crate::cli::DryRun;
use crate::context::{Context, Target, of_a_read, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::vendors::Entry;

/// Does what a command says, or prints what it would send.
pub(crate) async fn run(context: &Context, dry: DryRun, command: Command) -> Result<Finish, Failure> {
    let target = context.effect_target(dry).await?;
    if dry.dry_run {
        context.output.json(&target.platform()?.plan(&target.app, &command)?)?;
        return Ok(Finish::Done);
    }
    done(context, &target, &command).await
}

/// The same for a command about an audit that may be left to "the newest".
pub(crate) async fn run_on_audit(
    context: &Context,
    dry: DryRun,
    audit_id: Option<String>,
    command: impl Fn(AuditId) -> Command,
) -> Result<Finish, Failure> {
    if let Some(id) = audit_id {
        return run(context, dry, command(id.into())).await;
    }
    let target = context.effect_target(dry).await?;
    // What the effect would refuse by itself costs no request here either.
    let plan = target.platform()?.plan(&target.app, &command(UNKNOWN_AUDIT.into()))?;
    if dry.dry_run {
        context.output.json(&with_look_up(plan, target.entry.newest_audit))?;
        return Ok(Finish::Done);
    }
    let newest = target.program()?.latest_audit().await.map_err(of_a_read)?;
    let operation = command(UNKNOWN_AUDIT.into()).operation().as_str();
    let open = !newest.status.is_terminal() && newest.status != AuditStatus::NotSubmitted;
    match newest.audit_id {
        Some(id) if open => done(context, &target, &command(id)).await,
        _ => Err(Error::new(ErrorKind::Conflict, operation)
            .for_vendor(target.entry.vendor)
            .with_detail(format!("no audit is open: the newest is {}", newest.status))
            .into()),
    }
}

/// Stands for the id of an audit until it is looked up.
const UNKNOWN_AUDIT: u64 = 9_007_199_254_740_881;

/// The plan with the request that finds the audit in front, and its answer in the place of the id.
fn with_look_up(mut plan: Vec<PlannedRequest>, (path, name): (&str, &str)) -> Vec<PlannedRequest> {
    for request in &mut plan {
        let texts = request.query.values_mut();
        let members = request.body.as_mut().and_then(Value::as_object_mut);
        let members = members.into_iter().flat_map(|members| members.values_mut());
        for value in texts.chain(members) {
            let stands_for_it = value.as_u64() == Some(UNKNOWN_AUDIT)
                || value.as_str().is_some_and(|text| text == UNKNOWN_AUDIT.to_string());
            if stands_for_it {
                *value = json!({ "from": name });
            }
        }
    }
    plan.insert(0, PlannedRequest::new("GET", path).with_query("access_token", MASK));
    plan
}

async fn done(context: &Context, target: &Target, command: &Command) -> Result<Finish, Failure> {
    let app = target.program()?;
    finish(context, target.entry, command.operation().as_str(), perform(&*app, command)).await
}

/// Waits for an effect and prints what it brought.
pub(crate) async fn finish(
    context: &Context,
    entry: &Entry,
    operation: &'static str,
    effect: impl Future<Output = Result<Value, Error>>,
) -> Result<Finish, Failure> {
    let result = uninterrupted(entry, operation, effect).await.map_err(|error| {
        let app = error.intent().map(|intent| intent.app.as_str()).or(context.app()).unwrap_or("<APP_ID>");
        let open = error.intent().is_some() || error.outcome() == Outcome::Unknown;
        let next = open.then(|| next_step(context, entry, app));
        match next {
            Some(next) => error.with_advice(next),
            None => error,
        }
    })?;
    context.output.record(&result).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// What to do about an effect whose outcome is open.
fn next_step(context: &Context, entry: &Entry, app: &str) -> String {
    let is_kept =
        context.settings().is_ok_and(|settings| settings.store().is_ok_and(|store| store.is_some()));
    if is_kept {
        format!(
            "repeat the command, or run `miniprogram effects settle --vendor {} --app {app}`: both ask the vendor first",
            entry.vendor
        )
    } else {
        "read the present state before anything is sent again; with --store an open effect is kept, and `miniprogram effects settle` asks for it".to_owned()
    }
}

/// The method of a command.
async fn perform(app: &dyn MiniProgram, command: &Command) -> Result<Value, Error> {
    match command {
        Command::UploadCode { template, ext, version, description } => {
            to_value(&app.upload_code(template, ext, version, description).await?)
        }
        Command::SubmitAudit { target, options } => to_value(&app.submit_audit(target, options).await?),
        Command::WithdrawAudit { audit } => to_value(&app.withdraw_audit(audit).await?),
        Command::ExpediteAudit { audit } => to_value(&app.expedite_audit(audit).await?),
        Command::Release { target } => to_value(&app.release(target).await?),
        Command::Rollback { target } => to_value(&app.rollback(target).await?),
        Command::StartGrayRelease { gray } => to_value(&app.start_gray_release(*gray).await?),
        Command::CancelGrayRelease => to_value(&app.cancel_gray_release().await?),
        Command::SetVisitStatus { status } => to_value(&app.set_visit_status(*status).await?),
        Command::SetMinLibraryVersion { version } => to_value(&app.set_min_library_version(version).await?),
        other => Err(Error::unsupported(app.vendor(), other.operation().as_str())),
    }
}
