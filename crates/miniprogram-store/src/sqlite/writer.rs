use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use miniprogram_core::{Error, Outcome, Result};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use super::driver::{Access, Conn, ReadRow as _, done, query};
use super::file::{self, FileId, Ownership};
use super::sql;
use super::turn::{Mark, Turns};
use crate::failure::{Failure, store};
use crate::keys::{Purpose, StoreKeys};

/// How many writes share a transaction at most.
const GROUP: usize = 256;
/// How many writes may wait; who comes then waits to be let in.
const QUEUE: usize = 1024;

/// How many writes were done, and in how many transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriterStats {
    /// Writes that were answered, also those that were refused.
    pub operations: u64,
    /// Transactions that were committed: at most that many syncs, checkpoints aside.
    pub commits: u64,
}

/// The one thread that writes. It takes what waits, runs it in one transaction, and answers after the commit.
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

/// What a write or a read does, given its arguments.
pub(super) type Work<A, T> = for<'c> fn(&'c mut Conn, &'c A) -> BoxFuture<'c, Result<T, Failure>>;

/// When a write has to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Before its caller hears of it.
    Now,
    /// With the next write that is synced. Everybody sees it at once, and only a machine that goes down loses it.
    WithTheNext,
}

/// A write that waits for its turn, whatever it answers.
trait Job: Send {
    /// Does it, again if need be. Answers whether it succeeded.
    fn run(&mut self, connection: &mut Conn) -> bool;

    fn sync(&self) -> Sync;

    /// Answers the caller: what it did, or why nothing of the group counts.
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

    fn answer(self: Box<Self>, group: Result<(), &Error>) {
        let result = match (self.result, group) {
            // What was refused by a rule was refused, whatever became of the others.
            (Some(Err(failure)), _) => Err(failure.into_error(self.operation)),
            (_, Err(error)) => Err(error.clone().with_operation(self.operation)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(gone(self.operation)),
        };
        // A caller that was dropped does not listen any more.
        let _unheard = self.reply.send(result);
    }
}

pub(super) fn gone(operation: &'static str) -> Error {
    store("the store is closed", "open it again").with_operation(operation)
}

/// What a writer writes to.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) file: FileId,
    pub(super) connection: Conn,
    pub(super) keys: StoreKeys,
    /// The right of a daemon.
    pub(super) ownership: Option<Ownership>,
}

impl Writer {
    /// Starts the thread. With an ownership it begins a daemon's session, and ends the leases and claims of the daemon
    /// before.
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
            // The thread ended, in the middle of it or before.
            Err(gone(operation).with_outcome(Outcome::Unknown))
        })
    }

    pub(super) fn stats(&self) -> WriterStats {
        WriterStats {
            operations: self.stats.operations.load(Ordering::Relaxed),
            commits: self.stats.commits.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything that was queued is done and the file is given back.
    pub(super) async fn close(&self) {
        // The thread may have ended already.
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
    /// Dropped last: tells that the file was given back.
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
                    // Behind the close: the dropped reply tells its caller.
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

    /// Writes down the keys that the store does not know yet. From then on nobody opens it without them.
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

    /// Makes this process the daemon. The one before is gone, and with it whoever held a lease or a claim in its name:
    /// both end now, and the next holder of a lease is told that it was interrupted. Those of commands run out.
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
                // Its transaction is rolled back with it. The next group begins with a connection of its own.
                drop(self.connection.take());
                tracing::error!(%error, writes = group.len(), "a group of writes failed");
                group.drain(..).for_each(|job| job.answer(Err(&error)));
            }
        }
    }

    /// Runs a group in one transaction. Answers whether there was anything to commit.
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
        // What is written to a file that is no longer in its place is gone at the next start.
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
        // A commit that fails may have reached the disk all the same.
        let unknown = |failure: Failure| failed(failure, Outcome::Unknown);
        connection.run("COMMIT").map_err(|error| unknown(error.into()))?;
        self.place.verify().map_err(|error| unknown(error.into()))?;
        if sync == Sync::Now {
            turn.leave(&mark).map_err(|error| unknown(error.into()))?;
        }
        Ok(true)
    }
}

/// Begins a transaction, and makes sure that it is in the right store, that this store has all of its commits, and that
/// no other daemon has begun a session since. A commit counts if it is synced: what is not may be lost. Answers the
/// generation of the store's keys too.
fn begin(
    connection: &mut Conn,
    path: &Path,
    session: Option<i64>,
    mark: Option<&Mark>,
    sync: Sync,
) -> Result<(Mark, i64), Failure> {
    connection.set_sync(sync == Sync::Now)?;
    connection.run("BEGIN IMMEDIATE")?;
    let (next, counted) = match sync {
        Sync::Now => (
            "UPDATE store SET commits = commits + 1 WHERE id = 1 \
             RETURNING identity, commits, session, keys_generation",
            1,
        ),
        Sync::WithTheNext => {
            ("SELECT identity, commits, session, keys_generation FROM store WHERE id = 1", 0)
        }
    };
    let row = done(Box::pin(async { Ok(query(next).fetch_one(connection).await?) }))?;
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

/// The keys of this process, and the generation of the store's keys that they were compared with.
struct ComparedKeys {
    keys: StoreKeys,
    generation: Cell<Option<i64>>,
}

impl ComparedKeys {
    /// Fails if the store's keys have changed so that this process must not write any more.
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
    /// Those that changed something and then failed: their part cannot be taken back alone.
    refused: Vec<usize>,
}

impl Group<'_> {
    /// Runs all of them. Where one fails after it has changed something, everything is rolled back and done again
    /// without it. Nearly no write does: rules are looked at before the first change, which spares a savepoint for
    /// each. Answers what the transaction is to be known by; none if nothing is to be committed.
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

    /// Answers the first one that failed after it had changed something.
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
    /// Fails if one of the two is not in its place any more.
    fn verify(&mut self) -> Result<()> {
        self.file.verify(&self.path)?;
        let path = file::beside(&self.path, "-wal");
        match self.log {
            Some(log) => log.verify(&path),
            None => {
                // Before the first write there may be no log yet.
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
