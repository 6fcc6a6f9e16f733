//! WeChat's JSON as received, read with the tolerance of [`miniprogram_core::vendor_api::wire`]: a field that is absent, empty or
//! of the wrong type is `None`.

use miniprogram_core::vendor_api::wire::lenient;
use miniprogram_core::{AuditId, Timestamp};
use serde::Deserialize;

/// Converts seconds since the Unix epoch to a point in time; 0 means "not reported".
pub(crate) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.filter(|seconds| *seconds > 0).map(Timestamp::from_unix)
}

/// `submit_audit`.
#[derive(Deserialize)]
pub(crate) struct Submitted {
    #[serde(default, deserialize_with = "lenient::id")]
    pub(crate) auditid: Option<AuditId>,
}

/// `get_auditstatus`, `get_latest_auditstatus`.
#[derive(Deserialize)]
pub(crate) struct AuditReply {
    #[serde(default, deserialize_with = "lenient::id")]
    pub(crate) auditid: Option<AuditId>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) status: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) reason: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) screenshot: Option<String>,
    /// The same in another spelling; both have been seen in one response.
    #[serde(default, rename = "ScreenShot", deserialize_with = "lenient::text")]
    pub(crate) screen_shot: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) user_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) user_desc: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) submit_audit_time: Option<i64>,
}

/// `getversioninfo`.
#[derive(Default, Deserialize)]
pub(crate) struct VersionInfo {
    #[serde(default, deserialize_with = "lenient::object")]
    pub(crate) exp_info: Option<Experience>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(crate) release_info: Option<Released>,
}

/// The experience version; without fields if there is none.
#[derive(Default, Deserialize)]
pub(crate) struct Experience {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) exp_time: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) exp_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) exp_desc: Option<String>,
}

/// The version online; without fields if there is none.
#[derive(Default, Deserialize)]
pub(crate) struct Released {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) release_time: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) release_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) release_desc: Option<String>,
}

/// `get_page`.
#[derive(Deserialize)]
pub(crate) struct Pages {
    #[serde(default, deserialize_with = "lenient::texts")]
    pub(crate) page_list: Vec<String>,
}

/// `get_code_privacy_info`.
#[derive(Deserialize)]
pub(crate) struct Privacy {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) errmsg: Option<String>,
    #[serde(default, deserialize_with = "lenient::texts")]
    pub(crate) without_auth_list: Vec<String>,
    #[serde(default, deserialize_with = "lenient::texts")]
    pub(crate) without_conf_list: Vec<String>,
}

/// `queryquota`.
#[derive(Deserialize)]
pub(crate) struct Quota {
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) rest: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) limit: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) speedup_rest: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) speedup_limit: Option<u64>,
}

/// `revertcoderelease` with `action=get_history_version`.
#[derive(Deserialize)]
pub(crate) struct History {
    #[serde(default, deserialize_with = "lenient::objects")]
    pub(crate) version_list: Vec<HistoryVersion>,
}

#[derive(Deserialize)]
pub(crate) struct HistoryVersion {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) app_version: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) user_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) user_desc: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) commit_time: Option<i64>,
}

/// `gray_release_plan` of `getgrayreleaseplan`.
#[derive(Deserialize)]
pub(crate) struct GrayPlan {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) status: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) create_timestamp: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) gray_percentage: Option<i64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(crate) support_debuger_first: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(crate) support_experiencer_first: Option<bool>,
}

/// `getvisitstatus`.
#[derive(Deserialize)]
pub(crate) struct VisitReply {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(crate) status: Option<i64>,
}

/// `getweappsupportversion`.
#[derive(Deserialize)]
pub(crate) struct Library {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) now_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(crate) uv_info: Option<Usage>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Usage {
    #[serde(default, deserialize_with = "lenient::objects")]
    pub(crate) items: Vec<UsageRow>,
}

#[derive(Deserialize)]
pub(crate) struct UsageRow {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) version: Option<String>,
    #[serde(default, deserialize_with = "lenient::decimal")]
    pub(crate) percentage: Option<f64>,
}
