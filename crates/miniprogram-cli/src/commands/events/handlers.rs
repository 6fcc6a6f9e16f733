//! Whom events are handed to beside the tokens: a command, or standard output.

use std::process::Stdio;

use async_trait::async_trait;
use miniprogram::{Delivery, Error, ErrorKind, Event, EventHandler, Outcome, Result};
use serde_json::{Map, Value};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::watch;

use crate::output::{Output, to_value};
use crate::vendors::masks;

/// Runs a command for each event.
#[derive(Debug)]
pub(super) struct Exec {
    pub(super) command: String,
}

#[async_trait]
impl EventHandler for Exec {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let line = format!("{}\n", line(event, delivery)?);
        let failed = |why: String| {
            Error::new(ErrorKind::Unavailable, "exec").with_outcome(Outcome::NotDone).with_detail(why)
        };
        let broken = |problem: std::io::Error| failed(format!("the command cannot be run: {problem}"));
        let mut child = shell(&self.command)
            .stdin(Stdio::piped())
            .stdout(on_standard_error())
            .kill_on_drop(true)
            .spawn()
            .map_err(broken)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read to the end may still be done with the event.
            let _ = stdin.write_all(line.as_bytes()).await;
        }
        let status = child.wait().await.map_err(broken)?;
        if status.success() { Ok(()) } else { Err(failed(format!("the command ended with {status}"))) }
    }
}

fn shell(command: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(option).arg(command);
    shell
}

/// Standard output is for the line that says where the service listens.
fn on_standard_error() -> Stdio {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        std::io::stderr().as_fd().try_clone_to_owned().map_or_else(|_| Stdio::null(), Stdio::from)
    }
    #[cfg(not(unix))]
    Stdio::null()
}

/// Prints each event.
#[derive(Debug)]
pub(super) struct JsonLines {
    pub(super) output: Output,
    /// Ends the service when nobody reads.
    pub(super) stop: watch::Sender<bool>,
}

#[async_trait]
impl EventHandler for JsonLines {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let line = line(event, delivery)?;
        self.output.json(&line).map_err(|failure| {
            self.stop.send_replace(true);
            failure.to_error("jsonl")
        })
    }
}

/// An event as it is handed on: which delivery it is, then its own members, secrets masked.
fn line(event: &Event<'_>, delivery: &Delivery) -> Result<Value> {
    let mut line = Map::new();
    line.insert("id".to_owned(), to_value(&delivery.id)?);
    line.insert("attempt".to_owned(), to_value(&delivery.attempt)?);
    line.insert("received_at".to_owned(), to_value(&delivery.received_at)?);
    if let Value::Object(members) = masks::event(event)? {
        line.extend(members);
    }
    // Where the message names no platform, it is the one that received it.
    let payload = line.shift_remove("payload");
    line.entry("platform_id").or_insert(to_value(&delivery.platform)?);
    line.extend(payload.map(|payload| ("payload".to_owned(), payload)));
    Ok(Value::Object(line))
}

#[cfg(test)]
mod tests {
    use miniprogram::{EventKind, PlatformId, Timestamp, Vendor};
    use serde_json::json;

    use super::*;

    fn audit_approved() -> (Event<'static>, Delivery) {
        let payload = json!({ "Event": "approved", "auth_code": "canary" });
        let event = Event::new(Vendor::new("acme"), EventKind::AuditApproved, "approved".into(), payload);
        (event, Delivery::new(7, PlatformId::from("p1"), Timestamp::from_unix(1_700_000_000)).with_attempt(2))
    }

    #[test]
    fn a_line_tells_the_delivery_and_no_secret() {
        let (event, delivery) = audit_approved();
        let line = line(&event, &delivery).unwrap();
        let names: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            ["id", "attempt", "received_at", "vendor", "kind", "raw_event", "platform_id", "payload"]
        );
        assert_eq!(
            (&line["id"], &line["attempt"], &line["platform_id"]),
            (&json!(7), &json!(2), &json!("p1"))
        );
        assert!(!line.to_string().contains("canary"), "{line}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_exit_code_decides() {
        let (event, delivery) = audit_approved();
        let run = async |command: &str| Exec { command: command.to_owned() }.handle(&event, &delivery).await;
        run("grep -q '\"kind\":\"audit_approved\"'").await.unwrap();
        run("exit 0").await.unwrap();
        let error = run("exit 3").await.unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert!(error.is_retryable(), "{error}");
    }
}
