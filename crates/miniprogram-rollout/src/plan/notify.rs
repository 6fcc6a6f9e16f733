//! Checks the gate and the notifications: data about calls that the plan itself does not make.

use std::time::Duration;

use super::file::{GateTable, NotifyTable, WebUrl};
use super::problem::{Log, Place};
use super::reader::{Located, Present};
use super::settings::{Gate, GateCheck, Notification, NotifyBy};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Either of the two.
enum Target {
    Command(Vec<String>),
    Url(String),
}

fn target(
    command: Option<Present<Vec<String>>>,
    url: Option<Present<WebUrl>>,
    place: &Place,
    log: &mut Log,
) -> Option<Target> {
    match (command, url) {
        (Some(Present(command)), None) => return command.map(Target::Command),
        (None, Some(Present(url))) => return url.map(|WebUrl(url)| Target::Url(url)),
        (None, None) => log.add(place, "has neither `command` nor `url`", "add one of the two"),
        (Some(_), Some(_)) => log.add(place, "has both `command` and `url`", "remove one of the two"),
    }
    None
}

pub(super) fn gate(gate: Located<GateTable>, log: &mut Log) -> Option<Gate> {
    let Located { value: table, place } = gate;
    let check = match target(table.command, table.url, &place, log)? {
        Target::Command(command) => GateCheck::Command(command),
        Target::Url(url) => GateCheck::Url(url),
    };
    let timeout = table.timeout.unwrap_or(DEFAULT_TIMEOUT);
    Some(Gate { check, timeout, on_fail: table.on_fail.unwrap_or_default() })
}

/// Returns none if one of them is wrong.
pub(super) fn notifications(tables: Vec<Located<NotifyTable>>, log: &mut Log) -> Option<Vec<Notification>> {
    let read = tables.into_iter().map(|table| notification(table, log)).collect::<Vec<_>>();
    read.into_iter().collect()
}

fn notification(table: Located<NotifyTable>, log: &mut Log) -> Option<Notification> {
    let Located { value: table, place } = table;
    let by = target(table.command, table.url, &place, log);
    let by = match (by?, table.secret_env) {
        (Target::Command(command), None) => NotifyBy::Command(command),
        (Target::Url(url), Some(secret_env)) => NotifyBy::Webhook { url, secret_env },
        (Target::Url(_), None) => {
            log.add(&place, "has a `url` without `secret_env`", "name the environment variable with the key");
            return None;
        }
        (Target::Command(_), Some(_)) => {
            log.add(&place, "has a `command` with `secret_env`", "remove `secret_env`: nothing is posted");
            return None;
        }
    };
    Some(Notification { on: table.on?, by })
}
