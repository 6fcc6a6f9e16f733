//! WeChat's own fields of every push: each fixture read completely, each listed name, and what is kept secret.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::push::Push;
use miniprogram_core::{Code, ErrorKind, Event, EventDecoder, EventKind, Outcome, Timestamp, Vendor};
use serde_json::{Value, json};
use wechat_wxa::WECHAT;
use wechat_wxa::event::{EVENTS, INFO_TYPES, WeChatEvent, WeChatEventDecoder};
use wechat_wxa::values::{AuthTaskStatus, OrderPathTaken};

fn decoded(message: &str) -> Event<'static> {
    let decoder = WeChatEventDecoder::new(CallbackConfig::plain()).unwrap();
    let mut body = message.as_bytes().to_vec();
    decoder.decode(Push::new(Timestamp::from_unix(0), &mut body)).unwrap().into_owned()
}

/// A push to the message URL.
fn event(name: &str, fields: Value) -> Event<'static> {
    with(json!({"MsgType": "event", "Event": name, "CreateTime": 1_690_000_000}), fields)
}

/// A push to the authorization URL.
fn authorization(name: &str, fields: Value) -> Event<'static> {
    with(json!({"AppId": "wx0", "InfoType": name, "CreateTime": 1_690_000_000}), fields)
}

fn with(mut message: Value, fields: Value) -> Event<'static> {
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    decoded(&message.to_string())
}

/// Every fixture, by name, decoded.
fn fixtures() -> Vec<(String, Event<'static>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events");
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".xml") || name.ends_with(".push.json") {
            fixtures.push((name.to_owned(), decoded(&fs::read_to_string(&path).unwrap())));
        }
    }
    fixtures.sort_by(|(one, _), (other, _)| one.cmp(other));
    fixtures
}

#[test]
fn every_fixture_is_read_as_recorded() {
    let mut text = String::new();
    for (name, event) in fixtures() {
        match WeChatEvent::from_event(&event) {
            Ok(details) => writeln!(text, "{name}: {details:?}").unwrap(),
            Err(error) => writeln!(text, "{name}: refused: {error}").unwrap(),
        }
    }
    assert!(!text.contains("canary"), "a secret is shown: {text}");
    insta::assert_snapshot!("wechat_details", text);
}

#[test]
fn every_listed_event_has_its_own_variant_and_a_fixture() {
    let shown: BTreeSet<_> = fixtures().into_iter().map(|(_, event)| event.raw_event.into_owned()).collect();
    let ticket = json!({"ComponentVerifyTicket": "t"});
    let events = EVENTS.iter().map(|(name, _)| (*name, event(name, json!({}))));
    for (name, event) in
        events.chain(INFO_TYPES.iter().map(|(name, _)| (*name, authorization(name, ticket.clone()))))
    {
        let details = WeChatEvent::from_event(&event);
        assert!(!matches!(details, Ok(WeChatEvent::Unknown(_))), "{name}");
        assert!(shown.contains(name), "{name} has no fixture");
    }
    for unknown in [event("subscribe", json!({})), authorization("brand_new", json!({}))] {
        let name = unknown.raw_event.clone().into_owned();
        assert_eq!(WeChatEvent::from_event(&unknown).unwrap(), WeChatEvent::Unknown(name));
    }
}

#[test]
fn what_has_no_name_or_is_spoken_against_is_unknown() {
    let unknown = |message: Value| WeChatEvent::from_event(&decoded(&message.to_string())).unwrap();
    assert_eq!(unknown(json!({"ToUserName": "gh_1", "new": 1})), WeChatEvent::Unknown(String::new()));
    let name = "weapp_audit_success";
    let failed = json!({"MsgType": "event", "Event": name, "FailTime": 1_488_856_591, "Reason": "r"});
    assert_eq!(unknown(failed), WeChatEvent::Unknown(name.to_owned()));
    let bare = unknown(json!({"Event": "weapp_audit_fail", "Reason": "r"}));
    assert!(matches!(bare, WeChatEvent::AuditRejected(_)), "{bare:?}");
}

#[test]
fn what_cannot_be_an_id_is_none_and_the_rest_is_read() {
    for id in [json!(0), json!(""), json!(-1), json!("a1"), json!(1.5), json!(9_223_372_036_854_775_808_u64)]
    {
        let result = json!({"result_info": {"status": 5, "audit_id": id, "api_name": "wx.getLocation"}});
        let WeChatEvent::PrivacyAudited(audit) =
            WeChatEvent::from_event(&event("wxa_privacy_apply", result)).unwrap()
        else {
            panic!("another event")
        };
        assert_eq!((audit.audit_id, audit.api_name.as_deref()), (None, Some("wx.getLocation")), "{id}");
        let list = json!({"list": [{"appid": "wx1", "audit_id": id, "status": 3}]});
        let WeChatEvent::OrderPathsAudited(audits) =
            WeChatEvent::from_event(&authorization("order_path_audit_result_notify", list)).unwrap()
        else {
            panic!("another event")
        };
        assert_eq!((audits.len(), &audits[0].audit_id), (1, &None), "{id}");
    }
}

