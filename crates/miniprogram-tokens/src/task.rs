//! The tasks on a scope's tokens, performed under its lease.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::{AuthorizationApi, Grant, Permission, PlatformProof};
use miniprogram_core::token::{TokenKind, TokenScope};
use miniprogram_core::{Error, ErrorKind, Result, Secret, Timestamp};
use miniprogram_store::{Acquired, GrantState, Lease, NewTokens, PlatformKey, StoredAccess, TokenRecord};

use crate::alarm::Alarm;
use crate::errors;
use crate::metrics;
use crate::renewal::Renewal;
use crate::single_flight::Completed;
use crate::work::Work;

/// The minimum interval at which the store is queried while another process renews.
const MIN_STEP: Duration = Duration::from_millis(20);
const MAX_STEP: Duration = Duration::from_secs(2);
/// How many lease durations to wait for another holder.
const PATIENCE: u32 = 5;

/// A task on one scope.
#[derive(Debug)]
pub(crate) enum Task {
    /// Obtain a token.
    Renew(Want),
    /// Exchange the code of an authorization for tokens.
    Exchange { code: Secret, granted_at: Option<Timestamp> },
    /// Recover lost tokens.
    Recover { granted_at: Option<Timestamp> },
    /// Store tokens whose app was determined after they were granted.
    Keep { granted: Granted, granted_at: Option<Timestamp> },
    /// The merchant revoked the authorization.
    Revoke { at: Timestamp },
}

/// Which token is acceptable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Want {
    /// One that may be provided to callers.
    Usable,
    /// One of a later generation.
    Newer(i64),
}

/// A grant of the vendor, and when it was requested.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) grant: Grant,
    pub(crate) asked_at: Timestamp,
    /// The app's alias, if it was reported along the way.
    pub(crate) alias: Option<String>,
}

impl Granted {
    fn tokens(&self, granted_at: Option<Timestamp>) -> NewTokens {
        let access = self.grant.access.as_ref().map(|issued| StoredAccess::new(issued, self.asked_at));
        NewTokens::new(access)
            .with_refresh_token(self.grant.refresh_token.clone())
            .with_granted_at(granted_at)
            .with_alias(self.alias.clone())
    }
}

/// Why there are no tokens, and what happens to the lease.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was consumed: the lease is released.
    Nothing(Error),
    /// The refresh token may have been consumed: the lease is kept, so that the next holder settles this first.
    Open(Error),
    /// The vendor knows of no authorization.
    Gone(Error),
    /// Too little of the lease is left for another call.
    LeaseOver,
}

impl Task {
    /// Returns whether its result is the result of every other renewal of the scope.
    pub(crate) const fn renews(&self) -> bool {
        matches!(self, Self::Renew(_))
    }

    pub(crate) async fn run(self, work: &mut Work, scope: &TokenScope) -> Result<Completed> {
        if let Self::Revoke { at } = self {
            return revoke(work, scope, at).await;
        }
        let api = Arc::clone(work.manager.0.api(scope)?);
        let store = Arc::clone(&work.manager.0.store);
        let patience = work.now().after(work.manager.0.lease.saturating_mul(PATIENCE));
        let mut step = MIN_STEP;
        loop {
            let record = store.token(scope).await?;
            if let Some(completed) = self.settled_by(work, scope, record)? {
                return Ok(completed);
            }
            if work.manager.0.is_unsaved(scope) {
                return Err(errors::unsaved(scope));
            }
            let (lease, record) = match take_lease(work, scope).await? {
                Acquired::Granted { lease, record } => (lease, record),
                held => {
                    let now = work.now();
                    let until = if let Acquired::Held { until } = held { until } else { now };
                    if now > patience {
                        return Err(errors::held(scope, until));
                    }
                    work.pause(step.min(until.since(now)).max(MIN_STEP)).await;
                    step = (step * 2).min(MAX_STEP);
                    continue;
                }
            };
            match self.settled_by(work, scope, Some(TokenRecord::clone(&record))) {
                Ok(Some(completed)) if !lease.interrupted => {
                    release(work, &lease, None).await;
                    return Ok(completed);
                }
                Err(error) => {
                    release(work, &lease, None).await;
                    return Err(error);
                }
                Ok(_) => {}
            }
            let obtained = self.obtain(work, api.as_ref(), &lease, &record).await;
            if let Self::Renew(_) = self {
                metrics::renewal(scope, outcome(&obtained));
            }
            match obtained {
                Ok((granted, permissions)) => {
                    let tokens = granted.tokens(self.granted_at());
                    if let Some(record) = commit(work, lease, tokens).await? {
                        return Ok(Completed { record: Some(record), permissions });
                    }
                }
                Err(failure) => match failure.end(work, lease, &record).await {
                    Some(error) => return Err(error),
                    None => step = MIN_STEP,
                },
            }
        }
    }

