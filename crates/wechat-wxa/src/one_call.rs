//! Effects that consist of one call: the request, and the read whose response shows the effect.

use async_trait::async_trait;
use miniprogram_core::pipeline::{AfterRefusal, Call, EffectClass, EffectPlan, Finding, Op, Preview, Reply};
use miniprogram_core::{Code, EffectValue, Error, InherentCommand, Intent, MethodName, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::before::seen;

/// An inherent method that has an effect, and the conversion of its command into a plan.
pub(crate) struct Inherent {
    pub(crate) method: MethodName,
    pub(crate) plan: fn(&InherentCommand) -> Result<Box<dyn EffectPlan>>,
}

impl Inherent {
    pub(crate) const fn new(
        method: MethodName,
        plan: fn(&InherentCommand) -> Result<Box<dyn EffectPlan>>,
    ) -> Self {
        Self { method, plan }
    }
}

type Brings = Box<dyn Fn(&Reply) -> Result<EffectValue> + Send + Sync>;
type Judges<S> = Box<dyn Fn(Option<&S>, S) -> Finding + Send + Sync>;

/// An effect that consists of one call.
pub(crate) struct OneCall<S = ()> {
    operation: &'static str,
    class: EffectClass,
    call: Call,
    brings: Option<Brings>,
    watch: Option<Watch<S>>,
    done_already: Option<(Code, EffectValue)>,
    is_harmless: bool,
    read_afterwards: bool,
}

/// The read whose response shows the effect.
struct Watch<S> {
    call: Call,
    state: fn(&Reply) -> Result<S>,
    /// Whether the state before the effect is required.
    before: bool,
    /// The fields that make up the state, as [`Reply::untold`] takes them: if one is not reported, no judgement is
    /// made.
    fields: Vec<&'static str>,
    judges: Judges<S>,
}

/// Converts a value to the form that the effect carries.
pub(crate) fn brought(value: &impl Serialize) -> EffectValue {
    EffectValue::Inherent(json!(value))
}

/// Returns the fields of a value that is an object.
pub(crate) fn members_of(value: &impl Serialize) -> serde_json::Result<Map<String, Value>> {
    Ok(match serde_json::to_value(value)? {
        Value::Object(members) => members,
        _ => Map::new(),
    })
}

/// Implements effect values whose fields are those of their JSON.
macro_rules! effect_members {
    ($($name:ty)*) => {$(
        impl miniprogram_core::effect::EffectMembers for $name {
            fn members(&self) -> serde_json::Result<serde_json::Map<String, serde_json::Value>> {
                $crate::one_call::members_of(self)
            }
        }
    )*};
}
pub(crate) use effect_members;

impl OneCall {
    /// Creates an effect that no query shows.
    pub(crate) fn new(operation: MethodName, class: EffectClass, call: Call) -> Self {
        Self {
            operation: operation.as_str(),
            class,
            call,
            brings: None,
            watch: None,
            done_already: None,
            is_harmless: false,
            read_afterwards: false,
        }
    }

    /// Sets the read that shows the effect: the state it returns is judged on its own.
    pub(crate) fn shown_by<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        judges: impl Fn(S) -> Finding + Send + Sync + 'static,
    ) -> OneCall<S> {
        self.watched(Watch {
            call,
            state,
            before: false,
            fields: Vec::new(),
            judges: Box::new(move |_, now| judges(now)),
        })
    }

    /// Sets the read that shows the effect: the state it returns is compared with the state before the effect.
    pub(crate) fn changes<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        judges: impl Fn(&S, S) -> Finding + Send + Sync + 'static,
    ) -> OneCall<S> {
        let judges: Judges<S> = Box::new(move |before, now| match before {
            Some(before) => judges(before, now),
            None => Finding::Unknowable,
        });
        self.watched(Watch { call, state, before: true, fields: Vec::new(), judges })
    }

    /// Sets the read that shows the effect, like [`changes`](Self::changes), but if the state before the effect was
    /// not reported, the wanted state alone shows it too.
    pub(crate) fn sets<S>(
        self,
        call: Call,
        state: fn(&Reply) -> Result<S>,
        judges: impl Fn(Option<&S>, S) -> Finding + Send + Sync + 'static,
    ) -> OneCall<S> {
        self.watched(Watch { call, state, before: true, fields: Vec::new(), judges: Box::new(judges) })
    }

    fn watched<S>(self, watch: Watch<S>) -> OneCall<S> {
        let Self { operation, class, call, brings, done_already, is_harmless, read_afterwards, .. } = self;
        let watch = Some(watch);
        OneCall { operation, class, call, brings, watch, done_already, is_harmless, read_afterwards }
    }
}

