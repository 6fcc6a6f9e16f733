//! Effects with an unknown outcome: listed and settled.

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::vendor_api::redact::masked;
use miniprogram::{
    EffectValue, Error, ErrorKind, Evidence, Intent, MiniProgramPlatform, Outcome, PlatformId, Settled,
    SubjectId, Vendor,
};
use miniprogram_store::{PlatformKey, Store, UnreadableIntent};
use serde_json::{Value, json};

use crate::cli::{self, DryRun, EffectsVerb, Known, Settle};
use crate::config::Settings;
use crate::context::{Context, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::to_value;

/// The last column is shown only if something cannot be read.
const COLUMNS: [&str; 7] =
    ["vendor", "platform_id", "app_id", "operation", "attempt", "started_at", "unreadable"];
const SETTLED: [&str; 7] = ["vendor", "platform_id", "app_id", "operation", "outcome", "evidence", "error"];

/// Runs a verb of `effects`.
pub(crate) async fn run(context: &Context, verb: EffectsVerb) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    match verb {
        EffectsVerb::List => list(context, &settings).await,
        EffectsVerb::Show => show(context, &settings).await,
        EffectsVerb::Settle(Settle { all: true, .. }) => settle_all(context, &settings).await,
        EffectsVerb::Settle(Settle { known, .. }) => settle(context, &settings, known).await,
    }
}

/// The platforms that the options select: those of the configuration, otherwise the one given in full.
fn platforms(context: &Context, settings: &Settings) -> Result<Vec<PlatformKey>, Failure> {
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    let configured = settings.named(vendor, context.platform_id());
    match (vendor, context.platform_id()) {
        _ if !configured.is_empty() => Ok(configured.iter().map(|platform| platform.key()).collect()),
        (Some(vendor), Some(id)) => Ok(vec![PlatformKey::new(vendor, PlatformId::from(id))]),
        _ => Err(cli::missing(&[
            "--config <FILE> with the platform, or --vendor <VENDOR> and --platform-id <ID>",
        ])
        .into()),
    }
}

async fn list(context: &Context, settings: &Settings) -> Result<Finish, Failure> {
    let platforms = platforms(context, settings)?;
    let store = context.open_read_only(settings).await?;
    let mut rows = Vec::new();
    for key in platforms {
        let open = store.pending_intents(&key).await?;
        let wanted = |intent: &&Intent| context.app().is_none_or(|app| intent.subject.as_str() == app);
        rows.extend(open.intents.iter().filter(wanted).map(|intent| row(&key.platform, intent)));
        rows.extend(of_app(open.unreadable, context.app()).map(|intent| unreadable_row(&key, &intent)));
    }
    let whole = rows.iter().all(|row| row.get("unreadable").is_none());
    let columns = if whole { &COLUMNS[..COLUMNS.len() - 1] } else { &COLUMNS[..] };
    context.output.list(&rows, columns)?;
    Ok(Finish::Done)
}

/// An effect on the platform itself has no `app_id`.
fn row(platform: &PlatformId, intent: &Intent) -> Value {
    let mut row = json!({
        "vendor": intent.vendor,
        "platform_id": platform,
        "app_id": intent.subject.app(),
        "operation": intent.operation,
        "attempt": intent.attempt,
        "started_at": intent.started_at,
    });
    if let (None, Some(fields)) = (intent.subject.app(), row.as_object_mut()) {
        fields.shift_remove("app_id");
    }
    row
}

/// Those of an app, or all. One whose app cannot be read may belong to any app.
fn of_app(intents: Vec<UnreadableIntent>, app: Option<&str>) -> impl Iterator<Item = UnreadableIntent> {
    intents.into_iter().filter(move |intent| match (app, intent.app.as_deref()) {
        (Some(wanted), Some(app)) => wanted == app,
        _ => true,
    })
}

