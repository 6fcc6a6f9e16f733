//! Where pushes are sent.

use std::fmt;

use miniprogram_core::{Secret, Vendor};

use crate::BAIDU;

/// A vendor's callback: URLs of the receiver, and the keys that sign and encrypt.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callback {
    /// URL for messages and events; `http` only. At WeChat it may contain `$APPID$`. Without a URL, pushes are only
    /// recorded.
    pub url: Option<String>,
    /// URL for authorization events and tickets; `http` only. Without a URL, they are only recorded.
    pub authorization_url: Option<String>,
    /// The signing token.
    pub token: Secret,
    /// The encryption key: 43 letters and digits.
    pub aes_key: Secret,
    /// The id at the end of an encrypted frame.
    pub receiver_id: String,
    /// The platform's own app id.
    pub platform_id: String,
}

impl Callback {
    /// Sample credentials, the same on every start; no URL.
    #[must_use]
    pub fn sample(vendor: Vendor) -> Self {
        let (platform_id, token, aes_key) = if vendor == BAIDU {
            ("17328232", "simbaidutoken", "1234567890123456789012345678901234567890123")
        } else {
            ("wx5ec0de0000000001", "simwechattoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
        };
        Self {
            url: None,
            authorization_url: None,
            token: Secret::new(token),
            aes_key: Secret::new(aes_key),
            receiver_id: platform_id.to_owned(),
            platform_id: platform_id.to_owned(),
        }
    }

    /// Sets the URL for messages and events.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the URL for authorization events.
    #[must_use]
    pub fn with_authorization_url(mut self, url: impl Into<String>) -> Self {
        self.authorization_url = Some(url.into());
        self
    }

    /// Sets the signing token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = token.into();
        self
    }

    /// Sets the encryption key.
    #[must_use]
    pub fn with_aes_key(mut self, aes_key: impl Into<Secret>) -> Self {
        self.aes_key = aes_key.into();
        self
    }

    /// Sets the id at the end of an encrypted frame.
    #[must_use]
    pub fn with_receiver_id(mut self, id: impl Into<String>) -> Self {
        self.receiver_id = id.into();
        self
    }

    /// Sets the platform's own app id.
    #[must_use]
    pub fn with_platform_id(mut self, id: impl Into<String>) -> Self {
        self.platform_id = id.into();
        self
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("url", &self.url)
            .field("authorization_url", &self.authorization_url)
            .field("receiver_id", &self.receiver_id)
            .field("platform_id", &self.platform_id)
            .finish_non_exhaustive()
    }
}
