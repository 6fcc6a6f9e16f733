//! Lookup of original ids: one lookup per app at a time, no immediate retry after a failure, and a budget per
//! platform.
//!
//! An attacker with a captured push can send it to the routes of any apps, known or invented. Each would cost a
//! lookup of several calls to the vendor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared as Flight};
use miniprogram_core::{AppId, ErrorKind, Timestamp, TokenScope};
use miniprogram_store::PlatformKey;

use crate::numbers;
use crate::service::Shared;

/// For how long an app is not looked up again after a failure.
const FAILURE_LASTS: Duration = Duration::from_secs(30);
/// How many failures are remembered.
const MAX_FAILURES: usize = 4096;
/// The budget's period.
const PERIOD: Duration = Duration::from_secs(60);
/// The fraction of the budget for apps without a record in the store.
const STRANGERS: f64 = 0.1;
/// How many original ids are remembered with the routes on which they arrived, and how many routes for each.
const MAX_ORIGINAL_IDS: usize = 1024;
const MAX_ROUTES: usize = 8;

type Key = (PlatformKey, AppId);

/// The purpose of a lookup. Neither purpose can use up the budget of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum For {
    /// For a push that awaits its response.
    Push,
    /// For an event that was stored.
    Event,
}

/// The result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Looked {
    /// The app's original id, which is now stored.
    Up(String),
    /// It cannot be determined now.
    InVain,
    /// No lookup was made: there were too many recently.
    TooMany,
}

/// The apps on whose routes an original id arrived, and whether the store has a record of each.
type Routes = Vec<(AppId, bool)>;

/// The lookups of a service.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    flights: Mutex<HashMap<Key, Flight<BoxFuture<'static, Looked>>>>,
    failed: Mutex<HashMap<Key, Timestamp>>,
    budgets: Mutex<HashMap<(PlatformKey, For, bool), Budget>>,
    routes: Mutex<HashMap<(PlatformKey, String), Routes>>,
}

/// How many lookups are left, and when that was computed.
#[derive(Debug)]
struct Budget {
    left: f64,
    at: Timestamp,
}

impl Budget {
    /// Takes one of `max` per period.
    fn take(&mut self, max: f64, now: Timestamp) -> bool {
        let earned = now.since(self.at).as_secs_f64() / PERIOD.as_secs_f64() * max;
        self.left = (self.left + earned).min(max);
        self.at = now;
        let granted = self.left >= 1.0;
        if granted {
            self.left -= 1.0;
        }
        granted
    }
}

impl Lookups {
    /// Records on which app's route an original id without a known app arrived. Apps with a record in the store
    /// take precedence. Returns whether there was room.
    pub(crate) fn note_route(
        &self,
        platform: &PlatformKey,
        original_id: &str,
        app: &AppId,
        recorded: bool,
    ) -> bool {
        let mut routes = lock(&self.routes);
        let key = (platform.clone(), original_id.to_owned());
        if routes.len() >= MAX_ORIGINAL_IDS && !routes.contains_key(&key) {
            // It does not matter which one is dropped: these are hints, and the event itself names a route.
            if let Some(other) = routes.keys().next().cloned() {
                routes.remove(&other);
            }
        }
        let apps = routes.entry(key).or_default();
        if apps.iter().any(|(known, _)| known == app) {
            return true;
        }
        if apps.len() < MAX_ROUTES {
            apps.push((app.clone(), recorded));
            return true;
        }
        match apps.iter_mut().find(|(_, recorded)| !recorded) {
            Some(other) if recorded => {
                *other = (app.clone(), recorded);
                true
            }
            _ => false,
        }
    }

    /// Returns the apps on whose routes an original id arrived.
    pub(crate) fn routes_of(&self, platform: &PlatformKey, original_id: &str) -> Vec<AppId> {
        let routes = lock(&self.routes);
        let apps = routes.get(&(platform.clone(), original_id.to_owned()));
        apps.into_iter().flatten().map(|(app, _)| app.clone()).collect()
    }

