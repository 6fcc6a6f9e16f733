//! The apps of a rollout.

use miniprogram_rollout::engine::AppLook;
use miniprogram_rollout::machine::{Cause, Foreign, Phase};
use miniprogram_store::rollouts::RolloutFilter;
use serde_json::{Value, json};

use super::reader;
use crate::cli::Apps;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;

const PAGE: u32 = 500;
/// The last column is shown only if something cannot be read.
const COLUMNS: [&str; 9] =
    ["vendor", "app_id", "wave", "phase", "move", "since", "due_at", "why", "unreadable"];

/// Lists apps.
pub(super) async fn run(context: &Context, args: &Apps) -> Result<Finish, Failure> {
    let engine = reader(context).await?;
    let mut filter = RolloutFilter::new(PAGE.min(args.limit))
        .of_vendor(context.named_vendor().map(|entry| entry.vendor()))
        .of_wave(args.wave)
        .in_phase(args.state.map(|phase| phase.as_str().to_owned()))
        .of_app(context.app().map(Into::into));
    let mut rows = Vec::new();
    let mut whole = true;
    let json = context.output.format() == Format::Json;
    loop {
        let page = engine.apps(&args.rollout.name, &filter).await?;
        for app in &page.apps {
            rows.push(if json { to_value(app)? } else { row(app) });
        }
        whole &= page.unreadable.is_empty();
        rows.extend(
            page.unreadable
                .iter()
                .map(|row| json!({ "vendor": row.vendor, "app_id": row.app, "unreadable": row.reason })),
        );
        match page.next {
            Some(next) if rows.len() < args.limit as usize => filter = filter.after(next),
            more => {
                if more.is_some() {
                    context.output.remark("there are more; --limit shows them");
                }
                break;
            }
        }
    }
    rows.truncate(args.limit as usize);
    context.output.list(&rows, if whole { &COLUMNS[..COLUMNS.len() - 1] } else { &COLUMNS[..] })?;
    Ok(Finish::Done)
}

fn row(app: &AppLook) -> Value {
    json!({
        "vendor": app.vendor,
        "app_id": app.app_id,
        "wave": app.wave,
        "phase": app.phase,
        "move": app.mover,
        "since": app.since,
        "due_at": app.due_at,
        "why": why(app),
    })
}

/// Why an app is where it is, in a line: what needs a person, the cause of its end, the vendor's words.
pub(super) fn why(app: &AppLook) -> Option<String> {
    let trouble = app.trouble.as_ref().map(|trouble| format!("{}: {}", trouble.operation, trouble.message));
    if let Some(need) = app.need {
        let need = need.as_str();
        return Some(trouble.map_or_else(|| need.to_owned(), |trouble| format!("{need}; {trouble}")));
    }
    if app.phase == Phase::Rejected {
        return app.verdict.as_ref().and_then(|verdict| verdict.reason.clone());
    }
    if app.state.paused {
        return Some("paused".to_owned());
    }
    let cause = app.cause.as_ref()?;
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "another version".to_owned());
    Some(match cause {
        Cause::Unauthorized => "the merchant's authorization is not valid".to_owned(),
        Cause::Refused(kind) => trouble.unwrap_or_else(|| kind.to_string()),
        Cause::UploadFailed { reason, .. } => format!("the upload failed: {reason}"),
        Cause::GateFailed { note } => note
            .as_ref()
            .map_or_else(|| "the gate failed".to_owned(), |note| format!("the gate failed: {note}")),
        Cause::Superseded { rollout } => format!("the rollout {rollout} took it over"),
        Cause::Foreign(Foreign::ReleasedOurs) => "somebody else released our version".to_owned(),
        Cause::Foreign(Foreign::Released { version: other }) => {
            format!("somebody else released {}", version(other))
        }
        Cause::Foreign(Foreign::Submitted { version: other }) => {
            format!("somebody else submitted {}", version(other))
        }
        Cause::Foreign(Foreign::Withdrew) => "somebody else withdrew the audit".to_owned(),
        Cause::Foreign(Foreign::ChangedGray { .. }) => "somebody else changed the gray release".to_owned(),
        other => to_value(other).map(|cause| cause.to_string()).unwrap_or_default(),
    })
}
