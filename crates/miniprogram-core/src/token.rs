//! Access tokens: handed out per app, and told back when the vendor refuses one.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::id::{AppId, PlatformId};
use crate::secret::Secret;
use crate::vendor::Vendor;

/// Whose rights a token carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenKind {
    /// One merchant's app that has authorized the platform.
    Authorizer,
    /// The platform itself.
    Platform,
    /// The owner of one key, by client credentials.
    ClientCredentials,
}

impl TokenKind {
    /// The machine name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorizer => "authorizer",
            Self::Platform => "platform",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenScope {
    /// The vendor.
    pub vendor: Vendor,
    /// The platform.
    pub platform: PlatformId,
    /// The app; none for a token of the platform or of a key.
    pub app: Option<AppId>,
    /// Whose rights it carries.
    pub kind: TokenKind,
}

impl TokenScope {
    /// The scope of one app.
    #[must_use]
    pub const fn authorizer(vendor: Vendor, platform: PlatformId, app: AppId) -> Self {
        Self { vendor, platform, app: Some(app), kind: TokenKind::Authorizer }
    }

    /// The scope of the platform.
    #[must_use]
    pub const fn platform(vendor: Vendor, platform: PlatformId) -> Self {
        Self { vendor, platform, app: None, kind: TokenKind::Platform }
    }

    /// The scope of one key, whose id stands in for the platform's.
    #[must_use]
    pub const fn client_credentials(vendor: Vendor, key: PlatformId) -> Self {
        Self { vendor, platform: key, app: None, kind: TokenKind::ClientCredentials }
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} token", self.vendor, self.kind.as_str())?;
        if let Some(app) = &self.app { write!(f, " of {app}") } else { Ok(()) }
    }
}

/// An access token. Nothing prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// Takes the token over.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it is empty or holds blanks or control characters.
    pub fn new(token: impl Into<Secret>) -> Result<Self> {
        let token = token.into();
        let plain = token.expose().chars().all(|c| !c.is_whitespace() && !c.is_control());
        if token.is_empty() || !plain {
            return Err(Error::new(ErrorKind::Config, "access_token")
                .with_field("access_token")
                .with_detail("must not be empty and holds neither blanks nor control characters"));
        }
        Ok(Self(token))
    }

    /// The token.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

/// Hands out access tokens and is told which one was refused.
#[async_trait]
pub trait TokenProvider: Debug + Send + Sync + 'static {
    /// A token that should be valid now.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a scope it does not serve, [`Unauthorized`](ErrorKind::Unauthorized) when
    /// the merchant's grant is gone, or whatever fetching one brings.
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken>;

    /// The vendor refused this token: do not hand it out again. Nothing happens if another one is current already.
    ///
    /// # Errors
    /// Whatever fetching or storing another one brings.
    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()>;
}

/// One token, given by the caller, for one app, one platform or one key. It cannot be refreshed.
#[derive(Debug, Clone)]
pub struct StaticToken {
    vendor: Vendor,
    app: Option<AppId>,
    kind: TokenKind,
    token: AccessToken,
}

impl StaticToken {
    /// A token of an app at a vendor.
    #[must_use]
    pub fn new(vendor: Vendor, app: impl Into<AppId>, token: AccessToken) -> Self {
        Self { vendor, app: Some(app.into()), kind: TokenKind::Authorizer, token }
    }

    /// A token of the platform itself.
    #[must_use]
    pub const fn platform(vendor: Vendor, token: AccessToken) -> Self {
        Self { vendor, app: None, kind: TokenKind::Platform, token }
    }

    /// A token of a key.
    #[must_use]
    pub const fn client_credentials(vendor: Vendor, token: AccessToken) -> Self {
        Self { vendor, app: None, kind: TokenKind::ClientCredentials, token }
    }
}

#[async_trait]
impl TokenProvider for StaticToken {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        if (scope.vendor, scope.kind, &scope.app) == (self.vendor, self.kind, &self.app) {
            return Ok(self.token.clone());
        }
        let of = self.app.as_ref().map(|app| format!(" of {app}")).unwrap_or_default();
        Err(Error::new(ErrorKind::Config, "token").for_vendor(scope.vendor).with_detail(format!(
            "the static token is a {} {} token{of}, not a {scope}",
            self.vendor,
            self.kind.as_str()
        )))
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}

/// Has no token: for clients whose calls take none, or are given theirs.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTokens;

#[async_trait]
impl TokenProvider for NoTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let why = format!("this client was built without tokens, and there is no {scope}");
        Err(Error::new(ErrorKind::Config, "token").for_vendor(scope.vendor).with_detail(why))
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}
