//! WeChat: illegal records, appeals and name rules.

use std::collections::BTreeMap;

use miniprogram_core::AppId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Result, done, json_of, parse};
use crate::call::Call;
use crate::hub::Hub;
use crate::verdict::Decision;
use crate::wechat;

pub(super) fn name_rules(hub: &Hub, call: &Call, method: &str) -> Result<Option<Value>> {
    match method {
        "GET" => json_of(hub.with(|world, _| world.platform.wechat.name_rules.clone())),
        "PUT" => {
            let rules: BTreeMap<String, i64> = parse(call)?;
            hub.with(|world, _| world.platform.wechat.name_rules = rules);
            done()
        }
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRecord {
    reason: String,
    #[serde(default)]
    content: String,
}

/// `apps/{app}/illegal-records`.
pub(super) fn add_illegal_record(hub: &Hub, call: &Call, app: &AppId) -> Result<Option<Value>> {
    let new: NewRecord = parse(call)?;
    let id = hub.with(|world, now| wechat::add_breach(world, app, &new.reason, &new.content, now))?;
    Ok(Some(json!({ "illegal_record_id": id })))
}

/// `apps/{app}/illegal-records/{id}/appeal`.
pub(super) fn decide_appeal(hub: &Hub, call: &Call, app: &AppId, record: &str) -> Result<Option<Value>> {
    let decision: Decision = parse(call)?;
    hub.with(|world, now| wechat::add_appeal(world, app, record, &decision, now))?;
    done()
}