    /// Drops these routes: the app of the original id is now known.
    pub(crate) fn forget_routes(&self, platform: &PlatformKey, original_id: &str) {
        lock(&self.routes).remove(&(platform.clone(), original_id.to_owned()));
    }

    fn has_failed(&self, key: &Key, now: Timestamp) -> bool {
        lock(&self.failed).get(key).is_some_and(|until| *until > now)
    }

    fn note_failure(&self, key: &Key, now: Timestamp) {
        let mut failed = lock(&self.failed);
        if failed.len() >= MAX_FAILURES {
            failed.retain(|_, until| *until > now);
        }
        if failed.len() < MAX_FAILURES {
            failed.insert(key.clone(), now.after(FAILURE_LASTS));
        }
    }

    fn may_ask(
        &self,
        platform: &PlatformKey,
        purpose: For,
        recorded: bool,
        per_minute: u32,
        now: Timestamp,
    ) -> bool {
        let share = if recorded { 1.0 } else { STRANGERS };
        let max = (f64::from(per_minute) * share).max(1.0);
        let mut budgets = lock(&self.budgets);
        let key = (platform.clone(), purpose, recorded);
        let budget = budgets.entry(key).or_insert(Budget { left: max, at: now });
        budget.take(max, now)
    }
}

impl Shared {
    /// Looks up the original id of an app, for as long as the purpose allows. A lookup that takes longer
    /// continues, and the next caller joins it or finds its result.
    pub(crate) async fn look_up(
        self: &Arc<Self>,
        platform: &PlatformKey,
        app: &AppId,
        purpose: For,
        recorded: bool,
    ) -> Looked {
        let limit = match purpose {
            For::Push => self.limits.lookup_timeout,
            For::Event => self.retry.handler_timeout,
        };
        let Some(flight) = self.board(platform, app, purpose, recorded) else {
            numbers::lookup(platform.vendor, "refused");
            return Looked::TooMany;
        };
        match self.within(limit, flight).await {
            Some(looked) => looked,
            None => {
                tracing::debug!(%app, "finding out the original id of the app takes longer");
                Looked::InVain
            }
        }
    }

    /// Returns the lookup of an app's original id: the one in progress, a new one, or one that failed a moment
    /// ago.
    fn board(
        self: &Arc<Self>,
        platform: &PlatformKey,
        app: &AppId,
        purpose: For,
        recorded: bool,
    ) -> Option<Flight<BoxFuture<'static, Looked>>> {
        let key = (platform.clone(), app.clone());
        let now = self.clock.now();
        let mut flights = lock(&self.lookups.flights);
        if let Some(flight) = flights.get(&key) {
            return Some(flight.clone());
        }
        if self.lookups.has_failed(&key, now) {
            return Some(std::future::ready(Looked::InVain).boxed().shared());
        }
        if !self.lookups.may_ask(platform, purpose, recorded, self.limits.max_lookups, now) {
            return None;
        }
        // It takes the lock of the lookups to finish, so it cannot have finished before it is registered.
        let task = tokio::spawn(fly(Arc::clone(self), key.clone()));
        let flight = async move { task.await.unwrap_or(Looked::InVain) }.boxed().shared();
        flights.insert(key, flight.clone());
        Some(flight)
    }
}

/// Removes a lookup from the list, however it ends.
struct Landing<'s> {
    lookups: &'s Lookups,
    key: &'s Key,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        lock(&self.lookups.flights).remove(self.key);
    }
}

async fn fly(shared: Arc<Shared>, key: Key) -> Looked {
    let _busy = shared.clock.enter();
    let _landing = Landing { lookups: &shared.lookups, key: &key };
    let (platform, app) = &key;
    let found = ask(&shared, platform, app).await;
    numbers::lookup(platform.vendor, if found.is_some() { "found" } else { "failed" });
    match found {
        Some(original_id) => Looked::Up(original_id),
        None => {
            shared.lookups.note_failure(&key, shared.clock.now());
            Looked::InVain
        }
    }
}

