//! `Box<T>` and `Arc<T>` implement the traits of their contents.

use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::{Audit, AuditQuota, SubmitOptions, SubmitTarget};
#[cfg(feature = "callback")]
use crate::callback::{Answer, CallbackProtocol, Route, UrlCheck};
use crate::capability::Capabilities;
use crate::check::{CheckResult, CheckTarget};
use crate::code::{Category, CodeVersion, QrCode, QrCodeOptions, UploadProgress, UploadReceipt};
use crate::command::Command;
use crate::command::EffectValue;
use crate::effect::Effect;
use crate::error::Result;
use crate::event::{Delivery, Event, EventDecoder, EventHandler, Push};
use crate::ext_json::ExtJson;
#[cfg(feature = "callback")]
use crate::id::PlatformId;
use crate::id::SubjectId;
use crate::id::{AppId, AuditId, DraftId, TemplateId};
use crate::intent::{EarlierEffect, Intent, Recorded, Settled};
use crate::journal::Journal;
use crate::manager::AuditManager;
use crate::manager::Authorizer;
use crate::manager::CodeManager;
use crate::manager::ReleaseManager;
use crate::missed::MissedEvents;
use crate::permit::Permit;
use crate::planned::PlannedRequest;
use crate::platform::{MiniProgram, MiniProgramPlatform};
use crate::release::{
    GrayRelease, GrayReleasePlan, MinLibraryVersion, ReleaseTarget, RollbackTarget, RollbackVersion, Visit,
};
use crate::status::VisitStatus;
use crate::subject::Subject;
use crate::template::{AddedTemplate, Template, TemplateDraft, TemplateLibrary};
use crate::time::Timestamp;
use crate::token::{AccessToken, TokenProvider, TokenScope};
use crate::vendor::Vendor;

