//! The effect of `commit`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::kit::UploadArguments;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Reply};
use miniprogram_core::{EffectValue, Intent, Result};
use serde_json::{Value, json};

use super::versions_call;
use crate::dialect::told;
use crate::endpoints;
use crate::ext_json::refuse_direct_commit;
use crate::{REFUSE, wire};

const OPERATION: &str = "upload_code";
/// Maximum number of characters in `user_version`.
const LONGEST_VERSION: usize = 64;

pub(crate) struct UploadCode(UploadArguments);

impl UploadCode {
    pub(crate) fn new(upload: UploadArguments) -> Result<Self> {
        REFUSE.characters(OPERATION, "user_version", &upload.version, 1..=LONGEST_VERSION)?;
        REFUSE.required(OPERATION, "user_version", &upload.version)?;
        refuse_direct_commit(&upload.ext)?;
        Ok(Self(upload))
    }

    fn receipt(&self) -> EffectValue {
        EffectValue::Upload(self.0.receipt())
    }
}

#[async_trait]
impl EffectPlan for UploadCode {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        let template = match self.0.template.as_number() {
            Some(number) => Value::from(number),
            // 0 is a valid id.
            None if self.0.template.as_str() == "0" => Value::from(0),
            None => Value::from(self.0.template.as_str()),
        };
        let body = json!({
            "template_id": template,
            "ext_json": self.0.ext.as_str(),
            "user_version": self.0.version,
            "user_desc": self.0.description,
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
        let described = told(exp.exp_desc).is_none_or(|description| description == self.0.description.trim());
        if version != self.0.version.trim() || !described {
            return Ok(Finding::Absent);
        }
        let Some(time) = exp.exp_time.filter(|time| *time > 0) else {
            return Ok(Finding::Untold("exp_info.exp_time"));
        };
        let since = reply.vendor_time(intent.started_at).as_unix();
        Ok(if time >= since { Finding::Done(self.receipt()) } else { Finding::Absent })
    }
}
