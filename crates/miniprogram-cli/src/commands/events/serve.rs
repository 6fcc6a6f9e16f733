//! The daemon: callbacks in, tokens kept fresh, events handed on.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use miniprogram::{Clock, Error, ErrorKind, SystemClock, Timestamp};
use miniprogram_callback::{CallbackService, HealthCheck, Limits, RetryPolicy, metrics_handle};
use miniprogram_store::inbox::LONGEST_PAUSE;
use miniprogram_store::{PlatformKey, Store};
use miniprogram_tokens::TokenManager;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};

use super::exec::Exec;
use super::handlers::{Course, JsonLines, of_output};
use crate::cli::{self, Serve};
use crate::config::{Platform, StatusListen};
use crate::context::{Context, State, interrupted};
use crate::failure::{Failure, Finish, local};
use crate::limits;
use crate::outlet::Outlet;

/// How much longer than its handlers' time an event is claimed.
const LEASE_FACTOR: u32 = 5;

/// How many events are with their commands at a time unless configured otherwise.
const CONCURRENCY: u32 = 16;
/// How many files are kept for the store, the calls of the vendors and the status, whatever connections there are.
const KEPT_FILES: u64 = 96;
/// How many more a command takes: its standard input, and what starts it.
const FILES_OF_A_COMMAND: u64 = 4;
/// How many connections there are at least. Where they find no file, they take each other's.
const MIN_CONNECTIONS: u64 = 16;

