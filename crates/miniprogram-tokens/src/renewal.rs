//! The renewal protocol of an app's tokens: what is sent, how often, and how a missing response is handled.

use miniprogram_core::authorization::{AuthorizationApi, Grant, Recovery, RefreshTokenUse};
use miniprogram_core::{AppId, Error, ErrorKind, Outcome, Result, Secret};
use miniprogram_store::{Lease, TokenRecord};

use crate::errors;
use crate::metrics;
use crate::task::{Failure, Granted, has_time};
use crate::work::Work;

/// The maximum number of requests for a recovered credential.
const RECOVERIES: u32 = 2;
/// The maximum number of times one credential is sent; it is sent again only if there was no response.
const TRIES: u32 = 2;

/// The renewal of one app's tokens under a lease.
pub(crate) struct Renewal<'a> {
    work: &'a mut Work,
    api: &'a dyn AuthorizationApi,
    lease: &'a Lease,
    app: &'a AppId,
    single_use: bool,
    /// Whether the stored refresh token may have been consumed by a call without a known response.
    open: bool,
}

/// A credential that is exchanged for tokens.
enum Credential {
    RefreshToken(Secret),
    Code(Secret),
}

/// Why a credential yielded no tokens.
enum Ended {
    /// The vendor refused it.
    Refused(Error),
    /// There was no response that reveals the outcome.
    Unknown(Error),
    /// Any other failure, which ends the renewal.
    Failed(Failure),
}

impl<'a> Renewal<'a> {
    pub(crate) fn new(
        work: &'a mut Work,
        api: &'a dyn AuthorizationApi,
        lease: &'a Lease,
        app: &'a AppId,
    ) -> Self {
        let single_use = api.refresh_token_use() == RefreshTokenUse::SingleUse;
        Self { work, api, lease, app, single_use, open: single_use && lease.interrupted }
    }

    /// Refreshes the tokens; recovers the authorization if that is not possible.
    pub(crate) async fn renew(&mut self, record: &TokenRecord) -> Result<Granted, Failure> {
        let Some(stored) = record.refresh_token.clone() else { return self.recover_or(Failure::Gone).await };
        // If another process's call is already open, this is the one repetition with the old token.
        let tries = if self.open { 1 } else { TRIES };
        match self.send(&Credential::RefreshToken(stored), tries).await {
            Ok(granted) => Ok(granted),
            Err(Ended::Failed(failure)) => Err(failure),
            Err(Ended::Unknown(error)) if !self.single_use => Err(Failure::Nothing(error)),
            // Without a recovery, the next holder of the lease finds out by sending it once more.
            Err(Ended::Unknown(error)) => self.recover_or(|_| Failure::Open(error)).await,
            Err(Ended::Refused(refusal)) => {
                // Nothing is open: the vendor may not have received the refresh that yielded the stored one.
                let previous = record.previous_refresh_token.clone();
                let mut unanswered = None;
                if let Some(previous) = previous.filter(|_| !self.open) {
                    match self.send(&Credential::RefreshToken(previous), 1).await {
                        Ok(granted) => return Ok(granted),
                        Err(Ended::Failed(failure)) => return Err(failure),
                        Err(Ended::Refused(_)) => {}
                        Err(Ended::Unknown(error)) => unanswered = Some(error),
                    }
                }
                let open = self.open;
                self.recover_or(|_| match unanswered {
                    Some(error) if open => Failure::Open(error),
                    Some(error) => Failure::Nothing(error),
                    None => Failure::Gone(refusal),
                })
                .await
            }
        }
    }

    /// Exchanges the code of an authorization; recovers the authorization if the code was consumed. Verifies that
    /// the code belonged to this app.
    pub(crate) async fn exchange(&mut self, code: &Secret) -> Result<Granted, Failure> {
        match self.send(&Credential::Code(code.clone()), TRIES).await {
            Ok(granted) => self.identify(granted).await,
            Err(Ended::Failed(failure)) => Err(failure),
            Err(Ended::Refused(error) | Ended::Unknown(error)) => {
                // A code that yields nothing says nothing about the tokens at hand.
                let failure = self.failed(error);
                self.recover_or(|_| failure).await
            }
        }
    }

    /// Recovers the authorization; ends otherwise if the vendor has no recovery.
    async fn recover_or(
        &mut self,
        otherwise: impl FnOnce(Error) -> Failure + Send,
    ) -> Result<Granted, Failure> {
        match self.recover().await {
            Err(Failure::Nothing(error) | Failure::Open(error)) if error.kind() == ErrorKind::Unsupported => {
                Err(otherwise(error))
            }
            result => result,
        }
    }

