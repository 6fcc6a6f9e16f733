//! Maps commands to effects: the single table of the effects on an app and of those on the platform.

use miniprogram_core::vendor_api::kit::{Inherent, UploadArguments};
use miniprogram_core::vendor_api::pipeline::{EffectPlan, EffectSource};
use miniprogram_core::{Command, Error, Result, subject};

use crate::audit::{SubmitAudit, WithdrawAudit};
use crate::client::{BaiduApp, BaiduPlatform};
use crate::code::UploadCode;
use crate::release::{Release, Rollback, set_min_library_version, set_visit_status};
use crate::{BAIDU, REFUSE, domains, info, phone, templates};

/// The Baidu-only effects on an app.
const OF_APP: [&[Inherent]; 3] = [info::EFFECTS, domains::EFFECTS, phone::EFFECTS];

/// The effects on the platform.
const OF_PLATFORM: [&[Inherent]; 1] = [templates::EFFECTS];

impl EffectSource for BaiduApp {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Ok(match command {
            Command::UploadCode { template, ext, version, description } => {
                let upload = UploadArguments::new(REFUSE, template, ext, version, description)?;
                Box::new(UploadCode::new(upload)?)
            }
            Command::SubmitAudit { target, options } => Box::new(SubmitAudit::new(target, options)?),
            Command::WithdrawAudit { audit } => Box::new(WithdrawAudit::new(audit)?),
            Command::Release { target } => Box::new(Release::new(target)?),
            Command::Rollback { target } => Box::new(Rollback::new(target)?),
            Command::SetVisitStatus { status } => set_visit_status(*status)?,
            Command::SetMinLibraryVersion { version } => set_min_library_version(version)?,
            Command::Inherent(command) => Inherent::plan(BAIDU, &OF_APP, command)?,
            other => return Err(Error::unsupported(BAIDU, other.operation().as_str())),
        })
    }
}

impl EffectSource for BaiduPlatform {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Inherent::plan_only(BAIDU, &OF_PLATFORM, command)
    }
}

subject!(BaiduApp, |app| app.pipeline, &app.app);
subject!(BaiduPlatform, |platform| platform.pipeline, platform.pipeline.platform_id());
