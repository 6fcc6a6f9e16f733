use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use miniprogram_core::{Error, Outcome, Result, crash_points};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use super::driver::{Access, Conn, ReadRow as _, done, query};
use super::file::{self, FileId, Ownership};
use super::sql;
use super::turn::{Mark, Turns};
use crate::failure::{Failure, store};
use crate::keys::{Purpose, StoreKeys};

/// The maximum number of writes that share a transaction.
const GROUP: usize = 256;
/// The maximum number of waiting writes; further writes wait to be queued.
const QUEUE: usize = 1024;

/// The number of writes performed, and of their transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriterStats {
    /// Writes that returned a result, including those that were refused.
    pub operations: u64,
    /// Committed transactions: the maximum number of syncs, checkpoints aside.
    pub commits: u64,
}

/// The only writing thread. It collects the waiting writes, runs them in one transaction, and replies after the
/// commit.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    stats: Arc<Stats>,
    path: PathBuf,
    ended: watch::Receiver<()>,
}

#[derive(Debug, Default)]
struct Stats {
    operations: AtomicU64,
    commits: AtomicU64,
}

enum Message {
    Write(Box<dyn Job>),
    Close,
}

/// The work of a write or a read, given its arguments.
pub(super) type Work<A, T> = for<'c> fn(&'c mut Conn, &'c A) -> BoxFuture<'c, Result<T, Failure>>;

/// When a write has to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Before its caller is notified.
    Now,
    /// With the next write that is synced. It is visible to all readers at once, and is lost only if the machine
    /// crashes.
    WithTheNext,
}

/// A write waiting for its turn, whatever its result type.
trait Job: Send {
    /// Performs it, again if necessary. Returns whether it succeeded.
    fn run(&mut self, connection: &mut Conn) -> bool;

    fn sync(&self) -> Sync;

    fn operation(&self) -> &'static str;

    /// Replies to the caller with the result, or with the reason why nothing of the group took effect.
    fn answer(self: Box<Self>, group: Result<(), &Error>);
}

struct Write<A, T> {
    operation: &'static str,
    sync: Sync,
    arguments: A,
    work: Work<A, T>,
    result: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<A: Send, T: Send> Job for Write<A, T> {
    fn run(&mut self, connection: &mut Conn) -> bool {
        let result = done((self.work)(connection, &self.arguments));
        self.result.insert(result).is_ok()
    }

    fn sync(&self) -> Sync {
        self.sync
    }

    fn operation(&self) -> &'static str {
        self.operation
    }

    fn answer(self: Box<Self>, group: Result<(), &Error>) {
        let result = match (self.result, group) {
            // A write that was refused by a rule stays refused, whatever happened to the others.
            (Some(Err(failure)), _) => Err(failure.into_error(self.operation)),
            (_, Err(error)) => Err(error.clone().with_operation(self.operation)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(gone(self.operation)),
        };
        // A dropped caller no longer listens.
        let _unheard = self.reply.send(result);
    }
}

pub(super) fn gone(operation: &'static str) -> Error {
    store("the store is closed", "open it again").with_operation(operation)
}

/// The store that a writer writes to.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) file: FileId,
    pub(super) connection: Conn,
    pub(super) keys: StoreKeys,
    /// The right to be the daemon.
    pub(super) ownership: Option<Ownership>,
}

impl Writer {
    /// Starts the thread. With an ownership it begins a daemon's session, and ends the leases and claims of the
    /// previous daemon.
    pub(super) fn start(opened: Opened) -> Result<Self, Failure> {
        let Opened { path, file, connection, keys, ownership } = opened;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (end, ended) = watch::channel(());
        let stats = Arc::new(Stats::default());
        let mut thread = Thread {
            waiting,
            turns: Turns::of(&path)?,
            connection: Some(connection),
            session: None,
            keys: ComparedKeys { keys, generation: Cell::new(None) },
            place: Place { file, log: None, path: path.clone() },
            stats: Arc::clone(&stats),
            _ownership: ownership,
            _end: end,
        };
        thread.register_keys()?;
        if thread._ownership.is_some() {
            thread.begin_session()?;
        } else {
            thread.name_session()?;
        }
        let name = "miniprogram-store".to_owned();
        let started = std::thread::Builder::new().name(name).spawn(move || thread.run());
        started.map_err(|problem| file::failed("start the writer of", &path, &problem))?;
        Ok(Self { queue, stats, path, ended })
    }