/// Queries the vendor and stores the result.
async fn ask(shared: &Shared, platform: &PlatformKey, app: &AppId) -> Option<String> {
    let original_ids = shared.original_ids.as_ref()?;
    let found =
        match shared.within(shared.retry.handler_timeout, original_ids.original_id(platform, app)).await {
            Some(Ok(found)) => found?,
            Some(Err(error)) => {
                if shared.is_worth_a_warning("original_id") {
                    tracing::warn!(%app, %error, "the original id of the app cannot be found out now");
                }
                return None;
            }
            None => {
                if shared.is_worth_a_warning("original_id") {
                    tracing::warn!(%app, "finding out the original id of the app took too long");
                }
                return None;
            }
        };
    let scope = TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone());
    match shared.store.bind_original_id(&scope, &found, shared.clock.now()).await {
        Ok(()) => Some(found),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            tracing::error!(%app, "the original id of the app is written down for another app");
            None
        }
        Err(error) => {
            tracing::error!(%app, %error, "the original id of the app cannot be written down");
            None
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use miniprogram_core::Vendor;

    use super::*;

    fn platform() -> PlatformKey {
        PlatformKey::new(Vendor::new("acme"), "p1")
    }

    #[test]
    fn a_budget_is_earned_back_and_not_saved_up() {
        let lookups = Lookups::default();
        let now = Timestamp::from_unix(1_700_000_000);
        let taken = |now| (0..100).filter(|_| lookups.may_ask(&platform(), For::Push, true, 60, now)).count();
        assert_eq!(taken(now), 60);
        assert_eq!(taken(now.after(Duration::from_secs(10))), 10);
        assert_eq!(taken(now.after(Duration::from_secs(100_000))), 60);
        for purpose in [For::Push, For::Event] {
            let strangers =
                (0..100).filter(|_| lookups.may_ask(&platform(), purpose, false, 60, now)).count();
            assert_eq!(strangers, 6, "each has a budget of its own");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let lookups = Lookups::default();
        let now = Timestamp::from_unix(1_700_000_000);
        for number in 0..2 * MAX_FAILURES as u64 {
            lookups.note_failure(&(platform(), AppId::from(number)), now);
        }
        assert_eq!(lock(&lookups.failed).len(), MAX_FAILURES);
        let later = now.after(FAILURE_LASTS);
        lookups.note_failure(&(platform(), AppId::from("late")), later);
        assert_eq!(lock(&lookups.failed).len(), 1, "the old ones made room");
        assert!(lookups.has_failed(&(platform(), AppId::from("late")), later));
        for number in 0..2 * MAX_ORIGINAL_IDS {
            assert!(lookups.note_route(&platform(), &number.to_string(), &"app".into(), false));
        }
        assert_eq!(lock(&lookups.routes).len(), MAX_ORIGINAL_IDS);
    }

    #[test]
    fn a_recorded_app_is_not_crowded_out_by_invented_ones() {
        let lookups = Lookups::default();
        for number in 0..60_u64 {
            let noted = lookups.note_route(&platform(), "gh_1", &AppId::from(number), false);
            assert_eq!(noted, number < MAX_ROUTES as u64);
        }
        assert!(lookups.note_route(&platform(), "gh_1", &"recorded".into(), true));
        let routes: HashSet<AppId> = lookups.routes_of(&platform(), "gh_1").into_iter().collect();
        assert_eq!(routes.len(), MAX_ROUTES);
        assert!(routes.contains(&AppId::from("recorded")));
        lookups.forget_routes(&platform(), "gh_1");
        assert_eq!(lookups.routes_of(&platform(), "gh_1"), []);
    }
}
