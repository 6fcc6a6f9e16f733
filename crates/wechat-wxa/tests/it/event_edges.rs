//! Edge cases of decoding: the order of checks, nesting, reasons and verdicts.

use std::borrow::Cow;

use miniprogram_core::callback::{CallbackConfig, Seal};
use miniprogram_core::push::{CallbackCheck, OwnedPush};
use miniprogram_core::vendor_api::frame::signature;
use miniprogram_core::{Event, EventDecoder, EventKind, Result};
use wechat_wxa::event::{PushRoute, WeChatEventDecoder, WeChatEventEncoder};

use crate::events::{NOW, PLATFORM, TOKEN, config};

const SUCCESS: &str = "<xml><MsgType>event</MsgType><Event>weapp_audit_success</Event></xml>";

fn sealed(message: &str) -> OwnedPush {
    let seal = Seal::new(NOW, "20230722").with_random(*b"0123456789abcdef");
    let encoder = WeChatEventEncoder::new(config()).unwrap();
    encoder.seal_push(PushRoute::Message { original_id: "gh_1" }, message, &seal).unwrap()
}

fn decoded(push: &mut OwnedPush) -> Result<Event<'_>> {
    WeChatEventDecoder::new(config()).unwrap().decode(push.as_push())
}

fn plain(message: &str) -> Event<'static> {
    let mut push = OwnedPush::new(NOW, message.as_bytes().to_vec());
    let decoder = WeChatEventDecoder::new(CallbackConfig::plain()).unwrap();
    decoder.decode(push.as_push()).map(Event::into_owned).unwrap()
}

/// The push with its envelope's content at `@`, with the original signature.
fn enveloped(inner: &str) -> OwnedPush {
    let mut push = sealed(SUCCESS);
    let body = String::from_utf8(push.body).unwrap();
    let start = body.find("<Encrypt>").unwrap();
    let end = body.find("</Encrypt>").unwrap() + "</Encrypt>".len();
    push.body = format!("<xml>{}</xml>", inner.replace('@', &body[start..end])).into_bytes();
    push
}

#[test]
fn the_query_is_refused_before_the_envelope_is_read() {
    let encrypt = "AAAA";
    for timestamp in ["+1690000000", "0169000000", "1", "a"] {
        for body in ["", "<xml/>", "<!DOCTYPE xml>", SUCCESS] {
            let signature = signature(&[TOKEN, timestamp, "1", encrypt]);
            let query = format!("timestamp={timestamp}&nonce=1&msg_signature={signature}");
            let mut push = OwnedPush::new(NOW, body.into()).with_head(query, None);
            let error = decoded(&mut push).unwrap_err();
            assert_eq!(CallbackCheck::of(&error), Some(CallbackCheck::Query), "{timestamp} {body}");
            assert_eq!(error.detail(), Some("the timestamp must have 9 to 11 digits, the first not 0"));
        }
    }
}

#[test]
fn only_the_envelope_s_own_ids_must_stand_once() {
    for accepted in [
        "<a><AppId/></a><a><AppId/></a>@",
        "<AppId/><a><AppId/></a>@",
        "<a><AppId/></a><AppId/>@",
        "<a><ToUserName/></a><a><ToUserName/></a>@",
        "<ToUserName/><a><ToUserName/></a>@",
        "text@<!-- a - b -->&amp;<![CDATA[]]>",
        "<名/><wx:a/>@",
    ] {
        let mut push = enveloped(accepted);
        assert_eq!(decoded(&mut push).unwrap().kind, EventKind::AuditApproved, "{accepted}");
    }
    for refused in ["<AppId/>@<AppId/>", "<ToUserName/>@<ToUserName/>", "@<!-- a -- b -->"] {
        let error = decoded(&mut enveloped(refused)).map(Event::into_owned).unwrap_err();
        assert_eq!(CallbackCheck::of(&error), Some(CallbackCheck::Envelope), "{refused}");
    }
}

#[test]
fn a_text_borrows_from_the_push_though_an_empty_piece_follows() {
    let mut push = sealed(
        "<xml><MsgType>event</MsgType><Event>e</Event><Reason><![CDATA[why]]><![CDATA[]]></Reason></xml>",
    );
    let event = decoded(&mut push).unwrap();
    assert!(matches!(event.reason, Some(Cow::Borrowed("why"))), "{:?}", event.reason);
    let mut push = sealed(
        "<xml><MsgType>event</MsgType><Event>e</Event><Reason><![CDATA[wh]]><![CDATA[y]]></Reason></xml>",
    );
    assert_eq!(decoded(&mut push).unwrap().reason.as_deref(), Some("why"));
}

#[test]
fn an_event_of_the_platform_tells_its_reason() {
    for name in ["Reason", "reason"] {
        let event = plain(&format!(
            "<xml><AppId>{PLATFORM}</AppId><InfoType>unauthorized</InfoType><{name}>why</{name}></xml>"
        ));
        assert_eq!(
            (event.kind, event.reason.as_deref()),
            (EventKind::AuthorizationRevoked, Some("why")),
            "{name}"
        );
    }
    let silent = plain("<xml><InfoType>unauthorized</InfoType><Reason></Reason></xml>");
    assert_eq!(silent.reason, None);
}

#[test]
fn a_privacy_verdict_is_read_from_every_number_the_vendor_prints() {
    let event = |status: &str, reason: &str| {
        plain(&format!(
            "<xml><MsgType>event</MsgType><Event>wxa_privacy_apply</Event><result_info><status>{status}</status>\
             <reason>{reason}</reason></result_info></xml>"
        ))
    };
    for (status, approved) in
        [("5", Some(true)), ("4", Some(false)), ("2", Some(false)), ("1", None), ("3", None), ("6", None)]
    {
        let event = event(status, "why");
        assert_eq!((event.kind, event.approved), (EventKind::PrivacyAudited, approved), "{status}");
        assert_eq!(event.reason.as_deref(), Some("why"));
    }
    assert_eq!(event("5", "").reason, None, "an empty reason is none");
}

#[test]
fn blanks_around_elements_are_layout_and_no_part_of_the_payload() {
    let event =
        plain("<xml> <MsgType>event</MsgType>\n<Event>e</Event>\n<a>\n <b> x </b>\n</a>\n<c> </c><d/></xml>");
    let expected = serde_json::json!({
        "MsgType": "event", "Event": "e", "a": {"b": " x "}, "c": " ", "d": "",
    });
    assert_eq!(event.payload, expected);
}
