//! The operations of an authorization, for platform code and the command line.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::{
    AuthorizationRequest, AuthorizerEntry, AuthorizerInfo, AuthorizerList, AuthorizerPage, Permission,
};
use miniprogram_core::token::TokenScope;
use miniprogram_core::{AppId, Error, ErrorKind, Outcome, Result, Secret, Timestamp};
use miniprogram_store::{PlatformKey, Ticket, TokenRecord};
use serde::Serialize;

use crate::errors;
use crate::manager::TokenManager;
use crate::metrics;
use crate::single_flight::Completed;
use crate::status::TokenStatus;
use crate::task::{Granted, Task, Want};
use crate::work::Work;

/// The maximum number of apps in a page of the vendor's list.
const PAGE: u32 = 500;

/// The URL of an authorization page, for one visit.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizationLink {
    /// The URL. It may contain a pre-authorization code: pass it to the merchant and never log it.
    pub url: String,
    /// How long it is valid, in seconds; `None` if the page needs no code that expires.
    #[serde(
        rename = "expires_in_seconds",
        serialize_with = "seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_in: Option<Duration>,
}

fn seconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs()).serialize(serializer)
}

impl AuthorizationLink {
    /// Creates a link, which may be valid for a limited time.
    #[must_use]
    pub fn new(url: impl Into<String>, expires_in: impl Into<Option<Duration>>) -> Self {
        Self { url: url.into(), expires_in: expires_in.into() }
    }
}

/// Prints everything except the URL.
impl Debug for AuthorizationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationLink").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// An app whose authorization is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Authorized {
    /// The app.
    #[serde(rename = "app_id")]
    pub app: AppId,
    /// What the merchant granted, as the vendor names it; empty if the vendor did not report it.
    pub permissions: Vec<Permission>,
    /// The app's alias, if the vendor has one and reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

impl Authorized {
    /// Creates the result for an app of which nothing else is known.
    #[must_use]
    pub const fn new(app: AppId) -> Self {
        Self { app, permissions: Vec::new(), alias: None }
    }

    /// Sets the granted permissions.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Vec<Permission>) -> Self {
        self.permissions = permissions;
        self
    }

    /// Sets the alias.
    #[must_use]
    pub fn with_alias(mut self, alias: Option<String>) -> Self {
        self.alias = alias;
        self
    }
}

impl TokenManager {
    /// Returns the URL of the page on which a merchant authorizes the platform. If the vendor demands a
    /// pre-authorization code, each URL uses its own: create it when the merchant requests it.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) while no ticket has arrived; the errors of
    /// [`AuthorizationApi::authorization_url`](miniprogram_core::authorization::AuthorizationApi::authorization_url) and those
    /// of the vendor.
    pub async fn authorization_url(
        &self,
        platform: &PlatformKey,
        request: &AuthorizationRequest,
    ) -> Result<AuthorizationLink> {
        let api = Arc::clone(self.0.platform(platform)?);
        let api = api.as_ref();
        let mut work = Work::new(self);
        let code = work
            .with_platform(api, move |token| async move { api.pre_authorization_code(&token).await })
            .await?;
        let url = api.authorization_url(code.as_ref(), request)?;
        Ok(AuthorizationLink::new(url, code.map(|code| code.expires_in)))
    }

