//! A directory whose files lose, on demand, what was not synced; see `unsynced_writes.c`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// The library that is preloaded, built once.
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

/// Two directories: what the process sees, and what a power failure would leave of it.
pub(crate) struct Disk {
    root: TempDir,
    round: u32,
    loses_syncs: bool,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let disk = Self { root: TempDir::new().unwrap(), round: 0, loses_syncs: false };
        for directory in [disk.live(), disk.synced()] {
            std::fs::create_dir_all(directory).unwrap();
        }
        disk
    }

    /// A disk that forgets everything, to show that losses are seen.
    pub(crate) fn losing_syncs(mut self) -> Self {
        self.loses_syncs = true;
        self
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(format!("{name}-{}", self.round))
    }

    /// What the process sees.
    pub(crate) fn live(&self) -> PathBuf {
        self.at("live")
    }

    fn synced(&self) -> PathBuf {
        self.at("synced")
    }

    /// Lets a process see the directory, and watches its syncs.
    pub(crate) fn watch(&self, command: &mut Command) {
        command.env("LD_PRELOAD", library());
        command.env("UNSYNCED_DIR", self.live()).env("UNSYNCED_SHADOW", self.synced());
        if self.loses_syncs {
            command.env("UNSYNCED_LOSE_SYNCS", "1");
        }
    }

    /// Takes what is there now as synced: files that another process wrote and closed.
    pub(crate) fn sync_all(&self) {
        copy(&self.live(), &self.synced());
    }

    /// The power fails: what was not synced is gone.
    pub(crate) fn lose_power(&mut self) {
        let left = self.synced();
        let old = self.live();
        self.round += 1;
        for directory in [self.live(), self.synced()] {
            std::fs::create_dir_all(&directory).unwrap();
            copy(&left, &directory);
        }
        std::fs::remove_dir_all(old).unwrap();
        std::fs::remove_dir_all(left).unwrap();
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
