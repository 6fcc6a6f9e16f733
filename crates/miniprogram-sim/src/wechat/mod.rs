//! WeChat, read from its documents: envelope, endpoints and the state of an app.

mod audit;
mod code;
mod items;
pub(crate) mod push;
mod release;
mod state;
mod words;

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Content, Object, Refusal};
use crate::endpoint::{Endpoint, Mode, Ran, Scene, View};
use crate::world::Platform;

pub(crate) use release::is_library_version;
pub(crate) use state::{Account, arrange};
use state::{Audit, Gray, Status, Upload};

pub(crate) type WeView<'a> = View<'a, Account>;
pub(crate) type WeScene<'a> = Scene<'a, Account>;
pub(crate) type Verdict = crate::endpoint::Verdict<Account>;
pub(crate) type Step = crate::endpoint::Step<Account>;

const GET: bool = false;
const POST: bool = true;

static ENDPOINTS: [Endpoint<Account>; 21] = [
    Endpoint::effect(POST, "/wxa/commit", "upload_code", code::commit),
    Endpoint::read(GET, "/wxa/get_qrcode", "trial_qr_code", code::get_qrcode),
    Endpoint::read(GET, "/wxa/get_category", "categories", code::get_category),
    Endpoint::read(GET, "/wxa/get_page", "pages", code::get_page),
    Endpoint::read(POST, "/wxa/getversioninfo", "code_versions", code::getversioninfo),
    Endpoint::read(
        GET,
        "/wxa/security/get_code_privacy_info",
        "upload_progress",
        code::get_code_privacy_info,
    ),
    Endpoint::effect(POST, "/wxa/submit_audit", "submit_audit", audit::submit_audit),
    Endpoint::read(POST, "/wxa/get_auditstatus", "audit_status", audit::get_auditstatus),
    Endpoint::read(GET, "/wxa/get_latest_auditstatus", "latest_audit", audit::get_latest_auditstatus),
    Endpoint::effect(GET, "/wxa/undocodeaudit", "withdraw_audit", audit::undocodeaudit),
    Endpoint::effect(POST, "/wxa/speedupaudit", "expedite_audit", audit::speedupaudit),
    Endpoint::read(GET, "/wxa/queryquota", "audit_quota", audit::queryquota),
    Endpoint::effect(POST, "/wxa/release", "release", release::release),
    Endpoint::effect(GET, "/wxa/revertcoderelease", "rollback", release::revertcoderelease),
    Endpoint::effect(POST, "/wxa/grayrelease", "start_gray_release", release::grayrelease),
    Endpoint::effect(GET, "/wxa/revertgrayrelease", "cancel_gray_release", release::revertgrayrelease),
    Endpoint::read(GET, "/wxa/getgrayreleaseplan", "gray_release_plan", release::getgrayreleaseplan),
    Endpoint::effect(POST, "/wxa/change_visitstatus", "set_visit_status", release::change_visitstatus),
    Endpoint::read(POST, "/wxa/getvisitstatus", "visit_status", release::getvisitstatus),
    Endpoint::read(
        POST,
        "/cgi-bin/wxopen/getweappsupportversion",
        "min_library_version",
        release::get_support_version,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/wxopen/setweappsupportversion",
        "set_min_library_version",
        release::set_support_version,
    ),
];

fn endpoint(path: &str) -> Option<&'static Endpoint<Account>> {
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path)
}

pub(crate) fn describe(call: &Call) -> (&'static str, bool) {
    match endpoint(&call.path) {
        Some(_) if release::only_lists(call) => ("rollback_targets", false),
        Some(endpoint) => (endpoint.operation, endpoint.effect),
        None => ("", false),
    }
}

pub(crate) fn run(call: &Call, scene: WeScene<'_>, mode: Mode) -> Ran {
    let Some(endpoint) = endpoint(&call.path) else { return Ran::Refused(Refusal::code(40066)) };
    match (endpoint.post, call.method.as_str()) {
        (GET, "GET") => crate::endpoint::run(endpoint, call, &Object::new(), scene, mode),
        (POST, "POST") => match body(&call.body) {
            Ok(body) => crate::endpoint::run(endpoint, call, &body, scene, mode),
            Err(refusal) => Ran::Refused(refusal),
        },
        (GET, _) => Ran::Refused(Refusal::code(43001)),
        (POST, _) => Ran::Refused(Refusal::code(43002)),
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
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(Refusal::code(47001)),
    }
}

/// Whether JSON text writes a character beyond ASCII as `\uXXXX`.
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
    let members = match content {
        Content::Image(media_type, bytes) => {
            let mut answer = Answer::new(200, media_type, bytes);
            answer.headers.push(("content-disposition", "attachment; filename=\"QRCode.jpg\"".to_owned()));
            answer.headers.push(("cache-control", "no-cache, must-revalidate".to_owned()));
            return answer;
        }
        Content::Members(members) => members,
        Content::Data(_) | Content::Done => Object::new(),
    };
    let text = envelope(0, "ok", members, platform, now).to_string();
    // Page paths come with escaped slashes, as in the documents' sample.
    Answer::new(200, JSON, text.replace('/', "\\/"))
}

pub(crate) fn refused(refusal: &Refusal, platform: &mut Platform, now: Timestamp) -> Answer {
    let words = refusal.message.as_deref().unwrap_or_else(|| words::of(refusal.code));
    Answer::new(200, JSON, envelope(refusal.code, words, Object::new(), platform, now).to_string())
}

fn envelope(code: i64, words: &str, members: Object, platform: &mut Platform, now: Timestamp) -> Value {
    let (second, third) = (platform.random.u32(..), platform.random.u32(..));
    let words = format!("{words} rid: {:08x}-{second:08x}-{third:08x}", now.as_unix());
    let mut envelope = Object::new();
    envelope.insert("errcode".to_owned(), json!(code));
    envelope.insert("errmsg".to_owned(), json!(words));
    envelope.extend(members);
    Value::Object(envelope)
}
