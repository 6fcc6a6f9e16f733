//! Routes below `apps`.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Result, authorized, done, expire_token, fail_next_upload, holder, issued, json_of, parse, rotate_token,
    token_json, vendor,
};
use crate::baidu::{self, Measure};
use crate::call::Call;
use crate::error::SimError;
use crate::hub::Hub;
use crate::platform::DomainKind;
use crate::spec::{AppSpec, State};
use crate::verdict::{Decision, ReviewItem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    vendor: String,
    app_id: AppId,
    original_id: Option<String>,
    /// Whether it has authorized the platform; `true` by default.
    authorized: Option<bool>,
    access_token: Option<String>,
    refresh_token: Option<String>,
    state: Option<State>,
    name: Option<String>,
    alliance_key: Option<NewKey>,
    #[serde(default)]
    own_domains: BTreeMap<DomainKind, Vec<String>>,
    #[serde(default)]
    is_personal: bool,
    /// Whether Baidu allows releases; `true` by default.
    is_authenticated: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    client_id: String,
    client_secret: String,
}

pub(super) fn add(hub: &Hub, new: NewApp) -> Result<Option<Value>> {
    let mut spec = AppSpec::new(vendor(&new.vendor)?, new.app_id.clone());
    spec.original_id = new.original_id;
    spec.authorized = new.authorized.unwrap_or(true);
    spec.token = new.access_token.map(Secret::new);
    spec.refresh_token = new.refresh_token.map(Secret::new);
    spec.state = new.state.unwrap_or(State::Online);
    spec.name = new.name;
    spec.own_domains = new.own_domains;
    spec.is_personal = new.is_personal;
    spec.is_authenticated = new.is_authenticated.unwrap_or(true);
    if let Some(key) = new.alliance_key {
        spec = spec.with_alliance_key(key.client_id, key.client_secret);
    }
    let (issued, original_id) = hub.with(|world, now| {
        let issued = world.add_app(spec, now)?;
        Ok((issued, world.app(&new.app_id)?.original_id.clone()))
    })?;
    Ok(Some(json!({
        "app_id": new.app_id,
        "vendor": new.vendor,
        "original_id": original_id,
        "access_token": issued.as_ref().map(|issued| &issued.text),
        "expires_at": issued.as_ref().map(|issued| issued.expires_at),
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadFailure {
    code: i64,
    #[serde(default)]
    message: String,
}

/// `apps/{app}/{what}`.
pub(super) fn route(hub: &Hub, call: &Call, method: &str, app: &AppId, what: &str) -> Result<Option<Value>> {
    match (method, what) {
        ("POST", "audit") => {
            let decision: Decision = parse(call)?;
            hub.with(|world, now| world.decide(app, None, &decision, now))?;
        }
        ("PUT", "state") => {
            let state: State = parse(call)?;
            hub.with(|world, now| world.arrange(app, &state, now))?;
        }
        ("PUT", "authentication") => {
            let is_authenticated: bool = parse(call)?;
            hub.with(|world, _| world.set_authenticated(app, is_authenticated))?;
        }
        ("GET", "token") => {
            let (vendor, holder) = authorized(hub, app)?;
            return Ok(Some(token_json(&issued(hub, vendor, &holder))));
        }
        ("POST", "rotate-token") => {
            let (vendor, holder) = authorized(hub, app)?;
            return Ok(Some(token_json(&rotate_token(hub, vendor, &holder))));
        }
        ("POST", "expire-token") => expire_token(hub, &holder(hub, app)?.1),
        ("POST", "fail-next-upload") => {
            let failure: UploadFailure = parse(call)?;
            fail_next_upload(hub, app, failure.code, failure.message)?;
        }
        ("POST", "force-offline") => enforce(hub, app, Measure::ForceOffline(parse(call)?))?,
        ("POST", "close-traffic") => enforce(hub, app, Measure::CloseTraffic)?,
        ("POST", "require-rectification") => enforce(hub, app, Measure::RequireRectification)?,
        ("POST", "change-subject") => enforce(hub, app, Measure::ChangeSubject)?,
        ("GET", "pushes") => {
            return json_of(hub.with(|world, _| world.app(app).map(|app| app.pushes.clone()))?);
        }
        _ => return Ok(None),
    }
    done()
}

fn enforce(hub: &Hub, app: &AppId, measure: Measure) -> Result<()> {
    hub.with(|world, now| baidu::enforce(world, app, measure, now))
}

/// `apps/{app}/reviews/{item}`.
pub(super) fn decide(hub: &Hub, call: &Call, app: &AppId, item: &str) -> Result<Option<Value>> {
    let item: ReviewItem = serde_json::from_value(json!(item))
        .map_err(|_| SimError::InvalidArgument(format!("unknown review item {item}")))?;
    let decision: Decision = parse(call)?;
    hub.with(|world, now| world.decide_review(app, item, None, &decision, now))?;
    done()
}
