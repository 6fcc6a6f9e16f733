//! The effects of `change_visitstatus` and `setweappsupportversion`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op};
use miniprogram_core::{EffectValue, Intent, Result, Visit, VisitStatus};
use serde_json::{Value, json};

use crate::client;
use crate::codes::VISIT;
use crate::dialect::told;
use crate::{refuse, wire};

const VISIT_OPERATION: &str = "set_visit_status";
const LIBRARY_OPERATION: &str = "set_min_library_version";

fn visit_call() -> Call {
    Call::post_json("visit_status", "/wxa/getvisitstatus", &json!({}))
}

pub(super) async fn read_visit(op: &mut Op<'_>) -> Result<Visit> {
    let reply = op.read(&visit_call()).await?;
    let visit: wire::VisitReply = client::decode(&reply)?;
    let (status, raw) = VISIT.translate(visit.status.ok_or_else(|| client::missing(&reply, "status"))?);
    Ok(Visit::new(status, Some(raw)))
}

pub(super) fn library_call() -> Call {
    Call::post_json("min_library_version", "/cgi-bin/wxopen/getweappsupportversion", &json!({}))
}

/// Opens or closes the version online.
pub(crate) struct SetVisitStatus {
    status: VisitStatus,
    action: &'static str,
}

impl SetVisitStatus {
    pub(crate) fn new(status: VisitStatus) -> Result<Self> {
        match status {
            VisitStatus::Open => Ok(Self { status, action: "open" }),
            VisitStatus::Closed => Ok(Self { status, action: "close" }),
            _ => {
                let rule = format!("must be open or closed, is {status}");
                Err(refuse::invalid(VISIT_OPERATION, "status", rule))
            }
        }
    }
}

#[async_trait]
impl EffectPlan for SetVisitStatus {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        let body = json!({ "action": self.action });
        Ok(Call::post_json(VISIT_OPERATION, "/wxa/change_visitstatus", &body))
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        Ok(match read_visit(op).await?.status {
            status if status == self.status => Finding::Done(EffectValue::None),
            VisitStatus::Unknown => Finding::Pending,
            _ => Finding::Absent,
        })
    }
}

/// Sets the lowest base library version.
pub(crate) struct SetMinLibraryVersion {
    version: String,
}

impl SetMinLibraryVersion {
    pub(crate) fn new(version: &str) -> Result<Self> {
        refuse::required(LIBRARY_OPERATION, "version", version)?;
        Ok(Self { version: version.to_owned() })
    }
}

#[async_trait]
impl EffectPlan for SetMinLibraryVersion {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        let body = json!({ "version": self.version });
        Ok(Call::post_json(LIBRARY_OPERATION, "/cgi-bin/wxopen/setweappsupportversion", &body))
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let library: wire::Library = client::read(op, &library_call()).await?;
        Ok(match told(library.now_version) {
            Some(version) if version == self.version.trim() => Finding::Done(EffectValue::None),
            Some(_) => Finding::Absent,
            None => Finding::Untold("now_version"),
        })
    }
}
