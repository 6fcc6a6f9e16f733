//! All reads are equally tolerant: any field of a full response that is absent, empty or of another type costs that
//! field and nothing else.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use miniprogram::baidu::alliance::{AllianceConfig, BaiduAlliance};
use miniprogram::baidu::values::CategoryScope;
use miniprogram::baidu::{BAIDU, BaiduPlatform, MissedPushQuery, PackageQuery};
use miniprogram::clock::VirtualClock;
use miniprogram::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram::transport::{Request, Response, Transport, TransportError};
use miniprogram::wechat::values::{OrderPathKind, PrivacyVersion};
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use serde::Serialize;
use serde_json::{Value, json};

/// Returns one body for every request.
#[derive(Debug)]
struct Always(Vec<u8>);

#[async_trait]
impl Transport for Always {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        Ok(Response::new(200, http::HeaderMap::new(), self.0.clone()))
    }
}

/// Has one token for every scope.
#[derive(Debug)]
struct AnyToken;

#[async_trait]
impl TokenProvider for AnyToken {
    async fn token(&self, _scope: &TokenScope) -> Result<AccessToken> {
        AccessToken::new("t")
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}

struct Clients {
    wechat: WeChatPlatform,
    baidu: BaiduPlatform,
    alliance: BaiduAlliance,
}

impl Clients {
    fn answered_with(body: &Value) -> Self {
        let transport: Arc<dyn Transport> = Arc::new(Always(body.to_string().into_bytes()));
        let clock = Arc::new(VirtualClock::new(Timestamp::from_unix(1_700_000_000)));
        let config = || {
            ClientConfig::new("7", Arc::new(AnyToken))
                .with_transport(Arc::clone(&transport))
                .with_clock(Arc::<VirtualClock>::clone(&clock))
                .with_seed(7)
        };
        let alliance = AllianceConfig::with_tokens("key", Arc::new(AnyToken))
            .with_transport(Arc::clone(&transport))
            .with_clock(Arc::<VirtualClock>::clone(&clock));
        Self {
            wechat: WeChatPlatform::new(config()).unwrap(),
            baidu: BaiduPlatform::new(config()).unwrap(),
            alliance: BaiduAlliance::new(alliance).unwrap(),
        }
    }
}

/// A read, and a response that fills all its fields.
struct Read {
    name: &'static str,
    body: Value,
    /// Required fields, as JSON pointers: the answer to its question.
    needs: &'static [&'static str],
    call: fn(Clients) -> BoxFuture<'static, Result<Value>>,
}

