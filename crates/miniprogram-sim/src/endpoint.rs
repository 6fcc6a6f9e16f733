//! How an endpoint is described: it looks at the state and either answers, refuses, or hands back the change it would
//! make. So a fault can strike before or after the change, or put it off.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Timestamp};

use crate::call::{Call, Content, Object, Refusal};
use crate::config::Settings;
use crate::world::{Planned, Platform};

/// One endpoint of a vendor over the state `S` of an app.
pub(crate) struct Endpoint<S> {
    pub(crate) post: bool,
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    /// Whether it changes something.
    pub(crate) effect: bool,
    pub(crate) run: fn(&View<'_, S>) -> Verdict<S>,
}

impl<S> Endpoint<S> {
    pub(crate) const fn read(
        post: bool,
        path: &'static str,
        operation: &'static str,
        run: fn(&View<'_, S>) -> Verdict<S>,
    ) -> Self {
        Self { post, path, operation, effect: false, run }
    }

    pub(crate) const fn effect(
        post: bool,
        path: &'static str,
        operation: &'static str,
        run: fn(&View<'_, S>) -> Verdict<S>,
    ) -> Self {
        Self { post, path, operation, effect: true, run }
    }
}

pub(crate) type Verdict<S> = Result<Step<S>, Refusal>;

/// A change to the state, and the answer that tells of it.
pub(crate) type Apply<S> = Box<dyn FnOnce(&mut Scene<'_, S>) -> Content>;

pub(crate) enum Step<S> {
    Answer(Content),
    Effect(Apply<S>),
}

impl<S> Step<S> {
    pub(crate) fn answer(content: impl Into<Content>) -> Verdict<S> {
        Ok(Self::Answer(content.into()))
    }

    pub(crate) fn effect(apply: impl FnOnce(&mut Scene<'_, S>) -> Content + 'static) -> Verdict<S> {
        Ok(Self::Effect(Box::new(apply)))
    }
}

/// What an endpoint may look at.
pub(crate) struct View<'a, S> {
    pub(crate) call: &'a Call,
    /// The members of the JSON body (WeChat).
    pub(crate) body: &'a Object,
    pub(crate) app_id: &'a AppId,
    pub(crate) state: &'a S,
    pub(crate) platform: &'a Platform,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
}

/// What a change may touch.
pub(crate) struct Scene<'a, S> {
    pub(crate) app_id: &'a AppId,
    pub(crate) state: &'a mut S,
    pub(crate) platform: &'a mut Platform,
    pub(crate) settings: &'a Settings,
    pub(crate) effects: &'a mut Effects,
    pub(crate) now: Timestamp,
    /// What is to happen by itself.
    pub(crate) jobs: &'a mut Vec<Planned>,
}

/// How often each operation took effect.
#[derive(Debug, Default, Clone)]
pub(crate) struct Effects(BTreeMap<&'static str, u64>);

impl Effects {
    pub(crate) fn count(&mut self, operation: &'static str) {
        *self.0.entry(operation).or_default() += 1;
    }

    pub(crate) fn of(&self, operation: &str) -> u64 {
        self.0.get(operation).copied().unwrap_or(0)
    }

    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.0.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect()
    }
}

/// Whether an effect is to take place, or only to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Apply,
    Look,
}

/// What came of running an endpoint.
pub(crate) enum Ran {
    Refused(Refusal),
    /// It answered; `effect` tells whether something changed, or would have.
    Accepted {
        effect: bool,
        content: Content,
    },
}

/// Runs an endpoint on the parts of the world it may touch.
pub(crate) fn run<S>(
    endpoint: &Endpoint<S>,
    call: &Call,
    body: &Object,
    scene: Scene<'_, S>,
    mode: Mode,
) -> Ran {
    let view = View {
        call,
        body,
        app_id: scene.app_id,
        state: scene.state,
        platform: scene.platform,
        settings: scene.settings,
        now: scene.now,
    };
    match (endpoint.run)(&view) {
        Err(refusal) => Ran::Refused(refusal),
        Ok(Step::Answer(content)) => Ran::Accepted { effect: false, content },
        Ok(Step::Effect(_)) if mode == Mode::Look => Ran::Accepted { effect: true, content: Content::Done },
        Ok(Step::Effect(apply)) => {
            let mut scene = scene;
            scene.effects.count(endpoint.operation);
            Ran::Accepted { effect: true, content: apply(&mut scene) }
        }
    }
}
