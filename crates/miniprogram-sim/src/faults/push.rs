//! Faults of pushes.

use miniprogram_core::AppId;
use serde::{Deserialize, Serialize};

use super::{When, mix};

/// A rule for pushes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PushFaultRule {
    /// Restricts the rule to one app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// How often.
    #[serde(default)]
    pub when: When,
    /// What happens.
    pub fault: PushFault,
}

impl PushFaultRule {
    /// A rule for the next `count` pushes.
    #[must_use]
    pub fn next(count: u32, fault: PushFault) -> Self {
        Self { app: None, when: When::Next(count), fault }
    }

    /// A rule that fires with a probability from 0 to 1.
    #[must_use]
    pub fn probability(probability: f64, fault: PushFault) -> Self {
        Self { app: None, when: When::Probability(probability), fault }
    }

    /// Restricts the rule to one app.
    #[must_use]
    pub fn with_app(mut self, app: AppId) -> Self {
        self.app = Some(app);
        self
    }
}

/// What happens to a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PushFault {
    /// It is never sent.
    Lost,
    /// It is sent this many milliseconds of simulated time later.
    Late {
        /// The delay.
        millis: u64,
    },
    /// It is sent twice, even if the first was acknowledged.
    Duplicated,
    /// It is held back until the app's next push is sent, for at most a minute of simulated time.
    Reordered,
}

/// The active rules for pushes.
#[derive(Debug, Default)]
pub(crate) struct PushFaults(Vec<PushFaultRule>);

impl PushFaults {
    pub(crate) fn set(&mut self, rules: Vec<PushFaultRule>) {
        self.0 = rules;
    }

    pub(crate) fn rules(&self) -> Vec<PushFaultRule> {
        self.0.clone()
    }

    pub(crate) fn draw(&mut self, seed: u64, app: &AppId, count: u64) -> Option<PushFault> {
        let (_, rule) = self.0.iter_mut().enumerate().find(|(index, rule)| {
            rule.app.as_ref().is_none_or(|only| only == app)
                && match rule.when {
                    When::Always => true,
                    When::Next(left) => left > 0,
                    When::Probability(probability) => {
                        let index = u64::try_from(*index).unwrap_or(u64::MAX);
                        let parts: [&[u8]; 4] =
                            [b"push", app.as_str().as_bytes(), &count.to_be_bytes(), &index.to_be_bytes()];
                        fastrand::Rng::with_seed(mix(seed, &parts)).f64() < probability
                    }
                }
        })?;
        if let When::Next(left) = &mut rule.when {
            *left -= 1;
        }
        Some(rule.fault)
    }
}
