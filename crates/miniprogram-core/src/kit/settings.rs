use super::{OneCall, Refusals};
use crate::command::EffectValue;
use crate::error::Result;
use crate::pipeline::{Call, EffectClass, EffectPlan, Finding, Reply};
use crate::release::MinLibraryVersion;
use crate::status::VisitStatus;

/// Returns what a vendor is sent for an app that is to be open, or for one that is to be closed.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for any other status.
pub fn open_or_closed<T>(refuse: Refusals, status: VisitStatus, open: T, closed: T) -> Result<T> {
    match status {
        VisitStatus::Open => Ok(open),
        VisitStatus::Closed => Ok(closed),
        other => {
            let rule = format!("must be open or closed, is {other}");
            Err(refuse.invalid("set_visit_status", "status", rule))
        }
    }
}

/// Builds the effect of `set_min_library_version` from the call that sets it, and the read that shows it. `field` is the
/// field of that read's response that contains the version.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a blank version.
pub fn set_min_library_version(
    refuse: Refusals,
    version: &str,
    set: Call,
    read: Call,
    shown: fn(&Reply) -> Result<MinLibraryVersion>,
    field: &'static str,
) -> Result<Box<dyn EffectPlan>> {
    refuse.required("set_min_library_version", "version", version)?;
    let wanted = version.trim().to_owned();
    OneCall::new(EffectClass::Set, set)
        .shown_by(read, shown, move |library| match library.version.as_deref().map(str::trim) {
            Some(version) if version == wanted => Finding::Done(EffectValue::None),
            None | Some("") => Finding::Untold(field),
            Some(_) => Finding::Absent,
        })
        .boxed()
}
