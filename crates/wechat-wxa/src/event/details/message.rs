//! What customers write.

use miniprogram_core::event::Fields;
use miniprogram_core::{Result, Secret};

/// A message that a customer, or WeChat's test of the platform, wrote to an app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerMessage {
    /// `MsgType`: `text`, `image` and others.
    pub msg_type: String,
    /// `FromUserName`: the sender's openid.
    pub from_user: Option<String>,
    /// `ToUserName`: the app's original id (`gh_…`).
    pub to_user: Option<String>,
    /// `MsgId`: the same for a message that is delivered again.
    pub msg_id: Option<String>,
    /// `Content` of a text. A customer's words belong in no log; `QUERY_AUTH_CODE:`, by which WeChat tests a platform,
    /// is followed by an authorization code.
    pub content: Option<Secret>,
}

impl CustomerMessage {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            msg_type: fields.required("MsgType", Fields::text)?,
            from_user: fields.text("FromUserName")?,
            to_user: fields.text("ToUserName")?,
            msg_id: fields.text("MsgId")?,
            content: fields.text("Content")?.map(Secret::from),
        })
    }
}
