//! The effect of `release`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat};
use miniprogram_core::{EffectValue, Error, Intent, Outcome, PackageId, ReleaseTarget, Result};
use serde_json::{Value, json};

use crate::endpoints;
use crate::package;
use crate::package::{
    APPROVED, DEVELOPMENT, IN_REVIEW, ONLINE, Package, Packages, REJECTED, ROLLING_BACK, look_at,
};
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "release";

/// `package/release`.
#[derive(Debug)]
pub(crate) struct Release {
    /// The package; `None` means whichever is approved.
    package_id: Option<PackageId>,
}

impl Release {
    pub(crate) fn new(target: &ReleaseTarget) -> Result<Self> {
        let package_id = match target {
            ReleaseTarget::Audit(id) => {
                REFUSE.required(OPERATION, "audit_id", id.as_str())?;
                Some(PackageId::from(id.clone()))
            }
            ReleaseTarget::Approved => None,
            _ => return Err(Error::unsupported(BAIDU, OPERATION).with_field("target")),
        };
        Ok(Self { package_id })
    }

    /// Builds the request. Source: document 001, `package/release`.
    pub(crate) fn call(package_id: &str) -> Call {
        let fields = vec![("package_id".into(), package_id.to_owned())];
        Call::to(&endpoints::RELEASE).with_form(fields)
    }
}

/// Reports a package state that is neither the one before its release nor the one after it.
fn neither(package: &Package) -> Error {
    let why = format!("the package is neither approved nor online, it is {}", package.stage);
    REFUSE.conflict(OPERATION, why)
}

#[async_trait]
impl EffectPlan for Release {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(match &self.package_id {
            Some(id) => Preview::new(Self::call(id.as_str())),
            None => package::looked_up(Self::call("")),
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let id = match &self.package_id {
            Some(id) => id.clone(),
            None => {
                let packages = Packages::read(op).await?;
                let approved = packages.newest(APPROVED).and_then(|package| package.package_id.clone());
                approved.ok_or_else(|| REFUSE.conflict(OPERATION, "no package is approved"))?
            }
        };
        Ok(json!({ "package_id": id }))
    }

    fn request(&self, before: &Value) -> Result<Call> {
        Ok(Self::call(package::id_in(OPERATION, before)?))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let id = package::id_in(OPERATION, &intent.before)?;
        let Some(package) = look_at(op, id).await? else { return Ok(Finding::Absent) };
        Ok(match package.status() {
            Some(ONLINE) => Finding::Done(EffectValue::None),
            Some(APPROVED) => Finding::Absent,
            Some(IN_REVIEW | REJECTED) => Finding::Conflict(neither(&package)),
            // Rolled back: it may have been online in between.
            Some(DEVELOPMENT | ROLLING_BACK) => {
                Finding::Conflict(neither(&package).with_outcome(Outcome::Unknown))
            }
            Some(_) => Finding::Pending,
            None => Finding::Untold("data.status"),
        })
    }

    /// By the time of the next audit, "what is approved" is a different package.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        if self.package_id.is_some() {
            return Ok(Repeat::Same);
        }
        let released = package::id_in(OPERATION, &intent.before)?;
        let Some(packages) = Packages::look(op).await? else {
            return Ok(Repeat::Indeterminate("`data` is missing".to_owned()));
        };
        let mut found = Repeat::Same;
        for package in &packages.0 {
            let other = package.package_id.as_ref().is_none_or(|id| id.as_str() != released);
            match package.status() {
                Some(APPROVED) if other => return Ok(Repeat::New),
                None if other && !package.is_under_way() => {
                    found = Repeat::Indeterminate("`data.status` of a package is missing".to_owned());
                }
                _ => {}
            }
        }
        Ok(found)
    }
}
