//! Pushes that a vendor has kept, for a platform that did not receive them.

use async_trait::async_trait;

use crate::error::Result;
use crate::event::Event;
use crate::time::Timestamp;

/// Reads the pushes that a platform has missed.
#[async_trait]
pub trait MissedEvents: Send + Sync {
    /// Returns the events between two times that the vendor could not deliver. One that cannot be decoded is logged and
    /// left out. What a vendor keeps is limited, and so is what it returns: a missing event proves nothing.
    ///
    /// # Errors
    /// The errors of any read.
    ///
    /// # Vendor notes
    /// | Baidu | `pushmsg/getmsg`; at most the last week of the span |
    /// |---|---|
    async fn missed_events(&self, from: Timestamp, until: Timestamp) -> Result<Vec<MissedEvent>>;
}

/// An event whose push the vendor could not deliver.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MissedEvent {
    /// The vendor's number of the push: the same each time it is read.
    pub number: i64,
    /// The event.
    pub event: Event<'static>,
}

impl MissedEvent {
    /// Creates it.
    #[must_use]
    pub const fn new(number: i64, event: Event<'static>) -> Self {
        Self { number, event }
    }
}
