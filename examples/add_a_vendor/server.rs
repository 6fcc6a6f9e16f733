//! Acme itself, in memory, and the harness that tells the suite what really happened.
#![expect(unreachable_pub, reason = "written as a crate of its own would be")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::conformance::{Decision, Fault, Harness, Scene, Untold};
use miniprogram_core::frame::{FrameKey, seal, signature};
use miniprogram_core::transport::{Body, Request, Response, TransportError};
use miniprogram_core::*;
use serde_json::{Value, json};

use super::acme::{AcmeApp, AcmePlatform, CALLBACK_KEY, CALLBACK_TOKEN};

/// Longer than one attempt lasts, shorter than the settle time after it.
const LATE: Duration = Duration::from_secs(12);

#[derive(Debug, Default)]
struct World {
    apps: HashMap<String, App>,
    requests: u64,
    /// The token that is valid now.
    token: u64,
    /// App, path, fault, how often.
    faults: Vec<(String, &'static str, Fault, u32)>,
    late: Vec<(Timestamp, String, String, Value)>,
    status_code: Option<i64>,
    refusal: Option<(i64, String)>,
    garbage: bool,
    /// Apps whose reads tell nothing, once a request to that path was seen.
    silent: HashMap<String, (&'static str, bool, Untold)>,
}

#[derive(Debug, Default)]
struct App {
    revision: u64,
    uploaded: Option<String>,
    audited: Option<String>,
    audit: Option<(u64, i64, Option<String>)>,
    online: Option<String>,
    previous: Option<String>,
    closed: bool,
    library: Option<String>,
    effects: HashMap<&'static str, u64>,
    pushes: Vec<OwnedPush>,
}

const EFFECTS: [(&str, Operation); 7] = [
    ("/upload", Operation::UploadCode),
    ("/submit", Operation::SubmitAudit),
    ("/withdraw", Operation::WithdrawAudit),
    ("/release", Operation::Release),
    ("/rollback", Operation::Rollback),
    ("/visit", Operation::SetVisitStatus),
    ("/library", Operation::SetMinLibraryVersion),
];

impl App {
    fn state(&self) -> Value {
        json!({
            "revision": self.revision, "uploaded": self.uploaded, "online": self.online, "previous": self.previous,
            "library": self.library, "audit": self.audit_json(),
        })
    }

    fn audit_json(&self) -> Value {
        self.audit.as_ref().map_or(
            Value::Null,
            |(id, status, reason)| json!({ "id": id.to_string(), "status": status, "reason": reason }),
        )
    }

    /// Carries an effect out, or says Acme's code for "not now".
    fn apply(&mut self, path: &str, body: &Value) -> Result<Value, i64> {
        match path {
            "/upload" => self.uploaded = body["version"].as_str().map(str::to_owned),
            "/submit" => {
                let open = self.audit.as_ref().is_some_and(|(_, status, _)| *status == 0);
                if open || self.uploaded.is_none() {
                    return Err(3);
                }
                self.audited = self.uploaded.clone();
                self.audit = Some((self.revision + 1, 0, None));
            }
            "/withdraw" => match &mut self.audit {
                Some((id, status, _)) if *status == 0 && body["audit"].as_str() == Some(&id.to_string()) => {
                    *status = 3
                }
                _ => return Err(3),
            },
            "/release" => {
                if !matches!(self.audit, Some((_, 1, _))) || self.audited.is_none() {
                    return Err(3);
                }
                self.previous = std::mem::replace(&mut self.online, self.audited.take());
            }
            "/rollback" => {
                let Some(previous) = self.previous.take() else { return Err(3) };
                self.online = Some(previous);
            }
            "/visit" => self.closed = body["status"] == "closed",
            "/library" => self.library = body["version"].as_str().map(str::to_owned),
            _ => return Err(4),
        }
        self.revision += 1;
        if let Some((path, _)) = EFFECTS.iter().find(|(effect, _)| *effect == path) {
            *self.effects.entry(path).or_default() += 1;
        }
        Ok(self.state())
    }
}

/// Leaves every field of an object untold.
fn leave_untold(data: &mut Value, untold: Untold) {
    match (data, untold) {
        (data, Untold::Absent) => *data = json!({}),
        (Value::Object(fields), Untold::Null) => fields.values_mut().for_each(|field| *field = Value::Null),
        (Value::Object(fields), Untold::Empty) => fields.values_mut().for_each(|field| *field = "".into()),
        (Value::Object(fields), _) => fields.values_mut().for_each(|field| *field = "  ".into()),
        _ => {}
    }
}

fn ok(data: &Value) -> Response {
    Response::new(200, Default::default(), json!({ "ok": true, "data": data }).to_string())
}

fn refused(code: i64, words: &str) -> Response {
    Response::new(200, Default::default(), json!({ "ok": false, "code": code, "words": words }).to_string())
}

fn broken() -> TransportError {
    TransportError::Cut("reset by peer".into())
}

#[derive(Debug, Clone)]
struct Acme {
    world: Arc<Mutex<World>>,
    clock: VirtualClock,
}

impl Acme {
    fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let (due, later) = std::mem::take(&mut world.late).into_iter().partition(|late| late.0 <= now);
        world.late = later;
        let due: Vec<(Timestamp, String, String, Value)> = due;
        for (_, app, path, body) in due {
            let _ = world.apps.entry(app).or_default().apply(&path, &body);
        }
        world
    }

    /// What the request meets, and what it brings.
    fn serve(&self, request: &Request) -> (Option<Fault>, Result<Response, TransportError>) {
        let mut world = self.world();
        world.requests += 1;
        let token = request.secrets.first().map(|(_, token)| token.expose().to_owned()).unwrap_or_default();
        let Some((app, number)) = token.split_once('.') else { return (None, Ok(refused(2, "no token"))) };
        if number != world.token.to_string() {
            return (None, Ok(refused(2, "old token")));
        }
        let body = match &request.body {
            Body::Json(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Value::Null,
        };
        if request.path == "/visit"
            && let Some((code, words)) = &world.refusal
        {
            return (None, Ok(refused(*code, words)));
        }
        if request.method == "GET" {
            let garbage = request.path == "/visit" && std::mem::take(&mut world.garbage);
            let code = if request.path == "/audit" { world.status_code.take() } else { None };
            let name = app;
            let app = world.apps.entry(app.to_owned()).or_default();
            let mut data = match request.path.as_ref() {
                "/state" => app.state(),
                "/audit" => app.audit_json(),
                _ => json!({ "status": if app.closed { "closed" } else { "open" } }),
            };
            if let Some(code) = code {
                data["status"] = code.into();
            }
            if let Some((_, true, untold)) = world.silent.get(name) {
                leave_untold(&mut data, *untold);
            }
            return (
                None,
                Ok(if garbage { Response::new(200, Default::default(), "<html>") } else { ok(&data) }),
            );
        }
        if let Some((path, seen, _)) = world.silent.get_mut(app) {
            *seen |= request.path == *path;
        }
        let fault = world
            .faults
            .iter_mut()
            .find(|(of, path, _, left)| of == app && *path == request.path && *left > 0)
            .map(|(_, _, fault, left)| {
                *left -= 1;
                *fault
            });
        match fault {
            Some(Fault::ErrorBefore) => return (fault, Ok(Response::new(503, Default::default(), "<html>"))),
            Some(Fault::BusyBefore) => return (fault, Ok(refused(1, "busy"))),
            Some(Fault::ResetBefore) => return (fault, Err(broken())),
            Some(Fault::HangBefore) => return (fault, Err(broken())),
            Some(Fault::Late) => {
                let due = self.clock.now().after(LATE);
                world.late.push((due, app.to_owned(), request.path.to_string(), body));
                return (fault, Err(broken()));
            }
            _ => {}
        }
        let answer = match world.apps.entry(app.to_owned()).or_default().apply(&request.path, &body) {
            Ok(data) => ok(&data),
            Err(code) => refused(code, "not now"),
        };
        match fault {
            Some(Fault::ErrorAfter) => (fault, Ok(Response::new(502, Default::default(), ""))),
            Some(Fault::BusyAfter) => (fault, Ok(refused(1, "busy"))),
            Some(_) => (fault, Err(broken())),
            None => (None, Ok(answer)),
        }
    }
}

#[async_trait]
impl Transport for Acme {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (fault, answer) = self.serve(&request);
        if matches!(fault, Some(Fault::HangBefore | Fault::HangAfter | Fault::Late)) {
            self.clock.stall(None).await;
        }
        answer
    }
}

#[async_trait]
impl TokenProvider for Acme {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let app = scope.app.as_ref().map_or("", AppId::as_str);
        // A provider hands out what it has until it is told that the vendor refused it.
        let known = self.world().apps.entry("tokens".to_owned()).or_default().revision;
        AccessToken::new(format!("{app}.{known}"))
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        let mut world = self.world();
        let current = world.token;
        world.apps.entry("tokens".to_owned()).or_default().revision = current;
        Ok(())
    }
}

