//! What drives: the platforms of the configuration, one per vendor, and the hooks of a plan.

use std::sync::Arc;

use miniprogram::clock::SystemClock;
use miniprogram::{Error, ErrorKind, MiniProgramPlatform, Outcome, Vendor};
use miniprogram_rollout::engine::{Hooks, PlanNotifier, RolloutEngine};
use miniprogram_rollout::plan::Settings as PlanSettings;
use miniprogram_store::Store;

use crate::config::Settings;
use crate::context::Context;
use crate::failure::Failure;

/// The platforms that rollouts are driven with.
#[derive(Clone)]
pub(in crate::commands) struct Fleet {
    store: Arc<dyn Store>,
    platforms: Vec<Arc<dyn MiniProgramPlatform>>,
    hooks: Hooks,
    owner: String,
}

impl Fleet {
    /// Creates a fleet of these platforms. A vendor with several of them is left out: nothing says which of them an app
    /// belongs to.
    pub(in crate::commands) fn new(
        store: Arc<dyn Store>,
        mut platforms: Vec<Arc<dyn MiniProgramPlatform>>,
        hooks: Hooks,
        owner: String,
    ) -> Self {
        let vendors: Vec<Vendor> = platforms.iter().map(|platform| platform.vendor()).collect();
        platforms
            .retain(|platform| vendors.iter().filter(|vendor| **vendor == platform.vendor()).count() == 1);
        Self { store, platforms, hooks, owner }
    }

    /// The platforms of the configuration, over the tokens and the journal of the store.
    pub(super) async fn of(context: &Context, settings: &Settings, owner: String) -> Result<Self, Failure> {
        let store = context.open(settings).await?;
        let mut platforms: Vec<Arc<dyn MiniProgramPlatform>> = Vec::new();
        for platform in &settings.platforms {
            let config = context.journaled_client(settings, platform).await?;
            platforms.push(Arc::from(platform.entry.platform(config)?));
        }
        Ok(Self::new(store, platforms, hooks(settings), owner))
    }

    /// Returns an error if a vendor of a plan cannot be driven.
    pub(in crate::commands) fn check(&self, plan: &PlanSettings) -> Result<(), Error> {
        let known = |vendor: Vendor| self.platforms.iter().any(|platform| platform.vendor() == vendor);
        match plan.vendors.iter().find(|settings| !known(settings.vendor)) {
            None => Ok(()),
            Some(settings) => Err(Error::new(ErrorKind::Config, "rollout")
                .for_vendor(settings.vendor)
                .with_outcome(Outcome::NotSent)
                .with_field("platform")
                .with_detail(format!("a rollout needs exactly one platform of {}", settings.vendor))
                .with_advice("configure one [[platform]] of each vendor that the plan names")),
        }
    }

    /// The engine that drives the rollout of a plan, and its notifier, which is to be finished afterwards.
    pub(in crate::commands) fn engine(
        &self,
        plan: &PlanSettings,
    ) -> Result<(RolloutEngine, Arc<PlanNotifier>), Error> {
        let notifier = Arc::new(self.hooks.notifier(plan)?);
        let mut builder = RolloutEngine::builder(Arc::clone(&self.store) as _, Arc::new(SystemClock))
            .with_owner(&self.owner)
            .with_notifier(Arc::clone(&notifier) as _);
        if let Some(gate) = self.hooks.gate(plan)? {
            builder = builder.with_gate(Arc::new(gate));
        }
        for platform in &self.platforms {
            builder = builder.with_platform(Arc::clone(platform));
        }
        Ok((builder.build(), notifier))
    }

    /// An engine that only looks.
    pub(in crate::commands) fn looker(&self) -> RolloutEngine {
        super::engine(Arc::clone(&self.store))
    }
}

/// The hooks of plans: their programs get no secret of this process.
pub(in crate::commands) fn hooks(settings: &Settings) -> Hooks {
    Hooks::new().with_withheld(settings.secret_variables().map(str::to_owned))
}

/// The name under which this process drives: unique among the processes that share a store.
pub(in crate::commands) fn owner(what: &str) -> String {
    #[cfg(unix)]
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let host = std::env::var("COMPUTERNAME").unwrap_or_default();
    format!("{what} {host}:{}", std::process::id())
}