fn unreadable_row(key: &PlatformKey, intent: &UnreadableIntent) -> Value {
    let mut row = json!({
        "vendor": key.vendor,
        "platform_id": key.platform,
        "app_id": intent.app,
        "operation": intent.operation,
        "attempt": intent.attempt,
        "started_at": intent.started_at,
        "unreadable": intent.reason,
    });
    let of_platform = intent.app.as_deref() == Some(key.platform.as_str());
    if let (true, Some(fields)) = (of_platform, row.as_object_mut()) {
        fields.shift_remove("app_id");
    }
    row
}

/// The unreadable open effect of a subject.
async fn unreadable_of(
    store: &dyn Store,
    key: &PlatformKey,
    subject: &str,
) -> Result<Option<UnreadableIntent>, Error> {
    let mut unreadable = store.pending_intents(key).await?.unreadable;
    unreadable.retain(|intent| intent.app.as_deref() == Some(subject));
    Ok(unreadable.pop())
}

async fn show(context: &Context, settings: &Settings) -> Result<Finish, Failure> {
    let (vendor, subject) = named(context)?;
    let store = context.open_read_only(settings).await?;
    let mut found = None;
    for key in platforms(context, settings)? {
        if key.vendor == vendor
            && let Some(intent) = unreadable_of(&*store, &key, &subject).await?
        {
            context.output.record(&unreadable_row(&key, &intent))?;
            return Ok(Finish::Done);
        }
        if let Some(intent) = store
            .pending_intent(&key.platform, vendor, &SubjectId::at(&key.platform, subject.as_str()))
            .await?
        {
            found = Some((key.platform, intent));
        }
    }
    let (platform, intent) = found.ok_or_else(|| nothing_open(vendor, &subject))?;
    let mut shown = row(&platform, &intent);
    shown["arguments"] = masked(to_value(&intent.target)?);
    shown["before"] = masked(intent.before);
    context.output.record(&shown)?;
    Ok(Finish::Done)
}

/// The vendor and the subject that the options name: an app, or with `--platform-id` alone the platform itself. An
/// `--app` with the platform's own id names the platform as well.
fn named(context: &Context) -> Result<(Vendor, String), Failure> {
    let subject = context.app().or(context.platform_id());
    match (context.named_vendor(), subject) {
        (Some(entry), Some(subject)) => Ok((entry.vendor(), subject.to_owned())),
        (None, Some(_)) => Err(cli::missing(&["--vendor <VENDOR>"]).into()),
        (Some(_), None) => Err(cli::missing(&["--app <APP_ID>"]).into()),
        (None, None) => Err(cli::missing(&["--vendor <VENDOR>", "--app <APP_ID>"]).into()),
    }
}

fn nothing_open(vendor: Vendor, subject: &str) -> Error {
    Error::new(ErrorKind::NotFound, "effects")
        .for_vendor(vendor)
        .with_field("app")
        .with_detail(format!("no effect of {subject} is open"))
        .with_advice("`miniprogram effects list` shows the open ones")
}

async fn settle(context: &Context, settings: &Settings, known: Option<Known>) -> Result<Finish, Failure> {
    let (vendor, subject) = named(context)?;
    if let Some(finish) = settle_unreadable(context, settings, known, vendor, &subject).await? {
        return Ok(finish);
    }
    let own = platforms(context, settings)?.iter().any(|key| key.platform.as_str() == subject);
    let (entry, config) = if own {
        context.effect_platform(DryRun::default()).await?
    } else {
        let target = context.effect_target(DryRun::default()).await?;
        (target.entry, target.config)
    };
    let store = context.open(settings).await?;
    let platform_id = config.client.platform_id.clone();
    let intent =
        store.pending_intent(&platform_id, vendor, &SubjectId::at(&platform_id, subject.as_str())).await?;
    let intent = intent.ok_or_else(|| nothing_open(vendor, &subject))?;
    let platform = entry.platform(config)?;
    let settled = match known {
        Some(known) => {
            let settled = settled_as(known);
            platform.subject(&intent.subject)?.resolve(&intent, &settled).await?;
            settled
        }
        None => uninterrupted(&*entry, "settle", platform.subject(&intent.subject)?.settle(&intent)).await?,
    };
    context.output.record(&settled_row(&platform_id, &intent, &settled)?)?;
    Ok(if settled.outcome == Outcome::Unknown { Finish::Unknown } else { Finish::Done })
}

