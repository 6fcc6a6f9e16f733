use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::authorization::{AuthorizationApi, AuthorizerInfo, PlatformProof};
use miniprogram_core::clock::Clock;
use miniprogram_core::token::{AccessToken, TokenKind, TokenProvider, TokenScope};
use miniprogram_core::{AppId, ErrorKind, Outcome, Result};
use miniprogram_store::{Aliases, PlatformKey, TokenStore};

use crate::alarm::AlarmSink;
use crate::builder::TokenManagerBuilder;
use crate::errors;
use crate::metrics;
use crate::scopes::ScopeStates;
use crate::task::{Task, Want};
use crate::work::Work;

/// The maximum number of attempts to obtain a token that is not refused in the meantime.
const ROUNDS: u32 = 3;

/// Manages the tokens of any number of platforms over one store. Clones share one manager.
///
/// It provides tokens as a [`TokenProvider`], handles tickets and authorizations as an
/// [`EventHandler`](miniprogram_core::EventHandler), and has the operations of an authorization. Any number of
/// processes may have managers over one store.
///
/// With a virtual clock, the caller of [`token`](TokenProvider::token) must hold a mark of the clock, as a
/// client's operation does; the other methods mark the clock themselves.
#[derive(Clone)]
pub struct TokenManager(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) platforms: HashMap<PlatformKey, Arc<dyn AuthorizationApi>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) owner: String,
    pub(crate) lease: Duration,
    pub(crate) alarms: Arc<dyn AlarmSink>,
    pub(crate) concurrency: usize,
    pub(crate) random: Mutex<fastrand::Rng>,
    pub(crate) scopes: Mutex<ScopeStates>,
    pub(crate) renewals: Mutex<RenewalState>,
}

/// The state of the renewal ahead of time, as [`run`](TokenManager::run) last left it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewalState {
    /// How many tokens could not be renewed at the last attempt and will be retried, not counting those that need
    /// the merchant.
    pub failing: usize,
    /// How many tokens and tickets in the store cannot be read. A token whose refresh token is missing for this
    /// reason is not renewed until it is recovered or authorized again; the others are.
    pub unreadable: usize,
    /// Whether the store could not be read in the last pass; nothing is renewed then.
    pub store_failed: bool,
}

impl TokenManager {
    /// Starts building a manager over a store. There is no default store: tokens lost with the process could not
    /// be recovered.
    pub fn builder(store: Arc<dyn TokenStore>) -> TokenManagerBuilder {
        TokenManagerBuilder::new(store)
    }

    /// Returns the platforms that it serves.
    #[must_use]
    pub fn platforms(&self) -> Vec<PlatformKey> {
        let mut platforms: Vec<_> = self.0.platforms.keys().cloned().collect();
        platforms.sort();
        platforms
    }

    /// Returns the state of the renewal ahead of time; nothing fails before [`run`](Self::run).
    #[must_use]
    pub fn renewals(&self) -> RenewalState {
        *self.0.renewals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_renewals(&self, state: RenewalState) {
        *self.0.renewals.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Marks a token as refused in memory and in the store. Only the current token is affected.
    async fn refuse(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        if self.0.refuse(scope, refused) {
            metrics::rejection(scope);
            self.0.store.expire(scope, refused, self.0.clock.now()).await?;
        }
        Ok(())
    }
}

impl Inner {
    /// Returns the API of the platform that a scope belongs to.
    pub(crate) fn api(&self, scope: &TokenScope) -> Result<&Arc<dyn AuthorizationApi>> {
        let key = PlatformKey::new(scope.vendor, scope.platform.clone());
        let api = self.platforms.get(&key).ok_or_else(|| errors::not_served(scope))?;
        match scope.kind {
            TokenKind::Authorizer if scope.app.is_some() => Ok(api),
            TokenKind::Platform if scope.app.is_none() => match api.platform_proof() {
                PlatformProof::Signature => Err(errors::without_platform_token(scope)),
                _ => Ok(api),
            },
            _ => Err(errors::not_served(scope)),
        }
    }

    /// Returns the API of a platform.
    pub(crate) fn platform(&self, key: &PlatformKey) -> Result<&Arc<dyn AuthorizationApi>> {
        let scope = || TokenScope::platform(key.vendor, key.platform.clone());
        self.platforms.get(key).ok_or_else(|| errors::not_served(&scope()))
    }

    /// Returns a number from 0 to 1.
    pub(crate) fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

#[async_trait]
impl TokenProvider for TokenManager {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        self.0.api(scope)?;
        for _ in 0..ROUNDS {
            if let Some(token) = self.0.cached(scope) {
                return Ok(token);
            }
            let completed = self.run_alone(scope, Task::Renew(Want::Usable)).await?;
            let record = completed.record(scope)?;
            if record.access.is_none() {
                return Err(errors::nothing_granted(scope));
            }
            if let Some(token) = self.0.accepted(record) {
                return Ok(token);
            }
        }
        Err(errors::refused_at_once(scope))
    }

    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        self.0.api(scope)?;
        self.refuse(scope, refused).await
    }
}

#[async_trait]
impl Aliases for TokenManager {
    async fn alias(&self, platform: &PlatformKey, app: &AppId) -> Result<Option<String>> {
        let scope = TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone());
        self.0.api(&scope)?;
        let record = self.0.store.token(&scope).await?;
        if let Some(known) = record.and_then(|record| record.alias) {
            return Ok(Some(known));
        }
        let mut work = Work::new(self);
        let info = work.ask_about(&scope, app).await?;
        if let Some(alias) = &info.alias {
            self.0.store.bind_alias(&scope, alias, work.now()).await?;
        }
        Ok(info.alias)
    }
}

impl Work {
    /// Returns information on the authorizing app, if the vendor reports it for this very app.
    pub(crate) async fn ask_about(&mut self, scope: &TokenScope, app: &AppId) -> Result<AuthorizerInfo> {
        const OPERATION: &str = "authorizer_info";
        let api = Arc::clone(self.manager.0.api(scope)?);
        let api = api.as_ref();
        let by_id = move |platform| async move { api.authorizer_info(&platform, Some(app), None).await };
        let mut result = self.with_platform(api, by_id).await;
        if let Err(error) = &result
            && error.kind() == ErrorKind::InvalidArgument
        {
            // This vendor requires the app's own token.
            let token = self.manager.token(scope).await?;
            let token = &token;
            let by_token =
                move |platform| async move { api.authorizer_info(&platform, Some(app), Some(token)).await };
            result = self.with_platform(api, by_token).await;
        }
        metrics::call(OPERATION, scope, &result);
        let info = result?;
        if info.app_id == *app {
            return Ok(info);
        }
        Err(errors::of_another_app(scope, OPERATION, Outcome::NotDone, &info.app_id))
    }
}

/// Prints which platforms it serves, but no token.
impl Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("platforms", &self.platforms())
            .field("owner", &self.0.owner)
            .finish_non_exhaustive()
    }
}
