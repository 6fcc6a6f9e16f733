//! Access tokens: provided per app, and reported back when refused.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
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
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorizer => "authorizer",
            Self::Platform => "platform",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// What a token is valid for.
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
    /// Creates the scope of one app.
    #[must_use]
    pub const fn authorizer(vendor: Vendor, platform: PlatformId, app: AppId) -> Self {
        Self { vendor, platform, app: Some(app), kind: TokenKind::Authorizer }
    }

    /// Creates the scope of the platform.
    #[must_use]
    pub const fn platform(vendor: Vendor, platform: PlatformId) -> Self {
        Self { vendor, platform, app: None, kind: TokenKind::Platform }
    }

    /// Creates the scope of one key, whose id takes the place of the platform's.
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

/// An access token. It is never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// Takes ownership of the token.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it is empty or contains whitespace or control characters.
    pub fn new(token: impl Into<Secret>) -> Result<Self> {
        let token = token.into();
        let plain = token.expose().chars().all(|c| !c.is_whitespace() && !c.is_control());
        if token.is_empty() || !plain {
            return Err(Error::new(ErrorKind::Config, "access_token")
                .with_field("access_token")
                .with_detail("must be non-empty and contain no whitespace or control characters"));
        }
        Ok(Self(token))
    }

    /// Returns the token.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

/// Provides access tokens and is notified when one is refused.
///
/// Implement it with the attribute [`async_trait`](macro@crate::async_trait), which this crate exports:
///
/// ```
/// use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
/// use miniprogram_core::{Result, async_trait};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// #[async_trait]
/// impl TokenProvider for Vault {
///     async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
///         AccessToken::new(format!("token-of-{}", scope.vendor))
///     }
///
///     async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
///         Ok(()) // Forget the token, so that the next call fetches another one.
///     }
/// }
/// ```
#[async_trait]
pub trait TokenProvider: Debug + Send + Sync + 'static {
    /// Returns a token that should be valid now.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a scope it does not serve, [`Unauthorized`](ErrorKind::Unauthorized) if
    /// the merchant's grant is gone, or any error of fetching a token.
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken>;

    /// Reports that the vendor refused this token, so that it is not provided again. Does nothing if another
    /// token is already current.
    ///
    /// # Errors
    /// Any error of fetching or storing another token.
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
    /// Creates the provider of an app's token at a vendor.
    #[must_use]
    pub fn new(vendor: Vendor, app: impl Into<AppId>, token: AccessToken) -> Self {
        Self { vendor, app: Some(app.into()), kind: TokenKind::Authorizer, token }
    }

    /// Creates the provider of the platform's own token.
    #[must_use]
    pub const fn platform(vendor: Vendor, token: AccessToken) -> Self {
        Self { vendor, app: None, kind: TokenKind::Platform, token }
    }

    /// Creates the provider of a key's token.
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

/// Provides no token: for clients whose calls take none, or are given one explicitly.
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
