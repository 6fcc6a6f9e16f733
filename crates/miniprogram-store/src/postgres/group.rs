//! Concurrent requests share a statement, and with it a round trip and a sync of the server's log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use miniprogram_core::{Error, Outcome, Result};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgDatabaseError, PgPool, PgSeverity};
use tokio::sync::oneshot;

use super::driver::Conn;
use crate::failure::{Failure, store};

/// The maximum number of requests that share a statement.
const GROUP: usize = 256;
/// The maximum size of a statement in bytes, unless a single request is larger.
const GROUP_BYTES: usize = 4 << 20;

/// A request that can be sent together with others of its kind.
pub(super) trait Request: Send + Sync + Sized + 'static {
    /// The answer to the request.
    type Answer: Send + 'static;
    /// The state that determines whether a request may join a group.
    type Group: Default + Send;

    /// Whether the request may have been performed if its outcome is not known.
    const WRITES: bool = true;

    fn operation(&self) -> &'static str;

    /// Returns the approximate size that it adds to the statement.
    fn bytes(&self) -> usize {
        0
    }

    /// Returns whether it may be sent together with the requests that joined before.
    fn joins(&self, _group: &mut Self::Group) -> bool {
        true
    }

    /// Sends one statement, which is its own transaction. Returns an answer for every request, in order.
    fn ask<'a>(
        db: &'a mut Conn,
        group: &'a [Self],
    ) -> BoxFuture<'a, Result<Vec<Result<Self::Answer>>, Failure>>;
}

/// The requests of one kind. While a group is in progress, the next one is collected; a single request is sent
/// alone, and immediately.
pub(super) struct Groups<Q: Request>(Arc<Mutex<Queue<Q>>>);

struct Queue<Q: Request> {
    waiting: VecDeque<Waiting<Q>>,
    /// Whether a task is sending the waiting requests.
    served: bool,
}

struct Waiting<Q: Request> {
    request: Q,
    reply: oneshot::Sender<Result<Q::Answer>>,
}

impl<Q: Request> Default for Groups<Q> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Queue { waiting: VecDeque::new(), served: false })))
    }
}

impl<Q: Request> Groups<Q> {
    /// Sends a request. It is performed even if the caller is dropped.
    pub(super) async fn ask(&self, pool: &PgPool, request: Q) -> Result<Q::Answer> {
        let operation = request.operation();
        let (reply, answer) = oneshot::channel();
        let served = {
            let mut queue = lock(&self.0);
            queue.waiting.push_back(Waiting { request, reply });
            std::mem::replace(&mut queue.served, true)
        };
        if !served {
            tokio::spawn(Server { queue: Arc::clone(&self.0), pool: pool.clone(), ended: false }.serve());
        }
        answer.await.unwrap_or_else(|_| Err(cut_off(operation)))
    }
}

/// Returns the error for a write whose task ended before it was finished.
pub(super) fn cut_off(operation: &'static str) -> Error {
    store("the write was cut off with its runtime", "look at what is stored, then repeat")
        .with_operation(operation)
        .with_outcome(Outcome::Unknown)
}

fn lock<Q: Request>(queue: &Mutex<Queue<Q>>) -> MutexGuard<'_, Queue<Q>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends group after group until nothing is waiting.
struct Server<Q: Request> {
    queue: Arc<Mutex<Queue<Q>>>,
    pool: PgPool,
    /// Whether it has left the queue to the next server.
    ended: bool,
}

