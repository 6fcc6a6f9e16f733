//! Asks a vendor for the pushes that it could not deliver, before audits are polled.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use miniprogram_core::push::MissedEvent;
use miniprogram_core::requests::counted;
use miniprogram_core::{Error, ErrorKind, Result, Timestamp, Vendor};

use super::super::signal::Told;
use super::launch::handed_over;
use super::{Done, Driver, Finished};
use crate::machine::{AppState, Phase, Source, Trouble, Wake};

/// How often a vendor is asked at most.
const EVERY: Duration = Duration::from_secs(300);
/// How far back the first question of a driver goes: what was lost while nobody drove.
const FIRST: Duration = Duration::from_secs(24 * 3600);
/// How long a vendor may try to deliver a push before it counts as missed.
const TRIES: Duration = Duration::from_secs(3600);

/// What is known of the pushes that a vendor could not deliver.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// When it was last asked.
    asked_at: Option<Timestamp>,
    /// Whether it is being asked.
    asking: bool,
    /// The numbers of the pushes that it told last.
    told: BTreeSet<i64>,
}

/// Whether an app that is due is polled for the verdict of its audit.
pub(super) fn is_polled(state: &AppState) -> bool {
    state.phase == Phase::InReview && !state.busy
}

impl Driver<'_> {
    /// Asks a vendor that keeps pushes, unless it was asked a short time ago. Returns whether polls have to wait for the
    /// answer.
    pub(super) fn asks_for_missed(&mut self, vendor: Vendor, now: Timestamp) -> Result<bool> {
        let missed = self.missed.entry(vendor).or_default();
        if missed.asking || missed.asked_at.is_some_and(|asked_at| now.since(asked_at) < EVERY) {
            return Ok(missed.asking);
        }
        let Some(reader) = self.inner.platform(vendor)?.missed_events() else { return Ok(false) };
        let Some(pace) = self.paces.get_mut(&vendor) else { return Ok(false) };
        if pace.check().is_err() {
            return Ok(true);
        }
        pace.begin();
        missed.asking = true;
        let back = missed.asked_at.map_or(FIRST, |asked_at| now.since(asked_at).saturating_add(TRIES));
        let from = Timestamp::from_unix_millis(
            now.as_unix_millis().saturating_sub(i64::try_from(back.as_millis()).unwrap_or(i64::MAX)),
        );
        let (clock, mut busy) = (Arc::clone(&self.inner.clock), self.inner.clock.enter());
        let lease = Arc::clone(&self.lease);
        self.tasks.spawn(async move {
            let asking = handed_over(&*clock, &mut busy, lease.reading(reader.missed_events(from, now)));
            let (told, sent) = counted(AssertUnwindSafe(asking).catch_unwind()).await;
            let told = told.ok().flatten();
            let told = told.unwrap_or_else(|| Err(Error::new(ErrorKind::Cancelled, "missed_events")));
            (Done { id: 0, finished: Finished::Missed(vendor, told), sent }, busy)
        });
        Ok(true)
    }

    /// Takes the pushes in that a vendor could not deliver. They only wake their apps, in every rollout: what they say is
    /// read. If the vendor does not tell, the apps are polled all the same.
    pub(super) async fn missed(
        &mut self,
        vendor: Vendor,
        told: Result<Vec<MissedEvent>>,
        sent: u64,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        if let Some(pace) = self.paces.get_mut(&vendor) {
            pace.end();
            pace.charge(sent.saturating_sub(1));
            if let Err(error) = &told {
                pace.learn(&Trouble::from(error), now);
            }
        }
        let missed = self.missed.entry(vendor).or_default();
        (missed.asking, missed.asked_at) = (false, Some(now));
        let events = match told {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%vendor, %error, "the pushes that were missed cannot be read");
                return Ok(());
            }
        };
        let numbers = events.iter().map(|missed| missed.number).collect();
        let before = std::mem::replace(&mut missed.told, numbers);
        for MissedEvent { number, event, .. } in events {
            if let Some(app) = event.app_id.filter(|_| !before.contains(&number)) {
                let wake = Wake::new(Source::Missed(number), event.kind, event.package_id);
                let told = Told::Woken(wake).sealed()?;
                self.inner.store.signal_app(vendor, &app, told, now).await?;
            }
        }
        Ok(())
    }
}
