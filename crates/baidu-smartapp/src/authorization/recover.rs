//! Recovery of a lost refresh token.

use miniprogram_core::authorization::Recovery;
use miniprogram_core::token::AccessToken;
use miniprogram_core::vendor_api::kit::secret;
use miniprogram_core::vendor_api::pipeline::Call;
use miniprogram_core::{AppId, Result};

use super::BaiduAuthorization;
use crate::{REFUSE, endpoints, reply};

const OPERATION: &str = "recover";

impl BaiduAuthorization {
    /// Fetches a new authorization code. Retried like a read: a lost code is simply never exchanged.
    pub(super) async fn retrieve_code(&self, platform: &AccessToken, app: &AppId) -> Result<Recovery> {
        if app.as_number().is_none() {
            let why = "must be a number from 1 on: Baidu's app ids are numbers";
            return Err(REFUSE.invalid(OPERATION, "app", why));
        }
        let fields = vec![("app_id".into(), app.to_string())];
        let call = Call::to(&endpoints::RECOVER).with_form(fields);
        let mut op = self.pipeline.begin(app, OPERATION);
        let reply = op.read(&call.with_given_token(platform.clone())).await?;
        let code = reply::fields(&reply)?.required("authorization_code", secret)?;
        Ok(Recovery::AuthorizationCode(code))
    }
}
