//! The in-memory state of each scope: the current token, and the one task in progress.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::token::{AccessToken, TokenScope};
use miniprogram_store::{Lease, StoredAccess, TokenRecord};

use crate::manager::Inner;
use crate::single_flight::Flight;

/// How long before its expiry a token is replaced: a tenth of its lifetime, at most this.
const MARGIN: Duration = Duration::from_secs(300);

pub(crate) type ScopeStates = HashMap<TokenScope, ScopeState>;

#[derive(Default)]
pub(crate) struct ScopeState {
    /// The token provided to callers.
    current: Option<Current>,
    /// The refused token and its generation; the store may not know of the refusal yet.
    refused: Option<(AccessToken, i64)>,
    /// The task in progress.
    pub(crate) flight: Option<Flight>,
    /// A lease that was not released, because the outcome of the calls made under it is not known.
    kept: Option<Lease>,
    /// Whether there are new tokens that could not be stored.
    unsaved: bool,
}

struct Current {
    token: AccessToken,
    span: Span,
    generation: i64,
}

/// The time span in which a token is provided; one that does not expire has no end. If the current time is before
/// it, the clock was set back.
#[derive(Clone, Copy)]
struct Span {
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Span {
    fn of(access: &StoredAccess) -> Self {
        let life = access.lifetime();
        let margin = life.map_or(MARGIN, margin);
        // Another machine's clock may be ahead of the local one, by less than the margin.
        let early = access.issued_at.as_unix_millis() - i64::try_from(margin.as_millis()).unwrap_or(0);
        let until = life.map(|life| access.issued_at.after(life - margin));
        Self { from: Timestamp::from_unix_millis(early), until }
    }

    fn contains(self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

fn margin(life: Duration) -> Duration {
    (life / 10).min(MARGIN)
}

impl ScopeState {
    fn is_refused(&self, token: &AccessToken, generation: i64) -> bool {
        self.refused.as_ref().is_some_and(|(refused, at)| generation <= *at && refused == token)
    }

    fn is_empty(&self) -> bool {
        let nothing_held = self.current.is_none() && self.refused.is_none() && self.kept.is_none();
        nothing_held && self.flight.is_none() && !self.unsaved
    }

    /// Returns the record's token, unless it was refused according to the store or to this process.
    fn unrefused<'r>(&self, record: &'r TokenRecord) -> Option<&'r StoredAccess> {
        let access = record.access.as_ref().filter(|access| !access.refused)?;
        let good = record.state.is_granted() && !self.is_refused(&access.token, record.generation);
        good.then_some(access)
    }
}

impl Inner {
    pub(crate) fn scopes(&self) -> MutexGuard<'_, ScopeStates> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the current token, if it is valid for a while.
    pub(crate) fn cached(&self, scope: &TokenScope) -> Option<AccessToken> {
        let now = self.clock.now();
        let scopes = self.scopes();
        let current = scopes.get(scope)?.current.as_ref().filter(|current| current.span.contains(now))?;
        Some(current.token.clone())
    }

    /// Returns the record's token, unless it was refused according to the store or to this process.
    fn unrefused(&self, record: &TokenRecord) -> Option<StoredAccess> {
        let scopes = self.scopes();
        match scopes.get(&record.scope) {
            Some(state) => state.unrefused(record).cloned(),
            None => ScopeState::default().unrefused(record).cloned(),
        }
    }

    /// Returns whether the record's token may be provided for a while.
    pub(crate) fn is_usable(&self, record: &TokenRecord) -> bool {
        let now = self.clock.now();
        self.unrefused(record).is_some_and(|access| Span::of(&access).contains(now))
    }

    /// Returns the record's token, unless it was refused in the meantime. A newly issued token is provided
    /// however short its lifetime is.
    pub(crate) fn accepted(&self, record: &TokenRecord) -> Option<AccessToken> {
        self.unrefused(record).map(|access| access.token)
    }

