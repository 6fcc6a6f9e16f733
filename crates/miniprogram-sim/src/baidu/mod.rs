//! Baidu, written from its documents: envelopes, endpoints and the state of an app.

mod alliance;
mod app;
mod arrange;
mod authorization;
mod categories;
mod decisions;
mod domains;
mod image;
mod naming;
mod oauth;
mod offline;
mod package;
mod phone;
mod profile;
pub(crate) mod push;
mod qrcode;
mod reviews;
mod sent;
mod shared;
mod state;
mod templates;
mod words;

use serde_json::{Value, json};

pub(crate) use arrange::arrange;
pub(crate) use authorization::named_app;
pub(crate) use decisions::decisions;
pub use naming::NameRules;
pub(crate) use oauth::is_for_client;
pub use offline::{ForcedOffline, IllegalField, OfflineFault};
pub(crate) use offline::{Measure, enforce};
pub(crate) use profile::Profile;
pub(crate) use reviews::decide_review;
pub(crate) use shared::Shared;
pub(crate) use state::{Account, Failure};

use crate::BAIDU;
use crate::call::{Answer, Call, Content, Object, Origin, Refusal};
use crate::endpoint::{self, Endpoint, EndpointInfo, Mode, Operation, Ran, Scene, View, find};
use crate::platform::Platform;
use crate::world::Apps;

pub(crate) type BdView<'a> = View<'a, Account>;
pub(crate) type BdScene<'a> = Scene<'a, Account>;
pub(crate) type Verdict = crate::endpoint::Verdict<Account>;
pub(crate) type Step = crate::endpoint::Step<Account>;

const GET: bool = false;
const POST: bool = true;

/// The path of an endpoint below the common root.
macro_rules! api {
    ($path:literal) => {
        concat!("/rest/2.0/smartapp/", $path)
    };
}
use api;

const IMAGE: &str = "/file/2.0/smartapp/upload/image";

static ENDPOINTS: &[Endpoint<Account>] = &[
    Endpoint::effect(POST, api!("package/upload"), "upload_code", package::upload),
    Endpoint::effect(POST, api!("package/submitaudit"), "submit_audit", package::submitaudit),
    Endpoint::effect(POST, api!("package/release"), "release", package::release),
    Endpoint::effect(POST, api!("package/rollback"), "rollback", package::rollback),
    Endpoint::effect(POST, api!("package/withdraw"), "withdraw_audit", package::withdraw),
    Endpoint::read(GET, api!("package/gettrial"), "trial_package", package::gettrial),
    Endpoint::read(GET, api!("package/get"), "code_versions", package::get),
    Endpoint::read(GET, api!("package/getdetail"), "audit_status", package::getdetail),
    Endpoint::read(GET, api!("package/auditquota"), "audit_quota", package::auditquota),
    Endpoint::read(GET, api!("app/qrcode"), "trial_qr_code", qrcode::qrcode),
    Endpoint::read(GET, api!("app/category/list"), "categories", categories::list),
    Endpoint::effect(POST, api!("app/category/update"), "update_categories", categories::update),
    Endpoint::effect(POST, api!("app/modifyheadimage"), "set_icon", app::modifyheadimage),
    Endpoint::effect(POST, api!("app/modifysignature"), "set_description", app::modifysignature),
    Endpoint::read(GET, api!("app/info"), "visit_status", app::info),
    Endpoint::effect(POST, api!("app/pause"), "set_visit_status", app::pause),
    Endpoint::effect(POST, api!("app/resume"), "set_visit_status", app::resume),
    Endpoint::read(GET, api!("app/getsupportversion"), "min_library_version", app::getsupportversion),
    Endpoint::effect(POST, api!("app/setsupportversion"), "set_min_library_version", app::setsupportversion),
    Endpoint::effect(POST, api!("appflow/applyRecovery"), "apply_recovery", offline::apply_recovery),
    Endpoint::effect(POST, api!("app/setnickname"), "set_name", naming::setnickname),
    Endpoint::read(GET, api!("app/checkname"), "check_name", naming::checkname),
    Endpoint::either(
        POST,
        api!("app/modifydomain"),
        domains::only_reads,
        ["server_domains", "change_server_domains"],
        domains::modifydomain,
    ),
    Endpoint::either(
        POST,
        api!("app/modifywebviewdomain"),
        domains::only_reads,
        ["web_view_domains", "change_web_view_domains"],
        domains::modifywebviewdomain,
    ),
    Endpoint::effect(POST, api!("app/offline/update"), "update_offline_info", offline::update),
    Endpoint::effect(POST, api!("app/apply/mobileauth"), "apply_phone_permission", phone::apply),
    Endpoint::effect(POST, api!("app/cancel/mobileauth"), "cancel_phone_permission", phone::cancel),
    Endpoint::read(GET, api!("app/get/mobileauthstatus"), "phone_permission", phone::status),
    Endpoint::effect(POST, IMAGE, "upload_image", image::upload),
];

