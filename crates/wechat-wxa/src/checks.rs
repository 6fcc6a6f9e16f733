//! What WeChat can tell about an app before a submission.

use miniprogram_core::model::{Category, Check, CheckResult, CheckTarget};
use miniprogram_core::vendor_api::codes::Owner;
use miniprogram_core::{Code, CodeManager, Error, Result, SubmitOptions};
use serde_json::Value;

use crate::account::AccountInfo;
use crate::client::WeChatApp;
use crate::domains::{EffectiveServerDomains, ServerDomains};
use crate::privacy::{PrivacyGuide, PrivacyInterface};
use crate::values::{PrivacyInterfaceStatus, PrivacyVersion, ReviewStatus};

pub(crate) async fn checks(app: &WeChatApp, target: &CheckTarget) -> Vec<CheckResult> {
    let mut results = vec![CheckResult::skipped(
        Check::IcpFiling,
        "the library has no read of the filing; the console shows it",
    )];
    if target.wants(Check::Account) {
        results.push(told(Check::Account, app.account_info().await, account));
    }
    if target.wants(Check::Category) {
        results.push(told(Check::Category, app.categories().await, |found| {
            category(&found, target.submit.as_ref())
        }));
    }
    if target.wants(Check::Domains) {
        results.push(told(Check::Domains, app.effective_server_domains().await, domains));
    }
    if target.wants(Check::PrivacySetting) {
        let guide = app.privacy_setting(PrivacyVersion::Development).await;
        let unused = target.submit.as_ref().is_some_and(declares_unused);
        results.push(told(Check::PrivacySetting, guide, |guide| privacy_setting(&guide, unused)));
    }
    if target.wants(Check::PrivacyInterfaces) {
        let required = target.ext.as_ref().and_then(|ext| ext.field("requiredPrivateInfos"));
        results.push(told(Check::PrivacyInterfaces, app.privacy_interfaces().await, |interfaces| {
            privacy_interfaces(&interfaces, required.as_ref())
        }));
    }
    results
}

fn told<T>(check: Check, read: Result<T, Error>, judge: impl FnOnce(T) -> CheckResult) -> CheckResult {
    match read {
        Ok(found) => judge(found),
        Err(error) => CheckResult::failed(check, &error),
    }
}

fn account(info: AccountInfo) -> CheckResult {
    match &info.realname_status {
        None => CheckResult::skipped(Check::Account, "WeChat does not say whether the owner is verified"),
        Some(status) => match status.value {
            ReviewStatus::Approved => profile(&info),
            ReviewStatus::Rejected => CheckResult::error(
                Check::Account,
                Owner::Merchant,
                "the verification of the owner's identity failed",
            )
            .with_advice("let the merchant verify the account again"),
            ReviewStatus::InReview => CheckResult::warning(
                Check::Account,
                Owner::Vendor,
                "the owner's identity is still being verified",
            )
            .with_advice("wait for the verification"),
            _ => CheckResult::skipped(
                Check::Account,
                format!("the owner's verification has the unlisted state {}", status.raw.code),
            ),
        },
    }
}

/// A submission needs a name, an icon and a description. An empty one may also be one that WeChat did not report.
fn profile(info: &AccountInfo) -> CheckResult {
    let properties = [("name", &info.name), ("icon", &info.icon), ("description", &info.description)];
    let empty: Vec<_> = properties
        .into_iter()
        .filter(|(_, property)| property.as_ref().is_some_and(|property| property.value.is_none()))
        .map(|(name, _)| name)
        .collect();
    if empty.is_empty() {
        return CheckResult::ok(Check::Account, "the owner's identity is verified");
    }
    let detail = format!("WeChat reports no {}, which a submission needs", empty.join(" and no "));
    CheckResult::warning(Check::Account, Owner::Merchant, detail).with_advice("set what is missing")
}

fn category(approved: &[Category], submit: Option<&SubmitOptions>) -> CheckResult {
    if approved.is_empty() {
        return CheckResult::error(Check::Category, Owner::Merchant, "the app has no approved category")
            .with_advice("add a category and wait until it is approved");
    }
    let has = |first: &Code, second: &Code| {
        approved.iter().any(|category| {
            category.levels.first().is_some_and(|level| level.id == *first)
                && category.levels.get(1).is_some_and(|level| level.id == *second)
        })
    };
    let items = submit.and_then(|options| options.fields().get("items")).and_then(Value::as_array);
    for item in items.into_iter().flatten() {
        let id = |name: &str| item.get(name).and_then(Value::as_i64).map(Code::from);
        let Some((first, second)) = id("first_id").zip(id("second_id")) else { continue };
        if !has(&first, &second) {
            let detail =
                format!("the submission names the category {first}/{second}, which the app does not have");
            return CheckResult::error(Check::Category, Owner::Platform, detail)
                .with_advice("name a category of the app, or let the merchant add this one");
        }
    }
    CheckResult::ok(Check::Category, format!("approved categories: {}", approved.len()))
}

