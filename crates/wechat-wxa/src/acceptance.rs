//! What WeChat's acceptance test of a platform requires of the application.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::push::Delivery;
use miniprogram_core::{AppId, Event, EventHandler, PlatformId, Result, Secret};

use crate::event::acceptance_test::Asked;

/// The application's part of the acceptance test: exchanging a code and sending a message with the resulting tokens.
#[async_trait]
pub trait AcceptanceActions: Debug + Send + Sync + 'static {
    /// Exchanges the code for the account's tokens, then sends the text to the customer as a customer-service
    /// message.
    ///
    /// # Errors
    /// Any error: the call is made again later, as with any handler.
    async fn exchange_and_send(&self, task: &AcceptanceTask) -> Result<()>;
}

/// One `QUERY_AUTH_CODE:` of the acceptance test. `Debug` shows neither code nor text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptanceTask {
    /// The platform under test.
    pub platform: PlatformId,
    /// The account that received the message, one of [`ACCEPTANCE_ACCOUNTS`](crate::ACCEPTANCE_ACCOUNTS).
    pub app: AppId,
    /// The authorization code to exchange.
    pub code: Secret,
    /// The openid of the customer who receives the message.
    pub to_user: String,
    /// The text to send, `<code>_from_api`.
    pub text: Secret,
}

/// Handles the acceptance test: passes every `QUERY_AUTH_CODE:` to the application's [`AcceptanceActions`]. The
/// replies that the test expects immediately are sent by
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
    /// Creates a responder that delegates to the application what it cannot do itself.
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
