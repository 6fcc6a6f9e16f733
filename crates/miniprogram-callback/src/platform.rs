//! A platform whose callbacks are received.

use std::sync::Arc;

use miniprogram_core::Result;
use miniprogram_core::callback::CallbackProtocol;
use miniprogram_store::PlatformKey;

use crate::limits::misconfigured;

/// A platform of a vendor whose callbacks are received, with the protocol that verifies and reads its pushes.
#[derive(Debug, Clone)]
pub struct CallbackPlatform {
    key: PlatformKey,
    protocol: Arc<dyn CallbackProtocol>,
}

impl CallbackPlatform {
    /// Creates a platform, named in its URLs by vendor and id.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `platform_id`, if the id cannot be part of a URL,
    /// or if the protocol belongs to another platform; naming `vendor`, if the protocol belongs to another
    /// vendor.
    pub fn new(key: PlatformKey, protocol: impl CallbackProtocol) -> Result<Self> {
        if !is_id(key.platform.as_str()) {
            let detail = "must be 1 to 64 letters, digits, `_` or `-`; copy it from the vendor's console";
            return Err(misconfigured("platform_id", detail));
        }
        if protocol.vendor() != key.vendor {
            let detail = format!("is {}, and the protocol is {}'s", key.vendor, protocol.vendor());
            return Err(misconfigured("vendor", detail));
        }
        if protocol.platform_id().is_some_and(|named| *named != key.platform) {
            let detail = "is not the one that the callback configuration names; give the same id to both";
            return Err(misconfigured("platform_id", detail));
        }
        Ok(Self { key, protocol: Arc::new(protocol) })
    }

    /// Returns vendor and id.
    #[must_use]
    pub const fn key(&self) -> &PlatformKey {
        &self.key
    }

    pub(crate) fn protocol(&self) -> &dyn CallbackProtocol {
        self.protocol.as_ref()
    }
}

/// Returns whether a text is allowed as the id of a platform or an app in a URL.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