impl<S> OneCall<S> {
    /// Sets the fields that make up the state: a probe that does not report one of them proves nothing.
    pub(crate) fn told_by(mut self, fields: impl IntoIterator<Item = &'static str>) -> Self {
        if let Some(watch) = &mut self.watch {
            watch.fields = fields.into_iter().collect();
        }
        self
    }

    /// Sets how the effect's value is read from the response.
    pub(crate) fn bringing(
        mut self,
        brings: impl Fn(&Reply) -> Result<EffectValue> + Send + Sync + 'static,
    ) -> Self {
        self.brings = Some(Box::new(brings));
        self
    }

    /// Whose answer says nothing of what it made: after a success the read shows it.
    pub(crate) fn made_known_by_the_read(mut self) -> Self {
        self.read_afterwards = true;
        self
    }

    /// Marks a repeat as harmless: if the vendor's state does not show the outcome, the effect does not block others.
    pub(crate) fn harmless(mut self) -> Self {
        self.is_harmless = true;
        self
    }

    /// Sets the code with which the vendor refuses a repeat as "done already".
    pub(crate) fn done_already(mut self, code: i64, value: EffectValue) -> Self {
        self.done_already = Some((Code::Number(code), value));
        self
    }
}

impl<S: Serialize + DeserializeOwned + Send + Sync + 'static> OneCall<S> {
    pub(crate) fn boxed(self) -> Result<Box<dyn EffectPlan>> {
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
        match &self.watch {
            Some(watch) if watch.before => {
                let reply = op.read(&watch.call).await?;
                // A state that was not reported before the effect is null: there is nothing to compare with.
                match reply.untold(&watch.fields) {
                    Some(_) => Ok(Value::Null),
                    None => Ok(json!((watch.state)(&reply)?)),
                }
            }
            _ => Ok(Value::Null),
        }
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call.clone())
    }

    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        self.brings.as_ref().map_or(Ok(EffectValue::None), |brings| brings(reply))
    }

    async fn complete(&self, op: &mut Op<'_>, before: &Value, value: EffectValue) -> EffectValue {
        let Some(watch) = self.watch.as_ref().filter(|_| self.read_afterwards) else { return value };
        let Ok(before) = seen::<S>(self.operation, before) else { return value };
        let Ok(reply) = op.read(&watch.call).await else { return value };
        match (watch.state)(&reply).map(|now| (watch.judges)(Some(&before), now)) {
            Ok(Finding::Done(shown)) => shown,
            _ => value,
        }
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let Some(watch) = &self.watch else { return Ok(Finding::Unknowable) };
        let reply = op.read(&watch.call).await?;
        if let Some(field) = reply.untold(&watch.fields) {
            return Ok(Finding::Untold(field));
        }
        let now = (watch.state)(&reply)?;
        match (watch.before, &intent.before, watch.fields.first()) {
            (false, ..) => Ok((watch.judges)(None, now)),
            // The state before was not reported: what shows now may have been there already, unless it is the wanted
            // state.
            (true, Value::Null, Some(field)) => Ok(match (watch.judges)(None, now) {
                done @ Finding::Done(_) if self.class == EffectClass::Set => done,
                _ => Finding::Untold(field),
            }),
            (true, before, _) => {
                let before: S = seen(self.operation, before)?;
                Ok((watch.judges)(Some(&before), now))
            }
        }
    }

    fn bars_the_next(&self) -> bool {
        !self.is_harmless && self.class != EffectClass::Set
    }

    fn after_refusal(&self, _intent: &Intent, refusal: &Error) -> AfterRefusal {
        match &self.done_already {
            Some((code, value)) if refusal.code() == Some(code) => AfterRefusal::Done(value.clone()),
            _ => AfterRefusal::Ask,
        }
    }
}
