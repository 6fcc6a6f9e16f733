//! Turn-taking between the processes that write.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use miniprogram_core::Result;

use super::file::{beside, failed, private};
use crate::failure::store;

/// How long a writer waits for its turn before it gives up: another one was stopped in the middle of a write.
const PATIENCE: Duration = Duration::from_secs(30);
/// The interval between two checks.
const SHORT: Duration = Duration::from_micros(100);
const LONG: Duration = Duration::from_millis(1);
/// How often to retry reading a mark that is being written.
const LOOKS: u32 = 100;

/// The right to write, which is passed between processes.
///
/// SQLite lets one process write at a time, but a process that immediately asks again gets the lock again: a busy
/// daemon would starve all others. So a writer first takes the head of the queue, a lock on `<file>.queue`, then
/// waits there for the lock on `<file>.turn`, and leaves the queue once it has it. A writer that has just
/// finished thus finds another one at the head, if any is waiting. The locks end with their process.
///
/// `<file>.turn` also records the number of commits: a store that has seen fewer has lost some.
#[derive(Debug)]
pub(super) struct Turns {
    queue: File,
    turn: File,
    path: PathBuf,
}

/// A turn, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a mut Turns);

/// The record of the last writer: which store it wrote to, and how many commits the store had then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) identity: String,
    pub(super) commits: i64,
}

impl Turns {
    pub(super) fn of(store: &Path) -> Result<Self> {
        let open = |end| {
            let path = beside(store, end);
            let file =
                private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(&path);
            file.map_err(|problem| failed("open", &path, &problem))
        };
        Ok(Self { queue: open(".queue")?, turn: open(".turn")?, path: store.to_owned() })
    }

    /// Waits for a turn.
    pub(super) fn take(&mut self) -> Result<Turn<'_>> {
        let since = Instant::now();
        self.wait_for(&self.queue, since)?;
        let taken = self.wait_for(&self.turn, since);
        let left = self.queue.unlock();
        taken?;
        left.map_err(|problem| failed("unlock", &beside(&self.path, ".queue"), &problem))?;
        Ok(Turn(self))
    }

    fn wait_for(&self, lock: &File, since: Instant) -> Result<()> {
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(problem)) => return Err(failed("lock", &self.path, &problem)),
            }
            let waited = since.elapsed();
            if waited > PATIENCE {
                let why = format!(
                    "another process has been writing to {} for {} s",
                    self.path.display(),
                    waited.as_secs()
                );
                return Err(store(
                    why,
                    "end the process that was stopped in the middle of a write, then repeat",
                ));
            }
            // Short pauses at first; which one follows a wait of exactly LONG makes no difference.
            std::thread::sleep(if waited < LONG { SHORT } else { LONG });
        }
    }
}

impl Turn<'_> {
    /// Returns the mark of the previous writer.
    pub(super) fn mark(&mut self) -> Result<Option<Mark>> {
        Mark::of(&mut self.0.turn).map_err(|problem| failed("read", &beside(&self.0.path, ".turn"), &problem))
    }

    /// Records a commit.
    pub(super) fn leave(&mut self, mark: &Mark) -> Result<()> {
        let line = format!("{} {:020} {:020}\n", mark.identity, mark.commits, mark.commits);
        let file = &mut self.0.turn;
        let written = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(line.as_bytes()));
        written.map_err(|problem| failed("write", &beside(&self.0.path, ".turn"), &problem))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Err(problem) = self.0.turn.unlock() {
            tracing::error!(path = %self.0.path.display(), %problem, "the store cannot be given to the next writer");
        }
    }
}

impl Mark {
    /// Returns the mark next to a store; none if there is none.
    pub(super) fn beside(store: &Path) -> Result<Option<Self>> {
        let path = beside(store, ".turn");
        match File::open(&path) {
            Ok(mut file) => Self::of(&mut file).map_err(|problem| failed("read", &path, &problem)),
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(failed("open", &path, &problem)),
        }
    }

