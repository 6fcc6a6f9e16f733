//! Binding of an app to the alias that its pushes name.
//!
//! A message push of WeChat names its app only by an alias, the original id, so that a genuine push replayed to another
//! app's route passes every signature check. The app named in the route is valid only if the alias belongs to it.

use std::sync::Arc;

use miniprogram_core::token::TokenScope;
use miniprogram_core::{AppId, Error, ErrorKind, Event, Outcome, Result};
use miniprogram_store::PlatformKey;

use crate::lookups::{For, Looked};
use crate::state::Shared;

/// Whether an alias belongs to an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// It does.
    Bound,
    /// It belongs to another app, or the app has another one.
    Foreign,
    /// This cannot be determined now.
    Unknown {
        /// Whether the store has a record of the app.
        recorded: bool,
        /// Whether no lookup was made, because there were too many recently.
        unasked: bool,
    },
}

/// What is known about the app of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is the app that the event now names.
    Known,
    /// Every app that the event may concern has another alias.
    Nobodys,
}

impl Shared {
    /// Returns whether an alias belongs to an app: according to the store, otherwise by a lookup if a
    /// purpose for one is given.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    pub(crate) async fn bind(
        self: &Arc<Self>,
        platform: &PlatformKey,
        app: &AppId,
        alias: &str,
        ask: Option<For>,
    ) -> Result<Binding> {
        if let Some(owner) = self.store.app_of_alias(platform, alias).await? {
            return Ok(if owner == *app { Binding::Bound } else { Binding::Foreign });
        }
        let compare = |known: &str| if known == alias { Binding::Bound } else { Binding::Foreign };
        let scope = TokenScope::authorizer(platform.vendor, platform.platform.clone(), app.clone());
        let record = self.store.token(&scope).await?;
        let recorded = record.is_some();
        if let Some(known) = record.and_then(|record| record.alias) {
            return Ok(compare(&known));
        }
        let (Some(_), Some(purpose)) = (&self.aliases, ask) else {
            return Ok(Binding::Unknown { recorded, unasked: false });
        };
        Ok(match self.look_up(platform, app, purpose, recorded).await {
            Looked::Up(found) => compare(&found),
            Looked::InVain => Binding::Unknown { recorded, unasked: false },
            Looked::TooMany => Binding::Unknown { recorded, unasked: true },
        })
    }

    /// Determines the app of an event before a handler sees it: by the owner of its alias, otherwise by the
    /// routes on which it arrived.
    ///
    /// # Errors
    /// If this cannot be determined now; [`Cancelled`](ErrorKind::Cancelled) with outcome `not_sent` if no lookup
    /// could be made.
    pub(crate) async fn find_app(
        self: &Arc<Self>,
        platform: &PlatformKey,
        event: &mut Event<'static>,
    ) -> Result<Found> {
        let Some(alias) = event.alias.clone() else { return Ok(Found::Known) };
        if let Some(owner) = self.store.app_of_alias(platform, &alias).await? {
            self.lookups.forget_routes(platform, &alias);
            event.app_id = Some(owner);
            return Ok(Found::Known);
        }
        let mut apps: Vec<AppId> = event.app_id.iter().cloned().collect();
        for app in self.lookups.routes_of(platform, &alias) {
            if !apps.contains(&app) {
                apps.push(app);
            }
        }
        let (mut foreign, mut nobody_asked) = (0, false);
        for app in &apps {
            match self.bind(platform, app, &alias, Some(For::Event)).await? {
                Binding::Bound => {
                    self.lookups.forget_routes(platform, &alias);
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
        let error = |kind| Error::new(kind, "bind_app").for_vendor(platform.vendor).with_field("alias");
        if nobody_asked {
            let detail = "waits: too many aliases were looked up within the last minute";
            return Err(error(ErrorKind::Cancelled).with_outcome(Outcome::NotSent).with_detail(detail));
        }
        let detail = "is not known to be an app's; fetch the information about the authorizer";
        Err(error(ErrorKind::Unavailable).with_detail(detail))
    }
}
