//! The calls that obtain apps' tokens. Acme's platforms sign them and have no token; an app's token lasts until it is
//! revoked, unless the merchant sets a term.

use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerInfo, Grant, IssuedToken, PlatformAuth, PlatformProof,
    PreAuthorizationCode, RefreshTokenUse,
};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::Place;
use miniprogram_core::vendor_api::pipeline::{Call, Op, Pipeline, Reply};
use miniprogram_core::{AppId, ClientConfig, Error, PlatformId, Result, Secret, Vendor};
use serde_json::{Value, json};

use super::dialect::AcmeDialect;
use super::endpoints::{AUTHORIZER, EXCHANGE, REFRESH};
use super::{ACME, Key};

const PAGE: &str = "https://open.acme.example/authorize";

/// The client for the calls of the token chain.
#[derive(Debug, Clone)]
pub struct AcmeAuthorization(Pipeline);

impl AcmeAuthorization {
    /// Creates a client from a configuration [`without_tokens`](ClientConfig::without_tokens) and the platform's key.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig, key: Key) -> Result<Self> {
        let dialect = AcmeDialect { platform: config.platform_id.clone(), key };
        Pipeline::new(config, dialect).map(Self)
    }

    fn begin(&self, operation: &'static str) -> Op<'_> {
        self.0.begin(self.0.platform_id(), operation)
    }
}

// guide: authorization
#[async_trait]
impl AuthorizationApi for AcmeAuthorization {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn platform_id(&self) -> &PlatformId {
        self.0.platform_id()
    }

    fn refresh_token_use(&self) -> RefreshTokenUse {
        RefreshTokenUse::SingleUse
    }

    fn platform_proof(&self) -> PlatformProof {
        PlatformProof::Signature
    }

    async fn exchange(&self, _platform: &PlatformAuth, code: &Secret) -> Result<Grant> {
        let call = Call::to(&EXCHANGE)
            .with_json(&json!({}))
            .with_secret(Place::body("code"), code.clone())
            .without_token();
        granted(&self.begin("exchange").send_once(&call).await?)
    }
    // end

    async fn refresh(&self, _platform: &PlatformAuth, _app: &AppId, refresh_token: &Secret) -> Result<Grant> {
        let call = Call::to(&REFRESH)
            .with_json(&json!({}))
            .with_secret(Place::body("refresh_token"), refresh_token.clone())
            .without_token();
        granted(&self.begin("refresh").send_once(&call).await?)
    }

    fn authorization_url(
        &self,
        _code: Option<&PreAuthorizationCode>,
        request: &AuthorizationRequest,
    ) -> Result<String> {
        if !request.redirect_uri.starts_with("https://") {
            let error = Error::invalid("authorization_url", "redirect_uri", "must be an https URL");
            return Err(error.for_vendor(ACME));
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("platform", self.0.platform_id().as_str())
            .append_pair("redirect_uri", &request.redirect_uri)
            .extend_pairs(&request.extra)
            .finish();
        Ok(format!("{PAGE}?{query}"))
    }

    async fn authorizer_info(
        &self,
        _platform: &PlatformAuth,
        app: Option<&AppId>,
        _authorizer: Option<&AccessToken>,
    ) -> Result<AuthorizerInfo> {
        const OPERATION: &str = "authorizer_info";
        let missing = || Error::invalid(OPERATION, "app", "must be given").for_vendor(ACME);
        let app = app.ok_or_else(missing)?;
        let call = Call::to(&AUTHORIZER).with_json(&json!({ "app": app })).without_token();
        let reply = self.begin(OPERATION).read(&call).await?;
        let name = reply.json["name"].as_str().map(str::to_owned);
        Ok(AuthorizerInfo::new(app.clone(), reply.json).with_names(name, None))
    }
}

/// Reads what an exchange or a refresh granted.
fn granted(reply: &Reply) -> Result<Grant> {
    let text = |field: &str| reply.json[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let token = text("app_token").ok_or_else(|| reply.protocol("there is no app_token"))?;
    let token = AccessToken::new(token)?;
    let access = match &reply.json["expires_in"] {
        Value::Null => IssuedToken::lasting(token),
        seconds => {
            let seconds = seconds.as_u64().ok_or_else(|| reply.protocol("expires_in is not a number"))?;
            IssuedToken::new(token, Duration::from_secs(seconds))
        }
    };
    Ok(Grant::new()
        .with_app(text("app").map(AppId::from))
        .with_access(Some(access))
        .with_refresh_token(text("refresh_token").map(Secret::from)))
}
