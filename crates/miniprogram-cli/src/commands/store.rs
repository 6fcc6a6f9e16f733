use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{Error, Secret, Timestamp};
use miniprogram_store::{RepairAction, RepairOptions, Repaired, StoreKeys};
use serde_json::{Value, json};

use crate::cli::{StoreCopy, StoreVerb};
use crate::config::Settings;
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// The variable with the key of a copy's target.
const TARGET_KEY: &str = "MINIPROGRAM_STORE_TARGET_KEY";

const COLUMNS: [&str; 8] = ["table", "id", "column", "vendor", "platform_id", "app_id", "action", "lost"];

/// Runs a verb of `store`.
pub(crate) async fn run(context: &Context, verb: StoreVerb) -> Result<Finish, Failure> {
    // A copy names both of its stores: the configured one does not matter.
    if let StoreVerb::Copy(args) = &verb {
        return copy(context, args).await;
    }
    let settings = context.settings()?;
    match verb {
        StoreVerb::Check => {
            let report = context.open_read_only(&settings).await?.check(SystemClock.now()).await?;
            context.output.record(&report)?;
            Ok(if report.is_ok() { Finish::Done } else { Finish::Faulty })
        }
        StoreVerb::Export => {
            let store = context.open_without_secrets(&settings).await?;
            let output = context.output;
            let mut failure = None;
            let mut print = |record: &Value| {
                output.json(record).map_err(|why| {
                    let error = why.to_error("export");
                    failure = Some(why);
                    error
                })
            };
            let ended = store.export(SystemClock.now(), &mut print).await;
            match failure {
                Some(failure) => Err(failure),
                None => Ok(ended.map(|()| Finish::Done)?),
            }
        }
        StoreVerb::Migrate => {
            let store = context.migrate(&settings).await?;
            let resealed = store.reseal().await?;
            let report = store.check(SystemClock.now()).await?;
            context.output.record(&json!({
                "backend": report.backend,
                "schema_version": report.schema_version,
                "resealed": resealed,
            }))?;
            Ok(Finish::Done)
        }
        StoreVerb::Repair(args) if args.accept_loss => {
            let lost = miniprogram_store::accept_loss(context.store_url(&settings)?.expose()).await?;
            context.output.record(&json!({ "lost_commits": lost })).map_err(Failure::after_effect)?;
            Ok(Finish::Done)
        }
        StoreVerb::Repair(args) => {
            let options = RepairOptions::default().with_dry_run(args.dry_run).with_drop(args.drop);
            repair(context, &settings, options).await
        }
        StoreVerb::Prune(args) => {
            let store = context.open(&settings).await?;
            let now = SystemClock.now().as_unix_millis();
            let ago = |age: Duration| {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_unix_millis(now.saturating_sub(age))
            };
            let before = ago(args.older_than);
            let events = store.prune(before).await?;
            let dead = if args.dead { store.prune_dead(before).await? } else { 0 };
            let intents = store.prune_intents(before).await?;
            let mut pruned = json!({ "done_events": events, "dead_events": dead, "closed_effects": intents });
            if let Some(age) = args.rollouts_older_than {
                pruned["ended_rollouts"] = store.prune_rollouts(ago(age)).await?.into();
            }
            context.output.record(&pruned).map_err(Failure::after_effect)?;
            Ok(Finish::Done)
        }
        StoreVerb::Copy(args) => copy(context, &args).await,
    }
}

async fn repair(context: &Context, settings: &Settings, options: RepairOptions) -> Result<Finish, Failure> {
    let store = match options.dry_run {
        true => context.open_read_only(settings).await?,
        false => context.open(settings).await?,
    };
    let mut repaired: Vec<Repaired> = Vec::new();
    let mut note = |row: &Repaired| {
        repaired.push(row.clone());
        Ok(())
    };
    let ended = store.repair(&options, SystemClock.now(), &mut note).await;
    // What was done is printed even if the rest failed.
    context.output.list(&repaired, &COLUMNS).map_err(Failure::after_effect)?;
    ended?;
    let left = repaired.iter().any(|row| row.action == RepairAction::Left);
    Ok(if left { Finish::Faulty } else { Finish::Done })
}

async fn copy(context: &Context, args: &StoreCopy) -> Result<Finish, Failure> {
    let keys = StoreKeys::from_env()?;
    let target_keys = match std::env::var(TARGET_KEY).ok().filter(|key| !key.trim().is_empty()) {
        Some(key) => target_keys(&Secret::new(key))?,
        None => keys.clone(),
    };
    let copied = miniprogram_store::copy(args.from.expose(), keys, args.to.expose(), target_keys).await?;
    context.output.record(&copied).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

fn target_keys(key: &Secret) -> Result<StoreKeys, Error> {
    StoreKeys::new(key).map_err(|error| error.with_field(TARGET_KEY))
}
