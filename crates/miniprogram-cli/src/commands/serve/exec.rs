//! A command for each event: a separate process group, killed with everything that it started.

use std::collections::HashSet;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::push::Delivery;
use miniprogram::{Error, ErrorKind, Event, EventHandler, Outcome, Result};
use miniprogram_rollout::engine::ProcessGroup;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::{Notify, oneshot};

use super::handlers::line;
use crate::vendors::redact::Redactor;

/// Runs a command for each event, never two for one event at a time.
#[derive(Debug)]
pub(super) struct Exec {
    command: String,
    /// The environment variables that the command does not get.
    withheld: Vec<String>,
    redactor: Redactor,
    running: Arc<Running>,
}

impl Exec {
    /// Creates a handler that runs this command without these environment variables.
    pub(super) fn new<'a>(
        command: String,
        secret_variables: impl Iterator<Item = &'a str>,
        redactor: Redactor,
    ) -> Self {
        let withheld = secret_variables.map(str::to_owned).collect();
        Self { command, withheld, redactor, running: Arc::default() }
    }

    /// Waits until no command is running: those whose event was given up are being killed.
    pub(super) async fn ended(&self) {
        tokio::select! {
            () = self.running.none() => {}
            () = SystemClock.deadline(ProcessGroup::GONE_WITHIN * 2) => {
                tracing::error!("a command of --exec was killed and did not end");
            }
        }
    }

    fn start(&self) -> std::io::Result<ProcessGroup> {
        let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = Command::new(shell);
        command.arg(option).arg(&self.command);
        command.stdin(Stdio::piped()).stdout(on_standard_error());
        for name in &self.withheld {
            command.env_remove(name);
        }
        ProcessGroup::start(&mut command)
    }
}

#[async_trait]
impl EventHandler for Exec {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let line = line(event, delivery, &self.redactor)?;
        let place = self.running.enter(delivery.id).await;
        let failed = |why: String| {
            Error::new(ErrorKind::Unavailable, "exec").with_outcome(Outcome::NotDone).with_detail(why)
        };
        let group =
            self.start().map_err(|problem| failed(format!("the command cannot be run: {problem}")))?;
        let (ended, status) = oneshot::channel();
        // A separate task: if this attempt is given up, the group is killed and the place is kept until it is gone.
        tokio::spawn(see_through(group, line, place, ended));
        match status.await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failed(format!("the command ended with {status}"))),
            Ok(Err(problem)) => Err(failed(format!("the command cannot be awaited: {problem}"))),
            Err(_) => Err(failed("the command's status was lost".to_owned())),
        }
    }
}

/// Standard output is reserved for the line that says where the service listens.
fn on_standard_error() -> Stdio {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        std::io::stderr().as_fd().try_clone_to_owned().map_or_else(|_| Stdio::null(), Stdio::from)
    }
    #[cfg(not(unix))]
    Stdio::null()
}

/// Feeds a command and waits for it, or kills it once its status is no longer awaited.
async fn see_through(
    mut group: ProcessGroup,
    line: String,
    place: Place,
    mut status: oneshot::Sender<std::io::Result<ExitStatus>>,
) {
    let stdin = group.leader().stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command that does not read all of it may still succeed.
            let _ = stdin.write_all(line.as_bytes()).await;
        }
    };
    let mut feed = std::pin::pin!(feed);
    let mut fed = false;
    let ended = loop {
        tokio::select! {
            () = feed.as_mut(), if !fed => fed = true,
            ended = group.leader().wait() => break Some(ended),
            () = status.closed() => break None,
        }
    };
    group.end().await;
    drop(place);
    if let Some(ended) = ended {
        // If it was given up at the last moment, the event is delivered again.
        let _unheard = status.send(ended);
    }
}

/// The events whose command is running.
#[derive(Debug, Default)]
struct Running {
    events: Mutex<HashSet<i64>>,
    left: Notify,
}

impl Running {
    /// Takes the place of an event, once its previous command is gone.
    async fn enter(self: &Arc<Self>, event: i64) -> Place {
        self.once(|events| events.insert(event)).await;
        Place { running: Arc::clone(self), event }
    }

    async fn none(&self) {
        self.once(|events| events.is_empty()).await;
    }

    async fn once(&self, mut holds: impl FnMut(&mut HashSet<i64>) -> bool) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if holds(&mut self.events()) {
                return;
            }
            left.await;
        }
    }

    fn events(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one event.
#[derive(Debug)]
struct Place {
    running: Arc<Running>,
    event: i64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.events().remove(&self.event);
        self.running.left.notify_waiters();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::super::handlers::tests::audit_approved;
    use super::*;

    fn exec(command: &str) -> Exec {
        Exec::new(command.to_owned(), ["CARGO_PKG_NAME"].into_iter(), Redactor::default())
    }

    #[tokio::test]
    async fn the_exit_code_decides() {
        let (event, delivery) = audit_approved();
        let run = async |command: &str| exec(command).handle(&event, &delivery).await;
        run("grep -q '\"kind\":\"audit_approved\"'").await.unwrap();
        run("exit 0").await.unwrap();
        let error = run("exit 3").await.unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert!(error.is_retryable(), "{error}");
    }

    #[tokio::test]
    async fn the_environment_is_inherited_but_for_secrets() {
        let (event, delivery) = audit_approved();
        // Cargo sets both for its tests.
        exec("test -n \"$CARGO_MANIFEST_DIR\"").handle(&event, &delivery).await.unwrap();
        exec("test -z \"$CARGO_PKG_NAME\"").handle(&event, &delivery).await.unwrap();
    }

    /// Waits for the first line of a file that a command writes.
    async fn first_line(file: &std::path::Path) -> String {
        loop {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            if let Some((line, _)) = text.split_once('\n') {
                return line.to_owned();
            }
            SystemClock.deadline(Duration::from_millis(5)).await;
        }
    }

    fn is_alive(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_command_that_is_given_up_is_killed_with_its_children_before_the_next_one_starts() {
        let (event, delivery) = audit_approved();
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let exec = exec(&format!("sleep 1000 & echo $$ $! >> {}; wait", pids.display()));
        let mut seen = Vec::new();
        for _ in 0..2 {
            let mut first = Box::pin(exec.handle(&event, &delivery));
            let line = tokio::select! {
                ended = &mut first => panic!("{ended:?}"),
                line = first_line(&pids) => line,
            };
            let processes: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert!(processes.iter().all(|pid| is_alive(pid)), "{line}");
            drop(first);
            std::fs::remove_file(&pids).unwrap();
            // The next attempt of the same event does not begin while something of the last one is left.
            let mut next = Box::pin(exec.handle(&event, &delivery));
            assert!(next.as_mut().now_or_never().is_none());
            assert!(!pids.exists());
            let next_line = tokio::select! {
                ended = &mut next => panic!("{ended:?}"),
                line = first_line(&pids) => line,
            };
            assert!(!processes.iter().any(|pid| is_alive(pid)), "{line}, then {next_line}");
            drop(next);
            std::fs::remove_file(&pids).unwrap();
            exec.ended().await;
            seen.extend(next_line.split(' ').map(str::to_owned));
        }
        assert!(!seen.iter().any(|pid| is_alive(pid)), "{seen:?}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_a_command_leaves_behind_ends_with_it() {
        let (event, delivery) = audit_approved();
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let exec = exec(&format!("sleep 1000 & echo $! > {}", pids.display()));
        exec.handle(&event, &delivery).await.unwrap();
        let left = first_line(&pids).await;
        assert!(!is_alive(&left), "{left}");
    }
}
