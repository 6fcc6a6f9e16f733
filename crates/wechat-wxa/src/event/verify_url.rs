//! The GET check of a callback URL.
//!
//! Source: WeChat's message encryption guide. The page for third-party platforms does not describe it; both forms exist.

use std::borrow::Cow;

use miniprogram_core::callback::{CallbackMode, Signed, is_echo, is_nonce, query_parameters, signed_time};
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
        let timestamp = required(timestamp, "the timestamp is missing")?;
        let nonce = required(nonce, "the nonce is missing")?;
        let echo = required(echo, "echostr is missing")?;
        let time = signed_time(&timestamp).ok_or_else(super::envelope::bad_timestamp)?;
        if !is_nonce(&nonce) {
            return Err(refused("the nonce must be 1 to 32 letters, digits, `_` or `-`"));
        }
        if self.config.mode() == CallbackMode::Plain {
            return Err(CallbackCheck::Mode.refuse(WECHAT));
        }
        self.config.check_freshness(WECHAT, time, now)?;
        let (encrypt, signature) = match msg_signature {
            // A plus sign in a query means a space; base64 contains pluses and no spaces.
            Some(signature) => (Some(echo.replace(' ', "+")), signature),
            None => (None, required(signature, "the signature is missing")?),
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

fn required<'q>(value: Option<Cow<'q, str>>, detail: &'static str) -> Result<Cow<'q, str>> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| refused(detail))
}

fn refused(detail: impl Into<String>) -> Error {
    CallbackCheck::Query.because(WECHAT, detail)
}
