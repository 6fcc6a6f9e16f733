//! A program and what it started.

use std::io;
use std::time::Duration;

use miniprogram_core::clock::{Clock, SystemClock};
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};

/// How often it is looked whether a killed group has disappeared.
const POLL_EVERY: Duration = Duration::from_millis(5);

/// A program and what it started, unless that has left its process group. All of it is killed when this is dropped.
///
/// Where there are no process groups, it is the program alone.
#[derive(Debug)]
pub struct ProcessGroup {
    leader: Child,
    #[cfg(unix)]
    id: Option<Pid>,
}

impl ProcessGroup {
    /// How long a killed group may take to disappear.
    pub const GONE_WITHIN: Duration = Duration::from_secs(2);

    /// Starts a program as the leader of a group of its own.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let leader = command.spawn()?;
        Ok(Self {
            #[cfg(unix)]
            id: leader.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)),
            leader,
        })
    }

    /// Returns the program itself.
    pub const fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Kills what is left of it, and does not wait.
    pub fn kill(&self) {
        #[cfg(unix)]
        if let Some(id) = self.id {
            // Fails if the group is empty.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }

    /// Kills what is left of it, and waits until it is gone, at most [`GONE_WITHIN`](Self::GONE_WITHIN).
    pub async fn end(&mut self) {
        #[cfg(unix)]
        {
            self.kill();
            // Its status is already known, or does not matter.
            let _ = self.leader.wait().await;
            let gone = async {
                while self.id.is_some_and(|id| test_kill_process_group(id).is_ok()) {
                    SystemClock.deadline(POLL_EVERY).await;
                }
            };
            // Zombies that are not reaped still belong to the group, and do nothing.
            tokio::select! {
                () = gone => {}
                () = SystemClock.deadline(Self::GONE_WITHIN) => {}
            }
            self.id = None;
        }
        #[cfg(not(unix))]
        let _ = self.leader.kill().await;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}
