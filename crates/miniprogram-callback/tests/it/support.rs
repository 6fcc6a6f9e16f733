//! A service on a loopback socket, with a manually advanced clock and a store that fails on demand.

mod http;
mod store;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use baidu_smartapp::BaiduCallback;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use miniprogram_callback::{CallbackPlatform, CallbackService, CallbackServiceBuilder};
use miniprogram_core::callback::{BodyFormat, CallbackConfig, Seal};
use miniprogram_core::clock::{Busy, Clock, VirtualClock};
use miniprogram_core::push::{Delivery, EventCredential, OwnedPush};
use miniprogram_core::{AppId, Error, ErrorKind, Event, EventHandler, Outcome, Result, Secret, Timestamp};
use miniprogram_store::{Aliases, PlatformKey, ReceiverStore};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use wechat_wxa::WeChatCallback;

pub(crate) use http::{Answer, exchange, get, post, request, send};
pub(crate) use store::MemoryStore;

pub(crate) const WECHAT_PLATFORM: &str = "wx5ec0de0000000001";
pub(crate) const BAIDU_PLATFORM: &str = "17328232";
pub(crate) const TOKEN: &str = "canaryPushToken";
pub(crate) const KEY: &str = "canaryKeyabcdefghijklmnopqrstuvwxyz01234567";
pub(crate) const APP: &str = "wxba5fad812f8e6fb9";
pub(crate) const OTHER_APP: &str = "wx0123456789abcdef";
pub(crate) const ORIGINAL: &str = "gh_fb9688c2a4b2";
pub(crate) const NOW: i64 = 1_690_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

pub(crate) fn config() -> CallbackConfig {
    CallbackConfig::encrypted(TOKEN, &Secret::new(KEY)).unwrap()
}

pub(crate) fn wechat_key() -> PlatformKey {
    PlatformKey::new(wechat_wxa::WECHAT, WECHAT_PLATFORM)
}

pub(crate) fn wechat() -> WeChatCallback {
    WeChatCallback::new(config().with_platform_id(WECHAT_PLATFORM)).unwrap()
}

/// The platform at WeChat.
pub(crate) fn wechat_platform() -> CallbackPlatform {
    CallbackPlatform::new(wechat_key(), wechat()).unwrap()
}

/// The platform at Baidu.
fn baidu_platform() -> CallbackPlatform {
    let protocol = BaiduCallback::new(config().with_platform_id(BAIDU_PLATFORM)).unwrap();
    CallbackPlatform::new(PlatformKey::new(baidu_smartapp::BAIDU, BAIDU_PLATFORM), protocol).unwrap()
}

pub(crate) fn messages_of(app: &str) -> String {
    format!("/wechat/{WECHAT_PLATFORM}/messages/{app}")
}

pub(crate) fn authorization() -> String {
    format!("/wechat/{WECHAT_PLATFORM}/authorization")
}

/// A message in WeChat's format, sealed for the platform.
pub(crate) fn wechat_push(message: &str) -> OwnedPush {
    wechat_push_at(message, NOW, "20230722")
}

pub(crate) fn wechat_push_at(message: &str, sent_at: i64, nonce: &str) -> OwnedPush {
    sealed_for_wechat(config(), message, sent_at, nonce)
}

/// The same in a JSON envelope.
pub(crate) fn wechat_json_push(message: &str) -> OwnedPush {
    sealed_for_wechat(config().with_body_format(BodyFormat::Json), message, NOW, "20230722")
}

fn sealed_for_wechat(config: CallbackConfig, message: &str, sent_at: i64, nonce: &str) -> OwnedPush {
    let config = config.with_platform_id(WECHAT_PLATFORM);
    let encoder = wechat_wxa::event::WeChatEventEncoder::new(config).unwrap();
    let route = wechat_wxa::event::PushRoute::Message { original_id: ORIGINAL };
    encoder.seal_push(route, message, &Seal::new(Timestamp::from_unix(sent_at), nonce)).unwrap()
}

pub(crate) fn baidu_push(message: &str) -> OwnedPush {
    let config = config().with_platform_id(BAIDU_PLATFORM);
    let encoder = baidu_smartapp::event::BaiduEventEncoder::new(config).unwrap();
    encoder.seal_push(message, &Seal::new(now(), "987654321")).unwrap()
}

/// An audit verdict on the app of an original id.
pub(crate) fn verdict(alias: &str, created_at: i64) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{alias}]]></ToUserName><FromUserName><![CDATA[od1P50M]]></FromUserName>\
         <CreateTime>{created_at}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[weapp_audit_success]]></Event><SuccTime>{created_at}</SuccTime></xml>"
    )
}

pub(crate) fn ticket(ticket: &str, created_at: i64) -> String {
    format!(
        "<xml><AppId><![CDATA[{WECHAT_PLATFORM}]]></AppId><CreateTime>{created_at}</CreateTime>\
         <InfoType><![CDATA[component_verify_ticket]]></InfoType>\
         <ComponentVerifyTicket><![CDATA[{ticket}]]></ComponentVerifyTicket></xml>"
    )
}

/// What a handler received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: i64,
    pub(crate) attempt: u32,
    pub(crate) raw_event: String,
    pub(crate) app: Option<AppId>,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) credential: Option<EventCredential>,
}

/// What a handler does with an event.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Accept,
    Fail,
    /// Does not start.
    Decline,
    Panic,
    /// Waits until notified.
    Hang(Arc<Notify>),
}

/// Records events and follows a script; after its end it accepts.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    seen: Mutex<Vec<Seen>>,
    script: Mutex<VecDeque<Act>>,
    changed: Notify,
}

