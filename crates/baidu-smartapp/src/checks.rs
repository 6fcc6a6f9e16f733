//! What Baidu can tell about an app before a submission.

use miniprogram_core::model::{Check, CheckResult, CheckTarget};
use miniprogram_core::vendor_api::codes::Owner;
use miniprogram_core::{Error, Result};

use crate::app_info::AppInfo;
use crate::client::BaiduApp;
use crate::domains::ServerDomains;
use crate::values::{AnnualReviewStatus, CertificationStatus, ReviewStatus, SubjectStatus};

/// What `app/info` says.
type Judge = fn(&AppInfo) -> CheckResult;

const OF_APP_INFO: [(Check, Judge); 3] =
    [(Check::Permissions, permissions), (Check::Account, account), (Check::Category, category)];

pub(crate) async fn checks(app: &BaiduApp, target: &CheckTarget) -> Vec<CheckResult> {
    let mut results: Vec<_> = [
        (Check::PrivacySetting, "Baidu has no privacy guide to read"),
        (Check::PrivacyInterfaces, "Baidu has no list of privacy interfaces"),
        (Check::IcpFiling, "Baidu has no read of the filing"),
    ]
    .into_iter()
    .map(|(check, why)| CheckResult::skipped(check, why))
    .collect();
    let wanted: Vec<_> = OF_APP_INFO.into_iter().filter(|(check, _)| target.wants(*check)).collect();
    if !wanted.is_empty() {
        let info = app.app_info().await;
        results.extend(wanted.into_iter().map(|(check, judge)| told(check, info.as_ref(), judge)));
    }
    if target.wants(Check::Domains) {
        results.push(told(Check::Domains, app.server_domains().await.as_ref(), domains));
    }
    results
}

fn told<T>(check: Check, read: Result<&T, &Error>, judge: fn(&T) -> CheckResult) -> CheckResult {
    match read {
        Ok(found) => judge(found),
        Err(error) => CheckResult::failed(check, error),
    }
}

fn permissions(info: &AppInfo) -> CheckResult {
    let names: Vec<_> = info.permissions.iter().filter_map(|granted| granted.name.as_deref()).collect();
    if !names.is_empty() {
        return CheckResult::ok(Check::Permissions, format!("granted: {}", names.join(", ")));
    }
    match info.fields.get("auth_info").and_then(serde_json::Value::as_array) {
        Some(list) if list.is_empty() => {
            CheckResult::error(Check::Permissions, Owner::Merchant, "the merchant has granted no permission")
                .with_advice("let the merchant authorize the platform again, with every permission")
        }
        _ => CheckResult::skipped(Check::Permissions, "Baidu does not say what the merchant granted"),
    }
}

fn account(info: &AppInfo) -> CheckResult {
    let error = |detail: String, advice: &str| {
        CheckResult::error(Check::Account, Owner::Merchant, detail).with_advice(advice)
    };
    if let Some(offline) = info.offline.first() {
        let reason = offline.reason.as_ref().map_or("unknown", |reason| reason.value.as_str());
        return error(
            format!("the app was forced offline; what broke the rules: {reason}"),
            "correct it, and apply for recovery",
        );
    }
    let subject = info.qualification.as_ref();
    let review = subject.and_then(|subject| subject.status.as_ref());
    match review.map(|status| status.value) {
        Some(SubjectStatus::Failed | SubjectStatus::PushFailed | SubjectStatus::NotBegun) => {
            return error("the owner is not verified".to_owned(), "let the merchant verify the subject");
        }
        Some(SubjectStatus::InReview) => {
            return CheckResult::error(Check::Account, Owner::Vendor, "the owner is still being verified")
                .with_advice("wait for the verification");
        }
        _ => {}
    }
    let certified = subject.and_then(|subject| subject.certification_status.as_ref());
    if certified.is_some_and(|status| status.value == CertificationStatus::Failed) {
        return error(
            "the owner's authenticity is not certified, which a release requires".to_owned(),
            "let the merchant certify the subject",
        );
    }
    let pending = [
        ("name", &info.pending.name),
        ("description", &info.pending.description),
        ("icon", &info.pending.icon),
    ];
    let in_review = pending.into_iter().find(|(_, change)| {
        change
            .as_ref()
            .and_then(|change| change.status.as_ref())
            .is_some_and(|status| status.value == ReviewStatus::InReview)
    });
    if let Some((what, _)) = in_review {
        let detail = format!("a change of the {what} is in review, and no version is accepted meanwhile");
        return CheckResult::error(Check::Account, Owner::Vendor, detail).with_advice("wait for the verdict");
    }
    let yearly = info.annual_review.as_ref().and_then(|review| review.status.as_ref());
    match yearly.map(|status| status.value) {
        Some(AnnualReviewStatus::Overdue) => {
            error("the yearly review of the owner is overdue".to_owned(), "let the merchant do the review")
        }
        Some(AnnualReviewStatus::Due) => {
            CheckResult::warning(Check::Account, Owner::Merchant, "the yearly review of the owner is due")
                .with_advice("let the merchant do the review")
        }
        _ if review.is_none() => {
            CheckResult::skipped(Check::Account, "Baidu does not say whether the owner is verified")
        }
        _ => CheckResult::ok(Check::Account, "the owner is verified, and the app is not forced offline"),
    }
}

fn category(info: &AppInfo) -> CheckResult {
    let state = |wanted: ReviewStatus| {
        info.categories
            .iter()
            .find(|category| category.audit_status.as_ref().is_some_and(|status| status.value == wanted))
    };
    if info.categories.is_empty() {
        return CheckResult::error(Check::Category, Owner::Merchant, "the app has no category")
            .with_advice("set the app's categories");
    }
    if let Some(rejected) = state(ReviewStatus::Failed) {
        let name = rejected.name.as_deref().unwrap_or("without a name");
        let reason = rejected.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let detail = format!("the category {name} failed its review{reason}");
        return CheckResult::warning(Check::Category, Owner::Merchant, detail)
            .with_advice("choose another category, or correct its documents");
    }
    if state(ReviewStatus::InReview).is_some() {
        return CheckResult::warning(Check::Category, Owner::Vendor, "a category is in review")
            .with_advice("wait for the verdict");
    }
    CheckResult::ok(Check::Category, format!("categories: {}", info.categories.len()))
}

fn domains(found: &ServerDomains) -> CheckResult {
    if [&found.request, &found.socket, &found.download, &found.upload].into_iter().all(Vec::is_empty) {
        return CheckResult::warning(Check::Domains, Owner::Platform, "the app may reach no server")
            .with_advice("set its server domains, unless the code calls none");
    }
    CheckResult::ok(Check::Domains, format!("domains for requests: {}", found.request.len()))
}
