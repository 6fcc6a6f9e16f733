//! Both vendors for the conformance suite, played by the simulator over real sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::baidu::{BAIDU, BaiduApp, BaiduPlatform};
use miniprogram::callback::CallbackConfig;
use miniprogram::clock::VirtualClock;
use miniprogram::journal::MemoryJournal;
use miniprogram::model::{Category, CategoryLevel};
use miniprogram::push::OwnedPush;
use miniprogram::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{AuditItem, WECHAT, WeChatApp, WeChatPlatform};
use miniprogram::*;
use miniprogram_core::conformance::{Decision, Fault, Harness, Scene, Untold};
use miniprogram_sim::{AppSpec, Callback, Disturbance, FaultRule, Scope, SimConfig, Simulator, State};

/// Start time of tests, contemporary with the vendors' documents.
pub(crate) const START: Timestamp = Timestamp::from_unix(1_700_000_000);
/// Timeout of one attempt, on the given clock.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// Tokens as a platform caches them: the old one is used until the vendor refuses it.
#[derive(Debug)]
pub(crate) struct SimTokens {
    sim: Arc<Simulator>,
    cache: Mutex<HashMap<TokenScope, AccessToken>>,
}

impl SimTokens {
    pub(crate) fn new(sim: Arc<Simulator>) -> Self {
        Self { sim, cache: Mutex::default() }
    }

    fn fetch(&self, scope: &TokenScope) -> Result<AccessToken> {
        let issued = match &scope.app {
            Some(app) => self.sim.token(app),
            None => self.sim.platform_token(scope.vendor),
        };
        AccessToken::new(issued.map_err(|error| Error::new(ErrorKind::Config, "token").with_source(error))?)
    }
}

#[async_trait]
impl TokenProvider for SimTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let mut cache = self.cache.lock().unwrap();
        if let Some(token) = cache.get(scope) {
            return Ok(token.clone());
        }
        let token = self.fetch(scope)?;
        cache.insert(scope.clone(), token.clone());
        Ok(token)
    }

    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        let mut cache = self.cache.lock().unwrap();
        if cache.get(scope) == Some(refused) {
            let token = self.fetch(scope)?;
            cache.insert(scope.clone(), token);
        }
        Ok(())
    }
}

/// A simulator and its clients' settings.
#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) sim: Arc<Simulator>,
    pub(crate) clock: VirtualClock,
    pub(crate) journal: Arc<MemoryJournal>,
    vendor: Vendor,
}

impl Rig {
    pub(crate) async fn start(vendor: Vendor, config: SimConfig) -> Self {
        let clock = VirtualClock::new(START);
        let sim = Simulator::start(config.with_virtual_clock(clock.clone()))
            .await
            .expect("a free port on loopback");
        Self { sim: Arc::new(sim), clock, journal: Arc::default(), vendor }
    }

    pub(crate) fn callback(&self) -> Callback {
        self.sim.callback(self.vendor).expect("a known vendor")
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let tokens = SimTokens::new(Arc::clone(&self.sim));
        ClientConfig::new(self.callback().platform_id, Arc::new(tokens))
            .with_base_url(BaseUrl::parse(&self.sim.base_url()).expect("a loopback URL"))
            .with_clock(Arc::new(self.clock.clone()))
            .with_journal(Arc::<MemoryJournal>::clone(&self.journal))
            .with_timeout(TIMEOUT)
            .with_seed(self.sim.seed())
    }

    pub(crate) fn callbacks(&self) -> CallbackConfig {
        let callback = self.callback();
        CallbackConfig::encrypted(callback.token, &callback.aes_key)
            .and_then(|config| config.with_receiver_id(callback.receiver_id))
            .expect("the simulator's own secrets")
            .with_platform_id(callback.platform_id)
    }

    fn arrange(&self, app: &AppId, scene: Scene, paths: &Paths) {
        let next = |times, scope, fault| {
            self.sim.add_fault(FaultRule::next(times, scope, fault).with_app(app.clone()));
        };
        match scene {
            Scene::App => {
                let spec = AppSpec::new(self.vendor, app.clone());
                // WeChat shows the last upload as the experience version, so a lost upload is recognizable.
                let spec = match self.vendor {
                    WECHAT => spec.with_state(State::Uploaded { version: "1.1.0".to_owned() }),
                    _ => spec,
                };
                self.sim.add_app(spec).expect("a new app");
            }
            Scene::EmptyApp => {
                let spec = AppSpec::new(self.vendor, app.clone()).with_state(State::Fresh);
                self.sim.add_app(spec).expect("a new app");
            }
            Scene::Decided(Decision::Approve) => {
                self.sim.decide_audit(app, &miniprogram_sim::Decision::Approve).expect("an open audit");
            }
            Scene::Decided(Decision::Reject(reason)) => {
                self.sim
                    .decide_audit(app, &miniprogram_sim::Decision::reject(reason))
                    .expect("an open audit");
            }
            Scene::Faulty(operation, fault, times) => {
                next(times, Scope::operation(operation.as_str()), simulated(fault));
            }
            Scene::TokenExpired => self.sim.expire_token(app).expect("a known app"),
            Scene::AuditStatusCode(code) => {
                let code = code.as_number().expect("a number");
                next(1, Scope::path(paths.audit_status), miniprogram_sim::Fault::UnknownStatus(code));
            }
            Scene::RefusedWith(code, message) => {
                let code = code.as_number().expect("a number");
                for scope in [Scope::path(paths.visit_status), Scope::operation("set_visit_status")] {
                    next(1, scope, miniprogram_sim::Fault::VendorError { code, message: message.clone() });
                }
            }
            Scene::Garbage => {
                let garbage = miniprogram_sim::Fault::After(Disturbance::GarbageBody);
                next(1, Scope::path(paths.visit_status), garbage);
            }
            Scene::Silent(operation, fault, untold) => {
                next(1, Scope::operation(operation.as_str()), simulated(fault));
                let untold = miniprogram_sim::Fault::Untold(match untold {
                    Untold::Absent => miniprogram_sim::Untold::Absent,
                    Untold::Null => miniprogram_sim::Untold::Null,
                    Untold::Empty => miniprogram_sim::Untold::Empty,
                    Untold::Blank => miniprogram_sim::Untold::Blank,
                    other => panic!("the simulator cannot leave fields {other:?}"),
                });
                let rule = FaultRule::always(Scope::Reads, untold).with_app(app.clone());
                self.sim.add_fault(rule.once_tried(operation.as_str()));
            }
            Scene::Told => self.sim.clear_faults(),
            other => panic!("the simulator cannot arrange {other:?}"),
        }
    }

