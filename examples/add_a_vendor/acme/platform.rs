//! The platform's handle: it makes the handles of apps.

use miniprogram_core::vendor_api::pipeline::{EffectPlan, EffectSource, Pipeline};
use miniprogram_core::{
    AppId, Capabilities, ClientConfig, Command, Error, EventDecoder, GrayReleaseSupport, MiniProgram,
    MiniProgramPlatform, Result, Subject, SubjectId, subject,
};

use super::dialect::AcmeDialect;
use super::{ACME, AcmeApp, AcmeCallback, Key};

// guide: capabilities
pub const CAPABILITIES: Capabilities =
    Capabilities::new().with_gray_release(GrayReleaseSupport::Steps(&[10, 30, 50])).with_app_id_in_pushes();
// end

/// The client of a platform at Acme. Clones share connections and state.
#[derive(Debug, Clone)]
pub struct AcmePlatform {
    pipeline: Pipeline,
    key: Key,
}

impl AcmePlatform {
    /// Creates a client from a configuration and the platform's key.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig, key: Key) -> Result<Self> {
        let dialect = AcmeDialect { platform: config.platform_id.clone(), key: key.clone() };
        Ok(Self { pipeline: Pipeline::new(config, dialect)?, key })
    }

    /// Returns the handle of an app.
    pub fn app(&self, app: AppId) -> AcmeApp {
        AcmeApp { pipeline: self.pipeline.clone(), app }
    }
}

/// Acme's platforms have no effects of their own.
impl EffectSource for AcmePlatform {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        Err(Error::unsupported(ACME, command.operation().as_str()))
    }
}

// guide: handles
subject!(AcmePlatform, |platform| platform.pipeline, platform.pipeline.platform_id());

impl MiniProgramPlatform for AcmePlatform {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram> {
        Box::new(self.app(app))
    }

    fn subject(&self, id: &SubjectId) -> Result<Box<dyn Subject>> {
        Ok(match self.pipeline.subject(id)?.app() {
            Some(app) => Box::new(self.app(app.clone())),
            None => Box::new(self.clone()),
        })
    }

    fn event_decoder(&self) -> Result<Box<dyn EventDecoder>> {
        Ok(Box::new(AcmeCallback::new(self.pipeline.platform_id().clone(), self.key.clone())))
    }
}
// end
