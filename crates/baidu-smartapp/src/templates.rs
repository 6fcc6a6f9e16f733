//! [`TemplateLibrary`] at Baidu.
//!
//! Source: Baidu's pages on third-party platforms, "模板管理".

mod add;
mod delete;

use std::collections::BTreeSet;

use async_trait::async_trait;
use miniprogram_core::model::{Template, TemplateDraft};
use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::kit::Inherent;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Op};
use miniprogram_core::vendor_api::{ADD_TEMPLATE, DELETE_TEMPLATE};
use miniprogram_core::{DraftId, ErrorKind, Result, Subject, TemplateLibrary};

use add::AddTemplate;
use delete::DeleteTemplate;

use crate::client::BaiduPlatform;
use crate::{endpoints, reply};

/// The changes of the library.
pub(crate) const EFFECTS: &[Inherent] = &[
    Inherent::new(ADD_TEMPLATE, |command| Ok(Box::new(AddTemplate::new(command.arguments()?)?))),
    Inherent::new(DELETE_TEMPLATE, |command| Ok(Box::new(DeleteTemplate::new(command.arguments()?)?))),
];

/// Number of entries per page: Baidu's default, since it states no maximum.
const PAGE_SIZE: &str = "10";
/// How often a list is read whose pages are inconsistent.
const MAX_PASSES: u32 = 3;

/// Client for the platform's template library: at most 50 templates. Cheap to clone; clones share the platform's
/// gate.
#[derive(Debug, Clone)]
pub struct BaiduTemplates(BaiduPlatform);

impl BaiduPlatform {
    /// Returns the platform's template library. Sends no request.
    #[must_use]
    pub fn templates(&self) -> BaiduTemplates {
        BaiduTemplates(self.clone())
    }
}

#[async_trait]
impl TemplateLibrary for BaiduTemplates {
    fn platform(&self) -> &dyn Subject {
        &self.0
    }

    async fn template_drafts(&self) -> Result<Vec<TemplateDraft>> {
        Ok(drafts(&mut self.0.begin("template_drafts")).await?.entries)
    }

    async fn templates(&self) -> Result<Vec<Template>> {
        Ok(templates(&mut self.0.begin("templates")).await?.entries)
    }
}

/// Builds the call for one page of a list.
fn page(list: &'static Endpoint, page: u32) -> Call {
    Call::to(list)
        .with_query("page", page.to_string())
        .with_query("page_size", PAGE_SIZE)
        .with_platform_token()
}

async fn drafts(op: &mut Op<'_>) -> Result<Listing<TemplateDraft>> {
    let draft = |entry: &mut Fields<'_>| {
        Ok(TemplateDraft::new(entry.required("draft_id", Fields::text)?)
            .with_version(entry.text("user_version"), entry.text("user_desc"))
            .with_created_at(entry.time("create_time"))
            .with_extra(entry.rest()))
    };
    every_page(op, &endpoints::TEMPLATE_DRAFTS, draft, |draft| draft.draft_id.to_string()).await
}

async fn templates(op: &mut Op<'_>) -> Result<Listing<Template>> {
    let template = |entry: &mut Fields<'_>| {
        Ok(Template::new(entry.required("template_id", Fields::text)?)
            .with_draft_id(entry.text("draft_id").map(DraftId::from))
            .with_version(entry.text("user_version"), entry.text("user_desc"))
            .with_created_at(entry.time("create_time"))
            .with_extra(entry.rest()))
    };
    every_page(op, &endpoints::TEMPLATES, template, |template| template.template_id.to_string()).await
}

/// Reads the templates, and reads them again if the pages are inconsistent: a template that moves between pages
/// during the read must not seem to be gone.
async fn steady_templates(op: &mut Op<'_>) -> Result<Listing<Template>> {
    let mut read = templates(op).await?;
    for _ in 1..MAX_PASSES {
        if read.is_whole {
            break;
        }
        read = templates(op).await?;
    }
    Ok(read)
}

/// The entries of a list.
struct Listing<T> {
    entries: Vec<T>,
    /// Whether the number of entries equals Baidu's count, identical on every page; if not, there may be more.
    is_whole: bool,
}

impl<T> Listing<T> {
    /// Refuses a list that may be incomplete: an entry missing from it may exist all the same.
    fn check_whole(&self, op: &Op<'_>) -> Result<()> {
        if self.is_whole {
            return Ok(());
        }
        let why = format!("is not the {} entries that the pages show", self.entries.len());
        Err(op.failure(ErrorKind::Protocol).with_field("data.count").with_detail(why))
    }
}

/// Reads pages until there are as many entries as Baidu counts, or a page contains nothing new. An entry that moves
/// to the next page during the read is returned once.
async fn every_page<T>(
    op: &mut Op<'_>,
    list: &'static Endpoint,
    entry: impl Fn(&mut Fields<'_>) -> Result<T>,
    id: impl Fn(&T) -> String,
) -> Result<Listing<T>> {
    let (mut all, mut ids, mut counts) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for number in 1.. {
        let reply = op.read(&page(list, number)).await?;
        let mut list = reply::lists(&reply)?;
        let known = all.len();
        for entry in list.each("list", &entry)? {
            if ids.insert(id(&entry)) {
                all.push(entry);
            }
        }
        // Without a count, it cannot be determined when the list is complete.
        let counted = list.number("count").map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(0));
        counts.insert(counted);
        if all.len() == known || all.len() >= counted {
            break;
        }
    }
    let is_whole = counts.len() == 1 && counts.first().is_some_and(|counted| all.len() >= *counted);
    Ok(Listing { entries: all, is_whole })
}
