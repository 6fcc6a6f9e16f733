//! The apps that have authorized the platform.

use miniprogram_core::authorization::{AuthorizerEntry, AuthorizerInfo, AuthorizerList, AuthorizerPage};
use miniprogram_core::token::AccessToken;
use miniprogram_core::vendor_api::kit::secret;
use miniprogram_core::vendor_api::pipeline::{Fields, Op, Reply};
use miniprogram_core::vendor_api::redact;
use miniprogram_core::{AppId, Result};
use serde_json::Value;

use super::WeChatAuthorization;
use super::tokens::{of_app, permissions};
use crate::REFUSE;
use crate::endpoints;
use crate::fields;

/// The maximum number of authorizers per page.
pub(super) const LONGEST_PAGE: u32 = 500;

impl WeChatAuthorization {
    pub(super) async fn read_info(&self, platform: &AccessToken, app: &AppId) -> Result<AuthorizerInfo> {
        const OPERATION: &str = "authorizer_info";
        REFUSE.required(OPERATION, "app", app.as_str())?;
        let reply = self.info(&mut self.pipeline.begin(app, OPERATION), platform).await?;
        let mut fields = fields::of(&reply);
        let mut info = fields.required("authorizer_info", Fields::object)?;
        let mut authorization = fields.required("authorization_info", Fields::object)?;
        of_app(&mut authorization, &["authorizer_appid", "appid"], app)?;
        Ok(AuthorizerInfo::new(app.clone(), redact::without_secrets(reply.json.clone()))
            .with_alias(info.text("user_name"))
            .with_names(info.text("nick_name"), info.text("principal_name"))
            .with_permissions(permissions(&reply)))
    }

    /// Reads `api_get_authorizer_info` for the operation's app.
    pub(super) async fn info(&self, op: &mut Op<'_>, platform: &AccessToken) -> Result<Reply> {
        let fields = [("authorizer_appid", Value::from(op.subject().as_str()))];
        let call = self.call(&endpoints::AUTHORIZER_INFO, fields);
        op.read(&call.with_given_token(platform.clone())).await
    }

    pub(super) async fn read_list(
        &self,
        platform: &AccessToken,
        page: AuthorizerPage,
    ) -> Result<AuthorizerList> {
        const OPERATION: &str = "authorizers";
        if !(1..=LONGEST_PAGE).contains(&page.count) {
            let rule = format!("must be 1 to {LONGEST_PAGE}, is {}", page.count);
            return Err(REFUSE.invalid(OPERATION, "count", rule));
        }
        self.list(&mut self.begin(OPERATION), platform, page).await
    }

    /// Reads one page of `api_get_authorizer_list`.
    pub(super) async fn list(
        &self,
        op: &mut Op<'_>,
        platform: &AccessToken,
        page: AuthorizerPage,
    ) -> Result<AuthorizerList> {
        let fields = [("offset", Value::from(page.offset)), ("count", Value::from(page.count))];
        let call = self.call(&endpoints::AUTHORIZERS, fields);
        let reply = op.read(&call.with_given_token(platform.clone())).await?;
        let mut fields = fields::of(&reply);
        let total = fields.required("total_count", Fields::number)?;
        let total = u64::try_from(total).map_err(|_| fields.wrong("total_count", "is negative"))?;
        let authorizers = fields.each_of("list", |entry| {
            Ok(AuthorizerEntry::new(AppId::from(entry.required("authorizer_appid", Fields::text)?))
                .with_refresh_token(secret(entry, "refresh_token"))
                .with_authorized_at(entry.time("auth_time")))
        })?;
        Ok(AuthorizerList::new(total, authorizers))
    }
}
