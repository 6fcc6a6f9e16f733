//! A rollout that is started, driven or watched here.

use std::path::Path;
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::vendor_api::Printable;
use miniprogram::{Error, ErrorKind, Outcome};
use miniprogram_rollout::engine::{Driven, RolloutEngine, RolloutStatus};
use miniprogram_rollout::plan::Plan;
use serde_json::json;
use tokio::sync::watch as course;

use super::fleet::{Fleet, owner};
use super::plan::{load, refuse};
use super::progress::Progress;
use super::reader;
use crate::cli::{Run, Start};
use crate::confirm::Yes;
use crate::context::{Context, interrupted};
use crate::failure::{Failure, Finish};

/// How often the progress is looked at, and whether somebody drives.
const LOOK: Duration = Duration::from_secs(1);

/// Stores a rollout for the daemon.
pub(super) async fn start(context: &Context, args: Start) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    let plan = match load(context, &settings, &args.plan.file).await? {
        Ok(plan) => plan,
        Err(problems) => return refuse(context, &problems),
    };
    let name = args.name.map_or_else(|| stem(&args.plan.file), Ok)?;
    ask(args.yes, "start", &name, &plan)?;
    context.held().close().await;
    let fleet = Fleet::of(context, &settings, owner("start")).await?;
    let engine = begin(&fleet, &name, &plan, &args.by.name()).await?;
    let status = engine.status(&name).await?;
    context
        .output
        .record(
            &json!({ "rollout": name, "apps": status.apps, "plan_hash": status.plan_hash, "by": status.by }),
        )
        .map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// Asks on a terminal before a plan is carried out.
fn ask(yes: Yes, operation: &'static str, name: &str, plan: &Plan) -> Result<(), Error> {
    let vendors = plan.needs();
    let vendors = vendors.iter().zip(&plan.settings().vendors);
    let vendors: Vec<_> = vendors
        .map(|(own, settings)| {
            format!("version {} to {} apps of {}", Printable(&settings.version), own.apps, own.vendor)
        })
        .collect();
    yes.ask(operation, &format!("{}: {}.", Printable(name), vendors.join(", ")))
}

async fn begin(fleet: &Fleet, name: &str, plan: &Plan, by: &str) -> Result<RolloutEngine, Error> {
    fleet.check(plan.settings())?;
    let (engine, _) = fleet.engine(plan.settings())?;
    engine.start(name, plan, by).await.map_err(|error| match error.kind() {
        ErrorKind::Conflict => error.with_outcome(Outcome::NotDone).with_advice(
            "take another --name; to go on with the stored rollout, use `rollout run --name` without the file",
        ),
        _ => error,
    })?;
    Ok(engine)
}

/// The file's name without its ending.
pub(super) fn stem(file: &str) -> Result<String, Error> {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).filter(|stem| !stem.is_empty());
    stem.map(str::to_owned).ok_or_else(|| {
        Error::invalid("rollout", "name", "does not follow from the file").with_advice("give one with --name")
    })
}

/// Starts a rollout if there is a file, and drives it until it has ended.
pub(super) async fn run(context: &Context, args: Run) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    let planned = match &args.file {
        Some(file) => match load(context, &settings, file).await? {
            Ok(plan) => Some(plan),
            Err(problems) => return refuse(context, &problems),
        },
        None => None,
    };
    let name = match (args.name, &args.file) {
        (Some(name), _) => name,
        (None, Some(file)) => stem(file)?,
        (None, None) => return Err(crate::cli::missing(&["FILE, or --name <NAME>"]).into()),
    };
    if let Some(plan) = &planned {
        ask(args.yes, "run", &name, plan)?;
    }
    // Before anything is sent.
    let interrupted = interrupted();
    context.held().close().await;
    let fleet = Fleet::of(context, &settings, owner("run")).await?;
    if let Some(plan) = &planned {
        begin(&fleet, &name, plan, &args.by.name()).await?;
    }
    drive(context, &fleet, &name, interrupted).await
}

/// Drives where nobody else does, and watches otherwise.
async fn drive(
    context: &Context,
    fleet: &Fleet,
    name: &str,
    interrupted: impl Future<Output = ()>,
) -> Result<Finish, Failure> {
    let reader = fleet.looker();
    let plan = reader.settings(name).await?;
    fleet.check(&plan)?;
    let (engine, notifier) = fleet.engine(&plan)?;
    let mut progress = Progress::new(context.output, &plan);
    let (stop, stopped) = course::channel(false);
    let driving = async {
        loop {
            let mut asked = stopped.clone();
            let stopping = async move {
                // Without a sender nothing is left that could wait for more.
                let _ = asked.wait_for(|stop| *stop).await;
            };
            match engine.drive(name, stopping).await? {
                Driven::Ended => return Ok::<_, Failure>(true),
                Driven::Stopped => return Ok(false),
                _ => {}
            }
            // It may have ended there, or been ordered to go on here.
            if reader.has_ended(name).await? {
                return Ok(true);
            }
            SystemClock.deadline(LOOK).await;
            if *stopped.borrow() {
                return Ok(false);
            }
        }
    };
    let mut driving = std::pin::pin!(driving);
    let mut interrupted = std::pin::pin!(interrupted);
    let driven = loop {
        progress.show(&reader.status(name).await?)?;
        tokio::select! {
            biased;
            driven = &mut driving => break driven,
            () = &mut interrupted, if !*stop.borrow() => {
                progress.say("stopping: what is in progress is finished; the same command goes on");
                stop.send_replace(true);
            }
            () = SystemClock.deadline(LOOK) => {}
        }
    };
    notifier.finish().await;
    let ended = driven?;
    let status = reader.status(name).await?;
    progress.finish(&status)?;
    Ok(if ended { finish(&status) } else { Finish::NotFinished })
}

/// Shows progress until the rollout has ended.
pub(super) async fn watch(context: &Context, name: &str) -> Result<Finish, Failure> {
    let mut interrupted = std::pin::pin!(interrupted());
    let engine = reader(context).await?;
    let plan = engine.settings(name).await?;
    let mut progress = Progress::new(context.output, &plan);
    loop {
        let status = engine.status(name).await?;
        progress.show(&status)?;
        if engine.has_ended(name).await? {
            progress.finish(&status)?;
            return Ok(finish(&status));
        }
        tokio::select! {
            biased;
            () = &mut interrupted => return Ok(Finish::NotFinished),
            () = SystemClock.deadline(LOOK) => {}
        }
    }
}

/// How a rollout ended.
pub(super) fn finish(status: &RolloutStatus) -> Finish {
    if status.count("failed") + status.count("rejected") > 0 { Finish::Faulty } else { Finish::Done }
}
