//! The check of the message URL.
//!
//! Source: Baidu's third-party-platform documentation, message URL.

use miniprogram_core::callback::{Signed, is_echo, query_parameters, required_parameter};
use miniprogram_core::push::CallbackCheck;
use miniprogram_core::vendor_api::frame::HexCase;
use miniprogram_core::{Error, Result, Timestamp};

use super::BaiduEventDecoder;
use crate::BAIDU;

impl BaiduEventDecoder {
    /// Checks the request with which Baidu tests the message URL, and returns the text to send back unchanged.
    ///
    /// `parameters` is the query or the form body, whichever contains `signature`, `timestamp`, `nonce` and
    /// `echoStr`. The signature does not cover `echoStr`, which is therefore restricted to the characters of
    /// [`is_echo`].
    ///
    /// # Errors
    /// [`Callback`](miniprogram_core::ErrorKind::Callback), for the same checks as a push.
    pub fn verify_url(&self, parameters: &str, now: Timestamp) -> Result<String> {
        const KNOWN: [&str; 4] = ["timestamp", "nonce", "signature", "echoStr"];
        let [timestamp, nonce, signature, echo] =
            query_parameters(parameters, KNOWN).map_err(|error| refused(error.to_string()))?;
        let timestamp = required_parameter(BAIDU, timestamp, "the timestamp")?;
        let nonce = required_parameter(BAIDU, nonce, "the nonce")?;
        let signature = required_parameter(BAIDU, signature, "the signature")?;
        let echo = required_parameter(BAIDU, echo, "echoStr")?;
        self.config.check_url_test(BAIDU, &timestamp, &nonce, now)?;
        let signed = Signed {
            timestamp: &timestamp,
            nonce: &nonce,
            encrypt: None,
            signature: &signature,
            case: HexCase::Either,
        };
        self.config.check_signature(BAIDU, &signed)?;
        if is_echo(&echo) {
            Ok(echo.into_owned())
        } else {
            Err(refused("echoStr holds characters that are not sent back"))
        }
    }
}

fn refused(detail: impl Into<String>) -> Error {
    CallbackCheck::Query.because(BAIDU, detail)
}
