//! Packages: upload, audit, release, rollback.

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use super::state::{Package, Status};
use super::{Account as BdAccount, BdScene, BdView, Step, Verdict};
use crate::call::{Call, Content, Object, Refusal};
use crate::config::Settings;
use crate::world::{Account, App, Planned, World, scheduled};

pub(super) fn upload(view: &BdView<'_>) -> Verdict {
    let required = |name: &str| view.call.param(name).map(str::to_owned).ok_or(Refusal::code(40001));
    let template = required("template_id")?;
    let (version, description) = (required("user_version")?, required("user_desc")?);
    let ext = ext_json(&required("ext_json")?)?;
    if version.is_empty() || !view.settings.knows_template(&template.into()) {
        return Err(Refusal::code(40001));
    }
    // Document 001 calls the field a string and shows a boolean.
    let wanted = |value: &Value| *value == true || value == "true";
    let direct_commit = ext.get("extEnable").is_some_and(|value| *value == true)
        && ext.get("directCommit").is_some_and(wanted);
    Step::effect(move |scene: &mut BdScene<'_>| {
        let id = scene.platform.next_package;
        scene.platform.next_package += 1;
        let failure = scene.state.failure.take();
        let ready_at = scene.now.after(scene.settings.upload_time);
        scene.state.add(Package {
            id,
            version,
            description,
            committed_at: scene.now,
            ready_at,
            failure,
            status: Status::Development,
            message: String::new(),
            remark: String::new(),
            online_at: scene.now,
        });
        if direct_commit {
            let app = scene.app_id.clone();
            scene
                .jobs
                .push(Planned::quiet(ready_at, move |world, now| submit_directly(world, &app, id, now)));
        }
        Content::Done
    })
}

/// Submits an upload that asked for it, once it is ready.
fn submit_directly(world: &mut World, app_id: &AppId, id: u64, now: Timestamp) {
    let Some(App { account: Account::Baidu(account), effects, .. }) = world.apps.get_mut(app_id) else {
        return;
    };
    let is_ready = account.package(id).is_some_and(|package| package.is_ready(now));
    if account.has_open_audit() || account.profile.obstacle().is_some() || !is_ready {
        return;
    }
    account.submit(id, "", now);
    effects.count("submit_audit");
    if let Some(planned) = scheduled(&world.settings.audit_policy, app_id, id, now) {
        world.plan(planned);
    }
}

/// Parses JSON text of an object with a boolean `extEnable`.
fn ext_json(text: &str) -> Result<Object, Refusal> {
    let fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        _ => return Err(Refusal::code(69004)),
    };
    match fields.get("extEnable") {
        Some(Value::Bool(_)) => Ok(fields),
        _ => Err(Refusal::code(69004)),
    }
}

/// Returns the package named by `package_id`.
fn named<'a>(view: &'a BdView<'_>) -> Result<&'a Package, Refusal> {
    find(view.state, view.call, view.now)
}

fn find<'a>(state: &'a BdAccount, call: &Call, now: Timestamp) -> Result<&'a Package, Refusal> {
    let id = call.param("package_id").filter(|id| !id.is_empty()).ok_or(Refusal::code(40001))?;
    let id: u64 = id.parse().map_err(|_| Refusal::code(40001))?;
    let package = state.package(id).filter(|package| package.is_ready(now));
    package.ok_or(Refusal::code(69005))
}

pub(super) fn submitaudit(view: &BdView<'_>) -> Verdict {
    let package = named(view)?;
    let id = package.id;
    let given =
        |name: &str| view.call.param(name).filter(|text| !text.is_empty()).ok_or(Refusal::code(40001));
    given("content")?;
    let remark = given("remark")?.to_owned();
    if view.state.has_open_audit() {
        return Err(Refusal::code(50052));
    }
    if !matches!(package.status, Status::Development | Status::Rejected) {
        return Err(Refusal::code(40045));
    }
    if let Some(code) = view.state.profile.obstacle() {
        return Err(Refusal::code(code));
    }
    let left = view.settings.baidu_audits.map(|limit| remaining(view, limit));
    if left == Some(0) {
        return Err(Refusal::code(69013));
    }
    Step::effect(move |scene: &mut BdScene<'_>| {
        scene.state.submit(id, &remark, scene.now);
        scene.jobs.extend(scheduled(&scene.settings.audit_policy, scene.app_id, id, scene.now));
        Content::Done
    })
}

