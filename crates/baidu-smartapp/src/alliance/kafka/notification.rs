//! A notice, and its position in the topic.

use miniprogram_core::{Event, EventKind};
use rdkafka::Message;
use rdkafka::message::OwnedMessage;

use crate::event::decode_notification;

/// A notice that something has changed and should be read again.
///
/// `event.kind` is [`AppChanged`](EventKind::AppChanged) (code 100) or [`PackageChanged`](EventKind::PackageChanged)
/// (101), both with the app's id; the latter should name the package too. An unlisted code is
/// [`Unknown`](EventKind::Unknown), with the code as the raw name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// What has changed.
    pub event: Event<'static>,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset within the partition. Topic, partition and offset identify a notice permanently.
    pub offset: i64,
    /// The number of attempts to handle the notice since it was fetched, including this one.
    pub attempt: u32,
}

impl Notification {
    /// Creates a notice that is handled for the first time.
    #[must_use]
    pub fn new(event: Event<'static>, topic: impl Into<String>, partition: i32, offset: i64) -> Self {
        Self { event, topic: topic.into(), partition, offset, attempt: 1 }
    }

    /// Sets the number of the attempt.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

/// Reads the event of a record, or returns why it is not a notice.
pub(super) fn read(record: &OwnedMessage) -> Result<Event<'static>, String> {
    let payload = record.payload().ok_or("the record has no payload")?;
    let text = std::str::from_utf8(payload).map_err(|_| "the payload is not UTF-8")?;
    let event = decode_notification(text).map_err(|error| error.to_string())?;
    match event.kind {
        EventKind::AppChanged | EventKind::PackageChanged if event.app_id.is_none() => {
            Err(format!("the notice of code {} names no app", event.raw_event))
        }
        _ => Ok(event),
    }
}
