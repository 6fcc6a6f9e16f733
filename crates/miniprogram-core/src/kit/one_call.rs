use std::fmt;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::snapshot;
use crate::command::EffectValue;
use crate::error::{Error, Result};
use crate::intent::Intent;
use crate::pipeline::{AfterRefusal, Call, EffectClass, EffectPlan, Finding, Op, Preview, Reply};
use crate::vendor_error::Code;

type Yields = Box<dyn Fn(&Reply) -> Result<EffectValue> + Send + Sync>;
type Judges<S> = Box<dyn Fn(Option<&S>, S) -> Finding + Send + Sync>;
type Untold = Box<dyn Fn(&Reply) -> Option<&'static str> + Send + Sync>;

/// An effect that consists of one call: its request, and the read whose response shows the effect.
///
/// The state `S` that the read returns is judged on its own ([`shown_by`](OneCall::shown_by)) or against the state
/// before the effect ([`changes`](OneCall::changes), [`sets`](OneCall::sets)), which the intent stores.
pub struct OneCall<S = ()> {
    class: EffectClass,
    call: Call,
    yields: Option<Yields>,
    watch: Option<Watch<S>>,
    done_already: Option<DoneAlready>,
    is_harmless: bool,
    reads_afterwards: bool,
}

/// The read whose response shows the effect.
struct Watch<S> {
    call: Call,
    state: fn(&Reply) -> Result<S>,
    /// Whether the state before the effect is required.
    before: bool,
    /// The field that stands for the whole state where nothing was reported before the effect.
    field: Option<&'static str>,
    /// Names a field of the state that a reply does not report: no judgement is made then.
    untold: Untold,
    judges: Judges<S>,
}

/// The code with which the vendor refuses a repeat as "done already".
struct DoneAlready {
    code: Code,
    value: EffectValue,
    /// Whether the state may show otherwise.
    unless_shown: bool,
}

/// Converts a value to the form that the effect carries.
pub fn effect_value(value: &impl Serialize) -> EffectValue {
    EffectValue::Inherent(json!(value))
}

/// Returns the fields of a value that is an object.
///
/// # Errors
/// The errors of serializing the value.
pub fn fields_of(value: &impl Serialize) -> serde_json::Result<Map<String, Value>> {
    Ok(match serde_json::to_value(value)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    })
}

/// Implements [`EffectFields`](crate::vendor_api::EffectFields) for effect values whose fields are those of their JSON.
#[macro_export]
macro_rules! effect_fields {
    ($($name:ty)*) => {$(
        impl $crate::vendor_api::EffectFields for $name {
            fn fields(&self) -> serde_json::Result<serde_json::Map<String, serde_json::Value>> {
                $crate::vendor_api::kit::fields_of(self)
            }
        }
    )*};
}

impl OneCall {
    /// Creates an effect that no query shows.
    #[must_use]
    pub fn new(class: EffectClass, call: Call) -> Self {
        Self {
            class,
            call,
            yields: None,
            watch: None,
            done_already: None,
            is_harmless: false,
            reads_afterwards: false,
        }
    }

    /// Sets the read that shows the effect: the state it returns is judged on its own.
    #[must_use]
    pub fn shown_by<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        judges: impl Fn(S) -> Finding + Send + Sync + 'static,
    ) -> OneCall<S> {
        self.watched(call, state, false, Box::new(move |_, now| judges(now)))
    }

    /// Sets the read that shows the effect: the state it returns is compared with the state before the effect.
    #[must_use]
    pub fn changes<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        judges: impl Fn(&S, S) -> Finding + Send + Sync + 'static,
    ) -> OneCall<S> {
        let judges: Judges<S> = Box::new(move |before, now| match before {
            Some(before) => judges(before, now),
            None => Finding::Unknowable,
        });
        self.watched(call, state, true, judges)
    }

    /// Sets the read that shows the effect, like [`changes`](Self::changes), but if the state before the effect was
    /// not reported, the wanted state alone shows it too.
    #[must_use]
    pub fn sets<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        judges: impl Fn(Option<&S>, S) -> Finding + Send + Sync + 'static,
    ) -> OneCall<S> {
        self.watched(call, state, true, Box::new(judges))
    }

    fn watched<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        before: bool,
        judges: Judges<S>,
    ) -> OneCall<S> {
        OneCall {
            class: self.class,
            call: self.call,
            yields: self.yields,
            watch: Some(Watch { call, state, before, field: None, untold: Box::new(|_| None), judges }),
            done_already: self.done_already,
            is_harmless: self.is_harmless,
            reads_afterwards: self.reads_afterwards,
        }
    }
}

impl<S> OneCall<S> {
    /// Sets the fields that make up the state, as [`Reply::untold`] takes them: a probe that does not report one of
    /// them proves nothing.
    #[must_use]
    pub fn told_by(mut self, fields: impl IntoIterator<Item = &'static str>) -> Self {
        if let Some(watch) = &mut self.watch {
            let fields: Vec<_> = fields.into_iter().collect();
            watch.field = fields.first().copied();
            watch.untold = Box::new(move |reply| reply.untold(&fields));
        }
        self
    }

