//! WeChat's acceptance test of a platform that is to be published to its whole network.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::{AppId, Delivery, Event, EventHandler, Result, Secret, Timestamp, Vendor};
use miniprogram_store::PlatformKey;
use serde_json::json;
use wechat_wxa::WECHAT;
use wechat_wxa::event::WeChatEvent;

use crate::platform::CallbackPlatform;

/// The accounts that WeChat tests platforms with; nobody else is answered. Five official accounts, five mini programs.
///
/// Source: WeChat's page on the acceptance test before publication.
pub const ACCEPTANCE_ACCOUNTS: [&str; 10] = [
    "wx570bc396a51b8ff8",
    "wx9252c5e0bb1836fc",
    "wx8e1097c5bc82cde9",
    "wx14550af28c71a144",
    "wxa35b9c23cfe664eb",
    "wxd101a85aa106f53e",
    "wxc39235c15087f6f3",
    "wx7720d01d4b2a4500",
    "wx05d483572dcd5d8b",
    "wx5910277cae6fd970",
];

const TEXT: &str = "TESTCOMPONENT_MSG_TYPE_TEXT";
const QUERY: &str = "QUERY_AUTH_CODE:";

/// What the acceptance test asks of the application: to exchange a code and to send a message with what comes of it.
#[async_trait]
pub trait AcceptanceActions: Debug + Send + Sync + 'static {
    /// Exchanges the code for the account's tokens, then sends the text to the customer as a customer-service message.
    ///
    /// # Errors
    /// Anything: it is asked again later, as any handler is.
    async fn exchange_and_send(&self, task: &AcceptanceTask) -> Result<()>;
}

/// One `QUERY_AUTH_CODE:` of the acceptance test. `Debug` shows neither code nor text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptanceTask {
    /// The platform that is tested.
    pub platform: PlatformKey,
    /// The account that the message was sent to, one of [`ACCEPTANCE_ACCOUNTS`].
    pub app: AppId,
    /// The authorization code to exchange.
    pub code: Secret,
    /// The customer's openid, which the message goes to.
    pub to_user: String,
    /// The text to send, `<code>_from_api`.
    pub text: Secret,
}

/// Answers the acceptance test: the text message and events by an encrypted reply, `QUERY_AUTH_CODE:` by nothing and
/// then by [`AcceptanceActions`].
///
/// A reply is sealed with the platform's current key: do not publish in the time of a key change.
#[derive(Clone)]
pub struct AcceptanceResponder {
    actions: Arc<dyn AcceptanceActions>,
}

impl Debug for AcceptanceResponder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AcceptanceResponder({:?})", self.actions)
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl AcceptanceResponder {
    /// A responder that has the application do what it cannot do itself.
    #[must_use]
    pub fn new(actions: Arc<dyn AcceptanceActions>) -> Self {
        Self { actions }
    }

    pub(crate) fn handler(&self) -> Arc<dyn EventHandler> {
        Arc::new(self.clone())
    }

    /// What a push is answered with at once; `None` if it is none of the test's.
    pub(crate) fn reply(
        &self,
        platform: &CallbackPlatform,
        event: &Event<'_>,
        now: Timestamp,
    ) -> Option<Reply> {
        let vendor = platform.key().vendor;
        let content = match Asked::of(vendor, event)? {
            Asked::Text => format!("{TEXT}_callback"),
            Asked::Event => format!("{}from_callback", event.raw_event),
            Asked::Query(_) => return Some(Reply { content_type: "text/plain", body: String::new() }),
        };
        let member = |name| event.payload.get(name).and_then(serde_json::Value::as_str);
        let fields = json!({
            "ToUserName": member("FromUserName")?,
            "FromUserName": member("ToUserName")?,
            "CreateTime": now.as_unix(),
            "MsgType": "text",
            "Content": content,
        });
        match platform.dialect().seal_reply(fields.as_object()?, now)? {
            Ok(reply) => Some(reply),
            Err(error) => {
                tracing::error!(%error, "the reply to the acceptance test cannot be sealed");
                None
            }
        }
    }
}

#[async_trait]
impl EventHandler for AcceptanceResponder {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let Some(Asked::Query(code)) = Asked::of(event.vendor, event) else { return Ok(()) };
        let to_user = event.payload.get("FromUserName").and_then(serde_json::Value::as_str);
        let (Some(app), Some(to_user)) = (&event.app_id, to_user) else { return Ok(()) };
        let task = AcceptanceTask {
            platform: PlatformKey::new(event.vendor, delivery.platform.clone()),
            app: app.clone(),
            text: Secret::new(format!("{}_from_api", code.expose())),
            code,
            to_user: to_user.to_owned(),
        };
        self.actions.exchange_and_send(&task).await
    }
}

/// What the test asks.
enum Asked {
    /// The text message.
    Text,
    /// An event.
    Event,
    /// To exchange a code.
    Query(Secret),
}

impl Asked {
    fn of(vendor: Vendor, event: &Event<'_>) -> Option<Self> {
        let tests = event.app_id.as_ref().is_some_and(|app| ACCEPTANCE_ACCOUNTS.contains(&app.as_str()));
        if vendor != WECHAT || !tests {
            return None;
        }
        match event.payload.get("MsgType")?.as_str()? {
            "event" => Some(Self::Event),
            _ => match WeChatEvent::from_event(event) {
                Ok(WeChatEvent::CustomerMessage(message)) => Self::of_text(message.content?.expose()),
                _ => None,
            },
        }
    }

    fn of_text(content: &str) -> Option<Self> {
        match content.strip_prefix(QUERY) {
            Some(code) if !code.is_empty() => Some(Self::Query(Secret::new(code))),
            _ => (content == TEXT).then_some(Self::Text),
        }
    }
}