    /// Takes over the stored record, unless this process holds a newer one.
    pub(crate) fn remember(&self, record: &TokenRecord) {
        let mut scopes = self.scopes();
        let state = scopes.entry(record.scope.clone()).or_default();
        if state.current.as_ref().is_some_and(|current| current.generation > record.generation) {
            return;
        }
        state.current = state.unrefused(record).map(|access| Current {
            token: access.token.clone(),
            span: Span::of(access),
            generation: record.generation,
        });
    }

    /// Drops the current token.
    pub(crate) fn forget(&self, scope: &TokenScope) {
        if let Some(state) = self.scopes().get_mut(scope) {
            state.current = None;
        }
    }

    /// Marks a token as refused. Returns whether the store has to be notified: not if another token is current,
    /// or if it was already notified.
    pub(crate) fn refuse(&self, scope: &TokenScope, token: &AccessToken) -> bool {
        let mut scopes = self.scopes();
        let Some(state) = scopes.get_mut(scope) else { return true };
        match &state.current {
            Some(current) if current.token == *token => {
                state.refused = Some((token.clone(), current.generation));
                state.current = None;
                true
            }
            Some(_) => false,
            None => state.refused.as_ref().is_none_or(|(refused, _)| refused != token),
        }
    }

    pub(crate) fn keep_lease(&self, lease: Lease) {
        let scope = lease.scope.clone();
        self.scopes().entry(scope).or_default().kept = Some(lease);
    }

    pub(crate) fn take_kept_lease(&self, scope: &TokenScope) -> Option<Lease> {
        self.scopes().get_mut(scope)?.kept.take()
    }

    pub(crate) fn is_unsaved(&self, scope: &TokenScope) -> bool {
        self.scopes().get(scope).is_some_and(|state| state.unsaved)
    }

    pub(crate) fn set_unsaved(&self, scope: &TokenScope, unsaved: bool) {
        self.scopes().entry(scope.clone()).or_default().unsaved = unsaved;
    }

    /// Ends the task, so that the next one may begin.
    pub(crate) fn clear(&self, scope: &TokenScope) {
        let mut scopes = self.scopes();
        let empty = scopes.get_mut(scope).is_some_and(|state| {
            state.flight = None;
            state.is_empty()
        });
        if empty {
            scopes.remove(scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    use miniprogram_core::Vendor;
    use miniprogram_core::authorization::IssuedToken;
    use miniprogram_core::clock::VirtualClock;
    use miniprogram_store::{SqliteStore, StoreOptions};

    use super::*;
    use crate::alarm::LogAlarms;

    #[test]
    fn a_state_in_which_nothing_is_remembered_is_empty() {
        assert!(ScopeState::default().is_empty());
        let token = AccessToken::new("token").unwrap();
        assert!(!ScopeState { refused: Some((token, 1)), ..ScopeState::default() }.is_empty());
        assert!(!ScopeState { unsaved: true, ..ScopeState::default() }.is_empty());
    }

    #[tokio::test]
    async fn what_is_older_than_what_is_at_hand_is_not_taken_over() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("store.db");
        let now = Timestamp::from_unix(1_700_000_000);
        let inner = Inner {
            store: Arc::new(SqliteStore::migrate(path, StoreOptions::default()).await.unwrap()),
            platforms: HashMap::new(),
            clock: Arc::new(VirtualClock::new(now)),
            owner: "one".to_owned(),
            lease: Duration::from_secs(60),
            alarms: Arc::new(LogAlarms),
            concurrency: 1,
            random: Mutex::new(fastrand::Rng::with_seed(1)),
            scopes: Mutex::default(),
            renewals: Mutex::default(),
        };
        let scope = TokenScope::platform(Vendor::new("acme"), "platform".into());
        for (generation, text, at_hand) in
            [(2, "second", "second"), (1, "first", "second"), (2, "again", "again"), (3, "third", "third")]
        {
            let issued = IssuedToken::new(AccessToken::new(text).unwrap(), Duration::from_secs(7200));
            let mut record = TokenRecord::new(scope.clone(), now);
            record.generation = generation;
            record.access = Some(StoredAccess::new(&issued, now));
            inner.remember(&record);
            assert_eq!(inner.cached(&scope).unwrap().secret().expose(), at_hand);
        }
    }
}
