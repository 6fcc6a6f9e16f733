//! The platform's template library. Its calls take the platform's token; with an app's token some return an empty
//! list.

use async_trait::async_trait;
use miniprogram_core::model::{AddedTemplate, Template, TemplateDraft};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Op, Reply};
use miniprogram_core::vendor_api::{DELETE_TEMPLATE as DELETE, DeleteTemplate, InherentCommand};
use miniprogram_core::{
    AppId, DraftId, Effect, EffectValue, Result, Subject, TemplateId, TemplateLibrary, inherent_commands,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::WECHAT;
use crate::client::WeChatPlatform;
use crate::dialect::whole;
use crate::endpoints;
use crate::fields;
use crate::values::{TEMPLATE_TYPE, TemplateKind};
use miniprogram_core::vendor_api::kit::{Inherent, OneCall, effect_value};

pub(crate) use miniprogram_core::vendor_api::ADD_TEMPLATE as ADD;

pub(crate) const EFFECTS: &[Inherent] = &[Inherent::new(ADD, add), Inherent::new(DELETE, delete)];

/// The template library of a platform: [`TemplateLibrary`], and WeChat-only calls.
#[derive(Debug, Clone)]
pub struct WeChatTemplates {
    platform: WeChatPlatform,
}

inherent_commands! { WECHAT;
    /// [`WeChatTemplates::add_template_of`](crate::WeChatTemplates::add_template_of).
    add_template_of(draft: &DraftId, kind: TemplateKind) = ADD, &Add { draft_id: draft.clone(), kind: Some(kind), description: None };
}

impl WeChatPlatform {
    /// Returns the platform's template library. Sends no request.
    #[must_use]
    pub fn templates(&self) -> WeChatTemplates {
        WeChatTemplates { platform: self.clone() }
    }
}

impl WeChatTemplates {
    /// Returns the templates of one kind.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for the unknown kind, and those of any read.
    pub async fn templates_of(&self, kind: TemplateKind) -> Result<Vec<Template>> {
        const OPERATION: &str = "templates";
        let call = templates_call().with_query("template_type", number_of(OPERATION, kind)?.to_string());
        read_templates(&mut self.platform.begin(OPERATION), &call).await
    }

    /// Turns a draft into a template of one kind; [`TemplateLibrary::add_template`] makes it an ordinary one.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for the unknown kind, and those of
    /// [`TemplateLibrary::add_template`].
    pub async fn add_template_of(
        &self,
        draft: &DraftId,
        kind: TemplateKind,
    ) -> Result<Effect<AddedTemplate>> {
        self.platform.perform(add_template_of(draft, kind)?).await?.into_inherent(ADD.as_str())
    }
}

#[async_trait]
impl TemplateLibrary for WeChatTemplates {
    fn platform(&self) -> &dyn Subject {
        &self.platform
    }

    async fn template_drafts(&self) -> Result<Vec<TemplateDraft>> {
        const OPERATION: &str = "template_drafts";
        let call = Call::to(&endpoints::TEMPLATE_DRAFTS).with_platform_token();
        let reply = self.platform.begin(OPERATION).read(&call).await?;
        fields::of(&reply).each_of("draft_list", draft)
    }

    async fn templates(&self) -> Result<Vec<Template>> {
        read_templates(&mut self.platform.begin("templates"), &templates_call()).await
    }
}

fn templates_call() -> Call {
    Call::to(&endpoints::TEMPLATES).with_platform_token()
}

async fn read_templates(op: &mut Op<'_>, call: &Call) -> Result<Vec<Template>> {
    templates(&op.read(call).await?)
}

fn templates(reply: &Reply) -> Result<Vec<Template>> {
    fields::of(reply).each_of("template_list", |fields| {
        let id = fields.required("template_id", Fields::text)?;
        Ok(Template::new(id)
            .with_draft_id(fields.text("draft_id").map(DraftId::from))
            .with_version(fields.text("user_version"), fields.text("user_desc"))
            .with_created_at(fields.time("create_time"))
            .with_source_app_id(fields.text("source_miniprogram_appid").map(AppId::from))
            .with_extra(fields.rest()))
    })
}

fn draft(fields: &mut Fields<'_>) -> Result<TemplateDraft> {
    let id = fields.required("draft_id", Fields::text)?;
    Ok(TemplateDraft::new(id)
        .with_version(fields.text("user_version"), fields.text("user_desc"))
        .with_created_at(fields.time("create_time"))
        .with_source_app_id(fields.text("source_miniprogram_appid").map(AppId::from))
        .with_extra(fields.rest()))
}

fn number_of(operation: &'static str, kind: TemplateKind) -> Result<i64> {
    let row = TEMPLATE_TYPE.rows().iter().find(|row| row.status == kind);
    row.and_then(|row| row.code.as_number())
        .ok_or_else(|| REFUSE.invalid(operation, "kind", "must be ordinary or standard, is unknown"))
}

/// Converts an id to the number that the vendor requires.
fn number(operation: &'static str, field: &'static str, id: &str) -> Result<Value> {
    let number: Option<u64> = id.parse().ok().filter(|number: &u64| number.to_string() == id);
    number.map(Value::from).ok_or_else(|| {
        REFUSE.invalid(operation, field, format!("must be an integer in plain digits, is {id:?}"))
    })
}

/// The arguments of [`Command::add_template`], and the WeChat-only kind.
#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
pub(crate) struct Add {
    pub(crate) draft_id: DraftId,
    pub(crate) kind: Option<TemplateKind>,
    pub(crate) description: Option<String>,
}

/// What of a template shows an effect on the library.
#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
struct Listed {
    template_id: TemplateId,
    draft_id: Option<DraftId>,
    /// Absent if the vendor does not report it.
    template_type: Option<i64>,
}

impl From<&Template> for Listed {
    fn from(template: &Template) -> Self {
        Self {
            template_id: template.template_id.clone(),
            draft_id: template.draft_id.clone(),
            template_type: template.extra.get("template_type").and_then(whole),
        }
    }
}

fn listed(reply: &Reply) -> Result<Vec<Listed>> {
    Ok(templates(reply)?.iter().map(Listed::from).collect())
}

/// Returns the new templates of the draft and the kind: more than one if it was also added by someone else.
fn added<'a>(known: &[TemplateId], now: &'a [Listed], wanted: &Add) -> Vec<&'a TemplateId> {
    let kind = wanted.kind.unwrap_or(TemplateKind::Ordinary);
    let is_ours = |template: &&Listed| {
        template.draft_id.as_ref() == Some(&wanted.draft_id)
            && template.template_type.is_none_or(|number| TEMPLATE_TYPE.translate(number).0 == kind)
            && !known.contains(&template.template_id)
    };
    now.iter().filter(is_ours).map(|template| &template.template_id).collect()
}

