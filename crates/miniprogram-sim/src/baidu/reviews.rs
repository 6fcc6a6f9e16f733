//! Reviews of basic information: submission and verdict.

use miniprogram_core::{AppId, Timestamp};
use serde_json::json;

use super::phone::Status;
use super::profile::{Change, Profile};
use super::{BdScene, BdView, push};
use crate::call::Refusal;
use crate::error::SimError;
use crate::verdict::{Decision, ReviewItem};
use crate::world::{Account, World, scheduled_review};

/// Refuses an item that is under review.
pub(super) fn check_open(view: &BdView<'_>, item: ReviewItem) -> Result<(), Refusal> {
    if view.state.profile.review(item).is_some() { Err(Refusal::code(50052)) } else { Ok(()) }
}

/// Refuses a change beyond the quota or of an item under review.
pub(super) fn check(view: &BdView<'_>, item: ReviewItem, exhausted: i64) -> Result<(), Refusal> {
    check_open(view, item)?;
    if view.state.profile.used(item) >= Profile::quota(item) { Err(Refusal::code(exhausted)) } else { Ok(()) }
}

/// Puts a change under review and returns its examine id. The policy may decide it later.
pub(super) fn submit(scene: &mut BdScene<'_>, change: Change) -> u64 {
    let (id, item) = (scene.platform.baidu.examine(), change.item());
    scene.state.profile.submit(id, change);
    scene.jobs.extend(scheduled_review(&scene.settings.audit_policy, scene.app_id, item, id, scene.now));
    id
}

/// Decides a review; if `id` is given, only that one.
pub(crate) fn decide_review(
    world: &mut World,
    app_id: &AppId,
    item: ReviewItem,
    id: Option<u64>,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), SimError> {
    let reason = match decision {
        Decision::Approve => None,
        Decision::Reject { reason, .. } => Some(reason.as_str()),
        Decision::Delay { .. } => return Err(SimError::Unsupported(app_id.clone(), "delayed reviews")),
    };
    let Some(events) = events(item) else {
        return Err(SimError::Unsupported(app_id.clone(), item.as_str()));
    };
    let unknown = || SimError::UnknownApp(app_id.clone());
    let app = world.apps.get_mut(app_id).ok_or_else(unknown)?;
    let Account::Baidu(account) = &mut app.account else { return Err(unknown()) };
    let profile = &mut account.profile;
    let found = profile
        .reviews
        .iter()
        .position(|review| review.change.item() == item && id.is_none_or(|id| id == review.id));
    let found = found.ok_or_else(|| SimError::NothingInReview(app_id.clone()))?;
    let review = profile.reviews.remove(found);
    match reason {
        None => approve(profile, review.change),
        Some(reason) => refuse(profile, review.change, reason),
    }
    world.platform.baidu.names.insert(app_id.clone(), profile.name.clone());
    let mut extra = json!({});
    if item == ReviewItem::OfflineUpdate {
        extra["examineId"] = json!(review.id);
    }
    if let Some(reason) = reason {
        extra[events.reason] = json!(reason);
    }
    let platform_id = &world.settings.baidu_callback.platform_id;
    let event = if reason.is_none() { events.pass } else { events.fail };
    let push = push::notice(app_id, platform_id, event, extra, now);
    world.send(push, now);
    Ok(())
}

fn approve(profile: &mut Profile, change: Change) {
    match change {
        Change::Name(name) => profile.name = name,
        Change::Icon(icon) => profile.icon = icon,
        Change::Description(description) => profile.description = description,
        Change::Categories(ids) => profile.categories = ids,
        Change::PhonePermission => profile.phone.set(Status::Granted, ""),
        Change::Recovery => profile.traffic_closed = false,
        Change::OfflineUpdate { name, description, icon } => {
            profile.offline = None;
            let Profile { name: old_name, description: old_description, icon: old_icon, .. } = profile;
            let changes = [(old_name, name), (old_description, description), (old_icon, icon)];
            for (old, new) in changes {
                if let Some(new) = new {
                    *old = new;
                }
            }
        }
    }
}

fn refuse(profile: &mut Profile, change: Change, reason: &str) {
    match change {
        Change::PhonePermission => profile.phone.set(Status::Refused, reason),
        Change::Recovery | Change::OfflineUpdate { .. } => {}
        change => {
            profile.refused.insert(change.item(), (change, reason.to_owned()));
        }
    }
}

/// Events of both verdicts, as in the samples of document 003.
struct Events {
    pass: &'static str,
    fail: &'static str,
    /// Field name of the reason.
    reason: &'static str,
}

/// `None` for items that Baidu does not review.
fn events(item: ReviewItem) -> Option<Events> {
    let (pass, fail, reason) = match item {
        ReviewItem::Name => ("APP_NAME_AUDIT_PASS", "APP_NAME_AUDIT_FAIL", "reason"),
        ReviewItem::Icon => ("APP_ICON_AUDIT_PASS", "APP_ICON_AUDIT_FAIL", "reason"),
        ReviewItem::Description => ("APP_DESC_AUDIT_PASS", "APP_DESC_AUDIT_FAIL", "reason"),
        ReviewItem::Categories => ("APP_CATEGORY_AUDIT_PASS", "APP_CATEGORY_AUDIT_FAIL", "reason"),
        ReviewItem::PhonePermission => {
            ("APPLY_APP_MOBILE_AUTH_PASS", "APPLY_APP_MOBILE_AUTH_REJECT", "reson")
        }
        ReviewItem::Recovery => ("FLOW_CLOSE_AUDIT_PASS", "FLOW_CLOSE_AUDIT_FAIL", "reson"),
        ReviewItem::OfflineUpdate => {
            (" BASE_INFO_OFFLINE_AUDIT_SUCCESS", " BASE_INFO_OFFLINE_AUDIT_FAIL", "reson")
        }
        ReviewItem::PrivacyInterface | ReviewItem::OrderPath => return None,
    };
    Some(Events { pass, fail, reason })
}
