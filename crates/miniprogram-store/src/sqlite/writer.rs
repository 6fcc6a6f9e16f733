use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use miniprogram_core::{Error, ErrorKind, Outcome};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use super::*;
use crate::failure::store;

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

/// The one task that writes. It takes what waits, runs it in one transaction, and answers after the commit.
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

/// A write that waits for its turn, whatever it answers.
trait Job: Send {
    /// Does it. Answers whether it succeeded.
    fn run<'c>(&'c mut self, connection: &'c mut Conn) -> BoxFuture<'c, bool>;

    /// Answers the caller: what it did, or why nothing of the group counts.
    fn answer(self: Box<Self>, group: Result<(), &GroupFailure>);
}

/// Why a whole group came to nothing.
struct GroupFailure {
    error: Arc<Error>,
}

struct Write<T, F> {
    operation: &'static str,
    work: Option<F>,
    result: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Write<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
{
    fn run<'c>(&'c mut self, connection: &'c mut Conn) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.result = Some(work(connection).await);
            }
            matches!(self.result, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>, group: Result<(), &GroupFailure>) {
        let result = match (self.result, group) {
            // What was refused by a rule was refused, whatever became of the others.
            (Some(Err(failure)), _) => Err(failure.into_error(self.operation)),
            (_, Err(failure)) => Err(failure.of(self.operation)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(gone(self.operation)),
        };
        // A caller that was dropped does not listen any more.
        let _unheard = self.reply.send(result);
    }
}

impl GroupFailure {
    fn new(failure: Failure, outcome: Outcome) -> Self {
        Self { error: Arc::new(failure.into_error("commit").with_outcome(outcome)) }
    }

    fn of(&self, operation: &'static str) -> Error {
        Error::new(ErrorKind::Store, operation)
            .with_outcome(self.error.outcome())
            .with_detail(self.error.detail().unwrap_or_default())
            .with_advice(self.error.advice().to_owned())
    }
}

fn gone(operation: &'static str) -> Error {
    store("the store is closed", "open it again").with_operation(operation)
}

impl Writer {
    /// Makes the connection's process the owner, and starts the task.
    pub(super) async fn start(
        mut connection: Conn,
        ownership: Ownership,
        file: FileId,
    ) -> Result<Self, Failure> {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let fence = take_over(&mut transaction).await?;
        transaction.commit().await?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (end, ended) = watch::channel(());
        let stats = Arc::new(Stats::default());
        let path = ownership.store().to_owned();
        let task = Task {
            waiting,
            connection: Some(connection),
            fence,
            place: Place { file, log: None, path: path.clone() },
            stats: Arc::clone(&stats),
            ownership,
            _end: end,
        };
        tokio::spawn(task.run());
        Ok(Self { queue, stats, path, ended })
    }

