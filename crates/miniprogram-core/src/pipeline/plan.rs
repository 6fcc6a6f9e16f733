//! What a vendor crate specifies for one effect.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Call, Dialect, Op, Reply};
use crate::command::Command;
use crate::command::EffectValue;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::intent::Intent;
use crate::planned::PlannedRequest;

/// What a repeat of an effect would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EffectClass {
    /// S: results in the same state again.
    Set,
    /// G: the vendor refuses it if it is done already.
    Guarded,
    /// O: causes a second effect, or uses up quota.
    OneShot,
}

/// One effect of a vendor: what is read before it, what is sent, how to probe afterwards.
#[async_trait]
pub trait EffectPlan: Send + Sync {
    /// Returns what a repeat would do.
    fn class(&self) -> EffectClass;

    /// Checks the arguments and reads the state that must be known before the effect, which becomes
    /// [`Intent::before`].
    ///
    /// # Errors
    /// Any reason that forbids the effect; nothing has been sent then.
    async fn before(&self, _op: &mut Op<'_>) -> Result<Value> {
        Ok(Value::Null)
    }

    /// Builds the request.
    ///
    /// # Errors
    /// If it cannot be built from the state read before.
    fn request(&self, before: &Value) -> Result<Call>;

    /// Returns the requests before anything is sent. The default is the request alone, built without reading any
    /// state.
    ///
    /// # Errors
    /// If the request cannot be built.
    fn preview(&self) -> Result<Preview> {
        Ok(Preview::new(self.request(&Value::Null)?))
    }

    /// Checks, right before the request is sent again, that it would still have the same target. Called after an
    /// attempt that did not take effect. Reads only; the default sends again without a read.
    ///
    /// # Errors
    /// Any reason that forbids it: nothing is sent, and the effect fails with this error. If the outcome of an attempt
    /// was unknown when it ended, it is unknown again: it may have taken effect late.
    async fn before_repeat(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<()> {
        Ok(())
    }

    /// Returns the value of a success.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if a required value is missing; the outcome is unknown then.
    fn value(&self, _before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(EffectValue::None)
    }

    /// Completes the value of a success whose response omits something that a read shows. Called once, after a
    /// successful response. Reads only; if the read fails, returns the value unchanged, since the effect is done.
    async fn complete(&self, _op: &mut Op<'_>, _before: &Value, value: EffectValue) -> EffectValue {
        value
    }

    /// Probes once whether the effect is visible. Reads only.
    ///
    /// # Errors
    /// If the state cannot be read.
    async fn look(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        Ok(Finding::Unknowable)
    }

    /// Returns what a definite refusal reveals after an earlier attempt with an unknown outcome.
    fn after_refusal(&self, _intent: &Intent, _refusal: &Error) -> AfterRefusal {
        AfterRefusal::Ask
    }

    /// Returns whether this effect blocks the app's next effect if it is left open because the vendor's state
    /// does not reveal its outcome.
    ///
    /// It does not if a repeat is harmless whatever the outcome: the next effect then closes it as unknown.
    fn bars_the_next(&self) -> bool {
        self.class() != EffectClass::Set
    }

    /// Returns whether this command, given now, requests the same as `intent`, which has the same arguments and
    /// was found to be done. The target of arguments such as "what is approved" or "the version before" changes
    /// over time: such a plan compares the target read before the effect with the current one. Reads only.
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
    /// Fields of the effect whose values a read will yield, with the name of that read.
    read: Vec<(&'static str, &'static str)>,
}

impl Preview {
    /// Creates a preview of the effect alone.
    #[must_use]
    pub const fn new(effect: Call) -> Self {
        Self { reads: Vec::new(), effect, read: Vec::new() }
    }

    /// Adds a read before the effect.
    #[must_use]
    pub fn after(mut self, read: Call) -> Self {
        self.reads.push(read);
        self
    }

    /// Marks a field of the effect's query or body as known only after `from` was read.
    ///
    /// The plan shows `{"from":"<from>"}` in its place. The effect's own call must contain the field, with any
    /// value.
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
                    return Err(Error::new(ErrorKind::Config, self.effect.name())
                        .with_field(*field)
                        .with_detail("is not in the request that the plan describes"));
                }
            }
        }
        planned.push(effect);
        Ok(planned)
    }
}

/// What a probe of the vendor's state shows about an effect.
#[derive(Debug)]
pub enum Finding {
    /// It took place and yielded this value.
    Done(EffectValue),
    /// It is not visible.
    Absent,
    /// Something that may be this effect is still in progress.
    Pending,
    /// The state is neither the one before the effect nor the one after it: someone else, or the vendor, changed
    /// it. With an error of outcome [`Unknown`](crate::Outcome::Unknown) the effect may have taken place in
    /// between; otherwise it did not.
    Conflict(Error),
    /// The vendor responded, but the deciding field is absent, null or blank. This proves neither the state
    /// before the effect nor the state after it, so nothing is sent because of it.
    Untold(&'static str),
    /// No query can reveal the outcome.
    Unknowable,
}

/// Whether a command requests the result of an earlier effect with the same arguments.
#[derive(Debug)]
pub enum Repeat {
    /// It does: the result of the earlier effect is its result.
    Same,
    /// Its target has changed: it is a new effect.
    New,
    /// The vendor's state does not reveal it; states which field or state leaves it open.
    Indeterminate(String),
}

/// What a definite refusal reveals after an earlier attempt with an unknown outcome.
#[derive(Debug)]
pub enum AfterRefusal {
    /// "Done already": the earlier attempt took effect.
    Done(EffectValue),
    /// "Done already", which applies unless a probe of the state shows otherwise.
    DoneUnlessShown(EffectValue),
    /// Probe once more before believing it.
    Ask,
}

/// The source of the plans: a vendor's app, or its platform.
pub trait EffectSource: Send + Sync {
    /// Returns the plan of a command.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) or [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// determined without a request.
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>>;
}