/// How often the open effects are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How often events are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// Receives callbacks until it is interrupted.
pub(super) async fn run(context: &Context, wish: Serve) -> Result<Finish, Failure> {
    // Whoever reads the first line may stop the process at once: listen to the signal first.
    let interrupted = interrupted();
    let settings = context.settings_with(wish.listen)?;
    let Some(address) = settings.listen else {
        let listen = "--listen <ADDRESS>, or `listen` in the configuration";
        return Err(cli::missing(&[listen]).into());
    };
    let platforms: Vec<&Platform> = settings.platforms.iter().collect();
    if platforms.is_empty() {
        return Err(cli::missing(&["--config <FILE>, with a [[platform]] in it"]).into());
    }
    let mut intakes = Vec::new();
    if wish.body_format.is_some() && !platforms.iter().any(|platform| platform.entry.chooses_body_format()) {
        let detail = "has no use: each configured vendor writes pushes in one form only";
        return Err(Error::invalid("serve", "body_format", detail)
            .with_advice("leave --body-format out")
            .into());
    }
    for platform in &platforms {
        let mut pushes = platform.push_settings()?;
        if let Some(format) = wish.body_format {
            pushes.body_format = format.into();
        }
        pushes.acceptance_test = wish.acceptance_test;
        intakes.push(platform.callback(&pushes)?);
    }
    let mut retry = RetryPolicy::default();
    if let Some(attempts) = wish.attempts {
        retry = retry.with_max_attempts(attempts);
    }
    if let Some(timeout) = wish.handler_timeout {
        retry = retry
            .with_handler_timeout(timeout)
            .with_lease(timeout.saturating_mul(LEASE_FACTOR).min(LONGEST_PAUSE));
    }

    let mut bounds = Limits::default();
    if let Some(timeout) = wish.shutdown_timeout {
        bounds = bounds.with_shutdown_timeout(timeout);
    }
    if let Some(bytes) = wish.max_body_memory.or(settings.max_body_memory) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let max_body = bounds.max_body.min(bytes);
        bounds = bounds.with_max_body_memory(bytes).with_max_body(max_body);
    }
    if let Some(connections) = wish.max_connections.or(settings.max_connections) {
        bounds = bounds.with_max_connections(usize::try_from(connections).unwrap_or(usize::MAX));
    }
    // Each command is a process.
    let concurrency = wish.concurrency.or(wish.exec.is_some().then_some(CONCURRENCY));
    let commands = concurrency.filter(|_| wish.exec.is_some()).unwrap_or_default();
    let bounds = within_open_files(bounds, u64::from(commands));
    let status_listen = wish.status_listen.or(settings.status_listen).unwrap_or_else(|| beside(address));
    if wish.core_dumps || settings.core_dumps {
        limits::allow_core_dumps();
    }

    let State { store, tokens } = context.daemon_state(&settings, &platforms).await?;
    let unreadable = Arc::new(AtomicUsize::new(0));
    let (course, followed) = watch::channel(Course::Running);
    let course = Arc::new(course);
    let outlet = Outlet::start(std::io::stdout()).map_err(|problem| local("serve", &problem))?;
    // The tokens' handler has its share of the time as well.
    let patience = retry.handler_timeout / 2;
    let mut service = CallbackService::builder(Arc::clone(&store));
    if wish.acceptance_test {
        for entry in context.vendors().iter() {
            let of_vendor = platforms.iter().filter(|platform| platform.entry.vendor() == entry.vendor());
            let configs = of_vendor.map(|platform| context.signed(platform, Arc::new(tokens.clone())));
            let configs = configs.collect::<Result<Vec<_>, Error>>()?;
            if configs.is_empty() {
                continue;
            }
            if let Some(handler) = entry.acceptance_test(tokens.clone(), configs)? {
                service = service.with_handler(handler);
            }
        }
    }
    let mut service = service
        .with_handler(Arc::new(tokens.clone()))
        .with_original_ids(Arc::new(tokens.clone()))
        .with_retry(retry)
        .with_limits(bounds)
        .with_public_status(status_listen == StatusListen::Public)
        .with_health_check(Arc::new(Renewals(tokens.clone())))
        .with_health_check(Arc::new(OpenEffects(Arc::clone(&unreadable))))
        .with_metrics(metrics_handle()?);
    if let Some(events) = concurrency {
        service = service.with_concurrency(events);
    }
    for intake in intakes {
        service = service.with_platform(intake);
    }
    let exec = wish
        .exec
        .map(|command| Arc::new(Exec::new(command, settings.secret_variables(), context.vendors().masks())));
    if let Some(exec) = &exec {
        service = service.with_handler(Arc::clone(exec) as _);
    }
    if wish.jsonl {
        let (outlet, course) = (outlet.clone(), Arc::clone(&course));
        let masks = context.vendors().masks();
        let lines = JsonLines { outlet, course, patience, turn: Mutex::default(), masks };
        service = service.with_handler(Arc::new(lines));
    }
    let service = service.build()?;

    let (listener, base) = bind("listen", address).await?;
    let status = match status_listen {
        StatusListen::Address(address) => Some(bind("status_listen", address).await?),
        StatusListen::Public => None,
    };
    let routes: Vec<_> = platforms.iter().map(|platform| routes(&base, platform)).collect();
    let status_base = status.as_ref().map_or(&base, |(_, base)| base);
    let first = json!({ "base_url": base, "status_url": status_base, "routes": routes });
    announce(&outlet, &first, patience).await?;

    tokio::spawn(async move {
        interrupted.await;
        course.send_if_modified(|course| {
            let running = !course.is_over();
            if running {
                *course = Course::Told;
            }
            running
        });
    });
    let renewals = tokio::spawn({
        let tokens = tokens.clone();
        let over = until(followed.clone());
        async move { tokens.run(over).await }
    });
    let keys = platforms.iter().map(|platform| platform.key()).collect();
    let looking = tokio::spawn(look_at_effects(Arc::clone(&store), keys, unreadable));
    let forgetting = tokio::spawn(forget(store, wish.keep));
    match status {
        Some((status, _)) => service.serve_apart(listener, status, until(followed.clone())).await,
        None => service.serve(listener, until(followed.clone())).await,
    }
    if let Some(exec) = &exec {
        exec.ended().await;
    }
    forgetting.abort();
    looking.abort();
    // It was told to end; a panic in it is in the log.
    let _ = renewals.await;
    let last = followed.borrow().clone();
    match last {
        Course::Lost(error) => Err(error.into()),
        _ => Ok(Finish::Done),
    }
}

/// Says where the service listens.
async fn announce(outlet: &Outlet, line: &serde_json::Value, patience: Duration) -> Result<(), Error> {
    tokio::select! {
        written = outlet.write(format!("{line}\n").into_bytes()) => written.map_err(|problem| of_output(&problem)),
        () = SystemClock.deadline(patience) => {
            Err(Error::new(ErrorKind::Timeout, "serve").with_detail("standard output is not read"))
        }
    }
}

/// The renewal of tokens, for `/readyz`.
#[derive(Debug)]
struct Renewals(TokenManager);

