//! The whole chain over real sockets, checked against the simulator's truth.

use std::sync::Arc;
use std::time::Duration;

use baidu_smartapp::{BAIDU, BaiduAuthorization, BaiduPlatform};
use futures::future::join_all;
use miniprogram_core::authorization::AuthorizationApi;
use miniprogram_core::clock::{Busy, Clock, VirtualClock};
use miniprogram_core::token::{TokenProvider, TokenScope};
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::{AppId, ClientConfig, CodeManager, ErrorKind, PlatformId, Secret, Vendor};
use miniprogram_sim::{AppSpec, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator};
use miniprogram_store::{GrantState, PlatformKey, SqliteStore, StoreOptions, TokenStore};
use miniprogram_tokens::TokenManager;
use tempfile::TempDir;
use wechat_wxa::{WECHAT, WeChatAuthorization, WeChatPlatform};

use crate::support::{path, start};

const VENDORS: [Vendor; 2] = [WECHAT, BAIDU];

struct World {
    clock: VirtualClock,
    sim: Simulator,
    store: SqliteStore,
    manager: TokenManager,
    _directory: TempDir,
}

impl World {
    async fn new(config: SimConfig) -> Self {
        let clock = VirtualClock::new(start());
        let sim = Simulator::start(config.with_virtual_clock(clock.clone())).await.unwrap();
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::migrate(path(&directory), StoreOptions::default()).await.unwrap();
        let client = |vendor: Vendor| {
            let id = PlatformId::from(sim.callback(vendor).unwrap().platform_id);
            ClientConfig::without_tokens(id)
                .with_base_url(BaseUrl::parse(&sim.base_url()).unwrap())
                .with_clock(Arc::new(clock.clone()))
                .with_seed(7)
        };
        let wechat = WeChatAuthorization::new(client(WECHAT), sim.wechat_secret()).unwrap();
        let baidu = BaiduAuthorization::new(client(BAIDU), sim.baidu_key()).unwrap();
        let apis: [Arc<dyn AuthorizationApi>; 2] = [Arc::new(wechat), Arc::new(baidu)];
        let builder = TokenManager::builder(Arc::new(store.clone())).with_clock(Arc::new(clock.clone()));
        let manager =
            apis.into_iter().fold(builder, |builder, api| builder.with_platform(api)).build().unwrap();
        let world = Self { clock, sim, store, manager, _directory: directory };
        for vendor in VENDORS {
            world.push_ticket(vendor).await;
        }
        world
    }

    async fn push_ticket(&self, vendor: Vendor) {
        let ticket = self.sim.push_ticket(vendor).unwrap();
        assert!(self.manager.save_ticket(&self.key(vendor), &ticket, self.sim.now()).await.unwrap());
    }

    fn key(&self, vendor: Vendor) -> PlatformKey {
        PlatformKey::new(vendor, self.sim.callback(vendor).unwrap().platform_id)
    }

    fn scope(&self, vendor: Vendor, app: &AppId) -> TokenScope {
        TokenScope::authorizer(vendor, self.key(vendor).platform, app.clone())
    }

    fn add(&self, vendor: Vendor, app: &AppId) -> Secret {
        self.sim.add_app(AppSpec::new(vendor, app.clone()).unauthorized()).unwrap();
        self.sim.authorize(app).unwrap()
    }

    async fn authorize(&self, vendor: Vendor, app: &AppId) {
        let code = self.add(vendor, app);
        let authorized = self.manager.exchange(&self.key(vendor), &code, Some(app), None).await.unwrap();
        assert_eq!(authorized.app, *app);
        let alias = (vendor == WECHAT).then(|| self.sim.truth(app).unwrap().original_id);
        assert_eq!(authorized.alias, alias);
    }

    /// Another client with the same clock and store: how any client gets its tokens.
    fn client(&self, vendor: Vendor, app: &AppId) -> Box<dyn CodeManager> {
        let config = ClientConfig::new(self.key(vendor).platform, Arc::new(self.manager.clone()))
            .with_base_url(BaseUrl::parse(&self.sim.base_url()).unwrap())
            .with_clock(Arc::new(self.clock.clone()));
        match vendor {
            BAIDU => Box::new(BaiduPlatform::new(config).unwrap().app(app.clone())),
            _ => Box::new(WeChatPlatform::new(config).unwrap().app(app.clone())),
        }
    }

    async fn assert_intact(&self, vendor: Vendor, app: &AppId) {
        let record = self.store.token(&self.scope(vendor, app)).await.unwrap().unwrap();
        let refresh = record.refresh_token.expect("a refresh token is kept");
        assert!(self.sim.refresh_token_is_valid(app, &refresh), "{vendor}: the refresh token is lost");
        assert_eq!(record.state, GrantState::Active);
    }

