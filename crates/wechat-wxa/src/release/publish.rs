//! The effect of `release`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op};
use miniprogram_core::{
    AuditStatus, EffectValue, Error, GrayStatus, Intent, ReleaseTarget, Result, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::gray::read_plan;
use crate::audit::{latest_call, latest_of};
use crate::before::seen;
use crate::client;
use crate::code::versions_call;
use crate::plan::WeChatEffect;
use crate::refuse::conflict;
use crate::{WECHAT, wire};

const OPERATION: &str = "release";

/// Releases what is approved; the call itself names nothing.
pub(crate) struct Release {
    target: ReleaseTarget,
}

/// What was seen before.
#[derive(Serialize, Deserialize)]
struct Before {
    /// The version that is about to be online, where the vendor tells.
    version: Option<String>,
    /// When it was submitted, where the vendor tells.
    submitted_at: Option<Timestamp>,
    /// The vendor's time in whole seconds: what is released by any attempt is released no earlier.
    since: i64,
}

impl Release {
    pub(crate) fn new(target: &ReleaseTarget) -> Result<Self> {
        match target {
            ReleaseTarget::Audit(_) | ReleaseTarget::Approved => Ok(Self { target: target.clone() }),
            _ => Err(Error::unsupported(WECHAT, OPERATION)),
        }
    }
}

impl WeChatEffect for Release {
    fn reads(&self) -> Vec<Call> {
        vec![latest_call()]
    }
}

#[async_trait]
impl EffectPlan for Release {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let reply = op.read(&latest_call()).await?;
        let latest = latest_of(&reply)?;
        let approved = latest.status == AuditStatus::Approved;
        if let ReleaseTarget::Audit(wanted) = &self.target {
            let detail = match &latest.audit_id {
                Some(id) if id != wanted => {
                    Some(format!("the latest audit is {id} ({}), not {wanted}", latest.status))
                }
                Some(id) if !approved => Some(format!("audit {id} is {}, not approved", latest.status)),
                Some(_) => None,
                None => Some(format!("there is no audit, {wanted} least of all")),
            };
            if let Some(detail) = detail {
                return Err(conflict(OPERATION, detail));
            }
        }
        // A latest audit that is not approved is not the one that an unnamed release is about.
        let audit = Some(latest).filter(|_| approved);
        Ok(json!(Before {
            version: audit.as_ref().and_then(|audit| audit.version.clone()),
            submitted_at: audit.and_then(|audit| audit.submitted_at),
            since: reply.date.unwrap_or(reply.received_at).as_unix(),
        }))
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::post_json(OPERATION, "/wxa/release", &json!({})))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before: Before = seen(OPERATION, &intent.before)?;
        let info: wire::VersionInfo = client::read(op, &versions_call()).await?;
        let online = info.release_info.unwrap_or_default();
        let version = online.release_version;
        if before.version.is_some() && version != before.version {
            return Ok(Finding::Absent);
        }
        if online.release_time.is_some_and(|time| time >= before.since) {
            return Ok(Finding::Done(EffectValue::None));
        }
        // A full release ends a gray one that runs: the version may keep the time of the gray release.
        let Some(submitted_at) = before.submitted_at else { return Ok(Finding::Absent) };
        let ended = read_plan(op).await?.is_some_and(|plan| {
            plan.status == GrayStatus::Finished
                && plan.created_at.is_some_and(|created| created >= submitted_at)
        });
        Ok(if ended { Finding::Done(EffectValue::None) } else { Finding::Absent })
    }
}
