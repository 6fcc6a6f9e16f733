//! Acme as the conformance suite sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use miniprogram_core::clock::VirtualClock;
use miniprogram_core::conformance::{Decision, Harness, Scene};
use miniprogram_core::journal::MemoryJournal;
use miniprogram_core::push::OwnedPush;
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::*;

use super::acme::{AcmeApp, AcmePlatform, Key};
use super::server::{Acme, App, CONSOLE_KEY, EFFECTS, PLATFORM};

/// The platform under test, and the vendor.
#[derive(Debug)]
pub(crate) struct AcmeHarness {
    acme: Acme,
    clock: VirtualClock,
    platform: AcmePlatform,
    journal: Arc<MemoryJournal>,
    config: ClientConfig,
}

impl AcmeHarness {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
        let acme = Acme::new(Arc::new(clock.clone()));
        let journal = Arc::new(MemoryJournal::default());
        let wallet = Wallet { acme: acme.clone(), known: Mutex::default() };
        let config = ClientConfig::new(PLATFORM, Arc::new(wallet))
            .with_transport(Arc::new(acme.clone()))
            .with_clock(Arc::new(clock.clone()))
            .with_journal(Arc::<MemoryJournal>::clone(&journal))
            .with_seed(7);
        let platform = platform(config.clone());
        Self { acme, clock, platform, journal, config }
    }
}

fn platform(config: ClientConfig) -> AcmePlatform {
    AcmePlatform::new(config, Key::new(CONSOLE_KEY)).expect("no TLS is set up for a transport in memory")
}

fn path_of(operation: Operation) -> &'static str {
    EFFECTS.iter().find(|(_, effect)| *effect == operation).map_or("", |(path, _)| path)
}

// guide: harness
#[async_trait]
impl Harness for AcmeHarness {
    type App = AcmeApp;

    fn platform(&self) -> &dyn MiniProgramPlatform {
        &self.platform
    }

    fn unlisted_code(&self) -> Code {
        Code::from("NEVER_HEARD_OF")
    }

    fn unlisted_status(&self) -> Code {
        Code::from("ON_HOLIDAY")
    }

    async fn effects(&self, app: &AppId, operation: Operation) -> u64 {
        let world = self.acme.world();
        let app = world.apps.get(app.as_str());
        app.and_then(|app| app.effects.get(path_of(operation)).copied()).unwrap_or_default()
    }
    // end

    fn another_platform(&self) -> Box<dyn MiniProgramPlatform> {
        Box::new(platform(self.config.clone()))
    }

    fn app(&self, app: &AppId) -> AcmeApp {
        self.platform.app(app.clone())
    }

    fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    fn journal(&self) -> Arc<MemoryJournal> {
        Arc::clone(&self.journal)
    }

    async fn arrange(&self, id: &AppId, scene: Scene) {
        if let Scene::Decided(decision) = scene {
            return self.decide(id, decision);
        }
        let mut world = self.acme.world();
        let app = id.to_string();
        match scene {
            Scene::App => drop(world.apps.insert(app, App::with_versions("2.4.0", "2.3.0"))),
            Scene::EmptyApp => drop(world.apps.insert(app, App::default())),
            Scene::Faulty(operation, fault, times) => {
                world.faults.effects.push((app, path_of(operation), fault, times));
            }
            Scene::TokenExpired => drop(world.grants.issue(&app, None)),
            Scene::AuditStatusCode(code) => world.faults.status = Some(code.to_string()),
            Scene::RefusedWith(code, words) => world.faults.refusal = Some((code.to_string(), words)),
            Scene::Garbage => world.faults.garbage = true,
            Scene::Silent(operation, fault, untold) => {
                world.faults.effects.push((app.clone(), path_of(operation), fault, 1));
                world.faults.silent.insert(app, (path_of(operation), false, untold));
            }
            Scene::Told => drop(world.faults.silent.remove(&app)),
            other => panic!("Acme cannot arrange {other:?}"),
        }
    }

    async fn requests(&self) -> u64 {
        self.acme.world().requests
    }

    async fn pushes(&self, app: &AppId) -> Vec<OwnedPush> {
        self.acme.world().apps.get(app.as_str()).map(|app| app.pushes.clone()).unwrap_or_default()
    }

    fn ext(&self, _app: &AppId) -> ExtJson {
        ExtJson::default()
    }

    fn submit_options(&self) -> SubmitOptions {
        SubmitOptions::default()
    }
}

impl AcmeHarness {
    fn decide(&self, id: &AppId, decision: Decision) {
        let (event, status, reason) = match decision {
            Decision::Approve => ("AUDIT_PASSED", "PASSED", String::new()),
            Decision::Reject(reason) => ("AUDIT_FAILED", "FAILED", reason),
        };
        let push = self.acme.push(event, id.as_str(), &[("reason", &reason)]);
        let mut world = self.acme.world();
        let app = world.apps.entry(id.to_string()).or_default();
        let review = app.review.as_mut().expect("an audit to decide");
        (review.status, review.reason) = (status, reason);
        app.pushes.push(push);
    }
}

/// Tokens of apps, each of which is provided until it is refused.
#[derive(Debug)]
struct Wallet {
    acme: Acme,
    known: Mutex<HashMap<AppId, AccessToken>>,
}

#[async_trait]
impl TokenProvider for Wallet {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let app = scope.app.clone().expect("Acme's calls take apps' tokens");
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = known.get(&app) {
            return Ok(token.clone());
        }
        let token = AccessToken::new(self.acme.world().grants.issue(app.as_str(), None))?;
        known.insert(app, token.clone());
        Ok(token)
    }

    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|app, token| Some(app) != scope.app.as_ref() || token != refused);
        Ok(())
    }
}
