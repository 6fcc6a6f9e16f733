//! Baidu's own fields of every push: each fixture read completely, each listed name, and what is kept secret.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use baidu_smartapp::BAIDU;
use baidu_smartapp::event::{BaiduEvent, BaiduEventDecoder, EVENTS};
use baidu_smartapp::values::{ADVANCED_AUDIT, AdvancedAuditStatus, AppPart, Certification, OfflineReason};
use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::push::Push;
use miniprogram_core::{ErrorKind, Event, EventDecoder, EventKind, Outcome, Timestamp, Vendor};
use serde_json::{Value, json};

/// Events whose fields Baidu has not published.
const UNPUBLISHED: [&str; 20] = [
    "APP_CREATE_SUCCESS_AND_AUTH_FAIL",
    "BATCH_TASK_UPLOAD_PACKAGE_SUCCESS",
    "BATCH_TASK_UPLOAD_PACKAGE_FAIL",
    "BATCH_TASK_UPLOAD_SUBMIT_AUDIT_FAIL",
    "BATCH_TASK_UPLOAD_RELEASE_SUCCESS",
    "BATCH_TASK_UPLOAD_RELEASE_FAIL",
    "BATCH_UPLOAD_SUBMIT_SUCCESS",
    "BATCH_UPLOAD_SUBMIT_FAIL",
    "ANNUAL_REVIEW_PENDING",
    "ANNUAL_REVIEW_OVERDUE",
    "ANNUAL_REVIEW_PASS",
    "APP_PAY_CLOSE",
    "SERVER_RESOURCE_PASS",
    "SERVER_RESOURCE_REJECT",
    "SERVER_RESOURCE_WAIT",
    "SERVER_RESOURCE_CANCEL",
    "SERVER_RESOURCE_DELIVER_WAIT",
    "SERVER_RESOURCE_DELETE",
    "ARTICLE_MOUNT_AUDIT_SUCCESS",
    "ARTICLE_MOUNT_AUDIT_FAIL",
];

fn decoded(message: &str) -> Event<'static> {
    let decoder = BaiduEventDecoder::new(CallbackConfig::plain());
    let mut body = message.as_bytes().to_vec();
    decoder.decode(Push::new(Timestamp::from_unix(0), &mut body)).unwrap().into_owned()
}

fn pushed(fields: Value) -> Event<'static> {
    decoded(&fields.to_string())
}

/// Every fixture, by name, decoded.
fn fixtures() -> Vec<(String, Event<'static>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events");
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(name) = name.strip_suffix(".push.json").or_else(|| name.strip_suffix(".record.txt")) {
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
        match BaiduEvent::from_event(&event) {
            Ok(details) => writeln!(text, "{name}: {details:?}").unwrap(),
            Err(error) => writeln!(text, "{name}: refused: {error}").unwrap(),
        }
    }
    assert!(!text.contains("canary"), "a secret is shown: {text}");
    insta::assert_snapshot!("baidu_details", text);
}

#[test]
fn every_listed_event_has_its_own_variant_and_a_fixture_unless_its_fields_are_unpublished() {
    let shown: BTreeSet<_> = fixtures().into_iter().map(|(_, event)| event.raw_event.into_owned()).collect();
    for (name, ..) in EVENTS {
        let details = BaiduEvent::from_event(&pushed(json!({"event": name})));
        if UNPUBLISHED.contains(name) {
            assert_eq!(details.unwrap(), BaiduEvent::Named((*name).to_owned()));
        } else {
            assert!(!matches!(details, Ok(BaiduEvent::Named(_) | BaiduEvent::Unknown(_))), "{name}");
            assert!(shown.contains(*name), "{name} has no fixture");
        }
    }
    assert!(UNPUBLISHED.iter().all(|name| EVENTS.iter().any(|(listed, ..)| listed == name)));
    let unknown = BaiduEvent::from_event(&pushed(json!({"event": "BRAND_NEW"}))).unwrap();
    assert_eq!(unknown, BaiduEvent::Unknown("BRAND_NEW".into()));
}

