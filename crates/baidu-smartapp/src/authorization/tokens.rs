//! Tokens and codes, fetched and exchanged.

use std::time::Duration;

use miniprogram_core::authorization::{Grant, IssuedToken, PreAuthorizationCode};
use miniprogram_core::pipeline::{Call, Op, Reply};
use miniprogram_core::{AccessToken, AppId, Error, Result, Secret};

use super::{BaiduAuthorization, required};
use crate::{BAIDU, refuse, reply, wire};

/// Exchange and refresh: without the envelope that other answers have.
const OAUTH: &str = "/rest/2.0/oauth/token";

impl BaiduAuthorization {
    pub(super) async fn fetch_platform_token(&self, ticket: &Secret) -> Result<IssuedToken> {
        const OPERATION: &str = "platform_token";
        required(OPERATION, "ticket", ticket)?;
        let call = Call::get(OPERATION, "/public/2.0/smartapp/auth/tp/token")
            .with_query("client_id", &self.client_id)
            .with_query("ticket", ticket.expose())
            .without_token();
        Issued::of_data(&self.begin(OPERATION).read(&call).await?)?.access_token()
    }

    pub(super) async fn fetch_pre_authorization_code(
        &self,
        platform: &AccessToken,
    ) -> Result<PreAuthorizationCode> {
        const OPERATION: &str = "pre_authorization_code";
        let call = Call::get(OPERATION, "/rest/2.0/smartapp/tp/createpreauthcode");
        let reply = self.begin(OPERATION).read(&call.with_given_token(platform.clone())).await?;
        let mut issued = Issued::of_data(&reply)?;
        let code = issued.answer.pre_auth_code.take();
        Ok(PreAuthorizationCode::new(issued.secret("pre_auth_code", code)?, issued.lifetime()?))
    }

    pub(super) async fn exchange_code(&self, platform: &AccessToken, code: &Secret) -> Result<Grant> {
        const OPERATION: &str = "exchange";
        required(OPERATION, "code", code)?;
        let call = Call::get(OPERATION, OAUTH)
            .with_query("code", code.expose())
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
        refuse::required(OPERATION, "app", app.as_str())?;
        required(OPERATION, "refresh_token", refresh_token)?;
        let call = Call::get(OPERATION, OAUTH)
            .with_query("refresh_token", refresh_token.expose())
            .with_query("grant_type", "app_to_tp_refresh_token");
        granted(&mut self.pipeline.begin(app, OPERATION), call, platform).await
    }
}

/// What an exchange or a refresh brings: always both tokens, for what was sent is spent.
async fn granted(op: &mut Op<'_>, call: Call, platform: &AccessToken) -> Result<Grant> {
    let reply = op.send_once(&call.with_given_token(platform.clone())).await?;
    let mut issued = Issued { answer: reply.decode().map_err(of_baidu)?, reply: &reply, within: "" };
    let refresh_token = issued.answer.refresh_token.take();
    let refresh_token = issued.secret("refresh_token", refresh_token)?;
    Ok(Grant::new().with_access(Some(issued.access_token()?)).with_refresh_token(Some(refresh_token)))
}

/// A token or a code in a reply, and how long it is good.
pub(super) struct Issued<'a> {
    pub(super) answer: wire::Issued,
    reply: &'a Reply,
    /// Where in the reply it stands, with a dot behind.
    within: &'static str,
}

impl<'a> Issued<'a> {
    /// That in the `data` of a reply.
    pub(super) fn of_data(reply: &'a Reply) -> Result<Self> {
        if !reply.json["data"].is_object() {
            return Err(of_baidu(reply.protocol("is no object")).with_field("data"));
        }
        Ok(Self { answer: reply::effect_data(reply)?, reply, within: "data." })
    }

    fn access_token(mut self) -> Result<IssuedToken> {
        let token = self.answer.access_token.take();
        let token = self.secret("access_token", token)?;
        let why = "holds blanks or control characters";
        let token = AccessToken::new(token).map_err(|_| self.odd("access_token", why))?;
        Ok(IssuedToken::new(token, self.lifetime()?))
    }

    pub(super) fn secret(&self, field: &str, text: Option<String>) -> Result<Secret> {
        let text = text.filter(|text| !text.is_empty());
        text.map(Secret::new).ok_or_else(|| self.odd(field, "is missing or empty"))
    }

    fn lifetime(&self) -> Result<Duration> {
        let seconds = self.answer.expires_in.ok_or_else(|| self.odd("expires_in", "is missing"))?;
        let positive = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        let why = || format!("must be a positive number of seconds, is {seconds}");
        positive.map(Duration::from_secs).ok_or_else(|| self.odd("expires_in", why()))
    }

    fn odd(&self, field: &str, why: impl Into<String>) -> Error {
        of_baidu(self.reply.protocol(why)).with_field(format!("{}{field}", self.within))
    }
}

fn of_baidu(error: Error) -> Error {
    error.for_vendor(BAIDU)
}