    pub(super) async fn write<A, T>(
        &self,
        operation: &'static str,
        sync: Sync,
        arguments: A,
        work: Work<A, T>,
    ) -> Result<T>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Write { operation, sync, arguments, work, result: None, reply });
        self.queue.send(Message::Write(job)).await.map_err(|_| gone(operation))?;
        answer.await.unwrap_or_else(|_| {
            // The thread ended, during the write or before it.
            Err(gone(operation).with_outcome(Outcome::Unknown))
        })
    }

    pub(super) fn stats(&self) -> WriterStats {
        WriterStats {
            operations: self.stats.operations.load(Ordering::Relaxed),
            commits: self.stats.commits.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything queued is done and the file is released.
    pub(super) async fn close(&self) {
        // The thread may already have ended.
        let _ended = self.queue.send(Message::Close).await;
        let _ended = self.ended.clone().changed().await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        file::note_closing(&self.path, self.ended.clone());
    }
}

struct Thread {
    waiting: mpsc::Receiver<Message>,
    turns: Turns,
    connection: Option<Conn>,
    /// The number of the daemon's session; none for a command.
    session: Option<i64>,
    keys: ComparedKeys,
    place: Place,
    stats: Arc<Stats>,
    _ownership: Option<Ownership>,
    /// Dropped last: reports that the file was released.
    _end: watch::Sender<()>,
}

impl Thread {
    fn run(mut self) {
        let mut group = Vec::new();
        let mut messages = Vec::new();
        loop {
            let mut close = self.waiting.blocking_recv_many(&mut messages, GROUP) == 0;
            for message in messages.drain(..) {
                match message {
                    Message::Write(job) if !close => group.push(job),
                    // After the close: the dropped reply notifies its caller.
                    Message::Write(_) => {}
                    Message::Close => close = true,
                }
            }
            if !group.is_empty() {
                self.write(&mut group);
            }
            if close {
                break;
            }
        }
        if let Some(Err(error)) = self.connection.take().map(Conn::close) {
            let error = Failure::from(error).into_error("close");
            tracing::warn!(%error, "the store's file could not be closed in good order");
        }
    }

    /// Records the keys that the store does not know yet. From then on it cannot be opened without them.
    fn register_keys(&mut self) -> Result<(), Failure> {
        let connection = self.connection.as_mut().ok_or_else(|| gone("open"))?;
        let kept = done(Box::pin(sql::keys::kept(connection)))?;
        if self.keys.keys.prove(&kept, Purpose::Write)?.is_empty() {
            return Ok(());
        }
        let mut turn = self.turns.take()?;
        let mark = turn.mark()?;
        let (next, _) = begin(connection, &self.place.path, None, mark.as_ref(), Sync::Now)?;
        done(Box::pin(sql::keys::register(connection, &self.keys.keys)))?;
        connection.run("COMMIT")?;
        Ok(turn.leave(&next)?)
    }

    /// Makes this process the daemon. The previous daemon is gone, and with it every holder of a lease or a claim
    /// in its name: both end now, and the next holder of a lease is informed that it was interrupted. Those of
    /// commands expire.
    fn begin_session(&mut self) -> Result<(), Failure> {
        let mut turn = self.turns.take()?;
        let connection = self.connection.as_mut().ok_or_else(|| gone("open"))?;
        connection.run("BEGIN IMMEDIATE")?;
        let begin = "UPDATE store SET session = session + 1, process = $1, commits = commits + 1 \
                     WHERE id = 1 RETURNING session, identity, commits";
        let begin = query(begin).bind(i64::from(std::process::id()));
        let row = done(Box::pin(async { Ok(begin.fetch_one(connection).await?) }))?;
        for end in [
            "UPDATE tokens SET lease_until = MIN(lease_until, updated_at), lease_session = NULL \
             WHERE lease_session IS NOT NULL AND lease_until IS NOT NULL",
            "UPDATE rollouts SET lease_owner = NULL, lease_until = NULL, lease_session = NULL \
             WHERE lease_session IS NOT NULL",
            "UPDATE lanes SET ready_at = (SELECT due_at FROM events WHERE events.id = head) WHERE head IN \
             (SELECT id FROM events WHERE state = 'pending' AND claim_session IS NOT NULL \
              AND claim_until IS NOT NULL)",
            "UPDATE events SET claim_until = due_at, claim_session = NULL \
             WHERE state = 'pending' AND claim_session IS NOT NULL AND claim_until IS NOT NULL",
        ] {
            connection.run(end)?;
        }
        connection.run("COMMIT")?;
        self.session = Some(row.try_get("session")?);
        turn.leave(&Mark { identity: row.try_get("identity")?, commits: row.try_get("commits")? })?;
        drop(turn);
        self.name_session()
    }

    fn name_session(&self) -> Result<(), Failure> {
        if let Some(connection) = &self.connection {
            connection.name_session(self.session)?;
        }
        Ok(())
    }

    fn write(&mut self, group: &mut Vec<Box<dyn Job>>) {
        let committed = self.transaction(group);
        self.stats.operations.fetch_add(group.len() as u64, Ordering::Relaxed);
        match committed {
            Ok(committed) => {
                self.stats.commits.fetch_add(u64::from(committed), Ordering::Relaxed);
                group.drain(..).for_each(|job| job.answer(Ok(())));
            }
            Err(error) => {
                // Its transaction is rolled back with it. The next group begins with a new connection.
                drop(self.connection.take());
                tracing::error!(%error, writes = group.len(), "a group of writes failed");
                group.drain(..).for_each(|job| job.answer(Err(&error)));
            }
        }
    }

    /// Runs a group in one transaction. Returns whether there was anything to commit.
    fn transaction(&mut self, group: &mut [Box<dyn Job>]) -> Result<bool> {
        let failed = |failure: Failure, outcome| failure.into_error("commit").with_outcome(outcome);
        let not_done = |failure: Failure| failed(failure, Outcome::NotDone);
        if self.connection.is_none() {
            self.place.log = None;
            let connection = Conn::open(&self.place.path, Access::Write);
            self.connection = Some(connection.map_err(|error| not_done(error.into()))?);
            self.name_session().map_err(not_done)?;
        }
        let Some(connection) = &mut self.connection else { return Ok(false) };
        let mut turn = self.turns.take().map_err(|error| not_done(error.into()))?;
        // Data written to a file that is no longer in its place is gone at the next start.
        self.place.verify().map_err(|error| not_done(error.into()))?;
        let mark = turn.mark().map_err(|error| not_done(error.into()))?;
        let sync =
            if group.iter().any(|job| job.sync() == Sync::Now) { Sync::Now } else { Sync::WithTheNext };
        let mut group = Group { jobs: group, refused: Vec::new() };
        let written = group.run(connection, |connection| {
            let (next, generation) = begin(connection, &self.place.path, self.session, mark.as_ref(), sync)?;
            self.keys.compare(connection, generation)?;
            Ok(next)
        });
        let Some(mark) = written.map_err(not_done)? else { return Ok(false) };
        group.jobs.iter().for_each(|job| crash_points::reach("write.performed", job.operation()));
        // A commit that fails may be durable nevertheless.
        let unknown = |failure: Failure| failed(failure, Outcome::Unknown);
        connection.run("COMMIT").map_err(|error| unknown(error.into()))?;
        group.jobs.iter().for_each(|job| crash_points::reach("write.committed", job.operation()));
        self.place.verify().map_err(|error| unknown(error.into()))?;
        if sync == Sync::Now {
            turn.leave(&mark).map_err(|error| unknown(error.into()))?;
        }
        Ok(true)
    }
}

/// Begins a transaction, and verifies that it is in the right store, that this store has all of its commits, and
/// that no other daemon has begun a session since. Only a synced commit counts, as others may be lost. Also
/// returns the generation of the store's keys.
fn begin(
    connection: &mut Conn,
    path: &Path,
    session: Option<i64>,
    mark: Option<&Mark>,
    sync: Sync,
) -> Result<(Mark, i64), Failure> {
    connection.set_sync(sync == Sync::Now)?;
    connection.run("BEGIN IMMEDIATE")?;
    let counted = i64::from(sync == Sync::Now);
    let row = done(Box::pin(async {
        if sync == Sync::Now {
            // Reading the row afterwards is cheaper than `RETURNING`.
            query("UPDATE store SET commits = commits + 1 WHERE id = 1").execute(connection).await?;
        }
        let store = query("SELECT identity, commits, session, keys_generation FROM store WHERE id = 1");
        Ok(store.fetch_one(connection).await?)
    }))?;
    let next = Mark { identity: row.try_get("identity")?, commits: row.try_get("commits")? };
    if let Some(mark) = mark {
        mark.compare(path, &next.identity, next.commits - counted)?;
    }
    if session.is_some_and(|session| row.try_get("session") != Ok(session)) {
        let advice = "end this process: two must never be the daemon of one store";
        return Err(store("another process has become the store's daemon", advice).into());
    }
    Ok((next, row.try_get("keys_generation")?))
}

/// The keys of this process, and the generation of the store's keys they were compared with.
struct ComparedKeys {
    keys: StoreKeys,
    generation: Cell<Option<i64>>,
}

impl ComparedKeys {
    /// Fails if the store's keys have changed so that this process must no longer write.
    fn compare(&self, connection: &mut Conn, generation: i64) -> Result<(), Failure> {
        if self.generation.get() != Some(generation) {
            self.keys.verify_active(&done(Box::pin(sql::keys::kept(connection)))?)?;
            self.generation.set(Some(generation));
        }
        Ok(())
    }
}

/// The writes of one transaction.
struct Group<'g> {
    jobs: &'g mut [Box<dyn Job>],
    /// Those that changed something and then failed: their changes cannot be rolled back individually.
    refused: Vec<usize>,
}

