//! The checks of an app before a submission: what every vendor can say, and what a vendor adds.

use std::cmp::Ordering;

use crate::audit::AuditQuota;
use crate::check::{Check, CheckResult, CheckTarget};
use crate::code::CodeVersion;
use crate::codes::Owner;
use crate::error::Error;
use crate::error_kind::ErrorKind;
use crate::platform::MiniProgram;
use crate::status::Stage;

/// Checks what would block the submission of a version to an app, before a submission is spent on it.
///
/// Sends reads only: the versions and the quota of the app, and those of
/// [`AuditManager::submission_checks`](crate::AuditManager::submission_checks). Returns one result for each of
/// [`Check::ALL`], in that order. A read that fails ends no other check; if the merchant has not authorized the
/// platform, nothing else is read.
///
/// ```
/// use miniprogram_core::model::{CheckLevel, CheckTarget};
/// use miniprogram_core::{MiniProgram, check_submission};
///
/// async fn may_be_submitted(app: &dyn MiniProgram) -> bool {
///     let target = CheckTarget::default().with_version("2.5.0");
///     let results = check_submission(app, &target).await;
///     results.iter().all(|result| result.level != CheckLevel::Error)
/// }
/// ```
pub async fn check_submission(app: &dyn MiniProgram, target: &CheckTarget) -> Vec<CheckResult> {
    let mut results = Vec::new();
    let versions = app.code_versions().await;
    match &versions {
        Ok(versions) => {
            results.push(CheckResult::ok(Check::Authorization, "the vendor answers for this app"));
            results.push(CheckResult::ok(Check::Token, "the vendor accepts the token"));
            results.push(open_audit(versions));
            results.push(version(target.version.as_deref(), versions));
        }
        Err(error) => {
            results.push(of_access(error));
            for check in [Check::OpenAudit, Check::Version] {
                results.push(
                    CheckResult::skipped(check, format!("the versions cannot be read: {error}"))
                        .with_advice(error.advice()),
                );
            }
        }
    }
    let is_locked_out = versions.is_err_and(|error| error.kind() == ErrorKind::Unauthorized);
    if !is_locked_out {
        if target.wants(Check::Quota) {
            results.push(match app.audit_quota().await {
                Ok(left) => quota(&left),
                Err(error) => CheckResult::failed(Check::Quota, &error),
            });
        }
        results.extend(app.submission_checks(target).await);
    }
    let why = if is_locked_out { "not read without an authorization" } else { "nothing here can tell" };
    results.retain(|result| target.wants(result.check));
    results.extend(target.left_out.iter().map(|check| CheckResult::skipped(*check, "left out on request")));
    let answered: Vec<Check> = results.iter().map(|result| result.check).collect();
    let open = Check::ALL.iter().filter(|check| !answered.contains(check));
    results.extend(open.map(|check| CheckResult::skipped(*check, why)));
    CheckResult::merged(results)
}

/// What a failed read says about the access to an app.
fn of_access(error: &Error) -> CheckResult {
    let found = match error.kind() {
        ErrorKind::PermissionDenied => {
            CheckResult::error(Check::Permissions, Owner::Merchant, error.to_string())
        }
        ErrorKind::TokenRejected => CheckResult::error(Check::Token, Owner::Platform, error.to_string()),
        _ => return CheckResult::failed(Check::Authorization, error),
    };
    found.with_advice(error.advice())
}

fn named(version: &CodeVersion) -> &str {
    version.version.as_deref().unwrap_or("of unknown name")
}

fn open_audit(versions: &[CodeVersion]) -> CheckResult {
    let at = |stage: Stage| versions.iter().find(|version| version.stage == stage);
    if let Some(found) = at(Stage::InReview) {
        let id = found.audit_id.as_ref().map(|id| format!(", audit {id}")).unwrap_or_default();
        let detail = format!("version {} is in review{id}", named(found));
        return CheckResult::error(Check::OpenAudit, Owner::Platform, detail)
            .with_advice("wait for the verdict, or withdraw the audit");
    }
    if let Some(found) = at(Stage::RollingBack) {
        let detail = format!("version {} is being rolled back", named(found));
        return CheckResult::error(Check::OpenAudit, Owner::Vendor, detail)
            .with_advice("wait until the rollback is done");
    }
    if let Some(found) = at(Stage::Approved) {
        let detail = format!("version {} is approved and not released", named(found));
        return CheckResult::warning(Check::OpenAudit, Owner::Platform, detail)
            .with_advice("release it first if it is still wanted");
    }
    CheckResult::ok(Check::OpenAudit, "no audit is open")
}

fn version(wanted: Option<&str>, versions: &[CodeVersion]) -> CheckResult {
    let Some(wanted) = wanted else {
        return CheckResult::skipped(Check::Version, "no version is named");
    };
    let taken = [Stage::Released, Stage::InReview, Stage::Approved, Stage::RollingBack];
    let taken = versions.iter().filter(|version| taken.contains(&version.stage));
    for found in taken {
        let Some(known) = found.version.as_deref() else { continue };
        let problem = match order(wanted, known) {
            Some(Ordering::Less) => "is older than",
            Some(Ordering::Equal) => "is",
            _ => continue,
        };
        let detail = format!("version {wanted} {problem} version {known}, which is {}", found.stage);
        return CheckResult::error(Check::Version, Owner::Platform, detail)
            .with_advice("choose a higher version");
    }
    CheckResult::ok(Check::Version, format!("no version online, approved or in review is {wanted} or newer"))
}

