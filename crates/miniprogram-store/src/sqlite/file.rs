use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use miniprogram_core::{Error, Result};
use tokio::sync::watch;

use crate::failure::store;

/// Stores of this process that were dropped and are still finishing; reopening one waits for that.
static CLOSING: Mutex<Option<HashMap<PathBuf, watch::Receiver<()>>>> = Mutex::new(None);

/// How often a daemon tries to obtain its lock, and at which interval.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// The right to be the daemon of a store: an exclusive lock on the file next to it, which names the process.
#[derive(Debug)]
pub(super) struct Ownership {
    _lock: File,
}

impl Ownership {
    pub(super) fn take(store_path: &Path) -> Result<Self> {
        let path = beside(store_path, ".lock");
        let mut lock = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&path)
            .map_err(|problem| failed("open", &path, &problem))?;
        let mut looks = 0;
        while let Err(problem) = lock.try_lock() {
            match problem {
                TryLockError::Error(problem) => return Err(failed("lock", &path, &problem)),
                // A process that only checks for a daemon holds the lock for a moment. How often exactly to look
                // again makes no difference.
                TryLockError::WouldBlock if looks < LOOKS => {
                    looks += 1;
                    std::thread::sleep(BETWEEN_LOOKS);
                }
                TryLockError::WouldBlock => {
                    let mut owner = String::new();
                    let process = match lock.read_to_string(&mut owner) {
                        Ok(_) if !owner.trim().is_empty() => format!("process {}", owner.trim()),
                        _ => "another process".to_owned(),
                    };
                    return Err(store(
                        format!("{} has a daemon already: it is in use by {process}", store_path.display()),
                        "end that process first; commands may run beside it",
                    ));
                }
            }
        }
        let named = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        named.map_err(|problem| failed("write", &path, &problem))?;
        Ok(Self { _lock: lock })
    }

    /// Returns whether any process has it.
    pub(super) fn is_taken(store: &Path) -> bool {
        let lock = OpenOptions::new().read(true).write(true).open(beside(store, ".lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

/// Waits until the store at a path is no longer finishing.
pub(super) async fn until_closed(store: &Path) {
    let closing = closing(|stores| stores.remove(store));
    if let Some(mut closing) = closing {
        // Returns an error when the sender is dropped.
        let _ended = closing.changed().await;
    }
}

/// Records that a store is finishing; the receiver reports when it has finished.
pub(super) fn note_closing(store: &Path, ended: watch::Receiver<()>) {
    closing(|stores| {
        stores.retain(|_, ended| ended.has_changed().is_ok());
        stores.insert(store.to_owned(), ended);
    });
}

fn closing<T>(work: impl FnOnce(&mut HashMap<PathBuf, watch::Receiver<()>>) -> T) -> T {
    let mut stores = CLOSING.lock().unwrap_or_else(PoisonError::into_inner);
    work(stores.get_or_insert_default())
}

/// Returns the path with every link resolved, so that two paths to one file share its lock.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Ok(path);
    }
    let Some(name) = path.file_name() else {
        return Err(store(format!("{} names no file", path.display()), "correct the path of the store"));
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = fs::canonicalize(directory).map_err(|problem| failed("find", directory, &problem))?;
    Ok(directory.join(name))
}

/// Checks a file before SQLite opens it: a missing or empty one would become a new store, an unprotected one
/// leaks.
pub(super) fn inspect(path: &Path) -> Result<PathBuf> {
    let path = resolve(path)?;
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            return Err(store(
                format!("there is no store at {}", path.display()),
                "make one with `miniprogram store migrate`, or restore the one that was there from a backup",
            ));
        }
        Err(problem) => return Err(failed("look at", &path, &problem)),
    };
    if !metadata.is_file() {
        return Err(store(format!("{} is not a file", path.display()), "correct the path of the store"));
    }
    if metadata.len() == 0 {
        return Err(store(
            format!("{} is empty: it is not a store", path.display()),
            "restore it from a backup; if nothing was ever in it, remove it and make a new one",
        ));
    }
    check_modes(&path)?;
    FileId::of(&path)?;
    Ok(path)
}

/// Refuses a store that anyone other than its owner may read or write.
pub(super) fn check_modes(path: &Path) -> Result<()> {
    #[cfg(unix)]
    for name in ["", "-wal", "-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let path = beside(path, name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                let mode = metadata.permissions().mode() & 0o777;
                return Err(store(
                    format!("{} has mode {mode:04o}: others may read or write it", path.display()),
                    "set its mode to 0600 and change the secrets in it if others were there",
                ));
            }
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => {
                return Err(failed("look at", &path, &problem));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Configures a file that only its owner may read and write, from its creation on.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in the directory of the file durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// The identity of the file at a path: two files never share it at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    number: u64,
}

impl FileId {
    /// Returns the identity of the file at a path. A file with several names is refused: a process that uses
    /// another name does not see the log.
    pub(super) fn of(path: &Path) -> Result<Self> {
        match Self::found(path)? {
            Some(file) => Ok(file),
            None => {
                Err(store(format!("there is no file at {}", path.display()), "correct the path of the store"))
            }
        }
    }

    fn found(path: &Path) -> Result<Option<Self>> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(failed("look at", path, &problem)),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            if metadata.nlink() > 1 {
                return Err(store(
                    format!("{} has {} names: it is linked elsewhere", path.display(), metadata.nlink()),
                    "remove the other names (`find -samefile`), so that everybody uses one log",
                ));
            }
            Ok(Some(Self { device: metadata.dev(), number: metadata.ino() }))
        }
        #[cfg(not(unix))]
        {
            let _there = metadata;
            Ok(Some(Self {}))
        }
    }

    /// Returns whether exactly this file is at the path.
    pub(super) fn is_at(self, path: &Path) -> Result<bool> {
        Ok(Self::found(path)? == Some(self))
    }

    /// Fails if there is another file, or none, at the path.
    pub(super) fn verify(self, path: &Path) -> Result<()> {
        if self.is_at(path)? {
            return Ok(());
        }
        Err(store(
            format!("{} is not the file that was opened: it was replaced, moved or deleted", path.display()),
            "end this process, put the right file in its place, and start again",
        ))
    }
}

/// Returns the path with a suffix appended to its name.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

pub(super) fn failed(to: &str, path: &Path, problem: &io::Error) -> Error {
    store(
        format!("cannot {to} {}: {problem}", path.display()),
        "correct the path or the permissions, then repeat",
    )
}
