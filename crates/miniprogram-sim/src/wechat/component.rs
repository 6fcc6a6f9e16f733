//! The platform's token, and the tokens of authorized apps.

use std::time::Duration;

use miniprogram_core::AppId;
use serde_json::{Value, json};

use super::{Apps, ComponentScene, ComponentStep, ComponentVerdict, ComponentView, input};
use crate::WECHAT;
use crate::authorization::{Standing, count};
use crate::call::{Call, Content, Object, Refusal};
use crate::platform::{DomainKind, Platform};
use crate::tokens::{Holder, Issued};
use crate::world::{Account, App, Planned};

/// Lifetime of the code for the authorization page.
pub(super) const VISIT_LIFETIME: Duration = Duration::from_secs(1800);
/// Maximum apps per page of the list.
pub(super) const PAGE: u64 = 500;
/// Permission sets that every app grants.
pub(super) const PERMISSIONS: [u64; 6] = [17, 18, 25, 30, 31, 40];

/// Returns the app that a request is about, if its body names one or contains one's code.
pub(super) fn named_app(call: &Call, platform: &Platform) -> Option<AppId> {
    if !call.path.starts_with("/cgi-bin/component/api_") {
        return None;
    }
    let body = call.json()?;
    let by_code = || {
        let code = platform.authorizations.code(input::text(&body, "authorization_code")?)?;
        Some(code.app.clone())
    };
    input::text(&body, "authorizer_appid").map(AppId::from).or_else(by_code)
}

/// Requires the platform's own id in the request.
pub(super) fn check_platform(view: &ComponentView<'_>) -> Result<(), Refusal> {
    let id = input::text(view.body, "component_appid").ok_or(Refusal::code(41018))?;
    if id == view.app_id.as_str() { Ok(()) } else { Err(Refusal::code(40013)) }
}

pub(super) fn check_secret(view: &ComponentView<'_>, name: &str) -> Result<(), Refusal> {
    let secret = input::text(view.body, name).ok_or(Refusal::code(41004))?;
    if secret == view.settings.wechat_secret.expose() { Ok(()) } else { Err(Refusal::code(40125)) }
}

pub(super) fn api_start_push_ticket(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    check_secret(view, "component_secret")?;
    ComponentStep::effect(|scene: &mut ComponentScene<'_>| {
        scene.jobs.push(Planned::quiet(scene.now, |world, now| {
            world.push_ticket(WECHAT, now);
        }));
        Content::Done
    })
}

pub(super) fn api_component_token(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    check_secret(view, "component_appsecret")?;
    let ticket = input::text(view.body, "component_verify_ticket").unwrap_or_default();
    match view.platform.authorizations.ticket(WECHAT, ticket, view.now) {
        Standing::Good => {}
        Standing::Expired => return Err(Refusal::code(61005)),
        Standing::Used | Standing::Unknown => return Err(Refusal::code(61006)),
    }
    ComponentStep::effect(|scene: &mut ComponentScene<'_>| {
        let (issued, expires_in) = issue(scene, &Holder::Platform(WECHAT));
        bare(json!({ "component_access_token": issued.text, "expires_in": expires_in }))
    })
}

pub(super) fn api_create_preauthcode(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    ComponentStep::effect(|scene: &mut ComponentScene<'_>| {
        let code = scene.platform.authorizations.issue_visit(WECHAT, scene.now, VISIT_LIFETIME);
        bare(json!({ "pre_auth_code": code, "expires_in": VISIT_LIFETIME.as_secs() }))
    })
}

pub(super) fn api_query_auth(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    let code = input::text(view.body, "authorization_code").unwrap_or_default().to_owned();
    let redeemable = view.platform.authorizations.redeemable(WECHAT, &code, view.state, view.now);
    let app = redeemable
        .map_err(|standing| Refusal::code(if standing == Standing::Unknown { 61009 } else { 61010 }))?;
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        scene.platform.authorizations.use_code(&code);
        count(scene.state, &app, "exchange");
        let (issued, expires_in) = issue(scene, &Holder::App(app.clone()));
        let mut info = Object::new();
        info.insert("authorizer_appid".to_owned(), json!(app));
        info.insert("authorizer_access_token".to_owned(), json!(issued.text));
        info.insert("expires_in".to_owned(), json!(expires_in));
        info.insert("authorizer_refresh_token".to_owned(), json!(refresh_token(scene.state, &app)));
        info.insert("func_info".to_owned(), permissions());
        bare(json!({ "authorization_info": info }))
    })
}

/// The refresh token is reusable, unless the simulator is configured to replace it.
pub(super) fn api_authorizer_token(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    let app = authorizer(view)?;
    let given = input::text(view.body, "authorizer_refresh_token").unwrap_or_default();
    if !view.state.get(&app).is_some_and(|found| found.grant.accepts(given, view.now)) {
        return Err(Refusal::code(61023));
    }
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        count(scene.state, &app, "refresh");
        if scene.settings.rotates_refresh_tokens
            && let Some(found) = scene.state.get_mut(&app)
        {
            scene.platform.authorizations.renew(WECHAT, &app, &mut found.grant, None, scene.now);
        }
        let (issued, expires_in) = issue(scene, &Holder::App(app.clone()));
        bare(json!({
            "authorizer_access_token": issued.text,
            "expires_in": expires_in,
            "authorizer_refresh_token": refresh_token(scene.state, &app),
        }))
    })
}

