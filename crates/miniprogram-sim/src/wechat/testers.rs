//! Testers of an app.

use serde_json::{Value, json};

use super::{Step, Verdict, WeScene, WeView, input};
use crate::call::{Content, Refusal};

/// Maximum testers per app.
pub(super) const PER_APP: usize = 60;
/// Maximum apps per tester.
pub(super) const PER_PERSON: usize = 50;

#[derive(Debug, Clone)]
pub(crate) struct Tester {
    pub(crate) wechat_id: String,
    /// WeChat's id for the person from then on.
    pub(crate) userstr: String,
}

/// 6 to 20 letters, digits, hyphens and underscores, starting with a letter or underscore. Other ids do not exist.
fn is_wechat_id(text: &str) -> bool {
    (6..=20).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

pub(super) fn bind_tester(view: &WeView<'_>) -> Verdict {
    let wechat_id = input::text(view.body, "wechatid").filter(|id| is_wechat_id(id));
    let wechat_id = wechat_id.ok_or(Refusal::code(85001))?.to_owned();
    let testers = &view.state.profile.testers;
    if testers.iter().any(|tester| tester.wechat_id == wechat_id) {
        return Err(Refusal::code(85004));
    }
    if testers.len() >= PER_APP {
        return Err(Refusal::code(85002));
    }
    if view.platform.wechat.tested.get(&wechat_id).is_some_and(|apps| *apps >= PER_PERSON) {
        return Err(Refusal::code(85003));
    }
    let userstr = input::digest(4, &[view.app_id.as_str().as_bytes(), wechat_id.as_bytes()]);
    Step::effect(move |scene: &mut WeScene<'_>| {
        *scene.platform.wechat.tested.entry(wechat_id.clone()).or_default() += 1;
        scene.state.profile.testers.push(Tester { wechat_id, userstr: userstr.clone() });
        json!({ "userstr": userstr }).into()
    })
}

pub(super) fn unbind_tester(view: &WeView<'_>) -> Verdict {
    let testers = &view.state.profile.testers;
    let tester = match (input::text(view.body, "userstr"), input::text(view.body, "wechatid")) {
        (Some(userstr), _) => {
            testers.iter().find(|tester| tester.userstr == userstr).ok_or(Refusal::code(89034))?
        }
        (None, Some(wechat_id)) => {
            testers.iter().find(|tester| tester.wechat_id == wechat_id).ok_or(Refusal::code(85001))?
        }
        (None, None) => return Err(Refusal::code(89033)),
    };
    let wechat_id = tester.wechat_id.clone();
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.profile.testers.retain(|tester| tester.wechat_id != wechat_id);
        if let Some(apps) = scene.platform.wechat.tested.get_mut(&wechat_id) {
            *apps = apps.saturating_sub(1);
        }
        Content::Done
    })
}

pub(super) fn memberauth(view: &WeView<'_>) -> Verdict {
    if input::text(view.body, "action") != Some("get_experiencer") {
        return Err(Refusal::code(85022));
    }
    let members: Vec<Value> =
        view.state.profile.testers.iter().map(|tester| json!({ "userstr": tester.userstr })).collect();
    Step::answer(json!({ "members": members }))
}
