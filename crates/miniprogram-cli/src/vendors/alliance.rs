//! A vendor's open-source alliance, for the verbs of `alliance`.

use std::fmt::Debug;
#[cfg(feature = "kafka")]
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::token::AccessToken;
use miniprogram::transport::{BaseUrl, HttpTransportBuilder};
use miniprogram::{AppId, PackageId, Result, Secret};
#[cfg(feature = "kafka")]
use miniprogram::{Error, ErrorKind, Event};
use serde_json::Value;

/// A vendor's open-source alliance.
pub trait Alliance: Debug + Send + Sync + 'static {
    /// Returns a client that reads as a member. Sends nothing.
    ///
    /// # Errors
    /// [`Config`](miniprogram::ErrorKind::Config) if the member's key is not valid.
    fn join(&self, member: Member) -> Result<Arc<dyn AllianceReader>>;

    /// Delivers changes to a listener until `stop` completes. Unsupported by default.
    #[cfg(feature = "kafka")]
    fn watch(&self, _topic: Topic, _listener: Arc<dyn Listener>, _stop: Stop) -> Watching {
        Box::pin(async { Err(Error::new(ErrorKind::Unsupported, "watch")) })
    }
}

/// A member of the alliance, and how it calls the vendor.
#[derive(Debug)]
#[non_exhaustive]
pub struct Member {
    /// How the member authenticates itself.
    pub key: Key,
    /// Scheme and host instead of the vendor's.
    pub base_url: Option<BaseUrl>,
    /// How HTTP reaches it.
    pub http: HttpTransportBuilder,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How long a whole read may take.
    pub deadline: Option<Duration>,
}

/// How a member authenticates itself.
#[derive(Debug)]
pub enum Key {
    /// By a key and its secret, for which the vendor issues a token.
    Credentials(String, Secret),
    /// By a token that has been fetched already.
    Token(AccessToken),
}

/// What can be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum AllianceQuery {
    /// The basic information of apps.
    Apps(Vec<AppId>),
    /// The packages of an app.
    Packages(AppId),
    /// The package with this id.
    Package(AppId, PackageId),
    /// The package with this status.
    PackageOfStatus(AppId, i64),
}

/// Reads as a member of the alliance.
#[async_trait]
pub trait AllianceReader: Send + Sync {
    /// Reads.
    ///
    /// # Errors
    /// Those of the call.
    async fn read(&self, query: AllianceQuery) -> Result<Value>;
}

/// Where changes are published.
#[cfg(feature = "kafka")]
#[derive(Debug)]
#[non_exhaustive]
pub struct Topic {
    /// The brokers to begin with, joined by commas.
    pub brokers: String,
    /// The topic.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// Further properties of the client.
    pub properties: Vec<(String, Secret)>,
}

/// A change, as it was published.
#[cfg(feature = "kafka")]
#[derive(Debug)]
pub struct Notification {
    /// The change.
    pub event: Event<'static>,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
}

/// A record that is not a notification.
#[cfg(feature = "kafka")]
#[derive(Debug)]
pub struct Unreadable {
    /// The record's key.
    pub key: Option<Vec<u8>>,
    /// The record's payload.
    pub payload: Option<Vec<u8>>,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// Why it cannot be read.
    pub reason: String,
}

/// Receives changes. A record for which it returns an error is delivered again.
#[cfg(feature = "kafka")]
#[async_trait]
pub trait Listener: Send + Sync {
    /// Handles a notification.
    ///
    /// # Errors
    /// Any; the notification is delivered again.
    async fn notified(&self, notification: Notification) -> Result<()>;

    /// Keeps a record that is not a notification.
    ///
    /// # Errors
    /// Any; the record is delivered again.
    async fn unreadable(&self, record: Unreadable) -> Result<()>;
}

/// Completes when watching should end.
#[cfg(feature = "kafka")]
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A watch in progress.
#[cfg(feature = "kafka")]
pub type Watching = Pin<Box<dyn Future<Output = Result<()>>>>;
