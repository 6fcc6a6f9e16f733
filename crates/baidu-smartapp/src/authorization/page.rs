//! The page on which a merchant authorizes the platform.

use std::collections::BTreeSet;

use miniprogram_core::authorization::{AuthorizationRequest, PreAuthorizationCode};
use miniprogram_core::{Error, Result};
use url::Url;
use url::form_urlencoded::Serializer;

use super::BaiduAuthorization;
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "authorization_url";

/// Builds the URL of the page, the same for desktops and phones. It must be opened from the platform's registered
/// domain.
pub(super) fn url(
    of: &BaiduAuthorization,
    code: Option<&PreAuthorizationCode>,
    request: &AuthorizationRequest,
) -> Result<String> {
    let code = code.map_or("", |code| code.code.expose());
    REFUSE.required(OPERATION, "pre_auth_code", code)?;
    let back = Url::parse(&request.redirect_uri).ok();
    if !back.is_some_and(|back| matches!(back.scheme(), "http" | "https")) {
        return Err(invalid("redirect_uri", "must be an http or https URL of the registered domain"));
    }
    if request.app.is_some() {
        let why = "must not be given: the merchant chooses the app on Baidu's page";
        return Err(Error::unsupported(BAIDU, OPERATION).with_field("app").with_detail(why));
    }
    let own = [
        ("client_id", of.client_id.as_str()),
        ("pre_auth_code", code),
        ("redirect_uri", request.redirect_uri.as_str()),
    ];
    let extra = request.extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let parameters: Vec<(&str, &str)> = own.into_iter().chain(extra).collect();
    let mut names = BTreeSet::new();
    for (name, _) in &parameters {
        if name.is_empty() {
            return Err(invalid("extra", "must not contain a parameter without a name"));
        }
        if !names.insert(*name) {
            let why = "must not be in `extra`: the URL has a parameter of that name";
            return Err(invalid(name, why));
        }
    }
    let host = of.pages.as_ref().map_or("https://smartprogram.baidu.com/", |base| base.as_str());
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    Ok(format!("{host}mappconsole/tp/authorization?{query}"))
}

fn invalid(field: &str, why: &str) -> Error {
    REFUSE.invalid(OPERATION, field.to_owned(), why)
}