macro_rules! forward {
    ($($pointer:ident)*) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Subject + ?Sized> Subject for $pointer<T> {
            fn vendor(&self) -> Vendor {
                (**self).vendor()
            }
            fn id(&self) -> SubjectId {
                (**self).id()
            }
            fn plan(&self, command: &Command) -> Result<Vec<PlannedRequest>> {
                (**self).plan(command)
            }
            async fn perform(&self, command: Command) -> Result<Effect<EffectValue>> {
                (**self).perform(command).await
            }
            async fn perform_while(&self, command: Command, permit: Permit<'_>) -> Result<Effect<EffectValue>> {
                (**self).perform_while(command, permit).await
            }
            async fn settle(&self, intent: &Intent) -> Result<Settled> {
                (**self).settle(intent).await
            }
            async fn resolve(&self, intent: &Intent, settled: &Settled) -> Result<()> {
                (**self).resolve(intent, settled).await
            }
            async fn recorded(&self, command: &Command, since: Timestamp) -> Result<Option<Recorded>> {
                (**self).recorded(command, since).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: Authorizer + ?Sized> Authorizer for $pointer<T> {
            fn app_id(&self) -> &AppId {
                (**self).app_id()
            }
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: CodeManager + ?Sized> CodeManager for $pointer<T> {
            async fn upload_code(
                &self,
                template: &TemplateId,
                ext: &ExtJson,
                version: &str,
                description: &str,
            ) -> Result<Effect<UploadReceipt>> {
                (**self).upload_code(template, ext, version, description).await
            }
            async fn upload_progress(&self, receipt: &UploadReceipt) -> Result<UploadProgress> {
                (**self).upload_progress(receipt).await
            }
            async fn code_versions(&self) -> Result<Vec<CodeVersion>> {
                (**self).code_versions().await
            }
            async fn trial_qr_code(&self, options: &QrCodeOptions) -> Result<QrCode> {
                (**self).trial_qr_code(options).await
            }
            async fn pages(&self) -> Result<Vec<String>> {
                (**self).pages().await
            }
            async fn categories(&self) -> Result<Vec<Category>> {
                (**self).categories().await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: AuditManager + ?Sized> AuditManager for $pointer<T> {
            async fn submit_audit(&self, target: &SubmitTarget, options: &SubmitOptions) -> Result<Effect<AuditId>> {
                (**self).submit_audit(target, options).await
            }
            async fn audit_status(&self, audit: &AuditId) -> Result<Audit> {
                (**self).audit_status(audit).await
            }
            async fn latest_audit(&self) -> Result<Audit> {
                (**self).latest_audit().await
            }
            async fn withdraw_audit(&self, audit: &AuditId) -> Result<Effect> {
                (**self).withdraw_audit(audit).await
            }
            async fn audit_quota(&self) -> Result<AuditQuota> {
                (**self).audit_quota().await
            }
            async fn submission_checks(&self, target: &CheckTarget) -> Vec<CheckResult> {
                (**self).submission_checks(target).await
            }
            async fn expedite_audit(&self, audit: &AuditId) -> Result<Effect> {
                (**self).expedite_audit(audit).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: ReleaseManager + ?Sized> ReleaseManager for $pointer<T> {
            async fn release(&self, target: &ReleaseTarget) -> Result<Effect> {
                (**self).release(target).await
            }
            async fn rollback(&self, target: &RollbackTarget) -> Result<Effect> {
                (**self).rollback(target).await
            }
            async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
                (**self).rollback_targets().await
            }
            async fn start_gray_release(&self, gray: GrayRelease) -> Result<Effect> {
                (**self).start_gray_release(gray).await
            }
            async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
                (**self).gray_release_plan().await
            }
            async fn cancel_gray_release(&self) -> Result<Effect> {
                (**self).cancel_gray_release().await
            }
            async fn set_visit_status(&self, status: VisitStatus) -> Result<Effect> {
                (**self).set_visit_status(status).await
            }
            async fn visit_status(&self) -> Result<Visit> {
                (**self).visit_status().await
            }
            async fn min_library_version(&self) -> Result<MinLibraryVersion> {
                (**self).min_library_version().await
            }
            async fn set_min_library_version(&self, version: &str) -> Result<Effect> {
                (**self).set_min_library_version(version).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: MiniProgramPlatform + ?Sized> MiniProgramPlatform for $pointer<T> {
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
            fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram> {
                (**self).authorizer(app)
            }
            fn subject(&self, id: &SubjectId) -> Result<Box<dyn Subject>> {
                (**self).subject(id)
            }
            fn event_decoder(&self) -> Result<Box<dyn EventDecoder>> {
                (**self).event_decoder()
            }
            fn missed_events(&self) -> Option<Box<dyn MissedEvents>> {
                (**self).missed_events()
            }
            fn template_library(&self) -> Result<Box<dyn TemplateLibrary>> {
                (**self).template_library()
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: TemplateLibrary + ?Sized> TemplateLibrary for $pointer<T> {
            fn platform(&self) -> &dyn Subject {
                (**self).platform()
            }
            async fn template_drafts(&self) -> Result<Vec<TemplateDraft>> {
                (**self).template_drafts().await
            }
            async fn templates(&self) -> Result<Vec<Template>> {
                (**self).templates().await
            }
            async fn add_template(
                &self,
                draft: &DraftId,
                description: Option<&str>,
            ) -> Result<Effect<AddedTemplate>> {
                (**self).add_template(draft, description).await
            }
            async fn delete_template(&self, template: &TemplateId) -> Result<Effect> {
                (**self).delete_template(template).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: EventDecoder + ?Sized> EventDecoder for $pointer<T> {
            fn vendor(&self) -> Vendor {
                (**self).vendor()
            }
            fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
                (**self).decode(push)
            }
        }

        #[cfg(feature = "callback")]
        #[deny(clippy::missing_trait_methods)]
        impl<T: CallbackProtocol + ?Sized> CallbackProtocol for $pointer<T> {
            fn platform_id(&self) -> Option<&PlatformId> {
                (**self).platform_id()
            }
            fn checks_by_get(&self) -> bool {
                (**self).checks_by_get()
            }
            fn url_check(&self, request: &UrlCheck<'_>, now: Timestamp) -> Option<Result<Answer>> {
                (**self).url_check(request, now)
            }
            fn fits(&self, event: &Event<'_>, route: Route) -> bool {
                (**self).fits(event, route)
            }
            fn is_test_app(&self, app: &AppId) -> bool {
                (**self).is_test_app(app)
            }
            fn acknowledgement(&self) -> Answer {
                (**self).acknowledgement()
            }
            fn failure(&self) -> Option<Answer> {
                (**self).failure()
            }
            fn reply(&self, event: &Event<'_>, now: Timestamp) -> Option<Result<Answer>> {
                (**self).reply(event, now)
            }
            fn take_credential(&self, event: &mut Event<'static>) {
                (**self).take_credential(event);
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: EventHandler + ?Sized> EventHandler for $pointer<T> {
            async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
                (**self).handle(event, delivery).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: TokenProvider + ?Sized> TokenProvider for $pointer<T> {
            async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
                (**self).token(scope).await
            }
            async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
                (**self).reject(scope, refused).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Journal + ?Sized> Journal for $pointer<T> {
            async fn open(&self, intent: &Intent) -> Result<()> {
                (**self).open(intent).await
            }
            async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()> {
                (**self).close(intent, settled).await
            }
            async fn pending(&self, vendor: Vendor, subject: &SubjectId) -> Result<Option<Intent>> {
                (**self).pending(vendor, subject).await
            }
            async fn settled(
                &self,
                vendor: Vendor,
                subject: &SubjectId,
                command: &Command,
                since: Timestamp,
            ) -> Result<Option<EarlierEffect>> {
                (**self).settled(vendor, subject, command, since).await
            }
        }
    )*};
}

forward!(Box Arc);
