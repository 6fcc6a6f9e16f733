//! What a vendor crate says of one effect.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Call, Dialect, Op, Reply};
use crate::effect::EffectValue;
use crate::error::{Error, ErrorKind, Result};
use crate::intent::{Command, Intent, PlannedRequest};

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

    /// The requests before anything is sent. The default is the request alone, made without anything read before.
    ///
    /// # Errors
    /// If the request cannot be made.
    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.request(&Value::Null)?))
    }

    /// What a success brought.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if something required is missing; the outcome is unknown then.
    fn value(&self, _before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(EffectValue::None)
    }

    /// What the effect yields, where the vendor's answer leaves something out that a read shows. Called once, after a
    /// success that the vendor answered. Reads only; if the read fails, returns the value as it is: the effect is done
    /// all the same.
    async fn complete(&self, _op: &mut Op<'_>, _before: &Value, value: EffectValue) -> EffectValue {
        value
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

    /// Whether this effect, left open where the vendor's state does not say what became of it, bars the subject's next one.
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

/// The requests of an effect before anything is sent: the reads, then the effect.
#[derive(Debug)]
pub struct Preview {
    reads: Vec<Call>,
    effect: Call,
    /// Fields of the effect whose values a read will yield, and what that read is called.
    read: Vec<(&'static str, &'static str)>,
}

impl Preview {
    /// The effect alone.
    #[must_use]
    pub const fn new(effect: Call) -> Self {
        Self { reads: Vec::new(), effect, read: Vec::new() }
    }

    /// After one more read.
    #[must_use]
    pub fn after(mut self, read: Call) -> Self {
        self.reads.push(read);
        self
    }

    /// In which a field of the effect's query or body is known only when `from` was read. The plan shows
    /// `{"from":"<from>"}` in its place. The effect's own call has to have the field, with any value: without it, there
    /// is no plan.
    #[must_use]
    pub fn with_value_of(mut self, field: &'static str, from: &'static str) -> Self {
        self.read.push((field, from));
        self
    }

    pub(super) fn planned(&self, dialect: &dyn Dialect) -> Result<Vec<PlannedRequest>> {
        let mut planned = self.reads.iter().map(|call| call.planned(dialect)).collect::<Result<Vec<_>>>()?;
        let mut effect = self.effect.planned(dialect)?;
        for (field, from) in &self.read {
            let in_body = effect.body.as_mut().and_then(|body| body.get_mut(field));
            match in_body.or_else(|| effect.query.get_mut(*field)) {
                Some(value) => *value = json!({ "from": from }),
                None => {
                    return Err(Error::new(ErrorKind::Config, self.effect.operation.clone())
                        .with_field(*field)
                        .with_detail("is not in the request that the plan describes"));
                }
            }
        }
        planned.push(effect);
        Ok(planned)
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
    /// outcome [`Unknown`](crate::Outcome::Unknown) says that the effect may have taken place in between; otherwise it did
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
}

/// Where the plans come from: a vendor's app, or its platform.
pub trait EffectSource: Send + Sync {
    /// The plan of a command.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) or [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// found without a request.
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>>;
}
