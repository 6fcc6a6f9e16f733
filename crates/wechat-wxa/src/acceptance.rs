//! What WeChat's acceptance test of a platform asks of the application.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::{AppId, Delivery, Event, EventHandler, PlatformId, Result, Secret};

use crate::event::acceptance_test::Asked;

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
    pub platform: PlatformId,
    /// The account that the message was sent to, one of [`ACCEPTANCE_ACCOUNTS`](crate::ACCEPTANCE_ACCOUNTS).
    pub app: AppId,
    /// The authorization code to exchange.
    pub code: Secret,
    /// The customer's openid, which the message goes to.
    pub to_user: String,
    /// The text to send, `<code>_from_api`.
    pub text: Secret,
}

/// Acts on the acceptance test: gives every `QUERY_AUTH_CODE:` to the application's [`AcceptanceActions`]. The replies
/// that the test wants at once are those of
/// [`WeChatCallback::with_acceptance_test`](crate::WeChatCallback::with_acceptance_test).
#[derive(Clone)]
pub struct AcceptanceResponder {
    actions: Arc<dyn AcceptanceActions>,
}

impl Debug for AcceptanceResponder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AcceptanceResponder({:?})", self.actions)
    }
}

impl AcceptanceResponder {
    /// A responder that has the application do what it cannot do itself.
    #[must_use]
    pub fn new(actions: Arc<dyn AcceptanceActions>) -> Self {
        Self { actions }
    }
}

#[async_trait]
impl EventHandler for AcceptanceResponder {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let Some(Asked::Query(code)) = Asked::of(event) else { return Ok(()) };
        let to_user = event.payload.get("FromUserName").and_then(serde_json::Value::as_str);
        let (Some(app), Some(to_user)) = (&event.app_id, to_user) else { return Ok(()) };
        let task = AcceptanceTask {
            platform: delivery.platform.clone(),
            app: app.clone(),
            text: Secret::new(format!("{}_from_api", code.expose())),
            code,
            to_user: to_user.to_owned(),
        };
        self.actions.exchange_and_send(&task).await
    }
}
