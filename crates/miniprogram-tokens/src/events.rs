//! Tickets and authorizations as they are pushed.

use async_trait::async_trait;
use miniprogram_core::event::Fields;
use miniprogram_core::{Delivery, ErrorKind, Event, EventHandler, EventKind, Result, Secret, Timestamp};
use miniprogram_store::PlatformKey;

use crate::authorize::authorizer;
use crate::manager::TokenManager;
use crate::task::Task;

/// Where vendors put a ticket: WeChat's `component_verify_ticket` push, Baidu's ticket push.
const TICKET: [&str; 2] = ["ComponentVerifyTicket", "Ticket"];
/// Where vendors put the code of an authorization.
const CODE: [&str; 2] = ["AuthorizationCode", "authorizationCode"];

/// Keeps tickets, exchanges the codes of authorizations, and drops what is revoked. Events of other platforms and of
/// other kinds are none of its business. Older events never change what newer ones left, and an event that comes again
/// costs no call.
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
                let ticket = secret(event, TICKET)?.unwrap_or_else(|| Secret::new(""));
                self.save_ticket(&platform, &ticket, at).await.map(drop)
            }
            EventKind::Authorized | EventKind::AuthorizationUpdated => {
                self.authorization(&platform, event, at).await
            }
            EventKind::AuthorizationRevoked => {
                let Some(app) = &event.app_id else { return Ok(()) };
                let _busy = self.0.clock.enter();
                self.fly(&authorizer(&platform, app), Task::Revoke { at }).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

impl TokenManager {
    async fn authorization(
        &self,
        platform: &PlatformKey,
        event: &Event<'static>,
        at: Timestamp,
    ) -> Result<()> {
        let code = secret(event, CODE)?;
        let result = match (&event.app_id, code) {
            (app, Some(code)) => self.exchange(platform, &code, app.as_ref(), Some(at)).await.map(drop),
            // Without its code, an authorization can still be recovered.
            (Some(app), None) => {
                let _busy = self.0.clock.enter();
                self.fly(&authorizer(platform, app), Task::Recover { granted_at: Some(at) }).await.map(drop)
            }
            (None, None) => Ok(()),
        };
        match result {
            // Handing the event over again changes nothing: only the merchant can, and the state says so.
            Err(error) if error.kind() == ErrorKind::Unauthorized => {
                tracing::warn!(vendor = %platform.vendor, operation = "exchange", outcome = %error.outcome(), %error, "a pushed authorization is void");
                Ok(())
            }
            result => result,
        }
    }
}

/// The first of the members that is there.
fn secret(event: &Event<'static>, names: [&str; 2]) -> Result<Option<Secret>> {
    let fields = Fields::of(event, event.vendor)?;
    for name in names {
        if let Some(text) = fields.text(name)? {
            return Ok(Some(text.into()));
        }
    }
    Ok(None)
}
