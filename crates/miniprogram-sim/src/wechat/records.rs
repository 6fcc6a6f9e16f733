//! Illegal records, and appeals against them.

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use super::push::{About, cdata};
use super::{Step, Verdict, WeView, input};
use crate::call::Refusal;
use crate::error::SimError;
use crate::verdict::Decision;
use crate::world::{Account, App, Apps, World};

/// The penalty until an appeal succeeds.
pub(super) const PUNISHMENT: &str = "限制搜索";

#[derive(Debug, Clone)]
struct Breach {
    id: String,
    at: Timestamp,
    reason: String,
    content: String,
    appeals: Vec<Appeal>,
}

/// Result of an appeal, as WeChat's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AppealStatus {
    Rejected = 2,
    Approved = 3,
}

#[derive(Debug, Clone)]
struct Appeal {
    id: u64,
    at: Timestamp,
    status: AppealStatus,
    reason: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Records(Vec<Breach>);

impl Records {
    /// Whether no appeal against it has succeeded.
    pub(super) fn is_punished(&self) -> bool {
        let stands =
            |breach: &Breach| !breach.appeals.iter().any(|appeal| appeal.status == AppealStatus::Approved);
        self.0.iter().any(stands)
    }
}

/// Adds an illegal record and returns its id.
pub(crate) fn add_breach(
    world: &mut World,
    app: &AppId,
    reason: &str,
    content: &str,
    now: Timestamp,
) -> Result<String, SimError> {
    let records = &mut account(&mut world.apps, app)?.1.profile.records.0;
    let id = input::digest(1, &[app.as_str().as_bytes(), &records.len().to_le_bytes()]);
    let (reason, content) = (reason.to_owned(), content.to_owned());
    records.push(Breach { id: id.clone(), at: now, reason, content, appeals: Vec::new() });
    Ok(id)
}

/// Adds a decided appeal and pushes it.
pub(crate) fn add_appeal(
    world: &mut World,
    app: &AppId,
    breach: &str,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), SimError> {
    let (status, reason) = match decision {
        Decision::Approve => (AppealStatus::Approved, String::new()),
        Decision::Reject { reason, .. } => (AppealStatus::Rejected, reason.clone()),
        Decision::Delay { .. } => return Err(SimError::Unsupported(app.clone(), "delayed appeals")),
    };
    let appeal = Appeal { id: world.platform.next_audit, at: now, status, reason };
    world.platform.next_audit += 1;
    let (original_id, account) = account(&mut world.apps, app)?;
    let found = account.profile.records.0.iter_mut().find(|found| found.id == breach);
    let found =
        found.ok_or_else(|| SimError::InvalidArgument(format!("no illegal record has the id {breach}")))?;
    found.appeals.push(appeal.clone());
    let (count, content) = (found.appeals.len(), cdata(&found.content));
    let rest = format!(
        "<appeal_record_id>{}</appeal_record_id><appid>{}</appid><appeal_time>{}</appeal_time>\
         <appeal_count>{count}</appeal_count><appeal_from>0</appeal_from><appeal_status>{}</appeal_status>\
         <punish_description>{}</punish_description><audit_reason>{}</audit_reason>\
         <material><illegal_material><content>{content}</content><content_url></content_url></illegal_material>\
         <appeal_material><reason>{}</reason></appeal_material></material>",
        appeal.id,
        cdata(app.as_str()),
        now.as_unix(),
        appeal.status as u8,
        cdata(PUNISHMENT),
        cdata(&appeal.reason),
        cdata("已整改"),
    );
    let push = About { app, original_id: &original_id, now }.push("wxa_appeal_record", &rest);
    world.send(push, now);
    Ok(())
}

fn account<'a>(apps: &'a mut Apps, app: &AppId) -> Result<(String, &'a mut super::Account), SimError> {
    match apps.get_mut(app) {
        None => Err(SimError::UnknownApp(app.clone())),
        Some(App { account: Account::WeChat(account), original_id, .. }) => {
            Ok((original_id.clone(), account.as_mut()))
        }
        Some(_) => Err(SimError::Unsupported(app.clone(), "illegal records")),
    }
}

/// Times are seconds since the epoch; without them all records are returned.
pub(super) fn getillegalrecords(view: &WeView<'_>) -> Verdict {
    let time = |name: &str| match view.body.get(name) {
        None => Ok(None),
        Some(time) => time.as_i64().map(Some).ok_or(Refusal::code(47003)),
    };
    let (start, end) = (time("start_time")?, time("end_time")?);
    let within = |at: i64| start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end);
    let records: Vec<Value> = view
        .state
        .profile
        .records
        .0
        .iter()
        .filter(|breach| within(breach.at.as_unix()))
        .map(|breach| {
            json!({
                "illegal_record_id": breach.id,
                "create_time": breach.at.as_unix(),
                "illegal_reason": breach.reason,
                "illegal_content": breach.content,
                "rule_url": "https://developers.weixin.qq.com/miniprogram/product/",
                "rule_name": "微信小程序平台运营规范",
            })
        })
        .collect();
    Step::answer(json!({ "records": records }))
}

pub(super) fn getappealrecords(view: &WeView<'_>) -> Verdict {
    let id = input::text(view.body, "illegal_record_id").ok_or(Refusal::code(47003))?;
    let breach = view.state.profile.records.0.iter().find(|breach| breach.id == id);
    let appeals = breach.map(|breach| breach.appeals.as_slice()).unwrap_or_default();
    let records: Vec<Value> = (1_u64..)
        .zip(appeals)
        .map(|(count, appeal)| {
            json!({
                "appeal_record_id": appeal.id,
                "appeal_time": appeal.at.as_unix(),
                "appeal_count": count,
                "appeal_from": 0,
                "appeal_status": appeal.status as u64,
                "audit_time": appeal.at.as_unix(),
                "audit_reason": appeal.reason,
                "punish_description": PUNISHMENT,
                "materials": [],
            })
        })
        .collect();
    Step::answer(json!({ "records": records }))
}