/// Compares two versions: part by part if both are numbers separated by dots, otherwise only whether they are equal.
fn order(one: &str, other: &str) -> Option<Ordering> {
    if one == other {
        return Some(Ordering::Equal);
    }
    let parts = |text: &str| {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut parts = text.split('.').map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<_>>>()?;
        // 2.5 and 2.5.0 are the same version.
        while parts.last() == Some(&0) {
            parts.pop();
        }
        Some(parts)
    };
    Some(parts(one)?.cmp(&parts(other)?))
}

fn quota(left: &AuditQuota) -> CheckResult {
    if left.unlimited {
        return CheckResult::ok(Check::Quota, "submissions are not limited");
    }
    let of = if left.shared { " of the platform" } else { "" };
    match left.remaining {
        Some(0) => CheckResult::error(Check::Quota, Owner::Platform, format!("no submission{of} is left"))
            .with_advice("wait for the next period of the quota"),
        Some(remaining) => CheckResult::ok(Check::Quota, format!("submissions{of} left: {remaining}")),
        None => CheckResult::skipped(Check::Quota, "the vendor does not say how many submissions are left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckLevel;

    fn at(stage: Stage, version: &str) -> CodeVersion {
        CodeVersion::new(stage, None).with_version(Some(version.to_owned()), None)
    }

    #[test]
    fn a_version_that_is_not_newer_is_refused() {
        let level = |wanted: &str, known: &str| version(Some(wanted), &[at(Stage::Released, known)]).level;
        for (wanted, known) in [("2.0.0", "2.0.0"), ("1.9.0", "1.10.0"), ("2.5", "2.5.0"), ("v2", "3")] {
            assert_eq!(level(wanted, known), CheckLevel::Error, "{wanted} {known}");
        }
        for (wanted, known) in [("1.10.0", "1.9.9"), ("2.0.1", "2.0"), ("spring", "1.0.0"), ("b", "a")] {
            assert_eq!(level(wanted, known), CheckLevel::Ok, "{wanted} {known}");
        }
        // A rejected version may be corrected under the same name.
        assert_eq!(version(Some("2.0.0"), &[at(Stage::Rejected, "2.0.0")]).level, CheckLevel::Ok);
        assert_eq!(version(None, &[at(Stage::Released, "2.0.0")]).level, CheckLevel::Skipped);
    }

    #[test]
    fn an_open_audit_weighs_more_than_an_approved_version() {
        let level = |versions: &[CodeVersion]| open_audit(versions).level;
        assert_eq!(level(&[at(Stage::Released, "1"), at(Stage::Rejected, "2")]), CheckLevel::Ok);
        assert_eq!(level(&[at(Stage::Approved, "2")]), CheckLevel::Warning);
        assert_eq!(level(&[at(Stage::Approved, "2"), at(Stage::InReview, "3")]), CheckLevel::Error);
        assert_eq!(level(&[at(Stage::RollingBack, "2")]), CheckLevel::Error);
    }

    #[test]
    fn what_a_vendor_does_not_say_about_the_quota_proves_nothing() {
        assert_eq!(quota(&AuditQuota::new(Some((0, 20)))).level, CheckLevel::Error);
        assert_eq!(quota(&AuditQuota::new(Some((1, 20)))).level, CheckLevel::Ok);
        assert_eq!(quota(&AuditQuota::new(None)).level, CheckLevel::Ok);
        let mut untold = AuditQuota::new(Some((1, 20)));
        untold.remaining = None;
        assert_eq!(quota(&untold).level, CheckLevel::Skipped);
    }

    #[test]
    fn the_most_serious_result_of_a_check_is_kept() {
        let merged = CheckResult::merged([
            CheckResult::skipped(Check::Token, "no store"),
            CheckResult::error(Check::Quota, Owner::Platform, "none left"),
            CheckResult::ok(Check::Token, "accepted"),
            CheckResult::ok(Check::Quota, "some left"),
        ]);
        let levels: Vec<_> = merged.iter().map(|result| (result.check, result.level)).collect();
        assert_eq!(levels, [(Check::Token, CheckLevel::Ok), (Check::Quota, CheckLevel::Error)]);
    }

    #[test]
    fn a_failed_read_blocks_only_without_an_authorization() {
        let failed = |kind| CheckResult::failed(Check::Domains, &Error::new(kind, "server_domains"));
        assert_eq!(failed(ErrorKind::Unauthorized).level, CheckLevel::Error);
        for kind in [ErrorKind::Unavailable, ErrorKind::PermissionDenied, ErrorKind::NotFound] {
            assert_eq!(failed(kind).level, CheckLevel::Skipped, "{kind}");
        }
        let access = |kind| of_access(&Error::new(kind, "code_versions"));
        assert_eq!(access(ErrorKind::PermissionDenied).check, Check::Permissions);
        assert_eq!(access(ErrorKind::TokenRejected).check, Check::Token);
        assert_eq!(access(ErrorKind::Timeout).level, CheckLevel::Skipped);
    }
}
