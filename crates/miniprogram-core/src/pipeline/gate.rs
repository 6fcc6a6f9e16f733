use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::id::SubjectId;
use crate::intent::Intent;
use crate::time::Timestamp;

/// Admits one effect at a time per app, or per platform, and remembers what earlier effects left behind.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<SubjectId, Arc<tokio::sync::Mutex<Behind>>>>);

/// What the earlier effects on one subject left behind.
#[derive(Debug, Default)]
struct Behind {
    /// The effect whose outcome is not known.
    open: Option<Intent>,
    /// Until when a request may still land that sets a state which was already set.
    quiet_until: Option<Timestamp>,
}

/// The right to perform effects on one subject. Holds the open effect, which stays open when the holder is
/// dropped.
#[derive(Debug)]
pub(super) struct Gate(OwnedMutexGuard<Behind>);

impl Gates {
    pub(super) async fn pass(&self, subject: &SubjectId, now: Timestamp) -> Gate {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if gates.len() >= 1024 && gates.len().is_power_of_two() {
                gates.retain(|_, gate| {
                    Arc::strong_count(gate) > 1 || gate.try_lock().is_ok_and(|behind| behind.matters(now))
                });
            }
            Arc::clone(gates.entry(subject.clone()).or_default())
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
    /// Returns the effect that an earlier holder left open.
    pub(super) fn open_intent(&self) -> Option<&Intent> {
        self.0.open.as_ref()
    }

    pub(super) fn open(&mut self, intent: &Intent) {
        self.0.open = Some(intent.clone());
    }

    /// Forbids sending anything else before that time: a request in progress may set its state late.
    pub(super) fn keep_quiet(&mut self, until: Timestamp) {
        self.0.quiet_until = self.0.quiet_until.max(Some(until));
    }

    /// Returns the time until which nothing may be sent.
    pub(super) fn quiet_until(&self) -> Option<Timestamp> {
        self.0.quiet_until
    }

    /// Closes this effect; any other stays open.
    pub(super) fn close(&mut self, intent: &Intent) {
        if self.0.open.as_ref() == Some(intent) {
            self.0.open = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use serde_json::Value;

    use super::*;
    use crate::command::Command;
    use crate::id::AppId;
    use crate::vendor::Vendor;

    const NOW: Timestamp = Timestamp::from_unix(1000);

    async fn pass(gates: &Gates, app: usize, now: Timestamp) -> Gate {
        gates.pass(&AppId::from(app.to_string()).into(), now).await
    }

    fn intent() -> Intent {
        Intent::new(Vendor::new("acme"), AppId::from("0"), Command::CancelGrayRelease, Value::Null, NOW)
    }

    fn kept(gates: &Gates) -> usize {
        gates.0.lock().unwrap().len()
    }

    #[tokio::test]
    async fn what_matters_no_more_is_forgotten_when_a_thousand_apps_have_passed() {
        let gates = Gates::default();
        for app in 0..1024 {
            drop(pass(&gates, app, NOW).await);
            assert_eq!(kept(&gates), app + 1);
        }
        drop(pass(&gates, 1024, NOW).await);
        assert_eq!(kept(&gates), 1);
    }

    #[tokio::test]
    async fn what_an_app_left_behind_outlives_a_thousand_others() {
        let gates = Gates::default();
        let mut open = pass(&gates, 0, NOW).await;
        open.open(&intent());
        drop(open);
        let late = NOW.after(std::time::Duration::from_millis(1));
        pass(&gates, 1, NOW).await.keep_quiet(late);
        pass(&gates, 2, NOW).await.keep_quiet(NOW);
        for app in 3..=1024 {
            drop(pass(&gates, app, NOW).await);
        }
        assert_eq!(kept(&gates), 3, "the open one, the quiet one and the last");
        assert_eq!(pass(&gates, 0, NOW).await.open_intent(), Some(&intent()));
        assert_eq!(pass(&gates, 1, NOW).await.quiet_until(), Some(late));
        assert_eq!(pass(&gates, 2, NOW).await.quiet_until(), None, "its time was over");
    }

    #[tokio::test]
    async fn a_gate_in_use_is_never_replaced() {
        let gates = Gates::default();
        let held = pass(&gates, 0, NOW).await;
        for app in 1..=1024 {
            drop(pass(&gates, app, NOW).await);
        }
        assert_eq!(kept(&gates), 2);
        assert!(pass(&gates, 0, NOW).now_or_never().is_none(), "two effects at once on one app");
        drop(held);
        assert!(pass(&gates, 0, NOW).now_or_never().is_some());
    }

    #[tokio::test]
    async fn gates_in_use_are_not_looked_through_for_every_app() {
        let gates = Gates::default();
        let mut held = Vec::new();
        for app in 0..1024 {
            held.push(pass(&gates, app, NOW).await);
        }
        for app in 1024..1100 {
            drop(pass(&gates, app, NOW).await);
        }
        assert_eq!(kept(&gates), 1100);
    }

    #[tokio::test]
    async fn only_the_open_effect_itself_is_closed() {
        let gates = Gates::default();
        let mut gate = pass(&gates, 0, NOW).await;
        gate.open(&intent());
        let mut other = intent();
        other.attempt = 2;
        gate.close(&other);
        assert_eq!(gate.open_intent(), Some(&intent()));
        gate.close(&intent());
        assert_eq!(gate.open_intent(), None);
    }

    #[tokio::test]
    async fn a_quiet_time_is_never_cut_short() {
        let gates = Gates::default();
        let mut gate = pass(&gates, 0, NOW).await;
        gate.keep_quiet(NOW);
        gate.keep_quiet(Timestamp::from_unix(999));
        assert_eq!(gate.quiet_until(), Some(NOW));
    }
}
