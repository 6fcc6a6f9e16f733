//! What the members of a vendor's open-source alliance may read, and hear.

#[cfg(feature = "kafka")]
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
#[cfg(feature = "kafka")]
use miniprogram::Event;
use miniprogram::{AccessToken, AppId, BaseUrl, PackageId, Result, Secret};
use serde_json::Value;

/// A vendor's alliance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alliance {
    /// Reads as a member. Costs no request.
    pub(crate) join: fn(Member) -> Result<Arc<dyn AllianceReader>>,
    /// Hears what changes, until told to stop.
    #[cfg(feature = "kafka")]
    pub(crate) watch: fn(Topic, Arc<dyn Listener>, Stop) -> Watching,
}

/// A member of the alliance.
#[derive(Debug)]
pub(crate) struct Member {
    /// Who it is.
    pub(crate) key: Key,
    /// Scheme and host instead of the vendor's.
    pub(crate) base_url: Option<BaseUrl>,
    /// How long one attempt may take.
    pub(crate) timeout: Option<Duration>,
    /// How long a whole read may take.
    pub(crate) deadline: Option<Duration>,
}

/// What shows who a member is.
#[derive(Debug)]
pub(crate) enum Key {
    /// A key with its secret, which bring a token.
    Credentials(String, Secret),
    /// A token that somebody has fetched already.
    Token(AccessToken),
}

/// What can be asked.
#[derive(Debug)]
pub(crate) enum AllianceQuestion {
    /// The basic information of apps.
    Apps(Vec<AppId>),
    /// The packages of an app.
    Packages(AppId),
    /// The package of that id.
    Package(AppId, PackageId),
    /// The package that has that status.
    PackageOfStatus(AppId, i64),
}

/// Reads as a member of the alliance.
#[async_trait]
pub(crate) trait AllianceReader: Send + Sync {
    /// Asks.
    async fn ask(&self, question: AllianceQuestion) -> Result<Value>;
}

/// Where changes are told.
#[cfg(feature = "kafka")]
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    pub(crate) group: String,
    pub(crate) properties: Vec<(String, Secret)>,
}

/// A change that was told.
#[cfg(feature = "kafka")]
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) event: Event<'static>,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// What came and is no notice.
#[cfg(feature = "kafka")]
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) reason: String,
}

/// Who hears notices. What it answers `Err` to comes again.
#[cfg(feature = "kafka")]
#[async_trait]
pub(crate) trait Listener: Send + Sync {
    /// Handles a notice.
    async fn heard(&self, notice: Notice) -> Result<()>;

    /// Keeps what is no notice aside.
    async fn unreadable(&self, record: Unreadable) -> Result<()>;
}

/// Ends when no more is wanted.
#[cfg(feature = "kafka")]
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The hearing, until it ends.
#[cfg(feature = "kafka")]
pub(crate) type Watching = Pin<Box<dyn Future<Output = Result<()>>>>;
