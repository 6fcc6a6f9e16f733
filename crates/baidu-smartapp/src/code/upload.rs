//! The effect of `upload_code`.

use async_trait::async_trait;
use miniprogram_core::model::UploadReceipt;
use miniprogram_core::vendor_api::kit::{UploadArguments, snapshot};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Reply};
use miniprogram_core::{EffectValue, Intent, PackageId, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::progress::{UPLOAD_PAUSE, UPLOAD_WAIT, is_new};
use super::state::UploadState;
use crate::endpoints;
use crate::package;
use crate::package::{Package, Packages, newest};
use crate::{REFUSE, ext_json};

const OPERATION: &str = "upload_code";

/// `package/upload`: returns no id, takes about 3 s to appear, and a repeat creates a second package.
#[derive(Debug)]
pub(crate) struct UploadCode(UploadArguments);

/// The packages in `package/get` before the upload.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Before {
    /// Packages of that version.
    known_package_ids: Vec<PackageId>,
    /// Packages of every version.
    #[serde(default)]
    all_package_ids: Vec<PackageId>,
}

impl UploadCode {
    pub(crate) fn new(upload: UploadArguments) -> Result<Self> {
        REFUSE.required(OPERATION, "user_version", &upload.version)?;
        REFUSE.required(OPERATION, "user_desc", &upload.description)?;
        ext_json::refuse_unclear_switch(upload.ext.field("extEnable").as_ref())?;
        ext_json::refuse_direct_commit(upload.ext.field("directCommit").as_ref())?;
        Ok(Self(upload))
    }

    /// Builds the request. Source: document 001, `package/upload`.
    pub(crate) fn call(&self) -> Call {
        let fields = vec![
            ("template_id".into(), self.0.template.as_str().to_owned()),
            ("ext_json".into(), self.0.ext.as_str().to_owned()),
            ("user_version".into(), self.0.version.clone()),
            ("user_desc".into(), self.0.description.clone()),
        ];
        Call::to(&endpoints::UPLOAD_CODE).with_form(fields).as_upload()
    }

    fn receipt(&self, before: Before) -> UploadReceipt {
        self.0.receipt().with_vendor_state(UploadState::new(before.known_package_ids))
    }

    /// Whether an upload of the same version and description is still being processed.
    fn is_under_way(&self, packages: &Packages) -> bool {
        let ours = |package: &&Package| package.is_upload_of(&self.0.version, &self.0.description);
        packages.0.iter().filter(ours).any(Package::is_under_way)
    }

    /// Probes until no upload of the same version and description is being processed: two at once would be
    /// indistinguishable, since neither has an id.
    async fn wait_for_earlier(&self, op: &mut Op<'_>) -> Result<Packages> {
        let mut packages = Packages::read(op).await?;
        if !self.is_under_way(&packages) {
            return Ok(packages);
        }
        op.extend(UPLOAD_WAIT);
        let give_up_at = op.now().after(UPLOAD_WAIT);
        while self.is_under_way(&packages) {
            if op.now() >= give_up_at {
                let why = format!(
                    "an earlier upload of version {} with this description is still processed",
                    self.0.version
                );
                return Err(REFUSE.conflict(OPERATION, why).with_advice(
                    "wait until upload_progress no longer says processing, or choose another version",
                ));
            }
            op.pause(UPLOAD_PAUSE).await;
            packages = Packages::read(op).await?;
        }
        Ok(packages)
    }
}

#[async_trait]
impl EffectPlan for UploadCode {
    fn class(&self) -> EffectClass {
        EffectClass::OneShot
    }

    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.call()).after(package::list()))
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let packages = self.wait_for_earlier(op).await?;
        let same = packages.0.iter().filter(|package| package.version.as_deref() == Some(&*self.0.version));
        let known_package_ids = same.filter_map(|package| package.package_id.clone()).collect();
        let all_package_ids = packages.0.iter().filter_map(|package| package.package_id.clone()).collect();
        snapshot::keep(OPERATION, &Before { known_package_ids, all_package_ids })
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    fn value(&self, before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(EffectValue::Upload(self.receipt(snapshot::kept(OPERATION, before)?)))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before: Before = snapshot::kept(OPERATION, &intent.before)?;
        let Some(packages) = Packages::look(op).await? else { return Ok(Finding::Untold("data")) };
        let ours =
            packages.0.iter().filter(|package| package.is_upload_of(&self.0.version, &self.0.description));
        let new = newest(ours.filter(|package| is_new(package, &before.known_package_ids)));
        if let Some(package) = new {
            let receipt = self.receipt(before).with_package_id(package.package_id.clone());
            return Ok(Finding::Done(EffectValue::Upload(receipt)));
        }
        if self.is_under_way(&packages) {
            return Ok(Finding::Pending);
        }
        // A package without a reported version, or without an id, may be ours. So may one missing from a list that is
        // empty now but was not before.
        let unnamed = packages.0.iter().any(|package| match &package.package_id {
            Some(id) => package.version.is_none() && !before.all_package_ids.contains(id),
            None => package.version.is_none() && !package.has_failed(),
        });
        Ok(if unnamed {
            Finding::Untold("data.version")
        } else if packages.0.is_empty() && !before.all_package_ids.is_empty() {
            Finding::Untold("data")
        } else {
            Finding::Absent
        })
    }
}
