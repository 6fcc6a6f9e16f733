//! The managers: traits over one app that has authorized the platform.

use async_trait::async_trait;

use crate::audit::{Audit, AuditQuota, AuditTarget, SubmitOptions, SubmitTarget};
use crate::capability::Capabilities;
use crate::check::{CheckResult, CheckTarget};
use crate::code::{Category, CodeVersion, QrCode, QrCodeOptions, UploadProgress, UploadReceipt};
use crate::command::Command;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::ext_json::ExtJson;
use crate::id::{AppId, AuditId, TemplateId};
use crate::release::{
    GrayRelease, GrayReleasePlan, MinLibraryVersion, ReleaseTarget, RollbackTarget, RollbackVersion, Visit,
};
use crate::status::VisitStatus;
use crate::subject::Subject;

/// One app that has authorized the platform, at one vendor.
///
/// [`Subject`] documents the guarantees of its effects.
pub trait Authorizer: Subject {
    /// Returns the app that every call acts on.
    fn app_id(&self) -> &AppId;

    /// Returns what the vendor supports.
    fn capabilities(&self) -> Capabilities;
}

/// Uploads template code to an app and reports which versions it has.
#[async_trait]
pub trait CodeManager: Authorizer {
    /// Uploads a template to the app, with the merchant's own values in `ext`.
    ///
    /// The version must be new to this app: for vendors that return no id, it identifies the upload. An upload
    /// that would also submit for audit is rejected, because two effects in one call could not be settled; use
    /// [`submit_audit`](crate::AuditManager::submit_audit).
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an unknown template or a value that violates a
    /// limit or does not fit the template.
    ///
    /// # Vendor notes
    /// | WeChat | `wxa/commit`; replaces the experience version |
    /// |---|---|
    /// | Baidu | `package/upload`; returns no id, so the receipt carries what identifies the package |
    async fn upload_code(
        &self,
        template: &TemplateId,
        ext: &ExtJson,
        version: &str,
        description: &str,
    ) -> Result<Effect<UploadReceipt>> {
        let (template, ext) = (template.clone(), ext.clone());
        let (version, description) = (version.to_owned(), description.to_owned());
        self.perform(Command::UploadCode { template, ext, version, description }).await?.into_upload()
    }

    /// Returns the vendor's progress in processing an upload.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if the vendor lists no such upload.
    async fn upload_progress(&self, receipt: &UploadReceipt) -> Result<UploadProgress>;

    /// Returns the versions that the vendor lists: in development, in audit, online.
    ///
    /// # Errors
    /// The errors of any read.
    async fn code_versions(&self) -> Result<Vec<CodeVersion>>;

    /// Returns the QR code that opens the trial version.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a width outside the vendor's range;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for an option that the vendor does not have.
    ///
    /// # Vendor notes
    /// | WeChat | `get_qrcode`: always the experience version |
    /// |---|---|
    /// | Baidu | `app/qrcode`: the package online unless the options name another |
    async fn trial_qr_code(&self, options: &QrCodeOptions) -> Result<QrCode>;

    /// Returns the pages of the uploaded code. Requires `Capabilities::pages`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no such list.
    async fn pages(&self) -> Result<Vec<String>> {
        Err(Error::unsupported(self.vendor(), "pages"))
    }

    /// Returns the service categories that the app may use.
    ///
    /// # Errors
    /// The errors of any read.
    async fn categories(&self) -> Result<Vec<Category>>;
}

/// Submits versions for audit and queries their status.
#[async_trait]
pub trait AuditManager: Authorizer {
    /// Submits an uploaded version for audit and returns the vendor's audit id.
    ///
    /// At most one audit may be open per app; withdraw it first to submit again. If the vendor is still
    /// processing the upload of a receipt, this waits for it, up to five minutes.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if an audit is open,
    /// [`QuotaExhausted`](crate::ErrorKind::QuotaExhausted) if the quota is used up.
    ///
    /// # Vendor notes
    /// | WeChat | `submit_audit`; at most 5 items, the vendor decides whether it needs any (85023); returns `auditid` |
    /// |---|---|
    /// | Baidu | `package/submitaudit`; content and remark; the package id is the audit id |
    async fn submit_audit(&self, target: &SubmitTarget, options: &SubmitOptions) -> Result<Effect<AuditId>> {
        let (target, options) = (target.clone(), Box::new(options.clone()));
        self.perform(Command::SubmitAudit { target, options }).await?.into_audit()
    }

    /// Returns the status of one audit.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) for an id that does not belong to this app.
    async fn audit_status(&self, audit: &AuditId) -> Result<Audit>;

    /// Returns the newest audit; `not_submitted` without an id for an app that was never submitted.
    ///
    /// # Errors
    /// The errors of any read.
    async fn latest_audit(&self) -> Result<Audit>;

