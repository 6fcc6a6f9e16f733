use std::time::Duration;

use super::gate::Gate;
use super::plan::{AfterRefusal, EffectPlan, EffectSource, Finding, Repeat};
use super::{Op, Pipeline};
use crate::command::Command;
use crate::command::EffectValue;
use crate::crash_points;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::AppId;
use crate::id::{SubjectId, SubjectRef};
use crate::intent::{EarlierEffect, Intent, Recorded, Settled};
use crate::outcome::Evidence;
use crate::outcome::Outcome;
use crate::time::Timestamp;

/// Number of reads that must show the effect absent before it is considered absent.
const MIN_READS: u32 = 3;
/// How many settle times to wait for an effect in progress.
const MAX_SETTLE_TIMES: u32 = 6;

/// An effect with an unknown outcome.
pub(super) struct Settling<'a> {
    pub(super) plan: &'a dyn EffectPlan,
    pub(super) intent: &'a Intent,
    /// When the attempt ended: until a settle time later it may still land.
    pub(super) ended_at: Timestamp,
}

/// The result of the query.
#[derive(Debug)]
pub(super) enum Answer {
    Done(EffectValue, Evidence),
    NotDone,
    Conflict(Error),
    /// No query can reveal the outcome; the settle time is over.
    Unknowable,
    /// The vendor could not be queried, or its last response did not report this field.
    Failed {
        untold: Option<&'static str>,
    },
}

impl Settling<'_> {
    /// Probes until the effect is visible, or has not been visible for the whole settle time.
    pub(super) async fn wait_and_look(&self, op: &mut Op<'_>) -> Answer {
        op.settling = true;
        let answer = self.look_until_settled(op).await;
        op.settling = false;
        answer
    }

    async fn look_until_settled(&self, op: &mut Op<'_>) -> Answer {
        let settle_time = op.pipeline.0.settle_time;
        let settled_at = self.ended_at.after(settle_time);
        let give_up_at = op.now().max(self.ended_at).after(settle_time.saturating_mul(MAX_SETTLE_TIMES));
        // Rounded up, so that the last read falls after the settle time and not just before it.
        let pause = Duration::from_millis(1) + settle_time / MIN_READS;
        // A clock that is set back must not extend the wait beyond what was intended.
        let due = settled_at.since(op.now());
        let longest = give_up_at.since(op.now());
        let (mut looks, mut absent, mut waited) = (0, 0, Duration::ZERO);
        loop {
            looks += 1;
            let untold = match self.plan.look(op, self.intent).await {
                Ok(Finding::Done(value)) => return Answer::Done(value, Evidence::Asked),
                Ok(Finding::Conflict(error)) => return Answer::Conflict(op.pipeline.stamp(error)),
                Ok(Finding::Absent) => {
                    absent += 1;
                    None
                }
                Ok(Finding::Pending) => {
                    absent = 0;
                    None
                }
                Ok(Finding::Untold(field)) => {
                    tracing::debug!(parent: &op.watched.span, settled = %self.intent.operation, field, "the state does not say");
                    Some(field)
                }
                Ok(Finding::Unknowable) => {
                    let left = settled_at.since(op.now());
                    op.pause(left).await;
                    return Answer::Unknowable;
                }
                Err(error) => {
                    tracing::debug!(parent: &op.watched.span, settled = %self.intent.operation, %error, "the state could not be read");
                    None
                }
            };
            let now = op.now();
            if absent >= MIN_READS && (now >= settled_at || waited >= due) {
                return Answer::NotDone;
            }
            if looks >= MIN_READS && (now >= give_up_at || waited >= longest) {
                return Answer::Failed { untold };
            }
            op.pause(pause).await;
            waited = waited.saturating_add(pause);
        }
    }

    /// Probes once, after a refusal: the effect of an earlier attempt is visible by now. Waits for an effect in
    /// progress.
    pub(super) async fn look_once(&self, op: &mut Op<'_>) -> Answer {
        op.settling = true;
        let found = self.plan.look(op, self.intent).await;
        op.settling = false;
        match found {
            Ok(Finding::Done(value)) => Answer::Done(value, Evidence::Asked),
            Ok(Finding::Conflict(error)) => Answer::Conflict(op.pipeline.stamp(error)),
            Ok(Finding::Absent) => Answer::NotDone,
            Ok(Finding::Pending) => self.wait_and_look(op).await,
            Ok(Finding::Untold(field)) => Answer::Failed { untold: Some(field) },
            Ok(Finding::Unknowable) => Answer::Unknowable,
            Err(_) => Answer::Failed { untold: None },
        }
    }
}

