//! SQLite: one file, one owner.

use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use miniprogram_core::Result;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};

use crate::failure::{self, Failure};
use crate::keys::StoreKeys;
use crate::open::StoreOptions;

mod file;
mod schema;
mod writer;

macro_rules! for_update {
    ($($sql:tt)*) => { concat!($($sql)*) };
}
macro_rules! skip_locked {
    ($lock:expr, $rest:expr) => {
        concat!($lock, $rest)
    };
}

#[cfg_attr(
    feature = "postgres",
    expect(clippy::duplicate_mod, reason = "each database compiles the statements with its own types")
)]
#[path = "sql/mod.rs"]
mod sql;

pub use writer::WriterStats;

use file::{FileId, Ownership};
use schema::{schema_version, structural_problems};
use writer::Writer;

type Db = sqlx::Sqlite;
type Conn = SqliteConnection;
type Handle = SqliteStore;

const BACKEND: &str = "sqlite";

/// A store in one file, owned by one process.
///
/// Every write is on the disk before its method returns: write-ahead log with full sync. Writes that come together
/// share one transaction and one sync. A write that has begun is finished even if its caller is dropped. Cloning is
/// cheap; the file is given back when the last clone is dropped or by [`close`](crate::Maintenance::close). Opening ends
/// the leases and claims that the owner before left behind: it is gone.
///
/// The file, its log and its lock (`<file>-wal`, `<file>-shm`, `<file>.lock`) can be read by their owner alone.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Which file was opened.
    file: FileId,
    keys: StoreKeys,
    readers: SqlitePool,
    writer: Option<Writer>,
}

impl Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.0.path)
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Makes a new store and opens it. The directory must exist.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if there is a file at that path already, or it cannot be made.
    pub async fn create(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        let owner = Ownership::take(path.as_ref()).await.map_err(|error| error.with_operation("create"))?;
        let path = owner.store().to_owned();
        if path.exists() {
            let why = format!("there is a file at {} already", path.display());
            return Err(
                failure::store(why, "open it, or make the store at another path").with_operation("create")
            );
        }
        schema::make(&path).await.map_err(|failure| failure.into_error("create"))?;
        Self::open_owned(owner, options).await.map_err(|failure| failure.into_error("create"))
    }

    /// Opens a store that exists, and becomes its owner.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if another process owns it; if there is no file, or one that is
    /// empty, damaged, of another program, of another schema version, or that others may read.
    pub async fn open(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        let opened = async {
            file::inspect(path.as_ref())?;
            let owner = Ownership::take(path.as_ref()).await?;
            Self::open_owned(owner, options).await
        };
        opened.await.map_err(|failure: Failure| failure.into_error("open"))
    }

    /// Makes the store where there is none, brings its schema up to date, and opens it.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for a missing file and an earlier schema.
    pub async fn migrate(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        let migrated = async {
            let owner = Ownership::take(path.as_ref()).await?;
            let path = owner.store().to_owned();
            if path.exists() {
                file::inspect(&path)?;
                schema::migrate(&path).await?;
            } else {
                schema::make(&path).await?;
            }
            Self::open_owned(owner, options).await
        };
        migrated.await.map_err(|failure: Failure| failure.into_error("migrate"))
    }

    /// Opens a store for reading alone, also while another process owns it. Whatever writes fails.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for the owner.
    pub async fn open_read_only(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        let opened = async {
            let path = file::inspect(path.as_ref())?;
            let mut connection = connect(&path, connection(&path).read_only(true)).await?;
            schema::verify(&mut connection, &path).await?;
            connection.close().await?;
            let readers = readers(&path, &options).await?;
            let file = FileId::of(&path)?;
            Ok(Self(Arc::new(Inner { path, file, keys: options.keys, readers, writer: None })))
        };
        opened.await.map_err(|failure: Failure| failure.into_error("open_read_only"))
    }

    async fn open_owned(owner: Ownership, options: StoreOptions) -> Result<Self, Failure> {
        let path = owner.store().to_owned();
        let mut connection =
            connection(&path).connect().await.map_err(|error| schema::refusal(&path, error))?;
        schema::verify(&mut connection, &path).await?;
        let file = FileId::of(&path)?;
        let writer = Writer::start(connection, owner, file).await?;
        file::check_modes(&path)?;
        let readers = readers(&path, &options).await?;
        Ok(Self(Arc::new(Inner { path, file, keys: options.keys, readers, writer: Some(writer) })))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// How many writes this handle's process has done, and in how many transactions.
    #[must_use]
    pub fn stats(&self) -> WriterStats {
        self.0.writer.as_ref().map_or_else(WriterStats::default, Writer::stats)
    }

    fn keys(&self) -> &StoreKeys {
        &self.0.keys
    }

    async fn write<T, F>(&self, operation: &'static str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
    {
        match &self.0.writer {
            Some(writer) => writer.write(operation, work).await,
            None => {
                let advice = "open it without `read_only` to write";
                Err(failure::store("the store is open for reading alone", advice).with_operation(operation))
            }
        }
    }

    async fn read<T, F>(&self, operation: &'static str, work: F) -> Result<T>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, Failure>> + Send,
    {
        let read = async {
            let mut connection = self.0.readers.acquire().await?;
            work(&mut connection).await
        };
        read.await.map_err(|failure| failure.into_error(operation))
    }

    async fn verify_place(&self) -> Result<bool, Failure> {
        Ok(self.0.file.is_at(&self.0.path)?)
    }

    async fn shut_down(&self) {
        self.0.readers.close().await;
        if let Some(writer) = &self.0.writer {
            writer.close().await;
        }
    }
}

/// How every connection is made: full sync on each commit, what is replaced or deleted is overwritten, and five seconds'
/// patience with whoever else holds the file.
fn connection(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .busy_timeout(std::time::Duration::from_secs(5))
        .disable_statement_logging()
}

async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<SqliteConnection, Failure> {
    options.connect().await.map_err(|error| schema::refusal(path, error))
}

async fn readers(path: &Path, options: &StoreOptions) -> Result<SqlitePool, Failure> {
    let pool =
        SqlitePoolOptions::new().max_connections(options.connections.max(1)).test_before_acquire(false);
    Ok(pool.connect_with(connection(path).read_only(true)).await?)
}