/// The neutral verdict and the vendor's own come from two tables.
#[test]
fn both_readings_agree_on_the_verdict() {
    let mut verdicts = 0;
    for (name, kind, approved) in EVENTS {
        let details = BaiduEvent::from_event(&pushed(json!({"event": name})));
        let own = match details {
            Ok(BaiduEvent::PackageAudited(audit)) => {
                let kinds = if audit.approved { EventKind::AuditApproved } else { EventKind::AuditRejected };
                assert_eq!(*kind, kinds, "{name}");
                continue;
            }
            Ok(BaiduEvent::NameAudited(audit)) => audit.approved,
            Ok(BaiduEvent::OfflineUpdateAudited(audit)) => audit.approved,
            Ok(
                BaiduEvent::IconAudited(verdict)
                | BaiduEvent::DescriptionAudited(verdict)
                | BaiduEvent::CategoryAudited(verdict)
                | BaiduEvent::TrafficRecoveryAudited(verdict)
                | BaiduEvent::PhonePermissionAudited(verdict),
            ) => verdict.approved,
            _ => {
                assert_eq!(*approved, None, "{name}");
                continue;
            }
        };
        assert_eq!(Some(own), *approved, "{name}");
        verdicts += 1;
    }
    assert_eq!(verdicts, 14);
}

#[test]
fn what_a_push_hands_over_is_there_and_is_secret() {
    let BaiduEvent::Ticket(ticket) =
        BaiduEvent::from_event(&pushed(json!({"MsgType": "ticket", "Ticket": "canary"}))).unwrap()
    else {
        panic!("no ticket")
    };
    assert_eq!(ticket.expose(), "canary");

    let authorized = pushed(
        json!({"event": "AUTHORIZED", "authorizationCode": "canary", "authorizationCodeExpiresIn": "3600"}),
    );
    let details = BaiduEvent::from_event(&authorized).unwrap();
    assert!(!format!("{details:?}").contains("canary"));
    let BaiduEvent::Authorized(authorization) = details else { panic!("no authorization") };
    assert_eq!(authorization.authorization_code.expose(), "canary");
    assert_eq!(authorization.expires_in, Some(Duration::from_secs(3600)));

    let text = pushed(json!({"MsgType": "text", "FromUserName": "b", "Content": "canary", "MsgId": 7}));
    let BaiduEvent::CustomerMessage(message) = BaiduEvent::from_event(&text).unwrap() else {
        panic!("no message")
    };
    assert_eq!(message.content.map(|content| content.expose().to_owned()).as_deref(), Some("canary"));
    assert_eq!((message.msg_type.as_str(), message.msg_id.as_deref()), ("text", Some("7")));
}

#[test]
fn a_required_field_that_is_missing_is_named() {
    for (fields, field) in [
        (json!({"event": "AUTHORIZED"}), "authorizationCode"),
        (json!({"event": "UPDATE_AUTHORIZED", "authorizationCode": ""}), "authorizationCode"),
        (json!({"event": "CREATE_APP_AUTH_CANCEL"}), "createAuthorizationCode"),
        (json!({"event": "REGISTER_AUTH_SUCCESS", "authorizationCode": "canary"}), "createAuthorizationCode"),
        (json!({"event": "APP_CREATE_FAIL", "customerId": null}), "customerId"),
        (json!({"event": "ADVANCED_AUDIT_CHANGED", "adType": 1}), "adStatus"),
        (json!({"event": "AUDIT_SUB_CHAIN_PASS"}), "subchainId"),
        (json!({"event": "BRAND_WORD_AUDIT_SUCCESS"}), "word"),
        (json!({"event": "APP_SEARCH_PATH_AUDIT_PASS"}), "path"),
        (
            json!({"event": "APP_SEARCH_PATH_AUDIT_PASS", "path": "p", "keywordsList": [{}]}),
            "keywordsList.keywords",
        ),
        (json!({"event": "APP_FORCE_OFFLINE", "offlineReason": {"canary": 1}}), "offlineReason"),
        (json!({"event": "PACKAGE_AUDIT_FAIL", "reason": ["canary"]}), "reason"),
        (json!({"code": 101, "data": {"app_id": 1}}), "data.package_id"),
        (json!({"code": 100, "data": {}}), "data.app_id"),
    ] {
        let error = BaiduEvent::from_event(&pushed(fields.clone())).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some(field)), "{fields}");
        assert_eq!((error.vendor(), error.outcome()), (Some(BAIDU), Outcome::NotDone));
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn numbers_keep_their_value_listed_or_not() {
    for (code, reason) in [
        (json!(1), OfflineReason::BasicInformation),
        (json!("2"), OfflineReason::Package),
        (json!(3), OfflineReason::Both),
        (json!(-7), OfflineReason::Unknown),
    ] {
        let fields =
            json!({"event": "APP_FORCE_OFFLINE", "offlineReason": code, "illegalFields": "appName,x"});
        let BaiduEvent::ForcedOffline(offline) = BaiduEvent::from_event(&pushed(fields)).unwrap() else {
            panic!("another event")
        };
        let shown = offline.offline_reason.unwrap();
        assert_eq!(shown.value, reason);
        assert_eq!(code.to_string().trim_matches('"'), shown.raw.code.to_string());
        let parts: Vec<_> =
            offline.illegal_fields.iter().map(|illegal| (illegal.part, illegal.name.as_str())).collect();
        assert_eq!(parts, [(AppPart::Name, "appName"), (AppPart::Unknown, "x")]);
    }
    let fields = json!({"event": "ADVANCED_AUDIT_CHANGED", "adType": "23", "adStatus": 7});
    let BaiduEvent::AdvancedAuditChanged(audit) = BaiduEvent::from_event(&pushed(fields)).unwrap() else {
        panic!("another event")
    };
    assert_eq!((audit.kind.value, audit.kind.raw.code), (Certification::LegalRepresentative, 23.into()));
    assert_eq!(audit.status.value, AdvancedAuditStatus::FeeUnpaid);
    assert_eq!(ADVANCED_AUDIT.translate(3).0, AdvancedAuditStatus::Unknown);
}