    /// Sets how a reply is found not to report the state, like [`told_by`](Self::told_by), for a state that has
    /// several forms. `untold` names the field.
    #[must_use]
    pub fn told_unless(
        mut self,
        untold: impl Fn(&Reply) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        if let Some(watch) = &mut self.watch {
            watch.untold = Box::new(untold);
        }
        self
    }

    /// Sets how the effect's value is read from the response.
    #[must_use]
    pub fn yielding(
        mut self,
        yields: impl Fn(&Reply) -> Result<EffectValue> + Send + Sync + 'static,
    ) -> Self {
        self.yields = Some(Box::new(yields));
        self
    }

    /// Reads the state once more after a success, for a response that does not say what the effect made.
    #[must_use]
    pub fn made_known_by_the_read(mut self) -> Self {
        self.reads_afterwards = true;
        self
    }

    /// Marks a repeat as harmless: if the vendor's state does not show the outcome, the effect does not block others.
    #[must_use]
    pub fn harmless(mut self) -> Self {
        self.is_harmless = true;
        self
    }

    /// Sets the code with which the vendor refuses a repeat as "done already".
    #[must_use]
    pub fn done_already(mut self, code: i64, value: EffectValue) -> Self {
        self.done_already = Some(DoneAlready { code: Code::Number(code), value, unless_shown: false });
        self
    }

    /// Sets the code with which the vendor refuses a repeat, like [`done_already`](Self::done_already), where the
    /// state may show otherwise.
    #[must_use]
    pub fn done_already_unless_shown(mut self, code: i64, value: EffectValue) -> Self {
        self.done_already = Some(DoneAlready { code: Code::Number(code), value, unless_shown: true });
        self
    }
}

impl<S: Serialize + DeserializeOwned + Send + Sync + 'static> OneCall<S> {
    /// Returns the plan, as a table of effects holds it.
    ///
    /// # Errors
    /// None; it is a result because the tables' functions return one.
    pub fn boxed(self) -> Result<Box<dyn EffectPlan>> {
        Ok(Box::new(self))
    }
}

#[async_trait]
impl<S: Serialize + DeserializeOwned + Send + Sync> EffectPlan for OneCall<S> {
    fn class(&self) -> EffectClass {
        self.class
    }

    fn preview(&self) -> Result<Preview> {
        let effect = Preview::new(self.call.clone());
        Ok(match &self.watch {
            Some(watch) if watch.before => effect.after(watch.call.clone()),
            _ => effect,
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let Some(watch) = self.watch.as_ref().filter(|watch| watch.before) else { return Ok(Value::Null) };
        let reply = op.read(&watch.call).await?;
        // A state that was not reported before the effect is null: there is nothing to compare with.
        match (watch.untold)(&reply) {
            Some(_) => Ok(Value::Null),
            None => snapshot::keep(op.operation(), &(watch.state)(&reply)?),
        }
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call.clone())
    }

    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        self.yields.as_ref().map_or(Ok(EffectValue::None), |yields| yields(reply))
    }

    async fn complete(&self, op: &mut Op<'_>, before: &Value, value: EffectValue) -> EffectValue {
        let Some(watch) = self.watch.as_ref().filter(|_| self.reads_afterwards) else { return value };
        let Ok(before) = snapshot::kept::<S>(op.operation(), before) else { return value };
        let Ok(reply) = op.read(&watch.call).await else { return value };
        match (watch.state)(&reply).map(|now| (watch.judges)(Some(&before), now)) {
            Ok(Finding::Done(shown)) => shown,
            _ => value,
        }
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let Some(watch) = &self.watch else { return Ok(Finding::Unknowable) };
        let reply = op.read(&watch.call).await?;
        if let Some(field) = (watch.untold)(&reply) {
            return Ok(Finding::Untold(field));
        }
        let now = (watch.state)(&reply)?;
        match (watch.before, &intent.before, watch.field) {
            (false, ..) => Ok((watch.judges)(None, now)),
            // The state before was not reported: what shows now may have been there already, unless it is the wanted
            // state.
            (true, Value::Null, Some(field)) => Ok(match (watch.judges)(None, now) {
                done @ Finding::Done(_) if self.class == EffectClass::Set => done,
                _ => Finding::Untold(field),
            }),
            (true, before, _) => {
                let before: S = snapshot::kept(op.operation(), before)?;
                Ok((watch.judges)(Some(&before), now))
            }
        }
    }

    fn bars_the_next(&self) -> bool {
        !self.is_harmless && self.class != EffectClass::Set
    }

    fn after_refusal(&self, _intent: &Intent, refusal: &Error) -> AfterRefusal {
        match &self.done_already {
            Some(done) if refusal.code() == Some(&done.code) => match done.unless_shown {
                true => AfterRefusal::DoneUnlessShown(done.value.clone()),
                false => AfterRefusal::Done(done.value.clone()),
            },
            _ => AfterRefusal::Ask,
        }
    }
}

impl<S> fmt::Debug for OneCall<S> {
    /// The call may carry secrets, and the state need not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneCall").field("class", &self.class).finish_non_exhaustive()
    }
}
