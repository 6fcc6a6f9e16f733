//! Authorizations and the tokens they issue.

use miniprogram_core::{AppId, Secret};

use super::Simulator;
use crate::error::SimError;

type Result<T> = std::result::Result<T, SimError>;

impl Simulator {
    /// A merchant authorizes the platform, for the first time or again: `authorized` (WeChat) or `AUTHORIZED` (Baidu)
    /// is pushed to the authorization URL. Returns the code, which is the same in the push and in the redirect.
    ///
    /// At WeChat this replaces the refresh token; the previous one stays valid for 5 minutes. At Baidu the exchange
    /// issues it.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`].
    pub fn authorize(&self, app: &AppId) -> Result<Secret> {
        let consent = self.hub.with(|world, now| world.authorize(app, None, now))?;
        Ok(Secret::new(consent.code))
    }

    /// A merchant changes the permissions of the platform: `updateauthorized` or `UPDATE_AUTHORIZED` is pushed, with a
    /// new code. Affects tokens like [`authorize`](Self::authorize).
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::NotAuthorized`].
    pub fn update_authorization(&self, app: &AppId) -> Result<Secret> {
        let consent = self.hub.with(|world, now| world.update_authorization(app, now))?;
        Ok(Secret::new(consent.code))
    }

    /// A merchant revokes the authorization: all tokens of the app are refused from now on, and `unauthorized` or
    /// `UNAUTHORIZED` is pushed.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::NotAuthorized`].
    pub fn revoke_authorization(&self, app: &AppId) -> Result<()> {
        self.hub.with(|world, now| world.revoke_authorization(app, now))
    }

    /// Returns whether the app has authorized the platform; `false` for an unknown app.
    #[must_use]
    pub fn is_authorized(&self, app: &AppId) -> bool {
        self.hub.with(|world, _| world.apps.get(app).is_some_and(|app| app.grant.since.is_some()))
    }

    /// Returns the app's current refresh token. `None` for a Baidu app that was authorized and whose code has not been
    /// exchanged.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::NotAuthorized`].
    pub fn refresh_token(&self, app: &AppId) -> Result<Option<Secret>> {
        self.hub.with(|world, _| {
            let grant = &world.app(app)?.grant;
            grant.since.ok_or_else(|| SimError::NotAuthorized(app.clone()))?;
            Ok(grant.refresh_token().map(Secret::new))
        })
    }

    /// Returns whether a refresh with this token would be accepted now.
    #[must_use]
    pub fn refresh_token_is_valid(&self, app: &AppId, token: &Secret) -> bool {
        self.hub
            .with(|world, now| world.apps.get(app).is_some_and(|app| app.grant.accepts(token.expose(), now)))
    }

    /// The platform's secret at WeChat, `component_appsecret`.
    #[must_use]
    pub fn wechat_secret(&self) -> Secret {
        self.hub.with(|world, _| world.settings.wechat_secret.clone())
    }

    /// The platform's key at Baidu, the `client_id` of its token.
    #[must_use]
    pub fn baidu_key(&self) -> String {
        self.hub.with(|world, _| world.settings.baidu_key.clone())
    }
}
