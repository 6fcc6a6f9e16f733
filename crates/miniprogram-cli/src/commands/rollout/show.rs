//! One app's whole story.

use miniprogram::AppId;
use serde_json::{Value, json};

use super::apps::why;
use super::ledger::{PAGE, line};
use super::reader;
use crate::cli::Show;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;

/// Prints one app and its ledger.
pub(super) async fn run(context: &Context, args: &Show) -> Result<Finish, Failure> {
    let engine = reader(context).await?;
    let name = &args.rollout.name;
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    let app = engine.app(name, vendor, &AppId::from(args.shown.as_str())).await?;
    let of_app = Some((app.vendor, app.app_id.clone()));
    let (mut lines, mut unreadable, mut after) = (Vec::new(), Vec::new(), Some(0));
    while let Some(last) = after {
        let page = engine.ledger(name, of_app.clone(), last, PAGE).await?;
        lines.extend(page.lines);
        unreadable.extend(page.unreadable);
        after = page.next;
    }
    let why = why(&app);
    let mut shown = to_value(&app)?;
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("meaning".to_owned(), json!(app.phase.meaning()));
        fields.extend(why.map(|why| ("why".to_owned(), Value::from(why))));
        fields.insert("facts".to_owned(), to_value(&app.state.facts)?);
    }
    if context.output.format() == Format::Json {
        shown["ledger"] = to_value(&lines)?;
        if !unreadable.is_empty() {
            shown["unreadable"] = to_value(&unreadable)?;
        }
        context.output.json(&shown)?;
        return Ok(Finish::Done);
    }
    if let Some(fields) = shown.as_object_mut() {
        // Facts repeat them.
        fields.shift_remove("facts");
    }
    context.output.record(&shown)?;
    context.output.text("")?;
    for written in &lines {
        context.output.text(&line(written, false))?;
    }
    if !unreadable.is_empty() {
        context.output.remark(&format!("{} entries cannot be read", unreadable.len()));
    }
    Ok(Finish::Done)
}
