//! The envelope of an encrypted push. Nothing here is authenticated yet.

use std::borrow::Cow;

use miniprogram_core::Result;
use miniprogram_core::callback::{Sealed, Signed, envelope_fields, is_nonce, signed_time, without_bom};
use miniprogram_core::push::CallbackCheck;
use miniprogram_core::vendor_api::frame::HexCase;

use crate::BAIDU;

pub(super) struct Envelope<'a> {
    nonce: Cow<'a, str>,
    timestamp: Cow<'a, str>,
    /// The timestamp in epoch seconds.
    pub(super) time: i64,
    encrypt: Cow<'a, str>,
    signature: Cow<'a, str>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self> {
        const KNOWN: [&str; 4] = ["Nonce", "TimeStamp", "Encrypt", "MsgSignature"];
        let refused = |detail: &str| CallbackCheck::Envelope.because(BAIDU, detail);
        let text = std::str::from_utf8(body).map_err(|_| refused("the envelope is not UTF-8"))?;
        let fields =
            envelope_fields(without_bom(text), KNOWN).map_err(|error| refused(&error.to_string()))?;
        let [nonce, timestamp, encrypt, signature] = fields;
        if encrypt.is_none() && signature.is_none() {
            let detail = "the push is plain, only encrypted ones are accepted";
            return Err(CallbackCheck::Mode.because(BAIDU, detail));
        }
        let nonce = nonce
            .and_then(|field| field.into_decimal())
            .filter(|nonce| is_nonce(nonce))
            .ok_or_else(|| refused("the Nonce must be 1 to 32 letters, digits, `_` or `-`"))?;
        // A number is signed as its decimal text.
        let timestamp = timestamp.and_then(|field| field.into_decimal());
        let (timestamp, time) = timestamp
            .and_then(|text| signed_time(&text).map(|time| (text, time)))
            .ok_or_else(|| refused("the TimeStamp must have 9 to 11 digits, the first not 0"))?;
        let encrypt =
            encrypt.and_then(|field| field.into_text()).ok_or_else(|| refused("Encrypt is not a string"))?;
        let signature = signature
            .and_then(|field| field.into_text())
            .ok_or_else(|| refused("MsgSignature is not a string"))?;
        Ok(Self { nonce, timestamp, time, encrypt, signature })
    }

    pub(super) fn signed(&self) -> Signed<'_> {
        Signed {
            timestamp: &self.timestamp,
            nonce: &self.nonce,
            encrypt: Some(&self.encrypt),
            signature: &self.signature,
            case: HexCase::Either,
        }
    }

    pub(super) fn sealed(&self, body: &[u8]) -> Sealed {
        Sealed::locate(body, &self.encrypt)
    }
}