    /// Recovers the authorization without involving the merchant. Whether the vendor has a call for that is known
    /// from the call itself, which fails as unsupported and sends nothing.
    pub(crate) async fn recover(&mut self) -> Result<Granted, Failure> {
        let mut rounds = 1;
        loop {
            self.check_lease()?;
            let (api, app) = (self.api, self.app);
            let result = self
                .work
                .with_platform(api, move |platform| async move { api.recover(&platform, app).await })
                .await;
            metrics::call("recover", &self.lease.scope, &result);
            let credential = match result {
                Ok(Recovery::RefreshToken(token)) => Credential::RefreshToken(token),
                Ok(Recovery::AuthorizationCode(code)) => Credential::Code(code),
                Ok(_) => return Err(self.failed(errors::without_token(&self.lease.scope, "refresh_token"))),
                Err(error) if error.kind() == ErrorKind::Unauthorized => return Err(Failure::Gone(error)),
                Err(error) => return Err(self.failed(error)),
            };
            let failure = match self.send(&credential, TRIES).await {
                Ok(mut granted) => {
                    if let Credential::RefreshToken(token) = credential {
                        granted.grant.refresh_token.get_or_insert(token);
                    }
                    return Ok(granted);
                }
                Err(Ended::Failed(failure)) => return Err(failure),
                Err(Ended::Refused(error)) => Failure::Gone(error),
                Err(Ended::Unknown(error)) => self.failed(error),
            };
            if rounds == RECOVERIES {
                return Err(failure);
            }
            rounds += 1;
        }
    }

    /// Sends a credential, and sends it again only if there was no response. If a single-use credential is then
    /// refused, it was consumed by the request without a response.
    async fn send(&mut self, credential: &Credential, tries: u32) -> Result<Granted, Ended> {
        let spent_by_use = self.single_use || matches!(credential, Credential::Code(_));
        let mut unanswered = None;
        let mut sent = 0;
        loop {
            sent += 1;
            self.check_lease().map_err(Ended::Failed)?;
            let error = match self.send_once(credential).await {
                Ok(granted) => return Ok(granted),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::Unauthorized {
                return Err(match unanswered.filter(|_| spent_by_use) {
                    Some(earlier) => Ended::Unknown(earlier),
                    None => Ended::Refused(error),
                });
            }
            if error.outcome() != Outcome::Unknown {
                return Err(Ended::Failed(self.failed(error)));
            }
            self.open = self.single_use;
            if sent >= tries {
                return Err(Ended::Unknown(error));
            }
            unanswered = Some(error);
            self.work.pause_briefly().await;
        }
    }

    async fn send_once(&mut self, credential: &Credential) -> Result<Granted> {
        let (api, app, scope) = (self.api, self.app, &self.lease.scope);
        let asked_at = self.work.now();
        let (operation, result) = match credential {
            Credential::RefreshToken(token) => {
                let send = move |platform| async move { api.refresh(&platform, app, token).await };
                let sent = self.work.with_platform(api, send);
                let result = sent.await.and_then(|grant| self.check_refreshed(grant));
                ("refresh", result)
            }
            Credential::Code(code) => {
                let send = move |platform| async move { api.exchange(&platform, code).await };
                let sent = self.work.with_platform(api, send);
                ("exchange", sent.await.and_then(|grant| self.check_refresh_token(grant)))
            }
        };
        metrics::call(operation, scope, &result);
        result.map(|grant| Granted { grant, asked_at, alias: None })
    }

    /// Rejects a response without an access token, or for another app.
    fn check_refreshed(&self, grant: Grant) -> Result<Grant> {
        let scope = &self.lease.scope;
        if let Some(other) = grant.app.as_ref().filter(|app| *app != self.app) {
            return Err(errors::of_another_app(scope, "refresh", Outcome::Unknown, other));
        }
        if grant.access.is_none() {
            return Err(errors::without_token(scope, "access_token"));
        }
        self.check_refresh_token(grant)
    }

    fn check_refresh_token(&self, grant: Grant) -> Result<Grant> {
        match &grant.refresh_token {
            Some(token) if token.is_empty() => Err(errors::without_token(&self.lease.scope, "refresh_token")),
            _ => Ok(grant),
        }
    }

    /// Verifies that a grant belongs to the app: by its response, otherwise by querying who authorized.
    async fn identify(&mut self, mut granted: Granted) -> Result<Granted, Failure> {
        let scope = &self.lease.scope;
        let named = match &granted.grant.app {
            Some(named) => named.clone(),
            None => {
                let Some(access) = &granted.grant.access else {
                    return Err(self.failed(errors::without_token(scope, "access_token")));
                };
                let (api, app, token) = (self.api, self.app, &access.token);
                let ask = move |platform| async move {
                    api.authorizer_info(&platform, Some(app), Some(token)).await
                };
                let mut result = self.work.with_platform(api, ask).await;
                if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Protocol) {
                    // A vendor crate that compares the two refuses the token of another app, without naming it as data.
                    let by_token = move |platform| async move {
                        api.authorizer_info(&platform, None, Some(token)).await
                    };
                    result = self.work.with_platform(api, by_token).await;
                }
                metrics::call("authorizer_info", scope, &result);
                // The code is consumed: the next holder has to settle the result.
                self.open = self.single_use;
                let info = result.map_err(|error| self.failed(error))?;
                if granted.grant.permissions.is_empty() {
                    granted.grant.permissions = info.permissions;
                }
                granted.alias = info.alias;
                info.app_id
            }
        };
        if named == *self.app {
            return Ok(granted);
        }
        Err(Failure::Nothing(errors::code_of_another_app(scope, &named)))
    }

    fn failed(&self, error: Error) -> Failure {
        if self.open { Failure::Open(error) } else { Failure::Nothing(error) }
    }

    fn check_lease(&self) -> Result<(), Failure> {
        if has_time(self.work, self.lease) { Ok(()) } else { Err(Failure::LeaseOver) }
    }
}
