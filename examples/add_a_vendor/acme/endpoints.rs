//! Acme's endpoints, each one static value.

use miniprogram_core::vendor_api::endpoint::Endpoint;

// guide: endpoints
pub(super) static STATE: Endpoint = Endpoint::get("code_versions", "/v1/app/state").also(&[
    "rollback_targets",
    "gray_release_plan",
    "min_library_version",
]);
pub(super) static REVIEW: Endpoint = Endpoint::get("audit_status", "/v1/app/review").also(&["latest_audit"]);
pub(super) static RELEASE: Endpoint = Endpoint::post("release", "/v1/app/release");
// end
pub(super) static VISIBILITY: Endpoint = Endpoint::get("visit_status", "/v1/app/visibility");
pub(super) static CATEGORIES: Endpoint = Endpoint::get("categories", "/v1/app/categories");

pub(super) static UPLOAD: Endpoint = Endpoint::post("upload_code", "/v1/app/upload");
pub(super) static SUBMIT: Endpoint = Endpoint::post("submit_audit", "/v1/app/submit");
pub(super) static WITHDRAW: Endpoint = Endpoint::post("withdraw_audit", "/v1/app/withdraw");
pub(super) static ROLLBACK: Endpoint = Endpoint::post("rollback", "/v1/app/rollback");
pub(super) static START_GRAY: Endpoint = Endpoint::post("start_gray_release", "/v1/app/gray/start");
pub(super) static CANCEL_GRAY: Endpoint = Endpoint::post("cancel_gray_release", "/v1/app/gray/cancel");
pub(super) static SET_VISIBILITY: Endpoint = Endpoint::post("set_visit_status", "/v1/app/visibility");
pub(super) static SET_LIBRARY: Endpoint = Endpoint::post("set_min_library_version", "/v1/app/library");

pub(super) static EXCHANGE: Endpoint = Endpoint::post("exchange", "/v1/auth/exchange");
pub(super) static REFRESH: Endpoint = Endpoint::post("refresh", "/v1/auth/refresh");
pub(super) static AUTHORIZER: Endpoint = Endpoint::post("authorizer_info", "/v1/auth/app");