/// What the platform sets takes effect with the next release, so all origins count.
fn domains(found: EffectiveServerDomains) -> CheckResult {
    let EffectiveServerDomains { owner, platform, direct, effective, .. } = found;
    if [&owner, &platform, &direct, &effective].into_iter().all(ServerDomains::is_empty) {
        return CheckResult::warning(Check::Domains, Owner::Platform, "the app may reach no server")
            .with_advice("set its server domains, unless the code calls none");
    }
    CheckResult::ok(Check::Domains, "server domains are set")
}

/// Whether a submission declares the interfaces that the scan found as unused.
fn declares_unused(submit: &SubmitOptions) -> bool {
    let extra = submit.fields().get("extra").and_then(|extra| extra.get("privacy_api_not_use"));
    extra.and_then(Value::as_bool).unwrap_or_default()
}

/// The guide has to exist, and to name every kind of data that the code uses. Which ones those are is known of the
/// uploaded code alone.
fn privacy_setting(guide: &PrivacyGuide, declared_unused: bool) -> CheckResult {
    let has_contact = guide.owner.as_ref().is_some_and(|owner| {
        [&owner.contact_email, &owner.contact_phone, &owner.contact_qq, &owner.contact_weixin]
            .into_iter()
            .any(Option::is_some)
    });
    if !has_contact {
        let detail = "the app has no privacy guide: nobody is named who is responsible for users' data";
        return CheckResult::error(Check::PrivacySetting, Owner::Platform, detail)
            .with_advice("set the privacy guide of the version in development");
    }
    let is_stated = |key: &&String| {
        guide.uses.iter().any(|stated| {
            stated.key == **key && stated.text.as_deref().is_some_and(|text| !text.trim().is_empty())
        })
    };
    let missing: Vec<_> =
        guide.used_by_code.iter().filter(|key| !is_stated(key)).map(String::as_str).collect();
    if !missing.is_empty() {
        let detail: String =
            format!("the privacy guide does not say why the code uses {}", missing.join(", "));
        let level = if declared_unused { CheckResult::warning } else { CheckResult::error };
        return level(Check::PrivacySetting, Owner::Platform, detail)
            .with_advice("complete the guide of the version in development");
    }
    CheckResult::ok(Check::PrivacySetting, format!("kinds of data covered: {}", guide.used_by_code.len()))
}

fn privacy_interfaces(interfaces: &[PrivacyInterface], required: Option<&Value>) -> CheckResult {
    let status = |interface: &PrivacyInterface| interface.status.as_ref().map(|status| status.value);
    let required = required.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut count = 0_usize;
    for name in required {
        count += 1;
        let found = interfaces
            .iter()
            .find(|interface| interface.api_name.strip_prefix("wx.").unwrap_or(&interface.api_name) == name);
        let Some(found) = found else { continue };
        let (owner, state) = match status(found) {
            Some(PrivacyInterfaceStatus::Granted) | None => continue,
            Some(PrivacyInterfaceStatus::Applied) => (Owner::Vendor, "is still being reviewed"),
            Some(PrivacyInterfaceStatus::Refused) => (Owner::Platform, "was refused"),
            Some(_) => (Owner::Platform, "is not granted"),
        };
        let reason = found.fail_reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let detail = format!("the extension requires {name}, which {state}{reason}");
        return CheckResult::error(Check::PrivacyInterfaces, owner, detail)
            .with_advice("apply for the interface, and wait until it is granted");
    }
    let refused = interfaces.iter().find(|found| status(found) == Some(PrivacyInterfaceStatus::Refused));
    if let Some(found) = refused {
        let detail = format!("{} was refused", found.api_name);
        return CheckResult::warning(Check::PrivacyInterfaces, Owner::Platform, detail)
            .with_advice("apply again if the code uses it");
    }
    CheckResult::ok(Check::PrivacyInterfaces, format!("interfaces that the extension requires: {count}"))
}
