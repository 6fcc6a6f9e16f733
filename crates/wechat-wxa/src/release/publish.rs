//! The effect of `release`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::pipeline::{
    AfterRefusal, Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat,
};
use miniprogram_core::{
    AuditId, AuditStatus, Code, EffectValue, Error, GrayStatus, Intent, Outcome, ReleaseTarget, Result,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::gray::{Shown, read_plan};
use crate::REFUSE;
use crate::audit_status::{expect_approved, latest_call, latest_of, read_latest};
use crate::code::versions_call;
use crate::dialect::told;
use crate::endpoints;
use crate::{WECHAT, wire};
use miniprogram_core::vendor_api::kit::snapshot::kept;

const OPERATION: &str = "release";
/// The code for an approved version that is already online.
const RELEASED_ALREADY: Code = Code::Number(85052);

/// Releases the approved version; the call itself does not name one.
pub(crate) struct Release {
    target: ReleaseTarget,
}

/// The state read before the effect.
#[derive(Serialize, Deserialize)]
struct Before {
    /// The audit that is about to be released, if the vendor reports it.
    #[serde(default)]
    audit: Option<AuditId>,
    /// The version that is about to go online, if the vendor reports it.
    version: Option<String>,
    /// The time of submission, if the vendor reports it.
    submitted_at: Option<Timestamp>,
    /// The vendor's time in whole seconds: no attempt releases anything earlier than this.
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

#[async_trait]
impl EffectPlan for Release {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.request(&Value::Null)?).after(latest_call()))
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let reply = op.read(&latest_call()).await?;
        let latest = latest_of(&reply)?;
        if let ReleaseTarget::Audit(wanted) = &self.target {
            expect_approved(OPERATION, &latest, wanted)?;
        }
        let approved = latest.status == AuditStatus::Approved;
        // If the latest audit is not approved, it is not the one that an unnamed release targets.
        let audit = Some(latest).filter(|_| approved);
        Ok(json!(Before {
            audit: audit.as_ref().and_then(|audit| audit.audit_id.clone()),
            version: audit.as_ref().and_then(|audit| told(audit.version.clone())),
            submitted_at: audit.and_then(|audit| audit.submitted_at),
            since: reply.date.unwrap_or(reply.received_at).as_unix(),
        }))
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::to(&endpoints::RELEASE).with_json(&json!({})))
    }

    /// The request names no audit: once another one is the latest, it would release that one.
    async fn before_repeat(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<()> {
        match &self.target {
            ReleaseTarget::Audit(wanted) => expect_approved(OPERATION, &read_latest(op).await?, wanted),
            _ => Ok(()),
        }
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before: Before = kept(OPERATION, &intent.before)?;
        let info: wire::VersionInfo = op.read(&versions_call()).await?.decode()?;
        let online = info.release_info.unwrap_or_default();
        let (version, time) = (told(online.release_version), online.release_time.filter(|time| *time > 0));
        let is_fresh = time.is_some_and(|time| time >= before.since);
        match (&before.version, &version) {
            (Some(ours), Some(shown)) if ours != shown && is_fresh => {
                let detail = format!("version {shown:?} was released meanwhile, not {ours:?}");
                return Ok(Finding::Conflict(
                    REFUSE.conflict(OPERATION, detail).with_outcome(Outcome::Unknown),
                ));
            }
            (Some(ours), Some(shown)) if ours != shown => return Ok(Finding::Absent),
            _ if is_fresh => return Ok(Finding::Done(EffectValue::None)),
            _ => {}
        }
        // A full release ends a running gray release: the version may keep the time of the gray release.
        let untold = match before.submitted_at {
            Some(submitted_at) => match read_plan(op).await? {
                Shown::Plan(plan) => {
                    let ended = plan.status == GrayStatus::Finished
                        && plan.created_at.is_some_and(|created| created >= submitted_at);
                    if ended {
                        return Ok(Finding::Done(EffectValue::None));
                    }
                    None
                }
                Shown::NoPlan => None,
                Shown::Untold => Some("gray_release_plan"),
            },
            None => None,
        };
        let untold = match (&before.version, version, time) {
            (Some(_), None, _) => Some("release_info.release_version"),
            (_, _, None) => Some("release_info.release_time"),
            (Some(_), Some(_), Some(_)) => untold,
            (None, _, Some(_)) => None,
        };
        Ok(untold.map_or(Finding::Absent, Finding::Untold))
    }

    fn after_refusal(&self, _intent: &Intent, refusal: &Error) -> AfterRefusal {
        if refusal.code() == Some(&RELEASED_ALREADY) {
            AfterRefusal::DoneUnlessShown(EffectValue::None)
        } else {
            AfterRefusal::Ask
        }
    }

    /// By the time of the next release, "what is approved" is a different audit.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        if matches!(self.target, ReleaseTarget::Audit(_)) {
            return Ok(Repeat::Same);
        }
        let before: Before = kept(OPERATION, &intent.before)?;
        let latest = read_latest(op).await?;
        let same = match (before.audit, &latest.audit_id) {
            (Some(released), Some(latest)) => Some(released == *latest),
            _ => None,
        };
        Ok(match same {
            Some(true) => Repeat::Same,
            Some(false) if latest.status == AuditStatus::Approved => Repeat::New,
            Some(false) => {
                Repeat::Indeterminate(format!("the latest audit is another one, and it is {}", latest.status))
            }
            None => Repeat::Indeterminate("the released audit is missing".to_owned()),
        })
    }
}