    async fn pushes(&self, app: &AppId) -> Vec<OwnedPush> {
        self.sim.idle().await;
        let pushes = self.sim.pushes(app).into_iter();
        pushes
            .map(|push| {
                OwnedPush::new(push.at, push.body.into_bytes()).with_head(push.query, Some(push.content_type))
            })
            .collect()
    }
}

/// The endpoints of a scene's reads.
struct Paths {
    audit_status: &'static str,
    visit_status: &'static str,
}

/// Converts the suite's fault to the simulator's.
pub(crate) fn simulated(fault: Fault) -> miniprogram_sim::Fault {
    use miniprogram_sim::Fault as Sim;
    match fault {
        Fault::ErrorBefore => Sim::Before(Disturbance::ServerError(503)),
        Fault::BusyBefore => Sim::Before(Disturbance::Busy),
        Fault::ResetBefore => Sim::Before(Disturbance::Reset),
        Fault::HangBefore => Sim::Before(Disturbance::Hang),
        Fault::ErrorAfter => Sim::After(Disturbance::ServerError(502)),
        Fault::BusyAfter => Sim::After(Disturbance::Busy),
        Fault::ResetAfter => Sim::After(Disturbance::Reset),
        Fault::HangAfter => Sim::After(Disturbance::Hang),
        Fault::CutAfter => Sim::After(Disturbance::CutBody),
        Fault::Late => Sim::late(TIMEOUT + Duration::from_secs(3), Disturbance::Hang),
        other => panic!("the simulator has no {other:?}"),
    }
}

macro_rules! harness {
    ($name:ident, $vendor:ident, $platform:ident, $app:ident, $paths:expr, $ext:expr, $options:expr) => {
        #[derive(Debug)]
        pub(crate) struct $name {
            pub(crate) rig: Rig,
            pub(crate) platform: $platform,
        }

        impl $name {
            pub(crate) async fn start() -> Self {
                Self::start_with(SimConfig::new().with_seed(20_261_122)).await
            }

            pub(crate) async fn start_with(config: SimConfig) -> Self {
                let rig = Rig::start($vendor, config).await;
                let platform =
                    $platform::new(rig.client()).expect("a platform").with_callbacks(rig.callbacks());
                Self { rig, platform }
            }
        }

        #[async_trait]
        impl Harness for $name {
            type App = $app;

            fn platform(&self) -> &dyn MiniProgramPlatform {
                &self.platform
            }

            fn another_platform(&self) -> Box<dyn MiniProgramPlatform> {
                Box::new($platform::new(self.rig.client()).expect("a platform"))
            }

            fn app(&self, app: &AppId) -> $app {
                self.platform.app(app.clone())
            }

            fn clock(&self) -> VirtualClock {
                self.rig.clock.clone()
            }

            fn journal(&self) -> Arc<MemoryJournal> {
                Arc::clone(&self.rig.journal)
            }

            async fn arrange(&self, app: &AppId, scene: Scene) {
                self.rig.arrange(app, scene, &$paths);
            }

            async fn effects(&self, app: &AppId, operation: Operation) -> u64 {
                self.rig.sim.effects(app, operation.as_str())
            }

            async fn requests(&self) -> u64 {
                self.rig.sim.requests()
            }

            async fn pushes(&self, app: &AppId) -> Vec<OwnedPush> {
                self.rig.pushes(app).await
            }

            fn ext(&self, app: &AppId) -> ExtJson {
                $ext(app)
            }

            fn submit_options(&self) -> SubmitOptions {
                $options
            }
        }
    };
}

fn ext_json(app: &AppId) -> ExtJson {
    format!(r#"{{"extEnable":true,"extAppid":"{app}","ext":{{"name":"面包店"}}}}"#)
        .parse()
        .expect("a JSON object")
}

harness!(
    WeChatHarness,
    WECHAT,
    WeChatPlatform,
    WeChatApp,
    Paths { audit_status: "/wxa/get_auditstatus", visit_status: "/wxa/getvisitstatus" },
    ext_json,
    wechat::SubmitOptions::new().with_item(wechat_item()).into()
);
harness!(
    BaiduHarness,
    BAIDU,
    BaiduPlatform,
    BaiduApp,
    Paths {
        audit_status: "/rest/2.0/smartapp/package/getdetail",
        visit_status: "/rest/2.0/smartapp/app/info"
    },
    ext_json,
    baidu::SubmitOptions::new("秋季活动", "代提审").into()
);

/// An item with a category that the simulator's apps have.
pub(crate) fn wechat_item() -> AuditItem {
    let levels = vec![CategoryLevel::new(1, "工具"), CategoryLevel::new(2, "备忘录")];
    AuditItem::of_category(&Category::new(levels))
        .with_address("index")
        .with_tag("学习 生活")
        .with_title("首页")
}
