//! Takes inputs in, and stores what follows.

use miniprogram_core::{Result, Timestamp, crash_points};
use miniprogram_store::rollouts::{AppStep, ControlStep, RolloutApp, Steps};

use super::super::carry_out;
use super::super::live::{Live, entry, progress};
use super::super::notice::Notice;
use super::{Done, Driver, Finished, InProgress};
use crate::machine::{Answer, Input, Note, Performed, Trouble, step};

/// How long an action that panicked is left alone.
const AFTER_A_PANIC: std::time::Duration = std::time::Duration::from_secs(300);

/// What one write consists of, and the apps that it is about.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) steps: Steps,
    apps: Vec<Stepped>,
}

/// An app whose step waits to be stored.
struct Stepped {
    live: Live,
    /// Whether the step issued an action.
    issued: bool,
    /// The action that is in progress meanwhile.
    running: Option<InProgress>,
}

impl Batch {
    pub(super) fn has_steps(&self) -> bool {
        !self.apps.is_empty()
    }
}

impl Driver<'_> {
    /// An app as its row says. None if the row is of another version: it is set aside, and all others go on.
    pub(super) fn live(&self, row: RolloutApp) -> Option<Live> {
        let place = self.plan.place_of(&self.places, row.vendor, &row.app)?;
        let planned = self.plan.app_at(place)?;
        let app = row.app.clone();
        match Live::read(row, &planned) {
            Ok(live) => Some(live),
            Err(error) => {
                tracing::error!(rollout = self.record.name, %app, %error, "an app is set aside");
                None
            }
        }
    }

    /// Takes one input in. `running` is the action of the app that is in progress.
    pub(super) fn take(
        &mut self,
        live: Live,
        running: Option<InProgress>,
        input: Input,
        batch: &mut Batch,
    ) -> Result<()> {
        self.take_all(live, running, [Some(input), None], batch)
    }

    /// Takes inputs in, one after the other, in one write.
    pub(super) fn take_all(
        &mut self,
        mut live: Live,
        running: Option<InProgress>,
        inputs: [Option<Input>; 2],
        batch: &mut Batch,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        let (mut entries, mut issued) = (Vec::new(), false);
        for input in inputs.into_iter().flatten() {
            let policy = self.policy(&live)?;
            let delay = policy.delay;
            let stepped = step(&live.state, input, now, &live.target, policy);
            let unchanged = stepped.ignored().is_some() && stepped.state == live.state;
            // The result of a call and the order of a person are evidence, even where they change nothing.
            if !unchanged
                || matches!(stepped.entry.input, Input::Performed(_) | Input::Ordered(_) | Input::Gated(_))
            {
                entries.push(entry(&stepped.entry)?);
            }
            if let Some(need) = stepped.needs() {
                let (vendor, app_id) = (live.row.vendor, live.row.app.clone());
                self.notices.push(Notice::Needs { vendor, app_id, need });
            }
            let opened = stepped.state.audit().is_some_and(|audit| live.state.audit() != Some(audit));
            let delayed = stepped.entry.notes.contains(&Note::Delayed);
            if opened || delayed {
                let learned = self.control.learned.entry(live.row.vendor).or_default();
                learned.submitted += u64::from(opened);
                learned.delayed += u64::from(delayed);
                self.changed = true;
            }
            if delayed {
                self.delayed(delay);
            }
            if stepped.action.is_some() {
                (issued, live.issued_at) = (true, Some(now));
            } else if !stepped.state.busy {
                (issued, live.issued_at) = (false, None);
            }
            live.state = stepped.state;
        }
        let next = progress(&live.state, &live.correction, live.issued_at, Some(now))?;
        if entries.is_empty() && next == live.row.progress {
            if let Some(running) = running {
                self.running.insert(live.row.id, (live, running));
            }
            return Ok(());
        }
        batch.steps.apps.push(AppStep::of(&live.row, next.clone(), entries));
        self.count(&live, &next.phase);
        live.row.progress = next;
        batch.apps.push(Stepped { live, issued, running });
        Ok(())
    }

    /// Changes when an app is looked at again, and nothing else.
    pub(super) fn postpone(&mut self, mut live: Live, until: Option<Timestamp>, batch: &mut Batch) {
        if live.row.progress.due_at == until {
            return;
        }
        let next = live.row.progress.clone().due_at(until);
        batch.steps.apps.push(AppStep::of(&live.row, next.clone(), Vec::new()));
        live.row.progress = next;
        batch.apps.push(Stepped { live, issued: false, running: None });
    }

    fn count(&mut self, live: &Live, to: &str) {
        let from = live.row.progress.phase.as_str();
        if from != to {
            let counts = self.counts.entry(live.row.wave).or_default();
            if let Some(count) = counts.get_mut(from) {
                *count = count.saturating_sub(1);
            }
            *counts.entry(to.to_owned()).or_default() += 1;
        }
    }

    /// Stores a batch with what has been decided about the whole, and starts the actions that its steps issued.
    pub(super) async fn store(&mut self, mut batch: Batch) -> Result<()> {
        if self.changed {
            let control = self.control.sealed()?;
            batch.steps.control = Some(ControlStep::of(&self.record, control, Vec::new()));
        }
        let decided = batch.steps.control.is_some();
        let reach = |point, apps: &[Stepped]| {
            apps.iter().for_each(|app| crash_points::reach(point, &app.live.row.progress.phase));
            if decided {
                crash_points::reach(point, "control");
            }
        };
        reach("steps.decided", &batch.apps);
        self.inner.store.commit_steps(&self.drive, batch.steps, self.inner.clock.now()).await?;
        reach("steps.stored", &batch.apps);
        if decided {
            self.record.version += 1;
            self.changed = false;
        }
        for Stepped { mut live, issued, running } in batch.apps {
            live.row.version += 1;
            match running {
                Some(running) => drop(self.running.insert(live.row.id, (live, running))),
                // If there is no room for it, its row is due.
                None if issued => drop(self.begin(live).await?),
                None => {}
            }
        }
        Ok(())
    }

    /// Stores that the rollout has ended.
    pub(super) async fn end(&mut self) -> Result<()> {
        let step = ControlStep::of(&self.record, self.control.sealed()?, Vec::new()).with_ended(true);
        let mut steps = Steps::default();
        steps.control = Some(step);
        crash_points::reach("end.decided", "end");
        self.inner.store.commit_steps(&self.drive, steps, self.inner.clock.now()).await?;
        crash_points::reach("end.stored", "end");
        self.notices.push(Notice::Ended);
        self.tell().await;
        Ok(())
    }

    /// Takes the results of actions in.
    pub(super) async fn finish(&mut self, results: Vec<Done>) -> Result<()> {
        let now = self.inner.clock.now();
        let mut batch = Batch::default();
        let (mut quotas, mut open) = (Vec::new(), Vec::new());
        for Done { id, finished, sent } in results {
            if let Finished::Missed(vendor, missed) = finished {
                self.missed(vendor, missed, sent).await?;
                continue;
            }
            let Some((live, InProgress { action, issued_at, paid })) = self.running.remove(&id) else {
                continue;
            };
            if let Some(pace) = self.paces.get_mut(&live.row.vendor) {
                pace.end();
                pace.charge(sent.saturating_sub(paid));
                if matches!(finished, Finished::Panicked | Finished::Late) {
                    pace.forget_quota();
                }
                if let Finished::Told(input) = &finished
                    && let Some(trouble) = trouble_of(input)
                {
                    pace.learn(trouble, now);
                }
            }
            let input = match finished {
                Finished::Told(input) => Some(input),
                Finished::Panicked => carry_out::after_a_panic(&action),
                Finished::Quota(quota) => {
                    quotas.push((live, quota));
                    continue;
                }
                // The row is due: what the journal keeps now is taken in.
                Finished::Settled(Ok(_)) | Finished::Missed(..) | Finished::Late => continue,
                // The effect itself settles it, and what comes of that is told.
                Finished::Settled(Err(_)) => {
                    open.push(live);
                    continue;
                }
            };
            match input {
                // A read that was begun for something else than what is outstanding now. The row is due.
                Some(Input::Answered(_) | Input::Gated(_)) if live.issued_at != issued_at => {}
                Some(input) => self.take(live, None, input, &mut batch)?,
                None => self.postpone(live, Some(now.after(AFTER_A_PANIC)), &mut batch),
            }
        }
        self.store(batch).await?;
        for (live, quota) in quotas {
            self.submit(live, quota.as_ref()).await?;
        }
        for live in open {
            self.begin(live).await?;
        }
        Ok(())
    }
}

fn trouble_of(input: &Input) -> Option<&Trouble> {
    match input {
        Input::Performed(performed) => match &**performed {
            Performed::Failed { trouble, .. } => Some(trouble),
            Performed::Done { .. } => None,
        },
        Input::Answered(answer) => match &**answer {
            Answer::Failed(trouble) => Some(trouble),
            _ => None,
        },
        _ => None,
    }
}
