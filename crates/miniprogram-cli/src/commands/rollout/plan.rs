//! A rollout file, checked without side effects, and what it means.

use std::path::Path;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::vendor_api::Printable;
use miniprogram::{AppId, Command, Error, ErrorKind, GrayRelease, ReleaseTarget, SubmitTarget, Vendor};
use miniprogram_rollout::plan::{
    AuthorizedApp, Basis, Context as Known, Forecast, KnownVendor, Outlook, Plan, PlannedApp, Problems,
    forecast,
};
use miniprogram_store::{GrantState, TokenFilter};
use serde_json::{Value, json};

use super::prospect::{Change, Prospect, online};
use super::span;
use crate::cli::PlanArgs;
use crate::config::Settings;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;
use crate::vendors::PlatformConfig;

/// How many tokens are read at a time.
const PAGE: u32 = 500;

/// Checks a rollout file and prints what it means.
pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    let plan = match load(context, &settings, &args.plan.file).await? {
        Ok(plan) => plan,
        Err(problems) => return refuse(context, &problems),
    };
    // It was opened for reading, and a token that has expired is renewed.
    context.held().close().await;
    match context.app() {
        Some(app) => requests(context, &settings, &plan, &AppId::from(app)).await?,
        None => summary(context, &settings, &plan, args.online).await?,
    }
    Ok(Finish::Done)
}

/// Reads a rollout file against the registered vendors and the authorizations in the store.
pub(in crate::commands) async fn load(
    context: &Context,
    settings: &Settings,
    file: &str,
) -> Result<Result<Plan, Problems>, Failure> {
    let mut vendors = Vec::new();
    for entry in context.vendors().iter() {
        vendors.push(KnownVendor::new(entry.vendor(), entry.capabilities()?));
    }
    let known = Known::new(vendors).with_authorized(authorized(context, settings).await?);
    Ok(Plan::load(Path::new(file), &known))
}

/// The apps whose authorization the store has; none without a store.
async fn authorized(context: &Context, settings: &Settings) -> Result<Vec<AuthorizedApp>, Failure> {
    let mut apps = Vec::new();
    if settings.store()?.is_none() {
        return Ok(apps);
    }
    let store = context.open_read_only(settings).await?;
    let mut filter = TokenFilter::new(PAGE).in_state(GrantState::Active);
    loop {
        let page = store.tokens(&filter).await?;
        for record in page.records {
            if let Some(app) = record.scope.app {
                apps.push(AuthorizedApp::new(record.scope.vendor, app));
            }
        }
        let Some(next) = page.next else { return Ok(apps) };
        filter = filter.after(next);
    }
}

/// Prints everything that is wrong with the operator's files.
pub(in crate::commands) fn refuse(context: &Context, problems: &Problems) -> Result<Finish, Failure> {
    match context.output.format() {
        Format::Json => context.output.json(&json!({ "problems": problems }))?,
        Format::Table => {
            for problem in problems {
                context.output.text(&problem.to_string())?;
            }
        }
    }
    Ok(Finish::Faulty)
}

/// Prints the plan as a whole.
async fn summary(
    context: &Context,
    settings: &Settings,
    plan: &Plan,
    reads_versions: bool,
) -> Result<(), Failure> {
    let prospects = Prospect::of_all(context, settings, plan, reads_versions).await?;
    let mut outlook = Outlook::new(SystemClock.now(), plan.remaining());
    outlook.quotas = prospects.iter().filter_map(|own| Some((own.vendor, own.quota.clone().ok()?))).collect();
    let forecast = forecast(plan.settings(), &outlook);
    let waves = plan.summary().rows;
    let needs = plan.needs();
    let apps: u64 = needs.iter().map(|own| own.apps).sum();
    let vendors: Vec<Value> = plan
        .settings()
        .vendors
        .iter()
        .zip(needs.iter().zip(&prospects))
        .map(|(settings, (needs, prospect))| {
            let mut row = json!({
                "vendor": settings.vendor,
                "template": settings.template,
                "version": settings.version,
                "apps": needs.apps,
                "gray": settings.gray.iter().map(|step| step.percentage).collect::<Vec<_>>(),
                "calls": needs.calls,
                "submissions": needs.submissions,
            });
            match &prospect.quota {
                Ok(known) => {
                    row["quota"] = json!(known.quota);
                    row["quota_refilled_at"] = json!(known.refilled_at());
                }
                Err(why) => row["quota_unknown"] = json!(why),
            }
            row["quota_left"] = json!(prospect.left(settings));
            row
        })
        .collect();
    let changes: Vec<&Change> = prospects.iter().flat_map(|own| &own.changes).collect();
    if context.output.format() == Format::Json {
        let mut whole = json!({
            "name": plan.settings().name,
            "plan_hash": plan.hash(),
            "apps": apps,
            "vendors": vendors,
            "waves": waves,
            "forecast": forecast,
        });
        if reads_versions {
            whole["changes"] = json!(changes);
        }
        return context.output.json(&whole);
    }
    if let Some(name) = &plan.settings().name {
        context.output.text(&Printable(name).to_string())?;
    }
    let columns = ["vendor", "template", "version", "apps", "gray", "calls", "submissions", "quota_left"];
    context.output.list(&vendors, &columns)?;
    for own in &prospects {
        if let Some(remark) = own.remark() {
            context.output.text(&remark)?;
        }
    }
    context.output.text("")?;
    context.output.list(&waves, &["wave", "name", "vendor", "apps"])?;
    if reads_versions {
        context.output.text("")?;
        context.output.list(&changes, &["vendor", "online", "version", "apps", "unread"])?;
    }
    context.output.text("")?;
    context.output.list(&forecast.waves, &["wave", "name", "begins", "submitted", "ends"])?;
    context.output.text(&end(&forecast))?;
    context.output.text(&format!("\n{apps} apps, plan {}", plan.hash()))
}

