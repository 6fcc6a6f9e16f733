//! The effects that only Baidu has: their plans by the name of the method.

use miniprogram_core::pipeline::EffectPlan;
use miniprogram_core::{
    Command, Effect, EffectValue, Error, InherentCommand, MethodName, PlannedRequest, Result,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::BaiduApp;
use crate::{BAIDU, domains, info, phone, templates};

/// The plan of an effect that only Baidu has.
pub(crate) trait InherentPlan: EffectPlan {
    /// The requests that it would send, the effect last.
    fn planned(&self) -> Result<Vec<PlannedRequest>>;
}

/// The plan of an effect on an app.
pub(crate) fn of_app(command: &InherentCommand) -> Result<Box<dyn InherentPlan>> {
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
        phone::CANCEL_PHONE_PERMISSION => Box::new(phone::Cancel),
        other => return Err(Error::unsupported(BAIDU, other.as_str())),
    })
}

/// The plan of an effect on the platform.
pub(crate) fn of_platform(command: &InherentCommand) -> Result<Box<dyn InherentPlan>> {
    Ok(match command.method {
        templates::ADD_TEMPLATE => Box::new(templates::AddTemplate::new(arguments(command)?)?),
        templates::DELETE_TEMPLATE => Box::new(templates::DeleteTemplate::new(arguments(command)?)?),
        other => return Err(Error::unsupported(BAIDU, other.as_str())),
    })
}

/// The plan of an effect on whichever of the two it is about.
pub(crate) fn plan(command: &InherentCommand) -> Result<Box<dyn InherentPlan>> {
    match command.method {
        templates::ADD_TEMPLATE | templates::DELETE_TEMPLATE => of_platform(command),
        _ => of_app(command),
    }
}

fn arguments<T: DeserializeOwned>(command: &InherentCommand) -> Result<T> {
    command.arguments().map_err(|error| error.for_vendor(BAIDU))
}

/// Such an effect as a command.
pub(crate) fn command(method: MethodName, arguments: &impl Serialize) -> Result<Command> {
    Command::inherent(method, arguments).map_err(|error| error.for_vendor(BAIDU))
}

impl BaiduApp {
    /// Carries out an effect that only Baidu has.
    pub(crate) async fn carry_out(
        &self,
        method: MethodName,
        arguments: &impl Serialize,
    ) -> Result<Effect<EffectValue>> {
        self.pipeline.effect(&self.app, self, command(method, arguments)?).await
    }
}
