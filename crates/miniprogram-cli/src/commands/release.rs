use miniprogram::{
    Command, Error, GrayRelease, GrayReleaseOptions, ReleaseManager, ReleaseTarget, RollbackTarget,
    VisitStatus,
};

use crate::cli::{DryRun, GrayStart, GrayVerb, LibraryVerb, Publish, ReleaseVerb, Rollback, VisitVerb};
use crate::confirm::Yes;
use crate::context::Context;
use crate::effects;
use crate::failure::{Failure, Finish};
use crate::terminal::Format;
use crate::values::within;

/// Runs a verb of `release`.
pub(crate) async fn run(context: &Context, verb: ReleaseVerb) -> Result<Finish, Failure> {
    match verb {
        ReleaseVerb::Publish(args) => publish(context, args).await,
        ReleaseVerb::Rollback(args) => rollback(context, args).await,
        ReleaseVerb::Targets => {
            let targets = context.target().await?.program()?.rollback_targets().await?;
            context.output.list(&targets, &["version", "app_version", "committed_at", "description"])?;
            Ok(Finish::Done)
        }
        ReleaseVerb::Gray(verb) => gray(context, verb).await,
        ReleaseVerb::Visit(verb) => visit(context, verb).await,
        ReleaseVerb::Library(verb) => library(context, verb).await,
    }
}

async fn publish(context: &Context, args: Publish) -> Result<Finish, Failure> {
    let target = match (args.package_id, args.audit_id) {
        (Some(id), _) => {
            // A package id stands for its audit's only if the vendor's packages have ids.
            let target = context.effect_target(args.dry).await?;
            if !target.platform()?.capabilities().package_ids {
                return Err(Error::unsupported(target.entry.vendor(), "release")
                    .with_field("package_id")
                    .into());
            }
            ReleaseTarget::Audit(id.into())
        }
        (None, Some(id)) => ReleaseTarget::Audit(id.into()),
        (None, None) => ReleaseTarget::Approved,
    };
    let users = "all of its users get the approved version";
    ask(context, args.dry, args.yes, "release", users).await?;
    effects::run(context, args.dry, Command::Release { target }).await
}

/// Asks on a terminal before all users get another version.
async fn ask(
    context: &Context,
    dry: DryRun,
    yes: Yes,
    operation: &'static str,
    users: &str,
) -> Result<(), Failure> {
    if dry.dry_run {
        return Ok(());
    }
    // What is missing on the command line is said first.
    let target = context.effect_target(dry).await?;
    Ok(yes.ask(operation, &format!("{} {}: {users}.", target.entry.vendor(), target.app))?)
}

async fn rollback(context: &Context, args: Rollback) -> Result<Finish, Failure> {
    let target = match (args.package_id, args.to) {
        (Some(id), _) => RollbackTarget::OnlinePackage(id.into()),
        (None, Some(version)) => RollbackTarget::Version(version),
        (None, None) => RollbackTarget::Previous,
    };
    let users = "all of its users get an earlier version";
    ask(context, args.dry, args.yes, "rollback", users).await?;
    effects::run(context, args.dry, Command::Rollback { target }).await
}

async fn gray(context: &Context, verb: GrayVerb) -> Result<Finish, Failure> {
    match verb {
        GrayVerb::Start(args) => start_gray(context, args).await,
        GrayVerb::Cancel(dry) => effects::run(context, dry, Command::CancelGrayRelease).await,
        GrayVerb::Status => {
            let plan = context.target().await?.program()?.gray_release_plan().await?;
            match (plan, context.output.format()) {
                (None, Format::Table) => context.output.text("no gray release has been started")?,
                (plan, _) => context.output.record(&plan)?,
            }
            Ok(Finish::Done)
        }
    }
}

async fn start_gray(context: &Context, args: GrayStart) -> Result<Finish, Failure> {
    let percentage = within("start_gray_release", "percentage", args.percentage);
    let refused = percentage.is_err();
    if refused
        && !context.effect_target(args.dry).await?.platform()?.capabilities().gray_release.is_supported()
    {
        let vendor = context.vendor()?.vendor();
        return Err(Error::unsupported(vendor, "start_gray_release").into());
    }
    let options = GrayReleaseOptions::default()
        .with_field("developers_first", args.developers_first)
        .with_field("testers_first", args.testers_first);
    let gray = GrayRelease::percentage(percentage?).with_options(options);
    effects::run(context, args.dry, Command::StartGrayRelease { gray }).await
}

/// Opens or closes the online version, or prints which it is.
pub(super) async fn visit(context: &Context, verb: VisitVerb) -> Result<Finish, Failure> {
    let (status, dry) = match verb {
        VisitVerb::Open(dry) => (VisitStatus::Open, dry),
        VisitVerb::Close(dry) => (VisitStatus::Closed, dry),
        VisitVerb::Status => {
            let visit = context.target().await?.program()?.visit_status().await?;
            context.output.record(&visit)?;
            return Ok(Finish::Done);
        }
    };
    effects::run(context, dry, Command::SetVisitStatus { status }).await
}

/// Reads or sets the lowest base library version.
pub(super) async fn library(context: &Context, verb: LibraryVerb) -> Result<Finish, Failure> {
    match verb {
        LibraryVerb::Set { version, dry } => {
            effects::run(context, dry, Command::SetMinLibraryVersion { version }).await
        }
        LibraryVerb::Get => {
            let library = context.target().await?.program()?.min_library_version().await?;
            context.output.record(&library)?;
            Ok(Finish::Done)
        }
    }
}
