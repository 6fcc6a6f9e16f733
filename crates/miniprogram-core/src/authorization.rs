//! The calls by which a platform is authorized and gets its tokens: each of them once, without any policy.
//!
//! Whoever keeps tokens (`miniprogram-tokens` does) brings the policy: which call may be repeated, what is written
//! down before and after it, how a lost refresh token is recovered.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::id::{AppId, PlatformId};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::AccessToken;
use crate::vendor::Vendor;

/// What a refresh does to the refresh token that was sent with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshTokenUse {
    /// It stays good: a refresh that got no answer may be sent again with it.
    Repeatable,
    /// It is spent: only the one that the answer brings is good from then on.
    SingleUse,
}

/// A vendor's calls of the token chain. Each method sends what its documentation says and nothing twice; the platform's
/// token is the caller's to give, and a refused one is the caller's to replace.
#[async_trait]
pub trait AuthorizationApi: Debug + Send + Sync + 'static {
    /// The vendor.
    fn vendor(&self) -> Vendor;

    /// The platform.
    fn platform_id(&self) -> &PlatformId;

    /// What a refresh does to the refresh token.
    fn refresh_token_use(&self) -> RefreshTokenUse;

    /// Gets the platform's token for a ticket. May be repeated.
    ///
    /// # Errors
    /// [`TokenRejected`](crate::ErrorKind::TokenRejected) for a ticket that is refused: a newer one will be pushed.
    /// [`Protocol`](crate::ErrorKind::Protocol) for an answer without a token.
    async fn platform_token(&self, ticket: &Secret) -> Result<IssuedToken>;

    /// Asks the vendor to push tickets (again).
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where tickets cannot be asked for.
    async fn start_ticket_push(&self) -> Result<()>;

    /// Gets a code that one visit of the authorization page takes.
    ///
    /// # Errors
    /// The vendor's refusals.
    async fn pre_authorization_code(&self, platform: &AccessToken) -> Result<PreAuthorizationCode>;

    /// The address of the page on which a merchant authorizes the platform. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an address to return to that is no http(s) URL, and
    /// for an extra parameter that the address has already.
    fn authorization_url(
        &self,
        code: &PreAuthorizationCode,
        request: &AuthorizationRequest,
    ) -> Result<String>;

    /// Turns the code of an authorization into tokens. The code is spent by it.
    ///
    /// # Errors
    /// With outcome `unknown` the code may be spent: recover. [`Unauthorized`](crate::ErrorKind::Unauthorized) for a
    /// code that is refused.
    async fn exchange(&self, platform: &AccessToken, authorization_code: &Secret) -> Result<Grant>;

    /// Gets the next access token of an app. What becomes of the refresh token, [`refresh_token_use`] says.
    ///
    /// [`refresh_token_use`]: Self::refresh_token_use
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) if the refresh token is refused.
    /// [`Protocol`](crate::ErrorKind::Protocol) with outcome `unknown` for a success without a token.
    async fn refresh(&self, platform: &AccessToken, app: &AppId, refresh_token: &Secret) -> Result<Grant>;

    /// Gets back the authorization of an app whose tokens are lost, without the merchant.
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) if the app has not authorized the platform.
    async fn recover(&self, platform: &AccessToken, app: &AppId) -> Result<Recovery>;

    /// Who authorized. Vendors ask with the platform's token and the app's id, or with the app's token alone; each
    /// takes of the three what it needs.
    ///
    /// # Errors
    /// The vendor's refusals; [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if what it needs is missing.
    async fn authorizer_info(
        &self,
        platform: &AccessToken,
        app: Option<&AppId>,
        authorizer: Option<&AccessToken>,
    ) -> Result<AuthorizerInfo>;

    /// One page of the apps that have authorized the platform.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the vendor has no such list.
    async fn authorizers(&self, platform: &AccessToken, page: AuthorizerPage) -> Result<AuthorizerList>;
}

/// A token as the vendor issued it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token.
    pub token: AccessToken,
    /// How long it is good, by the answer.
    pub expires_in: Duration,
}

impl IssuedToken {
    /// A token and its lifetime.
    #[must_use]
    pub const fn new(token: AccessToken, expires_in: Duration) -> Self {
        Self { token, expires_in }
    }
}

/// What an authorization or a refresh brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The app, where the answer names it.
    pub app: Option<AppId>,
    /// Its access token; absent if the merchant granted nothing that needs one.
    pub access: Option<IssuedToken>,
    /// Its refresh token; absent where the answer has none, and the stored one stays good then.
    pub refresh_token: Option<Secret>,
    /// What was granted, as the vendor names it; empty where the answer does not say.
    pub permissions: Vec<Permission>,
}

