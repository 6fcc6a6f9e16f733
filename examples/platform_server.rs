//! A complete small platform for both vendors: it receives callbacks, renews tokens, and releases every approved audit.
//! Once merchants authorize, everything runs automatically.
//!
//! ```sh
//! cargo run --example platform_server
//! ```
//!
//! The simulator plays the vendors over real HTTP; the store is a real file. For your own platform, change the
//! addresses and secrets in `main`, and what `Shop` does with an event.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::baidu::{BAIDU, BaiduAuthorization, BaiduCallback, BaiduPlatform};
use miniprogram::callback::CallbackConfig;
use miniprogram::clock::SystemClock;
use miniprogram::push::Delivery;
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{AuditItem, WECHAT, WeChatAuthorization, WeChatCallback, WeChatPlatform};
use miniprogram::*;
use miniprogram_callback::{CallbackPlatform, CallbackService};
use miniprogram_sim::{AppSpec, AuditPolicy, Callback, SimConfig, Simulator};
use miniprogram_store::{PlatformKey, SqliteStore, Store, StoreJournal, StoreOptions};
use miniprogram_tokens::TokenManager;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// The platform's event handler: submits its template for every merchant who authorizes, and releases it once approved.
#[derive(Debug)]
struct Shop {
    platforms: Vec<Box<dyn MiniProgramPlatform>>,
    released: mpsc::UnboundedSender<(Vendor, AppId)>,
}

