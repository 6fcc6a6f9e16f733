//! The accept loop: header timeouts, a connection limit, graceful shutdown.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use hyper::rt::{Sleep, Timer};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use miniprogram_core::clock::Wait;
use miniprogram_core::{Clock, Timestamp};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::routes::nowhere;
use crate::service::{CallbackService, Shared};
use crate::{dispatch, numbers};

/// The maximum size of a request's head in bytes.
const MAX_HEAD: usize = 16 << 10;
/// The maximum number of headers.
const MAX_HEADERS: usize = 64;
/// How long to wait before accepting the next connection after a failure, such as a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl CallbackService {
    /// Serves [`router`](Self::router) on one address and delivers events to the handlers, until shutdown.
    ///
    /// On shutdown nothing new is accepted, requests in progress are answered, and running handlers finish.
    /// Whatever is not done within [`shutdown_timeout`](crate::Limits::shutdown_timeout) is cut off, and its
    /// events are given back.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let most = self.shared.limits.max_connections;
        self.serve_routers(vec![(listener, self.router(), most)], shutdown).await;
    }

    /// Serves [`router`](Self::router) on one address and [`status`](Self::status) on another, which should not
    /// be reachable from the open network and has its own connections; otherwise like [`serve`](Self::serve).
    pub async fn serve_apart(
        &self,
        callbacks: TcpListener,
        status: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let limits = &self.shared.limits;
        let routers = vec![
            (callbacks, self.router(), limits.max_connections),
            (status, self.status(), limits.max_status_connections),
        ];
        self.serve_routers(routers, shutdown).await;
    }

    fn with_fallback(&self, router: Router) -> Router {
        let shared = Arc::clone(&self.shared);
        router.fallback(move |request| nowhere(Arc::clone(&shared), request))
    }

    async fn serve_routers(
        &self,
        routers: Vec<(TcpListener, Router, usize)>,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let (stop, stopped) = watch::channel(false);
        let told = async {
            shutdown.await;
            self.shared.stopping.store(true, Ordering::Release);
            stop.send_replace(true);
        };
        let accepting = routers.into_iter().map(|(listener, router, most)| {
            accept(Arc::clone(&self.shared), listener, self.with_fallback(router), most, stopped.clone())
        });
        let accepting = futures::future::join_all(accepting);
        tokio::join!(accepting, dispatch::run(&self.shared, stopped.clone()), told);
    }
}

