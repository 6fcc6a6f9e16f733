//! The page on which a merchant authorizes the platform.

use std::collections::BTreeSet;

use miniprogram_core::Result;
use miniprogram_core::authorization::{AuthorizationApi, AuthorizationRequest, PreAuthorizationCode};
use url::Url;
use url::form_urlencoded::Serializer;

use super::WeChatAuthorization;
use crate::REFUSE;

const OPERATION: &str = "authorization_url";

/// Only mini programs may authorize.
const MINI_PROGRAMS: &str = "2";

/// Builds the URL of the page: `componentloginpage` for desktops, `bindcomponent` for phones.
pub(super) fn url(
    of: &WeChatAuthorization,
    code: Option<&PreAuthorizationCode>,
    request: &AuthorizationRequest,
) -> Result<String> {
    let code = code.map_or("", |code| code.code.expose());
    REFUSE.required(OPERATION, "pre_auth_code", code)?;
    let back = Url::parse(&request.redirect_uri).ok();
    if !back.is_some_and(|back| matches!(back.scheme(), "http" | "https")) {
        let rule = "must be an http or https URL of the domain that is registered for the platform";
        return Err(REFUSE.invalid(OPERATION, "redirect_uri", rule));
    }
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
    parameters.extend(request.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut names = BTreeSet::new();
    for (name, _) in &parameters {
        if name.is_empty() {
            return Err(REFUSE.invalid(OPERATION, "extra", "must not contain a parameter without a name"));
        }
        if !names.insert(*name) {
            let rule = "must not be in `extra`: the URL has a parameter of that name";
            return Err(REFUSE.invalid(OPERATION, (*name).to_owned(), rule));
        }
    }
    let host = of.pages.as_ref().map_or(host, |base| base.as_str());
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    Ok(format!("{host}{path}?{query}{fragment}"))
}
