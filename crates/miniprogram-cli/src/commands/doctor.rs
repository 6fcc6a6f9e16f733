//! What blocks an app before a submission is spent on it.

mod report;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;

use miniprogram::model::{Check, CheckLevel, CheckResult, CheckTarget};
use miniprogram::{AppId, Error, ErrorKind, MiniProgramPlatform, Outcome, Vendor, check_submission};
use miniprogram_rollout::plan::{Plan, PlannedApp, VendorSettings};
use tokio::task::JoinSet;

use self::report::Examined;
use self::stored::Stored;
use super::rollout;
use crate::cli::{self, Doctor};
use crate::config::Settings;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::paced::{Pace, in_order};
use crate::vendors::{Entry, VendorEntry};
use crate::words;

/// About how many calls one app takes, to keep to the rate of a plan.
const CALLS_OF_AN_APP: f64 = 9.0;

/// The levels that a plan sets.
type Levels = BTreeMap<Check, CheckLevel>;

/// Runs `doctor`.
pub(crate) async fn run(context: &Context, args: &Doctor) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    let Some(file) = &args.file else {
        let mut wanted = CheckTarget::default();
        wanted.version.clone_from(&args.user_version);
        return one(context, &settings, &wanted, &Levels::new()).await;
    };
    let plan = match rollout::load(context, &settings, file).await? {
        Ok(plan) => plan,
        Err(problems) => return rollout::refuse(context, &problems),
    };
    // It was opened for reading, and a token that has expired is renewed.
    context.held().close().await;
    match context.app() {
        Some(app) => {
            let vendor = context.vendor()?.vendor();
            let planned = plan.app(vendor, &AppId::from(app)).ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "doctor")
                    .with_field("app")
                    .with_detail(format!("the plan has no app {app} of {vendor}"))
                    .with_advice("name an app of the merchants that its filters leave")
            })?;
            one(context, &settings, &wanted_of(&planned, &plan), &plan.settings().doctor).await
        }
        None => all(context, &settings, &plan).await,
    }
}

/// What a plan submits to an app.
fn wanted_of(planned: &PlannedApp<'_>, plan: &Plan) -> CheckTarget {
    let target = &planned.target;
    let wanted = CheckTarget::default()
        .with_version(&target.version)
        .with_ext(target.ext.clone())
        .with_submit(target.submit.clone());
    let levels = plan.settings().doctor.iter();
    let left_out = levels.filter(|(_, level)| **level == CheckLevel::Skipped);
    left_out.fold(wanted, |wanted, (check, _)| wanted.without(*check))
}

/// Examines one app, with the given token or that of the store.
async fn one(
    context: &Context,
    settings: &Settings,
    wanted: &CheckTarget,
    levels: &Levels,
) -> Result<Finish, Failure> {
    let target = context.target().await?;
    let stored = if context.has_token() || settings.store()?.is_none() {
        None
    } else {
        Some(Stored::of(context, settings, context.one_platform(settings)?).await?)
    };
    let entry = &*target.entry;
    let examined = examine(entry, &*target.platform()?, stored.as_ref(), &target.app, wanted, levels).await;
    let is_blocked = examined.is_blocked();
    report::one(context, &examined)?;
    Ok(if is_blocked { Finish::Faulty } else { Finish::Done })
}

/// Examines an app: what the store says about it first, because without an authorization nothing is sent.
async fn examine(
    entry: &dyn VendorEntry,
    platform: &dyn MiniProgramPlatform,
    stored: Option<&Stored>,
    app: &AppId,
    wanted: &CheckTarget,
    levels: &Levels,
) -> Examined {
    let mut results = match stored {
        Some(stored) => stored.checks(app, wanted).await,
        None => Vec::new(),
    };
    let locked_out =
        |result: &CheckResult| result.check == Check::Authorization && result.level == CheckLevel::Error;
    if results.iter().any(locked_out) {
        let why = "not read without an authorization";
        results.extend(Check::ALL.iter().map(|check| CheckResult::skipped(*check, why)));
    } else {
        results.extend(check_submission(&*platform.authorizer(app.clone()), wanted).await);
    }
    let mut results = CheckResult::merged(results);
    for result in &mut results {
        if let Some(level) = levels.get(&result.check)
            && result.level >= CheckLevel::Warning
        {
            result.level = *level;
        }
        result.advice =
            result.advice.as_deref().map(|advice| words::with_commands(advice, Some(entry)).into());
    }
    Examined { vendor: platform.vendor(), app_id: app.clone(), checks: results }
}

/// One vendor of a plan.
struct Practice {
    entry: Entry,
    platform: Box<dyn MiniProgramPlatform>,
    stored: Option<Stored>,
    levels: Levels,
}

/// Examines every app of a plan, each vendor's at the plan's rate.
async fn all(context: &Context, settings: &Settings, plan: &Plan) -> Result<Finish, Failure> {
    if context.has_token() {
        return Err(cli::usage("`doctor FILE` takes no --access-token: every app has its own").into());
    }
    let mut practices = Vec::new();
    for vendor in &plan.settings().vendors {
        if context.named_vendor().is_none_or(|entry| entry.vendor() == vendor.vendor) {
            practices.push((vendor, Arc::new(practice(context, settings, plan, vendor).await?)));
        }
    }
    let mut vendors = JoinSet::new();
    for (place, (vendor, practice)) in practices.into_iter().enumerate() {
        let apps = plan.apps().filter(|planned| planned.target.vendor == vendor.vendor);
        let apps = apps.map(|planned| (wanted_of(&planned, plan), planned.target.app_id)).collect();
        let pace = Pace::of(vendor, CALLS_OF_AN_APP);
        vendors
            .spawn(async move { (place, pace.each(apps, |app| one_of(Arc::clone(&practice), app)).await) });
    }
    let mut examined = Vec::new();
    for apps in in_order(vendors).await {
        examined.extend(apps);
    }
    let is_blocked = examined.iter().any(Examined::is_blocked);
    report::all(context, &examined)?;
    Ok(if is_blocked { Finish::Faulty } else { Finish::Done })
}

/// Examines one app of a plan.
async fn one_of(practice: Arc<Practice>, (wanted, app): (CheckTarget, AppId)) -> Examined {
    let Practice { entry, platform, stored, levels } = &*practice;
    examine(&**entry, &**platform, stored.as_ref(), &app, &wanted, levels).await
}

async fn practice(
    context: &Context,
    settings: &Settings,
    plan: &Plan,
    vendor: &VendorSettings,
) -> Result<Practice, Failure> {
    let [platform] = settings.named(Some(vendor.vendor), context.platform_id())[..] else {
        return Err(of_platforms(vendor.vendor).into());
    };
    let config = context.journaled_client(settings, platform).await?;
    Ok(Practice {
        entry: Entry::clone(&platform.entry),
        platform: platform.entry.platform(config)?,
        stored: Some(Stored::of(context, settings, platform).await?),
        levels: plan.settings().doctor.clone(),
    })
}

fn of_platforms(vendor: Vendor) -> Error {
    Error::new(ErrorKind::Config, "doctor")
        .for_vendor(vendor)
        .with_outcome(Outcome::NotSent)
        .with_field("platform")
        .with_detail(format!("a plan needs exactly one platform of {vendor}"))
        .with_advice("configure one [[platform]] of each vendor that the plan names")
}
