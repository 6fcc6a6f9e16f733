//! WeChat, written from its documents: envelope, endpoints and the state of an app.

mod answers;
mod audit;
mod basics;
mod catalogue;
mod categories;
mod code;
mod component;
mod decisions;
mod domains;
mod endpoints;
mod input;
mod items;
mod media;
mod messages;
mod naming;
mod options;
mod order_path;
mod platform_domains;
mod privacy;
mod privacy_interfaces;
mod profile;
pub(crate) mod push;
mod quota;
mod records;
mod release;
mod review;
mod shared;
mod state;
mod templates;
mod testers;
mod uses;
mod web_domains;
mod words;

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use crate::WECHAT;
use crate::call::{Answer, Call, Content, Object, Refusal};
use crate::endpoint::{self, Endpoint, EndpointInfo, Mode, Operation, Ran, Scene, View, find};
use crate::platform::Platform;
use crate::world::Apps;

pub(crate) use decisions::decisions;
use endpoints::{ENDPOINTS, OPEN_ENDPOINTS, PLATFORM_ENDPOINTS};
pub(crate) use profile::Profile;
pub(crate) use records::{add_appeal, add_breach};
pub(crate) use release::is_library_version;
pub(crate) use review::decide_review;
pub(crate) use shared::Shared;
pub(crate) use state::{Account, arrange};
use state::{Audit, Gray, Status, Upload};

pub(crate) type WeView<'a> = View<'a, Account>;
pub(crate) type WeScene<'a> = Scene<'a, Account>;
pub(crate) type Verdict = crate::endpoint::Verdict<Account>;
pub(crate) type Step = crate::endpoint::Step<Account>;

pub(crate) type ComponentView<'a> = View<'a, Apps>;
pub(crate) type ComponentScene<'a> = Scene<'a, Apps>;
pub(crate) type ComponentVerdict = crate::endpoint::Verdict<Apps>;
pub(crate) type ComponentStep = crate::endpoint::Step<Apps>;

pub(crate) fn endpoints() -> impl Iterator<Item = EndpointInfo> {
    endpoint::list(WECHAT, ENDPOINTS)
        .chain(endpoint::list(WECHAT, PLATFORM_ENDPOINTS))
        .chain(endpoint::list(WECHAT, OPEN_ENDPOINTS))
}

pub(crate) fn takes_no_token(call: &Call) -> bool {
    find(OPEN_ENDPOINTS, &call.path).is_some()
}

/// Returns the app that a platform request is about, if it names one.
pub(crate) fn named_app(call: &Call, platform: &Platform) -> Option<AppId> {
    component::named_app(call, platform)
}

pub(crate) fn describe(call: &Call) -> Operation {
    let of_app = find(ENDPOINTS, &call.path).map(|endpoint| endpoint.operations);
    let of_others = |table| find(table, &call.path).map(|endpoint: &Endpoint<Apps>| endpoint.operations);
    let of_platform = || of_others(PLATFORM_ENDPOINTS).or_else(|| of_others(OPEN_ENDPOINTS));
    of_app.or_else(of_platform).map(|operations| operations.of(call)).unwrap_or_default()
}

/// Runs a request with an app's token.
pub(crate) fn run(call: &Call, scene: WeScene<'_>, mode: Mode) -> Ran {
    if mode == Mode::Apply {
        scene.platform.wechat.answers.ask(scene.app_id, call);
    }
    let Some(endpoint) = find(ENDPOINTS, &call.path) else {
        let of_platform = find(PLATFORM_ENDPOINTS, &call.path).is_some();
        return match templates::for_app(call) {
            Some(content) => Ran::Accepted { effect: false, content },
            None => Ran::Refused(Refusal::code(if of_platform { 61014 } else { 40066 })),
        };
    };
    if !quota::admits(call, &scene) {
        return Ran::Refused(Refusal::code(45009));
    }
    if mode == Mode::Apply {
        scene.state.profile.usage.count(&call.path, scene.now);
    }
    checked(endpoint, call, scene, mode)
}

/// Runs a request with the platform's token.
pub(crate) fn run_platform(call: &Call, scene: Scene<'_, Apps>, mode: Mode) -> Ran {
    match find(PLATFORM_ENDPOINTS, &call.path) {
        Some(endpoint) => checked(endpoint, call, scene, mode),
        None if find(ENDPOINTS, &call.path).is_some() => Ran::Refused(Refusal::code(61015)),
        None => Ran::Refused(Refusal::code(40066)),
    }
}