async fn accept(
    shared: Arc<Shared>,
    listener: TcpListener,
    router: Router,
    most: usize,
    mut stopped: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.timer(ClockTimer(Arc::clone(&shared.clock)))
        .header_read_timeout(shared.limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD);
    let connections = Arc::new(Connections::default());
    let mut tasks = JoinSet::new();
    let until = stopped.clone();
    let mut stops = std::pin::pin!(stopped.wait_for(|stopped| *stopped));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stops.as_mut() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if shared.is_worth_a_warning("accept") {
                    tracing::warn!(%error, "no connection can be accepted now");
                }
                let freed = connections.freed.notified();
                if is_full(&error) && connections.displace(&shared).is_ok() {
                    // Its file is closed once it has ended.
                    let _ended = shared.within(ACCEPT_PAUSE, freed).await;
                } else {
                    shared.pause(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        let place = tokio::select! {
            biased;
            _ = stops.as_mut() => break,
            place = connections.enter(&shared, most) => place,
        };
        tasks.spawn(converse(http.clone(), stream, router.clone(), place, until.clone()));
    }
    drop(listener);
    let finish = async { while tasks.join_next().await.is_some() {} };
    if shared.within(shared.limits.shutdown_timeout, finish).await.is_none() {
        tasks.shutdown().await;
    }
}

/// Serves one connection until it ends, is displaced or, once the service stops, has been answered.
async fn converse(
    http: http1::Builder,
    stream: TcpStream,
    router: Router,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    // Without it small responses wait for the peer's acknowledgement, but still arrive.
    let _ = stream.set_nodelay(true);
    let waiting = Arc::clone(&place.waiting);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Arc::clone(&waiting));
        router.clone().oneshot(request.map(Body::new))
    });
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut stops = std::pin::pin!(stopped.wait_for(|stopped| *stopped));
    let mut told = false;
    loop {
        tokio::select! {
            // It does not matter how the peer ends a connection.
            _ = connection.as_mut() => return,
            () = place.waiting.told_to_end.notified() => return,
            _ = stops.as_mut(), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The open connections of one listener.
#[derive(Debug, Default)]
struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Waiting>>>,
    /// Counts state changes: the connection with the lowest number has been waiting the longest.
    happened: AtomicU64,
    /// Notified when a connection has ended, or waits for its peer again.
    freed: Notify,
}

impl Connections {
    /// Takes a slot among the open connections, if necessary that of the one that has been waiting for a request
    /// the longest.
    async fn enter(self: &Arc<Self>, shared: &Shared, max: usize) -> Place {
        loop {
            match self.try_enter(max, shared) {
                Ok(place) => return place,
                Err(Some(left)) => drop(shared.within(left, self.freed.notified()).await),
                Err(None) => self.freed.notified().await,
            }
        }
    }

    fn try_enter(self: &Arc<Self>, max: usize, shared: &Shared) -> Result<Place, Option<Duration>> {
        let mut open = self.lock();
        if open.len() >= max {
            displace(&mut open, shared)?;
        }
        let number = self.next();
        let waiting = Arc::new(Waiting {
            connections: Arc::downgrade(self),
            answering: AtomicBool::new(false),
            since: Mutex::new((number, shared.clock.now())),
            clock: Arc::clone(&shared.clock),
            told_to_end: Notify::new(),
        });
        open.insert(number, Arc::clone(&waiting));
        numbers::connected();
        drop(open);
        Ok(Place { connections: Arc::clone(self), number, waiting })
    }

    /// Ends the connection that has been waiting for a request the longest. If it has not waited long enough,
    /// fails with the remaining time; also fails if there is none.
    fn displace(&self, shared: &Shared) -> Result<(), Option<Duration>> {
        displace(&mut self.lock(), shared)
    }

    fn next(&self) -> u64 {
        self.happened.fetch_add(1, Ordering::AcqRel)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Waiting>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn displace(open: &mut BTreeMap<u64, Arc<Waiting>>, shared: &Shared) -> Result<(), Option<Duration>> {
    let (now, grace) = (shared.clock.now(), shared.limits.connection_grace);
    let waiting = open.iter().filter(|(_, place)| !place.answering.load(Ordering::Acquire));
    let longest = waiting.map(|(&number, place)| (place.since(), number)).min();
    let ((_, since), number) = longest.ok_or(None)?;
    // A clock that was set back gives no information.
    let waited = if since > now { grace } else { now.since(since) };
    if waited < grace {
        return Err(Some(grace - waited));
    }
    if let Some(displaced) = open.remove(&number) {
        displaced.told_to_end.notify_one();
        numbers::displaced();
    }
    Ok(())
}

/// Returns whether accepting failed because there are too many open files, of this process or of all, or too many
/// buffers.
fn is_full(error: &std::io::Error) -> bool {
    // The numbers of ENFILE and EMFILE are the same on every Unix; Windows has its own.
    const TOO_MANY: [i32; 3] = [23, 24, 10024];
    error.kind() == std::io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| TOO_MANY.contains(&code))
}

/// A connection's slot among the open ones.
struct Place {
    connections: Arc<Connections>,
    number: u64,
    waiting: Arc<Waiting>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.number);
        numbers::disconnected();
        self.connections.freed.notify_one();
    }
}

/// Whether and since when a connection waits for its peer, and how it is notified to end.
#[derive(Debug)]
pub(crate) struct Waiting {
    connections: Weak<Connections>,
    answering: AtomicBool,
    /// By the number of the state change, and by the clock.
    since: Mutex<(u64, Timestamp)>,
    clock: Arc<dyn Clock>,
    told_to_end: Notify,
}

impl Waiting {
    /// Marks that a whole request has arrived: the connection stays until the mark is dropped.
    pub(crate) fn answering(self: &Arc<Self>) -> Answering {
        self.answering.store(true, Ordering::Release);
        Answering(Arc::clone(self))
    }

    fn since(&self) -> (u64, Timestamp) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The guard of [`Waiting::answering`].
#[derive(Debug)]
pub(crate) struct Answering(Arc<Waiting>);

impl Drop for Answering {
    fn drop(&mut self) {
        let connections = self.0.connections.upgrade();
        if let Some(connections) = &connections {
            let since = (connections.next(), self.0.clock.now());
            *self.0.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
        }
        self.0.answering.store(false, Ordering::Release);
        if let Some(connections) = connections {
            connections.freed.notify_one();
        }
    }
}

/// hyper's timers, based on the injected clock.
#[derive(Debug, Clone)]
struct ClockTimer(Arc<dyn Clock>);

impl Timer for ClockTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(ClockSleep(Mutex::new(self.0.deadline(duration))))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(Instant::now()))
    }
}

/// A wait that can be shared between threads; only its owner polls it.
struct ClockSleep(Mutex<Wait>);

impl Future for ClockSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let wait = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        wait.as_mut().poll(context)
    }
}

impl Sleep for ClockSleep {}
