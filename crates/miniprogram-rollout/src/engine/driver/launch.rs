//! Starts what is due, as far as there is room for it.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::poll_fn;
use miniprogram_core::clock::{Busy, Clock};
use miniprogram_core::model::AuditQuota;
use miniprogram_core::requests::counted;
use miniprogram_core::{AppId, MiniProgram, Outcome, Recorded, Result, Timestamp, Vendor, crash_points};

use super::super::carry_out::Job;
use super::super::live::Live;
use super::super::pace::Slot;
use super::super::status::Mode;
use super::missed::is_polled;
use super::steps::Batch;
use super::{Done, Driver, Finished, InProgress};
use crate::machine::{Action, Class, Input, Performed, Phase, Started};

/// How long an app is left alone whose effect's result cannot be read.
const UNREADABLE: Duration = Duration::from_secs(300);
/// How often it is looked whether an older rollout has left an app.
const ELSEWHERE: Duration = Duration::from_secs(10);

impl Driver<'_> {
    /// Starts what is due; returns how long to wait for what is due next.
    pub(super) async fn launch(&mut self) -> Result<Duration> {
        if !self.control.work.is_empty() {
            return Ok(Duration::ZERO);
        }
        let mut wait = self.inner.signals.min(self.inner.lease / 3);
        if self.control.mode == Mode::Paused {
            return Ok(wait);
        }
        let now = self.inner.clock.now();
        let vendors: Vec<Vendor> = self.paces.keys().copied().collect();
        for vendor in vendors {
            wait = wait.min(self.launch_at(vendor, now).await?);
        }
        match self.inner.store.next_due_app(self.record.id, now).await? {
            Some(due) => Ok(wait.min(due.since(now))),
            None => Ok(wait),
        }
    }

    async fn launch_at(&mut self, vendor: Vendor, now: Timestamp) -> Result<Duration> {
        let Some(pace) = self.paces.get(&vendor) else { return Ok(Duration::MAX) };
        let room = pace.room(now);
        if room == 0 {
            return Ok(pace.pause(now).unwrap_or(Duration::MAX));
        }
        // Those in progress are due as well.
        let limit = u32::try_from(room + self.running.len()).unwrap_or(u32::MAX);
        let page = self.inner.store.due_apps(self.record.id, vendor, now, limit).await?;
        let due: Vec<_> = page.apps.into_iter().filter(|row| !self.running.contains_key(&row.id)).collect();
        let mut batch = Batch::default();
        let mut wait = Duration::MAX;
        let due: Vec<_> = due.into_iter().take(room).filter_map(|row| self.live(row)).collect();
        let elsewhere = self.elsewhere(vendor, &due, now).await?;
        let polls = due.iter().any(|live| is_polled(&live.state));
        let polls_later = polls && self.asks_for_missed(vendor, now)?;
        for live in due {
            match live.state.phase {
                // What was missed wakes the app. If nothing was, it is polled once that is known.
                _ if polls_later && is_polled(&live.state) => {}
                _ if live.state.busy => {
                    if let Some(early) = self.resume(live, &mut batch).await? {
                        wait = early;
                        break;
                    }
                }
                Phase::Waiting if self.control.holds_beginnings() => self.postpone(live, None, &mut batch),
                // An older rollout has not left the app yet.
                Phase::Waiting if elsewhere.contains(&live.row.app) => {
                    self.postpone(live, Some(now.after(ELSEWHERE)), &mut batch);
                }
                Phase::Waiting => {
                    let started = Started::new(self.control.by.clone(), &live.target);
                    self.take(live, None, Input::Begin(Box::new(started)), &mut batch)?;
                }
                _ => self.take(live, None, Input::Due, &mut batch)?,
            }
        }
        if batch.has_steps() {
            self.store(batch).await?;
            wait = Duration::ZERO;
        }
        Ok(wait)
    }

    /// Returns which of these apps an older rollout has not left yet, so that two rollouts never act on one app. One that
    /// nobody drives and that has not begun the app never will: it was told of this one.
    async fn elsewhere(&self, vendor: Vendor, due: &[Live], now: Timestamp) -> Result<HashSet<AppId>> {
        let waiting = due.iter().filter(|live| live.state.phase == Phase::Waiting);
        let waiting: Vec<_> = waiting.map(|live| live.row.app.clone()).collect();
        if waiting.is_empty() {
            return Ok(HashSet::new());
        }
        let older = self.inner.store.apps_of_older_rollouts(self.record.id, vendor, waiting).await?;
        let acts = older.into_iter().filter(|other| {
            other.phase != Phase::Waiting.as_str() || other.driven_until.is_some_and(|until| until > now)
        });
        Ok(acts.map(|other| other.app).collect())
    }

    /// Goes on with the outstanding action of an app. An effect may have been sent by an earlier driver, which was killed
    /// before it stored the result: what is open is settled first, and what is done is not sent again.
    async fn resume(&mut self, live: Live, batch: &mut Batch) -> Result<Option<Duration>> {
        let recorded = self.recorded(&live).await;
        crash_points::reach("resume.recorded", &live.row.progress.phase);
        match recorded {
            Ok(Some(Recorded::Open(intent))) => {
                let policy = self.policy(&live)?;
                let Some(action) = live.state.action(&live.target, policy) else { return Ok(None) };
                let app = self.inner.platform(live.row.vendor)?.authorizer(live.row.app.clone());
                let lease = Arc::clone(&self.lease);
                let settling = async move {
                    let settled = lease.reading(app.settle(&intent)).await;
                    settled.map_or(Finished::Late, Finished::Settled)
                };
                self.spawn(live, action, 0, settling);
                Ok(None)
            }
            Ok(Some(Recorded::Settled(earlier))) if earlier.settled.outcome == Outcome::Done => {
                let performed = Input::Performed(Box::new(Performed::from(earlier)));
                self.take(live, None, performed, batch)?;
                Ok(None)
            }
            Ok(_) => self.begin(live).await,
            Err(error) => {
                let (rollout, app) = (&self.record.name, &live.row.app);
                tracing::error!(rollout, %app, %error, "whether an effect took place cannot be read");
                let later = self.inner.clock.now().after(UNREADABLE);
                self.postpone(live, Some(later), batch);
                Ok(None)
            }
        }
    }

    /// Returns what the journal keeps of the outstanding effect of an app.
    pub(super) async fn recorded(&self, live: &Live) -> Result<Option<Recorded>> {
        let policy = self.policy(live)?;
        let Some(Action::Effect(command)) = live.state.action(&live.target, policy) else { return Ok(None) };
        let Some(issued_at) = live.issued_at else { return Ok(None) };
        let app = self.inner.platform(live.row.vendor)?.authorizer(live.row.app.clone());
        app.recorded(&command, issued_at).await
    }

    /// Begins the outstanding action of an app, unless something holds it back. Returns how long the rate wants to
    /// wait.
    pub(super) async fn begin(&mut self, live: Live) -> Result<Option<Duration>> {
        let policy = self.policy(&live)?;
        let Some(action) = live.state.action(&live.target, policy) else { return Ok(None) };
        let (vendor, class, now) = (live.row.vendor, action.class(), self.inner.clock.now());
        let opens = policy.windows.next_open(now);
        if self.control.holds(class) {
            return self.held(live, None).await;
        }
        if class == Class::Release && opens > now {
            return self.held(live, Some(opens)).await;
        }
        let app = self.inner.platform(vendor)?.authorizer(live.row.app.clone());
        let Some(pace) = self.paces.get_mut(&vendor) else { return Ok(None) };
        if pace.room(now) == 0 {
            return Ok(None);
        }
        // A gate sends nothing to the vendor.
        let paid = u64::from(class != Class::Gate);
        if paid > 0
            && let Err(early) = pace.check()
        {
            return Ok(Some(early));
        }
        if class == Class::Submission {
            match pace.take_slot(now) {
                Slot::Taken => {}
                Slot::Asked => return Ok(None),
                Slot::Wait(until) => return self.held(live, Some(until)).await,
                Slot::Ask => {
                    let lease = Arc::clone(&self.lease);
                    let quota = async move {
                        let quota = lease.reading(app.audit_quota()).await;
                        quota.map_or(Finished::Late, |quota| Finished::Quota(quota.ok()))
                    };
                    self.spawn(live, action, paid, quota);
                    return Ok(None);
                }
            }
        }
        self.carry_out(live, action, paid, app);
        Ok(None)
    }

    /// Goes on with a submission once the audit quota has been asked for.
    pub(super) async fn submit(&mut self, live: Live, quota: Option<&AuditQuota>) -> Result<()> {
        let (vendor, now, policy) = (live.row.vendor, self.inner.clock.now(), self.policy(&live)?);
        let action = live.state.action(&live.target, policy);
        if let Some(quota) = quota {
            self.control.learn_quota(vendor, quota, now);
            self.changed = true;
        }
        let Some(pace) = self.paces.get_mut(&vendor) else { return Ok(()) };
        let slot = pace.take_slot_of(quota, now);
        match (slot, action) {
            // A person may have decided something else meanwhile.
            (Slot::Taken, Some(action))
                if action.class() == Class::Submission && !self.control.holds(Class::Submission) =>
            {
                let app = self.inner.platform(vendor)?.authorizer(live.row.app.clone());
                self.carry_out(live, action, 0, app);
            }
            (Slot::Wait(until), Some(_)) => drop(self.held(live, Some(until)).await?),
            // The row is due.
            _ => {}
        }
        Ok(())
    }

    fn carry_out(&mut self, live: Live, action: Action, paid: u64, app: Box<dyn MiniProgram>) {
        let job = Job {
            rollout: self.record.name.clone(),
            app,
            target: live.target.clone(),
            action: action.clone(),
            gate: Arc::clone(&self.inner.gate),
            lease: Arc::clone(&self.lease),
        };
        let told = async move { job.carry_out().await.map_or(Finished::Late, Finished::Told) };
        self.spawn(live, action, paid, told);
    }

    /// Begins an action, or what comes before it. The rate has been asked for `paid` of its requests.
    fn spawn(
        &mut self,
        live: Live,
        action: Action,
        paid: u64,
        work: impl Future<Output = Finished> + Send + 'static,
    ) {
        if let Some(pace) = self.paces.get_mut(&live.row.vendor) {
            pace.begin();
        }
        let (id, issued_at) = (live.row.id, live.issued_at);
        let (clock, mut busy) = (Arc::clone(&self.inner.clock), self.inner.clock.enter());
        let is_gate = matches!(action, Action::Gate { .. });
        let step = step_of(&action);
        let work = async move {
            crash_points::reach("action.begun", step);
            let finished = work.await;
            crash_points::reach("action.finished", step);
            finished
        };
        self.tasks.spawn(async move {
            // Nothing else marks that a gate is being asked.
            let (finished, sent) = if is_gate {
                (AssertUnwindSafe(work).catch_unwind().await, 0)
            } else {
                counted(AssertUnwindSafe(handed_over(&*clock, &mut busy, work)).catch_unwind()).await
            };
            (Done { id, finished: finished.unwrap_or(Finished::Panicked), sent }, busy)
        });
        self.running.insert(id, (live, InProgress { action, issued_at, paid }));
    }

    /// Lets an app wait with its action: until a time, or until a person decides.
    async fn held(&mut self, live: Live, until: Option<Timestamp>) -> Result<Option<Duration>> {
        let mut batch = Batch::default();
        self.postpone(live, until, &mut batch);
        if batch.has_steps() {
            Box::pin(self.store(batch)).await?;
        }
        Ok(None)
    }
}

/// What an action is called at a crash point.
const fn step_of(action: &Action) -> &'static str {
    match action {
        Action::Effect(command) => command.operation().as_str(),
        other => other.class().as_str(),
    }
}

/// Awaits calls that mark themselves as busy, one after the other. The caller's mark counts while they are polled and
/// once they are done, not in between: no moment is without a mark, and none of a pause has two.
pub(super) async fn handed_over<F: Future>(clock: &dyn Clock, busy: &mut Busy, calls: F) -> F::Output {
    let mut calls = pin!(calls);
    poll_fn(|context| {
        *busy = clock.enter();
        let polled = calls.as_mut().poll(context);
        if polled.is_pending() {
            *busy = Busy::unmarked();
        }
        polled
    })
    .await
}
