//! The vendors' authorization pages in a browser: the merchant consents at once.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Request, Response};
use miniprogram_core::{AppId, Vendor};

use crate::authorization::Standing;
use crate::body::Reply;
use crate::call::{Answer, Call};
use crate::handle;
use crate::hub::Hub;
use crate::world::World;
use crate::{BAIDU, WECHAT};

/// WeChat's desktop page.
const DESKTOP: &str = "/cgi-bin/componentloginpage";
/// WeChat's phone page: the current path, and the one on the older host.
pub(crate) const PHONE: [&str; 2] = ["/wxaopen/safe/bindcomponent", "/safe/bindcomponent"];
/// Additional parameters that the phone page requires.
const PHONE_PARAMETERS: [(&str, &str); 2] = [("action", "bindcomponent"), ("no_scan", "1")];
/// Account kinds that may be requested, as `auth_type`.
const KINDS: [&str; 7] = ["1", "2", "3", "4", "5", "6", "8"];
/// The kinds that include mini programs, the only accounts here.
const MINI_PROGRAMS: [&str; 3] = ["2", "3", "6"];

/// Returns the vendor whose authorization page has the path.
pub(crate) fn vendor(path: &str) -> Option<Vendor> {
    match path {
        DESKTOP => Some(WECHAT),
        "/mappconsole/tp/authorization" => Some(BAIDU),
        path if PHONE.contains(&path) => Some(WECHAT),
        _ => None,
    }
}

pub(crate) async fn answer(hub: &Arc<Hub>, vendor: Vendor, request: Request<Incoming>) -> Response<Reply> {
    let answer = match handle::read(request).await {
        Ok(call) => visit(hub, vendor, &call),
        Err(answer) => answer,
    };
    handle::respond(hub, &answer)
}

fn visit(hub: &Hub, vendor: Vendor, call: &Call) -> Answer {
    match consent(hub, vendor, call) {
        Ok(address) => {
            let mut answer = Answer::new(302, "text/html", Bytes::new());
            answer.headers.push(("location", address));
            answer
        }
        Err(message) => Answer::new(400, "text/plain", message),
    }
}

/// Returns the redirect target with the code.
fn consent(hub: &Hub, vendor: Vendor, call: &Call) -> Result<String, String> {
    let missing = |name: &str| format!("the page requires {name}");
    let given = |name: &'static str| call.query(name).ok_or_else(|| missing(name));
    let redirect = given("redirect_uri")?;
    if !["http://", "https://"].iter().any(|scheme| redirect.starts_with(scheme)) {
        return Err("redirect_uri must be an http or https URL".to_owned());
    }
    let platform = given(if vendor == BAIDU { "client_id" } else { "component_appid" })?;
    let code = given("pre_auth_code")?;
    let pinned = call.query("biz_appid").or_else(|| call.query("app_id"));
    if vendor == WECHAT {
        check(call, pinned.is_some())?;
    }
    let consent = hub.with(|world, now| {
        let known = match vendor {
            BAIDU => world.settings.baidu_key.as_str(),
            _ => world.settings.wechat_callback.platform_id.as_str(),
        };
        if platform != known {
            return Err("unknown platform".to_owned());
        }
        let app = choose(world, vendor, pinned)?;
        if world.platform.authorizations.visit(vendor, code, now) != Standing::Good {
            return Err("pre_auth_code is invalid, used or expired".to_owned());
        }
        world.authorize(&app, Some(code), now).map_err(|error| error.to_string())
    })?;
    let name = if vendor == BAIDU { "authorization_code" } else { "auth_code" };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, &consent.code).append_pair("expires_in", &consent.lifetime.as_secs().to_string());
    let separator = if redirect.contains('?') { '&' } else { '?' };
    Ok(format!("{redirect}{separator}{}", query.finish()))
}

/// Checks WeChat's additional parameters. A named account takes precedence over account kinds.
fn check(call: &Call, is_pinned: bool) -> Result<(), String> {
    if PHONE.contains(&call.path.as_str()) {
        for (name, value) in PHONE_PARAMETERS {
            if call.query(name) != Some(value) {
                return Err(format!("the phone page requires {name}={value}"));
            }
        }
    }
    match call.query("auth_type") {
        Some(kind) if !KINDS.contains(&kind) => Err(format!("auth_type must be one of {}", KINDS.join(", "))),
        Some(kind) if !is_pinned && !MINI_PROGRAMS.contains(&kind) => {
            Err(format!("auth_type {kind} includes no mini programs, the only accounts of the simulator"))
        }
        _ => Ok(()),
    }
}

/// Returns the named app, otherwise the first by id that has not authorized the platform.
fn choose(world: &World, vendor: Vendor, pinned: Option<&str>) -> Result<AppId, String> {
    if let Some(pinned) = pinned {
        let app = AppId::from(pinned);
        let known = world.apps.get(&app).is_some_and(|app| app.vendor == vendor);
        return if known { Ok(app) } else { Err(format!("app {pinned} does not exist")) };
    }
    let waiting = world
        .apps
        .iter()
        .filter(|(_, app)| app.vendor == vendor && app.grant.since.is_none())
        .map(|(id, _)| id);
    waiting.min().cloned().ok_or_else(|| {
        "every app has authorized the platform; name one with app_id (at WeChat also biz_appid)".to_owned()
    })
}
