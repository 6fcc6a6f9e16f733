//! The gate and the notifications that a plan names: programs, without a shell, and URLs.
//!
//! A program gets one JSON object on its standard input, and is killed with what it started once its time is over. A
//! URL gets the same object by POST. Nothing of either is logged but how it ended.

mod gate;
mod group;
mod notify;
mod post;
mod program;

use std::fmt::{self, Debug};
use std::sync::Arc;

use miniprogram_core::{Result, Secret};

pub use gate::PlanGate;
pub use group::ProcessGroup;
pub use notify::PlanNotifier;

use crate::plan::Settings;

/// Returns the key of a signature by its name.
type Keys = dyn Fn(&str) -> Option<Secret> + Send + Sync;

/// Builds the gate and the notifier of a plan.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use miniprogram_rollout::engine::{Hooks, RolloutEngine, RolloutEngineBuilder};
/// # async fn build(builder: RolloutEngineBuilder, reader: RolloutEngine) -> miniprogram_core::Result<RolloutEngine> {
/// let settings = reader.settings("spring").await?;
/// let hooks = Hooks::new().with_withheld(["STORE_KEY".to_owned()]);
/// let mut builder = builder.with_notifier(Arc::new(hooks.notifier(&settings)?));
/// if let Some(gate) = hooks.gate(&settings)? {
///     builder = builder.with_gate(Arc::new(gate));
/// }
/// # Ok(builder.build())
/// # }
/// ```
#[derive(Clone)]
pub struct Hooks {
    withheld: Vec<String>,
    keys: Arc<Keys>,
}

impl Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("withheld", &self.withheld).finish_non_exhaustive()
    }
}

impl Default for Hooks {
    fn default() -> Self {
        Self::new()
    }
}

impl Hooks {
    /// Creates hooks that take the keys of signatures from the environment.
    #[must_use]
    pub fn new() -> Self {
        let keys = |name: &str| std::env::var(name).ok().filter(|key| !key.is_empty()).map(Secret::from);
        Self { withheld: Vec::new(), keys: Arc::new(keys) }
    }

    /// Sets environment variables that no program gets. Those with keys of signatures are withheld anyway.
    #[must_use]
    pub fn with_withheld(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.withheld = names.into_iter().collect();
        self
    }

    /// Sets where the keys of signatures come from, by the name in `secret_env`.
    #[must_use]
    pub fn with_keys(mut self, keys: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.keys = Arc::new(keys);
        self
    }

    /// Returns the gate of a plan, if it has one.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if no HTTP client can be built.
    pub fn gate(&self, settings: &Settings) -> Result<Option<PlanGate>> {
        settings.gate.as_ref().map(|gate| PlanGate::new(gate, self.withheld_by(settings))).transpose()
    }

    /// Returns who is told according to a plan.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if no HTTP client can be built.
    pub fn notifier(&self, settings: &Settings) -> Result<PlanNotifier> {
        PlanNotifier::new(&settings.notify, &self.withheld_by(settings), Arc::clone(&self.keys))
    }

    fn withheld_by(&self, settings: &Settings) -> Vec<String> {
        let keys = settings.notify.iter().filter_map(|notification| notification.by.secret_env());
        self.withheld.iter().cloned().chain(keys.map(str::to_owned)).collect()
    }
}
