//! The verbs of an authorization: for platform code and the command line.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::{
    AuthorizationRequest, AuthorizerEntry, AuthorizerInfo, AuthorizerList, AuthorizerPage, Permission,
};
use miniprogram_core::{AppId, Error, ErrorKind, Outcome, Result, Secret, Timestamp, TokenScope};
use miniprogram_store::{PlatformKey, Ticket, TokenRecord};
use serde::Serialize;

use crate::flight::Landed;
use crate::manager::TokenManager;
use crate::meter;
use crate::status::TokenStatus;
use crate::task::{Granted, Task, Want};
use crate::trip::Trip;
use crate::{errors, flight};

/// How many apps a page of the vendor's list has at most.
const PAGE: u32 = 500;

/// The address of an authorization page, for one visit.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizationLink {
    /// The address. It holds the pre-authorization code: give it to the merchant and log it nowhere.
    pub url: String,
    /// How long it is good, in seconds.
    #[serde(rename = "expires_in_seconds", serialize_with = "seconds")]
    pub expires_in: Duration,
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

impl AuthorizationLink {
    /// An address that is good for a while.
    #[must_use]
    pub fn new(url: impl Into<String>, expires_in: Duration) -> Self {
        Self { url: url.into(), expires_in }
    }
}

/// Prints everything but the address.
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
    /// What the merchant granted, as the vendor names it; empty where the vendor did not say.
    pub permissions: Vec<Permission>,
    /// The app's original id, where the vendor has one and told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_id: Option<String>,
}

impl Authorized {
    /// An app of which nothing else is known.
    #[must_use]
    pub const fn new(app: AppId) -> Self {
        Self { app, permissions: Vec::new(), original_id: None }
    }

    /// With what was granted.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Vec<Permission>) -> Self {
        self.permissions = permissions;
        self
    }

    /// With its original id.
    #[must_use]
    pub fn with_original_id(mut self, original_id: Option<String>) -> Self {
        self.original_id = original_id;
        self
    }
}

impl TokenManager {
    /// The address of the page on which a merchant authorizes the platform. Every one takes a pre-authorization code of
    /// its own: make it when the merchant asks for it.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) while no ticket has arrived; those of
    /// [`AuthorizationApi::authorization_url`](miniprogram_core::AuthorizationApi::authorization_url) and the vendor's.
    pub async fn authorization_url(
        &self,
        platform: &PlatformKey,
        request: &AuthorizationRequest,
    ) -> Result<AuthorizationLink> {
        let api = Arc::clone(self.0.platform(platform)?);
        let api = api.as_ref();
        let mut trip = Trip::new(self);
        let code = trip
            .with_platform(api, move |token| async move { api.pre_authorization_code(&token).await })
            .await?;
        let url = api.authorization_url(&code, request)?;
        Ok(AuthorizationLink::new(url, code.expires_in))
    }

