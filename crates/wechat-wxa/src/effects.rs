//! Maps commands to effects: the single table of the effects on an app and of those on the platform.

use miniprogram_core::vendor_api::pipeline::{EffectPlan, EffectSource};
use miniprogram_core::{Command, Error, Result, subject};

use crate::audit::{ExpediteAudit, SubmitAudit, WithdrawAudit};
use crate::client::{WeChatApp, WeChatPlatform};
use crate::code::UploadCode;
use crate::release::{
    CancelGrayRelease, Release, Rollback, StartGrayRelease, set_min_library_version, set_visit_status,
};
use crate::{REFUSE, WECHAT, account, category_admin, domains, privacy, quota, templates, testers};
use miniprogram_core::vendor_api::kit::{Inherent, UploadArguments};

/// The WeChat-only effects on an app.
const OF_APP: [&[Inherent]; 6] = [
    account::EFFECTS,
    category_admin::EFFECTS,
    domains::EFFECTS,
    privacy::EFFECTS,
    quota::EFFECTS,
    testers::EFFECTS,
];

/// The effects on the platform.
const OF_PLATFORM: [&[Inherent]; 3] =
    [domains::PLATFORM_EFFECTS, privacy::PLATFORM_EFFECTS, templates::EFFECTS];

impl EffectSource for WeChatApp {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Ok(match command {
            Command::UploadCode { template, ext, version, description } => {
                let upload = UploadArguments::new(REFUSE, template, ext, version, description)?;
                Box::new(UploadCode::new(upload)?)
            }
            Command::SubmitAudit { target, options } => Box::new(SubmitAudit::new(target, options)?),
            Command::WithdrawAudit { audit } => Box::new(WithdrawAudit::new(audit)?),
            Command::ExpediteAudit { audit } => Box::new(ExpediteAudit::new(audit)?),
            Command::Release { target } => Box::new(Release::new(target)?),
            Command::Rollback { target } => Box::new(Rollback::new(target)?),
            Command::StartGrayRelease { gray } => Box::new(StartGrayRelease::new(gray)?),
            Command::CancelGrayRelease => Box::new(CancelGrayRelease),
            Command::SetVisitStatus { status } => set_visit_status(*status)?,
            Command::SetMinLibraryVersion { version } => set_min_library_version(version)?,
            Command::Inherent(command) => {
                quota::expect_app(command, &self.app)?;
                Inherent::plan(WECHAT, &OF_APP, command)?
            }
            other => return Err(Error::unsupported(WECHAT, other.operation().as_str())),
        })
    }
}

impl EffectSource for WeChatPlatform {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Inherent::plan_only(WECHAT, &OF_PLATFORM, command)
    }
}

subject!(WeChatApp, |app| app.pipeline, &app.app);
subject!(WeChatPlatform, |platform| platform.pipeline, platform.pipeline.platform_id());
