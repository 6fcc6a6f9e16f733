//! The order page of an app.

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use super::push::{self, cdata};
use super::{ComponentScene, ComponentStep, ComponentVerdict, ComponentView, Step, Verdict, WeView, input};
use crate::call::{Content, Object, Refusal};
use crate::pushes::Push;
use crate::verdict::ReviewItem;
use crate::world::{Account, App, Planned, scheduled_review};

/// Its audit result, as WeChat's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    InReview = 2,
    Failed = 3,
    Approved = 4,
}

/// An app's newest application.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    platform_id: AppId,
    audit: u64,
    /// The fields as sent.
    fields: Object,
    status: Status,
    reason: String,
    applied_at: Timestamp,
    audited_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct OrderPath {
    released: Option<Application>,
    newest: Option<Application>,
}

impl OrderPath {
    pub(super) fn pending(&self) -> Option<&Application> {
        self.newest.as_ref().filter(|application| application.status == Status::InReview)
    }

    pub(super) fn decide(
        &mut self,
        audit: Option<u64>,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Option<Application> {
        let application = self.newest.as_mut()?;
        if application.status != Status::InReview || audit.is_some_and(|audit| audit != application.audit) {
            return None;
        }
        application.reason = reason.unwrap_or_default().to_owned();
        application.status = if reason.is_some() { Status::Failed } else { Status::Approved };
        application.audited_at = now;
        if application.status == Status::Approved {
            self.released = Some(application.clone());
        }
        Some(application.clone())
    }
}

/// The response for each app: accepted, a duplicate, or not authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Accepted = 0,
    Duplicate = 1,
    UnknownApp = -2,
}

/// The result for each app is pushed later.
pub(super) fn applysetorderpathinfo(view: &ComponentView<'_>) -> ComponentVerdict {
    let request = view.body.get("batch_req").and_then(Value::as_object).ok_or(Refusal::code(40097))?;
    input::text(request, "path").filter(|path| !path.is_empty()).ok_or(Refusal::code(40097))?;
    input::texts(request, "img_list")?;
    let apps = input::texts(request, "appid_list")?;
    if apps.is_empty() {
        return Err(Refusal::code(40097));
    }
    let mut fields = request.clone();
    fields.remove("appid_list");
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        let mut taken = String::new();
        for app in apps {
            let app = AppId::new(app);
            let result = take(scene, &app, &fields);
            let (app, code) = (cdata(app.as_str()), result as i8);
            taken.push_str(&format!("<list><appid>{app}</appid><ret_code>{code}</ret_code></list>"));
        }
        let platform_id = scene.app_id.clone();
        scene.jobs.push(Planned::timed(scene.now, move |world, now| {
            let info_type = "order_path_apply_result_notify";
            world.send(push::of_platform(platform_id.as_str(), info_type, &taken, now), now);
        }));
        Content::Done
    })
}

fn take(scene: &mut ComponentScene<'_>, app: &AppId, fields: &Object) -> Taken {
    let Some(App { account: Account::WeChat(account), .. }) = scene.state.get_mut(app) else {
        return Taken::UnknownApp;
    };
    let path = &mut account.profile.order_path;
    if path.pending().is_some() {
        return Taken::Duplicate;
    }
    let audit = scene.platform.next_audit;
    scene.platform.next_audit += 1;
    path.newest = Some(Application {
        platform_id: scene.app_id.clone(),
        audit,
        fields: fields.clone(),
        status: Status::InReview,
        reason: String::new(),
        applied_at: scene.now,
        audited_at: scene.now,
    });
    let (policy, item) = (&scene.settings.audit_policy, ReviewItem::OrderPath);
    scene.jobs.extend(scheduled_review(policy, app, item, audit, scene.now));
    Taken::Accepted
}

impl Application {
    pub(super) fn audit(&self) -> u64 {
        self.audit
    }

    pub(super) fn path(&self) -> &str {
        input::text(&self.fields, "path").unwrap_or_default()
    }

    pub(super) fn push_audited(&self, app: &AppId) -> Push {
        let list = format!(
            "<list><audit_id>{}</audit_id><appid>{}</appid><status>{}</status><apply_time>{}</apply_time>\
             <audit_time>{}</audit_time><reason>{}</reason></list>",
            self.audit,
            cdata(app.as_str()),
            self.status as u8,
            self.applied_at.as_unix(),
            self.audited_at.as_unix(),
            cdata(&self.reason),
        );
        let info_type = "order_path_audit_result_notify";
        push::of_platform(self.platform_id.as_str(), info_type, &list, self.audited_at)
    }
}

pub(super) fn getorderpathinfo(view: &WeView<'_>) -> Verdict {
    let path = &view.state.profile.order_path;
    let application = match view.call.query("info_type") {
        Some("0") => path.released.as_ref(),
        Some("1") => path.newest.as_ref(),
        _ => return Err(Refusal::code(40097)),
    };
    let application = application.ok_or(Refusal::code(61041))?;
    let text = |name: &str| json!(input::text(&application.fields, name).unwrap_or_default());
    Step::answer(json!({ "msg": {
        "path": text("path"),
        "img_list": application.fields.get("img_list").cloned().unwrap_or_else(|| json!([])),
        "video": text("video"),
        "test_account": text("test_account"),
        "test_pwd": text("test_pwd"),
        "test_remark": text("test_remark"),
        "status": application.status as u64,
        "apply_time": application.applied_at.as_unix(),
    } }))
}
