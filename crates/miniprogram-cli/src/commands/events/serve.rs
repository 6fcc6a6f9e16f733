//! The daemon: callbacks in, tokens kept fresh, events handed on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use miniprogram::{Clock, Error, ErrorKind, SystemClock, Timestamp};
use miniprogram_callback::{CallbackService, RetryPolicy, metrics_handle};
use miniprogram_store::Store;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::handlers::{Exec, JsonLines};
use crate::cli::{self, Serve};
use crate::config::Platform;
use crate::context::{Context, State, interrupted};
use crate::failure::{Failure, Finish};
use crate::vendors::ENTRIES;

/// How much longer than its handlers' time an event is claimed.
const LEASE_FACTOR: u32 = 5;

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
    if wish.body_format.is_some() && !platforms.iter().any(|platform| platform.entry.chooses_body_format) {
        let detail = "has no use: each configured vendor writes pushes in one form only";
        return Err(Error::invalid("serve", "body_format", detail)
            .with_advice("leave --body-format out")
            .into());
    }
    for platform in &platforms {
        let mut callback = platform.callback()?;
        if let Some(format) = wish.body_format {
            callback = callback.with_body_format(format.into());
        }
        intakes.push((platform.entry.callbacks)(&platform.id, callback)?);
    }
    let mut retry = RetryPolicy::default();
    if let Some(attempts) = wish.attempts {
        retry = retry.with_max_attempts(attempts);
    }
    if let Some(timeout) = wish.handler_timeout {
        retry = retry.with_handler_timeout(timeout).with_lease(timeout.saturating_mul(LEASE_FACTOR));
    }

    let State { store, tokens } = context.state(&settings, &platforms).await?;
    let (stop, stopped) = watch::channel(false);
    let mut service = CallbackService::builder(Arc::clone(&store))
        .with_handler(Arc::new(tokens.clone()))
        .with_original_ids(Arc::new(tokens.clone()))
        .with_retry(retry)
        .with_metrics(metrics_handle()?);
    if let Some(events) = wish.concurrency {
        service = service.with_concurrency(events);
    }
    for intake in intakes {
        service = service.with_platform(intake);
    }
    if wish.acceptance_test {
        let testing = ENTRIES.iter().filter_map(|entry| Some((entry, entry.acceptance?)));
        for (entry, acceptance) in testing {
            let of_vendor = platforms.iter().filter(|platform| platform.entry.vendor == entry.vendor);
            let configs = of_vendor.map(|platform| context.config(Some(platform), Arc::new(tokens.clone())));
            let configs = configs.collect::<Result<Vec<_>, Error>>()?;
            if !configs.is_empty() {
                service = service.with_acceptance(acceptance(tokens.clone(), configs)?);
            }
        }
    }
    if let Some(command) = wish.exec {
        service = service.with_handler(Arc::new(Exec { command }));
    }
    if wish.jsonl {
        let output = context.output;
        service = service.with_handler(Arc::new(JsonLines { output, stop: stop.clone() }));
    }
    let service = service.build()?;

    let (listener, base) = bind("listen", address).await?;
    let status = match wish.status_listen {
        Some(address) => Some(bind("status_listen", address).await?),
        None => None,
    };
    let routes: Vec<_> = platforms.iter().map(|platform| routes(&base, platform)).collect();
    let status_base = status.as_ref().map_or(&base, |(_, base)| base);
    context.output.json(&json!({ "base_url": base, "status_url": status_base, "routes": routes }))?;

    tokio::spawn(async move {
        interrupted.await;
        stop.send_replace(true);
    });
    let renewals = tokio::spawn({
        let tokens = tokens.clone();
        let stopped = until(stopped.clone());
        async move { tokens.run(stopped).await }
    });
    let forgetting = tokio::spawn(forget(store, wish.keep));
    match status {
        Some((status, _)) => service.serve_apart(listener, status, until(stopped)).await,
        None => service.serve(listener, until(stopped)).await,
    }
    forgetting.abort();
    // It was told to end; a panic in it is in the log.
    let _ = renewals.await;
    Ok(Finish::Done)
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
async fn until(mut stopped: watch::Receiver<bool>) {
    // Where the sender is gone, nobody is left who could wait for more.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// What to enter in the vendor's console.
fn routes(base: &str, platform: &Platform) -> serde_json::Value {
    let root = format!("{base}/{}/{}", platform.entry.vendor, platform.id);
    json!({
        "vendor": platform.entry.vendor,
        "platform_id": platform.id,
        "authorization_url": format!("{root}/authorization"),
        "messages_url": format!("{root}/messages{}", platform.entry.app_in_url),
    })
}
