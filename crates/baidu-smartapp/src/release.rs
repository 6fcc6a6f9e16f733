//! [`ReleaseManager`] at Baidu: `package/release`, `package/rollback`, `app/pause`, `app/resume`, library versions.

mod publish;
mod rollback;
mod settings;

use async_trait::async_trait;
use miniprogram_core::model::{MinLibraryVersion, RollbackVersion, Visit};
use miniprogram_core::{ReleaseManager, Result};

pub(crate) use publish::Release;
pub(crate) use rollback::Rollback;
pub(crate) use settings::{set_min_library_version, set_visit_status};

use crate::app_info;
use crate::client::BaiduApp;
use crate::package::{ONLINE, Packages};

#[async_trait]
impl ReleaseManager for BaiduApp {
    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
        let mut op = self.pipeline.begin(&self.app, "rollback_targets");
        let packages = Packages::read(&mut op).await?;
        let before = packages.newest(ONLINE).and_then(|online| online.rollback_version.as_deref());
        Ok(before.map(RollbackVersion::new).into_iter().collect())
    }

    async fn visit_status(&self) -> Result<Visit> {
        let mut op = self.pipeline.begin(&self.app, "visit_status");
        app_info::visit_of(&op.read(&app_info::call()).await?)
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        let mut op = self.pipeline.begin(&self.app, "min_library_version");
        settings::library_version(&op.read(&settings::library_call()).await?)
    }
}
