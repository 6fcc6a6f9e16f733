use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use miniprogram_core::authorization::AuthorizationApi;
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::{Error, ErrorKind, Result};
use miniprogram_store::tokens::LONGEST_LEASE;
use miniprogram_store::{PlatformKey, TokenStore};

use crate::alarm::{AlarmSink, LogAlarms};
use crate::manager::{Inner, TokenManager};

const OPERATION: &str = "token_manager";
const MIN_LEASE: Duration = Duration::from_secs(1);

/// Builds a [`TokenManager`]. Only the store and a platform have no default.
#[derive(Debug)]
#[must_use = "nothing happens before `build`"]
pub struct TokenManagerBuilder {
    store: Arc<dyn TokenStore>,
    platforms: Vec<Arc<dyn AuthorizationApi>>,
    clock: Arc<dyn Clock>,
    owner: Option<String>,
    lease: Duration,
    alarms: Arc<dyn AlarmSink>,
    seed: Option<u64>,
    concurrency: usize,
}

impl TokenManagerBuilder {
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        Self {
            store,
            platforms: Vec::new(),
            clock: Arc::new(SystemClock),
            owner: None,
            lease: Duration::from_secs(60),
            alarms: Arc::new(LogAlarms),
            seed: None,
            concurrency: 8,
        }
    }

    /// Adds a platform to serve. At least one is required; any number is possible, of any vendors.
    pub fn with_platform(mut self, api: Arc<dyn AuthorizationApi>) -> Self {
        self.platforms.push(api);
        self
    }

    /// Sets another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the name of the owner of the leases, as operators see it. Defaults to the process id and a random
    /// number. Two managers over one store must not share a name.
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Sets for how long the right to renew a token is acquired: 60 s by default, at least 1 s. The calls of a
    /// renewal must fit into two thirds of it. A process that dies blocks others for this long.
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sends alarms to this sink instead of the log.
    pub fn with_alarms(mut self, alarms: Arc<dyn AlarmSink>) -> Self {
        self.alarms = alarms;
        self
    }

    /// Sets the seed of the pauses' jitter; drawn from the operating system by default.
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets how many tokens are renewed ahead of time concurrently: 8 by default, at least 1.
    pub const fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Builds the manager. Sends no request.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if there is no platform or a duplicate one, if the owner's name is empty, or
    /// if the lease or the concurrency is too small, or the lease too long.
    pub fn build(self) -> Result<TokenManager> {
        let mut platforms = HashMap::new();
        for api in self.platforms {
            match platforms.entry(PlatformKey::new(api.vendor(), api.platform_id().clone())) {
                Entry::Vacant(place) => drop(place.insert(api)),
                Entry::Occupied(place) => {
                    let PlatformKey { vendor, platform, .. } = place.key();
                    return Err(wrong("with_platform", format!("has {vendor} platform {platform} twice")));
                }
            }
        }
        if platforms.is_empty() {
            return Err(wrong("with_platform", "must be called: there is no platform"));
        }
        if self.lease < MIN_LEASE {
            return Err(wrong("with_lease", format!("must be 1 s at least, is {:?}", self.lease)));
        }
        if self.lease > LONGEST_LEASE {
            return Err(wrong("with_lease", format!("must be 1 h at most, is {:?}", self.lease)));
        }
        if self.concurrency == 0 {
            return Err(wrong("with_concurrency", "must be 1 at least, is 0"));
        }
        let mut random = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let owner = match self.owner {
            Some(owner) if owner.trim().is_empty() => return Err(wrong("with_owner", "must not be empty")),
            Some(owner) => owner,
            None => format!("{}-{:016x}", std::process::id(), random.u64(..)),
        };
        Ok(TokenManager(Arc::new(Inner {
            store: self.store,
            platforms,
            clock: self.clock,
            owner,
            lease: self.lease,
            alarms: self.alarms,
            concurrency: self.concurrency,
            random: Mutex::new(random),
            scopes: Mutex::default(),
            renewals: Mutex::default(),
        })))
    }
}

fn wrong(field: &'static str, detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, OPERATION).with_field(field).with_detail(detail)
}
