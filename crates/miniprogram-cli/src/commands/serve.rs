//! The daemon: it receives callbacks, keeps tokens fresh, drives rollouts and delivers events.

mod beside;
mod bounds;
mod exec;
mod handlers;
mod health;
mod rollouts;
mod settling;
mod upkeep;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{Error, ErrorKind, EventHandler, MiniProgramPlatform};
use miniprogram_callback::{CallbackPlatform, CallbackService, metrics_handle};
use miniprogram_rollout::engine::RolloutEvents;
use miniprogram_store::{PlatformKey, Store};
use miniprogram_tokens::TokenManager;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};

use self::beside::Beside;
use self::exec::Exec;
use self::handlers::{Course, JsonLines, of_output};
use self::health::{OpenEffects, Renewals};
use self::rollouts::RolloutHealth;
use super::rollout::{Fleet, hooks, owner};
use crate::cli::{self, Serve};
use crate::config::{Platform, Settings, StatusListen};
use crate::context::{Context, interrupted};
use crate::failure::{Failure, Finish, local};
use crate::limits;
use crate::outlet::Outlet;

/// Receives callbacks until it is interrupted.
pub(crate) async fn run(context: &Context, args: Serve) -> Result<Finish, Failure> {
    // The reader of the first line may stop the process at once: catch the signal before printing it.
    let interrupted = interrupted();
    let settings = context.settings_with(args.listen)?;
    let daemon = Daemon::start(context, &settings, args).await?;
    daemon.run(interrupted).await
}

/// A service that listens, and what runs beside it.
struct Daemon {
    service: CallbackService,
    listener: TcpListener,
    /// Where the status is served, if not with the callbacks.
    status: Option<TcpListener>,
    platforms: Vec<PlatformKey>,
    /// What is called, with the key of its effects.
    called: Vec<(PlatformKey, Arc<dyn MiniProgramPlatform>)>,
    fleet: Fleet,
    rollouts: RolloutHealth,
    store: Arc<dyn Store>,
    /// None if no platform has a token chain: then nothing is renewed.
    tokens: Option<TokenManager>,
    /// How many open effects cannot be read.
    unreadable: Arc<AtomicUsize>,
    /// How many effects that were open at the start are not settled yet.
    settling: Arc<AtomicUsize>,
    course: Arc<watch::Sender<Course>>,
    exec: Option<Arc<Exec>>,
    /// How long events and effects are kept once they are done.
    keep: Duration,
    /// How long what is in progress may take once the service should stop.
    patience: Duration,
}

