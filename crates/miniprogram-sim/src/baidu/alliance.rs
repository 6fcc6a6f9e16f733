//! Reads of the open-source alliance's fields (document 004).

use miniprogram_core::AppId;
use serde_json::Value;

use super::{Account, app, package};
use crate::call::{Content, Refusal};
use crate::endpoint::{Step, Verdict, View};
use crate::world::{self, Apps};

type ClientView<'a> = View<'a, Apps>;

fn account<'a>(view: &'a ClientView<'_>, id: &AppId) -> Option<&'a Account> {
    match &view.state.get(id)?.account {
        world::Account::Baidu(account) => Some(account),
        world::Account::WeChat(_) => None,
    }
}

/// Unknown apps are omitted.
pub(super) fn info(view: &ClientView<'_>) -> Verdict<Apps> {
    let ids = view.call.param("app_ids").filter(|ids| !ids.is_empty()).ok_or(Refusal::code(40001))?;
    let ids: Vec<AppId> = ids.split(',').map(|id| AppId::from(id.trim())).collect();
    if ids.iter().any(|id| id.as_number().is_none()) {
        return Err(Refusal::code(40001));
    }
    let found = ids.iter().filter_map(|id| Some(Value::Object(app::basics(id, account(view, id)?))));
    Step::answer(Content::Data(found.collect()))
}

/// Returns the app named by `app_id`.
fn named<'a>(view: &'a ClientView<'_>) -> Result<&'a Account, Refusal> {
    let id = view.call.param("app_id").map(AppId::from).filter(|id| id.as_number().is_some());
    account(view, &id.ok_or(Refusal::code(40001))?).ok_or(Refusal::code(45000))
}

pub(super) fn packages(view: &ClientView<'_>) -> Verdict<Apps> {
    let list = package::list(named(view)?, view.settings, view.now);
    Step::answer(Content::Data(Value::Array(list)))
}

pub(super) fn package(view: &ClientView<'_>) -> Verdict<Apps> {
    Step::answer(package::detail(named(view)?, view.call, view.now)?)
}
