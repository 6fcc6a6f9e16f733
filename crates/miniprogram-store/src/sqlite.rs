//! SQLite: one file, one daemon, any number of commands.

use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miniprogram_core::{Intent, PlatformId, Result, Settled, Timestamp};

use crate::failure::{self, Failure};
use crate::keys::{Purpose, StoreKeys};
use crate::open::StoreOptions;

mod driver;
mod file;
mod inbox;
mod readers;
mod schema;
mod turn;
mod writer;

macro_rules! for_update {
    ($($sql:expr),* $(,)?) => { concat!($($sql),*) };
}
macro_rules! held_by_session {
    ($column:expr) => {
        concat!(", ", $column, " = session()")
    };
}

#[cfg_attr(
    feature = "postgres",
    expect(clippy::duplicate_mod, reason = "each database compiles the statements with its own types")
)]
#[path = "sql/mod.rs"]
mod sql;

pub use writer::WriterStats;

use driver::{Access, Conn, ReadRow as _, query};
use file::{FileId, Ownership};
use readers::Readers;
use turn::Mark;
use writer::{Opened, Sync, Work, Writer};

type Handle = SqliteStore;

const BACKEND: &str = "sqlite";
/// The clause of a statement that supplies ids of its own.
const OVERRIDING: &str = "";