/// Whether there is a new template whose draft the vendor does not report.
fn has_new_of_no_draft(known: &[TemplateId], now: &[Listed]) -> bool {
    now.iter().any(|template| template.draft_id.is_none() && !known.contains(&template.template_id))
}

fn add(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let wanted: Add = command.arguments()?;
    if wanted.description.is_some() {
        let why = "cannot be chosen: a template keeps that of its draft";
        return Err(REFUSE.unsupported(ADD.as_str(), "description", why));
    }
    let mut body = Map::new();
    body.insert("draft_id".to_owned(), number(ADD.as_str(), "draft_id", wanted.draft_id.as_str())?);
    if let Some(kind) = wanted.kind {
        body.insert("template_type".to_owned(), Value::from(number_of(ADD.as_str(), kind)?));
    }
    let call = Call::to(&endpoints::ADD_TEMPLATE).with_json(&Value::Object(body)).with_platform_token();
    OneCall::new(EffectClass::OneShot, call)
        .changes(templates_call(), listed, move |before, now| match added(&ids(before), &now, &wanted)[..] {
            [] if has_new_of_no_draft(&ids(before), &now) => Finding::Untold("template_list.draft_id"),
            [] => Finding::Absent,
            [id] => Finding::Done(effect_value(&AddedTemplate::new(Some(id.clone())))),
            _ => Finding::Unknowable,
        })
        .told_by(["template_list[].template_id"])
        .yielding(|_| Ok(effect_value(&AddedTemplate::default())))
        .made_known_by_the_read()
        .boxed()
}

fn ids(templates: &[Listed]) -> Vec<TemplateId> {
    templates.iter().map(|template| template.template_id.clone()).collect()
}

fn delete(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let DeleteTemplate { template_id, .. } = command.arguments()?;
    let body = json!({ "template_id": number(DELETE.as_str(), "template_id", template_id.as_str())? });
    let call = Call::to(&endpoints::DELETE_TEMPLATE).with_json(&body).with_platform_token();
    OneCall::new(EffectClass::Guarded, call)
        .changes(templates_call(), listed, move |before, now| {
            let holds = |list: &[Listed]| list.iter().any(|template| template.template_id == template_id);
            if holds(before) && !holds(&now) { Finding::Done(EffectValue::None) } else { Finding::Absent }
        })
        .told_by(["template_list[].template_id"])
        .boxed()
}