impl Group<'_> {
    /// Runs all of them. If one fails after it has changed something, everything is rolled back and repeated
    /// without it. This is rare: rules are checked before the first change, which saves a savepoint for each
    /// write. Returns the mark of the transaction; none if there is nothing to commit.
    fn run(
        &mut self,
        connection: &mut Conn,
        begin: impl Fn(&mut Conn) -> Result<Mark, Failure>,
    ) -> Result<Option<Mark>, Failure> {
        loop {
            let mark = begin(connection)?;
            let begun = connection.changes();
            match self.run_once(connection)? {
                Some(half_done) => {
                    connection.run("ROLLBACK")?;
                    self.refused.push(half_done);
                }
                None if connection.changes() == begun => {
                    connection.run("ROLLBACK")?;
                    return Ok(None);
                }
                None => return Ok(Some(mark)),
            }
        }
    }

    /// Returns the first one that failed after it had changed something.
    fn run_once(&mut self, connection: &mut Conn) -> Result<Option<usize>, Failure> {
        for (at, job) in self.jobs.iter_mut().enumerate() {
            if self.refused.contains(&at) {
                continue;
            }
            let before = connection.changes();
            let succeeded = job.run(connection);
            if connection.has_given_up() {
                let advice = "see why the database gave up, then repeat";
                return Err(store("the database rolled a group of writes back", advice).into());
            }
            if !succeeded && connection.changes() != before {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}

/// The file and its log as they were opened.
struct Place {
    path: PathBuf,
    file: FileId,
    /// Known after the first commit of a connection.
    log: Option<FileId>,
}

impl Place {
    /// Fails if either of the two is no longer in its place.
    fn verify(&mut self) -> Result<()> {
        self.file.verify(&self.path)?;
        let path = file::beside(&self.path, "-wal");
        match self.log {
            Some(log) => log.verify(&path),
            None => {
                // Before the first write the log may not exist yet.
                if path.exists() {
                    self.log = Some(FileId::of(&path)?);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    /// What is acknowledged is on the disk, and what may wait costs no sync.
    #[test]
    fn a_commit_that_counts_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        schema::make(&path).unwrap();
        let mut connection = Conn::open(&path, Access::Write).unwrap();
        for (sync, level, commits) in
            [(Sync::WithTheNext, 1, 0), (Sync::Now, 2, 1), (Sync::WithTheNext, 1, 1)]
        {
            let (mark, _) = begin(&mut connection, &path, None, None, sync).unwrap();
            assert_eq!(connection.value::<i64>("PRAGMA synchronous").unwrap(), level, "{sync:?}");
            assert_eq!(mark.commits, commits, "{sync:?}");
            connection.run("COMMIT").unwrap();
        }
    }
}
