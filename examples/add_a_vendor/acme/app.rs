//! An app's handle: the reads. Effects are in `effects.rs`.

use async_trait::async_trait;
use miniprogram_core::model::{
    AuditQuota, Category, CategoryLevel, CodeVersion, GrayReleasePlan, MinLibraryVersion, QrCode,
    QrCodeOptions, RollbackVersion, UploadProgress, UploadReceipt, Visit,
};
use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::pipeline::{Call, Pipeline, Reply};
use miniprogram_core::*;

use super::codes::{GRAY, VISIBILITY};
use super::endpoints::{self, CATEGORIES, REVIEW, STATE};
use super::{ACME, AUDIT, CAPABILITIES};

/// The client of one app.
#[derive(Debug, Clone)]
pub struct AcmeApp {
    pub(super) pipeline: Pipeline,
    pub(super) app: AppId,
}

subject!(AcmeApp, |app| app.pipeline, &app.app);

impl Authorizer for AcmeApp {
    fn app_id(&self) -> &AppId {
        &self.app
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }
}

impl AcmeApp {
    async fn read(&self, operation: &'static str, endpoint: &'static Endpoint) -> Result<Reply> {
        self.pipeline.begin(&self.app, operation).read(&Call::to(endpoint)).await
    }

    async fn state(&self, operation: &'static str) -> Result<Reply> {
        self.read(operation, &STATE).await
    }

    // guide: audit
    async fn audit(&self, operation: &'static str) -> Result<Audit> {
        let reply = self.read(operation, &REVIEW).await?;
        let mut review = reply.fields();
        let status = review.required("review_status", |review, name| review.coded(name, &AUDIT))?;
        if status.value == AuditStatus::NotSubmitted {
            return Ok(Audit::not_submitted());
        }
        let reason = review.text("review_reason");
        Ok(Audit::new(review.id("review"), status.value, Some(status.raw)).with_reason(reason))
    }
    // end
}

/// Returns a value of a reply; none if Acme says that there is none.
fn value(reply: &Reply, field: &'static str) -> Option<String> {
    reply.fields().text(field).filter(|value| value != "NONE")
}

#[async_trait]
impl CodeManager for AcmeApp {
    async fn upload_progress(&self, _receipt: &UploadReceipt) -> Result<UploadProgress> {
        Ok(UploadProgress::ready(None))
    }

    async fn code_versions(&self) -> Result<Vec<CodeVersion>> {
        let state = self.state("code_versions").await?;
        let version = |stage, field| {
            let version = value(&state, field)?;
            Some(CodeVersion::new(stage, None).with_version(Some(version), None))
        };
        let all = [version(Stage::Development, "draft_version"), version(Stage::Released, "online")];
        Ok(all.into_iter().flatten().collect())
    }

    async fn trial_qr_code(&self, _options: &QrCodeOptions) -> Result<QrCode> {
        Err(Error::unsupported(ACME, "trial_qr_code"))
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        let reply = self.read("categories", &CATEGORIES).await?;
        let entries = reply.json["categories"].as_array().into_iter().flatten();
        let category = |entry: &serde_json::Value| {
            let (id, name) = (entry["id"].as_str()?, entry["name"].as_str()?);
            Some(Category::new(vec![CategoryLevel::new(id, name)]))
        };
        Ok(entries.filter_map(category).collect())
    }
}

#[async_trait]
impl AuditManager for AcmeApp {
    async fn audit_status(&self, _audit: &AuditId) -> Result<Audit> {
        self.audit("audit_status").await
    }

    async fn latest_audit(&self) -> Result<Audit> {
        self.audit("latest_audit").await
    }

    async fn audit_quota(&self) -> Result<AuditQuota> {
        Ok(AuditQuota::new(None))
    }
}

#[async_trait]
impl ReleaseManager for AcmeApp {
    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
        let state = self.state("rollback_targets").await?;
        Ok(value(&state, "previous").map(RollbackVersion::new).into_iter().collect())
    }

    async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
        let state = self.state("gray_release_plan").await?;
        let Some(status) = value(&state, "gray_status") else { return Ok(None) };
        let (status, raw) = GRAY.translate(status);
        let share = value(&state, "gray_share").and_then(|share| share.parse().ok());
        Ok(Some(GrayReleasePlan::new(status, raw).with_share(share, None)))
    }

    async fn visit_status(&self) -> Result<Visit> {
        let reply = self.read("visit_status", &endpoints::VISIBILITY).await?;
        let status = reply.fields().required("visibility", |fields, name| fields.coded(name, &VISIBILITY))?;
        Ok(Visit::new(status.value, Some(status.raw)))
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        let state = self.state("min_library_version").await?;
        Ok(MinLibraryVersion::new(value(&state, "library"), Vec::new()))
    }
}
