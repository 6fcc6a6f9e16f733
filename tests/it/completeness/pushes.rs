//! Every push.

use miniprogram::baidu::event::{BaiduEventDecoder, decode_notification};
use miniprogram::baidu::{self, BAIDU};
use miniprogram::callback::CallbackConfig;
use miniprogram::push::Push;
use miniprogram::wechat::event::WeChatEventDecoder;
use miniprogram::{AppId, Event, EventDecoder, EventKind, Timestamp, wechat};
use miniprogram_sim::{Decision, ReviewItem, State};
use serde_json::{Map, Value, json};

use super::callers::{BAIDU_APP, WECHAT_APP};
use super::endpoints::{arrange, stage};
use super::{Field, documents};

const RECEIVED_AT: Timestamp = Timestamp::from_unix(1_547_441_110);

/// A sample value of a field's documented type.
fn sample(field: &Field) -> Value {
    match field.of.as_str() {
        "string" => json!(format!("a {}", field.name)),
        _ => json!(7),
    }
}

fn decode(of_baidu: bool, name: &str, fields: &[Field]) -> Event<'static> {
    let config = CallbackConfig::plain();
    let (decoder, body): (Box<dyn EventDecoder>, String) = if of_baidu {
        let mut message = Map::from_iter([
            ("appId".to_owned(), json!(15_263_713)),
            ("tpAppId".to_owned(), json!(14_242_323)),
            ("eventTime".to_owned(), json!("2019-01-14 12:45:10")),
            ("event".to_owned(), json!(name)),
        ]);
        message.extend(fields.iter().map(|field| (field.name.clone(), sample(field))));
        (Box::new(BaiduEventDecoder::new(config)), Value::Object(message).to_string())
    } else {
        let fields = fields.iter().map(|field| {
            let text = sample(field).as_str().map_or_else(|| sample(field).to_string(), str::to_owned);
            format!("<{0}>{text}</{0}>", field.name)
        });
        let message = format!(
            "<xml><ToUserName>gh_fb9688c2a4b2</ToUserName><FromUserName>od1P50M</FromUserName>\
             <CreateTime>1488856741</CreateTime><MsgType>event</MsgType><Event>{name}</Event>{}</xml>",
            fields.collect::<String>()
        );
        (Box::new(WeChatEventDecoder::new(config).expect("a plain decoder")), message)
    };
    let mut body = body.into_bytes();
    let push = Push::new(RECEIVED_AT, &mut body);
    decoder.decode(push).unwrap_or_else(|error| panic!("{name}: {error:#}")).into_owned()
}

/// The verdict that a documented name reports.
fn verdict(name: &str) -> Option<bool> {
    let approved = ["_PASS", "_SUCCESS"].iter().any(|end| name.ends_with(end));
    let refused = ["_FAIL", "_REJECT"].iter().any(|end| name.ends_with(end));
    (approved || refused).then_some(approved)
}

#[test]
fn every_push_has_a_kind_and_keeps_its_fields() {
    for push in documents().events {
        let is_listed = if push.vendor == BAIDU {
            baidu::event::EVENTS.iter().any(|(name, ..)| *name == push.name)
        } else {
            wechat::event::EVENTS.iter().any(|(name, _)| *name == push.name)
        };
        assert!(is_listed, "{} is not listed", push.name);
        let event = decode(push.vendor == BAIDU, &push.name, &push.fields);
        assert_eq!(event.raw_event, push.name);
        assert_ne!(event.kind, EventKind::Unknown, "{}", push.name);
        let audit = matches!(event.kind, EventKind::AuditApproved | EventKind::AuditRejected);
        match (push.vendor == BAIDU, verdict(&push.name)) {
            (true, Some(approved)) if audit => {
                assert_eq!(event.kind == EventKind::AuditApproved, approved, "{}", push.name);
            }
            (true, verdict) => assert_eq!(event.approved, verdict, "{}", push.name),
            (false, _) => assert!(audit, "{}", push.name),
        }
        for field in &push.fields {
            let kept = &event.payload[&field.name];
            let same = kept == &sample(field) || kept.as_str() == Some(&sample(field).to_string());
            assert!(same, "{} {}: {kept}", push.name, field.name);
            if field.name.eq_ignore_ascii_case("reason") {
                assert!(event.reason.is_some(), "{}", push.name);
            }
        }
    }
}

