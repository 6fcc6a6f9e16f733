//! What users see: releases, rollbacks, gray releases, visibility, library versions.

mod gray;
mod publish;
mod rollback;
mod settings;

use async_trait::async_trait;
use miniprogram_core::{
    Command, Effect, GrayRelease, GrayReleasePlan, LibraryUsage, MinLibraryVersion, ReleaseManager,
    ReleaseTarget, Result, RollbackTarget, RollbackVersion, Visit, VisitStatus,
};

pub(crate) use gray::{CancelGrayRelease, StartGrayRelease};
pub(crate) use publish::Release;
pub(crate) use rollback::Rollback;
pub(crate) use settings::{SetMinLibraryVersion, SetVisitStatus};

use crate::client::{self, WeChatApp};
use crate::codes::VISIT;
use crate::dialect::told;
use crate::wire;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ReleaseManager for WeChatApp {
    async fn release(&self, target: &ReleaseTarget) -> Result<Effect> {
        Ok(self.effect(Command::Release { target: target.clone() }).await?.into_unit())
    }

    async fn rollback(&self, target: &RollbackTarget) -> Result<Effect> {
        Ok(self.effect(Command::Rollback { target: target.clone() }).await?.into_unit())
    }

    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
        let versions = rollback::read_history(&mut self.begin("rollback_targets")).await?;
        Ok(versions
            .into_iter()
            .map(|row| {
                RollbackVersion::new(row.user_version)
                    .with_app_version(Some(row.app_version))
                    .with_commit(row.user_desc, wire::time(row.commit_time))
            })
            .collect())
    }

    async fn start_gray_release(&self, gray: GrayRelease) -> Result<Effect> {
        Ok(self.effect(Command::StartGrayRelease { gray }).await?.into_unit())
    }

    async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
        gray::read_plan(&mut self.begin("gray_release_plan")).await
    }

    async fn cancel_gray_release(&self) -> Result<Effect> {
        Ok(self.effect(Command::CancelGrayRelease).await?.into_unit())
    }

    async fn set_visit_status(&self, status: VisitStatus) -> Result<Effect> {
        Ok(self.effect(Command::SetVisitStatus { status }).await?.into_unit())
    }

    async fn visit_status(&self) -> Result<Visit> {
        let call = settings::visit_call();
        let visit: wire::VisitReply = client::read(&mut self.begin("visit_status"), &call).await?;
        let (status, raw) = VISIT.translate(visit.status);
        Ok(Visit::new(status, Some(raw)))
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        let call = settings::library_call();
        let library: wire::Library = client::read(&mut self.begin("min_library_version"), &call).await?;
        let usage = library.uv_info.unwrap_or_default().items;
        let usage = usage.into_iter().map(|row| LibraryUsage::new(row.version, row.percentage)).collect();
        Ok(MinLibraryVersion::new(told(library.now_version), usage))
    }

    async fn set_min_library_version(&self, version: &str) -> Result<Effect> {
        Ok(self.effect(Command::SetMinLibraryVersion { version: version.to_owned() }).await?.into_unit())
    }
}