    /// Exchanges an authorization code for tokens and stores them under their app. This consumes the code.
    ///
    /// If an app is expected, a code that was already consumed does no harm: the authorization is recovered. The
    /// code of another app is then refused, and nothing is stored. `granted_at` is the time, according to the
    /// vendor, at which the merchant agreed. An authorization that is not newer than the stored one changes
    /// nothing and sends no request.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) for the code of another app. [`Unauthorized`](ErrorKind::Unauthorized)
    /// if both the code and the recovery are refused. With outcome `unknown` and no expected app: recover the
    /// app's authorization.
    pub async fn exchange(
        &self,
        platform: &PlatformKey,
        code: &Secret,
        expected: Option<&AppId>,
        granted_at: Option<Timestamp>,
    ) -> Result<Authorized> {
        self.0.platform(platform)?;
        if code.is_empty() {
            let rule = "must not be empty";
            return Err(Error::invalid("exchange", "authorization_code", rule).for_vendor(platform.vendor));
        }
        let mut work = Work::new(self);
        let scope = match expected {
            Some(app) => {
                let scope = authorizer(platform, app);
                let completed =
                    self.run_alone(&scope, Task::Exchange { code: code.clone(), granted_at }).await?;
                return self.authorized(&mut work, &scope, &completed).await;
            }
            None => TokenScope::platform(platform.vendor, platform.platform.clone()),
        };
        // The call consumes the code, so it continues even if the caller gives up waiting.
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| errors::no_runtime(&scope))?;
        let (manager, platform, code) = (self.clone(), platform.clone(), code.clone());
        let exchange =
            runtime.spawn(async move { manager.exchange_and_find(&platform, &code, granted_at).await });
        let (scope, completed) = work.lend(exchange).await.map_err(|_| errors::lost(&scope))??;
        self.authorized(&mut work, &scope, &completed).await
    }

    /// Exchanges a code whose app is not known.
    async fn exchange_and_find(
        &self,
        platform: &PlatformKey,
        code: &Secret,
        granted_at: Option<Timestamp>,
    ) -> Result<(TokenScope, Arc<Completed>)> {
        let api = Arc::clone(self.0.platform(platform)?);
        let api = api.as_ref();
        let mut work = Work::new(self);
        let asked_at = work.now();
        let send = move |token| async move { api.exchange(&token, code).await };
        let mut result = work.with_platform(api, send).await;
        if result.as_ref().is_err_and(|error| error.outcome() == Outcome::Unknown) {
            work.pause_briefly().await;
            result = work.with_platform(api, send).await.map_err(|error| {
                error.with_outcome(Outcome::Unknown).with_advice(
                    "the code may be spent: get the app's authorization back with `auth recover`",
                )
            });
        }
        let whole = TokenScope::platform(platform.vendor, platform.platform.clone());
        metrics::call("exchange", &whole, &result);
        let mut grant = result?;
        let mut alias = None;
        let app = match (&grant.app, &grant.access) {
            (Some(app), _) => app.clone(),
            (None, None) => return Err(errors::without_token(&whole, "access_token")),
            (None, Some(access)) => {
                let authorizer = &access.token;
                let ask =
                    move |token| async move { api.authorizer_info(&token, None, Some(authorizer)).await };
                let result = work.with_platform(api, ask).await;
                metrics::call("authorizer_info", &whole, &result);
                let info = result.map_err(|error| {
                    error.with_outcome(Outcome::Unknown).with_advice(
                        "the code is spent: get the app's authorization back with `auth recover`",
                    )
                })?;
                if grant.permissions.is_empty() {
                    grant.permissions = info.permissions;
                }
                alias = info.alias;
                info.app_id
            }
        };
        let scope = authorizer(platform, &app);
        let granted = Granted { grant, asked_at, alias };
        let completed = self.run_alone(&scope, Task::Keep { granted, granted_at }).await?;
        Ok((scope, completed))
    }

    /// Returns what was stored, and the alias if it can be determined now.
    async fn authorized(
        &self,
        work: &mut Work,
        scope: &TokenScope,
        completed: &Completed,
    ) -> Result<Authorized> {
        let record = completed.record(scope)?;
        let app = scope.app.clone().ok_or_else(|| errors::not_served(scope))?;
        let alias = match &record.alias {
            Some(known) => Some(known.clone()),
            None => self.learn_alias(work, scope, &app).await,
        };
        Ok(Authorized::new(app).with_permissions(completed.permissions.clone()).with_alias(alias))
    }

    /// Determines the alias of an app. If that fails now, it is determined when a push has to be bound.
    async fn learn_alias(&self, work: &mut Work, scope: &TokenScope, app: &AppId) -> Option<String> {
        let learnt = async {
            let info = work.ask_about(scope, app).await?;
            if let Some(alias) = &info.alias {
                self.0.store.bind_alias(scope, alias, work.now()).await?;
            }
            Ok(info.alias)
        };
        learnt.await.unwrap_or_else(|error: Error| {
            tracing::warn!(vendor = %scope.vendor, token = %scope, %error, "the alias could not be learnt");
            None
        })
    }

    /// Renews a token immediately, whatever its age.
    ///
    /// # Errors
    /// As for [`token`](miniprogram_core::token::TokenProvider::token).
    pub async fn refresh(&self, scope: &TokenScope) -> Result<TokenStatus> {
        let record = self.renewed(scope).await?;
        Ok(self.0.status_of(&record))
    }

    async fn renewed(&self, scope: &TokenScope) -> Result<TokenRecord> {
        self.0.api(scope)?;
        let _busy = self.0.clock.enter();
        let seen = self.0.store.token(scope).await?.map_or(0, |record| record.generation);
        self.renew_beyond(scope, seen).await
    }

    /// Renews a token unless there is one of a later generation. The caller holds a mark of the clock.
    pub(crate) async fn renew_beyond(&self, scope: &TokenScope, seen: i64) -> Result<TokenRecord> {
        loop {
            let completed = self.run_alone(scope, Task::Renew(Want::Newer(seen))).await?;
            let record = completed.record(scope)?;
            // A renewal begun by another caller may have found its token good enough.
            if record.generation > seen {
                return Ok(record.clone());
            }
        }
    }

    /// Recovers an app's authorization from the vendor, without involving the merchant. Use it if the app's
    /// tokens were lost, or to take over an app that authorized the platform elsewhere.
    ///
    /// # Errors
    /// [`Unauthorized`](ErrorKind::Unauthorized) if the app has not authorized the platform;
    /// [`Unsupported`](ErrorKind::Unsupported) if the vendor has no recovery, and nothing changes then.
    pub async fn recover(&self, platform: &PlatformKey, app: &AppId) -> Result<TokenStatus> {
        let scope = authorizer(platform, app);
        self.0.api(&scope)?;
        let _busy = self.0.clock.enter();
        let completed = self.run_alone(&scope, Task::Recover { granted_at: None }).await?;
        Ok(self.0.status_of(completed.record(&scope)?))
    }

    /// Returns one page of the vendor's list of apps that have authorized the platform.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) if the vendor has no such list; rejections by the vendor.
    pub async fn authorizers(&self, platform: &PlatformKey, page: AuthorizerPage) -> Result<AuthorizerList> {
        let api = Arc::clone(self.0.platform(platform)?);
        let api = api.as_ref();
        Work::new(self)
            .with_platform(api, move |token| async move { api.authorizers(&token, page).await })
            .await
    }

    /// Returns every app in the vendor's list of apps that have authorized the platform, fetched page by page.
    ///
    /// # Errors
    /// As for [`authorizers`](Self::authorizers).
    pub async fn all_authorizers(&self, platform: &PlatformKey) -> Result<Vec<AuthorizerEntry>> {
        let mut all: Vec<AuthorizerEntry> = Vec::new();
        loop {
            let offset = u32::try_from(all.len()).map_err(|_| {
                Error::new(ErrorKind::Protocol, "authorizers")
                    .for_vendor(platform.vendor)
                    .with_detail("the list does not end")
            })?;
            let list = self.authorizers(platform, AuthorizerPage::new(offset, PAGE)).await?;
            let end = list.authorizers.is_empty();
            all.extend(list.authorizers);
            if end || u64::try_from(all.len()).is_ok_and(|count| count >= list.total) {
                return Ok(all);
            }
        }
    }

    /// Returns information on an app and what its merchant granted.
    ///
    /// # Errors
    /// Rejections by the vendor; if the vendor requires the app's own token, the errors of
    /// [`token`](miniprogram_core::token::TokenProvider::token).
    pub async fn authorizer_info(&self, platform: &PlatformKey, app: &AppId) -> Result<AuthorizerInfo> {
        Work::new(self).ask_about(&authorizer(platform, app), app).await
    }

    /// Stores a ticket unless a newer one is stored. Returns whether it is now the current ticket.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for an empty ticket; [`Store`](ErrorKind::Store).
    pub async fn save_ticket(
        &self,
        platform: &PlatformKey,
        ticket: &Secret,
        created_at: Timestamp,
    ) -> Result<bool> {
        self.0.platform(platform)?;
        let ticket = Ticket::new(ticket.clone(), created_at, self.0.clock.now());
        let newest = self.0.store.save_ticket(platform, &ticket).await?;
        metrics::ticket(platform.vendor, newest);
        Ok(newest)
    }

    /// Asks the vendor to push tickets (again).
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) if tickets cannot be requested; rejections by the vendor.
    pub async fn start_ticket_push(&self, platform: &PlatformKey) -> Result<()> {
        let api = Arc::clone(self.0.platform(platform)?);
        Work::new(self).lend(api.start_ticket_push()).await
    }
}

pub(crate) fn authorizer(platform: &PlatformKey, app: &AppId) -> TokenScope {
    TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone())
}
