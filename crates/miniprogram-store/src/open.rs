//! Opening a store by its address.

use std::sync::Arc;

use miniprogram_core::{Error, ErrorKind, Result};

use crate::Store;
use crate::copy::Copying;
use crate::keys::StoreKeys;

/// How a store is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The keys of what is sealed.
    pub keys: StoreKeys,
    /// How many connections may be open at once: at PostgreSQL all of them, at SQLite those that read. At least 1; 16
    /// unless told otherwise.
    pub connections: u32,
    /// Whether this process is the store's daemon. A file has one at most; a database any number.
    pub daemon: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { keys: StoreKeys::default(), connections: 16, daemon: false }
    }
}

impl StoreOptions {
    /// With keys.
    #[must_use]
    pub fn with_keys(mut self, keys: StoreKeys) -> Self {
        self.keys = keys;
        self
    }

    /// For the store's daemon: the one process that stays.
    #[must_use]
    pub const fn as_daemon(mut self) -> Self {
        self.daemon = true;
        self
    }

    /// With at most that many connections.
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }
}

/// Opens the store as its daemon: as [`open`], but a second daemon of one file is refused.
///
/// # Errors
/// As [`open`].
pub async fn open_daemon(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    open_with(url, StoreOptions::default().with_keys(keys).as_daemon()).await
}

/// Opens the store at `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. It must exist.
///
/// # Errors
/// [`Config`](ErrorKind::Config) for another address, or one whose database was left out at compilation;
/// [`Store`](ErrorKind::Store) as [`SqliteStore::open`](crate::SqliteStore::open) and
/// [`PostgresStore::connect`](crate::PostgresStore::connect).
pub async fn open(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    open_with(url, StoreOptions::default().with_keys(keys)).await
}

/// Opens the store with options.
///
/// # Errors
/// As [`open`].
pub async fn open_with(url: &str, options: StoreOptions) -> Result<Arc<dyn Store>> {
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::open(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Arc::new(crate::PostgresStore::connect(url, options).await?)),
    }
}

/// Opens a store for reading alone: whatever writes fails. Another process may own it meanwhile.
///
/// # Errors
/// As [`open`].
pub async fn open_read_only(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    let options = StoreOptions::default().with_keys(keys);
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::open_read_only(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Arc::new(crate::PostgresStore::connect_read_only(url, options).await?)),
    }
}

/// Makes the store at an address where there is none, brings its schema up to date, and opens it.
///
/// # Errors
/// As [`open`].
pub async fn migrate(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    let options = StoreOptions::default().with_keys(keys);
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::migrate(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Arc::new(crate::PostgresStore::migrate(url, options).await?)),
    }
}

/// Accepts what a store has lost: as [`SqliteStore::accept_loss`](crate::SqliteStore::accept_loss).
///
/// # Errors
/// [`Config`](ErrorKind::Config) for a database: it keeps what it acknowledged, or does not start. [`Store`](ErrorKind::Store)
/// as [`SqliteStore::accept_loss`](crate::SqliteStore::accept_loss).
pub async fn accept_loss(url: &str) -> Result<Option<u64>> {
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => crate::SqliteStore::accept_loss(path).await,
        #[cfg(feature = "postgres")]
        Address::Postgres(_) => Err(Error::new(ErrorKind::Config, "accept_loss")
            .with_field("store")
            .with_detail("must be sqlite:PATH: PostgreSQL finds out by itself what it has lost")),
    }
}

/// The store that a copy reads.
pub(crate) async fn copy_source(url: &str, keys: StoreKeys) -> Result<Box<dyn Copying>> {
    let options = StoreOptions::default().with_keys(keys);
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => {
            if crate::SqliteStore::has_daemon(path.as_ref()) {
                return Err(crate::copy::in_use("the source"));
            }
            Ok(Box::new(crate::SqliteStore::open_read_only(path, options).await?))
        }
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Box::new(crate::PostgresStore::connect_read_only(url, options).await?)),
    }
}

/// The store that a copy writes: made where there is none, and nobody else's meanwhile as far as that can be had.
pub(crate) async fn copy_target(url: &str, keys: StoreKeys) -> Result<Box<dyn Copying>> {
    let options = StoreOptions::default().with_keys(keys).as_daemon();
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Box::new(crate::SqliteStore::migrate(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Box::new(crate::PostgresStore::migrate(url, options).await?)),
    }
}

enum Address<'a> {
    #[cfg(feature = "sqlite")]
    Sqlite(&'a str),
    #[cfg(feature = "postgres")]
    Postgres(&'a str),
}

impl<'a> Address<'a> {
    fn of(url: &'a str) -> Result<Self> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" if !rest.is_empty() => Ok(Self::Sqlite(rest.strip_prefix("//").unwrap_or(rest))),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" if rest.starts_with("//") => Ok(Self::Postgres(url)),
            _ => Err(Error::new(ErrorKind::Config, "open")
                .with_field("store")
                .with_detail("must be sqlite:PATH or postgres://USER@HOST/DATABASE")),
        }
    }
}
