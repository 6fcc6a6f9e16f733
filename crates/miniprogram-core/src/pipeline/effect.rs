use async_trait::async_trait;
use serde_json::Value;

use super::gate::Gate;
use super::settle::{Answer, Settling};
use super::{Call, Op, Pipeline, Reply};
use crate::effect::{Effect, EffectValue, Evidence};
use crate::error::{Advice, Error, ErrorKind, Outcome, Result, Retry};
use crate::id::AppId;
use crate::intent::{Command, EarlierEffect, Intent, Settled};
use crate::time::Timestamp;

const INDETERMINATE_REPEAT: Advice = Advice::new(
    "read the present state, then repeat the call if it is still wanted; the earlier effect is settled",
    "上一次操作的结果已确认；请先查询当前状态，确有需要再重新发起",
);

/// What a repeat of an effect would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EffectClass {
    /// S: gives the same state again.
    Set,
    /// G: is refused by the vendor when it is done already.
    Guarded,
    /// O: makes a second effect, or spends an allowance.
    OneShot,
}

/// One effect of a vendor: what is read before it, what is sent, how to look afterwards.
#[async_trait]
pub trait EffectPlan: Send + Sync {
    /// What a repeat would do.
    fn class(&self) -> EffectClass;

    /// Checks the arguments and reads what has to be known before the effect: it becomes [`Intent::before`].
    ///
    /// # Errors
    /// Anything that forbids the effect; nothing has been sent then.
    async fn before(&self, _op: &mut Op<'_>) -> Result<Value> {
        Ok(Value::Null)
    }

    /// The request.
    ///
    /// # Errors
    /// If it cannot be made from what was read before.
    fn request(&self, before: &Value) -> Result<Call>;

    /// What a success brought.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if something required is missing; the outcome is unknown then.
    fn value(&self, _before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(EffectValue::None)
    }

    /// Looks once whether the effect shows. Reads only.
    ///
    /// # Errors
    /// If the state cannot be read.
    async fn look(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        Ok(Finding::Unknowable)
    }

    /// What a definite refusal says after an earlier attempt with an unknown outcome.
    fn after_refusal(&self, _intent: &Intent, _refusal: &Error) -> AfterRefusal {
        AfterRefusal::Ask
    }

    /// Whether this effect, left open where the vendor's state does not say what became of it, bars the app's next one.
    /// It does not where a repeat is harmless whatever became of it: then the next effect closes it as unknown.
    fn bars_the_next(&self) -> bool {
        self.class() != EffectClass::Set
    }

