//! The page on which a merchant authorizes the platform.

use miniprogram_core::Result;
use miniprogram_core::authorization::{AuthorizationApi, AuthorizationRequest};
use miniprogram_core::vendor_api::kit::page_query;

use super::WeChatAuthorization;
use crate::REFUSE;

/// Only mini programs may authorize.
const MINI_PROGRAMS: &str = "2";

/// Builds the URL of the page: `componentloginpage` for desktops, `bindcomponent` for phones.
pub(super) fn url(of: &WeChatAuthorization, code: &str, request: &AuthorizationRequest) -> Result<String> {
    let (host, path, fragment) = match request.mobile {
        true => ("https://open.weixin.qq.com/", "wxaopen/safe/bindcomponent", "#wechat_redirect"),
        false => ("https://mp.weixin.qq.com/", "cgi-bin/componentloginpage", ""),
    };
    let mut parameters = Vec::new();
    if request.mobile {
        parameters.extend([("action", "bindcomponent"), ("no_scan", "1")]);
    }
    parameters.extend([
        ("component_appid", of.platform_id().as_str()),
        ("pre_auth_code", code),
        ("redirect_uri", request.redirect_uri.as_str()),
    ]);
    if !request.extra.iter().any(|(name, _)| name == "auth_type") {
        parameters.push(("auth_type", MINI_PROGRAMS));
    }
    parameters.extend(request.app.iter().map(|app| ("biz_appid", app.as_str())));
    let host = of.pages.as_ref().map_or(host, |base| base.as_str());
    let query = page_query(REFUSE, parameters, request)?;
    Ok(format!("{host}{path}?{query}{fragment}"))
}
