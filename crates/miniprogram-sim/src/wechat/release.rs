//! What users see: release, rollback, gray release, visit status, library version.

use serde_json::{Value, json};

use super::{Gray, Status, Step, Verdict, WeScene, WeView};
use crate::call::{Call, Content, Refusal};

pub(super) fn release(view: &WeView<'_>) -> Verdict {
    let audit = view.state.audits.last().ok_or(Refusal::code(85019))?;
    match audit.status {
        Status::Approved if audit.released => Err(Refusal::code(85052)),
        Status::Approved => Step::effect(|scene: &mut WeScene<'_>| {
            scene.state.release(scene.now);
            scene.state.profile.release();
            Content::Done
        }),
        Status::Withdrawn => Err(Refusal::code(85019)),
        Status::Rejected | Status::InReview | Status::Delayed => Err(Refusal::code(85020)),
    }
}

/// Whether a call of revertcoderelease only lists the targets.
pub(super) fn only_lists(call: &Call) -> bool {
    call.path == "/wxa/revertcoderelease" && call.query("action") == Some("get_history_version")
}

/// How many versions the list shows.
pub(super) const LISTED: usize = 5;

pub(super) fn revertcoderelease(view: &WeView<'_>) -> Verdict {
    let earlier = &view.state.earlier;
    let listed = &earlier[earlier.len().saturating_sub(LISTED)..];
    if only_lists(view.call) {
        let versions: Vec<Value> = listed
            .iter()
            .map(|release| {
                json!({
                    "app_version": release.number,
                    "user_version": release.version,
                    "user_desc": release.description,
                    "commit_time": release.committed_at.as_unix(),
                })
            })
            .collect();
        return Step::answer(json!({ "version_list": versions }));
    }
    if view.state.running_gray().is_some() {
        return Err(Refusal::code(87011));
    }
    let target = match view.call.query("app_version") {
        None => listed.last(),
        Some(number) => {
            let number: u64 = number.parse().map_err(|_| Refusal::code(40097))?;
            listed.iter().find(|release| release.number == number)
        }
    };
    let mut target = target.cloned().ok_or(Refusal::code(87012))?;
    Step::effect(move |scene: &mut WeScene<'_>| {
        target.released_at = scene.now;
        scene.state.online = Some(target);
        // One step back; the next needs a release first.
        scene.state.earlier.clear();
        Content::Done
    })
}

pub(super) fn grayrelease(view: &WeView<'_>) -> Verdict {
    let flag = |name: &str| view.body.get(name) == Some(&Value::Bool(true));
    let (debuggers_first, experiencers_first) =
        (flag("support_debuger_first"), flag("support_experiencer_first"));
    let lowest = if debuggers_first || experiencers_first { 0 } else { 1 };
    let percentage = view.body.get("gray_percentage").and_then(Value::as_u64);
    let percentage = percentage.and_then(|percentage| u8::try_from(percentage).ok());
    let percentage =
        percentage.filter(|percentage| (lowest..=100).contains(percentage)).ok_or(Refusal::code(85081))?;
    if view.state.online.is_none() {
        return Err(Refusal::code(85079));
    }
    if view.state.approved().is_none() {
        return Err(Refusal::code(85080));
    }
    if view.state.running_gray().is_some_and(|gray| percentage <= gray.percentage) {
        return Err(Refusal::code(85082));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let created_at = scene.state.running_gray().map_or(scene.now, |gray| gray.created_at);
        scene.state.gray =
            Some(Gray { status: 1, created_at, percentage, debuggers_first, experiencers_first });
        Content::Done
    })
}

pub(super) fn revertgrayrelease(_: &WeView<'_>) -> Verdict {
    Step::effect(|scene: &mut WeScene<'_>| {
        if let Some(gray) = &mut scene.state.gray
            && gray.status == 1
        {
            gray.status = 4;
        }
        Content::Done
    })
}

pub(super) fn getgrayreleaseplan(view: &WeView<'_>) -> Verdict {
    let plan = view.state.gray.as_ref().map_or_else(
        || {
            json!({
                "status": 0,
                "create_timestamp": 0,
                "gray_percentage": 0,
                "support_debuger_first": false,
                "support_experiencer_first": false,
            })
        },
        |gray| {
            json!({
                "status": gray.status,
                "create_timestamp": gray.created_at.as_unix(),
                "gray_percentage": gray.percentage,
                "support_debuger_first": gray.debuggers_first,
                "support_experiencer_first": gray.experiencers_first,
            })
        },
    );
    Step::answer(json!({ "gray_release_plan": plan }))
}

pub(super) fn change_visitstatus(view: &WeView<'_>) -> Verdict {
    let closed = match view.body.get("action").and_then(Value::as_str) {
        Some("close") => true,
        Some("open") => false,
        _ => return Err(Refusal::code(85022)),
    };
    if view.state.online.is_none() {
        return Err(Refusal::code(85021));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.closed = closed;
        Content::Done
    })
}

pub(super) fn getvisitstatus(view: &WeView<'_>) -> Verdict {
    Step::answer(json!({ "status": i64::from(!view.state.closed) }))
}

pub(super) fn get_support_version(view: &WeView<'_>) -> Verdict {
    Step::answer(json!({
        "now_version": view.state.library(),
        "uv_info": { "items": [
            { "percentage": 0, "version": "1.0.0" },
            { "percentage": 0, "version": "1.0.1" },
            { "percentage": 0, "version": "1.1.0" },
        ] },
    }))
}

pub(super) fn set_support_version(view: &WeView<'_>) -> Verdict {
    let version =
        view.body.get("version").and_then(Value::as_str).filter(|version| is_library_version(version));
    let version = version.ok_or(Refusal::code(85015))?.to_owned();
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.library = Some(version);
        Content::Done
    })
}

/// Three numbers, the first from 1 to 3: the library versions that exist.
pub(crate) fn is_library_version(text: &str) -> bool {
    let parts: Vec<Option<u16>> = text.split('.').map(|part| part.parse().ok()).collect();
    matches!(parts[..], [Some(1..=3), Some(_), Some(_)]) && !text.contains('+')
}
