//! Dead letters: where records go that are not notices.

use std::error::Error;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use rdkafka::Message;
use rdkafka::message::OwnedMessage;

/// A record that cannot be read. `Debug` shows only the sizes of key and payload.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The original payload; `None` if the record has none.
    pub payload: Option<Vec<u8>>,
    /// The record's original key; `None` if the record has none.
    pub key: Option<Vec<u8>>,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset within the partition.
    pub offset: i64,
    /// Why it cannot be read, without quoting it.
    pub reason: String,
}

impl DeadLetter {
    /// Creates a dead letter with a payload and without a key.
    #[must_use]
    pub fn new(
        payload: impl Into<Vec<u8>>,
        topic: impl Into<String>,
        partition: i32,
        offset: i64,
        reason: impl Into<String>,
    ) -> Self {
        let (payload, topic, reason) = (Some(payload.into()), topic.into(), reason.into());
        Self { payload, key: None, topic, partition, offset, reason }
    }

    pub(super) fn of(record: &OwnedMessage, reason: &str) -> Self {
        Self {
            payload: record.payload().map(<[u8]>::to_vec),
            key: record.key().map(<[u8]>::to_vec),
            topic: record.topic().to_owned(),
            partition: record.partition(),
            offset: record.offset(),
            reason: reason.to_owned(),
        }
    }
}

impl Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("payload_bytes", &self.payload.as_ref().map(Vec::len))
            .field("key_bytes", &self.key.as_ref().map(Vec::len))
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("reason", &self.reason)
            .finish()
    }
}

/// Keeps unreadable records for manual inspection.
#[async_trait]
pub trait DeadLetters: Debug + Send + Sync + 'static {
    /// Keeps a record. The consumer moves past it once this has returned `Ok`; may be called again with the same
    /// record.
    ///
    /// # Errors
    /// Any error of keeping the record. The record is then offered again after a growing pause.
    async fn keep(&self, letter: &DeadLetter) -> Result<(), Box<dyn Error + Send + Sync>>;
}
