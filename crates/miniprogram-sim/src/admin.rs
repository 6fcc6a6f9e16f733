//! The admin interface over HTTP, and what it shares with the Rust API.

mod app;
mod authorization;
mod platform;
mod records;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use miniprogram_core::{AppId, Secret, Vendor};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::baidu::NameRules;
use crate::body::Reply;
use crate::call::{Answer, Call};
use crate::callback::Callback;
use crate::error::SimError;
use crate::faults::{FaultRule, PushFaultRule};
use crate::handle;
use crate::hub::Hub;
use crate::server::{check, known};
use crate::tokens::{Holder, Issued};
use crate::verdict::AuditPolicy;
use crate::world::Account;
use crate::{BAIDU, WECHAT, acceptance, baidu};

pub(crate) use platform::{add_template_draft, platform_domains, set_platform_domains};

/// Path prefix of the admin interface.
pub(crate) const ROOT: &str = "/_sim";

type Result<T> = std::result::Result<T, SimError>;

pub(crate) fn issued(hub: &Hub, vendor: Vendor, holder: &Holder) -> Issued {
    hub.with(|world, now| {
        world.platform.tokens.valid(vendor, holder, now, world.settings.token_lifetime(vendor, holder))
    })
}

pub(crate) fn rotate_token(hub: &Hub, vendor: Vendor, holder: &Holder) -> Issued {
    hub.with(|world, now| {
        world.platform.tokens.issue(vendor, holder, now, world.settings.token_lifetime(vendor, holder))
    })
}

pub(crate) fn expire_token(hub: &Hub, holder: &Holder) {
    hub.with(|world, now| world.platform.tokens.expire(holder, now));
}

/// Returns the app as a token holder, with its vendor.
pub(crate) fn holder(hub: &Hub, app: &AppId) -> Result<(Vendor, Holder)> {
    hub.with(|world, _| Ok((world.app(app)?.vendor, Holder::App(app.clone()))))
}

