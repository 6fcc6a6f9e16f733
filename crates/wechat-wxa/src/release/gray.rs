//! The effects of `grayrelease` and `revertgrayrelease`.

use std::cmp::Ordering;

use async_trait::async_trait;
use miniprogram_core::model::GrayReleasePlan;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview};
use miniprogram_core::vendor_api::wire::is_empty;
use miniprogram_core::{AuditId, EffectValue, GrayRelease, GrayStatus, Intent, Result};
use serde_json::{Map, Value};

use super::options::GrayReleaseOptions;
use crate::audit_status::{expect_approved, latest_call, read_latest};
use crate::codes::GRAY;
use crate::endpoints;
use crate::{REFUSE, wire};

pub(super) const START: &str = "start_gray_release";
const CANCEL: &str = "cancel_gray_release";
/// The field that contains the plan.
const PLAN: &str = "gray_release_plan";

/// Releases to a share of the users, or raises that share.
pub(crate) struct StartGrayRelease {
    percentage: u8,
    /// The audit that must be the approved one.
    audit: Option<AuditId>,
    /// Whether project members and experience members come first.
    developers: bool,
    testers: bool,
}

impl StartGrayRelease {
    pub(crate) fn new(gray: &GrayRelease) -> Result<Self> {
        let options = GrayReleaseOptions::read(&gray.options)?;
        let [developers, testers] =
            [options.developers_first, options.testers_first].map(Option::unwrap_or_default);
        let invalid = |rule: String| Err(REFUSE.invalid(START, "percentage", rule));
        match gray.percentage {
            0 if !developers && !testers => invalid(
                "must be 1 to 100, or 0 with developers or testers first, is 0 with neither".to_owned(),
            ),
            101.. => invalid(format!("must be 0 to 100, is {}", gray.percentage)),
            percentage => Ok(Self { percentage, audit: gray.audit.clone(), developers, testers }),
        }
    }

    /// The request names no audit: it acts on the newest one.
    async fn expect_approved(&self, op: &mut Op<'_>) -> Result<()> {
        match &self.audit {
            Some(wanted) => expect_approved(START, &read_latest(op).await?, wanted),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl EffectPlan for StartGrayRelease {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        let preview = Preview::new(self.request(&Value::Null)?);
        Ok(if self.audit.is_some() { preview.after(latest_call()) } else { preview })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        self.expect_approved(op).await.map(|()| Value::Null)
    }

    async fn before_repeat(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<()> {
        self.expect_approved(op).await
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        let mut body = Map::new();
        body.insert("gray_percentage".to_owned(), Value::from(self.percentage));
        // In the vendor's spelling, one g is missing.
        let flags = [("support_debuger_first", self.developers), ("support_experiencer_first", self.testers)];
        for (name, _) in flags.into_iter().filter(|(_, is_set)| *is_set) {
            body.insert(name.to_owned(), Value::Bool(true));
        }
        Ok(Call::to(&endpoints::START_GRAY_RELEASE).with_json(&Value::Object(body)))
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let plan = match read_plan(op).await? {
            Shown::Untold => return Ok(Finding::Untold(PLAN)),
            Shown::NoPlan => return Ok(Finding::Absent),
            Shown::Plan(plan) => plan,
        };
        if plan.status == GrayStatus::Unknown {
            return Ok(Finding::Pending);
        }
        if !plan.status.is_active() {
            return Ok(Finding::Absent);
        }
        let Some(share) = plan.percentage else {
            return Ok(Finding::Untold("gray_release_plan.gray_percentage"));
        };
        Ok(match share.cmp(&self.percentage) {
            Ordering::Less => Finding::Absent,
            Ordering::Equal => Finding::Done(EffectValue::None),
            Ordering::Greater => {
                Finding::Conflict(REFUSE.conflict(
                    START,
                    format!("the gray release is at {share} %, above {} %", self.percentage),
                ))
            }
        })
    }
}

/// Ends the gray release.
pub(crate) struct CancelGrayRelease;

#[async_trait]
impl EffectPlan for CancelGrayRelease {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::to(&endpoints::CANCEL_GRAY_RELEASE))
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let plan = match read_plan(op).await? {
            Shown::Untold => return Ok(Finding::Untold(PLAN)),
            Shown::NoPlan => return Ok(Finding::Done(EffectValue::None)),
            Shown::Plan(plan) => plan,
        };
        Ok(match plan.status {
            GrayStatus::Initial | GrayStatus::Deleted => Finding::Done(EffectValue::None),
            GrayStatus::Running | GrayStatus::Paused => Finding::Absent,
            GrayStatus::Finished => Finding::Conflict(
                REFUSE.conflict(CANCEL, "the gray release has ended: everybody has the new version"),
            ),
            _ => Finding::Pending,
        })
    }
}

pub(super) fn plan_call() -> Call {
    Call::to(&endpoints::GRAY_RELEASE_PLAN)
}

/// The plan as the vendor reports it.
pub(super) enum Shown {
    /// Nothing. The response if there never was a plan is undocumented, so this proves nothing.
    Untold,
    /// There never was a plan: the initial state, without a time and for no users.
    NoPlan,
    Plan(GrayReleasePlan),
}

impl Shown {
    pub(super) fn plan(self) -> Option<GrayReleasePlan> {
        match self {
            Self::Plan(plan) => Some(plan),
            Self::Untold | Self::NoPlan => None,
        }
    }
}

/// Reads the plan.
pub(super) async fn read_plan(op: &mut Op<'_>) -> Result<Shown> {
    let reply = op.read(&plan_call()).await?;
    match reply.json.get(PLAN) {
        Some(plan) if !is_empty(plan) => {}
        _ => return Ok(Shown::Untold),
    }
    let plan: wire::GrayPlan = reply.decode_field(PLAN)?;
    let missing = || reply.protocol("is missing").with_field("gray_release_plan.status");
    let (status, raw) = GRAY.translate(plan.status.ok_or_else(missing)?);
    let flags = GrayReleaseOptions {
        developers_first: plan.support_debuger_first,
        testers_first: plan.support_experiencer_first,
    };
    let percentage = plan.gray_percentage.and_then(|share| u8::try_from(share).ok());
    let created_at = wire::time(plan.create_timestamp);
    if status == GrayStatus::Initial && created_at.is_none() && percentage.unwrap_or(0) == 0 {
        return Ok(Shown::NoPlan);
    }
    Ok(Shown::Plan(
        GrayReleasePlan::new(status, raw).with_share(percentage, created_at).with_extra(flags.reported()),
    ))
}
