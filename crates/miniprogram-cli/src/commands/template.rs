use miniprogram::{Command, MiniProgramPlatform, TemplateLibrary};

use crate::cli::TemplateVerb;
use crate::context::Context;
use crate::effects;
use crate::failure::{Failure, Finish};

const DRAFT_COLUMNS: [&str; 5] = ["draft_id", "version", "description", "created_at", "source_app_id"];
const COLUMNS: [&str; 6] =
    ["template_id", "version", "description", "created_at", "source_app_id", "draft_id"];

/// Runs a verb of `template`.
pub(crate) async fn run(context: &Context, verb: TemplateVerb) -> Result<Finish, Failure> {
    let (command, dry) = match verb {
        TemplateVerb::Drafts => {
            let drafts = library(context).await?.template_drafts().await?;
            context.output.list(&drafts, &DRAFT_COLUMNS)?;
            return Ok(Finish::Done);
        }
        TemplateVerb::List => {
            let templates = library(context).await?.templates().await?;
            context.output.list(&templates, &COLUMNS)?;
            return Ok(Finish::Done);
        }
        TemplateVerb::Add { draft_id, user_desc, dry } => {
            (Command::add_template(&draft_id.into(), user_desc.as_deref()), dry)
        }
        TemplateVerb::Delete { template_id, dry } => (Command::delete_template(&template_id.into()), dry),
    };
    let (entry, config) = context.effect_platform(dry).await?;
    let platform = entry.platform(config)?;
    effects::run_on(context, &*entry, &*platform, dry, command).await
}

async fn library(context: &Context) -> Result<Box<dyn TemplateLibrary>, Failure> {
    let (entry, config) = context.platform().await?;
    Ok(entry.platform(config)?.template_library()?)
}
