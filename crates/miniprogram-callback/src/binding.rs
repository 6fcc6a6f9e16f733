//! Binding an app to the original id that its pushes name.
//!
//! A message push of WeChat names its app by the original id alone, so that a genuine one replayed to another app's
//! route passes every check of its signature. What the route says counts only if the original id is that app's.

use std::sync::Arc;

use miniprogram_core::{AppId, Error, ErrorKind, Event, Outcome, Result, TokenScope};
use miniprogram_store::PlatformKey;

use crate::lookup::{For, Looked};
use crate::service::Shared;

/// Whether an original id is an app's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// It is.
    Bound,
    /// It is another app's, or the app has another one.
    Foreign,
    /// That cannot be found out now.
    Unknown {
        /// Whether the store has a record of the app.
        recorded: bool,
        /// Whether nobody was asked, because too many were lately.
        unasked: bool,
    },
}

/// What is known of the app that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is the one that the event names now.
    Known,
    /// Every app that the event may be about has another original id.
    Nobodys,
}

impl Shared {
    /// Whether an original id is an app's: by the store, else by asking, where a purpose is given for that.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    pub(crate) async fn bind(
        self: &Arc<Self>,
        platform: &PlatformKey,
        app: &AppId,
        original_id: &str,
        ask: Option<For>,
    ) -> Result<Binding> {
        if let Some(owner) = self.store.app_of_original_id(platform, original_id).await? {
            return Ok(if owner == *app { Binding::Bound } else { Binding::Foreign });
        }
        let compare = |known: &str| if known == original_id { Binding::Bound } else { Binding::Foreign };
        let scope = TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone());
        let record = self.store.token(&scope).await?;
        let recorded = record.is_some();
        if let Some(known) = record.and_then(|record| record.original_id) {
            return Ok(compare(&known));
        }
        let (Some(_), Some(purpose)) = (&self.original_ids, ask) else {
            return Ok(Binding::Unknown { recorded, unasked: false });
        };
        Ok(match self.look_up(platform, app, purpose, recorded).await {
            Looked::Up(found) => compare(&found),
            Looked::InVain => Binding::Unknown { recorded, unasked: false },
            Looked::TooMany => Binding::Unknown { recorded, unasked: true },
        })
    }

    /// Makes an event's app certain before a handler sees it: by whose its original id is, else by the routes that it
    /// came by.
    ///
    /// # Errors
    /// If that cannot be found out now; [`Cancelled`](ErrorKind::Cancelled) with outcome `not_sent` if nobody could be
    /// asked.
    pub(crate) async fn find_app(
        self: &Arc<Self>,
        platform: &PlatformKey,
        event: &mut Event<'static>,
    ) -> Result<Found> {
        let Some(original_id) = event.original_id.clone() else { return Ok(Found::Known) };
        if let Some(owner) = self.store.app_of_original_id(platform, &original_id).await? {
            self.lookups.forget_routes(platform, &original_id);
            event.app_id = Some(owner);
            return Ok(Found::Known);
        }
        let mut apps: Vec<AppId> = event.app_id.iter().cloned().collect();
        for app in self.lookups.routes_of(platform, &original_id) {
            if !apps.contains(&app) {
                apps.push(app);
            }
        }
        let (mut foreign, mut nobody_asked) = (0, false);
        for app in &apps {
            match self.bind(platform, app, &original_id, Some(For::Event)).await? {
                Binding::Bound => {
                    self.lookups.forget_routes(platform, &original_id);
                    event.app_id = Some(app.clone());
                    return Ok(Found::Known);
                }
                Binding::Foreign => foreign += 1,
                Binding::Unknown { unasked, .. } => nobody_asked |= unasked,
            }
        }
        if foreign > 0 && foreign == apps.len() {
            return Ok(Found::Nobodys);
        }
        let error = |kind| Error::new(kind, "bind_app").for_vendor(platform.vendor).with_field("original_id");
        if nobody_asked {
            let detail = "waits: too many original ids were looked up within the last minute";
            return Err(error(ErrorKind::Cancelled).with_outcome(Outcome::NotSent).with_detail(detail));
        }
        let detail = "is not known to be an app's; fetch the information about the authorizer";
        Err(error(ErrorKind::Unavailable).with_detail(detail))
    }
}
