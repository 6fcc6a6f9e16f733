//! The vendors' authorization pages, as a browser sees them: the merchant consents at once.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Request, Response};
use miniprogram_core::{AppId, Vendor};

use crate::authorization::Standing;
use crate::body::Reply;
use crate::call::{Answer, Call};
use crate::gate;
use crate::hub::Hub;
use crate::world::World;
use crate::{BAIDU, WECHAT};

/// WeChat's page for a desk.
const DESK: &str = "/cgi-bin/componentloginpage";
/// WeChat's page for a phone: where it is today, and where it was on the older host.
pub(crate) const PHONE: [&str; 2] = ["/wxaopen/safe/bindcomponent", "/safe/bindcomponent"];
/// What the page for a phone is opened with, beside the rest.
const PHONE_WANTS: [(&str, &str); 2] = [("action", "bindcomponent"), ("no_scan", "1")];
/// The kinds of accounts that may be asked for, by `auth_type`.
const KINDS: [&str; 7] = ["1", "2", "3", "4", "5", "6", "8"];
/// Those of them that offer mini programs, the only accounts here.
const MINI_PROGRAMS: [&str; 3] = ["2", "3", "6"];

/// The vendor whose authorization page has the path.
pub(crate) fn vendor(path: &str) -> Option<Vendor> {
    match path {
        DESK => Some(WECHAT),
        "/mappconsole/tp/authorization" => Some(BAIDU),
        path if PHONE.contains(&path) => Some(WECHAT),
        _ => None,
    }
}

pub(crate) async fn answer(hub: &Arc<Hub>, vendor: Vendor, request: Request<Incoming>) -> Response<Reply> {
    let answer = match gate::read(request).await {
        Ok(call) => visit(hub, vendor, &call),
        Err(answer) => answer,
    };
    gate::respond(hub, &answer)
}

fn visit(hub: &Hub, vendor: Vendor, call: &Call) -> Answer {
    match consent(hub, vendor, call) {
        Ok(address) => {
            let mut answer = Answer::new(302, "text/html", Bytes::new());
            answer.headers.push(("location", address));
            answer
        }
        Err(words) => Answer::new(400, "text/plain", words),
    }
}

/// Where the browser is sent back to, with the code.
fn consent(hub: &Hub, vendor: Vendor, call: &Call) -> Result<String, String> {
    let missing = |name: &str| format!("the page needs {name}");
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
            return Err("no such platform".to_owned());
        }
        let app = choose(world, vendor, pinned)?;
        if world.platform.authorizations.visit(vendor, code, now) != Standing::Good {
            return Err("pre_auth_code is wrong, used or expired".to_owned());
        }
        world.authorize(&app, Some(code), now).map_err(|error| error.to_string())
    })?;
    let name = if vendor == BAIDU { "authorization_code" } else { "auth_code" };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, &consent.code).append_pair("expires_in", &consent.lifetime.as_secs().to_string());
    let separator = if redirect.contains('?') { '&' } else { '?' };
    Ok(format!("{redirect}{separator}{}", query.finish()))
}

/// What WeChat's pages want beside what both vendors want. An account that is named wins over the kinds of accounts.
fn check(call: &Call, is_pinned: bool) -> Result<(), String> {
    if PHONE.contains(&call.path.as_str()) {
        for (name, value) in PHONE_WANTS {
            if call.query(name) != Some(value) {
                return Err(format!("the page for a phone needs {name}={value}"));
            }
        }
    }
    match call.query("auth_type") {
        Some(kind) if !KINDS.contains(&kind) => Err(format!("auth_type must be one of {}", KINDS.join(", "))),
        Some(kind) if !is_pinned && !MINI_PROGRAMS.contains(&kind) => {
            Err(format!("auth_type {kind} offers no mini programs, and there are no other accounts here"))
        }
        _ => Ok(()),
    }
}

/// The app that is named, else the first one that has not authorized the platform, in order of their ids.
fn choose(world: &World, vendor: Vendor, pinned: Option<&str>) -> Result<AppId, String> {
    if let Some(pinned) = pinned {
        let app = AppId::from(pinned);
        let known = world.apps.get(&app).is_some_and(|app| app.vendor == vendor);
        return if known { Ok(app) } else { Err(format!("no app {pinned} has been added")) };
    }
    let waiting = world
        .apps
        .iter()
        .filter(|(_, app)| app.vendor == vendor && app.grant.since.is_none())
        .map(|(id, _)| id);
    waiting.min().cloned().ok_or_else(|| {
        "every app has authorized the platform: name one by app_id (at WeChat also biz_appid)".to_owned()
    })
}