/// The neutral verdict and the vendor's own come from two places.
#[test]
fn both_readings_agree_on_the_verdict() {
    let mut verdicts = 0;
    for (name, event) in fixtures() {
        let own = match WeChatEvent::from_event(&event) {
            Ok(WeChatEvent::NicknameAudited(audit)) => audit.verdict.raw.code.as_number(),
            Ok(WeChatEvent::CategoryAudited(audit)) => audit.verdict.raw.code.as_number(),
            Ok(WeChatEvent::PrivacyAudited(audit)) => audit.status.raw.code.as_number(),
            _ => continue,
        };
        let approved = match own {
            Some(3 | 5) => Some(true),
            Some(2 | 4) => Some(false),
            _ => None,
        };
        assert_eq!(event.approved, approved, "{name}");
        verdicts += 1;
    }
    assert!(verdicts > 8);
}

#[test]
fn what_a_push_hands_over_is_there_and_is_secret() {
    let ticket = authorization("component_verify_ticket", json!({"ComponentVerifyTicket": "canary"}));
    let WeChatEvent::Ticket(ticket) = WeChatEvent::from_event(&ticket).unwrap() else { panic!("no ticket") };
    assert_eq!(ticket.expose(), "canary");

    let fields = json!({"AuthorizerAppid": "wx1", "AuthorizationCode": "canary1", "PreAuthCode": "canary2",
        "AuthorizationCodeExpiredTime": "1690003600"});
    let details = WeChatEvent::from_event(&authorization("authorized", fields)).unwrap();
    assert!(!format!("{details:?}").contains("canary"));
    let WeChatEvent::Authorized(grant) = details else { panic!("no authorization") };
    assert_eq!(grant.app_id.as_str(), "wx1");
    assert_eq!(grant.authorization_code.expose(), "canary1");
    assert_eq!(grant.pre_auth_code.unwrap().expose(), "canary2");
    assert_eq!(grant.expires_at, Some(Timestamp::from_unix(1_690_003_600)));

    let fields = json!({"appid": "wx1", "status": 0, "auth_code": "canary"});
    let registered = authorization("notify_third_fasteregister", fields);
    let WeChatEvent::Registered(registration) = WeChatEvent::from_event(&registered).unwrap() else {
        panic!("no registration")
    };
    assert!(registration.succeeded());
    assert_eq!((registration.task_id, registration.auth_code.unwrap().expose()), (None, "canary"));
    for fields in [
        json!({"status": 0, "taskid": "t1", "info": {"wxuser": "w", "idname": "张三"}}),
        json!({"status": 0, "task_id": "t1"}),
        json!({"status": 0, "info": {"taskid": "t1"}}),
    ] {
        let registered = authorization("notify_third_fasteregister", fields);
        let WeChatEvent::Registered(registration) = WeChatEvent::from_event(&registered).unwrap() else {
            panic!("no registration")
        };
        assert_eq!(registration.task_id.as_deref(), Some("t1"));
    }

    let message = decoded(
        "<xml><MsgType>text</MsgType><Content>QUERY_AUTH_CODE:canary</Content><MsgId>7</MsgId></xml>",
    );
    let WeChatEvent::CustomerMessage(message) = WeChatEvent::from_event(&message).unwrap() else {
        panic!("no message")
    };
    assert_eq!(message.content.unwrap().expose(), "QUERY_AUTH_CODE:canary");
}

