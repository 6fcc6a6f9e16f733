//! The HTTP server and the Rust API.

mod authorization;
mod info;
mod platform;
mod pushes;
mod wechat;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use miniprogram_core::clock::Clock;
use miniprogram_core::vendor_api::frame::FrameKey;
use miniprogram_core::{AppId, PackageId, Secret, Timestamp, Vendor};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};

use crate::body::{BrokenOff, Reply};
use crate::callback::Callback;
use crate::config::SimConfig;
use crate::error::SimError;
use crate::faults::{FaultRule, PushFaultRule};
use crate::hub::Hub;
use crate::receiver::PushReceiver;
use crate::spec::{AppSpec, State};
use crate::truth::{AppTruth, LoggedRequest, SentPush};
use crate::verdict::{AuditPolicy, Decision};
use crate::world::{Account, World};
use crate::{BAIDU, WECHAT, admin, handle, page};

pub use pushes::PushAnswer;

/// A running simulator. Dropping it stops the server and all background work.
#[derive(Debug)]
pub struct Simulator {
    hub: Arc<Hub>,
    address: SocketAddr,
    seed: u64,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Starts a simulator; needs a tokio runtime.
    ///
    /// # Errors
    /// If the address cannot be bound, or an AES key of a callback is not 43 letters and digits.
    pub async fn start(config: SimConfig) -> io::Result<Self> {
        for vendor in [WECHAT, BAIDU] {
            check(config.settings.callback(vendor))
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        }
        let listener = TcpListener::bind(config.address).await?;
        let address = listener.local_addr()?;
        let hub = Hub::new(World::new(&config), config.time.clone(), Handle::current())?;
        if let Some(interval) = config.settings.ticket_interval {
            hub.with(|world, now| world.push_tickets(interval, now));
        }
        let server = tokio::spawn(accept(listener, Arc::clone(&hub)));
        tracing::info!(%address, seed = config.seed, "simulator listening");
        Ok(Self { hub, address, seed: config.seed, server })
    }