impl<Q: Request> Server<Q> {
    async fn serve(mut self) {
        let mut connection = None;
        while let Some(group) = self.next() {
            if self.pool.is_closed() || is_used_up(&self.pool) {
                connection = None;
            }
            let (requests, replies): (Vec<Q>, Vec<_>) =
                group.into_iter().map(|waiting| (waiting.request, waiting.reply)).unzip();
            match ask(&self.pool, &mut connection, &requests).await {
                Ok(answers) => {
                    for (reply, answer) in replies.into_iter().zip(answers) {
                        // A dropped caller no longer listens.
                        let _unheard = reply.send(answer);
                    }
                }
                // A request that cannot be performed must not affect the others.
                Err(Failed::Refused(_)) if requests.len() > 1 => {
                    for (request, reply) in requests.into_iter().zip(replies) {
                        tokio::spawn(ask_alone(self.pool.clone(), request, reply));
                    }
                }
                Err(Failed::Refused(error) | Failed::Lost(error)) => {
                    for (request, reply) in requests.iter().zip(replies) {
                        let _unheard = reply.send(Err(error.clone().with_operation(request.operation())));
                    }
                }
            }
        }
    }

    /// Returns the next group. If nothing is waiting, the next request starts another server.
    fn next(&mut self) -> Option<Vec<Waiting<Q>>> {
        let mut queue = lock(&self.queue);
        let (mut group, mut joined, mut bytes) = (Vec::new(), Q::Group::default(), 0);
        while let Some(next) = queue.waiting.front() {
            bytes += next.request.bytes();
            let joins = next.request.joins(&mut joined) && group.len() < GROUP && bytes <= GROUP_BYTES;
            if !joins && !group.is_empty() {
                break;
            }
            group.extend(queue.waiting.pop_front());
        }
        self.ended = group.is_empty();
        queue.served = !self.ended;
        Some(group).filter(|group| !group.is_empty())
    }
}

impl<Q: Request> Drop for Server<Q> {
    fn drop(&mut self) {
        if !self.ended {
            // Its runtime ended: the dropped replies report that.
            let mut queue = lock(&self.queue);
            queue.waiting.clear();
            queue.served = false;
        }
    }
}

/// Returns whether others may be waiting for a connection.
fn is_used_up(pool: &PgPool) -> bool {
    pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections()
}

/// Why a group failed.
enum Failed {
    /// The server refused the statement: nothing was written.
    Refused(Error),
    /// There was no connection, or it was lost.
    Lost(Error),
}

async fn ask<Q: Request>(
    pool: &PgPool,
    connection: &mut Option<PoolConnection<Postgres>>,
    group: &[Q],
) -> Result<Vec<Result<Q::Answer>>, Failed> {
    let db = match connection.take() {
        Some(db) => db,
        None => {
            pool.acquire().await.map_err(|error| Failed::Lost(Failure::from(error).into_error("connect")))?
        }
    };
    let db = connection.insert(db);
    match Q::ask(db, group).await {
        Ok(answers) => Ok(answers),
        Err(failure) if is_refusal(&failure) => Err(Failed::Refused(failure.into_error("write"))),
        Err(failure) => {
            *connection = None;
            let error = failure.into_error("write");
            Err(Failed::Lost(if Q::WRITES { error.with_outcome(Outcome::Unknown) } else { error }))
        }
    }
}

async fn ask_alone<Q: Request>(pool: PgPool, request: Q, reply: oneshot::Sender<Result<Q::Answer>>) {
    let answer = match ask(&pool, &mut None, std::slice::from_ref(&request)).await {
        Ok(mut answers) => answers.pop().unwrap_or_else(|| Err(cut_off(request.operation()))),
        Err(Failed::Refused(error) | Failed::Lost(error)) => Err(error.with_operation(request.operation())),
    };
    let _unheard = reply.send(answer);
}

