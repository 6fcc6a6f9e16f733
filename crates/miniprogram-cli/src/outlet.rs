//! The output of a daemon: a stream written by a separate thread, so that a stalled reader blocks nothing else.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// The maximum number of log lines that wait to be written; further ones are dropped and counted.
const LOG_QUEUE: usize = 1024;

/// Lines whose sender learns whether they were written.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    lines: mpsc::Sender<Line>,
}

#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
    written: oneshot::Sender<io::Result<()>>,
}

impl Outlet {
    /// Starts the thread that writes to a stream. It ends after the last clone is dropped, once the stream accepts all
    /// lines.
    pub(crate) fn start(mut stream: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, mut waiting) = mpsc::channel::<Line>(1);
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            while let Some(line) = waiting.blocking_recv() {
                let result = stream.write_all(&line.bytes).and_then(|()| stream.flush());
                // The sender may have stopped waiting.
                let _unheard = line.written.send(result);
            }
        })?;
        Ok(Self { lines })
    }

    /// Writes bytes and waits until the stream has accepted them all.
    ///
    /// If the future is dropped, queued bytes are still written.
    pub(crate) async fn write(&self, bytes: Vec<u8>) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let (written, result) = oneshot::channel();
        self.lines.send(Line { bytes, written }).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

/// Lines that are not waited for: if the queue is full, they are dropped.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    messages: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// Answered when everything before it is written.
    Mark(SyncSender<()>),
}

impl Log {
    /// Starts the thread that writes to a stream.
    pub(crate) fn start(stream: impl Write + Send + 'static) -> io::Result<Self> {
        let (messages, waiting) = sync_channel(LOG_QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        thread::Builder::new().name("log".to_owned()).spawn(move || write_log(stream, &waiting, &counted))?;
        Ok(Self { messages, lost })
    }

    /// How many lines were dropped.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything so far is written, for as long as given.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        let (done, written) = sync_channel(1);
        self.messages.try_send(Message::Mark(done)).is_ok() && written.recv_timeout(patience).is_ok()
    }
}

/// Each call is one line of the log.
impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.messages.try_send(Message::Line(bytes.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_log(mut stream: impl Write, waiting: &Receiver<Message>, lost: &AtomicU64) {
    let mut reported = 0;
    while let Ok(message) = waiting.recv() {
        match message {
            Message::Line(bytes) => {
                let missing = lost.load(Ordering::Relaxed);
                if missing > reported {
                    // It counts as reported even if it cannot be written.
                    let remark = format!("{} lines of the log were lost\n", missing - reported);
                    let _unsaid = stream.write_all(remark.as_bytes());
                    reported = missing;
                }
                if stream.write_all(&bytes).and_then(|()| stream.flush()).is_err() {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
            }
            Message::Mark(done) => {
                // The caller may have stopped waiting.
                let _unheard = done.try_send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Sender;

    use futures::FutureExt;

    use super::*;

    /// A reader that accepts one line per turn and goes away with the sender of turns.
    struct Reader {
        turns: Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.turns.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn reader() -> (Sender<()>, Arc<Mutex<Vec<u8>>>, Reader) {
        let (turn, turns) = std::sync::mpsc::channel();
        let taken = Arc::new(Mutex::new(Vec::new()));
        (turn, Arc::clone(&taken), Reader { turns, taken })
    }

    #[tokio::test]
    async fn a_line_is_written_when_it_was_taken_and_an_error_reaches_its_writer() {
        let (turn, taken, reader) = reader();
        let outlet = Outlet::start(reader).unwrap();
        let mut first = std::pin::pin!(outlet.write(b"first\n".to_vec()));
        assert!(first.as_mut().now_or_never().is_none());
        assert_eq!(*taken.lock().unwrap(), b"");
        turn.send(()).unwrap();
        first.await.unwrap();
        assert_eq!(*taken.lock().unwrap(), b"first\n");
        drop(turn);
        let error = outlet.write(b"second\n".to_vec()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_log_that_nobody_reads_loses_lines_and_holds_nobody_up() {
        let (turn, taken, reader) = reader();
        let mut log = Log::start(reader).unwrap();
        // One is with the reader at most.
        for number in 0..LOG_QUEUE + 11 {
            log.write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        let lost = log.lost();
        assert!((10..=11).contains(&lost), "{lost}");
        assert!(!log.flush(Duration::from_millis(1)));
        for _ in 0..LOG_QUEUE + 12 {
            turn.send(()).unwrap();
        }
        while !log.flush(Duration::from_secs(1)) {}
        log.write_all(b"after\n").unwrap();
        assert!(log.flush(Duration::from_secs(60)));
        let taken = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        assert!(taken.contains(&format!("{lost} lines of the log were lost\n")), "{taken}");
        assert_eq!(log.lost(), lost);
    }
}
