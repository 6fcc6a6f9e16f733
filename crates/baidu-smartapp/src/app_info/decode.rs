use miniprogram_core::{AppId, StatusTable, Timestamp};
use serde_json::{Map, Value};

use super::{
    AnnualReview, AppCategory, AppInfo, ChangeCount, ChangeCounts, Offline, PendingChange, PendingChanges,
    Permission, Subject, is_nothing, visit,
};
use crate::values::{
    AD_STATUS, AD_TYPE, ANNUAL_REVIEW, AUDIT_INFO, CATEGORY_AUDIT, Coded, IllegalPart, OFFLINE_REASON,
    PERMISSION_SCOPE, SUBJECT_STATUS, SUBJECT_TYPE, WEB_STATUS,
};
use crate::wire;

impl AppInfo {
    /// One app: its members read, and the same members as they came.
    pub(crate) fn from_wire(info: wire::AppInfo, members: Map<String, Value>) -> Self {
        let reviewed = info.audit_info.unwrap_or_default();
        let counts = info.modify_count.unwrap_or_default();
        let count = |used, quota| ChangeCount { used, quota };
        let texts = |text: Option<String>| filled(text).into_iter().collect();
        Self {
            app_id: filled(info.app_id).map(AppId::from),
            app_key: filled(info.app_key),
            name: filled(info.app_name),
            description: filled(info.app_desc),
            icon_urls: image_urls(&info.photo_addr),
            visit: visit(info.status),
            web_status: coded(&WEB_STATUS, info.web_status),
            min_library_version: filled(info.min_swan_version),
            qualification: info.qualification.map(subject).filter(|subject| !is_nothing(subject)),
            categories: info.category.into_iter().map(category).collect(),
            pending: PendingChanges {
                name: pending(
                    texts(reviewed.audit_app_name),
                    reviewed.audit_app_name_status,
                    reviewed.audit_app_name_reason,
                ),
                description: pending(
                    texts(reviewed.audit_app_desc),
                    reviewed.audit_app_desc_status,
                    reviewed.audit_app_desc_reason,
                ),
                icon: pending(
                    image_urls(&reviewed.audit_photo_addr),
                    reviewed.audit_photo_addr_status,
                    reviewed.audit_photo_addr_reason,
                ),
            },
            changes: ChangeCounts {
                name: count(counts.name_modify_used, counts.name_modify_quota),
                description: count(counts.signature_modify_used, counts.signature_modify_quota),
                icon: count(counts.image_modify_used, counts.image_modify_quota),
                categories: count(counts.category_modify_used, counts.category_modify_quota),
            },
            permissions: info
                .auth_info
                .into_iter()
                .map(|granted| Permission {
                    name: filled(granted.scope_name),
                    scope: coded(&PERMISSION_SCOPE, granted.r#type),
                    extra: granted.extra,
                })
                .collect(),
            annual_review: info.annual_review_info.map(annual_review).filter(|review| !is_nothing(review)),
            offline: info.app_offline_info.into_iter().map(offline).collect(),
            members,
        }
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn coded<S: Copy + std::fmt::Display>(table: &StatusTable<S>, code: Option<i64>) -> Option<Coded<S>> {
    code.map(|code| Coded::new(table, code))
}

fn subject(subject: wire::Subject) -> Subject {
    Subject {
        name: filled(subject.name),
        kind: coded(&SUBJECT_TYPE, subject.r#type),
        status: coded(&SUBJECT_STATUS, subject.status.or(subject.satus)),
        certification: coded(&AD_TYPE, subject.ad_type),
        certification_status: coded(&AD_STATUS, subject.ad_status),
        extra: subject.extra,
    }
}

fn annual_review(review: wire::AnnualReview) -> AnnualReview {
    AnnualReview {
        status: coded(&ANNUAL_REVIEW, review.annual_review_status),
        overdue_at: time(&review.annual_review_overdue_time),
    }
}

/// A time that Baidu calls a text and sends in seconds; 0 is none.
fn time(value: &Value) -> Option<Timestamp> {
    match wire::integer(value) {
        Some(seconds) => (seconds > 0).then(|| Timestamp::from_unix(seconds)),
        None => Timestamp::from_civil(value.as_str()?, 8),
    }
}

fn category(category: wire::AppCategory) -> AppCategory {
    AppCategory {
        id: category.category_id,
        name: filled(category.category_name),
        description: filled(category.category_desc),
        audit_status: coded(&CATEGORY_AUDIT, category.audit_status),
        reason: filled(category.reason),
        parent: category.parent.map(|parent| Box::new(self::category(*parent))),
        extra: category.extra,
    }
}

/// A change in review; none if nothing of it is shown.
fn pending(values: Vec<String>, status: Option<i64>, reason: Option<String>) -> Option<PendingChange> {
    let reason = filled(reason);
    let shown = !values.is_empty() || status.is_some() || reason.is_some();
    shown.then(|| PendingChange { values, status: coded(&AUDIT_INFO, status), reason })
}

fn offline(offline: wire::Offline) -> Offline {
    Offline {
        reason: coded(&OFFLINE_REASON, offline.offline_reason),
        illegal_fields: IllegalPart::list(&offline.illegal_fields.unwrap_or_default()),
        extra: offline.extra,
    }
}

/// The addresses in a member that holds pictures: JSON text such as `[{"cover":"https://…"}]`, the same as a list or
/// an object, or one address as it is.
fn image_urls(value: &Value) -> Vec<String> {
    let Value::String(text) = value else { return nested_urls(value) };
    match serde_json::from_str::<Value>(text) {
        Ok(inner @ (Value::Array(_) | Value::Object(_))) => nested_urls(&inner),
        _ if text.trim().is_empty() => Vec::new(),
        _ => vec![text.clone()],
    }
}

fn nested_urls(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.contains("://") => vec![text.clone()],
        Value::Array(entries) => entries.iter().flat_map(nested_urls).collect(),
        Value::Object(members) => members.values().flat_map(nested_urls).collect(),
        _ => Vec::new(),
    }
}
