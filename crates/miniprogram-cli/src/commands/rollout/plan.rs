//! A rollout file, checked without side effects.

use std::path::Path;

use miniprogram::vendor_api::Printable;
use miniprogram::{AppId, Command, Error, ErrorKind, GrayRelease, ReleaseTarget, SubmitTarget, Vendor};
use miniprogram_rollout::plan::{AuthorizedApp, Context as Known, KnownVendor, Plan, PlannedApp, Problems};
use miniprogram_store::{GrantState, TokenFilter};
use serde_json::{Value, json};

use crate::cli::PlanFile;
use crate::config::Settings;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;
use crate::vendors::PlatformConfig;

/// How many tokens are read at a time.
const PAGE: u32 = 500;

/// Checks a rollout file and prints what it means.
pub(super) async fn run(context: &Context, args: &PlanFile) -> Result<Finish, Failure> {
    let plan = match load(context, &context.settings()?, &args.file).await? {
        Ok(plan) => plan,
        Err(problems) => return refuse(context, &problems),
    };
    match context.app() {
        Some(app) => requests(context, &plan, &AppId::from(app))?,
        None => summary(context, &plan)?,
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

fn summary(context: &Context, plan: &Plan) -> Result<(), Failure> {
    let summary = plan.summary();
    let vendors: Vec<Value> = plan
        .settings()
        .vendors
        .iter()
        .map(|settings| {
            json!({
                "vendor": settings.vendor,
                "template": settings.template,
                "version": settings.version,
                "submissions": summary.submissions.get(&settings.vendor).copied().unwrap_or_default(),
                "gray": settings.gray.iter().map(|step| step.percentage).collect::<Vec<_>>(),
            })
        })
        .collect();
    let apps: usize = summary.rows.iter().map(|row| row.apps).sum();
    if context.output.format() == Format::Json {
        return context.output.json(&json!({
            "name": plan.settings().name,
            "plan_hash": plan.hash(),
            "apps": apps,
            "vendors": vendors,
            "waves": summary.rows,
        }));
    }
    if let Some(name) = &plan.settings().name {
        context.output.text(&Printable(name).to_string())?;
    }
    context.output.list(&vendors, &["vendor", "template", "version", "submissions", "gray"])?;
    context.output.text("")?;
    context.output.list(&summary.rows, &["wave", "name", "vendor", "apps"])?;
    context.output.text(&format!("\n{apps} apps, plan {}", plan.hash()))
}

/// Prints the requests of one app, as a dry run does.
fn requests(context: &Context, plan: &Plan, app: &AppId) -> Result<(), Failure> {
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
    context.output.json(&requests)
}
