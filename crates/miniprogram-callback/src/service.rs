//! The service and its builder.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use metrics_exporter_prometheus::PrometheusHandle;
use miniprogram_core::{Clock, EventHandler, Result, SystemClock, Timestamp};
use miniprogram_store::{OriginalIds, PlatformKey, Store};
use tokio::sync::{Notify, Semaphore};

use crate::health::{Health, HealthCheck};
use crate::intake::MEMORY_UNIT;
use crate::limits::{Limits, RetryPolicy, misconfigured};
use crate::lookup::Lookups;
use crate::numbers;
use crate::platform::CallbackPlatform;

/// The default maximum number of events handled concurrently.
const DEFAULT_CONCURRENCY: u32 = 64;
/// For how long a failure of the store is remembered.
const FAILURE_LASTS: Duration = Duration::from_secs(10);

/// Receives callbacks of any number of platforms and delivers their events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallbackService {
    pub(crate) shared: Arc<Shared>,
}

impl CallbackService {
    /// Starts building a service with the store that holds inbox, tickets and original ids.
    pub fn builder(store: Arc<dyn Store>) -> CallbackServiceBuilder {
        CallbackServiceBuilder {
            store,
            platforms: Vec::new(),
            handlers: Vec::new(),
            original_ids: None,
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
    store: Arc<dyn Store>,
    platforms: Vec<CallbackPlatform>,
    handlers: Vec<Arc<dyn EventHandler>>,
    original_ids: Option<Arc<dyn OriginalIds>>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    retry: RetryPolicy,
    concurrency: u32,
    metrics: Option<PrometheusHandle>,
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

    /// Sets the lookup of original ids that the store does not know. Without it, a push of an app whose original
    /// id is not in the store is dead-lettered.
    pub fn with_original_ids(mut self, original_ids: Arc<dyn OriginalIds>) -> Self {
        self.original_ids = Some(original_ids);
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
    pub fn with_concurrency(mut self, events: u32) -> Self {
        self.concurrency = events;
        self
    }

    /// Shows the metrics of a recorder at `/metrics`; without it there is no such page. See
    /// [`metrics_handle`](crate::metrics_handle).
    pub fn with_metrics(mut self, handle: PrometheusHandle) -> Self {
        self.metrics = Some(handle);
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
        numbers::describe();
        Ok(CallbackService {
            shared: Arc::new(Shared {
                owner: format!("{}-{:016x}", std::process::id(), fastrand::u64(..)),
                store: self.store,
                platforms,
                handlers: self.handlers,
                original_ids: self.original_ids,
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
                arrived: Notify::new(),
                stopping: AtomicBool::new(false),
                failed: Mutex::new(None),
                warned: Mutex::new(HashMap::new()),
            }),
        })
    }
}

/// State shared by requests and handlers.
pub(crate) struct Shared {
    /// The owner name under which events are claimed.
    pub(crate) owner: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) platforms: HashMap<PlatformKey, CallbackPlatform>,
    pub(crate) handlers: Vec<Arc<dyn EventHandler>>,
    pub(crate) original_ids: Option<Arc<dyn OriginalIds>>,
    pub(crate) lookups: Lookups,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    /// The memory left for bodies, in units.
    pub(crate) body_memory: Arc<Semaphore>,
    pub(crate) retry: RetryPolicy,
    pub(crate) concurrency: u32,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) public_status: bool,
    pub(crate) checks: Vec<Arc<dyn HealthCheck>>,
    pub(crate) health: Health,
    /// Wakes the dispatcher.
    pub(crate) arrived: Notify,
    pub(crate) stopping: AtomicBool,
    /// When a write to the store last failed.
    failed: Mutex<Option<Timestamp>>,
    /// When each check was last warned about.
    warned: Mutex<HashMap<&'static str, Timestamp>>,
}

impl Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("platforms", &self.platforms.keys())
            .field("handlers", &self.handlers)
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Runs some work unless it exceeds the limit.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, work: F) -> Option<F::Output> {
        let work = std::pin::pin!(work);
        match select(work, self.clock.deadline(limit)).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    /// Waits; the caller is not busy in the meantime.
    pub(crate) async fn pause(&self, duration: Duration) {
        self.clock.deadline(duration).await;
    }

    /// Returns whether to warn about a check now: at most once a minute each, so that a flood of rejections is
    /// not a flood of log lines.
    pub(crate) fn is_worth_a_warning(&self, check: &'static str) -> bool {
        let now = self.clock.now();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        match warned.get(check) {
            Some(at) if now.since(*at) < Duration::from_secs(60) => false,
            _ => {
                warned.insert(check, now);
                true
            }
        }
    }

    /// Returns whether the store accepts nothing, as far as that is known. This expires, as otherwise nothing
    /// would be tried again.
    pub(crate) fn store_fails(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| self.clock.now().since(at) < FAILURE_LASTS)
    }

    /// Records whether the store accepted a write.
    pub(crate) fn store_worked(&self, worked: bool) {
        let failed = if worked { None } else { Some(self.clock.now()) };
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}