fn told(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

macro_rules! read {
    ($name:literal, $body:expr, [$($needs:literal),*], |$clients:ident| $client:expr, $method:ident($($argument:expr),*)) => {
        Read {
            name: $name,
            body: $body,
            needs: &[$($needs),*],
            call: |$clients| {
                Box::pin(async move {
                    let client = $client;
                    client.$method($($argument),*).await.map(told)
                })
            },
        }
    };
}

fn wechat(mut fields: Value) -> Value {
    fields["errcode"] = json!(0);
    fields["errmsg"] = json!("ok");
    fields
}

fn baidu(data: &Value) -> Value {
    json!({ "errno": 0, "msg": "success", "data": data })
}

const APP: &str = "17000001";

fn of_wechat() -> Vec<Read> {
    let audit = json!({
        "auditid": 1_234_567, "status": 1, "reason": "r", "screenshot": "a|b", "ScreenShot": "c",
        "user_version": "2.5.0", "user_desc": "d", "submit_audit_time": 1_690_000_100,
        "exp_info": { "exp_version": "2", "exp_desc": "d", "exp_time": 1_690_000_000 },
        "release_info": { "release_version": "1", "release_desc": "d", "release_time": 1_680_000_000 },
    });
    let changes = |value: &str| json!({ value: "v", "modify_used_count": 1, "modify_quota": 5 });
    let domains = json!({
        "requestdomain": ["https://a.cn"], "wsrequestdomain": ["wss://a.cn"], "uploaddomain": ["https://b.cn"],
        "downloaddomain": ["https://c.cn"], "udpdomain": ["udp://a.cn"], "tcpdomain": ["tcp://a.cn"],
    });
    let category = json!({
        "first": 1, "first_name": "a", "second": 2, "second_name": "b", "audit_status": 3, "audit_reason": "r",
    });
    vec![
        read!(
            "categories",
            wechat(json!({ "category_list": [
            { "first_class": "教育", "first_id": 3, "second_class": "学历", "second_id": 4, "third_class": "高等", "third_id": 5 },
            { "first_class": "工具", "first_id": 1, "second_class": "备忘录", "second_id": 2 },
        ] })),
            [],
            |clients| clients.wechat.app(APP),
            categories()
        ),
        read!(
            "pages",
            wechat(json!({ "page_list": ["index", "page/list"] })),
            [],
            |clients| clients.wechat.app(APP),
            pages()
        ),
        read!(
            "latest_audit",
            wechat(audit.clone()),
            ["/auditid", "/status"],
            |clients| clients.wechat.app(APP),
            latest_audit()
        ),
        read!(
            "audit_status",
            wechat(audit.clone()),
            ["/status"],
            |clients| clients.wechat.app(APP),
            audit_status(&AuditId::from("1234567"))
        ),
        read!(
            "code_versions",
            wechat(audit),
            ["/auditid", "/status"],
            |clients| clients.wechat.app(APP),
            code_versions()
        ),
        read!(
            "audit_quota",
            wechat(json!({ "rest": 3, "limit": 50, "speedup_rest": 1, "speedup_limit": 2 })),
            ["/rest"],
            |clients| clients.wechat.app(APP),
            audit_quota()
        ),
        read!(
            "rollback_targets",
            wechat(json!({ "version_list": [
            { "app_version": 447, "user_version": "1.0", "user_desc": "d", "commit_time": 1_600_000_000 },
            { "app_version": 448, "user_version": "1.1" },
        ] })),
            [],
            |clients| clients.wechat.app(APP),
            rollback_targets()
        ),
        read!(
            "gray_release_plan",
            wechat(json!({ "gray_release_plan": {
            "status": 1, "create_timestamp": 1_517_553_721, "gray_percentage": 8,
            "support_debuger_first": true, "support_experiencer_first": false,
        } })),
            ["/gray_release_plan/status"],
            |clients| clients.wechat.app(APP),
            gray_release_plan()
        ),
        read!(
            "visit_status",
            wechat(json!({ "status": 1 })),
            ["/status"],
            |clients| clients.wechat.app(APP),
            visit_status()
        ),
        read!(
            "min_library_version",
            wechat(json!({ "now_version": "1.0.0", "uv_info": { "items": [
                { "percentage": 12.5, "version": "1.0.0" }, { "percentage": 3, "version": "1.0.1" },
            ] } })),
            [],
            |clients| clients.wechat.app(APP),
            min_library_version()
        ),
        read!(
            "privacy_scan",
            wechat(json!({ "without_auth_list": ["wx.a"], "without_conf_list": ["wx.b"] })),
            [],
            |clients| clients.wechat.app(APP),
            privacy_scan()
        ),
        read!(
            "testers",
            wechat(json!({ "members": [{ "userstr": "a" }, { "userstr": "b" }] })),
            [],
            |clients| clients.wechat.app(APP),
            testers()
        ),
        read!(
            "server_domains",
            wechat(domains.clone()),
            [],
            |clients| clients.wechat.app(APP),
            server_domains()
        ),
        read!(
            "web_view_domains",
            wechat(json!({ "webviewdomain": ["https://a.cn"] })),
            [],
            |clients| clients.wechat.app(APP),
            web_view_domains()
        ),
        read!(
            "effective_server_domains",
            wechat(
                json!({ "mp_domain": domains, "effective_domain": { "requestdomain": ["https://a.cn"] } })
            ),
            [],
            |clients| clients.wechat.app(APP),
            effective_server_domains()
        ),
        read!(
            "effective_web_view_domains",
            wechat(json!({ "mp_webviewdomain": ["a.cn"], "effective_webviewdomain": ["a.cn", "b.cn"] })),
            [],
            |clients| clients.wechat.app(APP),
            effective_web_view_domains()
        ),
        read!(
            "prefetch_domains",
            wechat(json!({ "prefetch_dns_domain": [{ "url": "a.cn", "status": 1 }], "size_limit": 5 })),
            [],
            |clients| clients.wechat.app(APP),
            prefetch_domains()
        ),
        read!(
            "category_catalogue",
            wechat(json!({ "categories_list": { "categories": [{
                "id": 1, "name": "a", "level": 1, "father": 2, "children": [3, 4], "sensitive_type": 1,
                "qualify": { "exter_list": [{ "inner_list": [{ "name": "n", "url": "u" }] }], "remark": "r" },
            }] } })),
            [],
            |clients| clients.wechat.app(APP),
            category_catalogue()
        ),
        read!(
            "account_categories",
            wechat(json!({ "categories": [category], "limit": 5, "quota": 3, "category_limit": 20 })),
            [],
            |clients| clients.wechat.app(APP),
            account_categories()
        ),
        read!(
            "account_info",
            wechat(json!({
                "appid": "wx1", "account_type": 3, "principal_type": 1, "principal_name": "p", "realname_status": 1,
                "wx_verify_info": {
                    "qualification_verify": true, "naming_verify": false, "annual_review": true,
                    "annual_review_begin_time": 1_600_000_000, "annual_review_end_time": 1_700_000_000,
                },
                "signature_info": changes("signature"), "head_image_info": changes("head_image_url"),
                "nickname": "n", "nickname_info": changes("nickname"), "registered_country": 1017, "credential": "c",
                "customer_type": 1,
            })),
            [],
            |clients| clients.wechat.app(APP),
            account_info()
        ),
        read!(
            "check_name",
            wechat(json!({ "hit_condition": true, "wording": "w" })),
            ["/hit_condition"],
            |clients| clients.wechat.app(APP),
            check_name("面包店铺")
        ),
        read!(
            "name_audit",
            wechat(json!({
                "audit_stat": 2, "nickname": "n", "fail_reason": "r", "create_time": 1_600_000_000,
                "audit_time": 1_600_000_001,
            })),
            ["/audit_stat"],
            |clients| clients.wechat.app(APP),
            name_audit(&AuditId::from("431"))
        ),
        read!(
            "search_status",
            wechat(json!({ "status": 1 })),
            ["/status"],
            |clients| clients.wechat.app(APP),
            search_status()
        ),
        read!(
            "privacy_setting",
            wechat(json!({
                "code_exist": 1, "privacy_list": ["Location"], "update_time": 1_690_000_000,
                "setting_list": [{ "privacy_key": "Location", "privacy_text": "t", "privacy_label": "l" }],
                "owner_setting": { "contact_email": "e", "contact_phone": 13_800_000_000_i64, "contact_qq": "q",
                    "contact_weixin": "w", "notice_method": "公告", "store_expire_timestamp": "30天",
                    "ext_file_media_id": "m", "store_region": "r" },
                "privacy_desc": { "privacy_desc_list": [{ "privacy_key": "UserInfo", "privacy_desc": "d" }] },
            })),
            [],
            |clients| clients.wechat.app(APP),
            privacy_setting(PrivacyVersion::Published)
        ),
        read!(
            "privacy_interfaces",
            wechat(json!({ "interface_list": [{
                "api_name": "wx.a", "api_ch_name": "c", "api_desc": "d", "status": 4, "apply_time": 1_690_000_000,
                "audit_id": 97, "fail_reason": "r", "api_link": "l", "group_name": "g",
            }] })),
            [],
            |clients| clients.wechat.app(APP),
            privacy_interfaces()
        ),
        read!(
            "order_path",
            wechat(json!({ "msg": {
                "path": "p", "status": 4, "img_list": ["m1"], "video": "v", "test_account": "a", "test_remark": "r",
                "apply_time": 1_690_000_000,
            } })),
            ["/msg"],
            |clients| clients.wechat.app(APP),
            order_path(OrderPathKind::Released)
        ),
        read!(
            "illegal_records",
            wechat(json!({ "records": [{
                "illegal_record_id": "abc", "create_time": 1_690_000_000, "illegal_reason": "r", "illegal_content": "c",
                "rule_name": "n", "rule_url": "u",
            }] })),
            [],
            |clients| clients.wechat.app(APP),
            illegal_records(Timestamp::from_unix(1), Timestamp::from_unix(2))
        ),
        read!(
            "appeal_records",
            wechat(json!({ "records": [{
                "appeal_record_id": 8, "appeal_time": 1_690_000_000, "appeal_count": 1, "appeal_from": 0,
                "appeal_status": 1, "audit_time": 1_690_000_001, "audit_reason": "r", "punish_description": "p",
                "materials": [{ "illegal_material": { "content": "c" } }],
            }] })),
            [],
            |clients| clients.wechat.app(APP),
            appeal_records("abc")
        ),
        read!(
            "api_quota",
            wechat(json!({
                "quota": { "daily_limit": 100, "used": 3, "remain": 97 },
                "rate_limit": { "call_count": 10, "refresh_second": 60 },
                "component_rate_limit": { "call_count": 10, "refresh_second": 60 },
            })),
            ["/quota"],
            |clients| clients.wechat.app(APP),
            api_quota("/wxa/commit")
        ),
        read!(
            "request_info",
            wechat(json!({ "request": {
                "invoke_time": 1_690_000_000, "cost_in_ms": 12, "request_url": "u", "request_body": "b",
                "response_body": "c",
            } })),
            ["/request"],
            |clients| clients.wechat.app(APP),
            request_info("64bb5a04-1a2b3c4d-5e6f7a8b")
        ),
        read!(
            "template_drafts",
            wechat(json!({ "draft_list": [{
                "draft_id": 0, "user_version": "V", "user_desc": "d", "create_time": 1_488_965_944,
                "source_miniprogram_appid": "wx1",
            }] })),
            [],
            |clients| clients.wechat.template_library()?,
            template_drafts()
        ),
        read!(
            "templates",
            wechat(json!({ "template_list": [{
                "template_id": 4, "draft_id": 1, "user_version": "V", "user_desc": "d", "create_time": 1_488_965_944,
                "source_miniprogram_appid": "wx1",
            }] })),
            [],
            |clients| clients.wechat.template_library()?,
            templates()
        ),
        read!(
            "platform_server_domains",
            wechat(json!({
                "published_wxa_server_domain": "a.cn;b.cn", "testing_wxa_server_domain": "a.cn",
                "invalid_wxa_server_domain": "c",
            })),
            [],
            |clients| clients.wechat,
            platform_server_domains()
        ),
        read!(
            "platform_check_file",
            wechat(json!({ "file_name": "a.txt", "file_content": "b" })),
            ["/file_name", "/file_content"],
            |clients| clients.wechat,
            platform_check_file()
        ),
    ]
}

fn of_baidu() -> Vec<Read> {
    let package = json!({
        "version": "1.2.6", "remark": "备注", "msg": "审核通过", "committer": "提交人", "status": 1,
        "commit_time": "2018/09/04 17:13:59", "version_desc": "desc", "package_id": 201, "rollback_version": "v1.2.5",
        "upload_status": 3, "upload_status_desc": "上传失败", "upload_err_code": 69010, "upload_err_msg": "m",
    });
    let info = json!({
        "app_id": 111_111, "app_key": "k", "app_name": "n", "app_desc": "d", "min_swan_version": "1.11.0", "status": 1,
        "web_status": 1, "photo_addr": r#"[{"cover":"https://a.cn/1.jpg"}]"#,
        "qualification": { "name": "n", "type": 2, "status": 1, "ad_type": 1, "ad_status": 1 },
        "category": [{ "category_id": 6, "category_name": "c", "category_desc": "d", "audit_status": 3, "reason": "r",
            "parent": { "category_id": 5, "category_name": "p" } }],
        "audit_info": {
            "audit_app_name": "n", "audit_app_name_status": 1, "audit_app_name_reason": "r",
            "audit_app_desc": "d", "audit_app_desc_status": 3, "audit_app_desc_reason": "r",
            "audit_photo_addr": "https://a.cn/2.jpg", "audit_photo_addr_status": 3, "audit_photo_addr_reason": "r",
        },
        "modify_count": {
            "name_modify_used": 1, "name_modify_quota": 5, "signature_modify_used": 1, "signature_modify_quota": 5,
            "image_modify_used": 1, "image_modify_quota": 5, "category_modify_used": 1, "category_modify_quota": 3,
        },
        "auth_info": [{ "scope_name": "s", "type": 1 }],
        "annual_review_info": { "annual_review_status": 2, "annual_review_overdue_time": 1_600_000_000 },
        "app_offline_info": [{ "offline_reason": 2, "illegal_fields": "appName,appDesc" }],
    });
    let categories = json!([{
        "id": 1, "category_name": "快递", "category_type": 2,
        "sub_items": [{
            "id": 2, "category_name": "邮政", "category_type": 1, "need_quali": 1,
            "category_quali": { "desc": "d", "list": [[{ "id": 1, "must": 1, "name": "n", "desc": "d" }]] },
        }],
    }]);
    let template = json!({
        "draft_id": 5, "template_id": 7, "user_version": "1.0", "user_desc": "d", "create_time": 1_536_052_439,
    });
    vec![
        read!(
            "packages",
            baidu(&json!([package, { "version": "1.2.7", "upload_status": 1 }])),
            [],
            |clients| clients.baidu.app(APP),
            packages()
        ),
        read!(
            "code_versions",
            baidu(&json!([package])),
            [],
            |clients| clients.baidu.app(APP),
            code_versions()
        ),
        read!("latest_audit", baidu(&json!([package])), [], |clients| clients.baidu.app(APP), latest_audit()),
        read!(
            "package_detail",
            baidu(&package),
            ["/data"],
            |clients| clients.baidu.app(APP),
            package_detail(&PackageQuery::Status(1))
        ),
        read!(
            "audit_status",
            baidu(&package),
            ["/data", "/data/status"],
            |clients| clients.baidu.app(APP),
            audit_status(&AuditId::from("201"))
        ),
        read!("trial_package", baidu(&package), ["/data"], |clients| clients.baidu.app(APP), trial_package()),
        read!("app_info", baidu(&info), ["/data"], |clients| clients.baidu.app(APP), app_info()),
        read!(
            "visit_status",
            baidu(&info),
            ["/data", "/data/status"],
            |clients| clients.baidu.app(APP),
            visit_status()
        ),
        read!(
            "alliance_apps",
            baidu(&json!([info, { "app_id": 2, "status": 4 }])),
            [],
            |clients| clients.alliance,
            alliance_apps(&["1".into()])
        ),
        read!(
            "alliance_packages",
            baidu(&json!([package])),
            [],
            |clients| clients.alliance,
            alliance_packages(&"1".into())
        ),
        read!(
            "category_tree",
            baidu(&categories),
            [],
            |clients| clients.baidu.app(APP),
            category_tree(CategoryScope::All)
        ),
        read!("categories", baidu(&categories), [], |clients| clients.baidu.app(APP), categories()),
        read!(
            "min_library_version",
            baidu(
                &json!({ "now_version": "2.5.15", "items": [{ "version": "1.10.15", "percentage": 12.5 }] })
            ),
            ["/data"],
            |clients| clients.baidu.app(APP),
            min_library_version()
        ),
        read!(
            "server_domains",
            baidu(&json!({
                "request_domain": "https://a.cn,https://b.cn", "socket_domain": "wss://a.cn",
                "download_domain": ["https://a.cn"], "upload_domain": "https://a.cn",
            })),
            [],
            |clients| clients.baidu.app(APP),
            server_domains()
        ),
        read!(
            "web_view_domains",
            baidu(&json!(["https://a.cn"])),
            [],
            |clients| clients.baidu.app(APP),
            web_view_domains()
        ),
        read!(
            "check_name",
            baidu(&json!({ "checkResult": 4, "checkWords": [["a", "b"], ["c"]] })),
            ["/data", "/data/checkResult"],
            |clients| clients.baidu.app(APP),
            check_name("面包店")
        ),
        read!(
            "phone_permission",
            baidu(&json!({ "status": 2, "reason": "r" })),
            ["/data", "/data/status"],
            |clients| clients.baidu.app(APP),
            phone_permission()
        ),
        read!(
            "audit_quota",
            baidu(&json!({ "quota_type": 2, "quota_times": 10, "remain_times": 7 })),
            ["/data", "/data/remain_times"],
            |clients| clients.baidu.app(APP),
            audit_quota()
        ),
        read!(
            "missed_pushes",
            baidu(&json!({ "count": 2, "list": [
                { "id": 7, "content": "oux7", "status": 2 }, { "id": 8, "content": "GCr6", "status": 1 },
            ] })),
            [],
            |clients| clients.baidu,
            missed_pushes(&MissedPushQuery::new())
        ),
        read!(
            "templates",
            baidu(&json!({ "count": 1, "list": [template] })),
            [],
            |clients| clients.baidu.template_library()?,
            templates()
        ),
        read!(
            "template_drafts",
            baidu(&json!({ "count": 1, "list": [template] })),
            [],
            |clients| clients.baidu.template_library()?,
            template_drafts()
        ),
    ]
}

/// Every field and list entry of a response inside its envelope, as JSON pointers.
fn places(value: &Value, here: &str, into: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(entries) => {
            entries.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in below {
        if here.is_empty()
            && ["errcode", "errmsg", "errno", "msg"].contains(&name.as_str())
            && !value.is_object()
        {
            continue;
        }
        let place = format!("{here}/{name}");
        places(value, &place, into);
        into.push(place);
    }
}

/// The response with another value at a place, or none.
fn changed(body: &Value, place: &str, to: Option<Value>) -> Value {
    let mut body = body.clone();
    let (above, name) = place.rsplit_once('/').unwrap();
    match (body.pointer_mut(above).unwrap(), to) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
        (Value::Object(fields), None) => drop(fields.shift_remove(name)),
        (Value::Array(entries), Some(value)) => entries[name.parse::<usize>().unwrap()] = value,
        (Value::Array(entries), None) => drop(entries.remove(name.parse().unwrap())),
        (other, _) => panic!("{other} has no {name}"),
    }
    body
}

/// A result without raw data: unnamed fields, and the materials of an appeal.
fn modelled(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields
                .into_iter()
                .filter(|(name, _)| !["extra", "members", "materials"].contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name, modelled(value))).collect())
        }
        Value::Array(entries) => entries.into_iter().map(modelled).collect(),
        other => other,
    }
}

