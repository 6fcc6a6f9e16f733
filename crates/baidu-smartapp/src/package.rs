//! Packages as Baidu reports them, and how one is selected from the list.

use miniprogram_core::model::CodeVersion;
use miniprogram_core::vendor_api::kit::snapshot;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Op, Preview, Reply};
use miniprogram_core::{
    AuditId, Code, ErrorKind, PackageId, RawStatus, Result, Stage, Timestamp, Upload, UploadStatus,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::codes::{PACKAGE_STAGE, UPLOAD};
use crate::endpoints;
use crate::reply;

/// `status` of the package online.
pub(crate) const ONLINE: i64 = 1;
/// `status` of a package that was uploaded and not submitted, or withdrawn.
pub(crate) const DEVELOPMENT: i64 = 3;
/// `status` of a package in review.
pub(crate) const IN_REVIEW: i64 = 4;
/// `status` of a package that failed the review; it may be submitted again.
pub(crate) const REJECTED: i64 = 5;
/// `status` of a package that passed the review.
pub(crate) const APPROVED: i64 = 6;
/// `status` of the package online while it is being rolled back.
pub(crate) const ROLLING_BACK: i64 = 8;

/// Previews an effect whose package is looked up in `package/get`.
pub(crate) fn looked_up(effect: Call) -> Preview {
    Preview::new(effect).after(list()).with_value_of("package_id", "package/get")
}

/// Returns the package that an effect acts on, from the state before it.
pub(crate) fn id_in<'a>(operation: &'static str, before: &'a Value) -> Result<&'a str> {
    let id = before.get("package_id").and_then(Value::as_str);
    id.ok_or_else(|| snapshot::unreadable(operation, "names no package"))
}

/// A package as Baidu reports it.
///
/// Every field except the stage may be absent: `package/get` shows an upload without id and status until it has been
/// processed. Source: documents 000 and 001, `package/get`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Package {
    /// The package's id, which is also the audit's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_id: Option<PackageId>,
    /// The version text of the upload, such as `1.2.6` or `d0.0.0.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The description of the upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The stage of the package.
    pub stage: Stage,
    /// The number behind the stage; absent while an upload is being processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_status: Option<RawStatus>,
    /// The reviewer's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_message: Option<String>,
    /// The remark of the submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The user who uploaded it; Baidu's `--` for an unknown user is read as absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committer: Option<String>,
    /// The time of the upload as Baidu prints it. Some are printed 1000 times too close to 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_time: Option<String>,
    /// The commit time as a timestamp (Beijing time, as printed); absent if it cannot be parsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Timestamp>,
    /// The state of the upload, as long as Baidu reports one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// The version that a rollback of this package returns to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_version: Option<String>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Package {
    /// Reads a package from an object of a reply. Every field may be missing: most are while an upload is being
    /// processed.
    fn read(fields: &mut Fields<'_>) -> Self {
        let upload = fields.number("upload_status").map(|code| {
            let (status, raw_status) = UPLOAD.translate(code);
            let error = fields.number("upload_err_code").map(Code::from);
            let (reason, description) = (fields.text("upload_err_msg"), fields.text("upload_status_desc"));
            match reason {
                Some(_) => Upload::new(status, raw_status, error, reason).with_description(description),
                None => Upload::new(status, raw_status, error, description),
            }
        });
        let (stage, raw_status) = match (fields.number("status"), &upload) {
            (Some(code), _) => {
                let (stage, raw_status) = PACKAGE_STAGE.translate(code);
                (stage, Some(raw_status))
            }
            (None, Some(Upload { status: UploadStatus::Processing, .. })) => (Stage::Uploading, None),
            (None, Some(Upload { status: UploadStatus::Failed, .. })) => (Stage::UploadFailed, None),
            (None, _) => (Stage::Unknown, None),
        };
        let commit_time = fields.text("commit_time");
        Self {
            package_id: fields.id("package_id"),
            version: fields.text("version"),
            description: fields.text("version_desc"),
            stage,
            raw_status,
            audit_message: fields.text("msg"),
            remark: fields.text("remark"),
            committer: fields.text("committer").filter(|name| name != "--"),
            committed_at: commit_time.as_deref().and_then(|text| Timestamp::from_civil(text, 8)),
            commit_time,
            upload,
            rollback_version: fields.text("rollback_version"),
            extra: fields.rest(),
        }
    }

    /// Returns the number behind the stage.
    pub(crate) fn status(&self) -> Option<i64> {
        self.raw_status.as_ref().and_then(|raw| raw.code.as_number())
    }

    /// Returns the progress of the upload; `None` once it has succeeded.
    fn upload_status(&self) -> Option<UploadStatus> {
        self.upload.as_ref().map(|upload| upload.status)
    }

    /// Whether it can be the result of such an upload. An upload in progress may not show its description yet.
    pub(crate) fn is_upload_of(&self, version: &str, description: &str) -> bool {
        let described = match (&self.description, &self.package_id) {
            (Some(shown), _) => shown == description,
            (None, Some(_)) => description.is_empty(),
            (None, None) => true,
        };
        described && self.version.as_deref().map(str::trim) == Some(version.trim())
    }

    /// Whether it is an upload still being processed: reported as such, or without an id and not reported as failed.
    pub(crate) fn is_under_way(&self) -> bool {
        match self.upload_status() {
            Some(UploadStatus::Processing) => true,
            Some(UploadStatus::Failed) => false,
            _ => self.package_id.is_none(),
        }
    }

    /// Whether it is an upload that failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.upload_status() == Some(UploadStatus::Failed)
    }

    /// Orders packages by age, as far as Baidu reports it.
    fn age(&self) -> (Option<Timestamp>, Option<i64>) {
        (self.committed_at, self.package_id.as_ref().and_then(PackageId::as_number))
    }
}

