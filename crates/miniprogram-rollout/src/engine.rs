//! Drives rollouts: the apps of a plan through their machines, from a store, in one process at a time.
//!
//! Apps are rows of a [`RolloutStore`]; one that waits costs its row and nothing else.
//! The driver reads what is due, takes one step of the [`machine`](crate::machine), stores state and evidence together,
//! and only then carries the step's action out. After a crash, the journal says what became of an effect that was
//! outstanding: one that is done is not sent again, and one that is open is settled first. A read is repeated.
//!
//! - [`RolloutEngine::start`] stores a plan and its apps, [`RolloutEngine::drive`] drives until the rollout has ended.
//! - Orders come from any process through the store: [`RolloutEngine::order`], [`RolloutEngine::retry`].
//! - [`RolloutEvents`] passes pushes on. They only wake; what they say is read.
//! - A rollout is driven under a lease with a fencing number. Who lost it writes nothing more, and sends no effect once
//!   the lease is over by the clock.
//!
//! Beside the machines, the driver decides about the fleet: waves and their failure budgets, release windows, holds
//! after a delayed audit, the rate, the concurrency and the audit quota of each vendor.

mod advance;
mod carry_out;
mod control;
mod driver;
mod events;
mod gate;
#[cfg(feature = "hooks")]
mod hooks;
mod lease;
mod live;
mod look;
mod notice;
mod pace;
mod signal;
mod status;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use miniprogram_core::clock::Clock;
use miniprogram_core::{AppId, Error, ErrorKind, MiniProgramPlatform, Result, Vendor, crash_points};
use miniprogram_store::RolloutStore;
use miniprogram_store::rollouts::{
    LONGEST_DRIVE, NewRollout, NewRolloutApp, RolloutId, RolloutRecord, SealedText,
};

pub use advance::{QuotaLook, VendorLook};
pub use driver::Driven;
pub use events::RolloutEvents;
pub use gate::{GateRequest, HealthGate, NoGate};
#[cfg(feature = "hooks")]
#[cfg_attr(docsrs, doc(cfg(feature = "hooks")))]
pub use hooks::{Hooks, PlanGate, PlanNotifier, ProcessGroup};
pub use look::{AppLook, AppPage, LedgerLine, LedgerLook, Survey};
pub use notice::{LogNotices, Notice, Notifier};
pub use status::{Halt, Mode, RolloutStatus};

use crate::machine::{AppState, Correction, Ordered};
use crate::plan::{Plan, PlanSecrets};
use control::Control;
use live::progress;
use signal::Told;

/// How many apps are stored, or told the same, at a time.
const PAGE: usize = 200;
/// How long a process drives without a renewal.
const LEASE: Duration = Duration::from_secs(30);
/// How often the orders of other processes are looked for.
const SIGNALS: Duration = Duration::from_secs(1);

/// Drives rollouts over the platforms of any number of vendors. Cloning is cheap.
#[derive(Clone)]
pub struct RolloutEngine(Arc<Inner>);

struct Inner {
    store: Arc<dyn RolloutStore>,
    clock: Arc<dyn Clock>,
    platforms: BTreeMap<Vendor, Arc<dyn MiniProgramPlatform>>,
    gate: Arc<dyn HealthGate>,
    notifier: Arc<dyn Notifier>,
    owner: String,
    lease: Duration,
    signals: Duration,
}

impl Debug for RolloutEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolloutEngine")
            .field("vendors", &self.0.platforms.keys())
            .field("owner", &self.0.owner)
            .finish_non_exhaustive()
    }
}

/// Builds a [`RolloutEngine`].
#[must_use = "finish it with `build`"]
pub struct RolloutEngineBuilder(Inner);

impl Debug for RolloutEngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolloutEngineBuilder")
            .field("vendors", &self.0.platforms.keys())
            .finish_non_exhaustive()
    }
}

impl RolloutEngineBuilder {
    /// Adds the platform of a vendor. Its journal must be durable, so that an effect that a crash cut off is settled.
    pub fn with_platform(mut self, platform: Arc<dyn MiniProgramPlatform>) -> Self {
        self.0.platforms.insert(platform.vendor(), platform);
        self
    }

    /// Sets the health gate. Without one, a plan that asks for a gate waits for a person.
    pub fn with_gate(mut self, gate: Arc<dyn HealthGate>) -> Self {
        self.0.gate = gate;
        self
    }

    /// Sets who is told what a person has to know. By default it is logged.
    pub fn with_notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.0.notifier = notifier;
        self
    }

    /// Sets the name under which it drives; the id of the process by default.
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.0.owner = owner.into();
        self
    }

    /// Sets how long a rollout stays with a process that does not renew: 30 seconds by default, at most
    /// [`LONGEST_DRIVE`], which is what a store grants.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.0.lease = lease.min(LONGEST_DRIVE);
        self
    }

    /// Sets how often the orders of other processes are looked for: every second by default.
    pub const fn with_signal_interval(mut self, interval: Duration) -> Self {
        self.0.signals = interval;
        self
    }

    /// Returns the engine.
    #[must_use]
    pub fn build(self) -> RolloutEngine {
        RolloutEngine(Arc::new(self.0))
    }
}

impl RolloutEngine {
    /// Begins to build an engine.
    pub fn builder(store: Arc<dyn RolloutStore>, clock: Arc<dyn Clock>) -> RolloutEngineBuilder {
        RolloutEngineBuilder(Inner {
            store,
            clock,
            platforms: BTreeMap::new(),
            gate: Arc::new(NoGate),
            notifier: Arc::new(LogNotices),
            owner: format!("process {}", std::process::id()),
            lease: LEASE,
            signals: SIGNALS,
        })
    }

