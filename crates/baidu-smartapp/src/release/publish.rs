//! The effect of `release`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op};
use miniprogram_core::{EffectValue, Error, Intent, PackageId, ReleaseTarget, Result};
use serde_json::{Value, json};

use crate::package::{APPROVED, ONLINE, Packages, look_at};
use crate::{BAIDU, before, refuse};

const OPERATION: &str = "release";

/// `package/release`.
#[derive(Debug)]
pub(crate) struct Release {
    /// The package; none is whatever is approved.
    package_id: Option<PackageId>,
}

impl Release {
    pub(crate) fn new(target: &ReleaseTarget) -> Result<Self> {
        let package_id = match target {
            ReleaseTarget::Audit(id) => {
                refuse::required(OPERATION, "audit_id", id.as_str())?;
                Some(PackageId::from(id.clone()))
            }
            ReleaseTarget::Approved => None,
            _ => return Err(Error::unsupported(BAIDU, OPERATION).with_field("target")),
        };
        Ok(Self { package_id })
    }

    /// The package that the caller names.
    pub(crate) const fn package_id(&self) -> Option<&PackageId> {
        self.package_id.as_ref()
    }

    /// The request. Source: document 001, `package/release`.
    pub(crate) fn call(package_id: &str) -> Call {
        let fields = vec![("package_id".into(), package_id.to_owned())];
        Call::post_form(OPERATION, "/rest/2.0/smartapp/package/release", fields)
    }
}

#[async_trait]
impl EffectPlan for Release {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let id = match &self.package_id {
            Some(id) => id.clone(),
            None => {
                let packages = Packages::read(op).await?;
                let approved = packages.newest(APPROVED).and_then(|package| package.package_id.clone());
                approved.ok_or_else(|| refuse::conflict(OPERATION, "no package is approved"))?
            }
        };
        Ok(json!({ "package_id": id }))
    }

    fn request(&self, before: &Value) -> Result<Call> {
        Ok(Self::call(before::package_id(OPERATION, before)?))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let id = before::package_id(OPERATION, &intent.before)?;
        let Some(package) = look_at(op, id).await? else { return Ok(Finding::Absent) };
        Ok(match package.status() {
            Some(ONLINE) => Finding::Done(EffectValue::None),
            Some(APPROVED) => Finding::Absent,
            Some(_) => Finding::Conflict(refuse::conflict(
                OPERATION,
                format!("the package is neither approved nor online, it is {}", package.stage),
            )),
            None => Finding::Pending,
        })
    }
}