    /// Fails if a store is not the one that this mark was written for, or has fewer commits than it had then.
    pub(super) fn compare(&self, path: &Path, identity: &str, commits: i64) -> Result<()> {
        if self.identity != identity {
            let why = format!("{} is not the store that was written to before", path.display());
            let advice = "put the right file in its place; if this one is right, run `miniprogram store repair \
                          --accept-loss`";
            return Err(store(why, advice));
        }
        if commits < self.commits {
            let why = format!(
                "{} has lost its last {} commits, which were acknowledged: its log was cut short or removed, or an \
                 earlier copy was put in its place",
                path.display(),
                self.commits - commits
            );
            let advice = "restore the file together with its log (-wal); if they cannot be had any more, run \
                          `miniprogram store repair --accept-loss` and go on without them";
            return Err(store(why, advice));
        }
        Ok(())
    }

    /// Deletes the mark: the contents of the store are considered complete.
    pub(super) fn forget(store: &Path) -> Result<()> {
        let path = beside(store, ".turn");
        match OpenOptions::new().write(true).truncate(true).open(&path) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => {
                Err(failed("write", &path, &problem))
            }
            _ => Ok(()),
        }
    }

    /// Who does not have the turn may read while another one writes, and see a part of the old line and a part of the
    /// new one: the two numbers differ then.
    fn of(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        for _ in 0..LOOKS {
            let mut line = [0; 128];
            file.seek(SeekFrom::Start(0))?;
            let read = file.read(&mut line)?;
            let mark = Self::parse(&String::from_utf8_lossy(&line[..read]));
            if mark.is_some() || read == 0 {
                return Ok(mark);
            }
        }
        Ok(None)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.lines().next()?.split(' ');
        let (identity, commits, again) = (words.next()?, words.next()?, words.next()?);
        let commits: i64 = commits.parse().ok()?;
        (again.parse() == Ok(commits)).then(|| Self { identity: identity.to_owned(), commits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_is_read_while_it_is_written_does_not_count() {
        let written = |commits: i64| format!("store {commits:020} {commits:020}\n");
        let (old, new) = (written(999), written(1000));
        for length in 0..=new.len() {
            let torn = format!("{}{}", &new[..length], &old[length..]);
            let commits = Mark::parse(&torn).map(|mark| mark.commits);
            assert!(matches!(commits, None | Some(999 | 1000)), "{torn}: {commits:?}");
        }
        assert_eq!(Mark::parse(&new), Some(Mark { identity: "store".to_owned(), commits: 1000 }));
    }
    /// A file that another process writes to between two reads.
    struct Written(Vec<&'static str>);

    impl Read for Written {
        fn read(&mut self, line: &mut [u8]) -> io::Result<usize> {
            let seen = self.0.remove(0).as_bytes();
            line[..seen.len()].copy_from_slice(seen);
            Ok(seen.len())
        }
    }

    impl Seek for Written {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }

    #[test]
    fn a_mark_that_is_being_written_is_looked_at_again() {
        let commits =
            |looks: &[&'static str]| Mark::of(&mut Written(looks.to_vec())).unwrap().map(|mark| mark.commits);
        assert_eq!(commits(&["store 8 7\n", "store 8 7\n", "store 8 8\n"]), Some(8));
        assert_eq!(commits(&["store 7 7\n", "store 8 8\n"]), Some(7), "the first that is whole");
        assert_eq!(commits(&["", "store 8 8\n"]), None, "none was left");
    }

    #[test]
    fn who_waited_too_long_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut stopped = Turns::of(&path).unwrap();
        let _turn = stopped.take().unwrap();
        let other = Turns::of(&path).unwrap();
        let long_ago = Instant::now().checked_sub(PATIENCE + Duration::from_secs(1)).unwrap();
        let error = other.wait_for(&other.turn, long_ago).unwrap_err();
        assert!(error.to_string().contains("another process has been writing"), "{error}");
        other.wait_for(&other.queue, long_ago).unwrap();
    }
}
