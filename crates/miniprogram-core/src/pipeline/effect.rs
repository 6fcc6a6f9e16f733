//! The loop of one effect: record it, send it, determine its outcome, perhaps send it again.

use tracing::Instrument as _;

use super::course::{Ask, Course, Next};
use super::gate::Gate;
use super::plan::{EffectClass, EffectPlan, EffectSource, Repeat};
use super::settle::{Answer, Settling};
use super::{Op, Pipeline};
use crate::advice::Advice;
use crate::command::Command;
use crate::command::EffectValue;
use crate::crash_points;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::SubjectRef;
use crate::intent::{EarlierEffect, Intent, Settled};
use crate::outcome::Evidence;
use crate::outcome::Outcome;
use crate::permit::Permit;
use crate::time::Timestamp;

const INDETERMINATE_REPEAT: Advice = Advice::new(
    "read the current state, then repeat the call if it is still wanted; the earlier effect is settled",
    "上一次操作的结果已确认；请先查询当前状态，确有需要再重新发起",
);

impl Pipeline {
    /// Performs an effect on an app, or on the platform itself: at most once, and with a known outcome whenever
    /// the vendor can be queried.
    ///
    /// An effect that an earlier call left open is settled first. If it is the same command, its result is this
    /// call's result and nothing is sent; otherwise the result or the error reports its outcome.
    ///
    /// # Errors
    /// With outcome `not_sent` or `not_done` nothing happened. With `unknown` the vendor could not be queried,
    /// and the error holds the intent; the next effect on this subject, or [`settle`](Self::settle), will query
    /// it first.
    pub async fn effect<'a>(
        &'a self,
        subject: impl Into<SubjectRef<'a>>,
        source: &dyn EffectSource,
        command: Command,
    ) -> Result<Effect<EffectValue>> {
        self.effect_while(subject, source, command, Permit::new(&|| true)).await
    }

    /// Performs an effect like [`effect`](Self::effect), for as long as a permit is held. It is asked before the intent
    /// is recorded, and right before each request of the effect.
    ///
    /// # Errors
    /// [`Cancelled`](ErrorKind::Cancelled) if the permit is no longer held; the errors of [`effect`](Self::effect).
    pub async fn effect_while<'a>(
        &'a self,
        subject: impl Into<SubjectRef<'a>>,
        source: &dyn EffectSource,
        command: Command,
        permit: Permit<'_>,
    ) -> Result<Effect<EffectValue>> {
        let subject = subject.into();
        let plan = self.plan_of(source, &command)?;
        let mut gate = self.0.gates.pass(&subject.to_id(), self.clock().now()).await;
        let mut op = Op::begin(self, subject, command.operation().as_str());
        let span = op.watched.span.clone();
        let effect =
            self.settle_and_perform(&mut gate, &mut op, source, &*plan, command, permit).instrument(span);
        let result = effect.await;
        op.watched.effect_ended(subject, &result);
        result
    }

    async fn settle_and_perform(
        &self,
        gate: &mut Gate,
        op: &mut Op<'_>,
        source: &dyn EffectSource,
        plan: &dyn EffectPlan,
        command: Command,
        permit: Permit<'_>,
    ) -> Result<Effect<EffectValue>> {
        let Some((earlier, repeat)) = self.settle_earlier(gate, op, source, &command, plan).await? else {
            return self.perform(gate, op, plan, command, permit).await;
        };
        match repeat {
            Repeat::Same => {
                let EarlierEffect { intent, settled } = earlier;
                Ok(Effect::new(settled.value, settled.evidence, intent.attempt))
            }
            Repeat::New => match self.perform(gate, op, plan, command, permit).await {
                Ok(effect) => Ok(effect.with_earlier(earlier)),
                Err(error) => Err(error.with_earlier(earlier)),
            },
            Repeat::Indeterminate(why) => Err(Error::new(ErrorKind::Conflict, op.operation())
                .for_vendor(self.vendor())
                .with_detail(format!("an earlier call with the same arguments took effect, and whether this one repeats it is indeterminate: {why}"))
                .with_translated_advice(INDETERMINATE_REPEAT)
                .with_earlier(earlier)),
        }
    }

    /// Sends an effect and settles it. The gate must hold no open effect.
    async fn perform(
        &self,
        gate: &mut Gate,
        op: &mut Op<'_>,
        plan: &dyn EffectPlan,
        command: Command,
        permit: Permit<'_>,
    ) -> Result<Effect<EffectValue>> {
        let operation = op.operation();
        let quiet = gate.quiet_until().map(|until| until.since(op.now())).unwrap_or_default();
        if !quiet.is_zero() {
            op.extend(quiet);
            op.pause(quiet).await;
        }
        let before = plan.before(op).await.map_err(|error| {
            // Whatever error a read before the effect returned: the effect itself was not sent.
            self.stamp(error).with_operation(operation).with_outcome(Outcome::NotSent)
        })?;
        let mut intent = Intent::new(self.vendor(), op.subject.to_id(), command, before, op.now());
        let mut course = Course::new(plan.class());
        let mut withdrawal = None;
        loop {
            let call = plan
                .request(&intent.before)
                .map_err(|error| self.stamp(error).with_outcome(course.so_far()))?;
            if let Err(cancelled) = op.permitted(permit) {
                let cancelled = cancelled.with_outcome(course.so_far()).with_attempts(op.sent);
                // What was never opened is not closed.
                if intent.attempt == 1 {
                    return Err(cancelled);
                }
                return Err(self.failed(gate, intent, cancelled).await);
            }
            intent.started_at = op.now();
            crash_points::reach("effect.begun", operation);
            self.open(gate, &intent, course)
                .await
                .map_err(|error| error.with_operation(operation).with_attempts(op.sent))?;
            crash_points::reach("effect.opened", operation);
            let mut sent = op.sent;
            let attempted = op.attempt_while(&call, intent.attempt, &mut sent, Some(permit)).await;
            op.sent = sent;
            crash_points::reach("effect.answered", operation);
            let answered = attempted.and_then(|reply| {
                let value = plan.value(&intent.before, &reply).map_err(|error| self.stamp(error))?;
                Ok((value, reply.request_id))
            });
            let ended_at = op.now();
            let error = match answered {
                Ok((value, request_id)) => {
                    self.0.budget.succeeded(withdrawal);
                    let value = plan.complete(op, &intent.before, value).await;
                    self.close(gate, &intent, &Settled::done(value.clone(), Evidence::Answered)).await;
                    return Ok(Effect::new(value, Evidence::Answered, op.sent).with_request_id(request_id));
                }
                Err(error) => error.with_operation(operation).with_attempts(op.sent),
            };

            let request_id = error.request_id().map(str::to_owned);
            let settling = Settling { plan, intent: &intent, ended_at };
            let answer = match course.ask(&error) {
                Ask::WaitAndLook => settling.wait_and_look(op).await,
                Ask::AfterRefusal => settling.after_refusal(op, &error).await,
                Ask::Nothing => Answer::NotDone,
            };
            let (error, may_repeat) = match course.judge(answer, error) {
                Next::Done(value, evidence) => {
                    self.quiet_after(gate, plan, ended_at);
                    self.close(gate, &intent, &Settled::done(value.clone(), evidence)).await;
                    return Ok(Effect::new(value, evidence, op.sent).with_request_id(request_id));
                }
                Next::MayRepeat(error) => (error, intent.attempt < course.limit(self.0.max_attempts)),
                Next::Failed(error) => (error.with_attempts(op.sent), false),
            };
            let repeat = may_repeat.then(|| op.may_repeat(intent.attempt, &call, &error)).flatten();
            let Some((pause, taken)) = repeat else { return Err(self.failed(gate, intent, error).await) };
            tracing::debug!(attempt = intent.attempt, %error, "nothing happened: sending again");
            op.pause(pause).await;
            if let Err(forbidden) = plan.before_repeat(op, &intent).await {
                let outcome = if course.was_unknown() { Outcome::Unknown } else { error.outcome() };
                let forbidden = self.stamp(forbidden).with_operation(operation).with_attempts(op.sent);
                return Err(self.failed(gate, intent, forbidden.with_outcome(outcome)).await);
            }
            withdrawal = Some(taken);
            course.repeat(&error);
            intent.attempt += 1;
        }
    }

    /// Ends an effect that fails. The journal and the gate keep an open one: it is settled before anything else is
    /// sent.
    async fn failed(&self, gate: &mut Gate, intent: Intent, error: Error) -> Error {
        if error.outcome() == Outcome::Unknown {
            return error.with_intent(intent);
        }
        self.close(gate, &intent, &Settled::not_done(Evidence::Asked)).await;
        error
    }

    /// Records an attempt before it is sent. If that fails, the attempt is not sent, and what is known about
    /// earlier attempts stays.
    async fn open(&self, gate: &mut Gate, intent: &Intent, course: Course) -> Result<()> {
        // The gate comes first: if this future is dropped while the journal writes, both are left open, and both
        // are settled.
        gate.open(intent);
        let Err(error) = self.0.journal.open(intent).await else { return Ok(()) };
        let error = error.with_outcome(course.so_far());
        match course.so_far() {
            Outcome::Unknown => return Err(error.with_intent(intent.clone())),
            Outcome::NotSent => gate.close(intent),
            _ => self.close(gate, intent, &Settled::not_done(Evidence::Asked)).await,
        }
        Err(error)
    }

    /// Keeps the gate quiet after an effect that sets a state: the observed state may have been there before, so
    /// the request that was to set it can still land, and must not overtake the next one.
    pub(super) fn quiet_after(&self, gate: &mut Gate, plan: &dyn EffectPlan, ended_at: Timestamp) {
        if plan.class() == EffectClass::Set {
            gate.keep_quiet(ended_at.after(self.0.settle_time));
        }
    }

    pub(super) async fn close(&self, gate: &mut Gate, intent: &Intent, settled: &Settled) {
        crash_points::reach("effect.settled", intent.operation.as_str());
        // The gate comes last: if this future is dropped while the journal writes, the intent is left to be
        // settled again.
        if let Err(error) = self.0.journal.close(intent, settled).await {
            tracing::error!(vendor = %self.vendor(), subject = %intent.subject, operation = %intent.operation, %error, "the outcome could not be written down; it will be settled again");
        }
        crash_points::reach("effect.closed", intent.operation.as_str());
        gate.close(intent);
    }
}
