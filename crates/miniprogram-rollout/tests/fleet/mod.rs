//! A fleet on the simulator, and processes that bring a version to it, on the simulator's clock.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use baidu_smartapp::{BAIDU, BaiduPlatform};
use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::token::TokenProvider;
use miniprogram_core::transport::{BaseUrl, HttpTransport};
use miniprogram_core::{AppId, ClientConfig, MiniProgramPlatform, Timestamp, Vendor};
use miniprogram_rollout::engine::{Driven, GateRequest, HealthGate, RolloutEngine, RolloutStatus};
use miniprogram_rollout::machine::{Gated, Health, Order, Ordered};
use miniprogram_rollout::plan::{Context, KnownVendor, Plan};
use miniprogram_sim::{AppSpec, AuditPolicy, SimConfig, Simulator, State};
use miniprogram_store::{SqliteStore, Store, StoreJournal, StoreOptions};
use tempfile::TempDir;
use wechat_wxa::{WECHAT, WeChatPlatform};

pub(crate) const VERSION: &str = "2.0.0";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const NAME: &str = "spring";
/// Two gray steps.
pub(crate) const GRAY: &str = r#"gray = [{ share = "10%", bake = "1h" }, { share = "50%", bake = "1h" }]"#;

/// A simulator, a store and the apps of both vendors.
pub(crate) struct Fleet {
    pub(crate) sim: Arc<Simulator>,
    /// The connections to the simulator, which all processes share: to set them up takes longer than to use them.
    transport: Arc<HttpTransport>,
    pub(crate) clock: VirtualClock,
    pub(crate) folder: TempDir,
    pub(crate) apps: Vec<(Vendor, AppId)>,
}

#[derive(Debug)]
struct Gate(Health);

#[async_trait]
impl HealthGate for Gate {
    async fn check(&self, request: &GateRequest) -> Gated {
        Gated::new(self.0, Some(format!("{} at {} %", request.app_id, request.percentage)))
    }
}

impl Fleet {
    /// So many apps per vendor, with a version online each.
    pub(crate) async fn new(per_vendor: u64, config: SimConfig) -> Self {
        Self::begun_at(Timestamp::from_unix(1_800_000_000), per_vendor, config).await
    }

    pub(crate) async fn begun_at(begin: Timestamp, per_vendor: u64, config: SimConfig) -> Self {
        let clock = VirtualClock::new(begin);
        let sim = Simulator::start(config.with_virtual_clock(clock.clone())).await.unwrap();
        Self { clock, ..Self::on(sim, per_vendor).await }
    }

    /// So many apps per vendor of a simulator.
    pub(crate) async fn on(sim: Simulator, per_vendor: u64) -> Self {
        let mut apps = Vec::new();
        for number in 1..=per_vendor {
            for (vendor, app) in
                [(WECHAT, format!("wx{number:016}")), (BAIDU, (17_000_000 + number).to_string())]
            {
                let app = AppId::from(app);
                sim.add_app(AppSpec::new(vendor, app.clone()).with_state(State::Online)).unwrap();
                apps.push((vendor, app));
            }
        }
        let folder = TempDir::new().unwrap();
        SqliteStore::create(folder.path().join("state.db"), StoreOptions::default()).await.unwrap();
        let clock = VirtualClock::new(Timestamp::from_unix(1_800_000_000));
        let transport = HttpTransport::new(BaseUrl::parse(&sim.base_url()).unwrap()).unwrap();
        Self { sim: Arc::new(sim), transport: Arc::new(transport), clock, folder, apps }
    }

    pub(crate) fn plan(&self, top: &str, tables: &str) -> Plan {
        self.plan_from(VERSION, 50.0, top, tables, GRAY)
    }

    /// A plan for a version, with a rate; `gray` is the line of the gray steps, or empty.
    pub(crate) fn plan_from(&self, version: &str, rate: f64, top: &str, tables: &str, gray: &str) -> Plan {
        self.plan_of(&format!(
            r#"
            merchants = "merchants.csv"
            {top}
            [vendor.wechat]
            template = 7
            version = "{version}"
            description = "spring"
            rate = {rate}
            extension = {{ extEnable = true }}
            {gray}
            submit = {{ items = [{{ address = "pages/index/index", first_class = "工具", second_class = "备忘录", first_id = 1, second_id = 2 }}] }}
            [vendor.baidu]
            template = 7
            version = "{version}"
            description = "spring"
            rate = {rate}
            extension = {{ extEnable = true }}
            submit = {{ content = "spring", remark = "none" }}
            {tables}
            "#
        ))
    }

