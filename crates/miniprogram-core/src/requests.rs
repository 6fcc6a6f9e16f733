//! How many requests a piece of work has sent, for a program that limits their rate.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;

thread_local! {
    /// The requests of the work that is polled on this thread.
    static SENT: Cell<u64> = const { Cell::new(0) };
}

/// Completes like `work`, and returns how many requests to vendors it has sent: reads, attempts of effects and queries
/// that settle them. What it hands over to another task does not count.
///
/// The clients count by themselves. A platform of another kind calls [`sent`] for each request.
///
/// ```
/// use miniprogram_core::requests::{counted, sent};
///
/// # #[tokio::main]
/// # async fn main() {
/// let work = async {
///     sent();
///     sent();
///     "done"
/// };
/// assert_eq!(counted(work).await, ("done", 2));
/// # }
/// ```
pub async fn counted<F: Future>(work: F) -> (F::Output, u64) {
    let mut work = pin!(work);
    let mut count = 0;
    let output = poll_fn(|context| {
        let outer = SENT.replace(count);
        let polled = work.as_mut().poll(context);
        count = SENT.replace(outer);
        polled
    });
    let output = output.await;
    (output, count)
}

/// Counts one request to a vendor.
pub fn sent() {
    SENT.set(SENT.get().saturating_add(1));
}