/// Acme as the conformance suite sees it.
#[derive(Debug)]
pub struct AcmeHarness {
    acme: Acme,
    platform: AcmePlatform,
    journal: Arc<MemoryJournal>,
    config: ClientConfig,
}

impl AcmeHarness {
    pub fn new() -> Self {
        let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
        let acme = Acme { world: Arc::default(), clock: clock.clone() };
        let journal = Arc::new(MemoryJournal::default());
        let config = ClientConfig::new("acme-platform", Arc::new(acme.clone()))
            .with_transport(Arc::new(acme.clone()))
            .with_clock(Arc::new(clock))
            .with_journal(Arc::<MemoryJournal>::clone(&journal))
            .with_seed(7);
        let platform = AcmePlatform::new(config.clone()).expect("no TLS is set up for a transport in memory");
        Self { acme, platform, journal, config }
    }
}

#[async_trait]
impl Harness for AcmeHarness {
    type App = AcmeApp;

    fn platform(&self) -> &dyn MiniProgramPlatform {
        &self.platform
    }

    fn another_platform(&self) -> Box<dyn MiniProgramPlatform> {
        Box::new(AcmePlatform::new(self.config.clone()).expect("no TLS is set up for a transport in memory"))
    }

    fn app(&self, app: &AppId) -> AcmeApp {
        self.platform.app(app.clone())
    }