    /// Stores a plan under a name, with a row per app. Nothing is sent. An interrupted start is continued by another
    /// call with the same plan. Older rollouts give up the apps that this one names.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for a vendor without a platform; [`Conflict`](ErrorKind::Conflict) if there
    /// is a rollout of that name with another plan; [`Store`](ErrorKind::Store).
    pub async fn start(&self, name: &str, plan: &Plan, by: &str) -> Result<RolloutId> {
        for settings in &plan.settings().vendors {
            self.platform(settings.vendor)?;
        }
        let now = self.0.clock.now();
        let stored = SealedText::new(
            serde_json::json!({ "plan": plan.to_json(), "secrets": plan.secrets().to_json().expose() })
                .to_string(),
        );
        let new = NewRollout::new(name, plan.hash(), stored)
            .with_control(Control::begun(by).sealed()?)
            .with_apps(plan.apps().len() as u64);
        let id = self.0.store.create_rollout(&new, now).await?;
        crash_points::reach("start.created", "start");
        if self.record(name).await?.complete {
            return Ok(id);
        }
        let superseded = Told::Superseded { rollout: name.to_owned() }.sealed()?;
        let apps: Vec<_> = plan
            .apps()
            .map(|app| (app.target.vendor, app.target.app_id, app.target.priority, app.wave))
            .collect();
        for page in apps.chunks(PAGE) {
            try_join_all(
                page.iter()
                    .map(|(vendor, app, ..)| self.0.store.signal_app(*vendor, app, superseded.clone(), now)),
            )
            .await?;
            crash_points::reach("start.superseded", "start");
            let mut rows = Vec::with_capacity(page.len());
            for (vendor, app, priority, wave) in page {
                let waiting = progress(&AppState::new(), &Correction::default(), None, None)?;
                let wave = u32::try_from(*wave).unwrap_or(u32::MAX);
                rows.push(NewRolloutApp::new(*vendor, app.clone(), waiting).with_place(wave, *priority));
            }
            self.0.store.add_rollout_apps(id, rows).await?;
            crash_points::reach("start.added", "start");
        }
        Ok(id)
    }

    /// Gives an order to an app, or to the whole rollout. The driver acts on it, in whichever process it runs.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Conflict`](ErrorKind::Conflict) if it has no such
    /// app; [`Store`](ErrorKind::Store).
    pub async fn order(&self, name: &str, app: Option<(Vendor, AppId)>, ordered: Ordered) -> Result<()> {
        self.tell(name, app, &Told::Ordered(ordered)).await
    }

    /// Begins an app again, with what was wrong corrected.
    ///
    /// # Errors
    /// As for [`order`](Self::order).
    pub async fn retry(
        &self,
        name: &str,
        app: (Vendor, AppId),
        by: &str,
        correction: Correction,
    ) -> Result<()> {
        self.tell(name, Some(app), &Told::Retry { by: by.to_owned(), correction }).await
    }

    /// Returns where a rollout is.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store).
    pub async fn status(&self, name: &str) -> Result<RolloutStatus> {
        let record = self.record(name).await?;
        let counts = self.0.store.count_phases(record.id).await?;
        RolloutStatus::new(&record, counts)
    }

    /// Drives a rollout until it has ended, `stop` completes, or another process has taken it over. What is in progress
    /// when `stop` completes is finished first. Dropping the future is safe: what was in progress is settled by the next
    /// driver.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Conflict`](ErrorKind::Conflict) if it is not
    /// complete; [`Unsupported`](ErrorKind::Unsupported) for a vendor without a platform; [`Store`](ErrorKind::Store).
    pub async fn drive(&self, name: &str, stop: impl Future<Output = ()>) -> Result<Driven> {
        driver::drive(&self.0, self.record(name).await?, stop).await
    }

    async fn tell(&self, name: &str, app: Option<(Vendor, AppId)>, told: &Told) -> Result<()> {
        let id = self.record(name).await?.id;
        self.0.store.signal_rollout(id, app, told.sealed()?, self.0.clock.now()).await
    }

    async fn record(&self, name: &str) -> Result<RolloutRecord> {
        let record = self.0.store.rollout(name).await?;
        record.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "rollout")
                .with_detail(format!("there is no rollout {name:?}"))
                .with_advice("list the rollouts")
        })
    }

    fn platform(&self, vendor: Vendor) -> Result<&Arc<dyn MiniProgramPlatform>> {
        self.0.platform(vendor)
    }
}

impl Inner {
    fn platform(&self, vendor: Vendor) -> Result<&Arc<dyn MiniProgramPlatform>> {
        self.platforms.get(&vendor).ok_or_else(|| Error::unsupported(vendor, "rollout"))
    }
}

/// Reads the plan of a stored rollout.
fn plan_of(stored: &SealedText) -> Result<Plan> {
    #[derive(serde::Deserialize)]
    struct Stored {
        plan: String,
        secrets: String,
    }
    // An error of serde can quote a value.
    let stored: Stored =
        serde_json::from_str(stored.expose()).map_err(|_| unreadable("the plan of a rollout", ""))?;
    let secrets = PlanSecrets::from_json(&stored.secrets.into());
    let plan = secrets.and_then(|secrets| Plan::from_json(&stored.plan, &secrets));
    plan.map_err(|problem| unreadable("the plan of a rollout", &problem.to_string()))
}

/// Returns the error for something stored that this version cannot read.
fn unreadable(what: &str, why: &str) -> Error {
    Error::new(ErrorKind::Store, "rollout")
        .with_detail(format!("{what} cannot be read: {why}"))
        .with_advice("drive it with the version that stored it, or start a new rollout")
}
