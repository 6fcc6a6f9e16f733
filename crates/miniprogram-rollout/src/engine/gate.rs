//! Health gates: whether a version that some users have may go on.

use std::fmt::Debug;

use async_trait::async_trait;
use miniprogram_core::{AppId, Vendor};
use serde::Serialize;

use crate::machine::{Gated, Health};

/// What a gate is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GateRequest {
    /// The rollout.
    pub rollout: String,
    /// The app's vendor.
    pub vendor: Vendor,
    /// The app.
    pub app_id: AppId,
    /// The version.
    pub version: String,
    /// The share of users that has it, in percent.
    pub percentage: u8,
}

impl GateRequest {
    /// Creates it.
    #[must_use]
    pub fn new(
        rollout: impl Into<String>,
        vendor: Vendor,
        app_id: impl Into<AppId>,
        version: impl Into<String>,
        percentage: u8,
    ) -> Self {
        Self { rollout: rollout.into(), vendor, app_id: app_id.into(), version: version.into(), percentage }
    }
}

/// Decides whether a version that some users have may go on. Asked once after each bake time; an inconclusive answer
/// waits for a person.
///
/// Implement it with the attribute [`async_trait`](macro@miniprogram_core::async_trait).
#[async_trait]
pub trait HealthGate: Debug + Send + Sync + 'static {
    /// Returns what the gate found. A gate that cannot be asked is inconclusive.
    async fn check(&self, request: &GateRequest) -> Gated;
}

/// The gate of an engine that was given none: inconclusive.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGate;

#[async_trait]
impl HealthGate for NoGate {
    async fn check(&self, _request: &GateRequest) -> Gated {
        Gated::new(Health::Inconclusive, Some("no gate is configured".to_owned()))
    }
}
