//! The accept loop: header timeouts, a connection limit, graceful shutdown.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use hyper::rt::{Sleep, Timer};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use miniprogram_core::clock::{Clock, Wait};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::connections::{Connections, Place};
use crate::dispatch;
use crate::routes::nowhere;
use crate::service::CallbackService;
use crate::state::Shared;

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
    let mut stopping = false;
    loop {
        tokio::select! {
            // It does not matter how the peer ends a connection.
            _ = connection.as_mut() => return,
            () = place.waiting.must_end.notified() => return,
            _ = stops.as_mut(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Returns whether accepting failed because there are too many open files, of this process or of all, or too many
/// buffers.
fn is_full(error: &std::io::Error) -> bool {
    // The numbers of ENFILE and EMFILE are the same on every Unix; Windows has its own.
    const TOO_MANY: [i32; 3] = [23, 24, 10024];
    error.kind() == std::io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| TOO_MANY.contains(&code))
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
