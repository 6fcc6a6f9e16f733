//! The shared state of a running simulator: world, clock, background work.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use miniprogram_core::clock::Clock;
use miniprogram_core::{AppId, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Time;
use crate::pushes::{self, DELIVERIES, PATIENCE, Push};
use crate::receiver::PushReceiver;
use crate::truth::SentPush;
use crate::world::{Out, World};

/// Upper bound in real time on a push delivery, whatever the simulator's clock does.
const BACKSTOP: Duration = Duration::from_secs(30);

pub(crate) struct Hub {
    world: Mutex<World>,
    pub(crate) time: Time,
    pub(crate) clock: Arc<dyn Clock>,
    client: reqwest::Client,
    receiver: Mutex<Option<Arc<dyn PushReceiver>>>,
    runtime: Handle,
    tasks: Mutex<JoinSet<()>>,
    work: watch::Sender<Work>,
    /// Number of messages that apps have sent through the API.
    messages: watch::Sender<u64>,
    this: Weak<Self>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("time", &self.time).finish_non_exhaustive()
    }
}

/// Background work in progress.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    pub(crate) deliveries: usize,
    pub(crate) timers: usize,
}

/// Counts as work in progress until dropped.
struct Counted {
    hub: Arc<Hub>,
    kind: fn(&mut Work) -> &mut usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let kind = self.kind;
        self.hub.work.send_modify(|work| *kind(work) -= 1);
    }
}

impl Hub {
    pub(crate) fn new(world: World, time: Time, runtime: Handle) -> std::io::Result<Arc<Self>> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(BACKSTOP)
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Arc::new_cyclic(|this| Self {
            world: Mutex::new(world),
            clock: time.shared(),
            time,
            client,
            receiver: Mutex::default(),
            runtime,
            tasks: Mutex::new(JoinSet::new()),
            work: watch::Sender::new(Work::default()),
            messages: watch::Sender::new(0),
            this: this.clone(),
        }))
    }

    /// Runs `work` on the current state and starts what results from it.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut world = self.lock();
        world.catch_up(now);
        let result = work(&mut world, now);
        world.catch_up(now);
        let outbox = world.take_outbox();
        drop(world);
        for out in outbox {
            match out {
                Out::Timer(due) => self.start_timer(due, now),
                Out::Tick(due) => self.start_tick(due, now),
                Out::Message => self.messages.send_modify(|count| *count += 1),
                Out::Deliveries(app, generation) => self.start_deliveries(app, generation),
                Out::Delivery(push) => self.start_delivery(push),
            }
        }
        result
    }

    /// Resolves once the work in progress satisfies the condition.
    pub(crate) async fn until(&self, done: impl FnMut(&Work) -> bool) {
        // The sender lives as long as this call, so waiting cannot fail.
        let _ = self.work.subscribe().wait_for(done).await;
    }

    pub(crate) fn stop(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let tasks = std::mem::take(&mut *tasks);
        drop(tasks);
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, kind: fn(&mut Work) -> &mut usize) -> Option<Counted> {
        let hub = self.this.upgrade()?;
        self.work.send_modify(|work| *kind(work) += 1);
        Some(Counted { hub, kind })
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(work, &self.runtime);
    }

    /// Processes the agenda when something on it is due.
    fn start_timer(&self, due: Timestamp, now: Timestamp) {
        let Some(counted) = self.count(|work| &mut work.timers) else { return };
        // Both are set before the task first runs, so that the clock cannot jump past the due time.
        let busy = self.clock.enter();
        let wait = self.clock.sleep(due.since(now));
        self.spawn(async move {
            wait.await;
            counted.hub.with(|_, _| ());
            drop(counted);
            drop(busy);
        });
    }

    /// Like `start_timer`, but uncounted, for the simulator's lifetime.
    fn start_tick(&self, due: Timestamp, now: Timestamp) {
        let (this, wait) = (self.this.clone(), self.clock.sleep(due.since(now)));
        self.spawn(async move {
            wait.await;
            if let Some(hub) = this.upgrade() {
                hub.with(|_, _| ());
            }
        });
    }

    /// Resolves once a message sent through the API satisfies the condition.
    pub(crate) async fn until_message(&self, mut done: impl FnMut(&World) -> bool) {
        // The sender lives as long as this call, so waiting cannot fail.
        let _ = self.messages.subscribe().wait_for(|_| done(&self.lock())).await;
    }

    /// Delivers an app's pushes in order until none is left.
    fn start_deliveries(&self, app: AppId, generation: u64) {
        let Some(counted) = self.count(|work| &mut work.deliveries) else { return };
        let busy = self.clock.enter();
        self.spawn(async move {
            while let Some(push) = counted.hub.with(|world, _| world.next_push(&app, generation)) {
                counted.hub.deliver(&push).await;
            }
            drop(counted);
            drop(busy);
        });
    }

    fn start_delivery(&self, push: Push) {
        let Some(counted) = self.count(|work| &mut work.deliveries) else { return };
        let busy = self.clock.enter();
        self.spawn(async move {
            counted.hub.deliver(&push).await;
            drop(counted);
            drop(busy);
        });
    }

    /// Delivers a push until it is acknowledged and returns the acknowledgement. The caller holds a busy mark.
    pub(crate) async fn deliver(&self, push: &Push) -> Option<Bytes> {
        for attempt in 1..=DELIVERIES {
            let sent = self.with(|world, now| world.seal(push, now, attempt))?;
            if let Some(answer) = self.offer(push, &sent).await {
                self.with(|world, _| world.delivered(push, true));
                return Some(answer);
            }
            if attempt < DELIVERIES {
                self.clock.sleep(PATIENCE).await;
            }
        }
        tracing::warn!(event = %push.event, "a push was not acknowledged in {DELIVERIES} deliveries");
        self.with(|world, _| world.delivered(push, false));
        None
    }

    /// Sets the receiver in this process.
    pub(crate) fn set_receiver(&self, receiver: Arc<dyn PushReceiver>) {
        *self.receiver.lock().unwrap_or_else(PoisonError::into_inner) = Some(receiver);
        self.with(|world, _| world.is_received_here = true);
    }

    /// Returns the receiver's response if it acknowledges in time.
    async fn offer(&self, push: &Push, sent: &SentPush) -> Option<Bytes> {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(receiver) = receiver {
            let is_acknowledged = receiver.receive(push.vendor, push.app(), sent).await;
            return is_acknowledged.then(Bytes::new);
        }
        let address = pushes::address(sent)?;
        let answered = tokio::select! {
            answered = self.post(address, sent) => answered.ok(),
            () = self.clock.deadline(PATIENCE) => None,
        };
        answered
            .filter(|(status, body)| pushes::acknowledges(push.vendor, *status, body))
            .map(|(_, body)| body)
    }

    /// Posts a push to an address; returns status and body of the response.
    pub(crate) async fn post(&self, address: String, sent: &SentPush) -> reqwest::Result<(u16, Bytes)> {
        let request = self.client.post(address).header("content-type", &sent.content_type);
        let answer = request.body(sent.body.clone()).send().await?;
        Ok((answer.status().as_u16(), answer.bytes().await?))
    }
}
