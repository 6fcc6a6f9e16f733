//! The effect of `revertcoderelease`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat};
use miniprogram_core::{EffectValue, Error, ErrorKind, Intent, Outcome, Result, RollbackTarget};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::REFUSE;
use crate::code::versions_call;
use crate::dialect::told;
use crate::endpoints;
use crate::wire::{self, HistoryVersion, Released};
use miniprogram_core::vendor_api::kit::snapshot::kept;

const OPERATION: &str = "rollback";
/// The read that yields the number of a version.
const HISTORY: &str = "revertcoderelease?action=get_history_version";

/// Goes back to the previous version, or to one of the list.
pub(crate) struct Rollback {
    /// `None`: the previous version.
    version: Option<String>,
    /// The version that must be online.
    online: Option<String>,
}

/// The state read before the effect.
#[derive(Serialize, Deserialize)]
struct Before {
    online: Online,
    /// The version to go back to; `None` for the previous one.
    target: Option<Target>,
    /// The previous version, if the vendor reports it.
    #[serde(default)]
    previous: Option<Target>,
}

impl Before {
    /// Returns the version that the rollback leads to, if it is known.
    fn expected(&self) -> Option<&str> {
        self.target.as_ref().or(self.previous.as_ref())?.version.as_deref()
    }
}

#[derive(Serialize, Deserialize)]
struct Online {
    version: Option<String>,
    released_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Target {
    app_version: i64,
    /// The version's text, if the vendor reports it.
    version: Option<String>,
}

impl Target {
    fn of(app_version: i64, row: &HistoryVersion) -> Self {
        Self { app_version, version: told(row.user_version.clone()) }
    }
}

impl From<Option<Released>> for Online {
    fn from(released: Option<Released>) -> Self {
        let released = released.unwrap_or_default();
        Self {
            version: told(released.release_version),
            released_at: released.release_time.filter(|time| *time > 0),
        }
    }
}

impl Rollback {
    pub(crate) fn new(target: &RollbackTarget) -> Result<Self> {
        match target {
            RollbackTarget::Previous => Ok(Self { version: None, online: None }),
            RollbackTarget::Version(version) => {
                REFUSE.required(OPERATION, "version", version)?;
                Ok(Self { version: Some(version.clone()), online: None })
            }
            RollbackTarget::OnlineVersion(version) => {
                REFUSE.required(OPERATION, "version", version)?;
                Ok(Self { version: None, online: Some(version.clone()) })
            }
            _ => Err(REFUSE.unsupported(OPERATION, "package_id", "cannot be named: name a version, or none")),
        }
    }
}

#[async_trait]
impl EffectPlan for Rollback {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        let preview = match self.version {
            Some(_) => Preview::new(revert_call().with_query("app_version", ""))
                .with_value_of("app_version", HISTORY),
            None => Preview::new(revert_call()),
        };
        Ok(preview.after(versions_call()).after(history_call()))
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let online = read_online(op).await?;
        if let Some(wanted) = self.online.as_ref().filter(|wanted| online.version.as_ref() != Some(*wanted)) {
            let why = match &online.version {
                Some(shown) => format!("the version online is {shown:?}, not {wanted:?}"),
                None => format!("the version online is not told (asked for {wanted:?})"),
            };
            return Err(REFUSE.conflict(OPERATION, why));
        }
        let history = read_history(op).await;
        Ok(json!(match &self.version {
            Some(version) => Before { online, target: Some(chosen(history?, version)?), previous: None },
            // Only settling needs it: an unreadable list does not prevent a rollback.
            None => {
                let previous = history.ok().and_then(|versions| {
                    versions.first().and_then(|row| Some(Target::of(row.app_version?, row)))
                });
                Before { online, target: None, previous }
            }
        }))
    }

