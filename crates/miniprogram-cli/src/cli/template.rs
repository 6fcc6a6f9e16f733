use clap::Subcommand;

use super::DryRun;

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateVerb {
    /// What developers uploaded for templates
    Drafts,
    /// The templates that `code upload` takes
    List,
    /// Make a draft a template
    Add {
        /// The draft, out of `template drafts`
        #[arg(long, value_name = "ID")]
        draft_id: String,
        /// What is in it, where the vendor describes templates [default: the draft's own]
        #[arg(long, value_name = "TEXT")]
        user_desc: Option<String>,
        #[command(flatten)]
        dry: DryRun,
    },
    /// Delete a template
    Delete {
        /// The template, out of `template list`
        #[arg(long, value_name = "ID")]
        template_id: String,
        #[command(flatten)]
        dry: DryRun,
    },
}
