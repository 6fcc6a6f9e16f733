//! Lookup of aliases: one lookup per app at a time, no immediate retry after a failure, and a budget per
//! platform.
//!
//! An attacker with a captured push can send it to the routes of any apps, known or invented. Each would cost a
//! lookup of several calls to the vendor.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared as Flight};
use miniprogram_core::token::TokenScope;
use miniprogram_core::{AppId, ErrorKind};
use miniprogram_store::PlatformKey;

use crate::lookups::{For, Key, Looked, Lookups, lock};
use crate::metrics;
use crate::state::Shared;

impl Shared {
    /// Looks up the alias of an app, for as long as the purpose allows. A lookup that takes longer
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
            metrics::lookup(platform.vendor, "refused");
            return Looked::TooMany;
        };
        match self.within(limit, flight).await {
            Some(looked) => looked,
            None => {
                tracing::debug!(%app, "finding out the alias of the app takes longer");
                Looked::InVain
            }
        }
    }

    /// Returns the lookup of an app's alias: the one in progress, a new one, or one that failed a moment
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
    metrics::lookup(platform.vendor, if found.is_some() { "found" } else { "failed" });
    match found {
        Some(alias) => Looked::Up(alias),
        None => {
            shared.lookups.note_failure(&key, shared.clock.now());
            Looked::InVain
        }
    }
}

/// Queries the vendor and stores the result.
async fn ask(shared: &Shared, platform: &PlatformKey, app: &AppId) -> Option<String> {
    let aliases = shared.aliases.as_ref()?;
    let found = match shared.within(shared.retry.handler_timeout, aliases.alias(platform, app)).await {
        Some(Ok(found)) => found?,
        Some(Err(error)) => {
            if shared.is_worth_a_warning("alias") {
                tracing::warn!(%app, %error, "the alias of the app cannot be found out now");
            }
            return None;
        }
        None => {
            if shared.is_worth_a_warning("alias") {
                tracing::warn!(%app, "finding out the alias of the app took too long");
            }
            return None;
        }
    };
    let scope = TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone());
    match shared.store.bind_alias(&scope, &found, shared.clock.now()).await {
        Ok(()) => Some(found),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            tracing::error!(%app, "the alias of the app is written down for another app");
            None
        }
        Err(error) => {
            tracing::error!(%app, %error, "the alias of the app cannot be written down");
            None
        }
    }
}