/// Like [`holder`], but the app must have authorized the platform.
pub(crate) fn authorized(hub: &Hub, app: &AppId) -> Result<(Vendor, Holder)> {
    hub.with(|world, _| {
        let found = world.app(app)?;
        found.grant.since.ok_or_else(|| SimError::NotAuthorized(app.clone()))?;
        Ok((found.vendor, Holder::App(app.clone())))
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
            _ => Err(SimError::Unsupported(app.clone(), "delayed upload failures")),
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
    Ok(hub.with(|world, now| world.push_ticket(vendor, now)))
}

pub(crate) async fn answer(hub: &Arc<Hub>, request: Request<Incoming>) -> Response<Reply> {
    let answer = match handle::read(request).await {
        Ok(call) if authorization::is_acceptance_test(&call) => {
            respond(acceptance::run(hub).await.and_then(json_of))
        }
        Ok(call) => respond(route(hub, &call)),
        Err(answer) => answer,
    };
    handle::respond(hub, &answer)
}

fn respond(result: Result<Option<Value>>) -> Answer {
    let (status, body) = match result {
        Ok(Some(body)) => (200, body),
        Ok(None) => (404, json!({ "error": "unknown admin method or path" })),
        Err(error) => {
            let status = match error {
                SimError::UnknownApp(_) => 404,
                SimError::AppExists(_)
                | SimError::NotAuthorized(_)
                | SimError::NothingInReview(_)
                | SimError::ForeignClock => 409,
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

fn json_of<T: serde::Serialize>(value: T) -> Result<Option<Value>> {
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
            json_of(
                apps.iter().map(|(id, vendor)| json!({ "app_id": id, "vendor": vendor })).collect::<Vec<_>>(),
            )
        }
        ("POST", ["apps"]) => app::add(hub, parse(call)?),
        ("DELETE", ["apps", app]) => {
            hub.with(|world, _| world.remove_app(&AppId::from(*app)))?;
            done()
        }
        ("GET", ["apps", app]) => json_of(hub.with(|world, _| world.truth(&AppId::from(*app)))?),
        ("POST", ["apps", app, what @ ("authorize" | "update-authorization" | "revoke-authorization")]) => {
            authorization::change(hub, &AppId::from(*app), what)
        }
        ("GET", ["apps", app, "refresh-token"]) => authorization::refresh_token(hub, &AppId::from(*app)),
        ("POST", ["apps", app, "events"]) => authorization::push_event(hub, call, &AppId::from(*app)),
        ("POST", ["apps", app, "texts"]) => authorization::push_text(hub, call, &AppId::from(*app)),
        ("POST", ["apps", app, "illegal-records"]) => {
            records::add_illegal_record(hub, call, &AppId::from(*app))
        }
        ("POST", ["apps", app, "illegal-records", record, "appeal"]) => {
            records::decide_appeal(hub, call, &AppId::from(*app), record)
        }
        (method, ["wechat-name-rules"]) => records::name_rules(hub, call, method),
        (method, ["apps", app, what]) => app::route(hub, call, method, &AppId::from(*app), what),
        ("POST", ["apps", app, "reviews", item]) => app::decide(hub, call, &AppId::from(*app), item),
        ("GET", ["platforms", vendor]) => platform::about(hub, self::vendor(vendor)?),
        (method, ["platforms", vendor, what]) => {
            platform::route(hub, call, method, self::vendor(vendor)?, what)
        }
        ("GET", ["name-rules"]) => json_of(hub.with(|world, _| world.settings.name_rules.clone())),
        ("PUT", ["name-rules"]) => {
            let rules: NameRules = parse(call)?;
            hub.with(|world, _| world.settings.name_rules = rules);
            done()
        }
        ("GET", ["clock"]) => Ok(Some(json!({ "now": hub.clock.now() }))),
        ("POST", ["clock", "advance"]) => advance(hub, &parse(call)?),
        ("GET", ["policy"]) => json_of(hub.with(|world, _| world.settings.audit_policy.clone())),
        ("PUT", ["policy"]) => {
            let policy: AuditPolicy = parse(call)?;
            hub.with(|world, _| world.settings.audit_policy = policy);
            done()
        }
        ("GET", ["decisions"]) => json_of(crate::decisions()),
        (method, ["wechat-withdrawals"]) => withdrawals(hub, call, method),
        (method, ["faults"]) => faults(hub, call, method),
        (method, ["push-faults"]) => push_faults(hub, call, method),
        (method, ["callbacks", vendor]) => callbacks(hub, call, method, self::vendor(vendor)?),
        ("POST", ["tickets", vendor]) => {
            let ticket = push_ticket(hub, self::vendor(vendor)?)?;
            Ok(Some(json!({ "ticket": ticket })))
        }
        ("GET", ["pushes", vendor]) => {
            let vendor = self::vendor(vendor)?;
            json_of(hub.with(|world, _| {
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

fn token_json(issued: &Issued) -> Value {
    json!({ "access_token": issued.text, "expires_at": issued.expires_at })
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

/// Withdrawal limits per app at WeChat. Absent fields stay unchanged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawals {
    per_day: Option<usize>,
    per_month: Option<usize>,
}

fn withdrawals(hub: &Hub, call: &Call, method: &str) -> Result<Option<Value>> {
    let change = match method {
        "GET" => Withdrawals { per_day: None, per_month: None },
        "PUT" => parse(call)?,
        _ => return Ok(None),
    };
    Ok(Some(hub.with(|world, _| {
        let settings = &mut world.settings;
        let (per_day, per_month) =
            (&mut settings.wechat_withdrawals_per_day, &mut settings.wechat_withdrawals_per_month);
        *per_day = change.per_day.unwrap_or(*per_day);
        *per_month = change.per_month.unwrap_or(*per_month);
        json!({ "per_day": per_day, "per_month": per_month })
    })))
}

fn faults(hub: &Hub, call: &Call, method: &str) -> Result<Option<Value>> {
    match method {
        "GET" => return json_of(hub.with(|world, _| world.faults.rules())),
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
        "GET" => return json_of(hub.with(|world, _| world.push_faults.rules())),
        "PUT" => {
            let rules: Vec<PushFaultRule> = parse(call)?;
            hub.with(|world, _| world.push_faults.set(rules));
        }
        "DELETE" => hub.with(|world, _| world.push_faults.set(Vec::new())),
        _ => return Ok(None),
    }
    done()
}

/// Absent fields stay unchanged; an empty URL removes the URL.
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

/// How many requests are listed by default.
const SHOWN: usize = 100;

fn requests(hub: &Hub, call: &Call) -> Result<Option<Value>> {
    let limit = match call.query("limit") {
        None => SHOWN,
        Some(limit) => {
            limit.parse().map_err(|_| SimError::InvalidArgument("limit must be an integer".to_owned()))?
        }
    };
    json_of(hub.with(|world, _| {
        let skipped = world.log.len().saturating_sub(limit);
        world.log.iter().skip(skipped).cloned().collect::<Vec<_>>()
    }))
}
