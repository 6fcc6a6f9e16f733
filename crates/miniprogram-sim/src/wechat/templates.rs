//! The template library of the platform.

use std::collections::BTreeSet;

use miniprogram_core::{TemplateId, Timestamp};
use serde_json::json;

use super::{ComponentScene, ComponentStep, ComponentVerdict, ComponentView, WeView, input};
use crate::call::{Call, Content, Object, Refusal};

/// Maximum templates in the library.
pub(super) const LIMIT: usize = 200;
/// The app that drafts are uploaded from.
const SOURCE: &str = "wxde00000000000001";

#[derive(Debug, Clone)]
struct Draft {
    id: u64,
    version: String,
    description: String,
    created_at: Timestamp,
}

#[derive(Debug)]
struct Template {
    id: u64,
    is_standard: bool,
    draft: Draft,
    created_at: Timestamp,
}

/// Drafts and templates, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Library {
    drafts: Vec<Draft>,
    templates: Vec<Template>,
    deleted: BTreeSet<u64>,
    next_draft: u64,
    next_template: u64,
}

impl Library {
    pub(super) fn add_draft(&mut self, version: &str, description: &str, now: Timestamp) -> u64 {
        self.next_draft += 1;
        let (id, version, description) = (self.next_draft, version.to_owned(), description.to_owned());
        self.drafts.push(Draft { id, version, description, created_at: now });
        id
    }

    fn holds(&self, id: u64) -> bool {
        self.templates.iter().any(|template| template.id == id)
    }
}

/// Returns whether code can be uploaded from a template: the library has it, or the settings name it.
pub(super) fn exists(view: &WeView<'_>, id: &TemplateId) -> bool {
    let number = id.as_number().and_then(|number| u64::try_from(number).ok());
    let library = &view.platform.wechat.library;
    let deleted = number.is_some_and(|number| library.deleted.contains(&number));
    number.is_some_and(|number| library.holds(number)) || (view.settings.knows_template(id) && !deleted)
}

fn version(draft: &Draft, created_at: Timestamp) -> Object {
    let mut fields = Object::new();
    fields.insert("draft_id".to_owned(), json!(draft.id));
    fields.insert("user_version".to_owned(), json!(draft.version));
    fields.insert("user_desc".to_owned(), json!(draft.description));
    fields.insert("create_time".to_owned(), json!(created_at.as_unix()));
    fields.insert("source_miniprogram_appid".to_owned(), json!(SOURCE));
    fields.insert("source_miniprogram".to_owned(), json!("模板小程序"));
    fields.insert("developer".to_owned(), json!("开发者"));
    fields
}

pub(super) fn gettemplatedraftlist(view: &ComponentView<'_>) -> ComponentVerdict {
    let drafts = view.platform.wechat.library.drafts.iter();
    let drafts: Vec<Object> = drafts.map(|draft| version(draft, draft.created_at)).collect();
    ComponentStep::answer(json!({ "draft_list": drafts }))
}

/// Response of the lists to an app's token: empty, but not refused.
pub(super) fn for_app(call: &Call) -> Option<Content> {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/wxa/gettemplatedraftlist") => Some(json!({ "draft_list": [] }).into()),
        ("GET", "/wxa/gettemplatelist") => Some(json!({ "template_list": [] }).into()),
        _ => None,
    }
}

/// 0 is an ordinary template, 1 a standard one.
fn is_standard(kind: u64) -> Result<bool, Refusal> {
    match kind {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Refusal::code(40097)),
    }
}

fn to_json(template: &Template) -> Object {
    let mut fields = version(&template.draft, template.created_at);
    fields.insert("template_id".to_owned(), json!(template.id));
    fields.insert("template_type".to_owned(), json!(u64::from(template.is_standard)));
    fields.insert("category_list".to_owned(), json!([]));
    if template.is_standard {
        fields.insert("audit_scene".to_owned(), json!(1));
        fields.insert("audit_status".to_owned(), json!(0));
        fields.insert("reason".to_owned(), json!(""));
    }
    fields
}

pub(super) fn gettemplatelist(view: &ComponentView<'_>) -> ComponentVerdict {
    let kind = match view.call.query("template_type") {
        None => None,
        Some(kind) => Some(is_standard(kind.parse().map_err(|_| Refusal::code(40097))?)?),
    };
    let templates = view.platform.wechat.library.templates.iter();
    let templates = templates.filter(|template| kind.is_none_or(|kind| kind == template.is_standard));
    ComponentStep::answer(json!({ "template_list": templates.map(to_json).collect::<Vec<_>>() }))
}

/// The id is a number.
pub(super) fn addtotemplate(view: &ComponentView<'_>) -> ComponentVerdict {
    let library = &view.platform.wechat.library;
    let id = input::number(view.body, "draft_id");
    let draft = library.drafts.iter().find(|draft| Some(draft.id) == id).ok_or(Refusal::code(85064))?;
    let is_standard = match view.body.get("template_type") {
        None => false,
        Some(kind) => is_standard(kind.as_u64().ok_or(Refusal::code(40097))?)?,
    };
    if library.templates.len() >= LIMIT {
        return Err(Refusal::code(85065));
    }
    let draft = draft.clone();
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        let library = &mut scene.platform.wechat.library;
        library.next_template += 1;
        let id = library.next_template;
        library.templates.push(Template { id, is_standard, draft, created_at: scene.now });
        Content::Done
    })
}

/// The id may be a number or a string.
pub(super) fn deletetemplate(view: &ComponentView<'_>) -> ComponentVerdict {
    let id = input::id(view.body, "template_id");
    let id = id.filter(|id| view.platform.wechat.library.holds(*id)).ok_or(Refusal::code(85064))?;
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        let library = &mut scene.platform.wechat.library;
        library.templates.retain(|template| template.id != id);
        library.deleted.insert(id);
        Content::Done
    })
}