/// The end of a forecast and what it rests on, in a sentence.
pub(super) fn end(forecast: &Forecast) -> String {
    let assumed = forecast.assumed.iter().map(|own| {
        let by = match own.by {
            Basis::Measured => ", as measured",
            Basis::Plan => ", by the plan",
            _ => "",
        };
        let quota = if own.quota_known { "" } else { " and its quota to suffice" };
        format!("an audit of {} to last {}{by}{quota}", own.vendor, span(own.audit_seconds))
    });
    let assumed: Vec<_> = assumed.collect();
    match forecast.end {
        Some(end) => format!("forecast to end at {end}, taking {}", assumed.join(", ")),
        None => {
            "no end is foreseen: the audit quota does not suffice, and when it is full again is not known"
                .to_owned()
        }
    }
}

/// Prints the requests of one app, as a dry run does, and which version they replace.
async fn requests(context: &Context, settings: &Settings, plan: &Plan, app: &AppId) -> Result<(), Failure> {
    let named = context.named_vendor().map(|entry| entry.vendor());
    let vendors = plan.settings().vendors.iter().map(|settings| settings.vendor);
    let mut found: Vec<PlannedApp<'_>> = vendors
        .filter(|vendor| named.is_none_or(|named| named == *vendor))
        .filter_map(|vendor: Vendor| plan.app_masked(vendor, app))
        .collect();
    let planned = match (found.pop(), found.is_empty()) {
        (Some(planned), true) => planned,
        (Some(_), false) => return Err(crate::cli::missing(&["--vendor <VENDOR>"]).into()),
        (None, _) => {
            let error = Error::new(ErrorKind::NotFound, "rollout")
                .with_field("app")
                .with_detail(format!("the plan has no app {app}"))
                .with_advice("name an app of the merchants that its filters leave");
            return Err(error.into());
        }
    };
    let target = planned.target;
    let version = target.version.clone();
    let replaced = online(context, settings, target.vendor, &target.app_id).await?;
    let entry = context.registered(target.vendor.as_str())?;
    let subject = entry.platform(PlatformConfig::without_secrets())?.authorizer(target.app_id);
    let mut commands = vec![
        Command::UploadCode {
            template: target.template,
            ext: target.ext,
            version: target.version,
            description: target.description,
        },
        Command::SubmitAudit { target: SubmitTarget::Newest, options: Box::new(target.submit) },
    ];
    commands.extend(
        planned
            .policy
            .gray
            .iter()
            .map(|step| Command::StartGrayRelease { gray: GrayRelease::percentage(step.percentage) }),
    );
    commands.push(Command::Release { target: ReleaseTarget::Approved });
    let mut requests = Vec::new();
    for command in commands {
        if let Value::Array(planned) = to_value(&subject.plan(&command)?)? {
            requests.extend(planned);
        }
    }
    let mut shown = json!({ "version": version, "requests": requests });
    match replaced {
        Ok(online) => shown["online"] = json!(online),
        Err(why) => shown["online_unknown"] = json!(why),
    }
    context.output.json(&shown)
}