pub(super) fn api_get_authorizer_info(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    let id = authorizer(view)?;
    let Some(App { account: Account::WeChat(account), original_id, grant, .. }) = view.state.get(&id) else {
        return Err(Refusal::code(61003));
    };
    let refresh_token = grant.refresh_token().ok_or(Refusal::code(61003))?;
    let profile = &account.profile;
    let picture = input::digest(2, &[id.as_str().as_bytes()]);
    let domains = profile.domains.all();
    let of_kind = |kind: DomainKind| json!(domains.get(&kind).map_or(&[][..], Vec::as_slice));
    let categories = profile.approved_categories();
    let categories: Vec<Value> =
        categories.map(|(first, second)| json!({ "first": first, "second": second })).collect();
    let (is_personal, off) = (profile.is_personal, 0);
    ComponentStep::answer(bare(json!({
        "authorizer_info": {
            "nick_name": profile.name(),
            "head_img": format!("http://wx.qlogo.cn/mmopen/{picture}/0"),
            "service_type_info": { "id": 0 },
            "verify_type_info": { "id": if is_personal { -1 } else { 0 } },
            "user_name": original_id,
            "alias": "",
            "qrcode_url": format!("http://mmbiz.qpic.cn/mmbiz_jpg/{picture}/0"),
            "business_info": {
                "open_pay": off, "open_shake": off, "open_scan": off, "open_card": off, "open_store": off,
            },
            "idc": 1,
            "principal_name": if is_personal { "个人" } else { "示例科技有限公司" },
            "signature": profile.signature(),
            "MiniProgramInfo": {
                "network": {
                    "RequestDomain": of_kind(DomainKind::Request),
                    "WsRequestDomain": of_kind(DomainKind::Socket),
                    "UploadDomain": of_kind(DomainKind::Upload),
                    "DownloadDomain": of_kind(DomainKind::Download),
                    "BizDomain": of_kind(DomainKind::WebView),
                    "UDPDomain": of_kind(DomainKind::Udp),
                    "TCPDomain": of_kind(DomainKind::Tcp),
                },
                "categories": categories,
                "visit_status": 0,
            },
            "register_type": 0,
            "account_status": 1,
            "basic_config": { "is_phone_configured": true, "is_email_configured": true },
        },
        "authorization_info": {
            "authorizer_appid": id,
            "authorizer_refresh_token": refresh_token,
            "func_info": permissions(),
        },
    })))
}

pub(super) fn api_get_authorizer_list(view: &ComponentView<'_>) -> ComponentVerdict {
    check_platform(view)?;
    let offset = input::number(view.body, "offset").ok_or(Refusal::code(47003))?;
    let size = input::number(view.body, "count").ok_or(Refusal::code(47003))?;
    if size > PAGE {
        return Err(Refusal::code(40170));
    }
    let (offset, size) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(0));
    let authorizations = &view.platform.authorizations;
    let entry = |id: &AppId| {
        let grant = &view.state.get(id)?.grant;
        Some(json!({
            "authorizer_appid": id,
            "refresh_token": grant.refresh_token()?,
            "auth_time": grant.since?.as_unix(),
        }))
    };
    let list: Vec<Value> = authorizations.page(offset, size).filter_map(entry).collect();
    ComponentStep::answer(bare(json!({ "total_count": authorizations.listed(), "list": list })))
}

/// Returns the named app, which must be a WeChat app of this platform.
pub(super) fn authorizer(view: &ComponentView<'_>) -> Result<AppId, Refusal> {
    let id = input::text(view.body, "authorizer_appid").ok_or(Refusal::code(41002))?;
    let id = AppId::from(id);
    match view.state.get(&id) {
        Some(App { account: Account::WeChat(_), .. }) => Ok(id),
        _ => Err(Refusal::code(61003)),
    }
}

fn issue(scene: &mut ComponentScene<'_>, holder: &Holder) -> (Issued, u64) {
    let lifetime = scene.settings.token_lifetime(WECHAT, holder);
    (scene.platform.tokens.issue(WECHAT, holder, scene.now, lifetime), lifetime.as_secs())
}

fn refresh_token(apps: &Apps, app: &AppId) -> String {
    apps.get(app).and_then(|app| app.grant.refresh_token()).unwrap_or_default().to_owned()
}

/// A response without a code.
fn bare(value: Value) -> Content {
    match value {
        Value::Object(fields) => Content::Bare(fields),
        other => Content::Data(other),
    }
}

fn permissions() -> Value {
    let set = |id: u64| json!({ "funcscope_category": { "id": id } });
    PERMISSIONS.into_iter().map(set).collect()
}