#[test]
fn every_notification_is_decoded() {
    for notification in documents().notifications {
        let fields: Map<String, Value> =
            notification.fields.iter().map(|field| (field.name.clone(), json!(1111))).collect();
        let strict = json!({ "code": notification.code, "data": fields }).to_string();
        // As printed: bare keys, and a full-width colon after the first.
        let names = notification.fields.iter().map(|field| format!("{}:1111", field.name));
        let printed =
            format!("{{ code：{}, data:{{{}}} }}", notification.code, names.collect::<Vec<_>>().join(", "));
        for payload in [strict, printed] {
            let event = decode_notification(&payload).unwrap_or_else(|error| panic!("{payload}: {error:#}"));
            let package = notification.fields.iter().any(|field| field.name == "package_id");
            let kind = if package { EventKind::PackageChanged } else { EventKind::AppChanged };
            assert_eq!((event.kind, event.package_id.is_some()), (kind, package), "{payload}");
            assert_eq!(event.app_id.as_ref().map(|id| id.as_str()), Some("1111"), "{payload}");
        }
    }
}

/// How to trigger a push: the endpoint to call first, and the item to decide.
fn review(name: &str) -> Option<(&'static str, ReviewItem)> {
    Some(match name.rsplit_once('_')?.0 {
        "APP_NAME_AUDIT" => ("app/setnickname", ReviewItem::Name),
        "APP_ICON_AUDIT" => ("app/modifyheadimage", ReviewItem::Icon),
        "APP_DESC_AUDIT" => ("app/modifysignature", ReviewItem::Description),
        "APP_CATEGORY_AUDIT" => ("app/category/update", ReviewItem::Categories),
        "FLOW_CLOSE_AUDIT" => ("appflow/applyRecovery", ReviewItem::Recovery),
        "BASE_INFO_OFFLINE_AUDIT" => ("app/offline/update", ReviewItem::OfflineUpdate),
        "APPLY_APP_MOBILE_AUTH" => ("app/apply/mobileauth", ReviewItem::PhonePermission),
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_sends_every_push() {
    for push in documents().events {
        let (sim, callers) = stage().await;
        let app = AppId::from(if push.vendor == BAIDU { BAIDU_APP } else { WECHAT_APP });
        let name = push.name.as_str();
        let decision = match verdict(&name.to_uppercase()) {
            Some(false) => Decision::reject("名称过长"),
            _ => Decision::Approve,
        };
        let call = async |path: &str| {
            let path = format!("/rest/2.0/smartapp/{path}");
            arrange(&sim, &path);
            callers.call(&path).await.unwrap_or_else(|error| panic!("{name}: {error:#}"))
        };
        match name {
            "APP_FORCE_OFFLINE" => arrange(&sim, "/rest/2.0/smartapp/app/offline/update"),
            "APP_SERVER_PAUSE" => drop(call("app/pause").await),
            "APP_SERVER_RESUME" => {
                call("app/pause").await;
                call("app/resume").await;
            }
            "TIME_LIMIT_RECTIFY_NOTIFY" => sim.require_rectification(&app).unwrap(),
            "FLOW_CLOSE_NOTIFY" => sim.close_traffic(&app).unwrap(),
            "APP_MOBILE_AUTH_CANCEL" => {
                call("app/apply/mobileauth").await;
                sim.decide_review(&app, ReviewItem::PhonePermission, &Decision::Approve).unwrap();
                sim.change_subject(&app).unwrap();
            }
            _ => match review(name) {
                Some((path, item)) => {
                    call(path).await;
                    sim.decide_review(&app, item, &decision).unwrap();
                }
                None => {
                    sim.arrange(&app, &State::InReview).unwrap();
                    sim.decide_audit(&app, &decision).unwrap();
                }
            },
        }
        sim.idle().await;
        let sent: Vec<String> =
            sim.pushes(&app).into_iter().map(|push| push.event.trim().to_owned()).collect();
        assert!(sent.iter().any(|sent| sent == name), "{name} was not sent, but {sent:?}");
    }
}
