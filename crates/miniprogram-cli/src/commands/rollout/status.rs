//! Rollouts at a glance.

use miniprogram_rollout::engine::{RolloutStatus, Survey, VendorLook};
use miniprogram_rollout::machine::Phase;
use serde_json::{Value, json};

use super::plan::end;
use super::{reader, span};
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::terminal::Format;

/// Prints where a rollout is.
pub(super) async fn status(context: &Context, name: &str) -> Result<Finish, Failure> {
    let survey = reader(context).await?.survey(name).await?;
    if context.output.format() == Format::Json {
        context.output.json(&survey)?;
        return Ok(Finish::Done);
    }
    context.output.record(&head(&survey))?;
    context.output.text("")?;
    let rows: Vec<Value> = survey
        .status
        .counts
        .iter()
        .map(|count| {
            let name = survey.waves.get(count.wave as usize).map_or("", String::as_str);
            json!({
                "wave": count.wave,
                "name": name,
                "vendor": count.vendor,
                "phase": count.phase,
                "apps": count.apps,
                "meaning": meaning(&count.phase),
            })
        })
        .collect();
    context.output.list(&rows, &["wave", "name", "vendor", "phase", "apps", "meaning"])?;
    context.output.text("")?;
    let audits: Vec<Value> = survey.vendors.iter().map(audits).collect();
    let columns =
        ["vendor", "submitted", "delayed", "time_in_audit", "quota_left", "refilled_at", "known_at"];
    context.output.list(&audits, &columns)?;
    if let Some(forecast) = &survey.forecast {
        context.output.text("")?;
        context.output.text(&end(forecast))?;
    }
    Ok(Finish::Done)
}

/// The audits of a vendor, and its quota as the driver last knew it.
fn audits(own: &VendorLook) -> Value {
    let mut row = json!({
        "vendor": own.vendor,
        "submitted": own.submitted,
        "delayed": own.delayed_percent.map_or_else(String::new, |share| format!("{} ({share} %)", own.delayed)),
        "time_in_audit": own.audit_seconds.map(span),
        "quota_left": "unknown before a submission",
    });
    if let Some(quota) = &own.quota {
        let each = if quota.shared { "" } else { " of the last app" };
        row["quota_left"] = match quota.left {
            _ if quota.unlimited => json!("unlimited"),
            None => json!("unknown"),
            Some(left) => match (quota.limit, quota.kept) {
                (Some(limit), 0) => json!(format!("{left} of {limit}{each}")),
                (Some(limit), kept) => json!(format!("{left} of {limit}{each}, {kept} kept")),
                (None, _) => json!(format!("{left}{each}")),
            },
        };
        row["refilled_at"] = json!(quota.refilled_at);
        row["known_at"] = json!(quota.known_at);
    }
    row
}

fn head(survey: &Survey) -> Value {
    let status = &survey.status;
    let counted = |counts: Vec<(&str, u64)>| {
        let counts = counts.into_iter().map(|(name, apps)| format!("{name} {apps}"));
        Some(counts.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
    };
    let mut head = json!({
        "rollout": status.name,
        "state": state(status),
        "halted": halted(status),
        "wave": status.wave.map(|wave| {
            let name = survey.waves.get(wave as usize).map_or("", String::as_str);
            format!("{wave} {name} of {}", survey.waves.len())
        }),
        "apps": status.apps,
        "move": counted(survey.movers.iter().map(|(mover, apps)| (mover.as_str(), *apps)).collect()),
        "needs": counted(survey.needs.iter().map(|(need, apps)| (*need, *apps)).collect()),
        "next_due": survey.next_due,
        "forecast_end": survey.forecast.as_ref().and_then(|forecast| forecast.end),
        "driver": status.driver,
        "started_by": status.by,
        "created_at": status.created_at,
        "ended_at": status.ended_at,
        "plan_hash": status.plan_hash,
    });
    if let Some(fields) = head.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    head
}

/// One word for where a rollout is.
pub(super) fn state(status: &RolloutStatus) -> &'static str {
    match status {
        _ if status.ended_at.is_some() => "ended",
        _ if status.is_paused() => "paused",
        _ if status.halt.is_some() => "halted",
        _ if status.driver.is_none() => "not driven",
        _ => "running",
    }
}

/// Why it does not go on by itself.
pub(in crate::commands) fn halted(status: &RolloutStatus) -> Option<String> {
    let halt = status.halt.as_ref().map(|halt| {
        format!(
            "{} apps of wave {} failed or were rejected, {} are tolerated",
            halt.bad, halt.wave, halt.tolerated
        )
    });
    halt.or_else(|| {
        status.submissions_held.then(|| "submissions are held: the vendor delayed an audit".to_owned())
    })
}

fn meaning(phase: &str) -> &'static str {
    Phase::ALL.iter().find(|known| known.as_str() == phase).map_or("", |phase| phase.meaning())
}

/// Lists rollouts.
pub(super) async fn list(context: &Context, limit: u32) -> Result<Finish, Failure> {
    let rollouts = reader(context).await?.rollouts(limit).await?;
    let rows: Vec<Value> = rollouts
        .iter()
        .map(|status| {
            json!({
                "rollout": status.name,
                "state": state(status),
                "apps": status.apps,
                "released": status.count("released"),
                "failed": status.count("failed") + status.count("rejected"),
                "by": status.by,
                "created_at": status.created_at,
                "ended_at": status.ended_at,
            })
        })
        .collect();
    let columns = ["rollout", "state", "apps", "released", "failed", "by", "created_at", "ended_at"];
    context.output.list(&rows, &columns)?;
    Ok(Finish::Done)
}
