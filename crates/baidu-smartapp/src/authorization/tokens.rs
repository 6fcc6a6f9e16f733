//! Fetching and exchanging tokens and codes.

use miniprogram_core::authorization::{Grant, IssuedToken, PreAuthorizationCode};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::Place;
use miniprogram_core::vendor_api::kit::{issued_code, issued_token, secret};
use miniprogram_core::vendor_api::pipeline::{Call, Op};
use miniprogram_core::{AppId, Result, Secret};

use super::{BaiduAuthorization, required};
use crate::endpoints;
use crate::{REFUSE, reply};

impl BaiduAuthorization {
    pub(super) async fn fetch_platform_token(&self, ticket: &Secret) -> Result<IssuedToken> {
        const OPERATION: &str = "platform_token";
        required(OPERATION, "ticket", ticket)?;
        let call = Call::to(&endpoints::PLATFORM_TOKEN)
            .with_query("client_id", &self.client_id)
            .with_secret(Place::query("ticket"), ticket.clone())
            .without_token();
        let reply = self.begin(OPERATION).read(&call).await?;
        issued_token(&mut reply::fields(&reply)?, "access_token")
    }

    pub(super) async fn fetch_code(&self, platform: &AccessToken) -> Result<PreAuthorizationCode> {
        const OPERATION: &str = "pre_authorization_code";
        let call = Call::to(&endpoints::PRE_AUTHORIZATION_CODE);
        let reply = self.begin(OPERATION).read(&call.with_given_token(platform.clone())).await?;
        issued_code(&mut reply::fields(&reply)?, "pre_auth_code")
    }

    pub(super) async fn exchange_code(&self, platform: &AccessToken, code: &Secret) -> Result<Grant> {
        const OPERATION: &str = "exchange";
        required(OPERATION, "code", code)?;
        let call = Call::to(&endpoints::OAUTH_TOKEN)
            .with_secret(Place::query("code"), code.clone())
            .with_query("grant_type", "app_to_tp_authorization_code");
        granted(&mut self.begin(OPERATION), call, platform).await
    }

    pub(super) async fn renew(&self, platform: &AccessToken, app: &AppId, token: &Secret) -> Result<Grant> {
        const OPERATION: &str = "refresh";
        REFUSE.required(OPERATION, "app", app.as_str())?;
        required(OPERATION, "refresh_token", token)?;
        let call = Call::to(&endpoints::OAUTH_TOKEN)
            .with_secret(Place::query("refresh_token"), token.clone())
            .with_query("grant_type", "app_to_tp_refresh_token");
        granted(&mut self.pipeline.begin(app, OPERATION), call, platform).await
    }
}

/// Reads the result of an exchange or a refresh: always both tokens, since what was sent is used up.
async fn granted(op: &mut Op<'_>, call: Call, platform: &AccessToken) -> Result<Grant> {
    let reply = op.send_once(&call.with_given_token(platform.clone())).await?;
    let mut fields = reply.fields();
    let refresh_token = fields.required("refresh_token", secret)?;
    let access = issued_token(&mut fields, "access_token")?;
    Ok(Grant::new().with_access(Some(access)).with_refresh_token(Some(refresh_token)))
}
