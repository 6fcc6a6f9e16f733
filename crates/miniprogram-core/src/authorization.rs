//! The calls that authorize a platform and obtain its tokens. Each call is sent once, without any policy.
//!
//! The policy belongs to whatever manages the tokens, such as `miniprogram-tokens`: which calls may be repeated,
//! what is recorded before and after a call, and how a lost refresh token is recovered.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::id::{AppId, PlatformId};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::AccessToken;
use crate::vendor::Vendor;

/// What a refresh does to the refresh token it was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshTokenUse {
    /// It stays valid: a refresh without a response may be sent again with it.
    Repeatable,
    /// It is consumed: from then on only the token in the response is valid.
    SingleUse,
}

/// How a platform proves to a vendor who it is, when it makes a call of the token chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlatformProof {
    /// By a token that it obtains with the newest ticket that the vendor pushed.
    Ticket,
    /// By a token that it obtains with its own keys alone.
    Keys,
    /// By a signature over each request, made by the dialect. The platform has no token.
    Signature,
}

/// The proof that accompanies one call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlatformAuth {
    /// The platform's token.
    Token(AccessToken),
    /// None besides the request's own signature.
    Signed,
}

impl PlatformAuth {
    /// Returns the platform's token, for a vendor whose call requires one.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), naming `platform`, if there is none.
    pub fn token(&self, vendor: Vendor, operation: &'static str) -> Result<&AccessToken> {
        match self {
            Self::Token(token) => Ok(token),
            Self::Signed => {
                Err(Error::invalid(operation, "platform", "must be the platform's token").for_vendor(vendor))
            }
        }
    }
}

impl From<AccessToken> for PlatformAuth {
    fn from(token: AccessToken) -> Self {
        Self::Token(token)
    }
}

/// A vendor's calls for obtaining and refreshing tokens.
///
/// Each method sends what its documentation says, and sends nothing twice. The caller provides the proof of the
/// platform's identity that [`platform_proof`](Self::platform_proof) demands, and replaces a token that is refused.
/// The provided methods are those that some vendors have no calls for.
#[async_trait]
pub trait AuthorizationApi: Debug + Send + Sync + 'static {
    /// Returns the vendor.
    fn vendor(&self) -> Vendor;

    /// Returns the platform.
    fn platform_id(&self) -> &PlatformId;

    /// Returns what a refresh does to the refresh token.
    fn refresh_token_use(&self) -> RefreshTokenUse;

    /// Returns how the platform proves who it is.
    fn platform_proof(&self) -> PlatformProof;

    /// Obtains the platform's token, for a ticket if the platform's proof is a [`Ticket`](PlatformProof::Ticket). May
    /// be repeated.
    ///
    /// # Errors
    /// [`TokenRejected`](crate::ErrorKind::TokenRejected) for a ticket that is refused: a newer one will be
    /// pushed. [`Protocol`](crate::ErrorKind::Protocol) for a response without a token.
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor's platforms have no tokens.
    async fn platform_token(&self, _ticket: Option<&Secret>) -> Result<IssuedToken> {
        Err(Error::unsupported(self.vendor(), "platform_token"))
    }

    /// Asks the vendor to push tickets (again).
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if tickets cannot be requested.
    async fn start_ticket_push(&self) -> Result<()> {
        Err(Error::unsupported(self.vendor(), "start_ticket_push"))
    }

    /// Obtains a code for one visit to the authorization page; `None` if the page needs none.
    ///
    /// # Errors
    /// Rejections by the vendor.
    async fn pre_authorization_code(&self, _platform: &PlatformAuth) -> Result<Option<PreAuthorizationCode>> {
        Ok(None)
    }

    /// Returns the URL of the page on which a merchant authorizes the platform. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the redirect URI is not an http(s) URL, if an
    /// extra parameter is already part of the address, or if the page needs a code and there is none.
    fn authorization_url(
        &self,
        code: Option<&PreAuthorizationCode>,
        request: &AuthorizationRequest,
    ) -> Result<String>;

    /// Exchanges an authorization code for tokens. This consumes the code.
    ///
    /// # Errors
    /// With outcome `unknown` the code may have been consumed; use [`recover`](Self::recover).
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) if the code is refused.
    async fn exchange(&self, platform: &PlatformAuth, authorization_code: &Secret) -> Result<Grant>;

    /// Obtains the next access token of an app. [`refresh_token_use`] states what happens to the refresh token.
    ///
    /// [`refresh_token_use`]: Self::refresh_token_use
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) if the refresh token is refused.
    /// [`Protocol`](crate::ErrorKind::Protocol) with outcome `unknown` for a successful response without a token.
    async fn refresh(&self, platform: &PlatformAuth, app: &AppId, refresh_token: &Secret) -> Result<Grant>;

    /// Recovers the authorization of an app whose tokens are lost, without involving the merchant.
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) if the app has not authorized the platform;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if only the merchant can authorize it again.
    async fn recover(&self, _platform: &PlatformAuth, _app: &AppId) -> Result<Recovery> {
        Err(Error::unsupported(self.vendor(), "recover"))
    }

    /// Returns information on an app that authorized the platform.
    ///
    /// Vendors query it with the platform's token and the app's id, or with the app's token alone;
    /// implementations use whichever they need.
    ///
    /// # Errors
    /// Rejections by the vendor; [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if a required argument is
    /// missing.
    async fn authorizer_info(
        &self,
        platform: &PlatformAuth,
        app: Option<&AppId>,
        authorizer: Option<&AccessToken>,
    ) -> Result<AuthorizerInfo>;

    /// Returns one page of the apps that have authorized the platform.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the vendor has no such list.
    async fn authorizers(&self, _platform: &PlatformAuth, _page: AuthorizerPage) -> Result<AuthorizerList> {
        Err(Error::unsupported(self.vendor(), "authorizers"))
    }
}

