//! Clients for the platform at Baidu and for one app.

#[cfg(feature = "callback")]
use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::push::MissedEvents;
use miniprogram_core::vendor_api::pipeline::{Op, Pipeline};
use miniprogram_core::{
    AppId, Authorizer, Capabilities, ClientConfig, EventDecoder, MiniProgram, MiniProgramPlatform, Result,
    Subject, SubjectId, TemplateLibrary, raw_calls, raw_plan,
};

use crate::dialect::BaiduDialect;
#[cfg(feature = "callback")]
use crate::missed_pushes::KeptPushes;
use crate::missed_pushes::{self, MissedPushQuery, MissedPushes};
use crate::{REFUSE, form};

/// Baidu's capabilities.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::new()
    .with_package_ids()
    .with_audit_remarks()
    .with_template_library()
    .with_app_id_in_pushes();

/// A third-party platform at Baidu. Clones share everything.
#[derive(Debug, Clone)]
pub struct BaiduPlatform {
    pub(crate) pipeline: Pipeline,
    #[cfg(feature = "callback")]
    callbacks: Option<CallbackConfig>,
}

impl BaiduPlatform {
    /// Creates a client that sends to `https://openapi.baidu.com` unless the configuration names another address.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig) -> Result<Self> {
        Ok(Self {
            pipeline: Pipeline::new(config, BaiduDialect)?,
            #[cfg(feature = "callback")]
            callbacks: None,
        })
    }

    /// Sets the secrets of its callbacks, so that [`event_decoder`](MiniProgramPlatform::event_decoder) returns a
    /// decoder.
    #[cfg(feature = "callback")]
    #[must_use]
    pub fn with_callbacks(mut self, callbacks: CallbackConfig) -> Self {
        self.callbacks = Some(callbacks);
        self
    }

    /// Returns a client for an app that has authorized the platform. Sends no request.
    #[must_use]
    pub fn app(&self, app: impl Into<AppId>) -> BaiduApp {
        BaiduApp { pipeline: self.pipeline.clone(), app: app.into() }
    }

    /// Returns pushes of the last month, whether they were delivered or not: `pushmsg/getmsg`.
    ///
    /// Source: Baidu's current SDKs, `pushmsg/getmsg`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for a span that ends
    /// before it begins or is longer than a week, for a page of 0 or more than 100 pushes, and for ids combined with
    /// anything else; and those of any read.
    pub async fn missed_pushes(&self, query: &MissedPushQuery) -> Result<MissedPushes> {
        missed_pushes::read(self.begin(missed_pushes::OPERATION), query).await
    }

    /// Begins an operation on the platform itself.
    pub(crate) fn begin(&self, operation: &'static str) -> Op<'_> {
        self.pipeline.begin(self.pipeline.platform_id(), operation)
    }
}

#[deny(clippy::missing_trait_methods)]
impl MiniProgramPlatform for BaiduPlatform {
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
            return Ok(Box::new(crate::event::BaiduEventDecoder::new(callbacks.clone())));
        }
        Err(REFUSE.without_callbacks())
    }

    fn missed_events(&self) -> Option<Box<dyn MissedEvents>> {
        #[cfg(feature = "callback")]
        if let Some(callbacks) = &self.callbacks {
            let decoder = crate::event::BaiduEventDecoder::new(callbacks.clone());
            return Some(Box::new(KeptPushes::new(self.pipeline.clone(), decoder)));
        }
        None
    }

    fn template_library(&self) -> Result<Box<dyn TemplateLibrary>> {
        Ok(Box::new(self.templates()))
    }
}

/// Client for one app at Baidu that has authorized the platform. Cheap to clone; clones share the app's gate.
#[derive(Debug, Clone)]
pub struct BaiduApp {
    pub(crate) pipeline: Pipeline,
    pub(crate) app: AppId,
}

raw_calls! { form::raw_call;
    impl BaiduPlatform, |platform, call| platform.begin("call"), call.with_platform_token();
    /// Calls an unmodelled endpoint of the platform with the platform's token; otherwise like [`BaiduApp::call`].
    ///
    /// # Errors
    /// Those of [`BaiduApp::call`].
    call_as_platform;
    /// Like [`call_as_platform`](Self::call_as_platform), but returns the whole response, as [`BaiduApp::call_raw`]
    /// does.
    ///
    /// # Errors
    /// Those of [`BaiduApp::call_raw`].
    call_raw_as_platform;

    impl BaiduApp, |app, call| app.pipeline.begin(&app.app, "call"), call;
    /// Calls an unmodelled endpoint once, with the app's token: only a refused token is replaced and the call sent
    /// again. Returns the JSON of a successful response, including the envelope.
    ///
    /// `path` begins with `/`; `query` excludes the token and is not yet encoded. The body is an object whose fields
    /// become the fields of a form: strings as they are, anything else as JSON text; null means no body. The outcome
    /// of the call is not settled and the call bypasses the app's gate: never call an endpoint that a method covers
    /// while that method may be running.
    ///
    /// ```no_run
    /// # async fn run(app: baidu_smartapp::BaiduApp) -> Result<(), miniprogram_core::Error> {
    /// let answer = app.call(http::Method::GET, "/rest/2.0/smartapp/app/violation", &[], None).await?;
    /// println!("{}", answer["data"]["problemDetails"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// JSON without an `errno` is a success.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an invalid path, a query or body that names the token, or
    /// a body that is not an object; the vendor's refusals; [`Protocol`](miniprogram_core::ErrorKind::Protocol) for a body that is not
    /// JSON, which [`call_raw`](Self::call_raw) returns. With outcome `unknown` the call may have taken effect; a GET
    /// never has this outcome, except below `/oauth/`, where it uses up a code or a token.
    call;
    /// Like [`call`](Self::call), but returns the whole response: status, headers and body bytes of any kind, up to
    /// 32 MiB. The JSON is null if the body is not JSON.
    ///
    /// # Errors
    /// Those of [`call`](Self::call), except that a body that is not JSON is not an error. A status outside 200 to
    /// 299 is an error.
    call_raw;
}

raw_plan! { form::raw_call, BaiduDialect;
    /// Returns the request that [`BaiduApp::call`] or [`BaiduPlatform::call_as_platform`] would send, with its token
    /// masked. Nothing is sent.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), as for those two.
    plan_call
}

#[deny(clippy::missing_trait_methods)]
impl Authorizer for BaiduApp {
    fn app_id(&self) -> &AppId {
        &self.app
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }
}
