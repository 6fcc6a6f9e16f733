//! The Prometheus recorder of the process, and its page.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use miniprogram_core::telemetry::CALL_SECONDS;
use miniprogram_core::{Error, ErrorKind, Result};

use crate::metrics::{ACKNOWLEDGE, HANDLING, Page};

/// Up to the five seconds for which a vendor waits.
const ACKNOWLEDGE_BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// From a fast read to the timeout of an upload.
const CALL_BUCKETS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];
const HANDLING_BUCKETS: [f64; 8] = [0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0];

static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Installs a Prometheus recorder for the whole process and returns the handle that renders its page. Further
/// calls return the same handle.
///
/// A program with its own recorder passes the handle of that recorder to
/// [`with_metrics`](crate::CallbackServiceBuilder::with_metrics) instead.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if another recorder is already installed.
pub fn metrics_handle() -> Result<PrometheusHandle> {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = installed.as_ref() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(ACKNOWLEDGE.to_owned()), &ACKNOWLEDGE_BUCKETS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(HANDLING.to_owned()), &HANDLING_BUCKETS)
        })
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(CALL_SECONDS.to_owned()), &CALL_BUCKETS)
        })
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| Error::new(ErrorKind::Config, "metrics_handle").with_detail(error.to_string()))?;
    *installed = Some(handle.clone());
    Ok(handle)
}

impl Page for PrometheusHandle {
    fn render(&self) -> String {
        Self::render(self)
    }

    fn run_upkeep(&self) {
        Self::run_upkeep(self);
    }
}
