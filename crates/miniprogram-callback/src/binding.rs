//! Binding an app to the original id that its pushes name.
//!
//! A message push of WeChat names its app by the original id alone, so that a genuine one replayed to another app's
//! route passes every check of its signature. What the route says counts only if the original id is that app's.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::{AppId, Error, ErrorKind, Event, Result, TokenScope};
use miniprogram_store::PlatformKey;

use crate::service::Shared;

/// Whether an original id is an app's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// It is.
    Bound,
    /// It is another app's, or the app has another one.
    Foreign,
    /// That cannot be found out now.
    Unknown,
}

impl Shared {
    /// Whether an original id is an app's: by the store, else by asking, where a time is given for that.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    pub(crate) async fn bind(
        self: &Arc<Self>,
        platform: &PlatformKey,
        app: &AppId,
        original_id: &str,
        ask: Option<Duration>,
    ) -> Result<Binding> {
        if let Some(owner) = self.store.app_of_original_id(platform, original_id).await? {
            return Ok(if owner == *app { Binding::Bound } else { Binding::Foreign });
        }
        let scope = TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone());
        if let Some(known) = self.store.token(&scope).await?.and_then(|record| record.original_id) {
            return Ok(if known == original_id { Binding::Bound } else { Binding::Foreign });
        }
        let (Some(original_ids), Some(ask)) = (&self.original_ids, ask) else { return Ok(Binding::Unknown) };
        let found = match self.within(ask, original_ids.original_id(platform, app)).await {
            Some(Ok(Some(found))) => found,
            Some(Ok(None)) => return Ok(Binding::Unknown),
            Some(Err(error)) => {
                tracing::warn!(%app, %error, "the original id of the app cannot be found out now");
                return Ok(Binding::Unknown);
            }
            None => {
                tracing::warn!(%app, "finding out the original id of the app took too long");
                return Ok(Binding::Unknown);
            }
        };
        match self.store.bind_original_id(&scope, &found, self.clock.now()).await {
            Ok(()) if found == original_id => Ok(Binding::Bound),
            Ok(()) => Ok(Binding::Foreign),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                tracing::error!(%app, "the original id of the app is written down for another app");
                Ok(Binding::Unknown)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes an event's app certain before a handler sees it. `Ok(false)` if it is about another app than its route's.
    ///
    /// # Errors
    /// If that cannot be found out now.
    pub(crate) async fn find_app(
        self: &Arc<Self>,
        platform: &PlatformKey,
        event: &mut Event<'static>,
    ) -> Result<bool> {
        let Some(original_id) = event.original_id.as_deref() else { return Ok(true) };
        let unknown = || {
            Error::new(ErrorKind::Unavailable, "bind_app")
                .for_vendor(platform.vendor)
                .with_field("original_id")
                .with_detail("is not known to be an app's; fetch the information about the authorizer")
        };
        match &event.app_id {
            Some(app) => {
                let limit = self.retry.handler_timeout;
                match self.bind(platform, app, original_id, Some(limit)).await? {
                    Binding::Bound => Ok(true),
                    Binding::Foreign => Ok(false),
                    Binding::Unknown => Err(unknown()),
                }
            }
            None => {
                let app = self.store.app_of_original_id(platform, original_id).await?;
                event.app_id = Some(app.ok_or_else(unknown)?);
                Ok(true)
            }
        }
    }
}
