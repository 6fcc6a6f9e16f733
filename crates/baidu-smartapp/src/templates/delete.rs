//! The effect of `delete_template`.

use async_trait::async_trait;
use miniprogram_core::model::Template;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Reply};
use miniprogram_core::vendor_api::{DELETE_TEMPLATE, DeleteTemplate as Arguments, wire};
use miniprogram_core::{EffectValue, Error, ErrorKind, Intent, Result, TemplateId};
use serde_json::Value;

use super::{Listing, page, steady_templates};
use crate::REFUSE;
use crate::endpoints;

const OPERATION: &str = DELETE_TEMPLATE.as_str();

/// `template/deltemplate`.
#[derive(Debug)]
pub(crate) struct DeleteTemplate {
    template: TemplateId,
}

impl DeleteTemplate {
    pub(crate) fn new(arguments: Arguments) -> Result<Self> {
        REFUSE.required(OPERATION, "template_id", arguments.template_id.as_str())?;
        Ok(Self { template: arguments.template_id })
    }

    fn call(&self) -> Call {
        let fields = vec![("template_id".into(), self.template.to_string())];
        Call::to(&endpoints::DELETE_TEMPLATE).with_form(fields).with_platform_token()
    }

    fn is_in(&self, listing: &Listing<Template>) -> bool {
        listing.entries.iter().any(|template| template.template_id == self.template)
    }
}

#[async_trait]
impl EffectPlan for DeleteTemplate {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.call()).after(page(&endpoints::TEMPLATES, 1)))
    }

    /// A template that never existed must not be read as deleted after a lost response.
    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        if self.is_in(&steady_templates(op).await?) {
            return Ok(Value::Null);
        }
        Err(Error::new(ErrorKind::NotFound, OPERATION)
            .with_field("template_id")
            .with_detail("is not one of the templates"))
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    /// Older editions return `{"result":1}`, newer ones nothing.
    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        let result = reply.json.get("data").and_then(|data| data.get("result"));
        match result {
            None => Ok(EffectValue::None),
            Some(result) if wire::is_empty(result) || wire::flag(result) == Some(true) => {
                Ok(EffectValue::None)
            }
            Some(_) => Err(reply.protocol("is not 1, which says deleted").with_field("data.result")),
        }
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let listing = steady_templates(op).await?;
        if self.is_in(&listing) {
            return Ok(Finding::Absent);
        }
        listing.check_whole(op)?;
        Ok(Finding::Done(EffectValue::None))
    }
}
