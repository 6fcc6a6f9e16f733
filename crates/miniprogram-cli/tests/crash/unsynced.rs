//! A directory whose files lose unsynced writes on demand; see `unsynced_writes.c`.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// The preloaded library, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("unsynced_writes.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/unsynced_writes.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&path)
            .args([source, "-ldl"])
            .output();
        let built = built.unwrap_or_else(|problem| panic!("cc: {problem}: install a C compiler"));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        (directory, path)
    });
    path
}

/// Two directories: what processes see, and what a power failure would leave of it.
pub(crate) struct Disk {
    root: TempDir,
    round: u32,
    cuts: AtomicU32,
    loses_syncs: bool,
}

/// Percentage of writes that the disk persists without a sync: changes every round.
const KEPT: [u32; 3] = [0, 100, 50];

impl Disk {
    pub(crate) fn new() -> Self {
        let disk =
            Self { root: TempDir::new().unwrap(), round: 0, cuts: AtomicU32::new(0), loses_syncs: false };
        disk.begin_round();
        disk
    }

    /// A disk that forgets everything, to show that losses are detected.
    pub(crate) fn losing_syncs(mut self) -> Self {
        self.loses_syncs = true;
        self
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(format!("{name}-{}", self.round))
    }

    /// What processes see.
    pub(crate) fn live(&self) -> PathBuf {
        self.at("live")
    }

    fn synced(&self) -> PathBuf {
        self.at("synced")
    }

    /// Notes of the processes for each other, and their lock.
    fn notes(&self) -> PathBuf {
        self.at("notes")
    }

    fn begin_round(&self) {
        for directory in [self.live(), self.synced(), self.notes()] {
            std::fs::create_dir_all(directory).unwrap();
        }
    }

    /// Gives a process the directory, and records its syncs.
    pub(crate) fn watch(&self, command: &mut Command) {
        command.envs(self.watched());
    }

    /// The environment variables that do so.
    pub(crate) fn watched(&self) -> Vec<(&'static str, OsString)> {
        let mut names = vec![
            ("LD_PRELOAD", library().into()),
            ("UNSYNCED_DIR", self.live().into()),
            ("UNSYNCED_SHADOW", self.synced().into()),
            ("UNSYNCED_NOTES", self.notes().into()),
        ];
        if self.loses_syncs {
            names.push(("UNSYNCED_LOSE_SYNCS", "1".into()));
        } else {
            names.push(("UNSYNCED_KEPT", KEPT[self.round as usize % KEPT.len()].to_string().into()));
        }
        names
    }

    /// Considers the present content synced: files that another process wrote and closed.
    pub(crate) fn sync_all(&self) {
        copy(&self.live(), &self.synced());
    }

    /// What a power failure would leave at this moment, while the processes continue: a separate directory.
    pub(crate) fn cut(&self) -> PathBuf {
        let number = self.cuts.fetch_add(1, Ordering::Relaxed);
        let cut = self.root.path().join(format!("cut-{number}"));
        std::fs::create_dir(&cut).unwrap();
        let mut lock = OpenOptions::new();
        let lock = lock.write(true).create(true).truncate(false).open(self.notes().join(".lock")).unwrap();
        lock.lock().unwrap();
        copy(&self.synced(), &cut);
        cut
    }

    /// Power failure: unsynced writes are lost. The processes must be killed before.
    pub(crate) fn lose_power(&mut self) {
        let left = self.synced();
        let old = [self.live(), self.notes()];
        self.round += 1;
        self.begin_round();
        for directory in [self.live(), self.synced()] {
            copy(&left, &directory);
        }
        for directory in old.iter().chain([&left]) {
            std::fs::remove_dir_all(directory).unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if !text.ends_with("-shm") && !text.ends_with(".lock") {
            std::fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}
