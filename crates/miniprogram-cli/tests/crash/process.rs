//! The command as a process that serves or works, and is killed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use miniprogram::authorization::IssuedToken;
use miniprogram::baidu::BAIDU;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::token::{AccessToken, TokenScope};
use miniprogram::wechat::WECHAT;
use miniprogram::{AppId, Secret, Vendor};
use miniprogram_sim::Callback;
use miniprogram_store::{Acquired, NewTokens, StoredAccess, TokenStore};
use serde_json::Value;

use crate::unsynced::Disk;

/// Seed of a randomised test, which is printed: new on every run unless `MINIPROGRAM_CRASH_SEED` is set.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("MINIPROGRAM_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("seed {seed}");
    seed
}

/// The command with a configuration file, without this process's environment variables that it reads.
pub(crate) fn command(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_miniprogram"));
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in names.iter().filter(|name| name.to_string_lossy().starts_with("MINIPROGRAM_")) {
        command.env_remove(name);
    }
    command.env("MINIPROGRAM_CONFIG", config).stdin(Stdio::null());
    command
}

/// Writes the configuration for a disk's store.
pub(crate) fn configure(disk: &Disk, platforms: &str) -> PathBuf {
    let store = format!("sqlite:{}", disk.live().join("state.db").display());
    configure_for(&disk.live(), &store, platforms)
}

/// Writes the configuration for a store into a directory.
pub(crate) fn configure_for(directory: &Path, store: &str, platforms: &str) -> PathBuf {
    let path = directory.join("miniprogram.toml");
    let text = format!("store = \"{store}\"\nlisten = \"127.0.0.1:0\"\n{platforms}");
    // Another process may be reading it.
    if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        std::fs::write(&path, text).unwrap();
        restrict(&path);
    }
    path
}

/// The platforms of a simulator's vendors.
pub(crate) fn platforms(base_url: &str, wechat_secret: &Secret, baidu_key: &str) -> String {
    let mut text = String::new();
    for vendor in [WECHAT, BAIDU] {
        let Callback { platform_id, token, aes_key, .. } = Callback::sample(vendor);
        let credential = if vendor == WECHAT {
            format!("secret = \"{}\"", wechat_secret.expose())
        } else {
            format!("client_id = \"{baidu_key}\"")
        };
        text += &format!(
            "[[platform]]\nvendor = \"{vendor}\"\nid = \"{platform_id}\"\n{credential}\ntoken = \"{}\"\naes_key = \"{}\"\nbase_url = \"{base_url}\"\n",
            token.expose(),
            aes_key.expose(),
        );
    }
    text
}

fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Stores an app's token, valid for two hours.
pub(crate) async fn keep_token(store: &dyn TokenStore, vendor: Vendor, app: AppId, token: &Secret) {
    let now = SystemClock.now();
    let scope = TokenScope::authorizer(vendor, Callback::sample(vendor).platform_id.into(), app);
    let lease = match store.acquire(&scope, "setup", now, Duration::from_secs(60)).await.unwrap() {
        Acquired::Granted { lease, .. } => lease,
        other => panic!("{other:?}"),
    };
    let access = AccessToken::new(token.expose()).unwrap();
    let access = IssuedToken::new(access, Duration::from_secs(7200));
    let tokens = NewTokens::new(Some(StoredAccess::new(&access, now)));
    store.commit(&lease, &tokens, now).await.unwrap();
}

/// A child process that does not outlive a failing test.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that prints JSON lines.
pub(crate) struct Process {
    child: Kept,
    /// Its output, one value per line; a line cut short by a kill is dropped.
    lines: JoinHandle<Vec<Value>>,
    log: JoinHandle<String>,
    /// The first line.
    pub(crate) first: Value,
}

impl Process {
    /// Starts it and waits for its first line.
    pub(crate) fn start(command: &mut Command) -> Self {
        let (mut process, lines) = Self::spawn(command);
        match lines.recv() {
            Ok(first) => process.first = first,
            Err(_) => panic!("it ended without a line: {:?}", process.wait()),
        }
        process
    }

    /// Starts it without waiting.
    pub(crate) fn start_quietly(command: &mut Command) -> Self {
        Self::spawn(command).0
    }

    fn spawn(command: &mut Command) -> (Self, mpsc::Receiver<Value>) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (first, receiver) = mpsc::channel();
        let lines = std::thread::spawn(move || {
            let mut values = Vec::new();
            for line in stdout.lines() {
                let Ok(value) = serde_json::from_str::<Value>(&line.unwrap()) else { break };
                let _ = first.send(value.clone());
                values.push(value);
            }
            values
        });
        let log = std::thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        (Self { child: Kept(child), lines, log, first: Value::Null }, receiver)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Kills it with SIGKILL; returns its lines and its log.
    pub(crate) fn kill(mut self) -> (Vec<Value>, String) {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
        (self.lines.join().unwrap(), self.log.join().unwrap())
    }

    /// Returns whether it has exited.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.0.try_wait().unwrap().is_some()
    }

    /// Waits until it exits; returns its exit code, lines and log.
    pub(crate) fn wait(mut self) -> (Option<i32>, Vec<Value>, String) {
        let status = self.child.0.wait().unwrap();
        (status.code(), self.lines.join().unwrap(), self.log.join().unwrap())
    }

    /// Asks it to stop, and waits; returns its lines and its log.
    pub(crate) fn terminate(self) -> (Vec<Value>, String) {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.0.id().to_string()).status().unwrap();
        assert!(sent.success());
        let (code, lines, log) = self.wait();
        assert_eq!(code, Some(0), "{log}");
        (lines, log)
    }
}
