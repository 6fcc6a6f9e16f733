//! What the vendors say about a plan before it is started: quotas, and the versions online. Reads only.

use std::collections::BTreeMap;
use std::sync::Arc;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::token::TokenScope;
use miniprogram::{AppId, MiniProgram, MiniProgramPlatform, Stage, Vendor};
use miniprogram_rollout::plan::{KnownQuota, Plan, VendorSettings};
use miniprogram_store::{GrantState, PlatformKey, Store};
use serde::Serialize;

use crate::config::Settings;
use crate::context::Context;
use crate::failure::Failure;
use crate::paced::Pace;

/// How many apps of a plan are looked up for one that has a token.
const LOOKED_UP: usize = 100;

/// What a vendor says about a plan.
pub(super) struct Prospect {
    pub(super) vendor: Vendor,
    /// Its audit quota, or why it is not known.
    pub(super) quota: Result<KnownQuota, String>,
    /// The versions online; empty if they were not asked for.
    pub(super) changes: Vec<Change>,
}

/// Apps that have the same version online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    vendor: Vendor,
    /// The version online; absent if there is none, or it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<String>,
    /// What the plan replaces it with.
    version: String,
    apps: u64,
    /// Why it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<String>,
}

impl Prospect {
    /// Asks every vendor of a plan, or returns why one cannot be asked.
    pub(super) async fn of_all(
        context: &Context,
        settings: &Settings,
        plan: &Plan,
        reads_versions: bool,
    ) -> Result<Vec<Self>, Failure> {
        let mut prospects = Vec::new();
        for own in &plan.settings().vendors {
            let desk = Desk::of(context, settings, own.vendor).await?;
            let quota = match &desk {
                Ok(desk) => desk.quota(plan).await,
                Err(why) => Err(why.clone()),
            };
            let changes = if reads_versions { changes(&desk, plan, own).await } else { Vec::new() };
            prospects.push(Self { vendor: own.vendor, quota, changes });
        }
        Ok(prospects)
    }

    /// How many submissions are left to this rollout, for a table.
    pub(super) fn left(&self, settings: &VendorSettings) -> String {
        let Ok(known) = &self.quota else { return "unknown".to_owned() };
        let quota = &known.quota;
        match quota.remaining {
            _ if quota.unlimited => "unlimited".to_owned(),
            None => "unknown".to_owned(),
            Some(left) => {
                let whole = quota.limit.unwrap_or(left);
                let kept = settings.quota_kept.of(usize::try_from(whole).unwrap_or(usize::MAX));
                let left = left.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX));
                let each = if quota.shared { "" } else { " per app" };
                format!("{left}{each}")
            }
        }
    }

    /// What a table cannot say.
    pub(super) fn remark(&self) -> Option<String> {
        let vendor = self.vendor;
        match &self.quota {
            Err(why) => Some(format!("{vendor}: the audit quota is unknown: {why}")),
            Ok(known) => {
                let refill = known.refilled_at().filter(|_| known.quota.shared)?;
                Some(format!("{vendor}: the audit quota is full again at {refill}"))
            }
        }
    }
}

/// The versions that the apps of a vendor have online.
async fn changes(desk: &Result<Desk, String>, plan: &Plan, own: &VendorSettings) -> Vec<Change> {
    let apps = plan.apps().filter(|planned| planned.target.vendor == own.vendor);
    let apps: Vec<AppId> = apps.map(|planned| planned.target.app_id).collect();
    let found = match desk {
        Err(why) => vec![Err(why.clone()); apps.len()],
        Ok(desk) => {
            let platform = &desk.platform;
            Pace::of(own, 1.0).each(apps, |app| version_of(platform.authorizer(app))).await
        }
    };
    let mut counts: BTreeMap<Result<Option<String>, String>, u64> = BTreeMap::new();
    for version in found {
        *counts.entry(version).or_default() += 1;
    }
    let change = |(found, apps): (Result<Option<String>, String>, u64)| {
        let (online, unread) = match found {
            Ok(online) => (online, None),
            Err(why) => (None, Some(why)),
        };
        Change { vendor: own.vendor, online, version: own.version.clone(), apps, unread }
    };
    counts.into_iter().map(change).collect()
}

/// The version that an app has online.
async fn version_of(app: Box<dyn MiniProgram>) -> Result<Option<String>, String> {
    let versions = app.code_versions().await.map_err(|error| error.to_string())?;
    let online = versions.into_iter().find(|version| version.stage == Stage::Released);
    Ok(online.and_then(|version| version.version))
}

/// The version that one app of a plan has online, with the given token or that of the store; or why it is not known.
pub(super) async fn online(
    context: &Context,
    settings: &Settings,
    vendor: Vendor,
    app: &AppId,
) -> Result<Result<Option<String>, String>, Failure> {
    if context.has_token() && context.named_vendor().is_some_and(|entry| entry.vendor() == vendor) {
        return Ok(version_of(context.target().await?.program()?).await);
    }
    Ok(match Desk::of(context, settings, vendor).await? {
        Err(why) => Err(why),
        Ok(desk) => match desk.has_token(app).await {
            true => version_of(desk.platform.authorizer(app.clone())).await,
            false => Err("the store has no authorization of this app".to_owned()),
        },
    })
}

/// A vendor that can be asked with the tokens of the store.
struct Desk {
    platform: Box<dyn MiniProgramPlatform>,
    key: PlatformKey,
    store: Arc<dyn Store>,
}

impl Desk {
    /// The platform of a vendor, or why there is none to ask.
    async fn of(
        context: &Context,
        settings: &Settings,
        vendor: Vendor,
    ) -> Result<Result<Self, String>, Failure> {
        if settings.store()?.is_none() {
            return Ok(Err("there is no store with tokens".to_owned()));
        }
        let [platform] = settings.named(Some(vendor), context.platform_id())[..] else {
            return Ok(Err(format!("the configuration does not have exactly one platform of {vendor}")));
        };
        let config = context.journaled_client(settings, platform).await?;
        let store = context.open(settings).await?;
        Ok(Ok(Self { platform: platform.entry.platform(config)?, key: platform.key(), store }))
    }

    async fn has_token(&self, app: &AppId) -> bool {
        let scope = TokenScope::authorizer(self.key.vendor, self.key.platform.clone(), app.clone());
        let record = self.store.token(&scope).await;
        record.is_ok_and(|record| record.is_some_and(|record| record.state == GrantState::Active))
    }

    /// The audit quota, as asked for the first app of a plan that has a token.
    async fn quota(&self, plan: &Plan) -> Result<KnownQuota, String> {
        let apps = plan.apps().filter(|planned| planned.target.vendor == self.key.vendor);
        for planned in apps.take(LOOKED_UP) {
            let app = planned.target.app_id;
            if self.has_token(&app).await {
                let quota = self.platform.authorizer(app).audit_quota().await;
                let quota = quota.map_err(|error| error.to_string())?;
                return Ok(KnownQuota::new(quota, SystemClock.now()));
            }
        }
        Err("no app of the plan has authorized the platform".to_owned())
    }
}
