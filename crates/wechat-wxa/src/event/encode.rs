//! Encrypted pushes as WeChat sends them, for tests, simulators and gateways; and encrypted replies to messages.

use miniprogram_core::callback::{BodyFormat, CallbackConfig, Seal};
use miniprogram_core::push::OwnedPush;
use miniprogram_core::{Error, Result};
use serde_json::{Map, Value, json};

use super::with_both_ids;
use super::xml::{is_legal, is_name};
use crate::WECHAT;

/// The URL of the platform that a push is sent to; the two differ in the field next to the ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushRoute<'a> {
    /// The authorization URL: `AppId` is the platform's.
    Authorization,
    /// The message URL: `ToUserName` is the app's original id (`gh_…`).
    Message {
        /// The app's original id.
        original_id: &'a str,
    },
}

/// Builds encrypted pushes that [`WeChatEventDecoder`](super::WeChatEventDecoder) accepts, and encrypted replies.
#[derive(Debug, Clone)]
pub struct WeChatEventEncoder {
    config: CallbackConfig,
}

impl WeChatEventEncoder {
    /// Creates an encoder with the same configuration as the matching decoder.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `mode`, if the configuration is plain, or, naming
    /// `receiver_id`, if it has neither a receiver id nor a platform id.
    pub fn new(config: CallbackConfig) -> Result<Self> {
        config.check_sealing(WECHAT)?;
        Ok(Self { config: with_both_ids(config)? })
    }

    /// Seals a message and builds the whole push: query, envelope and content type.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if the time, the nonce, the original id or
    /// the message's length breaks the rules that the decoder checks.
    pub fn seal_push(&self, route: PushRoute<'_>, message: &str, seal: &Seal<'_>) -> Result<OwnedPush> {
        let sealed = self.config.seal(message, seal).map_err(|error| error.for_vendor(WECHAT))?;
        let (name, id) = match route {
            PushRoute::Authorization => ("AppId", self.config.receiver_id().unwrap_or_default()),
            PushRoute::Message { original_id } => ("ToUserName", original_id),
        };
        let encrypt = &sealed.encrypt;
        let (body, content_type) = match self.config.body_format() {
            BodyFormat::Xml => {
                let mut body = String::with_capacity(encrypt.len() + id.len() + 96);
                body.push_str("<xml>");
                write_element(&mut body, name, &Value::from(id))?;
                body.push_str("<Encrypt><![CDATA[");
                body.push_str(encrypt);
                body.push_str("]]></Encrypt></xml>");
                (body, "text/xml")
            }
            BodyFormat::Json => (json!({ name: id, "Encrypt": encrypt }).to_string(), "application/json"),
        };
        let query = format!(
            "signature={}&timestamp={}&nonce={}&encrypt_type=aes&msg_signature={}",
            sealed.clear_signature, sealed.timestamp, seal.nonce, sealed.signature
        );
        Ok(OwnedPush::new(seal.sent_at, body.into_bytes()).with_head(query, Some(content_type.to_owned())))
    }

    /// Seals the reply to a customer's message and builds the response body, to be sent with status 200: `Encrypt`,
    /// `MsgSignature`, `TimeStamp` and `Nonce`, as `text/xml` or, if JSON is configured, `application/json`.
    ///
    /// A message may also be answered with just the text `success`; every other push must be. The nonce of the
    /// request may be reused. WeChat decrypts the reply with the key that sealed the push: during a key change, use
    /// an encoder with that key.
    ///
    /// ```
    /// # use miniprogram_core::callback::{CallbackConfig, Seal};
    /// # use miniprogram_core::{Secret, Timestamp};
    /// # use serde_json::json;
    /// # use wechat_wxa::event::WeChatEventEncoder;
    /// # let key = Secret::new("R2VuZXJhdGVkUmVmS2V5MTIzNDU2Nzg5MGFiY2RlZm5");
    /// # let config = CallbackConfig::encrypted("refTok7", &key)?.with_receiver_id("wx1a2b3c4d5e6f7081")?;
    /// let encoder = WeChatEventEncoder::new(config)?;
    /// let reply = json!({"ToUserName": "o1", "FromUserName": "gh_1", "CreateTime": 1690000300,
    ///     "MsgType": "text", "Content": "收到"});
    /// let message = encoder.message(reply.as_object().expect("an object"))?;
    /// let body = encoder.seal_reply(&message, &Seal::new(Timestamp::from_unix(1_690_000_300), "n0nce"))?;
    /// assert!(body.starts_with("<xml><Encrypt><![CDATA["));
    /// # Ok::<(), miniprogram_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if the time, the nonce or the message's
    /// length breaks the rules that decoders check.
    pub fn seal_reply(&self, message: &str, seal: &Seal<'_>) -> Result<String> {
        let sealed = self
            .config
            .seal(message, seal)
            .map_err(|error| error.for_vendor(WECHAT).with_operation("seal_reply"))?;
        Ok(match self.config.body_format() {
            BodyFormat::Xml => format!(
                "<xml><Encrypt><![CDATA[{}]]></Encrypt><MsgSignature><![CDATA[{}]]></MsgSignature>\
                 <TimeStamp>{}</TimeStamp><Nonce><![CDATA[{}]]></Nonce></xml>",
                sealed.encrypt, sealed.signature, sealed.timestamp, seal.nonce
            ),
            BodyFormat::Json => json!({
                "Encrypt": sealed.encrypt,
                "MsgSignature": sealed.signature,
                "TimeStamp": seal.sent_at.as_unix(),
                "Nonce": seal.nonce,
            })
            .to_string(),
        })
    }

    /// Writes fields as a message in the configured format; the decoder's `payload` returns the same fields. In XML,
    /// strings become CDATA, objects child elements, arrays repeated elements; nulls are omitted.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if XML cannot represent a name, a character
    /// or an array inside an array.
    pub fn message(&self, fields: &Map<String, Value>) -> Result<String> {
        match self.config.body_format() {
            BodyFormat::Json => Ok(json!(fields).to_string()),
            BodyFormat::Xml => {
                let mut message = String::from("<xml>");
                write_fields(&mut message, fields).map_err(|error| error.with_operation("message"))?;
                message.push_str("</xml>");
                Ok(message)
            }
        }
    }
}

fn invalid(detail: &'static str) -> Error {
    Error::invalid("seal_push", "message", detail).for_vendor(WECHAT)
}

fn write_fields(out: &mut String, fields: &Map<String, Value>) -> Result<()> {
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Array(items) => items.iter().try_for_each(|item| write_element(out, name, item))?,
            value => write_element(out, name, value)?,
        }
    }
    Ok(())
}

fn write_element(out: &mut String, name: &str, value: &Value) -> Result<()> {
    if !is_name(name) {
        return Err(invalid("a field's name cannot name an element"));
    }
    out.extend(["<", name, ">"]);
    match value {
        Value::String(text) => {
            if !text.chars().all(is_legal) {
                return Err(invalid("a text holds a character that XML has not"));
            }
            out.extend(["<![CDATA[", &text.replace("]]>", "]]]]><![CDATA[>"), "]]>"]);
        }
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Object(fields) => write_fields(out, fields)?,
        Value::Null => {}
        Value::Array(_) => return Err(invalid("an array is inside an array")),
    }
    out.extend(["</", name, ">"]);
    Ok(())
}
