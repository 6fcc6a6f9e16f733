//! A program that is told something: no shell, a time limit, and the end of everything that it started.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::vendor_api::Printable;
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// How much of what a program prints is read, in bytes.
const MOST: u64 = 4096;

/// A program with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Program {
    line: Vec<String>,
    /// The environment variables that it does not get.
    withheld: Vec<String>,
}

/// How a program ended, and the first line that it printed.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) said: Option<String>,
}

impl Program {
    pub(super) fn new(line: &[String], withheld: &[String]) -> Self {
        Self { line: line.to_vec(), withheld: withheld.to_vec() }
    }

    /// Runs it. The error says why there is no status; it quotes neither the input nor the arguments.
    pub(super) async fn run(&self, input: &str, patience: Duration) -> Result<Ended, String> {
        let Some((program, arguments)) = self.line.split_first() else {
            return Err("no program is named".to_owned());
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        for name in &self.withheld {
            command.env_remove(name);
        }
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(|problem| format!("`{program}` cannot be started: {problem}"))?;
        let mut group = Group::of(child);
        tokio::select! {
            ended = group.see_through(input) => ended.map_err(|problem| format!("`{program}` was lost: {problem}")),
            () = SystemClock.deadline(patience) => Err(format!("`{program}` took longer than {patience:?}")),
        }
    }
}

/// A program and what it started. All of it is killed when this is dropped.
struct Group {
    leader: Child,
    #[cfg(unix)]
    id: Option<Pid>,
}

impl Group {
    fn of(leader: Child) -> Self {
        #[cfg(unix)]
        let id = leader.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Self {
            leader,
            #[cfg(unix)]
            id,
        }
    }

    async fn see_through(&mut self, input: &str) -> std::io::Result<Ended> {
        let (stdin, stdout) = (self.leader.stdin.take(), self.leader.stdout.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read all of it may still know the answer.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let read = async {
            let mut bytes = Vec::new();
            if let Some(mut stdout) = stdout {
                let _ = (&mut stdout).take(MOST).read_to_end(&mut bytes).await;
                // What else it prints is not kept, and must not block it.
                let _ = tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await;
            }
            bytes
        };
        // What it started may keep its output open: only its own end is waited for.
        let mut read = std::pin::pin!(read);
        let mut bytes = None;
        let status = {
            let mut ended = std::pin::pin!(async { tokio::join!(self.leader.wait(), feed).0 });
            loop {
                tokio::select! {
                    biased;
                    read = &mut read, if bytes.is_none() => bytes = Some(read),
                    status = &mut ended => break status?,
                }
            }
        };
        self.kill();
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => read.await,
        };
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().find(|line| !line.trim().is_empty());
        Ok(Ended { status, said: line.map(|line| Printable(line.trim()).to_string()) })
    }

    fn kill(&self) {
        #[cfg(unix)]
        if let Some(id) = self.id {
            // Fails if the group is empty.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
