//! Many calls to one vendor, at the rate and the concurrency of a plan.

use std::sync::Arc;
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram_rollout::plan::VendorSettings;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How fast the apps of a vendor are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between the starts of two apps.
    pause: Duration,
    concurrency: usize,
}

impl Pace {
    /// The pace of a plan, where each app takes about so many calls.
    pub(crate) fn of(vendor: &VendorSettings, calls: f64) -> Self {
        let pause = Duration::from_secs_f64(calls / vendor.rate.per_second());
        Self { pause, concurrency: usize::try_from(vendor.concurrency).unwrap_or(usize::MAX) }
    }

    /// Does something for each item; returns the results in the order of the items.
    pub(crate) async fn each<I, T, F>(self, items: Vec<I>, work: impl Fn(I) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let places = Arc::new(Semaphore::new(self.concurrency.min(Semaphore::MAX_PERMITS)));
        let mut running = JoinSet::new();
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                SystemClock.deadline(self.pause).await;
            }
            let permit = Arc::clone(&places).acquire_owned().await;
            let work = work(item);
            running.spawn(async move {
                let result = work.await;
                drop(permit);
                (place, result)
            });
        }
        in_order(running).await
    }
}

/// The results of tasks in the order of their places.
pub(crate) async fn in_order<T: 'static>(mut running: JoinSet<(usize, T)>) -> Vec<T> {
    let mut results = Vec::new();
    while let Some(result) = running.join_next().await {
        results.push(result.unwrap_or_else(|problem| std::panic::resume_unwind(problem.into_panic())));
    }
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