#[test]
fn what_cannot_be_an_id_is_none_and_the_rest_is_read() {
    let large: Value = serde_json::from_str("9223372036854775808").unwrap();
    for id in [json!(0), json!(""), json!(-1), json!("a1"), json!(1.5), json!(7.0), large, Value::Null] {
        let audit =
            json!({"event": "PACKAGE_AUDIT_FAIL", "packageId": id, "packageVersion": "1.0", "reason": "r"});
        let BaiduEvent::PackageAudited(audit) = BaiduEvent::from_event(&pushed(audit)).unwrap() else {
            panic!("another event")
        };
        assert_eq!((audit.package_id, audit.version.as_deref()), (None, Some("1.0")), "{id}");
        let update = json!({"event": "BASE_INFO_OFFLINE_AUDIT_FAIL", "examineId": id});
        let BaiduEvent::OfflineUpdateAudited(audit) = BaiduEvent::from_event(&pushed(update)).unwrap() else {
            panic!("another event")
        };
        assert_eq!(audit.examine_id, None, "{id}");
        let path = json!({"event": "APP_SEARCH_PATH_AUDIT_PASS", "path": "p", "examineId": id});
        let BaiduEvent::SearchPathAudited(audit) = BaiduEvent::from_event(&pushed(path)).unwrap() else {
            panic!("another event")
        };
        assert_eq!(audit.examine_id, None, "{id}");
        let change = pushed(json!({"code": 101, "data": {"app_id": 1, "package_id": id}}));
        assert_eq!((change.kind, &change.package_id), (EventKind::PackageChanged, &None), "{id}");
        assert_eq!(BaiduEvent::from_event(&change).unwrap_err().field(), Some("data.package_id"), "{id}");
    }
}

#[test]
fn a_name_that_the_fields_speak_against_is_no_verdict() {
    let unclear = |reason: Value| {
        BaiduEvent::from_event(&pushed(json!({"event": "APPLY_APP_MOBILE_AUTH_PASS", "reson": reason})))
    };
    let reason = "主体信息变更";
    assert_eq!(unclear(json!(reason)).unwrap(), BaiduEvent::PhonePermissionUnclear(reason.to_owned()));
    for none in [json!(null), json!(""), json!(" \n")] {
        let BaiduEvent::PhonePermissionAudited(verdict) = unclear(none.clone()).unwrap() else {
            panic!("another event")
        };
        assert!(verdict.approved && verdict.reason.is_none(), "{none}");
    }
    let name = "APP_PAYMENT_CREATE_ACCOUNT_FAIL";
    let printed = BaiduEvent::from_event(&pushed(json!({"event": name, "subchainId": 7, "reason": "r"})));
    assert_eq!(printed.unwrap(), BaiduEvent::Named(name.to_owned()));
}

#[test]
fn a_message_without_a_name_is_unknown() {
    let details = BaiduEvent::from_event(&pushed(json!({"appId": 1, "somethingNew": [1]}))).unwrap();
    assert_eq!(details, BaiduEvent::Unknown(String::new()));
}

#[test]
fn another_vendors_event_is_refused() {
    let event = Event::new(Vendor::new("acme"), EventKind::Unknown, "x".into(), json!({}));
    let error = BaiduEvent::from_event(&event).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("vendor")));
}

#[test]
fn the_table_of_events_is_as_recorded() {
    let mut text = String::new();
    for (name, kind, approved) in EVENTS {
        let verdict = match approved {
            Some(true) => "passed",
            Some(false) => "failed",
            None => "-",
        };
        writeln!(text, "{name:<42} {kind:<28} {verdict}").unwrap();
    }
    insta::assert_snapshot!("baidu_events", text);
}
