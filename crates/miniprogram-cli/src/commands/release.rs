use miniprogram::model::CodeVersion;
use miniprogram::{
    CodeManager, Command, Error, ErrorKind, GrayRelease, GrayReleaseOptions, PackageId, ReleaseManager,
    ReleaseTarget, RollbackTarget, Stage, Vendor, VisitStatus,
};

use crate::cli::{GrayStart, GrayVerb, LibraryVerb, Publish, ReleaseVerb, Rollback, VisitVerb};
use crate::confirm::Yes;
use crate::context::{Context, Target};
use crate::effects::{self, Version};
use crate::failure::{Failure, Finish};
use crate::terminal::Format;
use crate::values::within;

const RELEASE: &str = "release";

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
    let target = context.effect_target(args.dry).await?;
    let mut wanted = match (args.package_id, args.audit_id) {
        (Some(id), _) => {
            // A package id stands for its audit's only if the vendor's packages have ids.
            if !target.platform()?.capabilities().package_ids {
                return Err(Error::unsupported(target.entry.vendor(), RELEASE)
                    .with_field("package_id")
                    .into());
            }
            ReleaseTarget::Audit(id.into())
        }
        (None, Some(id)) => ReleaseTarget::Audit(id.into()),
        (None, None) => ReleaseTarget::Approved,
    };
    // Otherwise nothing is read that the dry run does not show.
    if !args.dry.dry_run && (args.expect_version.is_some() || args.yes.asks()) {
        let versions = target.program()?.code_versions().await;
        let mut candidate = versions.as_ref().ok().and_then(|versions| to_release(versions, &wanted));
        if let Some(expected) = &args.expect_version {
            let versions = versions.as_ref().map_err(Error::clone)?;
            // If the expected one is online already, its release may be what is repeated.
            let online = versions.iter().find(|version| version.stage == Stage::Released);
            let repeated = online.filter(|online| {
                wanted == ReleaseTarget::Approved && online.version.as_deref() == Some(expected)
            });
            let found = expected_release(target.entry.vendor(), candidate.or(repeated), expected)?;
            // Nothing else can be released then, whatever is approved in the meantime.
            if let (ReleaseTarget::Approved, Some(audit)) = (&wanted, &found.audit_id) {
                wanted = ReleaseTarget::Audit(audit.clone());
            }
            candidate = Some(found);
        }
        let version = candidate.and_then(|candidate| candidate.version.as_deref());
        let what = version.map_or("the approved version".to_owned(), |version| format!("version {version}"));
        ask(&target, args.yes, RELEASE, &format!("all of its users get {what}"))?;
    }
    let command = Command::Release { target: wanted };
    effects::run_for_version(context, &target, args.dry, command, Version::At(Stage::Released)).await
}

/// The version that a release would release, as far as the vendor lists it.
fn to_release<'v>(versions: &'v [CodeVersion], target: &ReleaseTarget) -> Option<&'v CodeVersion> {
    match target {
        ReleaseTarget::Audit(audit) => {
            versions.iter().find(|version| version.audit_id.as_ref() == Some(audit))
        }
        _ => approved(versions),
    }
}

/// The newest version that is approved.
fn approved(versions: &[CodeVersion]) -> Option<&CodeVersion> {
    let approved = versions.iter().filter(|version| version.stage == Stage::Approved);
    approved.max_by_key(|version| {
        (version.committed_at, version.package_id.as_ref().and_then(PackageId::as_number))
    })
}

/// The version that is to be released, if it is the expected one.
fn expected_release<'v>(
    vendor: Vendor,
    candidate: Option<&'v CodeVersion>,
    expected: &str,
) -> Result<&'v CodeVersion, Error> {
    let why = match candidate.map(|candidate| (candidate, candidate.version.as_deref())) {
        Some((candidate, Some(version))) if version == expected => return Ok(candidate),
        Some((_, Some(version))) => format!("{version:?} would be released"),
        Some((_, None)) => "the vendor does not report which version would be released".to_owned(),
        None => "no version is approved".to_owned(),
    };
    Err(Error::new(ErrorKind::Conflict, RELEASE)
        .for_vendor(vendor)
        .with_field("expect_version")
        .with_detail(format!("is {expected:?}, but {why}"))
        .with_advice("`code versions` shows what is approved and what is online"))
}

/// Asks before all users get another version.
fn ask(target: &Target, yes: Yes, operation: &'static str, users: &str) -> Result<(), Error> {
    yes.ask(operation, &format!("{} {}: {users}.", target.entry.vendor(), target.app))
}

async fn rollback(context: &Context, args: Rollback) -> Result<Finish, Failure> {
    let wanted = match (args.package_id, args.to) {
        (Some(id), _) => RollbackTarget::OnlinePackage(id.into()),
        (None, Some(version)) => RollbackTarget::Version(version),
        (None, None) => RollbackTarget::Previous,
    };
    let target = context.effect_target(args.dry).await?;
    if !args.dry.dry_run && args.yes.asks() {
        let back_to = match &wanted {
            RollbackTarget::Version(to) => Some(to.clone()),
            _ => {
                let targets = target.program()?.rollback_targets().await.unwrap_or_default();
                targets.into_iter().next().map(|target| target.version)
            }
        };
        let what =
            back_to.map_or("an earlier version".to_owned(), |version| format!("version {version} again"));
        ask(&target, args.yes, "rollback", &format!("all of its users get {what}"))?;
    }
    let command = Command::Rollback { target: wanted };
    effects::run_for_version(context, &target, args.dry, command, Version::At(Stage::Released)).await
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
    let target = context.effect_target(args.dry).await?;
    let command = Command::StartGrayRelease { gray };
    effects::run_for_version(context, &target, args.dry, command, Version::At(Stage::Approved)).await
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
