//! A vendor that no crate of the workspace knows, as small as the traits allow: it sends nothing.

use std::borrow::Cow;

use async_trait::async_trait;
use http::Method;
use miniprogram::callback::{Answer, CallbackProtocol, Route};
use miniprogram::model::{
    AuditQuota, Category, CodeVersion, MinLibraryVersion, QrCode, QrCodeOptions, RollbackVersion,
    UploadProgress, UploadReceipt, Visit,
};
use miniprogram::push::{CallbackCheck, Push};
use miniprogram::token::{TokenProvider as _, TokenScope};
use miniprogram::transport::{Body, Request};
use miniprogram::vendor_api::codes::{CodeRow, CodeTable, Explanation};
use miniprogram::{
    AppId, Audit, AuditId, AuditManager, Authorizer, Capabilities, ClientConfig, Code, CodeManager, Command,
    Effect, EffectValue, Error, ErrorKind, Event, EventDecoder, EventKind, Intent, MiniProgram,
    MiniProgramPlatform, Permit, PlannedRequest, PlatformId, Recorded, ReleaseManager, Result, Secret,
    Settled, Subject, SubjectId, Timestamp, Vendor,
};
use miniprogram_cli::{PlatformConfig, PushSettings, VendorEntry};
use serde_json::{Value, json};

pub(crate) const ACME: Vendor = Vendor::new("acme");

static CODES: CodeTable =
    CodeTable::new(ACME, "code", &[&[CodeRow::word("NO_APP", ErrorKind::NotFound, "there is no such app")]]);

/// What the command line knows about Acme. It has no calls that obtain tokens.
#[derive(Debug)]
pub(crate) struct Acme {
    /// Whether it has a protocol of pushes.
    pub(crate) receives: bool,
}

impl VendorEntry for Acme {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn platform(&self, config: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>> {
        let id = SubjectId::Platform(config.client.platform_id.clone());
        let is_signed = config.credential.is_some_and(|key| key.expose() == "canaryKey");
        Ok(Box::new(Handle { id, app: "".into(), client: config.client, is_signed }))
    }

    fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
        CODES.explain(code, operation)
    }

    fn credential(&self) -> &'static str {
        "signing_key"
    }

    fn signs_requests(&self) -> bool {
        true
    }

    fn callback(&self, settings: &PushSettings) -> Result<Box<dyn CallbackProtocol>> {
        match (&settings.token, &settings.platform_id) {
            (Some(token), Some(platform)) if self.receives => {
                Ok(Box::new(Pushes { platform: platform.clone(), token: token.clone() }))
            }
            _ => missing("events"),
        }
    }
}

/// Pushes in JSON, with the token in the query.
#[derive(Debug)]
struct Pushes {
    platform: PlatformId,
    token: Secret,
}

impl EventDecoder for Pushes {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        if push.query.strip_prefix("token=") != Some(self.token.expose()) {
            return Err(CallbackCheck::Signature.refuse(ACME));
        }
        let payload: Value =
            serde_json::from_slice(push.body).map_err(|_| CallbackCheck::Envelope.refuse(ACME))?;
        let app = payload["app"].as_str().map(AppId::new);
        let mut event = Event::new(ACME, EventKind::Authorized, Cow::Borrowed("GRANTED"), payload);
        event.app_id = app;
        Ok(event)
    }
}

impl CallbackProtocol for Pushes {
    fn platform_id(&self) -> Option<&PlatformId> {
        Some(&self.platform)
    }

    fn fits(&self, _: &Event<'_>, _: Route) -> bool {
        true
    }

    fn acknowledgement(&self) -> Answer {
        Answer::text("success")
    }
}

/// The platform, or one of its apps.
#[derive(Debug, Clone)]
struct Handle {
    id: SubjectId,
    app: AppId,
    client: ClientConfig,
    is_signed: bool,
}

fn missing<T>(operation: &'static str) -> Result<T> {
    Err(Error::unsupported(ACME, operation))
}

#[async_trait]
impl Subject for Handle {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn id(&self) -> SubjectId {
        self.id.clone()
    }

    fn plan(&self, command: &Command) -> Result<Vec<PlannedRequest>> {
        let mut request = Request::new(Method::POST, format!("/{}", command.operation().as_str()));
        request.body = Body::Json(json!({ "app": self.app }).to_string());
        Ok(vec![request.planned()])
    }

    async fn perform(&self, command: Command) -> Result<Effect<EffectValue>> {
        missing(command.operation().as_str())
    }

    async fn perform_while(&self, command: Command, _: Permit<'_>) -> Result<Effect<EffectValue>> {
        self.perform(command).await
    }

    async fn settle(&self, _: &Intent) -> Result<Settled> {
        missing("settle")
    }

    async fn resolve(&self, _: &Intent, _: &Settled) -> Result<()> {
        missing("resolve")
    }

    async fn recorded(&self, _: &Command, _: Timestamp) -> Result<Option<Recorded>> {
        Ok(None)
    }
}

impl MiniProgramPlatform for Handle {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_pages()
    }

    fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram> {
        Box::new(Self { id: SubjectId::App(app.clone()), app, ..self.clone() })
    }

    fn subject(&self, _: &SubjectId) -> Result<Box<dyn Subject>> {
        missing("subject")
    }

    fn event_decoder(&self) -> Result<Box<dyn EventDecoder>> {
        missing("event_decoder")
    }
}

impl Authorizer for Handle {
    fn app_id(&self) -> &AppId {
        &self.app
    }

    fn capabilities(&self) -> Capabilities {
        MiniProgramPlatform::capabilities(self)
    }
}

#[async_trait]
impl CodeManager for Handle {
    async fn upload_progress(&self, _: &UploadReceipt) -> Result<UploadProgress> {
        missing("upload_progress")
    }

    async fn code_versions(&self) -> Result<Vec<CodeVersion>> {
        missing("code_versions")
    }

    async fn trial_qr_code(&self, _: &QrCodeOptions) -> Result<QrCode> {
        missing("trial_qr_code")
    }

    /// What this handle was built from.
    async fn pages(&self) -> Result<Vec<String>> {
        let client = &self.client;
        let scope = TokenScope::authorizer(ACME, client.platform_id.clone(), self.app.clone());
        let token = client.tokens.token(&scope).await?.secret().expose().to_owned();
        let base_url = client.base_url.as_ref().map_or("", |url| url.as_str()).to_owned();
        let signed = if self.is_signed { "signed" } else { "not signed" };
        Ok(vec![client.platform_id.to_string(), self.app.to_string(), base_url, signed.to_owned(), token])
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        missing("categories")
    }
}

#[async_trait]
impl AuditManager for Handle {
    async fn audit_status(&self, _: &AuditId) -> Result<Audit> {
        missing("audit_status")
    }

    async fn latest_audit(&self) -> Result<Audit> {
        missing("latest_audit")
    }

    async fn audit_quota(&self) -> Result<AuditQuota> {
        missing("audit_quota")
    }
}

#[async_trait]
impl ReleaseManager for Handle {
    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
        missing("rollback_targets")
    }

    async fn visit_status(&self) -> Result<Visit> {
        missing("visit_status")
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        missing("min_library_version")
    }
}
