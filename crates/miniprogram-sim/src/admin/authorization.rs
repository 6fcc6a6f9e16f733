//! Authorizations, arbitrary pushes, and WeChat's acceptance test.

use miniprogram_core::AppId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ROOT, Result, done, parse};
use crate::call::Call;
use crate::error::SimError;
use crate::hub::Hub;

/// `apps/{app}/{what}`.
pub(super) fn change(hub: &Hub, app: &AppId, what: &str) -> Result<Option<Value>> {
    let consent = hub.with(|world, now| match what {
        "authorize" => world.authorize(app, None, now).map(Some),
        "update-authorization" => world.update_authorization(app, now).map(Some),
        _ => world.revoke_authorization(app, now).map(|()| None),
    })?;
    match consent {
        Some(consent) => {
            let expires_in = consent.lifetime.as_secs();
            Ok(Some(json!({ "authorization_code": consent.code, "expires_in": expires_in })))
        }
        None => done(),
    }
}

/// `apps/{app}/refresh-token`.
pub(super) fn refresh_token(hub: &Hub, app: &AppId) -> Result<Option<Value>> {
    hub.with(|world, _| {
        let grant = &world.app(app)?.grant;
        grant.since.ok_or_else(|| SimError::NotAuthorized(app.clone()))?;
        Ok(Some(json!({ "refresh_token": grant.refresh_token() })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEvent {
    event: String,
    #[serde(default)]
    fields: Value,
}

/// `apps/{app}/events`.
pub(super) fn push_event(hub: &Hub, call: &Call, app: &AppId) -> Result<Option<Value>> {
    let new: NewEvent = parse(call)?;
    hub.with(|world, now| world.push_event(app, &new.event, new.fields, now))?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewText {
    from: String,
    content: String,
}

/// `apps/{app}/texts`.
pub(super) fn push_text(hub: &Hub, call: &Call, app: &AppId) -> Result<Option<Value>> {
    let new: NewText = parse(call)?;
    let id = hub.with(|world, now| {
        let (push, id) = world.text(app, &new.from, &new.content, now)?;
        world.send(push, now);
        Ok(id)
    })?;
    Ok(Some(json!({ "message_id": id.to_string() })))
}

/// Whether the call is `POST acceptance-test`, the only one that waits for the tested platform.
pub(super) fn is_acceptance_test(call: &Call) -> bool {
    call.method == "POST" && call.path.strip_prefix(ROOT) == Some("/acceptance-test")
}
