use miniprogram::{AppId, Error, TemplateLibrary};
use serde_json::Value;

use crate::cli::TemplateVerb;
use crate::context::{Context, of_a_read};
use crate::effects;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::vendors::TemplateChange;

const DRAFT_COLUMNS: [&str; 5] = ["draft_id", "version", "description", "created_at", "source_app_id"];
const COLUMNS: [&str; 6] =
    ["template_id", "version", "description", "created_at", "source_app_id", "draft_id"];

/// Runs a verb of `template`.
pub(crate) async fn run(context: &Context, verb: TemplateVerb) -> Result<Finish, Failure> {
    let (change, dry) = match verb {
        TemplateVerb::Drafts => {
            let drafts = library(context).await?.template_drafts().await.map_err(of_a_read)?;
            context.output.list(&drafts, &DRAFT_COLUMNS)?;
            return Ok(Finish::Done);
        }
        TemplateVerb::List => {
            let templates = library(context).await?.templates().await.map_err(of_a_read)?;
            context.output.list(&templates, &COLUMNS)?;
            return Ok(Finish::Done);
        }
        TemplateVerb::Add { draft_id, user_desc, dry } => {
            (TemplateChange::Add { draft: draft_id.into(), description: user_desc }, dry)
        }
        TemplateVerb::Delete { template_id, dry } => (TemplateChange::Delete(template_id.into()), dry),
    };
    let (entry, config) = context.effect_platform(dry).await?;
    if dry.dry_run {
        let command = (entry.template_command)(&change)?;
        // Effects of the platform stand under its own id.
        let own = AppId::new(config.platform_id.as_str());
        context.output.json(&(entry.platform)(config)?.plan(&own, &command)?)?;
        return Ok(Finish::Done);
    }
    let operation = change.operation();
    let library = (entry.platform)(config)?.template_library()?;
    effects::finish(context, entry, operation, perform(&*library, &change)).await
}

async fn library(context: &Context) -> Result<Box<dyn TemplateLibrary>, Failure> {
    let (entry, config) = context.platform().await?;
    Ok((entry.platform)(config)?.template_library()?)
}

async fn perform(library: &dyn TemplateLibrary, change: &TemplateChange) -> Result<Value, Error> {
    match change {
        TemplateChange::Add { draft, description } => {
            to_value(&library.add_template(draft, description.as_deref()).await?)
        }
        TemplateChange::Delete(template) => to_value(&library.delete_template(template).await?),
    }
}
