//! The messages that Baidu pushes, before they are encrypted.

use miniprogram_core::{AppId, Timestamp};
use serde_json::json;

use super::app::number;
use super::state::Account;
use crate::BAIDU;
use crate::pushes::{Push, Route};
use crate::verdict::Decision;

/// Decides, and builds the push that tells of it. The outer `None`: there is no such verdict. The inner: there is
/// nothing to decide.
pub(crate) fn audited(
    app: &AppId,
    platform_id: &str,
    account: &mut Account,
    package: Option<u64>,
    decision: &Decision,
    now: Timestamp,
) -> Option<Option<Push>> {
    let (event, reason) = match decision {
        Decision::Approve => ("PACKAGE_AUDIT_PASS", None),
        Decision::Reject { reason, .. } => ("PACKAGE_AUDIT_FAIL", Some(reason)),
        Decision::Delay { .. } => return None,
    };
    let Some(package) = account.decide(package, decision) else { return Some(None) };
    let mut message = json!({
        "appId": number(app.as_str()),
        "tpAppId": number(platform_id),
        "eventTime": now.to_civil("%Y-%m-%d %H:%M:%S", 8),
        "event": event,
        "packageId": package.id,
        "packageVersion": package.version,
    });
    if let Some(reason) = reason {
        message["reason"] = json!(reason);
    }
    let route = Route::App { app: app.clone(), original_id: String::new() };
    Some(Some(Push { vendor: BAIDU, route, event: event.to_owned(), message: message.to_string() }))
}

pub(crate) fn ticket(ticket: &str, now: Timestamp) -> Push {
    let message = json!({
        "Ticket": ticket,
        "FromUserName": "SmartAPP",
        "CreateTime": now.as_unix(),
        "MsgType": "ticket",
        "Event": "push",
    });
    Push { vendor: BAIDU, route: Route::Platform, event: "ticket".to_owned(), message: message.to_string() }
}
