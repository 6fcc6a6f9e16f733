//! The effect of `commit`.

use async_trait::async_trait;
use miniprogram_core::model::UploadReceipt;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Reply};
use miniprogram_core::{EffectValue, ExtJson, Intent, Result, TemplateId};
use serde_json::{Value, json};

use super::versions_call;
use crate::dialect::told;
use crate::endpoints;
use crate::ext_json::refuse_direct_commit;
use crate::{REFUSE, wire};

const OPERATION: &str = "upload_code";
/// Maximum number of characters in `user_version`.
const LONGEST_VERSION: usize = 64;

pub(crate) struct UploadCode {
    template: TemplateId,
    ext: ExtJson,
    version: String,
    description: String,
}

impl UploadCode {
    pub(crate) fn new(
        template: &TemplateId,
        ext: &ExtJson,
        version: &str,
        description: &str,
    ) -> Result<Self> {
        REFUSE.required(OPERATION, "template_id", template.as_str())?;
        let length = version.chars().count();
        if !(1..=LONGEST_VERSION).contains(&length) {
            let rule = format!("must have 1 to {LONGEST_VERSION} characters, has {length}");
            return Err(REFUSE.invalid(OPERATION, "user_version", rule));
        }
        REFUSE.required(OPERATION, "user_version", version)?;
        refuse_direct_commit(ext)?;
        Ok(Self {
            template: template.clone(),
            ext: ext.clone(),
            version: version.to_owned(),
            description: description.to_owned(),
        })
    }

    fn receipt(&self) -> EffectValue {
        EffectValue::Upload(UploadReceipt::new(&self.version, &self.description))
    }
}

#[async_trait]
impl EffectPlan for UploadCode {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        let template = match self.template.as_number() {
            Some(number) => Value::from(number),
            // 0 is a valid id.
            None if self.template.as_str() == "0" => Value::from(0),
            None => Value::from(self.template.as_str()),
        };
        let body = json!({
            "template_id": template,
            "ext_json": self.ext.as_str(),
            "user_version": self.version,
            "user_desc": self.description,
        });
        Ok(Call::to(&endpoints::UPLOAD_CODE).with_json(&body).as_upload())
    }

    fn value(&self, _before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(self.receipt())
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let reply = op.read(&versions_call()).await?;
        let info: wire::VersionInfo = reply.decode()?;
        let exp = info.exp_info.unwrap_or_default();
        let Some(version) = told(exp.exp_version) else {
            return Ok(Finding::Untold("exp_info.exp_version"));
        };
        let described = told(exp.exp_desc).is_none_or(|description| description == self.description.trim());
        if version != self.version.trim() || !described {
            return Ok(Finding::Absent);
        }
        let Some(time) = exp.exp_time.filter(|time| *time > 0) else {
            return Ok(Finding::Untold("exp_info.exp_time"));
        };
        let since = reply.vendor_time(intent.started_at).as_unix();
        Ok(if time >= since { Finding::Done(self.receipt()) } else { Finding::Absent })
    }
}