/// Closes an unreadable effect with the outcome that a person has determined. `None` if the subject has no such effect.
async fn settle_unreadable(
    context: &Context,
    settings: &Settings,
    known: Option<Known>,
    vendor: Vendor,
    subject: &str,
) -> Result<Option<Finish>, Failure> {
    for key in platforms(context, settings)?.into_iter().filter(|key| key.vendor == vendor) {
        let store = context.open(settings).await?;
        let Some(intent) = unreadable_of(&*store, &key, subject).await? else { continue };
        let Some(known) = known.filter(|_| !intent.lacks_key) else {
            return Err(cannot_query(vendor, &intent).into());
        };
        let settled = settled_as(known);
        store
            .close_unreadable_intent(
                &key,
                &SubjectId::at(&key.platform, subject),
                &settled,
                SystemClock.now(),
            )
            .await?;
        let mut row = unreadable_row(&key, &intent);
        row["outcome"] = json!(settled.outcome);
        row["evidence"] = json!(settled.evidence);
        context.output.record(&row).map_err(Failure::after_effect)?;
        return Ok(Some(Finish::Done));
    }
    Ok(None)
}

/// The error for an open effect whose arguments are unknown.
fn cannot_query(vendor: Vendor, intent: &UnreadableIntent) -> Error {
    let advice = if intent.lacks_key {
        "add that key to MINIPROGRAM_STORE_PREVIOUS_KEYS, then settle it"
    } else {
        "check the app on the vendor's site, then close it with --as done or --as not-done"
    };
    Error::new(ErrorKind::Store, "settle")
        .for_vendor(vendor)
        .with_outcome(Outcome::Unknown)
        .with_detail(format!("the open effect cannot be read: {}", intent.reason))
        .with_advice(advice)
}

fn settled_as(known: Known) -> Settled {
    match known {
        Known::Done => Settled::done(EffectValue::None, Evidence::Asked),
        Known::NotDone => Settled::not_done(Evidence::Asked),
    }
}

fn settled_row(platform: &PlatformId, intent: &Intent, settled: &Settled) -> Result<Value, Error> {
    let mut row = row(platform, intent);
    row["outcome"] = json!(settled.outcome);
    row["evidence"] = json!(settled.evidence);
    if settled.value != EffectValue::None {
        row["value"] = masked(to_value(&settled.value)?);
    }
    Ok(row)
}

/// Settles one after the other: what cannot be settled stays open, and the rest continues.
async fn settle_all(context: &Context, settings: &Settings) -> Result<Finish, Failure> {
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    let mut rows = Vec::new();
    let mut all_known = true;
    for configured in settings.named(vendor, context.platform_id()) {
        let store = context.open(settings).await?;
        let key = configured.key();
        let config = context.journaled_client(settings, configured).await?;
        let platform = configured.entry.platform(config)?;
        let mut open = store.pending_intents(&key).await?;
        for intent in of_app(std::mem::take(&mut open.unreadable), context.app()) {
            all_known = false;
            let mut row = unreadable_row(&key, &intent);
            row["outcome"] = json!(Outcome::Unknown);
            row["error"] = json!(cannot_query(key.vendor, &intent).to_string());
            rows.push(row);
        }
        open.intents.retain(|intent| context.app().is_none_or(|app| intent.subject.as_str() == app));
        for intent in open.intents {
            let result = uninterrupted(
                &*configured.entry,
                "settle",
                platform.subject(&intent.subject)?.settle(&intent),
            )
            .await;
            rows.push(match result {
                Ok(settled) => {
                    all_known &= settled.outcome != Outcome::Unknown;
                    settled_row(&key.platform, &intent, &settled)?
                }
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error.into()),
                Err(error) => {
                    all_known = false;
                    let mut row = row(&key.platform, &intent);
                    row["outcome"] = json!(Outcome::Unknown);
                    row["error"] = json!(error.to_string());
                    row
                }
            });
        }
    }
    context.output.list(&rows, &SETTLED)?;
    Ok(if all_known { Finish::Done } else { Finish::Unknown })
}