#[async_trait]
impl EventHandler for Shop {
    async fn handle(&self, event: &Event<'static>, _delivery: &Delivery) -> Result<()> {
        let platform = self.platforms.iter().find(|platform| platform.vendor() == event.vendor);
        let (Some(platform), Some(app_id)) = (platform, &event.app_id) else { return Ok(()) };
        let app = platform.authorizer(app_id.clone());
        match event.kind {
            EventKind::Authorized => {
                let ext: ExtJson = r#"{"extEnable":true,"ext":{"shop":"面包店"}}"#.parse()?;
                let upload = app.upload_code(&"7".into(), &ext, "1.2.0", "first version").await?;
                let audit =
                    app.submit_audit(&SubmitTarget::Upload(upload.value), &submission(&*app).await?).await?;
                println!("{:>7}  {app_id} authorized: submitted audit {}", event.vendor, audit.value);
            }
            EventKind::AuditApproved => {
                // If this process dies here, the journal settles the release; a second delivery finds it done.
                if app.latest_audit().await?.status == AuditStatus::Approved
                    && !is_online(&*app, "1.2.0").await?
                {
                    app.release(&ReleaseTarget::Approved).await?;
                }
                println!("{:>7}  {app_id} approved: released", event.vendor);
                let _ = self.released.send((event.vendor, app_id.clone()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The submission: what a vendor asks for differs.
async fn submission(app: &dyn MiniProgram) -> Result<SubmitOptions> {
    if !app.capabilities().audit_items {
        return Ok(baidu::SubmitOptions::new("orders and pick-up", "no login needed").into());
    }
    let item = |category| AuditItem::of_category(category).with_address("index").with_title("orders");
    let options = wechat::SubmitOptions::new();
    Ok(app
        .categories()
        .await?
        .first()
        .map(item)
        .into_iter()
        .fold(options, |all, item| all.with_item(item))
        .into())
}

async fn is_online(app: &dyn MiniProgram, version: &str) -> Result<bool> {
    let versions = app.code_versions().await?;
    Ok(versions.iter().any(|one| one.stage == Stage::Released && one.version.as_deref() == Some(version)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let directory = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let sim = vendors(&format!("http://{}", listener.local_addr()?)).await?;
    let base_url = BaseUrl::parse(&sim.base_url())?;

    // The store: tokens, intents and inbox in one file.
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::create(directory.path().join("state.db"), StoreOptions::default()).await?);

    // The token chain of both platforms.
    let (wechat, baidu) = (sim.callback(WECHAT)?, sim.callback(BAIDU)?);
    let config = |callback: &Callback| {
        ClientConfig::without_tokens(callback.platform_id.as_str()).with_base_url(base_url.clone())
    };
    let tokens = TokenManager::builder(store.clone())
        .with_platform(Arc::new(WeChatAuthorization::new(config(&wechat), sim.wechat_secret())?))
        .with_platform(Arc::new(BaiduAuthorization::new(config(&baidu), sim.baidu_key())?))
        .build()?;

    // The release cycle, with these tokens and a durable journal.
    let client = |callback: &Callback| {
        let clock = Arc::new(SystemClock);
        let journal = StoreJournal::new(store.clone(), callback.platform_id.as_str(), clock);
        ClientConfig::new(callback.platform_id.as_str(), Arc::new(tokens.clone()))
            .with_base_url(base_url.clone())
            .with_journal(Arc::new(journal))
    };
    let (released, mut releases) = mpsc::unbounded_channel();
    let shop = Shop {
        platforms: vec![
            Box::new(WeChatPlatform::new(client(&wechat))?),
            Box::new(BaiduPlatform::new(client(&baidu))?),
        ],
        released,
    };

    // The callback addresses: tokens handle an event first, then the shop.
    let secrets = |callback: &Callback| {
        CallbackConfig::encrypted(callback.token.clone(), &callback.aes_key)
            .map(|config| config.with_platform_id(callback.platform_id.as_str()))
    };
    let key = |vendor, callback: &Callback| PlatformKey::new(vendor, callback.platform_id.as_str());
    let (wechat_protocol, baidu_protocol) =
        (WeChatCallback::new(secrets(&wechat)?)?, BaiduCallback::new(secrets(&baidu)?)?);
    let callbacks = CallbackService::builder(store.clone())
        .with_platform(CallbackPlatform::new(key(WECHAT, &wechat), wechat_protocol)?)
        .with_platform(CallbackPlatform::new(key(BAIDU, &baidu), baidu_protocol)?)
        .with_handler(Arc::new(tokens.clone()))
        .with_handler(Arc::new(shop))
        .with_aliases(Arc::new(tokens.clone()))
        .build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move { callbacks.serve(listener, async { drop(stopped.await) }).await });
    let renewing = tokio::spawn(async move { tokens.run(std::future::pending()).await });

    // Two merchants authorize. Everything else follows from the vendors' pushes.
    for vendor in [WECHAT, BAIDU] {
        sim.push_ticket(vendor)?;
    }
    for app in sim.apps() {
        sim.authorize(&app)?;
    }
    for _ in sim.apps() {
        let Some((vendor, app)) = releases.recv().await else { return Err("the server has stopped".into()) };
        let truth = sim.truth(&app)?;
        println!("{vendor:>7}  truth: online {:?}", truth.online.map(|online| online.version));
        assert_eq!(sim.effects(&app, "release"), 1, "released once");
    }
    drop(stop);
    serving.await?;
    renewing.abort();
    Ok(())
}

/// Starts the simulator for both vendors: audits are approved after a second, pushes are sent to the address.
async fn vendors(address: &str) -> Result<Simulator, Box<dyn StdError>> {
    let callback = |vendor: Vendor, messages: &str| {
        let callback = Callback::sample(vendor);
        let base = format!("{address}/{vendor}/{}", callback.platform_id);
        callback
            .with_authorization_url(format!("{base}/authorization"))
            .with_url(format!("{base}/{messages}"))
    };
    let config = SimConfig::new()
        .with_audit_policy(AuditPolicy::approve_after(Duration::from_secs(1)))
        .with_upload_time(Duration::from_millis(100))
        .with_wechat_callback(callback(WECHAT, "messages/$APPID$"))
        .with_baidu_callback(callback(BAIDU, "messages"));
    let sim = Simulator::start(config).await?;
    sim.add_app(AppSpec::new(WECHAT, "wx0123456789abcdef").unauthorized())?;
    sim.add_app(AppSpec::new(BAIDU, "17000001").unauthorized())?;
    Ok(sim)
}
