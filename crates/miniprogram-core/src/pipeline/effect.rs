use async_trait::async_trait;
use serde_json::Value;

use super::settle::{Answer, Settling};
use super::{Call, Op, Pipeline, Reply};
use crate::effect::{Effect, EffectValue, Evidence};
use crate::error::{Error, Outcome, Result, Retry};
use crate::id::AppId;
use crate::intent::{Command, Intent, Settled};

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
    /// The state is neither that before nor that after: somebody else, or the vendor, was there first.
    Conflict(Error),
    /// No query tells.
    Unknowable,
}

/// What a definite refusal says after an earlier attempt with an unknown outcome.
#[derive(Debug)]
pub enum AfterRefusal {
    /// "Done already": the earlier attempt did it.
    Done(EffectValue),
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
    /// # Errors
    /// With outcome `not_sent` or `not_done` nothing happened. With `unknown` the vendor could not be asked; the next
    /// effect on this app, or [`settle`](Self::settle), will ask first.
    pub async fn effect(
        &self,
        app: &AppId,
        source: &dyn EffectSource,
        command: Command,
    ) -> Result<Effect<EffectValue>> {
        let operation = command.operation().as_str();
        let plan = source.effect_plan(&command)?;
        let mut gate = self.0.gates.pass(app).await;
        let mut op = Op::begin(self, app, operation);
        self.settle_earlier(&mut gate, &mut op, source).await?;
        let before = plan.before(&mut op).await.map_err(|error| {
            // Whatever a read before the effect brought: the effect itself was not sent.
            error.with_operation(operation).with_outcome(Outcome::NotSent)
        })?;
        let mut intent = Intent::new(self.vendor(), app.clone(), command, before, op.now());
        let mut withdrawal = None;
        let mut unknown_before = false;
        let limit = match plan.class() {
            EffectClass::OneShot => self.0.max_attempts.min(2),
            EffectClass::Set | EffectClass::Guarded => self.0.max_attempts,
        };
        loop {
            let call = plan.request(&intent.before).map_err(|error| error.with_outcome(Outcome::NotSent))?;
            intent.started_at = op.now();
            self.0.journal.open(&intent).await?;
            gate.open(&intent);
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
                    self.close(&mut gate, &intent, &Settled::done(value.clone(), Evidence::Answered)).await;
                    return Ok(Effect::new(value, Evidence::Answered, op.sent).with_request_id(request_id));
                }
                Err(error) => error.with_operation(operation).with_attempts(op.sent),
            };
            let done = |value: EffectValue, evidence: Evidence, op: &Op<'_>, error: &Error| {
                Effect::new(value, evidence, op.sent).with_request_id(error.request_id().map(str::to_owned))
            };
            let settled = if error.outcome() == Outcome::Unknown {
                unknown_before = true;
                let settling = Settling { plan: &*plan, intent: &intent, ended_at };
                settling.wait_and_look(&mut op).await
            } else if unknown_before && error.outcome() == Outcome::NotDone {
                match plan.after_refusal(&intent, &error) {
                    AfterRefusal::Done(value) => Answer::Done(value, Evidence::Inferred),
                    AfterRefusal::Refused => Answer::NotDone,
                    AfterRefusal::Ask => {
                        Settling { plan: &*plan, intent: &intent, ended_at }.look_once(&mut op).await
                    }
                }
            } else {
                Answer::NotDone
            };
            let (error, may_send_again) = match settled {
                Answer::Done(value, evidence) => {
                    self.close(&mut gate, &intent, &Settled::done(value.clone(), evidence)).await;
                    return Ok(done(value, evidence, &op, &error));
                }
                Answer::NotDone => {
                    let settled_now = error.outcome() == Outcome::Unknown;
                    let again = settled_now || error.retry() == Retry::Backoff;
                    let outcome = if settled_now { Outcome::NotDone } else { error.outcome() };
                    (error.with_outcome(outcome), again)
                }
                Answer::Conflict(conflict) => {
                    self.close(&mut gate, &intent, &Settled::not_done(Evidence::Asked)).await;
                    return Err(conflict
                        .with_operation(operation)
                        .with_outcome(Outcome::NotDone)
                        .with_attempts(op.sent));
                }
                Answer::Unknowable => {
                    let again = plan.class() != EffectClass::OneShot;
                    (error.with_outcome(Outcome::Unknown), again)
                }
                // The journal and the gate keep the intent: it has to be settled before anything else is sent.
                Answer::Failed => return Err(error.with_outcome(Outcome::Unknown)),
            };
            let attempts_left = may_send_again && intent.attempt < limit;
            let Some((pause, taken)) =
                attempts_left.then(|| op.may_repeat(intent.attempt, &call, &error)).flatten()
            else {
                if error.outcome() != Outcome::Unknown {
                    self.close(&mut gate, &intent, &Settled::not_done(Evidence::Asked)).await;
                }
                return Err(error);
            };
            tracing::debug!(vendor = %self.vendor(), %app, operation, attempt = intent.attempt, %error, "nothing happened: sending again");
            op.pause(pause).await;
            withdrawal = Some(taken);
            intent.attempt += 1;
        }
    }

    pub(super) async fn close(&self, gate: &mut super::gate::Gate, intent: &Intent, settled: &Settled) {
        gate.close();
        if let Err(error) = self.0.journal.close(intent, settled).await {
            tracing::error!(vendor = %self.vendor(), app = %intent.app, operation = %intent.operation, %error, "the outcome could not be written down; it will be settled again");
        }
    }
}
