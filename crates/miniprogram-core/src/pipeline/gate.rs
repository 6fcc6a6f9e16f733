use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::id::AppId;
use crate::intent::Intent;

/// Lets one effect per app through, and remembers the one whose outcome nobody learnt.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<AppId, Arc<tokio::sync::Mutex<Option<Intent>>>>>);

/// The right to send effects to one app. Holds the effect that is open: it stays open when the holder is dropped.
#[derive(Debug)]
pub(super) struct Gate(OwnedMutexGuard<Option<Intent>>);

impl Gates {
    pub(super) async fn pass(&self, app: &AppId) -> Gate {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if gates.len() >= 1024 && gates.len().is_power_of_two() {
                gates.retain(|_, gate| {
                    Arc::strong_count(gate) > 1 || gate.try_lock().is_ok_and(|open| open.is_some())
                });
            }
            Arc::clone(gates.entry(app.clone()).or_default())
        };
        Gate(gate.lock_owned().await)
    }
}

impl Gate {
    /// The effect that an earlier holder left open.
    pub(super) fn open_intent(&self) -> Option<&Intent> {
        self.0.as_ref()
    }

    pub(super) fn open(&mut self, intent: &Intent) {
        *self.0 = Some(intent.clone());
    }

    /// Closes that effect; another one stays open.
    pub(super) fn close(&mut self, intent: &Intent) {
        if self.0.as_ref() == Some(intent) {
            *self.0 = None;
        }
    }
}