impl From<Package> for CodeVersion {
    fn from(package: Package) -> Self {
        let submitted =
            matches!(package.status(), Some(ONLINE | IN_REVIEW | REJECTED | APPROVED | ROLLING_BACK));
        let audit_id = package.package_id.clone().filter(|_| submitted).map(AuditId::from);
        Self::new(package.stage, package.raw_status)
            .with_version(package.version, package.description)
            .with_ids(package.package_id, audit_id)
            .with_committed_at(package.committed_at)
            .with_reason(package.audit_message)
            .with_upload(package.upload)
            .with_rollback_version(package.rollback_version)
    }
}

/// The response of `package/get`: at most one package, or a few, in development, in review and online.
#[derive(Debug)]
pub(crate) struct Packages(pub(crate) Vec<Package>);

impl Packages {
    pub(crate) async fn read(op: &mut Op<'_>) -> Result<Self> {
        let reply = op.read(&list()).await?;
        Ok(Self(many(&reply)?))
    }

    /// Reads the list after an effect; `None` if Baidu returns no list.
    pub(crate) async fn look(op: &mut Op<'_>) -> Result<Option<Self>> {
        let reply = op.read(&list()).await?;
        if !reply.json.get("data").is_some_and(Value::is_array) {
            return Ok(None);
        }
        Ok(Some(Self(many(&reply)?)))
    }

    /// Returns the newest package with that status.
    pub(crate) fn newest(&self, status: i64) -> Option<&Package> {
        newest(self.0.iter().filter(|package| package.status() == Some(status)))
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<&Package> {
        self.0.iter().find(|package| package.package_id.as_ref().is_some_and(|shown| shown.as_str() == id))
    }
}

/// Returns the newest of some packages.
pub(crate) fn newest<'a>(packages: impl Iterator<Item = &'a Package>) -> Option<&'a Package> {
    packages.max_by_key(|package| package.age())
}

/// Reads one package by its id.
pub(crate) async fn read_detail(op: &mut Op<'_>, id: &str) -> Result<Package> {
    let query = PackageQuery::Id(id.into());
    asked_for(&op.read(&detail(&query)).await?, &query)
}

/// Probes one package after an effect. A package that does not exist does not show an effect either.
pub(crate) async fn look_at(op: &mut Op<'_>, id: &str) -> Result<Option<Package>> {
    match read_detail(op, id).await {
        Ok(package) => Ok(Some(package)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the single package of a reply.
pub(crate) fn one(reply: &Reply) -> Result<Package> {
    Ok(Package::read(&mut reply::fields(reply)?))
}

/// Reads the single package of a reply, which must be the requested one.
pub(crate) fn asked_for(reply: &Reply, query: &PackageQuery) -> Result<Package> {
    let package = one(reply)?;
    match (query, &package.package_id) {
        (PackageQuery::Id(asked), Some(shown)) if shown != asked => {
            Err(reply.protocol(format!("is {shown}, asked for {asked}")).with_field("data.package_id"))
        }
        _ => Ok(package),
    }
}

/// Reads the list of packages of a reply.
pub(crate) fn many(reply: &Reply) -> Result<Vec<Package>> {
    reply::each(reply, |fields| Ok(Package::read(fields)))
}

/// Selects the package that `package/getdetail` returns. Source: document 001, `package/getdetail`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackageQuery {
    /// The package with that id.
    Id(PackageId),
    /// The package with that `status`: 1 online, 3 in development, 4 in review, 5 rejected, 6 approved, 8 rolling
    /// back.
    Status(i64),
}

impl PackageQuery {
    /// Adds the selection of this package to a call.
    pub(crate) fn narrow(&self, call: Call) -> Call {
        match self {
            Self::Id(id) => call.with_query("package_id", id.as_str()),
            Self::Status(status) => call.with_query("type", status.to_string()),
        }
    }
}

/// `package/get`.
pub(crate) fn list() -> Call {
    Call::to(&endpoints::PACKAGES)
}

/// `package/getdetail`.
pub(crate) fn detail(query: &PackageQuery) -> Call {
    query.narrow(Call::to(&endpoints::PACKAGE_DETAIL))
}

/// `package/gettrial`.
pub(crate) fn trial() -> Call {
    Call::to(&endpoints::TRIAL_PACKAGE)
}