/// Runs a request that needs no token.
pub(crate) fn run_open(call: &Call, scene: Scene<'_, Apps>, mode: Mode) -> Ran {
    match find(OPEN_ENDPOINTS, &call.path) {
        Some(endpoint) => checked(endpoint, call, scene, mode),
        None => Ran::Refused(Refusal::code(40066)),
    }
}

fn checked<S>(endpoint: &Endpoint<S>, call: &Call, scene: Scene<'_, S>, mode: Mode) -> Ran {
    match (endpoint.post, call.method.as_str()) {
        (false, "GET") => endpoint::run(endpoint, call, &Object::new(), scene, mode),
        (true, "POST") if media::takes_file(&call.path) => {
            endpoint::run(endpoint, call, &Object::new(), scene, mode)
        }
        (true, "POST") => match body(&call.body) {
            Ok(body) => endpoint::run(endpoint, call, &body, scene, mode),
            Err(refusal) => Ran::Refused(refusal),
        },
        (false, _) => Ran::Refused(Refusal::code(43001)),
        (true, _) => Ran::Refused(Refusal::code(43002)),
    }
}

fn body(bytes: &[u8]) -> Result<Object, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::code(44002));
    }
    if escapes_text(bytes) {
        return Err(Refusal::code(47002));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal::code(47001)),
    }
}

/// Returns whether JSON text escapes a non-ASCII character as `\uXXXX`.
fn escapes_text(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = &rest[at + 1..];
        let Some(next) = rest.first() else { return false };
        if *next == b'u' {
            let digits = rest.get(1..5).and_then(|digits| std::str::from_utf8(digits).ok());
            if digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).is_some_and(|code| code > 0x7f)
            {
                return true;
            }
        }
        rest = &rest[1..];
    }
    false
}

const JSON: &str = "application/json; encoding=utf-8";

pub(crate) fn accepted(content: Content, platform: &mut Platform, now: Timestamp) -> Answer {
    let fields = match content {
        Content::Image(media_type, bytes) => {
            let mut answer = Answer::new(200, media_type, bytes);
            answer.headers.push(("content-disposition", "attachment; filename=\"QRCode.jpg\"".to_owned()));
            answer.headers.push(("cache-control", "no-cache, must-revalidate".to_owned()));
            platform.wechat.answers.discard();
            return answer;
        }
        Content::Bare(fields) => {
            platform.wechat.answers.discard();
            return Answer::new(200, JSON, Value::Object(fields).to_string());
        }
        Content::Fields(fields) => fields,
        Content::Data(_) | Content::Done => Object::new(),
    };
    let (rid, body) = envelope(0, "ok", fields, platform, now);
    // Slashes are escaped in page paths, as in the documents' sample.
    recorded(rid, body.to_string().replace('/', "\\/"), platform, now)
}

pub(crate) fn refused(refusal: &Refusal, platform: &mut Platform, now: Timestamp) -> Answer {
    let words = refusal.message.as_deref().unwrap_or_else(|| words::of(refusal.code));
    let (rid, body) = envelope(refusal.code, words, refusal.fields.clone(), platform, now);
    recorded(rid, body.to_string(), platform, now)
}

/// Returns the response and records it under its request id.
fn recorded(rid: String, body: String, platform: &mut Platform, now: Timestamp) -> Answer {
    platform.wechat.answers.record(rid, &body, now);
    Answer::new(200, JSON, body)
}

/// Returns the request id and the body that contains it.
fn envelope(
    code: i64,
    words: &str,
    fields: Object,
    platform: &mut Platform,
    now: Timestamp,
) -> (String, Value) {
    let (second, third) = (platform.random.u32(..), platform.random.u32(..));
    let rid = format!("{:08x}-{second:08x}-{third:08x}", now.as_unix());
    let mut envelope = Object::new();
    envelope.insert("errcode".to_owned(), json!(code));
    envelope.insert("errmsg".to_owned(), json!(format!("{words} rid: {rid}")));
    envelope.extend(fields);
    (rid, Value::Object(envelope))
}
