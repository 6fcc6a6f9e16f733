//! Acme itself: it verifies every request, keeps the true state, and fails when told to.

mod app;
mod door;
mod faults;
mod grants;
mod pushes;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use miniprogram_core::Timestamp;
use miniprogram_core::clock::Clock;
use miniprogram_core::transport::{Response, TransportError};
use serde_json::{Value, json};

pub(crate) use app::{App, EFFECTS};
pub(crate) use faults::Faults;
pub(crate) use grants::Grants;
pub(crate) use pushes::form;

use super::acme::Key;

pub(crate) const PLATFORM: &str = "p1";
/// The key that the console shows.
pub(crate) const CONSOLE_KEY: &str = "acme-console-key";
/// How far the time of a request may be from Acme's.
const FRESH: Duration = Duration::from_secs(300);

/// Acme's state and its faults. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Acme {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
    key: Key,
}

/// What Acme knows.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) grants: Grants,
    pub(crate) faults: Faults,
    pub(crate) requests: u64,
    /// Effects that land although their requests timed out: when, whose, which, with what.
    late: Vec<(Timestamp, String, String, Value)>,
}

/// A request as Acme receives it.
struct Received<'a> {
    method: &'a str,
    path: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Received<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What becomes of a request.
enum Served {
    Answer(Response),
    /// The connection breaks.
    Cut,
    /// Nothing is ever answered.
    Silence,
}

impl Acme {
    /// Creates a vendor without apps.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { world: Arc::default(), clock, key: Key::new(CONSOLE_KEY) }
    }

    /// Returns the state at this time.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut world.late).into_iter().partition(|late| late.0 <= now);
        world.late = later;
        for (_, app, path, body) in due {
            let _ = world.apps.entry(app).or_default().apply(&path, &body);
        }
        world
    }

    /// Returns whether a request is signed by the platform's key, and new.
    fn verifies(&self, request: &Received<'_>) -> bool {
        let time = request.header("x-acme-time");
        let signed = self.key.sign_request(request.method, request.path, time, request.body);
        let sent = time.parse().map_or(0, |seconds: i64| seconds);
        let age = self.clock.now().as_unix().abs_diff(sent);
        request.header("x-acme-platform") == PLATFORM
            && request.header("x-acme-sign") == signed
            && age <= FRESH.as_secs()
    }

    fn serve(&self, request: &Received<'_>) -> Served {
        let mut world = self.world();
        world.requests += 1;
        if !self.verifies(request) {
            return refused("SIGN_INVALID", "signature or time is wrong");
        }
        let body = serde_json::from_slice(request.body).unwrap_or_default();
        if request.path.starts_with("/v1/auth/") {
            return served(world.grants.serve(request.path, &body, self.clock.now()));
        }
        let token = request.header("x-acme-app-token");
        let Some(app) = world.grants.app_of(token, self.clock.now()) else {
            // Acme repeats what it was sent.
            return refused("TOKEN_INVALID", &format!("no such app token: {token}"));
        };
        if let Some((code, message)) = world.faults.refusal_of(request.path) {
            return refused(&code, &message);
        }
        if request.method == "GET" {
            world.read(&app, request.path)
        } else {
            self.write(&mut world, &app, request.path, &body)
        }
    }

    /// Performs an effect, and answers unless a fault forbids one of them.
    fn write(&self, world: &mut World, app: &str, path: &str, body: &Value) -> Served {
        let fault = world.faults.of_effect(app, path);
        if let Some(instead) = fault.and_then(faults::instead) {
            if fault == Some(faults::LATE) {
                let due = self.clock.now().after(faults::LATE_BY);
                world.late.push((due, app.to_owned(), path.to_owned(), body.clone()));
            }
            return instead;
        }
        let state = world.apps.entry(app.to_owned()).or_default();
        let answer = served(state.apply(path, body).map(|()| state.state()));
        fault.and_then(faults::afterwards).unwrap_or(answer)
    }
}

impl World {
    fn read(&mut self, app: &str, path: &str) -> Served {
        let state = self.apps.entry(app.to_owned()).or_default();
        let data = match path {
            "/v1/app/categories" => json!({ "categories": [
                { "id": "FOOD_BAKERY", "name": "Bakery" }, { "id": "FOOD_DELIVERY", "name": "Delivery" },
            ]}),
            _ => state.state(),
        };
        self.faults.distort(app, path, data)
    }
}

fn served(result: Result<Value, &'static str>) -> Served {
    match result {
        Ok(data) => answered(json!({ "code": "OK", "data": data, "request_id": "r-1" })),
        Err(code) => refused(code, "not now"),
    }
}

fn refused(code: &str, message: &str) -> Served {
    answered(json!({ "code": code, "message": message, "request_id": "r-1" }))
}

fn answered(envelope: Value) -> Served {
    Served::Answer(Response::new(200, HeaderMap::new(), envelope.to_string()))
}

fn cut() -> TransportError {
    TransportError::Cut("reset by peer".into())
}
