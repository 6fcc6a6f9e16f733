//! Audits: submission and what follows.

use miniprogram_core::Timestamp;
use serde_json::json;

use super::{Audit, Status, Step, Verdict, WeScene, WeView, input, items};
use crate::call::{Content, Object, Refusal};
use crate::world::scheduled;

pub(super) fn submit_audit(view: &WeView<'_>) -> Verdict {
    let upload = view.state.uploaded.as_ref().ok_or(Refusal::code(86001))?;
    let categories = items::categories(&view.state.profile.categories);
    let known = view.settings.wechat_content_checks.then_some((&upload.pages[..], &categories[..]));
    items::check(view.body.get("item_list"), known)?;
    if view.state.audits.last().is_some_and(|audit| audit.status.is_open()) {
        return Err(Refusal::code(85009));
    }
    if upload.released {
        return Err(Refusal::code(85086));
    }
    if upload.scanned_at > view.now {
        return Err(Refusal::code(61039));
    }
    if audits_left(view) == 0 {
        return Err(Refusal::code(85085));
    }
    Step::effect(|scene: &mut WeScene<'_>| {
        let id = scene.platform.next_audit;
        scene.platform.next_audit += 1;
        scene.platform.wechat.audits.spend(scene.now);
        scene.state.submit(id, scene.now);
        scene.jobs.extend(scheduled(&scene.settings.audit_policy, scene.app_id, id, scene.now));
        json!({ "auditid": id }).into()
    })
}

/// Returns the audit that a body names, as a number or as the string of `get_latest_auditstatus` (002, section 8).
fn named<'a>(view: &'a WeView<'_>) -> Result<&'a Audit, Refusal> {
    let id = input::id(view.body, "auditid");
    let audit = id.and_then(|id| view.state.audits.iter().find(|audit| audit.id == id));
    audit.ok_or(Refusal::code(85012))
}

/// Refuses an app without code, which has no audit (002, sections 7 and 8).
fn check_code(view: &WeView<'_>) -> Result<(), Refusal> {
    if view.state.uploaded.is_none() { Err(Refusal::code(86001)) } else { Ok(()) }
}

pub(super) fn get_auditstatus(view: &WeView<'_>) -> Verdict {
    check_code(view)?;
    let audit = named(view)?;
    let mut answer = Object::new();
    answer.insert("status".to_owned(), json!(audit.status as i64));
    tell_reason(audit, "screenshot", &mut answer);
    Step::answer(Content::Fields(answer))
}

pub(super) fn get_latest_auditstatus(view: &WeView<'_>) -> Verdict {
    check_code(view)?;
    let audit = view.state.audits.last().ok_or(Refusal::code(85058))?;
    let mut answer = Object::new();
    answer.insert("auditid".to_owned(), json!(audit.id.to_string()));
    answer.insert("status".to_owned(), json!(audit.status as i64));
    tell_reason(audit, "ScreenShot", &mut answer);
    answer.insert("user_version".to_owned(), json!(audit.upload.version));
    answer.insert("user_desc".to_owned(), json!(audit.upload.description));
    answer.insert("submit_audit_time".to_owned(), json!(audit.submitted_at.as_unix()));
    Step::answer(Content::Fields(answer))
}

fn tell_reason(audit: &Audit, screenshots: &str, answer: &mut Object) {
    if matches!(audit.status, Status::Rejected | Status::Delayed) {
        answer.insert("reason".to_owned(), json!(audit.reason));
    }
    if audit.status == Status::Rejected && !audit.screenshots.is_empty() {
        answer.insert(screenshots.to_owned(), json!(audit.screenshots.join("|")));
    }
}

pub(super) fn undocodeaudit(view: &WeView<'_>) -> Verdict {
    if !view.state.audits.last().is_some_and(|audit| audit.status.is_open()) {
        return Err(Refusal::code(87012));
    }
    let same = |format: &str| {
        let now = view.now.to_civil(format, 8);
        view.state.withdrawals.iter().filter(|at: &&Timestamp| at.to_civil(format, 8) == now).count()
    };
    let settings = view.settings;
    if same("%Y-%m-%d") >= settings.wechat_withdrawals_per_day
        || same("%Y-%m") >= settings.wechat_withdrawals_per_month
    {
        return Err(Refusal::code(87013));
    }
    Step::effect(|scene: &mut WeScene<'_>| {
        scene.state.withdrawals.push(scene.now);
        if let Some(audit) = scene.state.audits.last_mut() {
            audit.status = Status::Withdrawn;
        }
        Content::Done
    })
}

pub(super) fn speedupaudit(view: &WeView<'_>) -> Verdict {
    let audit = named(view)?;
    let id = audit.id;
    if !audit.status.is_open() {
        return Err(Refusal::code(89402));
    }
    if audit.expedited {
        return Err(Refusal::code(89404));
    }
    if speedups_left(view) == 0 {
        return Err(Refusal::code(89405));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.platform.wechat.speedups.spend(scene.now);
        if let Some(audit) = scene.state.audits.iter_mut().find(|audit| audit.id == id) {
            audit.expedited = true;
        }
        Content::Done
    })
}

fn audits_left(view: &WeView<'_>) -> u32 {
    view.platform.wechat.audits.left(view.settings.wechat_audits, view.now)
}

fn speedups_left(view: &WeView<'_>) -> u32 {
    view.platform.wechat.speedups.left(view.settings.wechat_speedups, view.now)
}

pub(super) fn queryquota(view: &WeView<'_>) -> Verdict {
    Step::answer(json!({
        "rest": audits_left(view),
        "limit": view.settings.wechat_audits,
        "speedup_rest": speedups_left(view),
        "speedup_limit": view.settings.wechat_speedups,
    }))
}
