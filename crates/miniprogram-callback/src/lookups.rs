//! The bookkeeping of lookups: those in progress, failures, budgets, and the routes on which unknown aliases
//! arrived.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, Shared as Flight};
use miniprogram_core::{AppId, Timestamp};
use miniprogram_store::PlatformKey;

/// For how long an app is not looked up again after a failure.
const FAILURE_LASTS: Duration = Duration::from_secs(30);
/// How many failures are remembered.
const MAX_FAILURES: usize = 4096;
/// The budget's period.
const PERIOD: Duration = Duration::from_secs(60);
/// The fraction of the budget for apps without a record in the store.
const STRANGERS: f64 = 0.1;
/// How many aliases are remembered with the routes on which they arrived, and how many routes for each.
const MAX_ALIASES: usize = 1024;
const MAX_ROUTES: usize = 8;

pub(crate) type Key = (PlatformKey, AppId);

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
    /// The app's alias, which is now stored.
    Up(String),
    /// It cannot be determined now.
    InVain,
    /// No lookup was made: there were too many recently.
    TooMany,
}

/// The apps on whose routes an alias arrived, and whether the store has a record of each.
type Routes = Vec<(AppId, bool)>;

/// The lookups of a service.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    pub(crate) flights: Mutex<HashMap<Key, Flight<BoxFuture<'static, Looked>>>>,
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
    /// Records on which app's route an alias without a known app arrived. Apps with a record in the store
    /// take precedence. Returns whether there was room.
    pub(crate) fn note_route(
        &self,
        platform: &PlatformKey,
        alias: &str,
        app: &AppId,
        recorded: bool,
    ) -> bool {
        let mut routes = lock(&self.routes);
        let key = (platform.clone(), alias.to_owned());
        if routes.len() >= MAX_ALIASES && !routes.contains_key(&key) {
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

    /// Returns the apps on whose routes an alias arrived.
    pub(crate) fn routes_of(&self, platform: &PlatformKey, alias: &str) -> Vec<AppId> {
        let routes = lock(&self.routes);
        let apps = routes.get(&(platform.clone(), alias.to_owned()));
        apps.into_iter().flatten().map(|(app, _)| app.clone()).collect()
    }

    /// Drops these routes: the app of the alias is now known.
    pub(crate) fn forget_routes(&self, platform: &PlatformKey, alias: &str) {
        lock(&self.routes).remove(&(platform.clone(), alias.to_owned()));
    }

    pub(crate) fn has_failed(&self, key: &Key, now: Timestamp) -> bool {
        lock(&self.failed).get(key).is_some_and(|until| *until > now)
    }

    pub(crate) fn note_failure(&self, key: &Key, now: Timestamp) {
        let mut failed = lock(&self.failed);
        if failed.len() >= MAX_FAILURES {
            failed.retain(|_, until| *until > now);
        }
        if failed.len() < MAX_FAILURES {
            failed.insert(key.clone(), now.after(FAILURE_LASTS));
        }
    }

    pub(crate) fn may_ask(
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
        for number in 0..2 * MAX_ALIASES {
            assert!(lookups.note_route(&platform(), &number.to_string(), &"app".into(), false));
        }
        assert_eq!(lock(&lookups.routes).len(), MAX_ALIASES);
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
