//! Options of an app, and resetting its call counts with the platform's secret.

use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::Place;
use miniprogram_core::vendor_api::pipeline::Fields;
use miniprogram_core::{AppId, Result};
use serde_json::Value;

use super::WeChatAuthorization;
use super::tokens::of_app;
use crate::REFUSE;
use crate::endpoints;
use crate::fields;

impl WeChatAuthorization {
    /// Returns the value of an option of the app's authorization, such as `voice_recognize`: `get_authorizer_option`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an option that WeChat does not know
    /// (61012), and those of any read.
    pub async fn authorizer_option(
        &self,
        platform: &AccessToken,
        app: &AppId,
        option: &str,
    ) -> Result<String> {
        const OPERATION: &str = "authorizer_option";
        REFUSE.required(OPERATION, "app", app.as_str())?;
        REFUSE.required(OPERATION, "option_name", option)?;
        let fields = [("authorizer_appid", app.as_str().into()), ("option_name", option.into())];
        let call = self.call(&endpoints::AUTHORIZER_OPTION, fields);
        let mut op = self.pipeline.begin(app, OPERATION);
        let reply = op.read(&call.with_given_token(platform.clone())).await?;
        let mut fields = fields::of(&reply);
        of_app(&mut fields, &["authorizer_appid"], app)?;
        fields.required("option_value", Fields::text)
    }

    /// Sets such an option: `set_authorizer_option`. Sent once; repeating it results in the same state, so after an
    /// unknown outcome the call may simply be sent again.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an option or a value that WeChat does
    /// not know (61012, 61013), [`PermissionDenied`](miniprogram_core::ErrorKind::PermissionDenied) for a read-only
    /// option (61025). With outcome `unknown` the option may have been set.
    pub async fn set_authorizer_option(
        &self,
        platform: &AccessToken,
        app: &AppId,
        option: &str,
        value: &str,
    ) -> Result<()> {
        const OPERATION: &str = "set_authorizer_option";
        for (field, text) in [("app", app.as_str()), ("option_name", option), ("option_value", value)] {
            REFUSE.required(OPERATION, field, text)?;
        }
        let fields = [
            ("authorizer_appid", Value::from(app.as_str())),
            ("option_name", Value::from(option)),
            ("option_value", Value::from(value)),
        ];
        let call = self.call(&endpoints::SET_AUTHORIZER_OPTION, fields);
        let mut op = self.pipeline.begin(app, OPERATION);
        op.send_once(&call.with_given_token(platform.clone())).await?;
        Ok(())
    }

    /// Resets the daily call counts of an app, or of the platform itself, to 0 with the platform's secret and without
    /// a token: `component/clear_quota/v2`. Sent once: each call that arrives uses up one of ten a month, and no
    /// query shows it.
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) (48006). With outcome `unknown` the counts may
    /// have been reset.
    pub async fn clear_quota_with_secret(&self, app: &AppId) -> Result<()> {
        const OPERATION: &str = "clear_quota_with_secret";
        REFUSE.required(OPERATION, "appid", app.as_str())?;
        let call = self
            .call(&endpoints::CLEAR_QUOTA_WITH_SECRET, [("appid", app.as_str().into())])
            .with_secret(Place::body("appsecret"), self.secret.clone())
            .without_token();
        self.pipeline.begin(app, OPERATION).send_once(&call).await?;
        Ok(())
    }
}
