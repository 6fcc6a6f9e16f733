//! The template library.

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

use super::shared::{Draft, Template};
use crate::call::{Call, Content, Refusal};
use crate::endpoint::{Scene, Step, Verdict, View};
use crate::world::Apps;

/// Maximum templates in the library.
pub(super) const LIMIT: usize = 50;
/// Maximum length of a description, in characters.
pub(super) const DESCRIPTION: usize = 30;

type PlatformView<'a> = View<'a, Apps>;

pub(super) fn gettemplatedraftlist(view: &PlatformView<'_>) -> Verdict<Apps> {
    let drafts = &view.platform.baidu.drafts;
    let to_json =
        |draft: &Draft| object("draft_id", draft.id, &draft.version, &draft.description, draft.created_at);
    Step::answer(page(view.call, drafts.len(), drafts.iter().rev().map(to_json))?)
}

pub(super) fn gettemplatelist(view: &PlatformView<'_>) -> Verdict<Apps> {
    let templates = &view.platform.baidu.templates;
    let to_json = |template: &Template| {
        object("template_id", template.id, &template.version, &template.description, template.created_at)
    };
    Step::answer(page(view.call, templates.len(), templates.iter().rev().map(to_json))?)
}

fn object(id_name: &str, id: u64, version: &str, description: &str, created_at: Timestamp) -> Value {
    json!({
        id_name: id,
        "user_version": version,
        "user_desc": description,
        "create_time": created_at.as_unix(),
        "web_status": false,
    })
}

/// One page of the list, newest first; `count` is the total.
fn page(call: &Call, count: usize, list: impl Iterator<Item = Value>) -> Result<Value, Refusal> {
    let number = |name: &str, default: usize| match call.param(name) {
        None => Ok(default),
        Some(number) => number.parse().ok().filter(|number| *number > 0).ok_or(Refusal::code(40001)),
    };
    let (page, size) = (number("page", 1)?, number("page_size", 10)?);
    let list: Vec<Value> = list.skip((page - 1).saturating_mul(size)).take(size).collect();
    Ok(json!({ "count": count, "list": list }))
}

fn id(view: &PlatformView<'_>, name: &str) -> Result<u64, Refusal> {
    view.call.param(name).and_then(|id| id.parse().ok()).ok_or(Refusal::code(40001))
}

pub(super) fn addtotemplate(view: &PlatformView<'_>) -> Verdict<Apps> {
    let (shared, id) = (&view.platform.baidu, id(view, "draft_id")?);
    let draft = shared.drafts.iter().find(|draft| draft.id == id).ok_or(Refusal::code(40001))?;
    let description =
        view.call.param("user_desc").filter(|text| !text.is_empty()).ok_or(Refusal::code(40001))?;
    if description.chars().count() > DESCRIPTION {
        return Err(Refusal::code(40016));
    }
    if shared.templates.len() >= LIMIT {
        return Err(Refusal::code(2003));
    }
    let (version, description) = (draft.version.clone(), description.to_owned());
    Step::effect(move |scene: &mut Scene<'_, Apps>| {
        let id = scene.platform.baidu.add_template(version, description, scene.now);
        json!({ "template_id": id }).into()
    })
}

pub(super) fn deltemplate(view: &PlatformView<'_>) -> Verdict<Apps> {
    let id = id(view, "template_id")?;
    if !view.platform.baidu.templates.iter().any(|template| template.id == id) {
        let message = Some("模板id不存在".to_owned());
        return Err(Refusal { message, ..Refusal::code(63002) });
    }
    Step::effect(move |scene: &mut Scene<'_, Apps>| {
        scene.platform.baidu.templates.retain(|template| template.id != id);
        Content::from(json!({ "result": 1 }))
    })
}