impl HealthCheck for Renewals {
    fn name(&self) -> &'static str {
        "renewals"
    }

    fn problem(&self) -> Option<String> {
        let state = self.0.renewals();
        if state.store_failed {
            return Some("the tokens in the store cannot be read".to_owned());
        }
        let mut problems = Vec::new();
        if state.failing > 0 {
            problems.push(format!(
                "{} tokens could not be renewed; see `miniprogram auth status`",
                state.failing
            ));
        }
        if state.unreadable > 0 {
            let problem = "tokens or tickets cannot be read; see `miniprogram store check`";
            problems.push(format!("{} {problem}", state.unreadable));
        }
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}

/// The open effects that cannot be read, for `/readyz`.
#[derive(Debug)]
struct OpenEffects(Arc<AtomicUsize>);

impl HealthCheck for OpenEffects {
    fn name(&self) -> &'static str {
        "effects"
    }

    fn problem(&self) -> Option<String> {
        let effects = self.0.load(Ordering::Relaxed);
        (effects > 0)
            .then(|| format!("{effects} open effects cannot be read; see `miniprogram effects list`"))
    }
}

/// Counts the open effects that cannot be read, now and then.
async fn look_at_effects(store: Arc<dyn Store>, platforms: Vec<PlatformKey>, unreadable: Arc<AtomicUsize>) {
    loop {
        let mut found = 0;
        for platform in &platforms {
            match store.pending_intents(platform).await {
                Ok(open) => found += open.unreadable.len(),
                Err(error) => tracing::warn!(%error, "the open effects could not be listed"),
            }
        }
        unreadable.store(found, Ordering::Relaxed);
        SystemClock.deadline(LOOK_EVERY).await;
    }
}

/// Allows as many connections as wanted, or as there can be files for.
fn within_open_files(bounds: Limits, commands: u64) -> Limits {
    let wanted = bounds.max_connections as u64;
    let used = limits::open_files().unwrap_or_default();
    let kept = used.saturating_add(KEPT_FILES).saturating_add(commands.saturating_mul(FILES_OF_A_COMMAND));
    let Some(may) = limits::raise_open_files(kept.saturating_add(wanted)) else { return bounds };
    let left = may.saturating_sub(kept).max(MIN_CONNECTIONS);
    if left >= wanted {
        return bounds;
    }
    tracing::warn!(
        open_files = may,
        wanted,
        connections = left,
        "too few files may be open: fewer connections are served"
    );
    bounds.with_max_connections(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Where the status is served unless configured otherwise: where this machine alone reaches it.
fn beside(callbacks: SocketAddr) -> StatusListen {
    let port = match callbacks.port() {
        0 => 0,
        port => port.checked_add(1).unwrap_or(port - 1),
    };
    StatusListen::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Forgets events that have been done for long, now and then.
async fn forget(store: Arc<dyn Store>, keep: Duration) {
    let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let clock = SystemClock;
    loop {
        let before = clock.now().as_unix_millis().saturating_sub(keep);
        match store.prune(Timestamp::from_unix_millis(before)).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "events that were done for long are forgotten"),
            Err(error) => tracing::warn!(%error, "events that are done for long could not be forgotten"),
        }
        match store.prune_intents(Timestamp::from_unix_millis(before)).await {
            Ok(0) => {}
            Ok(effects) => tracing::info!(effects, "effects that were closed for long are forgotten"),
            Err(error) => tracing::warn!(%error, "effects that are closed for long could not be forgotten"),
        }
        clock.deadline(FORGET_EVERY).await;
    }
}

/// Listens, and says where.
async fn bind(option: &'static str, address: SocketAddr) -> Result<(TcpListener, String), Error> {
    let refused = |problem: std::io::Error| {
        Error::new(ErrorKind::Config, "serve").with_field(option).with_detail(format!("{address}: {problem}"))
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let base = format!("http://{}", listener.local_addr().map_err(refused)?);
    Ok((listener, base))
}

/// Ends when the service is to stop.
async fn until(mut course: watch::Receiver<Course>) {
    // Where the sender is gone, nobody is left who could wait for more.
    let _ = course.wait_for(Course::is_over).await;
}

/// What to enter in the vendor's console.
fn routes(base: &str, platform: &Platform) -> serde_json::Value {
    let vendor = platform.entry.vendor();
    let root = format!("{base}/{vendor}/{}", platform.id);
    json!({
        "vendor": vendor,
        "platform_id": platform.id,
        "authorization_url": format!("{root}/authorization"),
        "messages_url": format!("{root}/messages{}", platform.entry.app_in_url()),
    })
}
