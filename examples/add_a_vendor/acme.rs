//! A vendor crate in small: Acme has one JSON envelope, numbers its revisions, and knows no gray release.
#![expect(unreachable_pub, reason = "written as a crate of its own would be")]

use async_trait::async_trait;
use miniprogram_core::callback::{CallbackProtocol, Route};
use miniprogram_core::codes::{CodeRow, CodeTable};
use miniprogram_core::endpoint::Endpoint;
use miniprogram_core::frame::{FrameKey, HexCase, open, signature_holds};
use miniprogram_core::pipeline::{
    Call, Dialect, EffectClass, EffectPlan, EffectSource, Expect, Finding, Op, Pipeline, Preview, Reply,
    VendorRefusal, Verdict,
};
use miniprogram_core::transport::{Place, Request, Response};
use miniprogram_core::*;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::time::Duration;

pub const ACME: Vendor = Vendor::new("acme");

/// Every number of Acme's, and what it means here.
pub static AUDIT: StatusTable<AuditStatus> = StatusTable::new(
    ACME,
    "audit",
    AuditStatus::Unknown,
    &[
        StatusRow::new(0, AuditStatus::InReview, "looking"),
        StatusRow::new(1, AuditStatus::Approved, "fine"),
        StatusRow::new(2, AuditStatus::Rejected, "no"),
        StatusRow::new(3, AuditStatus::Withdrawn, "taken back"),
    ],
);

pub static CODES: CodeTable = CodeTable::new(
    ACME,
    "code",
    &[&[
        CodeRow::new(1, ErrorKind::Unavailable, "busy").open(),
        CodeRow::new(2, ErrorKind::TokenRejected, "who are you"),
        CodeRow::new(3, ErrorKind::Conflict, "not now"),
        CodeRow::new(4, ErrorKind::InvalidArgument, "what is that"),
    ]],
);

#[derive(Debug)]
struct AcmeDialect;

impl Dialect for AcmeDialect {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn base_url(&self) -> &'static str {
        "https://api.acme.example"
    }

    fn settle_time(&self) -> Duration {
        Duration::from_secs(6)
    }

    fn authorize(&self, request: &mut Request, token: Option<&AccessToken>, _now: Timestamp) -> Result<()> {
        match token {
            Some(token) => request.add_secret(Place::query("access_token"), token.secret().clone()),
            None => Ok(()),
        }
    }

    fn read(&self, call: &Call, response: &Response) -> Verdict {
        if call.expect == Expect::Image && QrCode::from_bytes(response.body.to_vec()).is_some() {
            return Verdict::Success(Reply::new(Value::Null, response.body.clone()));
        }
        let Ok(json) = serde_json::from_slice::<Value>(&response.body) else {
            return Verdict::NotUnderstood("the body is no JSON".to_owned());
        };
        match (json["ok"].as_bool(), json["code"].as_i64()) {
            (Some(true), _) => Verdict::Success(Reply::new(json["data"].clone(), response.body.clone())),
            (Some(false), Some(number)) => {
                let code = Code::from(number);
                let row = CODES.find(&code, Some(call.code_key()));
                Verdict::Refused(VendorRefusal::new(
                    code,
                    json["words"].as_str().unwrap_or_default().to_owned(),
                    row,
                ))
            }
            _ => Verdict::NotUnderstood("neither ok nor a code".to_owned()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct AcmePlatform(Pipeline);

#[derive(Debug, Clone)]
pub struct AcmeApp {
    pipeline: Pipeline,
    app: AppId,
}

impl AcmePlatform {
    pub fn new(config: ClientConfig) -> Result<Self> {
        Pipeline::new(config, AcmeDialect).map(Self)
    }

    pub fn app(&self, app: AppId) -> AcmeApp {
        AcmeApp { pipeline: self.0.clone(), app }
    }
}

/// Acme's platforms have no effects of their own.
impl EffectSource for AcmePlatform {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Err(Error::unsupported(ACME, command.operation().as_str()))
    }
}

subject!(AcmePlatform, |platform| platform.0, platform.0.platform_id());

impl MiniProgramPlatform for AcmePlatform {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_app_id_in_pushes()
    }

    fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram> {
        Box::new(self.app(app))
    }

    fn subject(&self, id: &SubjectId) -> Result<Box<dyn Subject>> {
        Ok(match self.0.subject(id)?.app() {
            Some(app) => Box::new(self.app(app.clone())),
            None => Box::new(self.clone()),
        })
    }

    fn event_decoder(&self) -> Result<Box<dyn EventDecoder>> {
        Ok(Box::new(AcmeEventDecoder))
    }
}

static UPLOAD: Endpoint = Endpoint::post("upload_code", "/upload");
static SUBMIT: Endpoint = Endpoint::post("submit_audit", "/submit");
static WITHDRAW: Endpoint = Endpoint::post("withdraw_audit", "/withdraw");
static RELEASE: Endpoint = Endpoint::post("release", "/release");
static ROLLBACK: Endpoint = Endpoint::post("rollback", "/rollback");
static SET_VISIT: Endpoint = Endpoint::post("set_visit_status", "/visit");
static SET_LIBRARY: Endpoint = Endpoint::post("set_min_library_version", "/library");
static STATE: Endpoint = Endpoint::get("code_versions", "/state");
static VISIT: Endpoint = Endpoint::get("visit_status", "/visit");
static READ_AUDIT: Endpoint = Endpoint::get("audit_status", "/audit");

/// One effect: Acme counts revisions, so "did it happen" is "is the revision another one".
struct AcmeEffect {
    endpoint: &'static Endpoint,
    body: Value,
    /// What the state must show before anything is sent.
    check: fn(&Value, &Value) -> Result<()>,
    value: fn(&Value, &Value) -> EffectValue,
}

#[async_trait]
impl EffectPlan for AcmeEffect {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.request(&Value::Null)?).after(Call::to(&STATE)))
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let state = state(op).await?;
        (self.check)(&state, &self.body)?;
        Ok(state["revision"].clone())
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::to(self.endpoint).with_json(&self.body))
    }

    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        Ok((self.value)(&self.body, &reply.json))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let state = state(op).await?;
        // What Acme does not tell proves nothing.
        if state["revision"].as_u64().is_none() {
            return Ok(Finding::Untold("revision"));
        }
        let moved_on = state["revision"] != intent.before;
        Ok(if moved_on { Finding::Done((self.value)(&self.body, &state)) } else { Finding::Absent })
    }
}

