//! Acts on what other processes have said, for one app or for all of them.

use std::collections::HashSet;

use miniprogram_core::{AppId, Result, Vendor, crash_points};
use miniprogram_store::rollouts::RolloutFilter;

use super::super::PAGE;
use super::super::control::What;
use super::super::live::Live;
use super::super::signal::Told;
use super::super::status::Mode;
use super::steps::Batch;
use super::{Driver, InProgress};
use crate::machine::{Input, Order, Ordered, Phase, step};

impl Driver<'_> {
    /// Acts on the signals that wait, each together with its removal.
    pub(super) async fn take_signals(&mut self) -> Result<()> {
        loop {
            let signals = self.inner.store.signals(self.record.id, PAGE as u32).await?;
            if signals.is_empty() {
                return Ok(());
            }
            crash_points::reach("signals.read", "signals");
            let mut batch = Batch::default();
            // An app is told one thing at a time: the next is decided on what is stored by then.
            let mut told_apps = HashSet::new();
            for signal in signals {
                if signal.app.as_ref().is_some_and(|app| !told_apps.insert(app.clone())) {
                    self.store(std::mem::take(&mut batch)).await?;
                    told_apps = signal.app.iter().cloned().collect();
                }
                batch.steps.signals.push(signal.id);
                match (signal.app, Told::read(&signal.signal)) {
                    (None, Some(Told::Ordered(ordered))) => self.ordered(ordered),
                    (Some((vendor, app)), Some(told)) => {
                        if let Some((live, running)) = self.find(vendor, app).await? {
                            self.told(live, running, told, &mut batch).await?;
                        }
                    }
                    _ => {
                        tracing::error!(rollout = self.record.name, id = signal.id, "a signal cannot be read")
                    }
                }
            }
            self.store(batch).await?;
            crash_points::reach("signals.stored", "signals");
        }
    }

    /// An app, and its action that is in progress.
    async fn find(&mut self, vendor: Vendor, app: AppId) -> Result<Option<(Live, Option<InProgress>)>> {
        let running =
            self.running.iter().find(|(_, (live, _))| live.row.vendor == vendor && live.row.app == app);
        if let Some((live, running)) = running.map(|(id, _)| *id).and_then(|id| self.running.remove(&id)) {
            return Ok(Some((live, Some(running))));
        }
        let filter = RolloutFilter::new(1).of_vendor(Some(vendor)).of_app(Some(app));
        let row = self.inner.store.rollout_apps(self.record.id, &filter).await?.apps.pop();
        Ok(row.and_then(|row| self.live(row)).map(|live| (live, None)))
    }

    async fn told(
        &mut self,
        mut live: Live,
        running: Option<InProgress>,
        told: Told,
        batch: &mut Batch,
    ) -> Result<()> {
        let mut uncorrected = None;
        let input = match told {
            Told::Ordered(ordered) => Input::Ordered(Box::new(ordered)),
            Told::Retry { by, correction } => {
                uncorrected = Some((live.target.clone(), live.correction.clone()));
                let corrected = live.correct(correction);
                Input::Ordered(Box::new(Ordered::new(by, Order::Retry(corrected))))
            }
            Told::Woken(wake) => Input::Woken(Box::new(wake)),
            Told::Revoked => Input::Revoked,
            Told::Superseded { rollout } => Input::Superseded { rollout },
        };
        let may_recall = matches!(input, Input::Ordered(_) | Input::Superseded { .. });
        let recalled = if may_recall { self.recalled(&live, running.as_ref()).await } else { None };
        // An order that the machine does not take corrects nothing.
        if let Some((target, correction)) = uncorrected
            && !self.takes(&live, [recalled.as_ref(), Some(&input)])?
        {
            (live.target, live.correction) = (target, correction);
        }
        self.take_all(live, running, [recalled, Some(input)], batch)
    }

    /// Whether the machine takes the last of these inputs.
    fn takes(&self, live: &Live, inputs: [Option<&Input>; 2]) -> Result<bool> {
        let (now, policy) = (self.inner.clock.now(), self.policy(live)?);
        let (mut state, mut taken) = (live.state.clone(), false);
        for input in inputs.into_iter().flatten() {
            let stepped = step(&state, input.clone(), now, &live.target, policy);
            taken = stepped.ignored().is_none();
            state = stepped.state;
        }
        Ok(taken)
    }

    /// The withdrawal of an outstanding effect that was certainly not sent, so that an order need not wait for it: it was
    /// held back, and the journal does not know it.
    async fn recalled(&self, live: &Live, running: Option<&InProgress>) -> Option<Input> {
        let is_effect = live.state.busy && live.state.phase.is_effect();
        if !is_effect || running.is_some() {
            return None;
        }
        matches!(self.recorded(live).await, Ok(None)).then_some(Input::Recalled)
    }

    /// An order to the rollout as a whole.
    fn ordered(&mut self, ordered: Ordered) {
        self.changed = true;
        match ordered.order {
            Order::Pause => self.control.mode = Mode::Paused,
            Order::Resume => {
                self.control.mode = Mode::Running;
                self.control.submissions_held = false;
                if let Some(halt) = self.control.halt.take() {
                    // More apps may have ended badly since it halted.
                    self.control.forgiven = halt.bad.max(self.bad_ends());
                }
                self.control.add(What::Wake);
            }
            Order::Abort | Order::Skip | Order::RollBack => {
                self.control.mode = Mode::Running;
                self.control.closed = true;
                self.control.add(What::Order(ordered));
                self.control.add(What::Wake);
            }
            _ => self.control.add(What::Order(ordered)),
        }
    }

    /// Tells one page of apps what is waiting for them, and remembers how far it came.
    pub(super) async fn work(&mut self) -> Result<()> {
        let Some(mut work) = self.control.work.first().cloned() else { return Ok(()) };
        let filter = RolloutFilter::new(PAGE as u32).after(work.after);
        let filter = match &work.what {
            What::Open { wave } => filter.of_wave(Some(*wave)),
            _ => filter,
        };
        let page = self.inner.store.rollout_apps(self.record.id, &filter).await?;
        crash_points::reach("work.read", work.what.as_str());
        let mut batch = Batch::default();
        let what = work.what.as_str();
        for row in page.apps {
            let (live, running) = match self.running.remove(&row.id) {
                Some((live, running)) => (live, Some(running)),
                None => match self.live(row) {
                    Some(live) => (live, None),
                    None => continue,
                },
            };
            match (&work.what, running) {
                (What::Order(ordered), running) => {
                    let recalled = self.recalled(&live, running.as_ref()).await;
                    let ordered = Input::Ordered(Box::new(ordered.clone()));
                    self.take_all(live, running, [recalled, Some(ordered)], &mut batch)?;
                }
                (_, Some(running)) => drop(self.running.insert(live.row.id, (live, running))),
                (_, None) => self.wake(live, &mut batch),
            }
        }
        match page.next {
            Some(next) => {
                work.after = next;
                self.control.work[0] = work;
            }
            None => drop(self.control.work.remove(0)),
        }
        self.changed = true;
        self.store(batch).await?;
        crash_points::reach("work.stored", what);
        Ok(())
    }

    /// Makes an app due whose wave is open, or whose action was held back.
    fn wake(&mut self, live: Live, batch: &mut Batch) {
        let may_begin = self.control.wave.is_some_and(|wave| live.row.wave <= wave);
        let waits = live.state.busy || (live.state.phase == Phase::Waiting && may_begin);
        if waits && live.row.progress.due_at.is_none() {
            let now = self.inner.clock.now();
            self.postpone(live, Some(now), batch);
        }
    }
}
