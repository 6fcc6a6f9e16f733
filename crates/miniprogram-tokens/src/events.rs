//! Handling of pushed tickets and authorizations.

use async_trait::async_trait;
use miniprogram_core::push::{Delivery, EventCredential};
use miniprogram_core::token::TokenScope;
use miniprogram_core::{ErrorKind, Event, EventHandler, EventKind, Result, Timestamp};
use miniprogram_store::PlatformKey;

use crate::authorize::authorizer;
use crate::manager::TokenManager;
use crate::task::{Task, Want};

/// Obtains the platform's token when a ticket arrives and there is no usable token, exchanges the codes of
/// authorizations, and drops revoked authorizations. Events of other platforms and of other kinds are ignored.
/// Older events never overwrite the results of newer ones, and a repeated event sends no request.
///
/// The receiver has already saved the ticket, before it acknowledged the push. A custom receiver must call
/// [`save_ticket`](TokenManager::save_ticket).
#[async_trait]
impl EventHandler for TokenManager {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let platform = PlatformKey::new(event.vendor, delivery.platform.clone());
        if !self.0.platforms.contains_key(&platform) {
            return Ok(());
        }
        let at = event.occurred_at.unwrap_or(delivery.received_at);
        match event.kind {
            EventKind::Ticket => {
                self.renew_platform(&platform).await;
                Ok(())
            }
            EventKind::Authorized | EventKind::AuthorizationUpdated => {
                self.authorization(&platform, event, at).await
            }
            EventKind::AuthorizationRevoked => {
                let Some(app) = &event.app_id else { return Ok(()) };
                let _busy = self.0.clock.enter();
                self.run_alone(&authorizer(&platform, app), Task::Revoke { at }).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

impl TokenManager {
    /// Obtains the platform's token unless there is a usable one. If that fails, the next caller that needs the
    /// token tries again: the ticket is stored, so delivering the event again would gain nothing.
    async fn renew_platform(&self, platform: &PlatformKey) {
        let _busy = self.0.clock.enter();
        let scope = TokenScope::platform(platform.vendor, platform.platform.clone());
        if let Err(error) = self.run_alone(&scope, Task::Renew(Want::Usable)).await {
            tracing::warn!(vendor = %platform.vendor, operation = "platform_token", outcome = %error.outcome(), %error, "no token for the ticket that arrived");
        }
    }

    async fn authorization(
        &self,
        platform: &PlatformKey,
        event: &Event<'static>,
        at: Timestamp,
    ) -> Result<()> {
        let result = match (&event.app_id, &event.credential) {
            (app, Some(EventCredential::AuthorizationCode(code))) => {
                self.exchange(platform, code, app.as_ref(), Some(at)).await.map(drop)
            }
            // Without its code, an authorization can still be recovered, if the vendor has a call for that.
            (Some(app), _) => {
                let _busy = self.0.clock.enter();
                self.run_alone(&authorizer(platform, app), Task::Recover { granted_at: Some(at) })
                    .await
                    .map(drop)
            }
            (None, _) => Ok(()),
        };
        match result {
            // Delivering the event again would change nothing: only the merchant can, and the state reflects
            // that.
            Err(error) if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Unsupported) => {
                tracing::warn!(vendor = %platform.vendor, operation = "exchange", outcome = %error.outcome(), %error, "a pushed authorization is void");
                Ok(())
            }
            result => result,
        }
    }
}
