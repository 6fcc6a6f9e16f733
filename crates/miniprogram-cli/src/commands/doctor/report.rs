//! What people and machines are shown.

use miniprogram::model::{Check, CheckLevel, CheckResult};
use miniprogram::{AppId, Vendor};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::to_value;
use crate::terminal::Format;

const LEVELS: [CheckLevel; 4] = [CheckLevel::Error, CheckLevel::Warning, CheckLevel::Ok, CheckLevel::Skipped];

/// An app with the result of every check.
pub(super) struct Examined {
    pub(super) vendor: Vendor,
    pub(super) app_id: AppId,
    pub(super) checks: Vec<CheckResult>,
}

impl Examined {
    pub(super) fn is_blocked(&self) -> bool {
        self.checks.iter().any(|result| result.level == CheckLevel::Error)
    }

    /// The results that somebody has to look at.
    fn remarkable(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|result| result.level >= CheckLevel::Warning)
    }
}

/// Prints one app with every check.
pub(super) fn one(context: &Context, app: &Examined) -> Result<(), Failure> {
    match context.output.format() {
        Format::Table => context.output.list(&app.checks, &["check", "level", "detail", "owner", "advice"]),
        Format::Json => context.output.json(&json!({
            "vendor": app.vendor,
            "app_id": app.app_id,
            "blocked": app.is_blocked(),
            "checks": app.checks,
        })),
    }
}

/// Prints how many apps have which result of each check, and what is wrong with those that are blocked.
pub(super) fn all(context: &Context, apps: &[Examined]) -> Result<(), Failure> {
    let summary: Vec<Value> = Check::ALL.iter().map(|check| counted(*check, apps)).collect();
    let blocked: Vec<&Examined> = apps.iter().filter(|app| app.is_blocked()).collect();
    if context.output.format() == Format::Json {
        let failing: Vec<Value> = blocked
            .iter()
            .map(|app| {
                let checks: Vec<_> = app.remarkable().collect();
                json!({ "vendor": app.vendor, "app_id": app.app_id, "checks": checks })
            })
            .collect();
        return context.output.json(&json!({
            "apps": apps.len(),
            "blocked": blocked.len(),
            "summary": summary,
            "failing": failing,
        }));
    }
    context.output.list(&summary, &["check", "error", "warning", "ok", "skipped"])?;
    let mut rows = Vec::new();
    for app in &blocked {
        for result in app.remarkable() {
            let mut row = to_value(result)?;
            row["vendor"] = json!(app.vendor);
            row["app_id"] = json!(app.app_id);
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        context.output.text("")?;
        let columns = ["vendor", "app_id", "check", "level", "detail", "owner", "advice"];
        context.output.list(&rows, &columns)?;
    }
    context.output.text(&format!("\n{} apps, {} blocked", apps.len(), blocked.len()))
}

fn counted(check: Check, apps: &[Examined]) -> Value {
    let mut row = json!({ "check": check });
    for level in LEVELS {
        let results = apps.iter().flat_map(|app| &app.checks);
        let count = results.filter(|result| result.check == check && result.level == level).count();
        row[level.as_str()] = json!(count);
    }
    row
}
