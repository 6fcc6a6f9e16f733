//! The effect of `rollback`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::kit::snapshot;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat};
use miniprogram_core::{EffectValue, Error, Intent, PackageId, Result, RollbackTarget};
use serde::Serialize;
use serde_json::Value;

use crate::endpoints;
use crate::package;
use crate::package::{APPROVED, DEVELOPMENT, IN_REVIEW, ONLINE, Package, Packages, REJECTED, ROLLING_BACK};
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "rollback";

/// `package/rollback`: takes the package that is online and goes back one step, after a while.
#[derive(Debug)]
pub(crate) enum Rollback {
    /// To the previous version, which must be `version` if the caller names one.
    Looked { version: Option<String> },
    /// From this version, which the caller assumes to be online.
    FromVersion(String),
    /// From this package, which the caller assumes to be online.
    From(PackageId),
}

impl Rollback {
    pub(crate) fn new(target: &RollbackTarget) -> Result<Self> {
        match target {
            RollbackTarget::Previous => Ok(Self::Looked { version: None }),
            RollbackTarget::Version(version) => {
                REFUSE.required(OPERATION, "version", version)?;
                Ok(Self::Looked { version: Some(version.clone()) })
            }
            RollbackTarget::OnlineVersion(version) => {
                REFUSE.required(OPERATION, "version", version)?;
                Ok(Self::FromVersion(version.clone()))
            }
            RollbackTarget::OnlinePackage(id) => {
                REFUSE.required(OPERATION, "package_id", id.as_str())?;
                Ok(Self::From(id.clone()))
            }
            _ => Err(Error::unsupported(BAIDU, OPERATION).with_field("target")),
        }
    }

    /// Builds the request. Source: document 000, `package/rollback`, the only one to state that the id is that of the
    /// package now online.
    pub(crate) fn call(online_package_id: &str) -> Call {
        let fields = vec![("package_id".into(), online_package_id.to_owned())];
        Call::to(&endpoints::ROLLBACK).with_form(fields)
    }
}

/// The starting point of a rollback, and the version that it leads to.
#[derive(Debug, Serialize)]
struct From {
    package_id: PackageId,
    leads_to: String,
}

/// Returns the package online, if a rollback from it leads to the wanted version.
fn online(packages: &Packages, wanted: Option<&str>) -> Result<From> {
    let Some(online) = packages.newest(ONLINE) else {
        let why = match packages.newest(ROLLING_BACK) {
            Some(_) => "a rollback is under way already",
            None => "nothing is online",
        };
        return Err(REFUSE.conflict(OPERATION, why));
    };
    let Some(reachable) = &online.rollback_version else {
        return Err(REFUSE.conflict(OPERATION, "the version online has none before it to go back to"));
    };
    if wanted.is_some_and(|wanted| plain(wanted) != plain(reachable)) {
        return Err(Error::unsupported(BAIDU, OPERATION)
            .with_field("version")
            .with_detail(format!("must be the version before the one online, {reachable}")));
    }
    match &online.package_id {
        Some(id) => Ok(From { package_id: id.clone(), leads_to: reachable.clone() }),
        None => Err(REFUSE.conflict(OPERATION, "the package online shows no id")),
    }
}

/// Strips the `v` that `rollback_version` may have although `version` has none.
fn plain(version: &str) -> &str {
    version.strip_prefix(['v', 'V']).unwrap_or(version)
}

#[async_trait]
impl EffectPlan for Rollback {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        Ok(match self {
            Self::From(id) => Preview::new(Self::call(id.as_str())).after(package::list()),
            Self::Looked { .. } | Self::FromVersion(_) => package::looked_up(Self::call("")),
        })
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        let packages = Packages::read(op).await?;
        let from = match self {
            Self::Looked { version } => online(&packages, version.as_deref())?,
            Self::FromVersion(version) => {
                let from = online(&packages, None)?;
                let shown = packages.newest(ONLINE).and_then(|online| online.version.as_deref());
                if shown.map(plain) != Some(plain(version)) {
                    let shown = shown.unwrap_or("one that is not told");
                    let why = format!("version {version} is not online, the version online is {shown}");
                    return Err(REFUSE.conflict(OPERATION, why));
                }
                from
            }
            // After a lost response, a package that was never online would look like one that was rolled back.
            Self::From(id) => {
                let online = online(&packages, None)?;
                if online.package_id != *id {
                    let why = format!("package {id} is not online, package {} is", online.package_id);
                    return Err(REFUSE.conflict(OPERATION, why));
                }
                online
            }
        };
        snapshot::keep(OPERATION, &from)
    }

    fn request(&self, before: &Value) -> Result<Call> {
        Ok(Self::call(package::id_in(OPERATION, before)?))
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let id = package::id_in(OPERATION, &intent.before)?;
        let Some(packages) = Packages::look(op).await? else { return Ok(Finding::Untold("data")) };
        let ours = packages.with_id(id);
        let other_online = packages.0.iter().any(|package| {
            package.status() == Some(ONLINE)
                && package.package_id.as_ref().is_some_and(|other| other.as_str() != id)
        });
        // A package without an id that is not an upload either.
        let unnamed =
            packages.0.iter().any(|package| package.package_id.is_none() && package.upload.is_none());
        Ok(match ours.and_then(Package::status) {
            Some(ONLINE) => Finding::Absent,
            Some(DEVELOPMENT | IN_REVIEW | REJECTED | APPROVED | ROLLING_BACK) => {
                Finding::Done(EffectValue::None)
            }
            None if other_online => Finding::Done(EffectValue::None),
            None if ours.is_some() => Finding::Untold("data.status"),
            None if unnamed => Finding::Untold("data.package_id"),
            _ => Finding::Pending,
        })
    }

    /// A further rollback is a new effect as soon as the version online is not the one that the first rollback led
    /// to.
    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        if matches!(self, Self::From(_)) {
            return Ok(Repeat::Same);
        }
        let Some(packages) = Packages::look(op).await? else {
            return Ok(Repeat::Indeterminate("`data` is missing".to_owned()));
        };
        let expected = intent.before.get("leads_to").and_then(Value::as_str);
        let online = packages.newest(ONLINE);
        Ok(match (expected, online.and_then(|online| online.version.as_deref()), online) {
            (Some(expected), Some(online), _) if plain(expected) == plain(online) => Repeat::Same,
            (Some(_), Some(_), _) => Repeat::New,
            // The package being rolled back is shown until the previous one is online.
            (_, _, None) if packages.newest(ROLLING_BACK).is_some() => Repeat::Same,
            (None, ..) => {
                Repeat::Indeterminate("the version that the first one led to was not reported".to_owned())
            }
            (_, None, _) => Repeat::Indeterminate("the version online is missing".to_owned()),
        })
    }
}