    fn enter(&self) -> Busy {
        self.clock.enter()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_whose_calls_are_refused_bring_one_refresh_each_time() {
    let world = World::new(SimConfig::new()).await;
    for (vendor, app) in VENDORS.into_iter().zip([AppId::from("wxapp"), AppId::from("1452365")]) {
        world.authorize(vendor, &app).await;
        let client: Arc<dyn CodeManager> = world.client(vendor, &app).into();
        for expiry in 1..=20 {
            world.sim.expire_token(&app).unwrap();
            let calls = (0..20).map(|_| {
                let client = Arc::clone(&client);
                tokio::spawn(async move { client.categories().await.map(drop) })
            });
            for result in join_all(calls).await {
                result.unwrap().unwrap();
            }
            assert_eq!(world.sim.effects(&app, "refresh"), expiry, "{vendor}");
        }
        assert_eq!((world.sim.effects(&app, "exchange"), world.sim.effects(&app, "recover")), (1, 0));
        world.assert_intact(vendor, &app).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn disturbed_answers_lose_no_token() {
    let fault = |number: usize| {
        let answers = [
            Disturbance::Reset,
            Disturbance::Hang,
            Disturbance::CutBody,
            Disturbance::Busy,
            Disturbance::ServerError(502),
        ];
        let answer = answers[number % answers.len()];
        match number / answers.len() % 3 {
            0 => Fault::Before(answer),
            1 => Fault::After(answer),
            _ => Fault::late(Duration::from_secs(12), answer),
        }
    };
    let world = World::new(SimConfig::new().with_refresh_token_rotation(true)).await;
    for vendor in VENDORS {
        for number in 0..27 {
            let first = if vendor == BAIDU { 5_000_000 } else { 6_000_000 };
            let app = AppId::from(first + number as u64);
            // The last one is hours old.
            world.push_ticket(vendor).await;
            world.authorize(vendor, &app).await;
            let operations = ["refresh", "exchange", "recover"];
            for count in 0..=number / 9 {
                let scope = Scope::operation(operations[count % 3]);
                world.sim.add_fault(FaultRule::next(1 + count as u32 % 2, scope, fault(number + count)));
            }
            let life = if vendor == BAIDU { 3600 } else { 7200 };
            {
                let _busy = world.enter();
                world.clock.sleep(Duration::from_secs(life)).await;
            }
            let scope = world.scope(vendor, &app);
            let mut tries = 0;
            loop {
                let _busy = world.enter();
                tries += 1;
                match world.manager.token(&scope).await {
                    Ok(_) => break,
                    Err(error) => assert!(tries < 4 && error.kind() != ErrorKind::Unauthorized, "{error:#}"),
                }
            }
            world.sim.clear_faults();
            // A late effect may replace what is stored: the next call notices, without a person.
            {
                let _busy = world.enter();
                world.clock.sleep(Duration::from_secs(30)).await;
            }
            world.client(vendor, &app).categories().await.unwrap();
            world.assert_intact(vendor, &app).await;
        }
    }
}

#[tokio::test]
async fn a_merchant_who_revokes_and_comes_back_is_followed() {
    let world = World::new(SimConfig::new()).await;
    for (vendor, app) in VENDORS.into_iter().zip([AppId::from("wxapp"), AppId::from("1452365")]) {
        world.authorize(vendor, &app).await;
        world.sim.revoke_authorization(&app).unwrap();
        let client = world.client(vendor, &app);
        let error = client.categories().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
        let record = world.store.token(&world.scope(vendor, &app)).await.unwrap().unwrap();
        assert_eq!(record.state, GrantState::NeedsReauthorization);
        let code = world.sim.authorize(&app).unwrap();
        world.manager.exchange(&world.key(vendor), &code, Some(&app), None).await.unwrap();
        client.categories().await.unwrap();
        world.assert_intact(vendor, &app).await;
    }
}

#[tokio::test]
async fn lost_tokens_come_back_without_the_merchant() {
    let world = World::new(SimConfig::new()).await;
    for (vendor, app) in VENDORS.into_iter().zip([AppId::from("wxapp"), AppId::from("1452365")]) {
        // The push was missed, the code never exchanged.
        world.add(vendor, &app);
        let error = world.client(vendor, &app).categories().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        let status = world.manager.recover(&world.key(vendor), &app).await.unwrap();
        assert_eq!((status.generation, status.refreshable, status.state), (1, true, GrantState::Active));
        world.client(vendor, &app).categories().await.unwrap();
        world.assert_intact(vendor, &app).await;
    }
    assert_eq!(world.manager.all_authorizers(&world.key(WECHAT)).await.unwrap().len(), 1);
    assert_eq!(
        world.manager.all_authorizers(&world.key(BAIDU)).await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

#[tokio::test]
async fn a_platform_token_that_the_vendor_replaced_is_replaced_here_too() {
    let world = World::new(SimConfig::new()).await;
    for (vendor, app) in VENDORS.into_iter().zip([AppId::from("wxapp"), AppId::from("1452365")]) {
        world.authorize(vendor, &app).await;
        world.sim.rotate_platform_token(vendor).unwrap();
        let status = world.manager.refresh(&world.scope(vendor, &app)).await.unwrap();
        assert_eq!(status.generation, 2);
        assert_eq!(world.sim.platform_effects(vendor, "platform_token"), 2);
        world.assert_intact(vendor, &app).await;
    }
}