    /// The plan of a whole file.
    pub(crate) fn plan_of(&self, file: &str) -> Plan {
        let known = Context::new([
            KnownVendor::new(WECHAT, self.wechat(ClientConfig::new("p", self.tokens())).capabilities()),
            KnownVendor::new(BAIDU, self.baidu(ClientConfig::new("p", self.tokens())).capabilities()),
        ]);
        let mut merchants = "vendor,app_id\n".to_owned();
        for (vendor, app) in &self.apps {
            merchants += &format!("{vendor},{app}\n");
        }
        let mut files = |name: &str| match name {
            "merchants.csv" => Ok(merchants.clone().into_bytes()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        Plan::check("rollout.toml", file.as_bytes(), &mut files, &known)
            .unwrap_or_else(|problems| panic!("{problems}"))
    }

    pub(crate) fn tokens(&self) -> Arc<dyn TokenProvider> {
        self.sim.tokens()
    }

    pub(crate) fn wechat(&self, config: ClientConfig) -> WeChatPlatform {
        WeChatPlatform::new(config.with_transport(Arc::<HttpTransport>::clone(&self.transport))).unwrap()
    }

    pub(crate) fn baidu(&self, config: ClientConfig) -> BaiduPlatform {
        BaiduPlatform::new(config.with_transport(Arc::<HttpTransport>::clone(&self.transport))).unwrap()
    }

    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        let store = SqliteStore::open(self.folder.path().join("state.db"), StoreOptions::default());
        Arc::new(store.await.unwrap())
    }

    /// A process: its own platforms over the same store.
    pub(crate) async fn engine(&self, owner: &str, health: Health) -> RolloutEngine {
        self.engine_over(self.store().await, owner, health, None)
    }

    /// The same; with callbacks, Baidu's platform can read the pushes that it has missed.
    pub(crate) async fn engine_with(
        &self,
        owner: &str,
        health: Health,
        callbacks: Option<CallbackConfig>,
    ) -> RolloutEngine {
        self.engine_over(self.store().await, owner, health, callbacks)
    }

    pub(crate) fn engine_over(
        &self,
        store: Arc<dyn Store>,
        owner: &str,
        health: Health,
        callbacks: Option<CallbackConfig>,
    ) -> RolloutEngine {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let config = |vendor: Vendor| {
            let platform = self.sim.callback(vendor).unwrap().platform_id;
            let journal = StoreJournal::new(Arc::clone(&store) as _, platform.clone(), Arc::clone(&clock));
            ClientConfig::new(platform, self.tokens())
                .with_clock(Arc::clone(&clock))
                .with_journal(Arc::new(journal))
        };
        let mut baidu = self.baidu(config(BAIDU));
        if let Some(callbacks) = callbacks {
            baidu = baidu.with_callbacks(callbacks);
        }
        RolloutEngine::builder(Arc::clone(&store) as _, Arc::clone(&clock))
            .with_platform(Arc::new(self.wechat(config(WECHAT))))
            .with_platform(Arc::new(baidu))
            .with_gate(Arc::new(Gate(health)))
            .with_owner(owner)
            .with_lease(Duration::from_secs(600))
            .with_signal_interval(HOUR)
            .build()
    }

    pub(crate) fn online(&self, app: &AppId) -> String {
        self.sim.truth(app).unwrap().online_version().unwrap_or_default().to_owned()
    }

    /// How many apps show the new version to everybody.
    pub(crate) fn on_new_version(&self) -> usize {
        self.apps.iter().filter(|(_, app)| self.online(app) == VERSION).count()
    }

    pub(crate) fn times(&self, operation: &str) -> u64 {
        self.apps.iter().map(|(_, app)| self.sim.effects(app, operation)).sum()
    }
}

pub(crate) fn config() -> SimConfig {
    SimConfig::new()
        .with_seed(7)
        .with_wechat_audits(1000)
        .with_baidu_audits(1000)
        .with_audit_policy(AuditPolicy::approve_after(HOUR * 5))
}

pub(crate) const WAVES: &str = r#"
    [[wave]]
    name = "canary"
    apps = 2
    [[wave]]
    name = "all"
    apps = "rest"
"#;

pub(crate) async fn drive(engine: &RolloutEngine) -> Driven {
    engine.drive(NAME, std::future::pending()).await.unwrap()
}

/// Drives until a status is as wanted, looking every minute of simulated time; then the driver is asked to stop.
pub(crate) async fn drive_until(
    fleet: &Fleet,
    engine: &RolloutEngine,
    wanted: impl Fn(&RolloutStatus) -> bool,
) {
    let looked = async {
        loop {
            let busy = fleet.clock.enter();
            if wanted(&engine.status(NAME).await.unwrap()) {
                return;
            }
            drop(busy);
            fleet.clock.sleep(Duration::from_secs(60)).await;
        }
    };
    let driven = engine.drive(NAME, looked).await.unwrap();
    assert_eq!(driven, Driven::Stopped, "{:?}", engine.status(NAME).await.unwrap());
}

pub(crate) fn order(order: Order) -> Ordered {
    Ordered::new("operator", order)
}
