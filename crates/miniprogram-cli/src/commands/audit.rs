use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{
    Audit, AuditId, AuditManager, AuditStatus, AuditTarget, Command, Error, ErrorKind, MiniProgram, Outcome,
    Stage, SubmitOptions, SubmitTarget,
};

use serde_json::{Map, Value};

use crate::cli::{AuditVerb, Submit, Watch};
use crate::context::{Context, interrupted};
use crate::effects::{self, Version};
use crate::failure::{Failure, Finish};
use crate::output::message_lines;
use crate::terminal::Format;
use miniprogram::vendor_api::Printable;

const SUBMIT: &str = "submit_audit";

/// Runs a verb of `audit`.
pub(crate) async fn run(context: &Context, verb: AuditVerb) -> Result<Finish, Failure> {
    match verb {
        AuditVerb::Submit(args) => {
            let (dry, command) = (args.dry, submission(args)?);
            let target = context.effect_target(dry).await?;
            return effects::run_for_version(context, &target, dry, command, Version::Audited).await;
        }
        AuditVerb::Withdraw { audit_id, dry } => {
            let command = Command::WithdrawAudit { audit: audit_target(audit_id) };
            return effects::run(context, dry, command).await;
        }
        AuditVerb::Expedite { audit_id, dry } => {
            let command = Command::ExpediteAudit { audit: audit_target(audit_id) };
            return effects::run(context, dry, command).await;
        }
        AuditVerb::Watch(args) => return watch(context, args).await,
        AuditVerb::Status { audit_id } => {
            let app = context.target().await?.program()?;
            context.output.record(&ask(&*app, audit_id.map(AuditId::from).as_ref()).await?)?;
        }
        AuditVerb::Latest => {
            let app = context.target().await?.program()?;
            context.output.record(&ask(&*app, None).await?)?;
        }
        AuditVerb::Quota => {
            let quota = context.target().await?.program()?.audit_quota().await?;
            context.output.record(&quota)?;
        }
    }
    Ok(Finish::Done)
}

fn audit_target(audit_id: Option<String>) -> AuditTarget {
    audit_id.map_or(AuditTarget::Latest, |id| AuditTarget::Id(id.into()))
}

fn submission(args: Submit) -> Result<Command, Error> {
    let target = match (args.receipt, args.package_id, args.user_version) {
        (Some(receipt), ..) => SubmitTarget::Upload(receipt.json(SUBMIT, "receipt")?),
        (_, Some(id), _) => SubmitTarget::Package(id.into()),
        (.., Some(version)) => SubmitTarget::Version(version),
        _ => SubmitTarget::Newest,
    };
    let items =
        args.item.iter().map(|item| item.json::<Value>(SUBMIT, "item")).collect::<Result<Vec<_>, _>>()?;
    let extra: Map<String, Value> = match &args.extra {
        Some(extra) => extra.json(SUBMIT, "extra")?,
        None => Map::new(),
    };
    let options = SubmitOptions::default()
        .with_field("content", args.content)
        .with_field("remark", args.remark)
        .with_field("version_desc", args.version_desc)
        .with_field("items", items)
        .with_field("extra", extra);
    Ok(Command::SubmitAudit { target, options: Box::new(options) })
}

async fn ask(app: &dyn MiniProgram, audit: Option<&AuditId>) -> Result<Audit, Error> {
    match audit {
        Some(id) => app.audit_status(id).await,
        None => app.latest_audit().await,
    }
}

/// Polls until there is a verdict, the time is over or an interruption.
async fn watch(context: &Context, args: Watch) -> Result<Finish, Failure> {
    let app = context.target().await?.program()?;
    let clock = SystemClock;
    let over = clock.deadline(args.whole);
    tokio::select! {
        biased;
        () = interrupted() => return Ok(Finish::NotFinished),
        finish = changes(context, &*app, &clock, args) => return finish,
        () = over => {}
    }
    context.output.remark("no verdict in that time");
    Ok(Finish::NotFinished)
}

/// Prints each change until there is a verdict.
async fn changes(
    context: &Context,
    app: &dyn MiniProgram,
    clock: &dyn Clock,
    args: Watch,
) -> Result<Finish, Failure> {
    let _busy = clock.enter();
    let mut id = args.audit_id.map(AuditId::from);
    let mut last: Option<Audit> = None;
    loop {
        match ask(app, id.as_ref()).await {
            Ok(mut audit) => {
                if id.is_none() && audit.status == AuditStatus::Approved {
                    refuse_online(app, &audit).await?;
                }
                // A later submission is another audit: keep polling this one.
                id = id.or_else(|| audit.audit_id.clone());
                // The latest audit has more fields than one queried by its id: that is not a change.
                if let Some(last) = &last {
                    audit.version = audit.version.or_else(|| last.version.clone());
                    audit.description = audit.description.or_else(|| last.description.clone());
                    audit.submitted_at = audit.submitted_at.or(last.submitted_at);
                }
                if last.as_ref() != Some(&audit) {
                    show(context, clock, &audit)?;
                }
                if let Some(finish) = verdict(app, &audit)? {
                    return Ok(finish);
                }
                last = Some(audit);
            }
            Err(error) if error.is_retryable() => {
                context.output.remark(&format!("still polling: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
        clock.sleep(args.interval).await;
    }
}

/// Rejects an audit whose version is online: its verdict is an old one, and nothing has been submitted since.
async fn refuse_online(app: &dyn MiniProgram, audit: &Audit) -> Result<(), Error> {
    let versions = app.code_versions().await?;
    let online = versions.into_iter().find(|version| {
        version.audit_id == audit.audit_id && matches!(version.stage, Stage::Released | Stage::RollingBack)
    });
    let Some(online) = online else { return Ok(()) };
    let version = online.version.map(|version| format!("version {version}")).unwrap_or("that version".into());
    Err(Error::new(ErrorKind::Conflict, "watch")
        .for_vendor(app.vendor())
        .with_outcome(Outcome::NotDone)
        .with_detail(format!("nothing is in audit: {version} passed the latest one and is online already"))
        .with_advice("submit with `audit submit`; --audit-id asks for the verdict of one audit"))
}

fn show(context: &Context, clock: &dyn Clock, audit: &Audit) -> Result<(), Failure> {
    if context.output.format() == Format::Json {
        return context.output.json(audit);
    }
    let id = audit.audit_id.as_ref().map(AuditId::as_str).unwrap_or("-");
    let reason = message_lines(audit.reason.as_deref().unwrap_or_default()).join("; ");
    let line = format!("{}  {}  {}  {}", clock.now(), Printable(id), audit.status, Printable(&reason));
    context.output.text(line.trim_end())
}

fn verdict(app: &dyn MiniProgram, audit: &Audit) -> Result<Option<Finish>, Error> {
    match audit.status {
        AuditStatus::Approved => Ok(Some(Finish::Done)),
        AuditStatus::Rejected => Ok(Some(Finish::Rejected)),
        AuditStatus::NotSubmitted | AuditStatus::Withdrawn => Err(Error::new(ErrorKind::Conflict, "watch")
            .for_vendor(app.vendor())
            .with_outcome(Outcome::NotDone)
            .with_detail(format!("there will be no verdict: the audit is {}", audit.status))),
        _ => Ok(None),
    }
}