    /// Whether this command, given now, asks for the same as `intent`, which has the same arguments and was found done.
    /// Arguments such as "what is approved" or "the version before" mean another target as time goes by: such a plan
    /// compares the target that was read before the effect with the present one. Reads only.
    ///
    /// # Errors
    /// If the state cannot be read; the intent stays open then.
    async fn repeats(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<Repeat> {
        Ok(Repeat::Same)
    }
}

/// What a look at the vendor's state shows of an effect.
#[derive(Debug)]
pub enum Finding {
    /// It took place, and brought this.
    Done(EffectValue),
    /// It does not show.
    Absent,
    /// Something is on its way that may be it.
    Pending,
    /// The state is neither that before nor that after: somebody else, or the vendor, was there first. An error of
    /// outcome [`Unknown`](Outcome::Unknown) says that the effect may have taken place in between; otherwise it did
    /// not.
    Conflict(Error),
    /// The vendor answered, but the field that decides is absent, null or blank. That proves neither the state before
    /// the effect nor the state after it, so nothing is sent on it.
    Untold(&'static str),
    /// No query tells.
    Unknowable,
}

/// Whether a command asks for what an earlier effect with the same arguments has brought about.
#[derive(Debug)]
pub enum Repeat {
    /// It does: the result of the earlier effect is its result.
    Same,
    /// Its target is another one by now: it is a new effect.
    New,
    /// The vendor's state does not say; in words, which field or state leaves it open.
    Indeterminate(String),
}

/// What a definite refusal says after an earlier attempt with an unknown outcome.
#[derive(Debug)]
pub enum AfterRefusal {
    /// "Done already": the earlier attempt did it.
    Done(EffectValue),
    /// "Done already", which counts where a look at the state does not say otherwise.
    DoneUnlessShown(EffectValue),
    /// Look once more before believing it.
    Ask,
    /// What it says: nothing was done.
    Refused,
}

/// Where the plans come from: a vendor's app.
pub trait EffectSource: Send + Sync {
    /// The plan of a command.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) or [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// found without a request.
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>>;
}

impl Pipeline {
    /// Carries out an effect on an app: at most once, and with a known outcome wherever the vendor can be asked.
    ///
    /// An effect that an earlier call left open is settled first. Where it is this very command, its result is this
    /// call's result and nothing is sent; otherwise the result or the error tells what became of it.
    ///
    /// # Errors
    /// With outcome `not_sent` or `not_done` nothing happened. With `unknown` the vendor could not be asked, and the
    /// error holds the intent; the next effect on this app, or [`settle`](Self::settle), will ask first.
    pub async fn effect(
        &self,
        app: &AppId,
        source: &dyn EffectSource,
        command: Command,
    ) -> Result<Effect<EffectValue>> {
        let plan = source.effect_plan(&command)?;
        let mut gate = self.0.gates.pass(app, self.clock().now()).await;
        let mut op = Op::begin(self, app, command.operation().as_str());
        let Some((earlier, repeat)) =
            self.settle_earlier(&mut gate, &mut op, source, &command, &*plan).await?
        else {
            return self.perform(&mut gate, &mut op, &*plan, command).await;
        };
        match repeat {
            Repeat::Same => {
                let EarlierEffect { intent, settled } = earlier;
                Ok(Effect::new(settled.value, settled.evidence, intent.attempt))
            }
            Repeat::New => match self.perform(&mut gate, &mut op, &*plan, command).await {
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

    /// Sends an effect and settles it. The gate holds no open effect.
    async fn perform(
        &self,
        gate: &mut Gate,
        op: &mut Op<'_>,
        plan: &dyn EffectPlan,
        command: Command,
    ) -> Result<Effect<EffectValue>> {
        let operation = op.operation();
        let app = op.app;
        let quiet = gate.quiet_until().map(|until| until.since(op.now())).unwrap_or_default();
        if !quiet.is_zero() {
            op.extend(quiet);
            op.pause(quiet).await;
        }
        let before = plan.before(op).await.map_err(|error| {
            // Whatever a read before the effect brought: the effect itself was not sent.
            error.with_operation(operation).with_outcome(Outcome::NotSent)
        })?;
        let mut intent = Intent::new(self.vendor(), app.clone(), command, before, op.now());
        let mut withdrawal = None;
        // What is known of all attempts so far together.
        let mut so_far = Outcome::NotSent;
        let mut unknown_before = false;
        let limit = match plan.class() {
            EffectClass::OneShot => self.0.max_attempts.min(2),
            EffectClass::Set | EffectClass::Guarded => self.0.max_attempts,
        };
        loop {
            let call = plan.request(&intent.before).map_err(|error| error.with_outcome(so_far))?;
            intent.started_at = op.now();
            // The gate first: whoever drops this while the journal writes leaves both open, and both are settled.
            gate.open(&intent);
            if let Err(error) = self.0.journal.open(&intent).await {
                match so_far {
                    Outcome::Unknown => {}
                    Outcome::NotSent => gate.close(&intent),
                    _ => self.close(gate, &intent, &Settled::not_done(Evidence::Asked)).await,
                }
                let error = error.with_operation(operation).with_outcome(so_far).with_attempts(op.sent);
                return Err(match so_far {
                    Outcome::Unknown => error.with_intent(intent),
                    _ => error,
                });
            }
            let mut sent = op.sent;
            let attempted = op.attempt(&call, &mut sent).await;
            op.sent = sent;
            let answered = attempted.and_then(|reply| {
                let value = plan.value(&intent.before, &reply)?;
                Ok((value, reply.request_id))
            });
            let ended_at = op.now();
            let error = match answered {
                Ok((value, request_id)) => {
                    self.0.budget.succeeded(withdrawal);
                    self.close(gate, &intent, &Settled::done(value.clone(), Evidence::Answered)).await;
                    return Ok(Effect::new(value, Evidence::Answered, op.sent).with_request_id(request_id));
                }
                Err(error) => error.with_operation(operation).with_attempts(op.sent),
            };
            let done = |value: EffectValue, evidence: Evidence, op: &Op<'_>, error: &Error| {
                Effect::new(value, evidence, op.sent).with_request_id(error.request_id().map(str::to_owned))
            };
            let settled = if error.outcome() == Outcome::Unknown {
                unknown_before = true;
                let settling = Settling { plan, intent: &intent, ended_at };
                settling.wait_and_look(op).await
            } else if unknown_before && error.outcome() == Outcome::NotDone {
                let settling = Settling { plan, intent: &intent, ended_at };
                match plan.after_refusal(&intent, &error) {
                    AfterRefusal::Done(value) => Answer::Done(value, Evidence::Inferred),
                    AfterRefusal::DoneUnlessShown(value) => match settling.look_once(op).await {
                        Answer::Failed { .. } | Answer::Unknowable => Answer::Done(value, Evidence::Inferred),
                        shown => shown,
                    },
                    AfterRefusal::Refused => Answer::NotDone,
                    AfterRefusal::Ask => settling.look_once(op).await,
                }
            } else {
                // Of the attempts before, this one says nothing: what is known of them stays.
                Answer::NotDone
            };
            let (error, may_send_again) = match settled {
                Answer::Done(value, evidence) => {
                    self.quiet_after(gate, plan, ended_at);
                    self.close(gate, &intent, &Settled::done(value.clone(), evidence)).await;
                    return Ok(done(value, evidence, op, &error));
                }
                Answer::NotDone => {
                    let settled_now = error.outcome() == Outcome::Unknown;
                    let again = settled_now || error.retry() == Retry::Backoff;
                    let outcome = match error.outcome() {
                        Outcome::Unknown => Outcome::NotDone,
                        Outcome::NotSent => so_far,
                        known => known,
                    };
                    (error.with_outcome(outcome), again)
                }
                Answer::Conflict(conflict) => {
                    let settled = conflicting(&conflict);
                    let conflict = conflict
                        .with_operation(operation)
                        .with_outcome(settled.outcome)
                        .with_attempts(op.sent);
                    if settled.outcome == Outcome::Unknown {
                        return Err(conflict.with_intent(intent));
                    }
                    self.close(gate, &intent, &settled).await;
                    return Err(conflict);
                }
                Answer::Unknowable => {
                    let refused = error.outcome() == Outcome::NotDone;
                    let again =
                        plan.class() != EffectClass::OneShot && (!refused || error.retry() == Retry::Backoff);
                    (error.with_outcome(Outcome::Unknown), again)
                }
                // The journal and the gate keep the intent: it has to be settled before anything else is sent.
                Answer::Failed { untold } => {
                    let error = match untold {
                        Some(field) if error.detail().is_none() => error.with_detail(untold_detail(field)),
                        _ => error,
                    };
                    return Err(error.with_outcome(Outcome::Unknown).with_intent(intent));
                }
            };
            let attempts_left = may_send_again && intent.attempt < limit;
            let Some((pause, taken)) =
                attempts_left.then(|| op.may_repeat(intent.attempt, &call, &error)).flatten()
            else {
                if error.outcome() == Outcome::Unknown {
                    return Err(error.with_intent(intent));
                }
                self.close(gate, &intent, &Settled::not_done(Evidence::Asked)).await;
                return Err(error);
            };
            tracing::debug!(vendor = %self.vendor(), %app, operation, attempt = intent.attempt, %error, "nothing happened: sending again");
            op.pause(pause).await;
            withdrawal = Some(taken);
            so_far = error.outcome();
            intent.attempt += 1;
        }
    }

    /// A state that shows may have been there before: the request that was to set it can land still, and must not
    /// overtake the next one.
    pub(super) fn quiet_after(&self, gate: &mut Gate, plan: &dyn EffectPlan, ended_at: Timestamp) {
        if plan.class() == EffectClass::Set {
            gate.keep_quiet(ended_at.after(self.0.settle_time));
        }
    }

    pub(super) async fn close(&self, gate: &mut Gate, intent: &Intent, settled: &Settled) {
        // The gate last: whoever drops this while the journal writes leaves the intent to be settled again.
        if let Err(error) = self.0.journal.close(intent, settled).await {
            tracing::error!(vendor = %self.vendor(), app = %intent.app, operation = %intent.operation, %error, "the outcome could not be written down; it will be settled again");
        }
        gate.close(intent);
    }
}

/// What a conflict says of the effect.
pub(super) fn conflicting(conflict: &Error) -> Settled {
    match conflict.outcome() {
        Outcome::Unknown => Settled::unknown(),
        _ => Settled::not_done(Evidence::Asked),
    }
}

pub(super) fn untold_detail(field: &str) -> String {
    format!("the state afterwards does not tell `{field}`, so what became of it is unknown")
}
