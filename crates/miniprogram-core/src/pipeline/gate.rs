use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::id::AppId;
use crate::intent::Intent;
use crate::time::Timestamp;

/// Lets one effect per app through, and remembers what earlier ones left behind.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<AppId, Arc<tokio::sync::Mutex<Behind>>>>);

/// What the effects of one app left behind.
#[derive(Debug, Default)]
struct Behind {
    /// The one whose outcome nobody learnt.
    open: Option<Intent>,
    /// Until when a request may land that set what was set already.
    quiet_until: Option<Timestamp>,
}

/// The right to send effects to one app. Holds the effect that is open: it stays open when the holder is dropped.
#[derive(Debug)]
pub(super) struct Gate(OwnedMutexGuard<Behind>);

impl Gates {
    pub(super) async fn pass(&self, app: &AppId, now: Timestamp) -> Gate {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if gates.len() >= 1024 && gates.len().is_power_of_two() {
                gates.retain(|_, gate| {
                    Arc::strong_count(gate) > 1 || gate.try_lock().is_ok_and(|behind| behind.matters(now))
                });
            }
            Arc::clone(gates.entry(app.clone()).or_default())
        };
        Gate(gate.lock_owned().await)
    }
}

impl Behind {
    fn matters(&self, now: Timestamp) -> bool {
        self.open.is_some() || self.quiet_until.is_some_and(|until| until > now)
    }
}

impl Gate {
    /// The effect that an earlier holder left open.
    pub(super) fn open_intent(&self) -> Option<&Intent> {
        self.0.open.as_ref()
    }

    pub(super) fn open(&mut self, intent: &Intent) {
        self.0.open = Some(intent.clone());
    }

    /// Nothing else is to be sent before that time: a request under way may set its state late.
    pub(super) fn keep_quiet(&mut self, until: Timestamp) {
        self.0.quiet_until = self.0.quiet_until.max(Some(until));
    }

    /// Until when nothing is to be sent.
    pub(super) fn quiet_until(&self) -> Option<Timestamp> {
        self.0.quiet_until
    }

    /// Closes that effect; another one stays open.
    pub(super) fn close(&mut self, intent: &Intent) {
        if self.0.open.as_ref() == Some(intent) {
            self.0.open = None;
        }
    }
}