/// A store in one file, shared by the processes of one machine.
///
/// Every write is durable before its method returns: write-ahead log with full sync. Concurrent writes share one
/// transaction and one sync. A write that has begun is finished even if its caller is dropped. Cloning is cheap;
/// the file is released when the last clone is dropped or by [`close`](crate::Maintenance::close).
///
/// Any number of processes may have the file open for reading and writing; they take turns writing. One of them
/// may be its daemon ([`StoreOptions::as_daemon`]): a second one is refused. A daemon that opens the file ends
/// the leases and claims that the previous daemon left behind; those of other processes expire. Every group of
/// writes verifies that the file is still the one that was opened, and that no commit is missing from it.
///
/// The file and the files next to it (`<file>-wal`, `<file>-shm`, `<file>.lock`, `<file>.queue`, `<file>.turn`)
/// can be read only by their owner. They must be on a local disk.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// The file that was opened.
    file: FileId,
    keys: StoreKeys,
    readers: Readers,
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
    /// Creates a new store and opens it. The directory must exist.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if there is already a file at that path, or it cannot be
    /// created.
    pub async fn create(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        Self::open_with("create", path.as_ref(), options, |path, _| {
            if path.exists() {
                let why = format!("there is a file at {} already", path.display());
                return Err(failure::store(why, "open it, or make the store at another path").into());
            }
            make(path)
        })
        .await
    }

    /// Opens an existing store.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if there is no file; if the file is empty, damaged, of
    /// another program or of another schema version, is readable by others, or has a second name; if it has lost
    /// acknowledged commits; if the keys are not those of the store; for a daemon, if another process is the
    /// daemon.
    pub async fn open(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        Self::open_with("open", path.as_ref(), options, |_, _| Ok(())).await
    }

    /// Creates the store if it does not exist, brings its schema up to date, and opens it. No daemon may be
    /// running while an earlier schema is migrated.
    ///
    /// # Errors
    /// As for [`open`](Self::open), except for a missing file and an earlier schema.
    pub async fn migrate(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        Self::open_with("migrate", path.as_ref(), options, |path, owned| {
            if !path.exists() {
                return make(path);
            }
            file::inspect(path)?;
            if schema::is_up_to_date(path)? {
                return Ok(());
            }
            let _alone = if owned { None } else { Some(Ownership::take(path)?) };
            schema::migrate(path)
        })
        .await
    }

    /// Opens a store read-only. Writes fail.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_read_only(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let opened = blocking(move || {
            let path = file::inspect(&path)?;
            let connection =
                open_verified(&path, Access::ReadOnly, Ownership::is_taken(&path), &options.keys)?;
            connection.close()?;
            let file = FileId::of(&path)?;
            let readers = Readers::new(path.clone(), Access::ReadOnly, options.connections);
            Ok(Self(Arc::new(Inner { path, file, keys: options.keys, readers, writer: None })))
        });
        opened.await.map_err(|failure| failure.into_error("open_read_only"))
    }

    /// Accepts that a store has lost acknowledged commits, or is not the one that was written to before. The
    /// contents of the file are then considered complete. Returns how many commits are missing; none if that is
    /// not known.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if there is no store, or a daemon is running.
    pub async fn accept_loss(path: impl AsRef<Path>) -> Result<Option<u64>> {
        let path = path.as_ref().to_owned();
        let accepted = blocking(move || {
            let path = file::inspect(&path)?;
            let _alone = Ownership::take(&path)?;
            let connection =
                Conn::open(&path, Access::ReadOnly).map_err(|error| schema::refusal(&path, error))?;
            schema::verify(&connection, &path)?;
            let identity: String = connection.value("SELECT identity FROM store")?;
            let commits: i64 = connection.value("SELECT commits FROM store")?;
            let mark = Mark::beside(&path)?.filter(|mark| mark.identity == identity);
            Mark::forget(&path)?;
            Ok(mark.map(|mark| mark.commits.saturating_sub(commits).max(0).unsigned_abs()))
        });
        accepted.await.map_err(|failure| failure.into_error("accept_loss"))
    }

    /// Opens a store for reading and writing, after `prepare` has acted on its file. `prepare` is told whether
    /// this process is the daemon already.
    async fn open_with(
        operation: &'static str,
        path: &Path,
        options: StoreOptions,
        prepare: fn(&Path, bool) -> Result<(), Failure>,
    ) -> Result<Self> {
        let opened = async {
            let path = file::resolve(path)?;
            file::until_closed(&path).await;
            blocking(move || {
                let ownership = options.daemon.then(|| Ownership::take(&path)).transpose()?;
                prepare(&path, ownership.is_some())?;
                file::inspect(&path)?;
                let file = FileId::of(&path)?;
                let looked_after = ownership.is_none() && Ownership::is_taken(&path);
                let keys = options.keys;
                let connection = open_verified(&path, Access::Write, looked_after, &keys)?;
                let opened = Opened { path: path.clone(), file, connection, keys: keys.clone(), ownership };
                let writer = Writer::start(opened)?;
                file::check_modes(&path)?;
                let readers = Readers::new(path.clone(), Access::Read, options.connections);
                Ok(Self(Arc::new(Inner { path, file, keys, readers, writer: Some(writer) })))
            })
            .await
        };
        opened.await.map_err(|failure: Failure| failure.into_error(operation))
    }

    /// Returns whether any process is the daemon of the store at a path.
    pub(crate) fn has_daemon(path: &Path) -> bool {
        file::resolve(path).is_ok_and(|path| Ownership::is_taken(&path))
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Returns how many writes this handle's process has performed, and in how many transactions.
    #[must_use]
    pub fn stats(&self) -> WriterStats {
        self.0.writer.as_ref().map_or_else(WriterStats::default, Writer::stats)
    }

    fn keys(&self) -> &StoreKeys {
        &self.0.keys
    }

    async fn write<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        self.write_with(Sync::Now, operation, arguments, work).await
    }

    /// Writes data that may be lost if the machine crashes: it becomes durable with the next write.
    async fn write_unsynced<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        self.write_with(Sync::WithTheNext, operation, arguments, work).await
    }

    async fn write_with<A, T>(
        &self,
        sync: Sync,
        operation: &'static str,
        arguments: A,
        work: Work<A, T>,
    ) -> Result<T>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        match &self.0.writer {
            Some(writer) => writer.write(operation, sync, arguments, work).await,
            None => {
                let advice = "open it without `read_only` to write";
                Err(failure::store("the store is open for reading alone", advice).with_operation(operation))
            }
        }
    }

    /// Returns `false`: there is nothing to gain, as the writer opens it like any other.
    async fn open_at_once(&self, _platform: &PlatformId, _intent: &Intent) -> Result<bool> {
        Ok(false)
    }

    /// There is nothing to gain, as above.
    async fn close_at_once(
        &self,
        _platform: &PlatformId,
        _intent: &Intent,
        _settled: &Settled,
        _now: Timestamp,
    ) -> Result<bool> {
        Ok(false)
    }

    async fn read<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        self.0.readers.read(operation, arguments, work).await
    }

    async fn look_up<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T> {
        self.0.readers.look_up(operation, &arguments, work)
    }

    async fn verify_place(&self) -> Result<bool, Failure> {
        if !self.0.file.is_at(&self.0.path)? {
            return Ok(false);
        }
        let Some(mark) = Mark::beside(&self.0.path)? else { return Ok(true) };
        let kept = self.look_up("verify", (), |db, ()| {
            Box::pin(async move {
                Ok((db.value("SELECT identity FROM store")?, db.value("SELECT commits FROM store")?))
            })
        });
        let (identity, commits): (String, i64) = kept.await?;
        Ok(mark.compare(&self.0.path, &identity, commits).is_ok())
    }

    async fn shut_down(&self) {
        self.0.readers.close();
        if let Some(writer) = &self.0.writer {
            writer.close().await;
        }
    }
}

