//! The effect of `submit_audit`.

use async_trait::async_trait;
use miniprogram_core::model::UploadReceipt;
use miniprogram_core::vendor_api::pipeline::{
    Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat, Reply,
};
use miniprogram_core::{
    AuditId, Code, EffectValue, Error, ErrorKind, Intent, PackageId, Result, Retry, SubmitOptions,
    SubmitTarget, VendorError,
};
use serde_json::{Value, json};

use super::options::form_fields;
use crate::code::{Shown, UPLOAD_PAUSE, UPLOAD_WAIT, UploadState, not_shown, progress};
use crate::codes::UPLOAD_ERR;
use crate::endpoints;
use crate::form::Fields;
use crate::package;
use crate::package::PackageQuery;
use crate::package::{
    APPROVED, DEVELOPMENT, IN_REVIEW, ONLINE, Package, Packages, REJECTED, ROLLING_BACK, look_at, newest,
    read_detail,
};
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "submit_audit";

/// `package/submitaudit`. The documents list no refusals, so the package's status decides.
#[derive(Debug)]
pub(crate) struct SubmitAudit {
    source: Source,
    fields: Fields,
}

/// The source of the package id.
#[derive(Debug)]
pub(crate) enum Source {
    /// Named by the caller.
    Given(PackageId),
    /// The upload's entry in `package/get`, once it has an id.
    Upload(UploadReceipt, UploadState),
    /// The development package in `package/get`, with that version if one is given.
    Development(Option<String>),
}

impl SubmitAudit {
    pub(crate) fn new(target: &SubmitTarget, options: &SubmitOptions) -> Result<Self> {
        let given = |id: &PackageId| {
            REFUSE.required(OPERATION, "package_id", id.as_str()).map(|()| Source::Given(id.clone()))
        };
        let source = match target {
            SubmitTarget::Package(id) => given(id)?,
            SubmitTarget::Upload(UploadReceipt { package_id: Some(id), .. }) => given(id)?,
            SubmitTarget::Upload(receipt) => {
                Source::Upload(receipt.clone(), UploadState::read(OPERATION, receipt)?)
            }
            SubmitTarget::Version(version) => {
                REFUSE.required(OPERATION, "version", version)?;
                Source::Development(Some(version.clone()))
            }
            SubmitTarget::Newest => Source::Development(None),
            _ => return Err(Error::unsupported(BAIDU, OPERATION).with_field("target")),
        };
        Ok(Self { source, fields: form_fields(options)? })
    }

    /// Builds the request. Source: document 001, `package/submitaudit`.
    pub(crate) fn call(&self, package_id: &str) -> Call {
        let mut fields = vec![("package_id".into(), package_id.to_owned())];
        fields.extend(self.fields.iter().cloned());
        Call::to(&endpoints::SUBMIT_AUDIT).with_form(fields)
    }

    /// Finds the package's id and status.
    async fn find(&self, op: &mut Op<'_>) -> Result<(String, Option<i64>)> {
        match &self.source {
            Source::Given(id) => Ok((id.to_string(), read_detail(op, id.as_str()).await?.status())),
            Source::Upload(receipt, state) => wait_for(op, receipt, state).await,
            Source::Development(version) => development(&Packages::read(op).await?, version.as_deref()),
        }
    }
}

/// Probes until the upload can be submitted, within the time allowed.
async fn wait_for(
    op: &mut Op<'_>,
    receipt: &UploadReceipt,
    state: &UploadState,
) -> Result<(String, Option<i64>)> {
    op.extend(UPLOAD_WAIT);
    let give_up_at = op.now().after(UPLOAD_WAIT);
    loop {
        let packages = Packages::read(op).await?;
        let shown = progress(&packages, receipt, state);
        match &shown {
            Shown::Ready(id) => {
                let status = packages.with_id(id.as_str()).and_then(Package::status);
                return Ok((id.to_string(), status));
            }
            Shown::Failed { code, reason } => return Err(upload_failed(code.as_ref(), reason)),
            Shown::Processing | Shown::Nothing => {}
        }
        if op.now() >= give_up_at {
            return Err(if shown == Shown::Nothing {
                not_shown(OPERATION, receipt)
            } else {
                Error::new(ErrorKind::Timeout, OPERATION)
                    .with_detail("the vendor has not processed the upload within 5 minutes")
            });
        }
        op.pause(UPLOAD_PAUSE).await;
    }
}

