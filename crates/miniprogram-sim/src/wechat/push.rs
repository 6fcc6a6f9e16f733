//! WeChat's pushes before encryption.

use miniprogram_core::{AppId, Timestamp};
use serde_json::Value;

use super::categories::{CategoryStatus, OwnCategory};
use super::naming::Rename;
use super::privacy_interfaces::Application;
use crate::WECHAT;
use crate::authorization::{Change, News};
use crate::call::Object;
use crate::pushes::{Push, Route};
use crate::verdict::Decision;

/// The system account that sends audit results.
pub(crate) const SENDER: &str = "od1P50M-fNQI5Gcq-trm4a7apsU8";

/// The app that a push is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) original_id: &'a str,
    pub(crate) now: Timestamp,
}

impl About<'_> {
    pub(super) fn push(&self, event: &str, rest: &str) -> Push {
        let message = format!(
            "<xml><ToUserName>{}</ToUserName>\n<FromUserName>{}</FromUserName>\n<CreateTime>{}</CreateTime>\n\
             <MsgType>{}</MsgType>\n<Event>{}</Event>\n{rest}\n</xml>",
            cdata(self.original_id),
            cdata(SENDER),
            self.now.as_unix(),
            cdata("event"),
            cdata(event),
        );
        self.to_app(event, message)
    }

    fn to_app(self, event: &str, message: String) -> Push {
        let route = Route::App { app: self.app.clone(), original_id: self.original_id.to_owned() };
        Push::new(WECHAT, route, event, message)
    }

    /// A user's message.
    pub(crate) fn text(&self, from: &str, content: &str, id: u64) -> Push {
        let message = format!(
            "<xml><ToUserName>{}</ToUserName>\n<FromUserName>{}</FromUserName>\n<CreateTime>{}</CreateTime>\n\
             <MsgType>{}</MsgType>\n<Content>{}</Content>\n<MsgId>{id}</MsgId>\n</xml>",
            cdata(self.original_id),
            cdata(from),
            self.now.as_unix(),
            cdata("text"),
            cdata(content),
        );
        self.to_app("text", message)
    }

    /// An event with the fields as elements.
    pub(crate) fn event(&self, event: &str, fields: &Object) -> Push {
        self.push(event, &elements(fields))
    }
}

pub(crate) fn audited(app: &AppId, original_id: &str, decision: &Decision, now: Timestamp) -> Push {
    let seconds = now.as_unix();
    let (event, rest) = match decision {
        Decision::Approve => ("weapp_audit_success", format!("<SuccTime>{seconds}</SuccTime>")),
        Decision::Reject { reason, screenshots } => {
            let mut rest = format!("<Reason>{}</Reason><FailTime>{seconds}</FailTime>", cdata(reason));
            if !screenshots.is_empty() {
                rest.push_str(&format!("<ScreenShot>{}</ScreenShot>", escaped(&screenshots.join("|"))));
            }
            ("weapp_audit_fail", rest)
        }
        Decision::Delay { reason } => (
            "weapp_audit_delay",
            format!("<Reason>{}</Reason><DelayTime>{seconds}</DelayTime>", cdata(reason)),
        ),
    };
    About { app, original_id, now }.push(event, &rest)
}

/// `ret` of a rejection and of an approval.
const REJECTED: u8 = 2;
const APPROVED: u8 = 3;

pub(super) fn name_audited(about: &About<'_>, rename: &Rename) -> Push {
    let ret = if rename.is_approved() { APPROVED } else { REJECTED };
    let (nickname, reason) = (cdata(&rename.nickname), cdata(&rename.reason));
    let rest = format!("<ret>{ret}</ret><nickname>{nickname}</nickname><reason>{reason}</reason>");
    about.push("wxa_nickname_audit", &rest)
}

pub(super) fn category_audited(about: &About<'_>, category: &OwnCategory) -> Push {
    let ret = if category.status == CategoryStatus::Approved { APPROVED } else { REJECTED };
    let (first, second, reason) = (category.first, category.second, cdata(&category.reason));
    let rest =
        format!("<ret>{ret}</ret><first>{first}</first><second>{second}</second><reason>{reason}</reason>");
    about.push("wxa_category_audit", &rest)
}

pub(super) fn privacy_audited(about: &About<'_>, interface: &str, application: &Application) -> Push {
    let rest = format!(
        "<result_info><api_name>{}</api_name><apply_time>{}</apply_time><audit_id>{}</audit_id>\
         <audit_time>{}</audit_time><reason>{}</reason><status>{}</status></result_info>",
        cdata(interface),
        application.applied_at.as_unix(),
        application.audit,
        about.now.as_unix(),
        cdata(&application.reason),
        application.permission as u8,
    );
    about.push("wxa_privacy_apply", &rest)
}

pub(crate) fn ticket(platform_id: &str, ticket: &str, now: Timestamp) -> Push {
    let rest = format!("<ComponentVerifyTicket>{}</ComponentVerifyTicket>", cdata(ticket));
    of_platform(platform_id, "component_verify_ticket", &rest, now)
}

/// A push to the URL for authorization events.
pub(super) fn of_platform(platform_id: &str, info_type: &str, rest: &str, now: Timestamp) -> Push {
    let message = format!(
        "<xml><AppId>{}</AppId>\n<CreateTime>{}</CreateTime>\n<InfoType>{}</InfoType>\n{rest}\n</xml>",
        cdata(platform_id),
        now.as_unix(),
        cdata(info_type),
    );
    Push::new(WECHAT, Route::Platform { about: None }, info_type, message)
}

/// A push about an authorization.
pub(crate) fn authorization(
    app: &AppId,
    platform_id: &str,
    change: Change,
    news: Option<&News<'_>>,
    now: Timestamp,
) -> Push {
    let info_type = match change {
        Change::Authorized => "authorized",
        Change::Updated => "updateauthorized",
        Change::Revoked => "unauthorized",
    };
    let mut rest = format!("<AuthorizerAppid>{}</AuthorizerAppid>", cdata(app.as_str()));
    if let Some(news) = news {
        rest.push_str(&format!(
            "\n<AuthorizationCode>{}</AuthorizationCode>\n\
             <AuthorizationCodeExpiredTime>{}</AuthorizationCodeExpiredTime>\n<PreAuthCode>{}</PreAuthCode>",
            cdata(news.code),
            now.after(news.lifetime).as_unix(),
            cdata(news.visit.unwrap_or_default()),
        ));
    }
    let route = Route::Platform { about: Some(app.clone()) };
    Push { route, ..of_platform(platform_id, info_type, &rest, now) }
}

/// Converts fields to XML: strings in CDATA, numbers plain, objects nested, a list as the repeated element.
fn elements(fields: &Object) -> String {
    fields.iter().map(|(name, value)| element(name, value)).collect()
}

fn element(name: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(|item| element(name, item)).collect(),
        Value::Object(fields) => format!("<{name}>{}</{name}>", elements(fields)),
        Value::String(text) => format!("<{name}>{}</{name}>", cdata(text)),
        Value::Null => format!("<{name}></{name}>"),
        Value::Bool(_) | Value::Number(_) => format!("<{name}>{value}</{name}>"),
    }
}

/// Wraps text in CDATA, whatever it contains.
pub(crate) fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
