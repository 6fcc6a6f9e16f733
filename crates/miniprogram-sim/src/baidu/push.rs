//! Baidu's pushes before encryption.

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use super::BdScene;
use super::app::number;
use super::state::Account;
use crate::BAIDU;
use crate::authorization::{Change, News};
use crate::pushes::{Push, Route};
use crate::verdict::Decision;
use crate::world::Planned;

/// Decides and builds the push. The outer `None` means that Baidu has no such verdict, the inner that there is nothing
/// to decide.
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
    let mut extra = json!({ "packageId": package.id, "packageVersion": package.version });
    if let Some(reason) = reason {
        extra["reason"] = json!(reason);
    }
    Some(Some(notice(app, platform_id, event, extra, now)))
}

/// A push about an app. The event may start with the space that the documents print.
pub(crate) fn notice(app: &AppId, platform_id: &str, event: &str, extra: Value, now: Timestamp) -> Push {
    let mut message = json!({
        "appId": number(app.as_str()),
        "tpAppId": number(platform_id),
        "eventTime": now.to_civil("%Y-%m-%d %H:%M:%S", 8),
        "event": event,
    });
    if let (Some(message), Value::Object(extra)) = (message.as_object_mut(), extra) {
        message.extend(extra);
    }
    let route = Route::App { app: app.clone(), original_id: String::new() };
    Push::new(BAIDU, route, event.trim(), message.to_string())
}

/// A push to the URL for authorization events.
pub(crate) fn authorization(
    app: &AppId,
    platform_id: &str,
    change: Change,
    news: Option<&News<'_>>,
    now: Timestamp,
) -> Push {
    let event = match change {
        Change::Authorized => "AUTHORIZED",
        Change::Updated => "UPDATE_AUTHORIZED",
        Change::Revoked => "UNAUTHORIZED",
    };
    let extra = news.map_or(Value::Null, |news| {
        let expires_in = news.lifetime.as_secs();
        json!({ "authorizationCode": news.code, "authorizationCodeExpiresIn": expires_in })
    });
    Push {
        route: Route::Platform { about: Some(app.clone()) },
        ..notice(app, platform_id, event, extra, now)
    }
}

/// Pushes what the app has just done.
pub(super) fn push_event(scene: &mut BdScene<'_>, event: &'static str) {
    let push =
        notice(scene.app_id, &scene.settings.baidu_callback.platform_id, event, Value::Null, scene.now);
    scene.jobs.push(Planned::quiet(scene.now, move |world, now| world.send(push, now)));
}

pub(crate) fn ticket(ticket: &str, now: Timestamp) -> Push {
    let message = json!({
        "Ticket": ticket,
        "FromUserName": "SmartAPP",
        "CreateTime": now.as_unix(),
        "MsgType": "ticket",
        "Event": "push",
    });
    Push::new(BAIDU, Route::Platform { about: None }, "ticket", message.to_string())
}
