//! The GET check of a callback URL.
//!
//! Source: WeChat's message encryption guide. The page for third-party platforms does not describe it; both forms exist.

use miniprogram_core::callback::{Signed, is_echo, query_parameters, required_parameter};
use miniprogram_core::push::CallbackCheck;
use miniprogram_core::vendor_api::frame::HexCase;
use miniprogram_core::{Error, Result, Timestamp};

use super::WeChatEventDecoder;
use crate::WECHAT;

impl WeChatEventDecoder {
    /// Checks the GET request with which WeChat tests a callback URL, and returns the text to send back unchanged.
    ///
    /// The encrypted form is recognised by its `msg_signature`: `echostr` is a ciphertext, and the reply is its
    /// message. In the plain form `signature` covers token, timestamp and nonce, and the reply is `echostr`
    /// unchanged. The signature does not cover `echostr`, which is therefore restricted to the characters of
    /// [`is_echo`].
    ///
    /// # Errors
    /// [`Callback`](miniprogram_core::ErrorKind::Callback), for the same checks as a push.
    pub fn verify_url(&self, query: &str, now: Timestamp) -> Result<String> {
        const KNOWN: [&str; 5] = ["timestamp", "nonce", "signature", "msg_signature", "echostr"];
        let [timestamp, nonce, signature, msg_signature, echo] =
            query_parameters(query, KNOWN).map_err(|error| refused(error.to_string()))?;
        let timestamp = required_parameter(WECHAT, timestamp, "the timestamp")?;
        let nonce = required_parameter(WECHAT, nonce, "the nonce")?;
        let echo = required_parameter(WECHAT, echo, "echostr")?;
        self.config.check_url_test(WECHAT, &timestamp, &nonce, now)?;
        let (encrypt, signature) = match msg_signature {
            // A plus sign in a query means a space; base64 contains pluses and no spaces.
            Some(signature) => (Some(echo.replace(' ', "+")), signature),
            None => (None, required_parameter(WECHAT, signature, "the signature")?),
        };
        let signed = Signed {
            timestamp: &timestamp,
            nonce: &nonce,
            encrypt: encrypt.as_deref(),
            signature: &signature,
            case: HexCase::Lower,
        };
        self.config.check_signature(WECHAT, &signed)?;
        match encrypt {
            Some(encrypt) => self.config.open(WECHAT, &mut encrypt.into_bytes()).map(str::to_owned),
            None if is_echo(&echo) => Ok(echo.into_owned()),
            None => Err(refused("echostr holds characters that are not sent back")),
        }
    }
}

fn refused(detail: impl Into<String>) -> Error {
    CallbackCheck::Query.because(WECHAT, detail)
}
