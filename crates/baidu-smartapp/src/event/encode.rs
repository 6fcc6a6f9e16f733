//! Encrypted pushes as Baidu sends them, for tests, simulators and gateways.

use miniprogram_core::Result;
use miniprogram_core::callback::{CallbackConfig, Seal};
use miniprogram_core::push::OwnedPush;
use serde_json::json;

use crate::BAIDU;

/// Builds encrypted pushes that [`BaiduEventDecoder`](super::BaiduEventDecoder) accepts. The message is followed by
/// the configured receiver id, or by nothing.
#[derive(Debug, Clone)]
pub struct BaiduEventEncoder {
    config: CallbackConfig,
}

impl BaiduEventEncoder {
    /// Creates an encoder with the same configuration as the matching decoder.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `mode`, if the configuration is plain.
    pub fn new(config: CallbackConfig) -> Result<Self> {
        config.check_sealing(BAIDU)?;
        Ok(Self { config })
    }

    /// Seals a message, the JSON text of one object, and builds the whole push: envelope and content type.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if the time, the nonce or the message's
    /// length breaks the rules that the decoder checks.
    pub fn seal_push(&self, message: &str, seal: &Seal<'_>) -> Result<OwnedPush> {
        let sealed = self.config.seal(message, seal)?;
        let body = json!({
            "Nonce": seal.nonce,
            "TimeStamp": sealed.timestamp,
            "Encrypt": sealed.encrypt,
            "MsgSignature": sealed.signature,
        });
        let push = OwnedPush::new(seal.sent_at, body.to_string().into_bytes());
        Ok(push.with_head("", Some("application/json".to_owned())))
    }
}
