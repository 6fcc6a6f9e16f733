//! The admin interface over HTTP, and what it shares with the one in Rust.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use miniprogram_core::{AppId, Secret, Vendor};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::body::Reply;
use crate::call::{Answer, Call};
use crate::callback::Callback;
use crate::error::SimError;
use crate::faults::{FaultRule, PushFaultRule};
use crate::gate;
use crate::hub::Hub;
use crate::server::{check, known};
use crate::spec::{AppSpec, State};
use crate::tokens::Issued;
use crate::verdict::{AuditPolicy, Decision};
use crate::world::Account;
use crate::{BAIDU, WECHAT, baidu, wechat};

/// Everything of the admin interface is below this path.
pub(crate) const ROOT: &str = "/_sim";

type Result<T> = std::result::Result<T, SimError>;

pub(crate) fn issued(hub: &Hub, app: &AppId) -> Result<Issued> {
    hub.with(|world, now| {
        let lifetime = world.settings.token_lifetime(world.app(app)?.vendor);
        world.tokens.valid(app, now, lifetime).ok_or_else(|| SimError::UnknownApp(app.clone()))
    })
}

pub(crate) fn expire_token(hub: &Hub, app: &AppId) -> Result<()> {
    hub.with(|world, now| {
        world.app(app)?;
        world.tokens.expire(app, now);
        Ok(())
    })
}

pub(crate) fn rotate_token(hub: &Hub, app: &AppId) -> Result<Issued> {
    hub.with(|world, now| {
        let vendor = world.app(app)?.vendor;
        Ok(world.tokens.issue(vendor, app, now, world.settings.token_lifetime(vendor)))
    })
}

pub(crate) fn fail_next_upload(hub: &Hub, app: &AppId, code: i64, message: String) -> Result<()> {
    hub.with(|world, _| {
        world.app(app)?;
        match world.apps.get_mut(app).map(|app| &mut app.account) {
            Some(Account::Baidu(account)) => {
                account.failure = Some(baidu::Failure { code, message });
                Ok(())
            }
            _ => Err(SimError::Unsupported(app.clone(), "upload that fails later")),
        }
    })
}

pub(crate) fn set_callback(hub: &Hub, vendor: Vendor, callback: Callback) -> Result<()> {
    known(vendor)?;
    check(&callback)?;
    hub.with(|world, _| *world.settings.callback_mut(vendor) = callback);
    Ok(())
}

pub(crate) fn push_ticket(hub: &Hub, vendor: Vendor) -> Result<String> {
    known(vendor)?;
    Ok(hub.with(|world, now| {
        let ticket =
            format!("ticket@@@{:016x}{:016x}", world.platform.random.u64(..), world.platform.random.u64(..));
        let push = if vendor == BAIDU {
            baidu::push::ticket(&ticket, now)
        } else {
            wechat::push::ticket(&world.settings.wechat_callback.platform_id, &ticket, now)
        };
        world.send(push, now);
        ticket
    }))
}

pub(crate) async fn answer(hub: &Arc<Hub>, request: Request<Incoming>) -> Response<Reply> {
    let answer = match gate::read(request).await {
        Ok(call) => handle(hub, &call),
        Err(answer) => answer,
    };
    gate::respond(hub, &answer)
}

fn handle(hub: &Hub, call: &Call) -> Answer {
    let (status, body) = match route(hub, call) {
        Ok(Some(body)) => (200, body),
        Ok(None) => (404, json!({ "error": "the admin interface has no such method and path" })),
        Err(error) => {
            let status = match error {
                SimError::UnknownApp(_) => 404,
                SimError::AppExists(_) | SimError::NothingInReview(_) | SimError::ForeignClock => 409,
                _ => 400,
            };
            (status, json!({ "error": error.to_string() }))
        }
    };
    Answer::new(status, "application/json", format!("{body}\n"))
}

fn parse<T: DeserializeOwned>(call: &Call) -> Result<T> {
    let body: &[u8] = if call.body.is_empty() { b"{}" } else { &call.body };
    serde_json::from_slice(body).map_err(|error| SimError::InvalidArgument(error.to_string()))
}

fn tell<T: serde::Serialize>(value: T) -> Result<Option<Value>> {
    serde_json::to_value(value).map(Some).map_err(|error| SimError::InvalidArgument(error.to_string()))
}