impl Recorder {
    pub(crate) fn scripted(script: impl IntoIterator<Item = Act>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), ..Self::default() })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) async fn wait_for(&self, events: usize) -> Vec<Seen> {
        loop {
            let seen = self.seen();
            if seen.len() >= events {
                return seen;
            }
            self.changed.notified().await;
        }
    }
}

#[async_trait]
impl EventHandler for Recorder {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        self.seen.lock().unwrap().push(Seen {
            id: delivery.id,
            attempt: delivery.attempt,
            raw_event: event.raw_event.to_string(),
            app: event.app_id.clone(),
            occurred_at: event.occurred_at,
            credential: event.credential.clone(),
        });
        self.changed.notify_one();
        let act = self.script.lock().unwrap().pop_front().unwrap_or(Act::Accept);
        match act {
            Act::Accept => Ok(()),
            Act::Decline => Err(Error::new(ErrorKind::Cancelled, "handle").with_outcome(Outcome::NotSent)),
            Act::Fail => Err(Error::new(ErrorKind::Unavailable, "handle").with_detail("not now")),
            Act::Panic => panic!("canaryPanicText"),
            Act::Hang(go_on) => {
                go_on.notified().await;
                Ok(())
            }
        }
    }
}

/// Aliases from a table; ids not in it cannot be looked up. Counts the lookups.
#[derive(Debug, Default)]
pub(crate) struct Table(pub(crate) Mutex<Vec<(&'static str, &'static str)>>, Mutex<Vec<AppId>>);

impl Table {
    pub(crate) fn asked(&self) -> Vec<AppId> {
        self.1.lock().unwrap().clone()
    }
}

#[async_trait]
impl Aliases for Table {
    async fn alias(&self, _: &PlatformKey, app: &AppId) -> Result<Option<String>> {
        self.1.lock().unwrap().push(app.clone());
        let table = self.0.lock().unwrap();
        let found = table.iter().find(|(known, _)| *known == app.as_str());
        match found {
            Some((_, alias)) => Ok(Some((*alias).to_owned())),
            None => Err(Error::new(ErrorKind::Unavailable, "authorizer_info")),
        }
    }
}

/// With a single subscriber, tracing caches the interest of the thread that reaches a callsite first for all threads: a
/// test without a log would switch that callsite off for the test that has one.
static SUBSCRIBERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Dispatch::new(NoSubscriber::default())));

/// A service being set up.
pub(crate) struct Setup {
    pub(crate) builder: CallbackServiceBuilder,
    pub(crate) clock: VirtualClock,
    busy: Busy,
    metrics: PrometheusHandle,
}

impl Setup {
    /// Both vendors, a clock that does not move, metrics of this thread alone.
    pub(crate) fn new(store: Arc<dyn ReceiverStore>) -> Self {
        Self::of([wechat_platform(), baidu_platform()], store)
    }

    /// Some platforms, a clock that does not move, metrics of this thread alone.
    pub(crate) fn of(
        platforms: impl IntoIterator<Item = CallbackPlatform>,
        store: Arc<dyn ReceiverStore>,
    ) -> Self {
        LazyLock::force(&SUBSCRIBERS);
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let metrics = recorder.handle();
        // One test is one thread: it keeps its recorder until it ends.
        std::mem::forget(metrics::set_default_local_recorder(recorder));
        let clock = VirtualClock::new(now());
        let busy = clock.enter();
        let builder = platforms
            .into_iter()
            .fold(CallbackService::builder(store), CallbackServiceBuilder::with_platform)
            .with_clock(Arc::new(clock.clone()))
            .with_metrics(metrics.clone())
            .with_public_status(true);
        Self { builder, clock, busy, metrics }
    }

    pub(crate) fn with(
        mut self,
        change: impl FnOnce(CallbackServiceBuilder) -> CallbackServiceBuilder,
    ) -> Self {
        self.builder = change(self.builder);
        self
    }

    pub(crate) async fn serve(self) -> Server {
        let service = self.builder.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = service.clone();
        let task = tokio::spawn(async move {
            serving.serve(listener, async { drop(stopped.await) }).await;
        });
        Server { address, clock: self.clock, metrics: self.metrics, stop: Some(stop), task, _busy: self.busy }
    }
}

/// A running service.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) clock: VirtualClock,
    metrics: PrometheusHandle,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    _busy: Busy,
}

impl Server {
    /// Delivers a push and returns the response.
    pub(crate) async fn deliver(&self, path: &str, push: &OwnedPush) -> Answer {
        send(self.address, &post(path, push)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.address, &get(path)).await
    }

    /// Advances the clock until the condition holds.
    pub(crate) async fn turn_until(&self, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..100_000 {
            if holds().await {
                return;
            }
            self.clock.advance(Duration::from_millis(200));
            tokio::task::yield_now().await;
        }
        panic!("it never held");
    }

    /// Yields until the condition holds; the clock does not move.
    pub(crate) async fn until(&self, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..1_000_000 {
            if holds().await {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never held");
    }

    /// The value of a metric with exactly these labels, 0 if there is none.
    pub(crate) fn metric(&self, name_and_labels: &str) -> f64 {
        let page = self.metrics.render();
        let line =
            page.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == name_and_labels));
        line.and_then(|line| line.rsplit_once(' ')).map_or(0.0, |(_, value)| value.parse().unwrap())
    }

    /// How often a check has refused.
    pub(crate) fn refusals(&self, vendor: &str, check: &str) -> f64 {
        self.metric(&format!("miniprogram_callback_refusals_total{{vendor=\"{vendor}\",check=\"{check}\"}}"))
    }

    /// Aborts everything at once.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    /// Starts the shutdown.
    pub(crate) fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Shuts the service down and waits for it.
    pub(crate) async fn stop(mut self) -> Result<(), JoinError> {
        self.begin_to_stop();
        self.task.await
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.task.is_finished()
    }
}