/// Creates a store if there is none, as the only writer.
fn make(path: &Path) -> Result<(), Failure> {
    let mut turns = turn::Turns::of(path)?;
    let _turn = turns.take()?;
    if path.exists() {
        return Ok(());
    }
    Mark::forget(path)?;
    schema::make(path)
}

/// Opens a store and verifies that the keys are its own, and that it is sound and has all of its commits. If a
/// daemon is running, it has already read the store through when it opened it.
fn open_verified(path: &Path, access: Access, looked_after: bool, keys: &StoreKeys) -> Result<Conn, Failure> {
    // Read before the store, which only gains commits.
    let mark = Mark::beside(path)?;
    let mut connection = Conn::open(path, access).map_err(|error| schema::refusal(path, error))?;
    schema::verify(&connection, path)?;
    let purpose = if access == Access::Write { Purpose::Write } else { Purpose::Read };
    let kept = driver::done(Box::pin(sql::keys::kept(&mut connection))).map_err(|failure| match failure {
        Failure::Sqlite(error) => schema::refusal(path, error),
        other => other,
    })?;
    keys.prove(&kept, purpose)?;
    if !looked_after {
        schema::verify_structure(&connection, path)?;
    }
    schema::verify_commits(&connection, path, mark.as_ref())?;
    Ok(connection)
}

/// Performs work that waits for the disk on a separate thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(failure::store("opening the store was cut off", "repeat").into()))
}

async fn schema_version(db: &mut Conn) -> Result<i64, Failure> {
    schema::version(db)
}

async fn structural_problems(db: &mut Conn) -> Result<Vec<String>, Failure> {
    schema::problems(db)
}

/// Returns the highest id that a table has ever assigned.
async fn highest_id(db: &mut Conn, table: &'static str) -> Result<i64, Failure> {
    let row = query("SELECT seq FROM sqlite_sequence WHERE name = $1").bind(table).fetch_optional(db).await?;
    Ok(row.map(|row| row.try_get("seq")).transpose()?.unwrap_or_default())
}

/// Ensures that no id up to this one is assigned any more. The table's own rows have already raised it to at
/// least their ids.
async fn raise_id(db: &mut Conn, table: &'static str, id: i64) -> Result<(), Failure> {
    let raised = query("UPDATE sqlite_sequence SET seq = MAX(seq, $2) WHERE name = $1").bind(table).bind(id);
    if raised.execute(db).await?.rows_affected() == 0 {
        query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)")
            .bind(table)
            .bind(id)
            .execute(db)
            .await?;
    }
    Ok(())
}