async fn state(op: &mut Op<'_>) -> Result<Value> {
    Ok(op.read(&Call::to(&STATE)).await?.json)
}

fn anything(_state: &Value, _body: &Value) -> Result<()> {
    Ok(())
}

fn nothing(_body: &Value, _answer: &Value) -> EffectValue {
    EffectValue::None
}

impl EffectSource for AcmeApp {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        let operation = command.operation().as_str();
        let unsupported = || Err(Error::unsupported(ACME, operation));
        let effect = |endpoint, body| AcmeEffect { endpoint, body, check: anything, value: nothing };
        Ok(Box::new(match command {
            Command::UploadCode { version, description, .. } => AcmeEffect {
                value: |body, _| {
                    EffectValue::Upload(UploadReceipt::new(
                        text(&body["version"]),
                        text(&body["description"]),
                    ))
                },
                ..effect(&UPLOAD, json!({ "version": version, "description": description }))
            },
            Command::SubmitAudit { target, options } => {
                let foreign = options.remark.is_some() || !options.items.is_empty();
                if foreign || matches!(target, SubmitTarget::Package(_)) {
                    return unsupported();
                }
                AcmeEffect {
                    value: |_, answer| EffectValue::Audit(AuditId::new(text(&answer["audit"]["id"]))),
                    ..effect(&SUBMIT, json!({}))
                }
            }
            Command::WithdrawAudit { audit: AuditTarget::Id(audit) } => {
                effect(&WITHDRAW, json!({ "audit": audit }))
            }
            Command::Release { target } => AcmeEffect {
                check: |state, body| {
                    let approved = state["audit"]["status"] == 1;
                    let named = body["audit"].is_null() || body["audit"] == state["audit"]["id"];
                    if approved && named {
                        return Ok(());
                    }
                    Err(Error::new(ErrorKind::Conflict, "release")
                        .with_detail("that audit is not the approved one"))
                },
                ..effect(
                    &RELEASE,
                    match target {
                        ReleaseTarget::Audit(audit) => json!({ "audit": audit }),
                        _ => json!({}),
                    },
                )
            },
            Command::Rollback { target: RollbackTarget::Previous } => effect(&ROLLBACK, json!({})),
            Command::SetVisitStatus { status: status @ (VisitStatus::Open | VisitStatus::Closed) } => {
                effect(&SET_VISIT, json!({ "status": status }))
            }
            Command::SetVisitStatus { .. } => {
                return Err(Error::invalid(operation, "status", "must be open or closed"));
            }
            Command::SetMinLibraryVersion { version } if version.is_empty() => {
                return Err(Error::invalid(operation, "version", "must not be empty"));
            }
            Command::SetMinLibraryVersion { version } => effect(&SET_LIBRARY, json!({ "version": version })),
            _ => return unsupported(),
        }))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl AcmeApp {
    async fn read(&self, operation: &'static str, endpoint: &'static Endpoint) -> Result<Reply> {
        self.pipeline.begin(&self.app, operation).read(&Call::to(endpoint)).await
    }

    async fn audit(&self, operation: &'static str) -> Result<Audit> {
        let reply = self.read(operation, &READ_AUDIT).await?;
        let Some(code) = reply.json["status"].as_i64() else { return Ok(Audit::not_submitted()) };
        let (status, raw) = AUDIT.translate(code);
        Ok(Audit::new(Some(AuditId::new(text(&reply.json["id"]))), status, Some(raw))
            .with_reason(reply.json["reason"].as_str().map(str::to_owned)))
    }
}

subject!(AcmeApp, |app| app.pipeline, &app.app);

impl Authorizer for AcmeApp {
    fn app_id(&self) -> &AppId {
        &self.app
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_app_id_in_pushes()
    }
}

#[async_trait]
impl CodeManager for AcmeApp {
    async fn upload_progress(&self, _receipt: &UploadReceipt) -> Result<UploadProgress> {
        Ok(UploadProgress::ready(None))
    }

