//! Authorization by merchants.

use std::time::Duration;

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AppId, Result, Secret, Timestamp};

use super::app_id;

/// A merchant granted or changed permission sets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// `AuthorizerAppid`: the app.
    pub app_id: AppId,
    /// `AuthorizationCode`: exchange it for the app's tokens. It can be used only once.
    pub authorization_code: Secret,
    /// `AuthorizationCodeExpiredTime`: a point in time. Some senders write a lifetime in seconds instead; it is
    /// counted from the event's time, and absent if that is absent.
    pub expires_at: Option<Timestamp>,
    /// `PreAuthCode`: the code of the page on which the merchant agreed; absent in older pushes.
    pub pre_auth_code: Option<Secret>,
}

/// A value below this number of seconds is a lifetime; as a point in time it would lie before 2001.
const EARLIEST: Duration = Duration::from_secs(1_000_000_000);

impl Authorization {
    pub(super) fn read(fields: &Fields<'_>, occurred_at: Option<Timestamp>) -> Result<Self> {
        let expires_at = match fields.seconds("AuthorizationCodeExpiredTime")? {
            Some(span) if span < EARLIEST => occurred_at.map(|time| time.after(span)),
            Some(since_epoch) => Some(Timestamp::from_unix(0).after(since_epoch)),
            None => None,
        };
        Ok(Self {
            app_id: app_id(fields, "AuthorizerAppid")?,
            authorization_code: fields.required("AuthorizationCode", Fields::secret)?,
            expires_at,
            pre_auth_code: fields.text("PreAuthCode")?.map(Secret::from),
        })
    }
}
