//! The driver of one rollout: a loop that reads what is due, decides, stores, and only then acts.
//!
//! `steps` takes inputs in and stores them, `launch` starts what is due, `missed` asks for lost pushes before audits are
//! polled, `orders` acts on what other processes have said, `waves` decides about the fleet.

mod launch;
mod missed;
mod orders;
mod steps;
mod waves;

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, pending, select};
use miniprogram_core::clock::Busy;
use miniprogram_core::model::AuditQuota;
use miniprogram_core::push::MissedEvent;
use miniprogram_core::{Error, ErrorKind, Result, Settled, Timestamp, Vendor, crash_points};
use miniprogram_store::rollouts::{Drive, Driving, RolloutRecord, SealedText};
use tokio::task::JoinSet;

use missed::Missed;

use super::control::Control;
use super::lease::Lease;
use super::live::Live;
use super::notice::Notice;
use super::pace::Pace;
use super::{Inner, plan_of, unreadable};
use crate::machine::{Action, Input, Policy};
use crate::plan::Plan;

/// How a drive ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driven {
    /// Every app has ended.
    Ended,
    /// It was asked to stop. The rollout can be driven again.
    Stopped,
    /// Another process drives, or has taken over.
    Elsewhere,
}

/// Drives a rollout until it has ended, `stop` completes, or another process has it.
pub(super) async fn drive(
    inner: &Arc<Inner>,
    record: RolloutRecord,
    stop: impl Future<Output = ()>,
) -> Result<Driven> {
    let busy = inner.clock.enter();
    let now = inner.clock.now();
    let granted = inner.store.drive_rollout(record.id, &inner.owner, None, now, inner.lease).await?;
    let Driving::Granted(drive) = granted else { return Ok(Driven::Elsewhere) };
    crash_points::reach("drive.granted", "drive");
    // The previous driver may have decided something until the lease was granted.
    let record = inner.store.rollout(&record.name).await?.unwrap_or(record);
    let mut driver = Driver::load(inner, record, drive, busy).await?;
    match driver.rounds(stop).await {
        // The lease is gone, or a row is not what this process left: it writes nothing more.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            tracing::warn!(rollout = driver.record.name, %error, "another process drives the rollout");
            driver.tasks.shutdown().await;
            Ok(Driven::Elsewhere)
        }
        Ok(driven) => {
            inner.store.leave_rollout(&driver.drive).await?;
            Ok(driven)
        }
        Err(error) => Err(error),
    }
}

/// An action that is in progress, and when it was issued: an app that was told something meanwhile may have another one
/// outstanding by the time of its result.
struct InProgress {
    action: Action,
    issued_at: Option<Timestamp>,
    /// The requests of it that the rate has been asked for.
    paid: u64,
}

/// What came of what was in progress for an app.
enum Finished {
    /// The result of its action.
    Told(Input),
    /// The audit quota, asked for before its submission; none if the vendor did not tell.
    Quota(Option<AuditQuota>),
    /// An effect that was open has been settled, or that failed.
    Settled(Result<Settled>),
    /// The lease was over before its effect was sent, or its answer read.
    Late,
    /// It panicked.
    Panicked,
    /// The pushes that a vendor could not deliver.
    Missed(Vendor, Result<Vec<MissedEvent>>),
}

/// What was in progress, and what came of it.
struct Done {
    /// The row of the app.
    id: i64,
    finished: Finished,
    /// How many requests it has sent.
    sent: u64,
}

/// A rollout that this process drives.
struct Driver<'e> {
    inner: &'e Arc<Inner>,
    record: RolloutRecord,
    plan: Plan,
    /// Where each app is in the plan, sorted by app.
    places: Vec<u32>,
    drive: Drive,
    /// The same, for what is in progress.
    lease: Arc<Lease>,
    control: Control,
    /// Whether `control` has changed since it was stored.
    changed: bool,
    /// How many apps of each wave are in which phase.
    counts: BTreeMap<u32, HashMap<String, u64>>,
    paces: BTreeMap<Vendor, Pace>,
    /// The apps whose action is in progress, by row. Nobody else steps them meanwhile.
    running: HashMap<i64, (Live, InProgress)>,
    /// What came of what is in progress. The mark of each is kept with it: a virtual clock stands still until the result
    /// is here.
    tasks: JoinSet<(Done, Busy)>,
    /// What is known of the pushes that each vendor could not deliver.
    missed: BTreeMap<Vendor, Missed>,
    notices: Vec<Notice>,
    _busy: Busy,
}