/// The upload that was to be submitted has failed, with the vendor's message.
fn upload_failed(code: Option<&Code>, reason: &str) -> Error {
    let why = "the upload failed: upload again";
    match code {
        Some(code) => REFUSE
            .conflict(OPERATION, why)
            .with_vendor(VendorError::new(BAIDU, code.clone(), reason))
            .with_translated_advice(UPLOAD_ERR.explain(code, None).translated_advice()),
        None => REFUSE.conflict(OPERATION, format!("{why}: {reason}")),
    }
}

/// Returns the development package. A package that failed the review may be submitted again if there is no other.
fn development(packages: &Packages, version: Option<&str>) -> Result<(String, Option<i64>)> {
    let wanted = |status: i64| {
        let candidates = packages.0.iter().filter(|package| {
            package.status() == Some(status) && (version.is_none() || package.version.as_deref() == version)
        });
        newest(candidates)
    };
    let found = wanted(DEVELOPMENT).or_else(|| wanted(REJECTED));
    if let Some((id, status)) =
        found.and_then(|package| Some((package.package_id.as_ref()?, package.status())))
    {
        return Ok((id.to_string(), status));
    }
    let under_way = packages.0.iter().any(|package| {
        package.is_under_way() && (version.is_none() || package.version.as_deref() == version)
    });
    if under_way {
        let error = REFUSE.conflict(OPERATION, "the upload is still processed");
        return Err(error.with_retry(Retry::Backoff).with_advice("repeat in a few seconds"));
    }
    Err(REFUSE.conflict(
        OPERATION,
        match version {
            Some(version) => format!("no package of version {version} is in development"),
            None => "no package is in development".to_owned(),
        },
    ))
}

#[async_trait]
impl EffectPlan for SubmitAudit {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(match &self.source {
            Source::Given(id) => {
                let detail = package::detail(&PackageQuery::Id(id.clone()));
                Preview::new(self.call(id.as_str())).after(detail)
            }
            Source::Upload(..) | Source::Development(_) => package::looked_up(self.call("")),
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let (id, status) = self.find(op).await?;
        let why = match status {
            Some(IN_REVIEW) => "is in review already",
            Some(APPROVED) => "passed the review already",
            Some(ONLINE | ROLLING_BACK) => "is online already",
            Some(_) => return Ok(json!({ "package_id": id, "status": status })),
            None => "has no status yet: its upload is not finished",
        };
        Err(REFUSE.conflict(OPERATION, format!("package {id} {why}")))
    }

    fn request(&self, before: &Value) -> Result<Call> {
        Ok(self.call(package::id_in(OPERATION, before)?))
    }

    fn value(&self, before: &Value, _reply: &Reply) -> Result<EffectValue> {
        audit(before)
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let id = package::id_in(OPERATION, &intent.before)?;
        let was = intent.before.get("status").and_then(Value::as_i64);
        let Some(package) = look_at(op, id).await? else { return Ok(Finding::Absent) };
        Ok(match package.status() {
            Some(ONLINE | IN_REVIEW | APPROVED | ROLLING_BACK) => Finding::Done(audit(&intent.before)?),
            Some(REJECTED) if was != Some(REJECTED) => Finding::Done(audit(&intent.before)?),
            Some(DEVELOPMENT | REJECTED) => Finding::Absent,
            None => Finding::Untold("data.status"),
            now if now == was => Finding::Absent,
            _ => Finding::Pending,
        })
    }

    /// A package that was uploaded since is something else to submit.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        let submitted = package::id_in(OPERATION, &intent.before)?;
        let Source::Development(version) = &self.source else { return Ok(Repeat::Same) };
        let Some(packages) = Packages::look(op).await? else {
            return Ok(Repeat::Indeterminate("`data` is missing".to_owned()));
        };
        let candidates = packages
            .0
            .iter()
            .filter(|package| version.is_none() || package.version.is_none() || package.version == *version);
        let mut found = Repeat::Same;
        for package in candidates {
            let other = package.package_id.as_ref().is_none_or(|id| id.as_str() != submitted);
            match package.status() {
                Some(DEVELOPMENT) if other => return Ok(Repeat::New),
                None if other && package.is_under_way() => return Ok(Repeat::New),
                None => found = Repeat::Indeterminate("`data.status` of a package is missing".to_owned()),
                Some(_) => {}
            }
        }
        Ok(found)
    }
}

/// The package's id is also the audit's id.
fn audit(before: &Value) -> Result<EffectValue> {
    Ok(EffectValue::Audit(AuditId::from(package::id_in(OPERATION, before)?)))
}
