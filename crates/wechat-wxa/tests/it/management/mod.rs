//! Everything outside the release cycle: templates, testers, domains, categories, account, privacy, media, quotas and
//! records.

mod effects;
mod limits;
mod replies;
mod requests;
mod values;

use miniprogram_core::{Effect, Result, TemplateLibrary};
use serde::Serialize;
use serde_json::{Value, json};
use wechat_wxa::values::{SearchStatus, ServerDomainKind, TemplateKind};
use wechat_wxa::*;

use crate::support::*;

/// An effect, its request, and the read that shows it.
pub(crate) struct Case {
    /// The name of the case; the method's name if there is only one case.
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    /// Its successful response.
    pub(crate) success: Value,
    /// The read that shows it, with its response before and after the effect.
    pub(crate) shown: Option<(&'static str, Value, Value)>,
    /// How often it is sent at most.
    pub(crate) most: u32,
}

const MEMBERAUTH: &str = "/wxa/memberauth";
const ACCOUNT: &str = "/cgi-bin/account/getaccountbasicinfo";
const CATEGORIES: &str = "/cgi-bin/wxopen/getcategory";
const TEMPLATES: &str = "/wxa/gettemplatelist";

fn testers(users: &[&str]) -> Value {
    let members: Vec<Value> = users.iter().map(|user| json!({ "userstr": user })).collect();
    json!({ "members": members })
}

fn categories(list: &[(i64, i64, i64)]) -> Value {
    let list: Vec<Value> = list
        .iter()
        .map(|(first, second, status)| json!({ "first": first, "second": second, "audit_status": status }))
        .collect();
    json!({ "categories": list, "limit": 5, "quota": 4, "category_limit": 20 })
}

fn account(name: &str, description: &str, used: [i64; 3]) -> Value {
    json!({
        "nickname_info": { "nickname": name, "modify_used_count": used[0], "modify_quota": 2 },
        "head_image_info": { "head_image_url": "http://x/1", "modify_used_count": used[1], "modify_quota": 5 },
        "signature_info": { "signature": description, "modify_used_count": used[2], "modify_quota": 5 },
    })
}

fn templates(list: &[(u64, u64)]) -> Value {
    let list: Vec<Value> =
        list.iter().map(|(id, draft)| json!({ "template_id": id, "draft_id": draft })).collect();
    json!({ "template_list": list })
}

fn interface(status: i64, audit_id: i64) -> Value {
    json!({ "interface_list": [{ "api_name": "wx.getLocation", "status": status, "audit_id": audit_id }] })
}

/// Every effect that only WeChat has.
pub(crate) fn cases() -> Vec<Case> {
    let case = |name, path, success, shown, most| Case { name, path, success, shown, most };
    let web = |domains: &[&str]| json!({ "webviewdomain": domains });
    let platform = |list: &str| json!({ "published_wxa_server_domain": "old.example.com", "testing_wxa_server_domain": list });
    let guide = |text: &str| {
        json!({
            "owner_setting": { "contact_email": "p@example.com", "notice_method": "公告", "store_expire_timestamp": "" },
            "setting_list": [{ "privacy_key": "Location", "privacy_text": text, "privacy_label": "位置信息" }],
        })
    };
    vec![
        case(
            "bind_tester",
            "/wxa/bind_tester",
            json!({ "userstr": "new" }),
            Some((MEMBERAUTH, testers(&["old"]), testers(&["old", "new"]))),
            3,
        ),
        case(
            "unbind_tester",
            "/wxa/unbind_tester",
            json!({}),
            Some((MEMBERAUTH, testers(&["old", "new"]), testers(&["new"]))),
            3,
        ),
        case(
            "unbind_tester by id",
            "/wxa/unbind_tester",
            json!({}),
            Some((MEMBERAUTH, testers(&["old", "new"]), testers(&["new"]))),
            3,
        ),
        case(
            "change_server_domains",
            "/wxa/modify_domain",
            json!({ "requestdomain": ["https://old.example.com", "https://new.example.com"] }),
            Some((
                "get /wxa/modify_domain",
                json!({ "requestdomain": ["https://old.example.com"] }),
                json!({ "requestdomain": ["https://old.example.com", "https://new.example.com"] }),
            )),
            3,
        ),
        case(
            "change_server_domains_directly",
            "/wxa/modify_domain_directly",
            json!({ "requestdomain": ["https://new.example.com"], "tcpdomain": [] }),
            Some((
                "get /wxa/modify_domain_directly",
                json!({ "requestdomain": ["https://old.example.com"], "tcpdomain": ["tcp://old.example.com"] }),
                json!({ "requestdomain": ["new.example.com"], "tcpdomain": [] }),
            )),
            3,
        ),
        case(
            "change_web_view_domains",
            "/wxa/setwebviewdomain",
            web(&[]),
            Some(("get /wxa/setwebviewdomain", web(&["https://old.example.com"]), web(&[]))),
            3,
        ),
        case(
            "change_web_view_domains_directly",
            "/wxa/setwebviewdomain_directly",
            web(&["https://new.example.com"]),
            Some((
                "get /wxa/setwebviewdomain_directly",
                web(&["https://old.example.com"]),
                web(&["https://new.example.com"]),
            )),
            3,
        ),
        case(
            "set_prefetch_domains",
            "/wxa/set_prefetchdnsdomain",
            json!({}),
            Some((
                "/wxa/get_prefetchdnsdomain",
                json!({ "prefetch_dns_domain": [] }),
                json!({ "prefetch_dns_domain": [{ "url": "new.example.com", "status": 1 }] }),
            )),
            3,
        ),
        case(
            "add_categories",
            "/cgi-bin/wxopen/addcategory",
            json!({}),
            Some((CATEGORIES, categories(&[(1, 2, 3)]), categories(&[(1, 2, 3), (8, 39, 1), (8, 40, 3)]))),
            3,
        ),
        case(
            "modify_category",
            "/cgi-bin/wxopen/modifycategory",
            json!({}),
            Some((CATEGORIES, categories(&[(8, 39, 2)]), categories(&[(8, 39, 1)]))),
            3,
        ),
        case(
            "delete_category",
            "/cgi-bin/wxopen/deletecategory",
            json!({}),
            Some((CATEGORIES, categories(&[(8, 39, 3)]), categories(&[]))),
            3,
        ),
        case(
            "set_name",
            "/wxa/setnickname",
            json!({ "audit_id": 431, "wording": "请上传材料" }),
            Some((ACCOUNT, account("旧面包店", "d", [0, 0, 0]), account("旧面包店", "d", [1, 0, 0]))),
            2,
        ),
        case(
            "set_icon",
            "/cgi-bin/account/modifyheadimage",
            json!({}),
            Some((ACCOUNT, account("店", "d", [0, 1, 0]), account("店", "d", [0, 2, 0]))),
            2,
        ),
        case(
            "set_description",
            "/cgi-bin/account/modifysignature",
            json!({}),
            Some((ACCOUNT, account("店", "旧介绍", [0, 0, 1]), account("店", "新的介绍", [0, 0, 1]))),
            2,
        ),
        case(
            "set_search_status",
            "/wxa/changewxasearchstatus",
            json!({}),
            Some(("/wxa/getwxasearchstatus", json!({ "status": 0 }), json!({ "status": "1" }))),
            3,
        ),
        case(
            "set_privacy_setting",
            "/cgi-bin/component/setprivacysetting",
            json!({}),
            Some(("/cgi-bin/component/getprivacysetting", guide("旧"), guide("推荐门店"))),
            3,
        ),
        case(
            "apply_privacy_interface",
            "/wxa/security/apply_privacy_interface",
            json!({ "audit_id": 97 }),
            Some(("/wxa/security/get_privacy_interface", interface(1, 0), interface(3, 97))),
            3,
        ),
        case("clear_quota", "/cgi-bin/clear_quota", json!({}), None, 2),
        case(
            "add_template",
            "/wxa/addtotemplate",
            json!({}),
            Some((TEMPLATES, templates(&[(3, 7), (4, 8)]), templates(&[(3, 7), (4, 8), (5, 7)]))),
            2,
        ),
        case(
            "add_template of a kind",
            "/wxa/addtotemplate",
            json!({}),
            Some((TEMPLATES, templates(&[]), templates(&[(0, 7)]))),
            2,
        ),
        case(
            "delete_template",
            "/wxa/deletetemplate",
            json!({}),
            Some((TEMPLATES, templates(&[(0, 7), (4, 8)]), templates(&[(4, 8)]))),
            3,
        ),
        case(
            "change_platform_server_domains",
            "/cgi-bin/component/modify_wxa_server_domain",
            platform("old.example.com;new.example.com"),
            Some((
                "get /cgi-bin/component/modify_wxa_server_domain",
                platform("old.example.com"),
                platform("old.example.com;new.example.com"),
            )),
            3,
        ),
        case(
            "change_platform_web_view_domains",
            "/cgi-bin/component/modify_wxa_jump_domain",
            json!({ "published_wxa_jump_h5_domain": "new.example.com", "testing_wxa_jump_h5_domain": "new.example.com" }),
            Some((
                "get /cgi-bin/component/modify_wxa_jump_domain",
                json!({ "published_wxa_jump_h5_domain": "old.example.com", "testing_wxa_jump_h5_domain": "old.example.com" }),
                json!({ "published_wxa_jump_h5_domain": "new.example.com", "testing_wxa_jump_h5_domain": "new.example.com" }),
            )),
            3,
        ),
        case("apply_order_path", "/wxa/security/applysetorderpathinfo", json!({}), None, 2),
    ]
}

/// Performs a case.
pub(crate) async fn act(stage: &Scene, name: &str) -> Result<Effect<Value>> {
    let (app, platform) = (&stage.app, &stage.platform);
    match name {
        "bind_tester" => json_of(app.bind_tester("baker_li").await),
        "unbind_tester" => json_of(app.unbind_tester(&TesterRef::UserStr("old".to_owned())).await),
        "unbind_tester by id" => {
            json_of(app.unbind_tester(&TesterRef::WeChatId("baker_li".to_owned())).await)
        }
        "change_server_domains" => {
            let change = DomainChange::add().with(ServerDomainKind::Request, ["https://new.example.com"]);
            json_of(app.change_server_domains(&change).await)
        }
        "change_server_domains_directly" => {
            let change = DomainChange::set()
                .with(ServerDomainKind::Request, ["https://new.example.com"])
                .with(ServerDomainKind::Tcp, Vec::<String>::new())
                .with_extra("brand_new", 1);
            json_of(app.change_server_domains_directly(&change).await)
        }
        "change_web_view_domains" => {
            let change = WebViewDomainChange::delete(["https://old.example.com"]);
            json_of(app.change_web_view_domains(&change).await)
        }
        "change_web_view_domains_directly" => {
            let change = WebViewDomainChange::set(["https://new.example.com"]).with_extra("brand_new", 1);
            json_of(app.change_web_view_domains_directly(&change).await)
        }
        "set_prefetch_domains" => json_of(app.set_prefetch_domains(&["new.example.com"]).await),
        "add_categories" => {
            let licence = CategoryCertificate::new("《食品经营许可证》", "media1").permanent();
            let permit = CategoryCertificate::new("《许可证》", "media2")
                .expiring(miniprogram_core::Timestamp::from_unix(NOW + 86_400));
            let first = NewCategory::new(8, 39).with_certificate(licence).with_certificate(permit);
            json_of(app.add_categories(&[first, NewCategory::new(8, 40).with_extra("brand_new", 1)]).await)
        }
        "modify_category" => {
            let certificate = CategoryCertificate::new("《许可证》", "media1").with_extra("brand_new", 1);
            json_of(app.modify_category(&NewCategory::new(8, 39).with_certificate(certificate)).await)
        }
        "delete_category" => json_of(app.delete_category(8, 39).await),
        "set_name" => {
            let change = NameChange::new("新面包店")
                .with_license("media1")
                .with_material("media2")
                .with_material("media3")
                .with_extra("brand_new", 1);
            json_of(app.set_name(&change).await)
        }
        "set_icon" => {
            let change =
                IconChange::new("media1").cropped((0.0, 0.25), (0.5, 1.0)).with_extra("brand_new", 1);
            json_of(app.set_icon(&change).await)
        }
        "set_description" => json_of(app.set_description("新的介绍").await),
        "set_search_status" => json_of(app.set_search_status(SearchStatus::Hidden).await),
        "set_privacy_setting" => {
            let owner = PrivacyOwner::new("公告").with_email("p@example.com");
            let setting =
                PrivacySetting::of_development(owner).with_use(PrivacyUse::new("Location", "推荐门店"));
            json_of(app.set_privacy_setting(&setting).await)
        }
        "apply_privacy_interface" => {
            let request = PrivacyInterfaceRequest::new("wx.getLocation", "推荐门店")
                .with_urls(["https://example.com"])
                .with_pictures(["media1"])
                .with_videos(["media2"])
                .with_extra("brand_new", 1);
            json_of(app.apply_privacy_interface(&request).await)
        }
        "clear_quota" => json_of(app.clear_quota().await),
        "add_template" => json_of(platform.templates().add_template(&"7".into(), None).await),
        "add_template of a kind" => {
            json_of(platform.templates().add_template_of(&"7".into(), TemplateKind::Standard).await)
        }
        "delete_template" => json_of(platform.templates().delete_template(&"0".into()).await),
        "change_platform_server_domains" => {
            let change = PlatformDomainChange::add(["new.example.com"]);
            json_of(platform.change_platform_server_domains(&change).await)
        }
        "change_platform_web_view_domains" => {
            let change = PlatformDomainChange::set(["new.example.com"])
                .published_together()
                .with_extra("brand_new", 1);
            json_of(platform.change_platform_web_view_domains(&change).await)
        }
        "apply_order_path" => {
            let request = OrderPathRequest::new("pages/order", [APP])
                .with_images(["media1"])
                .with_video("media2")
                .with_test_account("tester", "worthless")
                .with_test_remark("备注")
                .with_extra("brand_new", 1);
            json_of(platform.apply_order_path(&request).await)
        }
        _ => panic!("no case {name}"),
    }
}

fn json_of<T: Serialize>(result: Result<Effect<T>>) -> Result<Effect<Value>> {
    result.map(|effect| effect.map(|value| json!(value)))
}

/// A vendor with these responses to a case's effect; its read returns the state before, then these.
pub(crate) fn stage_for(case: &Case, effect: Vec<Answer>, reads: Vec<Answer>) -> Scene {
    let mut script = vec![(case.path, effect)];
    script.extend(case.shown.as_ref().map(|(path, _, _)| (*path, reads)));
    stage(script)
}