impl Grant {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { app: None, access: None, refresh_token: None, permissions: Vec::new() }
    }

    /// Of an app.
    #[must_use]
    pub fn with_app(mut self, app: Option<AppId>) -> Self {
        self.app = app;
        self
    }

    /// With an access token.
    #[must_use]
    pub fn with_access(mut self, access: Option<IssuedToken>) -> Self {
        self.access = access;
        self
    }

    /// With a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: Option<Secret>) -> Self {
        self.refresh_token = refresh_token;
        self
    }

    /// With what was granted.
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
    /// The vendor's id or name of it.
    pub id: String,
    /// The vendor's words, where it sends some.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

impl Permission {
    /// A permission by the vendor's id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None }
    }

    /// With the vendor's words.
    #[must_use]
    pub fn with_name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }
}

/// How a lost authorization comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// The refresh token that is good now.
    RefreshToken(Secret),
    /// A new code, to be exchanged.
    AuthorizationCode(Secret),
}

/// A code that one visit of the authorization page takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreAuthorizationCode {
    /// The code.
    pub code: Secret,
    /// How long it is good, by the answer.
    pub expires_in: Duration,
}

impl PreAuthorizationCode {
    /// A code and its lifetime.
    #[must_use]
    pub const fn new(code: Secret, expires_in: Duration) -> Self {
        Self { code, expires_in }
    }
}

/// Which authorization page a merchant is to see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// Where the merchant's browser returns to with the code: an http(s) URL of the registered domain.
    pub redirect_uri: String,
    /// The page for a phone instead of the one for a desk, where the vendor has two.
    pub mobile: bool,
    /// The one app that may authorize, where the vendor lets it be chosen.
    pub app: Option<AppId>,
    /// Further parameters of the vendor's page, by name.
    pub extra: Vec<(String, String)>,
}

impl AuthorizationRequest {
    /// The page for a desk, any app.
    #[must_use]
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self { redirect_uri: redirect_uri.into(), mobile: false, app: None, extra: Vec::new() }
    }

    /// The page for a phone.
    #[must_use]
    pub const fn mobile(mut self) -> Self {
        self.mobile = true;
        self
    }

    /// For one app only.
    #[must_use]
    pub fn with_app(mut self, app: impl Into<AppId>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// With a further parameter of the vendor's page.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }
}

/// Who authorized the platform.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuthorizerInfo {
    /// The app.
    pub app_id: AppId,
    /// Its original id, where the vendor has one: messages name the app by it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whom it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What was granted.
    pub permissions: Vec<Permission>,
    /// The whole answer as received, without tokens.
    pub details: Value,
}

impl AuthorizerInfo {
    /// An app of which nothing else is known.
    #[must_use]
    pub const fn new(app_id: AppId, details: Value) -> Self {
        Self { app_id, original_id: None, name: None, principal: None, permissions: Vec::new(), details }
    }

    /// With its original id.
    #[must_use]
    pub fn with_original_id(mut self, original_id: Option<String>) -> Self {
        self.original_id = original_id;
        self
    }

    /// With its name and whom it belongs to.
    #[must_use]
    pub fn with_names(mut self, name: Option<String>, principal: Option<String>) -> Self {
        self.name = name;
        self.principal = principal;
        self
    }

    /// With what was granted.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Vec<Permission>) -> Self {
        self.permissions = permissions;
        self
    }
}

/// Prints everything but the details.
impl Debug for AuthorizerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizerInfo")
            .field("app_id", &self.app_id)
            .field("original_id", &self.original_id)
            .field("name", &self.name)
            .field("principal", &self.principal)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

/// Which part of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizerPage {
    /// How many to skip.
    pub offset: u32,
    /// How many at most: 1 to 500.
    pub count: u32,
}

impl AuthorizerPage {
    /// A page.
    #[must_use]
    pub const fn new(offset: u32, count: u32) -> Self {
        Self { offset, count }
    }
}

/// A page of the apps that have authorized the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizerList {
    /// How many there are in all.
    pub total: u64,
    /// Those of this page.
    pub authorizers: Vec<AuthorizerEntry>,
}

impl AuthorizerList {
    /// A page.
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
    /// Its refresh token, where the list has it. Nothing prints it.
    #[serde(skip)]
    pub refresh_token: Option<Secret>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorized_at: Option<Timestamp>,
}

impl AuthorizerEntry {
    /// An app of which nothing else is known.
    #[must_use]
    pub const fn new(app_id: AppId) -> Self {
        Self { app_id, refresh_token: None, authorized_at: None }
    }

    /// With its refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: Option<Secret>) -> Self {
        self.refresh_token = refresh_token;
        self
    }

    /// With the time of its authorization.
    #[must_use]
    pub const fn with_authorized_at(mut self, at: Option<Timestamp>) -> Self {
        self.authorized_at = at;
        self
    }
}
