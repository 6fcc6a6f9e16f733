//! Messages from customers.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{Result, Secret};

/// A message sent to an app by a customer or by WeChat's test of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerMessage {
    /// `MsgType`: `text`, `image` and others.
    pub msg_type: String,
    /// `FromUserName`: the sender's openid.
    pub from_user: Option<String>,
    /// `ToUserName`: the app's original id (`gh_…`).
    pub to_user: Option<String>,
    /// `MsgId`: identical for redelivered messages.
    pub msg_id: Option<String>,
    /// `Content` of a text. Customers' messages must not be logged; `QUERY_AUTH_CODE:`, which WeChat uses to test a
    /// platform, is followed by an authorization code.
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