    /// Withdraws an open audit. Vendors limit how often this may be done per day and per month.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if that audit is not the open one;
    /// [`QuotaExhausted`](crate::ErrorKind::QuotaExhausted) if the quota is used up.
    ///
    /// # Vendor notes
    /// | WeChat | `undocodeaudit` takes no id: the latest audit is read and compared first, so nothing is sent on a conflict |
    /// |---|---|
    /// | Baidu | `package/withdraw`: the vendor decides |
    async fn withdraw_audit(&self, audit: &AuditId) -> Result<Effect> {
        let audit = AuditTarget::Id(audit.clone());
        Ok(self.perform(Command::WithdrawAudit { audit }).await?.into_unit())
    }

    /// Returns how many submissions are left.
    ///
    /// # Errors
    /// The errors of any read.
    async fn audit_quota(&self) -> Result<AuditQuota>;

    /// Checks what this vendor can tell about an app before a submission, with reads alone; used by
    /// [`check_submission`](crate::check_submission), which adds what is the same at every vendor.
    ///
    /// A check that the vendor has no read for is left out, and so is one that the target leaves out. By default there
    /// are no results. Nothing here is an error of the call: a read that fails is
    /// [a result](CheckResult::failed) of its check.
    async fn submission_checks(&self, _target: &CheckTarget) -> Vec<CheckResult> {
        Vec::new()
    }

    /// Asks the vendor to expedite an audit. Requires `Capabilities::expedite_audit`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no such operation;
    /// [`QuotaExhausted`](crate::ErrorKind::QuotaExhausted) if the quota is used up.
    async fn expedite_audit(&self, audit: &AuditId) -> Result<Effect> {
        let audit = AuditTarget::Id(audit.clone());
        Ok(self.perform(Command::ExpediteAudit { audit }).await?.into_unit())
    }
}

/// Publishes approved versions and rolls them back.
#[async_trait]
pub trait ReleaseManager: Authorizer {
    /// Releases an approved version to all users.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if nothing is approved, or if the audit named is not the approved
    /// one.
    ///
    /// # Vendor notes
    /// | WeChat | `release` takes no id: the latest audit is read and compared first, so nothing is sent on a conflict |
    /// |---|---|
    /// | Baidu | `package/release`: with an id the vendor decides; otherwise nothing is sent unless a package is approved |
    async fn release(&self, target: &ReleaseTarget) -> Result<Effect> {
        Ok(self.perform(Command::Release { target: target.clone() }).await?.into_unit())
    }

    /// Rolls back to an earlier version.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if there is no such version, another one is online than the target
    /// names, or a gray release is running;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a target that the vendor does not support.
    ///
    /// # Vendor notes
    /// | WeChat | `revertcoderelease`; takes no id: what is online is read and compared first; once per release |
    /// |---|---|
    /// | Baidu | `package/rollback` with the id of the package *now online*; one step; takes a while |
    async fn rollback(&self, target: &RollbackTarget) -> Result<Effect> {
        Ok(self.perform(Command::Rollback { target: target.clone() }).await?.into_unit())
    }

    /// Returns the versions that a rollback can go back to, newest first.
    ///
    /// # Errors
    /// The errors of any read.
    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>>;

    /// Starts a gray (phased) release: releases the approved version to a share of the users, or raises the
    /// share. Requires `Capabilities::gray_release`; never becomes a full release.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no gray releases;
    /// [`Conflict`](crate::ErrorKind::Conflict) if the share would decrease, nothing is approved, the audit named is not
    /// the approved one, or nothing is online; [`InvalidArgument`](crate::ErrorKind::InvalidArgument), naming
    /// `percentage`, for a share that the vendor does not offer.
    ///
    /// # Vendor notes
    /// | WeChat | `grayrelease` takes no id: if an audit is named, the latest one is read and compared first |
    /// |---|---|
    /// | Baidu | unsupported |
    async fn start_gray_release(&self, gray: GrayRelease) -> Result<Effect> {
        Ok(self.perform(Command::StartGrayRelease { gray }).await?.into_unit())
    }

    /// Returns the current gray release; `None` if none has been started. Requires `Capabilities::gray_release`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no gray releases.
    async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
        Err(Error::unsupported(self.vendor(), "gray_release_plan"))
    }

    /// Ends a gray release; its users return to the version before. Requires `Capabilities::gray_release`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no gray releases.
    async fn cancel_gray_release(&self) -> Result<Effect> {
        Ok(self.perform(Command::CancelGrayRelease).await?.into_unit())
    }

    /// Opens or closes the online version to users.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for anything but `Open` and `Closed`;
    /// [`Conflict`](crate::ErrorKind::Conflict) if the vendor does not allow the change.
    async fn set_visit_status(&self, status: VisitStatus) -> Result<Effect> {
        Ok(self.perform(Command::SetVisitStatus { status }).await?.into_unit())
    }

    /// Returns whether users can open the online version.
    ///
    /// # Errors
    /// The errors of any read.
    async fn visit_status(&self) -> Result<Visit>;

    /// Returns the lowest base library version that may open the app.
    ///
    /// # Errors
    /// The errors of any read.
    async fn min_library_version(&self) -> Result<MinLibraryVersion>;

    /// Sets the lowest base library version that may open the app.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a version that does not exist.
    async fn set_min_library_version(&self, version: &str) -> Result<Effect> {
        let version = version.to_owned();
        Ok(self.perform(Command::SetMinLibraryVersion { version }).await?.into_unit())
    }
}
