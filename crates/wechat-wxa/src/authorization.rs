//! The calls that authorize the platform and obtain its tokens: [`AuthorizationApi`], and WeChat-only calls.
//!
//! Source: WeChat's pages on third-party platforms, "授权流程技术说明" and the interfaces of `cgi-bin/component`.

mod info;
mod page;
mod recover;
mod settings;
mod tokens;

use async_trait::async_trait;
use miniprogram_core::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerInfo, AuthorizerList, AuthorizerPage, Grant,
    IssuedToken, PlatformAuth, PlatformProof, PreAuthorizationCode, Recovery, RefreshTokenUse,
};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::kit::page_code;
use miniprogram_core::vendor_api::pipeline::{Call, Op, Pipeline};
use miniprogram_core::{AppId, ClientConfig, PlatformId, Result, Secret, Vendor};
use serde_json::{Map, Value};

use crate::dialect::WeChatDialect;
use crate::{REFUSE, WECHAT};

/// Client for the calls of a platform's token chain at WeChat. Clones share connections and the retry budget.
///
/// It stores nothing: tokens are passed to each call and returned by it. Calls that only read, and calls that fetch a
/// platform token or a pre-authorization code, are retried like any read. An exchange and a refresh are sent once.
#[derive(Debug, Clone)]
pub struct WeChatAuthorization {
    pipeline: Pipeline,
    secret: Secret,
    pages: Option<BaseUrl>,
}

impl WeChatAuthorization {
    /// Creates a client from the platform's `component_appid`, in a configuration
    /// [`without_tokens`](ClientConfig::without_tokens), and its `component_appsecret`.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the id or the secret is empty, or the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig, secret: impl Into<Secret>) -> Result<Self> {
        let secret = secret.into();
        let settings =
            [("platform_id", config.platform_id.as_str()), ("component_appsecret", secret.expose())];
        REFUSE.settings("authorization", settings)?;
        let pipeline = Pipeline::new(config, WeChatDialect)?;
        Ok(Self { pipeline, secret, pages: None })
    }

    /// Sends merchants' browsers to the authorization page of another host, such as a simulator, instead of
    /// `https://mp.weixin.qq.com` and `https://open.weixin.qq.com`.
    #[must_use]
    pub fn with_page_base(mut self, base: BaseUrl) -> Self {
        self.pages = Some(base);
        self
    }

    /// Begins an operation on the platform itself.
    fn begin(&self, operation: &'static str) -> Op<'_> {
        self.pipeline.begin(self.pipeline.platform_id(), operation)
    }

    /// Builds a call of the platform, which carries the platform's id.
    fn call<const N: usize>(&self, endpoint: &'static Endpoint, fields: [(&str, Value); N]) -> Call {
        let own = ("component_appid".to_owned(), Value::from(self.pipeline.platform_id().as_str()));
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        let body: Map<String, Value> = std::iter::once(own).chain(fields).collect();
        Call::to(endpoint).with_json(&Value::Object(body))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl AuthorizationApi for WeChatAuthorization {
    fn vendor(&self) -> Vendor {
        WECHAT
    }

    fn platform_id(&self) -> &PlatformId {
        self.pipeline.platform_id()
    }

    fn refresh_token_use(&self) -> RefreshTokenUse {
        RefreshTokenUse::Repeatable
    }

    fn platform_proof(&self) -> PlatformProof {
        PlatformProof::Ticket
    }

    async fn platform_token(&self, ticket: Option<&Secret>) -> Result<IssuedToken> {
        self.fetch_platform_token(ticket.unwrap_or(&Secret::new(""))).await
    }

    async fn start_ticket_push(&self) -> Result<()> {
        self.ask_for_tickets().await
    }

    async fn pre_authorization_code(&self, platform: &PlatformAuth) -> Result<Option<PreAuthorizationCode>> {
        self.fetch_code(platform.token(WECHAT, "pre_authorization_code")?).await.map(Some)
    }

    fn authorization_url(
        &self,
        code: Option<&PreAuthorizationCode>,
        request: &AuthorizationRequest,
    ) -> Result<String> {
        page::url(self, page_code(REFUSE, code, request)?, request)
    }

    async fn exchange(&self, platform: &PlatformAuth, authorization_code: &Secret) -> Result<Grant> {
        self.exchange_code(platform.token(WECHAT, "exchange")?, authorization_code).await
    }

    async fn refresh(&self, platform: &PlatformAuth, app: &AppId, refresh_token: &Secret) -> Result<Grant> {
        self.renew(platform.token(WECHAT, "refresh")?, app, refresh_token).await
    }

    async fn recover(&self, platform: &PlatformAuth, app: &AppId) -> Result<Recovery> {
        self.find_refresh_token(platform.token(WECHAT, "recover")?, app).await
    }

    async fn authorizer_info(
        &self,
        platform: &PlatformAuth,
        app: Option<&AppId>,
        _authorizer: Option<&AccessToken>,
    ) -> Result<AuthorizerInfo> {
        const OPERATION: &str = "authorizer_info";
        let why = "must be given: WeChat is asked with the platform's token and the app's id";
        let app = app.ok_or_else(|| REFUSE.invalid(OPERATION, "app", why))?;
        self.read_info(platform.token(WECHAT, OPERATION)?, app).await
    }

    async fn authorizers(&self, platform: &PlatformAuth, page: AuthorizerPage) -> Result<AuthorizerList> {
        self.read_list(platform.token(WECHAT, "authorizers")?, page).await
    }
}
