//! Every value that the documents enumerate in prose, in a field's description or in a sample.

use std::fmt;
use std::sync::Arc;

use miniprogram::baidu::values::{self, WireTable};
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::vendor_api::StatusTable;
use miniprogram::wechat::{self, WECHAT, WeChatPlatform};
use miniprogram::{AppId, ClientConfig, Code, Command, Subject, VisitStatus, baidu};

use super::{Direction, documents};

/// The vendor's label of each value in a table, by the value's text.
type Labels = Vec<(String, &'static str)>;

fn received<S: Copy + fmt::Display>(table: &StatusTable<S>) -> Labels {
    table.rows().iter().map(|row| (row.code.to_string(), row.label)).collect()
}

fn words<T: Copy>(table: &WireTable<T>) -> Labels {
    table.rows().iter().map(|row| (row.wire.to_owned(), row.label)).collect()
}

/// What the client sends for each visit status.
fn visit_actions() -> Labels {
    let app = AppId::from("wx1");
    let token = StaticToken::new(WECHAT, app.clone(), AccessToken::new("t").expect("a token"));
    let platform = WeChatPlatform::new(ClientConfig::new("wx2", Arc::new(token))).expect("a platform");
    let action = |status| {
        let plan = platform.app(app.clone()).plan(&Command::SetVisitStatus { status }).expect("a plan");
        let body = plan.into_iter().last().and_then(|request| request.body).expect("a body");
        body["action"].as_str().expect("an action").to_owned()
    };
    vec![(action(VisitStatus::Closed), "不可见"), (action(VisitStatus::Open), "可见")]
}

/// What the crates know about a field.
fn labels(path: &str, field: &str, direction: Direction) -> Labels {
    match (path.rsplit_once("/wxa/").map_or(path, |(_, name)| name), field) {
        ("get_qrcode", "errcode") => {
            let row = wechat::codes::ERRCODE.find(&Code::Number(-1), Some("trial_qr_code"));
            row.map(|row| ("-1".to_owned(), row.meaning)).into_iter().collect()
        }
        ("get_auditstatus" | "get_latest_auditstatus", "status") => received(&wechat::codes::AUDIT),
        ("change_visitstatus", "action") => visit_actions(),
        ("getgrayreleaseplan", _) => received(&wechat::codes::GRAY),
        (_, "category_type") if direction == Direction::Request => words(&values::CATEGORY_SCOPE),
        (_, "data[].category_type") => received(&values::CATEGORY_TYPE),
        (_, "data[].sub_items.*.need_quali") => received(&values::NEED_QUALIFICATION),
        (_, "data[].sub_items.*.category_quali.list[][].must") => received(&values::QUALIFICATION_MUST),
        (_, "offlineReason") => received(&values::OFFLINE_REASON),
        (_, "illegalFields") => words(&values::ILLEGAL_FIELD),
        (_, "action") => words(&values::DOMAIN_ACTION),
        (_, "reason") => words(&values::PHONE_PERMISSION_REASON),
        (_, "used_scene") => words(&values::PHONE_PERMISSION_SCENE),
        (_, "data.status") => received(&values::PHONE_PERMISSION),
        (_, "data[].status") => received(&baidu::codes::APP_VISIT),
        (_, "data[].qualification.type") => received(&values::SUBJECT_TYPE),
        (_, "data[].qualification.satus") => received(&values::SUBJECT_STATUS),
        (_, "data[].qualification.ad_type") => received(&values::AD_TYPE),
        (_, "data[].qualification.ad_status") => received(&values::AD_STATUS),
        (_, "data[].upload_status") => received(&baidu::codes::UPLOAD),
        _ => Labels::new(),
    }
}

#[test]
fn every_enumerated_value_is_known_by_its_label() {
    let mut problems = Vec::new();
    for list in documents().enumerations {
        let path = list.path.as_deref().unwrap_or_default();
        let known = labels(path, &list.field, list.direction);
        for printed in &list.values {
            let text = printed.value.as_str().map_or_else(|| printed.value.to_string(), str::to_owned);
            let place = format!("{} {path} {} {text}", list.document, list.field);
            match known.iter().find(|(value, _)| *value == text) {
                None => problems.push(format!("{place} is unknown")),
                Some((_, label)) if label.contains(&printed.label) => {}
                // The message next to a sample's code is that of the response, not of a table.
                Some(_) if list.field == "errcode" => {}
                Some((_, label)) => problems.push(format!("{place} says {:?}, not {label:?}", printed.label)),
            }
        }
    }
    assert!(problems.is_empty(), "{} values:\n{}", problems.len(), problems.join("\n"));
}
