//! What the command line knows about a vendor.

use std::fmt::Debug;
use std::sync::Arc;

use miniprogram::callback::{BodyFormat, CallbackConfig, CallbackProtocol};
use miniprogram::codes::Explanation;
use miniprogram::{
    AuthorizationApi, BaseUrl, Capabilities, ClientConfig, Code, Error, ErrorKind, EventDecoder,
    EventHandler, MiniProgramPlatform, PlatformId, Result, Secret, Vendor,
};
use miniprogram_tokens::TokenManager;

use super::alliance::Alliance;
use super::app::AppAdmin;
use super::calls::RawCalls;

/// A vendor, as the command line sees it.
///
/// Three methods are required. With these alone the vendor has the verbs of `code`, `audit`, `release`, `template`
/// and `effects`, and `vendors` and `explain`. Each provided method adds something; what is not implemented ends
/// with exit code 3, *unsupported*.
///
/// An entry performs no I/O of its own: it builds the clients of its vendor crate.
pub trait VendorEntry: Debug + Send + Sync + 'static {
    /// Returns the vendor. Its name is the value of `--vendor` and of `vendor` in the configuration.
    fn vendor(&self) -> Vendor;

    /// Builds a platform.
    ///
    /// # Errors
    /// Those of the vendor's client, such as [`Config`](ErrorKind::Config).
    fn platform(&self, config: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>>;

    /// Explains a code, for `explain`. With an operation, the code's meaning for that operation is preferred.
    fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation;

    /// Returns the operations that [`explain`](Self::explain) distinguishes: method names, endpoint paths, names
    /// of tables.
    fn operations(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Returns what the vendor can do, for `vendors`. By default this asks a platform built without any secret.
    ///
    /// # Errors
    /// Those of [`platform`](Self::platform).
    fn capabilities(&self) -> Result<Capabilities> {
        Ok(self.platform(PlatformConfig::without_secrets())?.capabilities())
    }

    /// Returns the crate whose events `MINIPROGRAM_LOG` shows.
    fn log_target(&self) -> Option<&'static str> {
        None
    }

    /// Returns the configuration field with the credential by which the platform authenticates itself.
    fn credential(&self) -> &'static str {
        "secret"
    }

    /// Returns whether requests are signed with the credential. If so, [`PlatformConfig::credential`] is set
    /// whenever requests are sent.
    fn signs_requests(&self) -> bool {
        false
    }

    /// Builds the calls of a platform's token chain, for `auth` and for the tokens of every other command.
    /// `pages` is the base URL of the vendor's authorization pages if it is not the vendor's own.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) by default; otherwise those of the vendor's client.
    fn authorization(
        &self,
        _config: ClientConfig,
        _credential: Secret,
        _pages: Option<BaseUrl>,
    ) -> Result<Arc<dyn AuthorizationApi>> {
        Err(Error::unsupported(self.vendor(), "authorization"))
    }

    /// Builds the protocol that receives a platform's pushes, for `events serve`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) by default; otherwise [`Config`](ErrorKind::Config).
    fn callback(&self, _settings: &PushSettings) -> Result<Box<dyn CallbackProtocol>> {
        Err(Error::unsupported(self.vendor(), "events"))
    }

    /// Builds a decoder of pushes, for `events decode`. By default it is the [protocol](Self::callback).
    ///
    /// # Errors
    /// As [`callback`](Self::callback).
    fn decoder(&self, settings: &PushSettings) -> Result<Box<dyn EventDecoder>> {
        let protocol: Box<dyn EventDecoder> = self.callback(settings)?;
        Ok(protocol)
    }

    /// Returns whether pushes are encrypted with an AES key, which then has to be configured next to the token.
    fn encrypts_pushes(&self) -> bool {
        false
    }

    /// Returns whether the vendor writes pushes as XML or as JSON, so that a platform has to say which.
    fn chooses_body_format(&self) -> bool {
        false
    }

    /// Returns the receiver id at the end of an encrypted frame if the configuration has none; `None` if it is not
    /// checked.
    fn receiver_id(&self, _platform: &PlatformId) -> Option<String> {
        None
    }

    /// Returns what a platform appends to its URL for messages so that the vendor puts the app id there; empty if
    /// messages name the app themselves.
    fn app_in_url(&self) -> &'static str {
        ""
    }

    /// Returns the text after which a push's text goes on with a secret.
    fn secret_prefix(&self) -> Option<&'static str> {
        None
    }

    /// Builds the handler of the test that the vendor runs before a platform goes public, for
    /// `events serve --acceptance-test`; `None` if the vendor runs none.
    ///
    /// # Errors
    /// Those of [`platform`](Self::platform).
    fn acceptance_test(
        &self,
        _tokens: TokenManager,
        _platforms: Vec<PlatformConfig>,
    ) -> Result<Option<Arc<dyn EventHandler>>> {
        Ok(None)
    }

    /// Returns the calls of `call`.
    fn raw_calls(&self) -> Option<Arc<dyn RawCalls>> {
        None
    }

    /// Returns the verbs of `app`.
    fn app_admin(&self) -> Option<Arc<dyn AppAdmin>> {
        None
    }

    /// Returns the verbs of `alliance`.
    fn alliance(&self) -> Option<Arc<dyn Alliance>> {
        None
    }
}

/// What a platform is built from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlatformConfig {
    /// Platform id, tokens, base URL, timeouts, journal.
    pub client: ClientConfig,
    /// The platform's credential if the vendor [signs requests](VendorEntry::signs_requests) with it; `None` if
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
    /// The AES key, if the vendor [encrypts pushes](VendorEntry::encrypts_pushes).
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
