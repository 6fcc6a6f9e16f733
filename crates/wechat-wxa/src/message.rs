//! Customer-service messages.

use miniprogram_core::Result;
use miniprogram_core::vendor_api::pipeline::Call;
use serde_json::json;

use crate::REFUSE;
use crate::client::WeChatApp;
use crate::endpoints;

impl WeChatApp {
    /// Sends a text to a user, given by openid, who has written to the app before: `custom/send`.
    ///
    /// Sent once, because a message sent twice is seen twice; it is repeated only if its token was refused. The
    /// message is not journalled, its outcome is not settled, and it bypasses the app's gate.
    ///
    /// Source: WeChat's pages on customer service, "发送客服消息".
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for an empty openid or
    /// text; the vendor's refusals. With outcome `unknown` the user may have seen the message.
    pub async fn send_text_message(&self, open_id: &str, text: &str) -> Result<()> {
        const OPERATION: &str = "send_text_message";
        REFUSE.required(OPERATION, "touser", open_id)?;
        REFUSE.required(OPERATION, "content", text)?;
        let body = json!({ "touser": open_id, "msgtype": "text", "text": { "content": text } });
        let call = Call::to(&endpoints::SEND_TEXT_MESSAGE).with_json(&body);
        self.begin(OPERATION).send_once(&call).await?;
        Ok(())
    }
}
