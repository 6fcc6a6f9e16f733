//! [`ReleaseManager`] at Baidu: `package/release`, `package/rollback`, `app/pause`, `app/resume`, library versions.

mod publish;
mod rollback;
mod settings;

use async_trait::async_trait;
use miniprogram_core::{
    Command, Effect, Error, GrayRelease, GrayReleasePlan, MinLibraryVersion, ReleaseManager, ReleaseTarget,
    Result, RollbackTarget, RollbackVersion, Visit, VisitStatus,
};

pub(crate) use publish::Release;
pub(crate) use rollback::Rollback;
pub(crate) use settings::{SetMinLibraryVersion, SetVisitStatus};

use crate::BAIDU;
use crate::app_info;
use crate::client::BaiduApp;
use crate::package::{ONLINE, Packages};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ReleaseManager for BaiduApp {
    async fn release(&self, target: &ReleaseTarget) -> Result<Effect> {
        let command = Command::Release { target: target.clone() };
        Ok(self.pipeline.effect(&self.app, self, command).await?.into_unit())
    }

    async fn rollback(&self, target: &RollbackTarget) -> Result<Effect> {
        let command = Command::Rollback { target: target.clone() };
        Ok(self.pipeline.effect(&self.app, self, command).await?.into_unit())
    }

    async fn rollback_targets(&self) -> Result<Vec<RollbackVersion>> {
        let mut op = self.pipeline.begin(&self.app, "rollback_targets");
        let packages = Packages::read(&mut op).await?;
        let before = packages.newest(ONLINE).and_then(|online| online.rollback_version.as_deref());
        Ok(before.map(RollbackVersion::new).into_iter().collect())
    }

    async fn start_gray_release(&self, _gray: GrayRelease) -> Result<Effect> {
        Err(Error::unsupported(BAIDU, "start_gray_release"))
    }

    async fn gray_release_plan(&self) -> Result<Option<GrayReleasePlan>> {
        Err(Error::unsupported(BAIDU, "gray_release_plan"))
    }

    async fn cancel_gray_release(&self) -> Result<Effect> {
        Err(Error::unsupported(BAIDU, "cancel_gray_release"))
    }

    async fn set_visit_status(&self, status: VisitStatus) -> Result<Effect> {
        let command = Command::SetVisitStatus { status };
        Ok(self.pipeline.effect(&self.app, self, command).await?.into_unit())
    }

    async fn visit_status(&self) -> Result<Visit> {
        let mut op = self.pipeline.begin(&self.app, "visit_status");
        app_info::read_visit(&mut op).await
    }

    async fn min_library_version(&self) -> Result<MinLibraryVersion> {
        let mut op = self.pipeline.begin(&self.app, "min_library_version");
        settings::read_library_version(&mut op).await
    }

    async fn set_min_library_version(&self, version: &str) -> Result<Effect> {
        let command = Command::SetMinLibraryVersion { version: version.to_owned() };
        Ok(self.pipeline.effect(&self.app, self, command).await?.into_unit())
    }
}
