//! Daily call counts, and lookups by request id.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Timestamp};
use serde_json::json;

use super::answers::Found;
use super::component::{check_platform, check_secret};
use super::uses::Uses;
use super::{
    ComponentScene, ComponentStep, ComponentVerdict, ComponentView, Step, Verdict, WeScene, WeView,
    endpoints, input,
};
use crate::call::{Call, Content, Refusal};
use crate::world::{Account, App};

/// Calls without a quota.
const ALWAYS: [&str; 2] = ["/cgi-bin/openapi/quota/get", "/cgi-bin/clear_quota"];
/// How often an app's counts may be cleared per month.
pub(super) const CLEARED_PER_MONTH: usize = 10;

/// Today's count of each call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    day: String,
    calls: BTreeMap<String, u64>,
    cleared: Uses,
}

impl Usage {
    pub(super) fn count(&mut self, path: &str, now: Timestamp) {
        let day = today(now);
        if self.day != day {
            self.day = day;
            self.calls.clear();
        }
        *self.calls.entry(path.to_owned()).or_default() += 1;
    }

    fn clear(&mut self, now: Timestamp) {
        self.calls.clear();
        self.cleared.add(now);
    }

    fn used(&self, path: &str, now: Timestamp) -> u64 {
        if self.day == today(now) { self.calls.get(path).copied().unwrap_or(0) } else { 0 }
    }
}

/// Returns whether the call may be made once more today. Reading and clearing the counts is always possible.
pub(super) fn admits(call: &Call, scene: &WeScene<'_>) -> bool {
    let used = scene.state.profile.usage.used(&call.path, scene.now);
    used < scene.settings.wechat_daily_calls || ALWAYS.contains(&call.path.as_str())
}

fn today(now: Timestamp) -> String {
    now.to_civil("%Y-%m-%d", 8)
}

pub(super) fn get_quota(view: &WeView<'_>) -> Verdict {
    let path = input::text(view.body, "cgi_path").filter(|path| path.starts_with('/'));
    let path = path.ok_or(Refusal::code(76021))?;
    if endpoints::is_platforms(path) {
        return Err(Refusal::code(76022));
    }
    if !endpoints::is_apps(path) {
        return Err(Refusal::code(76021));
    }
    let (limit, used) = (view.settings.wechat_daily_calls, view.state.profile.usage.used(path, view.now));
    let rate = json!({ "call_count": 1000, "refresh_second": 60 });
    Step::answer(json!({
        "quota": { "daily_limit": limit, "used": used, "remain": limit.saturating_sub(used) },
        "rate_limit": rate,
        "component_rate_limit": rate,
    }))
}

pub(super) fn clear_quota(view: &WeView<'_>) -> Verdict {
    let app = input::text(view.body, "appid").ok_or(Refusal::code(41002))?;
    if app != view.app_id.as_str() {
        return Err(Refusal::code(40013));
    }
    if view.state.profile.usage.cleared.this_month(view.now) >= CLEARED_PER_MONTH {
        return Err(Refusal::code(48006));
    }
    Step::effect(|scene: &mut WeScene<'_>| {
        scene.state.profile.usage.clear(scene.now);
        Content::Done
    })
}

/// With the platform's secret instead of a token.
pub(super) fn clear_quota_with_secret(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    check_secret(view, "appsecret")?;
    let id = AppId::from(input::text(view.body, "appid").ok_or(Refusal::code(41002))?);
    let Some(App { account: Account::WeChat(account), .. }) = view.state.get(&id) else {
        return Err(Refusal::code(40013));
    };
    if account.profile.usage.cleared.this_month(view.now) >= CLEARED_PER_MONTH {
        return Err(Refusal::code(48006));
    }
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        if let Some(App { account: Account::WeChat(account), effects, .. }) = scene.state.get_mut(&id) {
            account.profile.usage.clear(scene.now);
            effects.count("clear_quota_with_secret");
        }
        Content::Done
    })
}

pub(super) fn get_rid(view: &WeView<'_>) -> Verdict {
    let rid = input::text(view.body, "rid").unwrap_or_default();
    match view.platform.wechat.answers.find(rid, view.app_id, view.now) {
        Found::Malformed => Err(Refusal::code(76002)),
        Found::Unknown => Err(Refusal::code(76001)),
        Found::OfAnother => Err(Refusal::code(76003)),
        Found::TooOld => Err(Refusal::code(76004)),
        Found::Response(request) => Step::answer(json!({ "request": request })),
    }
}
