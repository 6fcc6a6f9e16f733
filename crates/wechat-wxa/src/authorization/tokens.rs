//! Fetching and exchanging tokens and codes.

use miniprogram_core::authorization::{Grant, IssuedToken, Permission, PreAuthorizationCode};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::Place;
use miniprogram_core::vendor_api::kit::{issued_code, issued_token, secret};
use miniprogram_core::vendor_api::pipeline::{Fields, Reply};
use miniprogram_core::{AppId, Result, Secret};
use serde_json::Value;

use super::WeChatAuthorization;
use crate::REFUSE;
use crate::dialect::whole;
use crate::endpoints;
use crate::fields;

impl WeChatAuthorization {
    pub(super) async fn fetch_platform_token(&self, ticket: &Secret) -> Result<IssuedToken> {
        const OPERATION: &str = "platform_token";
        REFUSE.required(OPERATION, "component_verify_ticket", ticket.expose())?;
        let call = self
            .call(&endpoints::PLATFORM_TOKEN, [])
            .with_secret(Place::body("component_appsecret"), self.secret.clone())
            .with_secret(Place::body("component_verify_ticket"), ticket.clone())
            .without_token();
        let reply = self.begin(OPERATION).read(&call).await?;
        issued_token(&mut fields::of(&reply), "component_access_token")
    }

    pub(super) async fn ask_for_tickets(&self) -> Result<()> {
        const OPERATION: &str = "start_ticket_push";
        // Not `component_appsecret`, unlike every other call.
        let call = self
            .call(&endpoints::START_TICKET_PUSH, [])
            .with_secret(Place::body("component_secret"), self.secret.clone())
            .without_token();
        self.begin(OPERATION).read(&call).await?;
        Ok(())
    }

    pub(super) async fn fetch_code(&self, platform: &AccessToken) -> Result<PreAuthorizationCode> {
        const OPERATION: &str = "pre_authorization_code";
        let call = self.call(&endpoints::PRE_AUTHORIZATION_CODE, []);
        let reply = self.begin(OPERATION).read(&call.with_given_token(platform.clone())).await?;
        issued_code(&mut fields::of(&reply), "pre_auth_code")
    }

    pub(super) async fn exchange_code(&self, platform: &AccessToken, code: &Secret) -> Result<Grant> {
        const OPERATION: &str = "exchange";
        REFUSE.required(OPERATION, "authorization_code", code.expose())?;
        let call = self
            .call(&endpoints::EXCHANGE, [])
            .with_secret(Place::body("authorization_code"), code.clone())
            .with_given_token(platform.clone());
        let reply = self.begin(OPERATION).send_once(&call).await?;
        let mut info = fields::of(&reply).required("authorization_info", Fields::object)?;
        let app = info.required("authorizer_appid", Fields::text)?;
        // Absent if the account has no permission that needs one.
        let access = match info.is_told("authorizer_access_token") {
            true => Some(issued_token(&mut info, "authorizer_access_token")?),
            false => None,
        };
        Ok(Grant::new()
            .with_app(Some(AppId::from(app)))
            .with_access(access)
            .with_refresh_token(secret(&mut info, "authorizer_refresh_token"))
            .with_permissions(permissions(&reply)))
    }

    pub(super) async fn renew(&self, platform: &AccessToken, app: &AppId, token: &Secret) -> Result<Grant> {
        const OPERATION: &str = "refresh";
        REFUSE.required(OPERATION, "app", app.as_str())?;
        REFUSE.required(OPERATION, "authorizer_refresh_token", token.expose())?;
        let fields = [("authorizer_appid", Value::from(app.as_str()))];
        let call = self
            .call(&endpoints::REFRESH, fields)
            .with_secret(Place::body("authorizer_refresh_token"), token.clone())
            .with_given_token(platform.clone());
        let reply = self.pipeline.begin(app, OPERATION).send_once(&call).await?;
        let mut fields = fields::of(&reply);
        let named = of_app(&mut fields, &["authorizer_appid"], app)?;
        Ok(Grant::new()
            .with_app(named)
            .with_access(Some(issued_token(&mut fields, "authorizer_access_token")?))
            .with_refresh_token(secret(&mut fields, "authorizer_refresh_token")))
    }
}

/// Checks that the app named in a response, under the first of the names that is present, is the requested one.
pub(super) fn of_app(fields: &mut Fields<'_>, names: &[&str], asked: &AppId) -> Result<Option<AppId>> {
    for name in names {
        match fields.text(name) {
            Some(app) if app == asked.as_str() => return Ok(Some(asked.clone())),
            Some(app) => return Err(fields.wrong(name, &format!("is {app}, but {asked} was asked for"))),
            None => {}
        }
    }
    Ok(None)
}

/// Reads the permission sets of a response. Unreadable ones are skipped: they must not cost the tokens next to them.
pub(super) fn permissions(reply: &Reply) -> Vec<Permission> {
    let Some(granted) = reply.json["authorization_info"]["func_info"].as_array() else { return Vec::new() };
    let permission = |granted: &Value| {
        let category = &granted["funcscope_category"];
        let id = whole(&category["id"])?.to_string();
        let name = category["name"].as_str().filter(|name| !name.is_empty());
        Some(Permission::new(id).with_name(name.map(str::to_owned)))
    };
    granted.iter().filter_map(permission).collect()
}
