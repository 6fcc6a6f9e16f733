//! The effect of `revertcoderelease`.

use async_trait::async_trait;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Finding, Op};
use miniprogram_core::{EffectValue, Error, ErrorKind, Intent, PlannedRequest, Result, RollbackTarget};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::before::seen;
use crate::client;
use crate::code::versions_call;
use crate::plan::WeChatEffect;
use crate::wire::{self, HistoryVersion, Released};
use crate::{WECHAT, refuse};

const OPERATION: &str = "rollback";
const PATH: &str = "/wxa/revertcoderelease";
/// Where the number of a version comes from.
const HISTORY: &str = "revertcoderelease?action=get_history_version";

/// Goes back to the version before, or to one of the list.
pub(crate) struct Rollback {
    /// None: the version before.
    version: Option<String>,
}

/// What was seen before.
#[derive(Serialize, Deserialize)]
struct Before {
    online: Online,
    /// The version to go back to; none where it is the one before.
    target: Option<Target>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Online {
    version: Option<String>,
    released_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Target {
    app_version: i64,
    /// The version's text, where the vendor tells.
    version: Option<String>,
}

impl From<Option<Released>> for Online {
    fn from(released: Option<Released>) -> Self {
        let released = released.unwrap_or_default();
        Self { version: released.release_version, released_at: released.release_time }
    }
}

impl Rollback {
    pub(crate) fn new(target: &RollbackTarget) -> Result<Self> {
        match target {
            RollbackTarget::Previous => Ok(Self { version: None }),
            RollbackTarget::Version(version) if version.is_empty() => {
                Err(refuse::invalid(OPERATION, "version", "must not be empty"))
            }
            RollbackTarget::Version(version) => Ok(Self { version: Some(version.clone()) }),
            _ => {
                Err(refuse::unsupported(OPERATION, "package_id", "cannot be named: name a version, or none"))
            }
        }
    }
}

impl WeChatEffect for Rollback {
    fn reads(&self) -> Vec<Call> {
        let history = self.version.is_some().then(history_call);
        [versions_call()].into_iter().chain(history).collect()
    }

    fn dry_run(&self) -> Result<Vec<PlannedRequest>> {
        let mut requests: Vec<PlannedRequest> = self.reads().iter().map(Call::planned).collect();
        let request = revert_call().planned();
        requests.push(match &self.version {
            Some(_) => request.with_query("app_version", json!({ "from": HISTORY })),
            None => request,
        });
        Ok(requests)
    }
}

#[async_trait]
impl EffectPlan for Rollback {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let online = read_online(op).await?;
        let target = match &self.version {
            Some(version) => Some(chosen(read_history(op).await?, version)?),
            None => None,
        };
        Ok(json!(Before { online, target }))
    }

    fn request(&self, before: &Value) -> Result<Call> {
        let before: Before = seen(OPERATION, before)?;
        Ok(match before.target {
            Some(target) => revert_call().with_query("app_version", target.app_version.to_string()),
            None => revert_call(),
        })
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before: Before = seen(OPERATION, &intent.before)?;
        let now = read_online(op).await?;
        if now == before.online {
            return Ok(Finding::Absent);
        }
        let found = now.version.unwrap_or_default();
        Ok(match before.target {
            Some(Target { version: Some(wanted), .. }) if wanted != found => {
                Finding::Conflict(refuse::conflict(
                    OPERATION,
                    format!("the version online is {found:?}, neither the one before nor {wanted:?}"),
                ))
            }
            _ => Finding::Done(EffectValue::None),
        })
    }
}

fn revert_call() -> Call {
    Call::get(OPERATION, PATH)
}

/// Only lists: the vendor rolls nothing back when `action` is there.
fn history_call() -> Call {
    Call::get("rollback_targets", PATH).with_query("action", "get_history_version")
}

/// The versions to go back to, newest first.
pub(super) async fn read_history(op: &mut Op<'_>) -> Result<Vec<HistoryVersion>> {
    let history: wire::History = client::read(op, &history_call()).await?;
    let mut versions = history.version_list;
    versions.retain(|row| row.user_version.is_some() || row.app_version.is_some());
    versions.sort_by_key(|row| std::cmp::Reverse(row.app_version));
    Ok(versions)
}

async fn read_online(op: &mut Op<'_>) -> Result<Online> {
    let info: wire::VersionInfo = client::read(op, &versions_call()).await?;
    Ok(info.release_info.into())
}

/// The version that a text means: the vendor's number for it first, since the text may repeat.
fn chosen(history: Vec<HistoryVersion>, version: &str) -> Result<Target> {
    let target =
        |app_version: i64, row: &HistoryVersion| Target { app_version, version: row.user_version.clone() };
    // Only the number can be sent: a row without one is nothing to go back to.
    let numbered: Vec<(i64, &HistoryVersion)> =
        history.iter().filter_map(|row| Some((row.app_version?, row))).collect();
    if let Some((number, row)) = numbered.iter().find(|(number, _)| version.parse() == Ok(*number)) {
        return Ok(target(*number, row));
    }
    let is_named = |(_, row): &(i64, &HistoryVersion)| row.user_version.as_deref() == Some(version);
    let named: Vec<(i64, &HistoryVersion)> = numbered.into_iter().filter(is_named).collect();
    match named[..] {
        [(number, row)] => Ok(target(number, row)),
        [] => Err(Error::new(ErrorKind::NotFound, OPERATION)
            .for_vendor(WECHAT)
            .with_field("version")
            .with_detail(format!("{version:?} is none of the versions to go back to"))),
        _ => {
            let numbers: Vec<String> = named.iter().map(|(number, _)| number.to_string()).collect();
            let detail = format!(
                "{version:?} is the text of several versions: name one by its number, {}",
                numbers.join(" or ")
            );
            Err(refuse::conflict(OPERATION, detail).with_field("version"))
        }
    }
}
