//! The effect of `add_template`.

use async_trait::async_trait;
use miniprogram_core::model::{AddedTemplate, Template};
use miniprogram_core::vendor_api::kit::{effect_value, snapshot};
use miniprogram_core::vendor_api::pipeline::{
    Call, EffectClass, EffectPlan, Fields, Finding, Op, Preview, Reply,
};
use miniprogram_core::vendor_api::{ADD_TEMPLATE, AddTemplate as Arguments};
use miniprogram_core::{EffectValue, Error, ErrorKind, Intent, Result, TemplateId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{drafts, page, steady_templates};
use crate::endpoints;
use crate::{REFUSE, reply};

const OPERATION: &str = ADD_TEMPLATE.as_str();
/// Maximum number of characters of a template's description.
const MAX_DESCRIPTION: usize = 30;

/// `template/addtotemplate`: a repeat creates a second template.
#[derive(Debug)]
pub(crate) struct AddTemplate(Arguments);

/// The draft and the library before the draft became a template.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    /// The description given to the template.
    description: String,
    /// The draft's version, which is the template's.
    version: Option<String>,
    known_template_ids: Vec<TemplateId>,
}

impl Before {
    /// Whether a new template was created from the draft; `None` if one of the same version has another description,
    /// or shows no version: it may have been altered on the way.
    fn is_of(&self, template: &Template) -> Option<bool> {
        if matches!((&self.version, &template.version), (Some(ours), Some(shown)) if ours != shown) {
            return Some(false);
        }
        let shown = template.description.as_deref().map(str::trim);
        let certain = shown == Some(self.description.trim()) && self.version == template.version;
        certain.then_some(true)
    }
}

impl AddTemplate {
    pub(crate) fn new(arguments: Arguments) -> Result<Self> {
        REFUSE.required(OPERATION, "draft_id", arguments.draft_id.as_str())?;
        if let Some(description) = &arguments.description {
            check(description)?;
        }
        Ok(Self(arguments))
    }

    fn call(&self, description: &str) -> Call {
        let fields = vec![
            ("draft_id".into(), self.0.draft_id.to_string()),
            ("user_desc".into(), description.to_owned()),
        ];
        Call::to(&endpoints::ADD_TEMPLATE).with_form(fields).with_platform_token()
    }
}

fn check(description: &str) -> Result<()> {
    REFUSE.required(OPERATION, "user_desc", description)?;
    REFUSE.characters(OPERATION, "user_desc", description, 1..=MAX_DESCRIPTION)
}

fn added(template: TemplateId) -> EffectValue {
    effect_value(&AddedTemplate::new(Some(template)))
}

#[async_trait]
impl EffectPlan for AddTemplate {
    fn class(&self) -> EffectClass {
        EffectClass::OneShot
    }

    fn preview(&self) -> Result<Preview> {
        let description = self.0.description.as_deref();
        let preview = Preview::new(self.call(description.unwrap_or_default()))
            .after(page(&endpoints::TEMPLATE_DRAFTS, 1))
            .after(page(&endpoints::TEMPLATES, 1));
        Ok(match description {
            Some(_) => preview,
            None => preview.with_value_of("user_desc", "template/gettemplatedraftlist"),
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let drafts = drafts(op).await?.entries;
        let Some(draft) = drafts.into_iter().find(|draft| draft.draft_id == self.0.draft_id) else {
            return Err(Error::new(ErrorKind::NotFound, OPERATION)
                .with_field("draft_id")
                .with_detail("is not one of the drafts"));
        };
        let description = match &self.0.description {
            Some(description) => description.clone(),
            None => {
                let own = draft.description.unwrap_or_default();
                check(&own).map_err(|error| {
                    error.with_advice("give a description: the draft's own cannot be taken over")
                })?;
                own
            }
        };
        let known = steady_templates(op).await?.entries.into_iter();
        let known_template_ids = known.map(|known| known.template_id).collect();
        snapshot::keep(OPERATION, &Before { description, version: draft.version, known_template_ids })
    }

    fn request(&self, before: &Value) -> Result<Call> {
        let before: Before = snapshot::kept(OPERATION, before)?;
        Ok(self.call(&before.description))
    }

    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        Ok(added(TemplateId::from(reply::fields(reply)?.required("template_id", Fields::text)?)))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before: Before = snapshot::kept(OPERATION, &intent.before)?;
        let listing = steady_templates(op).await?;
        let is_new = |template: &&Template| !before.known_template_ids.contains(&template.template_id);
        let new = listing.entries.iter().filter(is_new);
        let ours = new.clone().filter(|template| before.is_of(template) == Some(true));
        let newest = ours.max_by_key(|template| (template.created_at, template.template_id.as_number()));
        if let Some(template) = newest {
            return Ok(Finding::Done(added(template.template_id.clone())));
        }
        if new.clone().any(|template| before.is_of(template).is_none()) {
            let untold = new.clone().any(|template| template.version.is_none());
            return Ok(if untold { Finding::Untold("data.list.user_version") } else { Finding::Unknowable });
        }
        listing.check_whole(op)?;
        Ok(Finding::Absent)
    }
}
