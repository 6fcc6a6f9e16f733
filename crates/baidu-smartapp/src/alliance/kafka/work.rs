//! The work on one record: it is handled or dead-lettered, repeatedly until that succeeds.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{Either, select};
use miniprogram_core::clock::{Clock, backoff};
use rdkafka::Message;
use rdkafka::message::OwnedMessage;
use tokio::sync::watch;

use super::context::Holding;
use super::letters::{DeadLetter, DeadLetters};
use super::notification::{self, Notification};

/// The dependencies of every work item.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) letters: Arc<dyn DeadLetters>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
}

/// A finished work item.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) partition: i32,
    pub(super) assignment: u64,
    pub(super) offset: i64,
    /// Whether the record was handled or dead-lettered; if not, it was given up with its partition.
    pub(super) is_handled: bool,
}

impl Desk {
    pub(super) async fn work<H, F, E>(
        &self,
        handler: &H,
        record: OwnedMessage,
        assignment: u64,
        mut holding: watch::Receiver<Holding>,
    ) -> Done
    where
        H: Fn(Notification) -> F,
        F: Future<Output = Result<(), E>>,
        E: Display,
    {
        let _busy = self.clock.enter();
        let (partition, offset) = (record.partition(), record.offset());
        let done = |is_handled| Done { partition, assignment, offset, is_handled };
        let read = notification::read(&record);
        let mut attempt = 1;
        loop {
            let pause = self.pause(attempt);
            let handling = async {
                match &read {
                    Ok(event) => {
                        let notification =
                            Notification::new(event.clone(), record.topic(), partition, offset);
                        let handled = handler(notification.with_attempt(attempt)).await;
                        handled.map_err(|error| error.to_string())
                    }
                    Err(reason) => self.keep(&record, reason).await,
                }
            };
            // Other partitions must continue. State left broken by a panic is the responsibility of the caller's
            // types.
            let handled = AssertUnwindSafe(handling).catch_unwind().await;
            let Err(error) = handled.unwrap_or_else(|_| Err("it panicked".to_owned())) else {
                return done(true);
            };
            tracing::warn!(partition, offset, attempt, ?pause, %error, "not handled; tried again after the pause");
            let given_up = holding.wait_for(|now| now.stopping || !now.is_held(partition, assignment));
            if let Either::Right(_) = select(self.clock.sleep(pause), pin!(given_up)).await {
                break;
            }
            attempt += 1;
        }
        tracing::debug!(partition, offset, attempt, "given up without a commit");
        done(false)
    }

    async fn keep(&self, record: &OwnedMessage, reason: &str) -> Result<(), String> {
        let letter = DeadLetter::of(record, reason);
        self.letters.keep(&letter).await.map_err(|error| error.to_string())?;
        tracing::error!(?letter, "a record that is not a notice was set aside");
        Ok(())
    }

    /// Returns the pause after an attempt: a span that doubles up to the longest, and a random part of it.
    fn pause(&self, attempt: u32) -> Duration {
        let span = backoff(attempt, self.first_pause, self.longest_pause);
        span.saturating_add(span.mul_f64(fastrand::f64()))
    }
}
