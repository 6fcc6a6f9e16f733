//! The service and its builder.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::{EventHandler, Result};
use miniprogram_store::{Aliases, ReceiverStore};
use tokio::sync::{Notify, Semaphore};

use crate::health::{Health, HealthCheck};
use crate::limits::{Limits, MEMORY_UNIT, RetryPolicy, misconfigured};
use crate::lookups::Lookups;
use crate::metrics::{self, Page};
use crate::platform::CallbackPlatform;
use crate::state::Shared;

/// The default maximum number of events handled concurrently.
const DEFAULT_CONCURRENCY: u32 = 64;

/// Receives callbacks of any number of platforms and delivers their events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallbackService {
    pub(crate) shared: Arc<Shared>,
}

impl CallbackService {
    /// Starts building a service with the store that holds inbox, tickets and aliases.
    pub fn builder(store: Arc<dyn ReceiverStore>) -> CallbackServiceBuilder {
        CallbackServiceBuilder {
            store,
            platforms: Vec::new(),
            handlers: Vec::new(),
            aliases: None,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            concurrency: DEFAULT_CONCURRENCY,
            metrics: None,
            public_status: false,
            checks: Vec::new(),
        }
    }
}

/// Builds a [`CallbackService`].
#[derive(Debug)]
#[must_use = "nothing is received before `build`"]
pub struct CallbackServiceBuilder {
    store: Arc<dyn ReceiverStore>,
    platforms: Vec<CallbackPlatform>,
    handlers: Vec<Arc<dyn EventHandler>>,
    aliases: Option<Arc<dyn Aliases>>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    retry: RetryPolicy,
    concurrency: u32,
    metrics: Option<Arc<dyn Page>>,
    public_status: bool,
    checks: Vec<Arc<dyn HealthCheck>>,
}

impl CallbackServiceBuilder {
    /// Adds a platform whose callbacks are received; call it once for each.
    pub fn with_platform(mut self, platform: CallbackPlatform) -> Self {
        self.platforms.push(platform);
        self
    }

    /// Adds a handler of events. Several handlers are called in the order in which they were added; if one fails,
    /// all of them receive the event again.
    pub fn with_handler(mut self, handler: Arc<dyn EventHandler>) -> Self {
        self.handlers.push(handler);
        self
    }

    /// Sets the lookup of aliases that the store does not know. Without it, a push of an app whose alias
    /// is not in the store is dead-lettered.
    pub fn with_aliases(mut self, aliases: Arc<dyn Aliases>) -> Self {
        self.aliases = Some(aliases);
        self
    }

    /// Sets the clock; the system's by default.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the resource limits of requests.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how often and for how long handlers are called.
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how many events are handled concurrently: 64 by default, never more than one of the same app.
    ///
    /// Up to four times as many may be claimed already and wait in memory. Only events of at most 16 KiB do.
    pub fn with_concurrency(mut self, events: u32) -> Self {
        self.concurrency = events;
        self
    }

    /// Shows the metrics of a recorder at `/metrics`; without it there is no such page. See
    /// [`metrics_handle`](crate::metrics_handle).
    #[cfg(feature = "prometheus")]
    pub fn with_metrics(mut self, handle: metrics_exporter_prometheus::PrometheusHandle) -> Self {
        self.metrics = Some(Arc::new(handle));
        self
    }

    /// Makes [`router`](CallbackService::router) show readiness and metrics as well, to everyone who can reach
    /// the callbacks; off by default.
    pub fn with_public_status(mut self, public: bool) -> Self {
        self.public_status = public;
        self
    }

    /// Adds the state of another component to the problems of `/readyz`; call it once for each.
    pub fn with_health_check(mut self, check: Arc<dyn HealthCheck>) -> Self {
        self.checks.push(check);
        self
    }

    /// Validates the configuration and builds the service.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming the field, if there is no platform, if one is given
    /// twice, or if a limit cannot work.
    pub fn build(self) -> Result<CallbackService> {
        self.limits.check()?;
        self.retry.check()?;
        if self.concurrency == 0 {
            return Err(misconfigured("concurrency", "must be at least 1"));
        }
        if self.platforms.is_empty() {
            return Err(misconfigured("platform", "is missing; give at least one with `with_platform`"));
        }
        let mut platforms = HashMap::new();
        for platform in self.platforms {
            let key = platform.key().clone();
            if platforms.insert(key.clone(), platform).is_some() {
                let detail = format!("{} {} is given twice", key.vendor, key.platform);
                return Err(misconfigured("platform", detail));
            }
        }
        metrics::describe();
        miniprogram_core::telemetry::describe();
        Ok(CallbackService {
            shared: Arc::new(Shared {
                owner: format!("{}-{:016x}", std::process::id(), fastrand::u64(..)),
                store: self.store,
                platforms,
                handlers: self.handlers,
                aliases: self.aliases,
                lookups: Lookups::default(),
                clock: self.clock,
                body_memory: Arc::new(Semaphore::new(
                    (self.limits.max_body_memory / MEMORY_UNIT).min(Semaphore::MAX_PERMITS),
                )),
                limits: self.limits,
                retry: self.retry,
                concurrency: self.concurrency,
                metrics: self.metrics,
                public_status: self.public_status,
                checks: self.checks,
                health: Health::default(),
                room: Mutex::new(None),
                arrived: Notify::new(),
                stopping: AtomicBool::new(false),
                failed: Mutex::new(None),
                warned: Mutex::new(HashMap::new()),
            }),
        })
    }
}