    /// Turns the code of an authorization into tokens and stores them under the app that they are for. The code is
    /// spent by it.
    ///
    /// Where the app is expected, a code that is spent already is no loss: the authorization is recovered. A code of
    /// another app is refused then, and nothing is stored. `granted_at` is the vendor's word on when the merchant
    /// agreed: an authorization that is not newer than the stored one changes nothing and costs no call.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) for the code of another app. [`Unauthorized`](ErrorKind::Unauthorized) if code
    /// and recovery are refused. With outcome `unknown` and no expected app: recover the app's authorization.
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
        let mut trip = Trip::new(self);
        let scope = match expected {
            Some(app) => {
                let scope = authorizer(platform, app);
                let landed = self.fly(&scope, Task::Exchange { code: code.clone(), granted_at }).await?;
                return self.authorized(&mut trip, &scope, &landed).await;
            }
            None => TokenScope::platform(platform.vendor, platform.platform.clone()),
        };
        // The code is spent by the call: it goes on whoever gives up waiting.
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| errors::no_runtime(&scope))?;
        let (manager, platform, code) = (self.clone(), platform.clone(), code.clone());
        let work =
            runtime.spawn(async move { manager.exchange_and_find(&platform, &code, granted_at).await });
        let (scope, landed) = trip.lend(work).await.map_err(|_| errors::lost(&scope))??;
        self.authorized(&mut trip, &scope, &landed).await
    }

    /// Exchanges a code of which the app is not known.
    async fn exchange_and_find(
        &self,
        platform: &PlatformKey,
        code: &Secret,
        granted_at: Option<Timestamp>,
    ) -> Result<(TokenScope, Arc<Landed>)> {
        let api = Arc::clone(self.0.platform(platform)?);
        let api = api.as_ref();
        let mut trip = Trip::new(self);
        let asked_at = trip.now();
        let send = move |token| async move { api.exchange(&token, code).await };
        let mut result = trip.with_platform(api, send).await;
        if result.as_ref().is_err_and(|error| error.outcome() == Outcome::Unknown) {
            trip.pause_briefly().await;
            result = trip.with_platform(api, send).await.map_err(|error| {
                error.with_outcome(Outcome::Unknown).with_advice(
                    "the code may be spent: get the app's authorization back with `auth recover`",
                )
            });
        }
        let whole = TokenScope::platform(platform.vendor, platform.platform.clone());
        meter::call("exchange", &whole, &result);
        let mut grant = result?;
        let mut original_id = None;
        let app = match (&grant.app, &grant.access) {
            (Some(app), _) => app.clone(),
            (None, None) => return Err(errors::without_token(&whole, "access_token")),
            (None, Some(access)) => {
                let authorizer = &access.token;
                let ask =
                    move |token| async move { api.authorizer_info(&token, None, Some(authorizer)).await };
                let result = trip.with_platform(api, ask).await;
                meter::call("authorizer_info", &whole, &result);
                let info = result.map_err(|error| {
                    error.with_outcome(Outcome::Unknown).with_advice(
                        "the code is spent: get the app's authorization back with `auth recover`",
                    )
                })?;
                if grant.permissions.is_empty() {
                    grant.permissions = info.permissions;
                }
                original_id = info.original_id;
                info.app_id
            }
        };
        let scope = authorizer(platform, &app);
        let granted = Granted { grant, asked_at, original_id };
        let landed = self.fly(&scope, Task::Keep { granted, granted_at }).await?;
        Ok((scope, landed))
    }

    /// What was stored, and the original id where it can be found out now.
    async fn authorized(
        &self,
        trip: &mut Trip,
        scope: &TokenScope,
        landed: &flight::Landed,
    ) -> Result<Authorized> {
        let record = landed.record(scope)?;
        let app = scope.app.clone().ok_or_else(|| errors::not_served(scope))?;
        let original_id = match &record.original_id {
            Some(known) => Some(known.clone()),
            None => self.learn_original_id(trip, scope, &app).await,
        };
        Ok(Authorized::new(app).with_permissions(landed.permissions.clone()).with_original_id(original_id))
    }

    /// Whoever cannot learn it now learns it when a push has to be bound.
    async fn learn_original_id(&self, trip: &mut Trip, scope: &TokenScope, app: &AppId) -> Option<String> {
        let learnt = async {
            let info = trip.ask_about(scope, app).await?;
            if let Some(original_id) = &info.original_id {
                self.0.store.bind_original_id(scope, original_id, trip.now()).await?;
            }
            Ok(info.original_id)
        };
        learnt.await.unwrap_or_else(|error: Error| {
            tracing::warn!(vendor = %scope.vendor, token = %scope, %error, "the original id could not be learnt");
            None
        })
    }

    /// Renews a token now, whatever its age.
    ///
    /// # Errors
    /// As [`token`](miniprogram_core::TokenProvider::token).
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

    /// Renews a token unless there is one of a later generation. Who calls holds a mark of the clock.
    pub(crate) async fn renew_beyond(&self, scope: &TokenScope, seen: i64) -> Result<TokenRecord> {
        loop {
            let landed = self.fly(scope, Task::Renew(Want::Newer(seen))).await?;
            let record = landed.record(scope)?;
            // A renewal that others began may have found their token good enough.
            if record.generation > seen {
                return Ok(record.clone());
            }
        }
    }

    /// Gets an app's authorization back from the vendor, without the merchant: after its tokens were lost, or to take
    /// over an app that authorized the platform elsewhere.
    ///
    /// # Errors
    /// [`Unauthorized`](ErrorKind::Unauthorized) if the app has not authorized the platform.
    pub async fn recover(&self, platform: &PlatformKey, app: &AppId) -> Result<TokenStatus> {
        let scope = authorizer(platform, app);
        self.0.api(&scope)?;
        let _busy = self.0.clock.enter();
        let landed = self.fly(&scope, Task::Recover { granted_at: None }).await?;
        Ok(self.0.status_of(landed.record(&scope)?))
    }

    /// One page of the apps that have authorized the platform, by the vendor's list.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where the vendor has no such list; the vendor's refusals.
    pub async fn authorizers(&self, platform: &PlatformKey, page: AuthorizerPage) -> Result<AuthorizerList> {
        let api = Arc::clone(self.0.platform(platform)?);
        let api = api.as_ref();
        Trip::new(self)
            .with_platform(api, move |token| async move { api.authorizers(&token, page).await })
            .await
    }

    /// Every app that has authorized the platform, by the vendor's list, page by page.
    ///
    /// # Errors
    /// As [`authorizers`](Self::authorizers).
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

    /// Who an app is and what its merchant granted.
    ///
    /// # Errors
    /// The vendor's refusals; where the vendor asks with the app's own token, those of
    /// [`token`](miniprogram_core::TokenProvider::token).
    pub async fn authorizer_info(&self, platform: &PlatformKey, app: &AppId) -> Result<AuthorizerInfo> {
        Trip::new(self).ask_about(&authorizer(platform, app), app).await
    }

    /// Keeps a ticket unless a newer one is kept. Answers whether it is the one that counts now.
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
        meter::ticket(platform.vendor, newest);
        Ok(newest)
    }

    /// Asks the vendor to push tickets (again).
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where tickets cannot be asked for; the vendor's refusals.
    pub async fn start_ticket_push(&self, platform: &PlatformKey) -> Result<()> {
        let api = Arc::clone(self.0.platform(platform)?);
        Trip::new(self).lend(api.start_ticket_push()).await
    }
}

pub(crate) fn authorizer(platform: &PlatformKey, app: &AppId) -> TokenScope {
    TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone())
}
