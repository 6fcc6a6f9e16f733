//! Endpoints: each inspects the state and either responds, refuses, or returns the change it would make. A fault can
//! thus strike before or after the change, or delay it.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Timestamp, Vendor};
use serde::Serialize;

use crate::call::{Call, Content, Object, Refusal};
use crate::config::Settings;
use crate::platform::Platform;
use crate::world::Planned;

/// One endpoint of a vendor over the state `S`: an app's, or all [`Apps`](crate::world::Apps) for the platform's own
/// calls.
pub(crate) struct Endpoint<S> {
    pub(crate) post: bool,
    pub(crate) path: &'static str,
    pub(crate) operations: Operations,
    pub(crate) run: fn(&View<'_, S>) -> Verdict<S>,
}

/// What a request does: an operation, and whether it changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) effect: bool,
}

/// What the requests to one endpoint do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operations {
    One(Operation),
    /// The request decides: the first, as with `action=get`, or the second.
    ByCall {
        is_first: fn(&Call) -> bool,
        operations: [Operation; 2],
    },
}

impl Operations {
    pub(crate) fn of(self, call: &Call) -> Operation {
        match self {
            Self::One(operation) => operation,
            Self::ByCall { is_first, operations: [first, second] } => {
                if is_first(call) {
                    first
                } else {
                    second
                }
            }
        }
    }

    pub(crate) fn all(self) -> Vec<Operation> {
        match self {
            Self::One(operation) => vec![operation],
            Self::ByCall { operations, .. } => operations.to_vec(),
        }
    }
}

impl<S> Endpoint<S> {
    pub(crate) const fn read(
        post: bool,
        path: &'static str,
        operation: &'static str,
        run: fn(&View<'_, S>) -> Verdict<S>,
    ) -> Self {
        let operation = Operation { name: operation, effect: false };
        Self { post, path, operations: Operations::One(operation), run }
    }

    pub(crate) const fn effect(
        post: bool,
        path: &'static str,
        operation: &'static str,
        run: fn(&View<'_, S>) -> Verdict<S>,
    ) -> Self {
        let operation = Operation { name: operation, effect: true };
        Self { post, path, operations: Operations::One(operation), run }
    }

    /// An endpoint that reads or changes, depending on the request.
    pub(crate) const fn either(
        post: bool,
        path: &'static str,
        reads: fn(&Call) -> bool,
        [read, effect]: [&'static str; 2],
        run: fn(&View<'_, S>) -> Verdict<S>,
    ) -> Self {
        let operations = [Operation { name: read, effect: false }, Operation { name: effect, effect: true }];
        Self { post, path, operations: Operations::ByCall { is_first: reads, operations }, run }
    }

    /// An endpoint with two effects, depending on the request.
    pub(crate) const fn effects(
        post: bool,
        path: &'static str,
        is_first: fn(&Call) -> bool,
        [first, second]: [&'static str; 2],
        run: fn(&View<'_, S>) -> Verdict<S>,
    ) -> Self {
        let operations = [Operation { name: first, effect: true }, Operation { name: second, effect: true }];
        Self { post, path, operations: Operations::ByCall { is_first, operations }, run }
    }
}

/// Finds the endpoint of a path in a table.
pub(crate) fn find<S>(table: &'static [Endpoint<S>], path: &str) -> Option<&'static Endpoint<S>> {
    table.iter().find(|endpoint| endpoint.path == path)
}

/// A simulated endpoint, as listed by [`endpoints`](crate::endpoints).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EndpointInfo {
    /// Its vendor.
    pub vendor: Vendor,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Its name in effects and faults. A path whose requests read or change is listed once for each.
    pub operation: &'static str,
    /// Whether the operation changes something.
    pub is_effect: bool,
}

/// Lists a table's endpoints.
pub(crate) fn list<S>(vendor: Vendor, table: &'static [Endpoint<S>]) -> impl Iterator<Item = EndpointInfo> {
    table.iter().flat_map(move |endpoint| {
        let method = if endpoint.post { "POST" } else { "GET" };
        endpoint.operations.all().into_iter().map(move |operation| EndpointInfo {
            vendor,
            method,
            path: endpoint.path,
            operation: operation.name,
            is_effect: operation.effect,
        })
    })
}

pub(crate) type Verdict<S> = Result<Step<S>, Refusal>;

/// A change to the state that returns the response reporting it.
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

/// What an endpoint may inspect.
pub(crate) struct View<'a, S> {
    pub(crate) call: &'a Call,
    /// Fields of the JSON body (WeChat).
    pub(crate) body: &'a Object,
    /// The app, or the platform's own id for the platform's calls.
    pub(crate) app_id: &'a AppId,
    pub(crate) state: &'a S,
    pub(crate) platform: &'a Platform,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
}

/// What a change may modify.
pub(crate) struct Scene<'a, S> {
    /// As in [`View`].
    pub(crate) app_id: &'a AppId,
    pub(crate) state: &'a mut S,
    pub(crate) platform: &'a mut Platform,
    pub(crate) settings: &'a Settings,
    pub(crate) effects: &'a mut Effects,
    pub(crate) now: Timestamp,
    /// Scheduled jobs.
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

/// Whether an effect takes place or is only checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Apply,
    Look,
}

/// Result of running an endpoint.
pub(crate) enum Ran {
    Refused(Refusal),
    /// It was accepted; `effect` says whether something changed, or would have.
    Accepted {
        effect: bool,
        content: Content,
    },
}

/// Runs an endpoint on the parts of the world that it may access.
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
            scene.effects.count(endpoint.operations.of(call).name);
            Ran::Accepted { effect: true, content: apply(&mut scene) }
        }
    }
}