impl<'e> Driver<'e> {
    async fn load(inner: &'e Arc<Inner>, record: RolloutRecord, drive: Drive, busy: Busy) -> Result<Self> {
        let stored = inner.store.rollout_plan(record.id).await?;
        let plan = plan_of(&stored.unwrap_or_else(|| SealedText::new("")))?;
        let places = plan.places();
        let mut counts: BTreeMap<u32, HashMap<String, u64>> = BTreeMap::new();
        for count in inner.store.count_phases(record.id).await? {
            *counts.entry(count.wave).or_default().entry(count.phase).or_default() += count.apps;
        }
        let mut paces = BTreeMap::new();
        for settings in &plan.settings().vendors {
            inner.platform(settings.vendor)?;
            paces.insert(settings.vendor, Pace::new(settings, &inner.clock));
        }
        let control = Control::read(&record.control)?;
        let lease = Lease::new(Arc::clone(&inner.clock), inner.lease, drive.until);
        Ok(Self {
            inner,
            record,
            plan,
            places,
            drive,
            lease: Arc::new(lease),
            control,
            changed: false,
            counts,
            paces,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            missed: BTreeMap::new(),
            notices: Vec::new(),
            _busy: busy,
        })
    }

    async fn rounds(&mut self, stop: impl Future<Output = ()>) -> Result<Driven> {
        let mut stop = pin!(stop);
        let mut stopping = false;
        loop {
            self.renew().await?;
            let wait = if stopping {
                if self.tasks.is_empty() {
                    return Ok(Driven::Stopped);
                }
                self.inner.lease / 3
            } else {
                self.take_signals().await?;
                self.work().await?;
                self.decide().await?;
                if self.has_ended() {
                    self.end().await?;
                    return Ok(Driven::Ended);
                }
                self.launch().await?
            };
            self.tell().await;
            let first = {
                // Whatever comes first: a result, the time that something is due, or the wish to stop.
                let idle = self.tasks.is_empty();
                let tasks = &mut self.tasks;
                let result =
                    pin!(async move { if idle { pending().await } else { tasks.join_next().await } });
                let waiting = select(result, self.inner.clock.sleep(wait));
                let asked = pin!(async { if stopping { pending().await } else { (&mut stop).await } });
                // The wish to stop comes first: a clock that jumps ahead is never waited for.
                match select(asked, waiting).await {
                    Either::Left(_) => {
                        stopping = true;
                        None
                    }
                    Either::Right((Either::Left((joined, _)), _)) => joined,
                    Either::Right((Either::Right(_), _)) => None,
                }
            };
            let mut joined: Vec<_> = first.into_iter().collect();
            while let Some(next) = self.tasks.try_join_next() {
                joined.push(next);
            }
            // A task catches the panics of what it carries out, and is not aborted while the rollout is driven.
            let results = joined.into_iter().filter_map(std::result::Result::ok);
            self.finish(results.map(|(done, _)| done).collect()).await?;
        }
    }

    /// Renews the lease once a third of it is over.
    async fn renew(&mut self) -> Result<()> {
        let (now, lease) = (self.inner.clock.now(), self.inner.lease);
        if self.drive.until.since(now) > lease - lease / 3 {
            return Ok(());
        }
        let (store, owner) = (&self.inner.store, &self.inner.owner);
        match store.drive_rollout(self.record.id, owner, Some(&self.drive), now, lease).await? {
            Driving::Granted(drive) => {
                crash_points::reach("drive.renewed", "drive");
                self.lease.renewed(drive.until);
                self.drive = drive;
            }
            _ => return Err(Error::new(ErrorKind::Conflict, "drive").with_detail("the lease was taken over")),
        }
        Ok(())
    }

    fn policy(&self, live: &Live) -> Result<&Policy> {
        let place = self.plan.place_of(&self.places, live.row.vendor, &live.row.app);
        let planned = place.and_then(|place| self.plan.app_at(place));
        planned.map(|planned| planned.policy).ok_or_else(|| unreadable("a rollout", "its plan lacks an app"))
    }

    async fn tell(&mut self) {
        for notice in std::mem::take(&mut self.notices) {
            self.inner.notifier.notify(&self.record.name, &notice).await;
        }
    }
}