/// Platform calls with the platform's token.
static PLATFORM_ENDPOINTS: &[Endpoint<Apps>] = &[
    Endpoint::read(
        GET,
        api!("template/gettemplatedraftlist"),
        "template_drafts",
        templates::gettemplatedraftlist,
    ),
    Endpoint::read(GET, api!("template/gettemplatelist"), "templates", templates::gettemplatelist),
    Endpoint::effect(POST, api!("template/addtotemplate"), "add_template", templates::addtotemplate),
    Endpoint::effect(POST, api!("template/deltemplate"), "delete_template", templates::deltemplate),
    Endpoint::read(GET, api!("app/category/list"), "categories", categories::list),
    Endpoint::effect(POST, IMAGE, "upload_image", image::upload),
    Endpoint::effect(
        GET,
        api!("tp/createpreauthcode"),
        "pre_authorization_code",
        authorization::createpreauthcode,
    ),
    Endpoint::effects(
        GET,
        authorization::OAUTH,
        authorization::refreshes,
        ["refresh", "exchange"],
        authorization::oauth,
    ),
    Endpoint::effect(POST, authorization::RETRIEVE, "recover", authorization::retrieve),
    Endpoint::read(GET, api!("pushmsg/getmsg"), "missed_pushes", sent::getmsg),
];

/// Platform calls without a token.
static OPEN_ENDPOINTS: &[Endpoint<Apps>] =
    &[Endpoint::effect(GET, "/public/2.0/smartapp/auth/tp/token", "platform_token", authorization::tp_token)];

/// Calls with a token of client credentials.
static CLIENT_ENDPOINTS: &[Endpoint<Apps>] = &[
    Endpoint::read(GET, api!("oss/app/info"), "alliance_apps", alliance::info),
    Endpoint::read(GET, api!("oss/package/get"), "alliance_packages", alliance::packages),
    Endpoint::read(GET, api!("oss/package/getdetail"), "alliance_package", alliance::package),
];

pub(crate) fn endpoints() -> impl Iterator<Item = EndpointInfo> {
    let of_app = endpoint::list(BAIDU, ENDPOINTS);
    of_app
        .chain(endpoint::list(BAIDU, PLATFORM_ENDPOINTS))
        .chain(endpoint::list(BAIDU, OPEN_ENDPOINTS))
        .chain(endpoint::list(BAIDU, CLIENT_ENDPOINTS))
        .chain(oauth::endpoints())
}

pub(crate) fn describe(call: &Call) -> Operation {
    if is_for_client(call) {
        return oauth::OPERATION;
    }
    let of_app = find(ENDPOINTS, &call.path).map(|endpoint| endpoint.operations);
    let of_others = |table| find(table, &call.path).map(|endpoint: &Endpoint<Apps>| endpoint.operations);
    of_app
        .or_else(|| of_others(PLATFORM_ENDPOINTS))
        .or_else(|| of_others(OPEN_ENDPOINTS))
        .or_else(|| of_others(CLIENT_ENDPOINTS))
        .map(|operations| operations.of(call))
        .unwrap_or_default()
}