/// The same value in the other forms that vendors send.
fn other_forms(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => vec![json!(number.to_string())],
        Value::Bool(flag) => {
            let digit = i64::from(*flag);
            vec![json!(digit), json!(digit.to_string()), json!(flag.to_string())]
        }
        Value::String(text) if text.parse().is_ok_and(|number: i64| number.to_string() == *text) => {
            vec![json!(text.parse::<i64>().unwrap())]
        }
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn an_odd_field_costs_itself_and_nothing_else() {
    let (mut problems, mut tried) = (Vec::new(), 0);
    for (vendor, reads) in [(WECHAT, of_wechat()), (BAIDU, of_baidu())] {
        for Read { name, body, needs, call } in reads {
            let run = async |body: &Value| call(Clients::answered_with(body)).await.map(modelled);
            let whole = run(&body).await.unwrap_or_else(|error| panic!("{vendor} {name}: {error:#}"));
            let mut all = Vec::new();
            places(&body, "", &mut all);
            for place in all {
                let value = body.pointer(&place).unwrap().clone();
                let needed = needs.contains(&place.as_str());
                // A payload of another type is not an answer.
                let is_payload = place == "/data" || place == "/gray_release_plan";
                let mut complain = |what: &str, body: &Value, result: &Result<Value>| {
                    let told = result.as_ref().map(Value::to_string).map_err(|error| format!("{error:#}"));
                    problems.push(format!("{vendor} {name} {place} {what}: {told:?}\n  for {body}"));
                };
                let absent_body = changed(&body, &place, None);
                let absent = run(&absent_body).await;
                tried += 1;
                if needed {
                    let field = place.rsplit('/').next().unwrap();
                    let named = absent.as_ref().is_err_and(|error| {
                        (error.kind(), error.outcome()) == (ErrorKind::Protocol, Outcome::NotDone)
                            && error.field().is_some_and(|named| named.ends_with(field))
                    });
                    if !named {
                        complain("absent must be an error that names it", &absent_body, &absent);
                    }
                } else if absent.is_err() {
                    complain("absent", &absent_body, &absent);
                }
                let mut untold = vec![json!(null), json!(""), json!("  ")];
                let mut odd = vec![];
                match &value {
                    Value::Array(_) | Value::Object(_) => {
                        untold.push(json!([]));
                        odd.push(json!(true));
                    }
                    Value::Bool(_) => odd.extend([json!({ "odd": 1 }), json!("odd"), json!(7)]),
                    Value::Number(_) => odd.push(json!({ "odd": 1 })),
                    _ => odd.extend([json!({ "odd": 1 }), json!(true)]),
                }
                for (values, what) in [(untold, "untold"), (odd, "of another type")] {
                    for other in values {
                        let body = changed(&body, &place, Some(other.clone()));
                        let result = run(&body).await;
                        tried += 1;
                        let agrees = match (&result, &absent) {
                            (Ok(result), Ok(absent)) => result == absent,
                            (Err(error), Err(_)) => error.outcome() == Outcome::NotDone,
                            (Err(error), Ok(_)) => {
                                is_payload && what != "untold" && error.kind() == ErrorKind::Protocol
                            }
                            // An empty list is an empty object in some responses.
                            (Ok(_), Err(_)) => needed && other == json!([]),
                        };
                        if !agrees {
                            complain(&format!("{what} ({other}) is not as if absent"), &body, &result);
                        }
                    }
                }
                for other in other_forms(&value) {
                    let body = changed(&body, &place, Some(other.clone()));
                    let result = run(&body).await;
                    tried += 1;
                    if result.as_ref().ok() != Some(&whole) {
                        complain(&format!("as {other} reads differently"), &body, &result);
                    }
                }
            }
        }
    }
    println!("{tried} responses");
    assert!(tried > 2_000, "only {tried} responses");
    assert!(problems.is_empty(), "{} of {tried}:\n{}", problems.len(), problems.join("\n"));
}
