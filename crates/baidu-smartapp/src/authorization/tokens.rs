//! Fetching and exchanging tokens and codes.

use std::time::Duration;

use miniprogram_core::authorization::{Grant, IssuedToken, PreAuthorizationCode};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::Place;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Op, Reply};
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
        Issued::of_data(&self.begin(OPERATION).read(&call).await?)?.access_token()
    }

    pub(super) async fn fetch_pre_authorization_code(
        &self,
        platform: &AccessToken,
    ) -> Result<PreAuthorizationCode> {
        const OPERATION: &str = "pre_authorization_code";
        let call = Call::to(&endpoints::PRE_AUTHORIZATION_CODE);
        let reply = self.begin(OPERATION).read(&call.with_given_token(platform.clone())).await?;
        let mut issued = Issued::of_data(&reply)?;
        Ok(PreAuthorizationCode::new(issued.secret("pre_auth_code")?, issued.lifetime()?))
    }

    pub(super) async fn exchange_code(&self, platform: &AccessToken, code: &Secret) -> Result<Grant> {
        const OPERATION: &str = "exchange";
        required(OPERATION, "code", code)?;
        let call = Call::to(&endpoints::OAUTH_TOKEN)
            .with_secret(Place::query("code"), code.clone())
            .with_query("grant_type", "app_to_tp_authorization_code");
        granted(&mut self.begin(OPERATION), call, platform).await
    }

    pub(super) async fn refresh_app(
        &self,
        platform: &AccessToken,
        app: &AppId,
        refresh_token: &Secret,
    ) -> Result<Grant> {
        const OPERATION: &str = "refresh";
        REFUSE.required(OPERATION, "app", app.as_str())?;
        required(OPERATION, "refresh_token", refresh_token)?;
        let call = Call::to(&endpoints::OAUTH_TOKEN)
            .with_secret(Place::query("refresh_token"), refresh_token.clone())
            .with_query("grant_type", "app_to_tp_refresh_token");
        granted(&mut self.pipeline.begin(app, OPERATION), call, platform).await
    }
}

/// Reads the result of an exchange or a refresh: always both tokens, since what was sent is used up.
async fn granted(op: &mut Op<'_>, call: Call, platform: &AccessToken) -> Result<Grant> {
    let reply = op.send_once(&call.with_given_token(platform.clone())).await?;
    let fields = reply.json.as_object().cloned().unwrap_or_default();
    let mut issued = Issued(Fields::new(&reply, "", fields));
    let refresh_token = issued.secret("refresh_token")?;
    Ok(Grant::new().with_access(Some(issued.access_token()?)).with_refresh_token(Some(refresh_token)))
}

/// A token or a code in a reply, and its lifetime.
pub(super) struct Issued<'a>(Fields<'a>);

impl<'a> Issued<'a> {
    /// Reads it from the `data` of a reply.
    pub(super) fn of_data(reply: &'a Reply) -> Result<Self> {
        reply::fields(reply).map(Self)
    }

    fn access_token(mut self) -> Result<IssuedToken> {
        let token = self.secret("access_token")?;
        let why = "contains whitespace or control characters";
        let token = AccessToken::new(token).map_err(|_| self.0.wrong("access_token", why))?;
        Ok(IssuedToken::new(token, self.lifetime()?))
    }

    pub(super) fn secret(&mut self, field: &str) -> Result<Secret> {
        self.0.required(field, Fields::text).map(Secret::new)
    }

    fn lifetime(&mut self) -> Result<Duration> {
        let seconds = self.0.required("expires_in", Fields::number)?;
        let positive = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        let why = || format!("must be a positive number of seconds, is {seconds}");
        positive.map(Duration::from_secs).ok_or_else(|| self.0.wrong("expires_in", &why()))
    }
}
