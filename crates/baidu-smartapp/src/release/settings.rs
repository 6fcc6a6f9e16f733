//! The effects of `set_visit_status` and `set_min_library_version`, and the read behind the second.

use miniprogram_core::model::{LibraryUsage, MinLibraryVersion};
use miniprogram_core::vendor_api::kit::{self, OneCall};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::{EffectValue, Result, VisitStatus};

use crate::endpoints;
use crate::{REFUSE, app_info, reply};

/// `app/pause` and `app/resume`. Source: document 003.
pub(crate) fn set_visit_status(status: VisitStatus) -> Result<Box<dyn EffectPlan>> {
    // The program status shows the effect.
    let (endpoint, shows_as) =
        kit::open_or_closed(REFUSE, status, (&endpoints::RESUME, 1), (&endpoints::PAUSE, 4))?;
    let shown = |reply: &Reply| Ok(app_info::visit_of(reply)?.raw_status.map(|raw| raw.code));
    OneCall::new(EffectClass::Set, Call::to(endpoint).with_form(Vec::new()))
        .shown_by(app_info::call(), shown, move |code| match code {
            Some(code) if code == shows_as => Finding::Done(EffectValue::None),
            Some(_) => Finding::Absent,
            None => Finding::Untold("data.status"),
        })
        .boxed()
}

/// `app/setsupportversion`. Source: document 003.
pub(crate) fn set_min_library_version(version: &str) -> Result<Box<dyn EffectPlan>> {
    let fields = vec![("version".into(), version.to_owned())];
    let set = Call::to(&endpoints::SET_MIN_LIBRARY_VERSION).with_form(fields);
    kit::set_min_library_version(REFUSE, version, set, library_call(), library_version, "data.now_version")
}

/// `app/getsupportversion`. Source: document 003.
pub(super) fn library_call() -> Call {
    Call::to(&endpoints::MIN_LIBRARY_VERSION)
}

pub(super) fn library_version(reply: &Reply) -> Result<MinLibraryVersion> {
    let mut fields = reply::fields(reply)?;
    let usage = fields.each("items", |item| {
        Ok(LibraryUsage::new(item.required("version", Fields::text)?, item.decimal("percentage")))
    })?;
    Ok(MinLibraryVersion::new(fields.text("now_version"), usage))
}
