//! The messages that WeChat pushes, before they are encrypted.

use miniprogram_core::{AppId, Timestamp};

use crate::WECHAT;
use crate::pushes::{Push, Route};
use crate::verdict::Decision;

/// The system account that audit results come from.
pub(crate) const SENDER: &str = "od1P50M-fNQI5Gcq-trm4a7apsU8";

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
    let message = format!(
        "<xml><ToUserName>{}</ToUserName>\n<FromUserName>{}</FromUserName>\n<CreateTime>{seconds}</CreateTime>\n\
         <MsgType>{}</MsgType>\n<Event>{}</Event>\n{rest}\n</xml>",
        cdata(original_id),
        cdata(SENDER),
        cdata("event"),
        cdata(event),
    );
    Push {
        vendor: WECHAT,
        route: Route::App { app: app.clone(), original_id: original_id.to_owned() },
        event: event.to_owned(),
        message,
    }
}

pub(crate) fn ticket(platform_id: &str, ticket: &str, now: Timestamp) -> Push {
    let message = format!(
        "<xml><AppId>{}</AppId>\n<CreateTime>{}</CreateTime>\n<InfoType>{}</InfoType>\n\
         <ComponentVerifyTicket>{}</ComponentVerifyTicket>\n</xml>",
        cdata(platform_id),
        now.as_unix(),
        cdata("component_verify_ticket"),
        cdata(ticket),
    );
    Push { vendor: WECHAT, route: Route::Platform, event: "component_verify_ticket".to_owned(), message }
}

/// Text in CDATA, whatever it holds.
pub(crate) fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
