//! The effects of `set_visit_status` and `set_min_library_version`, and the read behind the second.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Op};
use miniprogram_core::{EffectValue, Error, Intent, LibraryUsage, MinLibraryVersion, Result, VisitStatus};
use serde_json::Value;

use crate::{BAIDU, app_info, refuse, reply};

/// `app/pause` and `app/resume`.
#[derive(Debug)]
pub(crate) struct SetVisitStatus {
    path: &'static str,
    /// The program status that shows the effect.
    shows_as: i64,
}

impl SetVisitStatus {
    const OPERATION: &'static str = "set_visit_status";

    pub(crate) fn new(status: VisitStatus) -> Result<Self> {
        match status {
            VisitStatus::Open => Ok(Self { path: "/rest/2.0/smartapp/app/resume", shows_as: 1 }),
            VisitStatus::Closed => Ok(Self { path: "/rest/2.0/smartapp/app/pause", shows_as: 4 }),
            other => {
                let why = format!("must be open or closed, is {other}");
                Err(Error::invalid(Self::OPERATION, "status", why).for_vendor(BAIDU))
            }
        }
    }

    /// Builds the request. Source: document 003.
    pub(crate) fn call(&self) -> Call {
        Call::post_form(Self::OPERATION, self.path, Vec::new())
    }
}

#[async_trait]
impl EffectPlan for SetVisitStatus {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        Ok(match app_info::read_visit(op).await?.raw_status {
            Some(raw) if raw.code == self.shows_as => Finding::Done(EffectValue::None),
            Some(_) => Finding::Absent,
            None => Finding::Untold("data.status"),
        })
    }
}

/// `app/setsupportversion`.
#[derive(Debug)]
pub(crate) struct SetMinLibraryVersion {
    version: String,
}

impl SetMinLibraryVersion {
    const OPERATION: &'static str = "set_min_library_version";

    pub(crate) fn new(version: &str) -> Result<Self> {
        refuse::required(Self::OPERATION, "version", version)?;
        Ok(Self { version: version.to_owned() })
    }

    /// Builds the request. Source: document 003.
    pub(crate) fn call(&self) -> Call {
        let fields = vec![("version".into(), self.version.clone())];
        Call::post_form(Self::OPERATION, "/rest/2.0/smartapp/app/setsupportversion", fields)
    }
}

#[async_trait]
impl EffectPlan for SetMinLibraryVersion {
    fn class(&self) -> EffectClass {
        EffectClass::Set
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        Ok(match read_library_version(op).await?.version {
            Some(version) if version.trim() == self.version.trim() => Finding::Done(EffectValue::None),
            Some(_) => Finding::Absent,
            None => Finding::Untold("data.now_version"),
        })
    }
}

/// Reads `app/getsupportversion`. Source: document 003.
pub(super) async fn read_library_version(op: &mut Op<'_>) -> Result<MinLibraryVersion> {
    let call = Call::get(op.operation(), "/rest/2.0/smartapp/app/getsupportversion");
    let reply = op.read(&call).await?;
    let mut fields = reply::fields(&reply)?;
    let usage = fields.each("items", |item| {
        Ok(LibraryUsage::new(item.required("version", Fields::text)?, item.decimal("percentage")))
    })?;
    Ok(MinLibraryVersion::new(fields.text("now_version"), usage))
}
