//! The read-only connections.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use miniprogram_core::Result;
use tokio::sync::Semaphore;

use super::driver::{Access, Conn, done};
use super::writer::{Work, gone};
use crate::failure::{Failure, store};

/// Connections that only read: they see committed data, and wait for no other process.
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    access: Access,
    /// Limits how many may read at once on separate threads.
    permits: Semaphore,
    /// The idle connections; none once the store is closed.
    idle: Mutex<Option<Vec<Conn>>>,
    most: usize,
}

impl Readers {
    pub(super) fn new(path: PathBuf, access: Access, connections: u32) -> Self {
        let most = connections.max(1) as usize;
        let (permits, idle) = (Semaphore::new(most), Mutex::new(Some(Vec::new())));
        Self(Arc::new(Pool { path, access, permits, idle, most }))
    }

    /// Reads on a separate thread, for reads that may return many rows.
    pub(super) async fn read<A, T>(
        &self,
        operation: &'static str,
        arguments: A,
        work: Work<A, T>,
    ) -> Result<T>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        let pool = Arc::clone(&self.0);
        let _permit = pool.permits.acquire().await.map_err(|_| gone(operation))?;
        let reader = Arc::clone(&pool);
        let read = tokio::task::spawn_blocking(move || reader.read(&arguments, work)).await;
        read.unwrap_or_else(|_| Err(store("the read was cut off with its runtime", "repeat").into()))
            .map_err(|failure| failure.into_error(operation))
    }

    /// Reads one row by its key on the calling thread. This takes microseconds, less than switching to another
    /// thread and back.
    pub(super) fn look_up<A, T>(
        &self,
        operation: &'static str,
        arguments: &A,
        work: Work<A, T>,
    ) -> Result<T> {
        self.0.read(arguments, work).map_err(|failure| failure.into_error(operation))
    }

    pub(super) fn close(&self) {
        drop(self.0.idle().take());
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Option<Vec<Conn>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<A, T>(&self, arguments: &A, work: Work<A, T>) -> Result<T, Failure> {
        let idle = self.idle().as_mut().ok_or_else(|| gone("read"))?.pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Conn::open(&self.path, self.access)?,
        };
        let read = done(work(&mut connection, arguments));
        // After an error the connection may be unusable.
        if read.is_ok()
            && let Some(idle) = &mut *self.idle()
            && idle.len() < self.most
        {
            idle.push(connection);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Reading one row by its key never waits; as many connections as were requested are kept.
    #[test]
    fn no_more_connections_are_kept_than_were_asked_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let readers = Readers::new(file.path().to_owned(), Access::Read, 2);
        let together = Arc::new(Barrier::new(4));
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    let read = readers.look_up("read", &together, |_, together| {
                        Box::pin(async move {
                            together.wait();
                            Ok(())
                        })
                    });
                    read.unwrap();
                });
            }
        });
        assert_eq!(readers.0.idle().as_ref().map(Vec::len), Some(2));
    }
}
