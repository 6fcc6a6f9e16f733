//! The handlers of events beside the token manager: standard output here, a command in `exec`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::push::Delivery;
use miniprogram::vendor_api::printable_json;
use miniprogram::{Error, ErrorKind, Event, EventHandler, Outcome, Result};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, watch};

use crate::failure::{Failure, local};
use crate::outlet::Outlet;
use crate::output::to_value;
use crate::vendors::redact::Redactor;

/// How long a line in progress may still take once the service should stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whether the service continues.
#[derive(Debug, Clone)]
pub(super) enum Course {
    /// It does.
    Running,
    /// It was asked to stop.
    Stopping,
    /// Its events are no longer read.
    Lost(Error),
}

impl Course {
    pub(super) const fn is_over(&self) -> bool {
        !matches!(self, Self::Running)
    }
}

/// Prints each event, one at a time. If the reader is gone or has stalled, the service ends; what was not read stays
/// pending.
#[derive(Debug)]
pub(super) struct JsonLines {
    pub(super) outlet: Outlet,
    pub(super) course: Arc<watch::Sender<Course>>,
    /// How long the reader may take for one line.
    pub(super) patience: Duration,
    pub(super) turn: Mutex<()>,
    pub(super) redactor: Redactor,
}

#[async_trait]
impl EventHandler for JsonLines {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let line = line(event, delivery, &self.redactor)?;
        let mut course = self.course.subscribe();
        let over = async {
            // The sender is this handler's own.
            let _ = course.wait_for(Course::is_over).await;
        };
        let mut over = std::pin::pin!(over);
        let _turn = tokio::select! {
            biased;
            () = over.as_mut() => return Err(not_begun()),
            turn = self.turn.lock() => turn,
            // Other lines are being written: this one has not begun.
            () = SystemClock.deadline(self.patience) => return Err(not_begun()),
        };
        let stalled = async {
            tokio::select! {
                () = SystemClock.deadline(self.patience) => {}
                () = async { over.await; SystemClock.deadline(FAREWELL).await } => {}
            }
        };
        let lost = tokio::select! {
            biased;
            written = self.outlet.write(line.into_bytes()) => match written {
                Ok(()) => return Ok(()),
                Err(problem) => of_output(&problem),
            },
            () = stalled => unread("standard output is no longer read"),
        };
        self.course.send_replace(Course::Lost(lost));
        Err(not_begun())
    }
}

/// The event is returned, and the attempt does not count: the event is not at fault.
fn not_begun() -> Error {
    Error::new(ErrorKind::Cancelled, "jsonl")
        .with_outcome(Outcome::NotSent)
        .with_detail("standard output did not accept the event")
}

/// Standard output could not be written.
pub(super) fn of_output(problem: &io::Error) -> Error {
    match Failure::of_output(problem) {
        Failure::Error(error) => error,
        _ => unread("standard output was closed"),
    }
}

fn unread(why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, "serve").with_outcome(Outcome::NotDone).with_detail(why).with_advice(
        "restart with a reader that keeps up; events that were not printed are pending and will be delivered again",
    )
}

/// The line of an event: the delivery, then the event's own fields, secrets masked.
pub(super) fn line(event: &Event<'_>, delivery: &Delivery, redactor: &Redactor) -> Result<String> {
    let text =
        printable_json(&fields(event, delivery, redactor)?).map_err(|problem| local("line", &problem))?;
    Ok(text + "\n")
}

fn fields(event: &Event<'_>, delivery: &Delivery, redactor: &Redactor) -> Result<Value> {
    let mut line = Map::new();
    line.insert("id".to_owned(), to_value(&delivery.id)?);
    line.insert("attempt".to_owned(), to_value(&delivery.attempt)?);
    line.insert("received_at".to_owned(), to_value(&delivery.received_at)?);
    if let Value::Object(fields) = redactor.event(event)? {
        line.extend(fields);
    }
    // If the message names no platform, it is the one that received it.
    let payload = line.shift_remove("payload");
    line.entry("platform_id").or_insert(to_value(&delivery.platform)?);
    line.extend(payload.map(|payload| ("payload".to_owned(), payload)));
    Ok(Value::Object(line))
}

#[cfg(test)]
pub(super) mod tests {
    use miniprogram::{EventKind, PlatformId, Timestamp, Vendor};
    use serde_json::json;

    use super::*;

    pub(crate) fn audit_approved() -> (Event<'static>, Delivery) {
        let payload = json!({ "Event": "approved", "auth_code": "canary" });
        let event = Event::new(Vendor::new("acme"), EventKind::AuditApproved, "approved".into(), payload);
        (event, Delivery::new(7, PlatformId::from("p1"), Timestamp::from_unix(1_700_000_000)).with_attempt(2))
    }

    #[test]
    fn a_line_tells_the_delivery_and_no_secret() {
        let (event, delivery) = audit_approved();
        let line = fields(&event, &delivery, &Redactor::default()).unwrap();
        let names: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            ["id", "attempt", "received_at", "vendor", "kind", "raw_event", "platform_id", "payload"]
        );
        assert_eq!(
            (&line["id"], &line["attempt"], &line["platform_id"]),
            (&json!(7), &json!(2), &json!("p1"))
        );
        assert!(!line.to_string().contains("canary"), "{line}");
    }
}
