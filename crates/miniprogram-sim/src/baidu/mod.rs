//! Baidu, read from its documents: envelopes, endpoints and the state of an app.

mod app;
mod package;
pub(crate) mod push;
mod qrcode;
mod state;
mod words;

use serde_json::{Value, json};

pub(crate) use state::{Account, Failure, arrange};

use crate::call::{Answer, Call, Content, Object, Refusal};
use crate::endpoint::{Endpoint, Mode, Ran, Scene, View};
use crate::world::Platform;

pub(crate) type BdView<'a> = View<'a, Account>;
pub(crate) type BdScene<'a> = Scene<'a, Account>;
pub(crate) type Verdict = crate::endpoint::Verdict<Account>;
pub(crate) type Step = crate::endpoint::Step<Account>;

const GET: bool = false;
const POST: bool = true;
const ROOT: &str = "/rest/2.0/smartapp/";

/// Paths below [`ROOT`].
static ENDPOINTS: [Endpoint<Account>; 16] = [
    Endpoint::effect(POST, "package/upload", "upload_code", package::upload),
    Endpoint::effect(POST, "package/submitaudit", "submit_audit", package::submitaudit),
    Endpoint::effect(POST, "package/release", "release", package::release),
    Endpoint::effect(POST, "package/rollback", "rollback", package::rollback),
    Endpoint::effect(POST, "package/withdraw", "withdraw_audit", package::withdraw),
    Endpoint::read(GET, "package/gettrial", "trial_package", package::gettrial),
    Endpoint::read(GET, "package/get", "code_versions", package::get),
    Endpoint::read(GET, "package/getdetail", "audit_status", package::getdetail),
    Endpoint::read(GET, "package/auditquota", "audit_quota", package::auditquota),
    Endpoint::read(GET, "app/qrcode", "trial_qr_code", qrcode::qrcode),
    Endpoint::read(GET, "app/category/list", "categories", app::category_list),
    Endpoint::read(GET, "app/info", "visit_status", app::info),
    Endpoint::effect(POST, "app/pause", "set_visit_status", app::pause),
    Endpoint::effect(POST, "app/resume", "set_visit_status", app::resume),
    Endpoint::read(GET, "app/getsupportversion", "min_library_version", app::getsupportversion),
    Endpoint::effect(POST, "app/setsupportversion", "set_min_library_version", app::setsupportversion),
];

fn endpoint(path: &str) -> Option<&'static Endpoint<Account>> {
    let path = path.strip_prefix(ROOT)?;
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path)
}

pub(crate) fn describe(call: &Call) -> (&'static str, bool) {
    endpoint(&call.path).map_or(("", false), |endpoint| (endpoint.operation, endpoint.effect))
}

pub(crate) fn run(call: &Call, scene: BdScene<'_>, mode: Mode) -> Ran {
    let Some(endpoint) = endpoint(&call.path) else { return Ran::Refused(Refusal::gateway(3)) };
    if call.method.as_str() != (if endpoint.post { "POST" } else { "GET" }) {
        let message = Some("请求方式不支持".to_owned());
        return Ran::Refused(Refusal { message, ..Refusal::code(501) });
    }
    if call.has_json_body() {
        return Ran::Refused(Refusal::code(40001));
    }
    crate::endpoint::run(endpoint, call, &Object::new(), scene, mode)
}

const JSON: &str = "application/json;charset=utf-8";

pub(crate) fn accepted(content: Content, platform: &mut Platform) -> Answer {
    let envelope = match content {
        Content::Image(media_type, bytes) => return traced(Answer::new(200, media_type, bytes), platform),
        Content::Done => json!({ "errno": 0, "msg": "success" }),
        Content::Data(data) => json!({ "errno": 0, "msg": "success", "data": data }),
        Content::Members(data) => json!({ "errno": 0, "msg": "success", "data": Value::Object(data) }),
    };
    traced(Answer::new(200, JSON, envelope.to_string()), platform)
}

pub(crate) fn refused(refusal: &Refusal, platform: &mut Platform) -> Answer {
    let words = |table: fn(i64) -> &'static str| {
        refusal.message.clone().unwrap_or_else(|| table(refusal.code).to_owned())
    };
    let body = if refusal.gateway {
        json!({ "error_code": refusal.code, "error_msg": words(words::of_gateway) })
    } else {
        json!({ "errno": refusal.code, "msg": words(words::of) })
    };
    traced(Answer::new(200, JSON, body.to_string()), platform)
}

fn traced(mut answer: Answer, platform: &mut Platform) -> Answer {
    answer.headers.push(("x-b3-traceid", format!("{:016x}", platform.random.u64(..))));
    answer
}