fn done() -> Result<Option<Value>> {
    Ok(Some(json!({ "done": true })))
}

fn route(hub: &Hub, call: &Call) -> Result<Option<Value>> {
    let path = call.path.strip_prefix(ROOT).unwrap_or_default().trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", [""]) => about(hub),
        ("GET", ["apps"]) => {
            let mut apps = hub.with(|world, _| {
                world.apps.iter().map(|(id, app)| (id.clone(), app.vendor)).collect::<Vec<_>>()
            });
            apps.sort();
            tell(
                apps.iter().map(|(id, vendor)| json!({ "app_id": id, "vendor": vendor })).collect::<Vec<_>>(),
            )
        }
        ("POST", ["apps"]) => add_app(hub, parse(call)?),
        ("GET", ["apps", app]) => tell(hub.with(|world, _| world.truth(&AppId::from(*app)))?),
        (method, ["apps", app, what]) => of_app(hub, call, method, &AppId::from(*app), what),
        ("GET", ["clock"]) => Ok(Some(json!({ "now": hub.clock.now() }))),
        ("POST", ["clock", "advance"]) => advance(hub, &parse(call)?),
        ("GET", ["policy"]) => tell(hub.with(|world, _| world.settings.audit_policy.clone())),
        ("PUT", ["policy"]) => {
            let policy: AuditPolicy = parse(call)?;
            hub.with(|world, _| world.settings.audit_policy = policy);
            done()
        }
        (method, ["faults"]) => faults(hub, call, method),
        (method, ["push-faults"]) => push_faults(hub, call, method),
        (method, ["callbacks", vendor]) => callbacks(hub, call, method, self::vendor(vendor)?),
        ("POST", ["tickets", vendor]) => {
            let ticket = push_ticket(hub, self::vendor(vendor)?)?;
            Ok(Some(json!({ "ticket": ticket })))
        }
        ("GET", ["pushes", vendor]) => {
            let vendor = self::vendor(vendor)?;
            tell(hub.with(|world, _| {
                let pushes = world.platform_pushes.iter().filter(|(of, _)| *of == vendor);
                pushes.map(|(_, push)| push.clone()).collect::<Vec<_>>()
            }))
        }
        ("GET", ["requests"]) => requests(hub, call),
        _ => Ok(None),
    }
}

fn vendor(name: &str) -> Result<Vendor> {
    [WECHAT, BAIDU].into_iter().find(|vendor| vendor.as_str() == name).ok_or(SimError::UnknownVendor)
}

