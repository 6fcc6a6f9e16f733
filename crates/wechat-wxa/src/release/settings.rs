//! The effects of `set_visit_status` and `set_min_library_version`, and the reads that show them.

use miniprogram_core::model::{LibraryUsage, MinLibraryVersion, Visit};
use miniprogram_core::vendor_api::kit::{self, OneCall};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Reply};
use miniprogram_core::{EffectValue, Result, VisitStatus};
use serde_json::json;

use crate::codes::VISIT;
use crate::endpoints;
use crate::{REFUSE, wire};

/// `change_visitstatus`.
pub(crate) fn set_visit_status(status: VisitStatus) -> Result<Box<dyn EffectPlan>> {
    let action = kit::open_or_closed(REFUSE, status, "open", "close")?;
    let shown = |reply: &Reply| Ok(visit_of(reply)?.status);
    OneCall::new(
        EffectClass::Set,
        Call::to(&endpoints::SET_VISIT_STATUS).with_json(&json!({ "action": action })),
    )
    .shown_by(visit_call(), shown, move |now| match now {
        now if now == status => Finding::Done(EffectValue::None),
        VisitStatus::Unknown => Finding::Pending,
        _ => Finding::Absent,
    })
    .boxed()
}

/// `setweappsupportversion`.
pub(crate) fn set_min_library_version(version: &str) -> Result<Box<dyn EffectPlan>> {
    let set = Call::to(&endpoints::SET_MIN_LIBRARY_VERSION).with_json(&json!({ "version": version }));
    kit::set_min_library_version(REFUSE, version, set, library_call(), library_version, "now_version")
}

/// `getvisitstatus`.
pub(super) fn visit_call() -> Call {
    Call::to(&endpoints::VISIT_STATUS).with_json(&json!({}))
}

pub(super) fn visit_of(reply: &Reply) -> Result<Visit> {
    let visit: wire::VisitReply = reply.decode()?;
    let (status, raw) = VISIT.translate(visit.status.ok_or_else(|| reply.missing("status"))?);
    Ok(Visit::new(status, Some(raw)))
}

/// `getweappsupportversion`.
pub(super) fn library_call() -> Call {
    Call::to(&endpoints::MIN_LIBRARY_VERSION).with_json(&json!({}))
}

pub(super) fn library_version(reply: &Reply) -> Result<MinLibraryVersion> {
    let library: wire::Library = reply.decode()?;
    let usage = library.uv_info.unwrap_or_default().items;
    let usage =
        usage.into_iter().filter_map(|row| Some(LibraryUsage::new(row.version?, row.percentage))).collect();
    Ok(MinLibraryVersion::new(library.now_version, usage))
}
