//! Opening a store by its URL.

use std::sync::Arc;

use miniprogram_core::{Error, ErrorKind, Result};

use crate::Store;
use crate::copy::Copying;
use crate::keys::StoreKeys;

/// Options for opening a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The keys for sealed values.
    pub keys: StoreKeys,
    /// The maximum number of open connections: for PostgreSQL all of them, for SQLite those that read. At least
    /// 1; 16 by default.
    pub connections: u32,
    /// Whether this process is the store's daemon. A file has at most one daemon; a database may have any number.
    pub daemon: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { keys: StoreKeys::default(), connections: 16, daemon: false }
    }
}

impl StoreOptions {
    /// Sets the keys.
    #[must_use]
    pub fn with_keys(mut self, keys: StoreKeys) -> Self {
        self.keys = keys;
        self
    }

    /// Opens the store as its daemon: the one long-running process.
    #[must_use]
    pub const fn as_daemon(mut self) -> Self {
        self.daemon = true;
        self
    }

    /// Sets the maximum number of connections.
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }
}

/// Opens the store as its daemon: like [`open`], but a second daemon for one file is refused.
///
/// # Errors
/// As for [`open`].
pub async fn open_daemon(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    open_with(url, StoreOptions::default().with_keys(keys).as_daemon()).await
}

/// Opens the store at `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. It must exist.
///
/// # Errors
/// [`Config`](ErrorKind::Config) for any other URL, or if the database was disabled at compile time;
/// [`Store`](ErrorKind::Store) as for [`SqliteStore::open`](crate::SqliteStore::open) and
/// [`PostgresStore::connect`](crate::PostgresStore::connect).
pub async fn open(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    open_with(url, StoreOptions::default().with_keys(keys)).await
}

/// Opens the store with options.
///
/// # Errors
/// As for [`open`].
pub async fn open_with(url: &str, options: StoreOptions) -> Result<Arc<dyn Store>> {
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::open(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Arc::new(crate::PostgresStore::connect(url, options).await?)),
    }
}

/// Opens a store read-only: writes fail. Another process may own it at the same time.
///
/// # Errors
/// As for [`open`].
pub async fn open_read_only(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    let options = StoreOptions::default().with_keys(keys);
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::open_read_only(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Arc::new(crate::PostgresStore::connect_read_only(url, options).await?)),
    }
}

/// Creates the store at a URL if it does not exist, brings its schema up to date, and opens it.
///
/// # Errors
/// As for [`open`].
pub async fn migrate(url: &str, keys: StoreKeys) -> Result<Arc<dyn Store>> {
    let options = StoreOptions::default().with_keys(keys);
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::migrate(path, options).await?)),
        #[cfg(feature = "postgres")]
        Address::Postgres(url) => Ok(Arc::new(crate::PostgresStore::migrate(url, options).await?)),
    }
}

/// Accepts the losses of a store, like [`SqliteStore::accept_loss`](crate::SqliteStore::accept_loss).
///
/// # Errors
/// [`Config`](ErrorKind::Config) for a database server, which keeps what it acknowledged or does not start.
/// [`Store`](ErrorKind::Store) as for [`SqliteStore::accept_loss`](crate::SqliteStore::accept_loss).
pub async fn accept_loss(url: &str) -> Result<Option<u64>> {
    match Address::of(url)? {
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => crate::SqliteStore::accept_loss(path).await,
        #[cfg(feature = "postgres")]
        Address::Postgres(_) => Err(Error::new(ErrorKind::Config, "accept_loss")
            .with_field("store")
            .with_detail("must be sqlite:PATH: PostgreSQL itself detects what it has lost")),
    }
}

/// Opens the store that a copy reads.
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

/// Opens the store that a copy writes. It is created if it does not exist, and used exclusively as far as
/// possible.
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