/// Returns whether the server refused a statement outside a transaction, so that nothing was written. If the
/// connection broke or the server closed it, something may have been written.
pub(super) fn is_refusal(failure: &Failure) -> bool {
    let Failure::Postgres(sqlx::Error::Database(error)) = failure else { return false };
    error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| error.severity() == PgSeverity::Error)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    use super::*;

    /// So many bytes, for one of several lanes; a group has one request of a lane at most.
    struct Asked {
        lane: u32,
        bytes: usize,
    }

    impl Request for Asked {
        type Answer = ();
        type Group = HashSet<u32>;

        fn operation(&self) -> &'static str {
            "ask"
        }

        fn bytes(&self) -> usize {
            self.bytes
        }

        fn joins(&self, lanes: &mut HashSet<u32>) -> bool {
            lanes.insert(self.lane)
        }

        fn ask<'a>(_: &'a mut Conn, _: &'a [Self]) -> BoxFuture<'a, Result<Vec<Result<()>>, Failure>> {
            unreachable!("there is no server")
        }
    }

    /// One that says nothing of itself.
    struct Plain;

    impl Request for Plain {
        type Answer = ();
        type Group = ();

        fn operation(&self) -> &'static str {
            "ask"
        }

        fn ask<'a>(_: &'a mut Conn, _: &'a [Self]) -> BoxFuture<'a, Result<Vec<Result<()>>, Failure>> {
            unreachable!("there is no server")
        }
    }

    fn server<Q: Request>(requests: impl IntoIterator<Item = Q>) -> Server<Q> {
        let waiting = requests.into_iter().map(|request| Waiting { request, reply: oneshot::channel().0 });
        let pool = PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new());
        let queue = Queue { waiting: waiting.collect(), served: true };
        Server { queue: Arc::new(Mutex::new(queue)), pool, ended: false }
    }

    /// How many requests each group has, until nothing waits.
    fn groups<Q: Request>(mut server: Server<Q>) -> Vec<usize> {
        let groups = std::iter::from_fn(|| server.next()).map(|group| group.len()).collect();
        assert!(server.ended && !lock(&server.queue).served, "whoever comes then starts another server");
        groups
    }

    #[tokio::test]
    async fn what_waits_leaves_together_up_to_a_limit() {
        let small = |number| Asked { lane: number, bytes: 1 };
        assert_eq!(groups(server((0..600).map(small))), [256, 256, 88]);
        assert_eq!(groups(server((0..600).map(|_| Plain))), [256, 256, 88]);
        let large = |number| Asked { lane: number, bytes: GROUP_BYTES / 2 };
        assert_eq!(groups(server((0..5).map(large))), [2, 2, 1]);
        let huge = |number| Asked { lane: number, bytes: GROUP_BYTES + 1 };
        assert_eq!(groups(server((0..3).map(huge))), [1, 1, 1], "one goes alone, whatever its size");
        let of_two_lanes = |number: u32| Asked { lane: number % 2, bytes: 1 };
        assert_eq!(groups(server((0..5).map(of_two_lanes))), [2, 2, 1]);
    }

    #[tokio::test]
    async fn a_server_that_ends_with_its_runtime_leaves_nobody_waiting() {
        let dropped = server([Plain, Plain]);
        let queue = Arc::clone(&dropped.queue);
        drop(dropped);
        assert!(lock(&queue).waiting.is_empty(), "their callers are told");
        assert!(!lock(&queue).served, "who comes next starts another one");

        let mut ended = server([Plain]);
        ended.ended = true;
        let queue = Arc::clone(&ended.queue);
        drop(ended);
        assert!(lock(&queue).served && lock(&queue).waiting.len() == 1, "the queue is its successor's");
    }

    #[tokio::test]
    async fn a_pool_is_used_up_when_every_connection_is_somebodys() {
        // It takes connections, and never says a word.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = PgConnectOptions::new().host("127.0.0.1").port(silent.local_addr().unwrap().port());
        for (connections, used_up) in [(1, true), (2, false)] {
            let pool = PgPoolOptions::new().max_connections(connections).connect_lazy_with(address.clone());
            assert!(!is_used_up(&pool), "none has been handed out yet");
            let mut acquiring = Box::pin(pool.acquire());
            assert!(futures::FutureExt::now_or_never(&mut acquiring).is_none());
            assert_eq!(is_used_up(&pool), used_up, "one of {connections}");
        }
    }
}