    /// The base URL that replaces `https://api.weixin.qq.com` and `https://openapi.baidu.com`; no trailing slash.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The admin interface's URL; no trailing slash.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("{}{}", self.base_url(), admin::ROOT)
    }

    /// The clock that the simulator runs on.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.hub.clock)
    }

    /// Returns the simulator's current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.hub.clock.now()
    }

    /// Advances the clock. Everything that falls due has happened when this returns, but pushes may still be in flight;
    /// see [`idle`](Self::idle).
    ///
    /// # Errors
    /// [`SimError::ForeignClock`] if the clock was passed to [`SimConfig::with_clock`].
    pub fn advance(&self, duration: Duration) -> Result<(), SimError> {
        if !self.hub.time.advance(duration) {
            return Err(SimError::ForeignClock);
        }
        self.hub.with(|_, _| ());
        Ok(())
    }

    /// The seed of everything random. Print it in tests that can fail.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Adds an app and returns its access token, which is empty if the app starts without having authorized the
    /// platform.
    ///
    /// # Errors
    /// [`SimError::AppExists`], [`SimError::UnknownVendor`], [`SimError::Unsupported`] if the vendor lacks the
    /// initial state or alliance keys, or [`SimError::InvalidArgument`] if another app has the client id.
    pub fn add_app(&self, spec: AppSpec) -> Result<Secret, SimError> {
        let issued = self.hub.with(|world, now| world.add_app(spec, now))?;
        Ok(Secret::new(issued.map(|issued| issued.text).unwrap_or_default()))
    }

    /// Removes an app. Its tokens, codes and keys are refused as unknown, its pending pushes are dropped, and its id
    /// may be added again: nothing scheduled for the old app happens to the new one. No push reports it. The request
    /// log, faults that name the app, and pushes to the platform's own URL are kept.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`].
    pub fn remove_app(&self, app: &AppId) -> Result<(), SimError> {
        self.hub.with(|world, _| world.remove_app(app))
    }

    /// Returns the apps, ordered by id.
    #[must_use]
    pub fn apps(&self) -> Vec<AppId> {
        let mut apps: Vec<AppId> = self.hub.with(|world, _| world.apps.keys().cloned().collect());
        apps.sort();
        apps
    }

    /// Puts an app into a state. Its packages, versions and audits are replaced, and anything that took it offline is
    /// lifted; basic information, effects, token and pushes are kept.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] for a gray release at Baidu.
    pub fn arrange(&self, app: &AppId, state: &State) -> Result<(), SimError> {
        self.hub.with(|world, now| world.arrange(app, state, now))
    }

    /// Returns the current access token, issuing a new one if it has expired.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::NotAuthorized`].
    pub fn token(&self, app: &AppId) -> Result<Secret, SimError> {
        let (vendor, holder) = admin::authorized(&self.hub, app)?;
        Ok(Secret::new(admin::issued(&self.hub, vendor, &holder).text))
    }

    /// Expires the app's token now.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`].
    pub fn expire_token(&self, app: &AppId) -> Result<(), SimError> {
        admin::expire_token(&self.hub, &admin::holder(&self.hub, app)?.1);
        Ok(())
    }

    /// Issues a new token. The previous one is refused from now on, as not the latest.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::NotAuthorized`].
    pub fn rotate_token(&self, app: &AppId) -> Result<Secret, SimError> {
        let (vendor, holder) = admin::authorized(&self.hub, app)?;
        Ok(Secret::new(admin::rotate_token(&self.hub, vendor, &holder).text))
    }

    /// Decides the version under review and pushes the verdict. For everything else use
    /// [`decide_review`](Self::decide_review).
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], [`SimError::NothingInReview`], or [`SimError::Unsupported`] for a delay at Baidu.
    pub fn decide_audit(&self, app: &AppId, decision: &Decision) -> Result<(), SimError> {
        self.hub.with(|world, now| world.decide(app, None, decision, now))
    }

    /// Sets how future reviews, of code and of everything else, are decided.
    pub fn set_audit_policy(&self, policy: AuditPolicy) {
        self.hub.with(|world, _| world.settings.audit_policy = policy);
    }

    /// Sets how many audits an app may withdraw at WeChat per calendar day and month in Beijing; 1 and 10 by default
    /// (002, section 16). Earlier withdrawals count.
    pub fn set_wechat_withdrawals(&self, per_day: usize, per_month: usize) {
        self.hub.with(|world, _| {
            world.settings.wechat_withdrawals_per_day = per_day;
            world.settings.wechat_withdrawals_per_month = per_month;
        });
    }

    /// Makes the app's next upload fail (Baidu): `upload_status` 3 with this code and message.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at WeChat, where uploads fail at once or never.
    pub fn fail_next_upload(&self, app: &AppId, code: i64, message: &str) -> Result<(), SimError> {
        admin::fail_next_upload(&self.hub, app, code, message.to_owned())
    }

    /// Replaces all faults.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.hub.with(|world, _| world.faults.set(rules));
    }

    /// Appends a fault.
    pub fn add_fault(&self, rule: FaultRule) {
        self.hub.with(|world, _| world.faults.add(rule));
    }

    /// Removes all faults, including those of pushes.
    pub fn clear_faults(&self) {
        self.hub.with(|world, _| {
            world.faults.set(Vec::new());
            world.push_faults.set(Vec::new());
        });
    }

    /// Replaces all push faults.
    pub fn set_push_faults(&self, rules: Vec<PushFaultRule>) {
        self.hub.with(|world, _| world.push_faults.set(rules));
    }

    /// Replaces a vendor's callback.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`], or [`SimError::InvalidArgument`] if the AES key is not 43 letters and digits.
    pub fn set_callback(&self, vendor: Vendor, callback: Callback) -> Result<(), SimError> {
        admin::set_callback(&self.hub, vendor, callback)
    }

    /// Returns a vendor's callback, with its credentials.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn callback(&self, vendor: Vendor) -> Result<Callback, SimError> {
        known(vendor)?;
        Ok(self.hub.with(|world, _| world.settings.callback(vendor).clone()))
    }

    /// Pushes a ticket to a vendor's authorization URL and returns it.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn push_ticket(&self, vendor: Vendor) -> Result<Secret, SimError> {
        admin::push_ticket(&self.hub, vendor).map(Secret::new)
    }

    /// Hands pushes to a receiver in this process from now on, whether callback URLs are configured or not.
    pub fn set_receiver(&self, receiver: Arc<dyn PushReceiver>) {
        self.hub.set_receiver(receiver);
    }

    /// Returns the truth about an app.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`].
    pub fn truth(&self, app: &AppId) -> Result<AppTruth, SimError> {
        self.hub.with(|world, _| world.truth(app))
    }

    /// Returns how often an operation, such as `release`, took effect for an app; 0 for an unknown app.
    #[must_use]
    pub fn effects(&self, app: &AppId, operation: &str) -> u64 {
        self.hub.with(|world, _| world.apps.get(app).map_or(0, |app| app.effects.of(operation)))
    }

    /// Returns the id of the Baidu package online, as a rollback takes it.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`].
    pub fn online_package(&self, app: &AppId) -> Result<Option<PackageId>, SimError> {
        self.hub.with(|world, _| match &world.app(app)?.account {
            Account::Baidu(account) => Ok(account.online.map(PackageId::from)),
            Account::WeChat(_) => Ok(None),
        })
    }

    /// Number of requests to the vendors' APIs, excluding the admin interface.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.hub.with(|world, _| world.requests)
    }

    /// Number of requests to one path, such as `/wxa/release`.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> u64 {
        self.hub.with(|world, _| world.by_path.get(path).copied().unwrap_or(0))
    }

    /// The last 10,000 requests to the vendors' APIs, oldest first, with tokens masked.
    #[must_use]
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.hub.with(|world, _| world.log.iter().cloned().collect())
    }

    /// Every delivery of every push about an app, oldest first; empty for an unknown app. Without a callback URL,
    /// pushes are recorded as they would have been sent.
    #[must_use]
    pub fn pushes(&self, app: &AppId) -> Vec<SentPush> {
        self.hub.with(|world, _| world.apps.get(app).map(|app| app.pushes.clone()).unwrap_or_default())
    }

    /// A vendor's pushes that concern no app, such as tickets.
    #[must_use]
    pub fn platform_pushes(&self, vendor: Vendor) -> Vec<SentPush> {
        self.hub.with(|world, _| {
            let pushes = world.platform_pushes.iter().filter(|(of, _)| *of == vendor);
            pushes.map(|(_, push)| push.clone()).collect()
        })
    }

    /// Waits until no push is in flight. Pushes scheduled for later are not waited for.
    ///
    /// On a virtual clock the caller must hold no busy mark: deliveries are repeated 5 seconds apart.
    pub async fn idle(&self) {
        self.hub.until(|work| work.deliveries == 0).await;
    }

    /// Waits until nothing is scheduled: late effects, audits that a policy decides, pushes.
    ///
    /// On a virtual clock the caller must hold no busy mark. On a real clock this waits in real time.
    pub async fn settle(&self) {
        self.hub.until(|work| work.deliveries == 0 && work.timers == 0).await;
    }

    /// Stops the server and waits for it.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The task was told to stop; how it ended does not matter.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
        self.hub.stop();
    }
}

pub(crate) fn known(vendor: Vendor) -> Result<(), SimError> {
    if vendor == WECHAT || vendor == BAIDU { Ok(()) } else { Err(SimError::UnknownVendor) }
}

pub(crate) fn check(callback: &Callback) -> Result<(), SimError> {
    let parsed = FrameKey::parse(&callback.aes_key);
    parsed.map(drop).map_err(|error| SimError::InvalidArgument(error.to_string()))
}

async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let hub = Arc::clone(&hub);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&hub), request));
            // Connections break by accident and, with faults, on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(hub: Arc<Hub>, request: Request<Incoming>) -> Result<Response<Reply>, BrokenOff> {
    let path = request.uri().path();
    if path.starts_with(admin::ROOT) {
        Ok(admin::answer(&hub, request).await)
    } else if let Some(vendor) = page::vendor(path) {
        Ok(page::answer(&hub, vendor, request).await)
    } else {
        handle::answer(&hub, request).await
    }
}
