//! The evidence of a rollout.

use miniprogram::AppId;
use miniprogram::vendor_api::Printable;
use miniprogram_rollout::engine::LedgerLine;
use miniprogram_rollout::machine::{Answer, Input, Note, Performed};
use miniprogram_store::rollouts::RolloutFilter;
use serde_json::json;

use super::reader;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;

pub(super) const PAGE: u32 = 500;

/// Prints the ledger, of one app if it is named.
pub(super) async fn run(context: &Context, name: &str) -> Result<Finish, Failure> {
    let engine = reader(context).await?;
    let app = match context.app() {
        Some(app) => {
            let vendor = context.named_vendor().map(|entry| entry.vendor());
            let app = engine.app(name, vendor, &AppId::from(app)).await?;
            Some((app.vendor, app.app_id))
        }
        None => None,
    };
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    let (mut after, mut whole) = (Some(0), true);
    while let Some(last) = after {
        let page = engine.ledger(name, app.clone(), last, PAGE).await?;
        for written in page.lines.iter().filter(|line| vendor.is_none() || line.vendor == vendor) {
            match context.output.format() {
                Format::Json => context.output.json(written)?,
                Format::Table => context.output.text(&line(written, app.is_none()))?,
            }
        }
        if !page.unreadable.is_empty() {
            whole = false;
            context.output.remark(&format!("{} entries cannot be read", page.unreadable.len()));
        }
        after = page.next;
    }
    Ok(if whole { Finish::Done } else { Finish::Faulty })
}

/// Prints everything as JSON lines.
pub(super) async fn export(context: &Context, name: &str) -> Result<Finish, Failure> {
    let engine = reader(context).await?;
    context.output.json(&json!({ "rollout": engine.status(name).await? }))?;
    context.output.json(&json!({ "plan": engine.settings(name).await? }))?;
    let mut filter = RolloutFilter::new(PAGE);
    let mut whole = true;
    loop {
        let page = engine.apps(name, &filter).await?;
        for app in &page.apps {
            let mut shown = to_value(app)?;
            shown["state"] = to_value(&app.state)?;
            context.output.json(&json!({ "app": shown }))?;
        }
        for row in &page.unreadable {
            whole = false;
            context.output.json(&json!({ "unreadable": row }))?;
        }
        let Some(next) = page.next else { break };
        filter = filter.after(next);
    }
    let mut after = Some(0);
    while let Some(last) = after {
        let page = engine.ledger(name, None, last, PAGE).await?;
        for line in &page.lines {
            context.output.json(&json!({ "entry": line }))?;
        }
        for entry in &page.unreadable {
            whole = false;
            context.output.json(&json!({ "unreadable": entry }))?;
        }
        after = page.next;
    }
    Ok(if whole { Finish::Done } else { Finish::Faulty })
}

/// A line for people.
pub(super) fn line(line: &LedgerLine, with_app: bool) -> String {
    let app = match (&line.vendor, &line.app_id) {
        (Some(vendor), Some(app)) if with_app => format!("{vendor} {}  ", Printable(app.as_str())),
        _ => String::new(),
    };
    let Some(entry) = &line.entry else { return format!("{}  {app}{}", line.at, line.kind) };
    let mut text = format!("{}  {app}{}", line.at, Printable(&told(&entry.input)));
    for step in &entry.moves {
        text += &format!("; {} -> {}", step.from, step.to);
    }
    for note in &entry.notes {
        text += &match note {
            Note::Needs(need) => format!("; needs a person: {}", need.as_str()),
            Note::Delayed => "; the vendor has delayed the audit".to_owned(),
            Note::Ignored(why) => format!("; ignored: {why}"),
            _ => String::new(),
        };
    }
    text
}

/// What a state was told, in a few words.
fn told(input: &Input) -> String {
    match input {
        Input::Begin(started) => {
            let ext = started.ext_sha256.get(..12).unwrap_or_default();
            format!(
                "begin by {}: template {}, version {}, ext {ext}",
                started.by, started.template, started.version
            )
        }
        Input::Due => "due".to_owned(),
        Input::Woken(wake) => format!("woken by {}", wake.kind),
        Input::Answered(answer) => match &**answer {
            Answer::Preflight(..) => "read before it begins".to_owned(),
            Answer::Survey(_) => "read the versions".to_owned(),
            Answer::Upload(_) => "read the upload".to_owned(),
            Answer::Audit(audit) => {
                let reason = audit.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("read the audit: {}{reason}", audit.status)
            }
            Answer::Failed(trouble) => format!("read failed: {}", trouble.message),
            _ => "read".to_owned(),
        },
        Input::Performed(performed) => match &**performed {
            Performed::Done { operation, evidence, attempts, .. } => {
                format!("{operation} done ({}, {attempts} sent)", evidence.as_str())
            }
            Performed::Failed { operation, trouble, .. } => {
                format!("{operation} failed, outcome {}: {}", trouble.outcome, trouble.message)
            }
            _ => "performed".to_owned(),
        },
        Input::Gated(gated) => {
            let note = gated.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!(
                "gate {}{note}",
                to_value(&gated.health)
                    .map_or_else(|_| String::new(), |value| value.as_str().unwrap_or_default().to_owned())
            )
        }
        Input::Recalled => "recalled".to_owned(),
        Input::Ordered(ordered) => format!("{} by {}", name_of(&ordered.order), ordered.by),
        Input::Superseded { rollout } => format!("superseded by {rollout}"),
        Input::Revoked => "the merchant revoked the authorization".to_owned(),
        _ => "told".to_owned(),
    }
}

fn name_of(order: &miniprogram_rollout::machine::Order) -> String {
    match to_value(order) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
