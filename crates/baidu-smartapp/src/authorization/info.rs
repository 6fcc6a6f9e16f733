//! The apps that have authorized the platform.

use miniprogram_core::authorization::{AuthorizerInfo, Permission};
use miniprogram_core::token::AccessToken;
use miniprogram_core::vendor_api::pipeline::Call;
use miniprogram_core::vendor_api::redact;
use miniprogram_core::{AppId, Result};
use serde_json::Value;

use super::BaiduAuthorization;
use crate::{app_info, endpoints};

impl BaiduAuthorization {
    pub(super) async fn read_info(
        &self,
        app: Option<&AppId>,
        authorizer: &AccessToken,
    ) -> Result<AuthorizerInfo> {
        const OPERATION: &str = "authorizer_info";
        let call = Call::to(&endpoints::AUTHORIZER_INFO).with_given_token(authorizer.clone());
        let mut op = match app {
            Some(app) => self.pipeline.begin(app, OPERATION),
            None => self.begin(OPERATION),
        };
        let reply = op.read(&call).await?;
        let info = app_info::one(&reply)?;
        let named = info.app_id.ok_or_else(|| reply.protocol("is missing").with_field("data.app_id"))?;
        if let Some(asked) = app.filter(|asked| **asked != named) {
            let why = format!("is {named}, but {asked} was asked for");
            return Err(reply.protocol(why).with_field("data.app_id"));
        }
        let granted = info.permissions.into_iter().filter_map(|granted| granted.name);
        Ok(AuthorizerInfo::new(named, redact::without_secrets(Value::Object(info.fields)))
            .with_names(info.name, info.qualification.and_then(|subject| subject.name))
            .with_permissions(granted.map(Permission::new).collect()))
    }
}
