//! What the command line builds a vendor's clients and decoders from.

use miniprogram::callback::{BodyFormat, CallbackConfig};
use miniprogram::{ClientConfig, Error, ErrorKind, PlatformId, Result, Secret};

/// What a platform is built from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlatformConfig {
    /// Platform id, tokens, base URL, timeouts, journal.
    pub client: ClientConfig,
    /// The platform's credential if the vendor [signs requests](crate::VendorEntry::signs_requests) with it; `None` if
    /// nothing will be sent.
    pub credential: Option<Secret>,
}

impl PlatformConfig {
    /// Creates a configuration without a credential.
    #[must_use]
    pub const fn new(client: ClientConfig) -> Self {
        Self { client, credential: None }
    }

    /// Creates a configuration with which nothing can be sent.
    #[must_use]
    pub fn without_secrets() -> Self {
        Self::new(ClientConfig::without_tokens(""))
    }

    /// Sets the credential that signs requests.
    #[must_use]
    pub fn with_credential(mut self, credential: Secret) -> Self {
        self.credential = Some(credential);
        self
    }
}

/// What the pushes of a platform are verified and read with.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PushSettings {
    /// The platform; `None` in `events decode` if it is not given.
    pub platform_id: Option<PlatformId>,
    /// The token that signs pushes; `None` in `events decode --plain` alone.
    pub token: Option<Secret>,
    /// The AES key, if the vendor [encrypts pushes](crate::VendorEntry::encrypts_pushes).
    pub aes_key: Option<Secret>,
    /// The AES key before this one, while the vendor still uses it.
    pub previous_aes_key: Option<Secret>,
    /// The receiver id at the end of an encrypted frame.
    pub receiver_id: Option<String>,
    /// The format of pushes, where a platform has to say which.
    pub body_format: BodyFormat,
    /// Whether the vendor's acceptance test is to be answered.
    pub acceptance_test: bool,
}

impl PushSettings {
    /// Returns the configuration of a decoder of signed and encrypted pushes, or of plain ones if there is no
    /// token.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the field that is missing or not valid.
    pub fn callback_config(&self) -> Result<CallbackConfig> {
        let mut config = match (&self.token, &self.aes_key) {
            (None, _) => CallbackConfig::plain(),
            (Some(token), Some(key)) => CallbackConfig::encrypted(token.clone(), key)?,
            (Some(_), None) => {
                return Err(Error::new(ErrorKind::Config, "callback_config")
                    .with_field("aes_key")
                    .with_detail("is missing")
                    .with_advice("copy it from the vendor's console"));
            }
        };
        if let Some(previous) = &self.previous_aes_key {
            config = config.with_previous_key(previous)?;
        }
        if let Some(receiver) = &self.receiver_id {
            config = config.with_receiver_id(receiver.clone())?;
        }
        if let Some(platform) = &self.platform_id {
            config = config.with_platform_id(platform.clone());
        }
        Ok(config.with_body_format(self.body_format))
    }
}
