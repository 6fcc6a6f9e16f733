//! A program that is told something: no shell, a time limit, and the end of everything that it started.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::vendor_api::Printable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::group::ProcessGroup;

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
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        for name in &self.withheld {
            command.env_remove(name);
        }
        let group = ProcessGroup::start(&mut command);
        let mut group = group.map_err(|problem| format!("`{program}` cannot be started: {problem}"))?;
        tokio::select! {
            ended = see_through(&mut group, input) => ended.map_err(|problem| format!("`{program}` was lost: {problem}")),
            () = SystemClock.deadline(patience) => Err(format!("`{program}` took longer than {patience:?}")),
        }
    }
}

/// Feeds a program and waits for its end.
async fn see_through(group: &mut ProcessGroup, input: &str) -> std::io::Result<Ended> {
    let (stdin, stdout) = (group.leader().stdin.take(), group.leader().stdout.take());
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
        let mut ended = std::pin::pin!(async { tokio::join!(group.leader().wait(), feed).0 });
        loop {
            tokio::select! {
                biased;
                read = &mut read, if bytes.is_none() => bytes = Some(read),
                status = &mut ended => break status?,
            }
        }
    };
    group.kill();
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => read.await,
    };
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find(|line| !line.trim().is_empty());
    Ok(Ended { status, said: line.map(|line| Printable(line.trim()).to_string()) })
}
