//! Pushes, passed on to the rollouts of their apps.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::clock::Clock;
use miniprogram_core::push::Delivery;
use miniprogram_core::{Event, EventHandler, EventKind, Result};
use miniprogram_store::RolloutStore;

use super::signal::Told;
use crate::machine::{Source, Wake};

/// Passes pushes on to every rollout in which their app has not ended. A push only wakes the app: what it says is read.
/// The exception is a revoked authorization, which ends the app without another call.
#[derive(Debug, Clone)]
pub struct RolloutEvents {
    store: Arc<dyn RolloutStore>,
    clock: Arc<dyn Clock>,
}

impl RolloutEvents {
    /// Creates the handler.
    #[must_use]
    pub fn new(store: Arc<dyn RolloutStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}

#[async_trait]
impl EventHandler for RolloutEvents {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let Some(app) = &event.app_id else { return Ok(()) };
        let told = match event.kind {
            EventKind::AuthorizationRevoked => Told::Revoked,
            kind => Told::Woken(Wake::new(Source::Push(delivery.id), kind, event.package_id.clone())),
        };
        self.store.signal_app(event.vendor, app, told.sealed()?, self.clock.now()).await?;
        Ok(())
    }
}