    async fn code_versions(&self) -> Result<Vec<CodeVersion>> {
        let state = self.read("code_versions", &STATE).await?.json;
        let version = |stage, member: &str| {
            let text = state[member].as_str()?;
            Some(CodeVersion::new(stage, None).with_version(Some(text.to_owned()), None))
        };
        Ok([version(Stage::Development, "uploaded"), version(Stage::Released, "online")]
            .into_iter()
            .flatten()
            .collect())
    }

    async fn trial_qr_code(&self, _options: &QrCodeOptions) -> Result<QrCode> {
        Err(Error::unsupported(ACME, "trial_qr_code"))
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        Ok(Vec::new())
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
        let state = self.read("rollback_targets", &STATE).await?.json;
        Ok(state["previous"].as_str().map(RollbackVersion::new).into_iter().collect())
    }

    async fn visit_status(&self) -> Result<Visit> {
        let reply = self.read("visit_status", &VISIT).await?;
        Ok(Visit::new(reply.decode_member("status")?, None))
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        let state = self.read("min_library_version", &STATE).await?.json;
        Ok(MinLibraryVersion::new(state["library"].as_str().map(str::to_owned), Vec::new()))
    }
}

pub const CALLBACK_TOKEN: &str = "acme-callback";
pub const CALLBACK_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Acme's pushes: a signed and encrypted JSON object in a JSON envelope.
#[derive(Debug)]
pub struct AcmeEventDecoder;

impl EventDecoder for AcmeEventDecoder {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        let refuse = |check: CallbackCheck| check.refuse(ACME);
        let envelope: Value =
            serde_json::from_slice(push.body).map_err(|_| refuse(CallbackCheck::Envelope))?;
        let member = |name: &str| envelope[name].as_str().ok_or_else(|| refuse(CallbackCheck::Envelope));
        let (sealed, given) = (member("sealed")?, member("signature")?);
        if !signature_holds(&[CALLBACK_TOKEN, sealed], given, HexCase::Lower) {
            return Err(refuse(CallbackCheck::Signature));
        }
        let key = FrameKey::parse(&Secret::new(CALLBACK_KEY)).map_err(|_| refuse(CallbackCheck::Frame))?;
        let mut bytes = sealed.as_bytes().to_vec();
        let frame = open(&key, &mut bytes).map_err(|_| refuse(CallbackCheck::Frame))?;
        let payload: Value =
            serde_json::from_slice(frame.message).map_err(|_| refuse(CallbackCheck::Message))?;
        let name = text(&payload["event"]);
        let kind = match name.as_str() {
            "approved" => EventKind::AuditApproved,
            "rejected" => EventKind::AuditRejected,
            _ => EventKind::Unknown,
        };
        let mut event = Event::new(ACME, kind, Cow::Owned(name), payload);
        event.app_id = event.payload["app"].as_str().map(AppId::from);
        event.reason = event.payload["reason"].as_str().map(|reason| Cow::Owned(reason.to_owned()));
        Ok(event)
    }
}

/// Acme has one URL for everything, checks none, and is content with `success`.
impl CallbackProtocol for AcmeEventDecoder {
    fn platform_id(&self) -> Option<&PlatformId> {
        None
    }

    fn fits(&self, _event: &Event<'_>, _route: Route) -> bool {
        true
    }
}
