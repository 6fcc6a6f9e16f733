use miniprogram::{Command, DraftId, Error, MiniProgramPlatform, Subject, TemplateId, TemplateLibrary};
use serde_json::Value;

use crate::cli::TemplateVerb;
use crate::context::{Context, of_a_read};
use crate::effects;
use crate::failure::{Failure, Finish};
use crate::output::to_value;

const DRAFT_COLUMNS: [&str; 5] = ["draft_id", "version", "description", "created_at", "source_app_id"];
const COLUMNS: [&str; 6] =
    ["template_id", "version", "description", "created_at", "source_app_id", "draft_id"];

/// Runs a verb of `template`.
pub(crate) async fn run(context: &Context, verb: TemplateVerb) -> Result<Finish, Failure> {
    let (command, change, dry) = match verb {
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
            let draft = DraftId::from(draft_id);
            let command = Command::add_template(&draft, user_desc.as_deref());
            (command, Change::Add(draft, user_desc), dry)
        }
        TemplateVerb::Delete { template_id, dry } => {
            let template = TemplateId::from(template_id);
            (Command::delete_template(&template), Change::Delete(template), dry)
        }
    };
    let (entry, config) = context.effect_platform(dry).await?;
    let platform = (entry.platform)(config)?;
    if dry.dry_run {
        context.output.json(&platform.plan(&command)?)?;
        return Ok(Finish::Done);
    }
    let library = platform.template_library()?;
    effects::finish(context, entry, command.operation().as_str(), perform(&*library, &change)).await
}

/// A change of the template library.
enum Change {
    Add(DraftId, Option<String>),
    Delete(TemplateId),
}

async fn library(context: &Context) -> Result<Box<dyn TemplateLibrary>, Failure> {
    let (entry, config) = context.platform().await?;
    Ok((entry.platform)(config)?.template_library()?)
}

/// By the library's own methods: a vendor may read the id of a new template where the answer has none.
async fn perform(library: &dyn TemplateLibrary, change: &Change) -> Result<Value, Error> {
    match change {
        Change::Add(draft, description) => {
            to_value(&library.add_template(draft, description.as_deref()).await?)
        }
        Change::Delete(template) => to_value(&library.delete_template(template).await?),
    }
}
