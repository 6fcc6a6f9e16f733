use clap::Subcommand;

use super::DryRun;

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateVerb {
    /// The drafts that developers have uploaded
    Drafts,
    /// The templates that `code upload` accepts
    List,
    /// Add a draft to the templates
    Add {
        /// The draft, from `template drafts`
        #[arg(long, value_name = "ID")]
        draft_id: String,
        /// The description, if the vendor's templates have one [default: the draft's]
        #[arg(long, value_name = "TEXT")]
        user_desc: Option<String>,
        #[command(flatten)]
        dry: DryRun,
    },
    /// Delete a template
    Delete {
        /// The template, from `template list`
        #[arg(long, value_name = "ID")]
        template_id: String,
        #[command(flatten)]
        dry: DryRun,
    },
}
