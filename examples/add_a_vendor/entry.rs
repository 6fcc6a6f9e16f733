//! What the command line knows about Acme.

use std::sync::Arc;

use miniprogram_cli::{PlatformConfig, PushSettings, VendorEntry};
use miniprogram_core::authorization::AuthorizationApi;
use miniprogram_core::callback::CallbackProtocol;
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::vendor_api::codes::Explanation;
use miniprogram_core::*;

use super::acme::{ACME, AcmeAuthorization, AcmeCallback, AcmePlatform, CODES, Key};

#[derive(Debug)]
pub(crate) struct AcmeEntry;

// guide: entry
impl VendorEntry for AcmeEntry {
    fn vendor(&self) -> Vendor {
        ACME
    }

    /// Without a key nothing is sent, and nothing is signed.
    fn platform(&self, config: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>> {
        let key = Key::new(config.credential.unwrap_or(Secret::new("")));
        Ok(Box::new(AcmePlatform::new(config.client, key)?))
    }

    fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
        CODES.explain(code, operation)
    }

    fn credential(&self) -> &'static str {
        "signing_key"
    }

    fn signs_requests(&self) -> bool {
        true
    }

    fn authorization(
        &self,
        config: ClientConfig,
        credential: Secret,
        _pages: Option<BaseUrl>,
    ) -> Result<Arc<dyn AuthorizationApi>> {
        Ok(Arc::new(AcmeAuthorization::new(config, Key::new(credential))?))
    }

    fn callback(&self, settings: &PushSettings) -> Result<Box<dyn CallbackProtocol>> {
        let missing = |field: &'static str| {
            Error::new(ErrorKind::Config, "callback")
                .for_vendor(ACME)
                .with_field(field)
                .with_detail("is missing")
        };
        let platform = settings.platform_id.clone().ok_or_else(|| missing("id"))?;
        let key = settings.token.clone().ok_or_else(|| missing("token"))?;
        Ok(Box::new(AcmeCallback::new(platform, Key::new(key))))
    }
}
// end
