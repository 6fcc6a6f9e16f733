//! Orders: written into the store, and acted on where the rollout is driven.

use miniprogram::vendor_api::Printable;
use miniprogram::{AppId, Error, ErrorKind, Outcome, SubmitOptions, Vendor};
use miniprogram_rollout::engine::RolloutEngine;
use miniprogram_rollout::machine::{Correction, Order as What, Ordered};
use miniprogram_store::rollouts::RolloutFilter;
use serde_json::{Map, Value, json};

use super::engine;
use crate::cli::{self, Grave, Order, Retry};
use crate::context::Context;
use crate::failure::{Failure, Finish};

const PAGE: u32 = 500;

pub(super) async fn pause(context: &Context, args: Order) -> Result<Finish, Failure> {
    order(context, args, "pause", What::Pause).await
}

pub(super) async fn resume(context: &Context, args: Order) -> Result<Finish, Failure> {
    order(context, args, "resume", What::Resume).await
}

pub(super) async fn promote(context: &Context, args: Grave) -> Result<Finish, Failure> {
    grave(context, args, "promote", What::Promote).await
}

pub(super) async fn abort(context: &Context, args: Grave) -> Result<Finish, Failure> {
    grave(context, args, "abort", What::Abort).await
}

pub(super) async fn skip(context: &Context, args: Order) -> Result<Finish, Failure> {
    order(context, args, "skip", What::Skip).await
}

pub(super) async fn roll_back(context: &Context, args: Grave) -> Result<Finish, Failure> {
    grave(context, args, "rollback", What::RollBack).await
}

async fn writer(context: &Context) -> Result<RolloutEngine, Failure> {
    Ok(engine(context.open(&context.settings()?).await?))
}

/// The app that the options name.
async fn app(
    context: &Context,
    engine: &RolloutEngine,
    name: &str,
) -> Result<Option<(Vendor, AppId)>, Failure> {
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    let Some(app) = context.app() else {
        // An order is for one app or for all of them, never for those of a vendor.
        return match vendor {
            Some(_) => Err(cli::missing(&["--app <APP_ID>"]).into()),
            None => Ok(None),
        };
    };
    let look = engine.app(name, vendor, &AppId::from(app)).await?;
    Ok(Some((look.vendor, look.app_id)))
}

async fn order(context: &Context, args: Order, word: &str, what: What) -> Result<Finish, Failure> {
    let engine = writer(context).await?;
    let app = app(context, &engine, &args.rollout.name).await?;
    give(context, &engine, args, app, word, what).await
}

/// Gives an order that cannot be taken back, once it is confirmed.
async fn grave(context: &Context, args: Grave, word: &'static str, what: What) -> Result<Finish, Failure> {
    let Grave { order, yes } = args;
    let engine = writer(context).await?;
    let name = &order.rollout.name;
    let app = app(context, &engine, name).await?;
    let about = match &app {
        Some((vendor, app)) => format!("{} {app} of {}", vendor, Printable(name)),
        None => format!("{}, {} apps", Printable(name), engine.status(name).await?.apps),
    };
    match what {
        What::Abort => {
            yes.ask(word, &format!("{about}: what is not released stays on the version that it has."))?
        }
        What::RollBack => {
            yes.ask(word, &format!("{about}: what has the new version goes back to the one before."))?
        }
        // One app's bake time is no decision about the fleet.
        _ if app.is_none() => {
            yes.ask(word, &format!("{about}: bake times end, and the gate is overruled."))?
        }
        _ => {}
    }
    give(context, &engine, order, app, word, what).await
}

async fn give(
    context: &Context,
    engine: &RolloutEngine,
    args: Order,
    app: Option<(Vendor, AppId)>,
    word: &str,
    what: What,
) -> Result<Finish, Failure> {
    let (name, by) = (args.rollout.name, args.by.name());
    engine.order(&name, app.clone(), Ordered::new(by.clone(), what)).await?;
    told(context, engine, &name, word, &by, app.into_iter().collect()).await
}

/// Begins apps again.
pub(super) async fn retry(context: &Context, args: Retry) -> Result<Finish, Failure> {
    let by = args.by.name();
    let name = args.rollout.name;
    let correction = correction(&args.ext_json, args.user_desc, &args.submit)?;
    let engine = writer(context).await?;
    let apps = match (context.app(), args.state) {
        (Some(_), None) => app(context, &engine, &name).await?.into_iter().collect(),
        (None, Some(phase)) => {
            let mut apps = Vec::new();
            let mut filter = RolloutFilter::new(PAGE)
                .of_vendor(context.named_vendor().map(|entry| entry.vendor()))
                .in_phase(Some(phase.as_str().to_owned()));
            loop {
                let page = engine.apps(&name, &filter).await?;
                apps.extend(page.apps.into_iter().map(|app| (app.vendor, app.app_id)));
                let Some(next) = page.next else { break apps };
                filter = filter.after(next);
            }
        }
        _ => return Err(cli::usage("`rollout retry` takes one of --app and --state").into()),
    };
    if apps.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, "retry")
            .with_outcome(Outcome::NotDone)
            .with_field("state")
            .with_detail(format!("{name} has no such app"))
            .with_advice("`miniprogram rollout apps` shows where the apps are")
            .into());
    }
    for app in &apps {
        engine.retry(&name, app.clone(), &by, correction.clone()).await?;
    }
    told(context, &engine, &name, "retry", &by, apps).await
}

fn correction(
    ext: &Option<crate::values::Source>,
    description: Option<String>,
    submit: &Option<crate::values::Source>,
) -> Result<Correction, Error> {
    const RETRY: &str = "retry";
    let mut correction = Correction::default();
    if let Some(ext) = ext {
        let text = ext.read(RETRY, "ext_json")?;
        let invalid =
            |problem: &dyn std::fmt::Display| Error::invalid(RETRY, "ext_json", problem.to_string());
        correction.ext = Some(text.parse().map_err(|problem| invalid(&problem))?);
    }
    if let Some(submit) = submit {
        let fields: Map<String, Value> = submit.json(RETRY, "submit")?;
        correction.options = Some(SubmitOptions::from(fields));
    }
    correction.description = description;
    Ok(correction)
}

/// Prints what was ordered, and whether anybody is there to act on it.
async fn told(
    context: &Context,
    engine: &RolloutEngine,
    name: &str,
    word: &str,
    by: &str,
    apps: Vec<(Vendor, AppId)>,
) -> Result<Finish, Failure> {
    let driver = engine.status(name).await.ok().and_then(|status| status.driver);
    let mut shown = json!({ "rollout": name, "order": word, "by": by });
    match &apps[..] {
        [] => {}
        [(vendor, app)] => {
            shown["vendor"] = json!(vendor);
            shown["app_id"] = json!(app);
        }
        apps => shown["apps"] = json!(apps.len()),
    }
    match driver {
        Some(driver) => shown["driver"] = json!(driver),
        None => {
            context.output.remark("nobody drives it at this moment: a running `miniprogram serve` goes on within a second; otherwise use `rollout run`")
        }
    }
    context.output.record(&shown).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}