/// A token as the vendor issued it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token.
    pub token: AccessToken,
    /// How long the token is valid, according to the response; `None` if it is valid until it is revoked.
    pub expires_in: Option<Duration>,
}

impl IssuedToken {
    /// Creates a token with its lifetime.
    #[must_use]
    pub const fn new(token: AccessToken, expires_in: Duration) -> Self {
        Self { token, expires_in: Some(expires_in) }
    }

    /// Creates a token that does not expire.
    #[must_use]
    pub const fn lasting(token: AccessToken) -> Self {
        Self { token, expires_in: None }
    }
}

/// The result of an authorization or a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The app, if the response names it.
    pub app: Option<AppId>,
    /// Its access token; absent if the merchant granted nothing that needs one.
    pub access: Option<IssuedToken>,
    /// Its refresh token. If the response has none, the stored one stays valid.
    pub refresh_token: Option<Secret>,
    /// The granted permissions, as the vendor names them; empty if the response does not list them.
    pub permissions: Vec<Permission>,
}

impl Grant {
    /// Creates an empty grant.
    #[must_use]
    pub const fn new() -> Self {
        Self { app: None, access: None, refresh_token: None, permissions: Vec::new() }
    }

    /// Sets the app.
    #[must_use]
    pub fn with_app(mut self, app: Option<AppId>) -> Self {
        self.app = app;
        self
    }

    /// Sets the access token.
    #[must_use]
    pub fn with_access(mut self, access: Option<IssuedToken>) -> Self {
        self.access = access;
        self
    }

    /// Sets the refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: Option<Secret>) -> Self {
        self.refresh_token = refresh_token;
        self
    }

    /// Sets the granted permissions.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Vec<Permission>) -> Self {
        self.permissions = permissions;
        self
    }
}

impl Default for Grant {
    fn default() -> Self {
        Self::new()
    }
}

/// One thing that a merchant granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Permission {
    /// The vendor's id or name for it.
    pub id: String,
    /// The vendor's description, if it sends one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

impl Permission {
    /// Creates a permission from the vendor's id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None }
    }

    /// Sets the vendor's description.
    #[must_use]
    pub fn with_name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }
}

/// How a lost authorization is recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// The refresh token that is valid now.
    RefreshToken(Secret),
    /// A new code, to be exchanged for tokens.
    AuthorizationCode(Secret),
}

/// A code for one visit to the authorization page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreAuthorizationCode {
    /// The code.
    pub code: Secret,
    /// How long the code is valid, according to the response.
    pub expires_in: Duration,
}

impl PreAuthorizationCode {
    /// Creates a code with its lifetime.
    #[must_use]
    pub const fn new(code: Secret, expires_in: Duration) -> Self {
        Self { code, expires_in }
    }
}

