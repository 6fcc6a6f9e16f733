//! The outer layer of an encrypted push: query and envelope. Nothing here is authenticated yet.

use std::borrow::Cow;

use miniprogram_core::callback::{
    BodyFormat, check_nonce_parameter, envelope_fields, query_parameters, timestamp_parameter, without_bom,
};
use miniprogram_core::push::CallbackCheck;
use miniprogram_core::{Error, Result};

use super::xml::{Malformed, Step, Xml};
use crate::WECHAT;

/// The parameters of a push, each at most once; the parameters that are read are well-formed.
pub(super) struct Query<'q> {
    timestamp: Option<Cow<'q, str>>,
    nonce: Option<Cow<'q, str>>,
    msg_signature: Option<Cow<'q, str>>,
}

impl<'q> Query<'q> {
    pub(super) fn read(query: &'q str) -> Result<Self> {
        const KNOWN: [&str; 7] =
            ["timestamp", "nonce", "msg_signature", "signature", "encrypt_type", "openid", "echostr"];
        let [timestamp, nonce, msg_signature, ..] = query_parameters(query, KNOWN)
            .map_err(|error| CallbackCheck::Query.because(WECHAT, error.to_string()))?;
        timestamp.as_deref().map(|text| timestamp_parameter(WECHAT, text)).transpose()?;
        nonce.as_deref().map(|text| check_nonce_parameter(WECHAT, text)).transpose()?;
        Ok(Self { timestamp, nonce, msg_signature })
    }

    pub(super) fn timestamp(&self) -> Result<&str> {
        self.timestamp.as_deref().ok_or_else(|| missing("the timestamp is missing"))
    }

    pub(super) fn nonce(&self) -> Result<&str> {
        self.nonce.as_deref().ok_or_else(|| missing("the nonce is missing"))
    }

    pub(super) fn msg_signature(&self) -> Result<&str> {
        self.msg_signature.as_deref().ok_or_else(|| missing("msg_signature is missing"))
    }
}

fn missing(detail: &'static str) -> Error {
    CallbackCheck::Query.because(WECHAT, detail)
}

/// Reads the ciphertext of an envelope; `None` if there is none. Plain fields next to it are ignored.
pub(super) fn read(body: &[u8], format: BodyFormat) -> Result<Option<Cow<'_, str>>> {
    let refused = |detail: &str| CallbackCheck::Envelope.because(WECHAT, detail);
    let text = std::str::from_utf8(body).map_err(|_| refused("the envelope is not UTF-8"))?;
    match format {
        BodyFormat::Xml => read_xml(text).map_err(|Malformed(detail)| refused(detail)),
        BodyFormat::Json => {
            const KNOWN: [&str; 3] = ["Encrypt", "AppId", "ToUserName"];
            let [encrypt, ..] =
                envelope_fields(without_bom(text), KNOWN).map_err(|error| refused(&error.to_string()))?;
            encrypt
                .map(|field| field.into_text().ok_or_else(|| refused("Encrypt is not a string")))
                .transpose()
        }
    }
}

fn read_xml(text: &str) -> Result<Option<Cow<'_, str>>, Malformed> {
    let mut xml = Xml::envelope(text)?;
    let mut encrypt: Option<Cow<'_, str>> = None;
    let (mut app_id, mut original_id) = (false, false);
    let mut inside = false;
    let mut depth = 0_usize;
    while let Some(step) = xml.next()? {
        match step {
            Step::Open(_) if inside => return Err(Malformed("Encrypt holds more than text")),
            Step::Open(name) => {
                let repeated = match name {
                    "Encrypt" if depth > 0 => {
                        return Err(Malformed("Encrypt is not directly under the root"));
                    }
                    "Encrypt" => {
                        inside = true;
                        encrypt.replace(Cow::Borrowed("")).is_some()
                    }
                    "AppId" if depth == 0 => std::mem::replace(&mut app_id, true),
                    "ToUserName" if depth == 0 => std::mem::replace(&mut original_id, true),
                    _ => false,
                };
                if repeated {
                    return Err(Malformed("an element is repeated"));
                }
                depth += 1;
            }
            Step::Text(piece) => {
                if let Some(encrypt) = encrypt.as_mut().filter(|_| inside) {
                    append(encrypt, piece);
                }
            }
            Step::Close => {
                inside = false;
                depth -= 1;
            }
        }
    }
    Ok(encrypt)
}

/// Joins pieces of text; the first one stays borrowed.
pub(super) fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else if !piece.is_empty() {
        text.to_mut().push_str(&piece);
    }
}