    const fn granted_at(&self) -> Option<Timestamp> {
        match self {
            Self::Exchange { granted_at, .. }
            | Self::Recover { granted_at }
            | Self::Keep { granted_at, .. } => *granted_at,
            Self::Renew(_) | Self::Revoke { .. } => None,
        }
    }

    /// Returns the result if it can be determined without querying the vendor; `None` if the vendor has to be
    /// queried.
    fn settled_by(
        &self,
        work: &Work,
        scope: &TokenScope,
        record: Option<TokenRecord>,
    ) -> Result<Option<Completed>> {
        let Self::Renew(want) = self else {
            // An older authorization changes nothing, and a code that was delivered before is already consumed.
            // If a revocation happened in the same second, only the vendor knows which came first.
            let whole = record.as_ref().filter(|record| record.obstacle().is_none());
            let late = whole.zip(self.granted_at()).is_some_and(|(record, at)| {
                let revoked = record.state == GrantState::Revoked;
                record.granted_at.is_some_and(|known| at < known || (at == known && !revoked))
            });
            return Ok(record.filter(|_| late).map(Completed::new));
        };
        let inner = &work.manager.0;
        let is_platform = scope.kind == TokenKind::Platform;
        let Some(record) = record else {
            return if is_platform { Ok(None) } else { Err(errors::never_authorized(scope)) };
        };
        match record.state {
            GrantState::Revoked => return Err(errors::revoked(scope, record.granted_at)),
            GrantState::NeedsReauthorization => return Err(errors::needs_reauthorization(scope, None)),
            _ => {}
        }
        let good = match want {
            Want::Usable => inner.is_usable(&record),
            Want::Newer(generation) => record.generation > *generation,
        };
        if good {
            inner.remember(&record);
            return Ok(Some(Completed::new(record)));
        }
        if !is_platform && record.generation == 0 {
            return Err(errors::never_authorized(scope));
        }
        // An unreadable refresh token is not an absent one: it is not replaced by a recovery unless that was
        // requested.
        if let Some(part) = record.obstacle() {
            return Err(errors::unreadable(scope, part));
        }
        Ok(None)
    }

    async fn obtain(
        &self,
        work: &mut Work,
        api: &dyn AuthorizationApi,
        lease: &Lease,
        record: &TokenRecord,
    ) -> Result<(Granted, Vec<Permission>), Failure> {
        let Some(app) = &lease.scope.app else {
            return platform_token(work, api, &lease.scope).await.map(|granted| (granted, Vec::new()));
        };
        let mut renewal = Renewal::new(work, api, lease, app);
        let granted = match self {
            Self::Renew(_) => renewal.renew(record).await?,
            Self::Exchange { code, .. } => renewal.exchange(code).await?,
            Self::Recover { .. } | Self::Revoke { .. } => renewal.recover().await?,
            Self::Keep { granted, .. } => granted.clone(),
        };
        let permissions = granted.grant.permissions.clone();
        Ok((granted, permissions))
    }
}

fn outcome<T>(obtained: &Result<T, Failure>) -> &'static str {
    match obtained {
        Ok(_) => "ok",
        Err(Failure::Nothing(error) | Failure::Open(error)) => error.kind().as_str(),
        Err(Failure::Gone(_)) => "needs_reauthorization",
        Err(Failure::LeaseOver) => "lease_over",
    }
}

/// Returns the lease kept from an open renewal, or a new one if another process has taken that over. Whether a
/// request still fits into it is checked before each request.
async fn take_lease(work: &Work, scope: &TokenScope) -> Result<Acquired> {
    let inner = &work.manager.0;
    if let Some(lease) = inner.take_kept_lease(scope)
        && let Some(record) = inner.store.token(scope).await?
        && record.lease.as_ref().is_some_and(|info| info.fence == lease.info.fence)
    {
        return Ok(Acquired::Granted { lease, record: Box::new(record) });
    }
    inner.store.acquire(scope, &inner.owner, work.now(), inner.lease).await
}

