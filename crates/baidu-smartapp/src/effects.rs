//! Maps commands to effects: the single table of the effects on an app and of those on the platform.

use miniprogram_core::pipeline::{EffectPlan, EffectSource};
use miniprogram_core::template::{ADD_TEMPLATE, DELETE_TEMPLATE};
use miniprogram_core::{Command, Error, InherentCommand, Result, subject};
use serde::de::DeserializeOwned;

use crate::audit::{SubmitAudit, WithdrawAudit};
use crate::client::{BaiduApp, BaiduPlatform};
use crate::code::UploadCode;
use crate::release::{Release, Rollback, SetMinLibraryVersion, SetVisitStatus};
use crate::templates::{AddTemplate, DeleteTemplate};
use crate::{BAIDU, domains, info, phone};

impl EffectSource for BaiduApp {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Ok(match command {
            Command::UploadCode { template, ext, version, description } => {
                Box::new(UploadCode::new(template, ext, version, description)?)
            }
            Command::SubmitAudit { target, options } => Box::new(SubmitAudit::new(target, options)?),
            Command::WithdrawAudit { audit } => Box::new(WithdrawAudit::new(audit)?),
            Command::Release { target } => Box::new(Release::new(target)?),
            Command::Rollback { target } => Box::new(Rollback::new(target)?),
            Command::SetVisitStatus { status } => Box::new(SetVisitStatus::new(*status)?),
            Command::SetMinLibraryVersion { version } => Box::new(SetMinLibraryVersion::new(version)?),
            Command::Inherent(command) => inherent(command)?,
            other => return Err(unsupported(other)),
        })
    }
}

/// The Baidu-only effects on an app.
fn inherent(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    Ok(match command.method {
        info::UPDATE_CATEGORIES => Box::new(info::update_categories(arguments(command)?)?),
        info::SET_ICON => Box::new(info::set_icon(arguments(command)?)?),
        info::SET_DESCRIPTION => Box::new(info::set_description(arguments(command)?)?),
        info::SET_NAME => Box::new(info::set_name(arguments(command)?)?),
        info::APPLY_RECOVERY => Box::new(info::apply_recovery(arguments(command)?)?),
        info::UPDATE_OFFLINE_INFO => Box::new(info::update_offline_info(arguments(command)?)?),
        domains::CHANGE_SERVER_DOMAINS => Box::new(domains::change_server_domains(arguments(command)?)?),
        domains::CHANGE_WEB_VIEW_DOMAINS => Box::new(domains::change_web_view_domains(arguments(command)?)?),
        phone::APPLY_PHONE_PERMISSION => Box::new(phone::apply(arguments(command)?)?),
        phone::CANCEL_PHONE_PERMISSION => {
            command.expect_vendor(BAIDU)?;
            Box::new(phone::Cancel)
        }
        other => return Err(Error::unsupported(BAIDU, other.as_str())),
    })
}

impl EffectSource for BaiduPlatform {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        let Command::Inherent(inherent) = command else { return Err(unsupported(command)) };
        Ok(match inherent.method {
            ADD_TEMPLATE => Box::new(AddTemplate::new(arguments(inherent)?)?),
            DELETE_TEMPLATE => Box::new(DeleteTemplate::new(arguments(inherent)?)?),
            _ => return Err(unsupported(command)),
        })
    }
}

fn unsupported(command: &Command) -> Error {
    Error::unsupported(BAIDU, command.operation().as_str())
}

fn arguments<T: DeserializeOwned>(command: &InherentCommand) -> Result<T> {
    command.expect_vendor(BAIDU)?;
    command.arguments().map_err(|error| error.for_vendor(BAIDU))
}

subject!(BaiduApp, |app| app.pipeline, &app.app);
subject!(BaiduPlatform, |platform| platform.pipeline, platform.pipeline.platform_id());
