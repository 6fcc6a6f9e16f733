//! The effect of `upload_code`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Reply};
use miniprogram_core::{EffectValue, Error, ExtJson, Intent, PackageId, Result, TemplateId, UploadReceipt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::progress::is_new;
use crate::package::{Package, Packages, newest};
use crate::{before, ext_json, refuse};

const OPERATION: &str = "upload_code";

/// `package/upload`: answers no id, takes about 3 s to show, and a repeat makes a second package.
#[derive(Debug)]
pub(crate) struct UploadCode {
    template: TemplateId,
    ext: ExtJson,
    version: String,
    description: String,
}

/// What `package/get` showed of the same version and description before the upload.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Before {
    /// Packages of that version.
    known_package_ids: Vec<PackageId>,
    /// Uploads of it that were still processed.
    #[serde(default)]
    uploading: usize,
    /// Uploads of it that had failed.
    #[serde(default)]
    failed: usize,
}

impl UploadCode {
    pub(crate) fn new(
        template: &TemplateId,
        ext: &ExtJson,
        version: &str,
        description: &str,
    ) -> Result<Self> {
        refuse::required(OPERATION, "template_id", template.as_str())?;
        refuse::required(OPERATION, "user_version", version)?;
        refuse::required(OPERATION, "user_desc", description)?;
        ext_json::refuse_unclear_switch(ext.member("extEnable").as_ref())?;
        ext_json::refuse_direct_commit(ext.member("directCommit").as_ref())?;
        Ok(Self {
            template: template.clone(),
            ext: ext.clone(),
            version: version.to_owned(),
            description: description.to_owned(),
        })
    }

    /// The request. Source: document 001, `package/upload`.
    pub(crate) fn call(&self) -> Call {
        let fields = vec![
            ("template_id".into(), self.template.as_str().to_owned()),
            ("ext_json".into(), self.ext.as_str().to_owned()),
            ("user_version".into(), self.version.clone()),
            ("user_desc".into(), self.description.clone()),
        ];
        Call::post_form(OPERATION, "/rest/2.0/smartapp/package/upload", fields).as_upload()
    }

    fn receipt(&self, before: Before) -> UploadReceipt {
        UploadReceipt::new(&self.version, &self.description).with_known_package_ids(before.known_package_ids)
    }

    /// How many uploads of the same version and description are in a state.
    fn count(&self, packages: &Packages, state: fn(&Package) -> bool) -> usize {
        let ours = packages.0.iter().filter(|package| package.is_upload_of(&self.version, &self.description));
        ours.filter(|package| state(package)).count()
    }
}

#[async_trait]
impl EffectPlan for UploadCode {
    fn class(&self) -> EffectClass {
        EffectClass::OneShot
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let packages = Packages::read(op).await?;
        let same = packages.0.iter().filter(|package| package.version.as_deref() == Some(&*self.version));
        let before = Before {
            known_package_ids: same.filter_map(|package| package.package_id.clone()).collect(),
            uploading: self.count(&packages, Package::is_under_way),
            failed: self.count(&packages, Package::has_failed),
        };
        serde_json::to_value(before).map_err(not_kept)
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    fn value(&self, before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(EffectValue::Upload(self.receipt(read_back(before)?)))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before = read_back(&intent.before)?;
        let packages = Packages::read(op).await?;
        let ours = packages.0.iter().filter(|package| package.is_upload_of(&self.version, &self.description));
        let new: Vec<_> = ours.filter(|package| is_new(package, &before.known_package_ids)).collect();
        let uploading = self.count(&packages, Package::is_under_way);
        // Uploads of the same text that were under way before must not be taken for this one.
        if new.len() > before.uploading {
            let id = newest(new.into_iter()).and_then(|package| package.package_id.clone());
            return Ok(Finding::Done(EffectValue::Upload(self.receipt(before).with_package_id(id))));
        }
        Ok(if new.len() + uploading > before.uploading {
            Finding::Pending
        } else if before.uploading > 0 && self.count(&packages, Package::has_failed) > before.failed {
            Finding::Unknowable
        } else {
            Finding::Absent
        })
    }
}

fn read_back(before: &Value) -> Result<Before> {
    Before::deserialize(before).map_err(not_kept)
}

fn not_kept(problem: serde_json::Error) -> Error {
    before::unreadable(OPERATION, problem.to_string())
}