fn remaining(view: &BdView<'_>, limit: u32) -> u32 {
    let used = u32::try_from(view.state.audits_this_week(view.now)).unwrap_or(u32::MAX);
    limit.saturating_sub(used)
}

pub(super) fn auditquota(view: &BdView<'_>) -> Verdict {
    let (times, left) = match view.settings.baidu_audits {
        None => (-1, -1),
        Some(limit) => (i64::from(limit), i64::from(remaining(view, limit))),
    };
    Step::answer(json!({ "quota_type": 2, "quota_times": times, "remain_times": left }))
}

pub(super) fn withdraw(view: &BdView<'_>) -> Verdict {
    let package = named(view)?;
    let id = package.id;
    if package.status != Status::InReview {
        return Err(Refusal::code(40045));
    }
    Step::effect(move |scene: &mut BdScene<'_>| {
        scene.state.withdraw(id);
        Content::Done
    })
}

pub(super) fn release(view: &BdView<'_>) -> Verdict {
    let package = named(view)?;
    let id = package.id;
    if package.status != Status::Approved {
        return Err(Refusal::code(40045));
    }
    if view.state.rolling_until.is_some() {
        return Err(Refusal::code(50015));
    }
    if !view.state.profile.is_authenticated {
        return Err(Refusal::code(50038));
    }
    Step::effect(move |scene: &mut BdScene<'_>| {
        scene.state.release(id, scene.now);
        Content::Done
    })
}

/// Takes the id of the package online.
pub(super) fn rollback(view: &BdView<'_>) -> Verdict {
    let package = named(view)?;
    if package.status != Status::Online {
        return Err(Refusal::code(40045));
    }
    if view.state.previous.is_none() {
        return Err(Refusal::code(40032));
    }
    Step::effect(|scene: &mut BdScene<'_>| {
        let (app_id, until) = (scene.app_id.clone(), scene.now.after(scene.settings.rollback_time));
        scene.state.start_rollback(until);
        scene.jobs.push(Planned::quiet(until, move |world, now| {
            if let Some(App { account: Account::Baidu(account), .. }) = world.apps.get_mut(&app_id) {
                account.end_rollback(now);
            }
        }));
        Content::Done
    })
}

pub(super) fn get(view: &BdView<'_>) -> Verdict {
    Step::answer(Content::Data(Value::Array(list(view.state, view.settings, view.now))))
}

/// At most one package in development, one in review, one online.
pub(super) fn list(state: &BdAccount, settings: &Settings, now: Timestamp) -> Vec<Value> {
    let mut list = Vec::new();
    if let Some(online) = state.online.and_then(|id| state.package(id)) {
        let mut object = online.to_json(now);
        if let Some(previous) = state.previous.and_then(|id| state.package(id)) {
            let prefix = if settings.rollback_version_prefix { "v" } else { "" };
            object["rollback_version"] = json!(format!("{prefix}{}", previous.version));
        }
        list.push(object);
    }
    for id in [state.review, state.development] {
        list.extend(id.and_then(|id| state.package(id)).map(|package| package.to_json(now)));
    }
    list
}

pub(super) fn getdetail(view: &BdView<'_>) -> Verdict {
    Step::answer(detail(view.state, view.call, view.now)?)
}

/// Returns the package that the request names, by id or as the newest of a status.
pub(super) fn detail(state: &BdAccount, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    if call.param("package_id").is_some() {
        return Ok(find(state, call, now)?.to_json(now));
    }
    let status: i64 = call.param("type").unwrap_or("1").parse().map_err(|_| Refusal::code(40001))?;
    let listed = [state.online, state.review, state.development].into_iter().flatten();
    let mut packages = listed.filter_map(|id| state.package(id)).filter(|package| package.is_ready(now));
    let package = packages.find(|package| package.status.code() == status).ok_or(Refusal::code(69005))?;
    Ok(package.to_json(now))
}

/// The previewed package: the newest one that is not online.
pub(super) fn gettrial(view: &BdView<'_>) -> Verdict {
    let state = view.state;
    let candidates = [state.development, state.review].into_iter().flatten();
    let mut packages =
        candidates.filter_map(|id| state.package(id)).filter(|package| package.is_ready(view.now));
    let package = packages.next().ok_or(Refusal::code(69005))?;
    Step::answer(package.to_json(view.now))
}
