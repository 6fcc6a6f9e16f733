use miniprogram_core::vendor_api::json::repaired;
use miniprogram_core::vendor_api::pipeline::Fields;
use miniprogram_core::vendor_api::wire;
use miniprogram_core::{Result, Timestamp};
use serde_json::{Map, Value};

use super::{
    AnnualReview, AppCategory, AppInfo, ChangeCount, ChangeCounts, Offline, PendingChange, PendingChanges,
    Permission, Subject, is_nothing, visit,
};
use crate::values::{
    AD_STATUS, AD_TYPE, ANNUAL_REVIEW, AUDIT_INFO, CATEGORY_AUDIT, IllegalPart, OFFLINE_REASON,
    PERMISSION_SCOPE, SUBJECT_STATUS, SUBJECT_TYPE, WEB_STATUS,
};

impl AppInfo {
    /// Reads one app: its parsed fields, and the same fields as received.
    pub(crate) fn read(info: &mut Fields<'_>) -> Result<Self> {
        let fields = info.copy();
        let mut reviewed = info.object("audit_info").unwrap_or_else(|| info.below("audit_info", Map::new()));
        let names = reviewed.text("audit_app_name").into_iter().collect();
        let descriptions = reviewed.text("audit_app_desc").into_iter().collect();
        let icons = image_urls(reviewed.value("audit_photo_addr").as_ref());
        let mut counts =
            info.object("modify_count").unwrap_or_else(|| info.below("modify_count", Map::new()));
        let mut count = |name: &str| ChangeCount {
            used: counts.number(&format!("{name}_modify_used")),
            quota: counts.number(&format!("{name}_modify_quota")),
        };
        let qualification = info.object("qualification").as_mut().map(subject);
        let review = info.object("annual_review_info").as_mut().map(annual_review);
        Ok(Self {
            app_id: info.id("app_id"),
            app_key: info.text("app_key"),
            name: info.text("app_name"),
            description: info.text("app_desc"),
            icon_urls: image_urls(info.value("photo_addr").as_ref()),
            visit: visit(info.number("status")),
            web_status: info.coded("web_status", &WEB_STATUS),
            min_library_version: info.text("min_swan_version"),
            qualification: qualification.filter(|subject| !is_nothing(subject)),
            categories: info.each("category", |entry| Ok(category(entry)))?,
            pending: PendingChanges {
                name: pending(&mut reviewed, "audit_app_name", names),
                description: pending(&mut reviewed, "audit_app_desc", descriptions),
                icon: pending(&mut reviewed, "audit_photo_addr", icons),
            },
            changes: ChangeCounts {
                name: count("name"),
                description: count("signature"),
                icon: count("image"),
                categories: count("category"),
            },
            permissions: info.each("auth_info", |granted| {
                Ok(Permission {
                    name: granted.text("scope_name"),
                    scope: granted.coded("type", &PERMISSION_SCOPE),
                    extra: granted.rest(),
                })
            })?,
            annual_review: review.filter(|review| !is_nothing(review)),
            offline: info.each("app_offline_info", |entry| Ok(offline(entry)))?,
            fields,
        })
    }
}

fn subject(subject: &mut Fields<'_>) -> Subject {
    // In every sample that the vendor prints, the status is misspelt.
    let misspelt = subject.coded("satus", &SUBJECT_STATUS);
    Subject {
        name: subject.text("name"),
        kind: subject.coded("type", &SUBJECT_TYPE),
        status: subject.coded("status", &SUBJECT_STATUS).or(misspelt),
        certification: subject.coded("ad_type", &AD_TYPE),
        certification_status: subject.coded("ad_status", &AD_STATUS),
        extra: subject.rest(),
    }
}

fn annual_review(review: &mut Fields<'_>) -> AnnualReview {
    AnnualReview {
        status: review.coded("annual_review_status", &ANNUAL_REVIEW),
        overdue_at: review.value("annual_review_overdue_time").and_then(|value| time(&value)),
    }
}

/// Reads a time that Baidu declares as text and sends in seconds; 0 means none.
fn time(value: &Value) -> Option<Timestamp> {
    match wire::number(value) {
        Some(seconds) => (seconds > 0).then(|| Timestamp::from_unix(seconds)),
        None => Timestamp::from_civil(value.as_str()?, 8),
    }
}

fn category(category: &mut Fields<'_>) -> AppCategory {
    AppCategory {
        id: category.number("category_id"),
        name: category.text("category_name"),
        description: category.text("category_desc"),
        audit_status: category.coded("audit_status", &CATEGORY_AUDIT),
        reason: category.text("reason"),
        parent: category.object("parent").map(|mut parent| Box::new(self::category(&mut parent))),
        extra: category.rest(),
    }
}

/// Reads a change in review; `None` if the response contains nothing of it.
fn pending(reviewed: &mut Fields<'_>, name: &str, values: Vec<String>) -> Option<PendingChange> {
    let status = reviewed.coded(&format!("{name}_status"), &AUDIT_INFO);
    let reason = reviewed.text(&format!("{name}_reason"));
    let shown = !values.is_empty() || status.is_some() || reason.is_some();
    shown.then_some(PendingChange { values, status, reason })
}

fn offline(offline: &mut Fields<'_>) -> Offline {
    Offline {
        reason: offline.coded("offline_reason", &OFFLINE_REASON),
        illegal_fields: IllegalPart::list(&offline.text("illegal_fields").unwrap_or_default()),
        extra: offline.rest(),
    }
}

/// Returns the URLs in a field that contains images: JSON text such as `[{"cover":"https://…"}]`, the same as a list
/// or an object, or a single plain URL.
fn image_urls(value: Option<&Value>) -> Vec<String> {
    let Some(value) = value else { return Vec::new() };
    let Value::String(text) = value else { return nested_urls(value) };
    match serde_json::from_str::<Value>(&repaired(text)) {
        Ok(inner @ (Value::Array(_) | Value::Object(_))) => nested_urls(&inner),
        _ if text.trim().is_empty() => Vec::new(),
        _ => vec![text.clone()],
    }
}

fn nested_urls(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.contains("://") => vec![text.clone()],
        Value::Array(entries) => entries.iter().flat_map(nested_urls).collect(),
        Value::Object(fields) => fields.values().flat_map(nested_urls).collect(),
        _ => Vec::new(),
    }
}