impl Daemon {
    /// Opens the store, listens, and prints where.
    async fn start(context: &Context, settings: &Settings, args: Serve) -> Result<Self, Failure> {
        let Some(address) = settings.listen else {
            return Err(cli::missing(&["--listen <ADDRESS>, or `listen` in the configuration"]).into());
        };
        let platforms: Vec<&Platform> = settings.platforms.iter().collect();
        if platforms.is_empty() {
            return Err(cli::missing(&["--config <FILE>, with a [[platform]] in it"]).into());
        }
        let intakes = intakes(&platforms, &args)?;
        let retry = bounds::retry_policy(&args);
        let concurrency = bounds::concurrency(&args);
        let bounds = bounds::limits(&args, settings);
        let status_listen = args.status_listen.or(settings.status_listen).unwrap_or_else(|| beside(address));
        if args.core_dumps || settings.core_dumps {
            limits::allow_core_dumps();
        }

        let (store, tokens) = context.daemon_state(settings, &platforms).await?;
        let (unreadable, settling) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let called = context.daemon_platforms(&platforms, &store, tokens.as_ref());
        let owner = owner("serve");
        let fleet = Fleet::new(
            Arc::clone(&store),
            called.iter().map(|(_, platform)| Arc::clone(platform)).collect(),
            hooks(settings),
            owner,
        );
        let rollouts = RolloutHealth::default();
        let shutdown = bounds.shutdown_timeout;
        let course = Arc::new(watch::Sender::new(Course::Running));
        let outlet = Outlet::start(std::io::stdout()).map_err(|problem| local("serve", &problem))?;
        // The tokens' handler has its share of the time as well.
        let patience = retry.handler_timeout / 2;
        let mut service = CallbackService::builder(Arc::<dyn Store>::clone(&store));
        if let Some(tokens) = &tokens {
            if args.acceptance_test {
                for handler in acceptance_tests(context, &platforms, tokens)? {
                    service = service.with_handler(handler);
                }
            }
            service = service
                .with_handler(Arc::new(tokens.clone()))
                .with_aliases(Arc::new(tokens.clone()))
                .with_health_check(Arc::new(Renewals(tokens.clone())));
        }
        let mut service = service
            .with_retry(retry)
            .with_limits(bounds)
            .with_public_status(status_listen == StatusListen::Public)
            .with_health_check(Arc::new(OpenEffects {
                unreadable: Arc::clone(&unreadable),
                settling: Arc::clone(&settling),
            }))
            .with_health_check(Arc::new(rollouts.clone()))
            .with_metrics(metrics_handle()?);
        if let Some(events) = concurrency {
            service = service.with_concurrency(events);
        }
        for intake in intakes {
            service = service.with_platform(intake);
        }
        let redactor = context.vendors().redactor();
        let exec = args
            .exec
            .map(|command| Arc::new(Exec::new(command, settings.secret_variables(), redactor.clone())));
        let clock = Arc::new(SystemClock);
        let mut handlers: Vec<Arc<dyn EventHandler>> =
            vec![Arc::new(RolloutEvents::new(Arc::<dyn Store>::clone(&store), clock))];
        if let Some(exec) = &exec {
            handlers.push(Arc::clone(exec) as _);
        }
        if args.jsonl {
            let (outlet, course) = (outlet.clone(), Arc::clone(&course));
            let lines = JsonLines { outlet, course, patience, turn: Mutex::default(), redactor };
            handlers.push(Arc::new(lines));
        }
        let service = service.with_handler(Arc::new(Beside(handlers))).build()?;

        let (listener, base) = bind("listen", address).await?;
        let (status, status_base) = match status_listen {
            StatusListen::Address(address) => {
                let (status, base) = bind("status_listen", address).await?;
                (Some(status), base)
            }
            StatusListen::Public => (None, base.clone()),
        };
        let routes: Vec<_> = platforms.iter().map(|platform| routes(&base, platform)).collect();
        let first = json!({ "base_url": base, "status_url": status_base, "routes": routes });
        announce(&outlet, &first, patience).await?;
        let platforms = platforms.iter().map(|platform| platform.key()).collect();
        Ok(Self {
            service,
            listener,
            status,
            platforms,
            called,
            fleet,
            rollouts,
            store,
            tokens,
            unreadable,
            settling,
            course,
            exec,
            keep: args.keep,
            patience: shutdown,
        })
    }

    /// Serves until it is interrupted or nothing takes its events any more.
    async fn run(self, interrupted: impl Future<Output = ()> + Send + 'static) -> Result<Finish, Failure> {
        let Self { service, course, tokens, .. } = self;
        tokio::spawn({
            let course = Arc::clone(&course);
            async move {
                interrupted.await;
                stop(&course);
            }
        });
        let over = || until(course.subscribe());
        let renewals = tokio::spawn({
            let over = over();
            async move {
                match tokens {
                    Some(tokens) => tokens.run(over).await,
                    None => over.await,
                }
            }
        });
        let store = Arc::clone(&self.store);
        let counting = tokio::spawn(upkeep::count_unreadable_effects(
            Arc::clone(&store),
            self.platforms,
            self.unreadable,
        ));
        let settling = tokio::spawn(settling::settle(store, self.called, self.settling));
        let driving =
            tokio::spawn(rollouts::drive(self.fleet, self.rollouts, course.subscribe(), self.patience));
        let pruning = tokio::spawn(upkeep::prune(self.store, self.keep));
        match self.status {
            Some(status) => service.serve_apart(self.listener, status, over()).await,
            None => service.serve(self.listener, over()).await,
        }
        if let Some(exec) = &self.exec {
            exec.ended().await;
        }
        // What it has not settled stays open.
        settling.abort();
        // It is stopping; a panic in it is in the log.
        let _ = driving.await;
        pruning.abort();
        counting.abort();
        // It is stopping; a panic in it is in the log.
        let _ = renewals.await;
        let last = course.borrow().clone();
        match last {
            Course::Lost(error) => Err(error.into()),
            _ => Ok(Finish::Done),
        }
    }
}

