//! Every code that documents 002 and 003 print for an endpoint is returned there, with the document's message, or is
//! listed as never returned.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use miniprogram_sim::{
    AppSpec, BAIDU, Disturbance, DomainKind, Fault, FaultRule, ReviewItem, Scope, SimConfig, State,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APP, Bench, item};

/// The codes of a document by path, with the messages printed next to them.
fn documented(document: &str) -> BTreeMap<(String, i64), String> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/it/completeness/vendor_documents.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let tables = all["code_tables"].as_array().unwrap().iter();
    let tables = tables.filter(|table| table["document"] == document && table["kind"] == "error");
    let rows = tables.flat_map(|table| {
        let path = table["path"].as_str().unwrap();
        table["rows"].as_array().unwrap().iter().map(move |row| {
            let words = row["words"].as_str().unwrap().to_owned();
            ((path.to_owned(), row["code"].as_i64().unwrap()), words)
        })
    });
    rows.filter(|((_, code), _)| *code != 0).collect()
}

/// Messages returned, by path and code.
#[derive(Debug, Default)]
struct Returned(BTreeMap<(String, i64), String>);

impl Returned {
    #[track_caller]
    fn record(&mut self, path: &str, code: i64, answer: &Value) {
        let found = answer.get("errno").or(answer.get("errcode")).and_then(Value::as_i64);
        assert_eq!(found, Some(code), "{path}: {answer}");
        let message = answer.get("msg").or(answer.get("errmsg")).and_then(Value::as_str).unwrap();
        self.0.insert((path.to_owned(), code), message.to_owned());
    }
}

const CATEGORY: &str = "/rest/2.0/smartapp/app/category/update";
const RECOVERY: &str = "/rest/2.0/smartapp/appflow/applyRecovery";

/// There are no games, accounts without permissions, or apps without an owner.
const NEVER_BY_BAIDU: [(&str, i64); 3] = [(CATEGORY, 50013), (RECOVERY, 30007), (RECOVERY, 40028)];

#[tokio::test]
async fn baidu_refuses_in_the_words_of_document_003() {
    let mut returned = Returned::default();
    let bench = Bench::new(SimConfig::new().with_baidu_domain_changes(1), AppSpec::baidu("7")).await;
    let app = |endpoint: &str| format!("{APP}{endpoint}");
    let tell = async |path: &str, fields: &[(&str, &str)]| bench.form(path, fields).await.json();

    for (categories, code) in [
        (vec![json!({ "sub_category_id": 6 }); 6], 50060),
        (vec![json!({ "sub_category_id": 404 })], 50061),
        (vec![], 50062),
        (vec![json!({ "sub_category_id": 197 })], 50063),
        (
            vec![json!({ "sub_category_id": 197, "qualis": [{ "id": 1, "addr": "https://x.example" }] })],
            47008,
        ),
    ] {
        let categories = Value::from(categories).to_string();
        returned.record(CATEGORY, code, &tell(CATEGORY, &[("categorys", &categories)]).await);
    }
    // Each quota counts, whatever the verdict.
    let reject = |item| {
        bench.sim.decide_review(&bench.app, item, &miniprogram_sim::Decision::reject("不合规")).unwrap();
    };
    for (path, name, item, times, code) in [
        (CATEGORY.to_owned(), "categorys", ReviewItem::Categories, 3, 47007),
        (app("setnickname"), "nick_name", ReviewItem::Name, 5, 47004),
        (app("modifysignature"), "signature", ReviewItem::Description, 5, 47006),
        (app("modifyheadimage"), "image_url", ReviewItem::Icon, 5, 47005),
    ] {
        let image = bench.image().await;
        let value = |round: i64| match item {
            ReviewItem::Categories => "[{\"sub_category_id\":6}]".to_owned(),
            ReviewItem::Icon => image.clone(),
            _ => format!("第{round}版功能介绍"),
        };
        for round in 0..times {
            assert_eq!(tell(&path, &[(name, &value(round))]).await["errno"], 0, "{path}");
            reject(item);
        }
        returned.record(&path, code, &tell(&path, &[(name, &value(times))]).await);
    }
    returned.record(
        &app("modifyheadimage"),
        47008,
        &tell(&app("modifyheadimage"), &[("image_url", "x")]).await,
    );
    let proof = [("nick_name", "百度小店"), ("app_name_material", "x")];
    returned.record(&app("setnickname"), 47008, &tell(&app("setnickname"), &proof).await);
    returned.record(RECOVERY, 40045, &tell(RECOVERY, &[("audit_desc", "已修复")]).await);
    returned.record(
        &app("setsupportversion"),
        470_021,
        &tell(&app("setsupportversion"), &[("version", "x")]).await,
    );

    let code = async |bench: &Bench, query: &str| bench.get(&format!("{APP}qrcode{query}")).await.json();
    for (query, number) in [
        ("?width=199".to_owned(), 470_018),
        ("?package_id=1".to_owned(), 470_019),
        ("?package_id=x".to_owned(), 40001),
        (format!("?path={}", "a".repeat(3000)), 47002),
    ] {
        returned.record(&app("qrcode"), number, &code(&bench, &query).await);
    }
    let fresh = Bench::baidu(State::Fresh).await;
    returned.record(&app("qrcode"), 470_020, &code(&fresh, "").await);
    returned.record(RECOVERY, 40032, &fresh.form(RECOVERY, &[("audit_desc", "已修复")]).await.json());

    let host = "https://a.example";
    for (endpoint, kind, field, exhausted) in [
        ("modifydomain", DomainKind::Request, "request_domain", 470_011),
        ("modifywebviewdomain", DomainKind::WebView, "web_view_domain", 470_012),
    ] {
        bench.sim.set_platform_domains(BAIDU, kind, ["a.example"]).unwrap();
        let path = app(endpoint);
        for (fields, code) in [
            (vec![("action", "add")], 470_013),
            (vec![("action", "add"), (field, "ftp://a.example")], 470_014),
            (vec![("action", "add"), (field, "")], 470_015),
            (vec![("action", "add"), (field, "https://b.example")], 470_016),
            (vec![("action", "delete"), (field, host)], 470_017),
        ] {
            returned.record(&path, code, &tell(&path, &fields).await);
        }
        assert_eq!(tell(&path, &[("action", "set"), (field, host)]).await["errno"], 0);
        returned.record(&path, exhausted, &tell(&path, &[("action", "set"), (field, host)]).await);
    }

    let mut expected = documented("003");
    for (path, code) in NEVER_BY_BAIDU {
        assert!(expected.remove(&(path.to_owned(), code)).is_some(), "{path} {code} is not in the document");
    }
    assert_eq!(returned.0, expected);
}

