//! Reviews of names, categories, privacy interfaces and order pages.

use miniprogram_core::{AppId, Timestamp};

use super::{WeScene, push};
use crate::error::SimError;
use crate::verdict::{Decision, ReviewItem};
use crate::world::{Account, World, scheduled_review};

/// Returns the id of a new review; the policy may decide it later.
pub(super) fn submit(scene: &mut WeScene<'_>, item: ReviewItem) -> u64 {
    let id = scene.platform.next_audit;
    scene.platform.next_audit += 1;
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
    let unknown = || SimError::UnknownApp(app_id.clone());
    let app = world.apps.get_mut(app_id).ok_or_else(unknown)?;
    let Account::WeChat(account) = &mut app.account else { return Err(unknown()) };
    let (profile, shared) = (&mut account.profile, &mut world.platform.wechat);
    let about = push::About { app: app_id, original_id: &app.original_id, now };
    let push = match item {
        ReviewItem::Name => profile.naming.decide(id, reason, now).map(|rename| {
            if rename.is_approved() {
                shared.names.insert(app_id.clone(), rename.nickname.clone());
            }
            push::name_audited(&about, &rename)
        }),
        ReviewItem::Categories => {
            let category = profile.categories.decide(id, reason);
            category.map(|category| push::category_audited(&about, &category))
        }
        ReviewItem::PrivacyInterface => {
            let decided = profile.privacy.interfaces.decide(id, reason);
            decided.map(|(name, application)| push::privacy_audited(&about, name, &application))
        }
        ReviewItem::OrderPath => {
            profile.order_path.decide(id, reason, now).map(|path| path.push_audited(app_id))
        }
        _ => return Err(SimError::Unsupported(app_id.clone(), item.as_str())),
    };
    let push = push.ok_or_else(|| SimError::NothingInReview(app_id.clone()))?;
    world.send(push, now);
    Ok(())
}
