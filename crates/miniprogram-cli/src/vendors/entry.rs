//! What the command line knows about a vendor.

use std::fmt::Debug;
use std::sync::Arc;

use miniprogram::authorization::AuthorizationApi;
use miniprogram::callback::CallbackProtocol;
use miniprogram::transport::BaseUrl;
use miniprogram::vendor_api::codes::Explanation;
use miniprogram::{
    Capabilities, ClientConfig, Code, Error, EventDecoder, EventHandler, MiniProgramPlatform, PlatformId,
    Result, Secret, Vendor,
};
use miniprogram_tokens::TokenManager;

use super::alliance::Alliance;
use super::app::AppAdmin;
use super::calls::RawCalls;
use super::setup::{PlatformConfig, PushSettings};

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
    /// Those of the vendor's client, such as [`Config`](miniprogram::ErrorKind::Config).
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
    /// Without such calls, no token is renewed: `serve` receives pushes alone, and other commands use the tokens
    /// that another program has put into the store. To find that out, this is also called with an empty credential.
    ///
    /// # Errors
    /// [`Unsupported`](miniprogram::ErrorKind::Unsupported) by default; otherwise those of the vendor's client.
    fn authorization(
        &self,
        _config: ClientConfig,
        _credential: Secret,
        _pages: Option<BaseUrl>,
    ) -> Result<Arc<dyn AuthorizationApi>> {
        Err(Error::unsupported(self.vendor(), "authorization"))
    }

    /// Returns the parameter with the code in the address to which the vendor sends the merchant's browser back: that of
    /// OAuth 2.0 (RFC 6749, section 4.1.2) unless the vendor has another one.
    fn code_parameter(&self) -> &'static str {
        "code"
    }

    /// Returns the ids of the permissions without which uploads, audits and releases are refused, for `doctor`. They are
    /// those of [`AuthorizerInfo`](miniprogram::authorization::AuthorizerInfo).
    fn required_permissions(&self) -> &'static [&'static str] {
        &[]
    }

    /// Builds the protocol that receives a platform's pushes, for `serve`.
    ///
    /// # Errors
    /// [`Unsupported`](miniprogram::ErrorKind::Unsupported) by default; otherwise
    /// [`Config`](miniprogram::ErrorKind::Config).
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
    /// `serve --acceptance-test`; `None` if the vendor runs none.
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

    /// Returns the options of `audit submit` that this vendor takes and others may not, such as `content`, each with
    /// a note for the help, such as `required`, which may be empty.
    fn submit_options(&self) -> &'static [(&'static str, &'static str)] {
        &[]
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