fn about(hub: &Hub) -> Result<Option<Value>> {
    Ok(Some(hub.with(|world, now| {
        json!({
            "seed": world.seed,
            "now": now,
            "apps": world.apps.len(),
            "requests": world.requests,
            "requests_by_path": world.by_path,
        })
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    vendor: String,
    app_id: AppId,
    original_id: Option<String>,
    access_token: Option<String>,
    state: Option<State>,
}

fn add_app(hub: &Hub, new: NewApp) -> Result<Option<Value>> {
    let mut spec = AppSpec::new(vendor(&new.vendor)?, new.app_id.clone());
    spec.original_id = new.original_id;
    spec.token = new.access_token.map(Secret::new);
    spec.state = new.state.unwrap_or(State::Online);
    let (issued, original_id) = hub.with(|world, now| {
        let issued = world.add_app(spec, now)?;
        Ok((issued, world.app(&new.app_id)?.original_id.clone()))
    })?;
    Ok(Some(json!({
        "app_id": new.app_id,
        "vendor": new.vendor,
        "original_id": original_id,
        "access_token": issued.text,
        "expires_at": issued.expires_at,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadFailure {
    code: i64,
    #[serde(default)]
    message: String,
}

fn of_app(hub: &Hub, call: &Call, method: &str, app: &AppId, what: &str) -> Result<Option<Value>> {
    let tell_token = |issued: Issued| json!({ "access_token": issued.text, "expires_at": issued.expires_at });
    match (method, what) {
        ("POST", "audit") => {
            let decision: Decision = parse(call)?;
            hub.with(|world, now| world.decide(app, None, &decision, now))?;
        }
        ("PUT", "state") => {
            let state: State = parse(call)?;
            hub.with(|world, now| world.arrange(app, &state, now))?;
        }
        ("GET", "token") => return issued(hub, app).map(tell_token).map(Some),
        ("POST", "rotate-token") => return rotate_token(hub, app).map(tell_token).map(Some),
        ("POST", "expire-token") => expire_token(hub, app)?,
        ("POST", "fail-next-upload") => {
            let failure: UploadFailure = parse(call)?;
            fail_next_upload(hub, app, failure.code, failure.message)?;
        }
        ("GET", "pushes") => return tell(hub.with(|world, _| world.app(app).map(|app| app.pushes.clone()))?),
        _ => return Ok(None),
    }
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(default)]
    seconds: u64,
    #[serde(default)]
    millis: u64,
}

fn advance(hub: &Hub, by: &Advance) -> Result<Option<Value>> {
    let duration = Duration::from_secs(by.seconds).saturating_add(Duration::from_millis(by.millis));
    if !hub.time.advance(duration) {
        return Err(SimError::ForeignClock);
    }
    hub.with(|_, _| ());
    Ok(Some(json!({ "now": hub.clock.now() })))
}

fn faults(hub: &Hub, call: &Call, method: &str) -> Result<Option<Value>> {
    match method {
        "GET" => return tell(hub.with(|world, _| world.faults.rules())),
        "PUT" => {
            let rules: Vec<FaultRule> = parse(call)?;
            hub.with(|world, _| world.faults.set(rules));
        }
        "POST" => {
            let rule: FaultRule = parse(call)?;
            hub.with(|world, _| world.faults.add(rule));
        }
        "DELETE" => hub.with(|world, _| world.faults.set(Vec::new())),
        _ => return Ok(None),
    }
    done()
}

fn push_faults(hub: &Hub, call: &Call, method: &str) -> Result<Option<Value>> {
    match method {
        "GET" => return tell(hub.with(|world, _| world.push_faults.rules())),
        "PUT" => {
            let rules: Vec<PushFaultRule> = parse(call)?;
            hub.with(|world, _| world.push_faults.set(rules));
        }
        "DELETE" => hub.with(|world, _| world.push_faults.set(Vec::new())),
        _ => return Ok(None),
    }
    done()
}

/// What is absent stays as it is; an empty URL removes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallbackChange {
    url: Option<String>,
    authorization_url: Option<String>,
    token: Option<String>,
    aes_key: Option<String>,
    receiver_id: Option<String>,
    platform_id: Option<String>,
}

fn callbacks(hub: &Hub, call: &Call, method: &str, vendor: Vendor) -> Result<Option<Value>> {
    let mut callback = hub.with(|world, _| world.settings.callback(vendor).clone());
    match method {
        "GET" => {}
        "PUT" => {
            let change: CallbackChange = parse(call)?;
            let url = |new: Option<String>, old: Option<String>| match new {
                None => old,
                Some(url) => Some(url).filter(|url| !url.is_empty()),
            };
            callback.url = url(change.url, callback.url);
            callback.authorization_url = url(change.authorization_url, callback.authorization_url);
            callback.token = change.token.map_or(callback.token, Secret::new);
            callback.aes_key = change.aes_key.map_or(callback.aes_key, Secret::new);
            callback.receiver_id = change.receiver_id.unwrap_or(callback.receiver_id);
            callback.platform_id = change.platform_id.unwrap_or(callback.platform_id);
            set_callback(hub, vendor, callback.clone())?;
        }
        _ => return Ok(None),
    }
    Ok(Some(json!({
        "url": callback.url,
        "authorization_url": callback.authorization_url,
        "token": callback.token.expose(),
        "aes_key": callback.aes_key.expose(),
        "receiver_id": callback.receiver_id,
        "platform_id": callback.platform_id,
    })))
}

/// How many requests are shown unless asked for more.
const SHOWN: usize = 100;

fn requests(hub: &Hub, call: &Call) -> Result<Option<Value>> {
    let limit = match call.query("limit") {
        None => SHOWN,
        Some(limit) => {
            limit.parse().map_err(|_| SimError::InvalidArgument("limit must be a number".to_owned()))?
        }
    };
    tell(hub.with(|world, _| {
        let skipped = world.log.len().saturating_sub(limit);
        world.log.iter().skip(skipped).cloned().collect::<Vec<_>>()
    }))
}
