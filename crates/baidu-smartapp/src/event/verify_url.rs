//! The check of the message URL.
//!
//! Source: Baidu's third-party-platform documentation, message URL.

use std::borrow::Cow;

use miniprogram_core::callback::{CallbackMode, Signed, is_echo, is_nonce, query_parameters, signed_time};
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
        let timestamp = required(timestamp, "the timestamp is missing")?;
        let nonce = required(nonce, "the nonce is missing")?;
        let signature = required(signature, "the signature is missing")?;
        let echo = required(echo, "echoStr is missing")?;
        let time = signed_time(&timestamp)
            .ok_or_else(|| refused("the timestamp must have 9 to 11 digits, the first not 0"))?;
        if !is_nonce(&nonce) {
            return Err(refused("the nonce must be 1 to 32 letters, digits, `_` or `-`"));
        }
        if self.config.mode() == CallbackMode::Plain {
            return Err(CallbackCheck::Mode.refuse(BAIDU));
        }
        self.config.check_freshness(BAIDU, time, now)?;
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

fn required<'q>(value: Option<Cow<'q, str>>, detail: &'static str) -> Result<Cow<'q, str>> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| refused(detail))
}

fn refused(detail: impl Into<String>) -> Error {
    CallbackCheck::Query.because(BAIDU, detail)
}