/// Codes of document 002 that the simulator never returns: the extra configuration, the code and the categories of a
/// template are always valid, every call comes from a platform, and every app has a name, an avatar and a signature.
/// `get_latest_auditstatus` names no audit; if there is none it returns 85058.
const NEVER_BY_WECHAT: [(&str, i64); 11] = [
    ("/wxa/commit", 85013),
    ("/wxa/commit", 85043),
    ("/wxa/commit", 85044),
    ("/wxa/get_page", 86000),
    ("/wxa/submit_audit", 85077),
    ("/wxa/submit_audit", 86000),
    ("/wxa/submit_audit", 86002),
    ("/wxa/get_auditstatus", 86000),
    ("/wxa/get_latest_auditstatus", 85012),
    ("/wxa/get_latest_auditstatus", 86000),
    ("/wxa/grayrelease", 86002),
];

/// Document 002 prints the wire message only of -1, `system error`; for other codes it prints explanations. Each code
/// is returned, always with the same message.
#[tokio::test]
async fn wechat_refuses_with_the_codes_of_document_002() {
    let mut returned = Returned::default();
    let uploaded = || State::Uploaded { version: "1.2.0".to_owned() };
    let commit = |ext: &str, template: i64| json!({ "template_id": template, "ext_json": ext, "user_version": "2", "user_desc": "d" });
    let submit = |change: &dyn Fn(&mut Value)| {
        let mut item = item();
        change(&mut item);
        json!({ "item_list": [item] })
    };
    let with = |name: &'static str, value: &'static str| submit(&move |item| item[name] = json!(value));
    let post = [
        (State::Online, "/wxa/commit", commit("{}", 404_404), 85014),
        (State::Online, "/wxa/commit", commit(r#"{"pages":["nowhere"]}"#, 0), 85045),
        (State::Online, "/wxa/commit", commit(r#"{"tabBar":{"list":[{}]}}"#, 0), 85046),
        (State::Online, "/wxa/commit", commit(r#"{"pages":[]}"#, 0), 85047),
        (State::Online, "/wxa/commit", commit("{", 0), 85048),
        (State::Fresh, "/wxa/submit_audit", submit(&|_| ()), 86001),
        (uploaded(), "/wxa/submit_audit", with("tag", "a  b"), 85006),
        (uploaded(), "/wxa/submit_audit", with("address", "nowhere"), 85007),
        (uploaded(), "/wxa/submit_audit", with("first_class", "无"), 85008),
        (State::InReview, "/wxa/submit_audit", submit(&|_| ()), 85009),
        (uploaded(), "/wxa/submit_audit", submit(&|item| *item = json!({})), 85010),
        (
            uploaded(),
            "/wxa/submit_audit",
            with("title", "标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题"),
            85011,
        ),
        (uploaded(), "/wxa/submit_audit", json!({ "item_list": [] }), 85023),
        (State::Online, "/wxa/get_auditstatus", json!({ "auditid": 1 }), 85012),
        (State::Fresh, "/wxa/get_auditstatus", json!({ "auditid": 1 }), 86001),
        (State::Withdrawn, "/wxa/release", json!({}), 85019),
        (State::InReview, "/wxa/release", json!({}), 85020),
        (State::Fresh, "/wxa/change_visitstatus", json!({ "action": "close" }), 85021),
        (State::Online, "/wxa/change_visitstatus", json!({ "action": "shut" }), 85022),
        (State::Online, "/cgi-bin/wxopen/setweappsupportversion", json!({ "version": "x" }), 85015),
        (State::Fresh, "/wxa/grayrelease", json!({ "gray_percentage": 10 }), 85079),
        (State::Online, "/wxa/grayrelease", json!({ "gray_percentage": 10 }), 85080),
        (State::Approved, "/wxa/grayrelease", json!({ "gray_percentage": 101 }), 85081),
        (State::GrayRunning { percentage: 20 }, "/wxa/grayrelease", json!({ "gray_percentage": 10 }), 85082),
    ];
    for (state, path, body, code) in post {
        returned.record(path, code, &Bench::wechat(state).await.post(path, body).await.json());
    }
    for (state, path, code) in [
        (State::Fresh, "/wxa/get_page", 86001),
        (State::Fresh, "/wxa/get_latest_auditstatus", 86001),
        (State::GrayRunning { percentage: 20 }, "/wxa/revertcoderelease", 87011),
        (State::NoPrevious, "/wxa/revertcoderelease", 87012),
    ] {
        returned.record(path, code, &Bench::wechat(state).await.get(path).await.json());
    }
    let bench = Bench::wechat(State::InReview).await;
    bench.sim.set_wechat_withdrawals(0, 10);
    returned.record("/wxa/undocodeaudit", 87013, &bench.get("/wxa/undocodeaudit").await.json());

    // Busy is injected by faults, for any call.
    let expected = documented("002");
    bench.sim.add_fault(FaultRule::always(Scope::All, Fault::Before(Disturbance::Busy)));
    for (path, _) in expected.keys().filter(|(_, code)| *code == -1) {
        let gets = miniprogram_sim::endpoints().iter().any(|info| info.path == path && info.method == "GET");
        let method = if gets { Method::GET } else { Method::POST };
        let url = bench.url(path, bench.token.expose());
        returned.record(path, -1, &bench.send(method, url, "", "{}").await.json());
    }

    let never: BTreeSet<(String, i64)> =
        NEVER_BY_WECHAT.iter().map(|(path, code)| ((*path).to_owned(), *code)).collect();
    let answered: BTreeSet<(String, i64)> = returned.0.keys().cloned().collect();
    assert_eq!(answered.intersection(&never).collect::<Vec<_>>(), Vec::<&(String, i64)>::new());
    let all: BTreeSet<(String, i64)> = answered.union(&never).cloned().collect();
    assert_eq!(all, expected.into_keys().collect());

    let mut words: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for ((_, code), message) in &returned.0 {
        let (message, rid) = message.split_once(" rid: ").unwrap();
        assert_eq!(rid.len(), 26, "{rid}");
        assert!(!message.is_empty(), "{code}");
        words.entry(*code).or_default().insert(message.to_owned());
    }
    assert!(words.values().all(|words| words.len() == 1), "{words:?}");
    assert_eq!(words[&-1], BTreeSet::from(["system error".to_owned()]));
}