/// Runs a request with an app's token.
pub(crate) fn run(call: &Call, scene: BdScene<'_>, mode: Mode) -> Ran {
    run_in(ENDPOINTS, call, scene, mode)
}

/// Runs a request with the platform's token.
pub(crate) fn run_platform(call: &Call, scene: Scene<'_, Apps>, mode: Mode) -> Ran {
    run_in(PLATFORM_ENDPOINTS, call, scene, mode)
}

/// Runs a request that needs no token.
pub(crate) fn run_open(call: &Call, scene: Scene<'_, Apps>, mode: Mode) -> Ran {
    run_in(OPEN_ENDPOINTS, call, scene, mode)
}

pub(crate) fn takes_no_token(call: &Call) -> bool {
    find(OPEN_ENDPOINTS, &call.path).is_some()
}

/// Runs a request with a token of client credentials.
pub(crate) fn run_client(call: &Call, scene: Scene<'_, Apps>, mode: Mode) -> Ran {
    run_in(CLIENT_ENDPOINTS, call, scene, mode)
}

fn run_in<S>(table: &'static [Endpoint<S>], call: &Call, scene: Scene<'_, S>, mode: Mode) -> Ran {
    let Some(endpoint) = find(table, &call.path) else {
        // 6: the endpoint requires another kind of token.
        let elsewhere = describe(call) != Operation::default();
        return Ran::Refused(Refusal::gateway(if elsewhere { 6 } else { 3 }));
    };
    if call.method.as_str() != (if endpoint.post { "POST" } else { "GET" }) {
        let message = Some("请求方式不支持".to_owned());
        return Ran::Refused(Refusal { message, ..Refusal::code(501) });
    }
    if call.has_json_body() {
        return Ran::Refused(Refusal::code(40001));
    }
    match endpoint::run(endpoint, call, &Object::new(), scene, mode) {
        Ran::Refused(refusal) => Ran::Refused(with_documented_message(refusal, endpoint.path)),
        accepted => accepted,
    }
}

/// Replaces the message by the one that document 003 prints for this endpoint, if any.
fn with_documented_message(refusal: Refusal, path: &str) -> Refusal {
    if refusal.origin != Origin::Service || refusal.message.is_some() {
        return refusal;
    }
    let message = words::documented(path, refusal.code).map(str::to_owned);
    Refusal { message, ..refusal }
}

const JSON: &str = "application/json;charset=utf-8";

pub(crate) fn accepted(content: Content, platform: &mut Platform) -> Answer {
    let envelope = match content {
        Content::Image(media_type, bytes) => return traced(Answer::new(200, media_type, bytes), platform),
        Content::Done => json!({ "errno": 0, "msg": "success" }),
        Content::Bare(fields) => Value::Object(fields),
        Content::Data(data) => json!({ "errno": 0, "msg": "success", "data": data }),
        Content::Fields(data) => json!({ "errno": 0, "msg": "success", "data": Value::Object(data) }),
    };
    traced(Answer::new(200, JSON, envelope.to_string()), platform)
}

pub(crate) fn refused(refusal: &Refusal, platform: &mut Platform) -> Answer {
    let words = |table: fn(i64) -> &'static str| {
        refusal.message.clone().unwrap_or_else(|| table(refusal.code).to_owned())
    };
    let (status, body) = match refusal.origin {
        Origin::Service => (200, json!({ "errno": refusal.code, "msg": words(words::of) })),
        Origin::Gateway => {
            (200, json!({ "error_code": refusal.code, "error_msg": words(words::of_gateway) }))
        }
        Origin::OAuth(error) => {
            (400, json!({ "error": error.as_str(), "error_description": refusal.message }))
        }
    };
    traced(Answer::new(status, JSON, body.to_string()), platform)
}

fn traced(mut answer: Answer, platform: &mut Platform) -> Answer {
    answer.headers.push(("x-b3-traceid", format!("{:016x}", platform.random.u64(..))));
    answer
}