/// Which authorization page to show to a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// Where the merchant's browser returns with the code: an http(s) URL of the registered domain.
    pub redirect_uri: String,
    /// Whether to show the mobile page instead of the desktop page, if the vendor has both.
    pub mobile: bool,
    /// The only app that may authorize, if the vendor supports choosing it.
    pub app: Option<AppId>,
    /// Additional parameters of the vendor's page, by name.
    pub extra: Vec<(String, String)>,
}

impl AuthorizationRequest {
    /// Creates a request for the desktop page and any app.
    #[must_use]
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self { redirect_uri: redirect_uri.into(), mobile: false, app: None, extra: Vec::new() }
    }

    /// Selects the mobile page.
    #[must_use]
    pub const fn mobile(mut self) -> Self {
        self.mobile = true;
        self
    }

    /// Restricts the request to one app.
    #[must_use]
    pub fn with_app(mut self, app: impl Into<AppId>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Adds a parameter of the vendor's page.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }
}

/// Information on an app that authorized the platform.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuthorizerInfo {
    /// The app.
    pub app_id: AppId,
    /// Another name of the app by which pushes may call it, if the vendor has such names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The legal entity that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The granted permissions.
    pub permissions: Vec<Permission>,
    /// The whole response as received, without tokens.
    pub details: Value,
}

impl AuthorizerInfo {
    /// Creates the information on an app of which nothing else is known.
    #[must_use]
    pub const fn new(app_id: AppId, details: Value) -> Self {
        Self { app_id, alias: None, name: None, principal: None, permissions: Vec::new(), details }
    }

    /// Sets the alias.
    #[must_use]
    pub fn with_alias(mut self, alias: Option<String>) -> Self {
        self.alias = alias;
        self
    }

    /// Sets its name and its owner.
    #[must_use]
    pub fn with_names(mut self, name: Option<String>, principal: Option<String>) -> Self {
        self.name = name;
        self.principal = principal;
        self
    }

    /// Sets the granted permissions.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Vec<Permission>) -> Self {
        self.permissions = permissions;
        self
    }
}

/// Prints everything except the details.
impl Debug for AuthorizerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizerInfo")
            .field("app_id", &self.app_id)
            .field("alias", &self.alias)
            .field("name", &self.name)
            .field("principal", &self.principal)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

/// A page of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizerPage {
    /// How many entries to skip.
    pub offset: u32,
    /// The maximum number of entries: 1 to 500.
    pub count: u32,
}

impl AuthorizerPage {
    /// Creates a page.
    #[must_use]
    pub const fn new(offset: u32, count: u32) -> Self {
        Self { offset, count }
    }
}

/// A page of the apps that have authorized the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizerList {
    /// The total number of apps.
    pub total: u64,
    /// The apps of this page.
    pub authorizers: Vec<AuthorizerEntry>,
}

impl AuthorizerList {
    /// Creates a page.
    #[must_use]
    pub const fn new(total: u64, authorizers: Vec<AuthorizerEntry>) -> Self {
        Self { total, authorizers }
    }
}

/// One app that has authorized the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizerEntry {
    /// The app.
    pub app_id: AppId,
    /// Its refresh token, if the list includes it. It is never printed.
    #[serde(skip)]
    pub refresh_token: Option<Secret>,
    /// When it authorized the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorized_at: Option<Timestamp>,
}

impl AuthorizerEntry {
    /// Creates an entry of which nothing else is known.
    #[must_use]
    pub const fn new(app_id: AppId) -> Self {
        Self { app_id, refresh_token: None, authorized_at: None }
    }

    /// Sets the refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: Option<Secret>) -> Self {
        self.refresh_token = refresh_token;
        self
    }

    /// Sets the time of its authorization.
    #[must_use]
    pub const fn with_authorized_at(mut self, at: Option<Timestamp>) -> Self {
        self.authorized_at = at;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Outcome};

    #[test]
    fn a_vendor_that_requires_a_token_refuses_a_signature_alone() {
        let acme = Vendor::new("acme");
        let token = AccessToken::new("token").unwrap();
        assert_eq!(PlatformAuth::from(token.clone()).token(acme, "exchange").unwrap(), &token);
        let error = PlatformAuth::Signed.token(acme, "exchange").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
        assert_eq!(
            (error.vendor(), error.operation(), error.field()),
            (Some(acme), "exchange", Some("platform"))
        );
        assert!(!format!("{:?}", PlatformAuth::from(token)).contains("token\""), "tokens are not printed");
    }
}