    pub(super) async fn write<T, F>(&self, operation: &'static str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Write { operation, work: Some(work), result: None, reply });
        self.queue.send(Message::Write(job)).await.map_err(|_| gone(operation))?;
        answer.await.unwrap_or_else(|_| {
            // The task ended with the runtime, in the middle of it or before.
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
        // The task may have ended already.
        let _ended = self.queue.send(Message::Close).await;
        let _ended = self.ended.clone().changed().await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        file::note_closing(&self.path, self.ended.clone());
    }
}

struct Task {
    waiting: mpsc::Receiver<Message>,
    connection: Option<Conn>,
    fence: i64,
    place: Place,
    stats: Arc<Stats>,
    ownership: Ownership,
    /// Dropped last: tells that the file was given back.
    _end: watch::Sender<()>,
}

impl Task {
    async fn run(mut self) {
        let mut group = Vec::new();
        let mut messages = Vec::new();
        loop {
            let closing = self.waiting.recv_many(&mut messages, GROUP).await == 0;
            let mut close = closing;
            for message in messages.drain(..) {
                match message {
                    Message::Write(job) if !close => group.push(job),
                    // Behind the close: the dropped reply tells its caller.
                    Message::Write(_) => {}
                    Message::Close => close = true,
                }
            }
            if !group.is_empty() {
                self.write(&mut group).await;
            }
            if close {
                break;
            }
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            let error = Failure::Database(error).into_error("close");
            tracing::warn!(%error, "the store's file could not be closed in good order");
        }
    }

    async fn write(&mut self, group: &mut Vec<Box<dyn Job>>) {
        let committed = self.transaction(group).await;
        self.stats.operations.fetch_add(group.len() as u64, Ordering::Relaxed);
        match committed {
            Ok(()) => {
                self.stats.commits.fetch_add(1, Ordering::Relaxed);
                group.drain(..).for_each(|job| job.answer(Ok(())));
            }
            Err(failure) => {
                // The next group begins with a connection of its own.
                if let Some(connection) = self.connection.take() {
                    // Its transaction is rolled back with it.
                    let _lost = connection.close().await;
                }
                tracing::error!(error = %failure.error, writes = group.len(), "a group of writes failed");
                group.drain(..).for_each(|job| job.answer(Err(&failure)));
            }
        }
    }

    async fn transaction(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), GroupFailure> {
        let not_done = |failure: Failure| GroupFailure::new(failure, Outcome::NotDone);
        // What is written to a file that is no longer in its place is gone at the next start.
        self.place.verify().map_err(|error| not_done(error.into()))?;
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                self.place.log = None;
                let path = self.ownership.store();
                none.insert(connect(path, super::connection(path)).await.map_err(not_done)?)
            }
        };
        run_group(connection, group, self.fence).await.map_err(not_done)?;
        // A commit that fails may have reached the disk all the same.
        let unknown = |failure: Failure| GroupFailure::new(failure, Outcome::Unknown);
        sqlx::query("COMMIT").execute(connection).await.map_err(|error| unknown(error.into()))?;
        self.place.verify().map_err(|error| unknown(error.into()))
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
                self.log = Some(FileId::of(&path)?);
                Ok(())
            }
        }
    }
}

/// Makes this process the owner. The one before is gone, and with it whoever held a lease or a claim: both end now,
/// and the next holder of a lease is told that it was interrupted.
async fn take_over(connection: &mut Conn) -> Result<i64, Failure> {
    let fence =
        sqlx::query_scalar("UPDATE owner SET fence = fence + 1, process = $1 WHERE id = 1 RETURNING fence")
            .bind(i64::from(std::process::id()))
            .fetch_one(&mut *connection)
            .await?;
    for end in [
        "UPDATE tokens SET lease_until = MIN(lease_until, updated_at) WHERE lease_until IS NOT NULL",
        "UPDATE lanes SET ready_at = (SELECT due_at FROM events WHERE events.id = head) WHERE head IS NOT NULL",
        "UPDATE events SET claim_until = due_at WHERE state = 'pending' AND claim_until IS NOT NULL",
    ] {
        sqlx::query(end).execute(&mut *connection).await?;
    }
    Ok(fence)
}

async fn run_group(connection: &mut Conn, group: &mut [Box<dyn Job>], fence: i64) -> Result<(), Failure> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let owner: i64 =
        sqlx::query_scalar("SELECT fence FROM owner WHERE id = 1").fetch_one(&mut *connection).await?;
    if owner != fence {
        let advice = "end this process: two must never own one store";
        return Err(store("another process has taken the store over", advice).into());
    }
    for job in group {
        sqlx::query("SAVEPOINT job").execute(&mut *connection).await?;
        if !job.run(connection).await {
            // Fails if the database gave the whole transaction up, and then the group fails.
            sqlx::query("ROLLBACK TO job").execute(&mut *connection).await?;
        }
        sqlx::query("RELEASE job").execute(&mut *connection).await?;
    }
    Ok(())
}
