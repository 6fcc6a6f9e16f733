//! Options of an app that the platform may read and set.

use std::collections::BTreeMap;

use miniprogram_core::AppId;
use serde_json::json;

use super::component::{authorizer, check_platform};
use super::{
    ComponentScene, ComponentStep, ComponentVerdict, ComponentView, Step, Verdict, WeScene, WeView, input,
};
use crate::call::{Content, Object, Refusal};
use crate::world::{Account, App};

/// The options, and the maximum of each.
pub(super) const OPTIONS: [(&str, u64); 3] =
    [("location_report", 2), ("voice_recognize", 1), ("customer_service", 1)];

/// Values that were set; others are 0.
pub(crate) type Options = BTreeMap<&'static str, u64>;

fn option(body: &Object) -> Result<(&'static str, u64), Refusal> {
    let name = input::text(body, "option_name").unwrap_or_default();
    OPTIONS.into_iter().find(|(known, _)| *known == name).ok_or(Refusal::code(61012))
}

fn value(body: &Object, largest: u64) -> Result<u64, Refusal> {
    let value = input::text(body, "option_value").and_then(|value| value.parse().ok());
    value.filter(|value| *value <= largest).ok_or(Refusal::code(61013))
}

fn to_json(app: &AppId, options: &Options, name: &str) -> Content {
    let value = options.get(name).copied().unwrap_or(0).to_string();
    json!({ "authorizer_appid": app, "option_name": name, "option_value": value }).into()
}

/// With the app's token.
pub(super) fn get(view: &WeView<'_>) -> Verdict {
    let (name, _) = option(view.body)?;
    Step::answer(to_json(view.app_id, &view.state.profile.options, name))
}

/// With the app's token.
pub(super) fn set(view: &WeView<'_>) -> Verdict {
    let (name, largest) = option(view.body)?;
    let value = value(view.body, largest)?;
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.profile.options.insert(name, value);
        Content::Done
    })
}

/// Like [`get`], with the platform's token; the body names the platform and the app.
pub(super) fn get_for(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    let id = authorizer(view)?;
    let (name, _) = option(view.body)?;
    match view.state.get(&id) {
        Some(App { account: Account::WeChat(account), grant, .. }) if grant.since.is_some() => {
            ComponentStep::answer(to_json(&id, &account.profile.options, name))
        }
        _ => Err(Refusal::code(61003)),
    }
}

/// Like [`set`], with the platform's token; the body names the platform and the app.
pub(super) fn set_for(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    let id = authorizer(view)?;
    if view.state.get(&id).is_none_or(|app| app.grant.since.is_none()) {
        return Err(Refusal::code(61003));
    }
    let (name, largest) = option(view.body)?;
    let value = value(view.body, largest)?;
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        if let Some(App { account: Account::WeChat(account), effects, .. }) = scene.state.get_mut(&id) {
            account.profile.options.insert(name, value);
            effects.count("set_authorizer_option");
        }
        Content::Done
    })
}
