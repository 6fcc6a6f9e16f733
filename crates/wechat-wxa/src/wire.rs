//! WeChat's JSON as it arrives: numbers may be text, lists may be null, members may be added.
//!
//! A member without `default` is one that an answer cannot do without.

use miniprogram_core::{AuditId, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_with::{DefaultOnNull, DisplayFromStr, PickFirst, serde_as};

/// A number, also as text.
type Number = PickFirst<(serde_with::Same, DisplayFromStr)>;

/// Seconds since the Unix epoch as a point in time; 0 is "not told".
pub(crate) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.filter(|seconds| *seconds > 0).map(Timestamp::from_unix)
}

/// An id that is a number in some answers and text in others.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    /// The id; none if it is empty or 0.
    pub(crate) fn known(self) -> Option<AuditId> {
        match self {
            Self::Number(0) => None,
            Self::Number(number) => Some(AuditId::from(number)),
            Self::Text(text) => {
                Some(text.trim()).filter(|text| !text.is_empty() && *text != "0").map(AuditId::from)
            }
        }
    }
}

/// `submit_audit`.
#[derive(Deserialize)]
pub(crate) struct Submitted {
    pub(crate) auditid: Id,
}

/// `get_auditstatus`, `get_latest_auditstatus`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct AuditReply {
    #[serde(default)]
    pub(crate) auditid: Option<Id>,
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) screenshot: Option<String>,
    /// The same in another spelling; both have been seen in one answer.
    #[serde(default, rename = "ScreenShot")]
    pub(crate) screen_shot: Option<String>,
    #[serde(default)]
    pub(crate) user_version: Option<String>,
    #[serde(default)]
    pub(crate) user_desc: Option<String>,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) submit_audit_time: Option<i64>,
}

/// `getversioninfo`.
#[derive(Default, Deserialize)]
pub(crate) struct VersionInfo {
    #[serde(default)]
    pub(crate) exp_info: Option<Experience>,
    #[serde(default)]
    pub(crate) release_info: Option<Released>,
}

/// The experience version; without members where there is none.
#[serde_as]
#[derive(Default, Deserialize)]
pub(crate) struct Experience {
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) exp_time: Option<i64>,
    #[serde(default)]
    pub(crate) exp_version: Option<String>,
    #[serde(default)]
    pub(crate) exp_desc: Option<String>,
}

/// The version online; without members where there is none.
#[serde_as]
#[derive(Default, Deserialize)]
pub(crate) struct Released {
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) release_time: Option<i64>,
    #[serde(default)]
    pub(crate) release_version: Option<String>,
    #[serde(default)]
    pub(crate) release_desc: Option<String>,
}

/// `get_page`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct Pages {
    #[serde_as(as = "DefaultOnNull")]
    pub(crate) page_list: Vec<String>,
}

/// `get_category`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct Categories {
    #[serde_as(as = "DefaultOnNull")]
    pub(crate) category_list: Vec<CategoryRow>,
}

/// A category; the third level is often absent.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct CategoryRow {
    pub(crate) first_class: String,
    #[serde_as(as = "Number")]
    pub(crate) first_id: i64,
    #[serde(default)]
    pub(crate) second_class: Option<String>,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) second_id: Option<i64>,
    #[serde(default)]
    pub(crate) third_class: Option<String>,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) third_id: Option<i64>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// `get_code_privacy_info`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct Privacy {
    #[serde_as(as = "Number")]
    pub(crate) errcode: i64,
    #[serde(default)]
    pub(crate) errmsg: Option<String>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    pub(crate) without_auth_list: Vec<String>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    pub(crate) without_conf_list: Vec<String>,
}

/// `queryquota`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct Quota {
    #[serde_as(as = "Number")]
    pub(crate) rest: u64,
    #[serde_as(as = "Number")]
    pub(crate) limit: u64,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) speedup_rest: Option<u64>,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) speedup_limit: Option<u64>,
}

/// `revertcoderelease` with `action=get_history_version`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct History {
    #[serde_as(as = "DefaultOnNull")]
    pub(crate) version_list: Vec<HistoryVersion>,
}

#[serde_as]
#[derive(Deserialize)]
pub(crate) struct HistoryVersion {
    #[serde_as(as = "Number")]
    pub(crate) app_version: i64,
    pub(crate) user_version: String,
    #[serde(default)]
    pub(crate) user_desc: Option<String>,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) commit_time: Option<i64>,
}

/// `gray_release_plan` of `getgrayreleaseplan`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct GrayPlan {
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) create_timestamp: Option<i64>,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) gray_percentage: Option<u8>,
    #[serde(default)]
    pub(crate) support_debuger_first: Option<bool>,
    #[serde(default)]
    pub(crate) support_experiencer_first: Option<bool>,
}

/// `getvisitstatus`.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct VisitReply {
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
}

/// `getweappsupportversion`.
#[derive(Deserialize)]
pub(crate) struct Library {
    #[serde(default)]
    pub(crate) now_version: Option<String>,
    #[serde(default)]
    pub(crate) uv_info: Option<Usage>,
}

#[serde_as]
#[derive(Default, Deserialize)]
pub(crate) struct Usage {
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    pub(crate) items: Vec<UsageRow>,
}

#[serde_as]
#[derive(Deserialize)]
pub(crate) struct UsageRow {
    pub(crate) version: String,
    #[serde_as(as = "Option<Number>")]
    #[serde(default)]
    pub(crate) percentage: Option<f64>,
}
