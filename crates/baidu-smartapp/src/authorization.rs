//! The calls that authorize the platform and obtain its tokens: [`AuthorizationApi`].
//!
//! Source: Baidu's pages on third-party platforms, "授权流程".

mod info;
mod page;
mod recover;
mod tokens;

use async_trait::async_trait;
use miniprogram_core::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerInfo, AuthorizerList, AuthorizerPage, Grant,
    IssuedToken, PlatformAuth, PlatformProof, PreAuthorizationCode, Recovery, RefreshTokenUse,
};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::vendor_api::kit::page_code;
use miniprogram_core::vendor_api::pipeline::{Op, Pipeline};
use miniprogram_core::{AppId, ClientConfig, Error, PlatformId, Result, Secret, Vendor};

use crate::dialect::BaiduDialect;
use crate::{BAIDU, REFUSE};

/// Client for the calls of a platform's token chain at Baidu. Clones share connections and the retry budget.
///
/// It stores nothing: tokens are passed to each call and returned by it. Calls that only read, and calls that fetch a
/// platform token or a code, are retried like any read. An exchange and a refresh are sent once, since each uses up
/// the code or token that it sends.
#[derive(Debug, Clone)]
pub struct BaiduAuthorization {
    pipeline: Pipeline,
    client_id: String,
    pages: Option<BaseUrl>,
}

impl BaiduAuthorization {
    /// Creates a client from the platform's id, in a configuration [`without_tokens`](ClientConfig::without_tokens),
    /// and its key, which is public.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the id or the key is empty, or the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig, client_id: impl Into<String>) -> Result<Self> {
        let client_id = client_id.into();
        let settings = [("platform_id", config.platform_id.as_str()), ("client_id", client_id.as_str())];
        REFUSE.settings("authorization", settings)?;
        let pipeline = Pipeline::new(config, BaiduDialect)?;
        Ok(Self { pipeline, client_id, pages: None })
    }

    /// Sends merchants' browsers to the authorization page of another host, such as a simulator, instead of
    /// `https://smartprogram.baidu.com`.
    #[must_use]
    pub fn with_page_base(mut self, base: BaseUrl) -> Self {
        self.pages = Some(base);
        self
    }

    /// Begins an operation on the platform itself.
    fn begin(&self, operation: &'static str) -> Op<'_> {
        self.pipeline.begin(self.pipeline.platform_id(), operation)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl AuthorizationApi for BaiduAuthorization {
    fn vendor(&self) -> Vendor {
        BAIDU
    }

    fn platform_id(&self) -> &PlatformId {
        self.pipeline.platform_id()
    }

    fn refresh_token_use(&self) -> RefreshTokenUse {
        RefreshTokenUse::SingleUse
    }

    fn platform_proof(&self) -> PlatformProof {
        PlatformProof::Ticket
    }

    async fn platform_token(&self, ticket: Option<&Secret>) -> Result<IssuedToken> {
        self.fetch_platform_token(ticket.unwrap_or(&Secret::new(""))).await
    }

    async fn start_ticket_push(&self) -> Result<()> {
        let why = "Baidu pushes a ticket every ten minutes and has no call for it";
        Err(Error::unsupported(BAIDU, "start_ticket_push").with_detail(why))
    }

    async fn pre_authorization_code(&self, platform: &PlatformAuth) -> Result<Option<PreAuthorizationCode>> {
        self.fetch_code(platform.token(BAIDU, "pre_authorization_code")?).await.map(Some)
    }

    fn authorization_url(
        &self,
        code: Option<&PreAuthorizationCode>,
        request: &AuthorizationRequest,
    ) -> Result<String> {
        page::url(self, page_code(REFUSE, code, request)?, request)
    }

    async fn exchange(&self, platform: &PlatformAuth, authorization_code: &Secret) -> Result<Grant> {
        self.exchange_code(platform.token(BAIDU, "exchange")?, authorization_code).await
    }

    async fn refresh(&self, platform: &PlatformAuth, app: &AppId, refresh_token: &Secret) -> Result<Grant> {
        self.renew(platform.token(BAIDU, "refresh")?, app, refresh_token).await
    }

    async fn recover(&self, platform: &PlatformAuth, app: &AppId) -> Result<Recovery> {
        self.retrieve_code(platform.token(BAIDU, "recover")?, app).await
    }

    async fn authorizer_info(
        &self,
        _platform: &PlatformAuth,
        app: Option<&AppId>,
        authorizer: Option<&AccessToken>,
    ) -> Result<AuthorizerInfo> {
        let why = "must be given: Baidu is asked with the app's token";
        let missing = || REFUSE.invalid("authorizer_info", "authorizer", why);
        self.read_info(app, authorizer.ok_or_else(missing)?).await
    }

    async fn authorizers(&self, _platform: &PlatformAuth, _page: AuthorizerPage) -> Result<AuthorizerList> {
        let why = "Baidu has no list of the apps that have authorized the platform";
        Err(Error::unsupported(BAIDU, "authorizers").with_detail(why))
    }
}

/// Checks a secret that is about to be sent.
fn required(operation: &'static str, field: &'static str, secret: &Secret) -> Result<()> {
    REFUSE.required(operation, field, secret.expose())
}