    fn clock(&self) -> VirtualClock {
        self.acme.clock.clone()
    }

    fn journal(&self) -> Arc<MemoryJournal> {
        Arc::clone(&self.journal)
    }

    async fn arrange(&self, id: &AppId, scene: Scene) {
        let now = self.acme.clock.now();
        let mut world = self.acme.world();
        match scene {
            Scene::App => {
                let app =
                    App { online: Some("2.4.0".into()), previous: Some("2.3.0".into()), ..App::default() };
                world.apps.insert(id.to_string(), app);
            }
            Scene::EmptyApp => drop(world.apps.insert(id.to_string(), App::default())),
            Scene::Decided(decision) => {
                let app = world.apps.entry(id.to_string()).or_default();
                let Some((_, status, reason)) = &mut app.audit else { panic!("no audit to decide") };
                let message = match decision {
                    Decision::Approve => {
                        *status = 1;
                        json!({ "event": "approved", "app": id })
                    }
                    Decision::Reject(why) => {
                        (*status, *reason) = (2, Some(why.clone()));
                        json!({ "event": "rejected", "app": id, "reason": why })
                    }
                };
                app.revision += 1;
                let key = FrameKey::parse(&Secret::new(CALLBACK_KEY)).expect("a key of 43 characters");
                let sealed = seal(&key, *b"0123456789abcdef", message.to_string().as_bytes(), b"acme");
                let signed = signature(&[CALLBACK_TOKEN, &sealed]);
                let body = json!({ "sealed": sealed, "signature": signed }).to_string().into_bytes();
                app.pushes.push(OwnedPush::new(now, body));
            }
            Scene::Faulty(operation, fault, times) => {
                let path =
                    EFFECTS.iter().find(|(_, effect)| *effect == operation).expect("an effect of Acme").0;
                world.faults.push((id.to_string(), path, fault, times));
            }
            Scene::TokenExpired => world.token += 1,
            Scene::AuditStatusCode(code) => world.status_code = code.as_number(),
            Scene::RefusedWith(code, words) => world.refusal = code.as_number().map(|code| (code, words)),
            Scene::Garbage => world.garbage = true,
            Scene::Silent(operation, fault, untold) => {
                let path =
                    EFFECTS.iter().find(|(_, effect)| *effect == operation).expect("an effect of Acme").0;
                world.faults.push((id.to_string(), path, fault, 1));
                world.silent.insert(id.to_string(), (path, false, untold));
            }
            Scene::Told => drop(world.silent.remove(id.as_str())),
            other => panic!("Acme cannot arrange {other:?}"),
        }
    }

    async fn effects(&self, id: &AppId, operation: Operation) -> u64 {
        let Some((path, _)) = EFFECTS.iter().find(|(_, effect)| *effect == operation) else { return 0 };
        self.acme.world().apps.get(id.as_str()).and_then(|app| app.effects.get(path).copied()).unwrap_or(0)
    }

    async fn requests(&self) -> u64 {
        self.acme.world().requests
    }

    async fn pushes(&self, id: &AppId) -> Vec<OwnedPush> {
        self.acme.world().apps.get(id.as_str()).map(|app| app.pushes.clone()).unwrap_or_default()
    }

    fn ext(&self, _app: &AppId) -> ExtJson {
        ExtJson::default()
    }

    fn submit_options(&self) -> SubmitOptions {
        SubmitOptions::default()
    }
}
