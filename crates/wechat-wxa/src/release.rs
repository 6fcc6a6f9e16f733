//! Everything users see: releases, rollbacks, gray releases, visibility, library versions.

mod gray;
mod options;
mod publish;
mod rollback;
mod settings;

use async_trait::async_trait;
use miniprogram_core::model::{GrayReleasePlan, MinLibraryVersion, RollbackVersion, Visit};
use miniprogram_core::{ReleaseManager, Result};

pub(crate) use gray::{CancelGrayRelease, StartGrayRelease};
pub use options::GrayReleaseOptions;
pub(crate) use publish::Release;
pub(crate) use rollback::Rollback;
pub(crate) use settings::{set_min_library_version, set_visit_status};

use crate::client::WeChatApp;
use crate::wire;

#[async_trait]
impl ReleaseManager for WeChatApp {
    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
        let versions = rollback::read_history(&mut self.begin("rollback_targets")).await?;
        Ok(versions
            .into_iter()
            .map(|row| {
                // If the text is not reported, the number names the version: a rollback accepts both.
                let number = row.app_version.map(|number| number.to_string());
                RollbackVersion::new(row.user_version.or(number).unwrap_or_default())
                    .with_app_version(row.app_version)
                    .with_commit(row.user_desc, wire::time(row.commit_time))
            })
            .collect())
    }

    async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
        Ok(gray::read_plan(&mut self.begin("gray_release_plan")).await?.plan())
    }

    async fn visit_status(&self) -> Result<Visit> {
        settings::visit_of(&self.begin("visit_status").read(&settings::visit_call()).await?)
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        let reply = self.begin("min_library_version").read(&settings::library_call()).await?;
        settings::library_version(&reply)
    }
}
