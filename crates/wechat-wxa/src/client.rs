//! Clients for the platform and for one app that has authorized it.

use http::Method;
use miniprogram_core::transport::Body;
use miniprogram_core::vendor_api::pipeline::{Call, Op, Pipeline};
use miniprogram_core::{
    AppId, Authorizer, Capabilities, ClientConfig, EventDecoder, GrayReleaseSupport, MiniProgram,
    MiniProgramPlatform, Result, Subject, SubjectId, TemplateLibrary, raw_calls, raw_plan,
};
use serde_json::Value;

use crate::dialect::WeChatDialect;
use crate::{REFUSE, WECHAT};

/// A third-party platform at WeChat. Clones share connections, the retry budget and the gate per app.
#[derive(Debug, Clone)]
pub struct WeChatPlatform {
    pub(crate) pipeline: Pipeline,
    #[cfg(feature = "callback")]
    callbacks: Option<miniprogram_core::callback::CallbackConfig>,
}

impl WeChatPlatform {
    /// Creates a platform client; the id in the configuration is the `component_appid`.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig) -> Result<Self> {
        let pipeline = Pipeline::new(config, WeChatDialect)?;
        Ok(Self {
            pipeline,
            #[cfg(feature = "callback")]
            callbacks: None,
        })
    }

    /// Sets the secrets of its callbacks, which [`event_decoder`](MiniProgramPlatform::event_decoder) needs.
    #[cfg(feature = "callback")]
    #[must_use]
    pub fn with_callbacks(mut self, callbacks: miniprogram_core::callback::CallbackConfig) -> Self {
        self.callbacks = Some(callbacks);
        self
    }

    /// Returns a client for an app that has authorized the platform, with all WeChat-only calls. Sends no request.
    #[must_use]
    pub fn app(&self, app: impl Into<AppId>) -> WeChatApp {
        WeChatApp { pipeline: self.pipeline.clone(), app: app.into() }
    }

    /// Begins an operation on the platform itself.
    pub(crate) fn begin(&self, operation: &'static str) -> Op<'_> {
        self.pipeline.begin(self.pipeline.platform_id(), operation)
    }
}

impl MiniProgramPlatform for WeChatPlatform {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram> {
        Box::new(self.app(app))
    }

    fn subject(&self, id: &SubjectId) -> Result<Box<dyn Subject>> {
        Ok(match self.pipeline.subject(id)?.app() {
            Some(app) => Box::new(self.app(app.clone())),
            None => Box::new(self.clone()),
        })
    }

    fn event_decoder(&self) -> Result<Box<dyn EventDecoder>> {
        #[cfg(feature = "callback")]
        if let Some(callbacks) = &self.callbacks {
            return Ok(Box::new(crate::event::WeChatEventDecoder::new(callbacks.clone())?));
        }
        Err(REFUSE.without_callbacks())
    }

    fn template_library(&self) -> Result<Box<dyn TemplateLibrary>> {
        Ok(Box::new(self.templates()))
    }
}

const CAPABILITIES: Capabilities = Capabilities::new()
    .with_gray_release(GrayReleaseSupport::Any)
    .with_expedite_audit()
    .with_pages()
    .with_audit_items()
    .with_rollback_to_version()
    .with_library_usage()
    .with_template_library();

/// Client for one app that has authorized the platform. Holds an id and a cheap clone of what all apps of the
/// platform share.
#[derive(Debug, Clone)]
pub struct WeChatApp {
    pub(crate) pipeline: Pipeline,
    pub(crate) app: AppId,
}

impl WeChatApp {
    pub(crate) fn begin(&self, operation: &'static str) -> Op<'_> {
        self.pipeline.begin(&self.app, operation)
    }
}

raw_calls! { raw;
    impl WeChatPlatform, |platform, call| platform.begin("call"), call.with_platform_token();
    /// Calls an unmodelled endpoint of the platform with the platform's token; otherwise like [`WeChatApp::call`].
    ///
    /// # Errors
    /// Those of [`WeChatApp::call`].
    call_as_platform;
    /// Like [`call_as_platform`](Self::call_as_platform), but returns the whole response, as [`WeChatApp::call_raw`]
    /// does.
    ///
    /// # Errors
    /// Those of [`WeChatApp::call_raw`].
    call_raw_as_platform;

    impl WeChatApp, |app, call| app.begin("call"), call;
    /// Calls an unmodelled endpoint with the app's token and returns the JSON of a successful response.
    ///
    /// The path begins with `/`, such as `/wxa/getillegalrecords`; `access_token` is added to the query. A POST
    /// without a body sends `{}`, which the vendor requires; a POST with a null body sends no body at all. The call
    /// is sent once and is repeated only if its token was refused. Its outcome is not settled and it bypasses the
    /// app's gate, so never call an endpoint that a trait method covers while one of those methods is running.
    ///
    /// JSON without an `errcode` is a success: OAuth, the data cube and the media counts respond like this.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for a path that contains a query; the vendor's refusals;
    /// [`Protocol`](miniprogram_core::ErrorKind::Protocol) for a body that is not JSON, which [`call_raw`](Self::call_raw) returns.
    /// With outcome `unknown` the call may have taken effect; a GET never has this outcome, except for the three that
    /// change something: `undocodeaudit`, `revertgrayrelease`, `revertcoderelease`.
    call;
    /// Like [`call`](Self::call), but returns the whole response: status, headers and body bytes of any kind, up to
    /// 32 MiB. The JSON is null if the body is not JSON.
    ///
    /// # Errors
    /// Those of [`call`](Self::call), except that a body that is not JSON is not an error. A status outside 200 to
    /// 299 is an error.
    call_raw;
}

raw_plan! { raw, WeChatDialect;
    /// Returns the request that [`WeChatApp::call`] or [`WeChatPlatform::call_as_platform`] would send, with its token
    /// masked. Nothing is sent.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), as for those two.
    plan_call
}

#[deny(clippy::missing_trait_methods)]
impl Authorizer for WeChatApp {
    fn app_id(&self) -> &AppId {
        &self.app
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }
}

/// Endpoints that change something by a GET. The last one only lists if it has an `action`.
const GETS_WITH_EFFECT: [&str; 3] =
    ["/wxa/undocodeaudit", "/wxa/revertgrayrelease", "/wxa/revertcoderelease"];

fn raw(method: Method, path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Result<Call> {
    let body = match body {
        Some(Value::Null) => Body::Empty,
        Some(body) => Body::Json(body.to_string()),
        None if method == Method::POST => Body::Json("{}".to_owned()),
        None => Body::Empty,
    };
    let call = Call::raw(method, path, query, body).map_err(|error| error.for_vendor(WECHAT))?;
    call.check(&WeChatDialect)?;
    let lists = query.iter().any(|(name, _)| *name == "action");
    let has_effect = GETS_WITH_EFFECT.contains(&path.trim_end_matches('/')) && !lists;
    Ok(if has_effect { call.with_effect() } else { call })
}