#[test]
fn a_life_time_in_the_place_of_a_time_counts_from_the_event() {
    let fields = |expires: Value| {
        let fields = json!({"AuthorizerAppid": "wx1", "AuthorizationCode": "c",
            "AuthorizationCodeExpiredTime": expires});
        match WeChatEvent::from_event(&authorization("updateauthorized", fields)).unwrap() {
            WeChatEvent::AuthorizationUpdated(grant) => grant.expires_at,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fields(json!(600)), Some(Timestamp::from_unix(1_690_000_600)));
    assert_eq!(fields(json!("1690000600")), Some(Timestamp::from_unix(1_690_000_600)));
    assert_eq!(fields(json!("")), None);
    let without_time = decoded(
        "<xml><InfoType>authorized</InfoType><AuthorizerAppid>wx1</AuthorizerAppid>\
         <AuthorizationCode>c</AuthorizationCode><AuthorizationCodeExpiredTime>600</AuthorizationCodeExpiredTime></xml>",
    );
    let WeChatEvent::Authorized(grant) = WeChatEvent::from_event(&without_time).unwrap() else {
        panic!("no authorization")
    };
    assert_eq!(grant.expires_at, None);
}

#[test]
fn a_required_field_that_is_missing_is_named() {
    let app = json!({"AuthorizerAppid": "wx1"});
    for (event, field) in [
        (event("wxa_nickname_audit", json!({"ret": null})), "ret"),
        (event("wxa_category_audit", json!({"reason": "canary"})), "ret"),
        (event("wxa_category_audit", json!({"ret": 3, "first": "canary"})), "first"),
        (event("wxa_privacy_apply", json!({})), "result_info"),
        (event("wxa_privacy_apply", json!({"result_info": "canary"})), "result_info"),
        (event("wxa_privacy_apply", json!({"result_info": {}})), "result_info.status"),
        (event("wxa_appeal_record", json!({})), "appeal_record_id"),
        (event("wxa_appeal_record", json!({"appeal_record_id": 1, "material": ["canary"]})), "material"),
        (event("wxa_illegal_record", json!({"appid": "wx1"})), "illegal_record_id"),
        (event("betaapp_verify_event", json!({})), "ApplyAuthorizationInfoNoitfy"),
        (event("weapp_audit_fail", json!({"FailTime": "canary"})), "FailTime"),
        (authorization("authorized", app), "AuthorizationCode"),
        (authorization("updateauthorized", json!({"AuthorizationCode": "canary"})), "AuthorizerAppid"),
        (authorization("unauthorized", json!({"AuthorizerAppid": ""})), "AuthorizerAppid"),
        (authorization("notify_third_fasteregister", json!({})), "status"),
        (authorization("notify_3rd_wxa_auth", json!({"appid": "wx1"})), "task_status"),
        (authorization("notify_3rd_wxa_wxverify", json!({})), "appid"),
        (authorization("notify_icpfiling_verify_result", json!({"verify_appid": "wx1"})), "result"),
        (authorization("notify_apply_icpfiling_result", json!({"authorizer_appid": "wx1"})), "beian_status"),
        (authorization("notify_3rd_wxa_auth_and_icp", json!({"procedure_status": 1})), "procedure_id"),
        (authorization("order_path_apply_result_notify", json!({"list": null})), "list"),
        (
            authorization("order_path_apply_result_notify", json!({"list": [{"appid": "wx1"}]})),
            "list.ret_code",
        ),
        (authorization("order_path_audit_result_notify", json!({"list": {"status": 4}})), "list.appid"),
    ] {
        let error = WeChatEvent::from_event(&event).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some(field)), "{event:?}");
        assert_eq!((error.vendor(), error.outcome()), (Some(WECHAT), Outcome::NotDone));
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn numbers_keep_their_value_listed_or_not() {
    let fields = json!({"list": [{"appid": "wx1", "ret_code": "-1"}, {"appid": "wx2", "ret_code": 40013}]});
    let event = authorization("order_path_apply_result_notify", fields);
    let WeChatEvent::OrderPathsApplied(applied) = WeChatEvent::from_event(&event).unwrap() else {
        panic!("another event")
    };
    assert_eq!(
        (applied[0].result.value, applied[0].result.raw.code.clone()),
        (OrderPathTaken::Busy, Code::from(-1))
    );
    assert_eq!(
        (applied[1].result.value, applied[1].result.raw.code.clone()),
        (OrderPathTaken::Unknown, Code::from(40013))
    );

    let event = authorization("notify_3rd_wxa_auth", json!({"appid": "wx1", "task_status": "10"}));
    let WeChatEvent::AuthTaskChanged(task) = WeChatEvent::from_event(&event).unwrap() else {
        panic!("another event")
    };
    assert_eq!((task.status.value, task.status.raw.code), (AuthTaskStatus::Unknown, Code::from(10)));
    assert_eq!(task.apply_status, None);
}

#[test]
fn another_vendors_event_is_refused() {
    let event = Event::new(Vendor::new("acme"), EventKind::Unknown, "x".into(), json!({}));
    let error = WeChatEvent::from_event(&event).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("vendor")));
}

#[test]
fn the_tables_of_events_are_as_recorded() {
    let mut text = String::new();
    for (name, kind) in EVENTS {
        writeln!(text, "Event    {name:<34} {kind}").unwrap();
    }
    for (name, kind) in INFO_TYPES {
        writeln!(text, "InfoType {name:<34} {kind}").unwrap();
    }
    insta::assert_snapshot!("wechat_events", text);
}