/// Ends the service, unless it is ending already.
fn stop(course: &watch::Sender<Course>) {
    course.send_if_modified(|course| {
        let running = !course.is_over();
        if running {
            *course = Course::Stopping;
        }
        running
    });
}

/// Builds the intakes of the platforms' pushes.
fn intakes(platforms: &[&Platform], args: &Serve) -> Result<Vec<CallbackPlatform>, Error> {
    if args.body_format.is_some() && !platforms.iter().any(|platform| platform.entry.chooses_body_format()) {
        let detail = "has no effect: each configured vendor has only one format of pushes";
        return Err(Error::invalid("serve", "body_format", detail).with_advice("leave --body-format out"));
    }
    let intake = |platform: &&Platform| {
        let mut pushes = platform.push_settings()?;
        if let Some(format) = args.body_format {
            pushes.body_format = format.into();
        }
        pushes.acceptance_test = args.acceptance_test;
        platform.callback(&pushes)
    };
    platforms.iter().map(intake).collect()
}

/// Builds the handlers of the vendors' tests of these platforms.
fn acceptance_tests(
    context: &Context,
    platforms: &[&Platform],
    tokens: &TokenManager,
) -> Result<Vec<Arc<dyn EventHandler>>, Error> {
    let mut handlers = Vec::new();
    for entry in context.vendors().iter() {
        let of_vendor = platforms.iter().filter(|platform| platform.entry.vendor() == entry.vendor());
        let configs = of_vendor.map(|platform| context.signed(platform, Arc::new(tokens.clone())));
        let configs = configs.collect::<Result<Vec<_>, Error>>()?;
        if !configs.is_empty() {
            handlers.extend(entry.acceptance_test(tokens.clone(), configs)?);
        }
    }
    Ok(handlers)
}

/// Prints where the service listens.
async fn announce(outlet: &Outlet, line: &serde_json::Value, patience: Duration) -> Result<(), Error> {
    tokio::select! {
        written = outlet.write(format!("{line}\n").into_bytes()) => written.map_err(|problem| of_output(&problem)),
        () = SystemClock.deadline(patience) => {
            Err(Error::new(ErrorKind::Timeout, "serve").with_detail("standard output is not read"))
        }
    }
}

/// Returns where the status is served by default: on loopback, at the next port.
fn beside(callbacks: SocketAddr) -> StatusListen {
    let port = match callbacks.port() {
        0 => 0,
        port => port.checked_add(1).unwrap_or(port - 1),
    };
    StatusListen::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Listens, and returns the base URL.
async fn bind(option: &'static str, address: SocketAddr) -> Result<(TcpListener, String), Error> {
    let refused = |problem: std::io::Error| {
        Error::new(ErrorKind::Config, "serve").with_field(option).with_detail(format!("{address}: {problem}"))
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let base = format!("http://{}", listener.local_addr().map_err(refused)?);
    Ok((listener, base))
}

/// Completes when the service should stop.
async fn until(mut course: watch::Receiver<Course>) {
    // Without a sender nothing is left that could wait for more.
    let _ = course.wait_for(Course::is_over).await;
}

/// Returns what to enter in the vendor's console.
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