    fn request(&self, before: &Value) -> Result<Call> {
        let before: Before = kept(OPERATION, before)?;
        Ok(match before.target {
            Some(target) => revert_call().with_query("app_version", target.app_version.to_string()),
            None => revert_call(),
        })
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before: Before = kept(OPERATION, &intent.before)?;
        let now = read_online(op).await?;
        let (Some(was), Some(version)) = (&before.online.version, &now.version) else {
            return Ok(Finding::Untold("release_info.release_version"));
        };
        let expected = before.expected();
        if was == version {
            // Two versions may have the same text: in that case the release time distinguishes them.
            let released = before.online.released_at.zip(now.released_at);
            match released {
                Some((before, now)) if before == now => return Ok(Finding::Absent),
                Some(_) => {}
                None if expected.is_some_and(|expected| expected != was) => return Ok(Finding::Absent),
                None => return Ok(Finding::Untold("release_info.release_time")),
            }
        }
        Ok(match expected {
            Some(expected) if expected != version => {
                let detail =
                    format!("the version online is {version:?}, neither the one before nor {expected:?}");
                Finding::Conflict(REFUSE.conflict(OPERATION, detail).with_outcome(Outcome::Unknown))
            }
            _ => Finding::Done(EffectValue::None),
        })
    }

    /// A further rollback is a new effect as soon as the version online is not the one that the first rollback led
    /// to.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        let before: Before = kept(OPERATION, &intent.before)?;
        let online = read_online(op).await?.version;
        Ok(match (before.expected(), online) {
            (Some(expected), Some(online)) if expected == online => Repeat::Same,
            (Some(_), Some(_)) => Repeat::New,
            (None, _) => {
                Repeat::Indeterminate("the version that the first one led to was not reported".to_owned())
            }
            (_, None) => Repeat::Indeterminate("`release_info.release_version` is missing".to_owned()),
        })
    }
}

fn revert_call() -> Call {
    Call::to(&endpoints::ROLLBACK)
}

/// Only lists: the vendor does not roll back if `action` is present.
fn history_call() -> Call {
    Call::to(&endpoints::ROLLBACK).with_query("action", "get_history_version")
}

/// Reads the versions to go back to, newest first.
pub(super) async fn read_history(op: &mut Op<'_>) -> Result<Vec<HistoryVersion>> {
    let history: wire::History = op.read(&history_call()).await?.decode()?;
    let mut versions = history.version_list;
    versions.retain(|row| row.user_version.is_some() || row.app_version.is_some());
    versions.sort_by_key(|row| std::cmp::Reverse(row.app_version));
    Ok(versions)
}

async fn read_online(op: &mut Op<'_>) -> Result<Online> {
    let info: wire::VersionInfo = op.read(&versions_call()).await?.decode()?;
    Ok(info.release_info.into())
}

/// Returns the version that a text denotes: matched by the vendor's number first, since the text may be ambiguous.
fn chosen(history: Vec<HistoryVersion>, version: &str) -> Result<Target> {
    // Only the number can be sent: a row without one cannot be a rollback target.
    let numbered: Vec<(i64, &HistoryVersion)> =
        history.iter().filter_map(|row| Some((row.app_version?, row))).collect();
    if let Some((number, row)) = numbered.iter().find(|(number, _)| version.parse() == Ok(*number)) {
        return Ok(Target::of(*number, row));
    }
    let is_named = |(_, row): &(i64, &HistoryVersion)| row.user_version.as_deref() == Some(version);
    let named: Vec<(i64, &HistoryVersion)> = numbered.into_iter().filter(is_named).collect();
    match named[..] {
        [(number, row)] => Ok(Target::of(number, row)),
        [] => Err(Error::new(ErrorKind::NotFound, OPERATION)
            .with_field("version")
            .with_detail(format!("{version:?} is not one of the versions to go back to"))),
        _ => {
            let numbers: Vec<String> = named.iter().map(|(number, _)| number.to_string()).collect();
            let detail = format!(
                "{version:?} is the text of several versions: name one by its number, {}",
                numbers.join(" or ")
            );
            Err(REFUSE.conflict(OPERATION, detail).with_field("version"))
        }
    }
}