/// Returns whether one more call fits into the lease.
pub(crate) fn has_time(work: &Work, lease: &Lease) -> bool {
    lease.info.until.since(work.now()) >= work.manager.0.lease / 3
}

/// Releases a lease, if it is still held. If the store cannot record that, the lease expires and is settled as an
/// open one.
async fn release(work: &Work, lease: &Lease, state: Option<GrantState>) {
    let scope = &lease.scope;
    if let Err(error) = work.manager.0.store.release(lease, state, work.now()).await
        && error.kind() != ErrorKind::Conflict
    {
        tracing::warn!(vendor = %scope.vendor, token = %scope, %error, "the lease could not be given back");
    }
}

impl Failure {
    /// Releases or keeps the lease as required. Returns the error for the waiters; `None` if the task has to be
    /// retried under another lease.
    async fn end(self, work: &Work, mut lease: Lease, record: &TokenRecord) -> Option<Error> {
        let inner = &work.manager.0;
        match self {
            Self::Nothing(error) => {
                release(work, &lease, None).await;
                Some(error)
            }
            Self::Open(error) => {
                lease.interrupted = true;
                inner.keep_lease(lease);
                Some(error)
            }
            Self::LeaseOver => None,
            Self::Gone(error) => {
                let lost = record.generation > 0 && record.state != GrantState::Revoked;
                release(work, &lease, lost.then_some(GrantState::NeedsReauthorization)).await;
                inner.forget(&lease.scope);
                if lost && record.state.is_granted() {
                    metrics::lost_grant(&lease.scope);
                    inner.alarms.raise(&Alarm::NeedsReauthorization { scope: lease.scope.clone() });
                }
                Some(errors::needs_reauthorization(&lease.scope, Some(error)))
            }
        }
    }
}

/// Commits new tokens, which are provided only afterwards. `None` if the lease was lost: whatever its new holder
/// wrote takes precedence.
async fn commit(work: &Work, lease: Lease, tokens: NewTokens) -> Result<Option<TokenRecord>> {
    let inner = &work.manager.0;
    match inner.commit(&lease, &tokens).await {
        Ok(Some(record)) => Ok(Some(record)),
        Ok(None) => {
            release(work, &lease, None).await;
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::Store => {
            let error = errors::could_not_save(&lease.scope, error);
            work.manager.set_aside(lease, tokens);
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// Obtains the platform's own token, with the newest ticket or with its keys.
async fn platform_token(
    work: &mut Work,
    api: &dyn AuthorizationApi,
    scope: &TokenScope,
) -> Result<Granted, Failure> {
    let ticket = match api.platform_proof() {
        PlatformProof::Ticket => {
            let key = PlatformKey::new(scope.vendor, scope.platform.clone());
            let ticket = work.manager.0.store.ticket(&key).await.map_err(Failure::Nothing)?;
            Some(ticket.ok_or_else(|| Failure::Nothing(errors::no_ticket(scope)))?)
        }
        _ => None,
    };
    let asked_at = work.now();
    let result = work.lend(api.platform_token(ticket.as_ref().map(|ticket| &ticket.ticket))).await;
    metrics::call("platform_token", scope, &result);
    match result {
        Ok(issued) => {
            let grant = Grant::new().with_access(Some(issued));
            Ok(Granted { grant, asked_at, alias: None })
        }
        Err(error) => Err(Failure::Nothing(match ticket {
            Some(ticket) if error.kind() == ErrorKind::TokenRejected => {
                errors::ticket_refused(error, ticket.created_at)
            }
            _ => error,
        })),
    }
}

async fn revoke(work: &Work, scope: &TokenScope, at: Timestamp) -> Result<Completed> {
    let inner = &work.manager.0;
    let revoked = inner.store.revoke(scope, at, work.now()).await?;
    if revoked {
        inner.forget(scope);
    }
    tracing::info!(vendor = %scope.vendor, operation = "revoke", outcome = if revoked { "done" } else { "older" }, token = %scope, "an authorization was revoked");
    Ok(Completed { record: None, permissions: Vec::new() })
}

impl Completed {
    /// Returns the record; an error if there is none.
    pub(crate) fn record(&self, scope: &TokenScope) -> Result<&TokenRecord> {
        self.record.as_ref().ok_or_else(|| errors::never_authorized(scope))
    }
}
