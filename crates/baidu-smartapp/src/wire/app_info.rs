use serde::Deserialize;
use serde_json::{Map, Value};
use serde_with::serde_as;

use super::{Filled, List, MaybeNumber, Number, Text};

/// `app/info` and `oss/app/info`, as far as a caller asks only whether users can open the app.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct AppStatus {
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
}

/// `app/info` and `oss/app/info`. Source: document 004, and Baidu's pages on third-party platforms.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct AppInfo {
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
    #[serde_as(as = "Option<Text>")]
    pub(crate) app_id: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) app_key: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) app_name: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) app_desc: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) min_swan_version: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) web_status: Option<i64>,
    #[serde(default)]
    pub(crate) photo_addr: Value,
    #[serde_as(as = "Filled")]
    #[serde(default)]
    pub(crate) qualification: Option<Qualification>,
    #[serde_as(as = "List")]
    #[serde(default)]
    pub(crate) category: Vec<Category>,
    #[serde_as(as = "Filled")]
    #[serde(default)]
    pub(crate) audit_info: Option<AuditInfo>,
    #[serde_as(as = "Filled")]
    #[serde(default)]
    pub(crate) modify_count: Option<ModifyCount>,
    #[serde_as(as = "List")]
    #[serde(default)]
    pub(crate) auth_info: Vec<Permission>,
    #[serde_as(as = "Filled")]
    #[serde(default)]
    pub(crate) annual_review_info: Option<AnnualReview>,
    #[serde_as(as = "List")]
    #[serde(default)]
    pub(crate) app_offline_info: Vec<Offline>,
}

#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Qualification {
    #[serde_as(as = "Option<Text>")]
    pub(crate) name: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) r#type: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) status: Option<i64>,
    /// The same, misspelt: every sample that the vendor prints has it so.
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) satus: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) ad_type: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) ad_status: Option<i64>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Category {
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) category_id: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) category_name: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) category_desc: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) reason: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) audit_status: Option<i64>,
    #[serde_as(as = "Filled")]
    #[serde(default)]
    pub(crate) parent: Option<Box<Self>>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

#[serde_as]
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AuditInfo {
    #[serde_as(as = "Option<Text>")]
    pub(crate) audit_app_name: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) audit_app_name_status: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) audit_app_name_reason: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) audit_app_desc: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) audit_app_desc_status: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) audit_app_desc_reason: Option<String>,
    #[serde(default)]
    pub(crate) audit_photo_addr: Value,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) audit_photo_addr_status: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) audit_photo_addr_reason: Option<String>,
}

#[serde_as]
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ModifyCount {
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) name_modify_used: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) name_modify_quota: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) signature_modify_used: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) signature_modify_quota: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) image_modify_used: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) image_modify_quota: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) category_modify_used: Option<i64>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) category_modify_quota: Option<i64>,
}

#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Permission {
    #[serde_as(as = "Option<Text>")]
    pub(crate) scope_name: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) r#type: Option<i64>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct AnnualReview {
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) annual_review_status: Option<i64>,
    #[serde(default)]
    pub(crate) annual_review_overdue_time: Value,
}

#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Offline {
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) offline_reason: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) illegal_fields: Option<String>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}
