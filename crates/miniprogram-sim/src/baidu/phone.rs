//! The permission to read users' phone numbers.

use serde_json::json;

use super::profile::Change;
use super::{BdScene, BdView, Step, Verdict, reviews};
use crate::call::{Content, Object, Refusal};

/// Maximum length of the description, in characters.
pub(super) const DESCRIPTION: usize = 500;

#[derive(Debug, Clone, Default)]
pub(crate) struct Phone {
    pub(crate) status: Status,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Status {
    /// Never applied for, or cancelled.
    #[default]
    None = 0,
    Pending = 1,
    Refused = 2,
    Granted = 3,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Refused => "refused",
            Self::Granted => "granted",
        }
    }

    /// Returns whether there is something to cancel.
    pub(crate) fn is_held(self) -> bool {
        matches!(self, Self::Pending | Self::Granted)
    }
}

impl Phone {
    pub(crate) fn set(&mut self, status: Status, reason: &str) {
        self.status = status;
        reason.clone_into(&mut self.reason);
    }
}

pub(super) fn apply(view: &BdView<'_>) -> Verdict {
    let given =
        |name: &str| view.call.param(name).filter(|value| !value.is_empty()).ok_or(Refusal::code(40001));
    for (name, last) in [("reason", 2), ("used_scene", 5)] {
        given(name)?.parse::<u8>().ok().filter(|number| *number <= last).ok_or(Refusal::code(40001))?;
    }
    if given("scene_desc")?.chars().count() > DESCRIPTION {
        return Err(Refusal::code(40001));
    }
    if !view.platform.baidu.images.contains(given("scene_demo")?) {
        return Err(Refusal::code(47008));
    }
    match view.state.profile.phone.status {
        Status::Pending => return Err(Refusal::code(50052)),
        Status::Granted => return Err(Refusal::code(40045)),
        Status::None | Status::Refused => {}
    }
    Step::effect(|scene: &mut BdScene<'_>| {
        scene.state.profile.phone.set(Status::Pending, "");
        reviews::submit(scene, Change::PhonePermission);
        Content::Fields(Object::new())
    })
}

pub(super) fn cancel(view: &BdView<'_>) -> Verdict {
    if !view.state.profile.phone.status.is_held() {
        return Err(Refusal::code(40045));
    }
    Step::effect(|scene: &mut BdScene<'_>| {
        scene.state.profile.cancel_phone_permission();
        Content::Fields(Object::new())
    })
}

pub(super) fn status(view: &BdView<'_>) -> Verdict {
    let phone = &view.state.profile.phone;
    let mut answer = json!({ "status": phone.status as i64 });
    if phone.status == Status::Refused {
        answer["reason"] = json!(phone.reason);
    }
    Step::answer(answer)
}

impl super::profile::Profile {
    /// Cancels the permission, granted or pending.
    pub(crate) fn cancel_phone_permission(&mut self) {
        self.phone.set(Status::None, "");
        self.reviews.retain(|review| !matches!(review.change, Change::PhonePermission));
    }
}
