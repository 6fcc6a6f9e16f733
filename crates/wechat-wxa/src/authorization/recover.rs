//! Recovery of a lost refresh token.

use std::collections::BTreeSet;

use miniprogram_core::authorization::{AuthorizerPage, Recovery};
use miniprogram_core::token::AccessToken;
use miniprogram_core::vendor_api::kit::secret;
use miniprogram_core::{AppId, ErrorKind, Result, Retry};

use super::WeChatAuthorization;
use super::info::LONGEST_PAGE;
use super::tokens::of_app;
use crate::REFUSE;
use crate::fields;

const OPERATION: &str = "recover";

impl WeChatAuthorization {
    /// Finds the refresh token in the information about the app, or otherwise in the list of all apps.
    pub(super) async fn find_refresh_token(&self, platform: &AccessToken, app: &AppId) -> Result<Recovery> {
        REFUSE.required(OPERATION, "app", app.as_str())?;
        let reply = self.info(&mut self.pipeline.begin(app, OPERATION), platform).await?;
        if let Some(mut authorization) = fields::of(&reply).object("authorization_info") {
            of_app(&mut authorization, &["authorizer_appid", "appid"], app)?;
            if let Some(token) = secret(&mut authorization, "authorizer_refresh_token") {
                return Ok(Recovery::RefreshToken(token));
            }
        }
        self.find_in_list(platform, app).await
    }

    async fn find_in_list(&self, platform: &AccessToken, app: &AppId) -> Result<Recovery> {
        // Each page is an operation of its own: a long list must not be limited by a single deadline. An incomplete
        // list proves nothing about the app.
        let begin = || self.pipeline.begin(app, OPERATION).comparing();
        let failure = |kind, why| begin().failure(kind).with_detail(why);
        let mut offset = 0;
        let mut totals = BTreeSet::new();
        loop {
            let list = self.list(&mut begin(), platform, AuthorizerPage::new(offset, LONGEST_PAGE)).await?;
            totals.insert(list.total);
            let length = u32::try_from(list.authorizers.len()).unwrap_or(u32::MAX);
            if let Some(entry) = list.authorizers.into_iter().find(|entry| entry.app_id == *app) {
                let missing =
                    || failure(ErrorKind::Protocol, "the list names the app without a refresh token");
                return entry.refresh_token.map(Recovery::RefreshToken).ok_or_else(missing);
            }
            offset = offset.saturating_add(length);
            if length == 0 || u64::from(offset) >= list.total {
                break;
            }
        }
        if totals.len() > 1 {
            // An authorizer that moved up a page during the read has not been seen.
            let why = "the list of authorizers changed while it was read";
            return Err(failure(ErrorKind::Unavailable, why).with_retry(Retry::Backoff));
        }
        Err(failure(ErrorKind::Unauthorized, "the list of authorizers does not name the app"))
    }
}