impl Settling<'_> {
    /// Determines, after a definite refusal, whether an earlier attempt took effect.
    pub(super) async fn after_refusal(&self, op: &mut Op<'_>, refusal: &Error) -> Answer {
        match self.plan.after_refusal(self.intent, refusal) {
            AfterRefusal::Done(value) => Answer::Done(value, Evidence::Inferred),
            AfterRefusal::DoneUnlessShown(value) => match self.look_once(op).await {
                Answer::Failed { .. } | Answer::Unknowable => Answer::Done(value, Evidence::Inferred),
                shown => shown,
            },
            AfterRefusal::Ask => self.look_once(op).await,
        }
    }
}

impl Pipeline {
    /// Queries whether an intent took effect, and closes it here and in the journal. Sends no effect.
    ///
    /// # Errors
    /// With outcome `unknown` if the state cannot be read or does not reveal it; the intent stays open then.
    /// [`Config`](ErrorKind::Config) for an intent of another subject or vendor.
    pub async fn settle<'a>(
        &'a self,
        subject: impl Into<SubjectRef<'a>>,
        source: &dyn EffectSource,
        intent: &Intent,
    ) -> Result<Settled> {
        let subject = subject.into();
        self.expect_own(subject, intent, "settle")?;
        let plan = self.plan_of(source, &intent.target)?;
        let mut gate = self.0.gates.pass(&subject.to_id(), self.clock().now()).await;
        let mut op = Op::begin(self, subject, "settle");
        let settled = self.ask(&mut gate, &mut op, &*plan, intent).await?;
        crash_points::reach("settle.asked", intent.operation.as_str());
        self.close(&mut gate, intent, &settled).await;
        crash_points::reach("settle.closed", intent.operation.as_str());
        Ok(settled)
    }

    /// Closes an intent, here and in the journal, with the outcome that a person has determined. Use it if
    /// queries cannot determine the outcome. Queries and sends nothing.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for an intent of another subject or vendor, [`Store`](ErrorKind::Store) if the
    /// journal cannot be written; the intent stays open then.
    pub async fn resolve<'a>(
        &'a self,
        subject: impl Into<SubjectRef<'a>>,
        intent: &Intent,
        settled: &Settled,
    ) -> Result<()> {
        let subject = subject.into();
        self.expect_own(subject, intent, "resolve")?;
        let mut gate = self.0.gates.pass(&subject.to_id(), self.clock().now()).await;
        self.0.journal.close(intent, settled).await.map_err(|error| error.with_operation("resolve"))?;
        gate.close(intent);
        Ok(())
    }

    /// Returns the open effect of a subject, or else this very command if its outcome became known at `since` or later.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store) if the journal cannot be read.
    pub async fn recorded<'a>(
        &'a self,
        subject: impl Into<SubjectRef<'a>>,
        command: &Command,
        since: Timestamp,
    ) -> Result<Option<Recorded>> {
        let (subject, vendor) = (subject.into(), self.vendor());
        let failed = |error: Error| error.with_operation("recorded").for_vendor(vendor);
        // In this order: an intent that is closed in between is found closed.
        if let Some(intent) = self.left_behind(subject).await.map_err(failed)? {
            return Ok(Some(Recorded::Open(intent)));
        }
        let settled = self.0.journal.settled(vendor, &subject.to_id(), command, since).await;
        Ok(settled.map_err(failed)?.map(Recorded::Settled))
    }

    /// Settles the effect that an earlier call left open on this subject, and reports whether the command repeats
    /// it.
    pub(super) async fn settle_earlier(
        &self,
        gate: &mut Gate,
        op: &mut Op<'_>,
        source: &dyn EffectSource,
        command: &Command,
        plan: &dyn EffectPlan,
    ) -> Result<Option<(EarlierEffect, Repeat)>> {
        let unsent =
            |error: Error, op: &Op<'_>| error.with_operation(op.operation()).with_outcome(Outcome::NotSent);
        let intent = match gate.open_intent().cloned() {
            Some(intent) => intent,
            None => match self.left_behind(op.subject).await.map_err(|error| unsent(error, op))? {
                Some(intent) => intent,
                None => return Ok(None),
            },
        };
        let blocked = |error: Error, op: &Op<'_>| unsent(error, op).with_intent(intent.clone());
        op.extend(self.0.settle_time.saturating_mul(2));
        let earlier_plan = self.plan_of(source, &intent.target).map_err(|error| blocked(error, op))?;
        let settled = self.ask(gate, op, &*earlier_plan, &intent).await.map_err(|error| {
            let why = error.detail().unwrap_or("its state could not be read").to_owned();
            let why = format!(
                "an earlier {} of this {} has an unknown outcome: {why}",
                intent.operation,
                op.subject.kind()
            );
            blocked(error, op).with_detail(why)
        })?;
        let repeat = if settled.outcome == Outcome::Done && intent.target == *command {
            // Before the intent is closed: a caller that receives no result keeps the intent.
            plan.repeats(op, &intent).await.map_err(|error| {
                let why =
                    format!("whether this call repeats an earlier {} could not be asked", intent.operation);
                blocked(self.stamp(error), op).with_detail(why)
            })?
        } else {
            Repeat::New
        };
        tracing::info!(vendor = %self.vendor(), subject = %intent.subject, operation = %intent.operation, outcome = %settled.outcome, "settled an earlier effect");
        self.close(gate, &intent, &settled).await;
        Ok(Some((EarlierEffect { intent, settled }, repeat)))
    }

    /// The open intent of a subject in the journal. A platform's may be kept under an app of the same id.
    async fn left_behind(&self, subject: SubjectRef<'_>) -> Result<Option<Intent>> {
        let pending = self.0.journal.pending(self.vendor(), &subject.to_id()).await?;
        match (pending, subject) {
            (None, SubjectRef::Platform(own)) => {
                let as_app = SubjectId::App(AppId::from(own.as_str()));
                self.0.journal.pending(self.vendor(), &as_app).await
            }
            (pending, _) => Ok(pending),
        }
    }

    /// Asks what became of an intent. The intent stays open.
    async fn ask(
        &self,
        gate: &mut Gate,
        op: &mut Op<'_>,
        plan: &dyn EffectPlan,
        intent: &Intent,
    ) -> Result<Settled> {
        let longest = self.0.timeout.max(self.0.upload_timeout);
        let ended_at = op.now().min(intent.started_at.after(longest));
        match (Settling { plan, intent, ended_at }).wait_and_look(op).await {
            Answer::Done(value, evidence) => {
                self.quiet_after(gate, plan, ended_at);
                Ok(Settled::done(value, evidence))
            }
            Answer::NotDone => Ok(Settled::not_done(Evidence::Asked)),
            Answer::Conflict(conflict) => Ok(conflicting(&conflict)),
            Answer::Unknowable => Ok(Settled::unknown()),
            Answer::Failed { untold: Some(_) } if !plan.bars_the_next() => Ok(Settled::unknown()),
            Answer::Failed { untold } => Err(Error::new(ErrorKind::Unavailable, "settle")
                .for_vendor(self.vendor())
                .with_outcome(Outcome::Unknown)
                .with_detail(match untold {
                    Some(field) => untold_detail(field),
                    None => format!("whether {} took place could not be asked", intent.operation),
                })
                .with_intent(intent.clone())),
        }
    }

    /// Compares the ids: earlier versions recorded a platform's own intents with the platform's id as an app's.
    fn expect_own(&self, subject: SubjectRef<'_>, intent: &Intent, operation: &'static str) -> Result<()> {
        let vendor = self.vendor();
        let own = self.subject(&intent.subject).is_ok_and(|own| SubjectRef::from(&own) == subject);
        if own && intent.vendor == vendor {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, operation).for_vendor(vendor).with_field("intent").with_detail(
            format!("belongs to {} {}, not to {vendor} {subject}", intent.vendor, intent.subject),
        ))
    }
}

/// Returns what a conflict reveals about the effect.
pub(super) fn conflicting(conflict: &Error) -> Settled {
    match conflict.outcome() {
        Outcome::Unknown => Settled::unknown(),
        _ => Settled::not_done(Evidence::Asked),
    }
}

pub(super) fn untold_detail(field: &str) -> String {
    format!("the state afterwards does not report `{field}`, so what became of it is unknown")
}
